"""The label-free score: can spans find their texts (inverse cloze), and do neighbours share words that matter?

Inverse cloze alone prefers spaces that blur words, which find nothing exactly; the agreement with TF-IDF neighbours
corrects that. `docs/score.md` shows how well the score ranks models as labels do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from likewise.arrays import Bool, Float, Float32, Int64
from likewise.geometry.held_out_retrieval import held_out_retrieval, inverse_cloze
from likewise.tokens.ragged import Ragged
from likewise.views.edits import find_words, from_zero
from likewise.views.pair import Views

NEIGHBOURS = 10
QUERIES = 1_000  # held-out texts that the score is measured on, at most
POOL = 5_000  # texts among which neighbours are searched
ROUNDS = 4  # of spans, at most, if there are fewer held-out texts
WORD_EXPONENT = 3  # the word agreement counts three times as much as the cloze
ROWS = 256  # queries compared with the pool at once

Encode = Callable[[Ragged], Float[np.ndarray, "texts dim"]]


@dataclass(frozen=True)
class WordNeighbours:
    """TF-IDF similarities of query texts to a pool.

    Attributes:
        pool: the texts among which neighbours are searched.
        queries: positions of the query texts in the pool.
        similarity: cosines of TF-IDF vectors; 0 of a text with itself.
        best: mean similarity of the `k` nearest, above 0 for every query.
        k: number of neighbours.
    """

    pool: Ragged
    queries: Int64[np.ndarray, " queries"]
    similarity: Float32[np.ndarray, "queries pool"]
    best: Float[np.ndarray, " queries"]
    k: int


@dataclass(frozen=True)
class ScoreTask:
    """What encoders are scored on; made once, so that scores compare.

    Attributes:
        clozes: rounds of spans of held-out texts and their rests.
        words: TF-IDF neighbours of held-out texts among all texts.
    """

    clozes: tuple[Views, ...]
    words: WordNeighbours

    def __len__(self) -> int:
        return len(self.clozes[0])


@dataclass(frozen=True)
class Score:
    """How good an encoder is, as far as it can be measured without labels.

    Attributes:
        value: `combined(cloze, words)`, in [0, 1]; compares encoders on one task, not corpora.
        cloze: nDCG of finding the rest of a text by a span of it and the span by the rest.
        words: agreement of the nearest neighbours with those by words (`word_agreement`).
        texts: number of held-out texts.
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
    """Make the task of a corpus.

    Args:
        take: returns the texts at some positions; called for those that are needed only.
        texts: number of texts.
        held_out: positions of the texts that training does not see; at most 1,000 become queries. Others fill the pool
            up to 5,000 texts.
        continues: whether a subword continues the word before it.
        rng: the same state and texts give the same task for every vocabulary.
    """
    queries = np.sort(rng.permutation(held_out)[:QUERIES])
    others = np.setdiff1d(np.arange(texts), queries)
    pool = np.concatenate([queries, rng.permutation(others)[: max(0, POOL - len(queries))]])
    rounds = max(1, min(ROUNDS, round(QUERIES / max(1, len(queries)))))
    held_out_texts = take(queries)
    clozes = tuple(inverse_cloze(held_out_texts, continues, rng) for _ in range(rounds))
    return ScoreTask(clozes, word_neighbours(take(pool), np.arange(len(queries)), continues))


def label_free_score(encode: Encode, task: ScoreTask, encode_documents: Encode | None = None) -> Score:
    """Score an encoder.

    Args:
        encode: returns one unit vector a text.
        task: from `score_task`.
        encode_documents: returns one vector of length 1 or less for each text to be found; `encode` if None.
    """
    found = encode_documents or encode
    rounds = [
        held_out_retrieval(np.asarray(encode(views.anchors)), np.asarray(found(views.positives))).ndcg
        for views in task.clozes
    ]
    cloze, words = float(np.mean(rounds)), word_agreement(np.asarray(encode(task.words.pool)), task.words)
    return Score(combined(cloze, words), cloze, words, len(task))


def combined(cloze: float, words: float) -> float:
    """The weighted geometric mean `(cloze * words³)^(1/4)` (`docs/score.md` measures the exponent)."""
    return float((cloze * words**WORD_EXPONENT) ** (1 / (1 + WORD_EXPONENT)))


def word_neighbours(
    pool: Ragged,
    queries: Int64[np.ndarray, " queries"],
    continues: Bool[np.ndarray, " vocab"],
    *,
    k: int = NEIGHBOURS,
) -> WordNeighbours:
    """Compare texts by shared words: cosines of binary vectors weighted by IDF, log(texts / texts with the word).

    Args:
        pool: texts.
        queries: positions in the pool; texts that share no word with another are left out.
        continues: whether a subword continues the word before it.
        k: number of neighbours, fewer if the pool has fewer.
    """
    from scipy.sparse import csr_matrix

    if not len(queries):
        return WordNeighbours(pool, queries, np.zeros((0, len(pool)), np.float32), np.zeros(0), k)
    k = max(1, min(k, len(pool) - 1))
    words = find_words(from_zero(pool), continues)
    _, columns = np.unique(words.types, return_inverse=True)
    counts = csr_matrix(
        (np.ones(len(columns), np.float32), columns, words.offsets), (len(pool), columns.max(initial=0) + 1)
    )
    counts.sum_duplicates()
    idf = np.log(len(pool) / np.maximum(np.bincount(counts.indices, minlength=counts.shape[1]), 1)).astype(np.float32)
    tfidf = csr_matrix((idf[counts.indices], counts.indices, counts.indptr), counts.shape)
    lengths = np.sqrt(np.asarray(tfidf.multiply(tfidf).sum(axis=1)).ravel())
    tfidf.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(tfidf.indptr))
    similarity = np.empty((len(queries), len(pool)), np.float32)
    transposed = tfidf.T.tocsr()
    for start in range(0, len(queries), ROWS):
        rows = slice(start, start + ROWS)
        similarity[rows] = (tfidf[queries[rows]] @ transposed).toarray()
    similarity[np.arange(len(queries)), queries] = 0.0
    best = np.partition(similarity, -k, axis=1)[:, -k:].mean(axis=1, dtype=np.float64)
    kept = np.flatnonzero(best > 0)
    return WordNeighbours(pool, queries[kept], similarity[kept], best[kept], k)


def word_agreement(vectors: Float[np.ndarray, "pool dim"], words: WordNeighbours) -> float:
    """Mean TF-IDF similarity of the `k` nearest neighbours by cosine, over that of the `k` nearest by TF-IDF.

    1 if both sets are the same, near 0 if the space ignores words.

    Args:
        vectors: unit rows, one for each text of the pool; NaN if no two texts share a word.
        words: from `word_neighbours`.
    """
    if not len(words.queries):
        return float("nan")
    found = np.empty(len(words.queries), np.float64)
    single = np.asarray(vectors, np.float32)
    for start in range(0, len(found), ROWS):
        rows = slice(start, start + ROWS)
        cosines = single[words.queries[rows]] @ single.T
        cosines[np.arange(len(cosines)), words.queries[rows]] = -np.inf
        nearest = np.argpartition(-cosines, words.k - 1, axis=1)[:, : words.k]
        found[rows] = np.take_along_axis(words.similarity[rows], nearest, axis=1).mean(axis=1, dtype=np.float64)
    return float(np.mean(found / words.best))
