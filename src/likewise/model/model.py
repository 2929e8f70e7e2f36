"""A trained model: texts in, unit vectors out."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Int32
from safetensors.numpy import save

from likewise.encoders.documents import DocumentPooling
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.model.card import SAMPLE_CHARACTERS, SAMPLE_TEXTS, Card
from likewise.model.embedder import Component
from likewise.model.folder import TOKENIZER, WEIGHTS, Sealed, fingerprint, read_folder, write_folder
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer, as_arrow

__all__ = ["Embedder", "Model", "Texts"]

Texts: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray

CHUNK_TEXTS = 1 << 14  # encoded at once: their ids stay in the cache
TRAINED_WEIGHT = 0.4  # of the trained columns in hybrid search; BM25 has the rest


@runtime_checkable
class Embedder(Protocol):
    """What everything that uses a model asks of it; any object with these will do.

    One that encodes what is asked and what is found in two ways has `encode_query` and `encode_document` as well, as in
    sentence-transformers.
    """

    dim: int

    def encode(self, texts: Sequence[str], /) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector a text."""
        ...


class Model:
    """A tokenizer and an encoder.

    Attributes:
        tokenizer: texts to ids.
        encoder: ids to unit vectors.
        card: where the model comes from and how good it is known to be.
        sample: some texts of the corpus, for the report: 1,000 at the most, each cut at 500 characters; empty where
            they were left out.
        stems: of each word that has another form as its stem, in lower case, that stem; the search by words uses them.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        encoder: StaticEncoder,
        card: Card | None = None,
        sample: Sequence[str] = (),
        stems: Mapping[str, str] | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.card = card or Card()
        self.sample = tuple(text[:SAMPLE_CHARACTERS] for text in sample[:SAMPLE_TEXTS])
        self.stems = dict(stems or {})

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.encoder.dim

    @property
    def components(self) -> tuple[Component, ...]:
        """The components of a vector, in the order of its columns; hybrid search uses the trained one.

        The lexical and LSA columns mostly repeat which words a text has, which BM25 knows better.
        """
        pooling = self.encoder.documents
        if pooling is None:
            return (Component("trained", self.dim, TRAINED_WEIGHT),)
        others = zip(pooling.dims[1:], pooling.length_priors[1:], strict=True)
        untrained = (Component("lexical" if prior > 0 else "lsa", dim, 0.0) for dim, prior in others)
        return (Component("trained", pooling.dims[0], TRAINED_WEIGHT), *untrained)

    def for_search(self) -> "Model":
        """Return the model with only the columns that hybrid search uses, which is what an index stores."""
        pooling, components = self.encoder.documents, self.components
        used = [component.hybrid_weight > 0 for component in components]
        if pooling is None or all(used):
            return self
        columns = np.repeat(used, [component.dim for component in components])
        parts = zip(pooling.dims, pooling.shares, pooling.length_priors, strict=True)
        kept = [part for part, is_used in zip(parts, used, strict=True) if is_used]
        dims, shares, length_priors = zip(*kept, strict=True)
        encoder = StaticEncoder(self.encoder.weights[:, columns], DocumentPooling(dims, shares, length_priors))
        return Model(self.tokenizer, encoder, self.card, (), self.stems)

    def encode(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """One vector a text, unit rows; a text without any known piece is a row of zeros.

        Args:
            texts: strings, or an Arrow array of them.

        Raises:
            InputError: something in it is not a string.
        """
        return self._encoded(texts, self.encoder.encode)

    def encode_query(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts that look for others: those of `encode`."""
        return self.encode(texts)

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts to be found by queries, one a text; the product with a query's says how well it answers.

        Repeated words count less than in `encode`, and the vectors of documents that are so short that they tell little
        are shorter than one (`encoders.documents`). The vectors of `encode` are those to compare texts of one kind by.

        Args:
            texts: strings, or an Arrow array of them.

        Raises:
            InputError: something in it is not a string.
        """

        def encode(ids: Ragged, out: Float32[np.ndarray, "texts dim"]) -> object:
            # A word counts as often as it and its other forms occur: they share a row.
            return self.encoder.encode_documents(Ragged(self._stem_ids[ids.ids], ids.offsets), out)

        return self._encoded(texts, encode)

    def _encoded(self, texts: Texts, encode: Callable[..., object]) -> Float32[np.ndarray, "texts dim"]:
        array = as_arrow(texts)
        vectors = np.empty((len(array), self.dim), np.float32)
        for first in range(0, len(array), CHUNK_TEXTS):
            ids = self.tokenizer.encode(array.slice(first, CHUNK_TEXTS))
            encode(ids, out=vectors[first : first + CHUNK_TEXTS])
        return vectors

    @cached_property
    def _stem_ids(self) -> Int32[np.ndarray, " vocab"]:
        """The piece that stands for each piece."""
        subwords = self.tokenizer.vocabulary.subwords
        numbers = {subword: number for number, subword in enumerate(subwords)} if self.stems else {}
        stems = np.arange(len(subwords), dtype=np.int32)
        for form, stem in self.stems.items():
            if form in numbers and stem in numbers:
                stems[numbers[form]] = numbers[stem]
        return stems

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what decides its vectors: an index refuses a model with another one."""
        weights = save({"embedding.weight": np.ascontiguousarray(self.encoder.weights, np.float32)})
        tokenizer = self.tokenizer.reference.to_str().encode()
        sums = {WEIGHTS: hashlib.sha256(weights).hexdigest(), TOKENIZER: hashlib.sha256(tokenizer).hexdigest()}
        return fingerprint(sums, self.encoder.documents)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder, which sentence-transformers loads too.

        Raises:
            InputError: `path` exists and `overwrite` is false, or cannot be written.
            LikewiseError: the disk is full; nothing is left half-written.
        """
        sealed = Sealed(
            self.encoder.weights, self.tokenizer, self.card, self.sample, self.stems, self.encoder.documents
        )
        write_folder(Path(path), sealed, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path, *, backend: str | None = None) -> "Model":
        """Read a model folder: of this package, or of sentence-transformers with a transformer in it.

        Args:
            path: the folder.
            backend: what a transformer runs on: `torch`, `onnx` or `onnx-int8`, the latter two once it was exported;
                torch if None, or a graph where torch is not installed or the folder was saved for one.

        Raises:
            InputError: it is no model folder, a file of it is missing or damaged, or it has no such backend.
            LikewiseError: it holds a transformer, and what that runs on is not installed.
        """
        from likewise.model.transformer import TransformerModel, is_transformer

        if is_transformer(Path(path)):
            from likewise.model.onnx import OnnxModel, backend_of

            chosen = backend_of(Path(path), backend)
            return TransformerModel.load(path) if chosen == "torch" else OnnxModel.load(path, backend=chosen)
        if backend is not None:
            raise InputError(f"{path} is a static model, which needs no backend: leave {backend!r} out")
        sealed = read_folder(Path(path))
        encoder = StaticEncoder(sealed.weights, sealed.documents)
        model = cls(sealed.tokenizer, encoder, sealed.card, sealed.sample, sealed.stems)
        model.__dict__["fingerprint"] = sealed.fingerprint  # known from the checksums: no second hash of the weights
        return model
