"""Write files and folders atomically: a killed process leaves the old one or the new one, never a part."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from likewise.errors import InputError, LikewiseError


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Refuse an output that exists or cannot be written, before any work is done for it.

    Raises:
        InputError: `path` exists and `overwrite` is false, or its parent is no writable folder.
    """
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
def replacing_file(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; rename it to `path` when the block ends without an error.

    Raises:
        InputError: `path` exists and `overwrite` is false.
        LikewiseError: the disk is full or `path` cannot be written; what existed there is unchanged.
    """
    refuse_existing(path, overwrite=overwrite)
    temporary = path.absolute().parent / f".{path.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise os_error(error, path) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield an empty temporary folder next to `path`; rename it to `path` when the block ends without an error.

    Raises:
        InputError: `path` exists and `overwrite` is false.
        LikewiseError: the disk is full or `path` cannot be written; what existed there is unchanged.
    """
    refuse_existing(path, overwrite=overwrite)
    temporary = path.absolute().parent / f".{path.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        temporary.mkdir(parents=True)
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
        if path.exists():
            # A folder cannot be renamed over another one: the old one is renamed first, and removed last.
            old = temporary.with_suffix(".old")
            path.rename(old)
            try:
                temporary.rename(path)
            except OSError:
                old.rename(path)
                raise
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        else:
            temporary.rename(path)
    except OSError as error:
        raise os_error(error, path) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def os_error(error: OSError, path: Path) -> LikewiseError:
    """Turn an error while writing `path` into one line."""
    if error.errno == errno.ENOSPC:
        return LikewiseError(f"the disk is full: {path} was not written, what existed there is unchanged")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return InputError(f"cannot write {path}: {error.strerror}")
    return LikewiseError(f"{path} was not written: {error}")
