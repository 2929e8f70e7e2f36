"""Texts in the record: added, replaced, removed and read, all tables in step, within the caller's transaction."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from likewise.arrays import Float16, Float64, Int64
from likewise.errors import InputError
from likewise.index.columns import CHUNK, DOCUMENT, Rows, from_cell, to_cells
from likewise.index.record import Record, fetch_row_ids, read_setting
from likewise.index.stems import indexed_text

MAX_VALUES = 50  # of a column that are counted
MAX_COLUMNS = 999  # SQLite's own limit is 2,000 a table, and each takes two
_LARGEST_DIGITS = 18  # an id with more digits is not counted among the integers


@dataclass(frozen=True)
class Entry:
    """A text of the index.

    Attributes:
        id: the user's name of it.
        text: the text itself.
        columns: every column of the index; None where this text has no value.
    """

    id: str
    text: str
    columns: dict[str, Any]


@dataclass(frozen=True)
class StoredVectors:
    """Vectors of the record.

    Attributes:
        row_ids: of their texts, in ascending order.
        vectors: in float16, at most of length one; zeros for a text that vector search cannot find.
    """

    row_ids: Int64[np.ndarray, " found"]
    vectors: Float16[np.ndarray, "found dim"]


class VectorReader:
    """Reads the vectors that one search needs, each at most once.

    Args:
        connection: to the record, within a transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._vectors: dict[int, bytes] = {}

    def read(self, row_ids: Int64[np.ndarray, " wanted"]) -> StoredVectors:
        """Return what `read_vectors` returns, for distinct row ids."""
        wanted = np.sort(row_ids).tolist()
        self._vectors |= _vector_rows(self.connection, [row_id for row_id in wanted if row_id not in self._vectors])
        known = [(row_id, self._vectors[row_id]) for row_id in wanted if row_id in self._vectors]
        return _stored(known, self.connection)


