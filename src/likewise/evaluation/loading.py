"""Labelled data from a folder in the layout of BEIR, from a file of rows, or from an object that holds rows."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from likewise.corpus.batch import Problem, Reading
from likewise.corpus.columns import IDS, TEXT, Wanted
from likewise.corpus.encoding import encoding_of
from likewise.corpus.paths import FORMATS, line_batches, path_source
from likewise.corpus.read import object_source
from likewise.corpus.streams import compression_of, open_bytes, reporting_errors
from likewise.errors import InputError
from likewise.evaluation.data import Data, Duplicates, Labelled, Retrieval, Similarity
from likewise.evaluation.rows import (
    ALL,
    SPLIT,
    ColumnChooser,
    ReadOptions,
    read_rows,
    select_split,
    unusable,
    value_columns,
)  # fmt: skip

TASKS: dict[str, tuple[type, ...]] = {
    "retrieval": (Retrieval,),
    "similarity": (Similarity,),
    "duplicates": (Duplicates, Retrieval),
    "classification": (Labelled,),
    "clustering": (Labelled,),
}
LAYOUT = (
    "retrieval needs corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv); similarity and duplicates need "
    "pairs.tsv with text1, text2 and score or label; classification and clustering need data.jsonl with text and label"
)
CORPUS, QUERIES, QRELS = "corpus", "queries", "qrels"
QRELS_SUFFIXES = (".txt", ".trec", ".qrels")  # besides those of files of rows
ROW_FILES = {"similarity": ["pairs"], "duplicates": ["pairs"], "classification": ["data"], "clustering": ["data"]}
SPLIT_FILES = ("train", "dev", "valid", "validation", "test")
TITLE = "title"
QUERY_TEXTS = (TEXT, "query", "question")
QRELS_COLUMNS = {
    "query-id": ("query-id", "query_id", "qid"),
    "corpus-id": ("corpus-id", "corpus_id", "doc_id", "doc-id", "docid", "document_id"),
    "score": ("score", "relevance", "rel"),
}
Log = Callable[[str], None]


def load_data(given: Any, task: str | None = None, options: ReadOptions | None = None) -> Data:
    """Load labelled data.

    Args:
        given: a folder, a file, `-` for standard input, a data frame, rows as dicts, or labelled data in memory.
        task: what to use it for; None decides by what it holds.
        options: how to read it.

    Raises:
        InputError: it does not fit the task, or any task, or it cannot be read.
    """
    options = options or ReadOptions()
    if task is not None and task not in TASKS:
        raise InputError(f"there is no task {task!r}: use {', '.join(TASKS)}")
    if isinstance(given, Retrieval | Similarity | Duplicates | Labelled):
        data: Data = given
    elif not isinstance(given, str | os.PathLike):
        source = object_source(given)
        data = read_rows([(source, None)], options, name=source.name, task=task)
    elif (path := Path(os.fsdecode(given))).is_dir():
        data = _load_folder(path, options, task)
    elif task == "retrieval":
        raise InputError(f"{path} is a file, and retrieval takes a folder: {LAYOUT}")
    else:
        name = "standard input" if str(path) == "-" else _stem(path)
        data = read_rows([(path_source(str(path)), None)], options, name=name, task=task)
    if task is not None and not isinstance(data, TASKS[task]):
        fits = [name for name, kinds in TASKS.items() if isinstance(data, kinds)]
        raise InputError(f"{data.name} fits {' and '.join(fits)}, not {task}: {LAYOUT}")
    return data


def task_of(data: Data) -> str:
    """The task of data for which the user named none."""
    return next(name for name, kinds in TASKS.items() if isinstance(data, kinds[0]))


def read_texts(path: Path, *, titles: bool, options: ReadOptions, log: Log) -> dict[str, str]:
    """Read the texts of a corpus or of queries by their ids, from columns `_id` or `id`.

    Args:
        path: the file.
        titles: join title and text with ". ".
        options: how to read it.
        log: called with the number of rows that were left out.

    Raises:
        InputError: there is no column of ids or of texts, or an id comes twice.
    """

    def decide(names: Sequence[str], source: str) -> Wanted:
        if not set(IDS) & set(names):
            columns = ", ".join(map(repr, names))
            raise InputError(f"{source} has no ids: a column '_id' or 'id' is expected; its columns are {columns}")
        if titles and {TITLE, TEXT} <= set(names):
            return Wanted((TITLE, TEXT))
        text = next((name for name in QUERY_TEXTS if name in names), None)
        return Wanted((text,) if text else None)

    found: dict[str, str] = {}
    reading = ColumnChooser(decide, options)
    for batch in path_source(str(path)).batches(reading):
        for id, text in zip(batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True):
            if id in found:
                raise InputError(f"{path}: id {id!r} comes twice: ids must be unique; change one of them")
            found[id] = text
    if reading.skipped:
        log(unusable(path.name, reading))
    return found


def read_qrels(files: Sequence[Path], *, options: ReadOptions, log: Log) -> dict[str, dict[str, int]]:
    """Read relevance judgements: columns for query, document, relevance and optionally split, or one file a split.

    Without a header the columns are query, document, relevance, or those of TREC: query, iteration, document,
    relevance.

    Args:
        files: one file, or several that are splits and named after them.
        options: how to read them.
        log: called with notes about splits that are not used and rows that were left out.

    Returns:
        Relevance grades by query id and document id.

    Raises:
        InputError: a column is missing, or a relevance is no integer.
    """
    name = str(files[0] if len(files) == 1 else files[0].parent)
    rows = [row for file in files for row in _qrels_rows(file, options, log)]
    if not rows:
        raise InputError(f"{name} holds no judgement: one row for each query and document is expected")
    splits, notes = select_split([row[3] for row in rows], options.split, name, "judgements")
    qrels: dict[str, dict[str, int]] = {}
    for query, document, grade, split in rows:
        if split in splits:
            grades = qrels.setdefault(query, {})
            grades[document] = max(grade, grades.get(document, 0))
    for note in notes:
        log(note)
    return qrels


def _load_folder(folder: Path, options: ReadOptions, task: str | None) -> Data:
    files = {_stem(path): path for path in reversed(_files(folder, FORMATS))}
    qrels = _qrels_files(folder)
    missing = [name for name in (CORPUS, QUERIES) if name not in files] + ([] if qrels else [QRELS])
    rows = _row_files(files, task)
    by_default = task is None and not options.has_columns
    if not missing and (task == "retrieval" or by_default or (task == "duplicates" and not rows)):
        notes: list[str] = []
        documents = read_texts(files[CORPUS], titles=True, options=options, log=notes.append)
        queries = read_texts(files[QUERIES], titles=False, options=options, log=notes.append)
        judgements = read_qrels(qrels, options=options, log=notes.append)
        if task is None and rows:
            notes.append(f"{folder.name} also holds {rows[0].name}: evaluate on it with --task, such as duplicates")
        return Retrieval(documents, queries, judgements, folder.name, tuple(notes))
    if task == "retrieval":
        raise InputError(f"{folder} lacks {' and '.join(missing)}: {LAYOUT}")
    if not rows:
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        raise InputError(f"{folder} holds no data for {task or 'any task'} (found: {found}): {LAYOUT}")
    sources = [(path_source(str(path)), _stem(path) if len(rows) > 1 else None) for path in rows]
    return read_rows(sources, options, name=folder.name, task=task)


def _row_files(files: dict[str, Path], task: str | None) -> list[Path]:
    """The file of rows for a task, or the files of its splits."""
    for stem in ROW_FILES.get(task or "", ["pairs", "data"]):
        if stem in files:
            return [files[stem]]
    splits = [files[stem] for stem in SPLIT_FILES if stem in files]
    if splits or len(files) != 1:
        return splits
    return [path for path in files.values() if FORMATS[_suffix(path)] != "txt"]


def _qrels_files(folder: Path) -> list[Path]:
    """`qrels.tsv`, or the files in `qrels/`."""
    suffixes = (*FORMATS, *QRELS_SUFFIXES)
    if (folder / QRELS).is_dir():
        return _files(folder / QRELS, suffixes)
    return [path for path in _files(folder, suffixes) if _stem(path) == QRELS][:1]


def _files(folder: Path, suffixes: Any) -> list[Path]:
    """Files of these formats, compressed or not; those with the shortest name first."""
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sorted((path for path in files if _suffix(path) in suffixes), key=lambda path: (len(path.name), path.name))


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def _suffix(path: Path) -> str:
    return (Path(path.stem) if compression_of(path) else path).suffix.lower()


def _qrels_rows(file: Path, options: ReadOptions, log: Log) -> Iterator[tuple[str, str, int, str]]:
    """Query, document, relevance and split of each row."""
    file_split = ALL if _stem(file) == QRELS else _stem(file)
    with reporting_errors(str(file)), open_bytes(file) as stream:
        headless = _is_headless(stream.head)
    reading, cells = (_bare_rows if headless else _named_rows)(file, options)
    for row, query, document, given, split in cells:
        grade = _grade(given)
        if grade is None:
            reading.reject(row, Problem(f"its relevance is {given!r}, an integer is expected"))
        elif query is None or document in (None, ""):
            reading.reject(row, Problem("it names no query or no document"))
        else:
            yield str(query), str(document), grade, file_split if split is None else str(split)
    if reading.skipped:
        log(unusable(file.name, reading))


Cells = Iterator[tuple[int, Any, Any, Any, Any]]
"""Row number, query, document, relevance and split."""


def _named_rows(file: Path, options: ReadOptions) -> tuple[Reading, Cells]:
    columns: dict[str, str] = {}

    def decide(names: Sequence[str], source: str) -> Wanted:
        for column, usual in QRELS_COLUMNS.items():
            name = next((name for name in usual if name in names), None)
            if name is None:
                found = ", ".join(map(repr, names))
                raise InputError(
                    f"{source} has no column {column!r}: a header query-id, corpus-id, score is expected, and found "
                    f"are {found}"
                )
            columns[column] = name
        return Wanted((columns["corpus-id"],), None, None, others=True, settled=True)

    reading = ColumnChooser(decide, options)

    def cells() -> Cells:
        for batch in path_source(str(file)).batches(reading):
            others, missing = value_columns(batch), [None] * len(batch)
            wanted = (columns["query-id"], columns["score"], SPLIT)
            queries, grades, splits = (others.get(name, missing) for name in wanted)
            ids = batch.ids.cast("int64").to_pylist()
            yield from zip(ids, queries, batch.texts.to_pylist(), grades, splits, strict=True)

    return reading, cells()


def _bare_rows(file: Path, options: ReadOptions) -> tuple[Reading, Cells]:
    reading = Reading(Wanted(), encoding=options.encoding, skip=options.skip)

    def cells() -> Cells:
        reading.begin(str(file))
        with reporting_errors(str(file)), open_bytes(file) as stream:
            encoding = encoding_of(stream.head, reading.encoding, complete=stream.complete, source=str(file))
            for batch in line_batches(stream, encoding, reading):
                for row, line in zip(batch.ids.cast("int64").to_pylist(), batch.texts.to_pylist(), strict=True):
                    fields = _fields(line)
                    if len(fields) in (3, 4):
                        yield row, fields[0], fields[-2], fields[-1], None
                    elif fields:
                        reading.reject(row, Problem(f"it has {len(fields)} fields, 3 or 4 are expected"))

    return reading, cells()


def _is_headless(head: bytes) -> bool:
    """Whether the first line is a judgement already, rather than the names of the columns."""
    first = _fields(head.split(b"\n", 1)[0].decode("utf-8", "replace"))
    return len(first) in (3, 4) and _grade(first[-1]) is not None


def _fields(line: str) -> list[str]:
    return line.rstrip("\r\n").split("\t") if "\t" in line else line.split()


def _grade(given: Any) -> int | None:
    try:
        number = float(given)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None
