"""Retrieval. Oracles: nDCG and MRR as slow loops from their definitions; closed forms; two paths (tiles, an index)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation_data import Bigrams, Lookup, comparison, retrieval, system_of

from likewise.errors import LikewiseError
from likewise.evaluation import baselines
from likewise.evaluation.data import Retrieval
from likewise.evaluation.retrieval import (
    METRICS,
    CachedEmbedder,
    bm25_scorer,
    evaluate_retrieval,
    hybrid_search,
    rank,
    same_documents,
    top_k,
    vector_scorer,
)
from likewise.index.collection import Collection
from likewise.model.model import Model


def _values(data: Retrieval, embedder=None, *baselines: str) -> dict[str, dict[str, float]]:
    result = evaluate_retrieval(data, comparison(embedder or Bigrams(), *baselines), np.random.default_rng(0))
    return {row.name: {name: estimate.value for name, estimate in row.metrics.items()} for row in result.rows}


def _slow(data: Retrieval, embedder) -> dict[str, float]:
    """Burges et al. 2005 and Voorhees 1999, in float64, one query at a time."""
    ids, found = list(data.documents), {"nDCG@10": [], "MRR@10": [], "recall@10": [], "recall@100": []}
    rows = embedder.encode(list(data.documents.values())).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for query, text in data.queries.items():
        vector = embedder.encode([text])[0].astype(np.float64)
        scores = rows @ (vector / np.linalg.norm(vector))
        order = sorted(range(len(ids)), key=lambda place: (-scores[place], place))
        grades = [data.qrels[query].get(ids[place], 0) for place in order]
        ideal = sorted(data.qrels[query].values(), reverse=True)
        gain = sum((2**grade - 1) / np.log2(rank + 2) for rank, grade in enumerate(grades[:10]))
        found["nDCG@10"].append(gain / sum((2**g - 1) / np.log2(rank + 2) for rank, g in enumerate(ideal[:10])))
        found["MRR@10"].append(next((1 / (rank + 1) for rank, grade in enumerate(grades[:10]) if grade), 0))
        for k in (10, 100):
            found[f"recall@{k}"].append(sum(grade > 0 for grade in grades[:k]) / sum(grade > 0 for grade in ideal))
    return {name: float(np.mean(values)) for name, values in found.items()}


def test_metrics_are_those_of_their_definitions() -> None:
    data = retrieval()
    values = _values(data)["it"]
    for name, expected in _slow(data, Bigrams()).items():
        assert values[name] == pytest.approx(expected, abs=1e-6), name
    assert list(values) == list(METRICS)


def test_closed_forms() -> None:
    documents = {"a": "a", "b": "b", "c": "c"}
    vectors = {"a": [1, 0], "b": [0.9, 0.1], "c": [0, 1], "q": [1, 0]}
    best = _values(Retrieval(documents, {"1": "q"}, {"1": {"a": 2, "b": 1}}), Lookup(vectors))["it"]
    assert best == pytest.approx(dict.fromkeys(METRICS, 1.0))
    third = _values(Retrieval(documents, {"1": "q"}, {"1": {"c": 1}}), Lookup(vectors))["it"]
    assert third["MRR@10"] == pytest.approx(1 / 3) and third["nDCG@10"] == pytest.approx(1 / 2)


@pytest.mark.parametrize("lexical", [False, True])
def test_tiles_of_any_size_agree(lexical: bool) -> None:
    """Two paths: all queries at once, and query by query; embeddings of integers, which no order of sums rounds."""
    rng = np.random.default_rng(0)
    queries, documents = (rng.integers(-2, 3, (rows, 8)).astype(np.float32) for rows in (7, 30))
    same = [np.array([row]) for row in range(7)]
    shapes: list[tuple[int, ...]] = []

    def scorer(some: slice) -> np.ndarray:
        shapes.append(vector_scorer(queries, documents)(some).shape)
        return vector_scorer(queries, documents)(some)

    whole = rank(scorer, same, 30, lexical=lexical)
    tiles = rank(scorer, same, 30, lexical=lexical, tile=60)
    assert shapes == [(7, 30), (2, 30), (2, 30), (2, 30), (1, 30)]
    assert [found.tolist() for found in tiles] == [found.tolist() for found in whole]
    assert not any(row in found for row, found in enumerate(whole))
    assert rank(scorer, same, 30, k=3)[0].tolist() == rank(scorer, same, 30)[0][:3].tolist()


def test_the_rows_and_their_order() -> None:
    assert list(_values(retrieval(), Bigrams(), "tfidf", "bm25", "fusion")) == ["it", "it + BM25", "BM25", "TF-IDF"]
    assert list(_values(retrieval(), Bigrams(), "fusion")) == ["it", "it + BM25"]


def test_lexical_systems_find_only_documents_with_a_common_word() -> None:
    data = Retrieval({"a": "red kettle", "b": "blue tent", "c": "green lamp"}, {"1": "kettle"}, {"1": {"b": 1}})
    values = _values(data, Bigrams(), "bm25", "tfidf")
    assert values["BM25"]["recall@100"] == values["TF-IDF"]["recall@100"] == 0
    assert values["it"]["recall@100"] == 1


def test_bm25_of_texts_without_words_scores_nothing() -> None:
    assert not bm25_scorer(["?", "one"], ["the", "!"])(slice(0, 2)).any()
    scorer = bm25_scorer(["the", "kettle"], ["kettle", "tent"])
    assert scorer(slice(0, 2)).argmax(axis=1).tolist() == [0, 0]
    assert not scorer(slice(0, 1)).any()


def test_a_query_does_not_find_itself() -> None:
    documents = {"a": "one two", "b": "one three", "c": "four", "d": "one two"}
    data = Retrieval(documents, {"a": "one two "}, {"a": {"b": 1}})
    assert same_documents(data, ["a"])[0].tolist() == [0, 3]
    assert _values(data)["it"]["MRR@10"] == 1.0
    notes = evaluate_retrieval(data, comparison(Bigrams()), np.random.default_rng(0)).notes
    assert notes == ("1 queries are among the documents: they are left out of their own results",)


def test_relevant_documents_are_never_left_out_and_equal_ids_are_not_enough() -> None:
    documents = {"1": "one two", "2": "Title. one two", "3": "else"}
    data = Retrieval(documents, {"2": "one two", "3": "what"}, {"2": {"1": 1}, "3": {"3": 1}})
    same = same_documents(data, ["2", "3"])
    assert same[0].tolist() == [1]  # the id agrees, and the document holds the query: its title is before it
    assert same[1].tolist() == []


def test_unknown_ids_are_counted() -> None:
    data = Retrieval({"a": "one"}, {"1": "one", "2": " "}, {"1": {"a": 0, "x": 1}, "9": {"a": 1}, "2": {"a": 2}})
    result = evaluate_retrieval(data, comparison(Bigrams()), np.random.default_rng(0))
    assert result.counts == {"queries": 2, "documents": 1}
    notes = " ".join(result.notes)
    assert (
        "1 judged queries are not among" in notes and "1 relevant documents" in notes and "1 queries are blank" in notes
    )


def test_top_k_breaks_ties_by_the_order_of_the_documents() -> None:
    scores = np.array([1, 3, 2, 3, -np.inf, 2], np.float32)
    assert top_k(scores, 3).tolist() == [1, 3, 2]
    assert top_k(scores, 10).tolist() == [1, 3, 2, 5, 0]
    assert top_k(np.full(5, -np.inf), 2).tolist() == []
    assert top_k(np.full(4, 0.5), 2).tolist() == [0, 1]


def test_without_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str):
        raise ImportError(f"No module named {name!r}")

    there = baselines.installed
    monkeypatch.setattr("likewise.evaluation.retrieval.installed", lambda name: name != "bm25s" and there(name))
    result = evaluate_retrieval(retrieval(), comparison(Bigrams(), "bm25", "fusion"), np.random.default_rng(0))
    assert [row.name for row in result.rows] == ["it", "it + BM25", "BM25"]
    assert result.rows[2].note == "not installed: pip install 'likewise[evaluate]'"
    monkeypatch.setattr(baselines, "import_module", missing)
    with pytest.raises(LikewiseError, match=r"retrieval needs pytrec_eval.*likewise\[evaluate\]"):
        evaluate_retrieval(retrieval(), comparison(Bigrams()), np.random.default_rng(0))


def test_the_order_of_the_documents_does_not_matter() -> None:
    """A law: documents in another order give the same, where no two score alike."""
    data = retrieval(30)
    turned = replace(data, documents=dict(reversed(data.documents.items())))
    texts, rng = [*data.documents.values(), *data.queries.values()], np.random.default_rng(0)
    vectors = Lookup(dict(zip(texts, rng.standard_normal((len(texts), 8)), strict=True)))
    one, other = _values(data, vectors)["it"], _values(turned, vectors)["it"]
    assert one == pytest.approx(other)


def test_queries_and_documents_may_be_encoded_differently() -> None:
    """A closed form: a model with reversed document vectors finds the reversed documents."""

    class Turned(Lookup):
        def encode_document(self, texts):
            return self.encode(texts)[:, ::-1]

    vectors = {"a": [1, 0], "b": [0, 1], "q": [1, 0]}
    data = Retrieval({"a": "a", "b": "b"}, {"q": "q"}, {"q": {"b": 1}}, "turned")
    assert _values(data, Turned(vectors))["it"]["MRR@10"] == 1
    assert _values(data, Lookup(vectors))["it"]["MRR@10"] == 0.5


class Recording(Bigrams):
    """Bigrams that record the encoded texts."""

    parts = ((256, 0.9),)

    def __init__(self):
        self.seen = []

    def encode(self, texts):
        self.seen += texts
        return super().encode(texts)


def cached(embedder, queries, documents):
    system = system_of(embedder)
    one, other = system.encode_queries(queries), system.encode_documents(documents)
    return CachedEmbedder(embedder, system, (queries, one), (documents, other))


def by_hand(tmp_path, embedder, queries, documents, k):
    with Collection.create(tmp_path / "plain.index", embedder) as index:
        index.add(documents, ids=[str(number) for number in range(len(documents))])
        return [[int(hit.id) for hit in hits] for hits in index.search_many(queries, k)]


def test_hybrid_search_is_that_of_an_index(tmp_path):
    """Two paths: cached vectors, and an index of the embedder itself; the weights of its components count too."""
    data = retrieval(40)
    queries, documents = list(data.queries.values()), list(data.documents.values())
    found = hybrid_search(cached(Recording(), queries, documents), queries, documents, 7)
    assert [places.tolist() for places in found] == by_hand(tmp_path, Recording(), queries, documents, 7)


def test_hybrid_search_of_a_model(tmp_path: Path, model: Model) -> None:
    queries, documents = ["ship anchor", "sort a list"], ["an anchor of ships", "kettles are sorted", "", "seed"]
    found = hybrid_search(cached(model, queries, documents), queries, documents, 3)
    assert [places.tolist() for places in found] == by_hand(tmp_path, model, queries, documents, 3)


def test_cached_texts_are_not_encoded_again():
    embedder = Recording()
    vectors = cached(embedder, ["one", "two"], ["three", "four"])
    embedder.seen.clear()
    assert vectors.encode_query(["two", "one"]).shape == (2, 256) and vectors.encode_document(["four"]).shape == (
        1,
        256,
    )
    assert embedder.seen == []
    assert np.array_equal(vectors.encode_query(["two", "new"])[0], vectors.encode_query(["two"])[0])
    assert "new" in embedder.seen


def test_odd_texts_and_queries_that_are_documents():
    """An index stores a replacement for a lone surrogate."""
    documents = ["kettle \ud800", "kettle", " ", "tent", "kettle"]
    queries = ["kettle", "\ud800 tent", "  "]
    found = hybrid_search(cached(Bigrams(), queries, documents), queries, documents, 5)
    assert set(found[0][:3].tolist()) == {0, 1, 4} and found[1][0] == 3 and len(found[2]) == 0
    result = evaluate_retrieval(retrieval(), comparison(Bigrams(), "fusion"), np.random.default_rng(0))
    assert [row.name for row in result.rows] == ["it", "it + BM25"]
    assert all(row.metrics for row in result.rows)
