"""Vector search over the record: the cache of codes, the texts that were added since, and the nearest of both.

The cache is a memory-mapped file of int8 codes, and of binary codes for approximate search. It is computed from the
record and can be computed again at any time, so a damaged one is replaced rather than repaired. It has the identity of
the collection and the generation of the record that it was computed from. It is written to a temporary file and
renamed, so a reader that mapped the old file keeps it.
"""

import json
import os
import sqlite3
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

from likewise.atomic import replacing_file
from likewise.errors import LikewiseError
from likewise.index.codes import (
    BinaryCodes,
    Int8Codes,
    binarise,
    candidates,
    float_candidates,
    quantised,
    rank,
    words_per_row,
)
from likewise.index.entries import VectorReader, iter_vectors, read_vectors
from likewise.index.record import FEW_CHANGES, Changes, Ranked, fetch_row_ids, read_setting

FILE = "vectors.cache"
MEASURED = 200  # texts whose nearest neighbours are searched to measure the recall
Array = tuple[int, str, tuple[int, ...]]  # offset, dtype and shape
_VERSION = "likewise vectors 3"
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
        "bits": ("<u8", (binary_rows, words_per_row(dim))),
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
            binary.bits[to], binary.counts[to], binary.factors[to] = binarise(rows)
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
        estimates = binary.estimates(hidden, query)
        nearest = np.searchsorted(cache.row_ids, best[best != cache.row_ids[row]][:10])
        ranks += [int(np.count_nonzero(estimates > estimate)) for estimate in estimates[nearest]]
    if not ranks:
        return binary.shortlist_size, 1.0
    ordered = np.sort(ranks)
    wanted = int(ordered[int(np.ceil(settings.target_recall * len(ordered))) - 1]) + 1
    size = max(settings.min_shortlist, 2 * wanted)
    return size, float(np.mean(ordered < size))


