"""The three files of retrieval data in the layout of BEIR: documents, queries, and what answers what."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from likewise.corpus.columns import IDS, TEXT, Wanted
from likewise.corpus.files.encoding import encoding_of
from likewise.corpus.files.lines import line_batches
from likewise.corpus.files.opened import open_bytes, told
from likewise.corpus.files.paths import path_source
from likewise.corpus.reading import Problem, Reading
from likewise.errors import InputError
from likewise.evaluation.rows import ALL, Roles, judged_split, left_out, others_of, silent

__all__ = ["read_judgements", "texts_by_id"]

TITLE, SPLIT = "title", "split"
WHOLE = "qrels"  # a file of another name is a split, called like the file
QUERY_TEXTS = (TEXT, "query", "question")
QUERIES = ("query-id", "query_id", "qid")
DOCUMENTS = ("corpus-id", "corpus_id", "doc_id", "doc-id", "docid", "document_id")
RELEVANCES = ("score", "relevance", "rel")


def texts_by_id(
    path: Path, *, titles: bool, encoding: str | None = None, skip: bool = False, tell: Callable[[str], None] = silent
) -> dict[str, str]:
    """The texts of `corpus` or `queries`, by their ids, which are called `_id` or `id`.

    Args:
        path: the file.
        titles: whether a text is its title and its text, joined with ". ".
        encoding: of a text file; None to find out.
        skip: leave rows out that cannot be used.
        tell: told how many were.

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
        tell(left_out(path.name, reading))
    return found


def read_judgements(
    place: Path,
    files: Sequence[Path],
    *,
    split: str | None = None,
    encoding: str | None = None,
    skip: bool = False,
    tell: Callable[[str], None] = silent,
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
        tell: told which rows were left aside or out.

    Returns:
        Of each query the relevance of documents, by their ids.

    Raises:
        InputError: a column is missing, or a relevance is no whole number.
    """
    rows = [row for file in files for row in _rows(file, encoding=encoding, skip=skip, tell=tell)]
    if not rows:
        raise InputError(f"{place} holds no judgement: a row a query and document is expected")
    splits, notes = judged_split([row[3] for row in rows], split, str(place), "judgements")
    judged: dict[str, dict[str, int]] = {}
    for query, document, relevance, its in rows:
        if its in splits:
            of_query = judged.setdefault(query, {})
            of_query[document] = max(relevance, of_query.get(document, 0))
    for note in notes:
        tell(note)
    return judged


def _rows(
    file: Path, *, encoding: str | None, skip: bool, tell: Callable[[str], None]
) -> Iterator[tuple[str, str, int, str]]:
    """Query, document, relevance and split of each row."""
    name = file.name.partition(".")[0]
    split = ALL if name == WHOLE else name
    with told(str(file)), open_bytes(file) as stream:
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
        tell(left_out(file.name, reading))


class _Columns:
    """The columns of a file of judgements, once they are seen."""

    query = document = relevance = ""

    def decide(self, names: Sequence[str], source: str) -> Wanted:
        found = [next((name for name in usual if name in names), None) for usual in (QUERIES, DOCUMENTS, RELEVANCES)]
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
    with told(str(file)), open_bytes(file) as stream:
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
