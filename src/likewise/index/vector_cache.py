"""The cache of vectors: a file of their codes, computed from the record, which vector search scans.

It is memory-mapped: int8 codes, and binary codes for approximate search. It can be computed again at any time, so a
damaged one is replaced rather than repaired. It has the identity of the collection and the generation of the record
that it was computed from. It is written to a temporary file and renamed, so a reader that mapped the old file keeps it.
"""

import json
import os
import sqlite3
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Int64
from likewise.atomic import replacing_file
from likewise.errors import LikewiseError
from likewise.index.codes import (
    BinaryCodes,
    Int8Codes,
    binarise,
    candidates,
    quantised,
    rank,
    words_per_row,
)
from likewise.index.entries import iter_vectors, read_vectors
from likewise.index.record import FEW_CHANGES, fetch_row_ids

FILE = "vectors.cache"
MEASURED = 200  # texts whose nearest neighbours are searched to measure the recall
Array = tuple[int, str, tuple[int, ...]]  # offset, dtype and shape
_VERSION = "likewise vectors 4"
_HEAD = 4096  # bytes before the arrays: one page
_DAY = 86_400.0  # seconds
_WRITTEN = 1 << 20  # bytes of zeros at once


@dataclass(frozen=True)
class CacheSettings:
    """When the cache is computed, and when search becomes approximate.

    Attributes:
        few_changes: texts that may be added or removed before the cache is computed again; also the size up to which
            a filtered set is scored without the cache.
        exact_components: search is exact up to so many vector components in all (195,000 vectors of 512): a scan of
            their int8 codes takes about 5 ms on two cores.
        min_shortlist: rows that approximate search scores exactly, at least.
        target_recall: of the shortlist, for the 10 nearest of a sample of texts; queries, which are less similar to
            any text, get a little less.
    """

    few_changes: int = FEW_CHANGES
    exact_components: int = 100_000_000
    min_shortlist: int = 1_000
    target_recall: float = 0.999


@dataclass(frozen=True)
class Cache:
    """The codes of all vectors of one generation of a record.

    Attributes:
        generation: of the record.
        last: the highest row id of that generation.
        row_ids: of each row.
        codes: int8 codes of the vectors.
        binary: binary codes of the vectors, for approximate search; None where search is exact.
    """

    generation: int
    last: int
    row_ids: Int64[np.ndarray, " rows"]
    codes: Int8Codes
    binary: BinaryCodes | None

    @classmethod
    def open(cls, path: Path, collection: str) -> "Cache | None":
        """Map the file; None if there is none, or it is damaged, of another version or of another collection."""
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD).rstrip(b"\0")
            version, checksum, body = head.split(b"\n", 2)
            header = json.loads(body)
            layout, size = _layout(header["rows"], header["dim"], header["shortlist"])
            intact = version == _VERSION.encode() and int(checksum) == zlib.crc32(body)
            if not intact or header["collection"] != collection or path.stat().st_size != size:
                return None
            memory = np.memmap(path, np.uint8, "r", shape=(size,))
            return _viewed(memory, layout, header)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _layout(rows: int, dim: int, shortlist: int) -> tuple[dict[str, Array], int]:
    """Return offset, dtype and shape of each array in the file, and the size of the file in bytes."""
    binary_rows = rows if shortlist else 0
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "values": ("i1", (rows, dim)),
        "row_ids": ("<i8", (rows,)),
        "scales": ("<f4", (rows,)),
        "errors": ("<f4", (rows,)),
        "bits": ("<u8", (words_per_row(dim), binary_rows)),
        "counts": ("<u4", (binary_rows,)),
        "factors": ("<f4", (binary_rows,)),
    }
    arrays, offset = {}, _HEAD
    for name, (dtype, shape) in shapes.items():
        arrays[name] = (offset, dtype, shape)
        offset += -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // 64) * 64
    return arrays, offset


def _viewed(memory: np.ndarray, layout: dict[str, Array], header: dict[str, Any]) -> Cache:
    """Return the cache whose bytes are `memory`."""
    arrays = {
        name: np.ndarray(shape, dtype, buffer=memory, offset=offset) for name, (offset, dtype, shape) in layout.items()
    }
    binary = None
    if header["shortlist"]:
        codes = arrays["bits"], arrays["counts"], arrays["factors"]
        binary = BinaryCodes(*codes, header["shortlist"], header["recall"])
    int8 = Int8Codes(arrays["values"], arrays["scales"], arrays["errors"])
    return Cache(header["generation"], header["last"], arrays["row_ids"], int8, binary)


