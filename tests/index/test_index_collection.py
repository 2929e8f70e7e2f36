"""What a user does with an index."""

import math
import shutil
import sqlite3
import threading
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_embedders import Bare, Hashed, sentences

from likewise.errors import InputError, LikewiseError
from likewise.index import record as record_room
from likewise.index.collection import Collection
from likewise.index.embedder import stored_vectors
from likewise.index.record import FORMAT
from likewise.index.search import check_search

MODES = ("hybrid", "vector", "text")


@pytest.fixture
def index(tmp_path):
    with Collection.create(tmp_path / "a.index", Hashed()) as collection:
        yield collection


def ids_of(hits):
    return [hit.id for hit in hits]


def tables(collection):
    """How many rows each table holds, and that FTS5 finds its own structures whole."""
    connection = sqlite3.connect(collection.path / "record.sqlite")
    counts = {
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("texts", "vectors", "fields")
    }
    counts.add(connection.execute("SELECT value FROM settings WHERE name = 'texts'").fetchone()[0])
    counts.add(connection.execute("SELECT count(*) FROM words_docsize").fetchone()[0])
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    connection.close()
    assert len(counts) == 1, counts
    return counts.pop()


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
    """Slow loop: both sides' scores of every text, fused by the formula."""
    texts = sentences(120)
    index.add(texts)
    for query in ("zoom battery", "wobbly tripod cable", "wifi"):
        cosine = {hit.id: hit.score for hit in index.search(query, 120, "vector")}
        words = {hit.id: hit.score for hit in index.search(query, 120, "text")}
        mean = np.mean(list(cosine.values()))
        most = max(cosine.values()) - mean
        fused = {
            id: (max(0, cosine[id] - mean) / most + words.get(id, 0) / max(words.values(), default=1)) / 2
            for id in cosine
        }
        for hit in index.search(query, 30):
            assert hit.score == pytest.approx(fused[hit.id], abs=1e-5)  # the mean is kept in float16's digits
        assert ids_of(index.search(query, 1))[0] == max(fused, key=fused.__getitem__)


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


@pytest.mark.parametrize(
    ("arguments", "columns", "message"),
    [
        ((["a", "b"], ["x", "x"]), {}, "the id 'x' occurs twice"),
        ((["a", "b"], ["x"]), {}, "2 texts and 1 ids"),
        ((["a", "b"],), {"price": [1]}, "2 texts and 1 values of column 'price'"),
        ((["a", "b"],), {"tags": [1, ["new"]]}, "column 'tags', row 1 holds a list"),
        ((["a", 3],), {}, "text 1 is a int"),
    ],
)
def test_refused_additions_leave_nothing(index, arguments, columns, message):
    index.add(["stays"])
    with pytest.raises(InputError, match=message):
        index.add(*arguments, **columns)
    assert len(index) == tables(index) == 1 and index.describe().columns == ()
    index.add(["next"])
    assert index.get("1").text == "next"


def test_a_model_that_fails_leaves_nothing(index):
    index.add(["stays"])
    index._model = SimpleNamespace(encode=lambda texts: np.full((len(texts), 32), np.nan))
    with pytest.raises(LikewiseError, match="no finite vector"):
        index.add(["a", "b"])
    index._model = Hashed(16)
    with pytest.raises(InputError, match=r"expected \(2, 32\)"):
        index.add(["a", "b"])
    assert len(index) == tables(index) == 1


def test_many_columns(index, monkeypatch):
    index.add(["a"], **{f"column {n}": [n] for n in range(50)})
    index.add(["b"], **{"Column 1": [1], "c0": ["x"], 'we"ird`': [2]})
    assert index.get("1").columns["Column 1"] == 1 and index.get("1").columns["column 1"] is None
    assert ids_of(index.search("b", where='`we"ird``` = 2')) == ["1"]
    assert len(index.describe().columns) == 53
    monkeypatch.setattr("likewise.index.entries.MOST_COLUMNS", 54)
    with pytest.raises(InputError, match="'another' would be one too many"):
        index.add(["c"], one_more=[1], another=[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k = 0"),
        ({"k": -3}, "k = -3"),
        ({"k": True}, "k = True"),
        ({"mode": "hybird"}, "did you mean 'hybrid'"),
        ({"mode": ""}, "one of hybrid, vector, text is expected"),
        ({"where": "pirce < 3"}, "did you mean 'price'"),
        ({"where": "price <"}, "a value was expected"),
    ],
)
def test_refused_searches(index, arguments, message):
    index.add(["a"], price=[1])
    with pytest.raises(InputError, match=message):
        index.search("a", **arguments)


@pytest.mark.parametrize("queries", ["one", [3], [None]])
def test_queries_are_strings(queries):
    with pytest.raises(InputError, match="search takes one string, search_many a list"):
        check_search(queries, 3, "text")


