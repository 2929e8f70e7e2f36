"""Retrieval. Oracles: nDCG and MRR as slow loops from their definitions; closed forms; tiles of any size agree."""

from dataclasses import replace

import numpy as np
import pytest
from evaluation_judged import Given, Letters, field_of, retrieval

from likewise.errors import LikewiseError
from likewise.evaluation import packages
from likewise.evaluation import retrieval as scoring
from likewise.evaluation.data import Retrieval
from likewise.evaluation.retrieval import MEASURES, ByVector, ByWords, judge_retrieval, own_rows, tiles, top


def _values(data: Retrieval, embedder=None, *baselines: str) -> dict[str, dict[str, float]]:
    judged = judge_retrieval(data, field_of(embedder or Letters(), *baselines), np.random.default_rng(0))
    return {row.name: {name: figure.value for name, figure in row.figures.items()} for row in judged.rows}


def _slow(data: Retrieval, embedder) -> dict[str, float]:
    """Burges et al. 2005 and Voorhees 1999, in float64, one query at a time."""
    ids, found = list(data.documents), {"nDCG@10": [], "MRR@10": [], "recall@10": [], "recall@100": []}
    rows = embedder.encode(list(data.documents.values())).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for query, text in data.queries.items():
        vector = embedder.encode([text])[0].astype(np.float64)
        scores = rows @ (vector / np.linalg.norm(vector))
        order = sorted(range(len(ids)), key=lambda place: (-scores[place], place))
        grades = [data.judged[query].get(ids[place], 0) for place in order]
        ideal = sorted(data.judged[query].values(), reverse=True)
        gain = sum((2**grade - 1) / np.log2(rank + 2) for rank, grade in enumerate(grades[:10]))
        found["nDCG@10"].append(gain / sum((2**g - 1) / np.log2(rank + 2) for rank, g in enumerate(ideal[:10])))
        found["MRR@10"].append(next((1 / (rank + 1) for rank, grade in enumerate(grades[:10]) if grade), 0))
        for k in (10, 100):
            found[f"recall@{k}"].append(sum(grade > 0 for grade in grades[:k]) / sum(grade > 0 for grade in ideal))
    return {name: float(np.mean(values)) for name, values in found.items()}


def test_measures_are_those_of_their_definitions() -> None:
    data = retrieval()
    values = _values(data)["it"]
    for name, expected in _slow(data, Letters()).items():
        assert values[name] == pytest.approx(expected, abs=1e-6), name
    assert list(values) == list(MEASURES)


def test_closed_forms() -> None:
    documents = {"a": "a", "b": "b", "c": "c"}
    vectors = {"a": [1, 0], "b": [0.9, 0.1], "c": [0, 1], "q": [1, 0]}
    best = _values(Retrieval(documents, {"1": "q"}, {"1": {"a": 2, "b": 1}}), Given(vectors))["it"]
    assert best == pytest.approx(dict.fromkeys(MEASURES, 1.0))
    third = _values(Retrieval(documents, {"1": "q"}, {"1": {"c": 1}}), Given(vectors))["it"]
    assert third["MRR@10"] == pytest.approx(1 / 3) and third["nDCG@10"] == pytest.approx(1 / 2)


def test_tiles_of_any_size_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("bm25", "tfidf", "fusion")
    whole = _values(retrieval(), Letters(), *names)
    monkeypatch.setattr(scoring, "TOGETHER", 1)
    assert _values(retrieval(), Letters(), *names) == whole
    assert list(whole) == ["it", "it + BM25", "BM25", "TF-IDF"]
    assert list(_values(retrieval(), Letters(), "fusion")) == ["it", "it + BM25"]


def test_memory_holds_a_tile_of_queries_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "TOGETHER", 20)
    rows = np.eye(5, dtype=np.float32)
    seen = [tile.scores["v"].shape for tile in tiles({"v": ByVector(rows, rows)}, 5, 5)]
    assert seen == [(4, 5), (1, 5)]


def test_words_find_only_what_shares_one() -> None:
    data = Retrieval({"a": "red kettle", "b": "blue tent", "c": "green lamp"}, {"1": "kettle"}, {"1": {"b": 1}})
    values = _values(data, Letters(), "bm25", "tfidf")
    assert values["BM25"]["recall@100"] == values["TF-IDF"]["recall@100"] == 0
    assert values["it"]["recall@100"] == 1


