"""Whether texts that lie close together share words that matter: a space that ignores words finds nothing exactly."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from likewise.geometry.held_out_retrieval import ViewRetrieval, inverse_cloze, view_retrieval
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views
from likewise.views.words import find_words, from_zero

__all__ = [
    "Score",
    "ScoreTask",
    "WordNeighbours",
    "combined",
    "label_free_score",
    "score_task",
    "word_agreement",
    "word_neighbours",
]


NEIGHBOURS = 10
ROWS = 256  # asking texts at once


@dataclass(frozen=True)
class WordNeighbours:
    """How similar some texts are by their words to all of a pool.

    Attributes:
        pool: the texts among which neighbours are looked for.
        asking: positions in the pool of the texts whose neighbours are looked for.
        similarity: cosine of their TF-IDF vectors with those of the pool; 0 with itself.
        best: mean similarity of the nearest `k`; asking texts have more than 0.
        k: how many neighbours count.
    """

    pool: Ragged
    asking: Int64[np.ndarray, " asking"]
    similarity: Float32[np.ndarray, "asking pool"]
    best: Float[np.ndarray, " asking"]
    k: int


def word_neighbours(
    pool: Ragged,
    asking: Int64[np.ndarray, " asking"],
    continues: Bool[np.ndarray, " vocab"],
    *,
    k: int = NEIGHBOURS,
) -> WordNeighbours:
    """Compare texts by the words that they share: cosine of binary vectors weighted by log(texts / texts with it).

    Args:
        pool: texts, those that ask among them.
        asking: positions in the pool; those that share no word with another text are left out.
        continues: whether a piece continues the word before it.
        k: how many neighbours count; fewer where the pool has fewer.
    """
    from scipy.sparse import csr_matrix

    if not len(asking):
        return WordNeighbours(pool, asking, np.zeros((0, len(pool)), np.float32), np.zeros(0), k)
    k = max(1, min(k, len(pool) - 1))
    words = find_words(from_zero(pool), continues)
    _, columns = np.unique(words.types, return_inverse=True)
    counts = csr_matrix(
        (np.ones(len(columns), np.float32), columns, words.offsets), (len(pool), columns.max(initial=0) + 1)
    )
    counts.sum_duplicates()
    idf = np.log(len(pool) / np.maximum(np.bincount(counts.indices, minlength=counts.shape[1]), 1)).astype(np.float32)
    weighted = csr_matrix((idf[counts.indices], counts.indices, counts.indptr), counts.shape)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(weighted.indptr))
    similarity = np.empty((len(asking), len(pool)), np.float32)
    across = weighted.T.tocsr()
    for start in range(0, len(asking), ROWS):
        rows = slice(start, start + ROWS)
        similarity[rows] = (weighted[asking[rows]] @ across).toarray()
    similarity[np.arange(len(asking)), asking] = 0.0
    best = _mean_of_highest(similarity, k)
    kept = np.flatnonzero(best > 0)
    return WordNeighbours(pool, asking[kept], similarity[kept], best[kept], k)


def word_agreement(vectors: Float[np.ndarray, "pool dim"], words: WordNeighbours) -> float:
    """How much of the word similarity of the best neighbours by words the neighbours by cosine of vectors keep.

    The mean over the asking texts of the summed similarity of their `k` nearest texts in the space, over that of the
    `k` most similar by words: 1 where both are the same, near 0 where the space knows nothing of words.

    Args:
        vectors: unit rows, one a text of the pool; fewer than two texts to compare have no agreement, which is not a
            number then.
        words: from `word_neighbours`.
    """
    if not len(words.asking):
        return float("nan")
    kept = np.empty(len(words.asking), np.float64)
    single = np.asarray(vectors, np.float32)
    for start in range(0, len(kept), ROWS):
        rows = slice(start, start + ROWS)
        cosines = single[words.asking[rows]] @ single.T
        cosines[np.arange(len(cosines)), words.asking[rows]] = -np.inf
        nearest = np.argpartition(-cosines, words.k - 1, axis=1)[:, : words.k]
        kept[rows] = np.take_along_axis(words.similarity[rows], nearest, axis=1).mean(axis=1, dtype=np.float64)
    return float(np.mean(kept / words.best))


def _mean_of_highest(similarity: Float32[np.ndarray, "asking pool"], k: int) -> Float[np.ndarray, " asking"]:
    highest: Float[np.ndarray, " asking"] = np.partition(similarity, -k, axis=1)[:, -k:].mean(axis=1, dtype=np.float64)
    return highest


ASKING = 1_000  # held-out texts that the score is taken on at the most
ROUNDS = 4  # of spans, at the most, where there are fewer
POOL = 5_000  # texts among which neighbours are looked for
WORDS = 3  # times that the agreement with words counts as much as the cloze

Encode = Callable[[Ragged], Float[np.ndarray, "texts dim"]]


@dataclass(frozen=True)
class ScoreTask:
    """What an encoder is scored on; made once and kept fixed, so that scores compare.

    Attributes:
        clozes: rounds of spans of held-out texts and their rests.
        words: word neighbours of held-out texts among all.
    """

    clozes: tuple[Views, ...]
    words: WordNeighbours

    def __len__(self) -> int:
        return len(self.clozes[0])


@dataclass(frozen=True)
class Score:
    """How good an encoder is as far as that can be told without labels.

    Attributes:
        value: `combined` of `cloze` and `words`, in [0, 1]; compares encoders on one task, not corpora.
        cloze: nDCG of finding the rest of a text among all rests by a span of it, and the span by the rest
            (`inverse_cloze`, `view_retrieval`).
        words: how far neighbours in the space are neighbours by words too (`word_agreement`).
        texts: how many held-out texts this was measured on.
    """

    value: float
    cloze: float
    words: float
    texts: int


def score_task(
    take: Callable[[Int64[np.ndarray, " some"]], Ragged],
    texts: int,
    held_out: Int64[np.ndarray, " held_out"],
    continues: Bool[np.ndarray, " vocab"],
    rng: np.random.Generator,
) -> ScoreTask:
    """The task of a corpus.

    Args:
        take: gives the texts at some positions; only those that are needed are asked for.
        texts: how many there are.
        held_out: positions of those that training does not see; at most 1,000 of them are taken. The others fill the
            pool of word neighbours to 5,000.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; the same state and texts give the same task, whatever the vocabulary.
    """
    asking = np.sort(rng.permutation(held_out)[:ASKING])
    others = np.setdiff1d(np.arange(texts), asking)
    pool = np.concatenate([asking, rng.permutation(others)[: max(0, POOL - len(asking))]])
    rounds = max(1, min(ROUNDS, round(ASKING / max(1, len(asking)))))
    whole = take(asking)
    clozes = tuple(inverse_cloze(whole, continues, rng) for _ in range(rounds))
    return ScoreTask(clozes, word_neighbours(take(pool), np.arange(len(asking)), continues))


def label_free_score(encode: Encode, task: ScoreTask, encode_documents: Encode | None = None) -> Score:
    """Score an encoder.

    Args:
        encode: gives one unit vector a text.
        task: from `score_task`.
        encode_documents: gives one vector of at most length one to a text that is to be found, where that is another.
    """
    found = [_found(encode, encode_documents or encode, views).ndcg for views in task.clozes]
    cloze, words = float(np.mean(found)), word_agreement(np.asarray(encode(task.words.pool)), task.words)
    return Score(combined(cloze, words), cloze, words, len(task))


def combined(cloze: float, words: float) -> float:
    """Both parts in one: their geometric mean, in which words count thrice (docs/score.md says why)."""
    return float((cloze * words**WORDS) ** (1 / (1 + WORDS)))


def _found(encode: Encode, encode_documents: Encode, views: Views) -> ViewRetrieval:
    return view_retrieval(np.asarray(encode(views.anchors)), np.asarray(encode_documents(views.positives)))
