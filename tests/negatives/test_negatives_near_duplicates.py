"""The near-duplicate mask. Oracles: a slow loop over all pairs, laws of the tile, closed forms of small batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.negatives.near_duplicates import combine_masks, near_duplicate_mask, signatures
from likewise.tokens.ragged import Ragged

near_hashes = st.lists(
    st.tuples(st.sampled_from([0, 2**63 + 5, 0xFFFF_0000_FFFF_0000]), st.integers(0, 255)).map(lambda k: k[0] ^ k[1]),
    min_size=1,
    max_size=20,
)


def hashes(numbers):
    return np.array(numbers, np.uint64)


@settings(max_examples=30)
@given(near_hashes, st.integers(0, 12), near_hashes | st.just([]), st.integers(0, 10), st.integers(0, 30))
def test_every_pair_is_that_of_the_slow_loop(batch, more, queue, distance, first):
    """A slow loop: each anchor with each candidate by counting bits; a positive is always allowed, and so is the queue
    with itself and with candidates that are no positives.
    """
    rows, columns, pairs = batch + queue, batch + batch[:more] + queue, len(batch)
    expected = np.array(
        [
            [
                (a == c and a < pairs) or (a >= pairs and c >= pairs) or (row ^ column).bit_count() > distance
                for c, column in enumerate(columns)
            ]
            for a, row in enumerate(rows)
        ]
    )
    allowed = near_duplicate_mask(hashes(rows), hashes(columns), distance=distance, pairs=pairs)
    assert (allowed is None) == expected.all()
    if allowed is not None:
        assert allowed.count == (~expected).sum()
        np.testing.assert_array_equal(allowed(slice(None)), expected)
        np.testing.assert_array_equal(allowed(slice(first, first + 7)), expected[first : first + 7])


def test_more_anchors_than_candidates():
    allowed = near_duplicate_mask(hashes([1, 2, 1]), hashes([1]), distance=0)
    assert allowed is not None
    assert allowed(slice(0, 3)).tolist() == [[True], [True], [False]]


def test_all_texts_equal_leave_each_its_positive():
    """A closed form: of n equal texts n (n - 1) pairs are masked out."""
    allowed = near_duplicate_mask(hashes([3] * 50), hashes([3] * 50))
    assert allowed is not None
    assert allowed.count == 50 * 49
    np.testing.assert_array_equal(allowed(slice(0, 50)), np.eye(50, dtype=np.bool_))


def test_near_duplicates_of_random_texts_are_found_and_others_are_not():
    """It finds them: of 300 texts of 20 words with one word changed nearly all are masked, of unrelated ones none."""
    rng = np.random.default_rng(0)
    texts = rng.integers(0, 5000, (300, 20))
    changed = texts.copy()
    changed[:, 7] = rng.integers(0, 5000, 300)
    both = signatures(
        Ragged.of(np.concatenate([texts, changed]).tolist()), np.ones(5000, np.float32), np.zeros(5000, np.bool_)
    )
    allowed = near_duplicate_mask(both, both)
    assert allowed is not None
    tile = allowed(slice(0, 300))
    assert (~tile[np.arange(300), np.arange(300) + 300]).mean() > 0.95
    assert (~tile).sum() <= 302  # 90,000 pairs of unrelated texts at under one in a million


def test_several_masks_mask_out_what_each_does():
    """A closed form, and laws: none is none, one is itself, two are both."""
    first = near_duplicate_mask(hashes([1, 1, 2]), hashes([1, 1, 2]), distance=0)
    second = near_duplicate_mask(hashes([4, 5, 5]), hashes([4, 5, 5]), distance=0)
    assert combine_masks([None, None]) is None
    assert combine_masks([None, first]) is first
    both = combine_masks([first, None, second])
    assert both is not None
    assert both.count == 4
    assert both(slice(0, 3)).tolist() == [[True, False, True], [False, True, False], [True, False, True]]


def test_what_does_not_fit_is_refused():
    for distance in (-1, 65):
        with pytest.raises(InputError, match=f"distance {distance} is no number of bits"):
            near_duplicate_mask(hashes([1]), hashes([1]), distance=distance)
    allowed = near_duplicate_mask(hashes([1, 1]), hashes([1, 1]))
    assert allowed is not None
    with pytest.raises(InputError, match="consecutive rows"):
        allowed(slice(0, 2, 2))
