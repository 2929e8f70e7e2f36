"""Intervals and temperatures."""

import numpy as np
import pytest
from scipy.stats import binomtest

from likewise.applications.classify.cross_validation import HeldOut, estimate_of, probabilities, temperature_of, wilson


def test_wilson():
    """Two ways: that of scipy; closed forms at the ends; law: more trials, narrower."""
    known = binomtest(17, 20).proportion_ci(method="wilson")
    assert wilson(17 / 20, 20.0) == pytest.approx((known.low, known.high), rel=1e-6)
    assert wilson(0.0, 10.0)[0] == 0 and wilson(1.0, 10.0)[1] == pytest.approx(1)
    low, high = wilson(0.7, 200.0)
    assert wilson(0.7, 50.0)[0] < low < high < wilson(0.7, 50.0)[1]


def test_temperature():
    """It learns: logits that are three times too sure get a temperature of about three; law: scale moves along."""
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((4000, 3)) * 2
    numbers = np.array([rng.choice(3, p=row) for row in probabilities(logits, 1.0)])
    rows = np.arange(4000)
    assert temperature_of(HeldOut(rows, logits, 5, 1), numbers) == pytest.approx(1, abs=0.1)
    assert temperature_of(HeldOut(rows, 3 * logits, 5, 1), numbers) == pytest.approx(3, abs=0.3)
    assert temperature_of(None, numbers) == 1.0
    one = temperature_of(HeldOut(np.arange(1), np.array([[9.0, 0.0]]), 2, 1), np.zeros(1, np.int64))
    assert 0.3 < one < 1.5  # a single label makes nobody sure


def test_estimate():
    logits = np.array([[2.0, 0], [2, 0], [0, 2], [0.1, 0]])
    held = HeldOut(np.array([0, 1, 2, 3]), logits, 5, 1)
    found = estimate_of(held, np.array([0, 0, 1, 1, 1]), 1.0)
    assert found is not None
    assert (found.accuracy, found.labels, found.unchecked) == (0.75, 4, 1)
    assert (found.low, found.high) == pytest.approx(wilson(0.75, 4 / 2.25))
    assert [each.share for each in found.answered] == [0.75, 0.75, 0.75, 0, 0]
    assert found.answered[0].accuracy == 1 and found.answered[-1].accuracy is None
    assert estimate_of(None, np.zeros(0, np.int64), 1.0) is None


def test_probabilities():
    found = probabilities(np.array([[1000.0, 0], [0, 0]]), 1.0)
    np.testing.assert_allclose(found, [[1, 0], [0.5, 0.5]])
    assert probabilities(np.zeros((0, 2)), 1.0).shape == (0, 2)
