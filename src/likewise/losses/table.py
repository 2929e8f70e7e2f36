"""Names become losses: `"info-nce"`, `"debiased:0.02"`, `"matryoshka:32:64:128"`."""

import difflib
import inspect
import math
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from likewise.errors import InputError
from likewise.losses.contrast import Loss

__all__ = ["DEFAULT", "LOSSES", "loss_names", "make_loss"]

DEFAULT = "info-nce"
GROUP = "likewise.losses"

LOSSES = {
    "info-nce": "likewise.losses.info_nce:build_info_nce",
    "decoupled": "likewise.losses.decoupled:build_decoupled",
    "debiased": "likewise.losses.debiased:build_debiased",
    "matryoshka": "likewise.losses.matryoshka:build_matryoshka",
    "soft": "likewise.losses.soft_targets:build_soft",
}
"""Where the builder of each loss is."""

Builder = Callable[..., Loss]
"""Takes the numbers that stand after the name, as many as there are."""


def make_loss(spec: str | None = None) -> Loss:
    """The loss that a name asks for.

    Args:
        spec: a name, and numbers after colons where the loss takes some: `debiased:prior:hardness`, `matryoshka:32:64`.
            None is `info-nce`.

    Raises:
        InputError: the name is unknown, or a number is none, out of range, or one too many.
    """
    name, *given = [part.strip() for part in (DEFAULT if spec is None else spec).split(":")]
    builder = _builder(name)
    numbers = [_number(name, part) for part in given]
    try:
        inspect.signature(builder).bind(*numbers)
    except TypeError:
        raise InputError(f"{spec}: the loss {name} takes other numbers, see docs/losses.md") from None
    return builder(*numbers)


def loss_names() -> list[str]:
    """The names that `make_loss` knows: ours, then those that other packages registered as `likewise.losses`."""
    return [*LOSSES, *sorted({entry.name for entry in entry_points(group=GROUP)} - LOSSES.keys())]


def _number(name: str, part: str) -> float:
    try:
        number = float(part)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name}:{part}: {part!r} is no number, as in debiased:0.02")
    return number


def _builder(name: str) -> Builder:
    registered = [EntryPoint(name, LOSSES[name], GROUP)] if name in LOSSES else entry_points(group=GROUP, name=name)
    for entry in registered:
        builder: Builder = entry.load()
        return builder
    known = loss_names()
    nearest = difflib.get_close_matches(name, known, 1, cutoff=0.5)
    meant = f"did you mean {nearest[0]}? " if nearest else ""
    raise InputError(f"there is no loss {name!r}: {meant}The losses are {', '.join(known)}")
