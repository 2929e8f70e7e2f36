"""What an index needs of a model: vectors, and a way to recognise it.

Anything with `encode(texts)` will do; one that has `encode_query` and `encode_document` too, as a model of
sentence-transformers has, is asked for these. A model with a `fingerprint` and `save(path)`, as Likewise's own, is
stored in the index. Another, a sentence-transformers model for one, cannot be: it is known again by the vectors of a
few fixed texts, and has to be passed when the index is opened.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from likewise.errors import InputError, LikewiseError

__all__ = [
    "MODEL",
    "PROBES",
    "Identity",
    "StorableModel",
    "document_vectors",
    "identity_of",
    "model_of",
    "query_vectors",
    "refuse_missing",
    "same_probe",
    "unit_vectors",
]

MODEL = "model"  # the folder within the index

# Several lengths, scripts and signs, so that two models which agree on all of them are the same for our purposes.
PROBES = (
    "The battery died after two days and nobody answered my letters.",
    "Ein kurzer Satz über Äpfel, Züge und das Wetter in Köln.",
    "Сколько стоит билет до Москвы? 東京の天気は晴れです。",
    "def read(path: str) -> bytes: 0123456789 !?",
)
# The same model on another machine, or in another batch, differs by less; another model, by about 1.
_TOLERANCE = 1e-2


@runtime_checkable
class StorableModel(Protocol):
    """A model that can be kept in an index."""

    fingerprint: str

    def encode(self, texts: Any, /) -> Any:
        """One vector a text."""
        ...

    def save(self, path: Path, /) -> None:
        """Write the model to a new folder."""
        ...


@dataclass(frozen=True)
class Identity:
    """What a model is known by.

    Attributes:
        name: of its class.
        dim: length of its vectors.
        fingerprint: its own, or one derived from class, `dim` and the rounded vectors of the probes.
        storable: whether the model itself can be kept in the index.
        probe: the vectors of the probes.
    """

    name: str
    dim: int
    fingerprint: str
    storable: bool
    probe: Float32[np.ndarray, "probes dim"]

    def settings(self) -> dict[str, Any]:
        """What the record keeps of it."""
        return {
            "model": self.name,
            "dim": self.dim,
            "fingerprint": self.fingerprint,
            "model_stored": int(self.storable),
            "probe": self.probe.tobytes(),
        }


def identity_of(model: Any) -> Identity:
    """Find out what there is to know of a model.

    Raises:
        InputError: it has no `encode`, or what that gives are not vectors.
    """
    if isinstance(model, (str, Path)):
        raise InputError(f"a model was expected, the path {model} was given: pass likewise.load({str(model)!r})")
    if not callable(getattr(model, "encode", None)):
        raise InputError(
            f"a model has encode(texts), which {type(model).__name__} lacks: pass a likewise.Model or the like"
        )
    name, probe = type(model).__name__, unit_vectors(model, list(PROBES), None)
    # What is stored are vectors of documents, which a model may make longer than those of texts.
    dim = document_vectors(model, list(PROBES[:1]), None).shape[1]
    if isinstance(model, StorableModel):
        return Identity(name, dim, model.fingerprint, True, probe)
    # Rounding makes unlike fingerprints of one model rare, not impossible: `check_model` compares the vectors.
    known = f"{name} {probe.shape[1]} ".encode() + np.round(probe, 2).astype(np.float32).tobytes()
    return Identity(name, dim, hashlib.sha256(known).hexdigest(), False, probe)


def model_of(folder: Path, fingerprint: str, what: str) -> Any:
    """The model that is kept in a folder.

    Args:
        folder: in which `MODEL` is.
        fingerprint: of the model that was kept.
        what: was made with it, for the message.

    Raises:
        InputError: it is damaged, or another one.
    """
    from likewise.model.model import Model

    model = Model.load(folder / MODEL)
    if model.fingerprint != fingerprint:
        raise InputError(f"{folder / MODEL} is not the model that {what} was made with: restore it")
    return model


def refuse_missing(folder: Path) -> None:
    """Refuse a folder that has lost its model.

    Raises:
        InputError: it is not there.
    """
    if not (folder / MODEL).is_dir():
        raise InputError(f"the model of {folder} is missing, {folder / MODEL}: restore it, or pass the model")


def same_probe(one: Float32[np.ndarray, "..."], other: Float32[np.ndarray, "..."]) -> bool:
    """Whether vectors of the probes are of one model, be it on another machine."""
    return one.shape == other.shape and bool(np.abs(one - other).max() < _TOLERANCE)


def unit_vectors(model: Any, texts: list[str], dim: int | None) -> Float32[np.ndarray, "texts dim"]:
    """The model's vectors, scaled to length one; a zero vector stays zero.

    Args:
        model: anything with `encode`.
        texts: at least one.
        dim: the length that the vectors must have, if it is known.

    Raises:
        InputError: the vectors have another length or are no (texts, dim) array.
        LikewiseError: the model gave something that is not a finite number.
    """
    return _unit(_vectors(model, model.encode, texts, dim))


def query_vectors(model: Any, texts: list[str], dim: int | None) -> Float32[np.ndarray, "texts dim"]:
    """The same of texts that ask, by the model's `encode_query` where it has one."""
    return _unit(_vectors(model, _way(model, "encode_query"), texts, dim))


def document_vectors(model: Any, texts: list[str], dim: int | None) -> Float32[np.ndarray, "texts dim"]:
    """The same of texts that are to be found, by the model's `encode_document` where it has one.

    Those of a `likewise.Model` stay as long as they are, at most one: there a shorter vector means something.
    """
    vectors = _vectors(model, _way(model, "encode_document"), texts, dim)
    ours = isinstance(model, StorableModel) and hasattr(model, "encode_document")
    return _scaled(vectors, shortest=1.0) if ours else _unit(vectors)


def _way(model: Any, name: str) -> Callable[[list[str]], Any]:
    way = getattr(model, name, None)
    found: Callable[[list[str]], Any] = way if callable(way) else model.encode
    return found


def _vectors(
    model: Any, encode: Callable[[list[str]], Any], texts: list[str], dim: int | None
) -> Float32[np.ndarray, "texts dim"]:
    vectors = np.asarray(encode(texts), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or dim not in (None, vectors.shape[1]):
        expected = f"({len(texts)}, {'dim' if dim is None else dim})"
        raise InputError(
            f"the model {type(model).__name__} gave an array of shape {vectors.shape} for {len(texts)} texts, expected"
            f" {expected}: it is no model of one vector a text, or not the model of this index"
        )
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise LikewiseError(f"the model {type(model).__name__} gave no finite vector for {texts[row][:60]!r}")
    return vectors


def _unit(vectors: Float32[np.ndarray, "texts dim"]) -> Float32[np.ndarray, "texts dim"]:
    return _scaled(vectors, shortest=float(np.finfo(np.float32).tiny))


def _scaled(vectors: Float32[np.ndarray, "texts dim"], shortest: float) -> Float32[np.ndarray, "texts dim"]:
    """Rows of length one, but for those that are shorter than `shortest`, which stay so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors / np.maximum(lengths, np.float32(shortest))
    return scaled
