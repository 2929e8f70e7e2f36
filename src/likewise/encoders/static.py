"""The static encoder: the normalised mean of one embedding row per token. No torch, no pretrained weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.arrays import Float
from likewise.encoders.documents import DocumentPooling, pooled_documents
from likewise.tokens.ragged import Ragged

BLOCKS = 64  # of a compiled loop; threads take one after the other
FEW_IDS = 10_000  # whose rows numpy may copy
FEW_TEXTS = 16  # up to here numpy is quick enough, and the compiled loops need not be loaded
SMALLEST_NORM = 1e-12
TINY = 1e-8


@dataclass(frozen=True)
class StaticTape:
    """What the backward pass needs from a forward pass.

    Attributes:
        texts: token ids.
        vectors: unit vectors.
        norms: length of the sum of each text's rows.
    """

    texts: Ragged
    vectors: Float[np.ndarray, "texts dim"]
    norms: Float[np.ndarray, " texts"]


class StaticEncoder:
    """Mean of embedding rows, normalised.

    The weight of a token is the norm of its row, so token weights are learned with the rows and need no table of their
    own. Training touches only the rows of a batch: row-wise Adagrad keeps one number per row (Duchi et al. 2011, with
    the squared gradient averaged over the row).

    Attributes:
        weights: embedding rows, float32 in use (float64 for exact comparisons).
        squares: Adagrad's sum of mean squared gradients, one per row.
        dim: length of a vector.
        documents: document pooling; None encodes documents as all other texts.
    """

    def __init__(
        self,
        weights: Float[np.ndarray, "vocab dim"],
        documents: DocumentPooling | None = None,
        *,
        few_texts: int = FEW_TEXTS,
    ) -> None:
        """Takes rows.

        Args:
            weights: embedding rows; kept as they are if they are contiguous.
            documents: document pooling; None encodes documents as all other texts.
            few_texts: up to so many texts are encoded by numpy, more by compiled loops.
        """
        self.weights = np.ascontiguousarray(weights)
        self.documents = documents
        self.squares = np.zeros(len(weights), self.weights.dtype)
        self.dim = int(self.weights.shape[1])
        self._few_texts = few_texts
        self._count = np.zeros(len(weights), np.int64)
        self._pending: list[tuple[Ragged, np.ndarray]] = []

    @classmethod
    def random(cls, token_weights: Float[np.ndarray, " vocab"], dim: int, rng: np.random.Generator) -> "StaticEncoder":
        """Random directions times a weight per token (log-IDF): before training, a random projection of TF-IDF."""
        rows = rng.standard_normal((len(token_weights), dim), np.float32) / np.float32(np.sqrt(dim))
        return cls(rows * token_weights.astype(np.float32)[:, None])

    def encode(
        self, texts: Ragged, out: Float[np.ndarray, "texts dim"] | None = None
    ) -> Float[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`, written to `out` if given; a text without ids is a row of zeros."""
        vectors = np.empty((len(texts), self.dim), self.weights.dtype) if out is None else out
        if len(texts) <= self._few_texts and texts.offsets[-1] - texts.offsets[0] <= FEW_IDS:
            self._encode_few(texts, vectors)
            return vectors
        from likewise.encoders.kernels import pool

        pool(self.weights, texts.ids, texts.offsets, vectors, np.empty(len(texts), self.weights.dtype), BLOCKS)
        return vectors

    def encode_documents(
        self, texts: Ragged, out: Float[np.ndarray, "texts dim"] | None = None
    ) -> Float[np.ndarray, "texts dim"]:
        """Vectors of texts to be found by queries, of length 1 or less.

        The dot product with a query's vector is the relevance of a document. It is the cosine, except for documents so
        short that they are weak evidence: their vectors are shorter (`encoders.documents`).
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
        """Turn the gradient of the unit vectors into that of the sums of rows, and keep it until the next `step`."""
        from likewise.encoders.kernels import normalise_backward

        of_sums = np.empty_like(tape.vectors)
        normalise_backward(tape.vectors, tape.norms, np.ascontiguousarray(gradient), of_sums, BLOCKS)
        self._pending.append((tape.texts, of_sums))

    def step(self, learning_rate: float) -> None:
        """One step of row-wise Adagrad on the rows touched since the last."""
        if not self._pending:
            return
        from likewise.encoders.kernels import row_adagrad

        touched, begins, texts, of_sums = self._occurrences()
        rate, tiny = self.weights.dtype.type(learning_rate), self.weights.dtype.type(TINY)
        row_adagrad(self.weights, self.squares, touched, begins, texts, of_sums, rate, tiny, BLOCKS)
        self._pending.clear()

    def state(self) -> dict[str, np.ndarray]:
        """Everything that training changes, by name; the arrays are the encoder's own."""
        return {"weights": self.weights, "squares": self.squares}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Copy a `state` into the encoder's own arrays, and clear the gradients."""
        self.weights[:] = state["weights"]
        self.squares[:] = state["squares"]
        self._pending.clear()

    def _encode_few(self, texts: Ragged, vectors: Float[np.ndarray, "texts dim"]) -> None:
        """The same sums in the same order as the compiled loop."""
        for text, vector in enumerate(vectors):
            vector[:] = self.weights[texts[text]].sum(axis=0)
            norm = np.sqrt(np.sum(vector.astype(np.float64) ** 2))
            vector[:] *= vector.dtype.type(1 / norm if norm > SMALLEST_NORM else 0)

    def _occurrences(self) -> tuple[Any, Any, Any, np.ndarray]:
        """The rows that the pending texts touch, the texts of each, and the gradients of the texts' sums."""
        from likewise.encoders.kernels import occurrences

        texts, of_sums = self._pending[0]
        if len(self._pending) > 1:
            texts = Ragged.concatenate([ids for ids, _ in self._pending])
            of_sums = np.concatenate([rows for _, rows in self._pending])
        return *occurrences(texts.ids, texts.offsets, self._count), of_sums
