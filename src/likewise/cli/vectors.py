"""Tables that grow batch by batch, whose columns may turn out wider than they began."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float32

from likewise.cli.screen import Meter
from likewise.corpus.batch import TextBatch
from likewise.corpus.read import Corpus
from likewise.errors import InputError
from likewise.model.embedder import TextModel

__all__ = [
    "ArrowTable",
    "Embedded",
    "GrowingTable",
    "ParquetTable",
    "embedded",
    "encoder_as",
    "fitted",
    "wider",
    "write_arrow",
    "write_numpy",
    "write_parquet",
    "writer_for",
]


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


Embedded = Iterable[tuple[TextBatch, Float32[np.ndarray, "texts dim"]]]
"""A stream of batches, each with a vector a text; at least one."""

Encode = Callable[[pa.Array], Float32[np.ndarray, "texts dim"]]
Writer = Callable[[Path, Embedded, bool], None]


def writer_for(path: Path) -> Writer:
    """What writes the kind of file that the suffix of `path` names.

    Raises:
        InputError: the suffix names none.
    """
    writers = {".parquet": write_parquet, ".arrow": write_arrow, ".feather": write_arrow, ".npy": write_numpy}
    if path.suffix.lower() not in writers:
        raise InputError(
            f"{path} cannot be written: its suffix says which kind of file it is to be; expected one of "
            f"{', '.join(writers)}"
        )
    return writers[path.suffix.lower()]


def encoder_as(model: TextModel, role: str) -> Encode:
    """How a model encodes texts in a role.

    Raises:
        InputError: there is no such role.
    """
    ways = {"text": model.encode, "query": model.encode_query, "document": model.encode_document}
    if role not in ways:
        raise InputError(f"--as {role} is no role of a text: expected one of {', '.join(ways)}")
    return ways[role]


def embedded(
    corpus: Corpus, encode: Encode, progress_bar: Meter
) -> Iterator[tuple[TextBatch, Float32[np.ndarray, "texts dim"]]]:
    """Each batch of a corpus with its vectors, as they are wanted.

    Raises:
        InputError: the corpus holds no text.
    """
    for batch in corpus:
        yield batch, encode(batch.texts)
        progress_bar.reach(progress_bar.texts + len(batch))
    if not progress_bar.texts:
        raise InputError(f"{corpus.name} holds no text: there is nothing to embed")


def write_parquet(path: Path, embedded: Embedded, keep_text: bool) -> None:
    """Write the columns `id`, `text`, the others, and `vector` (fixed_size_list<float32>[dim]) as Parquet."""
    with ParquetTable(path) as table:
        for batch, vectors in embedded:
            table.write(_rows(batch, vectors, keep_text))


def write_arrow(path: Path, embedded: Embedded, keep_text: bool) -> None:
    """Write the same columns as an Arrow file, which Feather (version 2) is."""
    with ArrowTable(path) as table:
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
        # NumPy leaves room in the header for the first axis to grow, so the true one has the same length.
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, _header(rows, dim))


def _header(rows: int, dim: int) -> dict[str, object]:
    return {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}


def _rows(batch: TextBatch, vectors: Float32[np.ndarray, "texts dim"], keep_text: bool) -> pa.RecordBatch:
    columns = {"id": batch.ids}
    if keep_text:
        columns["text"] = batch.texts
    columns |= dict(_others(batch, {"id", "text", "vector"}))
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return pa.record_batch(columns)


def _others(batch: TextBatch, taken: set[str]) -> Iterator[tuple[str, pa.Array]]:
    """The other columns; one with a name that is taken gets a line at its end."""
    if batch.columns is None:
        return
    for name, column in zip(batch.columns.schema.names, batch.columns.columns, strict=True):
        free = name
        while free in taken:
            free += "_"
        taken.add(free)
        yield free, column
