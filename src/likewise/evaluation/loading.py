"""The three files of retrieval data in the layout of BEIR: documents, queries, and what answers what."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from likewise.corpus.columns import IDS, TEXT, Wanted
from likewise.corpus.encoding import encoding_of
from likewise.corpus.objects import object_source
from likewise.corpus.paths import FORMATS, line_batches, path_source
from likewise.corpus.source import Problem, Reading
from likewise.corpus.streams import compression_of, open_bytes, reporting_errors
from likewise.errors import InputError
from likewise.evaluation.data import Data, Duplicates, Labelled, Retrieval, Similarity
from likewise.evaluation.rows import ALL, Columns, Roles, judged_split, left_out, others_of, read_rows, silent

__all__ = ["TASKS", "data_of", "read_judgements", "task_of", "texts_by_id"]


TITLE, SPLIT = "title", "split"
WHOLE = "qrels"  # a file of another name is a split, called like the file
QUERY_TEXTS = (TEXT, "query", "question")
QUERY_COLUMNS = ("query-id", "query_id", "qid")
DOCUMENTS = ("corpus-id", "corpus_id", "doc_id", "doc-id", "docid", "document_id")
RELEVANCES = ("score", "relevance", "rel")


def texts_by_id(
    path: Path, *, titles: bool, encoding: str | None = None, skip: bool = False, log: Callable[[str], None] = silent
) -> dict[str, str]:
    """The texts of `corpus` or `queries`, by their ids, which are called `_id` or `id`.

    Args:
        path: the file.
        titles: whether a text is its title and its text, joined with ". ".
        encoding: of a text file; None to find out.
        skip: leave rows out that cannot be used.
        log: told how many were.

    Raises:
        InputError: there is no column of ids or of texts, or an id comes twice.
    """

    def decide(names: Sequence[str], source: str) -> Wanted:
        if not set(IDS) & set(names):
            listed = ", ".join(map(repr, names))
            raise InputError(f"{source} has no ids: a column '_id' or 'id' is expected; its columns are {listed}")
        if titles and {TITLE, TEXT} <= set(names):
            return Wanted((TITLE, TEXT))
        text = next((name for name in QUERY_TEXTS if name in names), None)
        return Wanted((text,) if text else None)

    found: dict[str, str] = {}
    reading = Roles(decide, encoding=encoding, skip=skip)
    for batch in path_source(str(path)).batches(reading):
        for id, text in zip(batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True):
            if id in found:
                raise InputError(f"{path}: id {id!r} comes twice: ids have to tell the rows apart; mend one of them")
            found[id] = text
    if reading.skipped:
        log(left_out(path.name, reading))
    return found


def read_judgements(
    place: Path,
    files: Sequence[Path],
    *,
    split: str | None = None,
    encoding: str | None = None,
    skip: bool = False,
    log: Callable[[str], None] = silent,
) -> dict[str, dict[str, int]]:
    """Read the judgements: a file with columns for query, document, relevance and perhaps split, or one file a split.

    Without a header, the columns are query, document and relevance, or those of TREC: query, iteration, document,
    relevance, between white space.

    Args:
        place: what the user knows them by, for messages.
        files: where they stand; several are splits, called like the file.
        split: which ones are judged; `test` where there is one, or else all.
        encoding: of text files; None to find out.
        skip: leave rows out that cannot be used.
        log: told which rows were left aside or out.

    Returns:
        Of each query the relevance of documents, by their ids.

    Raises:
        InputError: a column is missing, or a relevance is no whole number.
    """
    rows = [row for file in files for row in _rows(file, encoding=encoding, skip=skip, log=log)]
    if not rows:
        raise InputError(f"{place} holds no judgement: a row a query and document is expected")
    splits, notes = judged_split([row[3] for row in rows], split, str(place), "judgements")
    judged: dict[str, dict[str, int]] = {}
    for query, document, relevance, its in rows:
        if its in splits:
            of_query = judged.setdefault(query, {})
            of_query[document] = max(relevance, of_query.get(document, 0))
    for note in notes:
        log(note)
    return judged


def _rows(
    file: Path, *, encoding: str | None, skip: bool, log: Callable[[str], None]
) -> Iterator[tuple[str, str, int, str]]:
    """Query, document, relevance and split of each row."""
    name = file.name.partition(".")[0]
    split = ALL if name == WHOLE else name
    with reporting_errors(str(file)), open_bytes(file) as stream:
        bare = _headless(stream.head)
    reading: Reading
    if bare:
        reading = Reading(Wanted(), encoding=encoding, skip=skip)
        cells = _bare_rows(file, reading)
    else:
        columns = _Columns()
        reading = Roles(columns.decide, encoding=encoding, skip=skip)
        cells = _named_rows(file, columns, reading)
    for row, query, document, given, its in cells:
        relevance = _relevance(given)
        if relevance is None or query is None or document in (None, ""):
            wrong = f"its relevance is {given!r}, a whole number is expected"
            reading.reject(row, Problem(wrong if relevance is None else "it names no query or no document"))
            continue
        yield str(query), str(document), relevance, split if its is None else str(its)
    if reading.skipped:
        log(left_out(file.name, reading))


class _Columns:
    """The columns of a file of judgements, once they are seen."""

    query = document = relevance = ""

    def decide(self, names: Sequence[str], source: str) -> Wanted:
        found = [
            next((name for name in usual if name in names), None) for usual in (QUERY_COLUMNS, DOCUMENTS, RELEVANCES)
        ]
        if None in found:
            wanted = ("query-id", "corpus-id", "score")[found.index(None)]
            listed = ", ".join(map(repr, names))
            raise InputError(
                f"{source} has no column {wanted!r}: a header query-id, corpus-id, score is expected, "
                f"and found are {listed}"
            )
        self.query, self.document, self.relevance = (str(name) for name in found)
        return Wanted((self.document,), None, None, others=True, settled=True)


def _named_rows(file: Path, columns: _Columns, reading: Reading) -> Iterator[tuple[int, Any, Any, Any, Any]]:
    for batch in path_source(str(file)).batches(reading):
        held, blank = others_of(batch), [None] * len(batch)
        queries, given, splits = (held.get(name, blank) for name in (columns.query, columns.relevance, SPLIT))
        yield from zip(
            batch.ids.cast("int64").to_pylist(), queries, batch.texts.to_pylist(), given, splits, strict=True
        )


def _bare_rows(file: Path, reading: Reading) -> Iterator[tuple[int, Any, Any, Any, Any]]:
    reading.begin(str(file))
    with reporting_errors(str(file)), open_bytes(file) as stream:
        encoding = encoding_of(stream.head, reading.encoding, complete=stream.complete, source=str(file))
        for batch in line_batches(stream, encoding, reading):
            for row, line in zip(batch.ids.cast("int64").to_pylist(), batch.texts.to_pylist(), strict=True):
                cells = _cells(line)
                if len(cells) in (3, 4):
                    yield row, cells[0], cells[-2], cells[-1], None
                elif cells:
                    reading.reject(row, Problem(f"it has {len(cells)} fields, 3 or 4 are expected"))


def _headless(head: bytes) -> bool:
    """Whether the first line is a judgement already, rather than the names of columns."""
    first = _cells(head.split(b"\n", 1)[0].decode("utf-8", "replace"))
    return len(first) in (3, 4) and _relevance(first[-1]) is not None


def _cells(line: str) -> list[str]:
    return line.rstrip("\r\n").split("\t") if "\t" in line else line.split()


def _relevance(given: Any) -> int | None:
    try:
        number = float(given)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None


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
    documents = texts_by_id(files[CORPUS], titles=True, encoding=encoding, skip=skip, log=notes.append)
    queries = texts_by_id(files[QUERIES], titles=False, encoding=encoding, skip=skip, log=notes.append)
    judged = read_judgements(place, judgements, split=split, encoding=encoding, skip=skip, log=notes.append)
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
