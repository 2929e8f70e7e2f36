"""The task of the held-out score. Oracles: laws of words against a slow loop, a closed form, two paths of one seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from likewise.geometry.held_out_retrieval import hard_halves
from likewise.tokens.ragged import Ragged
from likewise.views.edits import halves

VOCAB = 40
CONTINUES = np.arange(VOCAB) % 3 == 2

texts_of_pieces = st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=40), max_size=12)
seeds = st.integers(0, 2**32 - 1)


def words_of(text):
    words = []
    for subword in text:
        words = [*words[:-1], (*words[-1], subword)] if words and CONTINUES[subword] else [*words, (subword,)]
    return words


def listed(texts):
    return [texts[row].tolist() for row in range(len(texts))]


@given(texts_of_pieces, seeds, st.integers(1, 4))
def test_the_second_half_is_the_slow_filter_of_the_first(texts, seed, least):
    """A slow loop: of plain halves, the second without words of the first, texts with too little left dropped."""
    plain = halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), short=0)
    expected = []
    for left, right in zip(listed(plain.anchors), listed(plain.positives), strict=True):
        first = words_of(left)
        second = [word for word in words_of(right) if word not in first]
        if min(len(first), len(second)) >= least:
            expected.append((left, [subword for word in second for subword in word]))
    hard = hard_halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed), least=least)
    assert list(zip(listed(hard.anchors), listed(hard.positives), strict=True)) == expected


@given(texts_of_pieces, seeds)
def test_the_halves_share_no_word(texts, seed):
    """A law: no word of the second half occurs in the first, and both have two at the least."""
    hard = hard_halves(Ragged.of(texts), CONTINUES, np.random.default_rng(seed))
    for left, right in zip(listed(hard.anchors), listed(hard.positives), strict=True):
        assert not set(words_of(left)) & set(words_of(right))
        assert min(len(words_of(left)), len(words_of(right))) >= 2


def test_texts_of_one_word_repeated_are_dropped():
    """A closed form: nothing is left of a second half whose words all occur in the first."""
    texts = Ragged.of([[9], [0] * 10, [0, 1, 3, 4], [], [1]])
    hard = hard_halves(texts.slice(1, 5), CONTINUES, np.random.default_rng(0))
    assert len(hard) == 1
    assert sorted(hard.anchors.ids.tolist() + hard.positives.ids.tolist()) == [0, 1, 3, 4]