class VectorIndex:
    """The nearest texts by cosine similarity.

    Every method but `reload` is called within a transaction of the record.

    Args:
        folder: of the index.
        collection: the identity of the record.
        settings: of the cache.

    Attributes:
        cache: of the vectors; None while there are few texts.
    """

    def __init__(self, folder: Path, collection: str, settings: CacheSettings) -> None:
        self.cache: Cache | None = None
        self._folder, self._collection, self._settings = folder, collection, settings
        self._file: tuple[int, int, int] | None = None  # inode, modification time and size of the mapped file
        self._generation = -1  # of the record, for the fields below
        self._hidden: Bool[np.ndarray, " rows"] = np.zeros(0, bool)
        # The texts that were added after the cache was computed.
        self._fresh_ids: Int64[np.ndarray, " fresh"] = np.zeros(0, np.int64)
        self._fresh: Float32[np.ndarray, "fresh dim"] = np.zeros((0, 0), np.float32)
        self._fresh_nonzero: Bool[np.ndarray, " fresh"] = np.zeros(0, bool)

    def reload(self) -> None:
        """Map the file if another process has written a newer one.

        This happens before the transaction begins, so a cache is never newer than the state of the record.
        """
        try:
            status = (self._folder / FILE).stat()
            file = (status.st_ino, status.st_mtime_ns, status.st_size)
        except OSError:
            file = None
        if file != self._file:
            self._file = file
            found = Cache.open(self._folder / FILE, self._collection)
            if found and (self.cache is None or found.generation > self.cache.generation):
                self.cache, self._generation = found, -1

    def is_stale(self, connection: sqlite3.Connection) -> bool:
        """Return whether so much has changed that the cache should be computed again."""
        texts = len(self.cache.row_ids) if self.cache else 0
        return self._changes(connection).exceed(self._settings.few_changes, texts)

    def build(self, connection: sqlite3.Connection) -> None:
        """Compute the cache again."""
        # A fixed seed: the same texts get the same shortlist size, so an index answers alike on every machine.
        self.cache = build_cache(connection, self._folder, self._settings, np.random.default_rng(0))
        self._generation = -1

    def nearest(
        self,
        reader: VectorReader,
        queries: Float32[np.ndarray, "queries dim"],
        k: int,
        allowed: Int64[np.ndarray, " allowed"] | None = None,
    ) -> list[Ranked]:
        """Return the `k` texts with the highest cosine for each query; nothing for a query of zeros.

        Args:
            reader: of this transaction.
            queries: unit rows, or zeros.
            k: how many.
            allowed: row ids that may be found, in ascending order; None is all.
        """
        if allowed is not None and len(allowed) <= self._settings.few_changes:
            near = reader.read(allowed)
            return [rank(near, near.row_ids, query, k if query.any() else 0) for query in queries]
        self._refresh(reader.connection)
        found = [np.zeros(0, np.int64)] * len(queries)
        nonzero = np.flatnonzero(queries.any(axis=1))
        for row, row_ids in zip(nonzero, self._candidates(queries[nonzero], k, allowed), strict=True):
            found[row] = row_ids
        near = reader.read(np.unique(np.concatenate([np.zeros(0, np.int64), *found])))
        return [rank(near, row_ids, query, k) for row_ids, query in zip(found, queries, strict=True)]

    def _candidates(
        self, queries: Float32[np.ndarray, "queries dim"], k: int, allowed: Int64[np.ndarray, " allowed"] | None
    ) -> list[Int64[np.ndarray, " candidates"]]:
        """Return the row ids among which the best are, in ascending order."""
        found = [np.zeros(0, np.int64)] * len(queries)
        if self.cache is not None and len(queries):
            cache, hidden = self.cache, self._hidden_except(self.cache, allowed)
            if cache.binary is None:
                left = candidates(cache.codes, hidden, queries, k)
            else:
                shortlists = [cache.binary.shortlist(hidden, query, k) for query in queries]
                left = [
                    rows[candidates(cache.codes.take(rows), hidden[rows], query[None], k)[0]]
                    for rows, query in zip(shortlists, queries, strict=True)
                ]
            found = [np.sort(cache.row_ids[rows]) for rows in left]
        shown = self._fresh_nonzero
        if allowed is not None:
            shown = shown & np.isin(self._fresh_ids, allowed)
        more = (self._fresh_ids[float_candidates(self._fresh, shown, query, k)] for query in queries)
        return [np.concatenate([row_ids, some]) for row_ids, some in zip(found, more, strict=True)]

    def _hidden_except(self, cache: Cache, allowed: Int64[np.ndarray, " allowed"] | None) -> Bool[np.ndarray, " rows"]:
        """Return which rows of the cache must not be found."""
        if allowed is None:
            return self._hidden
        passing = np.zeros(cache.last + 1, bool)
        passing[allowed[: np.searchsorted(allowed, cache.last, side="right")]] = True
        hidden: np.ndarray = self._hidden | ~passing[cache.row_ids]
        return hidden

    def _changes(self, connection: sqlite3.Connection) -> Changes:
        """Return what changed since the cache; without a cache, since the record is empty."""
        if self.cache is None:
            return replace(Changes.since(connection, -1, -1), incomplete=False)
        return Changes.since(connection, self.cache.generation, self.cache.last)

    def _refresh(self, connection: sqlite3.Connection) -> None:
        """Bring the cache, the hidden rows and the fresh vectors to the state of the transaction."""
        generation: int = read_setting(connection, "generation")
        if generation == self._generation:
            return
        if self.is_stale(connection):
            self.build(connection)
        if self.cache:
            removed = self._changes(connection).removed
            self._hidden = (self.cache.codes.scales == 0) | np.isin(self.cache.row_ids, removed)
        parts = list(iter_vectors(connection, self.cache.last if self.cache else -1))
        rows = [np.zeros((0, read_setting(connection, "dim")), np.float32), *(part.vectors for part in parts)]
        self._fresh = np.concatenate(rows, dtype=np.float32)
        self._fresh_ids = np.concatenate([np.zeros(0, np.int64), *(part.row_ids for part in parts)])
        self._fresh_nonzero = np.any(self._fresh != 0, axis=1)
        self._generation = generation
