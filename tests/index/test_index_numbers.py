"""Numbers of texts, and what changed in a record since some state of it."""

import sqlite3

import numpy as np
import pytest

from likewise.index.row_ids import Changes, Passing, numbers_in


@pytest.fixture
def connection():
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE settings (name, value)")
    made.execute("CREATE TABLE removed (generation, number)")
    made.execute("CREATE TABLE words_docsize (id INTEGER PRIMARY KEY)")
    made.execute("INSERT INTO settings VALUES ('forgotten', 2)")
    made.executemany("INSERT INTO removed VALUES (?, ?)", [(3, 1), (4, 0), (4, 7), (5, 2)])
    made.executemany("INSERT INTO words_docsize VALUES (?)", [(number,) for number in (3, 5, 6, 8)])
    yield made
    made.close()


def test_what_came_and_went(connection):
    changes = Changes.since(connection, 3, 5)
    assert changes.fresh == 2 and sorted(changes.removed.tolist()) == [0, 2] and not changes.forgotten
    assert changes.beyond(3, 0) and not changes.beyond(4, 0)
    assert changes.beyond(0, 199) and not changes.beyond(0, 200)


def test_what_is_forgotten_is_beyond_any_number(connection):
    assert Changes.since(connection, 1, 8).beyond(1_000, 0)
    assert not Changes.since(connection, 2, 8).beyond(1_000, 0)


def test_numbers_that_pass_are_read_once(connection):
    connection.execute("CREATE TABLE passing (number)")
    connection.executemany("INSERT INTO passing VALUES (?)", [(5,), (2,)])
    passing = Passing(connection, "passing")
    assert passing.numbers.tolist() == [2, 5]
    connection.execute("DELETE FROM passing")
    assert passing.numbers.tolist() == [2, 5]
    np.testing.assert_array_equal(numbers_in(connection.execute("SELECT id FROM words_docsize")), [3, 5, 6, 8])