def test_overwrite(tmp_path):
    path = tmp_path / "a.index"
    Collection.create(path, Hashed()).close()
    with pytest.raises(InputError, match="exists already"):
        Collection.create(path, Hashed())
    Collection.create(path, Bare(16), overwrite=True).close()
    with Collection.open(path, Bare(16)) as index:
        assert index.describe().dim == 16 and not (path / "model").exists()
    (tmp_path / "mine").mkdir()
    Collection.create(tmp_path / "mine", Bare(), overwrite=True).close()  # it was empty
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("keep me")
    for precious in ("letters", "letters/love.txt"):
        with pytest.raises(InputError, match="is no index: it is not overwritten"):
            Collection.create(tmp_path / precious, Hashed(), overwrite=True)
    assert (tmp_path / "letters" / "love.txt").read_text() == "keep me"


def test_another_model_is_refused(tmp_path):
    Collection.create(tmp_path / "ours.index", Hashed()).close()
    Collection.create(tmp_path / "theirs.index", Bare()).close()
    for other in (Hashed(seed=1), Hashed(16), Bare(seed=1), Bare(16)):
        for name in ("ours", "theirs"):
            with pytest.raises(InputError, match="made with another model"):
                Collection.open(tmp_path / f"{name}.index", other)
    with pytest.raises(InputError, match="made with a Bare of 32 dimensions, which it does not hold"):
        Collection.open(tmp_path / "theirs.index")
    for name in ("ours", "theirs"):
        for same in (Hashed(), Bare()):
            if name == "ours" or isinstance(same, Bare):
                Collection.open(tmp_path / f"{name}.index", same).close()


def test_its_own_model(tmp_path, monkeypatch):
    """Without one, the model in the folder is loaded when it is first needed, and held against the record."""
    path = tmp_path / "a.index"
    with Collection.create(path, Hashed()) as index:
        index.add(["one text", "another"])
    monkeypatch.setattr("likewise.model.model.Model.load", Hashed.load)
    with Collection.open(path) as index:
        assert index._model is None and ids_of(index.search("text", mode="text")) == ["0"] and index._model is None
        assert ids_of(index.search("another", 1)) == ["1"]
        index.add(["third"])
    (path / "model" / "hashed.txt").write_text("32 7")
    with (
        Collection.open(path) as index,
        pytest.raises(InputError, match="is not the model that the index was made with"),
    ):
        index.search("another")
    shutil.rmtree(path / "model")
    with pytest.raises(InputError, match=r"model of .* is missing"):
        Collection.open(path)
    Collection.open(path, Hashed()).close()


def test_no_index(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        Collection.open(tmp_path / "none.index")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    for name in ("folder", "file"):
        with pytest.raises(InputError, match="is no index"):
            Collection.open(tmp_path / name)


def damaged(path, how):
    record = path / "record.sqlite"
    if how == "empty":
        record.write_bytes(b"")
    elif how == "rubbish":
        record.write_bytes(b"rubbish " * 1000)
    elif how == "cut":
        record.write_bytes(record.read_bytes()[:6000])
    elif how == "foreign":
        record.unlink()
        connection = sqlite3.connect(record)
        connection.execute("CREATE TABLE mine (x)")
        connection.close()
    elif how == "newer":
        connection = sqlite3.connect(record)
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
        connection.close()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("empty", "no record of an index"),
        ("rubbish", "is damaged"),
        ("cut", "is damaged"),
        ("foreign", "no record of an index"),
        ("newer", "update Likewise"),
    ],
)
def test_a_damaged_record(tmp_path, how, message):
    path = tmp_path / "a.index"
    with Collection.create(path, Hashed()) as index:
        index.add(sentences(100))
    damaged(path, how)
    with pytest.raises(InputError, match=message) as refused:
        Collection.open(path, Hashed())
    assert "\n" not in str(refused.value)


def test_a_second_writer_waits_then_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(record_room, "WAIT_SECONDS", 0.2)
    with Collection.create(tmp_path / "a.index", Hashed()) as index, Collection.open(index.path, Hashed()) as other:
        with index._record.writing():
            assert len(other) == 0  # readers do not wait
            for write in (lambda: other.add(["x"]), lambda: other.delete(["x"]), other.build):
                with pytest.raises(LikewiseError, match="another process is writing") as refused:
                    write()
                assert refused.value.exit_code == 1
        assert other.add(["x"]) == 1 and len(index) == 1


def test_threads_take_turns(index):
    index.add(sentences(50))
    wrong = []

    def work(number):
        try:
            for round_ in range(5):
                index.add([f"thread {number} round {round_}"], ids=[f"{number} {round_}"])
                wrong.extend(hit for hit in index.search("battery", 5) if hit.text == "")
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(index) == tables(index) == 70


def test_describe(index):
    index.add(["a", "b"], price=[1, 2])
    known = index.describe()
    assert (known.texts, known.dim, known.columns, known.generation) == (2, 32, ("price",), 1)
    assert (known.kind, known.recall) == ("exact", 1.0)
    assert known.model == f"Hashed {Hashed().fingerprint[:12]}"
    assert known.bytes > 10_000


def test_closed(tmp_path):
    index = Collection.create(tmp_path / "a.index", Hashed())
    index.close()
    with pytest.raises(LikewiseError, match="closed"):
        len(index)
