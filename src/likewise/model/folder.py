"""The model folder: loads here and in sentence-transformers, holds no pickle, and knows when a file is damaged."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from likewise.atomic import replacing_folder
from likewise.encoders.documents import DocumentPooling
from likewise.errors import InputError
from likewise.model.card import Card, read_sample, readme, write_sample
from likewise.tokens.tokenizer import Tokenizer

__all__ = ["Sealed", "read_folder", "refuse_other", "sha256_of", "write_folder", "write_json"]

FORMAT = 1
WEIGHTS, TOKENIZER, RECORD, SAMPLE = "model.safetensors", "tokenizer.json", "likewise.json", "sample.jsonl"
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
]
SETTINGS: dict[str, Any] = {
    "model_type": "SentenceTransformer",
    "prompts": {},
    "default_prompt_name": None,
    "similarity_fn_name": "cosine",
}
ENTRIES = {  # of likewise.json, beside its format
    "sha256": dict, "counts": list, "recipe": dict, "corpus": dict, "scores": dict, "versions": dict,
    "history": list, "warnings": list,
}  # fmt: skip
LATER = {"pairs": dict, "stems": dict, "documents": dict}  # entries that older folders lack


@dataclass(frozen=True)
class Sealed:
    """What a model folder holds; once read, it is checked against the checksums.

    Attributes:
        weights: the embedding rows, float32.
        tokenizer: texts to ids.
        card: where the model comes from.
        sample: some texts of the corpus; without any there is no file for them.
        stems: of each word that has another form as its stem, that stem.
        documents: how documents are pooled; None for as all other texts.
        fingerprint: of what decides the vectors; empty before it was written.
    """

    weights: np.ndarray
    tokenizer: Tokenizer
    card: Card
    sample: Sequence[str] = ()
    stems: Mapping[str, str] = field(default_factory=dict)
    documents: DocumentPooling | None = None
    fingerprint: str = ""


def write_folder(path: Path, sealed: Sealed, *, overwrite: bool = False) -> None:
    """Write a model folder; it is there whole or not at all.

    Raises:
        InputError: `path` exists and `overwrite` is false, or it is to be overwritten and is no model folder.
    """
    refuse_other(path)
    weights, tokenizer, sample = sealed.weights, sealed.tokenizer, sealed.sample
    with replacing_folder(path, overwrite=overwrite) as folder:
        # save_file would make the file readable by its owner alone, whatever the umask says
        (folder / WEIGHTS).write_bytes(save({"embedding.weight": np.ascontiguousarray(weights, np.float32)}))
        tokenizer.save(folder / TOKENIZER)
        (folder / "1_Normalize").mkdir()
        write_json(folder / "1_Normalize" / "config.json", {})
        write_json(folder / "modules.json", MODULES)
        write_json(folder / "config_sentence_transformers.json", SETTINGS)
        text = readme(sealed.card, dim=weights.shape[1], vocab=weights.shape[0])
        (folder / "README.md").write_text(text, encoding="utf-8", errors="backslashreplace")
        if sample:
            write_sample(folder / SAMPLE, sample)
        sums = {name: sha256_of(folder / name) for name in (WEIGHTS, TOKENIZER, *([SAMPLE] if sample else []))}
        counts = tokenizer.vocabulary.counts.tolist()
        record = {"format": FORMAT, "sha256": sums, **asdict(sealed.card), "stems": dict(sealed.stems)}
        pooling = sealed.documents.plain() if sealed.documents else {}
        write_json(folder / RECORD, record | {"documents": pooling, "counts": counts})


def read_folder(path: Path) -> Sealed:
    """Read and check a model folder.

    Raises:
        InputError: it is no model folder, or a file of it is missing or damaged.
    """
    if not path.is_dir():
        raise InputError(f"{path} is no model folder: there is {'a file' if path.exists() else 'nothing'} at that path")
    record = _record(path)
    # Whoever passes a model on may take its texts out of the folder: no vector depends on them.
    sums = {name: expected for name, expected in record["sha256"].items() if name != SAMPLE or (path / SAMPLE).exists()}
    for name, expected in sums.items():
        if not (path / name).is_file():
            raise InputError(f"{path}: {name} is missing; train again, or restore the folder from a copy")
        if sha256_of(path / name) != expected:
            raise InputError(f"{path}: {name} is damaged (its checksum differs); restore it from a copy or train again")
    try:
        weights = load_file(path / WEIGHTS)["embedding.weight"]
    except (SafetensorError, KeyError) as error:
        raise InputError(f"{path}: {WEIGHTS} cannot be read: {error}") from error
    tokenizer = Tokenizer.load(path / TOKENIZER, counts=_counts(path, record["counts"]))
    if weights.ndim != 2 or weights.dtype != np.float32 or len(weights) != len(tokenizer.vocabulary):
        raise InputError(
            f"{path}: {len(tokenizer.vocabulary)} pieces and weights {weights.dtype} {weights.shape} do not belong "
            "together; restore the folder from a copy or train again"
        )
    fields = {name: record[name] for name in ("recipe", "corpus", "scores", "versions", "pairs")}
    card = Card(**fields, history=tuple(record["history"]), warnings=tuple(record["warnings"]))
    sample = read_sample(path / SAMPLE) if SAMPLE in sums else ()
    stems, documents = _stems(path, record["stems"]), _documents(path, record["documents"], weights.shape[1])
    return Sealed(weights, tokenizer, card, sample, stems, documents, fingerprint(sums, documents))


def refuse_other(path: Path) -> None:
    """Refuse to write over what is no model folder, even with `overwrite`: it may be somebody's work.

    Raises:
        InputError: there is a file or another folder at `path`.
    """
    if path.exists() and not (path.is_dir() and ((path / RECORD).exists() or not any(path.iterdir()))):
        raise InputError(f"{path} exists and is no model folder: choose another name, or remove it yourself")


def fingerprint(sums: dict[str, str], documents: DocumentPooling | None) -> str:
    """What tells one model from another: a hash over the checksums of weights and tokenizer, and the pooling."""
    told = json.dumps(documents.plain()) if documents else ""
    return hashlib.sha256((sums[WEIGHTS] + sums[TOKENIZER] + told).encode()).hexdigest()


def _record(path: Path) -> dict[str, Any]:
    if not (path / RECORD).is_file():
        raise InputError(f"{path} is no model folder of this package: it holds no {RECORD}")
    try:
        record: dict[str, Any] = json.loads((path / RECORD).read_text(encoding="utf-8"))
        if record["format"] > FORMAT:
            raise InputError(
                f"{path} has format {record['format']}, this version reads up to {FORMAT}: update likewise"
            )
        record = {name: kind() for name, kind in LATER.items()} | record
        if wrong := [name for name, kind in (ENTRIES | LATER).items() if not isinstance(record[name], kind)]:
            raise TypeError(f"wrong kind: {', '.join(wrong)}")
        if set(record["sha256"]) - {SAMPLE} != {WEIGHTS, TOKENIZER}:
            raise KeyError("sha256")
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: {RECORD} is damaged ({error}); restore it from a copy or train again") from error
    return record


def _counts(path: Path, given: list[Any]) -> Int64[np.ndarray, " vocab"]:
    try:
        return np.array(given, np.int64).reshape(len(given))
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: {RECORD} is damaged (counts); restore it from a copy or train again") from error


def _stems(path: Path, given: dict[str, Any]) -> dict[str, str]:
    if not all(isinstance(stem, str) for stem in given.values()):
        raise InputError(f"{path}: {RECORD} is damaged (stems); restore it from a copy or train again")
    return given


def _documents(path: Path, given: dict[str, Any], dim: int) -> DocumentPooling | None:
    if not given:
        return None
    try:
        found = DocumentPooling(**{name: tuple(given[name]) for name in ("dims", "shares", "length_priors")})
        if sum(found.dims) != dim:
            raise ValueError
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise InputError(f"{path}: {RECORD} is damaged (documents); restore it from a copy or train again") from error
    return found


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON."""
    # A file name that is not UTF-8 comes as lone surrogates: escaped, they are still JSON.
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False) + "\n"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
