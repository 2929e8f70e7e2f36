"""Text vectors of items, projected to their principal components and scaled, as EASE takes them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.model.embedder import unit_vectors

__all__ = ["TextProjection", "encode_texts"]

MAX_DIM = 256
SAMPLE = 50_000  # texts from which the components are computed
BATCH = 4096  # texts


@dataclass(frozen=True)
class TextProjection:
    """Principal components, scaled so that the mean square length over the items is one.

    Attributes:
        mean: of the items.
        components: scaled.
    """

    mean: Float32[np.ndarray, " dim"]
    components: Float32[np.ndarray, "dim text"]

    @classmethod
    def fit(
        cls, vectors: Float32[np.ndarray, "items dim"], rng: np.random.Generator, *, sample: int = SAMPLE
    ) -> "TextProjection":
        """Compute the components of the vectors that are not zero, or of a sample of them."""
        known = vectors[vectors.any(axis=1)]
        if len(known) > sample:
            known = known[np.sort(rng.choice(len(known), sample, replace=False))]
        mean = known.mean(axis=0) if len(known) else vectors.sum(axis=0)
        centred = known - mean
        values, axes = np.linalg.eigh(centred.T @ centred)
        axes = axes[:, ::-1][:, :MAX_DIM]
        variance = float(np.sum(values[::-1][:MAX_DIM])) / max(len(known), 1)
        scale = 1 / np.sqrt(variance) if variance > 1e-9 else 0.0
        return cls(mean.astype(np.float32), (axes * scale).astype(np.float32))

    def transform(self, vectors: Float32[np.ndarray, "texts dim"]) -> Float32[np.ndarray, "texts text"]:
        """Project vectors; those of blank texts, which are zeros, stay zeros."""
        projected: np.ndarray = (vectors - self.mean) @ self.components
        projected[~vectors.any(axis=1)] = 0.0
        return projected


def encode_texts(encoder: Any, texts: list[str]) -> Float32[np.ndarray, "texts dim"]:
    """Encode texts as unit vectors; zeros for blank texts."""
    rows = [row for row, text in enumerate(texts) if text.strip()]
    parts = [
        unit_vectors(encoder, [texts[row] for row in rows[start : start + BATCH]], None)
        for start in range(0, len(rows), BATCH)
    ]
    if not parts:
        return np.zeros((len(texts), 1), np.float32)
    vectors = np.zeros((len(texts), parts[0].shape[1]), np.float32)
    vectors[rows] = np.concatenate(parts)
    return vectors
