"""A task that looks like search: a few consecutive words of a text, and the rest of it that they must find."""

import numpy as np
from jaxtyping import Bool, Int64

from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views
from likewise.views.words import find_words, from_zero

__all__ = ["inverse_cloze"]

SHORTEST, LONGEST = 4, 12  # words, as queries have
SHARE = 0.4  # of a text's words that the span takes at the most
LEAST = 2  # words of either side: what one word is about, nobody can tell
SHARED = 0.5  # of the span's words that the rest may repeat: a query shares some words with what it looks for, not all


def inverse_cloze(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, shared: float = SHARED
) -> Views:
    """A span of each text and the text without it, the inverse cloze task (Lee et al. 2019, arXiv 1906.00300).

    The span has 4 to 12 words, at most two fifths of the text and at least two. Where the rest repeats a word of the
    span, it keeps that word, everywhere, with probability `shared`. What is drawn depends on the places of words alone:
    the same state and texts give the same task whatever pieces the words are made of.

    Args:
        texts: held-out texts.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from.
        shared: 1 keeps every word of the rest, 0 keeps none that occurs in the span.

    Returns:
        Spans as anchors, rests as positives; texts with fewer than two words on either side are dropped.
    """
    texts = from_zero(texts)
    words = find_words(texts, continues)
    longest = np.maximum(LEAST, np.rint(SHARE * words.counts)).astype(np.int64)
    lengths = np.minimum(rng.integers(SHORTEST, LONGEST + 1, len(texts)), longest)
    begins = np.floor(rng.random(len(texts)) * (np.maximum(words.counts - lengths, 0) + 1)).astype(np.int64)
    owners = np.repeat(np.arange(len(texts)), words.counts)
    places = np.arange(len(owners)) - words.offsets[owners]
    inside = (places >= begins[owners]) & (places < (begins + lengths)[owners])

    # One number a word type and text, that of its first occurrence, so that a word goes wholly or stays wholly.
    numbers = words.types ^ (owners.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    in_span = np.zeros(len(first), np.bool_)
    in_span[which[inside]] = True
    goes = (in_span & (rng.random(len(owners))[first] >= shared))[which]

    spans, rests = _words_of(texts, words.starts, inside), _words_of(texts, words.starts, ~inside & ~goes)
    enough = [np.bincount(owners[kept], minlength=len(texts)) >= LEAST for kept in (inside, ~inside & ~goes)]
    kept = np.flatnonzero(enough[0] & enough[1])
    return Views(spans.take(kept), rests.take(kept))


def _words_of(texts: Ragged, starts: Int64[np.ndarray, " words"], stays: Bool[np.ndarray, " words"]) -> Ragged:
    pieces = np.repeat(stays, np.diff(starts, append=len(texts.ids)))
    before = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum(pieces, out=before[1:])
    return Ragged(texts.ids[pieces], before[texts.offsets])
