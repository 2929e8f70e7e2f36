"""Search by vector over the record: its cached codes, and the few texts that came after them.

Adding a text does not rewrite the cache. Texts that came since are read from the record and compared besides, removed
ones are hidden; only when these changes are many is the cache made anew, which so happens once in a growth of 2 %.
"""

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int64

from likewise.index.cache import FILE, Cache, build
from likewise.index.entries import StoredVectors, all_vectors
from likewise.index.exact import candidates, scored, shortlist, single, whole
from likewise.index.fusion import Ranked
from likewise.index.numbers import FEW, Changes

__all__ = ["Shortlists", "VectorIndex"]

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