class Additions:
    """The texts that one write adds; a text with an id that exists replaces the old one.

    Args:
        record: within a write; nothing is kept unless its transaction is.
        generation: of the write.
        max_columns: how many columns an index can have.
    """

    def __init__(self, record: Record, generation: int, *, max_columns: int = MAX_COLUMNS) -> None:
        self._record, self._connection, self._generation = record, record.connection, generation
        self._max_columns, self._positions = max_columns, column_positions(self._connection)
        self._first = self._next = _last_row_id(self._connection) + 1
        self._next_id: int = record.setting("next_id")
        self._start, self._empty = self._next_id, record.setting("texts") == 0
        self._cut = bool(self._connection.execute("SELECT 1 FROM texts WHERE document IS NOT NULL LIMIT 1").fetchone())
        self._sum = np.zeros(record.setting("dim"))

    @property
    def count(self) -> int:
        """How many texts were added so far."""
        return self._next - self._first

    def add(self, rows: Rows, vectors: Float16[np.ndarray, "rows dim"]) -> None:
        """Write some rows.

        Raises:
            InputError: an id occurs twice within this write, or a column has a value that cannot be stored.
        """
        if rows.ids is not None and rows.reject is not None and (repeated := self._repeated(rows.ids)):
            for place in sorted(repeated):
                rows.reject(place, rows.ids[place])
            kept = [place for place in range(len(rows)) if place not in repeated]
            rows, vectors = rows.take(kept), vectors[kept]
        self._add_columns(rows.columns)
        rows = self._renumbered(rows)
        ids = self._ids(rows)
        self._replace(ids, rows.documents)
        row_ids = range(self._next, self._next + len(rows))
        many = self._connection.executemany
        documents: list[str] | list[None] = rows.documents or [None] * len(rows)
        many("INSERT INTO texts VALUES (?, ?, ?, ?)", zip(row_ids, ids, rows.texts, documents, strict=True))
        many("INSERT INTO vectors VALUES (?, ?)", zip(row_ids, map(bytes, vectors), strict=True))
        stems = self._record.stems
        words = zip(row_ids, (indexed_text(text, stems) for text in rows.texts), strict=True)
        many("INSERT INTO words (rowid, text) VALUES (?, ?)", words)
        self._insert_fields(row_ids, rows.columns)
        self._sum += vectors.sum(axis=0, dtype=np.float64)
        self._next += len(rows)

    def finish(self) -> int:
        """Write the totals, and return how many texts were added."""
        self._record.set_setting("next_id", self._next_id)
        update_totals(self._record, self.count, self._sum)
        return self.count

    def _add_columns(self, columns: Iterable[str]) -> None:
        for name in columns:
            if name not in self._positions:
                position = len(self._positions)
                if position == self._max_columns:
                    raise InputError(
                        f"column {name!r} is one too many: an index has at most {self._max_columns}; leave it out"
                    )
                for side in "co":  # what a value means, and its text if it is written otherwise
                    self._connection.execute(f"ALTER TABLE fields ADD COLUMN {side}{position}")
                self._connection.execute("INSERT INTO columns VALUES (?, ?)", (position, name))
                self._positions[name] = position

    def _renumbered(self, rows: Rows) -> Rows:
        """Return the rows without ids that are only row numbers, if the index has texts; passages with new ones."""
        if self._empty or not rows.numbered:
            return rows
        if rows.documents is None or rows.ids is None:
            return replace(rows, ids=None)
        documents = [str(self._start + int(document)) for document in rows.documents]
        ids = [f"{document}.{id.rpartition('.')[2]}" for document, id in zip(documents, rows.ids, strict=True)]
        column = [type(old)(new) for old, new in zip(rows.columns[DOCUMENT], documents, strict=True)]
        return replace(rows, ids=ids, documents=documents, columns=rows.columns | {DOCUMENT: column})

    def _ids(self, rows: Rows) -> list[str]:
        """Return the ids of the rows; without ids, the integers after the largest so far."""
        if rows.ids is None:
            start, self._next_id = self._next_id, self._next_id + len(rows)
            return [str(id) for id in range(start, self._next_id)]
        named = rows.documents or rows.ids
        integers = (int(id) for id in named if len(id) <= _LARGEST_DIGITS and id.isascii() and id.isdigit())
        self._next_id = max(self._next_id, 1 + max(integers, default=-1))
        return rows.ids

    def _repeated(self, ids: list[str]) -> set[int]:
        """The places of ids that this write has added already, or that occur earlier in the list."""
        existing = row_ids_of(self._connection, ids)
        ours = existing[existing >= self._first].tolist()
        if not ours and len(set(ids)) == len(ids):
            return set()
        known = {entry.id for entry in read_entries(self._connection, np.array(ours, np.int64)).values()}
        return {place for place, id in enumerate(ids) if id in known or known.add(id)}  # type: ignore[func-returns-value]

    def _replace(self, ids: list[str], documents: list[str] | None) -> None:
        """Remove the texts that have these ids, whole or in passages, and refuse an id that this write has added."""
        if len(set(ids)) < len(ids):
            _refuse_repeated(next(id for row, id in enumerate(ids) if id in ids[:row]))
        existing = row_ids_of(self._connection, ids)
        ours = existing[existing >= self._first]
        if len(ours):
            _refuse_repeated(self._names(ours)[0])
        if documents or self._cut:
            old = named_by(self._connection, documents or ids, passages=False)
            replaced = np.array(sorted(row_id for row_id in old if row_id < self._first), np.int64)
            others = np.setdiff1d(existing, replaced)
            if len(others):
                id, document = self._names(others)
                document = document or documents[ids.index(id)] if documents else document
                raise InputError(
                    f"the id {id!r} would name both a text and a passage of {document!r}: give one of them another id,"
                    " or delete the one that is in the index first"
                )
            existing = replaced
        remove(self._record, self._generation, existing)

    def _names(self, row_ids: Int64[np.ndarray, " found"]) -> tuple[str, str | None]:
        """Return the id of the first of these texts, and that of the text that it is a passage of."""
        sql = "SELECT id, document FROM texts WHERE row_id = ?"
        id, document = self._connection.execute(sql, (int(row_ids[0]),)).fetchone()
        return id, document

    def _insert_fields(self, row_ids: range, columns: dict[str, list[Any]]) -> None:
        names = list(columns)
        cells = [
            list(zip(*pairs, strict=True)) or [(), ()]
            for name in names
            for pairs in [
                [to_cells(v, f"column {name!r}, row {row}") for row, v in enumerate(columns[name], self.count)]
            ]
        ]
        places = "".join(f", c{self._positions[name]}, o{self._positions[name]}" for name in names)
        sql = f"INSERT INTO fields (row_id{places}) VALUES (?{', ?, ?' * len(names)})"  # noqa: S608 - columns by position
        self._connection.executemany(sql, zip(row_ids, *chain.from_iterable(cells), strict=True))


