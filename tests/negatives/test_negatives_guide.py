"""The guide's mask. Oracles: a slow loop over all pairs, closed forms of small batches, laws, one mask beside two."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.losses.info_nce import info_nce
from likewise.negatives.guide import guided_negatives
from likewise.negatives.near_duplicates import Signatures, allowed_by_all, allowed_negatives


def unit(rng, rows, dim=4):
    vectors = rng.standard_normal((rows, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def slow(anchors, candidates, pairs, limit, sides):
    """Each pair by itself; `limit` is what the similarity to the positive becomes."""
    out = np.ones((len(anchors), len(candidates)), np.bool_)
    limits = [limit(float(anchors[i] @ candidates[i])) for i in range(pairs)]
    for i in range(len(anchors)):
        for j in range(len(candidates)):
            judges = [limits[n] for n in (i, j) if n < pairs]
            seen = [anchors[i] @ candidates[j]]
            if sides and j < pairs:
                seen.append(anchors[i] @ anchors[j])
            if sides and i < pairs:
                seen.append(candidates[i] @ candidates[j])
            out[i, j] = not any(score > judge for score in seen for judge in judges) or (i == j and i < pairs)
    return out


@given(
    st.integers(1, 9), st.integers(0, 4), st.integers(0, 5), st.booleans(),
    st.sampled_from([{"gamma": 1.0}, {"gamma": 0.7}, {"margin": 0.0}, {"margin": 0.3}]), st.integers(0, 99),
)  # fmt: skip
def test_every_pair_is_that_of_the_slow_loop(pairs, more, queue, sides, asked, seed):
    """A slow loop: all pairs of a batch, of candidates beyond it and of a queue; and any tile of it, and the count."""
    rng = np.random.default_rng(seed)
    anchors, candidates = unit(rng, pairs + queue), unit(rng, pairs + more + queue)
    limit = (lambda s: s * asked["gamma"]) if "gamma" in asked else (lambda s: s - asked["margin"])
    expected = slow(anchors, candidates, pairs, limit, sides)
    guide = guided_negatives(anchors, candidates, paired=pairs, sides=sides, **asked)
    np.testing.assert_array_equal(guide(slice(1, 4)), expected[1:4])
    looked = np.ones_like(expected)
    looked[pairs:, pairs:] = False
    assert guide.count == (~expected & looked).sum()
    np.testing.assert_array_equal(guide(slice(None)), expected)


def test_a_text_nearer_than_the_positive_is_no_negative():
    """A closed form: the second anchor is nearer to the first candidate than its own positive is."""
    anchors = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, -1.0]])
    candidates = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    allowed = guided_negatives(anchors, candidates)
    assert allowed(slice(0, 3)).tolist() == [[True, True, True], [True, True, True], [True, True, True]]
    strict = guided_negatives(anchors, candidates, gamma=0.5)
    assert strict(slice(0, 3)).tolist() == [[True, True, True], [False, True, True], [True, True, True]]
    assert strict.count == 1


def test_more_is_left_out_by_a_smaller_gamma_and_by_a_larger_margin():
    """A law: masks are nested."""
    rng = np.random.default_rng(0)
    anchors = unit(rng, 60)
    candidates = anchors + 0.3 * unit(rng, 60)
    for name, values in (("gamma", (1.0, 0.8, 0.5)), ("margin", (0.0, 0.1, 0.4))):
        found = [guided_negatives(anchors, candidates, **{name: value})(slice(None)) for value in values]
        assert (found[1] <= found[0]).all()
        assert (found[2] <= found[1]).all()
        assert found[2].sum() < found[0].sum()


def test_it_goes_together_with_the_mask_of_signatures():
    """Two paths that must agree: both masks by the loss, and the one array that they make."""
    rng = np.random.default_rng(1)
    keys = np.array([3, 4, 3, 5, 6, 7], np.uint64)
    same = allowed_negatives(Signatures(keys, keys), Signatures(keys, keys), distance=0)
    anchors, candidates = unit(rng, 6), unit(rng, 6)
    guide = guided_negatives(anchors, candidates)
    both = allowed_by_all([same, guide])
    assert both is not None
    found = info_nce(anchors, candidates, allowed=both, temperature=0.5)
    array = same(slice(0, 6)) & slow(anchors, candidates, 6, lambda s: s, False)
    assert found.value == info_nce(anchors, candidates, allowed=array, temperature=0.5).value
    assert both.count == 2 + guide.count


def test_what_does_not_fit_is_refused():
    rows = np.eye(3)
    with pytest.raises(InputError, match="expected vectors of one length"):
        guided_negatives(rows, rows[:2])
    with pytest.raises(InputError, match=r"gamma 0\.9 and margin 0\.1: give one"):
        guided_negatives(rows, rows, gamma=0.9, margin=0.1)
    with pytest.raises(InputError, match=r"gamma 0\.0 is not positive"):
        guided_negatives(rows, rows, gamma=0.0)
    with pytest.raises(InputError, match="consecutive rows"):
        guided_negatives(rows, rows)(slice(0, 3, 2))
