"""A file, compressed or not, or standard input, as a stream of bytes whose beginning can be looked at."""

import errno
import io
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from likewise.errors import InputError, LikewiseError

__all__ = ["HeadedStream", "compression_of", "mode_of", "open_bytes", "open_local", "reporting_errors"]


HEAD = 1 << 20  # bytes that the encoding and the format are told by
BUFFER = 1 << 20

CODECS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
SIGNATURES = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


class HeadedStream(io.RawIOBase):
    """Bytes in their order, the first of which can be seen before they are read.

    Attributes:
        head: the first bytes, a mebibyte of them unless there are fewer.
        complete: whether these are all.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        parts, left = [], HEAD
        while left and (part := raw.read(left)):
            parts.append(part)
            left -= len(part)
        self.head = b"".join(parts)
        self.complete = left > 0
        self._given = 0

    def readable(self) -> bool:
        """Always: what `io` asks before it reads."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer` with what comes next; 0 at the end."""
        part = self.head[self._given : self._given + len(buffer)]
        if part:
            self._given += len(part)
        else:
            part = self._raw.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def text(self, codec: str, errors: str, *, newline: str | None) -> io.TextIOWrapper:
        """The same, decoded; `newline` as in `open`."""
        return io.TextIOWrapper(io.BufferedReader(self, BUFFER), codec, errors, newline)


def compression_of(path: Path) -> str | None:
    """What the last suffix of a name says about its compression: `gzip`, `zstd` or nothing."""
    return CODECS.get(path.suffix.lower())


@contextmanager
def open_bytes(path: Path | None) -> Iterator[HeadedStream]:
    """The bytes of a file, or of standard input, decompressed where its name or its first bytes ask for it.

    Raises:
        InputError: it cannot be opened.
    """
    with ExitStack() as stack:
        # Closing what wraps standard input would close it for whoever reads it next.
        raw = sys.stdin.buffer if path is None else stack.enter_context(path.open("rb"))
        stream = HeadedStream(raw)
        codec = None if path is None else compression_of(path)
        codec = codec or next((codec for sign, codec in SIGNATURES.items() if stream.head.startswith(sign)), None)
        if codec is not None:
            inner = io.BufferedReader(stream, BUFFER)
            stream = HeadedStream(stack.enter_context(pa.CompressedInputStream(inner, codec)))
        yield stream


@contextmanager
def open_local(path: Path) -> Iterator[Path]:
    """A path of the same bytes that can be read from any place: a temporary one if the file is compressed or a pipe."""
    if compression_of(path) is None and stat.S_ISREG(mode_of(str(path))):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="likewise-") as folder, open_bytes(path) as stream:
        copy = Path(folder) / "decompressed"
        with copy.open("wb") as out:
            shutil.copyfileobj(stream, out, BUFFER)
        yield copy


def mode_of(path: str) -> int:
    """What is at a path, as `stat` gives it: whether a file, which can be read again, a folder or a pipe.

    Raises:
        InputError: there is nothing.
    """
    with reporting_errors(path):
        try:
            return os.stat(path).st_mode  # noqa: PTH116  a Path takes the empty string for a folder
        except ValueError:
            raise InputError(f"{path!r} is no path: check it; texts themselves are given in a list") from None


@contextmanager
def reporting_errors(source: str) -> Iterator[None]:
    """Say in one line what went wrong while a source was opened or read.

    Raises:
        InputError: it is not there, may not be read, is cut short or damaged.
        LikewiseError: the machine failed to read it.
    """
    try:
        yield
    except LikewiseError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"there is no file {source}: check the path; texts themselves are given in a list") from None
    except PermissionError:
        raise InputError(f"cannot read {source}: permission denied; change its mode, or copy it") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(f"{source[:60]}... is too long for a path: texts are given in a list") from None
        if error.errno is not None:
            raise LikewiseError(f"reading {source} failed: {error.strerror}") from error
        raise InputError(f"{source} is cut short or damaged: {_line(error)}; fetch or make it again") from error
    except (pa.ArrowException, MemoryError, OverflowError) as error:
        raise InputError(f"{source} is damaged: {_line(error)}; fetch or make it again") from error
    except UnicodeError as error:
        raise InputError(f"{source} cannot be decoded: {_line(error)}; name another --encoding") from error


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
