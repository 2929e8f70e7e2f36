"""Names become negatives: `"queue"`, `"queue:8192,hard:2,guide"`; those of the batch are always used."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from likewise.errors import InputError
from likewise.registry import Registry

BATCH = "batch"

NEGATIVES = {
    "queue": "likewise.negatives.spec:add_queue",
    "hard": "likewise.negatives.spec:add_hard",
    "hard-own": "likewise.negatives.spec:add_own_hard",
    "guide": "likewise.negatives.spec:add_guide",
}
"""Where the builder of each is."""

REGISTRY = Registry("likewise.negatives", "kind of negatives", "kinds of negatives", NEGATIVES)


@dataclass(frozen=True)
class NegativesSpec:
    """What an anchor is contrasted with beyond the other texts of its batch.

    Attributes:
        queue: pairs of earlier batches; 0 for none.
        hard: mined negatives a text; 0 for none.
        own: whether they are mined with the trained encoder itself rather than with the guide.
        guide: gamma, the share of a positive's similarity above which the guide masks a candidate out, or None.
    """

    queue: int = 0
    hard: int = 0
    own: bool = False
    guide: float | None = None

    @property
    def guided(self) -> bool:
        """Whether a static encoder has to be trained first."""
        return self.guide is not None or (self.hard > 0 and not self.own)


Builder = Callable[[NegativesSpec, str | None], NegativesSpec]
"""Adds its negatives to a spec; takes what stands after the colon, or None."""


def negatives_spec(spec: str | None) -> NegativesSpec:
    """The negatives of some names.

    Args:
        spec: names separated by commas, each with a number after a colon where the default does not fit; None and
            `batch` are the negatives of the batch alone. `queue:4096` adds that many pairs of earlier batches.
            `hard:1` adds that many negatives a text, mined with the guide; `hard-own:1` with the trained encoder.
            `guide:1.0` masks out candidates that are more similar, to the guide, than that share of the positive.

    Raises:
        InputError: a name is unknown, or a number is out of range.
    """
    chosen = NegativesSpec()
    for part in (spec or BATCH).split(","):
        name, colon, number = (word.strip() for word in part.partition(":"))
        if name == BATCH and not colon:
            continue
        builder: Builder = REGISTRY.load(name, negatives_names)
        chosen = builder(chosen, number if colon else None)
    return chosen


def negatives_names() -> list[str]:
    """The names that `negatives_spec` knows: ours, then those registered by other packages as `likewise.negatives`."""
    return [BATCH, *REGISTRY.names()]


def add_queue(spec: NegativesSpec, number: str | None) -> NegativesSpec:
    """Pairs of earlier batches, 4096 by default."""
    return replace(spec, queue=int(_number("queue", number, 4096.0, least=1.0, whole=True)))


def add_hard(spec: NegativesSpec, number: str | None) -> NegativesSpec:
    """Negatives mined with the guide, 1 a text by default."""
    return _with_hard(spec, "hard", number)


def add_own_hard(spec: NegativesSpec, number: str | None) -> NegativesSpec:
    """Negatives mined with the trained encoder, 1 a text by default."""
    return _with_hard(spec, "hard-own", number)


def add_guide(spec: NegativesSpec, number: str | None) -> NegativesSpec:
    """A guide's mask, with gamma 1 by default."""
    return replace(spec, guide=_number("guide", number, 1.0, least=0.1, most=10.0))


def _with_hard(spec: NegativesSpec, name: str, number: str | None) -> NegativesSpec:
    own = name == "hard-own"
    if spec.hard and spec.own != own:
        raise InputError("negatives hard and hard-own: give one of them")
    return replace(spec, hard=int(_number(name, number, 1.0, least=1.0, most=64.0, whole=True)), own=own)


def _number(
    name: str, given: str | None, default: float, *, least: float, most: float = math.inf, whole: bool = False
) -> float:
    if given is None:
        return default
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not least <= number <= most or (whole and not number.is_integer()):
        kind, upper = "a whole number" if whole else "a number", "" if most == math.inf else f" to {most:g}"
        raise InputError(f"negatives {name}:{given}: expected {kind} from {least:g}{upper}")
    return number
