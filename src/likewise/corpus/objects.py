"""What a program holds already: lists, iterators, Arrow tables, data frames, datasets."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from likewise.corpus.arrow import TableColumns, table_batches
from likewise.corpus.batch import MOST_ROWS, TextBatch
from likewise.corpus.columns import TEXT
from likewise.corpus.rows import Row, record_batches, text_rows
from likewise.corpus.source import Reading, Source
from likewise.errors import InputError

__all__ = ["object_source"]


PANDAS_INDEX = "__index_level_"  # how pandas calls an index without a name when it becomes a column


def object_source(held: Any) -> Source:
    """How to read texts from an object.

    Strings or objects with named values in a list, an iterator or anything else that can be iterated; an Arrow array,
    table, record batch or reader; whatever gives an Arrow stream, such as a pandas or polars frame or series; a
    `datasets.Dataset`, streamed or not; columns by name in a dict.

    Raises:
        InputError: it is nothing that texts can be read from.
    """
    name = f"the {type(held).__name__}"
    if isinstance(held, Mapping):
        return Source(name, True, partial(_read, name, _columns_by_name(held, name)))
    if isinstance(held, pa.RecordBatchReader):
        return Source(name, False, partial(_read, name, partial(_reader_batches, held)))
    if isinstance(held, pa.Array | pa.ChunkedArray):
        return Source(name, True, partial(_read, name, partial(_table_rows, pa.table({TEXT: held}))))
    if hasattr(held, "with_format") and hasattr(held, "iter"):
        return Source(name, True, partial(_read, name, partial(_dataset_rows, held)))
    if hasattr(held, "__arrow_c_stream__"):
        return Source(name, hasattr(held, "__len__"), partial(_read, name, partial(_streamed, held)))
    if isinstance(held, bytes | bytearray) or not isinstance(held, Iterable):
        raise InputError(
            f"texts cannot be read from {name}: give a path, strings in a list or an iterator, an Arrow table, "
            "a pandas or polars frame, or a datasets.Dataset"
        )
    quick = isinstance(held, list) and {type(item) for item in held} == {str}
    return Source(
        name, not isinstance(held, Iterator), partial(_read, name, partial(_strings if quick else _items, held))
    )


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


def _columns_by_name(held: Mapping[str, Any], name: str) -> Callable[[Reading], Iterator[TextBatch]]:
    if any(hasattr(value, "with_format") for value in held.values()):
        raise InputError(f"{name} has several splits, {', '.join(map(repr, held))}: give one of them")
    try:
        return partial(_table_rows, pa.table(dict(held)))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"{name} holds no columns of one length: {str(error).splitlines()[0]}") from None


def _dataset_rows(dataset: Any, reading: Reading) -> Iterator[TextBatch]:
    columns = None
    for table in dataset.with_format("arrow").iter(batch_size=MOST_ROWS):
        # A streamed dataset does not know its columns before its first rows are there.
        columns = columns or TableColumns.of(table.schema, reading)
        yield from table_batches(table.to_batches(), columns, reading)


def _streamed(held: Any, reading: Reading) -> Iterator[TextBatch]:
    try:
        reader = pa.RecordBatchReader.from_stream(held)
    except pa.ArrowException:
        return _untabled(held, reading)
    kept = [place for place, name in enumerate(reader.schema.names) if not name.startswith(PANDAS_INDEX)]
    columns = TableColumns.of(pa.schema([reader.schema.field(place) for place in kept]), reading)
    return table_batches((batch.select(kept) for batch in reader), columns, reading)


def _strings(held: Iterable[str], reading: Reading) -> Iterator[TextBatch]:
    """Strings alone, which Arrow takes without looking at each in Python; lone surrogates it does not."""
    try:
        column = pa.array(list(held), pa.large_string())
    except UnicodeEncodeError:
        return _items(held, reading)
    return _table_rows(pa.table({TEXT: column}), reading)


def _untabled(held: Any, reading: Reading) -> Iterator[TextBatch]:
    """A series, which is no table, or what pandas holds where a column mixes types, which is nothing to Arrow."""
    if hasattr(held, "itertuples"):
        names = [str(name) for name in held.columns]
        rows = (dict(zip(names, row, strict=True)) for row in held.itertuples(index=False, name=None))
        return record_batches(_numbered(rows, reading), reading)
    try:
        return _table_rows(pa.table({TEXT: pa.chunked_array(held)}), reading)
    except pa.ArrowException:
        return _items(held, reading)


def _items(held: Iterable[Any], reading: Reading) -> Iterator[TextBatch]:
    items = iter(held)
    for first in items:
        read = record_batches if isinstance(first, Mapping) else text_rows
        yield from read(_numbered(chain([first], items), reading), reading)


def _numbered(items: Iterable[Any], reading: Reading) -> Iterator[Row]:
    for item in items:
        values: Iterable[Any] = item.values() if isinstance(item, Mapping) else (item,)
        yield reading.rows, sum(len(value) for value in values if isinstance(value, str)), item
        reading.rows += 1
