"""What there is to know of an index."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from likewise.errors import InputError, LikewiseError
from likewise.index.bm25 import TABLES
from likewise.index.stems import Stems
from likewise.model.embedder import PROBES, Identity

__all__ = ["FILE", "FORMAT", "Description", "Record", "identity_settings", "size_of"]


@dataclass(frozen=True)
class Description:
    """What there is to know of a collection.

    Attributes:
        texts: how many it holds.
        dim: length of a vector.
        columns: their names.
        generation: how many writes it has seen.
        kind: "exact" search by vector, or "signs": approximate.
        recall: which share of the 10 nearest the search by vector finds, measured on a sample; 1.0 when exact.
        bytes: of the folder.
        model: class of the model, and the first characters of its fingerprint.
        stems: how many forms of words are searched as another form of theirs.
    """

    texts: int
    dim: int
    columns: tuple[str, ...]
    generation: int
    kind: str
    recall: float
    bytes: int
    model: str
    stems: int


def size_of(folder: Path) -> int:
    """Of the files below a folder, in bytes; what another process has just renamed or removed counts nothing."""
    return sum(map(_size, folder.rglob("*")))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0


FILE = "record.sqlite"
FORMAT = 2  # raised when tables, stored vectors or the cutting of words change
OLDEST = (3, 32, 0)  # the first to take more than 999 parameters
WAIT_SECONDS = 30.0  # that a second writer waits for the first
MAPPED = 1 << 40  # bytes

_APPLICATION = 0x4C696B65  # "Like": tells our files from other SQLite files
_SCHEMA = (
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE texts (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL)",
    # Apart from the texts, so that a scan of all vectors or of a column reads nothing else.
    "CREATE TABLE vectors (number INTEGER PRIMARY KEY, vector BLOB NOT NULL)",
    "CREATE TABLE fields (number INTEGER PRIMARY KEY)",
    "CREATE TABLE columns (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE removed (generation INTEGER, number INTEGER, PRIMARY KEY (generation, number)) WITHOUT ROWID",
    *TABLES,
)


class Record:
    """A connection to the record; threads take turns.

    Attributes:
        connection: to SQLite, without transactions of its own: use `reading` and `writing`.
        folder: the index.
        turn: held by the thread whose turn it is.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.connection = connection
        self.turn = threading.RLock()

    @classmethod
    def create(cls, folder: Path, settings: dict[str, Any]) -> None:
        """Write an empty record into `folder`.

        Raises:
            LikewiseError: this Python's SQLite lacks FTS5, or the disk is full.
        """
        with _told(folder):
            connection = _connected(folder, "rwc")
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    connection.execute(statement)
                start = {"generation": 0, "texts": 0, "next_id": 0, "forgotten": 0, **settings}
                connection.executemany("INSERT INTO settings VALUES (?, ?)", start.items())
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.execute("COMMIT")
            finally:
                connection.close()

    @classmethod
    def open(cls, folder: Path) -> "Record":
        """Open the record of the index at `folder`.

        Raises:
            InputError: there is no index at `folder`, its record is missing or damaged, or of a newer format.
        """
        if not folder.exists():
            raise InputError(f"{folder} does not exist: make an index with `likewise index` or Collection.create")
        if not folder.is_dir() or not (folder / FILE).is_file():
            raise InputError(f"{folder} is no index: a folder with {FILE} was expected")
        with _told(folder):
            connection = _connected(folder, "rw")
            try:
                application = connection.execute("PRAGMA application_id").fetchone()[0]
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if application != _APPLICATION:
                    raise InputError(f"{folder / FILE} is no record of an index: make the index anew")
                if version > FORMAT:
                    raise InputError(f"{folder} is of format {version}, this Likewise reads {FORMAT}: update Likewise")
                connection.execute("SELECT max(number) FROM texts").fetchone()
            except BaseException:
                connection.close()
                raise
        return cls(folder, connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the record, whatever others write meanwhile."""
        with self.turn, _told(self.folder):
            if self.connection.in_transaction:  # within a write: it sees its own state
                yield self.connection
                return
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("ROLLBACK")

    @contextmanager
    def writing(self, *, changes: bool = True) -> Iterator[int]:
        """One write, wholly kept when the block ends and not at all when it raises; yields the new generation.

        Args:
            changes: whether texts come or go; without, the generation stays.

        Raises:
            LikewiseError: another process has been writing for `WAIT_SECONDS`, or the disk is full.
        """
        with self.turn, _told(self.folder):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                generation = self.setting("generation") + int(changes)
                self.set_setting("generation", generation)
                yield generation
                self.connection.execute("COMMIT")
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    @property
    def identity(self) -> Identity:
        """The identity of the model that the index was made with."""
        probe = np.frombuffer(self.setting("probe"), np.float32).reshape(len(PROBES), -1)
        name, dim, fingerprint = (self.setting(name) for name in ("model", "dim", "fingerprint"))
        return Identity(name, dim, fingerprint, bool(self.setting("model_stored")), probe)

    @cached_property
    def stems(self) -> Stems:
        """Which word stands for which in this index, from its making on."""
        return Stems.read(self.setting("stems"))

    def setting(self, name: str) -> Any:
        """What the record says of itself: generation, texts (how many), dim, model and so on; None if nothing."""
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_setting(self, name: str, value: Any) -> None:
        """Say it, within a write."""
        self.connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Let go of the file."""
        with self.turn:
            self.connection.close()


def identity_settings(identity: Identity) -> dict[str, Any]:
    """The settings from which `Record.identity` reads an identity."""
    return {
        "model": identity.name, "dim": identity.dim, "fingerprint": identity.fingerprint,
        "model_stored": int(identity.storable), "probe": identity.probe.tobytes(),
    }  # fmt: skip


def _connected(folder: Path, mode: str) -> sqlite3.Connection:
    """A connection without implicit transactions."""
    path = quote(str((folder / FILE).absolute()))
    if mode == "rw" and not os.access(folder, os.W_OK):
        # WAL needs files beside the record even to read; on a disk where nobody writes there is nothing to wait for.
        mode = "ro&immutable=1"
    connection = sqlite3.connect(
        f"file:{path}?mode={mode}", uri=True, isolation_level=None, timeout=WAIT_SECONDS, check_same_thread=False
    )
    try:
        fts5 = connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone()
        if not fts5 or sqlite3.sqlite_version_info < OLDEST:
            raise LikewiseError(
                f"the SQLite of this Python, {sqlite3.sqlite_version}{'' if fts5 else ' without FTS5'}, is not enough:"
                f" an index needs {'.'.join(map(str, OLDEST))} with FTS5, as a Python of python.org or conda has"
            )
        # A write that was reported is never lost, also in a power cut: no cache of it may outlive it.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")  # 64 MiB: what a large write holds before it goes to the disk
        connection.execute(
            "PRAGMA journal_size_limit = 16777216"
        )  # a large write leaves no file of its own size behind
        connection.execute("PRAGMA temp_store = MEMORY")
        # Pages are read from the map of the file, up to what SQLite's own limit allows: some hundred vectors of a
        # million in a third of the time that reading their pages takes.
        connection.execute(f"PRAGMA mmap_size = {MAPPED}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Say SQLite's errors in one line."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            told: LikewiseError = LikewiseError(
                f"another process is writing to {folder}: nothing was written after {WAIT_SECONDS:g} s of waiting,"
                " try again when it is done"
            )
        elif code == sqlite3.SQLITE_FULL:
            told = LikewiseError(f"the disk is full: {folder} is as it was before")
        elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            told = InputError(f"cannot write or open {folder / FILE}: {error}")
        elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "no such table" in str(error):
            told = InputError(f"{folder / FILE} is damaged ({error}): make the index anew, or restore a copy of it")
        else:
            told = LikewiseError(f"the record of {folder} failed: {error}")
        raise told from error
