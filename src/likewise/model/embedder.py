"""Anything that encodes texts, as checked unit vectors, and how it is recognised later.

Whatever uses vectors works with any object that has `encode(texts)`: a model of this package, one of
sentence-transformers, or a class of the user. `encode_query` and `encode_document` are used where an object has them,
as in sentence-transformers. `load.load_embedder` finds such an object by a path or a name; the functions here call it,
check what it returns, and scale it to float32 rows of length 1.

An index or a classifier must not be used with another model than it was made with. A model with a `fingerprint` and
`save(path)` is stored with it; any other is recognised by its vectors of a few fixed texts.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import pyarrow as pa

from likewise.arrays import Float32
from likewise.errors import InputError, LikewiseError
from likewise.model.card import Card

Texts: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray
Encode: TypeAlias = Callable[[Any, list[str], int | None], Float32[np.ndarray, "texts dim"]]
"""`unit_vectors`, `query_vectors` or `document_vectors`."""

# Several lengths, scripts and signs, so that two models which agree on all of them are the same for our purposes.
PROBES = (
    "The battery died after two days and nobody answered my letters.",
    "Ein kurzer Satz über Äpfel, Züge und das Wetter in Köln.",
    "Сколько стоит билет до Москвы? 東京の天気は晴れです。",
    "def read(path: str) -> bytes: 0123456789 !?",
)
TOLERANCE = 1e-2  # the same model on another machine, or in another batch, differs by less; another model, by about 1
PROBE_DIGITS = 4  # of a probe in a file


@dataclass(frozen=True)
class Component:
    """Consecutive columns of a model's vectors, which hybrid search weights together.

    Attributes:
        name: such as `trained` or `lexical`.
        dim: number of columns.
        hybrid_weight: the share of the component in the score of hybrid search; BM25 has what the weights of all
            components leave of 1. An index stores only the columns of components with a weight above 0.
    """

    name: str
    dim: int
    hybrid_weight: float


@runtime_checkable
class Embedder(Protocol):
    """An object that encodes texts.

    Attributes:
        dim: length of a vector of `encode`.
    """

    dim: int

    def encode(self, texts: Sequence[str], /) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector per text."""
        ...


@runtime_checkable
class StorableModel(Protocol):
    """A model that can be stored with an index or a classifier."""

    fingerprint: str

    def encode(self, texts: Any, /) -> Any:
        """One vector per text."""
        ...

    def save(self, path: Path, /) -> None:
        """Write the model to a new folder."""
        ...


