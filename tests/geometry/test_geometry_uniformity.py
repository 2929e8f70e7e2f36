"""Alignment, uniformity, mean cosine. Oracles: slow loops from the paper in float64, closed forms, laws."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.geometry.measure import alignment, mean_cosine, uniformity


def unit_rows(seed, texts, dim):
    rows = np.random.default_rng(seed).standard_normal((texts, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(st.integers(2, 20), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_the_slow_loops_of_the_paper(texts, dim, seed):
    """Slow loops over pairs in float64; float32 similarities differ by 1e-6."""
    a, b = unit_rows(seed, texts, dim), unit_rows(seed + 1, texts, dim)
    pairs = [(x.astype(np.float64), y.astype(np.float64)) for x, y in combinations(a, 2)]
    unif = np.log(np.mean([np.exp(-2 * ((x - y) ** 2).sum()) for x, y in pairs]))
    assert uniformity(a, np.random.default_rng(0)) == pytest.approx(unif, abs=1e-5)
    assert mean_cosine(a) == pytest.approx(np.mean([x @ y for x, y in pairs]), abs=1e-6)
    assert alignment(a, b) == pytest.approx(
        np.mean([((x - y) ** 2).sum() for x, y in zip(a, b, strict=True)]), rel=1e-5
    )


def test_equal_vectors():
    """A closed form: alignment 0, uniformity 0, mean cosine 1."""
    same = np.repeat(unit_rows(0, 1, 64), 50, axis=0)
    assert alignment(same, same) == 0
    assert uniformity(same, np.random.default_rng(0)) == pytest.approx(0, abs=1e-5)
    assert mean_cosine(same) == pytest.approx(1, abs=1e-6)


def test_two_opposite_vectors():
    """A closed form: |x - y|² = 4 gives -4 t, and the logarithm does not overflow at any t."""
    opposite = np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32)
    for exponent in (2.0, 1000.0):
        assert uniformity(opposite, np.random.default_rng(0), exponent=exponent) == pytest.approx(-4 * exponent)
    assert mean_cosine(opposite) == -1
    assert alignment(opposite[:1], opposite[1:]) == 4


def test_a_wide_sphere():
    """A closed form: in many dimensions |x - y|² is nearly 2, so uniformity is a little above -4 and the cosine 0."""
    spread = unit_rows(0, 2000, 1024)
    assert uniformity(spread, np.random.default_rng(0)) == pytest.approx(-4 + 8 / 1024, abs=0.002)
    assert mean_cosine(spread) == pytest.approx(0, abs=0.001)


def test_a_sample_is_near_the_whole_and_the_generator_decides_it():
    """Two paths: pairs of a sample and all pairs."""
    vectors = unit_rows(3, 900, 8)
    whole = uniformity(vectors, np.random.default_rng(0))
    sampled = uniformity(vectors, np.random.default_rng(0), sample=300)
    assert sampled == pytest.approx(whole, abs=0.05)
    assert sampled == uniformity(vectors, np.random.default_rng(0), sample=300)
    assert sampled != uniformity(vectors, np.random.default_rng(1), sample=300)


@pytest.mark.parametrize("texts", [0, 1])
def test_what_has_no_pairs_has_no_number(texts):
    vectors = unit_rows(0, texts, 4)
    assert np.isnan(uniformity(vectors, np.random.default_rng(0)))
    assert np.isnan(mean_cosine(vectors))
    assert np.isnan(alignment(vectors, vectors)) == (texts == 0)
