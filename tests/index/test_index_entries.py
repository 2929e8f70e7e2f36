"""Stored vectors: each is read once in a search, and those that are not there are left out."""

import sqlite3

import numpy as np
import pytest

from likewise.index import entries
from likewise.index.entries import StoredVectors, vectors_of

ROWS = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float16)


@pytest.fixture
def connection():
    """Of twenty vectors, all but every third."""
    found = sqlite3.connect(":memory:")
    found.execute("CREATE TABLE settings (name TEXT, value)")
    found.execute("INSERT INTO settings VALUES ('dim', 4)")
    found.execute("CREATE TABLE vectors (number INTEGER PRIMARY KEY, vector BLOB)")
    found.executemany("INSERT INTO vectors VALUES (?, ?)", [(at, bytes(ROWS[at])) for at in range(20) if at % 3])
    yield found
    found.close()


@pytest.mark.parametrize(
    "asked", [[[]], [[3, 6]], [[1, 4], [0, 2, 4], [4]], [[], [19, 5, 1], [5, 0], [20, 1, 2, 3, 4]]]
)
def test_the_same_as_reading_each_time(connection, asked):
    stored = StoredVectors(connection)
    for numbers in asked:
        found, plain = stored.of(np.array(numbers, np.int64)), vectors_of(connection, np.array(numbers, np.int64))
        np.testing.assert_array_equal(found.numbers, plain.numbers)
        np.testing.assert_array_equal(found.rows, plain.rows)
        assert found.rows.dtype == np.float16 and found.rows.shape[1] == 4


def test_each_is_read_once(connection, monkeypatch):
    read = []

    def counting(of, numbers):
        read.extend(numbers.tolist())
        return vectors_of(of, numbers)

    monkeypatch.setattr(entries, "vectors_of", counting)
    stored = StoredVectors(connection)
    for numbers in ([1, 2], [2, 4], [1, 2, 4], [5]):
        stored.of(np.array(numbers, np.int64))
    assert read == [1, 2, 4, 5]
