"""Read Parquet files, Arrow files and Arrow data in memory, without a Python object per text."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.corpus.batch import MAX_CHARACTERS, MAX_ROWS, Problem, Reading, TextBatch, bounded, text_batch
from likewise.corpus.columns import Chosen, distinct_names
from likewise.corpus.streams import open_local
from likewise.corpus.values import id_text, is_null, need_care
from likewise.errors import InputError

BYTES = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}
FILE_FORMAT = b"ARROW1"


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table that are read.

    Attributes:
        chosen: the role of each column.
        places: the position of each in the table.
    """

    chosen: Chosen
    places: dict[str, int]

    @classmethod
    def of(cls, schema: pa.Schema, reading: Reading) -> "TableColumns":
        """Choose them.

        Raises:
            InputError: a column is missing or holds no strings, or it is ambiguous which one holds the texts.
        """
        names = distinct_names(schema.names)
        types = dict(zip(names, schema.types, strict=True))
        strings = [name for name in names if _of_strings(types[name])]
        # A column without a value has the type null: it may well be one of texts.
        empty = [name for name in names if pa.types.is_null(types[name])]
        chosen = reading.choose(names, strings or empty)
        for name in () if chosen.as_ids else chosen.texts:
            if name not in strings and name not in empty:
                raise InputError(
                    f"{reading.source}: column {name!r} holds {types[name]}, texts have to be strings; name a column "
                    'of strings with --text (text="...")'
                )
        for name in chosen.ids:
            if pa.types.is_nested(types[name]) and not pa.types.is_struct(types[name]):
                raise InputError(f"{reading.source}: column {name!r} holds {types[name]}, which is no id")
        return cls(chosen, {name: names.index(name) for name in chosen.names})


def parquet_batches(path: Path, reading: Reading, *, max_characters: int = MAX_CHARACTERS) -> Iterator[TextBatch]:
    """Read the rows of a Parquet file, and only the columns that are needed.

    Raises:
        InputError: it is no Parquet file, or no column of it can be used.
    """
    from pyarrow.parquet import ParquetFile

    with open_local(path) as local, ParquetFile(local) as parquet:
        schema = parquet.schema_arrow
        columns = TableColumns.of(schema, reading)
        # Parquet reads columns by name: all columns that share a name are read.
        names = list(dict.fromkeys(schema.names[place] for place in sorted(columns.places.values())))
        read = [place for place, name in enumerate(schema.names) if name in names]
        moved = {name: read.index(place) for name, place in columns.places.items()}
        batches = parquet.iter_batches(_rows_at_once(parquet.metadata, max_characters), columns=names)
        yield from table_batches(batches, replace(columns, places=moved), reading)


def arrow_batches(path: Path, reading: Reading) -> Iterator[TextBatch]:
    """Read the rows of an Arrow file, of the file format (Feather) or the stream format.

    Raises:
        InputError: it is no Arrow file, or no column of it can be used.
    """
    with open_local(path) as local:
        with local.open("rb") as file:
            begins = file.read(len(FILE_FORMAT))
        if not begins:
            raise InputError(f"{reading.source} is empty: an Arrow file has at least a schema")
        with pa.memory_map(str(local)) as mapped:
            if begins == FILE_FORMAT:
                table = pa.ipc.open_file(mapped)
                batches = (table.get_batch(index) for index in range(table.num_record_batches))
                yield from table_batches(batches, TableColumns.of(table.schema, reading), reading)
            else:
                stream = pa.ipc.open_stream(mapped)
                yield from table_batches(stream, TableColumns.of(stream.schema, reading), reading)


def table_batches(batches: Iterable[pa.RecordBatch], columns: TableColumns, reading: Reading) -> Iterator[TextBatch]:
    """Convert record batches to batches of texts, in parts that are small enough.

    Args:
        batches: record batches with the columns at the positions of `columns`.
        columns: the columns that are read.
        reading: skips or refuses bad rows.

    Raises:
        InputError: a row has no id or is not UTF-8, and bad rows are not skipped.
    """
    for whole in batches:
        for start in range(0, len(whole), MAX_ROWS):
            part = whole.slice(start, MAX_ROWS)
            arrays = {name: _plain(part.column(place)) for name, place in columns.places.items()}
            for batch in _usable(arrays, len(part), columns.chosen, reading):
                yield from bounded(batch)


