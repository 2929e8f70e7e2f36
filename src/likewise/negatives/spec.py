"""Names become negatives: `"queue"`, `"queue:8192,hard:2,guide"`; those of the batch there always are."""

import difflib
import math
from dataclasses import dataclass

from likewise.errors import InputError

__all__ = ["BATCH", "NegativesSpec", "negatives_spec"]


BATCH = "batch"
BOUNDS = {
    "queue": (4096.0, 1.0, math.inf),
    "momentum": (0.99, 0.0, 1.0),
    "hard": (1.0, 1.0, 64.0),
    "hard-own": (1.0, 1.0, 64.0),
    "guide": (1.0, 0.0, 10.0),
    "clusters": (0.5, 0.0, 1.0),
}
"""Of each name the number that it has if none is given, and the least and the greatest that it may have."""

WHOLE = ("queue", "hard", "hard-own")  # whose number is one


@dataclass(frozen=True)
class NegativesSpec:
    """What a text is contrasted with beyond the other texts of its batch.

    Attributes:
        queue: pairs of earlier batches; 0 for none.
        momentum: of a slow encoder that makes the candidates; None for none.
        hard: mined negatives a text; 0 for none.
        own: whether they are mined with the encoder itself, and not with the guide.
        guide: gamma, the share of a positive's similarity above which the guide leaves a text out; None for no guide.
        clusters: share of the batches that are of texts near each other; 0 for none.
    """

    queue: int = 0
    momentum: float | None = None
    hard: int = 0
    own: bool = False
    guide: float | None = None
    clusters: float = 0.0

    @property
    def guided(self) -> bool:
        """Whether a static encoder is needed that was trained first."""
        return self.guide is not None or self.clusters > 0 or (self.hard > 0 and not self.own)


def negatives_spec(spec: str | None) -> NegativesSpec:
    """The negatives that the names ask for.

    Args:
        spec: names with commas between them, each with a number after a colon where one is wanted; None and `batch`
            are those of the batch alone. `queue:4096` remembers so many pairs. `momentum:0.99` has a slow encoder make
            the candidates. `hard:1` mines so many negatives a text with the guide, `hard-own:1` with the encoder.
            `guide:1.0` leaves out what the guide finds more similar than that share of the positive. `clusters:0.5`
            makes so many of the batches of texts that are near each other.

    Raises:
        InputError: a name is unknown, or a number is out of range.
    """
    given: dict[str, float] = {}
    for part in (spec or BATCH).split(","):
        name, _, number = (subword.strip() for subword in part.partition(":"))
        if name == BATCH and not number:
            continue
        if name not in BOUNDS:
            nearest = difflib.get_close_matches(name, [BATCH, *BOUNDS], 1)
            meant = f"did you mean {nearest[0]}? " if nearest else ""
            raise InputError(f"there are no negatives {name!r}: {meant}They are {BATCH}, {', '.join(BOUNDS)}")
        given[name] = _number(name, number)
    if "hard" in given and "hard-own" in given:
        raise InputError("negatives hard and hard-own: give one of them")
    own = "hard-own" in given
    return NegativesSpec(
        queue=int(given.get("queue", 0)), momentum=given.get("momentum"),
        hard=int(given.get("hard", given.get("hard-own", 0))), own=own,
        guide=given.get("guide"), clusters=given.get("clusters", 0.0),
    )  # fmt: skip


def _number(name: str, given: str) -> float:
    usual, least, most = BOUNDS[name]
    if not given:
        return usual
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not least <= number <= most or (name in WHOLE and number != round(number)):
        kind = "a whole number" if name in WHOLE else "a number"
        upto = "" if most == math.inf else f" to {most:g}"
        raise InputError(f"negatives {name}:{given}: expected {kind} from {least:g}{upto}")
    return number
