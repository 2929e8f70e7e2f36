"""Transactions, and SQLite's errors in a line."""

import os
import sqlite3

import pytest
from index_embedders import Hashed, sentences

from likewise.errors import InputError, LikewiseError
from likewise.index import record as record_room
from likewise.index.collection import Collection
from likewise.index.record import Record


@pytest.fixture
def record(tmp_path):
    Collection.create(tmp_path / "a.index", Hashed()).close()
    opened = Record.open(tmp_path / "a.index")
    yield opened
    opened.close()


def test_a_write_is_kept_or_not(record):
    with record.writing() as generation:
        record.set_setting("next_id", 5)
    assert generation == 1
    with pytest.raises(KeyError), record.writing() as generation:
        record.set_setting("next_id", 6)
        with record.reading() as connection:  # it sees what the write did
            assert connection.execute("SELECT value FROM settings WHERE name = 'next_id'").fetchone() == (6,)
        raise KeyError
    with record.reading():
        assert record.setting("next_id") == 5 and record.setting("generation") == 1 and record.setting("none") is None


def test_a_reader_keeps_the_state_it_began_with(record):
    other = Record.open(record.folder)
    with other.reading():
        assert other.setting("next_id") == 0
        with record.writing():
            record.set_setting("next_id", 9)
        assert other.setting("next_id") == 0
    with other.reading():
        assert other.setting("next_id") == 9
    other.close()


def test_sqlite_that_is_too_old(tmp_path, monkeypatch):
    monkeypatch.setattr(record_room, "OLDEST", (99, 1, 0))
    with pytest.raises(LikewiseError, match=r"is not enough: an index needs 99\.1\.0 with FTS5"):
        Collection.create(tmp_path / "a.index", Hashed())
    assert not list(tmp_path.iterdir())


def test_sqlite_without_fts5(tmp_path, monkeypatch):
    class Without(sqlite3.Connection):
        def execute(self, sql, *parameters):
            return super().execute(sql.replace("'fts5'", "'no such module'"), *parameters)

    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *arguments, **options: connect(*arguments, factory=Without, **options)
    )
    with pytest.raises(LikewiseError, match="without FTS5, is not enough"):
        Collection.create(tmp_path / "a.index", Hashed())


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        (sqlite3.SQLITE_FULL, LikewiseError, "the disk is full"),
        (sqlite3.SQLITE_BUSY, LikewiseError, "another process is writing"),
        (sqlite3.SQLITE_READONLY, InputError, "cannot write or open"),
        (sqlite3.SQLITE_CORRUPT, InputError, "is damaged"),
        (sqlite3.SQLITE_IOERR, LikewiseError, "failed: what SQLite said"),
    ],
)
def test_errors_of_sqlite(record, code, kind, message):
    failed = sqlite3.OperationalError("what SQLite said")
    failed.sqlite_errorcode = code
    with pytest.raises(kind, match=message) as told, record.writing():
        raise failed
    assert (type(told.value) is kind) and "\n" not in str(told.value)
    with record.reading():
        assert record.setting("generation") == 0


def test_a_full_disk(tmp_path):
    """A limit of SQLite's own stands for the disk: the add fails in one line and leaves nothing."""
    with Collection.create(tmp_path / "a.index", Hashed()) as index:
        index.add(["stays"])
        pages = index._record.connection.execute("PRAGMA page_count").fetchone()[0]
        index._record.connection.execute(f"PRAGMA max_page_count = {pages + 5}")
        with pytest.raises(LikewiseError, match=r"the disk is full: .* is as it was before"):
            index.add(sentences(2000))
        assert len(index) == 1 and len(index.search("stays")) == 1


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """It can be searched, with the cache held in memory, and says in a line that it cannot be added to."""
    monkeypatch.setattr("likewise.index.vectors.FEW", 10)
    with Collection.create(tmp_path / "a.index", Hashed()) as index:
        index.add(sentences(50))
        (index.path / "vectors.cache").unlink()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, how: not how & os.W_OK and access(path, how))
    with Collection.open(tmp_path / "a.index", Hashed()) as index:
        for mode in ("hybrid", "vector", "text"):
            assert len(index.search("battery", 5, mode, where="id != 3")) == 5
        assert not (index.path / "vectors.cache").exists()
        with pytest.raises(InputError, match="cannot write"):
            index.add(["one more"])