def test_bm25_of_texts_without_words_scores_nothing() -> None:
    words = ByWords(["?", "one"], ["the", "!"])
    assert not words.of(slice(0, 2)).any()
    words = ByWords(["the", "kettle"], ["kettle", "tent"])
    assert words.of(slice(0, 2)).argmax(axis=1).tolist() == [0, 0]
    assert not words.of(slice(0, 1)).any()


def test_a_query_does_not_find_itself() -> None:
    documents = {"a": "one two", "b": "one three", "c": "four", "d": "one two"}
    data = Retrieval(documents, {"a": "one two "}, {"a": {"b": 1}})
    assert own_rows(data, ["a"])[0].tolist() == [0, 3]
    assert _values(data)["it"]["MRR@10"] == 1.0
    notes = judge_retrieval(data, field_of(Letters()), np.random.default_rng(0)).notes
    assert notes == ("1 queries are among the documents themselves: their own row is left out",)


def test_what_is_relevant_is_never_left_out_and_ids_alone_say_nothing() -> None:
    documents = {"1": "one two", "2": "Title. one two", "3": "else"}
    data = Retrieval(documents, {"2": "one two", "3": "what"}, {"2": {"1": 1}, "3": {"3": 1}})
    own = own_rows(data, ["2", "3"])
    assert own[0].tolist() == [1]  # the id agrees, and the document holds the query: its title is before it
    assert own[1].tolist() == []


def test_what_is_unknown_is_counted() -> None:
    data = Retrieval({"a": "one"}, {"1": "one", "2": " "}, {"1": {"a": 0, "x": 1}, "9": {"a": 1}, "2": {"a": 2}})
    judged = judge_retrieval(data, field_of(Letters()), np.random.default_rng(0))
    assert judged.counts == {"queries": 2, "documents": 1}
    told = " ".join(judged.notes)
    assert "1 judged queries are not among" in told and "1 relevant documents" in told and "1 queries are blank" in told


def test_top_breaks_ties_by_the_order_of_the_documents() -> None:
    scores = np.array([1, 3, 2, 3, -np.inf, 2], np.float32)
    assert top(scores, 3).tolist() == [1, 3, 2]
    assert top(scores, 10).tolist() == [1, 3, 2, 5, 0]
    assert top(np.full(5, -np.inf), 2).tolist() == []
    assert top(np.full(4, 0.5), 2).tolist() == [0, 1]


def test_without_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str):
        raise ImportError(f"No module named {name!r}")

    there = packages.installed
    monkeypatch.setattr("likewise.evaluation.baselines.installed", lambda name: name != "bm25s" and there(name))
    judged = judge_retrieval(retrieval(), field_of(Letters(), "bm25", "fusion"), np.random.default_rng(0))
    assert [row.name for row in judged.rows] == ["it", "it + BM25", "BM25"]
    assert judged.rows[2].note == "not installed: pip install 'likewise[evaluate]'"
    monkeypatch.setattr(packages, "import_module", missing)
    with pytest.raises(LikewiseError, match=r"retrieval needs pytrec_eval.*likewise\[evaluate\]"):
        judge_retrieval(retrieval(), field_of(Letters()), np.random.default_rng(0))


def test_an_order_that_means_nothing_changes_nothing() -> None:
    """A law: documents in another order give the same, where no two score alike."""
    data = retrieval(30)
    turned = replace(data, documents=dict(reversed(data.documents.items())))
    texts, rng = [*data.documents.values(), *data.queries.values()], np.random.default_rng(0)
    vectors = Given(dict(zip(texts, rng.standard_normal((len(texts), 8)), strict=True)))
    one, other = _values(data, vectors)["it"], _values(turned, vectors)["it"]
    assert one == pytest.approx(other)


def test_queries_and_documents_may_be_encoded_in_two_ways() -> None:
    """A closed form: a model whose documents are those of other texts finds those."""

    class Turned(Given):
        def encode_document(self, texts):
            return self.encode(texts)[:, ::-1]

    vectors = {"a": [1, 0], "b": [0, 1], "q": [1, 0]}
    data = Retrieval({"a": "a", "b": "b"}, {"q": "q"}, {"q": {"b": 1}}, "turned")
    assert _values(data, Turned(vectors))["it"]["MRR@10"] == 1
    assert _values(data, Given(vectors))["it"]["MRR@10"] == 0.5
