"""Read objects in memory: lists, iterators, Arrow tables, data frames, datasets."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from likewise.corpus.arrow import TableColumns, table_batches
from likewise.corpus.batch import MAX_ROWS, TextBatch
from likewise.corpus.columns import TEXT
from likewise.corpus.rows import Row, record_batches, text_rows
from likewise.corpus.source import Reading, Source
from likewise.errors import InputError

__all__ = ["object_source"]

PANDAS_INDEX = "__index_level_"  # the column name of a pandas index without a name


def object_source(data: Any) -> Source:
    """Return a source that reads texts from an object.

    It takes strings or objects with named values in a list, an iterator or any other iterable; an Arrow array, table,
    record batch or reader; anything with an Arrow stream, such as a pandas or polars frame or series; a
    `datasets.Dataset`, streamed or not; columns by name in a dict.

    Raises:
        InputError: texts cannot be read from it.
    """
    name = f"the {type(data).__name__}"
    if isinstance(data, Mapping):
        return Source(name, True, partial(_read, name, _columns_by_name(data, name)))
    if isinstance(data, pa.RecordBatchReader):
        return Source(name, False, partial(_read, name, partial(_reader_batches, data)))
    if isinstance(data, pa.Array | pa.ChunkedArray):
        return Source(name, True, partial(_read, name, partial(_table_rows, pa.table({TEXT: data}))))
    if hasattr(data, "with_format") and hasattr(data, "iter"):
        return Source(name, True, partial(_read, name, partial(_dataset_rows, data)))
    if hasattr(data, "__arrow_c_stream__"):
        return Source(name, hasattr(data, "__len__"), partial(_read, name, partial(_streamed, data)))
    if isinstance(data, bytes | bytearray) or not isinstance(data, Iterable):
        raise InputError(
            f"texts cannot be read from {name}: give a path, strings in a list or an iterator, an Arrow table, "
            "a pandas or polars frame, or a datasets.Dataset"
        )
    rows = _strings if isinstance(data, list) and {type(item) for item in data} == {str} else _items
    return Source(name, not isinstance(data, Iterator), partial(_read, name, partial(rows, data)))


def _read(name: str, batches: Callable[[Reading], Iterator[TextBatch]], reading: Reading) -> Iterator[TextBatch]:
    reading.begin(name)
    try:
        yield from batches(reading)
    except pa.ArrowException as error:
        raise InputError(f"{name} cannot be read as Arrow: {str(error).splitlines()[0]}") from error


def _reader_batches(reader: pa.RecordBatchReader, reading: Reading) -> Iterator[TextBatch]:
    return table_batches(reader, TableColumns.of(reader.schema, reading), reading)


def _table_rows(table: pa.Table, reading: Reading) -> Iterator[TextBatch]:
    return table_batches(table.to_batches(), TableColumns.of(table.schema, reading), reading)


def _columns_by_name(data: Mapping[str, Any], name: str) -> Callable[[Reading], Iterator[TextBatch]]:
    if any(hasattr(value, "with_format") for value in data.values()):
        raise InputError(f"{name} has several splits, {', '.join(map(repr, data))}: give one of them")
    try:
        return partial(_table_rows, pa.table(dict(data)))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"{name} holds no columns of equal length: {str(error).splitlines()[0]}") from None


def _dataset_rows(dataset: Any, reading: Reading) -> Iterator[TextBatch]:
    columns = None
    for table in dataset.with_format("arrow").iter(batch_size=MAX_ROWS):
        # A streamed dataset does not know its columns before its first rows are read.
        columns = columns or TableColumns.of(table.schema, reading)
        yield from table_batches(table.to_batches(), columns, reading)


def _streamed(data: Any, reading: Reading) -> Iterator[TextBatch]:
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
