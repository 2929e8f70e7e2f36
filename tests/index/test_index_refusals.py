"""What a collection refuses, and what happens when its files are damaged or others use it."""

import shutil
import sqlite3
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from index_contents import count_texts, ids_of
from index_embedders import Bare, Hashed, sentences

from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.columns import Rows
from likewise.index.entries import Additions
from likewise.index.hybrid import check_search
from likewise.index.record import FORMAT, Record


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
    assert len(index) == count_texts(index) == 1 and index.describe().columns == ()
    index.add(["next"])
    assert index.get("1").text == "next"


def test_a_model_that_fails_leaves_nothing(index):
    index.add(["stays"])
    index._stored_model._model = SimpleNamespace(encode=lambda texts: np.full((len(texts), 32), np.nan))
    with pytest.raises(LikewiseError, match="no finite vector"):
        index.add(["a", "b"])
    index._stored_model._model = Hashed(16)
    with pytest.raises(InputError, match=r"expected \(2, 32\)"):
        index.add(["a", "b"])
    assert len(index) == count_texts(index) == 1


def test_many_columns(index):
    index.add(["a"], **{f"column {n}": [n] for n in range(50)})
    index.add(["b"], **{"Column 1": [1], "c0": ["x"], 'we"ird`': [2]})
    assert index.get("1").columns["Column 1"] == 1 and index.get("1").columns["column 1"] is None
    assert ids_of(index.search("b", where='`we"ird``` = 2')) == ["1"]
    assert len(index.describe().columns) == 53
    with pytest.raises(InputError, match="'another' is one too many"), index._record.writing() as generation:
        rows = Rows(["c"], None, {"one more": [1], "another": [2]})
        Additions(index._record, generation, max_columns=54).add(rows, np.zeros((1, 32), np.float16))
    assert len(index.describe().columns) == 53


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": -3}, "k is -3"),
        ({"k": True}, "k is True"),
        ({"mode": "hybird"}, "did you mean 'hybrid'"),
        ({"mode": ""}, "expected one of hybrid, vector, text"),
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
    with pytest.raises(InputError, match="search expects one string and search_many a list"):
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
    """Without a model, the stored one is loaded when it is first needed, and compared with the record."""
    path = tmp_path / "a.index"
    with Collection.create(path, Hashed()) as index:
        index.add(["one text", "another"])
    monkeypatch.setattr("likewise.model.model.Model.load", Hashed.load)
    with Collection.open(path) as index:
        assert ids_of(index.search("text", mode="text")) == ["0"] and index._stored_model._model is None
        assert ids_of(index.search("another", 1)) == ["1"]
        index.add(["third"])
    (path / "model" / "hashed.txt").write_text("32 7")
    with (
        Collection.open(path) as index,
        pytest.raises(InputError, match="is not the model that .* was made with"),
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
    elif how in ("newer", "older"):
        connection = sqlite3.connect(record)
        connection.execute(f"PRAGMA user_version = {FORMAT + (1 if how == 'newer' else -1)}")
        connection.close()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("empty", "no record of an index"),
        ("rubbish", "is damaged"),
        ("cut", "is damaged"),
        ("foreign", "no record of an index"),
        ("newer", f"has format {FORMAT + 1}, this version reads format {FORMAT}: make the index again"),
        ("older", f"has format {FORMAT - 1}, this version reads format {FORMAT}: make the index again"),
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


def test_a_second_writer_waits_then_fails(tmp_path):
    Collection.create(tmp_path / "a.index", Hashed()).close()
    index, other = (Collection(Record.open(tmp_path / "a.index", wait_seconds=0.1), Hashed()) for _ in range(2))
    with index, other:
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
    assert not wrong and len(index) == count_texts(index) == 70


def test_describe(index):
    index.add(["a", "b"], price=[1, 2])
    known = index.describe()
    assert (known.texts, known.dim, known.columns, known.generation) == (2, 32, ("price",), 1)
    assert (known.kind, known.recall, known.components) == ("exact", 1.0, ("vector",))
    assert known.model == f"Hashed {Hashed().fingerprint[:12]}"
    assert known.bytes > 10_000


def test_closed(tmp_path):
    index = Collection.create(tmp_path / "a.index", Hashed())
    index.close()
    with pytest.raises(LikewiseError, match="closed"):
        len(index)
