"""Scores of documents for queries, a tile of queries at a time: by vector, and by words (BM25)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from likewise.evaluation.lexical import Matrix
from likewise.evaluation.packages import needed

__all__ = ["ByVector", "ByWords", "Scores", "Tile", "tiles"]

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


def tiles(scorers: Mapping[str, Scores], queries: int, documents: int) -> Iterator[Tile]:
    """Score every query by every row, a tile at a time.

    Args:
        scorers: by the name of the row.
        queries: how many.
        documents: how many.
    """
    together = max(1, TOGETHER // max(1, documents))
    by_words = {name: each.by_words for name, each in scorers.items()}
    for first in range(0, queries, together):
        some = slice(first, min(first + together, queries))
        yield Tile(some, {name: each.of(some) for name, each in scorers.items()}, by_words)
