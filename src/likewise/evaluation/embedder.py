"""Whatever gives vectors: a model of this package or of sentence-transformers, an object with `encode`, a function."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.errors import InputError, LikewiseError
from likewise.evaluation.packages import installed, needed
from likewise.evaluation.progress import Messages
from likewise.index.embedder import unit_vectors
from likewise.model.folder import RECORD
from likewise.model.model import Model

__all__ = ["TRANSFORMERS", "Encode", "as_embedder", "encoded", "name_of", "sentence_transformer"]

Encode = Callable[[Any, list[str], int | None], Float32[np.ndarray, "texts dim"]]

TOGETHER = 1024  # texts that are encoded between two moves of the bar
TRANSFORMERS = "pip install sentence-transformers"


class _Called:
    """A function from texts to vectors, as an object with `encode`."""

    def __init__(self, function: Any) -> None:
        self.encode = function


def as_embedder(given: Any) -> Any:
    """Something with `encode`.

    Args:
        given: an object with `encode`, a function from a list of texts to an array, a model folder of this package, or
            the folder or the full name (`organisation/name`) of a sentence-transformers model.

    Raises:
        InputError: it is none of those.
        LikewiseError: sentence-transformers is needed and not installed, or could not load it.
    """
    if isinstance(given, str | os.PathLike):
        return _at(os.fsdecode(given))
    if callable(getattr(given, "encode", None)):
        return given
    if callable(given):
        return _Called(given)
    raise InputError(
        f"a {type(given).__name__} gives no vectors: pass a model, any object with encode(texts), a function from a "
        "list of texts to an array, or the path of a model"
    )


def name_of(given: Any) -> str:
    """What a row calls it: the last part of a path, the name of a function, or else the name of a class."""
    if isinstance(given, str | os.PathLike):
        return Path(os.fsdecode(given)).name or str(given)
    named = getattr(given, "__name__", None)
    return named if isinstance(named, str) and named.isidentifier() else type(given).__name__


def encoded(
    embedder: Any, texts: Sequence[str], what: str, messages: Messages, encode: Encode = unit_vectors
) -> Float32[np.ndarray, "texts dim"]:
    """One unit vector a text; each distinct text is encoded once.

    Args:
        embedder: gives the vectors.
        texts: to encode.
        what: the embedder is called.
        messages: told of the progress.
        encode: `unit_vectors`, `query_vectors` or `document_vectors`.

    Raises:
        InputError: what the embedder gives is no array of one vector a text.
        LikewiseError: a vector is not finite.
    """
    places: dict[str, int] = {}
    rows = np.fromiter((places.setdefault(text, len(places)) for text in texts), np.int64, len(texts))
    parts: list[np.ndarray] = []
    for part in messages.parts(list(places), TOGETHER, what):
        parts.append(encode(embedder, part, parts[0].shape[1] if parts else None))
    vectors = np.concatenate(parts)
    return vectors if len(places) == len(texts) else vectors[rows]


def sentence_transformer(name: str) -> Any:
    """A model of sentence-transformers, without running any code that comes with it.

    Raises:
        LikewiseError: sentence-transformers is not installed, or could not load it.
    """
    library = needed("sentence_transformers", what=f"the model {name}", remedy=TRANSFORMERS)
    try:
        with _without_bars():
            return library.SentenceTransformer(name, trust_remote_code=False, local_files_only=Path(name).is_dir())
    except Exception as error:  # whatever loading, downloading or a damaged file may raise
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise LikewiseError(f"sentence-transformers could not load {name}: {said}") from error


@contextmanager
def _without_bars() -> Iterator[None]:
    """Transformers shows a bar for each file of weights, also where nobody watches."""
    logging = import_module("transformers.utils.logging")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _at(path: str) -> Any:
    folder = Path(path)
    if (folder / RECORD).is_file():
        return Model.load(folder)
    if folder.exists():
        if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
            raise InputError(
                f"{path} is no model: a folder that likewise train wrote, or one of sentence-transformers, is expected"
            )
        return sentence_transformer(path)
    organisation, _, name = path.partition("/")
    # The name of a hub's model looks like a path: where the first part is a folder here, a path was meant.
    hub = organisation and name and "/" not in name and organisation[0] not in ".~" and not Path(organisation).exists()
    if not hub or not installed("sentence_transformers"):
        raise InputError(
            f"there is no model {path}: give a folder that likewise train wrote or, where sentence-transformers is "
            "installed, the folder or the full name of one of its models, such as organisation/name"
        )
    return sentence_transformer(path)
