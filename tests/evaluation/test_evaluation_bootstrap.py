"""Intervals. Oracles: the standard error in closed form; laws of resampling; the same seed gives the same."""

import numpy as np
import pytest

from likewise.evaluation import bootstrap
from likewise.evaluation.bootstrap import RESAMPLES, Scored, counts_of, with_intervals


def _mean(name: str, values: np.ndarray) -> Scored:
    return Scored(name, {"mean": float(values.mean())}, lambda counts: np.array([counts @ values / counts.sum()]))


def _judged(*values: np.ndarray, seed: int = 0):
    scored = [_mean(f"row {n}", row) for n, row in enumerate(values)]
    size = len(values[0])
    rng = np.random.default_rng(seed)
    return with_intervals(scored, lambda rng: counts_of(size, rng), size, rng, counts={"units": size})


def test_counts_add_up_to_the_units() -> None:
    counts = counts_of(1000, np.random.default_rng(0))
    assert counts.sum() == 1000 and counts.min() == 0
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.05)  # (1 - 1/n)^n are not drawn


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(1).standard_normal(400)
    figure = _judged(values).rows[0].figures["mean"]
    error = values.std() / 20
    assert figure.value == pytest.approx(values.mean())
    # 1,000 resamples know the ends of an interval to about 5 % of its width.
    assert figure.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert figure.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_rows_are_compared_on_the_same_resamples() -> None:
    values = np.random.default_rng(2).standard_normal(300)
    first, same, lower = _judged(values, values, values - 0.5).rows
    assert first.ahead is None
    assert same.ahead is not None and (same.ahead.low, same.ahead.value, same.ahead.high) == (0, 0, 0)
    assert lower.ahead is not None
    assert [lower.ahead.low, lower.ahead.value, lower.ahead.high] == pytest.approx([0.5, 0.5, 0.5])


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    values = np.random.default_rng(3).standard_normal(50)
    assert _judged(values).rows == _judged(values).rows
    assert _judged(values).rows != _judged(values, seed=1).rows


def test_a_bias_of_the_resamples_is_taken_off() -> None:
    """How many of the units come up at all: about 63 % in any resample, all of them in truth."""
    present = Scored("present", {"share": 1.0}, lambda counts: np.array([(counts > 0).mean()]))
    rng = np.random.default_rng(4)
    figure = with_intervals([present], lambda r: counts_of(200, r), 200, rng, counts={}).rows[0].figures["share"]
    assert figure.low < 1.0 < figure.high and figure.high - figure.low < 0.2


def test_a_resample_that_says_nothing_is_left_out() -> None:
    fickle = Scored("fickle", {"m": 1.0}, lambda counts: np.array([1.0 if counts[0] else np.nan]))
    silent = Scored("silent", {"m": 1.0}, lambda counts: np.array([np.nan]))
    rows = with_intervals(
        [fickle, silent], lambda r: counts_of(3, r), 3, np.random.default_rng(5), counts={"n": 3}
    ).rows
    assert (rows[0].figures["m"].low, rows[0].figures["m"].high) == (1.0, 1.0)
    assert np.isnan(rows[1].figures["m"].low)


def test_much_data_gets_fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(10.0)
    assert _judged(values).resamples == RESAMPLES
    monkeypatch.setattr(bootstrap, "WORK", 4000)
    assert _judged(values).resamples == 400
    monkeypatch.setattr(bootstrap, "WORK", 1)
    assert _judged(values).resamples == bootstrap.FEWEST_RESAMPLES
