"""Two sides in one score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from likewise.errors import InputError
from likewise.index.hybrid import (
    FUSIONS,
    Component,
    best_first,
    components_of,
    reciprocal_ranks,
    share_of_best,
    share_of_components,
    standardised,
)

COSINES = np.array([0.9, 0.5, 0.1, -0.3])
WORDS = np.array([0.0, 8.0, 4.0, 0.0])


def test_share_of_best():
    """Closed form."""
    np.testing.assert_allclose(share_of_best(COSINES, WORDS, 0.1), [0.5, 0.75, 0.25, 0.0])


def test_share_of_best_does_not_see_a_shift_of_all_cosines():
    """Law: an encoder whose cosines all lie high is fused like one whose mean is 0."""
    np.testing.assert_allclose(share_of_best(COSINES + 0.05, WORDS, 0.05), share_of_best(COSINES, WORDS, 0.0))


def test_standardised():
    """Closed form, by numpy's own mean and deviation."""
    expected = (COSINES - 0.3) / np.std(COSINES) / 2 + (WORDS - 3.0) / np.std(WORDS) / 2
    np.testing.assert_allclose(standardised(COSINES, WORDS, 0.0), expected)


def test_reciprocal_ranks():
    """Closed form; no shared word is no rank, and equals share the better one."""
    words = [0, 1 / 61, 1 / 62, 0]
    expected = np.array([1 / 61, 1 / 62, 1 / 63, 1 / 64]) + words
    np.testing.assert_allclose(reciprocal_ranks(COSINES, WORDS, 0.0), expected)
    np.testing.assert_allclose(reciprocal_ranks(np.ones(3), np.zeros(3), 0.0), 1 / 61)


scores = arrays(np.float64, 6, elements=st.floats(-1, 1, width=16))
hits = arrays(np.float64, 6, elements=st.floats(0, 30, width=16))


@pytest.mark.parametrize("name", FUSIONS)
@given(cosines=scores, words=hits, scale=st.sampled_from([0.25, 8.0]), order=st.permutations(range(6)))
def test_laws(name, cosines, words, scale, order):
    """Laws: finite; neither the order of candidates nor the unit of BM25 decides; better on both sides is better."""
    fuse, order = FUSIONS[name], np.array(order)
    fused = fuse(cosines, words, 0.0)
    assert np.isfinite(fused).all()
    np.testing.assert_allclose(fuse(cosines[order], words[order], 0.0), fused[order], atol=1e-12)
    np.testing.assert_allclose(fuse(cosines, words * scale, 0.0), fused, atol=1e-12)
    both = (cosines[:, None] >= cosines) & (words[:, None] >= words)
    assert (fused[:, None] >= fused - 1e-9)[both].all()


@pytest.mark.parametrize("name", FUSIONS)
def test_no_candidates(name):
    assert len(FUSIONS[name](np.zeros(0), np.zeros(0), 0.0)) == 0


def test_best_first():
    ranked = best_first(np.array([4, 3, 2, 1]), np.array([0.5, 0.9, 0.5, 0.1]), 3)
    assert ranked.numbers.tolist() == [3, 2, 4] and ranked.scores.tolist() == [0.9, 0.5, 0.5]


def test_parts_of_a_vector_count_apart():
    """Closed form; one part that has half is the plain fusion."""
    parts = (Component(2, 0.5), Component(3, 0.25))
    other = np.array([0.2, 0.2, 0.6, 0.0])
    fused = share_of_components(parts, np.stack([COSINES, other]), WORDS, np.array([0.1, 0.2]))
    np.testing.assert_allclose(fused, [0.5, 0.25 + 0.25, 0.25 + 0.125, 0.0])
    alone = share_of_components((Component(5, 0.5),), COSINES[None], WORDS, np.array([0.1]))
    np.testing.assert_allclose(alone, share_of_best(COSINES, WORDS, 0.1))


class Parted:
    def __init__(self, parts):
        self.parts = parts


def test_parts_of_a_model():
    assert components_of(object(), 5) == () == components_of(Parted(()), 5)
    assert components_of(Parted([(2, 0.5), (3, 0.25)]), 5) == (Component(2, 0.5), Component(3, 0.25))


@pytest.mark.parametrize("parts", [[(2, 0.5)], [(2, 0.8), (3, 0.4)], [(5, -0.1)], [(6, 0.5), (-1, 0.1)]])
def test_parts_that_are_none(parts):
    with pytest.raises(InputError, match="columns make up 5"):
        components_of(Parted(parts), 5)
