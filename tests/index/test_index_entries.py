"""Stored vectors: each is read once in a search, and row ids that do not exist are left out."""

import sqlite3

import numpy as np
import pytest

from likewise.index.entries import VectorReader, read_vectors

ROWS = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float16)


@pytest.fixture
def connection():
    """Of twenty vectors, all but every third."""
    found = sqlite3.connect(":memory:")
    found.execute("CREATE TABLE settings (name TEXT, value)")
    found.execute("INSERT INTO settings VALUES ('dim', 4)")
    found.execute("CREATE TABLE vectors (row_id INTEGER PRIMARY KEY, vector BLOB)")
    found.executemany("INSERT INTO vectors VALUES (?, ?)", [(at, bytes(ROWS[at])) for at in range(20) if at % 3])
    yield found
    found.close()


@pytest.mark.parametrize(
    "calls", [[[]], [[3, 6]], [[1, 4], [0, 2, 4], [4]], [[], [19, 5, 1], [5, 0], [20, 1, 2, 3, 4]]]
)
def test_the_same_as_reading_each_time(connection, calls):
    reader = VectorReader(connection)
    for row_ids in calls:
        found, plain = reader.read(np.array(row_ids, np.int64)), read_vectors(connection, np.array(row_ids, np.int64))
        np.testing.assert_array_equal(found.row_ids, plain.row_ids)
        np.testing.assert_array_equal(found.vectors, plain.vectors)
        assert found.vectors.dtype == np.float16 and found.vectors.shape[1] == 4


def test_each_is_read_once(connection):
    """A vector that was read survives in the reader when its row is gone."""
    reader, row_ids = VectorReader(connection), np.array([1, 2, 4])
    before = reader.read(row_ids)
    connection.execute("DELETE FROM vectors WHERE row_id < 5")
    again = reader.read(np.array([1, 2, 4, 5]))
    assert again.row_ids.tolist() == [1, 2, 4, 5]
    np.testing.assert_array_equal(again.vectors[:3], before.vectors)
