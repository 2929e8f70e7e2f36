"""Deletion and shuffle. Oracles: a slow loop over Python integers, laws of words and order, closed forms."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_oracles import (
    CONTINUES,
    VOCAB,
    flat,
    listed,
    rows_of,
    seeds,
    slow_deletion,
    slow_shuffle,
    slow_span_deletion,
    texts_of_pieces,
    vocabulary,
    words_of,
)

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.views.edits import (
    build_cutoff,
    build_delete,
    build_delete_frequent,
    build_delete_rare,
    build_delete_span,
    build_shuffle,
    cutoff,
    delete_by_frequency,
    deletion,
    deletion_probabilities,
    shuffle,
    span_deletion,
)

probabilities = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random(VOCAB, np.float32))


@given(texts_of_pieces, seeds, probabilities, st.booleans())
def test_deletion_is_the_slow_loop(texts, seed, chances, rare):
    """A slow loop: the same random numbers in Python integers give the same ids."""
    got = delete_by_frequency(Ragged.of(texts), CONTINUES, chances, np.random.default_rng(seed), rare=rare)
    assert listed(got) == flat(slow_deletion(texts, chances, np.random.default_rng(seed), rare))


@given(texts_of_pieces, seeds)
def test_shuffle_is_the_slow_loop(texts, seed):
    """A slow loop: the same random numbers in Python integers give the same ids."""
    got = shuffle(Ragged.of(texts), CONTINUES, np.random.default_rng(seed))
    assert listed(got) == flat(slow_shuffle(texts, np.random.default_rng(seed)))


@given(texts_of_pieces, seeds, st.floats(0, 1))
def test_deletion_keeps_order_and_words_and_something(texts, seed, probability):
    """A law: what stays is a subsequence of the words, and not nothing."""
    got = listed(deletion(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), probability=probability))
    for text, kept in zip(texts, got, strict=True):
        words = iter(words_of(text))
        assert all(word in words for word in words_of(kept))
        assert bool(text) == bool(kept)


@given(texts_of_pieces, seeds)
def test_shuffle_keeps_the_words(texts, seed):
    """A law: the same words, whole, in some order."""
    got = listed(shuffle(Ragged.of(texts), CONTINUES, np.random.default_rng(seed)))
    for text, shuffled in zip(texts, got, strict=True):
        assert Counter(text) == Counter(shuffled)
        if text and not CONTINUES[text[0]]:
            assert Counter(map(tuple, words_of(text))) == Counter(map(tuple, words_of(shuffled)))


@given(texts_of_pieces, seeds)
def test_no_probability_changes_nothing(texts, seed):
    """A closed form: probability 0 keeps all."""
    assert listed(deletion(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), probability=0.0)) == texts


def test_all_deleted_leaves_any_one_word():
    """A closed form: with probability 1 one word stays, each of four in a quarter of the texts."""
    kept = deletion(Ragged.of([[0, 1, 3, 4]] * 4000), CONTINUES, np.random.default_rng(0), probability=1.0)
    assert (kept.lengths == 1).all()
    shares = np.bincount(kept.ids, minlength=5)[[0, 1, 3, 4]] / 4000
    np.testing.assert_allclose(shares, 0.25, atol=0.035)  # five standard errors of 0.007


def test_every_order_is_as_likely():
    """A closed form: the six orders of three words come in a sixth of the texts each."""
    orders = shuffle(Ragged.of([[0, 1, 3]] * 12_000), CONTINUES, np.random.default_rng(0)).ids.reshape(-1, 3)
    shares = np.array(list(Counter(map(tuple, orders.tolist())).values())) / 12_000
    assert len(shares) == 6
    np.testing.assert_allclose(shares, 1 / 6, atol=0.017)  # five standard errors of 0.0034


@given(st.lists(st.integers(0, 10_000), min_size=VOCAB, max_size=VOCAB), st.floats(0.01, 0.95), st.booleans())
def test_the_expected_share_goes(counts, share, rare):
    """A law: weighted by how often words begin with each piece, the chances add up to the share; they follow rarity."""
    occurrences = np.maximum(np.array(counts), 1)
    chances = deletion_probabilities(np.array(counts), CONTINUES, share=share, rare=rare)
    begins = occurrences * ~CONTINUES
    assert begins @ chances / begins.sum() == pytest.approx(share, abs=1e-5)
    by_frequency = chances[np.argsort(occurrences, kind="stable")]
    assert (np.diff(by_frequency) <= 1e-6).all() if rare else (np.diff(by_frequency) >= -1e-6).all()


def test_word2vec_subsampling():
    """A slow loop from the paper: `1 - sqrt(t / f)` with the t that the most frequent word implies."""
    counts = np.array([1000, 100, 10, 1, 1], np.int64)
    chances = deletion_probabilities(counts, np.zeros(5, np.bool_), share=0.5)
    frequencies = counts / counts.sum()
    t = (1 - float(chances[0])) ** 2 * frequencies[0]
    expected = [max(0.0, 1 - (t / f) ** 0.5) for f in frequencies]
    np.testing.assert_allclose(chances, expected, atol=1e-6)  # float32


def test_rare_words_go_by_their_idf():
    """A closed form: the chances are in proportion to log(1 / f)."""
    counts = np.array([1000, 100, 10, 10], np.int64)
    chances = deletion_probabilities(counts, np.zeros(4, np.bool_), share=0.05, rare=True)
    idf = np.log(counts.sum() / counts)
    np.testing.assert_allclose(chances / chances[0], idf / idf[0], rtol=1e-5)  # float32


def test_without_counts_all_words_go_alike():
    chances = deletion_probabilities(np.zeros(VOCAB, np.int64), CONTINUES, share=0.2)
    np.testing.assert_allclose(chances, 0.2, atol=1e-6)


def test_the_builders_delete_the_share_they_are_asked_for():
    """A law on drawn text: words drawn as often as the counts say lose the share, frequent or rare ones the most."""
    words = vocabulary()
    begins = words.counts * ~CONTINUES
    rng = np.random.default_rng(0)
    texts = rows_of(rng.choice(VOCAB, (400, 50), p=begins / begins.sum()))
    often = texts.ids < 6
    for build in (build_delete, build_delete_frequent, build_delete_rare):
        kept = build(words, 0.4)(texts, rng)
        assert len(kept.ids) / len(texts.ids) == pytest.approx(0.6, abs=0.02)
        of_frequent = (kept.ids < 6).sum() / often.sum()
        wanted = {build_delete: 0, build_delete_frequent: -1, build_delete_rare: 1}[build]
        assert np.sign(round(of_frequent - 0.6, 1)) == wanted
    assert len(build_delete(words, None)(texts, rng).ids) / len(texts.ids) == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize("build", [build_delete, build_delete_frequent, build_delete_rare])
@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_beyond_the_words_is_refused(build, share):
    with pytest.raises(InputError, match=r"delete.*: give a share of the words in \[0, 1\)"):
        build(vocabulary(), share)


def test_shuffle_takes_no_number():
    with pytest.raises(InputError, match="write shuffle"):
        build_shuffle(vocabulary(), 0.5)
    assert len(build_shuffle(vocabulary(), None)(Ragged.of([[0, 1]]), np.random.default_rng(0))) == 1


@given(texts_of_pieces, seeds, st.floats(0, 0.99))
def test_span_deletion_is_the_slow_loop(texts, seed, share):
    """A slow loop: the same random numbers in Python integers give the same ids; a law: something stays."""
    got = listed(span_deletion(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), share=share))
    assert got == flat(slow_span_deletion(texts, np.random.default_rng(seed), share))
    assert [bool(text) for text in texts] == [bool(text) for text in got]


def test_a_deleted_span_is_one_and_of_the_share():
    """Laws: what is gone stands together; on average it is the share, also where a text has few words."""
    for words in (5, 12):
        texts = Ragged.of([range(0, 3 * words, 3)] * 4000)
        got = listed(build_delete_span(vocabulary(), 0.3)(texts, np.random.default_rng(0)))
        assert np.mean([len(text) for text in got]) / words == pytest.approx(0.7, abs=0.01)
        for text in got[:50]:
            gone = sorted(set(range(0, 3 * words, 3)) - set(text))
            assert gone == list(range(gone[0], gone[0] + 3 * len(gone), 3)) if gone else len(text) == words


@given(texts_of_pieces, seeds, st.floats(0, 0.99))
def test_cutoff_blanks_in_place(texts, seed, share):
    """A law: every token stays or is blank, in its place, and no text becomes blank altogether."""
    got = listed(cutoff(Ragged.of(texts), 99, np.random.default_rng(seed), share=share))
    for text, cut in zip(texts, got, strict=True):
        assert len(text) == len(cut) and all(b in (a, 99) for a, b in zip(text, cut, strict=True))
        assert not text or set(cut) != {99}


def test_cutoff_takes_the_share():
    got = build_cutoff(vocabulary(), None)(Ragged.of([[1] * 50] * 2000), np.random.default_rng(0))
    assert (got.ids == vocabulary().blank).mean() == pytest.approx(0.15, abs=0.005)
    with pytest.raises(InputError, match="cutoff:1 would"):
        build_cutoff(vocabulary(), 1.0)
