"""`read`: open any source of texts as a corpus, a stream of batches; `paths.py` reads files, the rest is done here."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from likewise.corpus.arrow import TableColumns, table_batches
from likewise.corpus.batch import MAX_ROWS, Problem, Reading, Source, TextBatch
from likewise.corpus.columns import TEXT, Wanted
from likewise.corpus.encoding import checked_name
from likewise.corpus.paths import path_source
from likewise.corpus.rows import Row, record_batches, text_rows
from likewise.errors import InputError

ON_ERROR = ("raise", "skip")
PANDAS_INDEX = "__index_level_"  # the column name of a pandas index without a name


class Corpus:
    """Texts that are read batch by batch, any number of times unless they come from a pipe or an iterator.

    Attributes:
        name: the file or object, for messages.
    """

    def __init__(
        self, source: Source, wanted: Wanted, *, encoding: str | None, skip: bool, header: bool = True
    ) -> None:
        self.name = source.name
        self._source, self._wanted = source, wanted
        self._how = {"encoding": encoding, "skip": skip, "header": header}
        self._reading: Reading | None = None

    @property
    def skipped(self) -> int:
        """Rows that the latest pass has skipped so far because they cannot be read."""
        return 0 if self._reading is None else self._reading.skipped

    @property
    def numbered(self) -> bool | None:
        """Whether the ids are row numbers; None before the first batch of the first pass is read."""
        return None if self._reading is None else self._reading.numbered

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the latest file, whether they are read or not; empty before the first batch is read."""
        return () if self._reading is None else self._reading.names

    def reject(self, row: int, problem: Problem) -> None:
        """Skip a row of the latest batch and count it, or raise an error that names its file and its place there.

        Args:
            row: as in `TextBatch.rows`.
            problem: why it cannot be used.

        Raises:
            InputError: bad rows are not skipped.
        """
        assert self._reading is not None  # noqa: S101  a batch was read
        self._reading.reject(row, problem)

    def __iter__(self) -> Iterator[TextBatch]:
        """Begin a pass.

        Raises:
            InputError: a row or the whole source cannot be read, or cannot be read again.
        """
        if self._reading is not None and not self._source.again:
            raise InputError(f"{self.name} can be read only once: save it to a file or a list to read it again")
        self._reading = Reading(self._wanted, **self._how)  # type: ignore[arg-type]
        return self._source.batches(self._reading)


def read(
    source: Any,
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    pair: Sequence[str] | None = None,
    columns: bool | Sequence[str] = False,
    ids: bool = True,
    as_ids: bool = False,
    encoding: str | None = None,
    on_error: str = "raise",
    header: bool = True,
) -> Corpus:
    """Open a source of texts as a corpus. Contents and columns are read when the corpus is iterated.

    Args:
        source: a path to a file (txt, CSV, TSV, JSONL, JSON, Parquet, Arrow, each also .gz or .zst) or to a folder of
            them, `-` for standard input; strings or dicts in a list or an iterator; an Arrow array, table or reader; a
            pandas or polars frame or series; a `datasets.Dataset`.
        text: the column that holds the texts, or several that are joined with ". "; chosen if there is only one.
        id: the column of ids; if None the one called `id` or `_id`, or else the row number, from 0.
        pair: two columns whose texts belong together, instead of `text`.
        columns: keep the other columns; or those with these names, as far as they exist.
        ids: take the ids from a column, if there is one; otherwise the row numbers are the ids.
        as_ids: the texts are ids, so that numbers become text, and empty ones are refused.
        encoding: the encoding of text files; if None it is detected, with an `InputWarning` unless it is UTF-8.
        on_error: `raise` at a row that cannot be read, or `skip` and count it.
        header: whether the first row of a CSV or TSV file names the columns; they are called 1, 2, ... if not.

    Raises:
        InputError: there is no such file, it holds no texts, or an argument is invalid.
    """
    if on_error not in ON_ERROR:
        raise InputError(f"on_error is {on_error!r}, and has to be one of {', '.join(ON_ERROR)}")
    if encoding is not None:
        checked_name(encoding)
    wanted = Wanted.of(text, id, pair, columns=columns, ids=ids, as_ids=as_ids)
    if isinstance(source, Corpus):
        if replace(wanted, settled=False) != Wanted():
            raise InputError(f"the corpus {source.name} has its columns already: choose them where it is read")
        return source
    found = path_source(os.fsdecode(source)) if isinstance(source, str | os.PathLike) else object_source(source)
    return Corpus(found, wanted, encoding=encoding, skip=on_error == "skip", header=header)


