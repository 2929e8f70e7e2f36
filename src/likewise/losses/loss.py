"""What every loss takes and gives, so that one can stand where another stood."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from likewise.errors import InputError
from likewise.registry import Registry

__all__ = ["DEFAULT", "LOSSES", "Allowed", "Loss", "LossResult", "loss_names", "make_loss"]


Allowed = Callable[[slice], Any]
"""From consecutive rows of the logits to the booleans of these."""


@dataclass(frozen=True)
class LossResult:
    """A loss and its derivative by each input.

    Attributes:
        value: the loss, in nats.
        anchors: d value / d anchors, (batch, dim).
        candidates: d value / d candidates, (keys, dim).
        temperature: d value / d temperature.
    """

    value: float
    anchors: Any
    candidates: Any
    temperature: float


@runtime_checkable
class Loss(Protocol):
    """A pure function from vectors to a value and its derivatives; see `info_nce` for what the arguments mean."""

    def __call__(
        self,
        anchors: Any,
        candidates: Any,
        *,
        positive: np.ndarray | None = None,
        allowed: Any | Allowed | None = None,
        temperature: float = 0.05,
        symmetric: bool = True,
        queue: tuple[Any, Any] | None = None,
    ) -> LossResult:
        """The loss of a batch, and of a queue beside it."""
        ...


DEFAULT = "info-nce"

LOSSES = {
    "info-nce": "likewise.losses.info_nce:build_info_nce",
    "decoupled": "likewise.losses.decoupled:build_decoupled",
    "debiased": "likewise.losses.debiased:build_debiased",
    "matryoshka": "likewise.losses.matryoshka:build_matryoshka",
    "soft": "likewise.losses.soft_targets:build_soft",
}
"""Where the builder of each loss is."""

REGISTRY = Registry("likewise.losses", "loss", "losses", LOSSES)

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
    builder: Builder = REGISTRY.load(name)
    numbers = [_number(name, part) for part in given]
    try:
        inspect.signature(builder).bind(*numbers)
    except TypeError:
        raise InputError(f"{spec}: the loss {name} takes other numbers, see docs/losses.md") from None
    return builder(*numbers)


def loss_names() -> list[str]:
    """The names that `make_loss` knows: ours, then those that other packages registered as `likewise.losses`."""
    return REGISTRY.names()


def _number(name: str, part: str) -> float:
    try:
        number = float(part)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name}:{part}: {part!r} is no number, as in debiased:0.02")
    return number
