"""The encoder that an application stands on: a model, one in a folder, or one that is trained on the texts first."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from likewise.errors import InputError
from likewise.index.embedder import MODEL, identity_of, model_of, refuse_missing, same_probe
from likewise.model.model import Model
from likewise.training.train import train

__all__ = ["KeptEncoder", "encoder_for", "keep_encoder", "kept_encoder"]


@dataclass(frozen=True)
class KeptEncoder:
    """What a folder records of the encoder it was made with.

    Attributes:
        name: of its class.
        fingerprint: of its weights.
        stored: whether the encoder itself is in the folder.
        probe: its vectors of a few fixed texts, one after the other: by them it is known again where it is not stored.
    """

    name: str
    fingerprint: str
    stored: bool
    probe: tuple[float, ...]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "KeptEncoder":
        """From its fields as JSON has them.

        Raises:
            KeyError: one is missing.
            TypeError: one is too many, or there are no fields.
        """
        return cls(**{**record, "probe": tuple(record["probe"])})


def encoder_for(model: Any, texts: Any, *, seed: int = 0, progress: bool = False) -> Any:
    """Something with `encode`.

    Args:
        model: it, or the folder of a model of Likewise or sentence-transformers; None trains a static one on `texts`.
        texts: what one is trained on, as `likewise.train` takes it.
        seed: of training.
        progress: show on standard error how training goes.

    Raises:
        InputError: `model` is none of these, or `texts` are too few to train on.
    """
    if model is None:
        try:
            return train(texts, seed=seed, progress=progress)
        except InputError as error:
            raise InputError(f"{error}; or pass a model that was trained on other texts") from error
    if isinstance(model, str | os.PathLike):
        return Model.load(os.fspath(model))
    if not callable(getattr(model, "encode", None)):
        raise InputError(f"a {type(model).__name__} is no model: pass a folder, or an object with encode(texts)")
    return model


def keep_encoder(encoder: Any, folder: Path) -> KeptEncoder:
    """Write the encoder into a folder, if it is one that can be written.

    Returns:
        What `kept_encoder` asks for, to be kept beside it.
    """
    known = identity_of(encoder)
    if known.storable:
        encoder.save(folder / MODEL)
    probe = tuple(np.round(known.probe.ravel().astype(float), 4).tolist())
    return KeptEncoder(known.name, known.fingerprint, known.storable, probe)


def kept_encoder(folder: Path, kept: KeptEncoder, model: Any = None) -> Any:
    """The encoder of a folder.

    Args:
        folder: where `keep_encoder` was.
        kept: what it returned.
        model: the encoder itself, where it is not in the folder.

    Raises:
        InputError: it is missing, damaged, or another one.
    """
    if model is not None:
        found = encoder_for(model, ())
        if same_probe(identity_of(found).probe.ravel(), np.array(kept.probe, np.float32)):
            return found
        raise InputError(f"{folder} was made with another model than the one given: leave it out, or pass that one")
    if not kept.stored:
        raise InputError(f"{folder} was made with a {kept.name}, which it does not hold: pass model=")
    refuse_missing(folder)
    return model_of(folder, kept.fingerprint, str(folder))
