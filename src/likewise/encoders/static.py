"""The static encoder: one row a piece of the vocabulary, their mean, unit norm. No torch, no pretrained weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int32

from likewise.encoders.documents import DocumentPooling, pooled_documents
from likewise.tokens.ragged import Ragged

__all__ = ["StaticEncoder", "StaticTape"]

BLOCKS = 64
FEW_IDS = 10_000  # whose rows numpy may copy
FEW_TEXTS = 16  # up to here numpy is quick enough, and the compiled loops need not be loaded
SMALLEST_NORM = 1e-12
TINY = 1e-8


@dataclass(frozen=True)
class StaticTape:
    """What the backward pass needs of a forward pass."""

    texts: Ragged
    vectors: Float[np.ndarray, "texts dim"]
    norms: Float[np.ndarray, " texts"]


class StaticEncoder:
    """Mean of embedding rows, scaled to unit norm.

    How much a piece counts is the norm of its row, so token weights are learned with the rows and need no table of
    their own. Training touches only the rows of a batch: row-wise Adagrad keeps one number a row (Duchi et al. 2011,
    with the square averaged over the row).

    Attributes:
        weights: the embedding rows, float32 in use (float64 for exact comparisons).
        squares: Adagrad's sum of mean squared gradients, one a row.
        dim: length of a vector.
        documents: how documents are pooled; None pools them as all other texts.
    """

    def __init__(self, weights: Float[np.ndarray, "vocab dim"], documents: DocumentPooling | None = None) -> None:
        self.weights = np.ascontiguousarray(weights)
        self.documents = documents
        self.squares = np.zeros(len(weights), self.weights.dtype)
        self.dim = int(self.weights.shape[1])
        self._count = np.zeros(len(weights), np.int64)
        self._pending: list[tuple[Ragged, np.ndarray]] = []

    @classmethod
    def random(cls, token_weights: Float[np.ndarray, " vocab"], dim: int, rng: np.random.Generator) -> "StaticEncoder":
        """Random directions times a weight a piece (log-IDF): before training, a random projection of TF-IDF."""
        rows = rng.standard_normal((len(token_weights), dim), np.float32) / np.float32(np.sqrt(dim))
        return cls(rows * token_weights.astype(np.float32)[:, None])

    def encode(
        self, texts: Ragged, out: Float[np.ndarray, "texts dim"] | None = None
    ) -> Float[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`, written to `out` where it is given; a text without ids is a row of zeros."""
        vectors = np.empty((len(texts), self.dim), self.weights.dtype) if out is None else out
        if len(texts) <= FEW_TEXTS and texts.offsets[-1] - texts.offsets[0] <= FEW_IDS:
            self._pool_few(texts, vectors)
            return vectors
        from likewise.encoders.kernels import pool

        pool(self.weights, texts.ids, texts.offsets, vectors, np.empty(len(texts), self.weights.dtype), BLOCKS)
        return vectors

    def encode_documents(
        self, texts: Ragged, out: Float[np.ndarray, "texts dim"] | None = None
    ) -> Float[np.ndarray, "texts dim"]:
        """Vectors of texts that are to be found by the vectors of others; none is longer than one.

        The product of the two says how well a document answers: it is the cosine, but for documents so short that they
        tell little, whose vectors are shorter (`encoders.documents`).
        """
        if self.documents is None:
            return self.encode(texts, out)
        return pooled_documents(self.weights, texts, self.documents, out)

    def forward(self, texts: Ragged) -> tuple[Float[np.ndarray, "texts dim"], StaticTape]:
        """Unit vectors of `texts`, and the tape for `backward`."""
        from likewise.encoders.kernels import pool

        vectors = np.empty((len(texts), self.dim), self.weights.dtype)
        norms = np.empty(len(texts), self.weights.dtype)
        pool(self.weights, texts.ids, texts.offsets, vectors, norms, BLOCKS)
        return vectors, StaticTape(texts, vectors, norms)

    def backward(self, tape: StaticTape, gradient: Float[np.ndarray, "texts dim"]) -> None:
        """Keeps what the gradient by the unit vectors means for the rows, until the next `step`."""
        from likewise.encoders.kernels import through_norm

        passed = np.empty_like(tape.vectors)
        through_norm(tape.vectors, tape.norms, np.ascontiguousarray(gradient), passed, BLOCKS)
        self._pending.append((tape.texts, passed))

    def gradients(self) -> tuple[Int32[np.ndarray, " rows"], Float[np.ndarray, "rows dim"]]:
        """The rows touched since the last `step`, and the gradient of each."""
        from likewise.encoders.kernels import row_gradients

        touched, begins, texts, passed = self._gathered()
        gradients = np.empty((len(touched), self.dim), self.weights.dtype)
        row_gradients(touched, begins, texts, passed, gradients, BLOCKS)
        return touched, gradients

    def step(self, learning_rate: float) -> None:
        """One step of row-wise Adagrad on the rows touched since the last."""
        if not self._pending:
            return
        from likewise.encoders.kernels import row_adagrad

        touched, begins, texts, passed = self._gathered()
        rate, tiny = self.weights.dtype.type(learning_rate), self.weights.dtype.type(TINY)
        row_adagrad(self.weights, self.squares, touched, begins, texts, passed, rate, tiny, BLOCKS)
        self._pending.clear()

    def parameters(self) -> dict[str, np.ndarray]:
        """What decides the vectors."""
        return {"weights": self.weights}

    def state(self) -> dict[str, np.ndarray]:
        """Everything that training changes, by name; the arrays are the encoder's own."""
        return {"weights": self.weights, "squares": self.squares}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Put back a `state`, copied into the encoder's own arrays."""
        self.weights[:] = state["weights"]
        self.squares[:] = state["squares"]
        self._pending.clear()

    def _pool_few(self, texts: Ragged, vectors: Float[np.ndarray, "texts dim"]) -> None:
        """The same sums in the same order as the compiled loop, so the same bits."""
        for text, vector in enumerate(vectors):
            vector[:] = self.weights[texts[text]].sum(axis=0)
            norm = np.sqrt(np.sum(vector.astype(np.float64) ** 2))
            vector[:] *= vector.dtype.type(1 / norm if norm > SMALLEST_NORM else 0)

    def _gathered(self) -> tuple[Any, Any, Any, np.ndarray]:
        from likewise.encoders.kernels import occurrences

        texts, passed = self._pending[0]
        if len(self._pending) > 1:
            texts = Ragged.concatenate([part for part, _ in self._pending])
            passed = np.concatenate([rows for _, rows in self._pending])
        return *occurrences(texts.ids, texts.offsets, self._count), passed
