"""What comes out of an evaluation: figures with their intervals, row by row."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Evaluation", "Figure", "Row"]


@dataclass(frozen=True)
class Figure:
    """A number and how sure it is.

    Attributes:
        value: measured on all of the data.
        low: the lower end of the 95 % bootstrap interval.
        high: its upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """How good one embedder or baseline is.

    Attributes:
        name: of the embedder or baseline.
        figures: by measure; empty where it was not judged.
        ahead: by how much the judged embedder's main figure is above this row's, with the interval of the difference;
            None for itself and where nothing was judged.
        note: why it was not judged.
    """

    name: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    ahead: Figure | None = None
    note: str = ""


@dataclass(frozen=True)
class Evaluation:
    """An embedder and its baselines on one task. `print` shows it as a table.

    Attributes:
        task: retrieval, similarity, duplicates, classification or clustering.
        data: the name of the data.
        measure: the main measure, which comes first in the figures.
        rows: the embedder first, then its baselines.
        counts: of what was judged, by name, such as queries and documents.
        notes: what a reader of the figures should know, a sentence each.
        seed: of everything random.
        resamples: how many bootstrap resamples the intervals rest on.
        seconds: all of it took.
    """

    task: str
    data: str
    measure: str
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    seed: int
    resamples: int
    seconds: float

    @property
    def model(self) -> Row:
        """The row of the embedder that was judged."""
        return self.rows[0]

    def __getitem__(self, name: str) -> Row:
        """The row of that name.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no row {name!r}; there are {', '.join(repr(row.name) for row in self.rows)}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as `likewise evaluate --json` prints them; a number that is none is None."""
        return {
            "task": self.task,
            "data": self.data,
            "measure": self.measure,
            "counts": dict(self.counts),
            "rows": [
                {
                    "name": row.name,
                    "figures": {name: _plain(figure) for name, figure in row.figures.items()},
                    "ahead": row.ahead and _plain(row.ahead),
                    "note": row.note,
                }
                for row in self.rows
            ],
            "notes": list(self.notes),
            "seed": self.seed,
            "resamples": self.resamples,
            "seconds": round(self.seconds, 3),
        }

    def as_json(self) -> str:
        """The same as one line of JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=True, allow_nan=False)

    def __str__(self) -> str:
        from likewise.evaluation.table import as_text

        return as_text(self)


def _plain(figure: Figure) -> dict[str, float | None]:
    named = {"value": figure.value, "low": figure.low, "high": figure.high}
    return {name: value if math.isfinite(value) else None for name, value in named.items()}
