"""The directions that a corpus fills, so that few numbers of a vector say nearly all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float32

from likewise.applications.duplicates.token_alignment import COARSE, KEPT, Pieces, principal_axes
from likewise.encoders.static import StaticEncoder
from likewise.model.concatenated import ConcatenatedModel
from likewise.model.embedder import unit_vectors
from likewise.model.model import Model

__all__ = ["COARSE", "KEPT", "Space", "principal_axes"]


CHUNK = 1 << 13  # texts encoded at once
SMALLEST = 1e-12


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
            self.pieces = Pieces.of_model(static)
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


def _static_of(encoder: Any) -> Model | None:
    """The static model that an encoder is, or that stands beside it."""
    if isinstance(encoder, ConcatenatedModel):
        return encoder.companion.model if encoder.companion else None
    return encoder if isinstance(encoder, Model) and isinstance(encoder.encoder, StaticEncoder) else None


def _strings(texts: Sequence[str] | pa.Array) -> list[str]:
    return list(texts.to_pylist()) if isinstance(texts, pa.Array | pa.ChunkedArray) else list(texts)
