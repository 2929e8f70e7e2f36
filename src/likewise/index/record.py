"""The record of an index: one SQLite database in WAL mode, its tables, transactions and errors; and its row ids.

Row ids say which texts were found, which a filter allows, and which changed since a generation.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Float64, Int64
from likewise.errors import InputError, LikewiseError
from likewise.index.stems import TOKENIZER, Stems
from likewise.index.wal import WalConnection, connect

FILE = "record.sqlite"
FORMAT = 4  # raised when tables, settings, stored vectors or the terms of a text change
MIN_SQLITE = (3, 32, 0)  # the first to take more than 999 parameters
WAIT_SECONDS = 30.0  # that a second writer waits for the first
_APPLICATION_ID = 0x4C696B65  # "Like", in the header of the SQLite file

# What was computed from a record is computed again when more texts were added or removed than both of these limits.
# Reading 5,000 vectors from the record takes about 10 ms.
FEW_CHANGES, CHANGED_SHARE = 5_000, 0.02

# Created for every connection, which is quick: a view of the occurrences in FTS5.
INSTANCES = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab(main, words, instance)"
WORD_TABLES = (
    f"""CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize="{TOKENIZER}")""",
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row')",
)
_SCHEMA = (
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    # `document` is the id of the text that a passage is from; null for a whole text.
    """CREATE TABLE texts (row_id INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL,
        document TEXT)""",
    "CREATE INDEX passages ON texts (document) WHERE document IS NOT NULL",
    # Separate from the texts, so that a scan of all vectors or of a column reads nothing else.
    "CREATE TABLE vectors (row_id INTEGER PRIMARY KEY, vector BLOB NOT NULL)",
    "CREATE TABLE fields (row_id INTEGER PRIMARY KEY)",
    "CREATE TABLE columns (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE removed (generation INTEGER, row_id INTEGER, PRIMARY KEY (generation, row_id)) WITHOUT ROWID",
    *WORD_TABLES,
)


class Record:
    """A connection to the record, which threads use in turns.

    Args:
        folder: the index.
        wait_seconds: how long a write waits for another process.

    Attributes:
        folder: the index.
        lock: held by the thread that uses the connection.
        wait_seconds: how long a write waits for another process.
    """

    def __init__(self, folder: Path, wait_seconds: float) -> None:
        self.folder, self.wait_seconds = folder, wait_seconds
        self.lock = threading.RLock()
        self._wal = WalConnection(folder / FILE, wait_seconds, INSTANCES)

    @property
    def connection(self) -> sqlite3.Connection:
        """To SQLite, without implicit transactions: use `reading` and `writing`, which may open another one."""
        return self._wal.connection

    @property
    def in_transaction(self) -> bool:
        """Whether this record is within a read or a write."""
        return self._wal.in_transaction

    @staticmethod
    def create(folder: Path, settings: dict[str, Any], *, min_sqlite: tuple[int, ...] = MIN_SQLITE) -> None:
        """Write an empty record into `folder`.

        Args:
            folder: of the index.
            settings: beyond those that every record begins with.
            min_sqlite: the oldest version of SQLite that is accepted.

        Raises:
            LikewiseError: the SQLite of this Python is too old or lacks FTS5, or the disk is full.
        """
        _check_sqlite(min_sqlite)
        with _one_line_errors(folder, WAIT_SECONDS):
            connection = connect((folder / FILE).absolute(), "mode=rwc", WAIT_SECONDS)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    connection.execute(statement)
                start = {"generation": 0, "texts": 0, "next_id": 0, "removed_cleared": 0, **settings}
                connection.executemany("INSERT INTO settings VALUES (?, ?)", start.items())
                connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.execute("COMMIT")
            finally:
                connection.close()

    @classmethod
    def open(cls, folder: Path, *, wait_seconds: float = WAIT_SECONDS) -> "Record":
        """Open the record of the index at `folder`.

        Args:
            folder: of the index.
            wait_seconds: how long a write waits for another process.

        Raises:
            InputError: there is no index at `folder`, its record is missing or damaged, may not be read, or has another
                format.
        """
        try:
            if not folder.exists():
                raise InputError(f"{folder} does not exist: make an index with `likewise index` or Collection.create")
            if not folder.is_dir() or not (folder / FILE).is_file():
                raise InputError(f"{folder} is no index: expected a folder with {FILE}")
        except PermissionError:
            raise _may_not_read(folder) from None
        for path in (folder, folder / FILE):
            if not os.access(path, os.R_OK):
                raise _may_not_read(path)
        _check_sqlite(MIN_SQLITE)
        with _one_line_errors(folder, wait_seconds):
            record = cls(folder.absolute(), wait_seconds)  # whatever the working directory is later
            try:
                with record.reading() as connection:
                    _check_format(folder, connection)
            except BaseException:
                record.close()
                raise
        return record

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read one state of the record, whatever other processes write meanwhile.

        Raises:
            LikewiseError: the index was replaced or removed since it was opened.
        """
        with self.lock, _one_line_errors(self.folder, self.wait_seconds):
            if self.in_transaction:  # within a write, which sees its own state
                yield self.connection
                return
            with ExitStack() as held:
                self._wal.begin(held)
                held.callback(self.connection.execute, "ROLLBACK")
                yield self.connection

    @contextmanager
    def writing(self, *, changes: bool = True) -> Iterator[int]:
        """Write all or nothing: commit when the block ends, roll back when it raises; yields the new generation.

        Args:
            changes: whether texts are added or removed; if not, the generation stays the same.

        Raises:
            LikewiseError: another process wrote during all of `wait_seconds`, the disk is full, or the index was
                replaced or removed since it was opened.
        """
        with self.lock, _one_line_errors(self.folder, self.wait_seconds):
            try:
                self._wal.begin_writing()
                generation = self.setting("generation") + int(changes)
                self.set_setting("generation", generation)
                yield generation
                self._wal.commit()
            finally:
                if self.in_transaction:
                    self.connection.execute("ROLLBACK")

    @contextmanager
    def blocking_writers(self) -> Iterator[sqlite3.Connection]:
        """Read the latest state while nobody else can write; nothing is written.

        Raises:
            LikewiseError: another process wrote during all of `wait_seconds`, or the index was replaced or removed.
        """
        with self.lock, _one_line_errors(self.folder, self.wait_seconds):
            try:
                self._wal.begin_writing()
                yield self.connection
            finally:
                if self.in_transaction:
                    self.connection.execute("ROLLBACK")

    @cached_property
    def stems(self) -> Stems:
        """The stems that this index was made with."""
        return Stems.from_json(self.setting("stems"))

    def setting(self, name: str) -> Any:
        """Return a setting, such as `generation`, `texts` or `dim`; None if there is no such setting."""
        return read_setting(self.connection, name)

    def set_setting(self, name: str, value: Any) -> None:
        """Change a setting, within a write."""
        self.connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._wal.close()


