"""Rows whose vectors are joined with words: what the default search of an index over the same documents finds.

The index is a real one, made for the purpose and thrown away: how it weighs vectors and words, joins forms of a word
and searches twice is its own affair, and what a row says is what its user gets.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from likewise.evaluation.baselines import Entrant
from likewise.index.collection import Collection

__all__ = ["KnownVectors", "hybrid_search"]


class KnownVectors:
    """An entrant as a model for an index, its vectors of some texts known already.

    Args:
        embedder: the entrant's own, whose attributes an index asks for; None where it has none to tell.
        entrant: gives the vectors of other texts.
        queries: texts that ask, and their vectors.
        documents: texts that are to be found, and theirs.
    """

    def __init__(
        self,
        embedder: Any,
        entrant: Entrant,
        queries: tuple[Sequence[str], np.ndarray],
        documents: tuple[Sequence[str], np.ndarray],
    ) -> None:
        self._embedder, self._entrant = embedder, entrant
        self._queries, self._documents = _Rows(*queries), _Rows(*documents)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text."""
        return np.asarray(self._entrant.vectors(texts))

    def encode_query(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text that asks."""
        found = self._queries.of(texts)
        return self._entrant.of_queries(texts) if found is None else found

    def encode_document(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text that is to be found."""
        found = self._documents.of(texts)
        return self._entrant.of_documents(texts) if found is None else found


class _Rows:
    """Vectors by text."""

    def __init__(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        self._places = dict(zip(texts, range(len(texts)), strict=True))
        self._vectors = vectors

    def of(self, texts: Sequence[str]) -> np.ndarray | None:
        """Of these texts; None where one is not known, as that of an index which keeps it in another form."""
        places = [self._places.get(text, -1) for text in texts]
        return None if min(places, default=0) < 0 else self._vectors[places]


def hybrid_search(
    embedder: KnownVectors, queries: Sequence[str], documents: Sequence[str], k: int
) -> list[Int64[np.ndarray, " found"]]:
    """Of each query the places of the `k` documents that an index finds by default, best first."""
    with (
        tempfile.TemporaryDirectory(prefix="likewise-") as place,
        Collection.create(Path(place) / "judged.index", embedder) as index,
    ):
        index.add(list(documents), ids=[str(number) for number in range(len(documents))])
        hits = index.search_many(list(queries), k)
    return [np.array([int(hit.id) for hit in some], np.int64) for some in hits]
