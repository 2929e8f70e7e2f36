"""Anything that encodes texts: a model of this package or of sentence-transformers, an object, a function."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.errors import InputError, LikewiseError
from likewise.model.folder import RECORD
from likewise.model.model import Model

__all__ = ["TRANSFORMERS", "Encode", "as_embedder", "name_of", "sentence_transformer"]

Encode = Callable[[Any, list[str], int | None], Float32[np.ndarray, "texts dim"]]

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


def sentence_transformer(name: str) -> Any:
    """A model of sentence-transformers, without running any code that comes with it.

    Raises:
        LikewiseError: sentence-transformers is not installed, or could not load it.
    """
    try:
        library = import_module("sentence_transformers")
    except ImportError as error:
        raise LikewiseError(f"the model {name} needs sentence_transformers ({error}): {TRANSFORMERS}") from error
    try:
        with _without_bars():
            return library.SentenceTransformer(name, trust_remote_code=False, local_files_only=Path(name).is_dir())
    except Exception as error:  # whatever loading, downloading or a damaged file may raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise LikewiseError(f"sentence-transformers could not load {name}: {reason}") from error


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
    if not hub or find_spec("sentence_transformers") is None:
        raise InputError(
            f"there is no model {path}: give a folder that likewise train wrote or, where sentence-transformers is "
            "installed, the folder or the full name of one of its models, such as organisation/name"
        )
    return sentence_transformer(path)
