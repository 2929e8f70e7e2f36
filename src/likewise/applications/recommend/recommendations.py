"""What a recommender gives back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.model.embedder import unit_vectors

__all__ = ["Reason", "Recommendation", "TextSpace", "encoded"]


@dataclass(frozen=True)
class Recommendation:
    """An item that was found.

    Attributes:
        rank: from 1.
        item: its id.
        score: for a user the logit of the softmax, for an item the similarity.
        text: how its text begins.
        new: whether nobody has chosen it yet, so that its text alone speaks for it.
    """

    rank: int
    item: str
    score: float
    text: str
    new: bool


@dataclass(frozen=True)
class Reason:
    """An item of a history, and what it adds to the score of another.

    Attributes:
        item: its id.
        part: what it adds; those of all reasons add up to the score.
        weight: its share of the history's vector, by how long ago it was chosen.
        text: how its text begins.
    """

    item: str
    part: float
    weight: float
    text: str


DIM = 256  # leading directions that are kept
SAMPLE = 50_000  # texts that these are found from
TOGETHER = 4096  # texts that are encoded at once


def encoded(encoder: Any, texts: list[str]) -> Float32[np.ndarray, "texts dim"]:
    """Unit vectors; zeros for a blank text."""
    spoken = [row for row, text in enumerate(texts) if text.strip()]
    parts = [
        unit_vectors(encoder, [texts[row] for row in spoken[at : at + TOGETHER]], None)
        for at in range(0, len(spoken), TOGETHER)
    ]
    if not parts:
        return np.zeros((len(texts), 1), np.float32)
    vectors = np.zeros((len(texts), parts[0].shape[1]), np.float32)
    vectors[spoken] = np.concatenate(parts)
    return vectors


@dataclass(frozen=True)
class TextSpace:
    """From an encoder's vectors to shorter ones, whose mean square length over the items is one.

    Attributes:
        mean: of the items.
        axes: leading directions, scaled.
    """

    mean: Float32[np.ndarray, " dim"]
    axes: Float32[np.ndarray, "dim text"]

    @classmethod
    def of(cls, vectors: Float32[np.ndarray, "items dim"], rng: np.random.Generator) -> "TextSpace":
        """Find the mean and the directions; those of a sample, where there are many."""
        spoken = vectors[vectors.any(axis=1)]
        if len(spoken) > SAMPLE:
            spoken = spoken[np.sort(rng.choice(len(spoken), SAMPLE, replace=False))]
        mean = spoken.mean(axis=0) if len(spoken) else vectors.sum(axis=0)
        centred = spoken - mean
        values, axes = np.linalg.eigh(centred.T @ centred)
        axes = axes[:, ::-1][:, :DIM]
        variance = float(np.sum(values[::-1][:DIM])) / max(len(spoken), 1)
        scale = 1 / np.sqrt(variance) if variance > 1e-9 else 0.0
        return cls(mean.astype(np.float32), (axes * scale).astype(np.float32))

    def __call__(self, vectors: Float32[np.ndarray, "texts dim"]) -> Float32[np.ndarray, "texts text"]:
        """The shorter vectors; zeros for a blank text."""
        shorter: np.ndarray = (vectors - self.mean) @ self.axes
        shorter[~vectors.any(axis=1)] = 0.0
        return shorter
