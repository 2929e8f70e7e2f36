"""Whether texts that lie close together share words that matter: a space that ignores words finds nothing exactly."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from likewise.tokens.ragged import Ragged
from likewise.views.words import find_words, from_zero

__all__ = ["WordNeighbours", "word_agreement", "word_neighbours"]

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
    from sklearn.preprocessing import normalize

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
    weighted = normalize(csr_matrix((idf[counts.indices], counts.indices, counts.indptr), counts.shape))
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
