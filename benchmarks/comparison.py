"""How the benchmarks compare: contestants take turns in one process, and what counts is the median of their ratios."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

import likewise  # noqa: F401 - before torch: it keeps OpenMP's idle threads from spinning, for every contestant

__all__ = ["Spread", "alternate", "best_of", "ratio", "spread", "timed"]

RESAMPLES = 10_000


@dataclass(frozen=True)
class Spread:
    """A median and how sure it is.

    Attributes:
        median: of the repeats.
        low: the lower end of its 95 % bootstrap interval.
        high: the upper end.
        repeats: how many there were.
    """

    median: float
    low: float
    high: float
    repeats: int

    def __str__(self) -> str:
        return f"{self.median:,.4g} ({self.low:,.4g} to {self.high:,.4g})"

    def plain(self) -> dict[str, float]:
        """As it is recorded."""
        return {name: float(f"{value:.6g}") for name, value in asdict(self).items()}


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternate(contestants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each contestant in each repeat; every other repeat runs them in the opposite order.

    What disturbs the machine for a while so disturbs all of them, and none has always the caches of the same other.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for repeat in range(repeats):
        names = list(contestants)
        for name in names if repeat % 2 == 0 else reversed(names):
            seconds[name].append(timed(contestants[name]))
    return seconds


def best_of(settings: Mapping[str, Callable[[], object]]) -> str:
    """The name of the setting that is fastest, the better of two runs each: a peer runs with the best that we found."""
    return min(settings, key=lambda name: min(timed(settings[name]), timed(settings[name])))


def spread(values: Sequence[float], seed: int = 0) -> Spread:
    """The median, with the interval that resampling the repeats gives."""
    found = np.asarray(values, np.float64)
    drawn = np.random.default_rng(seed).integers(len(found), size=(RESAMPLES, len(found)))
    low, high = np.quantile(np.median(found[drawn], axis=1), (0.025, 0.975))
    return Spread(float(np.median(found)), float(low), float(high), len(found))


def ratio(ones: Sequence[float], others: Sequence[float]) -> Spread:
    """How many times the other each one is, repeat by repeat."""
    return spread([one / other for one, other in zip(ones, others, strict=True)])
