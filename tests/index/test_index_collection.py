"""What a user does with an index."""

import math
import sqlite3
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_contents import MODES, count_texts, ids_of, made_index
from index_embedders import Hashed, WithComponents, sentences

from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.ngrams import NgramIndex
from likewise.index.vector_cache import CacheSettings


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
    """Closed forms: a text has cosine 1 with itself, the best text of both sides has hybrid score 1, BM25 is FTS5's."""
    index.add([*sentences(50), "tablet tripod zoom"])
    query = "tablet tripod zoom"
    assert index.search(query, 1, "vector")[0].score == pytest.approx(1, abs=1e-3)
    assert index.search(query, 1, "hybrid")[0].score == pytest.approx(1)
    connection = sqlite3.connect(index.path / "record.sqlite")
    best = connection.execute("SELECT min(rank) FROM words WHERE words MATCH 'tablet OR tripod OR zoom'").fetchone()[0]
    connection.close()
    assert index.search(query, 1, "text")[0].score == pytest.approx(-best)


def ngram_scores(texts, query):
    """Return BM25 by character n-grams of every text, which is compared with a slow loop elsewhere."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE texts (row_id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)")
    connection.executemany("INSERT INTO texts (text) VALUES (?)", [(text,) for text in texts])
    ngrams = NgramIndex()
    ngrams.update(connection, 1, len(texts))
    scores = ngrams.scorer(connection, query).scores(np.arange(1, len(texts) + 1))
    connection.close()
    return scores


def slow_hybrid(stored, components, query, bm25, ngrams):
    """Return the fused score of every text by loops over the formula, after one round of relevance feedback."""
    for last in (False, True):
        words = bm25 / max(bm25.max(), 1e-12)
        if last and ngrams.any():
            words = (words + ngrams / ngrams.max()) / 2
        scores = words * (1 - sum(each.hybrid_weight for each in components))
        end = 0
        for each in components:
            columns, end = slice(end, end + each.dim), end + each.dim
            near = stored[:, columns] @ query[columns]
            near -= near.mean()
            scores += each.hybrid_weight * np.maximum(near, 0) / near.max()
        best = np.argsort(-scores, kind="stable")[:2]
        feedback = scores[best] @ stored[best]
        query = query + 0.3 * feedback / np.linalg.norm(feedback)
        query /= np.linalg.norm(query)
    return scores


@pytest.mark.parametrize("model", [Hashed(), WithComponents()], ids=["whole", "components"])
def test_hybrid_search_is_the_formula(tmp_path, model):
    """Slow loop: both sides' scores of every text, fused; again with the two best texts added to the query."""
    texts = sentences(120)
    Collection.create(tmp_path / "a.index", model).close()
    with Collection.open(tmp_path / "a.index", model) as index:
        index.add(texts)
        side = index._stored_model
        stored = side.documents(texts).astype(np.float64)
        for query in ("zoom battery", "wobbly tripod cable", "wifi"):
            words = {hit.id: hit.score for hit in index.search(query, 120, "text")}
            bm25 = np.array([words.get(str(row), 0.0) for row in range(120)])
            vector = side.queries([query])[0].astype(np.float64)
            scores = slow_hybrid(stored, side.components, vector, bm25, ngram_scores(texts, query))
            for hit in index.search(query, 30):
                assert hit.score == pytest.approx(scores[int(hit.id)], abs=1e-5)
            assert int(index.search(query, 1)[0].id) == scores.argmax()


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
    assert len(index) == count_texts(index) == 3
    assert index.get("a").columns == {"price": 3, "brand": None}
    assert index.search("old words", mode="text") == []
    assert ids_of(index.search("new content", 1, "vector")) == ["a"]
    assert ids_of(index.search("x", where="brand = x")) == []


@pytest.mark.parametrize("large", [False, True])
def test_deleted_texts_vanish_from_all_modes(tmp_path, large):
    """With the cache and without it."""
    texts = sentences(300)
    with made_index(tmp_path / "a.index", Hashed(), CacheSettings(few_changes=20 if large else 5000)) as index:
        index.add(texts)
        assert (index.path / "vectors.cache").exists() == large
        gone = [hit.id for mode in MODES for hit in index.search("zoom window", 3, mode)]
        assert index.delete([*gone, "no such id"]) == len(set(gone))
        with Collection.open(index.path, Hashed()) as other:
            for collection in (index, other):
                for mode in MODES:
                    assert not set(gone) & set(ids_of(collection.search("zoom window", 300, mode)))
                assert len(collection) == count_texts(collection) == 300 - len(set(gone))
        assert index.delete(gone) == 0
        assert index.delete(str(next(n for n in range(300) if str(n) not in gone))) == 1
        assert index.delete([str(n) for n in range(300)]) == 299 - len(set(gone))
        assert [index.search("zoom", mode=mode) for mode in MODES] == [[], [], []]
        index.add(["zoom again"])
        assert [ids_of(index.search("zoom", mode=mode)) for mode in MODES] == [["300"]] * 3


