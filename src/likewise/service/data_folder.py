"""The data folder: files that jobs read, uploads and results, by names that cannot lead anywhere else."""

import asyncio
import os
import re
import secrets
import stat
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import msgspec

from likewise.atomic import locking, replacing_file
from likewise.corpus.paths import KNOWN, format_of
from likewise.errors import InputError, LikewiseError

NAME = re.compile(r"[^\W_][\w .()+-]{0,118}[\w)]")
MAX_FILES = 1_000
_UPLOAD = ".upload"  # the end of the name of a file that is being sent
_ABANDONED = 3_600.0  # seconds after which such a file is left over from a server that was killed


class TooLargeError(LikewiseError):
    """A file that is sent has more bytes than a server takes."""


class FileStatus(msgspec.Struct):
    """A file, or the result of a job.

    Attributes:
        name: of it.
        bytes: its size; 0 of a folder.
        is_folder: whether it is a folder, such as a model.
    """

    name: str
    bytes: int
    is_folder: bool = False


def checked_name(name: str) -> str:
    """Return a name that is one of a file in a folder: no path, nothing hidden, no control character.

    Raises:
        InputError: it is none.
    """
    if NAME.fullmatch(name) is None:
        raise InputError(
            f"{name[:60]!r} is no name of a file here: expected letters, digits, spaces and . ( ) + - _, at most 120"
            " characters, with a letter or digit first"
        )
    return name


class DataFolder:
    """A folder whose files are called by their names.

    Args:
        path: of the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(os.path.realpath(path))

    def file(self, name: str) -> Path:
        """Return the path of a file to read.

        Raises:
            InputError: there is none, or it is a link.
        """
        return self._existing(name, stat.S_ISREG, "file")

    def folder(self, name: str) -> Path:
        """Return the path of a folder to read, such as a model.

        Raises:
            InputError: there is none, or it is a link.
        """
        return self._existing(name, stat.S_ISDIR, "folder")

    def output(self, name: str) -> Path:
        """Return the path of a result, which may exist; never through a link.

        Raises:
            InputError: the name is none, or a link has it.
        """
        path = self.path / checked_name(name)
        if path.is_symlink():
            raise InputError(f"{name} is a link: choose another name")
        return path

    def list(self) -> list[FileStatus]:
        """Return files and results in the order of their names, without hidden ones and links."""
        found = []
        for entry in sorted(os.scandir(self.path), key=lambda each: each.name):
            folder, file = entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)
            if (folder or file) and NAME.fullmatch(entry.name):
                found.append(FileStatus(entry.name, entry.stat().st_size if file else 0, folder))
        return found

    def remove(self, name: str) -> None:
        """Remove a file; results that are folders are not removed over HTTP.

        Raises:
            InputError: there is no such file.
        """
        self.file(name).unlink()

    async def receive(self, name: str, content: AsyncIterator[bytes], limit: int, *, overwrite: bool) -> int:
        """Write a file that is being sent; it appears under its name when it is complete. Returns its bytes.

        Raises:
            InputError: the name cannot be read by jobs, exists already, or the folder has too many files.
            TooLargeError: there are more bytes than `limit`.
            LikewiseError: the disk is full.
        """
        path = self.output(name)
        if format_of(Path(name)) is None:
            raise InputError(f"{name} is no file of texts: expected a name that ends in {KNOWN}")
        if path.exists() and not overwrite:
            raise InputError(f"{name} exists already: choose another name, or send overwrite=true")
        if len(self.list()) >= MAX_FILES:
            raise InputError(f"the data folder has {MAX_FILES:,} files: delete some first")
        part, size = self.path / f".{secrets.token_hex(8)}{_UPLOAD}", 0
        try:
            with part.open("xb") as file:
                async for some in content:
                    size += len(some)
                    if size > limit:
                        raise TooLargeError(f"{name} has more than {limit:,} bytes: split it, or compress it with gzip")
                    await asyncio.to_thread(file.write, some)
            await asyncio.to_thread(self._publish, part, path, overwrite)
        except OSError as error:
            raise LikewiseError(f"{name} was not written: {error.strerror or error}") from error
        finally:
            part.unlink(missing_ok=True)
        return size

    def sweep(self) -> None:
        """Remove what was being sent when a server was killed."""
        for part in self.path.glob(f".*{_UPLOAD}"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _ABANDONED:
                    part.unlink()

    def hide(self, text: str) -> str:
        """Return a message without the place of the folder."""
        return text.replace(f"{self.path}{os.sep}", "")

    @staticmethod
    def _publish(part: Path, path: Path, overwrite: bool) -> None:
        with locking(path, overwrite=overwrite), replacing_file(path, overwrite=overwrite) as temporary:
            part.replace(temporary)

    def _existing(self, name: str, kind: object, what: str) -> Path:
        path = self.path / checked_name(name)
        try:
            mode = path.lstat().st_mode
        except OSError:
            raise InputError(
                f"there is no {what} {name!r} in the data folder: GET /files lists what there is"
            ) from None
        if not kind(mode):  # type: ignore[operator]
            raise InputError(f"{name!r} in the data folder is no {what}")
        return path
