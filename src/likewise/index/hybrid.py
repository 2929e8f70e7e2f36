"""Search over one state of the record: by vector, by words, or both fused into one score.

Cosine similarity and BM25 have different units, and the range of both changes from query to query. So each is divided
by its best value for the query before they are added.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.arrays import Float32, Float64, Int64
from likewise.errors import InputError, LikewiseError
from likewise.index.bm25 import BM25Index, TermOverlap
from likewise.index.codes import dot_products
from likewise.index.column_types import StoredColumns
from likewise.index.entries import Entry, VectorReader, column_positions, count_values, read_entries, row_ids_of
from likewise.index.filters import Where, parse
from likewise.index.ngrams import NgramIndex, NgramScorer
from likewise.index.record import AllowedRows, Ranked, Record, best_first, fetch_row_ids
from likewise.index.vector_cache import CacheSettings
from likewise.index.vectors import VectorIndex
from likewise.model.embedder import Component
from likewise.notebook import table, user_columns

MAX_KNOWN = 1_000  # things that filters remember about one state of the index
MODES = ("hybrid", "vector", "text")
# Hybrid search fuses the best 200, or 10 k, of either side, and reads BM25 scores down to rank 2,000: a text found by
# its vector whose BM25 ranks lower still has a BM25 of 0. The first of the two searches needs only its best two texts,
# for which fewer candidates are enough.
CANDIDATES, FIRST_CANDIDATES, BM25_DEPTH = 200, 50, 2_000
# N-grams are compared in the best 100 of these, or 5 k: in all of them it changes nothing and takes four times as long.
NGRAM_CANDIDATES, NGRAM_CANDIDATES_FACTOR = 100, 5
FEEDBACK_TEXTS, FEEDBACK_WEIGHT = 2, 0.3  # of Rocchio's relevance feedback
QUERIES_TOGETHER = 64  # queries whose candidates are held in memory at once
_SMALLEST_LENGTH = 1e-12


@dataclass(frozen=True)
class Hit:
    """A text that was found.

    Attributes:
        id: its id.
        text: the text.
        score: cosine similarity for mode "vector", BM25 for "text", the fused score from 0 to 1 for "hybrid".
        columns: every column of the index; None where this text has no value.
        meaning: the part of the score that similar vectors have; None for mode "text".
        words: the part of the score that shared words and n-grams have; None for mode "vector".
    """

    id: str
    text: str
    score: float
    columns: dict[str, Any]
    meaning: float | None = None
    words: float | None = None


class Hits(list[Hit]):
    """The texts that were found for a query, best first.

    Attributes:
        facets: by column, its values among the best texts with their counts, the most frequent first.
    """

    facets: dict[str, list[tuple[Any, int]]]

    def __init__(self, hits: Iterable[Hit] = (), facets: dict[str, list[tuple[Any, int]]] | None = None) -> None:
        super().__init__(hits)
        self.facets = facets or {}

    def _repr_html_(self) -> str:
        """Show themselves in a notebook."""
        rows = [(each.score, each.id, each.text, user_columns(each.columns)) for each in self]
        return table(
            f"{len(self):,} {'hit' if len(self) == 1 else 'hits'}", None, ("score", "id", "text", "columns"), rows
        )


@dataclass(frozen=True)
class Listing:
    """Texts of an index without a query.

    Attributes:
        entries: in the order in which they were added.
        texts: how many pass the filter.
        facets: by column, its values among all that pass with their counts, the most frequent first.
    """

    entries: tuple[Entry, ...]
    texts: int
    facets: dict[str, list[tuple[Any, int]]]


def fuse(
    weights: Sequence[float],
    cosines: Float64[np.ndarray, "components candidates"],
    means: Float64[np.ndarray, " components"],
    bm25: Float64[np.ndarray, " candidates"],
    by_ngrams: Float64[np.ndarray, " candidates"] | None = None,
) -> tuple[Float64[np.ndarray, " candidates"], Float64[np.ndarray, " candidates"]]:
    """Fuse scores of the candidates of a query.

    The sum is sum_i w_i (c_i - m_i) / max(c_i - m_i) + (1 - sum_i w_i) (b / max b + g / max g) / 2; without n-grams the
    words have the weight of both.

    Each side counts from what an average text has: 0 for BM25; for cosines c_i their mean m_i over all texts, which is
    near 0 for a space that fills its sphere and far from it for many pretrained encoders, whose cosines lie between 0.6
    and 0.9. Without it those would all be shares near 1, and only the words would decide. What is below average counts
    as 0, and so does a side that has no score above average.

    Args:
        weights: of the components; both BM25 share what they leave of 1.
        cosines: of each candidate, by component.
        means: over all texts, by component.
        bm25: of each candidate, by words.
        by_ngrams: of each candidate, by character n-grams; None if these are not compared.

    Returns:
        The fused scores, and what words and n-grams add to each.
    """
    by_words = _share_of_best(bm25)
    if by_ngrams is not None and by_ngrams.any():
        by_words = (by_words + _share_of_best(by_ngrams)) / 2
    by_words *= 1.0 - sum(weights)
    fused = by_words.copy()
    for weight, cosine, mean in zip(weights, cosines, means, strict=True):
        fused += weight * _share_of_best(cosine - mean)
    return fused, by_words


def _share_of_best(scores: Float64[np.ndarray, " candidates"]) -> Float64[np.ndarray, " candidates"]:
    best = scores.max(initial=0.0)
    return np.maximum(scores, 0.0) / best if best > 0 else np.zeros_like(scores)


class Searcher:
    """Both sides of an index.

    Args:
        record: of the index.
        components: of the stored vectors.
        settings: of the cache of vectors.

    Attributes:
        vectors: search by vector.
        words: search by words.
    """

    def __init__(self, record: Record, components: Sequence[Component], settings: CacheSettings) -> None:
        self._record = record
        self._known: tuple[int, dict[Any, Any]] = -1, {}  # what filters have found out about the columns
        with record.reading():
            self.vectors = VectorIndex(record.folder, record.setting("collection"), settings)
        with record.lock:  # not within a transaction: the temporary view of the terms would vanish with it
            self.words = BM25Index(record.connection, record.stems)
        ends = np.cumsum([component.dim for component in components]).tolist()
        self._ngrams = NgramIndex()
        self._slices = [slice(end - each.dim, end) for each, end in zip(components, ends, strict=True)]
        self._weights = [component.hybrid_weight for component in components]

    def search(
        self,
        queries: Sequence[str],
        vectors: Float32[np.ndarray, "queries dim"] | None,
        k: int,
        mode: str,
        where: Where | None,
        facets: Sequence[str] = (),
    ) -> list[Hits]:
        """Return the `k` best texts for each query.

        Args:
            queries: texts.
            vectors: of the queries, unit rows or zeros; mode "text" needs none.
            k: how many.
            mode: one of `MODES`.
            where: a filter on columns.
            facets: columns whose values are counted among the best `CANDIDATES` texts.

        Raises:
            InputError: a column of `facets` or `where` is unknown.
            LikewiseError: called within a write of the same collection.
        """
        with self._record.lock:
            if self._record.in_transaction:  # it would cache what may be rolled back
                raise LikewiseError(
                    "a search within a write of the same collection: search when the write has returned"
                )
            self.vectors.reload()
            with self._record.reading() as connection:
                self.words.connection = connection
                _check_columns(facets, column_positions(connection))
                found = max(k, CANDIDATES) if facets else k
                allowed = None if where is None else self._allowed_rows(where)
                if vectors is None or mode == "text":
                    ranked = [self._by_words(query, found, allowed) for query in queries]
                elif mode == "vector":
                    row_ids = allowed.row_ids if allowed else None
                    ranked = self.vectors.nearest(VectorReader(connection), vectors, found, row_ids)
                else:
                    ranked = self._hybrid(queries, vectors, found, max(CANDIDATES, 10 * k), allowed)
                return self._hits(ranked, k, mode, facets)

    def entries(self, k: int, where: Where | None, after: str | None, facets: Sequence[str]) -> Listing:
        """Return what `Collection.entries` returns."""
        with self._record.reading() as connection:
            _check_columns(facets, column_positions(connection))
            first = -1
            if after is not None:
                place = row_ids_of(connection, [after])
                if not len(place):
                    raise InputError(f"there is no text with the id {after!r} to list others after")
                first = int(place[0])
            allowed = "texts" if where is None else self._allowed_rows(where).table
            sql = f"SELECT row_id FROM {allowed} WHERE row_id > ? ORDER BY row_id LIMIT ?"  # noqa: S608 - our own name
            row_ids = fetch_row_ids(connection.execute(sql, (first, k)))
            found = read_entries(connection, row_ids)
            total = self._record.setting("texts")
            if where is not None:
                total = connection.execute(f"SELECT count(*) FROM {allowed}").fetchone()[0]  # noqa: S608
            counted = count_values(connection, None if where is None else allowed, facets)
            return Listing(tuple(found[row_id] for row_id in row_ids.tolist()), total, counted)

    def term_overlap(self, query: str) -> TermOverlap:
        """Return the overlap of texts with the terms of a query, weighted by how rare they are in this index."""
        texts, generation = self._record.setting("texts"), self._record.setting("generation")
        self.words.connection = self._record.connection
        return TermOverlap(self.words.idf(query, texts=texts, generation=generation), self._record.stems)

    def _allowed_rows(self, where: Where) -> AllowedRows:
        """Select the rows that pass a filter into a temporary table, which vanishes with the transaction."""
        connection = self._record.connection
        generation = self._record.setting("generation")
        if self._known[0] != generation or len(self._known[1]) > MAX_KNOWN:
            self._known = generation, {}
        condition = parse(where, StoredColumns(column_positions(connection), connection, self._known[1]))
        connection.execute("CREATE TEMP TABLE allowed (row_id INTEGER PRIMARY KEY)")
        connection.execute(f"INSERT INTO temp.allowed {condition.sql}", condition.parameters)
        return AllowedRows(connection, "temp.allowed")

    def _by_words(self, query: str, k: int, allowed: AllowedRows | None) -> Ranked:
        texts, generation = self._record.setting("texts"), self._record.setting("generation")
        return self.words.ranked(query, k, texts=texts, generation=generation, allowed=allowed)

    def _hybrid(
        self,
        queries: Sequence[str],
        vectors: Float32[np.ndarray, "queries dim"],
        k: int,
        depth: int,
        allowed: AllowedRows | None,
    ) -> list[Ranked]:
        """Search twice: the vectors of the best texts of the first search are added to that of the query."""
        ranked = []
        generation, texts = self._record.setting("generation"), self._record.setting("texts")
        self._ngrams.update(self._record.connection, generation, texts)
        for first in range(0, len(queries), QUERIES_TOGETHER):
            some, reader = slice(first, first + QUERIES_TOGETHER), VectorReader(self._record.connection)
            by_words = [self._by_words(query, max(BM25_DEPTH, depth), allowed) for query in queries[some]]
            # The second vector is near to the first: in a large index, all rows are estimated only once.
            row_ids = allowed.row_ids if allowed else None
            shortlists = self.vectors.shortlists(reader.connection, vectors[some], depth, row_ids)
            best = self._fused(reader, vectors[some], by_words, FEEDBACK_TEXTS, FIRST_CANDIDATES, allowed, shortlists)
            moved = self._expanded(reader, vectors[some], best)
            ngrams = [self._ngrams.scorer(reader.connection, query) for query in queries[some]]
            ranked += self._fused(reader, moved, by_words, k, depth, allowed, shortlists, ngrams)
        return ranked

    def _fused(
        self,
        reader: VectorReader,
        vectors: Float32[np.ndarray, "queries dim"],
        by_words: Sequence[Ranked],
        k: int,
        depth: int,
        allowed: AllowedRows | None,
        shortlists: Sequence[Int64[np.ndarray, " rows"]] | None,
        ngrams: Sequence[NgramScorer] | None = None,
    ) -> list[Ranked]:
        """Return for each query the `k` best by the fused score, of the `depth` best of either side.

        With `ngrams`, these are compared in the best candidates by words and vectors.
        """
        by_vector = self.vectors.nearest(reader, vectors, depth, allowed.row_ids if allowed else None, shortlists)
        mean = np.frombuffer(self._record.setting("sum")) / max(1, self._record.setting("texts"))
        ranked = []
        for place, (vector, near, found) in enumerate(zip(vectors, by_vector, by_words, strict=True)):
            candidates = np.union1d(near.row_ids, found.row_ids[:depth])
            bm25 = np.zeros(len(candidates))
            _, places, ranks = np.intersect1d(candidates, found.row_ids, assume_unique=True, return_indices=True)
            bm25[places] = found.scores[ranks]
            stored, products = reader.read(candidates), mean * vector.astype(np.float64)
            cosines = [dot_products(stored.vectors[:, columns], vector[columns]) for columns in self._slices]
            means = np.array([products[columns].sum() for columns in self._slices])
            fused, words = fuse(self._weights, np.stack(cosines), means, bm25)
            if ngrams is not None:
                best = np.sort(np.argsort(-fused, kind="stable")[: max(NGRAM_CANDIDATES, NGRAM_CANDIDATES_FACTOR * k)])
                by_ngrams = np.zeros(len(candidates))
                by_ngrams[best] = ngrams[place].scores(candidates[best])
                fused, words = fuse(self._weights, np.stack(cosines), means, bm25, by_ngrams)
            ranked.append(best_first(candidates, fused, k, words))
        return ranked

    def _expanded(
        self, reader: VectorReader, vectors: Float32[np.ndarray, "queries dim"], best: Sequence[Ranked]
    ) -> Float32[np.ndarray, "queries dim"]:
        """Add the score-weighted vectors of its best texts to each query (Rocchio 1971); zeros stay zeros."""
        expanded = vectors.astype(np.float64)
        for row in np.flatnonzero(vectors.any(axis=1)).tolist():
            stored, scores = reader.read(best[row].row_ids), best[row].scores[np.argsort(best[row].row_ids)]
            feedback = scores @ stored.vectors.astype(np.float64)
            expanded[row] += FEEDBACK_WEIGHT * feedback / max(float(np.linalg.norm(feedback)), _SMALLEST_LENGTH)
            expanded[row] /= np.linalg.norm(expanded[row])
        return expanded.astype(np.float32)

    def _hits(self, ranked: list[Ranked], k: int, mode: str, facets: Sequence[str]) -> list[Hits]:
        row_ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.row_ids[:k] for one in ranked)]))
        found = read_entries(self._record.connection, row_ids)
        hits = []
        for one in ranked:
            some = Hits(facets=count_values(self._record.connection, one.row_ids[:CANDIDATES], facets))
            for place, row_id in enumerate(one.row_ids[:k].tolist()):
                entry, score = found[row_id], float(one.scores[place])
                words = score if mode == "text" else None if one.by_words is None else float(one.by_words[place])
                meaning = None if mode == "text" else score if words is None else score - words
                some.append(Hit(entry.id, entry.text, score, dict(entry.columns), meaning, words))
            hits.append(some)
        return hits


def _check_columns(names: Sequence[str], known: Mapping[str, int]) -> None:
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise InputError(f"there is no column {name!r} to count the values of: the index has {listed}")


def check_search(queries: Any, k: Any, mode: Any) -> None:
    """Check the arguments of a search.

    Raises:
        InputError: a query is no string, `k` is no whole number from 1, or the mode is unknown.
    """
    if isinstance(queries, str) or not all(isinstance(query, str) for query in queries):
        raise InputError("search expects one string and search_many a list of strings; something else was given")
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise InputError(f"k is {k!r}: expected a whole number from 1, the number of texts to find")
    if mode not in MODES:
        near = difflib.get_close_matches(str(mode), MODES, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"the mode {mode!r} is unknown: expected one of {', '.join(MODES)}{hint}")
