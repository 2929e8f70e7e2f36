"""Retrieval: each query ranks all documents. The measures are those of trec_eval."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Float64, Int64

from likewise.evaluation.baselines import BM25, MINILM, SHOWN, Field
from likewise.evaluation.bootstrap import Judged, Scored, counts_of, with_intervals
from likewise.evaluation.data import Retrieval
from likewise.evaluation.hybrid import KnownVectors, hybrid_search
from likewise.evaluation.packages import needed
from likewise.evaluation.result import Row
from likewise.evaluation.scoring import ByVector, ByWords, Scores, tiles

__all__ = ["MEASURES", "judge_retrieval", "own_rows", "top"]

FIRST, DEPTH = 10, 100  # documents that count, and that are kept of each query
# As shown, and as trec_eval calls them. Its nDCG takes gains, so it is given 2^relevance - 1 (Burges et al. 2005).
MEASURES = {
    "nDCG@10": f"ndcg_cut_{FIRST}", "MRR@10": "recip_rank", "recall@10": f"recall_{FIRST}",
    "recall@100": f"recall_{DEPTH}", "MAP@100": f"map_cut_{DEPTH}",
}  # fmt: skip
PLUS = " + BM25"  # behind the name of a row whose vectors are joined with words
Own: TypeAlias = list[np.ndarray]  # of each query, places of documents
Found: TypeAlias = list[np.ndarray]  # of each query, places of documents, best first


def judge_retrieval(data: Retrieval, field: Field, rng: np.random.Generator) -> Judged:
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


def _found(field: Field, queries: list[str], documents: list[str], own: Own) -> tuple[dict[str, Found], list[Row]]:
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
    field.narrator.tell("ranking")
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
            known = KnownVectors(embedder, each, (queries, asked), (documents, told_of))
            found[each.name + PLUS] = _by_both(known, queries, documents, own)
    return {name: found[name] for name in _ordered(list(found), field)}, absent


def _by_both(known: KnownVectors, queries: list[str], documents: list[str], own: Own) -> Found:
    """What the search of an index finds of each query, without the documents that are the query itself."""
    most = max((len(rows) for rows in own), default=0)
    found = hybrid_search(known, queries, documents, DEPTH + most)
    return [places[~np.isin(places, its)][:DEPTH] for places, its in zip(found, own, strict=True)]


def _ordered(names: list[str], field: Field) -> list[str]:
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
