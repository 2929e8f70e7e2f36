"""The state of a fitted recommender, and the folder that holds it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likewise.applications.recommend.ease import Ease, EaseSettings
from likewise.applications.recommend.interactions import Histories
from likewise.applications.recommend.text_projection import TextProjection
from likewise.atomic import refuse_existing, refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder

__all__ = ["RecommenderState", "load_recommender", "save_recommender"]

RECORD, ARRAYS, IDS = "recommender.json", "recommender.safetensors", "ids.json"
FORMAT = 2


@dataclass(frozen=True)
class RecommenderState:
    """What fitting a recommender learns.

    Attributes:
        item_ids: of all items.
        snippets: the beginning of the text of each item.
        user_ids: of all users with interactions.
        histories: the items that each user liked, in order of time.
        seen: all items of each user, liked or not.
        texts: projected text vector of each item.
        projection: from vectors of the encoder to these.
        ease: the fitted model.
        settings: of the model.
    """

    item_ids: list[str]
    snippets: list[str]
    user_ids: list[str]
    histories: Histories
    seen: Histories
    texts: Float32[np.ndarray, "items text"]
    projection: TextProjection
    ease: Ease
    settings: EaseSettings


def save_recommender(state: RecommenderState, encoder: Any, path: Path, *, overwrite: bool) -> None:
    """Write a folder with the state, and with the encoder if it can be saved.

    Raises:
        InputError: `path` exists and `overwrite` is false, or it is not a recommender.
    """
    refuse_existing(path, overwrite=overwrite)
    refuse_other(path, RECORD, "no recommender")
    arrays = {
        "text_map": state.ease.text_map, "residuals": state.ease.residuals, "spread": state.ease.spread,
        "texts": state.texts, "mean": state.projection.mean, "components": state.projection.components,
        "liked_items": state.histories.items, "liked_offsets": state.histories.offsets,
        "seen_items": state.seen.items, "seen_offsets": state.seen.offsets,
    }  # fmt: skip
    ids = {"items": state.item_ids, "snippets": state.snippets, "users": state.user_ids}
    with replacing_folder(path, overwrite=overwrite) as folder:
        record = {
            "format": FORMAT, "settings": asdict(state.settings), "encoder": store_embedder(encoder, folder).plain()
        }  # fmt: skip
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / ARRAYS)
        (folder / IDS).write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
        (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def load_recommender(path: Path, model: Any = None) -> tuple[RecommenderState, Any]:
    """Read the state and the encoder from a folder.

    Args:
        path: the folder.
        model: the encoder, if the folder does not hold it.

    Raises:
        InputError: the folder is not a recommender or is damaged, or the model is missing or another one.
    """
    if not (path / RECORD).is_file():
        raise InputError(f"{path} is not a recommender: create one with likewise recommend fit")
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise InputError(f"{path} has format {record['format']}, this version reads format {FORMAT}: fit it again")
        ids = json.loads((path / IDS).read_text(encoding="utf-8"))
        arrays = load_file(path / ARRAYS)
        settings = EaseSettings(**record["settings"])
        state = RecommenderState(
            ids["items"], ids["snippets"], ids["users"],
            Histories(arrays["liked_items"], arrays["liked_offsets"]),
            Histories(arrays["seen_items"], arrays["seen_offsets"]),
            arrays["texts"], TextProjection(arrays["mean"], arrays["components"]),
            Ease(arrays["text_map"], arrays["residuals"], arrays["spread"], settings.recency_exponent),
            settings,
        )  # fmt: skip
        identity = Identity.of_plain(record["encoder"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is damaged ({type(error).__name__}): restore it, or fit it again") from error
    return state, load_stored(path, identity, model)
