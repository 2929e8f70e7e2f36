"""The model of an index: stored in it or recognised again, and the vectors that the index stores of it.

An index stores the columns of those components of a model's vectors that hybrid search uses, and of a Likewise model
only the part that computes them. A model of another library cannot be stored: it is recognised by its vectors of a few
fixed texts, and must be given when the index is opened; where it was joined with a companion, that is stored, and
joined with it again.
"""

import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Float16, Float32
from likewise.corpus.encoding import well_formed
from likewise.errors import InputError
from likewise.index.record import Record
from likewise.model.embedder import Component, Identity, document_vectors, identity_of, query_vectors
from likewise.model.joined import JoinedModel
from likewise.model.load import STORED, check_embedder, name_of, stored_model
from likewise.model.model import Model
from likewise.model.transformer import Companion

COMPANION = "companion"  # the setting of its weight, of an index whose companion is stored alone
ALONE_WEIGHT = 0.5  # in hybrid search, of the vectors of a model without components


class StoredModel:
    """The model of an index, which encodes texts to the stored columns.

    Args:
        record: of the index.
        model: the model, if it was given.

    Attributes:
        components: of the stored vectors.
        dim: length of a stored vector.
        name: class of the model that the index was made with, and the first characters of its fingerprint.
    """

    def __init__(self, record: Record, model: Any) -> None:
        self._record, self._model = record, None if model is None else _searched_part(_with_companion(record, model))
        every = [Component(*each) for each in json.loads(record.setting("components"))]
        searched = [each.hybrid_weight > 0 for each in every]
        self.components = tuple(each for each in every if each.hybrid_weight > 0)
        self.dim: int = record.setting("dim")
        identity = _identity(record)
        self.name = f"{identity.name} {identity.fingerprint[:12]}"
        self._columns: np.ndarray = np.repeat(searched, [each.dim for each in every])

    @property
    def model(self) -> Any:
        """The model that encodes texts and queries, loaded from the index when it is first needed.

        Raises:
            InputError: the stored model is missing or damaged, or is not the one of the index.
        """
        if self._model is None:
            with self._record.reading():
                folder, fingerprint = self._record.folder, self._record.setting("stored_fingerprint")
            self._model = stored_model(folder, fingerprint)
        return self._model

    def documents(self, texts: list[str]) -> Float16[np.ndarray, "texts dim"]:
        """Return the vectors of texts as the record stores them; zeros for blank texts, which are never found."""
        vectors = np.zeros((len(texts), self.dim), np.float16)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        if rows:
            vectors[rows] = self._stored_columns(document_vectors(self.model, [texts[row] for row in rows], None))
        return vectors

    def queries(self, queries: list[str]) -> Float32[np.ndarray, "queries dim"]:
        """Return unit vectors of queries; zeros for blank ones."""
        vectors = np.zeros((len(queries), self.dim), np.float32)
        rows = [row for row, query in enumerate(queries) if query.strip()]
        if rows:
            texts = [well_formed(queries[row]) for row in rows]
            vectors[rows] = self._stored_columns(query_vectors(self.model, texts, None))
        return vectors

    def _stored_columns(self, vectors: Float32[np.ndarray, "texts columns"]) -> Float32[np.ndarray, "texts dim"]:
        """Return the stored columns, scaled to unit length again; zeros stay zeros."""
        if vectors.shape[1] == self.dim:
            return vectors
        if vectors.shape[1] != len(self._columns):
            raise InputError(
                f"the model {type(self.model).__name__} returned an array of shape {vectors.shape}, expected"
                f" ({len(vectors)}, {len(self._columns)}): it is not the model of this index"
            )
        some = vectors[:, self._columns]
        unit: np.ndarray = some / np.maximum(np.linalg.norm(some, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return unit

    @staticmethod
    def save(folder: Path, model: Any) -> dict[str, Any]:
        """Store a model in a new index if possible, and return the settings by which it is recognised.

        Raises:
            InputError: it is no model, or its components do not fit its vectors.
        """
        known = identity_of(model, name_of(model.embedder) if isinstance(model, JoinedModel) else None)
        components = components_of(model, known.dim)
        settings: dict[str, Any] = {
            "identity": json.dumps(known.plain()),
            "dim": sum(each.dim for each in components if each.hybrid_weight > 0),
            "components": json.dumps([astuple(each) for each in components]),
            "stored_fingerprint": "",
        }
        if known.storable:
            part = _searched_part(model)
            part.save(folder / STORED)
            settings["stored_fingerprint"] = part.fingerprint
        elif isinstance(model, JoinedModel):
            model.companion.save(folder / STORED)
            settings["stored_fingerprint"] = model.companion.model.fingerprint
            settings[COMPANION] = model.companion.weight
        return settings

    @staticmethod
    def check(record: Record, model: Any) -> None:
        """Check that a model is the one of an index; None is the one that is stored in it.

        Raises:
            InputError: it is another model, or None although none is stored.
        """
        # The part that the index stores is its model too.
        if model is None or getattr(model, "fingerprint", None) != record.setting("stored_fingerprint"):
            check_embedder(record.folder, _identity(record), model)


def components_of(model: Any, dim: int) -> tuple[Component, ...]:
    """Return the components of a model's vectors; one of `ALONE_WEIGHT` if the model has no `components`.

    Args:
        model: any embedder.
        dim: length of its vectors.

    Raises:
        InputError: the dimensions of the components do not add up to `dim`, or their weights are not in order.
    """
    found = tuple(getattr(model, "components", None) or (Component("vector", dim, ALONE_WEIGHT),))
    dims, weights = [each.dim for each in found], [each.hybrid_weight for each in found]
    if sum(dims) != dim or min(dims) < 1 or min(weights) < 0 or not 0 < sum(weights) <= 1:
        given = ", ".join(f"{each.name} {each.dim} × {each.hybrid_weight:g}" for each in found)
        raise InputError(
            f"the components of the {type(model).__name__} are {given}: expected dimensions that add up to {dim}, and"
            " weights that add up to more than 0 and at most 1"
        )
    return found


def _with_companion(record: Record, model: Any) -> Any:
    """Return a model joined with the companion that its index stores, if it stores one alone.

    Raises:
        InputError: the stored companion is missing or damaged, or the model has another one.
    """
    weight = record.setting(COMPANION)
    if weight is None:
        return model
    folder, fingerprint = record.folder, record.setting("stored_fingerprint")
    if isinstance(model, JoinedModel):
        if (model.companion.model.fingerprint, model.companion.weight) != (fingerprint, weight):
            raise InputError(f"{folder} was made with another companion: pass the embedder alone, which gets that one")
        return model
    companion = Model.load(folder / STORED)
    if companion.fingerprint != fingerprint:
        raise InputError(f"{folder / STORED} is not the companion that {folder} was made with: restore it")
    return JoinedModel(model, Companion(companion, float(weight)))


def _searched_part(model: Any) -> Any:
    """Return the part of a Likewise model that hybrid search uses; any other model as it is."""
    # On the type: a wrapper that forwards attributes must not be replaced by what it wraps.
    return model.for_search() if hasattr(type(model), "for_search") else model


def _identity(record: Record) -> Identity:
    """Return the identity of the model that an index was made with."""
    return Identity.of_plain(json.loads(record.setting("identity")))
