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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

from likewise.atomic import replacing_file
from likewise.errors import LikewiseError
from likewise.index.binary_codes import LEAST_SHORTLIST, Signs, sign_words, signs_of
from likewise.index.entries import StoredVectors, all_vectors, vectors_of
from likewise.index.hybrid import Ranked
from likewise.index.int8_scan import Codes, candidates, encoded, scored, shortlist, single, whole
from likewise.index.row_ids import FEW, Changes, numbers_in

__all__ = ["FILE", "Cache", "Shortlists", "VectorIndex", "build"]


FILE = "vectors.cache"
# Up to so many components (130,000 vectors of 768) a scan of all codes takes about 5 ms on two cores.
EXACT_COMPONENTS = 100_000_000
MEASURED = 200  # texts whose neighbours are sought to measure the recall
WANTED_RECALL = 0.999  # of the 10 nearest of these texts; queries, which are less like any text, find a little less

_VERSION = "likewise vectors 2"
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
        signs: of the vectors, for approximate search; None: search is exact.
    """

    generation: int
    last: int
    numbers: Int64[np.ndarray, " rows"]
    codes: Codes
    signs: Signs | None

    @classmethod
    def open(cls, path: Path, collection: str) -> "Cache | None":
        """Map the file; None if there is none, or it is damaged, of another version or of another collection."""
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD).rstrip(b"\0")
            version, checksum, body = head.split(b"\n", 2)
            said = json.loads(body)
            layout = _layout(said["rows"], said["dim"], said["shortlist"])
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


def _layout(rows: int, dim: int, shortlist: int) -> _Layout:
    signed = rows if shortlist else 0
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "values": ("i1", (rows, dim)),
        "numbers": ("<i8", (rows,)),
        "scales": ("<f4", (rows,)),
        "errors": ("<f4", (rows,)),
        "bits": ("<u8", (signed, sign_words(dim))),
        "counts": ("<u4", (signed,)),
        "factors": ("<f4", (signed,)),
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
    signs = None
    if said["shortlist"]:
        signs = Signs(arrays["bits"], arrays["counts"], arrays["factors"], said["shortlist"], said["recall"])
    codes = Codes(arrays["values"], arrays["scales"], arrays["errors"])
    return Cache(said["generation"], said["last"], arrays["numbers"], codes, signs)


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
    said = {
        "collection": settings["collection"],
        "generation": settings["generation"],
        "last": int(numbers.max(initial=-1)),
        "rows": len(numbers),
        "dim": settings["dim"],
        "shortlist": LEAST_SHORTLIST if len(numbers) * settings["dim"] > EXACT_COMPONENTS else 0,
        "recall": 1.0,
    }
    layout = _layout(len(numbers), settings["dim"], said["shortlist"])
    memory = _room(path, layout.size)
    cache = _viewed(memory, layout, said)
    cache.numbers[:] = numbers
    _fill(connection, cache)
    if cache.signs is not None:
        said["shortlist"], said["recall"] = _measured(connection, cache, cache.signs, rng)
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


def _fill(connection: sqlite3.Connection, cache: Cache) -> None:
    """Write codes and signs."""
    first = 0
    for part in all_vectors(connection):
        rows = part.rows.astype(np.float32)
        codes, to = encoded(rows), slice(first, first + len(part.numbers))
        cache.codes.values[to], cache.codes.scales[to], cache.codes.errors[to] = (
            codes.values,
            codes.scales,
            codes.errors,
        )
        if cache.signs is not None:
            cache.signs.bits[to], cache.signs.counts[to], cache.signs.factors[to] = signs_of(rows)
        first += len(part.numbers)


def _measured(
    connection: sqlite3.Connection, cache: Cache, signs: Signs, rng: np.random.Generator
) -> tuple[int, float]:
    """The rows that it takes, and the recall at 10 that they give: for a sample of texts, without each text itself.

    Twice as many are taken, as queries are less like any text than these are.
    """
    hidden = cache.codes.scales == 0
    spoken = np.flatnonzero(~hidden)
    rows = np.sort(rng.choice(spoken, min(MEASURED, len(spoken)), replace=False))
    queries = vectors_of(connection, cache.numbers[rows]).rows.astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    left = candidates(cache.codes, hidden, queries, 11, whole(len(cache.numbers)))
    ranks: list[int] = []
    for row, query, found in zip(rows, queries, left, strict=True):
        near = cache.numbers[found]
        best = scored(vectors_of(connection, near), near, query, 11).numbers
        guesses = signs.guesses(hidden, query)
        nearest = np.searchsorted(cache.numbers, best[best != cache.numbers[row]][:10])
        ranks += [int(np.count_nonzero(guesses > guess)) for guess in guesses[nearest]]
    held = np.sort(ranks)
    if not len(held):
        return signs.shortlist, 1.0
    wanted = int(held[int(np.ceil(WANTED_RECALL * len(held))) - 1]) + 1
    shortlist = max(LEAST_SHORTLIST, 2 * wanted)
    return shortlist, float(np.mean(held < shortlist))


WIDER = 3  # times as long a shortlist, where it is for queries near a query too
Shortlists = list[Int64[np.ndarray, " rows"]]  # of each query the rows of the cache to look at


class VectorIndex:
    """Nearest texts by cosine.

    Every method but `look` is called within a transaction of the record.

    Attributes:
        cache: of the vectors, None while there are few texts.
    """

    def __init__(self, folder: Path, collection: str) -> None:
        self.cache: Cache | None = None
        self._folder, self._collection = folder, collection
        self._seen: tuple[int, int, int] | None = None  # of the file: which one, when, how long
        self._generation = -1  # of the record that what follows is of
        self._hidden: Bool[np.ndarray, " rows"] = np.zeros(0, bool)
        self._fresh = _Fresh(np.zeros(0, np.int64), np.zeros((0, 0), np.float32), np.zeros(0, bool))

    def look(self) -> None:
        """Take the file of another process, if there is a newer one.

        Called before the transaction begins: so no cache is ever newer than the state of the record it is used with.
        """
        try:
            status = (self._folder / FILE).stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        except OSError:
            seen = None
        if seen != self._seen:
            self._seen = seen
            found = Cache.open(self._folder / FILE, self._collection)
            if found and (self.cache is None or found.generation > self.cache.generation):
                self._take(found)

    def stale(self, connection: sqlite3.Connection) -> bool:
        """Whether so much changed since the cache that it should be made anew."""
        return self._changes(connection).beyond(FEW, len(self.cache.numbers) if self.cache else 0)

    def _changes(self, connection: sqlite3.Connection) -> Changes:
        """What changed since the cache; since the beginning, where there is none."""
        if self.cache is None:
            return replace(Changes.since(connection, -1, -1), forgotten=False)
        return Changes.since(connection, self.cache.generation, self.cache.last)

    def build(self, connection: sqlite3.Connection) -> None:
        """Make the cache anew."""
        # The same texts give the same shortlist: a fixed seed, as an index is to answer alike on every machine.
        self._take(build(connection, self._folder, np.random.default_rng(0)))

    def nearest(
        self,
        stored: StoredVectors,
        queries: Float32[np.ndarray, "queries dim"],
        k: int,
        allowed: Int64[np.ndarray, " passing"] | None = None,
        among: Shortlists | None = None,
    ) -> list[Ranked]:
        """The `k` texts with the highest cosine, for each query; a query of zeros finds nothing.

        Args:
            stored: of a transaction.
            queries: unit rows, or zeros.
            k: how many.
            allowed: rising numbers of the texts that may be found; None is all.
            among: what `shortlists` gave for nearly the same queries, in the same transaction.
        """
        if allowed is not None and len(allowed) <= FEW:
            near = stored.of(allowed)
            return [scored(near, near.numbers, query, k if query.any() else 0) for query in queries]
        self._refresh(stored.connection)
        found = [np.zeros(0, np.int64)] * len(queries)
        asked = np.flatnonzero(queries.any(axis=1))
        for query, numbers in zip(
            asked, self._candidates(queries[asked], k, allowed, among and [among[row] for row in asked]), strict=True
        ):
            found[query] = numbers
        near = stored.of(np.unique(np.concatenate([np.zeros(0, np.int64), *found])))
        return [scored(near, numbers, query, k) for numbers, query in zip(found, queries, strict=True)]

    def shortlists(
        self,
        connection: sqlite3.Connection,
        queries: Float32[np.ndarray, "queries dim"],
        k: int,
        allowed: Int64[np.ndarray, " passing"] | None = None,
    ) -> Shortlists | None:
        """Where to look for the `k` best of each query, and of queries near it; None where all texts are looked at."""
        if allowed is not None and len(allowed) <= FEW:
            return None
        self._refresh(connection)
        if self.cache is None or self.cache.signs is None:
            return None
        hidden, nothing = self._hidden_but(self.cache, allowed), np.zeros(0, np.int64)
        signs, wide = self.cache.signs, WIDER * k
        return [signs.highest(hidden, query, wide) if query.any() else nothing for query in queries]

    def _candidates(
        self,
        queries: Float32[np.ndarray, "queries dim"],
        k: int,
        allowed: Int64[np.ndarray, " passing"] | None,
        among: Shortlists | None,
    ) -> list[Int64[np.ndarray, " candidates"]]:
        """Rising numbers of the texts among which the best are."""
        found = [np.zeros(0, np.int64)] * len(queries)
        if self.cache is not None and len(queries):
            cache, hidden = self.cache, self._hidden_but(self.cache, allowed)
            if cache.signs is None:
                left = candidates(cache.codes, hidden, queries, k, whole(len(cache.numbers)))
            else:
                among = among or [cache.signs.highest(hidden, query, k) for query in queries]
                one_by_one = zip(queries[:, None], map(single, among), strict=True)
                left = [candidates(cache.codes, hidden, query, k, some)[0] for query, some in one_by_one]
            found = [np.sort(cache.numbers[rows]) for rows in left]
        shown = self._fresh.spoken if allowed is None else np.isin(self._fresh.numbers, allowed) & self._fresh.spoken
        fresh = (self._fresh.numbers[shortlist(self._fresh.rows, shown, query, k)] for query in queries)
        return [np.concatenate([numbers, more]) for numbers, more in zip(found, fresh, strict=True)]

    def _hidden_but(self, cache: Cache, allowed: Int64[np.ndarray, " passing"] | None) -> Bool[np.ndarray, " rows"]:
        """Which rows of the cache are not to be found."""
        if allowed is None:
            return self._hidden
        passing = np.zeros(cache.last + 1, bool)
        passing[allowed[: np.searchsorted(allowed, cache.last, side="right")]] = True
        hidden: np.ndarray = self._hidden | ~passing[cache.numbers]
        return hidden

    def _refresh(self, connection: sqlite3.Connection) -> None:
        """Come up to the state of the record that the transaction sees."""
        generation: int = _setting(connection, "generation")
        if generation == self._generation:
            return
        if self.stale(connection):
            self.build(connection)
        if self.cache:
            removed = self._changes(connection).removed
            self._hidden = (self.cache.codes.scales == 0) | np.isin(self.cache.numbers, removed)
        self._fresh = _Fresh.read(connection, self.cache.last if self.cache else -1)
        self._generation = generation

    def _take(self, cache: Cache) -> None:
        self.cache, self._generation = cache, -1


@dataclass(frozen=True)
class _Fresh:
    """The texts that came after the cache.

    Attributes:
        numbers: rising.
        rows: their vectors.
        spoken: which of them are not all zeros.
    """

    numbers: Int64[np.ndarray, " fresh"]
    rows: Float32[np.ndarray, "fresh dim"]
    spoken: Bool[np.ndarray, " fresh"]

    @classmethod
    def read(cls, connection: sqlite3.Connection, after: int) -> "_Fresh":
        parts = list(all_vectors(connection, after))
        rows = [np.zeros((0, _setting(connection, "dim")), np.float32), *(part.rows for part in parts)]
        numbers = [np.zeros(0, np.int64), *(part.numbers for part in parts)]
        together = np.concatenate(rows, dtype=np.float32)
        return cls(np.concatenate(numbers), together, np.any(together != 0, axis=1))


def _setting(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0]
    return value
