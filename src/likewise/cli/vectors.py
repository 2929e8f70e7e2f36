"""Write texts with their vectors to a file: Parquet, Arrow or NumPy."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from likewise.arrays import Float32
from likewise.cli.screen import ProgressCounter
from likewise.corpus.batch import TextBatch
from likewise.corpus.read import Corpus
from likewise.errors import InputError

Format = Literal["parquet", "arrow"]
Vectors = Float32[np.ndarray, "texts dim"]
Embedded = Iterable[tuple[TextBatch, Vectors]]
"""A stream of batches with the vectors of their texts; at least one."""

Encode = Callable[[pa.Array], Vectors]
Writer = Callable[[Path, Embedded, bool], None]


def writer_for(path: Path) -> Writer:
    """Return the writer of the file format that the suffix of `path` names.

    Raises:
        InputError: the suffix is unknown.
    """
    arrow = partial(write_table, "arrow")
    writers: dict[str, Writer] = {
        ".parquet": partial(write_table, "parquet"), ".arrow": arrow, ".feather": arrow, ".npy": write_numpy,
    }  # fmt: skip
    if path.suffix.lower() not in writers:
        raise InputError(f"{path} cannot be written: its suffix names the format; expected one of {', '.join(writers)}")
    return writers[path.suffix.lower()]


def embedded(corpus: Corpus, encode: Encode, counter: ProgressCounter) -> Iterator[tuple[TextBatch, Vectors]]:
    """Encode a corpus batch by batch.

    Raises:
        InputError: the corpus holds no text.
    """
    for batch in corpus:
        vectors = encode(batch.texts)
        counter.zero += len(vectors) - int(vectors.any(axis=1).sum())
        yield batch, vectors
        counter.reach(counter.texts + len(batch))
    if not counter.texts:
        raise InputError(f"{corpus.name} holds no text: there is nothing to embed")


def write_table(format: Format, path: Path, embedded: Embedded, keep_text: bool) -> None:
    """Write the columns `id`, `text`, the others, and `vector` (fixed_size_list<float32>[dim])."""
    with GrowingTable(path, format) as table:
        for batch, vectors in embedded:
            table.write(_rows(batch, vectors, keep_text))


def write_numpy(path: Path, embedded: Embedded, keep_text: bool) -> None:
    """Write the vectors alone as one float32 array of shape (texts, dim), in the order of the texts."""
    rows, dim = 0, 0
    with path.open("wb") as file:
        for _, vectors in embedded:
            if rows == 0:
                dim = vectors.shape[1]
                np.lib.format.write_array_header_1_0(file, _header(0, dim))
            file.write(np.ascontiguousarray(vectors, np.float32).data)
            rows += len(vectors)
        # NumPy pads the header so that the first axis can grow: the final header has the same length.
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, _header(rows, dim))


class GrowingTable:
    """A Parquet or Arrow file that is written batch by batch, and whose schema may widen on the way.

    The columns of JSON and the like may appear late, or get a wider type: the rows written so far are then rewritten.

    Args:
        path: the file.
        format: its format; Arrow is the file format, which Feather (version 2) is too.
    """

    def __init__(self, path: Path, format: Format) -> None:
        self._path, self._format = path, format
        self._schema: pa.Schema | None = None
        self._writer: Any = None

    def __enter__(self) -> "GrowingTable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        if self._schema is None:
            self._open(batch.schema)
        elif batch.schema != self._schema and (schema := wider(self._schema, batch.schema)) != self._schema:
            self._rewrite(schema)
        self._writer.write_batch(fitted(batch, self._schema))

    def _open(self, schema: pa.Schema) -> None:
        self._schema = schema
        if self._format == "arrow":
            self._writer = pa.ipc.new_file(str(self._path), schema)
        else:
            # Vectors do not repeat: a dictionary of their numbers would only cost time.
            flat = [name for name, kind in zip(schema.names, schema.types, strict=True) if not pa.types.is_nested(kind)]
            self._writer = pq.ParquetWriter(self._path, schema, compression="zstd", use_dictionary=flat)

    def _rewrite(self, schema: pa.Schema) -> None:
        self._writer.close()
        before = self._path.with_name(self._path.name + ".before")
        self._path.rename(before)
        try:
            self._open(schema)
            for batch in self._batches(before):
                self._writer.write_batch(fitted(batch, schema))
        finally:
            before.unlink()

    def _batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        if self._format == "arrow":
            with pa.ipc.open_file(str(path)) as file:
                yield from (file.get_batch(number) for number in range(file.num_record_batches))
        else:
            with pq.ParquetFile(path) as parquet:
                yield from parquet.iter_batches(8192)


def wider(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """Unify two schemas: numbers widen, and types without a common type become strings."""
    names = dict.fromkeys([*one.names, *other.names])
    return pa.schema([_common_field(name, one, other) for name in names])


def fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Cast a batch to a wider schema."""
    columns = []
    for field in schema:
        if field.name not in batch.schema.names:
            columns.append(pa.nulls(len(batch), field.type))
            continue
        column = batch.column(field.name)
        columns.append(column if column.type == field.type else _cast(column, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _common_field(name: str, one: pa.Schema, other: pa.Schema) -> pa.Field:
    fields = [pa.schema([schema.field(name)]) for schema in (one, other) if name in schema.names]
    try:
        return pa.unify_schemas(fields, promote_options="permissive").field(0)
    except pa.ArrowTypeError:
        return pa.field(name, pa.large_string())


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return column.cast(kind)
    except pa.ArrowNotImplementedError:
        texts = [None if value is None else json.dumps(value, default=str) for value in column.to_pylist()]
        return pa.array(texts, kind)


def _header(rows: int, dim: int) -> dict[str, object]:
    return {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}


def _rows(batch: TextBatch, vectors: Vectors, keep_text: bool) -> pa.RecordBatch:
    columns = {"id": batch.ids}
    if keep_text:
        columns["text"] = batch.texts
    columns |= dict(_others(batch, {"id", "text", "vector"}))
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return pa.record_batch(columns)


def _others(batch: TextBatch, taken: set[str]) -> Iterator[tuple[str, pa.Array]]:
    """The other columns; underscores are appended to a name that is taken."""
    if batch.columns is None:
        return
    for name, column in zip(batch.columns.schema.names, batch.columns.columns, strict=True):
        free = name
        while free in taken:
            free += "_"
        taken.add(free)
        yield free, column
