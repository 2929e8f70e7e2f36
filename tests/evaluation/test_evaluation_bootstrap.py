"""Confidence intervals. Oracles: the standard error in closed form; laws of resampling; the seed decides."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.evaluation.bootstrap import (
    MIN_RESAMPLES,
    RESAMPLES,
    Estimate,
    SystemScores,
    TaskResult,
    draw_counts,
    with_intervals,
)
from likewise.evaluation.pairs import duplicate_metrics, similarity_metrics


def _mean(name: str, values: np.ndarray) -> SystemScores:
    return SystemScores(name, {"mean": float(values.mean())}, lambda counts: np.array([counts @ values / counts.sum()]))


def _result(*values: np.ndarray, seed: int = 0, **options: float) -> TaskResult:
    scored = [_mean(f"row {n}", row) for n, row in enumerate(values)]
    size = len(values[0])
    rng = np.random.default_rng(seed)
    return with_intervals(scored, lambda rng: draw_counts(size, rng), size, rng, counts={"units": size}, **options)


def test_counts_add_up_to_the_units() -> None:
    counts = draw_counts(1000, np.random.default_rng(0))
    assert counts.sum() == 1000 and counts.min() == 0
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.05)  # (1 - 1/n)^n are not drawn


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(1).standard_normal(400)
    estimate = _result(values).rows[0].metrics["mean"]
    error = values.std() / 20
    assert estimate.value == pytest.approx(values.mean())
    # 1,000 resamples know the ends of an interval to about 5 % of its width.
    assert estimate.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert estimate.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_rows_are_compared_on_the_same_resamples() -> None:
    values = np.random.default_rng(2).standard_normal(300)
    first, same, lower = _result(values, values, values - 0.5).rows
    assert first.difference is None
    assert same.difference is not None and (same.difference.low, same.difference.value, same.difference.high) == (
        0,
        0,
        0,
    )
    assert lower.difference is not None
    assert [lower.difference.low, lower.difference.value, lower.difference.high] == pytest.approx([0.5, 0.5, 0.5])


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    values = np.random.default_rng(3).standard_normal(50)
    assert _result(values).rows == _result(values).rows
    assert _result(values).rows != _result(values, seed=1).rows


def test_the_bias_of_the_resamples_is_subtracted() -> None:
    """The share of units that come up at all: about 63 % in a resample, 1 on the data."""
    present = SystemScores("present", {"share": 1.0}, lambda counts: np.array([(counts > 0).mean()]))
    rng = np.random.default_rng(4)
    estimate = with_intervals([present], lambda r: draw_counts(200, r), 200, rng, counts={}).rows[0].metrics["share"]
    assert estimate.low < 1.0 < estimate.high and estimate.high - estimate.low < 0.2


def test_a_resample_without_a_value_is_left_out() -> None:
    fickle = SystemScores("fickle", {"m": 1.0}, lambda counts: np.array([1.0 if counts[0] else np.nan]))
    silent = SystemScores("silent", {"m": 1.0}, lambda counts: np.array([np.nan]))
    rows = with_intervals(
        [fickle, silent], lambda r: draw_counts(3, r), 3, np.random.default_rng(5), counts={"n": 3}
    ).rows
    assert (rows[0].metrics["m"].low, rows[0].metrics["m"].high) == (1.0, 1.0)
    assert np.isnan(rows[1].metrics["m"].low)


def test_much_data_gets_fewer_resamples() -> None:
    values = np.arange(10.0)
    assert _result(values).resamples == RESAMPLES
    assert _result(values, work=4e3).resamples == 400
    assert _result(values, work=1.0).resamples == MIN_RESAMPLES


def _intervals(scored: SystemScores, units: int) -> list[Estimate]:
    """Of the metrics, and of the difference to the same system with its metrics reversed."""
    other = replace(scored, resampled=lambda counts: 1 - scored.resampled(counts))
    draw = lambda rng: draw_counts(units, rng)  # noqa: E731 - short
    result = with_intervals([scored, other], draw, units, np.random.default_rng(0), counts={}, work=1.0)
    assert result.rows[1].difference is not None
    return list(result.rows[0].metrics.values())


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.8, 0.9]), st.booleans()), min_size=2, max_size=30), st.booleans()
)
def test_no_interval_leaves_the_range_of_its_metric_or_its_estimate(
    pairs: list[tuple[float, bool]], rank: bool
) -> None:
    """A law, for the metrics of duplicates and the correlations, whatever the pairs."""
    cosines, same = np.array([cosine for cosine, _ in pairs]), np.array([each for _, each in pairs])
    same[:2] = [True, False]
    scored = similarity_metrics("m", cosines, same * 1.0) if rank else duplicate_metrics("m", cosines, same)
    for found in _intervals(scored, len(pairs)):
        assert (-1 if rank else 0) <= found.low <= found.value <= found.high <= 1


def test_a_perfect_metric_is_as_sure_as_its_units_are_many() -> None:
    """A closed form, the rule of three: none of n units is wrong, so 95 % sure no more than 1 - 0.05^(1/n) are."""
    ends = []
    for units in (1, 10, 1000):
        scored = replace(_mean("m", np.ones(units)), bounds=[(0.0, 1.0)])
        (found,) = _intervals(scored, units)
        assert (found.value, found.high) == (1.0, 1.0)
        ends.append(found.low)
    assert ends == pytest.approx([0.05, 0.05**0.1, 0.997], abs=1e-4)
