"""Held-out retrieval: one part of a held-out text has to find its other part among those of all texts.

`disjoint_halves` and `inverse_cloze` split the texts; `held_out_retrieval` ranks the embeddings of the parts.
"""

from dataclasses import dataclass

import numpy as np

from likewise.arrays import Bool, Float, Float32, Float64, Int64, UInt64
from likewise.tokens.ragged import Ragged
from likewise.views.edits import Words, find_words, from_zero, halves
from likewise.views.pair import Views

TILE = 1 << 21  # similarities computed at once: 8 MiB
EQUAL = 1e-6  # cosines closer than this are equal in float32
MIN_WORDS = 2  # of either part: one word does not show what a text is about
MIN_SPAN, MAX_SPAN = 4, 12  # words, as queries have
SPAN_SHARE = 0.4  # of the words of a text, at most
SHARED = 0.5  # a query shares some words with what it looks for, not all
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads text numbers over 64 bits


@dataclass(frozen=True)
class HeldOutRetrieval:
    """Ranking metrics of paired embeddings.

    Attributes:
        mrr: mean reciprocal rank of the true partner, over texts and both directions; 1 at best.
        recall_at_1: share of true partners that rank first.
        recall_at_10: share of true partners among the first ten.
        texts: number of pairs; the metrics of 0 pairs are NaN.
        ndcg: mean of 1 / log2(1 + rank), the nDCG of a list with one relevant entry; it counts the ranks below the
            first more than the reciprocal rank does.
    """

    mrr: float
    recall_at_1: float
    recall_at_10: float
    texts: int
    ndcg: float = float("nan")

    @property
    def chance(self) -> float:
        """The expected MRR of a random ranking, the mean of 1 / rank."""
        return float(np.mean(1.0 / np.arange(1, self.texts + 1))) if self.texts else float("nan")


def held_out_retrieval(
    anchors: Float[np.ndarray, "texts dim"], positives: Float[np.ndarray, "texts dim"], *, tile: int = TILE
) -> HeldOutRetrieval:
    """Rank the partner of each text among the parts of all texts by cosine, in both directions.

    Each metric is its expectation over the orders of tied candidates, so embeddings that are all equal score exactly as
    chance does.

    Args:
        anchors: unit rows, one part of each text; a row of zeros is equally similar to all.
        positives: unit rows, the other parts, in the same order.
        tile: similarities computed at once.
    """
    texts = len(anchors)
    if texts == 0:
        return HeldOutRetrieval(float("nan"), float("nan"), float("nan"), 0)
    better, equal = _compare(np.asarray(anchors, np.float32), np.asarray(positives, np.float32), tile)
    ranks = np.arange(1, texts + 1)
    mrr, ndcg = (_mean_gain(gains, better, equal) for gains in (1.0 / ranks, 1.0 / np.log2(1.0 + ranks)))
    return HeldOutRetrieval(mrr, _recall(better, equal, 1), _recall(better, equal, 10), texts, ndcg)


def disjoint_halves(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, min_words: int = MIN_WORDS
) -> Views:
    """Split each text into two random halves and remove from the second every word that occurs in the first.

    Words that a text repeats give its other half away: with plain halves, random vectors weighted by IDF do as well as
    LSA. With disjoint halves only what an encoder learned about different words helps.

    Args:
        texts: held-out texts.
        continues: whether a subword continues the word before it.
        rng: the same state gives the same halves.
        min_words: texts with fewer words in either half are dropped.
    """
    split = halves(texts, continues, rng, short=0)
    first, second = find_words(split.anchors, continues), find_words(split.positives, continues)
    positives = _keep_words(split.positives, second, ~np.isin(_keys(second), _keys(first)))
    kept = np.flatnonzero((first.counts >= min_words) & (find_words(positives, continues).counts >= min_words))
    return Views(split.anchors.take(kept), positives.take(kept))


