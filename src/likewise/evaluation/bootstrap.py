"""Confidence intervals: the percentile bootstrap (Efron 1979) less its bias, paired over all systems.

The units (queries, pairs, test texts) are drawn anew with replacement, which is to count each of them 0, 1, 2, … times.
All systems are scored under the same counts, so the interval of a difference is narrower than the intervals of both
suggest: a hard query is hard for both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from likewise.arrays import Float64, Int64

RESAMPLES, MIN_RESAMPLES = 1000, 200
WORK = 4e8  # units times systems times resamples: with more, fewer resamples, or they would outlast the scoring
LEVEL = 95  # percent
UNBOUNDED = (-np.inf, np.inf)
EQUAL = 1e-9  # rounding


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
class SystemScores:
    """The metrics of one system, and what they become when units are resampled.

    Attributes:
        name: of the system.
        values: the metrics by name.
        resampled: maps the count of each unit to the metrics, in the order of `values`.
        bounds: smallest and largest value that each metric can have, in that order; without bounds if empty.
    """

    name: str
    values: Mapping[str, float]
    resampled: Callable[[Any], Float64[np.ndarray, " metrics"]]
    bounds: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class TaskResult:
    """The rows of a task.

    Attributes:
        rows: the model first.
        counts: sizes of the data.
        notes: what to know about the data.
        resamples: number of bootstrap resamples.
    """

    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    resamples: int


def draw_counts(units: int, rng: np.random.Generator) -> Int64[np.ndarray, " units"]:
    """How often each unit comes up in one resample."""
    return np.bincount(rng.integers(units, size=units), minlength=units).astype(np.int64)


def with_intervals(
    scored: Sequence[SystemScores],
    draw: Callable[[np.random.Generator], Any],
    units: int,
    rng: np.random.Generator,
    *,
    absent: Sequence[Row] = (),
    counts: Mapping[str, int],
    notes: Sequence[str] = (),
    work: float = WORK,
) -> TaskResult:
    """Compute the interval of each metric, and the difference of the first system to each other one.

    Args:
        scored: the systems; the first is the model.
        draw: draws the counts of the units.
        units: number of units, which are independent of one another.
        rng: of the resamples.
        absent: rows of the baselines that did not run.
        counts: sizes of the data.
        notes: what to know about the data.
        work: units times systems times resamples at most, with at least 200 resamples.
    """
    resamples = int(np.clip(work / (max(1, units) * len(scored)), MIN_RESAMPLES, RESAMPLES))
    names = list(scored[0].values)
    bounds = scored[0].bounds or [UNBOUNDED] * len(names)
    widest = bounds[0][1] - bounds[0][0]  # that a difference can be
    drawn = np.empty((resamples, len(scored), len(names)))
    for each in drawn:
        unit_counts = draw(rng)
        for row, system in enumerate(scored):
            each[row] = system.resampled(unit_counts)
    rows = []
    for row, system in enumerate(scored):
        metrics = {
            name: _estimate(system.values[name], drawn[:, row, column], bounds[column], units)
            for column, name in enumerate(names)
        }
        difference = None
        if row:
            value = scored[0].values[names[0]] - system.values[names[0]]
            difference = _estimate(value, drawn[:, 0, 0] - drawn[:, row, 0], (-widest, widest), units)
        rows.append(Row(system.name, metrics, difference))
    return TaskResult((*rows, *absent), counts, tuple(notes), resamples)


def _estimate(
    value: float, drawn: Float64[np.ndarray, " resamples"], bounds: tuple[float, float], units: int
) -> Estimate:
    # A metric may be undefined on a resample, such as one without a duplicate: that resample does not count.
    defined = drawn[np.isfinite(drawn)]
    if not len(defined) or not np.isfinite(value):
        return Estimate(float(value), np.nan, np.nan)
    # Some metrics rise when texts repeat, as the agreement of clusters does: that bias is subtracted.
    bias = defined.mean() - value
    low, high = np.percentile(defined, [(100 - LEVEL) / 2, (100 + LEVEL) / 2]) - bias
    if np.ptp(defined) < EQUAL and np.isfinite(bounds).all():
        # All units are alike. A kind of unit that none of them is has a share up to this (the rule of three, Hanley and
        # Lippman-Hand 1983), and moves a mean by as much of its range.
        margin = (1 - (1 - LEVEL / 100) ** (1 / max(1, units))) * (bounds[1] - bounds[0])
        low, high = low - margin, high + margin
    # The bias can move an end beyond what the metric can be, or beyond the estimate.
    low, high = np.clip([min(low, value), max(high, value)], *bounds)
    return Estimate(float(value), float(low), float(high))
