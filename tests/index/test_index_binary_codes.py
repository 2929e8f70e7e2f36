"""Binary codes: estimates of scores from one bit a component, and the rows with the highest estimates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.index.binary_codes import PER_RESULT, BinaryCodes, binarise, words_per_row


def unit(rng, count, dim):
    rows = rng.standard_normal((count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def codes_of(rows, shortlist_size=1000):
    return BinaryCodes(*binarise(rows), shortlist_size, 1.0)


@pytest.mark.parametrize("dim", [1, 5, 63, 64, 65, 200])
def test_estimates_are_the_formula(dim):
    """Two paths: counted bits, and a sum over signs of the query rounded to eight steps."""
    rng = np.random.default_rng(dim)
    rows, query = unit(rng, 50, dim), unit(rng, 1, dim)[0]
    rows[3] = 0
    lowest = min(0.0, query.min())
    step = max((max(0.0, query.max()) - lowest) / 7, 1e-30)
    rounded = lowest + step * np.rint((query - lowest) / step)
    signs = np.where(rows > 0, 1.0, -1.0)
    squares, sums = (rows**2).sum(axis=1), np.abs(rows).sum(axis=1)
    expected = signs @ rounded * np.divide(squares, sums, out=np.zeros(50), where=sums > 0)
    hidden = np.zeros(50, bool)
    hidden[7] = True
    found = codes_of(rows).estimates(hidden, query)
    assert found[7] == -np.inf and found[3] == 0
    np.testing.assert_allclose(np.delete(found, 7), np.delete(expected, 7), atol=1e-5)


def test_estimates_are_unbiased():
    """A property of the method: over many rows the errors cancel, and they shrink with the dimension."""
    spread = []
    for dim in (64, 512):
        rng = np.random.default_rng(0)
        rows, query = unit(rng, 4000, dim), unit(rng, 1, dim)[0]
        error = codes_of(rows).estimates(np.zeros(4000, bool), query) - rows @ query
        assert abs(error.mean()) < 4 * error.std() / np.sqrt(4000) + 1e-3
        spread.append(error.std())
    assert spread[1] < spread[0] / 2


@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 9))
def test_the_shortlist_has_the_highest_estimates(count, k, seed):
    """Slow oracle: all estimates in order."""
    rng = np.random.default_rng(seed)
    rows, query = unit(rng, count, 16), unit(rng, 1, 16)[0]
    codes, hidden = codes_of(rows, 20), rng.random(count) < 0.2
    found = codes.shortlist(hidden, query, k)
    estimates = codes.estimates(hidden, query)
    wanted = min(max(20, PER_RESULT * k), int((~hidden).sum()))
    assert (np.diff(found) > 0).all() and not hidden[found].any() and len(found) >= wanted
    if wanted:
        assert estimates[found].min() == np.sort(estimates)[-wanted]


def test_the_threshold_comes_from_a_sample():
    """A misleading sample changes nothing: then all estimates are sorted."""
    rng = np.random.default_rng(0)
    rows, query = unit(rng, 5000, 32), unit(rng, 1, 32)[0]
    codes, shown = codes_of(rows, 50), np.zeros(5000, bool)
    np.testing.assert_array_equal(codes.shortlist(shown, query, 1, sample=100), codes.shortlist(shown, query, 1))
    hidden = np.ones(5000, bool)
    hidden[1:40] = False
    assert codes.shortlist(hidden, query, 1, sample=100).tolist() == list(range(1, 40))


def test_words_of_a_row():
    assert [words_per_row(dim) for dim in (1, 64, 65, 768)] == [1, 1, 2, 12]
