"""A static encoder with a linear map behind it, by which few labels move all words and not only those that they hold.

Moving the rows themselves teaches only the words of the labelled texts, and takes them away from the words that they
lay beside: with 8 and with 64 labels a class of customer reviews it made vectors worse. A map moves all words alike.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

__all__ = ["LinearMap"]

SMALLEST_NORM = 1e-12


@dataclass(frozen=True)
class _Tape:
    before: Float32[np.ndarray, "texts dim"]
    after: Float32[np.ndarray, "texts dim"]
    norms: Float32[np.ndarray, "texts 1"]


class LinearMap:
    """An encoder by the protocol of `encoders.encoder`, of which only the map is trained.

    Attributes:
        encoder: what comes before the map.
        map: starts as the identity.
        dim: length of a vector.
    """

    def __init__(self, encoder: StaticEncoder) -> None:
        self.encoder, self.dim = encoder, encoder.dim
        self.map = np.eye(encoder.dim, dtype=np.float32)
        self._gradient = np.zeros_like(self.map)

    def forward(self, texts: Ragged) -> tuple[Float32[np.ndarray, "texts dim"], _Tape]:
        """Unit vectors, and what `backward` needs."""
        before = self.encoder.encode(texts)
        after = before @ self.map
        norms = np.maximum(np.linalg.norm(after, axis=1, keepdims=True), np.float32(SMALLEST_NORM))
        return after / norms, _Tape(before, after / norms, norms)

    def backward(self, tape: _Tape, gradient: Any) -> None:
        """Adds the gradient of the map: through the norm, then the product."""
        inwards = (gradient * tape.after).sum(axis=1, keepdims=True)
        self._gradient += tape.before.T @ ((gradient - tape.after * inwards) / tape.norms)

    def step(self, learning_rate: float) -> None:
        """Moves the map by so much of its gradient, whose Frobenius norm is made one."""
        length = float(np.linalg.norm(self._gradient))
        self.map -= np.float32(learning_rate / max(length, SMALLEST_NORM)) * self._gradient
        self._gradient[:] = 0

    def state(self) -> dict[str, np.ndarray]:
        """What training changes."""
        return {"map": self.map}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Put back a `state`, and forget gradients."""
        self.map[:] = state["map"]
        self._gradient[:] = 0

    def folded(self) -> StaticEncoder:
        """The static encoder whose rows are mapped: it gives the same vectors."""
        return StaticEncoder(self.encoder.weights @ self.map)
