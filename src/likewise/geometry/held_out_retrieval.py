"""The score without labels: how well one half of a held-out text finds the other among the halves of all texts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64, UInt64

from likewise.tokens.ragged import Ragged
from likewise.views.edits import halves
from likewise.views.pair import Views
from likewise.views.words import Words, find_words, from_zero

__all__ = ["ViewRetrieval", "hard_halves", "inverse_cloze", "view_retrieval"]


TILE = 1 << 21  # similarities at once: 8 MiB
EQUAL = 1e-6  # cosines that float32 cannot tell apart


@dataclass(frozen=True)
class ViewRetrieval:
    """How well views find each other.

    Attributes:
        mrr: mean over texts and both directions of 1 / rank of the true view; 1 at best.
        recall_at_1: share of true views that rank first.
        recall_at_10: share of true views among the first ten.
        texts: how many there were; the scores of 0 texts are not numbers.
        ndcg: mean of 1 / log2(1 + rank), the nDCG of a list in which the true view alone is relevant; how far from the
            top a view is that is not first counts more here than in the reciprocal rank.
    """

    mrr: float
    recall_at_1: float
    recall_at_10: float
    texts: int
    ndcg: float = float("nan")

    @property
    def chance(self) -> float:
        """The MRR that ranking at random has in expectation, the mean of 1 / rank."""
        return float(np.mean(1.0 / np.arange(1, self.texts + 1))) if self.texts else float("nan")


def view_retrieval(anchors: Float[np.ndarray, "texts dim"], positives: Float[np.ndarray, "texts dim"]) -> ViewRetrieval:
    """Rank each text's other view among those of all texts by cosine, in both directions.

    A candidate that is as similar as the true one may stand before or after it: each score is its expectation over the
    orders of equals, so vectors that are all equal score exactly what chance does.

    Args:
        anchors: unit rows, one view a text; a row of zeros is equally similar to all.
        positives: unit rows, the other view, in the same order.
    """
    texts = len(anchors)
    if texts == 0:
        return ViewRetrieval(float("nan"), float("nan"), float("nan"), 0)
    better, equal = _standing(np.asarray(anchors, np.float32), np.asarray(positives, np.float32))
    ranks = np.arange(1, texts + 1)
    mrr, ndcg = (_mean_over(gains, better, equal) for gains in (1.0 / ranks, 1.0 / np.log2(1.0 + ranks)))
    return ViewRetrieval(mrr, _recall(better, equal, 1), _recall(better, equal, 10), texts, ndcg)


def _mean_over(
    gains: Float64[np.ndarray, " ranks"], better: Int64[np.ndarray, " ranked"], equal: Int64[np.ndarray, " ranked"]
) -> float:
    """The mean gain of the rank, by its place; of equals, of all the places that they share."""
    up_to = np.concatenate([np.zeros(1), np.cumsum(gains)])
    return float(((up_to[better + equal + 1] - up_to[better]) / (equal + 1)).mean())


def _recall(better: Int64[np.ndarray, " ranked"], equal: Int64[np.ndarray, " ranked"], k: int) -> float:
    return float(np.mean(np.clip(k - better, 0, equal + 1) / (equal + 1)))


def _standing(
    anchors: Float32[np.ndarray, "texts dim"], positives: Float32[np.ndarray, "texts dim"]
) -> tuple[Int64[np.ndarray, " ranked"], Int64[np.ndarray, " ranked"]]:
    """How many candidates are better than the true one, and how many equal: of each anchor, then of each positive."""
    texts = len(anchors)
    own: Float64[np.ndarray, " texts"] = np.einsum("td,td->t", anchors, positives, dtype=np.float64)
    above, below = (own + EQUAL).astype(np.float32), (own - EQUAL).astype(np.float32)
    better, at_least = np.zeros((2, texts), np.int64), np.zeros((2, texts), np.int64)
    rows = max(1, TILE // texts)
    for start in range(0, texts, rows):
        tile = slice(start, min(start + rows, texts))
        similarity = anchors[tile] @ positives.T
        # Rounded otherwise than here, a text's own similarity could seem to differ from itself by more than EQUAL.
        similarity[np.arange(len(similarity)), np.arange(texts)[tile]] = own[tile]
        better[0, tile] = (similarity > above[tile, None]).sum(axis=1, dtype=np.int32)
        at_least[0, tile] = (similarity >= below[tile, None]).sum(axis=1, dtype=np.int32)
        better[1] += (similarity > above).sum(axis=0, dtype=np.int32)
        at_least[1] += (similarity >= below).sum(axis=0, dtype=np.int32)
    return better.ravel(), (at_least - better - 1).ravel()


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
    subwords = np.repeat(stays, lengths)
    before = np.zeros(len(subwords) + 1, np.int64)
    np.cumsum(subwords, out=before[1:])
    offsets: Int64[np.ndarray, " texts_and_1"] = before[texts.offsets]
    return Ragged(texts.ids[subwords], offsets)


SHORTEST, LONGEST = 4, 12  # words, as queries have
SHARE = 0.4  # of a text's words that the span takes at the most
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
    subwords = np.repeat(stays, np.diff(starts, append=len(texts.ids)))
    before = np.zeros(len(subwords) + 1, np.int64)
    np.cumsum(subwords, out=before[1:])
    return Ragged(texts.ids[subwords], before[texts.offsets])
