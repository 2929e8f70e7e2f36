"""A classifier on disk: a JSON file that says what it is, its numbers as safetensors, and its model beside them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from likewise.applications.classify.cross_validation import Answered, Estimate
from likewise.applications.classify.features import Features, WordNgrams
from likewise.applications.classify.probe import Probe
from likewise.atomic import refuse_existing, refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder

__all__ = ["RECORD", "load_classifier", "save_classifier"]

RECORD, WEIGHTS = "classifier.json", "classifier.safetensors"
FORMAT = 2


def save_classifier(classifier: Any, path: Path, *, overwrite: bool = False) -> None:
    """Write a fitted classifier.

    Raises:
        InputError: `path` exists and `overwrite` is false, or holds something else, or cannot be written.
        LikewiseError: the disk is full; nothing is left half-written.
    """
    refuse_existing(path, overwrite=overwrite)
    refuse_other(path, RECORD, "no classifier")
    features, probe, estimate = classifier.features_, classifier.probe_, classifier.estimate_
    arrays = {"weights": probe.weights, "intercept": probe.intercept}
    if features.ngrams is not None:
        arrays["idf"] = np.asarray(features.ngrams.idf, np.float64)
    packed = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    with replacing_folder(path, overwrite=overwrite) as folder:
        (folder / WEIGHTS).write_bytes(packed)
        record = {
            "format": FORMAT,
            "sha256": hashlib.sha256(packed).hexdigest(),
            "classes": classifier.classes_.tolist(),
            "settings": {name: getattr(classifier, name) for name in ("ngrams", "contrastive", "seed")},
            "temperature": classifier.temperature_,
            "self_trained": classifier.self_trained_,
            "estimate": None if estimate is None else asdict(estimate),
            "encoder": store_embedder(features.encoder, folder).plain(),
            "terms": None if features.ngrams is None else features.ngrams.terms,
            "share": features.share,
        }
        written = json.dumps(record, ensure_ascii=False, indent=1)
        (folder / RECORD).write_text(written + "\n", encoding="utf-8", errors="surrogatepass")


def load_classifier(kind: Any, path: Path, model: Any = None) -> Any:
    """Read it again.

    Args:
        kind: the class.
        path: the folder.
        model: what encodes, where the folder does not hold it.

    Raises:
        InputError: it is no such folder, a file of it is missing or damaged, or another model was given.
    """
    record = _record(path)
    packed = (path / WEIGHTS).read_bytes() if (path / WEIGHTS).is_file() else b""
    if hashlib.sha256(packed).hexdigest() != record["sha256"]:
        raise InputError(f"{path}: {WEIGHTS} is missing or damaged; restore it from a copy, or fit again")
    try:
        arrays = load(packed)
        found = kind(**record["settings"])
        found.model = load_stored(path, Identity.of_plain(record["encoder"]), model)
        ngrams = None if record["terms"] is None else WordNgrams(record["terms"], arrays["idf"])
        found.features_ = Features(found.model, ngrams, float(record.get("share", 1.0)))
        found.probe_ = Probe(arrays["weights"], arrays["intercept"])
        found.classes_ = np.array(record["classes"])
        found.temperature_, found.self_trained_ = float(record["temperature"]), bool(record["self_trained"])
        found.estimate_ = _estimate(record["estimate"])
    except (KeyError, TypeError, SafetensorError) as error:
        raise InputError(f"{path}: {RECORD} is damaged ({error}); restore it from a copy, or fit again") from error
    return found


def _record(path: Path) -> Mapping[str, Any]:
    file = path / RECORD
    if not file.is_file():
        raise InputError(f"{path} is no classifier: a folder that likewise classify fit wrote was expected")
    try:
        record = json.loads(file.read_text(encoding="utf-8", errors="surrogatepass"))
        version = record["format"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: {RECORD} is damaged ({error}); restore it from a copy, or fit again") from error
    if version != FORMAT:
        raise InputError(f"{path} has format {version}, this version reads format {FORMAT}: fit again")
    found: Mapping[str, Any] = record
    return found


def _estimate(kept: Mapping[str, Any] | None) -> Estimate | None:
    if kept is None:
        return None
    return Estimate(**{**kept, "answered": tuple(Answered(**each) for each in kept["answered"])})
