"""Scores of documents for queries, a tile of queries at a time: by vector, and by words (BM25)."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64, Int64

from likewise.evaluation.baselines import BM25, MINILM, SHOWN, Comparison, System
from likewise.evaluation.bootstrap import Judged, Scored, counts_of, with_intervals
from likewise.evaluation.data import Retrieval
from likewise.evaluation.lexical import Matrix
from likewise.evaluation.packages import needed
from likewise.evaluation.result import Row
from likewise.index.collection import Collection

__all__ = [
    "MEASURES",
    "ByVector",
    "ByWords",
    "CachedEmbedder",
    "Scores",
    "Tile",
    "hybrid_search",
    "judge_retrieval",
    "own_rows",
    "tiles",
    "top",
]


TOGETHER = 1 << 23  # scores of one row that are held at once, 32 MiB


@runtime_checkable
class Scores(Protocol):
    """Scores all documents for some queries."""

    by_words: bool  # a score of 0 says that nothing is in common, rather than little

    def of(self, queries: slice) -> Float[np.ndarray, "queries documents"]:
        """One score a query and document, higher is better."""
        ...


class ByVector:
    """The dot product of unit rows: arrays, or sparse matrices.

    Args:
        queries: one row a query.
        documents: one row a document.
        by_words: whether the columns are words.
    """

    def __init__(self, queries: Matrix, documents: Matrix, *, by_words: bool = False) -> None:
        self._queries, self._documents, self.by_words = queries, documents.T, by_words

    def of(self, queries: slice) -> Float[np.ndarray, "queries documents"]:
        """One cosine a query and document."""
        product = self._queries[queries] @ self._documents
        cosines: np.ndarray = product if isinstance(product, np.ndarray) else product.toarray()
        return cosines


class ByWords:
    """BM25 of bm25s: k1 1.5, b 0.75, words of two letters or more, English stop words left out.

    Raises:
        LikewiseError: bm25s is not installed.
    """

    by_words = True

    def __init__(self, queries: Sequence[str], documents: Sequence[str]) -> None:
        self._library = needed("bm25s", what="BM25")
        self._queries = self._words(queries)
        words = self._words(documents)
        self._documents = len(words)
        self._index = None
        if any(words):
            self._index = self._library.BM25()
            self._index.index(words, show_progress=False)

    def of(self, queries: slice) -> Float[np.ndarray, "queries documents"]:
        """One BM25 score a query and document; 0 where no word is shared."""
        asked = self._queries[queries]
        scores = np.zeros((len(asked), self._documents), np.float32)
        for row, words in enumerate(asked):
            if words and self._index is not None:
                scores[row] = self._index.get_scores(words)
        return scores

    def _words(self, texts: Sequence[str]) -> list[list[str]]:
        cut: list[list[str]] = self._library.tokenize(
            list(texts), stopwords="en", return_ids=False, show_progress=False
        )
        return cut


@dataclass(frozen=True)
class Tile:
    """Scores of some queries.

    Attributes:
        queries: which ones.
        scores: of each row of the table.
        by_words: whether a score of 0 says that nothing is in common.
    """

    queries: slice
    scores: Mapping[str, Float[np.ndarray, "queries documents"]]
    by_words: Mapping[str, bool]


def tiles(scorers: Mapping[str, Scores], queries: int, documents: int) -> Iterator[Tile]:
    """Score every query by every row, a tile at a time.

    Args:
        scorers: by the name of the row.
        queries: how many.
        documents: how many.
    """
    together = max(1, TOGETHER // max(1, documents))
    by_words = {name: each.by_words for name, each in scorers.items()}
    for first in range(0, queries, together):
        some = slice(first, min(first + together, queries))
        yield Tile(some, {name: each.of(some) for name, each in scorers.items()}, by_words)


class CachedEmbedder:
    """An entrant as a model for an index, its vectors of some texts known already.

    Args:
        embedder: the entrant's own, whose attributes an index asks for; None where it has none to tell.
        entrant: gives the vectors of other texts.
        queries: texts that ask, and their vectors.
        documents: texts that are to be found, and theirs.
    """

    def __init__(
        self,
        embedder: Any,
        entrant: System,
        queries: tuple[Sequence[str], np.ndarray],
        documents: tuple[Sequence[str], np.ndarray],
    ) -> None:
        self._embedder, self._entrant = embedder, entrant
        self._queries, self._documents = _Rows(*queries), _Rows(*documents)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text."""
        return np.asarray(self._entrant.vectors(texts))

    def encode_query(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text that asks."""
        found = self._queries.of(texts)
        return self._entrant.of_queries(texts) if found is None else found

    def encode_document(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text that is to be found."""
        found = self._documents.of(texts)
        return self._entrant.of_documents(texts) if found is None else found


class _Rows:
    """Vectors by text."""

    def __init__(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        self._places = dict(zip(texts, range(len(texts)), strict=True))
        self._vectors = vectors

    def of(self, texts: Sequence[str]) -> np.ndarray | None:
        """Of these texts; None where one is not known, as that of an index which keeps it in another form."""
        places = [self._places.get(text, -1) for text in texts]
        return None if min(places, default=0) < 0 else self._vectors[places]


def hybrid_search(
    embedder: CachedEmbedder, queries: Sequence[str], documents: Sequence[str], k: int
) -> list[Int64[np.ndarray, " found"]]:
    """Of each query the places of the `k` documents that an index finds by default, best first."""
    with (
        tempfile.TemporaryDirectory(prefix="likewise-") as place,
        Collection.create(Path(place) / "judged.index", embedder) as index,
    ):
        index.add(list(documents), ids=[str(number) for number in range(len(documents))])
        hits = index.search_many(list(queries), k)
    return [np.array([int(hit.id) for hit in some], np.int64) for some in hits]


FIRST, DEPTH = 10, 100  # documents that count, and that are kept of each query
# As shown, and as trec_eval calls them. Its nDCG takes gains, so it is given 2^relevance - 1 (Burges et al. 2005).
MEASURES = {
    "nDCG@10": f"ndcg_cut_{FIRST}", "MRR@10": "recip_rank", "recall@10": f"recall_{FIRST}",
    "recall@100": f"recall_{DEPTH}", "MAP@100": f"map_cut_{DEPTH}",
}  # fmt: skip
PLUS = " + BM25"  # behind the name of a row whose vectors are joined with words
Own: TypeAlias = list[np.ndarray]  # of each query, places of documents
Found: TypeAlias = list[np.ndarray]  # of each query, places of documents, best first


def judge_retrieval(data: Retrieval, field: Comparison, rng: np.random.Generator) -> Judged:
    """Rank the documents for each judged query, with every entrant.

    Raises:
        LikewiseError: pytrec-eval-terrier, which measures, is not installed.
    """
    trec = needed("pytrec_eval", what="retrieval")
    queries = [id for id, grades in data.judged.items() if id in data.queries and max(grades.values(), default=0) > 0]
    own = own_rows(data, queries)
    texts = list(data.documents.values())
    found, absent = _found(field, [data.queries[id] for id in queries], texts, own)
    gains = {id: {one: 2 ** max(0, grade) - 1 for one, grade in data.judged[id].items()} for id in queries}
    ids = list(data.documents)
    scored = [_scored(name, _measured(trec, queries, ids, places, gains)) for name, places in found.items()]
    counts = {"queries": len(queries), "documents": len(ids)}
    return with_intervals(
        scored, lambda rng: counts_of(len(queries), rng), len(queries), rng,
        absent=absent, counts=counts, notes=_notes(data, queries, own),
    )  # fmt: skip


def own_rows(data: Retrieval, queries: Sequence[str]) -> Own:
    """The documents that are the query itself, which it would find first and which answer nothing.

    They have the query's text or, where the ids agree too, hold it. A document that is judged relevant is none of them.
    """
    asked = {data.queries[id].strip() for id in queries}
    alike: dict[str, list[int]] = {}
    ids = list(data.documents)
    numbers = {id: number for number, id in enumerate(ids)}
    for number, text in enumerate(data.documents.values()):
        if (bare := text.strip()) in asked:
            alike.setdefault(bare, []).append(number)
    found = []
    for query in queries:
        text, grades = data.queries[query].strip(), data.judged[query]
        rows = set(alike[text]) if text and text in alike else set()
        if text and query in numbers and text in data.documents[query]:
            rows.add(numbers[query])
        found.append(np.array(sorted(row for row in rows if grades.get(ids[row], 0) <= 0), np.int64))
    return found


def top(scores: Float[np.ndarray, " documents"], k: int) -> Int64[np.ndarray, " found"]:
    """The `k` best, best first, of equal ones the first; what has minus infinity is not found."""
    least = np.partition(scores, len(scores) - k)[len(scores) - k] if len(scores) > k else -np.inf
    places = np.flatnonzero(scores >= max(least, np.finfo(scores.dtype).min))
    best: np.ndarray = places[np.argsort(-scores[places], kind="stable")[:k]]
    return best.astype(np.int64)


def _found(field: Comparison, queries: list[str], documents: list[str], own: Own) -> tuple[dict[str, Found], list[Row]]:
    """What each row finds, best first."""
    told = f"{len(documents):,} documents, {len(queries):,} queries"
    sides, absent = field.measured(
        [*documents, *queries], documents, told, lambda each: (each, each.sides(queries, documents))
    )
    scorers: dict[str, Scores] = {each.name: ByVector(*vectors, by_words=each.by_words) for each, vectors in sides}
    if BM25 in field.baselines:
        missing = field.bm25_missing()
        absent += [missing] if missing else []
        scorers |= {} if missing else {SHOWN[BM25]: ByWords(queries, documents)}
    field.messages.log("ranking")
    found: dict[str, Found] = {}
    for tile in tiles(scorers, len(queries), len(documents)):
        for name, scores in tile.scores.items():
            if tile.by_words[name]:
                scores[scores <= 0] = -np.inf  # no word in common is not found
            for row, its in zip(scores, own[tile.queries], strict=True):
                row[its] = -np.inf
                found.setdefault(name, []).append(top(row, DEPTH))
    for each, (asked, told_of) in sides if field.fused else ():
        if each.name in (field.judged[0], SHOWN[MINILM]):
            embedder = field.judged[1] if each.name == field.judged[0] else None
            known = CachedEmbedder(embedder, each, (queries, asked), (documents, told_of))
            found[each.name + PLUS] = _by_both(known, queries, documents, own)
    return {name: found[name] for name in _ordered(list(found), field)}, absent


def _by_both(known: CachedEmbedder, queries: list[str], documents: list[str], own: Own) -> Found:
    """What the search of an index finds of each query, without the documents that are the query itself."""
    most = max((len(rows) for rows in own), default=0)
    found = hybrid_search(known, queries, documents, DEPTH + most)
    return [places[~np.isin(places, its)][:DEPTH] for places, its in zip(found, own, strict=True)]


def _ordered(names: list[str], field: Comparison) -> list[str]:
    """The embedder, the embedder with words, BM25, then the others."""
    first = (field.judged[0], field.judged[0] + PLUS, SHOWN[BM25])
    return [name for name in first if name in names] + [name for name in names if name not in first]


def _measured(
    trec: Any, queries: Sequence[str], ids: Sequence[str], found: Found, gains: Mapping[str, Mapping[str, int]]
) -> Float64[np.ndarray, "queries measures"]:
    """Every measure of every query; 0 where nothing was found."""
    # Ranks stand in for scores: trec_eval breaks ties in its own way otherwise.
    runs = {
        query: {ids[place]: float(-rank) for rank, place in enumerate(places)}
        for query, places in zip(queries, found, strict=True)
    }
    cut = {query: dict(list(run.items())[:FIRST]) for query, run in runs.items()}
    whole = trec.RelevanceEvaluator(
        gains, {f"ndcg_cut.{FIRST}", f"recall.{FIRST},{DEPTH}", f"map_cut.{DEPTH}"}
    ).evaluate(runs)
    first = trec.RelevanceEvaluator(gains, {"recip_rank"}).evaluate(cut)
    told = [{**whole.get(query, {}), **first.get(query, {})} for query in queries]
    return np.array([[one.get(name, 0.0) for name in MEASURES.values()] for one in told])


def _scored(name: str, measured: Float64[np.ndarray, "queries measures"]) -> Scored:
    values = dict(zip(MEASURES, measured.mean(axis=0).tolist(), strict=True))
    return Scored(name, values, lambda counts: counts @ measured / counts.sum())


def _notes(data: Retrieval, queries: Sequence[str], own: Own) -> list[str]:
    notes = list(data.notes)
    if itself := sum(len(rows) > 0 for rows in own):
        notes.append(f"{itself:,} queries are among the documents themselves: their own row is left out")
    if unknown := len(data.judged.keys() - data.queries.keys()):
        notes.append(f"{unknown:,} judged queries are not among the queries, and were left out")
    lost = {id for query in queries for id, grade in data.judged[query].items() if grade > 0} - data.documents.keys()
    if lost:
        notes.append(f"{len(lost):,} relevant documents are not among the documents: they count as not found")
    if blank := sum(not data.queries[id].strip() for id in queries):
        notes.append(f"{blank:,} queries are blank")
    return notes
