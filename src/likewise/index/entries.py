"""Texts into the record and out of it: its tables move together, within the caller's transaction."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float16, Float64, Int64

from likewise.errors import InputError
from likewise.index.bm25 import indexable
from likewise.index.columns import CHUNK, Rows, restored, stored
from likewise.index.record import Record
from likewise.index.row_ids import numbers_in
from likewise.model.embedder import document_vectors

__all__ = [
    "Additions",
    "Entry",
    "StoredVectors",
    "Vectors",
    "all_vectors",
    "columns_of",
    "drawn",
    "entries",
    "numbers_of_ids",
    "remove",
    "stored_vectors",
    "vectors_of",
]

MOST_COLUMNS = 1_000  # SQLite's own limit is 2,000 a table
_LARGEST_DIGITS = 18  # an id of more digits is not counted among the integers


@dataclass(frozen=True)
class Entry:
    """A text as the index keeps it.

    Attributes:
        id: the user's name for it.
        text: the text itself.
        columns: every column of the index; None where this text has no value.
    """

    id: str
    text: str
    columns: dict[str, Any]


@dataclass(frozen=True)
class Vectors:
    """Some of the stored vectors.

    Attributes:
        numbers: of their texts, rising.
        rows: vectors no longer than one, in float16; zeros for a text that vector search cannot find.
    """

    numbers: Int64[np.ndarray, " found"]
    rows: Float16[np.ndarray, "found dim"]


class StoredVectors:
    """The vectors that one search looks at, again and again: each is read once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._numbers: Int64[np.ndarray, " read"] = np.zeros(0, np.int64)  # rising
        self._places = self._numbers  # of each, among the rows
        self._rows = vectors_of(connection, self._numbers).rows

    def of(self, numbers: Int64[np.ndarray, " asked"]) -> Vectors:
        """As `vectors_of`; each number is asked for once."""
        asked = np.sort(numbers)
        missing = asked[~self._read(asked)]
        if len(missing):
            self._take(vectors_of(self.connection, missing))
        asked = asked[self._read(asked)]
        return Vectors(asked, self._rows[self._places[np.searchsorted(self._numbers, asked)]])

    def _read(self, asked: Int64[np.ndarray, " asked"]) -> Bool[np.ndarray, " asked"]:
        """Which of these have been read."""
        if not len(self._numbers):
            return np.zeros(len(asked), bool)
        near = np.minimum(np.searchsorted(self._numbers, asked), len(self._numbers) - 1)
        known: np.ndarray = self._numbers[near] == asked
        return known

    def _take(self, more: Vectors) -> None:
        """Have these too."""
        places = np.arange(len(self._rows), len(self._rows) + len(more.rows))
        self._rows = np.concatenate([self._rows, more.rows])
        numbers, places = np.concatenate([self._numbers, more.numbers]), np.concatenate([self._places, places])
        order = np.argsort(numbers)
        self._numbers, self._places = numbers[order], places[order]


