"""Another model for an index: the same texts, no write lost, and one whole index at the path whenever it is killed."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from index_embedders import WORDS, Bare, Hashed

import likewise
from likewise.atomic import exchange_folders
from likewise.errors import InputError, LikewiseError, ReplacedError
from likewise.index import replacement
from likewise.index.collection import Collection
from likewise.index.model_score import WordTask
from likewise.index.record import FILE
from likewise.index.replacement import NEXT, PREVIOUS, discard_next, fill_next, sibling, switch

Models = tuple[likewise.Model, ...]


def texts(count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 8)) for _ in range(count)]


@pytest.fixture(scope="module")
def models(python_docs: list[str]) -> Models:
    """Three small models of the same texts."""
    made = [likewise.train(python_docs[:300], dim=dim, epochs=1, progress=False) for dim in (32, 48, 64)]
    return tuple(model for model in made if isinstance(model, likewise.Model))


@pytest.fixture
def path(models: Models, tmp_path: Path) -> Path:
    path = tmp_path / "a.index"
    with Collection.create(path, models[0]) as index:
        index.add(texts(300), price=[*range(300)], code=["007"] * 300)
        index.delete(["5", "299"])
    return path


def contents(index: Collection) -> dict[str, tuple[str, dict[str, object]]]:
    return {each.id: (each.text, each.columns) for each in index.entries(10_000).entries}


def found(index: Collection) -> list[list[tuple[str, float]]]:
    return [
        [(hit.id, round(hit.score, 6)) for hit in index.search(query, 10, mode, "price > 20")]
        for query in ("quiet fan", "cracked screen", "paper")
        for mode in ("hybrid", "vector", "text")
    ]


def test_the_replaced_index_is_as_one_made_with_the_new_model(models: Models, path: Path, tmp_path: Path) -> None:
    """Two ways: the same texts, ids, columns and hits as an index to which all was added with the new model."""
    with Collection.open(path) as old:
        before, generation = contents(old), old.generation
    filled = fill_next(path, models[1])
    assert (filled.path, filled.texts) == (tmp_path / "a.next.index", 298)
    assert switch(path) == tmp_path / "a.previous.index"
    with Collection.open(path) as index, Collection.create(tmp_path / "b.index", models[1]) as other:
        other.add(texts(300), price=[*range(300)], code=["007"] * 300)
        other.delete(["5", "299"])
        assert contents(index) == before == contents(other)
        assert found(index) == found(other)
        assert index.describe().model == other.describe().model
        assert index.generation >= generation
        assert index.add(["one more"]) == 1 and index.get("300") is not None  # no number a second time
    assert {each.name for each in tmp_path.iterdir()} == {"a.index", "a.previous.index", "b.index"}


@pytest.mark.parametrize("cleared", [False, True])
def test_writes_during_the_fill_are_followed(
    models: Models, path: Path, cleared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ways: both indexes have the same texts, also where the list of removed texts was cleared meanwhile."""
    monkeypatch.setattr(replacement, "CHUNK", 50)
    parts = []

    def write(done: int, total: int) -> None:
        parts.append((done, total))
        with Collection.open(path) as index:
            if len(parts) == 2:
                index.add(["an early one again", "and a late one"], ["3", "200"], price=[1.5, None], colour=["red", 7])
                index.delete(["10", "250"])
                index.add(["comes and goes"], ["gone"])
                index.delete(["gone"])
                if cleared:
                    index.build()

    fill_next(path, models[1], progress=write)
    assert parts[0] == (50, 298) and parts[-1] == (296, 296) and len(parts) >= 6
    with Collection.open(path) as old, Collection.open(sibling(path, NEXT)) as new:
        assert contents(new) == contents(old)
        assert new.search("an early one again", 1)[0].id == "3"
        old.add(["after the fill"], ["late"])
    switch(path)
    with Collection.open(path) as index:
        assert index.get("late") is not None
        assert [hit.id for hit in index.search("quiet fan", 3, where="colour = 7")] == ["200"]


def test_a_switch_back_brings_what_was_written_since(models: Models, path: Path) -> None:
    """Two ways: after a switch, writes, a switch back and forth again, each index has all texts."""
    fill_next(path, models[1])
    switch(path)
    with Collection.open(path) as index:
        index.add(["written to the new one"], ["x"], colour=["red"])
        index.delete(["7"])
        index.add(["replaced in the new one"], ["8"])
        expected, generation = contents(index), index.generation
    switch(path, PREVIOUS)
    with Collection.open(path) as index:
        assert (
            contents(index) == expected
            and index.model.dim == models[0].for_search().dim
            and index.generation >= generation
        )
        assert index.search("written to the new one", 1)[0].id == "x"
        index.add(["written to the old one"], ["y"])
        index.delete(["x", "9"])
        expected = contents(index)
    switch(path, PREVIOUS)
    with Collection.open(path) as index:
        assert contents(index) == expected and index.model.dim == models[1].for_search().dim
    fill_next(path, models[2])  # a third model: the index before last goes
    switch(path)
    with Collection.open(path) as index, Collection.open(sibling(path, PREVIOUS)) as before:
        assert (index.model.dim, before.model.dim) == (
            models[2].for_search().dim,
            models[1].for_search().dim,
        ) and contents(index) == expected


