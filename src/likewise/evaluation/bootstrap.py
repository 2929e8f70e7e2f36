"""How sure a figure is: percentile bootstrap (Efron 1979) less its bias, paired over all rows.

What was judged (queries, pairs, test texts) is drawn anew with replacement, which is to count each of them 0, 1, 2, …
times. Every row of a table is scored under the same counts, so the difference of two rows has an interval of its own,
which is narrower than the intervals of both suggest: a hard query is hard for both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from likewise.evaluation.result import Figure, Row

__all__ = ["RESAMPLES", "Judged", "Scored", "counts_of", "with_intervals"]

RESAMPLES, FEWEST_RESAMPLES = 1000, 200
WORK = 4e8  # units times rows times resamples: beyond, fewer resamples, so that intervals do not outlast the scoring
LEVEL = 95  # per cent of the resamples lie within


@dataclass(frozen=True)
class Scored:
    """One row before it has intervals.

    Attributes:
        name: of the embedder or baseline.
        values: of each measure.
        resampled: the measures, in the order of `values`, when each unit counts as often as it says.
    """

    name: str
    values: Mapping[str, float]
    resampled: Callable[[Any], Float64[np.ndarray, " measures"]]


@dataclass(frozen=True)
class Judged:
    """What a task gives.

    Attributes:
        rows: the embedder first.
        counts: of what was judged.
        notes: what a reader of the figures should know.
        resamples: behind the intervals.
    """

    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    resamples: int


def counts_of(units: int, rng: np.random.Generator) -> Int64[np.ndarray, " units"]:
    """How often each of so many units comes up when as many are drawn with replacement."""
    return np.bincount(rng.integers(units, size=units), minlength=units).astype(np.int64)


def with_intervals(
    scored: Sequence[Scored],
    draw: Callable[[np.random.Generator], Any],
    units: int,
    rng: np.random.Generator,
    *,
    absent: Sequence[Row] = (),
    counts: Mapping[str, int],
    notes: Sequence[str] = (),
) -> Judged:
    """Give each figure its interval, and each row the difference of the first row to it.

    Args:
        scored: the rows; the first is the embedder that is judged.
        draw: how often each unit counts, drawn anew.
        units: how many there are.
        rng: of the draws.
        absent: rows of those that could not take part.
        counts: of what was judged.
        notes: what a reader of the figures should know.
    """
    resamples = int(np.clip(WORK / (max(1, units) * len(scored)), FEWEST_RESAMPLES, RESAMPLES))
    measures = list(scored[0].values)
    drawn = np.empty((resamples, len(scored), len(measures)))
    for each in drawn:
        times = draw(rng)
        for place, row in enumerate(scored):
            each[place] = row.resampled(times)
    rows = []
    for place, row in enumerate(scored):
        figures = {name: _figure(row.values[name], drawn[:, place, column]) for column, name in enumerate(measures)}
        ahead = None
        if place:
            main = measures[0]
            ahead = _figure(scored[0].values[main] - row.values[main], drawn[:, 0, 0] - drawn[:, place, 0])
        rows.append(Row(row.name, figures, ahead))
    return Judged((*rows, *absent), counts, tuple(notes), resamples)


def _figure(value: float, drawn: Float64[np.ndarray, " resamples"]) -> Figure:
    # A resample may hold too little for a measure, such as no duplicate: it says nothing then.
    told = drawn[np.isfinite(drawn)]
    if not len(told):
        return Figure(float(value), np.nan, np.nan)
    # Some measures rise when texts repeat, as the agreement of clusters does: that bias is taken off again.
    bias = told.mean() - value
    low, high = np.percentile(told, [(100 - LEVEL) / 2, (100 + LEVEL) / 2]) - bias
    return Figure(float(value), float(low), float(high))