class Additions:
    """The texts added by one write; an id that exists is replaced.

    Nothing here lasts unless the caller's transaction does.
    """

    def __init__(self, record: Record, generation: int, dim: int) -> None:
        self._record, self._connection, self._generation = record, record.connection, generation
        self._positions = columns_of(self._connection)
        self._first = self._next = _last_number(self._connection) + 1
        self._next_id: int = record.setting("next_id")
        self._sum = np.zeros(dim)

    @property
    def count(self) -> int:
        """How many texts were added so far."""
        return self._next - self._first

    def add(self, rows: Rows, vectors: Float16[np.ndarray, "rows dim"]) -> None:
        """Write some rows.

        Raises:
            InputError: an id occurs twice within this write, or a column holds what no column can.
        """
        self._make_columns(rows.columns)
        ids = self._ids(rows)
        self._replace(ids)
        numbers = range(self._next, self._next + len(rows))
        many = self._connection.executemany
        many("INSERT INTO texts VALUES (?, ?, ?)", zip(numbers, ids, rows.texts, strict=True))
        many("INSERT INTO vectors VALUES (?, ?)", zip(numbers, map(bytes, vectors), strict=True))
        stems = self._record.stems
        words = zip(numbers, (indexable(text, stems) for text in rows.texts), strict=True)
        many("INSERT INTO words (rowid, text) VALUES (?, ?)", words)
        self._insert_fields(numbers, rows.columns)
        self._sum += vectors.sum(axis=0, dtype=np.float64)
        self._next += len(rows)

    def finish(self) -> int:
        """Settle the counts; how many texts were added."""
        self._record.set_setting("next_id", self._next_id)
        _settle(self._record, self.count, self._sum)
        return self.count

    def _make_columns(self, columns: Iterable[str]) -> None:
        for name in columns:
            if name not in self._positions:
                position = len(self._positions)
                if position == MOST_COLUMNS:
                    raise InputError(
                        f"column {name!r} would be one too many: {MOST_COLUMNS} is the most an index holds"
                    )
                self._connection.execute(f"ALTER TABLE fields ADD COLUMN c{position}")
                self._connection.execute("INSERT INTO columns VALUES (?, ?)", (position, name))
                self._positions[name] = position

    def _ids(self, rows: Rows) -> list[str]:
        """The ids of the rows; where none are given, the integers after the largest so far."""
        if rows.ids is None:
            start, self._next_id = self._next_id, self._next_id + len(rows)
            return [str(id) for id in range(start, self._next_id)]
        integers = (int(id) for id in rows.ids if len(id) <= _LARGEST_DIGITS and id.isascii() and id.isdigit())
        self._next_id = max(self._next_id, 1 + max(integers, default=-1))
        return rows.ids

    def _replace(self, ids: list[str]) -> None:
        """Remove what stands under these ids, unless this very write put it there."""
        if len(set(ids)) < len(ids):
            _refuse_twice(next(id for row, id in enumerate(ids) if id in ids[:row]))
        standing = numbers_of_ids(self._connection, ids)
        ours = standing[standing >= self._first]
        if len(ours):
            sql = "SELECT id FROM texts WHERE number = ?"
            _refuse_twice(self._connection.execute(sql, (int(ours[0]),)).fetchone()[0])
        remove(self._record, self._generation, standing)

    def _insert_fields(self, numbers: range, columns: dict[str, list[Any]]) -> None:
        names = list(columns)
        cells = [
            [stored(value, f"column {name!r}, row {row}") for row, value in enumerate(columns[name], self.count)]
            for name in names
        ]
        places = "".join(f", c{self._positions[name]}" for name in names)
        sql = f"INSERT INTO fields (number{places}) VALUES (?{', ?' * len(names)})"  # noqa: S608 - numbers, no names
        self._connection.executemany(sql, zip(numbers, *cells, strict=True))


def remove(record: Record, generation: int, numbers: Int64[np.ndarray, " removed"]) -> None:
    """Take texts out of every table."""
    connection = record.connection
    taken = np.zeros(record.setting("dim"))
    for part in _parts(numbers):
        marks = ", ".join("?" * len(part))
        texts = connection.execute(f"SELECT number, text FROM texts WHERE number IN ({marks})", part)  # noqa: S608
        gone = [(number, indexable(text, record.stems)) for number, text in texts]
        connection.executemany("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", gone)
        taken += vectors_of(connection, np.array(part, np.int64)).rows.sum(axis=0, dtype=np.float64)
        for table in ("texts", "vectors", "fields"):
            connection.execute(f"DELETE FROM {table} WHERE number IN ({marks})", part)  # noqa: S608
        connection.executemany("INSERT INTO removed VALUES (?, ?)", ((generation, number) for number in part))
    _settle(record, -len(numbers), -taken)


def entries(connection: sqlite3.Connection, numbers: Int64[np.ndarray, " found"]) -> dict[int, Entry]:
    """The texts of these numbers, by number; a number that is not there is left out."""
    positions = columns_of(connection)
    places = "".join(f", c{position}" for position in positions.values())
    found = {}
    for part in _parts(numbers):
        marks = ", ".join("?" * len(part))
        sql = f"SELECT number, id, text{places} FROM texts JOIN fields USING (number) WHERE number IN ({marks})"  # noqa: S608
        for number, id, text, *cells in connection.execute(sql, part):
            found[number] = Entry(id, text, dict(zip(positions, map(restored, cells), strict=True)))
    return found


