"""Where texts are compared by meaning: the encoder's vectors, turned so that few numbers say nearly all.

The vectors of a corpus do not fill their space. Turned to the principal axes of a sample, the first numbers of a vector
carry most of what tells texts apart: the first hundred find candidates, the first few hundred judge them. A static
encoder is linear up to the length, so the turn is done to its rows once, and encoding is as much faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float32

from likewise.applications.duplicates.likeness import kernels
from likewise.encoders.static import StaticEncoder
from likewise.index.embedder import unit_vectors
from likewise.model.beside import JoinedModel
from likewise.model.model import Model
from likewise.tokens.ragged import Ragged

__all__ = ["COARSE", "KEPT", "Pieces", "Space"]

KEPT = 256  # numbers of a vector that are kept
COARSE = 96  # of these, the first, by which candidates are found
CHUNK = 1 << 13  # texts encoded at once
SMALLEST = 1e-12
RARITY_POWER = 2.0  # judged on pairs of STS-B, AskUbuntu and Quora: 1.5 and 3 are a little worse; Abt-Buy wants more


@dataclass(frozen=True)
class Pieces:
    """The pieces of words of a static encoder, to lay two texts upon one another.

    Attributes:
        model: whose tokenizer makes them.
        rows: a unit vector a piece, of the part that was trained; zeros for a piece with a digit in it, as one number
            is no synonym of another, however alike their neighbours are.
        weights: how much each counts: a power of the logarithm of how rare it is, as the model knows it.
    """

    model: Model
    rows: Float32[np.ndarray, "vocab dim"]
    weights: Float32[np.ndarray, " vocab"]

    def of(self, texts: pa.Array) -> Ragged:
        """The pieces of each text, rising; one that stands there twice is there twice."""
        ids = self.model.tokenizer.encode(texts)
        offsets = ids.offsets - ids.offsets[0]
        out = np.empty(len(ids.ids), np.int32)
        kernels.sort_each(ids.ids, offsets, out)
        return Ragged(out, offsets)


class Space:
    """An encoder and the axes that its vectors are turned to.

    Attributes:
        encoder: anything with `encode`.
        axes: the axes as columns.
        pieces: of its words, where it is a static encoder or has one beside it; None otherwise.
    """

    def __init__(self, encoder: Any, axes: Float32[np.ndarray, "dim kept"]) -> None:
        self.encoder, self.axes = encoder, np.ascontiguousarray(axes, np.float32)
        self.pieces: Pieces | None = None
        self._turned: Any = None
        static = _static_of(encoder)
        if static is not None:
            self.pieces = Pieces(static, _trained_rows(static), _rarities(static) ** np.float32(RARITY_POWER))
        if static is not None and static is encoder:
            self._turned = Model(static.tokenizer, StaticEncoder(static.encoder.weights @ self.axes))

    @classmethod
    def of(cls, encoder: Any, sample: Sequence[str] | pa.Array) -> "Space":
        """Turn an encoder's vectors to the principal axes of a sample of texts, which are not centred."""
        vectors = unit_vectors(encoder, _strings(sample), None)
        return cls(encoder, principal_axes(vectors, KEPT))

    @property
    def is_static(self) -> bool:
        """Whether the encoder itself is made of pieces."""
        return self._turned is not None

    @property
    def dim(self) -> int:
        """Numbers of a vector that are kept."""
        return int(self.axes.shape[1])

    def vectors(self, texts: pa.Array) -> Float32[np.ndarray, "texts kept"]:
        """Unit vectors of texts; zeros where the encoder knows nothing of a text."""
        out = np.empty((len(texts), self.dim), np.float32)
        for first in range(0, len(texts), CHUNK):
            some = texts.slice(first, CHUNK)
            if self._turned is not None:
                out[first : first + CHUNK] = self._turned.encode(some)
                continue
            turned = unit_vectors(self.encoder, _strings(some), len(self.axes)) @ self.axes
            out[first : first + CHUNK] = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), SMALLEST)
        return out


def principal_axes(vectors: Float32[np.ndarray, "texts dim"], most: int) -> Float32[np.ndarray, "dim kept"]:
    """The directions in which uncentred vectors are longest, the longest first; dot products keep their meaning."""
    dim = vectors.shape[1]
    if dim <= COARSE:
        return np.eye(dim, dtype=np.float32)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], np.float32)


def _static_of(encoder: Any) -> Model | None:
    """The static model that an encoder is, or that stands beside it."""
    if isinstance(encoder, JoinedModel):
        return encoder.beside.model if encoder.beside else None
    return encoder if isinstance(encoder, Model) and isinstance(encoder.encoder, StaticEncoder) else None


def _trained_rows(static: Model) -> Float32[np.ndarray, "vocab kept"]:
    """Unit rows of what was learned, without what only says which words there are: that is compared by itself."""
    parts = static.encoder.documents
    rows = static.encoder.weights[:, : parts.dims[0]] if parts else static.encoder.weights
    often = np.sqrt(static.tokenizer.vocabulary.counts.astype(np.float32) + 1.0)[:, None]
    rows = rows @ principal_axes(rows * often, KEPT)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), SMALLEST)
    rows[[any(map(str.isdigit, piece)) for piece in static.tokenizer.vocabulary.pieces]] = 0.0
    return np.ascontiguousarray(rows, np.float32)


def _rarities(static: Model) -> Float32[np.ndarray, " vocab"]:
    counts = static.tokenizer.vocabulary.counts.astype(np.float64)
    texts = float(static.card.corpus.get("texts") or max(counts.max(initial=1.0), 1.0))
    rarities: np.ndarray = np.log(1.0 + texts / (1.0 + np.minimum(counts, texts))).astype(np.float32)
    rarities[static.tokenizer.vocabulary.blank] = 0.0
    return rarities


def _strings(texts: Sequence[str] | pa.Array) -> list[str]:
    return list(texts.to_pylist()) if isinstance(texts, pa.Array | pa.ChunkedArray) else list(texts)
