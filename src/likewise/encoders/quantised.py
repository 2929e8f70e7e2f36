"""The static encoder as a model holds and stores it: rows of int8, each with a power of two as its scale.

A quarter of the bytes of single precision, in memory as in the folder, and sums of rows are limited by memory.
"""

from typing import Any

import numpy as np

from likewise.arrays import Float, Float32, Int8
from likewise.encoders.documents import DocumentPooling, pooled_documents
from likewise.encoders.static import BLOCKS, FEW_IDS, FEW_TEXTS, SMALLEST_NORM
from likewise.errors import LikewiseError
from likewise.tokens.ragged import Ragged

LARGEST = 127  # of a number in a row


class QuantisedEncoder:
    """A static encoder that is not trained any more.

    Products with a power of two are exact, so it gives the vectors, to the bit, of the weights that it stands for.

    Attributes:
        rows: whole numbers from -127 to 127.
        scales: of each row, a power of two.
        documents: document pooling; None encodes documents as all other texts.
        dim: length of a vector.
    """

    def __init__(
        self,
        rows: Int8[np.ndarray, "vocab dim"],
        scales: Float32[np.ndarray, " vocab"],
        documents: DocumentPooling | None = None,
        *,
        few_texts: int = FEW_TEXTS,
    ) -> None:
        """Takes rows and scales.

        Args:
            rows: whole numbers.
            scales: powers of two.
            documents: document pooling; None encodes documents as all other texts.
            few_texts: up to so many texts are encoded by numpy, more by compiled loops.
        """
        self.rows, self.scales = np.ascontiguousarray(rows), np.ascontiguousarray(scales)
        self.documents = documents
        self.dim = int(self.rows.shape[1])
        self._few_texts = few_texts

    @classmethod
    def of(
        cls, weights: Float[np.ndarray, "vocab dim"], documents: DocumentPooling | None = None
    ) -> "QuantisedEncoder":
        """Round each row of weights to whole numbers times the smallest power of two that keeps them within 127.

        Rounding what is rounded changes nothing.

        Raises:
            LikewiseError: a weight is not finite.
        """
        largest = np.abs(weights).max(axis=1, initial=0.0)
        if not np.isfinite(largest).all():
            raise LikewiseError("the weights of the model are not finite: train it again with a lower learning rate")
        parts, exponents = np.frexp(largest / LARGEST)
        exponents = np.where(largest > 0, exponents - (parts == 0.5), 0)
        scales = np.ldexp(np.float32(1), exponents).astype(np.float32)
        return cls(np.rint(weights / scales[:, None]).astype(np.int8), scales, documents)

    @property
    def weights(self) -> Float32[np.ndarray, "vocab dim"]:
        """The weights that all rows stand for: a new array at each call."""
        weights: np.ndarray = self.rows * self.scales[:, None]
        return weights

    def weights_of(self, ids: Any) -> Float32[np.ndarray, "ids dim"]:
        """The weights of some rows."""
        weights: np.ndarray = self.rows[ids] * self.scales[ids, None]
        return weights

    def encode(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`, written to `out` if given; a text without ids is a row of zeros."""
        vectors = np.empty((len(texts), self.dim), np.float32) if out is None else out
        if len(texts) <= self._few_texts and texts.offsets[-1] - texts.offsets[0] <= FEW_IDS:
            self._encode_few(texts, vectors)
            return vectors
        from likewise.encoders.kernels import pool_int8

        pool_int8(self.rows, self.scales, texts.ids, texts.offsets, vectors, BLOCKS)
        return vectors

    def encode_documents(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts to be found by queries, of length 1 or less (`StaticEncoder.encode_documents`)."""
        if self.documents is None:
            return self.encode(texts, out)
        return pooled_documents(self.rows, texts, self.documents, out, scales=self.scales)

    def _encode_few(self, texts: Ragged, vectors: Float32[np.ndarray, "texts dim"]) -> None:
        """The same sums in the same order as the compiled loop."""
        for text, vector in enumerate(vectors):
            vector[:] = self.weights_of(texts[text]).sum(axis=0)
            norm = np.sqrt(np.sum(vector.astype(np.float64) ** 2))
            vector[:] *= np.float32(1 / norm if norm > SMALLEST_NORM else 0)
