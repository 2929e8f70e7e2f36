"""What a text is to a probe: its embedding, a unit row, and beside it its words and pairs of words, one not longer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.applications.classify.ngrams import WordNgrams
from likewise.index.embedder import unit_vectors

__all__ = ["Features", "share_of_words"]

CHUNK = 8_192  # texts that are encoded at once
LEAST_SHARE, WHOLE_SHARE = 0.5, 64  # of words; and the labels a class from which on they count as much as the embedding


def share_of_words(labels: int, classes: int) -> float:
    """How long the row of a text's words is, beside that of its embedding: they tell little of which few labels know.

    A quarter of the cube root of the labels a class, between a half and one.
    """
    return float(np.clip((labels / classes / WHOLE_SHARE) ** (1 / 3), LEAST_SHARE, 1.0))


@dataclass(frozen=True)
class Features:
    """Both blocks, side by side.

    Attributes:
        encoder: anything with `encode`.
        ngrams: None for the embedding alone.
        share: how long the row of n-grams is, where that of the embedding has length 1.
    """

    encoder: Any
    ngrams: WordNgrams | None
    share: float = 1.0

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
        counted = self.ngrams.of_texts(texts) if words is None else words
        return csr_array(hstack([csr_array(dense), self.share * counted]))
