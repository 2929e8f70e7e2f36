"""The file that vector search reads: the record's vectors in a byte a component, memory-mapped.

It is made of the record and can be made again at any time, so it is thrown away rather than repaired. It says of which
collection and generation it is; it is written beside and renamed, so a reader with the old one keeps it.
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
from jaxtyping import Float32, Int64

from likewise.atomic import replacing_file
from likewise.errors import LikewiseError
from likewise.index.approximate import SAMPLE, Lists, assigned, clustered, list_count, probes_for
from likewise.index.entries import all_vectors, numbers_in, vectors_of
from likewise.index.exact import Codes, candidates, encoded, scored, whole

__all__ = ["FILE", "Cache", "build"]

FILE = "vectors.cache"
# Up to so many components (a million vectors of 400) a scan of everything takes about 30 ms on two cores.
EXACT_COMPONENTS = 400_000_000
MEASURED = 200  # texts whose neighbours are sought to measure the recall

_VERSION = "likewise vectors 1"
_HEAD = 4096  # bytes before the arrays: one page
_DAY = 86_400.0


@dataclass(frozen=True)
class Cache:
    """All vectors of one generation of a record.

    Attributes:
        generation: of the record.
        last: the highest number that the record had given by then.
        numbers: of each row's text.
        codes: the vectors.
        lists: how the rows are cut for approximate search, or None: search is exact.
    """

    generation: int
    last: int
    numbers: Int64[np.ndarray, " rows"]
    codes: Codes
    lists: Lists | None

    @classmethod
    def open(cls, path: Path, collection: str) -> "Cache | None":
        """Map the file; None if there is none, or it is damaged, of another version or of another collection."""
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD).rstrip(b"\0")
            version, checksum, body = head.split(b"\n", 2)
            said = json.loads(body)
            layout = _layout(said["rows"], said["dim"], said["lists"])
            sound = version == _VERSION.encode() and int(checksum) == zlib.crc32(body)
            if not sound or said["collection"] != collection or path.stat().st_size != layout.size:
                return None
            memory = np.memmap(path, np.uint8, "r", shape=(layout.size,))
            return _viewed(memory, layout, said)
        except (OSError, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class _Layout:
    """Where the arrays stand in the file."""

    arrays: dict[str, tuple[int, str, tuple[int, ...]]]
    size: int


def _layout(rows: int, dim: int, lists: int) -> _Layout:
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "values": ("i1", (rows, dim)),
        "numbers": ("<i8", (rows,)),
        "scales": ("<f4", (rows,)),
        "errors": ("<f4", (rows,)),
        "centroids": ("<f4", (lists, dim)),
        "offsets": ("<i8", (lists + 1,)),
    }
    arrays, at = {}, _HEAD
    for name, (dtype, shape) in shapes.items():
        arrays[name] = (at, dtype, shape)
        at += -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // 64) * 64
    return _Layout(arrays, at)


def _viewed(memory: np.ndarray, layout: _Layout, said: dict[str, Any]) -> Cache:
    """The cache whose bytes are `memory`."""
    arrays = {
        name: np.ndarray(shape, dtype, buffer=memory, offset=offset)
        for name, (offset, dtype, shape) in layout.arrays.items()
    }
    lists = Lists(arrays["centroids"], arrays["offsets"], said["probes"], said["recall"]) if said["lists"] else None
    codes = Codes(arrays["values"], arrays["scales"], arrays["errors"])
    return Cache(said["generation"], said["last"], arrays["numbers"], codes, lists)


def build(connection: sqlite3.Connection, folder: Path, rng: np.random.Generator) -> Cache:
    """Write the file anew, of the state of the record that `connection` reads.

    Where the folder cannot be written or its disk is full, the cache is held in memory, for this process alone.
    """
    for part in folder.glob(f".{FILE}.*.part"):  # left by a killed process
        with suppress(FileNotFoundError):  # not so: another process has just finished it
            if time.time() - part.stat().st_mtime > _DAY:
                part.unlink()
    try:
        with replacing_file(folder / FILE) as path:
            return _built(connection, path, rng)
    except LikewiseError:
        return _built(connection, None, rng)


def _built(connection: sqlite3.Connection, path: Path | None, rng: np.random.Generator) -> Cache:
    settings = dict(connection.execute("SELECT name, value FROM settings").fetchall())
    numbers = numbers_in(connection.execute("SELECT number FROM fields ORDER BY number"))
    centroids = _centroids(connection, numbers, settings["dim"], rng)
    lists = 0 if centroids is None else len(centroids)
    said = {
        "collection": settings["collection"],
        "generation": settings["generation"],
        "last": int(numbers.max(initial=-1)),
        "rows": len(numbers),
        "dim": settings["dim"],
        "lists": lists,
        "probes": lists,
        "recall": 1.0,
    }
    layout = _layout(len(numbers), settings["dim"], lists)
    memory = _room(path, layout.size)
    cache = _viewed(memory, layout, said)
    _fill(connection, cache, numbers, centroids)
    if cache.lists is not None:
        said["probes"], said["recall"] = _measured(connection, cache, cache.lists, rng)
    body = json.dumps(said).encode()
    head = b"\n".join([_VERSION.encode(), str(zlib.crc32(body)).encode(), body])
    memory[: len(head)] = np.frombuffer(head, np.uint8)
    return _viewed(memory, layout, said)


def _room(path: Path | None, size: int) -> np.ndarray:
    """Zeros to write to; in a file the disk gives their place at once: writing to a map of a full disk is fatal."""
    if path is None:
        return np.zeros(size, np.uint8)
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    return np.memmap(path, np.uint8, "r+", shape=(size,))


def _centroids(
    connection: sqlite3.Connection, numbers: Int64[np.ndarray, " rows"], dim: int, rng: np.random.Generator
) -> Float32[np.ndarray, "lists dim"] | None:
    """Where approximate search begins; None while exact search is quick."""
    if len(numbers) * dim <= EXACT_COMPONENTS:
        return None
    lists = list_count(len(numbers))
    chosen = rng.choice(len(numbers), min(len(numbers), SAMPLE * lists), replace=False)
    return clustered(vectors_of(connection, numbers[chosen]).rows.astype(np.float32), lists, rng)


def _fill(
    connection: sqlite3.Connection,
    cache: Cache,
    numbers: Int64[np.ndarray, " rows"],
    centroids: Float32[np.ndarray, "lists dim"] | None,
) -> None:
    """Write numbers and codes, list after list, by rising number within a list."""
    order = np.arange(len(numbers))
    if cache.lists is not None and centroids is not None:
        parts = [assigned(part.rows.astype(np.float32), centroids) for part in all_vectors(connection)]
        of_row = np.concatenate(parts)
        cache.lists.centroids[:] = centroids
        cache.lists.offsets[1:] = np.cumsum(np.bincount(of_row, minlength=len(centroids)))
        order = np.argsort(of_row, kind="stable")
    cache.numbers[:] = numbers[order]
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    first = 0
    for part in all_vectors(connection):
        codes = encoded(part.rows.astype(np.float32))
        to = place[first : first + len(part.numbers)]
        cache.codes.values[to], cache.codes.scales[to], cache.codes.errors[to] = (
            codes.values,
            codes.scales,
            codes.errors,
        )
        first += len(part.numbers)


def _measured(
    connection: sqlite3.Connection, cache: Cache, lists: Lists, rng: np.random.Generator
) -> tuple[int, float]:
    """The lists to look into, and the recall at 10 that they give: for a sample of texts, without each text itself."""
    spoken = np.flatnonzero(cache.codes.scales > 0)
    rows = np.sort(rng.choice(spoken, min(MEASURED, len(spoken)), replace=False))
    row_of = np.argsort(cache.numbers)
    queries = vectors_of(connection, np.sort(cache.numbers[rows])).rows.astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    left = candidates(cache.codes, cache.codes.scales == 0, queries, 11, whole(len(cache.numbers)))
    neighbours = []
    for own, query, found in zip(np.sort(cache.numbers[rows]), queries, left, strict=True):
        near = np.sort(cache.numbers[found])
        best = scored(vectors_of(connection, near), near, query, 11).numbers
        best = best[best != own][:10]
        neighbours.append(row_of[np.searchsorted(cache.numbers, best, sorter=row_of)])
    return probes_for(queries, neighbours, lists.centroids, lists.offsets)
