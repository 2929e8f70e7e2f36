"""Spans and rests. Oracles: a slow loop over words, laws, two vocabularies that must agree, a closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.geometry.held_out_retrieval import inverse_cloze
from likewise.tokens.ragged import Ragged

VOCAB = 40
CONTINUES = np.arange(VOCAB) % 3 == 2
WHOLE = np.zeros(VOCAB, np.bool_)

texts_of_pieces = st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=40), max_size=12)
seeds = st.integers(0, 2**32 - 1)


def words_of(text):
    words = []
    for subword in text:
        words = [*words[:-1], (*words[-1], subword)] if words and CONTINUES[subword] else [*words, (subword,)]
    return words


def listed(texts):
    return [words_of(texts[row].tolist()) for row in range(len(texts))]


def without_span(text, span):
    """What is left of a text on either side of each place where the span stands in it."""
    places = [at for at in range(len(text) - len(span) + 1) if text[at : at + len(span)] == span]
    return [text[:at] + text[at + len(span) :] for at in places]


def cloze(texts, seed, shared):
    return inverse_cloze(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), shared=shared)


@given(texts_of_pieces, seeds)
def test_the_rest_is_the_text_without_the_span(texts, seed):
    """A slow loop: each rest is what a text has around its span, and texts come in order."""
    views = cloze(texts, seed, shared=1.0)
    left = iter(words_of(text) for text in texts)
    for span, rest in zip(listed(views.anchors), listed(views.positives), strict=True):
        assert any(rest in without_span(text, span) for text in left)


@given(texts_of_pieces, seeds, st.sampled_from([0.0, 0.5, 1.0]))
def test_spans_are_short_and_both_sides_have_words(texts, seed, shared):
    """Laws: 2 to 12 words in a span, at most two fifths of the text beyond two, and two words at least in the rest."""
    lengths = {len(words_of(text)) for text in texts}
    views = cloze(texts, seed, shared)
    for span, rest in zip(listed(views.anchors), listed(views.positives), strict=True):
        assert 2 <= len(span) <= max(2, min(12, round(0.4 * max(lengths))))
        assert len(rest) >= 2


@given(texts_of_pieces, seeds)
def test_nothing_is_shared_where_nothing_may_be(texts, seed):
    """A law: with `shared=0` the rest has no word of the span; with any, a word that stays keeps all its places."""
    none = cloze(texts, seed, shared=0.0)
    for span, rest in zip(listed(none.anchors), listed(none.positives), strict=True):
        assert not set(span) & set(rest)
    some, every = cloze(texts, seed, shared=0.5), cloze(texts, seed, shared=1.0)
    whole = {
        tuple(map(tuple, span)): rest for span, rest in zip(listed(every.anchors), listed(every.positives), strict=True)
    }
    for span, rest in zip(listed(some.anchors), listed(some.positives), strict=True):
        before = whole[tuple(map(tuple, span))]
        assert rest == [word for word in before if word in rest] or len(whole) < len(every)


def test_about_half_of_the_shared_words_stay():
    """A closed form: of texts whose every word occurs in span and rest, half of the types stay in expectation."""
    texts = [list(range(10)) * 5 for _ in range(400)]
    views = inverse_cloze(Ragged.of(texts), WHOLE, np.random.default_rng(0), shared=0.5)
    kept = [
        len(set(views.positives[row].tolist()) & set(views.anchors[row].tolist()))
        / len(set(views.anchors[row].tolist()))
        for row in range(len(views))
    ]
    assert np.mean(kept) == pytest.approx(0.5, abs=0.03)  # a standard deviation is 0.5 / sqrt(400 * 7) = 0.0095


def test_a_task_does_not_depend_on_the_pieces_of_its_words():
    """Two paths: words of one piece each, and the same words in two pieces, give the same task."""
    rng = np.random.default_rng(1)
    texts = [rng.integers(0, 13, rng.integers(0, 40)).tolist() for _ in range(60)]
    doubled = [[subword for word in text for subword in (3 * word, 3 * word + 2)] for text in texts]
    one = inverse_cloze(Ragged.of(texts), WHOLE, np.random.default_rng(2))
    two = inverse_cloze(Ragged.of(doubled), CONTINUES, np.random.default_rng(2))
    assert np.array_equal(two.anchors.ids[::2] // 3, one.anchors.ids)
    assert np.array_equal(two.positives.ids[::2] // 3, one.positives.ids)


def test_a_slice_has_the_task_of_its_copy():
    """Two paths: offsets that do not begin at 0."""
    texts = Ragged.of([[0, 1, 3]] + [list(range(0, 30, 3))] * 5)
    part, copy = texts.slice(1, 6), texts.take(np.arange(1, 6))
    one, other = (inverse_cloze(some, CONTINUES, np.random.default_rng(3)) for some in (part, copy))
    assert np.array_equal(one.anchors.ids, other.anchors.ids)
    assert len(one) == 5


@pytest.mark.parametrize("texts", [[], [[]], [[0], [0, 1, 3]]])
def test_texts_too_short_are_dropped(texts):
    assert len(inverse_cloze(Ragged.of(texts), CONTINUES, np.random.default_rng(0))) == 0
