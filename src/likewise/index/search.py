"""A search over one state of the record: by vector, by words, or both sides fused."""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from likewise.errors import InputError, LikewiseError
from likewise.index.bm25 import Overlap, WordIndex
from likewise.index.entries import Entry, StoredVectors, Vectors, columns_of, entries
from likewise.index.filters import Filter, Where, parse
from likewise.index.hybrid import Component, Ranked, best_first, share_of_components
from likewise.index.int8_scan import cosines
from likewise.index.record import Record
from likewise.index.row_ids import Passing, numbers_in
from likewise.index.vectors import Shortlists, VectorIndex

__all__ = ["MODES", "Hit", "Searcher", "check_search"]

MODES = ("hybrid", "vector", "text")
# Hybrid search joins so many of the best of either side, or 10 k, and knows the words' scores down to this rank: of a
# text found by its vector whose words rank lower still, the words count as nothing.
# Of the first of its two searches the two best alone are wanted, for which fewer are enough.
CANDIDATES, FIRST_CANDIDATES, WORD_DEPTH = 200, 50, 2_000
FEEDBACK, SHARE_FED_BACK = 2, 0.3  # texts that are found first, and how much of them the query takes on
SMALLEST_LENGTH = 1e-12
TOGETHER = 64  # queries whose candidates are held at once


@dataclass(frozen=True)
class Hit:
    """A text that was found.

    Attributes:
        id: its id.
        text: the text.
        score: the cosine for a search by vector, BM25 for one by text, the fused score, 0 to 1, for hybrid.
        columns: every column of the index; None where this text has no value.
    """

    id: str
    text: str
    score: float
    columns: dict[str, Any]


