"""Calibration: tails and precision."""

import numpy as np
import pytest

from likewise.applications.duplicates.calibration import GRID, curve_of, pareto_tail


def test_the_tail_of_a_power_of_the_rest():
    """Witnesses: a distribution whose tail is of this form exactly, the empirical share, the ends."""
    rng = np.random.default_rng(0)
    # P(s > t) = (1 - t) ** 8: of this the tail is ((1 - t) / (1 - start)) ** 8, so the shape is 1 / 8.
    drawn = 1.0 - rng.random(1 << 18) ** (1 / 8)
    tail = pareto_tail(drawn)
    assert tail.shape == pytest.approx(1 / 8, rel=0.15)  # 524 values in the tail: a standard error of 4 %
    assert tail.above(np.array([0.8]))[0] == pytest.approx(0.2**8, rel=0.9)
    assert tail.above(np.array([0.0, tail.start, 1.0])).tolist() == [tail.share, tail.share, 0.0]
    assert np.all(np.diff(tail.above(GRID)) <= 0)


def test_tails_of_little():
    assert pareto_tail(np.zeros(0)).above(GRID).max() == 0
    same = pareto_tail(np.zeros(100))
    assert same.above(np.array([0.5]))[0] < 1e-9
    assert pareto_tail(np.linspace(0, 0.5, 5)).start == 0


def test_precision_follows_from_the_shares():
    """Witnesses: a closed form, the law that precision does not fall, and that accidents lower it."""
    with_typos, other = np.array([0.9] * 100), np.array([0.5] * 100)
    curve = curve_of(np.array([0.9, 0.95, 0.3]), np.array([0.1, 0.0] * 50), with_typos, other, 10.0)
    assert curve.precisions(np.array([0.9]))[0] == pytest.approx(100 / 100.5, abs=1e-3)
    assert curve.precisions(np.array([0.4]))[0] == pytest.approx(100 / 200.5, abs=1e-3)
    assert np.all(np.diff(curve.precision) >= 0)
    assert 0.5 < curve.threshold(0.99) <= 0.9 and curve.threshold(0.9999) == 2.0
    assert curve.recall[GRID <= 0.9].min() == 1.0 and curve.recall[GRID > 0.9].max() == 0.0
    many = curve_of(np.array([0.9, 0.95, 0.3]), np.linspace(0, 0.8, 1000), with_typos, other, 1e9)
    assert many.precisions(np.array([0.7]))[0] < curve.precisions(np.array([0.7]))[0]
