"""Fusion of cosines and BM25."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from likewise.index.hybrid import fuse

COSINES = np.array([0.9, 0.5, 0.1, -0.3])
BM25 = np.array([0.0, 8.0, 4.0, 0.0])


def fused(cosines, bm25, mean):
    return fuse([0.5], cosines[None], np.array([mean]), bm25)[0]


def test_each_side_counts_by_its_share_of_the_best():
    """Closed forms, for one component and for two."""
    np.testing.assert_allclose(fused(COSINES, BM25, 0.1), [0.5, 0.75, 0.25, 0.0])
    both = np.stack([COSINES, [0.2, 0.2, 0.6, 0.0]])
    expected = [0.5, 0.25 + 0.25, 0.25 + 0.125, 0.0]
    scores, by_words = fuse([0.5, 0.25], both, np.array([0.1, 0.2]), BM25)
    np.testing.assert_allclose(scores, expected)
    np.testing.assert_allclose(by_words, 0.25 * BM25 / BM25.max())


def test_ngrams_share_the_weight_of_words():
    """Closed form; law: without n-grams, or where no candidate has one, words have all of it."""
    ngrams = np.array([2.0, 2.0, 0.0, 1.0])
    scores, by_words = fuse([0.5], COSINES[None], np.array([0.1]), BM25, ngrams)
    np.testing.assert_allclose(by_words, [0.25, 0.5, 0.125, 0.125])
    np.testing.assert_allclose(scores, [0.75, 0.75, 0.125, 0.125])
    plain = fuse([0.5], COSINES[None], np.array([0.1]), BM25)
    for found, expected in zip(fuse([0.5], COSINES[None], np.array([0.1]), BM25, np.zeros(4)), plain, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_shift_of_all_cosines_changes_nothing():
    """Law: an encoder whose cosines are all high is fused like one whose mean is 0."""
    np.testing.assert_allclose(fused(COSINES + 0.05, BM25, 0.05), fused(COSINES, BM25, 0.0))


scores = arrays(np.float64, 6, elements=st.floats(-1, 1, width=16))
hits = arrays(np.float64, 6, elements=st.floats(0, 30, width=16))


@given(cosines=scores, bm25=hits, scale=st.sampled_from([0.25, 8.0]), order=st.permutations(range(6)))
def test_laws(cosines, bm25, scale, order):
    """Laws: finite; independent of the order of candidates and the unit of BM25; better on both sides is better."""
    order, both = np.array(order), fused(cosines, bm25, 0.0)
    assert np.isfinite(both).all() and (both >= 0).all() and (both <= 1 + 1e-12).all()
    np.testing.assert_allclose(fused(cosines[order], bm25[order], 0.0), both[order], atol=1e-12)
    np.testing.assert_allclose(fused(cosines, bm25 * scale, 0.0), both, atol=1e-12)
    dominates = (cosines[:, None] >= cosines) & (bm25[:, None] >= bm25)
    assert (both[:, None] >= both - 1e-9)[dominates].all()


def test_no_candidates():
    assert len(fused(np.zeros(0), np.zeros(0), 0.0)) == 0