def object_source(data: Any) -> Source:
    """Return a source that reads texts from an object.

    It takes strings or objects with named values in a list, an iterator or any other iterable; an Arrow array, table,
    record batch or reader; anything with an Arrow stream, such as a pandas or polars frame or series; a
    `datasets.Dataset`, streamed or not; columns by name in a dict.

    Raises:
        InputError: texts cannot be read from it.
    """
    name, again = f"the {type(data).__name__}", True
    rows: Callable[[Any, Reading], Iterator[TextBatch]]
    if isinstance(data, Mapping):
        rows, data = _table_rows, _columns_by_name(data, name)
    elif isinstance(data, pa.RecordBatchReader):
        rows, again = _reader_rows, False
    elif isinstance(data, pa.Array | pa.ChunkedArray):
        rows, data = _table_rows, pa.table({TEXT: data})
    elif hasattr(data, "with_format") and hasattr(data, "iter"):
        rows = _dataset_rows
    elif hasattr(data, "__arrow_c_stream__"):
        rows, again = _streamed_rows, hasattr(data, "__len__")
    elif isinstance(data, bytes | bytearray) or not isinstance(data, Iterable):
        raise InputError(
            f"texts cannot be read from {name}: give a path, strings in a list or an iterator, an Arrow table, "
            "a pandas or polars frame, or a datasets.Dataset"
        )
    else:
        rows = _strings if isinstance(data, list) and {type(item) for item in data} == {str} else _items
        again = not isinstance(data, Iterator)
    return Source(name, again, partial(_object_rows, name, rows, data))


def _object_rows(
    name: str, rows: Callable[[Any, Reading], Iterator[TextBatch]], data: Any, reading: Reading
) -> Iterator[TextBatch]:
    reading.begin(name)
    try:
        yield from rows(data, reading)
    except pa.ArrowException as error:
        raise InputError(f"{name} cannot be read as Arrow: {str(error).splitlines()[0]}") from error


def _reader_rows(reader: pa.RecordBatchReader, reading: Reading) -> Iterator[TextBatch]:
    return table_batches(reader, TableColumns.of(reader.schema, reading), reading)


def _table_rows(table: pa.Table, reading: Reading) -> Iterator[TextBatch]:
    return table_batches(table.to_batches(), TableColumns.of(table.schema, reading), reading)


def _columns_by_name(data: Mapping[str, Any], name: str) -> pa.Table:
    if any(hasattr(value, "with_format") for value in data.values()):
        raise InputError(f"{name} has several splits, {', '.join(map(repr, data))}: give one of them")
    try:
        return pa.table(dict(data))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"{name} holds no columns of equal length: {str(error).splitlines()[0]}") from None


def _dataset_rows(dataset: Any, reading: Reading) -> Iterator[TextBatch]:
    columns = None
    for table in dataset.with_format("arrow").iter(batch_size=MAX_ROWS):
        # A streamed dataset does not know its columns before its first rows are read.
        columns = columns or TableColumns.of(table.schema, reading)
        yield from table_batches(table.to_batches(), columns, reading)


def _streamed_rows(data: Any, reading: Reading) -> Iterator[TextBatch]:
    try:
        reader = pa.RecordBatchReader.from_stream(data)
    except pa.ArrowException:
        return _no_table(data, reading)
    kept = [place for place, name in enumerate(reader.schema.names) if not name.startswith(PANDAS_INDEX)]
    columns = TableColumns.of(pa.schema([reader.schema.field(place) for place in kept]), reading)
    return table_batches((batch.select(kept) for batch in reader), columns, reading)


def _no_table(data: Any, reading: Reading) -> Iterator[TextBatch]:
    """Read a series, or a pandas frame with columns of mixed types, which Arrow does not accept as a table."""
    if hasattr(data, "itertuples"):
        names = [str(name) for name in data.columns]
        rows = (dict(zip(names, row, strict=True)) for row in data.itertuples(index=False, name=None))
        return record_batches(_numbered(rows, reading), reading)
    try:
        return _table_rows(pa.table({TEXT: pa.chunked_array(data)}), reading)
    except pa.ArrowException:
        return _items(data, reading)


def _strings(texts: Iterable[str], reading: Reading) -> Iterator[TextBatch]:
    """Convert strings alone at once, which Arrow does unless one holds a lone surrogate."""
    try:
        column = pa.array(list(texts), pa.large_string())
    except UnicodeEncodeError:
        return _items(texts, reading)
    return _table_rows(pa.table({TEXT: column}), reading)


def _items(data: Iterable[Any], reading: Reading) -> Iterator[TextBatch]:
    items = iter(data)
    for first in items:
        read = record_batches if isinstance(first, Mapping) else text_rows
        yield from read(_numbered(chain([first], items), reading), reading)


def _numbered(items: Iterable[Any], reading: Reading) -> Iterator[Row]:
    for item in items:
        values: Iterable[Any] = item.values() if isinstance(item, Mapping) else (item,)
        yield reading.rows, sum(len(value) for value in values if isinstance(value, str)), item
        reading.rows += 1
