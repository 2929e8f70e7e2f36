"""Masks. Oracles: a slow loop over all pairs, laws of the tile, closed forms of small batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.negatives.near_duplicates import Signatures, allowed_by_all, allowed_negatives, signatures
from likewise.tokens.ragged import Ragged

near_keys = st.lists(
    st.tuples(st.sampled_from([0, 2**63 + 5, 0xFFFF_0000_FFFF_0000]), st.integers(0, 255)).map(lambda k: k[0] ^ k[1]),
    min_size=1,
    max_size=30,
)


def signed(keys):
    values = np.array(keys, np.uint64)
    return Signatures(values, values)


@given(near_keys, st.integers(0, 12), st.integers(0, 10), st.integers(0, 30))
def test_every_pair_is_that_of_the_slow_loop(keys, more, distance, first):
    """A slow loop: each anchor with each candidate by counting bits; its own is always allowed."""
    anchors, candidates = keys, keys + keys[:more]
    expected = np.array(
        [
            [a == c or (anchor ^ candidate).bit_count() > distance for c, candidate in enumerate(candidates)]
            for a, anchor in enumerate(anchors)
        ]
    )
    allowed = allowed_negatives(signed(anchors), signed(candidates), distance=distance)
    if expected.all():
        assert allowed is None
        return
    assert allowed is not None
    assert allowed.count == (~expected).sum()
    np.testing.assert_array_equal(allowed(slice(None)), expected)
    np.testing.assert_array_equal(allowed(slice(first, first + 7)), expected[first : first + 7])


def test_more_anchors_than_candidates():
    allowed = allowed_negatives(signed([1, 2, 1]), signed([1]), distance=0)
    assert allowed is not None
    assert allowed(slice(0, 3)).tolist() == [[True], [True], [False]]


def test_without_a_distance_only_equal_texts_are_masked():
    """A closed form: SimHashes are equal, of the fingerprints two: one pair is masked, in both directions."""
    some = Signatures(np.array([7, 8, 7], np.uint64), np.zeros(3, np.uint64))
    allowed = allowed_negatives(some, some, distance=None)
    assert allowed is not None
    assert allowed.count == 2
    assert allowed(slice(0, 3)).tolist() == [[True, True, False], [True, True, True], [False, True, True]]


def test_all_texts_equal_leave_each_its_own():
    """A closed form: of n equal texts n (n - 1) pairs are masked."""
    allowed = allowed_negatives(signed([3] * 50), signed([3] * 50))
    assert allowed is not None
    assert allowed.count == 50 * 49
    np.testing.assert_array_equal(allowed(slice(0, 50)), np.eye(50, dtype=np.bool_))


def test_near_duplicates_of_drawn_texts_are_found_and_others_are_not():
    """It finds them: of 300 texts of 20 words with one word changed nearly all are masked, of unrelated ones none."""
    rng = np.random.default_rng(0)
    texts = rng.integers(0, 5000, (300, 20))
    changed = texts.copy()
    changed[:, 7] = rng.integers(0, 5000, 300)
    both = signatures(
        Ragged.of(np.concatenate([texts, changed]).tolist()), np.ones(5000, np.float32), np.zeros(5000, np.bool_)
    )
    allowed = allowed_negatives(both, both)
    assert allowed is not None
    tile = allowed(slice(0, 300))
    assert (~tile[np.arange(300), np.arange(300) + 300]).mean() > 0.95
    assert (~tile).sum() <= 302  # 90,000 pairs of unrelated texts at under one in a million


@given(near_keys, near_keys, st.integers(0, 12))
def test_a_queue_is_compared_with_the_batch_and_never_with_itself(batch, queue, distance):
    """A slow loop: the batch with all, the queue's anchors with the positives, and no positive among the queue."""
    keys, pairs = batch + queue, len(batch)
    expected = np.array(
        [
            [
                (a == c and a < pairs) or (a >= pairs and c >= pairs) or (row ^ column).bit_count() > distance
                for c, column in enumerate(keys)
            ]
            for a, row in enumerate(keys)
        ]
    )
    allowed = allowed_negatives(signed(keys), signed(keys), distance=distance, paired=pairs)
    assert (allowed is None) == expected.all()
    if allowed is not None:
        assert allowed.count == (~expected).sum()
        np.testing.assert_array_equal(allowed(slice(None)), expected)
        np.testing.assert_array_equal(allowed(slice(pairs, pairs + 3)), expected[pairs : pairs + 3])


def test_several_masks_leave_out_what_each_does():
    """A closed form, and laws: none is none, one is itself, two are both."""
    first = allowed_negatives(signed([1, 1, 2]), signed([1, 1, 2]), distance=0)
    second = allowed_negatives(signed([4, 5, 5]), signed([4, 5, 5]), distance=0)
    assert allowed_by_all([None, None]) is None
    assert allowed_by_all([None, first]) is first
    both = allowed_by_all([first, None, second])
    assert both is not None
    assert both.count == 4
    assert both(slice(0, 3)).tolist() == [[True, False, True], [False, True, False], [True, False, True]]


@pytest.mark.parametrize("distance", [-1, 65])
def test_a_distance_beyond_the_bits_is_refused(distance):
    with pytest.raises(InputError, match=f"distance {distance} is no number of bits"):
        allowed_negatives(signed([1]), signed([1]), distance=distance)


def test_rows_that_skip_are_refused():
    allowed = allowed_negatives(signed([1, 1]), signed([1, 1]))
    assert allowed is not None
    with pytest.raises(InputError, match="consecutive rows"):
        allowed(slice(0, 2, 2))
