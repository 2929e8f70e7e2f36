"""Transactions, and SQLite's errors in one line."""

import os
import sqlite3

import pytest
from index_contents import made_index
from index_embedders import Hashed, sentences

from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.record import Record
from likewise.index.vectors import CacheSettings


@pytest.fixture
def record(tmp_path):
    Collection.create(tmp_path / "a.index", Hashed()).close()
    opened = Record.open(tmp_path / "a.index")
    yield opened
    opened.close()


def test_a_write_is_committed_or_rolled_back(record):
    with record.writing() as generation:
        record.set_setting("next_id", 5)
    assert generation == 1
    with pytest.raises(KeyError), record.writing() as generation:
        record.set_setting("next_id", 6)
        with record.reading() as connection:  # it sees the state within the write
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


def test_sqlite_that_is_too_old(tmp_path):
    with pytest.raises(LikewiseError, match=r"is not enough: an index needs 99\.1\.0 with FTS5"):
        Record.create(tmp_path, {}, min_sqlite=(99, 1, 0))


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
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        (sqlite3.SQLITE_FULL, LikewiseError, "the disk is full"),
        (sqlite3.SQLITE_BUSY, LikewiseError, "another process is writing"),
        (sqlite3.SQLITE_READONLY, InputError, "cannot write or open"),
        (sqlite3.SQLITE_CORRUPT, InputError, "is damaged"),
        (sqlite3.SQLITE_IOERR, LikewiseError, "failed: the reason"),
    ],
)
def test_errors_of_sqlite(record, code, kind, message):
    failed = sqlite3.OperationalError("the reason")
    failed.sqlite_errorcode = code
    with pytest.raises(kind, match=message) as refused, record.writing():
        raise failed
    assert (type(refused.value) is kind) and "\n" not in str(refused.value)
    with record.reading():
        assert record.setting("generation") == 0


def test_a_full_disk(tmp_path):
    """SQLite's page limit stands for the disk: `add` fails in one line and leaves nothing."""
    with Collection.create(tmp_path / "a.index", Hashed()) as index:
        index.add(["stays"])
        pages = index._record.connection.execute("PRAGMA page_count").fetchone()[0]
        index._record.connection.execute(f"PRAGMA max_page_count = {pages + 5}")
        with pytest.raises(LikewiseError, match=r"the disk is full: .* is unchanged"):
            index.add(sentences(2000))
        assert len(index) == 1 and len(index.search("stays")) == 1


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """It can be searched, with the cache in memory; adding fails in one line."""
    few = CacheSettings(few_changes=10)
    with made_index(tmp_path / "a.index", Hashed(), few) as index:
        index.add(sentences(50))
        (index.path / "vectors.cache").unlink()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, how: not how & os.W_OK and access(path, how))
    with Collection(Record.open(tmp_path / "a.index"), Hashed(), few) as index:
        for mode in ("hybrid", "vector", "text"):
            assert len(index.search("battery", 5, mode, where="id != 3")) == 5
        assert not (index.path / "vectors.cache").exists()
        with pytest.raises(InputError, match="cannot write"):
            index.add(["one more"])
