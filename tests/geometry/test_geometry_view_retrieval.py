"""The held-out score. Oracles: a slow loop over orders of ties, closed forms, laws of permutation and scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.geometry import held_out_retrieval as room
from likewise.geometry.held_out_retrieval import view_retrieval


def unit_rows(rng, texts, dim):
    rows = rng.standard_normal((texts, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def slow(anchors, positives):
    """Scores by ranking every text's candidates, averaged over every place a tie may put the true one."""
    reciprocal, first, tenth, discounted = [], [], [], []
    for queries, candidates in ((anchors, positives), (positives, anchors)):
        for row, query in enumerate(queries.astype(np.float64)):
            similar = candidates.astype(np.float64) @ query
            better = int((similar > similar[row] + 1e-6).sum())
            equal = int((abs(similar - similar[row]) <= 1e-6).sum())
            ranks = np.arange(better + 1, better + equal + 1)
            reciprocal.append(np.mean(1 / ranks))
            first.append(np.mean(ranks <= 1))
            tenth.append(np.mean(ranks <= 10))
            discounted.append(np.mean(1 / np.log2(1 + ranks)))
    return np.mean(reciprocal), np.mean(first), np.mean(tenth), np.mean(discounted)


@given(st.integers(1, 40), st.integers(1, 4), st.booleans(), st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_scores_are_those_of_the_slow_loop(texts, dim, coarse, seed, tile):
    """A slow loop in float64, with ties (vectors of few values) and tiles of any size."""
    rng = np.random.default_rng(seed)
    anchors, positives = unit_rows(rng, texts, dim), unit_rows(rng, texts, dim)
    if coarse:
        anchors, positives = np.round(anchors), np.round(positives)
    before, room.TILE = room.TILE, tile
    try:
        got = view_retrieval(anchors, positives)
    finally:
        room.TILE = before
    found = (got.mrr, got.recall_at_1, got.recall_at_10, got.ndcg)
    np.testing.assert_allclose(found, slow(anchors, positives), rtol=1e-12, atol=2 / texts * 1e-3)
    assert got.texts == texts


@pytest.mark.parametrize("value", [0.0, 0.0625])
def test_equal_vectors_score_as_chance_does(value):
    """A closed form: all vectors equal, or all zero: the mean of 1 / rank, and k / texts."""
    vectors = np.full((333, 256), value, np.float32)
    got = view_retrieval(vectors, vectors)
    assert got.mrr == pytest.approx(np.mean(1 / np.arange(1, 334)), rel=1e-12)
    assert got.mrr == pytest.approx(got.chance, rel=1e-12)
    assert (got.recall_at_1, got.recall_at_10) == pytest.approx((1 / 333, 10 / 333), rel=1e-12)


@pytest.mark.parametrize("dim", [512, 4_096, 16_384])
def test_rounding_does_not_make_a_view_differ_from_itself(dim):
    """A law: a true view that is equal ranks first, also where a sum of many terms is rounded in two orders."""
    rows = np.random.default_rng(0).random((300, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    got = view_retrieval(rows, rows)
    assert (got.mrr, got.ndcg, got.recall_at_1) == (1.0, 1.0, 1.0)


def test_equal_views_of_different_texts_score_one():
    """A closed form: every view finds itself."""
    vectors = unit_rows(np.random.default_rng(0), 200, 32)
    got = view_retrieval(vectors, vectors)
    assert (got.mrr, got.recall_at_1, got.recall_at_10) == (1.0, 1.0, 1.0)


def test_unrelated_views_score_as_chance_does():
    """A closed form: random vectors, 5 standard errors (0.0018) at the most from chance."""
    rng = np.random.default_rng(0)
    got = view_retrieval(unit_rows(rng, 1000, 64), unit_rows(rng, 1000, 64))
    assert got.mrr == pytest.approx(got.chance, abs=0.009)
    assert got.recall_at_10 == pytest.approx(0.01, abs=0.012)


def test_order_direction_and_scale_do_not_matter():
    """Laws: texts permuted, sides exchanged, all vectors scaled: the same score."""
    rng = np.random.default_rng(1)
    anchors = unit_rows(rng, 300, 16)
    positives = anchors + 0.3 * unit_rows(rng, 300, 16)
    order = rng.permutation(300)
    expected = view_retrieval(anchors, positives)
    for other in (
        view_retrieval(anchors[order], positives[order]),
        view_retrieval(positives, anchors),
        view_retrieval(2 * anchors, positives),
    ):
        assert other.mrr == pytest.approx(expected.mrr, rel=1e-9)
        assert other.recall_at_10 == pytest.approx(expected.recall_at_10, rel=1e-9)


def test_no_texts_have_no_score():
    got = view_retrieval(np.zeros((0, 8), np.float32), np.zeros((0, 8), np.float32))
    assert got.texts == 0
    assert np.isnan([got.mrr, got.recall_at_1, got.recall_at_10, got.chance]).all()