def read_setting(connection: sqlite3.Connection, name: str) -> Any:
    """Return a setting of a record, as `Record.setting` does."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def _check_sqlite(min_sqlite: tuple[int, ...]) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        fts5 = connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone()
    if not fts5 or sqlite3.sqlite_version_info < min_sqlite:
        raise LikewiseError(
            f"the SQLite of this Python, {sqlite3.sqlite_version}{'' if fts5 else ' without FTS5'}, is not enough:"
            f" an index needs {'.'.join(map(str, min_sqlite))} with FTS5, as in a Python of python.org or conda"
        )


def _check_format(folder: Path, connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise InputError(f"{folder / FILE} is no record of an index: make the index again")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != FORMAT:
        raise InputError(f"{folder} has format {version}, this version reads format {FORMAT}: make the index again")
    connection.execute("SELECT max(row_id) FROM texts").fetchone()


def _may_not_read(path: Path) -> InputError:
    return InputError(f"{path} may not be read by this user: its owner must permit it (chmod -R a+rX)")


@contextmanager
def _one_line_errors(folder: Path, wait_seconds: float) -> Iterator[None]:
    """Turn SQLite's errors into our own, of one line."""
    try:
        yield
    except sqlite3.Error as error:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = sqlite3.SQLITE_FULL if extended == sqlite3.SQLITE_IOERR_SHMSIZE else extended & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            ours: LikewiseError = LikewiseError(
                f"another process is writing to {folder}: nothing was written after waiting {wait_seconds:g} s;"
                " try again when it has finished"
            )
        elif code == sqlite3.SQLITE_FULL:
            ours = LikewiseError(f"the disk is full: {folder} is unchanged; free some space and try again")
        elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            ours = InputError(f"cannot write or open {folder / FILE}: {error}")
        elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "no such table" in str(error):
            ours = InputError(f"{folder / FILE} is damaged ({error}): make the index again, or restore a copy of it")
        else:
            ours = LikewiseError(f"the record of {folder} failed: {error}")
        raise ours from error


