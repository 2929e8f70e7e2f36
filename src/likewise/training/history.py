"""What is known of a run: a moment a look, and how it ended."""

import math
from dataclasses import dataclass
from typing import Any

from likewise.geometry.measure import Geometry
from likewise.training.collapse_guard import Collapse

__all__ = ["EvalPoint", "Outcome", "eval_point_of"]


@dataclass(frozen=True)
class EvalPoint:
    """The state of training after some steps, as it is shown and kept.

    Attributes:
        step: steps done.
        loss: mean InfoNCE since the last moment, in nats; 0 before the first step.
        masked: share of the logits left out as near-duplicates since the last moment.
        geometry: the held-out texts in the space as it is now; None between looks. Where nothing can be measured, as
            the loss is no number, its numbers are none either.
        texts_a_second: speed since the last moment; not kept, as it is not reproducible.
        collapse: what was wrong at this look and what was done; None where all was well.
    """

    step: int
    loss: float
    masked: float
    geometry: Geometry | None
    texts_a_second: float = 0.0
    collapse: Collapse | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        history: one moment a look.
        best: the moment whose state the encoder now has.
        ended: `done`, `early` (no better score for a while), `collapsed` or `interrupted`.
        warnings: what a user should know, in plain words.
        usable: False where the run collapsed and the best state is no better than the untrained encoder.
    """

    history: tuple[EvalPoint, ...]
    best: EvalPoint
    ended: str
    warnings: tuple[str, ...]
    usable: bool = True

    @property
    def collapses(self) -> tuple[Collapse, ...]:
        """What was wrong each time that training collapsed, and what was done."""
        return tuple(eval_point.collapse for eval_point in self.history if eval_point.collapse)

    @property
    def when_collapsed(self) -> str:
        """At which steps training collapsed, in words."""
        *first, last = [f"{eval_point.step:,}" for eval_point in self.history if eval_point.collapse]
        return f"at steps {', '.join(first)} and {last}" if first else f"at step {last}"


def eval_point_of(values: dict[str, Any]) -> EvalPoint:
    """A moment from plain values, as a checkpoint and a model folder hold it; older ones know no collapses."""
    collapse = values.get("collapse")
    geometry = Geometry(**_numbers(values["geometry"]))
    return EvalPoint(
        **_numbers(values) | {"geometry": geometry, "collapse": Collapse(**collapse) if collapse else None}
    )


def _numbers(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, where JSON's null, all that a folder has for what could not be measured, is no number."""
    return {name: math.nan if value is None else value for name, value in values.items()}
