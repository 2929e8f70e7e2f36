"""The effective rank. Oracles: the paper's formula over an SVD in float64, closed forms, laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.geometry.measure import effective_rank


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_the_formula_of_the_paper(texts, dim, seed):
    """A slow path: singular values by SVD in float64, as RankMe writes it."""
    vectors = np.random.default_rng(seed).standard_normal((texts, dim))
    values = np.linalg.svd(vectors, compute_uv=False)
    q = values / values.sum()
    assert effective_rank(vectors) == pytest.approx(np.exp(-np.sum(q * np.log(q))), rel=1e-6)


@pytest.mark.parametrize("rank", [1, 3, 16])
def test_as_many_equal_directions(rank):
    """A closed form: so many orthogonal directions used alike have that rank, for float32 too."""
    vectors = np.eye(rank, 32, dtype=np.float32)[np.arange(rank * 5) % rank]
    assert effective_rank(vectors) == pytest.approx(rank, rel=1e-6)


def test_scale_rotation_and_order_do_not_matter():
    """Laws."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 8)) @ np.diag(np.arange(1, 9))
    rotation = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    expected = effective_rank(vectors)
    assert effective_rank(7 * vectors @ rotation) == pytest.approx(expected, rel=1e-9)
    assert effective_rank(vectors[::-1]) == pytest.approx(expected, rel=1e-9)
    assert effective_rank(vectors.T) == pytest.approx(expected, rel=1e-9)
    assert 1 <= expected <= 8


@pytest.mark.parametrize("shape", [(0, 4), (5, 4), (0, 0)])
def test_nothing_has_rank_zero(shape):
    assert effective_rank(np.zeros(shape, np.float32)) == 0
