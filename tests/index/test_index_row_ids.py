"""Row ids, and what changed in a record since a generation."""

import sqlite3

import numpy as np
import pytest

from likewise.index.row_ids import AllowedRows, Changes, best_first, fetch_row_ids


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
