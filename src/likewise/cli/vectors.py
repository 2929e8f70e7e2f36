"""Files of vectors, by suffix: Parquet and Arrow hold ids, texts and columns beside them, `.npy` the vectors alone."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float32

from likewise.cli.screen import Meter
from likewise.cli.tables import ArrowTable, ParquetTable
from likewise.corpus.batch import TextBatch
from likewise.corpus.read import Corpus
from likewise.errors import InputError
from likewise.model.model import Model

__all__ = ["Embedded", "embedded", "encoder_as", "write_arrow", "write_numpy", "write_parquet", "writer_for"]

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


def encoder_as(model: Model, role: str) -> Encode:
    """How a model encodes texts in a role.

    Raises:
        InputError: there is no such role.
    """
    ways = {"text": model.encode, "query": model.encode_query, "document": model.encode_document}
    if role not in ways:
        raise InputError(f"--as {role} is no role of a text: expected one of {', '.join(ways)}")
    return ways[role]


def embedded(
    corpus: Corpus, encode: Encode, meter: Meter
) -> Iterator[tuple[TextBatch, Float32[np.ndarray, "texts dim"]]]:
    """Each batch of a corpus with its vectors, as they are wanted.

    Raises:
        InputError: the corpus holds no text.
    """
    for batch in corpus:
        yield batch, encode(batch.texts)
        meter.reach(meter.texts + len(batch))
    if not meter.texts:
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
