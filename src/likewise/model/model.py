"""The static model: texts in, unit vectors out; encode, save and load in one place."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from likewise.arrays import Float32, Int8, Int32
from likewise.atomic import replacing_folder
from likewise.encoders.documents import DocumentPooling
from likewise.encoders.quantised import QuantisedEncoder
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.model.card import Card, readme, sample_of
from likewise.model.embedder import Component, Texts
from likewise.model.folder import (
    RECORD,
    SAMPLE,
    STATIC,
    TOKENIZER,
    WEIGHTS,
    card_in,
    check_file,
    damaged,
    new_record,
    read_record,
    refuse_other,
    sample_in,
    write_json,
    write_settings,
)
from likewise.tokens.ragged import Ragged
from likewise.tokens.tokenizer import Tokenizer, as_arrow

CHUNK_TEXTS = 1 << 14  # encoded at once: their ids stay in the cache
TRAINED_WEIGHT = 0.4  # of the trained columns in hybrid search; BM25 has the rest
# Names of the arrays in the file of weights, as model2vec has them; sentence-transformers multiplies one by the other.
ROWS, SCALES = "embeddings", "weights"


class Model:
    """A tokenizer and a static encoder.

    Each row of weights is int8 with a scale, a power of two, and they are rounded to that once, when a model is made:
    so the model in memory and the same model loaded from its folder have the same vectors, to the bit. They are
    computed in single precision.

    Attributes:
        tokenizer: texts to token ids.
        encoder: token ids to unit vectors, of rows in int8.
        card: where the model comes from and how good it is known to be.
        sample: some texts of the corpus, for the report: at most 1,000, each cut at 500 characters; may be empty.
        stems: of each word that has another form as its stem, in lower case, that stem; word search uses them.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        encoder: StaticEncoder | QuantisedEncoder,
        card: Card | None = None,
        sample: Sequence[str] = (),
        stems: Mapping[str, str] | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.card = card or Card()
        self.sample = sample_of(sample)
        self.stems = dict(stems or {})

    def _repr_html_(self) -> str:
        """Show itself in a notebook."""
        return self.card.as_html("static", self.dim)

    @property
    def encoder(self) -> QuantisedEncoder:
        """Token ids to unit vectors."""
        return self._encoder

    @encoder.setter
    def encoder(self, encoder: StaticEncoder | QuantisedEncoder) -> None:
        if isinstance(encoder, StaticEncoder):
            encoder = QuantisedEncoder.of(encoder.weights, encoder.documents)
        self._encoder = encoder
        self.__dict__.pop("fingerprint", None)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.encoder.dim

    @property
    def components(self) -> tuple[Component, ...]:
        """The components of a vector, in the order of its columns; hybrid search uses the trained one.

        The lexical columns repeat which words a text has, which BM25 knows better.
        """
        pooling = self.encoder.documents
        if pooling is None:
            return (Component("trained", self.dim, TRAINED_WEIGHT),)
        others = (Component("lexical", dim, 0.0) for dim in pooling.dims[1:])
        return (Component("trained", pooling.dims[0], TRAINED_WEIGHT), *others)

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

    def truncated(self, dim: int) -> "Model":
        """Return the model with the first columns alone, for vectors that are shorter and worse.

        The trained columns come first, ordered by how much they hold, so the beginning of a vector is one too.

        Args:
            dim: at most as many columns as were trained, or all.

        Raises:
            InputError: there are no vectors of that length.
        """
        if dim == self.dim:
            return self
        trained = self.components[0].dim
        if not 1 <= dim <= trained:
            whole = f", or {self.dim}" if trained < self.dim else ""
            raise InputError(f"this model has no vectors of {dim} dimensions: choose {trained} or fewer{whole}")
        encoder, pooling = self.encoder, self.encoder.documents
        short = DocumentPooling((dim,), pooling.shares[:1], pooling.length_priors[:1]) if pooling else None
        rows = QuantisedEncoder(encoder.rows[:, :dim], encoder.scales, short)
        return Model(self.tokenizer, rows, self.card, self.sample, self.stems)

    def encode(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector per text; a text without any known token is a row of zeros.

        Args:
            texts: strings, or an Arrow array of them.

        Raises:
            InputError: something in it is not a string.
        """
        return encode_chunks(self, texts, self.encoder.encode)

    def encode_query(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of queries: those of `encode`."""
        return self.encode(texts)

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts to be found by queries, one per text; the dot product with a query's is the relevance.

        Repeated words count less than in `encode`, and the vectors of documents so short that they are weak evidence
        are shorter than 1 (`encoders.documents`). To compare texts of one kind use `encode`.

        Args:
            texts: strings, or an Arrow array of them.

        Raises:
            InputError: something in it is not a string.
        """

        def encode(ids: Ragged, out: Float32[np.ndarray, "texts dim"]) -> object:
            # A word counts as often as it and its other forms occur: they share a row.
            return self.encoder.encode_documents(self.stemmed(ids), out)

        return encode_chunks(self, texts, encode)

    def stemmed(self, ids: Ragged) -> Ragged:
        """Return token ids with those of words that have a stem replaced by the stem's."""
        return Ragged(self._stem_ids[ids.ids], ids.offsets)

    @cached_property
    def _stem_ids(self) -> Int32[np.ndarray, " vocab"]:
        """The id of each token's stem."""
        subwords = self.tokenizer.vocabulary.subwords
        ids = {subword: id for id, subword in enumerate(subwords)} if self.stems else {}
        stems = np.arange(len(subwords), dtype=np.int32)
        for form, stem in self.stems.items():
            if form in ids and stem in ids:
                stems[ids[form]] = ids[stem]
        return stems

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what determines the vectors: an index refuses a model with another one."""
        tokenizer = self.tokenizer.reference.to_str().encode()
        sums = {WEIGHTS: _sha256(_weights_file(self.encoder)), TOKENIZER: _sha256(tokenizer)}
        return _fingerprint(sums, self.encoder.documents)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder, which sentence-transformers loads too; it is written whole or not at all.

        Raises:
            InputError: `path` exists and `overwrite` is false, or it is no model folder, or cannot be written.
            LikewiseError: the disk is full.
        """
        path = Path(path)
        refuse_other(path)
        vocabulary, documents = self.tokenizer.vocabulary, self.encoder.documents
        with replacing_folder(path, overwrite=overwrite) as folder:
            # safetensors' own save_file would make the file readable by its owner alone, whatever the umask
            (folder / WEIGHTS).write_bytes(_weights_file(self.encoder))
            self.tokenizer.save(folder / TOKENIZER)
            write_settings(folder, {"StaticEmbedding": {}, "Normalize": {}})
            text = readme(self.card, dim=self.dim, vocab=len(vocabulary))
            (folder / "README.md").write_text(text, encoding="utf-8", errors="backslashreplace")
            counts = vocabulary.counts.tolist()
            record = new_record(folder, STATIC, (WEIGHTS, TOKENIZER), self.card, self.sample, counts)
            pooling = asdict(documents) if documents else {}
            write_json(folder / RECORD, record | {"stems": self.stems, "documents": pooling})

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Read the folder of a static model; `likewise.load` reads those of all models.

        Raises:
            InputError: it is no such folder, or a file of it is missing or damaged.
        """
        folder = Path(path)
        if not folder.is_dir():
            found = "a file" if folder.exists() else "nothing"
            raise InputError(f"{path} is no model folder: there is {found} at that path")
        record = read_record(folder, STATIC, {"stems": dict, "documents": dict})
        sums = {name: expected for name, expected in record["sha256"].items() if name != SAMPLE}
        if set(sums) != {WEIGHTS, TOKENIZER}:
            raise damaged(folder, "sha256")
        for name, expected in sums.items():
            check_file(folder, name, expected)
        tokenizer = Tokenizer.load(folder / TOKENIZER, counts=_counts_in(folder, record))
        rows, scales = _read_weights(folder, len(tokenizer.vocabulary))
        documents, stems = _documents_in(folder, record, rows.shape[1]), _stems_in(folder, record)
        encoder = QuantisedEncoder(rows, scales, documents)
        model = cls(tokenizer, encoder, card_in(record), sample_in(folder, record), stems)
        model.__dict__["fingerprint"] = _fingerprint(sums, documents)  # no second hash of the weights
        return model


def encode_chunks(
    model: Any, texts: Texts, encode: Callable[..., object], *, chunk_texts: int = CHUNK_TEXTS
) -> Float32[np.ndarray, "texts dim"]:
    """Tokenize and encode texts in chunks.

    Args:
        model: with `tokenizer` and `dim`.
        texts: strings, or an Arrow array of them.
        encode: token ids to vectors, written to `out`.
        chunk_texts: number of texts encoded at once.
    """
    array = as_arrow(texts)
    vectors = np.empty((len(array), model.dim), np.float32)
    for first in range(0, len(array), chunk_texts):
        ids = model.tokenizer.encode(array.slice(first, chunk_texts))
        encode(ids, out=vectors[first : first + chunk_texts])
    return vectors


def _weights_file(encoder: QuantisedEncoder) -> bytes:
    data: bytes = save({ROWS: encoder.rows, SCALES: encoder.scales})
    return data


def _read_weights(folder: Path, vocab: int) -> tuple[Int8[np.ndarray, "vocab dim"], Float32[np.ndarray, " vocab"]]:
    """The rows of a folder, and their scales."""
    try:
        arrays = load_file(folder / WEIGHTS)
        rows, scales = arrays[ROWS], arrays[SCALES]
    except (SafetensorError, KeyError) as error:
        raise InputError(f"{folder}: {WEIGHTS} cannot be read: {error}") from error
    types = rows.dtype == np.int8 and scales.dtype == np.float32
    if rows.ndim != 2 or not types or not len(rows) == len(scales) == vocab or not np.isfinite(scales).all():
        raise InputError(
            f"{folder}: a vocabulary of {vocab} and weights {rows.dtype} {rows.shape}, scales {scales.shape}, do not "
            "belong together; restore the folder from a copy or train again"
        )
    return rows, scales


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _fingerprint(sums: Mapping[str, str], documents: DocumentPooling | None) -> str:
    """A hash of the checksums of weights and tokenizer, and of the document pooling."""
    pooling = json.dumps(asdict(documents)) if documents else ""
    return _sha256((sums[WEIGHTS] + sums[TOKENIZER] + pooling).encode())


def _counts_in(folder: Path, record: Mapping[str, Any]) -> np.ndarray:
    try:
        return np.array(record["counts"], np.int64).reshape(len(record["counts"]))
    except (ValueError, TypeError, OverflowError) as error:
        raise damaged(folder, "counts") from error


def _stems_in(folder: Path, record: Mapping[str, Any]) -> dict[str, str]:
    stems: dict[str, str] = record["stems"]
    if not all(isinstance(stem, str) for stem in stems.values()):
        raise damaged(folder, "stems")
    return stems


def _documents_in(folder: Path, record: Mapping[str, Any], dim: int) -> DocumentPooling | None:
    if not record["documents"]:
        return None
    try:
        found = DocumentPooling.of_plain(record["documents"])
        if sum(found.dims) != dim:
            raise ValueError
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise damaged(folder, "documents") from error
    return found
