"""The model folder: what the folders of all models share. They hold no pickle, and damage to a file is noticed.

`likewise.json` is the record: the format, the checksums of the files that determine the vectors, the card, and what
else a kind of model needs. The other files are those that sentence-transformers expects.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from likewise import atomic
from likewise.errors import InputError
from likewise.model.card import Card, read_sample, write_sample

WEIGHTS, TOKENIZER, RECORD, SAMPLE = "model.safetensors", "tokenizer.json", "likewise.json", "sample.jsonl"
STATIC, TRANSFORMER = "static", "transformer"  # kinds of models
FORMATS = {STATIC: 4, TRANSFORMER: 5}
FIELDS = {
    "sha256": dict, "counts": list, "recipe": dict, "corpus": dict, "scores": dict, "versions": dict, "history": list,
    "warnings": list, "pairs": dict,
}  # fmt: skip
MODULES = "sentence_transformers.models"
SETTINGS: dict[str, Any] = {
    "model_type": "SentenceTransformer", "prompts": {}, "default_prompt_name": None, "similarity_fn_name": "cosine",
}  # fmt: skip


def write_settings(folder: Path, modules: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the files by which sentence-transformers knows the modules of a model.

    Args:
        folder: of the model.
        modules: settings of each module by its name, in their order; the first module lies in the folder itself.
    """
    named = [(name, "" if number == 0 else f"{number}_{name}") for number, name in enumerate(modules)]
    listed = [
        {"idx": number, "name": str(number), "path": path, "type": f"{MODULES}.{name}"}
        for number, (name, path) in enumerate(named)
    ]
    write_json(folder / "modules.json", listed)
    write_json(folder / "config_sentence_transformers.json", SETTINGS)
    for name, path in named[1:]:
        (folder / path).mkdir()
        write_json(folder / path / "config.json", modules[name])


def new_record(
    folder: Path, kind: str, files: Sequence[str], card: Card, sample: Sequence[str], counts: Sequence[int]
) -> dict[str, Any]:
    """Write the sample into a folder, and make its record.

    Args:
        folder: of the model, with all files that determine the vectors.
        kind: `STATIC` or `TRANSFORMER`.
        files: names of these files.
        card: of the model.
        sample: texts of the corpus; of none no file is written.
        counts: how often each token occurs in the corpus.
    """
    if sample:
        write_sample(folder / SAMPLE, sample)
    sums = {name: sha256_of(folder / name) for name in (*files, *([SAMPLE] if sample else []))}
    return {"format": FORMATS[kind], "kind": kind, "sha256": sums, **asdict(card), "counts": list(counts)}


def read_record(folder: Path, kind: str, fields: Mapping[str, type]) -> dict[str, Any]:
    """Read and check the record of a folder.

    Args:
        folder: of the model.
        kind: of the model that the folder should hold.
        fields: further fields of this kind, with their types.

    Raises:
        InputError: there is none, it is damaged, of another format, or of another kind of model.
    """
    path = folder / RECORD
    if not path.is_file():
        raise InputError(f"{folder} is no model folder of this package: it holds no {RECORD}")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        number = record["format"]
        if isinstance(number, int) and number != FORMATS[kind]:
            raise InputError(f"{folder} has format {number}, this version reads format {FORMATS[kind]}: train again")
        if wrong := [name for name, type in (FIELDS | dict(fields)).items() if not isinstance(record[name], type)]:
            raise TypeError(f"wrong type: {', '.join(wrong)}")
        if number != FORMATS[kind] or record["kind"] != kind:
            raise ValueError(f"format {number}, kind {record['kind']}")
    except InputError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(folder, str(error)) from error
    return record


def damaged(folder: Path, reason: str) -> InputError:
    """The error for a record that cannot be read."""
    return InputError(f"{folder}: {RECORD} is damaged ({reason}); restore it from a copy or train again")


def check_file(folder: Path, name: str, sha256: str) -> None:
    """Compare a file with its checksum.

    Raises:
        InputError: it is missing or damaged.
    """
    if not (folder / name).is_file():
        raise InputError(f"{folder}: {name} is missing; train again, or restore the folder from a copy")
    if sha256_of(folder / name) != sha256:
        raise InputError(f"{folder}: {name} is damaged (its checksum differs); restore it from a copy or train again")


def card_in(record: Mapping[str, Any]) -> Card:
    """The card in a record."""
    dicts = {name: record[name] for name in ("recipe", "corpus", "scores", "versions", "pairs")}
    return Card(**dicts, history=tuple(record["history"]), warnings=tuple(record["warnings"]))


def sample_in(folder: Path, record: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts stored with a model; none where the file is gone, for no vector depends on them.

    Raises:
        InputError: the file is damaged.
    """
    expected = record["sha256"].get(SAMPLE)
    if expected is None or not (folder / SAMPLE).is_file():
        return ()
    check_file(folder, SAMPLE, expected)
    return tuple(read_sample(folder / SAMPLE))


def refuse_other(path: Path) -> None:
    """Refuse to write over what is no model folder, even with `overwrite`: it may be somebody's work.

    Raises:
        InputError: there is a file or another folder at `path`.
    """
    atomic.refuse_other(path, RECORD, "no model folder", empty=True)


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON."""
    # A file name that is not UTF-8 comes as lone surrogates: escaped, they are still JSON.
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False) + "\n"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
