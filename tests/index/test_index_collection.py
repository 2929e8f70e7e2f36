"""What a user does with an index."""

import math
import sqlite3
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_contents import MODES, ids_of, tables
from index_embedders import Hashed, sentences

from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.entries import stored_vectors
from likewise.model.embedder import query_vectors


def test_the_main_job(tmp_path):
    with Collection.create(tmp_path / "reviews.index", Hashed()) as index:
        texts = ["the battery died within a week", "excellent sound", "the screen cracked, the battery is fine"]
        assert index.add(texts, ids=["a", "b", "c"], price=[5, 20.5, None], new=[True, False, True]) == 3
        assert len(index) == 3
    with Collection.open(tmp_path / "reviews.index", Hashed()) as index:
        for mode in MODES:
            hits = index.search("battery died", k=2, mode=mode)
            assert ids_of(hits) == ["a", "c"]
            assert hits[0].text == texts[0] and hits[0].columns == {"price": 5, "new": True}
            assert hits[0].score >= hits[1].score and type(hits[0].score) is float
        assert ids_of(index.search("battery", where="price < 10")) == ["a"]
        assert ids_of(index.search("sound", where={"new": True}, mode="vector", k=1)) != ["b"]
        assert index.search("battery", mode="text", where="price > 10") == []
        entry = index.get("b")
        assert entry is not None and (entry.text, entry.columns) == (texts[1], {"price": 20.5, "new": False})
        assert index.get("z") is None and "a" in index and "z" not in index


def test_scores(index):
    """Closed forms: a text's cosine with itself is 1, its hybrid score as best of both sides 1, BM25 is FTS5's."""
    index.add([*sentences(50), "tablet tripod zoom"])
    query = "tablet tripod zoom"
    assert index.search(query, 1, "vector")[0].score == pytest.approx(1, abs=1e-3)
    assert index.search(query, 1, "hybrid")[0].score == pytest.approx(1)
    connection = sqlite3.connect(index.path / "record.sqlite")
    best = connection.execute("SELECT min(rank) FROM words WHERE words MATCH 'tablet OR tripod OR zoom'").fetchone()[0]
    connection.close()
    assert index.search(query, 1, "text")[0].score == pytest.approx(-best)


def test_hybrid_is_the_fusion_of_both_sides(index):
    """Slow loop: both sides' scores of every text, fused by the formula; again with the two best added to the query."""
    texts = sentences(120)
    index.add(texts)
    model = index.model
    rows = {str(row): vector for row, vector in enumerate(model.encode(texts).astype(np.float16).astype(np.float64))}
    for query in ("zoom battery", "wobbly tripod cable", "wifi"):
        words = {hit.id: hit.score for hit in index.search(query, 120, "text")}

        def fused(vector, words=words):
            cosine = {id: row @ vector for id, row in rows.items()}
            mean = np.mean(list(cosine.values()))
            most = max(cosine.values()) - mean
            best = max(words.values(), default=1)
            return {id: (max(0, cosine[id] - mean) / most + words.get(id, 0) / best) / 2 for id in cosine}

        vector = model.encode([query])[0].astype(np.float64)
        first = fused(vector)
        two = sorted(first, key=lambda id: (-first[id], int(id)))[:2]
        said = sum(first[id] * rows[id] for id in two)
        vector = vector + 0.3 * said / np.linalg.norm(said)
        second = fused(vector / np.linalg.norm(vector))
        for hit in index.search(query, 30):
            assert hit.score == pytest.approx(second[hit.id], abs=1e-5)  # the mean is kept in float16's digits
        assert ids_of(index.search(query, 1))[0] == max(second, key=second.__getitem__)


def test_ids_continue(index):
    index.add(["a", "b"])
    index.add(["c"], ids=["7"])
    index.add(["d"], ids=["x9"])
    index.add(["e", "f"])
    assert [index.get(id).text for id in ("0", "1", "7", "x9", "8", "9")] == ["a", "b", "c", "d", "e", "f"]
    index.delete(["9"])
    index.add(["g"], ids=["99999999999999999999999"])
    index.add(["h"])
    assert index.get("10").text == "h" and index.get("9") is None and len(index) == 7


