"""Scores of documents for queries, a tile of queries at a time: by vector, by words (BM25), and by both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from likewise.evaluation.lexical import Matrix
from likewise.evaluation.packages import needed
from likewise.index.fusion import share_of_best

__all__ = ["PLUS", "ByVector", "ByWords", "Scores", "Tile", "tiles"]

PLUS = " + BM25"  # behind the name of a row whose vectors are joined with words
TOGETHER = 1 << 23  # scores of one row that are held at once, 32 MiB


@runtime_checkable
class Scores(Protocol):
    """Scores all documents for some queries."""

    by_words: bool  # a score of 0 says that nothing is in common, rather than little

    def of(self, queries: slice) -> Float[np.ndarray, "queries documents"]:
        """One score a query and document, higher is better."""
        ...


class ByVector:
    """The dot product of unit rows: arrays, or sparse matrices.

    Args:
        queries: one row a query.
        documents: one row a document.
        by_words: whether the columns are words.
    """

    def __init__(self, queries: Matrix, documents: Matrix, *, by_words: bool = False) -> None:
        self._queries, self._documents, self.by_words = queries, documents.T, by_words

    def of(self, queries: slice) -> Float[np.ndarray, "queries documents"]:
        """One cosine a query and document."""
        product = self._queries[queries] @ self._documents
        cosines: np.ndarray = product if isinstance(product, np.ndarray) else product.toarray()
        return cosines


class ByWords:
    """BM25 of bm25s: k1 1.5, b 0.75, words of two letters or more, English stop words left out.

    Raises:
        LikewiseError: bm25s is not installed.
    """

    by_words = True

    def __init__(self, queries: Sequence[str], documents: Sequence[str]) -> None:
        self._library = needed("bm25s", what="BM25")
        self._queries = self._words(queries)
        words = self._words(documents)
        self._documents = len(words)
        self._index = None
        if any(words):
            self._index = self._library.BM25()
            self._index.index(words, show_progress=False)

    def of(self, queries: slice) -> Float[np.ndarray, "queries documents"]:
        """One BM25 score a query and document; 0 where no word is shared."""
        asked = self._queries[queries]
        scores = np.zeros((len(asked), self._documents), np.float32)
        for row, words in enumerate(asked):
            if words and self._index is not None:
                scores[row] = self._index.get_scores(words)
        return scores

    def _words(self, texts: Sequence[str]) -> list[list[str]]:
        cut: list[list[str]] = self._library.tokenize(
            list(texts), stopwords="en", return_ids=False, show_progress=False
        )
        return cut


@dataclass(frozen=True)
class Tile:
    """Scores of some queries.

    Attributes:
        queries: which ones.
        scores: of each row of the table.
        by_words: whether a score of 0 says that nothing is in common.
    """

    queries: slice
    scores: Mapping[str, Float[np.ndarray, "queries documents"]]
    by_words: Mapping[str, bool]


def tiles(
    vectors: Mapping[str, Scores],
    words: Scores | None,
    named: str | None,
    fused: Sequence[str],
    queries: int,
    documents: int,
) -> Iterator[Tile]:
    """Score every query by every row, a tile at a time.

    Args:
        vectors: by the name of the row.
        words: BM25, if it takes part.
        named: its row; None where it only joins others.
        fused: rows of `vectors` that get a second row, joined with `words`.
        queries: how many.
        documents: how many.
    """
    together = max(1, TOGETHER // max(1, documents))
    for first in range(0, queries, together):
        some = slice(first, min(first + together, queries))
        scores = {name: each.of(some) for name, each in vectors.items()}
        by_words = {name: each.by_words for name, each in vectors.items()}
        if words is not None:
            found = words.of(some)
            for name in fused:
                scores[name + PLUS], by_words[name + PLUS] = _fused(scores[name], found), False
            if named is not None:
                scores[named], by_words[named] = found, True
        yield Tile(some, scores, by_words)


def _fused(
    cosines: Float[np.ndarray, "queries documents"], words: Float[np.ndarray, "queries documents"]
) -> Float[np.ndarray, "queries documents"]:
    """Both in one score, as hybrid search of an index has it, but over all documents."""
    fused = np.empty(cosines.shape, np.float64)
    for row, (near, said) in enumerate(zip(cosines.astype(np.float64), words.astype(np.float64), strict=True)):
        fused[row] = share_of_best(near, said, float(near.mean()))
    return fused
