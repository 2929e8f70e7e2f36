"""How the benchmarks compare: speeds by the median of ratios, contestants taking turns; quality with its interval."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import likewise  # noqa: F401 - before torch: it keeps OpenMP's idle threads from spinning, for every contestant

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


def alternate(
    contestants: Mapping[str, Callable[[], Any]], repeats: int, clock: Callable[[Callable[[], Any]], float] = timed
) -> dict[str, list[float]]:
    """Seconds of each contestant in each repeat; every other repeat runs them in the opposite order.

    What disturbs the machine for a while so disturbs all of them, and none has always the caches of the same other.
    `clock` gives the seconds of a call.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for repeat in range(repeats):
        names = list(contestants)
        for name in names if repeat % 2 == 0 else reversed(names):
            seconds[name].append(clock(contestants[name]))
    return seconds


def best_of(tried: Sequence[Any], run: Callable[[Any], Callable[[], object]]) -> Any:
    """The setting that is fastest, the better of two runs each: a peer runs with the best that we found."""
    calls = [run(setting) for setting in tried]
    return tried[int(np.argmin([min(timed(call), timed(call)) for call in calls]))]


def spread(values: Sequence[float], seed: int = 0) -> Spread:
    """The median, with the interval that resampling the repeats gives."""
    found = np.asarray(values, np.float64)
    drawn = np.random.default_rng(seed).integers(len(found), size=(RESAMPLES, len(found)))
    low, high = np.quantile(np.median(found[drawn], axis=1), (0.025, 0.975))
    return Spread(float(np.median(found)), float(low), float(high), len(found))


def ratio(ones: Sequence[float], others: Sequence[float]) -> Spread:
    """How many times the other each one is, repeat by repeat."""
    return spread([one / other for one, other in zip(ones, others, strict=True)])


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """The latencies of single calls, as they are recorded."""
    taken = 1000 * np.asarray(seconds)
    return {"milliseconds, median": float(np.median(taken)), "milliseconds, 95 %": float(np.quantile(taken, 0.95))}


def over(values: Sequence[float]) -> dict[str, Any]:
    """The mean of the seeds, the lowest and the highest."""
    return {"mean": float(np.mean(values)), "low": min(values), "high": max(values), "values": [*values]}


def interval(each: np.ndarray | Sequence[float]) -> dict[str, Any]:
    """A mean, over queries, users or draws, with its 95 % bootstrap interval."""
    values = np.asarray(each, np.float64)
    rng, size, times = np.random.default_rng(0), (RESAMPLES // 100, len(values)), range(100)
    means = np.concatenate([values[rng.integers(len(values), size=size)].mean(axis=1) for _ in times])
    low, high = np.quantile(means, [0.025, 0.975]).tolist()
    return {"mean": float(values.mean()), "low": low, "high": high}


def over_draws(values: Sequence[float]) -> dict[str, Any]:
    """The mean of the draws of labels, with its 95 % bootstrap interval."""
    return interval(values) | {"values": np.round(values, 4).tolist()}


def show(numbers: Mapping[str, Any]) -> None:
    """Print figures, and the differences among them."""
    for name, value in {**numbers, **numbers.get("difference", {})}.items():
        if isinstance(value, float):
            print(f"  {name:40} {value:.4f}", flush=True)
        elif "mean" in value:
            print(f"  {name:40} {value['mean']:.4f} ({value['low']:.4f} to {value['high']:.4f})", flush=True)
