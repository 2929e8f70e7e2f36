"""A path becomes labelled data: the task is found from what lies there."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from likewise.corpus.files.opened import compression_of
from likewise.corpus.files.paths import FORMATS, path_source
from likewise.corpus.frames import object_source
from likewise.errors import InputError
from likewise.evaluation.data import Data, Duplicates, Labelled, Retrieval, Similarity
from likewise.evaluation.judgements import read_judgements, texts_by_id
from likewise.evaluation.rows import Columns, read_rows

__all__ = ["TASKS", "data_of", "task_of"]

TASKS = ("retrieval", "similarity", "duplicates", "classification", "clustering")
FITS: dict[str, tuple[type, ...]] = {
    "retrieval": (Retrieval,),
    "similarity": (Similarity,),
    "duplicates": (Duplicates, Retrieval),
    "classification": (Labelled,),
    "clustering": (Labelled,),
}
CORPUS, QUERIES, QRELS = "corpus", "queries", "qrels"
JUDGED_SUFFIXES = (".txt", ".trec", ".qrels")  # of judgements, beside the formats of rows
SPLIT_FILES = ("train", "dev", "valid", "validation", "test")
NEEDS = (
    "retrieval needs corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv); similarity and duplicates need "
    "pairs.tsv with text1, text2 and score or label; classification and clustering need data.jsonl with text and label"
)


def data_of(
    given: Any,
    *,
    task: str | None = None,
    split: str | None = None,
    columns: Columns | None = None,
    encoding: str | None = None,
    skip: bool = False,
) -> Data:
    """Labelled data from a path, from what holds rows, or as it is.

    Args:
        given: a folder, a file, `-`, a data frame, rows as dicts, or labelled data in memory.
        task: what it is for; None leaves it to what is there.
        split: which rows are judged; `test` where there is one, or else all.
        columns: those that the user named.
        encoding: of text files; None to find out.
        skip: leave rows out that cannot be used, and count them.

    Raises:
        InputError: nothing there fits the task, or any task, or it cannot be read.
    """
    if task is not None and task not in TASKS:
        raise InputError(f"there is no task {task!r}: there are {', '.join(TASKS)}")
    if isinstance(given, Retrieval | Similarity | Duplicates | Labelled):
        _refuse_misfit(given, task)
        return given
    columns = columns or Columns()
    if not isinstance(given, str | os.PathLike):
        source = object_source(given)
        data: Data = read_rows(
            [(source, None)], columns, name=source.name, task=task, split=split, encoding=encoding, skip=skip
        )
    else:
        path = Path(os.fsdecode(given))
        if path.is_dir():
            data = _folder(path, columns, task=task, split=split, encoding=encoding, skip=skip)
        elif task == "retrieval":
            raise InputError(f"{path} is a file, and retrieval takes a folder: {NEEDS}")
        else:
            name = "standard input" if str(path) == "-" else _stem(path)
            data = read_rows(
                [(path_source(str(path)), None)],
                columns,
                name=name,
                task=task,
                split=split,
                encoding=encoding,
                skip=skip,
            )
    _refuse_misfit(data, task)
    return data


def task_of(data: Data, task: str | None) -> str:
    """The task that data is for, where none was asked for."""
    return task or next(name for name, kinds in FITS.items() if isinstance(data, kinds[0]))


def _refuse_misfit(data: Data, task: str | None) -> None:
    if task is not None and not isinstance(data, FITS[task]):
        fits = [name for name, kinds in FITS.items() if isinstance(data, kinds)]
        raise InputError(f"{data.name} fits {' and '.join(fits)}, not {task}: {NEEDS}")


def _folder(
    folder: Path, columns: Columns, *, task: str | None, split: str | None, encoding: str | None, skip: bool
) -> Data:
    files = {stem: path for path in reversed(_files(folder, FORMATS)) for stem in [_stem(path)]}
    judgements = _judgement_files(folder)
    missing = [
        name
        for name, there in ((CORPUS, CORPUS in files), (QUERIES, QUERIES in files), (QRELS, judgements))
        if not there
    ]
    rows = _row_files(files, task)
    named = columns != Columns()
    if not missing and (task == "retrieval" or (not named and task is None) or (task == "duplicates" and not rows)):
        found = _retrieval(folder, files, judgements, split=split, encoding=encoding, skip=skip)
        if task is None and rows:
            also = f"{folder.name} also holds {rows[0].name}: name its task, such as --task duplicates, to judge that"
            return Retrieval(found.documents, found.queries, found.judged, found.name, (*found.notes, also))
        return found
    if task == "retrieval":
        raise InputError(f"{folder} lacks {' and '.join(missing)}: {NEEDS}")
    if not rows:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        raise InputError(f"{folder} holds nothing for {task or 'any task'} (but {there}): {NEEDS}")
    sources = [(path_source(str(path)), _stem(path) if len(rows) > 1 else None) for path in rows]
    return read_rows(sources, columns, name=folder.name, task=task, split=split, encoding=encoding, skip=skip)


def _row_files(files: dict[str, Path], task: str | None) -> list[Path]:
    """The file of rows that a task is judged on, or the files of its splits."""
    orders = {"similarity": ("pairs",), "duplicates": ("pairs",), "classification": ("data",), "clustering": ("data",)}
    for stem in orders.get(task or "", ("pairs", "data")):
        if stem in files:
            return [files[stem]]
    splits = [files[stem] for stem in SPLIT_FILES if stem in files]
    if splits or len(files) != 1:
        return splits
    return [path for path in files.values() if FORMATS[_suffix(path)] != "txt"]


def _retrieval(
    folder: Path,
    files: dict[str, Path],
    judgements: Sequence[Path],
    *,
    split: str | None,
    encoding: str | None,
    skip: bool,
) -> Retrieval:
    place = judgements[0] if len(judgements) == 1 else judgements[0].parent
    notes: list[str] = []
    documents = texts_by_id(files[CORPUS], titles=True, encoding=encoding, skip=skip, tell=notes.append)
    queries = texts_by_id(files[QUERIES], titles=False, encoding=encoding, skip=skip, tell=notes.append)
    judged = read_judgements(place, judgements, split=split, encoding=encoding, skip=skip, tell=notes.append)
    return Retrieval(documents, queries, judged, folder.name, tuple(notes))


def _judgement_files(folder: Path) -> list[Path]:
    """`qrels.tsv`, or what lies in `qrels/`."""
    forms = (*FORMATS, *JUDGED_SUFFIXES)
    if (folder / QRELS).is_dir():
        return _files(folder / QRELS, forms)
    return [path for path in _files(folder, forms) if _stem(path) == QRELS][:1]


def _files(folder: Path, suffixes: Any) -> list[Path]:
    """Files of these formats, compressed or not; of one name the shortest first."""
    there = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sorted((path for path in there if _suffix(path) in suffixes), key=lambda path: (len(path.name), path.name))


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def _suffix(path: Path) -> str:
    return (Path(path.stem) if compression_of(path) else path).suffix.lower()
