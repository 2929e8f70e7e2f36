"""What a text is to a probe: its embedding, and beside it its words and pairs of words, each block a unit row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.applications.classify.ngrams import WordNgrams
from likewise.index.embedder import unit_vectors

__all__ = ["Features"]

CHUNK = 8_192  # texts that are encoded at once


@dataclass(frozen=True)
class Features:
    """Both blocks, side by side. A unit row each: no label is needed to put them on one scale.

    Attributes:
        encoder: anything with `encode`.
        ngrams: None for the embedding alone.
    """

    encoder: Any
    ngrams: WordNgrams | None

    def vectors(self, texts: Sequence[str]) -> Float32[np.ndarray, "texts dim"]:
        """The embeddings; a text without a character that is not white space is a row of zeros."""
        parts = [unit_vectors(self.encoder, list(texts[at : at + CHUNK]), None) for at in range(0, len(texts), CHUNK)]
        if not parts:
            return unit_vectors(self.encoder, ["empty"], None)[:0].astype(np.float32)
        found = np.concatenate(parts).astype(np.float32)
        found[[not text.strip() for text in texts]] = 0
        return found

    def of(self, texts: Sequence[str], vectors: Any = None, words: Any = None) -> Any:
        """A row a text, dense without n-grams and sparse with them.

        Args:
            texts: any.
            vectors: their embeddings, where they are known already.
            words: their n-grams, likewise.
        """
        from scipy.sparse import csr_array, hstack

        dense = (self.vectors(texts) if vectors is None else vectors).astype(np.float64)
        if self.ngrams is None:
            return dense
        return csr_array(hstack([csr_array(dense), self.ngrams.of_texts(texts) if words is None else words]))
