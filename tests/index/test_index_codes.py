"""The scan of int8 codes against a scan of all vectors in float64; estimates of scores from one bit a component."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.index.codes import (
    PER_RESULT,
    BinaryCodes,
    NumbaLoading,
    binarise,
    candidates,
    candidates_among,
    dot_products,
    float_candidates,
    quantised,
    rank,
    words_per_row,
)
from likewise.index.entries import StoredVectors


def unit(rows):
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def vectors_of_kind(kind, count, dim, rng):
    if kind == "random":
        rows = rng.standard_normal((count, dim))
    elif kind == "clustered":
        centres = rng.standard_normal((8, dim))
        rows = centres[rng.integers(0, 8, count)] + 0.02 * rng.standard_normal((count, dim))
    elif kind == "nearly equal":
        rows = np.ones((count, dim)) + 1e-3 * rng.standard_normal((count, dim))
    elif kind == "equal":
        rows = np.ones((count, dim))
    else:  # one component is nearly all of the row, so that the codes of the others are coarse
        rows = rng.standard_normal((count, dim)) * 0.01
        rows[:, 0] = 1.0
    return unit(rows).astype(np.float16)


KINDS = ["random", "clustered", "nearly equal", "equal", "spiked"]
SCANS = pytest.mark.parametrize("compiled", [True, False], ids=["numba", "numpy"])


def brute(vectors, query, k, hidden=None):
    """The oracle: every stored vector in float64, best first, equal scores by row id."""
    scores = np.round(vectors.astype(np.float64) @ query.astype(np.float64), 9)
    shown = vectors.any(axis=1) & ~(np.zeros(len(vectors), bool) if hidden is None else hidden)
    order = np.lexsort((np.arange(len(vectors)), -scores))
    order = order[shown[order]][:k]
    return order, scores[order]


@SCANS
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 10, 700])
def test_finds_exactly_what_a_scan_of_the_vectors_finds(kind, k, compiled):
    """Two paths that must agree, to the last digit and the last tie."""
    rng = np.random.default_rng(1)
    stored = vectors_of_kind(kind, 3000, 48, rng)
    stored[::50] = 0
    hidden = rng.random(3000) < 0.1
    codes = quantised(stored.astype(np.float32))
    queries = unit(np.vstack([stored[7].astype(np.float32) + 0.1 * rng.standard_normal(48), rng.standard_normal(48)]))
    left = candidates(codes, hidden | (codes.scales == 0), queries, k, compiled=compiled)
    for query, rows in zip(queries, left, strict=True):
        ranked = rank(StoredVectors(np.arange(3000), stored), np.sort(rows), query, k)
        expected, scores = brute(stored, query, k, hidden)
        np.testing.assert_array_equal(ranked.row_ids, expected)
        np.testing.assert_array_equal(ranked.scores, scores)
    if kind == "random" and k == 10:
        assert max(map(len, left)) < 100  # it rules out nearly everything


@pytest.mark.parametrize("kind", KINDS)
def test_true_scores_are_within_the_bounds(kind):
    """Law: Cauchy-Schwarz, on the codes themselves."""
    rng = np.random.default_rng(2)
    rows = vectors_of_kind(kind, 500, 96, rng).astype(np.float32)
    codes = quantised(rows)
    query = unit(rng.standard_normal((1, 96)))[0]
    near = codes.values.astype(np.float64) @ query.astype(np.float64) * codes.scales
    assert (np.abs(near - rows.astype(np.float64) @ query) <= codes.errors).all()
    assert np.abs(codes.values).max() == 127 and codes.errors.max() < 0.03


@SCANS
@pytest.mark.parametrize("count", [1, 255, 256, 257, 800])
def test_any_number_of_rows(compiled, count):
    """Two paths: a scan of all with the others hidden, and bounds of these rows alone."""
    rng = np.random.default_rng(3)
    stored = vectors_of_kind("random", 1000, 32, rng)
    codes, query = quantised(stored.astype(np.float32)), unit(rng.standard_normal((1, 32)))
    rows = np.sort(rng.choice(1000, count, replace=False))
    others = ~np.isin(np.arange(1000), rows)
    left = candidates(codes, others, query, 10, compiled=compiled)[0]
    expected, _ = brute(stored, query[0], 10, others)
    assert set(expected) <= set(left) <= set(rows)
    among = candidates_among(codes, rows, query[0], 10)
    assert set(expected) <= set(among) <= set(rows) and len(among) <= max(10, len(left))


def test_many_queries_in_parts():
    rng = np.random.default_rng(4)
    stored = vectors_of_kind("random", 1000, 16, rng)
    codes, queries = quantised(stored.astype(np.float32)), unit(rng.standard_normal((7, 16)))
    at_once, in_parts = (
        candidates(codes, np.zeros(1000, bool), queries, 5, max_bounds=bounds) for bounds in (1 << 25, 2000)
    )
    assert [rows.tolist() for rows in at_once] == [rows.tolist() for rows in in_parts]


@SCANS
@pytest.mark.parametrize("count", [0, 300])
def test_nothing_to_find(compiled, count):
    codes, query = quantised(np.zeros((count, 8), np.float32)), np.ones((1, 8), np.float32)
    assert len(candidates(codes, codes.scales == 0, query, 3, compiled=compiled)[0]) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_candidates_among_few_rows(kind):
    rng = np.random.default_rng(5)
    stored = vectors_of_kind(kind, 400, 24, rng)
    shown = rng.random(400) < 0.7
    query = unit(rng.standard_normal((1, 24)))[0]
    left = float_candidates(stored.astype(np.float32), shown, query, 12)
    expected, _ = brute(stored, query, 12, ~shown)
    assert shown[left].all() and set(expected) <= set(left.tolist())
    assert len(float_candidates(stored.astype(np.float32)[:0], shown[:0], query, 12)) == 0


def test_numba_is_loaded_when_that_is_faster(monkeypatch):
    assert NumbaLoading().pays(1)  # it is loaded
    monkeypatch.delitem(sys.modules, "numba")
    loading = NumbaLoading()
    assert [loading.pays(size) for size in (10**8, 9 * 10**7, 10**7, 10**7)] == [False, False, False, True]


def test_missing_vectors_are_not_ranked():
    stored = StoredVectors(np.array([2, 5, 9]), np.eye(3, dtype=np.float16))
    ranked = rank(stored, np.array([1, 5, 9, 12]), np.array([0.0, 0.6, 0.8], np.float32), 5)
    assert ranked.row_ids.tolist() == [9, 5]
    nothing = StoredVectors(np.zeros(0, np.int64), np.zeros((0, 3), np.float16))
    assert len(rank(nothing, np.array([1]), np.ones(3, np.float32), 5).row_ids) == 0
    assert dot_products(stored.vectors, np.array([1.0, 0.0, 0.0], np.float32)).tolist() == [1.0, 0.0, 0.0]


def random_unit(rng, count, dim):
    return unit(rng.standard_normal((count, dim)))


def codes_of(rows, shortlist_size=1000):
    return BinaryCodes(*binarise(rows), shortlist_size, 1.0)


@pytest.mark.parametrize("dim", [1, 5, 63, 64, 65, 200, 256, 500])
def test_estimates_are_the_formula(dim):
    """Two paths: counted bits, and a sum over signs of the query rounded to eight steps."""
    rng = np.random.default_rng(dim)
    rows, query = random_unit(rng, 50, dim), random_unit(rng, 1, dim)[0]
    rows[3] = 0
    lowest = min(0.0, query.min())
    step = max((max(0.0, query.max()) - lowest) / 7, 1e-30)
    rounded = lowest + step * np.rint((query - lowest) / step)
    signs = np.where(rows > 0, 1.0, -1.0)
    squares, sums = (rows**2).sum(axis=1), np.abs(rows).sum(axis=1)
    expected = signs @ rounded * np.divide(squares, sums, out=np.zeros(50), where=sums > 0)
    hidden = np.zeros(50, bool)
    hidden[7] = True
    found = codes_of(rows).estimates(hidden, query[None])[0]
    assert found[7] == -np.inf and found[3] == 0
    np.testing.assert_allclose(np.delete(found, 7), np.delete(expected, 7), atol=1e-5)


def test_estimates_are_unbiased():
    """A property of the method: over many rows the errors cancel, and they shrink with the dimension."""
    spread = []
    for dim in (64, 512):
        rng = np.random.default_rng(0)
        rows, query = random_unit(rng, 4000, dim), random_unit(rng, 1, dim)[0]
        error = codes_of(rows).estimates(np.zeros(4000, bool), query[None])[0] - rows @ query
        assert abs(error.mean()) < 4 * error.std() / np.sqrt(4000) + 1e-3
        spread.append(error.std())
    assert spread[1] < spread[0] / 2


@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 9))
def test_the_shortlist_has_the_highest_estimates(count, k, seed):
    """Slow oracle: all estimates in order."""
    rng = np.random.default_rng(seed)
    rows, query = random_unit(rng, count, 16), random_unit(rng, 1, 16)[0]
    codes, hidden = codes_of(rows, 20), rng.random(count) < 0.2
    (found,) = codes.shortlists(hidden, query[None], k)
    (estimates,) = codes.estimates(hidden, query[None])
    wanted = min(max(20, PER_RESULT * k), int((~hidden).sum()))
    assert (np.diff(found) > 0).all() and not hidden[found].any() and len(found) >= wanted
    if wanted:
        assert estimates[found].min() == np.sort(estimates)[-wanted]


def test_the_threshold_comes_from_a_sample():
    """A misleading sample changes nothing: then all estimates are sorted."""
    rng = np.random.default_rng(0)
    rows, query = random_unit(rng, 5000, 32), random_unit(rng, 1, 32)[0]
    codes, shown = codes_of(rows, 50), np.zeros(5000, bool)
    some, every = codes.shortlists(shown, query[None], 1, sample=100), codes.shortlists(shown, query[None], 1)
    np.testing.assert_array_equal(some[0], every[0])
    hidden = np.ones(5000, bool)
    hidden[1:40] = False
    assert codes.shortlists(hidden, query[None], 1, sample=100)[0].tolist() == list(range(1, 40))


def test_words_of_a_row():
    assert [words_per_row(dim) for dim in (1, 64, 65, 768)] == [1, 1, 2, 12]
