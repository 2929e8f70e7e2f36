"""The history of a run: one point for each evaluation, and how the run ended."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from likewise.geometry.measure import Geometry
from likewise.training.collapse_guard import Collapse


@dataclass(frozen=True)
class EvalPoint:
    """The state of a run after some steps.

    Attributes:
        step: steps done.
        loss: mean loss since the last evaluation, in nats; 0 before the first step.
        masked: share of the logits masked out as near-duplicates since the last evaluation.
        geometry: the held-out texts in the current embedding space; None at a step without an evaluation. All its
            numbers are NaN where the loss was not finite.
        texts_per_second: speed of this step; not saved, as it is not reproducible.
        collapse: what was wrong at this evaluation and what was done; None where nothing was.
    """

    step: int
    loss: float
    masked: float
    geometry: Geometry | None
    texts_per_second: float = 0.0
    collapse: Collapse | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON values, for a model card; without the speed."""
        values = asdict(self)
        del values["texts_per_second"]
        values["geometry"] = finite(values["geometry"])
        return finite(values)

    @classmethod
    def of(cls, values: dict[str, Any]) -> "EvalPoint":
        """From plain values, as a checkpoint or a model folder holds them."""
        collapse = values["collapse"]
        return cls(
            **_nan_for_none(values)
            | {
                "geometry": Geometry(**_nan_for_none(values["geometry"])),
                "collapse": Collapse(**collapse) if collapse else None,
            }
        )


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        history: one point for each evaluation.
        best: the point whose state the encoder now has.
        ended: `done`, `early` (the score stopped rising), `collapsed` or `interrupted`.
        warnings: for the user, one sentence each.
        usable: False where the run collapsed and the best state is no better than the untrained encoder.
    """

    history: tuple[EvalPoint, ...]
    best: EvalPoint
    ended: str
    warnings: tuple[str, ...]
    usable: bool = True

    @property
    def collapses(self) -> tuple[Collapse, ...]:
        """Every collapse of the run."""
        return tuple(point.collapse for point in self.history if point.collapse)

    def last_learning_rate(self, planned: float) -> float:
        """The peak of the learning rate after the last collapse; the planned one if there was none."""
        lowered = [each.learning_rate for each in self.collapses if each.learning_rate is not None]
        return lowered[-1] if lowered else planned

    @property
    def collapsed_at(self) -> str:
        """The steps of the collapses, in words."""
        *first, last = [f"{point.step:,}" for point in self.history if point.collapse]
        return f"at steps {', '.join(first)} and {last}" if first else f"at step {last}"


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, None for a float that is not finite: JSON has no NaN."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }


def _nan_for_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in values.items()}
