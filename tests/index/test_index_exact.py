"""The certified scan against a scan of all vectors in float64."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.index import int8_scan as exact_room
from likewise.index.entries import Vectors
from likewise.index.int8_scan import Blocks, candidates, cosines, cut, encoded, scored, shortlist, whole


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


def brute(vectors, query, k, hidden=None):
    """The oracle: every stored vector in float64, best first, equals by number."""
    scores = np.round(vectors.astype(np.float64) @ query.astype(np.float64), 9)
    shown = vectors.any(axis=1) & ~(np.zeros(len(vectors), bool) if hidden is None else hidden)
    order = np.lexsort((np.arange(len(vectors)), -scores))
    order = order[shown[order]][:k]
    return order, scores[order]


@pytest.fixture(params=["compiled", "plain"])
def scan(request, monkeypatch):
    monkeypatch.setattr("likewise.index.int8_scan._is_worth_loading", lambda components: request.param == "compiled")


@pytest.mark.usefixtures("scan")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 10, 700])
def test_finds_exactly_what_a_scan_of_the_vectors_finds(kind, k):
    """Two paths that must agree, to the last digit and the last tie."""
    rng = np.random.default_rng(1)
    stored = vectors_of_kind(kind, 3000, 48, rng)
    stored[::50] = 0
    hidden = rng.random(3000) < 0.1
    codes = encoded(stored.astype(np.float32))
    queries = unit(np.vstack([stored[7].astype(np.float32) + 0.1 * rng.standard_normal(48), rng.standard_normal(48)]))
    left = candidates(codes, hidden | (codes.scales == 0), queries, k, whole(3000))
    for query, rows in zip(queries, left, strict=True):
        ranked = scored(Vectors(np.arange(3000), stored), np.sort(rows), query, k)
        expected, scores = brute(stored, query, k, hidden)
        np.testing.assert_array_equal(ranked.numbers, expected)
        np.testing.assert_array_equal(ranked.scores, scores)
    if kind == "random" and k == 10:
        assert max(map(len, left)) < 100  # it rules nearly everything out


@pytest.mark.parametrize("kind", KINDS)
def test_true_scores_lie_within_the_bounds(kind):
    """Law: Cauchy-Schwarz, on the codes themselves."""
    rng = np.random.default_rng(2)
    rows = vectors_of_kind(kind, 500, 96, rng).astype(np.float32)
    codes = encoded(rows)
    query = unit(rng.standard_normal((1, 96)))[0]
    near = codes.values.astype(np.float64) @ query.astype(np.float64) * codes.scales
    assert (np.abs(near - rows.astype(np.float64) @ query) <= codes.errors).all()
    assert np.abs(codes.values).max() == 127 and codes.errors.max() < 0.03


@pytest.mark.usefixtures("scan")
def test_only_the_blocks_asked_for():
    """Two paths: a scan of ranges is the scan of everything with the rest hidden."""
    rng = np.random.default_rng(3)
    stored = vectors_of_kind("random", 4000, 32, rng)
    codes, query = encoded(stored.astype(np.float32)), unit(rng.standard_normal((1, 32)))
    blocks = cut(np.array([100, 2000, 3990]), np.array([900, 2000, 4000]))
    inside = np.zeros(4000, bool)
    inside[100:900] = inside[3990:] = True
    left = candidates(codes, np.zeros(4000, bool), query, 10, blocks)[0]
    np.testing.assert_array_equal(np.sort(blocks.rows(np.arange(810))), np.flatnonzero(inside))
    expected, _ = brute(stored, query[0], 10, ~inside)
    assert inside[left].all() and set(expected) <= set(left)


def test_many_queries_in_parts(monkeypatch):
    rng = np.random.default_rng(4)
    stored = vectors_of_kind("random", 1000, 16, rng)
    codes, queries = encoded(stored.astype(np.float32)), unit(rng.standard_normal((7, 16)))
    at_once = candidates(codes, np.zeros(1000, bool), queries, 5, whole(1000))
    monkeypatch.setattr("likewise.index.int8_scan._MOST_BOUNDS", 2000)
    in_parts = candidates(codes, np.zeros(1000, bool), queries, 5, whole(1000))
    assert [rows.tolist() for rows in at_once] == [rows.tolist() for rows in in_parts]


@pytest.mark.usefixtures("scan")
def test_nothing_to_find():
    codes = encoded(np.zeros((300, 8), np.float32))
    assert [len(rows) for rows in candidates(codes, codes.scales == 0, np.ones((1, 8), np.float32), 3, whole(300))] == [
        0
    ]
    empty = encoded(np.zeros((0, 8), np.float32))
    assert [len(rows) for rows in candidates(empty, empty.scales == 0, np.ones((1, 8), np.float32), 3, whole(0))] == [0]


@pytest.mark.parametrize("kind", KINDS)
def test_shortlist(kind):
    rng = np.random.default_rng(5)
    stored = vectors_of_kind(kind, 400, 24, rng)
    shown = rng.random(400) < 0.7
    query = unit(rng.standard_normal((1, 24)))[0]
    left = shortlist(stored.astype(np.float32), shown, query, 12)
    expected, _ = brute(stored, query, 12, ~shown)
    assert shown[left].all() and set(expected) <= set(left.tolist())
    assert len(shortlist(stored.astype(np.float32)[:0], shown[:0], query, 12)) == 0


def test_numba_is_loaded_when_that_is_quicker(monkeypatch):
    monkeypatch.setattr("likewise.index.int8_scan._scanned", [])
    assert exact_room._is_worth_loading(1)  # it is loaded
    monkeypatch.delitem(sys.modules, "numba")
    assert [exact_room._is_worth_loading(size) for size in (10**8, 9 * 10**7, 10**7, 10**7)] == [
        False,
        False,
        False,
        True,
    ]


@given(st.lists(st.integers(0, 600), max_size=8), st.integers(1, 5))
@settings(deadline=None)
def test_blocks_hold_every_row_once(lengths, gap):
    """Law."""
    stops = np.cumsum([length + gap for length in lengths], dtype=np.int64)
    starts = stops - np.array(lengths, np.int64)
    blocks = cut(starts, stops)
    expected = np.concatenate([np.zeros(0, np.int64), *(np.arange(a, b) for a, b in zip(starts, stops, strict=True))])
    np.testing.assert_array_equal(blocks.rows(np.arange(len(expected))), expected)


def test_scored_leaves_out_what_is_not_there():
    vectors = Vectors(np.array([2, 5, 9]), np.eye(3, dtype=np.float16))
    ranked = scored(vectors, np.array([1, 5, 9, 12]), np.array([0.0, 0.6, 0.8], np.float32), 5)
    assert ranked.numbers.tolist() == [9, 5]
    nothing = Vectors(np.zeros(0, np.int64), np.zeros((0, 3), np.float16))
    assert len(scored(nothing, np.array([1]), np.ones(3, np.float32), 5).numbers) == 0
    assert cosines(vectors, np.array([1.0, 0.0, 0.0], np.float32)).tolist() == [1.0, 0.0, 0.0]
    assert isinstance(whole(3), Blocks)
