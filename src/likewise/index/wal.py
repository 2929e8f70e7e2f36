"""A connection to an SQLite file in WAL mode that serves every reader: without permission to write, or on a full disk.

SQLite writes to the log `-wal` and coordinates processes through its index `-shm`, and removes both when the last
process that may write has closed the file. While they exist they serve any reader, also after a writer was killed.
Without them, whoever cannot create them must read the file as an immutable one, without SQLite's locks. The file is
complete then, but a writer may come. So such a reader holds a lock of the folder, which needs no permission, and a
writer, whose log every later reader sees, waits once for that lock before it can change the file.
"""

import ctypes
import os
import sqlite3
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from likewise.errors import InputError, LikewiseError, ReplacedError

if sys.platform != "win32":
    import fcntl

_WRITABLE, _READ_ONLY, _IMMUTABLE = "mode=rw", "mode=ro&readonly_shm=1", "mode=ro&immutable=1"
_MAPPED = 1 << 40  # bytes
_RECENT_SECONDS = 2.0  # a file that changed within them may change again without another time of change
_POLL_SECONDS = 0.01
_LOG_KEPT, _LARGE_LOG = 1 << 24, 1 << 26  # bytes of the log that stay when it begins anew, and when it does
_CHECKPOINT_MILLISECONDS = 500  # that it waits for readers of earlier states
_ATTEMPTS = 20  # to begin a read while writers come and go
# Errors of a connection that may not write, or cannot on a full disk.
_NEEDS_WRITING = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_READONLY_DIRECTORY,
    sqlite3.SQLITE_READONLY_CANTINIT,
    sqlite3.SQLITE_READONLY_CANTLOCK,
    sqlite3.SQLITE_READONLY_RECOVERY,
    sqlite3.SQLITE_IOERR_SHMMAP,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_FULL,
}