def inverse_cloze(
    texts: Ragged, continues: Bool[np.ndarray, " vocab"], rng: np.random.Generator, *, shared: float = SHARED
) -> Views:
    """Cut a span out of each text: the inverse cloze task (Lee et al. 2019, arXiv 1906.00300).

    The span has 4 to 12 words, at most two fifths of the text and at least two. If the rest repeats a word of the span,
    it keeps all occurrences of that word with probability `shared`, else none. The draws depend on word positions
    alone, so the task does not change with the vocabulary.

    Args:
        texts: held-out texts.
        continues: whether a subword continues the word before it.
        rng: the same state gives the same task.
        shared: 1 keeps every word of the rest, 0 removes all that occur in the span.

    Returns:
        Spans as anchors, rests as positives; texts with fewer than two words in either are dropped.
    """
    texts = from_zero(texts)
    words = find_words(texts, continues)
    longest = np.maximum(MIN_WORDS, np.rint(SPAN_SHARE * words.counts)).astype(np.int64)
    lengths = np.minimum(rng.integers(MIN_SPAN, MAX_SPAN + 1, len(texts)), longest)
    begins = np.floor(rng.random(len(texts)) * (np.maximum(words.counts - lengths, 0) + 1)).astype(np.int64)
    owners = np.repeat(np.arange(len(texts)), words.counts)
    positions = np.arange(len(owners)) - words.offsets[owners]
    inside = (positions >= begins[owners]) & (positions < (begins + lengths)[owners])

    # One draw for a word type of a text, at its first occurrence, so that all its occurrences are kept or removed.
    _, first, which = np.unique(_keys(words), return_index=True, return_inverse=True)
    in_span = np.zeros(len(first), np.bool_)
    in_span[which[inside]] = True
    removed = (in_span & (rng.random(len(owners))[first] >= shared))[which]

    parts = (inside, ~inside & ~removed)
    enough = [np.bincount(owners[part], minlength=len(texts)) >= MIN_WORDS for part in parts]
    kept = np.flatnonzero(enough[0] & enough[1])
    spans, rests = (_keep_words(texts, words, part).take(kept) for part in parts)
    return Views(spans, rests)


def _compare(
    anchors: Float32[np.ndarray, "texts dim"], positives: Float32[np.ndarray, "texts dim"], tile: int
) -> tuple[Int64[np.ndarray, " ranked"], Int64[np.ndarray, " ranked"]]:
    """Count the candidates above and tied with the true partner, for all anchors and then for all positives."""
    texts = len(anchors)
    true: Float64[np.ndarray, " texts"] = np.einsum("td,td->t", anchors, positives, dtype=np.float64)
    above, below = (true + EQUAL).astype(np.float32), (true - EQUAL).astype(np.float32)
    better, at_least = np.zeros((2, texts), np.int64), np.zeros((2, texts), np.int64)
    rows = max(1, tile // texts)
    for start in range(0, texts, rows):
        some = slice(start, min(start + rows, texts))
        similarity = anchors[some] @ positives.T
        # The product may be rounded otherwise than `true`: a partner could then differ from itself by more than EQUAL.
        similarity[np.arange(len(similarity)), np.arange(texts)[some]] = true[some]
        better[0, some] = (similarity > above[some, None]).sum(axis=1, dtype=np.int32)
        at_least[0, some] = (similarity >= below[some, None]).sum(axis=1, dtype=np.int32)
        better[1] += (similarity > above).sum(axis=0, dtype=np.int32)
        at_least[1] += (similarity >= below).sum(axis=0, dtype=np.int32)
    return better.ravel(), (at_least - better - 1).ravel()


def _mean_gain(
    gains: Float64[np.ndarray, " ranks"], better: Int64[np.ndarray, " ranked"], equal: Int64[np.ndarray, " ranked"]
) -> float:
    """The mean gain at the rank of the true partner, averaged over the ranks that it shares with ties."""
    cumulated = np.concatenate([np.zeros(1), np.cumsum(gains)])
    return float(((cumulated[better + equal + 1] - cumulated[better]) / (equal + 1)).mean())


def _recall(better: Int64[np.ndarray, " ranked"], equal: Int64[np.ndarray, " ranked"], k: int) -> float:
    return float(np.mean(np.clip(k - better, 0, equal + 1) / (equal + 1)))


def _keys(words: Words) -> UInt64[np.ndarray, " words"]:
    """One 64-bit key for each word type of each text."""
    texts = np.repeat(np.arange(len(words.offsets) - 1, dtype=np.uint64), words.counts)
    keys: UInt64[np.ndarray, " words"] = words.types ^ (texts * GOLDEN)
    return keys


def _keep_words(texts: Ragged, words: Words, kept: Bool[np.ndarray, " words"]) -> Ragged:
    """The texts with only the subwords of some of their words."""
    texts = from_zero(texts)
    subwords = np.repeat(kept, np.diff(words.starts, append=len(texts.ids)))
    before = np.zeros(len(subwords) + 1, np.int64)
    np.cumsum(subwords, out=before[1:])
    return Ragged(texts.ids[subwords], before[texts.offsets])