@runtime_checkable
class TextModel(Protocol):
    """A model of this package, whatever it runs on: static, or a transformer on torch or onnxruntime."""

    @property
    def dim(self) -> int:
        """Length of a vector of `encode`."""
        ...

    @property
    def tokenizer(self) -> Any:
        """Texts to token ids."""
        ...

    @property
    def encoder(self) -> Any:
        """Token ids to unit vectors."""
        ...

    @property
    def card(self) -> Card:
        """Where the model comes from and how good it is known to be."""
        ...

    @property
    def sample(self) -> tuple[str, ...]:
        """Some texts of the corpus."""
        ...

    @property
    def stems(self) -> Mapping[str, str]:
        """The stem of each word that has another form as its stem."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what determines the vectors."""
        ...

    @property
    def components(self) -> tuple[Component, ...]:
        """The components of a vector of `encode_document`, in the order of its columns."""
        ...

    def encode(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector per text, to compare texts of one kind by."""
        ...

    def encode_query(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of queries."""
        ...

    def encode_document(self, texts: Texts, /) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of documents, of length 1 or less."""
        ...

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder."""
        ...


def unit_vectors(model: Any, texts: list[str], dim: int | None = None) -> Float32[np.ndarray, "texts dim"]:
    """Encode texts to compare with one another.

    Args:
        model: an object with `encode`.
        texts: at least one.
        dim: length that the vectors must have, if it is known.

    Returns:
        Rows of length 1; a zero vector stays zero.

    Raises:
        InputError: the model does not return one vector per text, or not of that length.
        LikewiseError: a vector is not finite.
    """
    return _scaled(_checked(model, model.encode, texts, dim))


def query_vectors(model: Any, texts: list[str], dim: int | None = None) -> Float32[np.ndarray, "texts dim"]:
    """Encode queries, by the model's `encode_query` if it has one; else as `unit_vectors`."""
    return _scaled(_checked(model, _method(model, "encode_query"), texts, dim))


def document_vectors(model: Any, texts: list[str], dim: int | None = None) -> Float32[np.ndarray, "texts dim"]:
    """Encode texts to be found by queries, by the model's `encode_document` if it has one; else as `unit_vectors`.

    The vectors of a model of this package may be shorter than 1 and stay so: a shorter vector is weaker evidence.
    """
    vectors = _checked(model, _method(model, "encode_document"), texts, dim)
    own = isinstance(model, StorableModel) and hasattr(model, "encode_document")
    return _scaled(vectors, shortest=1.0) if own else _scaled(vectors)


@dataclass(frozen=True)
class Identity:
    """What a model is recognised by.

    Attributes:
        name: of its class, or another given to it.
        dim: length of its vectors of documents.
        fingerprint: its own, or one derived from name, `dim` and the rounded probe.
        storable: whether the model itself can be stored.
        probe: its vectors of the probe texts.
    """

    name: str
    dim: int
    fingerprint: str
    storable: bool
    probe: Float32[np.ndarray, "probes dim"]

    def matches(self, other: "Identity") -> bool:
        """Whether both are of one model, be it on another machine."""
        if self.storable and other.storable:
            return self.fingerprint == other.fingerprint
        same_shape = self.probe.shape == other.probe.shape
        return same_shape and bool(np.abs(self.probe - other.probe).max() < TOLERANCE)

    def plain(self) -> dict[str, Any]:
        """The fields as JSON values; `Identity.of_plain` reads them."""
        probe = np.round(self.probe.astype(float), PROBE_DIGITS).tolist()
        return {
            "name": self.name, "dim": self.dim, "fingerprint": self.fingerprint, "storable": self.storable,
            "probe": probe,
        }  # fmt: skip

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "Identity":
        """Read the values that `plain` returned.

        Raises:
            KeyError: a field is missing.
            TypeError: a field is of the wrong kind.
            ValueError: the probe is no array of numbers.
        """
        probe = np.array(plain["probe"], np.float32).reshape(len(PROBES), -1)
        return cls(plain["name"], int(plain["dim"]), plain["fingerprint"], bool(plain["storable"]), probe)


def identity_of(model: Any, name: str | None = None) -> Identity:
    """The identity of a model, from its vectors of the probe texts.

    Args:
        model: an object with `encode`.
        name: of the model; the name of its class if None.

    Raises:
        InputError: it has no `encode`, or that does not return one vector per text.
        LikewiseError: a vector is not finite.
    """
    if isinstance(model, str | Path):
        raise InputError(f"a model was expected, the path {model} was given: pass likewise.load({str(model)!r})")
    if not callable(getattr(model, "encode", None)):
        raise InputError(
            f"a model has encode(texts), which {type(model).__name__} lacks: pass a likewise.Model or the like"
        )
    name = name or type(model).__name__
    probe = unit_vectors(model, list(PROBES))
    dim = document_vectors(model, list(PROBES[:1])).shape[1]
    if isinstance(model, StorableModel):
        return Identity(name, dim, model.fingerprint, True, probe)
    # Rounding makes different fingerprints of one model rare, not impossible: `matches` compares the vectors.
    key = f"{type(model).__name__} {probe.shape[1]} ".encode() + np.round(probe, 2).astype(np.float32).tobytes()
    return Identity(name, dim, hashlib.sha256(key).hexdigest(), False, probe)


def _method(model: Any, name: str) -> Callable[[list[str]], Any]:
    method = getattr(model, name, None)
    found: Callable[[list[str]], Any] = method if callable(method) else model.encode
    return found


def _checked(
    model: Any, encode: Callable[[list[str]], Any], texts: list[str], dim: int | None
) -> Float32[np.ndarray, "texts dim"]:
    vectors = np.asarray(encode(texts), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or not vectors.shape[1] or dim not in (None, vectors.shape[1]):
        expected = f"({len(texts)}, {'dim' if dim is None else dim})"
        raise InputError(
            f"the model {type(model).__name__} gave an array of shape {vectors.shape} for {len(texts)} texts, expected "
            f"{expected}: it does not encode a text as one vector, or is another model than before"
        )
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise LikewiseError(f"the model {type(model).__name__} gave no finite vector for {texts[row][:60]!r}")
    return vectors


def _scaled(
    vectors: Float32[np.ndarray, "texts dim"], shortest: float = float(np.finfo(np.float32).tiny)
) -> Float32[np.ndarray, "texts dim"]:
    """Rows of length 1, except those shorter than `shortest`, which are divided by that."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors / np.maximum(lengths, np.float32(shortest))
    return scaled