class Searcher:
    """The two sides of an index, and how they are joined.

    Attributes:
        vectors: the side of meaning.
        words: the side of words.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        with record.reading():
            self.vectors = VectorIndex(record.folder, record.setting("collection"))
        with record.turn:  # not within a transaction, with which its view of the words would go
            self.words = WordIndex(record.connection, record.stems)
        parts = json.loads(record.setting("parts") or "[]")
        self._parts = tuple(Component(*part) for part in parts) or (Component(record.setting("dim"), 0.5),)

    def search(
        self,
        queries: Sequence[str],
        vectors: Float32[np.ndarray, "queries dim"] | None,
        k: int,
        mode: str,
        where: Where | None,
    ) -> list[list[Hit]]:
        """The `k` best texts for each query.

        Args:
            queries: what was asked.
            vectors: of the queries, unit rows or zeros; not needed by text.
            k: how many.
            mode: one of `MODES`.
            where: a filter on columns.
        """
        with self._record.turn:
            if self._record.connection.in_transaction:  # what it would find, and cache, might never be
                raise LikewiseError(
                    "a search within a write of the same collection: search when the write has returned"
                )
            self.vectors.look()
            with self._record.reading():
                passing = None if where is None else parse(where, columns_of(self._record.connection))
                if vectors is None or mode == "text":
                    among = self._table(passing)
                    ranked = [self._by_words(query, k, among) for query in queries]
                elif mode == "vector":
                    stored = StoredVectors(self._record.connection)
                    ranked = self.vectors.nearest(stored, vectors, k, self._numbers(passing))
                else:
                    ranked = self._hybrid(queries, vectors, k, passing)
                return self._hits(ranked)

    def overlap(self, query: str) -> Overlap:
        """The words of a query, weighted as this index has them."""
        texts, generation = self._record.setting("texts"), self._record.setting("generation")
        return Overlap(self.words.weights(query, texts=texts, generation=generation), self._record.stems)

    def _table(self, passing: Filter | None) -> Passing | None:
        """The table with the numbers of the texts that pass; it goes with the transaction."""
        if passing is None:
            return None
        self._record.connection.execute("CREATE TEMP TABLE passing (number INTEGER PRIMARY KEY)")
        self._record.connection.execute(f"INSERT INTO temp.passing {passing.sql}", passing.parameters)
        return Passing(self._record.connection, "temp.passing")

    def _numbers(self, passing: Filter | None) -> Int64[np.ndarray, " passing"] | None:
        """Those numbers, rising."""
        if passing is None:
            return None
        return np.sort(numbers_in(self._record.connection.execute(passing.sql, passing.parameters)))

    def _by_words(self, query: str, k: int, among: Passing | None) -> Ranked:
        texts, generation = self._record.setting("texts"), self._record.setting("generation")
        return self.words.ranked(query, k, texts=texts, generation=generation, among=among)

    def _hybrid(
        self, queries: Sequence[str], vectors: Float32[np.ndarray, "queries dim"], k: int, passing: Filter | None
    ) -> list[Ranked]:
        """Both sides joined, twice: what the best of the first time say is added to the vector of the query."""
        depth, among = max(CANDIDATES, 10 * k), self._table(passing)
        allowed = among.numbers if among else None
        ranked = []
        for first in range(0, len(queries), TOGETHER):
            some, of_some = slice(first, first + TOGETHER), StoredVectors(self._record.connection)
            worded = [self._by_words(query, max(WORD_DEPTH, depth), among) for query in queries[some]]
            near = self.vectors.shortlists(of_some.connection, vectors[some], depth, allowed)
            found = self._joined(of_some, vectors[some], worded, FEEDBACK, FIRST_CANDIDATES, allowed, near)
            fed = self._fed_back(of_some, vectors[some], found)
            ranked += self._joined(of_some, fed, worded, k, depth, allowed, near)
        return ranked

    def _joined(
        self,
        stored: StoredVectors,
        vectors: Float32[np.ndarray, "queries dim"],
        worded: Sequence[Ranked],
        k: int,
        depth: int,
        allowed: Int64[np.ndarray, " passing"] | None,
        near: Shortlists | None,
    ) -> list[Ranked]:
        mean = np.frombuffer(self._record.setting("sum")) / max(1, self._record.setting("texts"))
        by_vector = self.vectors.nearest(stored, vectors, depth, allowed, near)
        ranked = []
        for vector, found, said in zip(vectors, by_vector, worded, strict=True):
            candidates = np.union1d(found.numbers, said.numbers[:depth])
            words = np.zeros(len(candidates))
            _, places, ranks = np.intersect1d(candidates, said.numbers, assume_unique=True, return_indices=True)
            words[places] = said.scores[ranks]
            fused = self._fused(stored.of(candidates), words, vector, mean)
            ranked.append(best_first(candidates, fused, k))
        return ranked

    def _fused(
        self,
        near: Vectors,
        words: Float64[np.ndarray, " candidates"],
        vector: Float32[np.ndarray, " dim"],
        mean: Float64[np.ndarray, " dim"],
    ) -> Float64[np.ndarray, " candidates"]:
        """The scores of each candidate in one: of each part of its vector, and of its words."""
        products = mean * vector.astype(np.float64)
        ends = np.cumsum([part.columns for part in self._parts])
        columns = [slice(end - part.columns, end) for part, end in zip(self._parts, ends.tolist(), strict=True)]
        each = np.stack([cosines(Vectors(near.numbers, near.rows[:, some]), vector[some]) for some in columns])
        return share_of_components(self._parts, each, words, np.array([products[some].sum() for some in columns]))

    def _fed_back(
        self, stored: StoredVectors, vectors: Float32[np.ndarray, "queries dim"], found: Sequence[Ranked]
    ) -> Float32[np.ndarray, "queries dim"]:
        """The queries with a little of what was found for them (Rocchio 1971); unit rows, or zeros as before."""
        fed = vectors.astype(np.float64)
        for row in np.flatnonzero(vectors.any(axis=1)).tolist():
            best = found[row]
            near = stored.of(best.numbers)
            said = best.scores[np.argsort(best.numbers)] @ near.rows.astype(np.float64)
            fed[row] += SHARE_FED_BACK * said / max(float(np.linalg.norm(said)), SMALLEST_LENGTH)
            fed[row] /= np.linalg.norm(fed[row])
        return fed.astype(np.float32)

    def _hits(self, ranked: list[Ranked]) -> list[list[Hit]]:
        numbers = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.numbers for one in ranked)]))
        found = entries(self._record.connection, numbers)
        return [
            [
                _hit(found[number], score)
                for number, score in zip(one.numbers.tolist(), one.scores.tolist(), strict=True)
            ]
            for one in ranked
        ]


def _hit(entry: Entry, score: float) -> Hit:
    return Hit(entry.id, entry.text, score, dict(entry.columns))


def check_search(queries: Any, k: Any, mode: Any) -> None:
    """Refuse what cannot be searched for.

    Raises:
        InputError: a query is no string, `k` is no number of at least 1, or the mode is unknown.
    """
    if isinstance(queries, str) or not all(isinstance(query, str) for query in queries):
        raise InputError("search takes one string, search_many a list of strings; something else was given")
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise InputError(f"k = {k!r} was given: how many texts to find is a whole number from 1")
    if mode not in MODES:
        near = difflib.get_close_matches(str(mode), MODES, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"the mode {mode!r} is unknown: one of {', '.join(MODES)} is expected{hint}")