def _usable(arrays: dict[str, pa.Array], count: int, chosen: Chosen, reading: Reading) -> Iterator[TextBatch]:
    """Yield one batch of the rows that can be used, if there are any."""
    rows = np.arange(reading.rows, reading.rows + count, dtype=np.int64)
    reading.rows += count
    problems: dict[int, Problem] = {}
    for name, array in arrays.items():
        for index, byte in _undecodable(array):
            problems.setdefault(index, Problem(f"column {name!r} holds byte 0x{byte:02x}, which is not UTF-8"))
    for name in chosen.ids:
        ids, reasons = _ids(arrays[name], problems)
        empty = pc.fill_null(pc.equal(pc.binary_length(ids), 0), True)
        for index in np.flatnonzero(empty.to_numpy(zero_copy_only=False)).tolist():
            reason = f"column {name!r} {reasons[index]}" if index in reasons else f"it has no id in column {name!r}"
            problems.setdefault(index, Problem(reason, reading.id_remedy))
        arrays[name] = ids
    if problems:
        for index in sorted(problems):
            reading.reject(int(rows[index]), problems[index])
        kept = np.delete(np.arange(count), list(problems))
        arrays = {name: array.take(pa.array(kept)) for name, array in arrays.items()}
        rows = rows[kept]
    if len(rows):
        yield text_batch(chosen, arrays, rows)


def _ids(array: pa.Array, unreadable: Collection[int]) -> tuple[pa.Array, dict[int, str]]:
    """Convert a column to ids; those that are missing, unreadable or no ids are null, the last ones with a reason."""
    if unreadable:
        array = pc.if_else(pa.array(np.isin(np.arange(len(array)), list(unreadable))), None, array)
    kind = array.type
    if pa.types.is_integer(kind) or pa.types.is_temporal(kind) or pa.types.is_null(kind):
        return array.cast(pa.large_string()), {}
    if pa.types.is_large_string(kind) and not need_care(array):
        return array, {}
    found: list[str | None] = []
    reasons = {}
    # How many digits a float holds depends on its type.
    values = array.to_numpy(zero_copy_only=False) if pa.types.is_floating(kind) else array.to_pylist()
    for index, value in enumerate(values):
        try:
            found.append(None if is_null(value) else id_text(value))
        except ValueError as error:
            found.append(None)
            reasons[index] = str(error)
    return pa.array(found, pa.large_string()), reasons


def _plain(array: pa.Array) -> pa.Array:
    """Validate an array; cast strings of every kind to `large_string`, and keep other values as they are."""
    if str(array.type) == "extension<arrow.uuid>":
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.large_string())
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if kind in BYTES:
        # Invalid UTF-8 is reported by row; invalid offsets must never be followed.
        array.view(BYTES[kind]).validate(full=True)
    else:
        array.validate(full=True)
    if not _of_strings(kind) and not pa.types.is_null(kind):
        return array
    if isinstance(array, pa.DictionaryArray):
        # Arrow cannot decode a dictionary of every kind of string.
        array = pa.DictionaryArray.from_arrays(array.indices, array.dictionary.cast(pa.large_string()))
    return array.cast(pa.large_string())


def _undecodable(array: pa.Array) -> list[tuple[int, int]]:
    """The rows of a column of strings that are not UTF-8, each with its first invalid byte."""
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


def _rows_at_once(metadata: Any, max_characters: int) -> int:
    """As many rows as fit in a quarter of a batch by the sizes in the file; converting them takes the rest."""
    size: int = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    rows: int = metadata.num_rows
    return max(1, min(MAX_ROWS, max_characters * rows // max(1, size)))
