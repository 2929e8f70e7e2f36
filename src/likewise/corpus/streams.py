"""Open a file or standard input as a stream: decompress it, keep its first bytes, report errors in one line."""

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

HEAD_SIZE = 1 << 20  # bytes from which the encoding and the format are detected
BUFFER_SIZE = 1 << 20

CODECS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
SIGNATURES = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


class HeadedStream(io.RawIOBase):
    """A stream of bytes whose first bytes can be inspected before they are read.

    Attributes:
        head: the first bytes, up to `head_size` of them.
        complete: whether these are all.
    """

    def __init__(self, raw: Any, *, head_size: int = HEAD_SIZE) -> None:
        self._raw = raw
        parts, left = [], head_size
        while left and (part := raw.read(left)):
            parts.append(part)
            left -= len(part)
        self.head = b"".join(parts)
        self.complete = left > 0
        self._read = 0  # bytes of the head that were read

    def readable(self) -> bool:
        """Return True; `io` checks it."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer` with the next bytes; return how many, 0 at the end."""
        part = self.head[self._read : self._read + len(buffer)]
        if part:
            self._read += len(part)
        else:
            part = self._raw.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def text(self, codec: str, errors: str, *, newline: str | None) -> io.TextIOWrapper:
        """Decode the stream; `newline` as in `open`."""
        return io.TextIOWrapper(io.BufferedReader(self, BUFFER_SIZE), codec, errors, newline)


def compression_of(path: Path) -> str | None:
    """Return the compression that the last suffix of a name stands for: `gzip`, `zstd` or None."""
    return CODECS.get(path.suffix.lower())


@contextmanager
def open_bytes(path: Path | None, *, head_size: int = HEAD_SIZE) -> Iterator[HeadedStream]:
    """Open a file, or standard input for None; decompress it if its name or its first bytes show a compression.

    Raises:
        InputError: it cannot be opened.
    """
    with ExitStack() as stack:
        # Standard input stays open: whoever reads it next needs it.
        raw = sys.stdin.buffer if path is None else stack.enter_context(path.open("rb"))
        stream = HeadedStream(raw, head_size=head_size)
        codec = None if path is None else compression_of(path)
        codec = codec or next((codec for sign, codec in SIGNATURES.items() if stream.head.startswith(sign)), None)
        if codec is not None:
            inner = io.BufferedReader(stream, BUFFER_SIZE)
            stream = HeadedStream(stack.enter_context(pa.CompressedInputStream(inner, codec)), head_size=head_size)
        yield stream


@contextmanager
def open_local(path: Path) -> Iterator[Path]:
    """Yield a path that allows random access: a temporary copy if the file is compressed or a pipe."""
    if compression_of(path) is None and stat.S_ISREG(mode_of(str(path))):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="likewise-") as folder, open_bytes(path) as stream:
        copy = Path(folder) / "decompressed"
        with copy.open("wb") as out:
            shutil.copyfileobj(stream, out, BUFFER_SIZE)
        yield copy


def mode_of(path: str) -> int:
    """Return the `stat` mode of a path, which tells files, folders and pipes apart.

    Raises:
        InputError: it does not exist.
    """
    with reporting_errors(path):
        try:
            return os.stat(path).st_mode  # noqa: PTH116  a Path takes the empty string for a folder
        except ValueError:
            raise InputError(f"{path!r} is no path: check it; to pass texts themselves, give a list") from None


@contextmanager
def reporting_errors(source: str) -> Iterator[None]:
    """Turn an error while a source is opened or read into one line.

    Raises:
        InputError: it does not exist, may not be read, is truncated or damaged.
        LikewiseError: the machine failed to read it.
    """
    try:
        yield
    except LikewiseError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"there is no file {source}: check the path; to pass texts themselves, give a list") from None
    except PermissionError:
        raise InputError(f"cannot read {source}: permission denied; change its mode, or copy it") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(
                f"{source[:60]}... is too long for a path: to pass texts themselves, give a list"
            ) from None
        if error.errno is not None:
            raise LikewiseError(f"reading {source} failed: {error.strerror}") from error
        raise InputError(f"{source} is truncated or damaged: {_line(error)}; fetch or make it again") from error
    except (pa.ArrowException, MemoryError, OverflowError) as error:
        raise InputError(f"{source} is damaged: {_line(error)}; fetch or make it again") from error
    except UnicodeError as error:
        raise InputError(f"{source} cannot be decoded: {_line(error)}; name another --encoding") from error


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