def test_open_handles_notice_and_a_waiting_writer_writes_nothing_to_the_old_one(
    models: Models, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = Collection.open(path), Collection.open(path)
    fill_next(path, models[1])
    failures: list[Exception] = []
    waiting = threading.Event()

    def write() -> None:
        waiting.set()
        try:
            writer.add(["too late"], ["late"])
        except LikewiseError as error:
            failures.append(error)

    thread = threading.Thread(target=write)

    def exchange(first: Path, second: Path) -> None:
        thread.start()
        waiting.wait()
        thread.join(0.3)  # it waits for the lock
        assert reader.search("quiet fan", 1)
        exchange_folders(first, second)

    monkeypatch.setattr(replacement, "exchange_folders", exchange)
    old = switch(path)
    thread.join(30)
    assert [type(error) for error in failures] == [ReplacedError]
    with pytest.raises(ReplacedError, match="open it again"):
        reader.search("quiet fan", 1)
    with Collection.open(path) as index, Collection.open(old) as before:
        assert index.get("late") is None and before.get("late") is None


KILLED = """
import os, signal, sys
import likewise
from likewise.index import replacement
path, where, count, model = sys.argv[1], sys.argv[2], int(sys.argv[3]), likewise.load(sys.argv[4])
replacement.CHUNK = 50
name, _, when = where.partition(":")
function, calls = getattr(replacement, name), 0
def killing(*args, **kwargs):
    global calls
    calls += 1
    if when == "before" and calls == count:
        os.kill(os.getpid(), signal.SIGKILL)
    result = function(*args, **kwargs)
    if when == "after" and calls == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(replacement, name, killing)
replacement.fill_next(path, model)
replacement.switch(path)
"""


def run(path: Path, model: Path, where: str, count: int) -> int:
    command = [sys.executable, "-c", KILLED, str(path), where, str(count), str(model)]
    return subprocess.run(command, check=False, capture_output=True).returncode


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="an open folder cannot be renamed there")
@pytest.mark.parametrize(
    ("where", "count", "switched"),
    [
        ("_write_part:after", 3, False),
        ("_catch_up:after", 3, False),
        ("exchange_folders:before", 1, False),
        ("exchange_folders:after", 1, True),
        ("_keep_as_previous:after", 1, True),
    ],
)
def test_killed_at_any_time_one_whole_index_is_at_the_path(
    models: Models, path: Path, tmp_path: Path, where: str, count: int, switched: bool
) -> None:
    with Collection.open(path) as index:
        expected = contents(index)
    models[1].save(tmp_path / "new.model")
    assert run(path, tmp_path / "new.model", where, count) == -signal.SIGKILL
    with Collection.open(path) as index:
        assert contents(index) == expected and index.search("quiet fan", 1)
        assert index.model.dim == (models[1].for_search().dim if switched else models[0].for_search().dim)
        index.add(["after the kill"], ["z"])
    if not switched:
        fill_next(path, models[1])
        switch(path)
    else:
        switch(path, PREVIOUS)
    with Collection.open(path) as index:
        assert index.model.dim == (models[0].for_search().dim if switched else models[1].for_search().dim)
        assert set(contents(index)) == {*expected, "z"}
    left = {each.name for each in path.parent.iterdir() if not each.name.endswith(".lock")}  # of the killed process
    assert left == {"a.index", "a.previous.index", "new.model"}


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_a_switch(models: Models, path: Path) -> None:
    """A law: what writers were told is written is found after switches back and forth under their feet."""
    acknowledged: list[str] = []
    end = threading.Event()

    def write() -> None:
        index, number = Collection.open(path), 0
        while not end.is_set():
            try:
                index.add([f"text number {number}"], [f"w{number}"])
            except ReplacedError:
                index = Collection.open(path)
                continue
            acknowledged.append(f"w{number}")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        fill_next(path, models[1])
        for which in (NEXT, PREVIOUS, PREVIOUS, PREVIOUS):
            switch(path, which)
    finally:
        end.set()
        thread.join(30)
    with Collection.open(path) as index:
        assert set(acknowledged) <= set(contents(index)) and len(acknowledged) > 10