@dataclass(frozen=True)
class Ranked:
    """Texts that were found, best first; of equal scores the text that was added first.

    Attributes:
        row_ids: of the texts.
        scores: cosine similarity, BM25, or the fused score.
        by_words: what BM25 adds to a fused score; None for others.
    """

    row_ids: Int64[np.ndarray, " found"]
    scores: Float64[np.ndarray, " found"]
    by_words: Float64[np.ndarray, " found"] | None = None


def best_first(
    row_ids: Int64[np.ndarray, " candidates"],
    scores: Float64[np.ndarray, " candidates"],
    k: int,
    by_words: Float64[np.ndarray, " candidates"] | None = None,
) -> Ranked:
    """Return the `k` highest scores; of equal scores the lower row id comes first."""
    order = np.lexsort((row_ids, -scores))[:k]
    return Ranked(row_ids[order], scores[order], None if by_words is None else by_words[order])


def fetch_row_ids(cursor: sqlite3.Cursor) -> Int64[np.ndarray, " found"]:
    """Return the row ids that a query selects, in its order."""
    return np.fromiter(chain.from_iterable(cursor), np.int64)


@dataclass
class AllowedRows:
    """The rows that a filter allows, in a table of the connection.

    Attributes:
        connection: to the record.
        table: with a column `row_id`.
    """

    connection: sqlite3.Connection
    table: str

    @cached_property
    def row_ids(self) -> Int64[np.ndarray, " allowed"]:
        """The row ids in ascending order, read on first use."""
        return fetch_row_ids(self.connection.execute(f"SELECT row_id FROM {self.table} ORDER BY row_id"))  # noqa: S608


@dataclass(frozen=True)
class Changes:
    """What changed in a record since a generation.

    Attributes:
        added: how many texts were added.
        removed: row ids of the texts that were removed.
        incomplete: whether the list of removed texts was cleared meanwhile, so that some are missing from it.
    """

    added: int
    removed: Int64[np.ndarray, " removed"]
    incomplete: bool

    @classmethod
    def since(cls, connection: sqlite3.Connection, generation: int, last: int) -> "Changes":
        """Read the changes within a transaction.

        Args:
            connection: to the record.
            generation: the state to compare with.
            last: the highest row id of that state.
        """
        sql = "SELECT row_id FROM removed WHERE generation > ? AND row_id <= ?"
        removed = fetch_row_ids(connection.execute(sql, (generation, last)))
        added = connection.execute("SELECT count(*) FROM words_docsize WHERE id > ?", (last,)).fetchone()[0]
        return cls(added, removed, generation < read_setting(connection, "removed_cleared"))

    def exceed(self, few: int, texts: int) -> bool:
        """Return whether more changed than `few` texts and than 2 % of `texts`, or the changes are incomplete."""
        return self.incomplete or self.added + len(self.removed) > max(few, CHANGED_SHARE * texts)


def file_size(file: Path) -> int:
    """Return the size of a file in bytes; 0 if another process has just renamed or removed it."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0
