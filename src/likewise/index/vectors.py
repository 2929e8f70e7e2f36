"""Vector search over the record: the cache of codes, the texts that were added since, and the nearest of both."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from likewise.arrays import Bool, Float32, Int64
from likewise.index.codes import candidates, candidates_among, float_candidates, rank
from likewise.index.entries import VectorReader, iter_vectors
from likewise.index.record import CHANGED_SHARE, Changes, Ranked, read_setting
from likewise.index.vector_cache import FILE, Cache, CacheSettings, build_cache

# Readers let twice as much change before they compute the cache: a writer does it already, which may take seconds.
PATIENCE = 2


class FreshVectors:
    """The vectors of the texts that were added after the cache was computed.

    Args:
        dim: of a vector.

    Attributes:
        last: the highest row id; -1 if there is none.
    """

    def __init__(self, dim: int) -> None:
        self.last = -1
        self._count = 0
        self._row_ids: Int64[np.ndarray, " room"] = np.zeros(0, np.int64)
        self._vectors: Float32[np.ndarray, "room dim"] = np.zeros((0, dim), np.float32)
        self._shown: Bool[np.ndarray, " room"] = np.zeros(0, bool)

    def __len__(self) -> int:
        return self._count

    def add(self, connection: sqlite3.Connection, after: int) -> None:
        """Read the vectors with a row id above `after`."""
        for part in iter_vectors(connection, after):
            first, last = self._count, self._count + len(part.row_ids)
            if last > len(self._row_ids):  # twice the room, so that many small writes do not copy all each time
                more = last + len(self._row_ids)
                self._row_ids = np.resize(self._row_ids, more)
                self._shown = np.resize(self._shown, more)
                self._vectors = np.concatenate(
                    [self._vectors, np.zeros((more - len(self._vectors), part.vectors.shape[1]), np.float32)]
                )
            self._row_ids[first:last], self._vectors[first:last] = part.row_ids, part.vectors
            self._shown[first:last] = part.vectors.any(axis=1)
            self._count, self.last = last, int(part.row_ids[-1])

    def remove(self, row_ids: Int64[np.ndarray, " removed"]) -> None:
        """Find these texts no longer."""
        places = np.searchsorted(self._row_ids[: self._count], row_ids)
        inside = places < self._count
        there = places[inside][self._row_ids[places[inside]] == row_ids[inside]]
        self._shown[there] = False

    def candidates(
        self, query: Float32[np.ndarray, " dim"], k: int, allowed: Int64[np.ndarray, " allowed"] | None
    ) -> Int64[np.ndarray, " found"]:
        """Return the row ids of the texts that certainly contain the `k` best.

        Args:
            query: a unit vector.
            k: how many.
            allowed: row ids that may be found, in ascending order; None is all.
        """
        row_ids, shown = self._row_ids[: self._count], self._shown[: self._count]
        if allowed is not None:
            shown = shown & np.isin(row_ids, allowed)
        found: np.ndarray = row_ids[float_candidates(self._vectors[: self._count], shown, query, k)]
        return found


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
        self._hidden_count = 0  # removed texts of the cache
        self._fresh = FreshVectors(0)

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

    def is_stale(self, connection: sqlite3.Connection, patience: int = 1) -> bool:
        """Return whether so much has changed that the cache should be computed again.

        Args:
            connection: to the record, within a transaction.
            patience: how many times as much may have changed as for a writer.
        """
        return self._changes(connection).exceed(*self._limits(patience))

    def _limits(self, patience: int) -> tuple[int, int]:
        """Return the number of changes that are few, and the texts of which a share may have changed."""
        texts = len(self.cache.row_ids) if self.cache else 0
        return self._settings.few_changes * patience, texts * patience

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
        shortlists: Sequence[Int64[np.ndarray, " rows"]] | None = None,
    ) -> list[Ranked]:
        """Return the `k` texts with the highest cosine for each query; nothing for a query of zeros.

        Args:
            reader: of this transaction.
            queries: unit rows, or zeros.
            k: how many.
            allowed: row ids that may be found, in ascending order; None is all.
            shortlists: what `shortlists` returned for these queries or for similar ones.
        """
        if allowed is not None and len(allowed) <= self._settings.few_changes:
            near = reader.read(allowed)
            return [rank(near, near.row_ids, query, k if query.any() else 0) for query in queries]
        self._refresh(reader.connection)
        found = [np.zeros(0, np.int64)] * len(queries)
        nonzero = np.flatnonzero(queries.any(axis=1))
        known = None if shortlists is None else [shortlists[row] for row in nonzero.tolist()]
        for row, row_ids in zip(nonzero, self._candidates(queries[nonzero], k, allowed, known), strict=True):
            found[row] = row_ids
        near = reader.read(np.unique(np.concatenate([np.zeros(0, np.int64), *found])))
        return [rank(near, row_ids, query, k) for row_ids, query in zip(found, queries, strict=True)]

    def shortlists(
        self,
        connection: sqlite3.Connection,
        queries: Float32[np.ndarray, "queries dim"],
        k: int,
        allowed: Int64[np.ndarray, " allowed"] | None,
    ) -> list[Int64[np.ndarray, " rows"]] | None:
        """Return for each query the rows of the cache among which the `k` best are; None where each row is compared.

        They hold within this transaction, and for queries that differ a little from these.
        """
        if allowed is not None and len(allowed) <= self._settings.few_changes:
            return None
        self._refresh(connection)
        if self.cache is None or self.cache.binary is None:
            return None
        return self.cache.binary.shortlists(self._hidden_except(self.cache, allowed), queries, k)

    def _candidates(
        self,
        queries: Float32[np.ndarray, "queries dim"],
        k: int,
        allowed: Int64[np.ndarray, " allowed"] | None,
        shortlists: Sequence[Int64[np.ndarray, " rows"]] | None,
    ) -> list[Int64[np.ndarray, " candidates"]]:
        """Return the row ids among which the best are, in ascending order."""
        found = [np.zeros(0, np.int64)] * len(queries)
        if self.cache is not None and len(queries):
            cache = self.cache
            if cache.binary is None:
                left = candidates(cache.codes, self._hidden_except(cache, allowed), queries, k)
            else:
                if shortlists is None:
                    shortlists = cache.binary.shortlists(self._hidden_except(cache, allowed), queries, k)
                left = [
                    candidates_among(cache.codes, rows, query, k)
                    for rows, query in zip(shortlists, queries, strict=True)
                ]
            found = [np.sort(cache.row_ids[rows]) for rows in left]
        more = (self._fresh.candidates(query, k, allowed) for query in queries)
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
        if self._generation < 0 or not self._follow(connection):
            if self.is_stale(connection, PATIENCE if self.cache else 1):
                self.build(connection)
            self._fresh = FreshVectors(read_setting(connection, "dim"))
            if self.cache:
                removed = self._changes(connection).removed
                self._hidden = (self.cache.codes.scales == 0) | np.isin(self.cache.row_ids, removed)
                self._hidden_count = len(removed)
            self._fresh.add(connection, self.cache.last if self.cache else -1)
        self._generation = generation

    def _follow(self, connection: sqlite3.Connection) -> bool:
        """Apply the writes since the last search; False if they are unknown, or the cache should be computed again."""
        newest = max(self._fresh.last, self.cache.last if self.cache else -1)
        changes = Changes.since(connection, self._generation, newest)
        few, texts = self._limits(PATIENCE if self.cache else 1)
        changed = len(self._fresh) + self._hidden_count + changes.added + len(changes.removed)
        if changes.incomplete or changed > max(few, CHANGED_SHARE * texts):
            return False
        if self.cache:
            rows = np.searchsorted(self.cache.row_ids, changes.removed[changes.removed <= self.cache.last])
            self._hidden[rows] = True
            self._hidden_count += len(rows)
        self._fresh.remove(changes.removed)
        self._fresh.add(connection, newest)
        return True
