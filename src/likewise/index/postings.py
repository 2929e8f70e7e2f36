"""Postings: which texts contain a term, and how often, in memory and of one state of the record."""

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int32, Int64

from likewise.index.record import Ranked, best_first

K1, B = 1.2, 0.75  # of BM25, as in FTS5
DIGITS = 12  # decimals: texts with equal terms get equal scores, whether FTS5 or numba computed them
_SEVEN_BITS = 7  # of a byte of SQLite's integers of variable length


@dataclass(frozen=True)
class Postings:
    """The texts that contain a term.

    Attributes:
        row_ids: of the texts, in ascending order.
        counts: occurrences in each of them.
    """

    row_ids: Int64[np.ndarray, " texts"]
    counts: Int32[np.ndarray, " texts"]


class PostingCache:
    """Occurrences of the terms that were searched for, and the lengths of all texts, of one state of the record.

    Attributes:
        generation: of that state.
        last: its highest row id.
        seen: the generation up to which removed texts are hidden.
        terms: the cached terms, least recently used first.
    """

    def __init__(self, generation: int, lengths: Int32[np.ndarray, " rows"], max_occurrences: int) -> None:
        self.generation, self.last, self.seen = generation, len(lengths) - 1, generation
        self.terms: OrderedDict[str, Postings] = OrderedDict()
        self._lengths, self._max, self._size = lengths, max_occurrences, 0
        self._hidden: Bool[np.ndarray, " rows"] = np.zeros(len(lengths), bool)
        self._scores = np.zeros(len(lengths))

    @classmethod
    def read(cls, connection: sqlite3.Connection, generation: int, max_occurrences: int) -> "PostingCache":
        """Read the lengths of all texts within a transaction: 0.4 s for a million."""
        rows = connection.execute("SELECT id, sz FROM words_docsize ORDER BY id").fetchall()
        row_ids = np.fromiter((row_id for row_id, _ in rows), np.int64, len(rows))
        lengths = np.zeros(int(row_ids[-1]) + 1 if len(rows) else 0, np.int32)
        lengths[row_ids] = _varints(b"".join(size for _, size in rows))
        return cls(generation, lengths, max_occurrences)

    def hide(self, row_ids: Int64[np.ndarray, " removed"], generation: int) -> None:
        """Hide the texts that were removed up to a generation."""
        self.seen = generation
        self._hidden[:] = False
        self._hidden[row_ids[row_ids <= self.last]] = True

    def postings(self, connection: sqlite3.Connection, term: str) -> Postings:
        """Return the texts that contain a term; without those that were removed before the term was first read."""
        if term in self.terms:
            self.terms.move_to_end(term)
            return self.terms[term]
        occurrences = _occurrences(connection, term)
        known = occurrences[occurrences <= self.last]
        firsts = np.flatnonzero(np.diff(known, prepend=-1))
        found = Postings(known[firsts], np.diff(firsts, append=len(known)).astype(np.int32))
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
        from likewise.index.kernels import add_bm25

        touched, count = np.empty(sum(len(one.row_ids) for one, _ in rare), np.int64), 0
        for terms, find in ((rare, True), (frequent, False)):
            for one, idf in terms:
                start, texts = count if find else -1, (one.row_ids, one.counts)
                found = add_bm25(*texts, self._lengths, mean, idf, K1, B, self._scores, touched, start)
                count = found if find else count
        row_ids = touched[:count]
        scores = self._scores[row_ids].round(DIGITS)
        self._scores[row_ids] = 0
        shown = ~self._hidden[row_ids]
        if allowed is not None:
            shown &= np.isin(row_ids, allowed)
        row_ids, scores = row_ids[shown], scores[shown]
        if len(scores) > k:
            threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
            row_ids, scores = row_ids[scores >= threshold], scores[scores >= threshold]
        return best_first(row_ids, scores, k)


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
