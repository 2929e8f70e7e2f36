"""The task of the held-out score: two halves of a text that share no word."""

import numpy as np
from jaxtyping import Bool, Int64, UInt64

from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views
from likewise.views.spans import halves
from likewise.views.words import Words, find_words, from_zero

__all__ = ["hard_halves"]

LEAST = 2  # words of either half: what one word is about, nobody can tell


def hard_halves(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, least: int = LEAST
) -> Views:
    """Two random halves of each text, the second without every word that occurs in the first.

    With plain halves random vectors weighted by IDF do as well as LSA, as repeated words give the other half away; with
    these only what an encoder learned about different words helps. Made once and kept fixed, so that scores compare.

    Args:
        texts: held-out texts.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; the same state gives the same halves.
        least: texts with fewer words than this left on either side are dropped.
    """
    split = halves(texts, continues, rng, short=0)
    first, second = find_words(split.anchors, continues), find_words(split.positives, continues)
    positives = _without(split.positives, second, ~_occurs(second, first))
    kept = np.flatnonzero((first.counts >= least) & (find_words(positives, continues).counts >= least))
    return Views(split.anchors.take(kept), positives.take(kept))


def _occurs(words: Words, among: Words) -> Bool[np.ndarray, " words"]:
    """Whether each word occurs in the same text of `among`."""
    occurs: Bool[np.ndarray, " words"] = np.isin(_in_text(words), _in_text(among))
    return occurs


def _in_text(words: Words) -> UInt64[np.ndarray, " words"]:
    """One 64-bit number for a word in a text."""
    texts = np.repeat(np.arange(len(words.offsets) - 1, dtype=np.uint64), words.counts)
    numbers: UInt64[np.ndarray, " words"] = words.types ^ (texts * np.uint64(0x9E3779B97F4A7C15))
    return numbers


def _without(texts: Ragged, words: Words, stays: Bool[np.ndarray, " words"]) -> Ragged:
    texts = from_zero(texts)
    lengths = np.diff(words.starts, append=len(texts.ids))
    pieces = np.repeat(stays, lengths)
    before = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum(pieces, out=before[1:])
    offsets: Int64[np.ndarray, " texts_and_1"] = before[texts.offsets]
    return Ragged(texts.ids[pieces], offsets)
