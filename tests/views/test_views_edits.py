"""Crop, halves, deletion, identity. Oracles: slow loops over Python integers, laws of words and order, closed forms."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from views_oracles import (
    CONTINUES,
    VOCAB,
    flat,
    listed,
    rows_of,
    seeds,
    slow_crop,
    slow_deletion,
    slow_halves,
    texts_of_subwords,
    vocabulary,
    words_of,
)

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.views.edits import build_crop, build_delete, build_dropout, build_halves, crop, deletion, halves

FEW = settings(max_examples=30)


@FEW
@given(texts_of_subwords, seeds, st.sampled_from([0, 8]))
def test_a_crop_is_the_slow_loop_and_one_span_of_whole_words(texts, seed, short):
    """A slow loop: the same random numbers in Python integers give the same ids; and a law of what a crop is."""
    cropped = listed(crop(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=short))
    assert cropped == flat(slow_crop(texts, np.random.default_rng(seed), short=short))
    for text, span in zip(texts, cropped, strict=True):
        words, length = words_of(text), len(words_of(span))
        if len(words) >= short:
            assert any(flat([words[i : i + length]])[0] == span for i in range(len(words) - length + 1))
            assert min(4, len(words)) <= length <= max(4, np.floor(0.6 * len(words) + 0.5))


@FEW
@given(texts_of_subwords, seeds, st.sampled_from([0, 8]))
def test_halves_are_the_slow_loop_and_complements(texts, seed, short):
    """A slow loop, and a law: two halves have the text's words between them and differ in number by one at most."""
    views = halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=short)
    left, right = slow_halves(texts, np.random.default_rng(seed), short=short)
    assert (listed(views.anchors), listed(views.positives)) == (flat(left), flat(right))
    for text, one, other in zip(texts, left, right, strict=True):
        words = words_of(text)
        if len(words) >= max(short, 2):
            assert Counter(map(tuple, one + other)) == Counter(map(tuple, words))
            assert abs(len(one) - len(other)) == len(words) % 2
        elif not short:
            assert one == other == words


@FEW
@given(texts_of_subwords, seeds, st.floats(0, 1))
def test_deletion_is_the_slow_loop_and_keeps_order_and_something(texts, seed, probability):
    """A slow loop, and a law: what stays is a subsequence of the words, and not nothing."""
    got = listed(deletion(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), probability=probability))
    assert got == flat(slow_deletion(texts, np.random.default_rng(seed), probability))
    for text, kept in zip(texts, got, strict=True):
        words = iter(words_of(text))
        assert all(word in words for word in words_of(kept))
        assert bool(text) == bool(kept)
        assert kept == text or probability > 0


@FEW
@given(texts_of_subwords, seeds)
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


def test_all_deleted_leaves_any_one_word():
    """A closed form: with probability 1 one word stays, each of four in a quarter of the texts."""
    kept = deletion(Ragged.of([[0, 1, 3, 4]] * 4000), CONTINUES, np.random.default_rng(0), probability=1.0)
    assert (kept.lengths == 1).all()
    shares = np.bincount(kept.ids, minlength=5)[[0, 1, 3, 4]] / 4000
    np.testing.assert_allclose(shares, 0.25, atol=0.035)  # five standard errors of 0.007


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


def test_the_number_of_a_crop_is_its_longest_share():
    texts = rows_of(np.zeros((300, 100)))
    lengths = build_crop(vocabulary(), 0.3)(texts, np.random.default_rng(0)).lengths
    assert (lengths.min(), lengths.max()) == (10, 30)


@pytest.mark.parametrize(("number", "share"), [(0.4, 0.4), (None, 0.3)])
def test_the_number_of_a_deletion_is_the_share_that_goes(number, share):
    """A law on random text: words of one subword and of several go alike."""
    texts = rows_of(np.random.default_rng(0).integers(VOCAB, size=(400, 50)))
    kept = build_delete(vocabulary(), number)(texts, np.random.default_rng(1))
    assert len(kept.ids) / len(texts.ids) == pytest.approx(1 - share, abs=0.02)


def test_dropout_leaves_the_text_to_the_encoder():
    texts = Ragged.of([[1, 2], [], [3]])
    assert build_dropout(vocabulary(), None)(texts, np.random.default_rng(0)) is texts


@pytest.mark.parametrize(
    ("build", "number", "message"),
    [
        (build_crop, 0.0, r"crop:0 .* share in \(0, 1\]"),
        (build_crop, -1.0, r"crop:-1 .* share in \(0, 1\]"),
        (build_crop, 1.5, r"crop:1\.5 .* share in \(0, 1\]"),
        (build_delete, -0.1, r"delete:-0\.1 .*: give a share of the words in \[0, 1\)"),
        (build_delete, 1.0, r"delete:1 .*: give a share of the words in \[0, 1\)"),
        (build_halves, 0.3, r"halves:0\.3 .* write halves"),
        (build_dropout, 0.1, r"dropout:0\.1 is not a view, the encoder has its own dropout: write dropout"),
    ],
)
def test_a_number_that_a_view_cannot_have_is_refused(build, number, message):
    with pytest.raises(InputError, match=message):
        build(vocabulary(), number)
