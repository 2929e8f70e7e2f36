"""The result of an evaluation: metrics with confidence intervals, one row for each system."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Estimate", "Evaluation", "Row"]


@dataclass(frozen=True)
class Estimate:
    """A metric, or a difference of two, with its confidence interval.

    Attributes:
        value: on all of the data.
        low: lower end of the 95 % bootstrap interval.
        high: its upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """The metrics of the model or of a baseline.

    Attributes:
        name: of the model or baseline.
        metrics: estimates by the name of the metric; empty if the baseline did not run.
        difference: main metric of the model minus that of this row, paired; None for the model itself.
        note: why the baseline did not run.
    """

    name: str
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    difference: Estimate | None = None
    note: str = ""


@dataclass(frozen=True)
class Evaluation:
    """A model and its baselines on one task.

    Attributes:
        task: retrieval, similarity, duplicates, classification or clustering.
        data: name of the data.
        metric: the main metric, the first of each row.
        rows: the model first, then its baselines.
        counts: sizes of the data, such as queries and documents.
        notes: what to know about the data when reading the metrics, one sentence each.
        seed: of all random numbers.
        resamples: number of bootstrap resamples.
        seconds: run time.
    """

    task: str
    data: str
    metric: str
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    seed: int
    resamples: int
    seconds: float

    @property
    def model(self) -> Row:
        """The row of the model."""
        return self.rows[0]

    def __getitem__(self, name: str) -> Row:
        """The row with that name.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no row {name!r}; there are {', '.join(repr(row.name) for row in self.rows)}")

    def as_dict(self) -> dict[str, Any]:
        """The result as plain values, as `likewise evaluate --json` prints it; NaN becomes None."""
        rows = [
            {
                "name": row.name,
                "metrics": {name: _plain(estimate) for name, estimate in row.metrics.items()},
                "difference": row.difference and _plain(row.difference),
                "note": row.note,
            }
            for row in self.rows
        ]
        return {
            "task": self.task, "data": self.data, "metric": self.metric, "counts": dict(self.counts), "rows": rows,
            "notes": list(self.notes), "seed": self.seed, "resamples": self.resamples,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip

    def as_json(self) -> str:
        """The result as one line of JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=True, allow_nan=False)

    @property
    def sizes(self) -> str:
        """The task and the sizes of the data, such as `retrieval, 225 queries, 1,400 documents`."""
        return ", ".join((self.task, *(f"{count:,} {name}" for name, count in self.counts.items())))

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{self.data}: {self.sizes} (with 95 % bootstrap intervals)"]
        for row in self.rows:
            cells = [f"{name} {e.value:.3f} ({e.low:.3f}–{e.high:.3f})" for name, e in row.metrics.items()]
            if row.difference:
                value, low, high = (f"{number:+.3f}" for number in vars(row.difference).values())
                cells.append(f"difference {value} ({low} to {high})")
            lines.append("  ".join([row.name.ljust(width), *(cells or [row.note])]))
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])


def _plain(estimate: Estimate) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in vars(estimate).items()}
