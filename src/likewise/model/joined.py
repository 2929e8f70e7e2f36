"""Any embedder, such as one behind an API, joined with a companion: a static model of the corpus.

The embedder itself cannot be stored. An index of such a model stores the companion alone, and recognises the embedder
by its vectors of a few fixed texts.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from likewise.arrays import Float32
from likewise.model.card import Card
from likewise.model.embedder import Component, Texts, document_vectors, query_vectors, unit_vectors
from likewise.model.transformer import Companion, ConcatenatedModel
from likewise.tokens.tokenizer import as_arrow


class JoinedModel(ConcatenatedModel):
    """An embedder and its companion.

    Args:
        embedder: an object with `encode(texts)` and, optionally, `encode_query` and `encode_document`.
        companion: the static model.
        card: what is known of the companion.
        sample: some texts of the corpus.

    Attributes:
        embedder: as it was given.
    """

    companion: Companion

    def __init__(
        self, embedder: Any, companion: Companion, card: Card | None = None, sample: Sequence[str] = ()
    ) -> None:
        self.embedder = embedder
        self._set_parts(card, sample, companion, None)
        self._dim: int = unit_vectors(embedder, ["one"]).shape[1]

    @property
    def dim(self) -> int:
        """Length of a vector of `encode`."""
        return self._dim

    @property
    def components(self) -> tuple[Component, ...]:
        """The embedder's columns, then the components of the companion's."""
        own, *others = super().components
        return (Component("embedder", self.dim, own.hybrid_weight), *others)

    def encode(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector per text, to compare texts of one kind by: the embedder's."""
        return unit_vectors(self.embedder, as_arrow(texts).to_pylist(), self.dim)

    def encode_query(self, texts: Texts, /) -> Float32[np.ndarray, "texts both"]:
        """Vectors of queries: the embedder's and the companion's, end to end."""
        own = query_vectors(self.embedder, as_arrow(texts).to_pylist(), self.dim)
        return self.companion.concatenate(own, self.companion.model.encode_query(texts))

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts both"]:
        """Vectors of texts to be found by queries; the dot product with a query's is the relevance."""
        own = document_vectors(self.embedder, as_arrow(texts).to_pylist(), self.dim)
        return self.companion.concatenate(own, self.companion.model.encode_document(texts))
