"""Write files and folders atomically, one writer to a path: a killed process leaves the old one or the new one."""

import ctypes
import errno
import os
import platform
import re
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from likewise.errors import InputError, LikewiseError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)  # of a lock that another has; any other error: there are no locks
_BYTE = 1 << 30  # that is locked on Windows, where a locked byte cannot be read: far behind the owner
_EXCHANGE, _HERE = 2, -100  # RENAME_EXCHANGE and AT_FDCWD of Linux
_DAY = 24 * 3600.0
_held: dict[tuple[Path, int, int], int] = {}  # (path, process, thread): how often it is locked


def begun(path: Path) -> Path:
    """Return the folder next to a model in which its training keeps what it has until it ends."""
    return path.absolute().with_name(f"{path.name}.training")


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Refuse an output that exists or cannot be written, before any work is done for it.

    Raises:
        InputError: `path` exists and `overwrite` is false, or its parent is no writable folder.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(f"{path} is no file and no folder: choose another name")
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists already: choose another name, or pass --overwrite (overwrite=True)")
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {path}: {parent} is not a folder you may write to")


def refuse_other(path: Path, record: str, what: str, *, empty: bool = False) -> None:
    """Refuse to overwrite a folder of another kind, even with `overwrite`: it may be somebody's work.

    Args:
        path: the output.
        record: a file that every folder of the right kind has.
        what: describes a path without it, such as "no index".
        empty: whether an empty folder may be replaced too.

    Raises:
        InputError: the path exists and is of another kind.
    """
    known = (path / record).exists() or (empty and path.is_dir() and not any(path.iterdir()))
    if path.exists() and not known:
        raise InputError(f"{path} is {what}: it is not overwritten; choose another name, or remove it yourself")


@contextmanager
def locking(path: Path, *, overwrite: bool = False, wait: bool = False) -> Iterator[None]:
    """Be the only writer of an output within the block, and remove what a killed writer left of it.

    The lock is a file next to `path`, which the system frees when the process ends, however it ends. It holds between
    processes and between threads; the thread that has it may take it again. All spellings of a path are one. Where the
    file system has no locks, nothing is locked and nothing removed.

    Args:
        path: the output, a file or a folder.
        overwrite: whether `path` may exist.
        wait: wait for another writer instead of refusing.

    Raises:
        InputError: `path` exists and `overwrite` is false, or it cannot be written.
        LikewiseError: another process or thread writes it.
    """
    refuse_existing(path, overwrite=overwrite)
    place = Path(os.path.realpath(path))
    key = place, os.getpid(), threading.get_ident()
    if key in _held:
        _held[key] += 1
        try:
            yield
        finally:
            _held[key] -= 1
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = place.with_name(f".{place.name}.lock")
        file, killed = _open_lock(lock, path, wait=wait)
    except OSError as error:
        raise os_error(error, path) from error
    _held[key] = 1
    try:
        if killed is not None:
            _sweep(place, killed)
        refuse_existing(path, overwrite=overwrite)  # another may have written it since
        yield
    finally:
        del _held[key]
        _release(lock, file, owner=key[1])