def remove(record: Record, generation: int, row_ids: Int64[np.ndarray, " removed"]) -> None:
    """Remove texts from every table."""
    connection = record.connection
    removed_sum = np.zeros(record.setting("dim"))
    for part in _parts(row_ids.tolist()):
        marks = ", ".join("?" * len(part))
        texts = connection.execute(f"SELECT row_id, text FROM texts WHERE row_id IN ({marks})", part)  # noqa: S608
        # FTS5 does not store the texts: it needs the terms that were added to remove them again.
        words = [(row_id, indexed_text(text, record.stems)) for row_id, text in texts]
        connection.executemany("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", words)
        removed_sum += read_vectors(connection, np.array(part, np.int64)).vectors.sum(axis=0, dtype=np.float64)
        for table in ("texts", "vectors", "fields"):
            connection.execute(f"DELETE FROM {table} WHERE row_id IN ({marks})", part)  # noqa: S608
        connection.executemany("INSERT INTO removed VALUES (?, ?)", ((generation, row_id) for row_id in part))
    update_totals(record, -len(row_ids), -removed_sum)


def read_entries(connection: sqlite3.Connection, row_ids: Int64[np.ndarray, " found"]) -> dict[int, Entry]:
    """Return the texts of these row ids, by row id; a row id that does not exist is left out."""
    positions = column_positions(connection)
    places = "".join(f", c{position}, o{position}" for position in positions.values())
    found = {}
    for part in _parts(row_ids.tolist()):
        marks = ", ".join("?" * len(part))
        sql = f"SELECT row_id, id, text{places} FROM texts JOIN fields USING (row_id) WHERE row_id IN ({marks})"  # noqa: S608
        for row_id, id, text, *cells in connection.execute(sql, part):
            values = map(from_cell, cells[::2], cells[1::2])
            found[row_id] = Entry(id, text, dict(zip(positions, values, strict=True)))
    return found


def count_values(
    connection: sqlite3.Connection, rows: Int64[np.ndarray, " rows"] | str | None, columns: Iterable[str]
) -> dict[str, list[tuple[Any, int]]]:
    """Return the values that columns have among some texts, or all of them, with their counts, the most frequent first.

    Texts without a value are not counted. At most `MAX_VALUES` values of a column are returned.

    Args:
        connection: to the record, within a transaction.
        rows: row ids of the texts, or a table of them; None for all.
        columns: their names.
    """
    positions, counted, part = column_positions(connection), {}, []
    among = f"AND row_id IN (SELECT row_id FROM {rows})" if isinstance(rows, str) else ""  # noqa: S608 - our own name
    if isinstance(rows, np.ndarray):
        part = rows[:CHUNK].tolist()
        among = f"AND row_id IN ({', '.join('?' * len(part))})"
    for name in columns:
        cell, written = f"c{positions[name]}", f"o{positions[name]}"
        sql = f"""SELECT {cell}, {written}, count(*) AS texts FROM fields WHERE {cell} IS NOT NULL {among}
            GROUP BY {cell}, {written} ORDER BY texts DESC, {cell} LIMIT {MAX_VALUES}"""  # noqa: S608 - by position
        found = connection.execute(sql, part).fetchall()
        counted[name] = [(from_cell(value, text), texts) for value, text, texts in found]
    return counted