@pytest.mark.parametrize("mode", MODES)
def test_searches_agree_whatever_the_cache(tmp_path, mode):
    """Two paths: all from the record, all from the cache, and both mixed give the same hits and scores."""
    texts = sentences(300, length=4)
    filters = [None, "n < 40", "n >= 100 and n != 205"]
    queries = ["zoom window", "wobbly", *texts[:5], "", "日本"]

    def results(index):
        found = [index.search_many(queries, 12, mode, where) for where in filters]
        assert [[index.search(query, 12, mode, where) for query in queries] for where in filters] == found
        return found

    with Collection.create(tmp_path / "plain.index", Hashed()) as index:
        index.add(texts, n=range(300))
        index.delete(["3", "77"])
        expected = results(index)
    with made_index(tmp_path / "cached.index", Hashed(), CacheSettings(few_changes=30)) as index:
        index.add(texts[:280], n=range(280))
        assert results(index) != expected
        index.add(texts[280:], n=range(280, 300))
        index.delete(["3", "77"])
        assert results(index) == expected
        index.build()
        assert results(index) == expected


def test_six_thousand_texts_as_by_brute_force(tmp_path):
    """Two paths: the index with the settings of every user, and every vector compared."""
    texts, model = sentences(6_000, seed=3, length=3), Hashed(64)
    with Collection.create(tmp_path / "a.index", model) as index:
        index.add(texts)
        assert (index.path / "vectors.cache").exists()
        vectors = index._stored_model.documents(texts).astype(np.float64)
        queries = sentences(20, seed=4, length=3)
        for query, hits in zip(queries, index.search_many(queries, 50, "vector"), strict=True):
            scores = vectors @ model.encode([query])[0].astype(np.float64)
            best = np.lexsort((np.arange(6_000), -np.round(scores, 9)))[:50]
            assert ids_of(hits) == [str(row) for row in best]
            np.testing.assert_allclose([hit.score for hit in hits], scores[best], atol=1e-6)


def test_empty_texts_are_stored_and_never_found(index):
    index.add(["", "  \n", "a real text"])
    assert len(index) == 3 and index.get("0").text == "" and index.get("1").text == "  \n"
    for mode in MODES:
        assert ids_of(index.search("real", mode=mode)) == ["2"]
        assert index.search("", mode=mode) == [] == index.search(" \t", mode=mode)


def test_an_empty_index(index):
    assert len(index) == 0 and [index.search("x", mode=mode) for mode in MODES] == [[], [], []]
    assert index.add([]) == 0 and index.delete([]) == 0 and index.search_many([]) == []
    assert index.search("x", where={}) == []
    index.build()
    assert [index.search("x", mode=mode) for mode in MODES] == [[], [], []]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.text(max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_any_query(index, texts, query):
    """Law: any text can be added and read, any query is answered, and all tables agree."""
    before = len(index)
    index.add(texts, note=texts)
    assert len(index) == count_texts(index) == before + len(texts)
    made = index.get(str(int(index._record.setting("next_id")) - 1))
    assert made.text == made.columns["note"]
    if not any("\ud800" <= character <= "\udfff" for character in texts[-1]):
        assert made.text == texts[-1]
    for mode in MODES:
        for hit in index.search(query, 3, mode):
            assert math.isfinite(hit.score)


def test_a_corpus_is_added_in_one_write(index):
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
    assert len(index) == count_texts(index) == 30
    with pytest.raises(InputError, match="'0-0' occurs twice"):
        index.add_corpus(batch for _ in range(2) for batch in batches(1))
    with pytest.raises(LikewiseError, match="search within a write"):
        index.add_corpus(batches(1), lambda count: index.search("x"))
    assert len(index) == count_texts(index) == 30


def test_similar_texts_are_found_without_the_text_itself(index):
    texts = ["cheap red lamp", "cheap blue lamp", "cheap red lamp", "a slow old dog", ""]
    index.add(texts, ids=list("abcde"), price=[1, 2, 3, 4, 5])
    assert ids_of(index.like("a", 2)) == ["c", "b"]
    assert ids_of(index.like("a", 2, "vector", "price < 3")) == ["b"]
    assert index.like("e") == []
    with pytest.raises(InputError, match="no text with the id 'z'"):
        index.like("z")
    with pytest.raises(InputError, match="k is 0"):
        index.like("a", 0)


def test_a_sample_has_each_text_once(index):
    rng = np.random.default_rng(0)
    assert index.sample(3, rng) == []
    index.add([f"text {row}" for row in range(20)])
    sampled = ids_of(index.sample(5, rng))
    assert len(set(sampled)) == 5
    assert ids_of(index.sample(5, rng)) != sampled
    assert sorted(map(int, ids_of(index.sample(99, rng)))) == list(range(20))