def test_an_upsert_replaces_everything(index):
    index.add(["old words here", "stays"], ids=["a", "b"], price=[1, 2], brand=["x", "y"])
    index.add(["new content now", "third"], ids=["a", "c"], price=[3, 4])
    assert len(index) == tables(index) == 3
    assert index.get("a").columns == {"price": 3, "brand": None}
    assert index.search("old words", mode="text") == []
    assert ids_of(index.search("new content", 1, "vector")) == ["a"]
    assert ids_of(index.search("x", where="brand = x")) == []


@pytest.mark.parametrize("large", [False, True])
def test_what_is_deleted_vanishes_from_all_modes(tmp_path, monkeypatch, large):
    """With the cache and without it."""
    monkeypatch.setattr("likewise.index.vectors.FEW", 20 if large else 5000)
    texts = sentences(300)
    with Collection.create(tmp_path / "a.index", Hashed()) as index:
        index.add(texts)
        assert (index.path / "vectors.cache").exists() == large
        gone = [hit.id for mode in MODES for hit in index.search("zoom window", 3, mode)]
        assert index.delete([*gone, "no such id"]) == len(set(gone))
        with Collection.open(index.path, Hashed()) as other:
            for collection in (index, other):
                for mode in MODES:
                    assert not set(gone) & set(ids_of(collection.search("zoom window", 300, mode)))
                assert len(collection) == tables(collection) == 300 - len(set(gone))
        assert index.delete(gone) == 0
        assert index.delete(str(next(n for n in range(300) if str(n) not in gone))) == 1
        assert index.delete([str(n) for n in range(300)]) == 299 - len(set(gone))
        assert [index.search("zoom", mode=mode) for mode in MODES] == [[], [], []]
        index.add(["zoom again"])
        assert [ids_of(index.search("zoom", mode=mode)) for mode in MODES] == [["300"]] * 3


@pytest.mark.parametrize("mode", MODES)
def test_searches_agree_whatever_the_cache(tmp_path, monkeypatch, mode):
    """Two paths: all from the record, all from the cache, and both mixed give the same hits and scores."""
    texts = sentences(600, length=4)
    wanted = [None, "n < 40", "n >= 100 and n != 205"]
    queries = ["zoom window", "wobbly", *texts[:10], "", "日本"]

    def answers(index):
        found = [index.search_many(queries, 12, mode, where) for where in wanted]
        assert [[index.search(query, 12, mode, where) for query in queries] for where in wanted] == found
        return found

    with Collection.create(tmp_path / "plain.index", Hashed()) as index:
        index.add(texts, n=range(600))
        index.delete(["3", "77"])
        expected = answers(index)
    monkeypatch.setattr("likewise.index.vectors.FEW", 30)
    with Collection.create(tmp_path / "cached.index", Hashed()) as index:
        index.add(texts[:580], n=range(580))
        assert answers(index) != expected
        index.add(texts[580:], n=range(580, 600))
        index.delete(["3", "77"])
        assert answers(index) == expected
        index.build()
        assert answers(index) == expected


def test_ten_thousand_texts_as_by_brute_force(tmp_path):
    """Two paths: the index, and every vector compared."""
    texts, model = sentences(10_000, seed=3), Hashed(64)
    with Collection.create(tmp_path / "a.index", model) as index:
        index.add(texts)
        assert (index.path / "vectors.cache").exists()
        vectors = stored_vectors(model, texts, 64).astype(np.float64)
        queries = sentences(20, seed=4, length=3)
        for query, hits in zip(queries, index.search_many(queries, 50, "vector"), strict=True):
            scores = vectors @ model.encode([query])[0].astype(np.float64)
            best = np.lexsort((np.arange(10_000), -np.round(scores, 9)))[:50]
            assert ids_of(hits) == [str(row) for row in best]
            np.testing.assert_allclose(
                [hit.score for hit in hits], scores[best], atol=1e-6
            )  # the query is scaled again