def column_positions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the position of each column by name, in the order in which they were added."""
    return dict(connection.execute("SELECT name, position FROM columns ORDER BY position").fetchall())


def row_ids_of(connection: sqlite3.Connection, ids: list[str]) -> Int64[np.ndarray, " found"]:
    """Return the row ids of those of the ids that exist, in ascending order, each once."""
    found = [np.zeros(0, np.int64)]
    for part in _parts(ids):
        sql = f"SELECT row_id FROM texts WHERE id IN ({', '.join('?' * len(part))})"  # noqa: S608 - question marks
        found.append(fetch_row_ids(connection.execute(sql, part)))
    return np.unique(np.concatenate(found))


def named_by(connection: sqlite3.Connection, ids: list[str], *, passages: bool = True) -> dict[int, str]:
    """Return the row ids of the texts that these ids name, each with its name: whole ones, and all passages of others.

    Args:
        connection: to the record.
        ids: of texts.
        passages: whether an id that names no text may name a single passage.
    """
    found: dict[int, str] = {}
    single: dict[int, str] = {}
    wanted = set(ids)
    for part in _parts(ids):
        marks = ", ".join("?" * len(part))
        columns = "SELECT row_id, id, document FROM texts WHERE"
        sql = f"{columns} id IN ({marks}) UNION {columns} document IN ({marks})"
        for row_id, id, document in connection.execute(sql, part * 2):
            name = id if document is None else document
            found |= {row_id: name} if name in wanted else {}
            single |= {row_id: id} if id in wanted and name not in wanted else {}
    names = set(found.values())
    return found | {row_id: id for row_id, id in single.items() if passages and id not in names}


def sample_row_ids(
    connection: sqlite3.Connection, count: int, rng: np.random.Generator
) -> Int64[np.ndarray, " sampled"]:
    """Return a random sample of row ids, in ascending order; all of them if there are no more than `count`."""
    row_ids = fetch_row_ids(connection.execute("SELECT row_id FROM texts ORDER BY row_id"))
    return np.sort(rng.permutation(row_ids)[:count])


def read_vectors(connection: sqlite3.Connection, row_ids: Int64[np.ndarray, " wanted"]) -> StoredVectors:
    """Return the vectors of these row ids in ascending order; a row id that does not exist is left out."""
    return _stored(_vector_rows(connection, np.sort(row_ids).tolist()), connection)


def _vector_rows(connection: sqlite3.Connection, row_ids: list[int]) -> list[tuple[int, bytes]]:
    rows: list[tuple[int, bytes]] = []
    for part in _parts(row_ids):
        sql = f"SELECT row_id, vector FROM vectors WHERE row_id IN ({', '.join('?' * len(part))}) ORDER BY row_id"  # noqa: S608
        rows += connection.execute(sql, part).fetchall()
    return rows


def iter_vectors(connection: sqlite3.Connection, after: int = -1) -> Iterator[StoredVectors]:
    """Yield every vector with a row id above `after` in ascending order, some thousands at a time."""
    cursor = connection.execute("SELECT row_id, vector FROM vectors WHERE row_id > ? ORDER BY row_id", (after,))
    while rows := cursor.fetchmany(CHUNK):
        yield _stored(rows, connection)


def _stored(rows: list[tuple[int, bytes]], connection: sqlite3.Connection) -> StoredVectors:
    joined = b"".join(vector for _, vector in rows)
    vectors = np.frombuffer(joined, np.float16).reshape(len(rows), read_setting(connection, "dim"))
    return StoredVectors(np.fromiter((row_id for row_id, _ in rows), np.int64, len(rows)), vectors)


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(values), CHUNK):
        yield values[first : first + CHUNK]


def _last_row_id(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'texts'").fetchone()
    return row[0] if row else -1


def update_totals(record: Record, texts: int, vectors: Float64[np.ndarray, " dim"]) -> None:
    """Add to the number of texts and to the sum of their vectors."""
    record.set_setting("texts", record.setting("texts") + texts)
    record.set_setting("sum", (np.frombuffer(record.setting("sum")) + vectors).tobytes())


def _refuse_repeated(id: str) -> None:
    raise InputError(
        f"the id {id!r} occurs twice among the added texts: an id names one text; leave the ids out to get new ones,"
        " or add the later texts in a second call to replace the earlier"
    )
