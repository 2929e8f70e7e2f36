"""Transactions, SQLite's errors in one line, row ids, and what changed in a record since a generation."""

import os
import sqlite3

import numpy as np
import pytest
from index_contents import made_index
from index_embedders import Hashed, sentences

from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.record import AllowedRows, Changes, Record, best_first, fetch_row_ids
from likewise.index.vector_cache import CacheSettings


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


@pytest.fixture
def connection():
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE settings (name, value)")
    made.execute("CREATE TABLE removed (generation, row_id)")
    made.execute("CREATE TABLE words_docsize (id INTEGER PRIMARY KEY)")
    made.execute("INSERT INTO settings VALUES ('removed_cleared', 2)")
    made.executemany("INSERT INTO removed VALUES (?, ?)", [(3, 1), (4, 0), (4, 7), (5, 2)])
    made.executemany("INSERT INTO words_docsize VALUES (?)", [(row_id,) for row_id in (3, 5, 6, 8)])
    yield made
    made.close()


def test_best_first():
    ranked = best_first(np.array([4, 3, 2, 1]), np.array([0.5, 0.9, 0.5, 0.1]), 3)
    assert ranked.row_ids.tolist() == [3, 2, 4] and ranked.scores.tolist() == [0.9, 0.5, 0.5]


def test_what_was_added_and_removed(connection):
    changes = Changes.since(connection, 3, 5)
    assert changes.added == 2 and sorted(changes.removed.tolist()) == [0, 2] and not changes.incomplete
    assert changes.exceed(3, 0) and not changes.exceed(4, 0)
    assert changes.exceed(0, 199) and not changes.exceed(0, 200)


def test_incomplete_changes_exceed_any_limit(connection):
    assert Changes.since(connection, 1, 8).exceed(1_000, 0)
    assert not Changes.since(connection, 2, 8).exceed(1_000, 0)


def test_allowed_rows_are_read_once(connection):
    connection.execute("CREATE TABLE allowed (row_id)")
    connection.executemany("INSERT INTO allowed VALUES (?)", [(5,), (2,)])
    allowed = AllowedRows(connection, "allowed")
    assert allowed.row_ids.tolist() == [2, 5]
    connection.execute("DELETE FROM allowed")
    assert allowed.row_ids.tolist() == [2, 5]
    np.testing.assert_array_equal(fetch_row_ids(connection.execute("SELECT id FROM words_docsize")), [3, 5, 6, 8])
