"""Tables that grow batch by batch, whose columns may turn out wider than they began."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["ArrowTable", "GrowingTable", "ParquetTable", "fitted", "wider"]


class GrowingTable(ABC):
    """A table in a file.

    A column may come late, and its type may turn out too narrow, as JSON and its like have it: what was written is then
    written anew, once for each such surprise.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        """Add rows at the end."""
        if self._schema is None:
            self._begin(batch.schema)
        elif batch.schema != self._schema and (schema := wider(self._schema, batch.schema)) != self._schema:
            self._begin_anew(schema)
        self._writer.write_batch(fitted(batch, self._schema))

    @abstractmethod
    def _open(self, schema: pa.Schema) -> Any:
        """What writes record batches to the path."""

    @abstractmethod
    def _read(self, path: Path) -> Iterator[pa.RecordBatch]:
        """What was written to `path`."""

    def _begin(self, schema: pa.Schema) -> None:
        self._schema, self._writer = schema, self._open(schema)

    def _begin_anew(self, schema: pa.Schema) -> None:
        self._writer.close()
        before = self.path.with_name(self.path.name + ".before")
        self.path.rename(before)
        try:
            self._begin(schema)
            for batch in self._read(before):
                self._writer.write_batch(fitted(batch, schema))
        finally:
            before.unlink()


class ParquetTable(GrowingTable):
    """A Parquet file."""

    def _open(self, schema: pa.Schema) -> Any:
        # Numbers of vectors do not repeat: a dictionary of them would only cost time.
        repeating = [
            name for name, kind in zip(schema.names, schema.types, strict=True) if not pa.types.is_nested(kind)
        ]
        return pq.ParquetWriter(self.path, schema, compression="zstd", use_dictionary=repeating)

    def _read(self, path: Path) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(8192)


class ArrowTable(GrowingTable):
    """An Arrow file, which Feather (version 2) is."""

    def _open(self, schema: pa.Schema) -> Any:
        return pa.ipc.new_file(str(self.path), schema)

    def _read(self, path: Path) -> Iterator[pa.RecordBatch]:
        with pa.ipc.open_file(str(path)) as file:
            yield from (file.get_batch(number) for number in range(file.num_record_batches))


def wider(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """A schema that holds the rows of both: numbers widen, and where types have nothing in common there is text."""
    fields = {field.name: field.type for field in one}
    for field in other:
        fields[field.name] = _wider_type(fields[field.name], field.type) if field.name in fields else field.type
    return pa.schema(fields.items())


def fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns of a wider schema."""
    columns = []
    for field in schema:
        if field.name not in batch.schema.names:
            columns.append(pa.nulls(len(batch), field.type))
            continue
        column = batch.column(field.name)
        columns.append(column if column.type == field.type else _cast(column, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _wider_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    try:
        both = pa.unify_schemas([pa.schema({"": one}), pa.schema({"": other})], promote_options="permissive")
    except pa.ArrowTypeError:
        return pa.large_string()
    return both.field(0).type


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return column.cast(kind)
    except pa.ArrowNotImplementedError:
        texts = [None if value is None else json.dumps(value, default=str) for value in column.to_pylist()]
        return pa.array(texts, kind)