class WalConnection:
    """A connection that is opened again whenever another way of reading is needed.

    Args:
        file: in WAL mode, in a folder of its own; an absolute path.
        wait_seconds: how long a write waits for other processes.
        setup: a statement for every new connection.

    Attributes:
        connection: to SQLite, without implicit transactions; another one after a `begin` that needed it.
        folder: of the file, for messages.
        large_log: bytes of the log from which it begins anew, also while there are readers.
    """

    connection: sqlite3.Connection
    _close: "weakref.finalize[..., WalConnection]"

    def __init__(self, file: Path, wait_seconds: float, setup: str) -> None:
        self.folder, self._wait_seconds, self._setup = file.parent, wait_seconds, setup
        self._file = file
        self._place = _place(self._file)
        self._writable = self._may_write()
        self._mode, self._process = "", 0
        self._stamp: tuple[int, int] | None = None  # of the file that an immutable connection reads
        self._readers_gone = False  # whether no immutable connection can be within a read
        self.large_log = self._largest_log = _LARGE_LOG

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction has begun."""
        return bool(self._mode) and self._close.alive and self.connection.in_transaction

    def begin(self, held: ExitStack) -> None:
        """Begin to read one state.

        Args:
            held: closed by the caller when the transaction has ended.

        Raises:
            ReplacedError: the file was replaced or removed.
            InputError: the file cannot be read without writing.
        """
        for attempt in range(_ATTEMPTS):
            self._check_place()
            try:
                mode = _WRITABLE if self._writable else self._read_only()
                if mode == _IMMUTABLE:
                    held.enter_context(_locked(self._file.parent))
                    mode = self._read_only()  # again: it holds now until the lock is released
                if not self._serves(mode):
                    self._connect(mode)
                self.connection.execute("BEGIN")
                # The first statement that reads fixes the state that is read.
                self.connection.execute("PRAGMA application_id").fetchone()
                return
            except sqlite3.OperationalError as error:
                held.close()
                if self.in_transaction:
                    self.connection.execute("ROLLBACK")
                if error.sqlite_errorcode not in _NEEDS_WRITING or attempt == _ATTEMPTS - 1:
                    raise
                self._writable = False

    def begin_writing(self) -> None:
        """Begin to write, when no other process does.

        Raises:
            ReplacedError: the file was replaced or removed, also while this waited for another writer.
            LikewiseError: an immutable reader did not finish.
            InputError: this user may not write.
        """
        self._check_place()
        if not self._may_write():
            raise InputError(f"cannot write to {self.folder}: this user has no permission, or it is mounted read-only")
        if not self._serves(_WRITABLE):
            self._connect(_WRITABLE)
        self.connection.execute("BEGIN IMMEDIATE")
        self._check_place()  # again: the writer that this waited for may have put another file in its place
        self._writable = True
        if not self._readers_gone:
            self._await_readers()

    def commit(self) -> None:
        """Commit a write.

        Raises:
            ReplacedError: the file was replaced or removed, so that nobody will see what was written.
        """
        self.connection.execute("COMMIT")
        self._check_place()
        self._limit_log()

    def close(self) -> None:
        """Close the file."""
        if self._mode:
            self._close()

    def _limit_log(self) -> None:
        """Begin the log anew when it is large.

        SQLite does so by itself at a moment without readers, which there is none of while many come and go.
        """
        with suppress(OSError, sqlite3.OperationalError):  # the write is durable; the next one tries again
            size = Path(f"{self._file}-wal").stat().st_size
            if size < self._largest_log:
                return
            self.connection.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_MILLISECONDS}")
            try:
                busy = self.connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]
            finally:
                self.connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._wait_seconds)}")
            self._largest_log = size + self.large_log if busy else self.large_log

    def _may_write(self) -> bool:
        return os.access(self._file, os.W_OK) and os.access(self._file.parent, os.W_OK)

    def _read_only(self) -> str:
        """Return how to connect without writing anything.

        Raises:
            InputError: there is a log without its index.
        """
        log, log_index = (Path(f"{self._file}{suffix}") for suffix in ("-wal", "-shm"))
        if log.exists() and log_index.exists():
            return _READ_ONLY
        with suppress(FileNotFoundError):
            if log.stat().st_size and not log_index.exists():
                raise InputError(
                    f"{self.folder} was left by a process that was stopped while it wrote: it must be opened once by a"
                    " user who may write to it, and with disk space left"
                )
        return _IMMUTABLE

    def _serves(self, mode: str) -> bool:
        """Return whether the connection is one in this mode, of this process, to the file as it is."""
        if mode != self._mode or self._process != os.getpid():  # SQLite's locks do not survive a fork
            return False
        return mode != _IMMUTABLE or (self._stamp is not None and self._stamp == _stamp(self._file))

    def _connect(self, mode: str) -> None:
        """Connect in this mode, after closing the connection before it, whose index of the log would be shared."""
        if self._mode:
            if self._close() is None:
                raise sqlite3.ProgrammingError("it is closed")
            self._mode = ""
        stamp = _stamp(self._file)
        connection = connect(self._file, mode, self._wait_seconds)
        connection.execute(self._setup)
        self._close = weakref.finalize(self, _closed, connection, self._file, self._place, os.getpid())
        self.connection, self._mode, self._process, self._stamp = connection, mode, os.getpid(), stamp
        self._readers_gone = False

    def _await_readers(self) -> None:
        """Wait until no process is within a read that began before there was a log."""
        end = time.monotonic() + self._wait_seconds
        while not self._readers_gone:
            try:
                with _locked(self._file.parent, alone=True):
                    self._readers_gone = True
            except BlockingIOError:
                if time.monotonic() > end:
                    raise LikewiseError(
                        f"a process that may not write to {self.folder} has been reading it for {self._wait_seconds:g}"
                        " s: nothing was written; try again when it has finished"
                    ) from None
                time.sleep(_POLL_SECONDS)

    def _check_place(self) -> None:
        if _place(self._file) != self._place:
            raise ReplacedError(
                f"{self.folder} was replaced, moved or removed after it was opened: nothing more is read or written;"
                " open it again"
            )


def connect(file: Path, mode: str, wait_seconds: float) -> sqlite3.Connection:
    """Open a connection without implicit transactions.

    Args:
        file: whole path.
        mode: of SQLite's URI, such as "mode=rwc".
        wait_seconds: how long a write waits for another.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?{mode}", uri=True, isolation_level=None, timeout=wait_seconds, check_same_thread=False
    )
    try:
        # A write that returned is never lost, not even in a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")  # 64 MiB: pages that a large write holds in memory
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT}")  # shrink the log again after a large write
        connection.execute("PRAGMA temp_store = MEMORY")
        # Pages are read from a memory map: some hundred vectors of a million in a third of the time.
        connection.execute(f"PRAGMA mmap_size = {_MAPPED}")
    except BaseException:
        connection.close()
        raise
    return connection


def _closed(connection: sqlite3.Connection, file: Path, place: tuple[int, int] | None, process: int) -> bool:
    """Close a connection; of a file that was replaced, or of another process, leave it open until this process ends.

    Closing removes the log by its name: that of the file that is there now, or of the process before the fork.
    """
    if _place(file) == place and process == os.getpid():
        connection.close()
    else:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
    return True


def _place(file: Path) -> tuple[int, int] | None:
    """Return device and inode of a file; None if there is none."""
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def _stamp(file: Path) -> tuple[int, int] | None:
    """Return size and time of the last change of a file; None if it has just changed."""
    status = file.stat()
    recent = abs(time.time() - status.st_mtime) < _RECENT_SECONDS
    return None if recent else (status.st_size, status.st_mtime_ns)


@contextmanager
def _locked(folder: Path, *, alone: bool = False) -> Iterator[None]:
    """Hold a lock of a folder: one of many readers, or alone. Windows has no such locks, nor some file systems.

    Raises:
        BlockingIOError: another process holds it, and `alone` does not wait.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        except BlockingIOError:
            raise
        except OSError:  # a file system without such locks has none for SQLite either
            pass
        yield
    finally:
        os.close(descriptor)
