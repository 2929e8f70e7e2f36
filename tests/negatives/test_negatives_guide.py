"""The guide's mask. Oracles: a slow loop over all pairs, closed forms of small batches, a law, one mask beside two."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.losses.info_nce import info_nce
from likewise.negatives.guide import guide_mask
from likewise.negatives.near_duplicates import combine_masks, near_duplicate_mask


def unit(rng, rows, dim=4):
    vectors = rng.standard_normal((rows, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def slow(anchors, candidates, pairs, gamma):
    """Each pair by itself."""
    out = np.ones((len(anchors), len(candidates)), np.bool_)
    limits = [gamma * float(anchors[i] @ candidates[i]) for i in range(pairs)]
    for i in range(len(anchors)):
        for j in range(len(candidates)):
            score = anchors[i] @ candidates[j]
            out[i, j] = i == j < pairs or all(score <= limits[n] for n in (i, j) if n < pairs)
    return out


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(0, 4), st.integers(0, 5), st.sampled_from([1.0, 0.7]), st.integers(0, 99))
def test_every_pair_is_that_of_the_slow_loop(pairs, more, queue, gamma, seed):
    """A slow loop: all pairs of a batch, of candidates beyond it and of a queue; and any tile of it, and the count."""
    rng = np.random.default_rng(seed)
    anchors, candidates = unit(rng, pairs + queue), unit(rng, pairs + more + queue)
    expected = slow(anchors, candidates, pairs, gamma)
    guide = guide_mask(anchors, candidates, gamma=gamma, pairs=pairs)
    np.testing.assert_array_equal(guide(slice(1, 4)), expected[1:4])
    compared = np.ones_like(expected)
    compared[pairs:, pairs:] = False
    assert guide.count == (~expected & compared).sum()
    np.testing.assert_array_equal(guide(slice(None)), expected)


def test_a_text_nearer_than_the_positive_is_no_negative():
    """A closed form: the second anchor is nearer to the first candidate than its own positive is."""
    anchors = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, -1.0]])
    candidates = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    allowed = guide_mask(anchors, candidates)
    assert allowed(slice(0, 3)).tolist() == [[True, True, True], [True, True, True], [True, True, True]]
    strict = guide_mask(anchors, candidates, gamma=0.5)
    assert strict(slice(0, 3)).tolist() == [[True, True, True], [False, True, True], [True, True, True]]
    assert strict.count == 1


def test_a_smaller_gamma_masks_more():
    """A law: masks are nested."""
    rng = np.random.default_rng(0)
    anchors = unit(rng, 60)
    candidates = anchors + 0.3 * unit(rng, 60)
    found = [guide_mask(anchors, candidates, gamma=gamma)(slice(None)) for gamma in (1.0, 0.8, 0.5)]
    assert (found[1] <= found[0]).all()
    assert (found[2] <= found[1]).all()
    assert found[2].sum() < found[0].sum()


def test_it_combines_with_the_mask_of_near_duplicates():
    """Two paths that must agree: both masks in the loss, and the one array that they make."""
    rng = np.random.default_rng(1)
    hashes = np.array([3, 4, 3, 5, 6, 7], np.uint64)
    same = near_duplicate_mask(hashes, hashes, distance=0)
    anchors, candidates = unit(rng, 6), unit(rng, 6)
    guide = guide_mask(anchors, candidates)
    both = combine_masks([same, guide])
    assert both is not None
    found = info_nce(anchors, candidates, allowed=both, temperature=0.5)
    array = same(slice(0, 6)) & slow(anchors, candidates, 6, 1.0)
    assert found.value == info_nce(anchors, candidates, allowed=array, temperature=0.5).value
    assert both.count == 2 + guide.count


def test_what_does_not_fit_is_refused():
    rows = np.eye(3)
    with pytest.raises(InputError, match="expected the same number of dimensions"):
        guide_mask(rows, rows[:2])
    with pytest.raises(InputError, match=r"gamma 0\.0 is not positive"):
        guide_mask(rows, rows, gamma=0.0)
    with pytest.raises(InputError, match="consecutive rows"):
        guide_mask(rows, rows)(slice(0, 3, 2))
