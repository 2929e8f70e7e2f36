"""Rows by vectors and words: the same as an index of the same documents gives its user."""

import numpy as np
import pytest
from evaluation_judged import Letters, entrant_of, field_of, retrieval

import likewise
from likewise.evaluation.retrieval import CachedEmbedder, hybrid_search, judge_retrieval
from likewise.index.collection import Collection
from likewise.model.embedder import Component


@pytest.fixture(scope="module")
def model(python_docs):
    return likewise.train(python_docs[:500], dim=16, epochs=1, progress=False)


class Counting(Letters):
    """Letters that remember what they were asked for."""

    components = (Component("letters", 256, 0.9),)

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked += texts
        return super().encode(texts)


def known(embedder, queries, documents):
    entrant = entrant_of(embedder)
    sides = entrant.sides(queries, documents)
    return CachedEmbedder(embedder, entrant, (queries, sides[0]), (documents, sides[1]))


def by_hand(tmp_path, embedder, queries, documents, k):
    with Collection.create(tmp_path / "plain.index", embedder) as index:
        index.add(documents, ids=[str(number) for number in range(len(documents))])
        return [[int(hit.id) for hit in hits] for hits in index.search_many(queries, k)]


def test_the_same_as_an_index_of_its_own(tmp_path):
    """Two ways that must agree: vectors that are known, and an embedder that gives them; its weights are taken too."""
    data = retrieval(40)
    queries, documents = list(data.queries.values()), list(data.documents.values())
    found = hybrid_search(known(Counting(), queries, documents), queries, documents, 7)
    assert [places.tolist() for places in found] == by_hand(tmp_path, Counting(), queries, documents, 7)


def test_a_model_of_its_own_kind(tmp_path, model):
    queries, documents = ["open a file", "sort a list"], ["a file is opened", "lists are sorted", "", "sockets"]
    found = hybrid_search(known(model, queries, documents), queries, documents, 3)
    assert [places.tolist() for places in found] == by_hand(tmp_path, model, queries, documents, 3)


def test_what_is_known_is_not_encoded_again():
    embedder = Counting()
    vectors = known(embedder, ["one", "two"], ["three", "four"])
    embedder.asked.clear()
    assert vectors.encode_query(["two", "one"]).shape == (2, 256) and vectors.encode_document(["four"]).shape == (
        1,
        256,
    )
    assert embedder.asked == []
    assert np.array_equal(vectors.encode_query(["two", "new"])[0], vectors.encode_query(["two"])[0])
    assert "new" in embedder.asked


def test_odd_texts_and_queries_that_are_documents():
    """A surrogate alone is no text: an index keeps another one in its place."""
    documents = ["kettle \ud800", "kettle", " ", "tent", "kettle"]
    queries = ["kettle", "\ud800 tent", "  "]
    found = hybrid_search(known(Letters(), queries, documents), queries, documents, 5)
    assert set(found[0][:3].tolist()) == {0, 1, 4} and found[1][0] == 3 and len(found[2]) == 0
    judged = judge_retrieval(retrieval(), field_of(Letters(), "fusion"), np.random.default_rng(0))
    assert [row.name for row in judged.rows] == ["it", "it + BM25"]
    assert all(row.figures for row in judged.rows)
