"""Retrieval: rank the documents for each query with every system, and compute nDCG, MRR, recall and MAP."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from likewise.arrays import Float, Float64, Int64
from likewise.evaluation.baselines import (
    BM25,
    EXTRA,
    FUSION,
    MINILM,
    NAMES,
    Comparison,
    Matrix,
    System,
    installed,
    needed,
)  # fmt: skip
from likewise.evaluation.bootstrap import Row, SystemScores, TaskResult, draw_counts, with_intervals
from likewise.evaluation.data import Retrieval
from likewise.index.collection import Collection
from likewise.index.stems import indexed_text

CUT, DEPTH = 10, 100  # documents that nDCG and MRR count, and documents ranked for each query
# As shown, and as trec_eval calls them. Its nDCG takes gains, so it gets 2^grade - 1 (Burges et al. 2005).
METRICS = {
    "nDCG@10": f"ndcg_cut_{CUT}", "MRR@10": "recip_rank", "recall@10": f"recall_{CUT}",
    "recall@100": f"recall_{DEPTH}", "MAP@100": f"map_cut_{DEPTH}",
}  # fmt: skip
TILE = 1 << 23  # scores held at once, 32 MiB
PLUS = " + BM25"  # in the name of a row of hybrid search

Scorer: TypeAlias = Callable[[slice], Float[np.ndarray, "queries documents"]]
"""Scores all documents for some queries, higher is better."""
Ranking: TypeAlias = list[Int64[np.ndarray, " _"]]
"""Document numbers for each query, best first."""


def evaluate_retrieval(data: Retrieval, comparison: Comparison, rng: np.random.Generator) -> TaskResult:
    """Rank the documents for each judged query with every system.

    Raises:
        LikewiseError: pytrec-eval-terrier, which computes the metrics, is not installed.
    """
    trec = needed("pytrec_eval", what="retrieval")
    queries = [id for id, grades in data.qrels.items() if id in data.queries and max(grades.values(), default=0) > 0]
    same = same_documents(data, queries)
    rankings, absent = _rankings(comparison, [data.queries[id] for id in queries], list(data.documents.values()), same)
    gains = {id: {each: 2 ** max(0, grade) - 1 for each, grade in data.qrels[id].items()} for id in queries}
    ids = list(data.documents)
    scored = [_scored(name, _metrics(trec, queries, ids, found, gains)) for name, found in rankings.items()]
    return with_intervals(
        scored, lambda rng: draw_counts(len(queries), rng), len(queries), rng,
        absent=absent, counts={"queries": len(queries), "documents": len(ids)}, notes=_notes(data, queries, same),
    )  # fmt: skip


def same_documents(data: Retrieval, queries: Sequence[str]) -> Ranking:
    """The documents that are the query itself, which would rank first and answer nothing.

    They have the text of the query or, if the ids are equal too, contain it. A document that is judged relevant is none
    of them.
    """
    texts = {data.queries[id].strip() for id in queries}
    by_text: dict[str, list[int]] = {}
    ids = list(data.documents)
    numbers = {id: number for number, id in enumerate(ids)}
    for number, document in enumerate(data.documents.values()):
        if (text := document.strip()) in texts:
            by_text.setdefault(text, []).append(number)
    found = []
    for query in queries:
        text, grades = data.queries[query].strip(), data.qrels[query]
        rows = set(by_text.get(text, ())) if text else set()
        if text and query in numbers and text in data.documents[query]:
            rows.add(numbers[query])
        found.append(np.array(sorted(row for row in rows if grades.get(ids[row], 0) <= 0), np.int64))
    return found


def rank(
    scorer: Scorer, same: Ranking, documents: int, *, lexical: bool = False, k: int = DEPTH, tile: int = TILE
) -> Ranking:
    """Rank the documents for each query.

    Args:
        scorer: scores all documents for some queries.
        same: for each query the documents to leave out.
        documents: number of documents.
        lexical: leave out documents with a score of 0, which share no word with the query.
        k: number of documents to rank.
        tile: scores held at once.
    """
    found, rows = [], max(1, tile // max(1, documents))
    for first in range(0, len(same), rows):
        some = slice(first, min(first + rows, len(same)))
        scores = scorer(some)
        if lexical:
            scores[scores <= 0] = -np.inf
        for row, excluded in zip(scores, same[some], strict=True):
            row[excluded] = -np.inf
            found.append(top_k(row, k))
    return found


def top_k(scores: Float[np.ndarray, " documents"], k: int) -> Int64[np.ndarray, " found"]:
    """The `k` best, best first and ties in their order; a score of minus infinity is never among them."""
    lowest = np.partition(scores, len(scores) - k)[len(scores) - k] if len(scores) > k else -np.inf
    rows = np.flatnonzero(scores >= max(lowest, np.finfo(scores.dtype).min))
    best: np.ndarray = rows[np.argsort(-scores[rows], kind="stable")[:k]]
    return best.astype(np.int64)


def vector_scorer(queries: Matrix, documents: Matrix) -> Scorer:
    """Dot products of rows, dense or sparse."""
    columns = documents.T

    def scores(some: slice) -> Float[np.ndarray, "queries documents"]:
        product = queries[some] @ columns
        dense: np.ndarray = product if isinstance(product, np.ndarray) else product.toarray()
        return dense

    return scores


def bm25_scorer(queries: Sequence[str], documents: Sequence[str]) -> Scorer:
    """BM25 of bm25s: k1 = 1.5, b = 0.75, words of two letters or more, without English stop words.

    Of scripts without spaces, pairs of characters are words.

    Raises:
        LikewiseError: bm25s is not installed.
    """
    library = needed("bm25s", what="BM25")
    query_words, words = (
        library.tokenize([indexed_text(text) for text in texts], stopwords="en", return_ids=False, show_progress=False)
        for texts in (queries, documents)
    )
    index = library.BM25() if any(words) else None
    if index is not None:
        index.index(words, show_progress=False)

    def scores(some: slice) -> Float[np.ndarray, "queries documents"]:
        found = np.zeros((len(query_words[some]), len(words)), np.float32)
        for row, each in zip(found, query_words[some], strict=True):
            if each and index is not None:
                row[:] = index.get_scores(each)
        return found

    return scores


class CachedEmbedder:
    """A system as a model for an index, with cached embeddings of some texts.

    Args:
        embedder: the model, whose other attributes an index reads; None if there is none.
        system: encodes all other texts.
        queries: texts and their embeddings as queries.
        documents: texts and their embeddings as documents.
    """

    def __init__(
        self,
        embedder: Any,
        system: System,
        queries: tuple[Sequence[str], np.ndarray],
        documents: tuple[Sequence[str], np.ndarray],
    ) -> None:
        self._embedder, self._system = embedder, system
        self._queries, self._documents = (
            (dict(zip(texts, range(len(texts)), strict=True)), vectors) for texts, vectors in (queries, documents)
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text."""
        return np.asarray(self._system.vectors(texts))

    def encode_query(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a query."""
        return _cached(self._queries, texts, self._system.encode_queries)

    def encode_document(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a document."""
        return _cached(self._documents, texts, self._system.encode_documents)


def hybrid_search(embedder: CachedEmbedder, queries: Sequence[str], documents: Sequence[str], k: int) -> Ranking:
    """The `k` documents that the default search of an index finds for each query."""
    with (
        tempfile.TemporaryDirectory(prefix="likewise-") as folder,
        Collection.create(Path(folder) / "evaluation.index", embedder) as index,
    ):
        index.add(list(documents), ids=[str(number) for number in range(len(documents))])
        hits = index.search_many(list(queries), k)
    return [np.array([int(hit.id) for hit in some], np.int64) for some in hits]


def _rankings(
    comparison: Comparison, queries: list[str], documents: list[str], same: Ranking
) -> tuple[dict[str, Ranking], list[Row]]:
    """The ranking of each system: the model, its hybrid search, BM25, then the other baselines."""
    sides, absent = comparison.run(
        [*documents, *queries], documents, f"{len(documents):,} documents, {len(queries):,} queries",
        lambda system: (system, system.encode_queries(queries), system.encode_documents(documents)),
    )  # fmt: skip
    comparison.messages.log("ranking")
    found = {
        system.name: rank(vector_scorer(one, other), same, len(documents), lexical=system.lexical)
        for system, one, other in sides
    }
    if BM25 in comparison.baselines and installed("bm25s"):
        found[NAMES[BM25]] = rank(bm25_scorer(queries, documents), same, len(documents), lexical=True)
    elif BM25 in comparison.baselines:
        absent.append(Row(NAMES[BM25], note=f"not installed: {EXTRA}"))
    for system, one, other in sides if FUSION in comparison.baselines else ():
        if system.name in (comparison.name, NAMES[MINILM]):
            model = comparison.embedder if system.name == comparison.name else None
            cached = CachedEmbedder(model, system, (queries, one), (documents, other))
            most = max((len(rows) for rows in same), default=0)
            hits = hybrid_search(cached, queries, documents, DEPTH + most)
            found[system.name + PLUS] = [
                rows[~np.isin(rows, excluded)][:DEPTH] for rows, excluded in zip(hits, same, strict=True)
            ]
    first = [name for name in (comparison.name, comparison.name + PLUS, NAMES[BM25]) if name in found]
    return {name: found[name] for name in dict.fromkeys((*first, *found))}, absent


def _cached(
    cache: tuple[Mapping[str, int], np.ndarray], texts: Sequence[str], encode: Callable[[Sequence[str]], np.ndarray]
) -> np.ndarray:
    """Cached vectors; all are encoded if one is unknown, such as a text that the index stores in another form."""
    rows, vectors = cache
    found = [rows.get(text, -1) for text in texts]
    return encode(texts) if min(found, default=0) < 0 else vectors[found]


def _metrics(
    trec: Any, queries: Sequence[str], ids: Sequence[str], found: Ranking, gains: Mapping[str, Mapping[str, int]]
) -> Float64[np.ndarray, "queries metrics"]:
    """All metrics of each query; 0 if nothing was found."""
    # Ranks stand in for scores: trec_eval breaks ties in its own way otherwise.
    runs = {
        query: {ids[row]: float(-position) for position, row in enumerate(rows)}
        for query, rows in zip(queries, found, strict=True)
    }
    cut = {query: dict(list(run.items())[:CUT]) for query, run in runs.items()}
    names = {f"ndcg_cut.{CUT}", f"recall.{CUT},{DEPTH}", f"map_cut.{DEPTH}"}
    deep = trec.RelevanceEvaluator(gains, names).evaluate(runs)
    first = trec.RelevanceEvaluator(gains, {"recip_rank"}).evaluate(cut)
    metrics = [{**deep.get(query, {}), **first.get(query, {})} for query in queries]
    return np.array([[each.get(name, 0.0) for name in METRICS.values()] for each in metrics])


def _scored(name: str, metrics: Float64[np.ndarray, "queries metrics"]) -> SystemScores:
    values = dict(zip(METRICS, metrics.mean(axis=0).tolist(), strict=True))
    return SystemScores(name, values, lambda counts: counts @ metrics / counts.sum(), [(0.0, 1.0)] * len(values))


def _notes(data: Retrieval, queries: Sequence[str], same: Ranking) -> list[str]:
    notes = list(data.notes)
    if itself := sum(len(rows) > 0 for rows in same):
        notes.append(f"{itself:,} queries are among the documents: they are left out of their own results")
    if unknown := len(data.qrels.keys() - data.queries.keys()):
        notes.append(f"{unknown:,} judged queries are not among the queries and were left out")
    relevant = {id for query in queries for id, grade in data.qrels[query].items() if grade > 0}
    if missing := relevant - data.documents.keys():
        notes.append(f"{len(missing):,} relevant documents are not among the documents: they count as not found")
    if blank := sum(not data.queries[id].strip() for id in queries):
        notes.append(f"{blank:,} queries are blank")
    return notes