def test_an_interrupted_fill_continues_or_is_removed(
    models: Models, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacement, "CHUNK", 50)

    def stop(done: int, _: int) -> None:
        if done >= 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_next(path, models[1], progress=stop)
    parts: list[int] = []
    fill_next(path, models[1], progress=lambda done, _: parts.append(done))
    assert parts[0] == 150
    fill_next(path, models[2], progress=lambda done, _: parts.append(done))  # another model begins again
    assert 50 in parts
    discard_next(path)
    assert not sibling(path, NEXT).exists()
    discard_next(path)


def test_passages_and_their_documents_are_copied(models: Models, tmp_path: Path, python_docs: list[str]) -> None:
    from likewise.applications.passages import Passages
    from likewise.corpus.read import read

    path = tmp_path / "p.index"
    with Collection.create(path, models[0]) as index:
        index.add_corpus(Passages(read(python_docs[:20]), 200))
        before = contents(index)
    fill_next(path, models[1])
    switch(path)
    with Collection.open(path) as index:
        assert contents(index) == before and index.delete(["0"]) == 1 and index.get("0.0") is None


def test_what_cannot_be_switched_is_refused(models: Models, path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no next index"):
        switch(path)
    with pytest.raises(InputError, match="no previous index"):
        switch(path, PREVIOUS)
    with pytest.raises(InputError, match="does not exist"):
        fill_next(tmp_path / "none.index", models[1])
    with Collection.create(sibling(path, NEXT), models[1]) as other:
        other.add(["a text of its own"])
    with pytest.raises(InputError, match="an index of its own"):
        fill_next(path, models[1])
    with pytest.raises(InputError, match="was not made from"):
        switch(path)
    discard_next(path)
    assert sibling(path, NEXT).exists()


def test_a_foreign_previous_index_is_not_removed(models: Models, path: Path) -> None:
    with Collection.create(sibling(path, PREVIOUS), models[1]) as other:
        other.add(["a text of its own"])
    fill_next(path, models[1])
    with pytest.raises(InputError, match="rename it"):
        switch(path)
    with Collection.open(path) as index:
        assert index.model.dim == models[0].for_search().dim


def test_models_that_are_not_stored_are_given(models: Models, tmp_path: Path) -> None:
    path = tmp_path / "a.index"
    with Collection.create(path, Bare()) as index:
        index.add(texts(30))
    with pytest.raises(InputError, match="model"):
        fill_next(path, models[1])
    fill_next(path, models[1], old_model=Bare())
    switch(path)
    with pytest.raises(InputError, match="model"):
        switch(path, PREVIOUS)
    switch(path, PREVIOUS, model=Bare())
    with Collection.open(path, Bare()) as index:
        assert len(index) == 30


def test_the_score_prefers_a_model_that_knows_words(models: Models, path: Path, python_docs: list[str]) -> None:
    """It learns: trigrams that are shared beat random vectors, and a model scores as itself."""

    class Noise(Hashed):
        def encode(self, texts) -> np.ndarray:
            vectors = np.random.default_rng(len(texts)).standard_normal((len(texts), self.dim)).astype(np.float32)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    task = WordTask(python_docs[:300], np.random.default_rng(0))
    good, noise = Hashed(256), Noise(256)
    assert task.score(good.encode, good.encode).value > 2 * task.score(noise.encode, noise.encode).value
    filled = fill_next(path, models[0])
    assert filled.score == filled.score_before and filled.is_better
    assert 0 < filled.score.value < 1


def test_texts_without_a_common_word_have_no_score(models: Models, tmp_path: Path) -> None:
    path = tmp_path / "a.index"
    with Collection.create(path, models[0]) as index:
        index.add(["one", "two", "three"])
    filled = fill_next(path, models[1])
    assert np.isnan(filled.score.value) and not filled.is_better
    with Collection.create(tmp_path / "empty.index", models[0]):
        pass
    assert fill_next(tmp_path / "empty.index", models[1]).texts == 0


def test_folders_are_exchanged_also_without_the_system_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE).write_text(name)
    exchange_folders(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / FILE).read_text() == "b"
    monkeypatch.setattr("likewise.atomic._exchanged", lambda *_: False)
    exchange_folders(tmp_path / "a", tmp_path / "b")
    assert [(tmp_path / name / FILE).read_text() for name in ("a", "b")] == ["a", "b"]
    assert len([*tmp_path.iterdir()]) == 2
    with pytest.raises(LikewiseError, match="not exchanged"):
        exchange_folders(tmp_path / "a", tmp_path / "none")
    assert (tmp_path / "a" / FILE).read_text() == "a"
