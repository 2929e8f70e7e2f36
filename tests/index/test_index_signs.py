"""Signs: guesses of scores from a bit a component, and the rows they put first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.index.binary_codes import LEAST_SHORTLIST, PER_RESULT, Signs, sign_words, signs_of


def unit(rng, count, dim):
    rows = rng.standard_normal((count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def made(rows, shortlist=LEAST_SHORTLIST):
    return Signs(*signs_of(rows), shortlist, 1.0)


@pytest.mark.parametrize("dim", [1, 5, 63, 64, 65, 200])
def test_guesses_are_the_formula(dim):
    """Two paths: bits that are counted, and a sum over signs of the query rounded to eight steps."""
    rng = np.random.default_rng(dim)
    rows, query = unit(rng, 50, dim), unit(rng, 1, dim)[0]
    rows[3] = 0
    lowest = min(0.0, query.min())
    step = max((max(0.0, query.max()) - lowest) / 7, 1e-30)
    rounded = lowest + step * np.rint((query - lowest) / step)
    signs = np.where(rows > 0, 1.0, -1.0)
    lengths, sums = (rows**2).sum(axis=1), np.abs(rows).sum(axis=1)
    expected = signs @ rounded * np.divide(lengths, sums, out=np.zeros(50), where=sums > 0)
    hidden = np.zeros(50, bool)
    hidden[7] = True
    found = made(rows).guesses(hidden, query)
    assert found[7] == -np.inf and found[3] == 0
    np.testing.assert_allclose(np.delete(found, 7), np.delete(expected, 7), atol=1e-5)


def test_guesses_are_unbiased():
    """A property of the method: over many rows the errors cancel, and they shrink with the dimension."""
    spread = []
    for dim in (64, 512):
        rng = np.random.default_rng(0)
        rows, query = unit(rng, 4000, dim), unit(rng, 1, dim)[0]
        off = made(rows).guesses(np.zeros(4000, bool), query) - rows @ query
        assert abs(off.mean()) < 4 * off.std() / np.sqrt(4000) + 1e-3
        spread.append(off.std())
    assert spread[1] < spread[0] / 2


@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 9))
def test_the_highest_are_the_highest(count, k, seed):
    """Slow oracle: all guesses in order."""
    rng = np.random.default_rng(seed)
    rows, query = unit(rng, count, 16), unit(rng, 1, 16)[0]
    signs, hidden = made(rows, 20), rng.random(count) < 0.2
    found = signs.highest(hidden, query, k)
    guesses = signs.guesses(hidden, query)
    wanted = min(max(20, PER_RESULT * k), int((~hidden).sum()))
    assert (np.diff(found) > 0).all() and not hidden[found].any() and len(found) >= wanted
    if wanted:
        assert guesses[found].min() == np.sort(guesses)[-wanted]


def test_many_rows_are_sorted_out_by_a_sample(monkeypatch):
    """Where the sample misleads, all are sorted."""
    from likewise.index import binary_codes as room

    rng = np.random.default_rng(0)
    rows, query = unit(rng, 5000, 32), unit(rng, 1, 32)[0]
    signs, shown = made(rows, 50), np.zeros(5000, bool)
    whole = signs.highest(shown, query, 1)
    monkeypatch.setattr(room, "_SAMPLE", 100)
    np.testing.assert_array_equal(signs.highest(shown, query, 1), whole)
    hidden = np.ones(5000, bool)
    hidden[1:40] = False
    assert signs.highest(hidden, query, 1).tolist() == list(range(1, 40))


def test_words_of_a_row():
    assert [sign_words(dim) for dim in (1, 64, 65, 768)] == [1, 1, 2, 12]