def columns_of(connection: sqlite3.Connection) -> dict[str, int]:
    """The position of each column, by name, in the order in which they came."""
    return dict(connection.execute("SELECT name, position FROM columns ORDER BY position").fetchall())


def numbers_of_ids(connection: sqlite3.Connection, ids: list[str]) -> Int64[np.ndarray, " found"]:
    """The numbers of those of the ids that exist, sorted, each once."""
    found = [np.zeros(0, np.int64)]
    for first in range(0, len(ids), CHUNK):
        part = ids[first : first + CHUNK]
        sql = f"SELECT number FROM texts WHERE id IN ({', '.join('?' * len(part))})"  # noqa: S608 - question marks
        found.append(numbers_in(connection.execute(sql, part)))
    return np.unique(np.concatenate(found))


def drawn(connection: sqlite3.Connection, count: int, rng: np.random.Generator) -> Int64[np.ndarray, " drawn"]:
    """The numbers of some texts, drawn at random, each once; of all where there are no more."""
    numbers = numbers_in(connection.execute("SELECT number FROM texts ORDER BY number"))
    return np.sort(rng.permutation(numbers)[:count])


def vectors_of(connection: sqlite3.Connection, numbers: Int64[np.ndarray, " asked"]) -> Vectors:
    """The vectors of these numbers, by rising number; a number that is not there is left out."""
    rows: list[tuple[int, bytes]] = []
    for part in _parts(np.sort(numbers)):
        sql = f"SELECT number, vector FROM vectors WHERE number IN ({', '.join('?' * len(part))}) ORDER BY number"  # noqa: S608
        rows += connection.execute(sql, part).fetchall()
    return _vectors(rows, connection)


def all_vectors(connection: sqlite3.Connection, after: int = -1) -> Iterator[Vectors]:
    """Every vector with a number above `after`, by rising number, some thousands at a time."""
    cursor = connection.execute("SELECT number, vector FROM vectors WHERE number > ? ORDER BY number", (after,))
    while rows := cursor.fetchmany(CHUNK):
        yield _vectors(rows, connection)


def _vectors(rows: list[tuple[int, bytes]], connection: sqlite3.Connection) -> Vectors:
    dim = connection.execute("SELECT value FROM settings WHERE name = 'dim'").fetchone()[0]
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), np.float16).reshape(len(rows), dim)
    return Vectors(np.fromiter((number for number, _ in rows), np.int64, len(rows)), vectors)


def _parts(numbers: Int64[np.ndarray, " numbers"]) -> Iterator[list[int]]:
    for first in range(0, len(numbers), CHUNK):
        yield numbers[first : first + CHUNK].tolist()


def _last_number(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'texts'").fetchone()
    return row[0] if row else -1


def _settle(record: Record, texts: int, vectors: Float64[np.ndarray, " dim"]) -> None:
    """Keep the count of the texts and the sum of their vectors in step."""
    record.set_setting("texts", record.setting("texts") + texts)
    record.set_setting("sum", (np.frombuffer(record.setting("sum")) + vectors).tobytes())


def _refuse_twice(id: str) -> None:
    raise InputError(
        f"the id {id!r} occurs twice in what was added: an id names one text; leave the ids out to get new ones,"
        " or add the later texts in a second call to replace the earlier"
    )


def stored_vectors(model: Any, texts: list[str], dim: int) -> Float16[np.ndarray, "texts dim"]:
    """Vectors of documents as the record stores them; blank texts get zeros, which no search by vector finds."""
    vectors = np.zeros((len(texts), dim), np.float16)
    rows = [row for row, text in enumerate(texts) if text.strip()]
    if rows:
        vectors[rows] = document_vectors(model, [texts[row] for row in rows], dim)
    return vectors
