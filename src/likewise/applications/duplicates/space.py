"""Where texts are compared, and what is kept of each for that: its hashes and its vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from likewise.applications.duplicates.columns import Cells, Columns, hash_records
from likewise.applications.duplicates.idf import gram_weights, word_weights
from likewise.applications.duplicates.minhash import TextHashes
from likewise.arrays import Float16, Float32, Int
from likewise.encoders.quantised import QuantisedEncoder
from likewise.encoders.static import StaticEncoder
from likewise.model.embedder import unit_vectors
from likewise.model.model import Model
from likewise.tokens.tokenizer import as_arrow

KEPT = 256  # principal axes of the embeddings that are kept
COARSE = 96  # of these, the first, by which candidates are found
ENCODED = 1 << 13  # texts encoded at once
SMALLEST = 1e-12


class Space:
    """Where texts are compared: an encoder whose vectors are projected to the principal axes of a corpus, and letters.

    Attributes:
        encoder: anything with `encode`; None compares words alone.
        axes: the principal axes, as columns.
        gram_weights: IDF of trigrams, by the highest bits of their hashes.
        word_weights: IDF of words, by the highest bits of their hashes, as a share of that of a word that occurs once.
        columns: of records; None where texts are compared.
    """

    def __init__(
        self,
        encoder: Any,
        axes: Float32[np.ndarray, "dim kept"],
        gram_weights: Float32[np.ndarray, " hashes"],
        word_weights: Float32[np.ndarray, " hashes"],
        columns: Columns | None = None,
    ) -> None:
        self.columns = columns
        self.encoder, self.axes = encoder, np.ascontiguousarray(axes, np.float32)
        self.gram_weights = np.ascontiguousarray(gram_weights, np.float32)
        self.word_weights = np.ascontiguousarray(word_weights, np.float32)
        self._projected: Any = None
        if isinstance(encoder, Model) and isinstance(encoder.encoder, QuantisedEncoder):
            self._projected = Model(encoder.tokenizer, StaticEncoder(encoder.encoder.weights @ self.axes))

    @classmethod
    def of(
        cls, encoder: Any, sample: Sequence[str] | pa.Array, hashes: TextHashes, columns: Columns | None = None
    ) -> "Space":
        """Fit the principal axes to the uncentred vectors of a sample of texts, and IDF to the hashes of all."""
        weights = gram_weights(hashes), word_weights(hashes)
        if encoder is None:
            return cls(None, np.zeros((0, 0), np.float32), *weights, columns)
        vectors = unit_vectors(encoder, as_arrow(sample).to_pylist(), None)
        return cls(encoder, principal_axes(vectors, KEPT), *weights, columns)

    @property
    def dim(self) -> int:
        """Length of a projected vector; 0 without an encoder."""
        return int(self.axes.shape[1])

    def vectors(self, texts: pa.Array) -> Float32[np.ndarray, "texts kept"]:
        """Projected unit vectors of texts; zeros where the encoder gives zeros."""
        out = np.empty((len(texts), self.dim), np.float32)
        for first in range(0, len(texts), ENCODED):
            some = texts.slice(first, ENCODED)
            if self._projected is not None:
                out[first : first + ENCODED] = self._projected.encode(some)
                continue
            turned = unit_vectors(self.encoder, some.to_pylist(), len(self.axes)) @ self.axes
            out[first : first + ENCODED] = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), SMALLEST)
        return out


def principal_axes(vectors: Float32[np.ndarray, "texts dim"], most: int) -> Float32[np.ndarray, "dim kept"]:
    """The principal axes of uncentred vectors, the longest first; dot products are preserved."""
    dim = vectors.shape[1]
    if dim <= COARSE:
        return np.eye(dim, dtype=np.float32)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], np.float32)


@dataclass(frozen=True)
class Features:
    """What is compared of some texts.

    Attributes:
        hashes: of the texts, their words and their trigrams.
        vectors: unit vectors in the space; no columns where there is no encoder.
        cells: of records; None where texts are compared.
    """

    hashes: TextHashes
    vectors: Float16[np.ndarray, "texts kept"]
    cells: Cells | None = None

    def __len__(self) -> int:
        return len(self.hashes)

    @classmethod
    def of(cls, texts: pa.Array, space: Space, hashes: TextHashes | None = None, *, chunk: int = 1 << 15) -> "Features":
        """Of texts.

        Args:
            texts: an Arrow array.
            space: where they are compared.
            hashes: theirs, where they are known.
            chunk: texts that are encoded at once.
        """
        vectors = np.empty((len(texts), space.dim), np.float16)
        for first in range(0, len(texts) if space.encoder is not None else 0, chunk):
            vectors[first : first + chunk] = space.vectors(texts.slice(first, chunk))
        cells = Cells.of(texts, space.columns) if space.columns else None
        return cls(hashes or hash_records(texts, len(space.columns.names) if space.columns else 0), vectors, cells)

    @property
    def parts(self) -> tuple[TextHashes, ...]:
        """Those by whose bands candidates are found: the texts, and the cells of each column of records."""
        return (self.hashes, *(self.cells.hashes if self.cells else ()))

    def take(self, rows: Int[np.ndarray, " some"]) -> "Features":
        """Those of some texts, in that order."""
        return Features(self.hashes.take(rows), self.vectors[rows], self.cells.take(rows) if self.cells else None)

    def joined(self, others: "Features") -> "Features":
        """These, and then those of other texts."""
        return Features(
            TextHashes.joined([self.hashes, others.hashes]),
            np.concatenate([self.vectors, others.vectors]),
            self.cells.joined(others.cells) if self.cells and others.cells else None,
        )
