"""Crop and halves. Oracles: a slow loop over Python integers, laws of words and order, closed forms of chance."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_oracles import (
    CONTINUES,
    flat,
    listed,
    rows_of,
    seeds,
    slow_crop,
    slow_halves,
    texts_of_pieces,
    vocabulary,
    words_of,
)

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.views.edits import build_crop, build_halves, crop, halves


@given(texts_of_pieces, seeds, st.sampled_from([0, 8]))
def test_crop_is_the_slow_loop(texts, seed, short):
    """A slow loop: the same random numbers in Python integers give the same ids."""
    got = crop(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=short)
    assert listed(got) == flat(slow_crop(texts, np.random.default_rng(seed), short=short))


@given(texts_of_pieces, seeds, st.sampled_from([0, 8]))
def test_halves_are_the_slow_loop(texts, seed, short):
    """A slow loop: the same random numbers in Python integers give the same ids."""
    views = halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=short)
    left, right = slow_halves(texts, np.random.default_rng(seed), short=short)
    assert (listed(views.anchors), listed(views.positives)) == (flat(left), flat(right))


@given(texts_of_pieces, seeds)
def test_a_crop_is_one_span_of_whole_words(texts, seed):
    """A law: a crop is a contiguous stretch of the text's words, never empty unless the text is."""
    cropped = crop(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=0)
    for text, span in zip(texts, listed(cropped), strict=True):
        words, length = words_of(text), len(words_of(span))
        assert any(flat([words[i : i + length]])[0] == span for i in range(len(words) - length + 1))
        assert length >= min(4, len(words))
        assert length <= max(4, np.floor(0.6 * len(words) + 0.5))


@given(texts_of_pieces, seeds)
def test_halves_are_complements(texts, seed):
    """A law: two halves of two or more words have the text's words between them and differ in number by one at most."""
    views = halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=0)
    for text, left, right in zip(texts, listed(views.anchors), listed(views.positives), strict=True):
        words = words_of(text)
        if len(words) <= 1:
            assert left == right == text
            continue
        parts = words_of(left) + words_of(right)
        assert Counter(map(tuple, parts)) == Counter(map(tuple, words))
        assert abs(len(words_of(left)) - len(words_of(right))) == len(words) % 2


@given(texts_of_pieces, seeds)
def test_a_slice_gives_what_a_copy_gives(texts, seed):
    """Two paths: texts that begin anywhere in a store of read-only ids, and the same texts alone."""
    whole = Ragged.of([[1, 2, 5], *texts, [4]])
    whole.ids.setflags(write=False)
    part, alone = whole.slice(1, len(texts) + 1), Ragged.of(texts)
    first, second = np.random.default_rng(seed), np.random.default_rng(seed)
    assert listed(crop(part, CONTINUES, first)) == listed(crop(alone, CONTINUES, second))


def test_crop_lengths_and_places_are_uniform():
    """A closed form: of 100 words a crop has 20 to 60, 40 on average, and begins at 30 on average."""
    texts = rows_of(np.tile(np.arange(100), (4000, 1)))
    spans = crop(texts, np.zeros(100, np.bool_), np.random.default_rng(0))
    assert spans.lengths.min() == 20
    assert spans.lengths.max() == 60
    assert abs(spans.lengths.mean() - 40) < 1
    assert abs(spans.ids[spans.offsets[:-1]].mean() - 30) < 1


def test_every_word_is_in_either_half_as_often():
    """A closed form: of 9 words each is in the first half with probability 1/2, two are in one half with 4/9."""
    texts = rows_of(np.tile(np.arange(9), (8000, 1)))
    first = halves(texts, np.zeros(9, np.bool_), np.random.default_rng(1)).anchors
    where = np.zeros((8000, 9), np.bool_)
    where[np.repeat(np.arange(8000), first.lengths), first.ids] = True
    np.testing.assert_allclose(where.mean(axis=0), 0.5, atol=0.025)  # five standard errors of 0.005
    together = (where[:, :, None] == where[:, None, :]).mean(axis=0)[np.triu_indices(9, 1)]
    np.testing.assert_allclose(together, 4 / 9, atol=0.028)


def test_two_calls_differ_and_a_seed_repeats():
    texts = Ragged.of([range(0, 36, 3)] * 50)
    rng = np.random.default_rng(3)
    first, second = crop(texts, CONTINUES, rng), crop(texts, CONTINUES, rng)
    again = crop(texts, CONTINUES, np.random.default_rng(3))
    assert listed(first) != listed(second)
    assert listed(first) == listed(again)


def test_the_number_of_threads_changes_nothing():
    """Two paths: one thread and all."""
    import numba

    texts = rows_of(np.tile(np.arange(0, 36, 3), (200, 1)))
    threads = numba.get_num_threads()
    many = halves(texts, CONTINUES, np.random.default_rng(5))
    numba.set_num_threads(1)
    try:
        one = halves(texts, CONTINUES, np.random.default_rng(5))
    finally:
        numba.set_num_threads(threads)
    assert listed(many.anchors) == listed(one.anchors)


def test_strength_is_the_longest_share():
    texts = rows_of(np.zeros((300, 100)))
    lengths = build_crop(vocabulary(), 0.3)(texts, np.random.default_rng(0)).lengths
    assert (lengths.min(), lengths.max()) == (10, 30)


@pytest.mark.parametrize("strength", [0.0, -1.0, 1.5])
def test_a_crop_longer_than_the_text_is_refused(strength):
    with pytest.raises(InputError, match=r"crop:.* share in \(0, 1\]"):
        build_crop(vocabulary(), strength)


def test_halves_take_no_number():
    with pytest.raises(InputError, match=r"halves:0\.3 .* write halves"):
        build_halves(vocabulary(), 0.3)
