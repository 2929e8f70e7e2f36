"""Parquet and Arrow files: columns that have types, read without a Python object a text."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from likewise.corpus.batch import MOST_CHARACTERS, MOST_ROWS, TextBatch
from likewise.corpus.files.opened import open_local
from likewise.corpus.reading import Reading
from likewise.corpus.tables import TableColumns, table_batches
from likewise.errors import InputError

__all__ = ["arrow_batches", "parquet_batches"]

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
