"""Postings: which texts contain a term, and how often, in memory: of one state of the record, and what followed."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from likewise.arrays import Bool, Int32, Int64
from likewise.index.record import CHANGED_SHARE, INSTANCES, WORD_TABLES, Changes, Ranked, best_first
from likewise.index.stems import Stems, indexed_text

DIGITS = 12  # decimals: texts with equal terms get equal scores, whether FTS5 or numba computed them
_MARGIN = 1e-9  # of sums of bounds, which are rounded
_WORTH_DROPPING = 3  # texts of a term for each that has a score: with fewer, finding out what can be left out is slower
_SEARCHED = 40  # texts of a term are read in the time in which one is searched among them
_SEVEN_BITS = 7  # of a byte of SQLite's integers of variable length


@dataclass(frozen=True)
class Postings:
    """The texts that contain a term.

    Attributes:
        row_ids: of the texts, in ascending order.
        counts: occurrences in each of them.
        bound: the highest part of BM25 that depends on the occurrences.
        mean: terms of a text on average, for which that is.
    """

    row_ids: Int64[np.ndarray, " texts"]
    counts: Int32[np.ndarray, " texts"]
    bound: float
    mean: float

    @classmethod
    def of(
        cls, occurrences: Int64[np.ndarray, " occurrences"], lengths: Int32[np.ndarray, " rows"], mean: float
    ) -> "Postings":
        """Count occurrences by text.

        Args:
            occurrences: the row id of each, in ascending order.
            lengths: terms of each text, by row id.
            mean: terms of a text on average.
        """
        from likewise.index.kernels import highest_frequency

        firsts = np.flatnonzero(np.diff(occurrences, prepend=-1))
        row_ids, counts = occurrences[firsts], np.diff(firsts, append=len(occurrences)).astype(np.int32)
        return cls(row_ids, counts, highest_frequency(row_ids, counts, lengths, mean), mean)

    def highest(self, mean: float) -> float:
        """Return an upper bound of that part where a text has another number of terms on average."""
        return self.bound * max(1.0, mean / self.mean)


class FreshWords:
    """The words of texts that were added lately, in an FTS5 in memory, which splits texts as the one of the record."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for statement in (WORD_TABLES[0], INSTANCES):
            self._connection.execute(statement)
        self._terms: dict[str, Postings] = {}

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Add texts as FTS5 indexes them, by row id."""
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", texts)
        self._connection.execute("COMMIT")
        self._terms = {}

    def postings(self, term: str, lengths: Int32[np.ndarray, " rows"], mean: float) -> Postings:
        """Return the texts that contain a term."""
        if term not in self._terms:
            self._terms[term] = Postings.of(_occurrences(self._connection, term), lengths, mean)
        return self._terms[term]


class PostingCache:
    """Occurrences of the terms that were searched for, and the lengths of all texts, and what was written since.

    Args:
        generation: of the record.
        lengths: terms of each text, by row id.
        max_occurrences: that are kept; the least recently used terms are dropped first.
        room: for row ids of texts that are added later.

    Attributes:
        generation: of the state that was read.
        last: its highest row id.
        seen: the generation up to which later writes are followed.
        terms: the cached terms, least recently used first.
    """

    def __init__(
        self, generation: int, lengths: Int32[np.ndarray, " rows"], max_occurrences: int, room: int = 0
    ) -> None:
        self.generation, self.last, self.seen = generation, len(lengths) - 1, generation
        self.terms: OrderedDict[str, Postings] = OrderedDict()
        self._newest, self._fresh = self.last, FreshWords()
        self._removed: Int64[np.ndarray, " removed"] = np.zeros(0, np.int64)
        self._mean = max(1.0, float(lengths.mean())) if len(lengths) else 1.0
        self._lengths, self._max, self._size = np.append(lengths, np.zeros(room, np.int32)), max_occurrences, 0
        self._shown: Bool[np.ndarray, " rows"] = np.ones(len(self._lengths), bool)
        self._scores = np.zeros(len(self._lengths))

    @classmethod
    def read(
        cls, connection: sqlite3.Connection, generation: int, max_occurrences: int, few_changes: int = 0
    ) -> "PostingCache":
        """Read the lengths of all texts within a transaction: 0.4 s for a million.

        Args:
            connection: to the record.
            generation: of the record.
            max_occurrences: as above.
            few_changes: that `update` will follow.
        """
        row_ids, sizes = _lengths(connection, -1)
        lengths = np.zeros(int(row_ids[-1]) + 1 if len(row_ids) else 0, np.int32)
        lengths[row_ids] = sizes
        return cls(generation, lengths, max_occurrences, few_changes + int(CHANGED_SHARE * len(lengths)))

    def update(self, connection: sqlite3.Connection, generation: int, few_changes: int, stems: Stems) -> bool:
        """Follow what was written up to a generation; False where too much was, or not all that was removed is known.

        Args:
            connection: to the record, within a transaction.
            generation: of the record.
            few_changes: up to which it is worth it.
            stems: of the record.
        """
        if generation == self.seen:
            return True
        changes = Changes.since(connection, self.seen, self._newest)
        row_ids, sizes = _lengths(connection, self._newest)
        newest = int(row_ids[-1]) if len(row_ids) else self._newest
        removed = np.union1d(self._removed, changes.removed)
        changed = newest - self.last + np.count_nonzero(removed <= self.last)
        if changes.incomplete or changed > max(few_changes, CHANGED_SHARE * self.last):
            return False
        sql = "SELECT row_id, text FROM texts WHERE row_id > ? ORDER BY row_id"
        texts = connection.execute(sql, (self._newest,)).fetchall()
        self._fresh.add((row_id, indexed_text(text, stems)) for row_id, text in texts)
        self._lengths[row_ids], self._shown[removed] = sizes, False
        self.seen, self._newest, self._removed = generation, newest, removed
        return True

    def containing(self, connection: sqlite3.Connection, term: str) -> int:
        """Return how many texts contain a term."""
        found = 0
        for one in (self.postings(connection, term), self.fresh_postings(term)):
            places = np.searchsorted(one.row_ids, self._removed)
            inside = places < len(one.row_ids)
            removed = int(np.count_nonzero(one.row_ids[places[inside]] == self._removed[inside]))
            found += len(one.row_ids) - removed
        return found

    def fresh_postings(self, term: str) -> Postings:
        """Return the texts that contain a term, of those that were added since the cache was read."""
        return self._fresh.postings(term, self._lengths, self._mean)

    def postings(self, connection: sqlite3.Connection, term: str) -> Postings:
        """Return the texts that contain a term, of those that there were when the cache was read.

        Some of them may have been removed since.
        """
        if term in self.terms:
            self.terms.move_to_end(term)
            return self.terms[term]
        occurrences = _occurrences(connection, term)
        found = Postings.of(occurrences[occurrences <= self.last], self._lengths, self._mean)
        if not len(occurrences):
            return found
        self.terms[term] = found
        self._size += len(found.row_ids)
        while self._size > self._max and len(self.terms) > 1:
            self._size -= len(self.terms.popitem(last=False)[1].row_ids)
        return found

    def ranked(
        self,
        rare: list[tuple[Postings, float]],
        frequent: list[tuple[Postings, float]],
        mean: float,
        k: int,
        allowed: Int64[np.ndarray, " allowed"] | None,
    ) -> Ranked:
        """Return the `k` best of the texts that contain a rare term, scored with all terms.

        Args:
            rare: terms, each with its weight.
            frequent: more of them.
            mean: terms of a text on average.
            k: how many.
            allowed: row ids that may be found, in ascending order; None is all.
        """
        shown = self._shown
        if allowed is not None:
            shown = np.zeros(len(shown), bool)
            shown[allowed[: np.searchsorted(allowed, self._newest, side="right")]] = True
            shown &= self._shown
        row_ids = self._scored(rare, frequent, mean, k, shown)
        scores = self._scores[row_ids].round(DIGITS)
        self._scores[row_ids] = 0
        if len(scores) > k:
            threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
            row_ids, scores = row_ids[scores >= threshold], scores[scores >= threshold]
        return best_first(row_ids, scores, k)

    def _scored(
        self,
        rare: list[tuple[Postings, float]],
        frequent: list[tuple[Postings, float]],
        mean: float,
        k: int,
        shown: Bool[np.ndarray, " rows"],
    ) -> Int64[np.ndarray, " scored"]:
        """Score texts, and return those among which are the `k` best.

        Terms come the rarest first. Once `k` texts have a score, a text that cannot reach the lowest of these with all
        the terms to come is left out (MaxScore, Turtle and Flood 1995).
        """
        from likewise.index.kernels import add_bm25, add_bm25_to, drop_below

        every = [*rare, *frequent]
        bounds = [max(0.0, idf) * one.highest(mean) for one, idf in every]
        touched, count = np.empty(sum(len(one.row_ids) for one, _ in rare), np.int64), 0
        lowest = -np.inf  # of the `k` best so far
        for place, (one, idf) in enumerate(every):
            to_come = sum(bounds[place:]) + _MARGIN
            if count > k and len(one.row_ids) > _WORTH_DROPPING * count:
                scores = self._scores[touched[:count]]
                lowest = max(lowest, float(np.partition(scores, count - k)[count - k]))
                count = drop_below(touched, count, self._scores, lowest - to_come)
            texts = one.row_ids, one.counts, self._lengths, mean, idf
            if place < len(rare) and to_come >= lowest:
                count = add_bm25(*texts, shown, self._scores, touched, count)
            elif _SEARCHED * count < len(one.row_ids):
                add_bm25_to(touched[:count], *texts, self._scores)
            else:
                add_bm25(*texts, shown, self._scores, touched, -1)
        return touched[:count]


def _lengths(
    connection: sqlite3.Connection, after: int
) -> tuple[Int64[np.ndarray, " texts"], Int64[np.ndarray, " texts"]]:
    """Return the row ids above one, and the number of terms of these texts."""
    rows = connection.execute("SELECT id, sz FROM words_docsize WHERE id > ? ORDER BY id", (after,)).fetchall()
    row_ids = np.fromiter((row_id for row_id, _ in rows), np.int64, len(rows))
    return row_ids, _varints(b"".join(size for _, size in rows))


def mean_length(connection: sqlite3.Connection) -> float:
    """Return the mean number of terms of a text, as FTS5 counted them; 1 if there are none."""
    block = connection.execute("SELECT block FROM words_data WHERE id = 1").fetchone()
    texts, terms = [*_varints(block[0]).tolist(), 0, 0][:2] if block else (0, 0)
    return terms / texts if texts and terms else 1.0


def _occurrences(connection: sqlite3.Connection, term: str) -> Int64[np.ndarray, " occurrences"]:
    """Return the row id of each occurrence of a term, in ascending order."""
    # One string of all row ids is read in a third of the time of a row each.
    sql = "SELECT group_concat(doc, ' ') FROM temp.instances WHERE term = ?"
    joined = connection.execute(sql, (term,)).fetchone()[0]
    row_ids = np.fromstring(joined, np.int64, sep=" ") if joined else np.zeros(0, np.int64)
    return np.sort(row_ids, kind="stable")  # mostly sorted already, which is quick


def _varints(data: bytes) -> Int64[np.ndarray, " numbers"]:
    """Decode SQLite's integers of variable length, at most eight bytes each."""
    every = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(every < 1 << _SEVEN_BITS) + 1
    begins = np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)]
    found = np.zeros(len(ends), np.int64)
    for place in range(int((ends - begins).max(initial=0))):
        there = begins + place < ends
        found[there] = found[there] << _SEVEN_BITS | (every[begins[there] + place] & 0x7F)
    return found
