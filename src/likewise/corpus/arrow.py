"""Arrow record batches become batches of texts, without a Python object a text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.corpus.batch import MOST_CHARACTERS, MOST_ROWS, TextBatch, bounded, text_batch
from likewise.corpus.columns import Chosen, distinct_names
from likewise.corpus.source import Problem, Reading
from likewise.corpus.streams import open_local
from likewise.errors import InputError

__all__ = ["TableColumns", "arrow_batches", "parquet_batches", "table_batches"]


BYTES = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table, each in its role.

    Attributes:
        chosen: which column is what.
        places: where each of them stands in the table.
    """

    chosen: Chosen
    places: dict[str, int]

    @classmethod
    def of(cls, schema: pa.Schema, reading: Reading) -> "TableColumns":
        """Choose them.

        Raises:
            InputError: a column is not there or holds no strings, or it is not plain which one holds the texts.
        """
        names = distinct_names(schema.names)
        types = dict(zip(names, schema.types, strict=True))
        strings = [name for name in names if _of_strings(types[name])]
        # A column without a value has no type to tell: it may well be one of texts.
        empty = [name for name in names if pa.types.is_null(types[name])]
        chosen = reading.choose(names, strings or empty)
        for name in chosen.texts:
            if name not in strings and name not in empty:
                raise InputError(
                    f"{reading.source}: column {name!r} holds {types[name]}, texts have to be strings; name a column "
                    'of strings with --text (text="...")'
                )
        if chosen.id is not None and pa.types.is_nested(types[chosen.id]):
            raise InputError(f"{reading.source}: column {chosen.id!r} holds {types[chosen.id]}, which is no id")
        return cls(chosen, {name: names.index(name) for name in chosen.names})


def table_batches(batches: Iterable[pa.RecordBatch], columns: TableColumns, reading: Reading) -> Iterator[TextBatch]:
    """Put the columns of each record batch in their roles, in parts that are small enough.

    Args:
        batches: record batches whose columns stand where `columns` says.
        columns: the columns of the table.
        reading: what becomes of rows that cannot be used.

    Raises:
        InputError: a row has no id or is not UTF-8, and rows are not to be left out.
    """
    for whole in batches:
        for start in range(0, len(whole), MOST_ROWS):
            part = whole.slice(start, MOST_ROWS)
            arrays = {name: _plain(part.column(place)) for name, place in columns.places.items()}
            for batch in _sound(arrays, len(part), columns.chosen, reading):
                yield from bounded(batch)


def _sound(arrays: dict[str, pa.Array], count: int, chosen: Chosen, reading: Reading) -> Iterator[TextBatch]:
    rows = np.arange(reading.rows, reading.rows + count, dtype=np.int64)
    reading.rows += count
    problems: dict[int, Problem] = {}
    for name, array in arrays.items():
        for index, byte in _undecodable(array):
            problems.setdefault(index, Problem(f"column {name!r} holds byte 0x{byte:02x}, which is not UTF-8"))
    if chosen.id is not None:
        ids = arrays[chosen.id].cast(pa.large_string())
        nameless = pc.fill_null(pc.equal(pc.binary_length(ids), 0), True)
        for index in np.flatnonzero(nameless.to_numpy(zero_copy_only=False)).tolist():
            problems.setdefault(index, Problem(f"it has no id in column {chosen.id!r}"))
        arrays[chosen.id] = ids
    if problems:
        for index in sorted(problems):
            reading.reject(int(rows[index]), problems[index])
        kept = np.delete(np.arange(count), list(problems))
        arrays = {name: array.take(pa.array(kept)) for name, array in arrays.items()}
        rows = rows[kept]
    if len(rows):
        yield text_batch(chosen, arrays, rows)


def _plain(array: pa.Array) -> pa.Array:
    """Strings of every kind as `large_string`; other values as they are. Nothing is trusted before it is checked."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if kind in BYTES:
        # Broken UTF-8 is for its row to tell; broken offsets are for nobody to follow.
        array.view(BYTES[kind]).validate(full=True)
    else:
        array.validate(full=True)
    if not _of_strings(kind) and not pa.types.is_null(kind):
        return array
    if isinstance(array, pa.DictionaryArray):
        # Not every kind of string can be looked up in a dictionary.
        array = pa.DictionaryArray.from_arrays(array.indices, array.dictionary.cast(pa.large_string()))
    return array.cast(pa.large_string())


def _undecodable(array: pa.Array) -> list[tuple[int, int]]:
    """Where a column of strings is not UTF-8: the row, and the first byte of it that is wrong."""
    if not pa.types.is_large_string(array.type):
        return []
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        found = []
        for index, value in enumerate(array.view(pa.large_binary()).to_pylist()):
            try:
                (value or b"").decode()
            except UnicodeDecodeError as error:
                found.append((index, value[error.start]))
        return found
    return []


def _of_strings(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


FILE_FORMAT = b"ARROW1"


def parquet_batches(path: Path, reading: Reading) -> Iterator[TextBatch]:
    """The rows of a Parquet file; only the columns that are needed are read.

    Raises:
        InputError: it is no Parquet file, or no column of it can be used.
    """
    from pyarrow.parquet import ParquetFile

    with open_local(path) as local, ParquetFile(local) as parquet:
        schema = parquet.schema_arrow
        columns = TableColumns.of(schema, reading)
        # Columns are asked for by name, which brings all that have the same.
        names = list(dict.fromkeys(schema.names[place] for place in sorted(columns.places.values())))
        read = [place for place, name in enumerate(schema.names) if name in names]
        moved = {name: read.index(place) for name, place in columns.places.items()}
        batches = parquet.iter_batches(_rows_at_once(parquet.metadata), columns=names)
        yield from table_batches(batches, replace(columns, places=moved), reading)


def arrow_batches(path: Path, reading: Reading) -> Iterator[TextBatch]:
    """The rows of an Arrow file: of the file format, which is Feather, or of the stream format.

    Raises:
        InputError: it is no Arrow file, or no column of it can be used.
    """
    with open_local(path) as local:
        with local.open("rb") as file:
            begins = file.read(len(FILE_FORMAT))
        if not begins:
            raise InputError(f"{reading.source} is empty: an Arrow file has a schema at least")
        with pa.memory_map(str(local)) as mapped:
            if begins == FILE_FORMAT:
                table = pa.ipc.open_file(mapped)
                batches = (table.get_batch(index) for index in range(table.num_record_batches))
                yield from table_batches(batches, TableColumns.of(table.schema, reading), reading)
            else:
                stream = pa.ipc.open_stream(mapped)
                yield from table_batches(stream, TableColumns.of(stream.schema, reading), reading)


def _rows_at_once(metadata: Any) -> int:
    """As many rows as fit in a quarter of a batch by what the file says of itself: building them takes the rest."""
    size: int = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    rows: int = metadata.num_rows
    return max(1, min(MOST_ROWS, MOST_CHARACTERS * rows // max(1, size)))