@contextmanager
def replacing_file(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; rename it to `path` when the block ends without an error.

    Raises:
        InputError: `path` exists and `overwrite` is false.
        LikewiseError: another writes it, the disk is full or `path` cannot be written; what existed there is unchanged.
    """
    with _writing_aside(path, overwrite=overwrite) as (temporary, place):
        yield temporary
        _sync(temporary)
        _refuse_appeared(temporary, path, overwrite=overwrite)
        temporary.replace(place)


@contextmanager
def replacing_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield an empty temporary folder next to `path`; rename it to `path` when the block ends without an error.

    Raises:
        InputError: `path` exists and `overwrite` is false.
        LikewiseError: another writes it, the disk is full or `path` cannot be written; what existed there is unchanged.
    """
    with _writing_aside(path, overwrite=overwrite) as (temporary, place):
        temporary.mkdir()
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _sync(file)
        _refuse_appeared(temporary, path, overwrite=overwrite)
        if place.exists():
            # A folder cannot be renamed over another one: the old one is renamed first, and removed last.
            old = temporary.with_suffix(".old")
            _rename_over(temporary, place, old)
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        else:
            temporary.rename(place)


def exchange_folders(first: Path, second: Path) -> None:
    """Exchange two folders of one file system whose locks the caller has.

    On Linux it is one step: whoever opens a path finds one folder or the other. Elsewhere there is nothing at `first`
    for an instant; if the process is killed then, the next writer of `first` puts the old one back.

    Raises:
        LikewiseError: they cannot be exchanged; both are where they were.
    """
    try:
        if not _exchanged(first, second):
            old = first.with_name(f".{first.name}.{uuid.uuid4().hex[:8]}.old")
            _rename_over(second, first, old)
            old.rename(second)
    except OSError as error:
        raise LikewiseError(f"{first} and {second} were not exchanged: {error.strerror or error}") from error


def _rename_over(new: Path, place: Path, old: Path) -> None:
    """Give what is new its place, and what was there the name `old`; or leave both as they were."""
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        old.rename(place)
        raise


def _exchanged(first: Path, second: Path) -> bool:
    """Exchange two paths by the system call for it; false where there is none, or not for this file system."""
    if sys.platform != "linux":
        return False
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if call(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0:
        return True
    if ctypes.get_errno() in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def os_error(error: OSError, path: Path) -> LikewiseError:
    """Turn an error while writing `path` into one line."""
    if error.errno == errno.ENOSPC:
        return LikewiseError(f"the disk is full: {path} was not written, what existed there is unchanged")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return InputError(f"cannot write {path}: {error.strerror}")
    return LikewiseError(f"{path} was not written: {error}")


@contextmanager
def _writing_aside(path: Path, *, overwrite: bool) -> Iterator[tuple[Path, Path]]:
    """Lock an output; yield a temporary path, which is removed in the end, and the place that it is renamed to."""
    with locking(path, overwrite=overwrite):
        place = Path(os.path.realpath(path))
        temporary = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            with _naming(path, temporary):
                yield temporary, place
        finally:
            if temporary.is_dir():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)


def _sync(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """Turn errors within the block into one line that names `path` instead of its temporary one."""
    try:
        try:
            yield
        except OSError as error:
            raise os_error(error, path) from error
    except LikewiseError as error:
        error.args = (str(error).replace(str(temporary), str(path)), *error.args[1:])
        raise


def _sweep(place: Path, killed: str) -> None:
    """Remove what a killed writer left; put back what it had renamed to put the new one there."""
    name = re.escape(place.name) + r"\.[0-9a-f]{8}"
    # Also what was written within a temporary path itself, such as the empty index that texts are then added to.
    left = re.compile(rf"\.{name}\.(old|part\b.*)|\.\.{name}\.part\.([0-9a-f]{{8}}\.(old|part\b.*)|lock)")
    for path in [path for path in place.parent.iterdir() if left.fullmatch(path.name)]:
        with suppress(OSError):
            # Some network file systems lock within one machine only: the writer on another one may be alive.
            if not killed.endswith(f" on {platform.node()}"):
                changed = max(each.stat().st_mtime for each in (path, *path.rglob("*")))
                if time.time() - changed < _DAY:
                    continue
            if path.suffix == ".old" and not place.exists() and not path.name.startswith(f"..{place.name}"):
                path.rename(place)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _refuse_appeared(temporary: Path, path: Path, *, overwrite: bool) -> None:
    """Never replace what was not there at the beginning; the work is not lost."""
    if overwrite or not path.exists():
        return
    other = path.with_name(f"{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    temporary.rename(other)
    raise LikewiseError(f"{path} appeared while it was written, and is not overwritten: the result is in {other}")


def _open_lock(lock: Path, path: Path, *, wait: bool) -> tuple[int, str | None]:
    """Open and lock a file: its descriptor, and the killed process that had it or ""; None where there are no locks."""
    while True:
        file = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            locked = _try_lock(file)
            if locked is None and not wait:
                owner = _owner(file, path)
                raise LikewiseError(f"{path} is being written by {owner}: wait for it, or choose another name")
            if locked is not None and _is_at(lock, file):
                before = os.read(file, 400).decode("utf-8", "replace") if locked else None
                os.truncate(file, 0)
                os.lseek(file, 0, os.SEEK_SET)
                os.write(file, f"process {os.getpid()} on {platform.node()}".encode())
                return file, before
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        if locked is None:
            time.sleep(0.1)


def _try_lock(file: int) -> bool | None:
    """Lock an open file: None if another has it, false if the file system has no locks."""
    try:
        if sys.platform == "win32":
            os.lseek(file, _BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno in _BUSY else False
    return True


def _is_at(lock: Path, file: int) -> bool:
    """Whether an open file still has its name: its last owner may have removed it before it could be locked."""
    try:
        return os.path.samestat(os.fstat(file), lock.stat())
    except FileNotFoundError:
        return False


def _owner(file: int, path: Path) -> str:
    """Who has locked an open file, in words."""
    if any(key[:2] == (Path(os.path.realpath(path)), os.getpid()) for key in list(_held)):
        return "another thread of this process"
    for _ in range(5):
        os.lseek(file, 0, os.SEEK_SET)
        if owner := os.read(file, 400).decode("utf-8", "replace"):
            return owner
        time.sleep(0.01)  # it has locked the file just now
    return "another process"


def _release(lock: Path, file: int, owner: int) -> None:
    """Remove a lock while it is held; a fork of its owner only closes it."""
    removes = os.getpid() == owner
    with suppress(OSError):
        if removes and sys.platform != "win32":
            lock.unlink()
    os.close(file)
    with suppress(OSError):
        if removes and sys.platform == "win32":  # an open file cannot be removed there
            lock.unlink()