def build_cache(
    connection: sqlite3.Connection, folder: Path, settings: CacheSettings, rng: np.random.Generator
) -> Cache:
    """Compute the cache of the state that `connection` reads, and write it to `folder`.

    Where the folder cannot be written or its disk is full, the cache stays in the memory of this process.
    """
    for part in folder.glob(f".{FILE}.*.part"):  # left by a killed process
        with suppress(OSError):  # another process has just renamed it, or this one may not write
            if time.time() - part.stat().st_mtime > _DAY:
                part.unlink()
    try:
        with replacing_file(folder / FILE) as path:
            return _built(connection, path, settings, rng)
    except LikewiseError:
        return _built(connection, None, settings, rng)


def _built(
    connection: sqlite3.Connection, path: Path | None, settings: CacheSettings, rng: np.random.Generator
) -> Cache:
    record = dict(connection.execute("SELECT name, value FROM settings").fetchall())
    row_ids = fetch_row_ids(connection.execute("SELECT row_id FROM fields ORDER BY row_id"))
    header = {
        "collection": record["collection"],
        "generation": record["generation"],
        "last": int(row_ids.max(initial=-1)),
        "rows": len(row_ids),
        "dim": record["dim"],
        "shortlist": settings.min_shortlist if len(row_ids) * record["dim"] > settings.exact_components else 0,
        "recall": 1.0,
    }
    layout, size = _layout(len(row_ids), record["dim"], header["shortlist"])
    memory = _allocated(path, size)
    cache = _viewed(memory, layout, header)
    cache.row_ids[:] = row_ids
    _fill(connection, cache)
    if cache.binary is not None:
        header["shortlist"], header["recall"] = _shortlist_size(connection, cache, cache.binary, settings, rng)
    body = json.dumps(header).encode()
    head = b"\n".join([_VERSION.encode(), str(zlib.crc32(body)).encode(), body])
    memory[: len(head)] = np.frombuffer(head, np.uint8)
    return _viewed(memory, layout, header)


def _allocated(path: Path | None, size: int) -> np.ndarray:
    """Return zeros to write to; the disk space is reserved, as writing to a map of a full disk kills the process."""
    if path is None:
        return np.zeros(size, np.uint8)
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:  # on a Mac: written zeros take their place as well
            for first in range(0, size, _WRITTEN):
                file.write(bytes(min(_WRITTEN, size - first)))
    return np.memmap(path, np.uint8, "r+", shape=(size,))


def _fill(connection: sqlite3.Connection, cache: Cache) -> None:
    """Compute the codes."""
    first, codes, binary = 0, cache.codes, cache.binary
    for part in iter_vectors(connection):
        rows, to = part.vectors.astype(np.float32), slice(first, first + len(part.row_ids))
        found = quantised(rows)
        codes.values[to], codes.scales[to], codes.errors[to] = found.values, found.scales, found.errors
        if binary is not None:
            binary.bits[:, to], binary.counts[to], binary.factors[to] = binarise(rows)
        first += len(part.row_ids)


def _shortlist_size(
    connection: sqlite3.Connection,
    cache: Cache,
    binary: BinaryCodes,
    settings: CacheSettings,
    rng: np.random.Generator,
) -> tuple[int, float]:
    """Return the shortlist size that reaches the target recall at 10, and the recall, on a sample of the texts.

    The neighbours of a text do not include itself. The size is doubled, because queries are less similar to any text
    than texts are to each other.
    """
    hidden = cache.codes.scales == 0
    nonzero = np.flatnonzero(~hidden)
    rows = np.sort(rng.choice(nonzero, min(MEASURED, len(nonzero)), replace=False))
    queries = read_vectors(connection, cache.row_ids[rows]).vectors.astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    left = candidates(cache.codes, hidden, queries, 11)
    ranks: list[int] = []
    for row, query, found in zip(rows, queries, left, strict=True):
        near = cache.row_ids[found]
        best = rank(read_vectors(connection, near), near, query, 11).row_ids
        (estimates,) = binary.estimates(hidden, query[None])
        nearest = np.searchsorted(cache.row_ids, best[best != cache.row_ids[row]][:10])
        ranks += [int(np.count_nonzero(estimates > estimate)) for estimate in estimates[nearest]]
    if not ranks:
        return binary.shortlist_size, 1.0
    ordered = np.sort(ranks)
    wanted = int(ordered[int(np.ceil(settings.target_recall * len(ordered))) - 1]) + 1
    size = max(settings.min_shortlist, 2 * wanted)
    return size, float(np.mean(ordered < size))
