"""A fitted recommender as a folder."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likewise.applications.recommend.interactions import Histories
from likewise.applications.recommend.recommendations import TextSpace
from likewise.applications.recommend.recommender import Fitted
from likewise.applications.recommend.towers import Towers
from likewise.applications.recommend.training import Settings
from likewise.atomic import refuse_existing, refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder

__all__ = ["FILE", "read_folder", "write"]

FILE = "recommender.json"
ARRAYS = "towers.safetensors"
NAMES = "names.json"
FORMAT = 2


def write(fitted: Fitted, model: Any, dim: int, path: Path, *, overwrite: bool) -> None:
    """Write it; the folder is there once it is whole.

    Raises:
        InputError: `path` exists and is not to be replaced, or is something else than a recommender.
    """
    refuse_existing(path, overwrite=overwrite)
    refuse_other(path, FILE, "no recommender")
    towers, space = fitted.towers, fitted.space
    arrays = {
        "texts_map": towers.texts_map, "residual": towers.residual, "recency": towers.recency, "spread": towers.spread,
        "texts": fitted.texts, "mean": space.mean, "axes": space.axes,
        "liked_items": fitted.histories.items, "liked_offsets": fitted.histories.offsets,
        "seen_items": fitted.seen.items, "seen_offsets": fitted.seen.offsets,
    }  # fmt: skip
    with replacing_folder(path, overwrite=overwrite) as beside:
        kept = store_embedder(model, beside)
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, beside / ARRAYS)
        names = {"items": fitted.items, "labels": fitted.labels, "users": fitted.users}
        (beside / NAMES).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        told = {
            "format": FORMAT, "dim": dim, "temperature": towers.temperature, "settings": asdict(fitted.settings),
            "encoder": kept.plain(),
        }  # fmt: skip
        (beside / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def read_folder(path: Path, model: Any = None) -> tuple[Fitted, Any, int]:
    """What was fitted, the model, and the length of the vectors that was asked for.

    Raises:
        InputError: it is no such folder, it is damaged, or the model is another one or missing.
    """
    if not (path / FILE).is_file():
        raise InputError(f"{path} is no recommender: one is made by likewise recommend fit")
    if (number := _format(path)) != FORMAT:
        raise InputError(f"{path} has the format {number}, and {FORMAT} can be read: fit it anew")
    try:
        told = json.loads((path / FILE).read_text(encoding="utf-8"))
        names = json.loads((path / NAMES).read_text(encoding="utf-8"))
        arrays = load_file(path / ARRAYS)
        fitted = Fitted(
            names["items"], names["labels"], names["users"],
            Histories(arrays["liked_items"], arrays["liked_offsets"]),
            Histories(arrays["seen_items"], arrays["seen_offsets"]),
            arrays["texts"], TextSpace(arrays["mean"], arrays["axes"]),
            Towers(
                arrays["texts_map"], arrays["residual"], arrays["recency"], float(told["temperature"]), arrays["spread"]
            ),
            Settings(**told["settings"]),
        )  # fmt: skip
        encoder = Identity.of_plain(told["encoder"])
        dim = int(told["dim"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise InputError(f"{path} is damaged ({type(error).__name__}): restore it, or fit it anew") from error
    return fitted, load_stored(path, encoder, model), dim


def _format(path: Path) -> Any:
    """The number of the format; that of this version where the file cannot be read, which is told of elsewhere."""
    try:
        return json.loads((path / FILE).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError):
        return FORMAT