def test_empty_texts_are_kept_and_never_found(index):
    index.add(["", "  \n", "a real text"])
    assert len(index) == 3 and index.get("0").text == "" and index.get("1").text == "  \n"
    for mode in MODES:
        assert ids_of(index.search("real", mode=mode)) == ["2"]
        assert index.search("", mode=mode) == [] == index.search(" \t", mode=mode)


def test_nothing_in_it(index):
    assert len(index) == 0 and [index.search("x", mode=mode) for mode in MODES] == [[], [], []]
    assert index.add([]) == 0 and index.delete([]) == 0 and index.search_many([]) == []
    assert index.search("x", where={}) == []
    index.build()
    assert [index.search("x", mode=mode) for mode in MODES] == [[], [], []]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.text(max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_any_query(index, texts, query):
    """Law: any text goes in and comes out, any query is answered, and all tables agree."""
    before = len(index)
    index.add(texts, note=texts)
    assert len(index) == tables(index) == before + len(texts)
    made = index.get(str(int(index._record.setting("next_id")) - 1))
    assert made.text == made.columns["note"]
    if not any("\ud800" <= character <= "\udfff" for character in texts[-1]):
        assert made.text == texts[-1]
    for mode in MODES:
        for hit in index.search(query, 3, mode):
            assert math.isfinite(hit.score)


def test_a_corpus_is_added_in_one_go(index):
    def batches(count, bad=False):
        for part in range(count):
            texts = pa.array([f"text {part} {row}" for row in range(10)], pa.large_string())
            ids = pa.array([f"{part}-{row}" for row in range(10)])
            yield SimpleNamespace(ids=ids, texts=texts, columns=pa.table({"part": [part] * 10}))
        if bad:
            raise InputError("row 30 is bad")

    seen = []
    assert index.add_corpus(batches(3), seen.append) == 30 and seen == [10, 20, 30]
    assert index.get("2-3").columns == {"part": 2}
    with pytest.raises(InputError, match="row 30 is bad"):
        index.add_corpus(batches(5, bad=True))
    assert len(index) == tables(index) == 30
    with pytest.raises(InputError, match="'0-0' occurs twice"):
        index.add_corpus(batch for _ in range(2) for batch in batches(1))
    with pytest.raises(LikewiseError, match="search within a write"):
        index.add_corpus(batches(1), lambda count: index.search("x"))
    assert len(index) == tables(index) == 30


class Parted(Hashed):
    """Trigrams, and beside them others that count less."""

    parts = ((32, 0.5), (16, 0.25))

    def encode(self, texts):
        both = Hashed(32, 1).encode(texts), Hashed(16, 2).encode(texts)
        return np.concatenate(both, axis=1) / np.sqrt(2)


def test_parts_of_a_vector_are_weighed_apart(tmp_path):
    """Slow oracle: the best of all texts by the shares of each part and of words, without the second search."""
    model, texts = Parted(48), sentences(60)
    with Collection.create(tmp_path / "p.index", model) as index:
        index.add(texts)
    with Collection.open(tmp_path / "p.index", model) as index:
        hits = index.search("battery zoom", k=60)
        rows = stored_vectors(model, texts, 48).astype(np.float64)
        query = query_vectors(model, ["battery zoom"], 48)[0].astype(np.float64)
        found = {hit.id: hit.score for hit in index.search("battery zoom", k=60, mode="text")}
        words = np.array([found.get(str(row), 0.0) for row in range(60)])
        for _ in range(2):
            shares = words / words.max() / 4
            for some, weight in ((slice(0, 32), 0.5), (slice(32, 48), 0.25)):
                near = rows[:, some] @ query[some] - rows[:, some].mean(axis=0) @ query[some]
                shares += weight * np.maximum(near, 0) / near.max()
            best = np.argsort(-shares, kind="stable")[:2]
            said = shares[best] @ rows[best]
            query += 0.3 * said / np.linalg.norm(said)
            query /= np.linalg.norm(query)
        np.testing.assert_allclose([hit.score for hit in hits][:20], np.sort(shares)[::-1][:20], atol=1e-6)
