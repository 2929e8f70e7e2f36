"""Histograms and neighbour agreement. Oracles: slow loops in float64, closed forms, laws, a second path."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from likewise.geometry.similarity import SimilarityHistograms, neighbour_agreement, similarity_histograms


def unit_rows(rng, texts, dim):
    rows = rng.standard_normal((texts, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rows_of(seed, texts=40, dim=6):
    return unit_rows(rng(seed), texts, dim)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(st.integers(0, 30), st.integers(1, 6), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_the_slow_loops(texts, dim, bins, seed):
    """Slow loops in float64: each text with its own positive; the random pairs that there are, at most 50."""
    anchors, positives = unit_rows(rng(seed), texts, dim), unit_rows(rng(seed + 1), texts, dim)
    got = similarity_histograms(anchors, positives, rng(seed), bins=bins, random_pairs=50)
    counts = [0] * bins
    for a, b in zip(anchors.astype(np.float64), positives.astype(np.float64), strict=True):
        cosine = float(np.clip(sum(x * y for x, y in zip(a, b, strict=True)), -1, 1))
        counts[min(bins - 1, int(np.searchsorted(got.edges, cosine, side="right")) - 1)] += 1
    assert got.positive.tolist() == counts
    assert got.random.sum() == min(50, texts * (texts - 1))
    assert (got.edges[0], got.edges[-1], len(got.edges)) == (-1, 1, bins + 1)


def test_equal_vectors_and_orthogonal_ones():
    """A closed form: each view equals its own and is orthogonal to all others: 1 and 0, wholly apart."""
    vectors = np.eye(40, dtype=np.float32)
    got = similarity_histograms(vectors, vectors, rng())
    assert got.positive.tolist() == [0] * 79 + [40]
    assert got.random[40] == 40 * 39
    assert (got.separation, got.overlap) == (1, 0)


def test_a_collapsed_space():
    """A closed form: all vectors equal: both distributions are the same."""
    vectors = np.full((30, 16), 0.25, np.float32)
    got = similarity_histograms(vectors, vectors, rng())
    assert got.positive[-1] == 30
    assert got.random[-1] == 30 * 29
    assert (got.separation, got.overlap) == (0.5, 1)


def test_every_pair_of_different_texts_is_as_likely():
    """A closed form: 4 texts have 12 ordered pairs; 12,000 draws give each 1,000, to 5 standard deviations (30)."""
    values = np.arange(16.0).reshape(4, 4) / 8 - 1  # each pair has a cosine of its own: anchors are unit rows of eye
    anchors, positives = np.eye(4, dtype=np.float32), values.T.astype(np.float32)
    drawn = np.zeros(16, np.int64)
    for seed in range(1000):
        drawn += similarity_histograms(anchors, positives, rng(seed), bins=16, random_pairs=12).random
    off_diagonal = ~np.eye(4, dtype=bool).ravel()
    assert drawn[~off_diagonal].sum() == 0
    np.testing.assert_allclose(drawn[off_diagonal], 1000, atol=150)


def test_order_and_rotation_do_not_matter():
    """Laws: texts permuted, all vectors turned alike: the same positive pairs."""
    anchors, positives = unit_rows(rng(1), 200, 8), unit_rows(rng(2), 200, 8)
    turn = np.linalg.qr(rng(3).standard_normal((8, 8)))[0].astype(np.float32)
    order = rng(4).permutation(200)
    expected = similarity_histograms(anchors, positives, rng()).positive
    assert similarity_histograms(anchors[order], positives[order], rng()).positive.tolist() == expected.tolist()
    turned = similarity_histograms(anchors @ turn, positives @ turn, rng()).positive
    assert np.abs(turned - expected).sum() <= 2  # a cosine at an edge may fall to either side


@given(st.lists(st.integers(0, 5), min_size=6, max_size=6), st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_separation_is_the_area_under_the_curve(positive, random):
    """Two paths: the counts, and scikit-learn over each pair by itself; without pairs there is no number."""
    got = SimilarityHistograms(np.linspace(-1, 1, 7), np.array(positive), np.array(random))
    if not (sum(positive) and sum(random)):
        assert np.isnan([got.separation, got.overlap]).all()
        return
    values = np.repeat(np.tile(np.arange(6), 2), positive + random)
    labels = np.repeat([1, 0], [sum(positive), sum(random)])
    assert got.separation == pytest.approx(roc_auc_score(labels, values), rel=1e-12)
    swapped = SimilarityHistograms(got.edges, got.random, got.positive)
    assert swapped.separation == pytest.approx(1 - got.separation, rel=1e-12)
    assert swapped.overlap == pytest.approx(got.overlap, rel=1e-12)
    assert 0 <= got.overlap <= 1 + 1e-12


def test_plain_values_hold_the_same():
    got = similarity_histograms(unit_rows(rng(1), 20, 4), unit_rows(rng(2), 20, 4), rng())
    plain = got.plain()
    assert plain == {"edges": got.edges.tolist(), "positive": got.positive.tolist(), "random": got.random.tolist()}
    assert all(isinstance(count, int) for count in plain["positive"])


@pytest.mark.parametrize("texts", [0, 1])
def test_too_few_texts_have_no_random_pairs(texts):
    vectors = unit_rows(rng(), texts, 4)
    got = similarity_histograms(vectors, vectors, rng())
    assert (got.positive.sum(), got.random.sum()) == (texts, 0)
    assert np.isnan(got.separation)


def test_a_space_agrees_with_itself_however_it_is_turned():
    """A closed form, 1, and a law: a rotation changes no neighbour."""
    one = rows_of(0)
    turned = one @ np.linalg.qr(rng(1).standard_normal((6, 6)))[0]
    assert neighbour_agreement(one, one) == neighbour_agreement(one, turned) == 1


def test_agreement_is_that_of_a_slow_loop():
    one, other = rows_of(2), rows_of(3, dim=9)
    shares = []
    for text in range(40):
        near = [
            {*sorted((t for t in range(40) if t != text), key=lambda t: -float(side[text] @ side[t]))[:5]}
            for side in (one, other)
        ]
        shares.append(len(near[0] & near[1]) / 5)
    assert neighbour_agreement(one, other, k=5) == pytest.approx(np.mean(shares))


def test_agreement_by_chance_and_of_few_texts():
    """Closed forms: k / (texts - 1) by chance, within three standard errors; all neighbours are the same ones."""
    found = neighbour_agreement(rows_of(4, 400), rows_of(5, 400), k=10)
    assert found == pytest.approx(10 / 399, abs=0.008)
    assert neighbour_agreement(rows_of(6, 5), rows_of(7, 5), k=10) == 1
    assert np.isnan(neighbour_agreement(rows_of(6, 1), rows_of(7, 1)))
