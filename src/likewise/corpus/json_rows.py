"""Read JSON: one object a line, or one array of objects."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from likewise.corpus.batch import MAX_ROWS, Problem, Reading, TextBatch
from likewise.corpus.encoding import Encoding
from likewise.corpus.rows import Row, record_batches
from likewise.corpus.streams import HeadedStream
from likewise.errors import InputError

BLOCK_SIZE = 1 << 20  # characters of an array that are read at once, at least
MAX_ITEM = 1 << 27  # characters; past it the array is surely broken
FIRST_LINES = 10
ARRAY = re.compile(r'\s*\[\s*\{\s*"')
SPACE = re.compile(r"[ \t\r\n]*")


def json_batches(
    stream: HeadedStream,
    encoding: Encoding,
    reading: Reading,
    *,
    block_size: int = BLOCK_SIZE,
    max_item: int = MAX_ITEM,
    max_rows: int = MAX_ROWS,
) -> Iterator[TextBatch]:
    """Read each object as a row; a string is an object with only a text. Blank lines are not rows, but are counted.

    Args:
        stream: the file.
        encoding: its encoding.
        reading: chooses the columns, skips or refuses bad rows.
        block_size: characters of an array that are read at once, at least.
        max_item: characters of an item past which the array counts as broken.
        max_rows: rows of a batch.

    Raises:
        InputError: a row is no object or lacks its text, and bad rows are not skipped; an array is broken.
    """
    begins = encoding.decode(stream.head)
    array = begins.startswith("[", SPACE.match(begins).end())  # type: ignore[union-attr]
    with stream.text(encoding.codec, encoding.errors, newline="\n") as text:
        rows = _items(_Window(text, reading.source, block_size, max_item), reading) if array else _lines(text, reading)
        yield from record_batches(rows, reading, max_rows=max_rows)


def is_json(begins: str, *, complete: bool) -> bool:
    """Whether a text begins as an array of objects, or its first lines are objects; the last one may be cut."""
    if ARRAY.match(begins):
        return True
    lines = begins.split("\n", FIRST_LINES)
    lines = [line for line in (lines if complete and len(lines) <= FIRST_LINES else lines[:-1]) if line.strip()]
    try:
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except (ValueError, RecursionError):
        return False


def _lines(text: io.TextIOBase, reading: Reading) -> Iterator[Row]:
    for line in text:
        try:
            yield reading.rows, len(line), json.loads(line)
        except (ValueError, RecursionError) as error:
            if SPACE.fullmatch(line) is None:
                reading.reject(reading.rows, Problem(f"it is not JSON: {_reason(error)}"))
        reading.rows += 1


def _items(window: "_Window", reading: Reading) -> Iterator[Row]:
    window.take()
    if window.next() != "]":
        while True:
            size, item = window.item()
            yield reading.rows, size, item
            reading.rows += 1
            if (sign := window.take()) == "]":
                break
            if sign != ",":
                raise window.broken("a comma or a closing bracket is missing")
    else:
        window.take()
    if window.next():
        raise window.broken("something follows its closing bracket")


class _Window:
    """The part of an array that is being parsed: it grows at its end and is dropped at its beginning."""

    def __init__(self, text: io.TextIOBase, source: str, block_size: int, max_item: int) -> None:
        self._text, self._source = text, source
        self._block_size, self._max_item = block_size, max_item
        self._buffer, self._at, self._items = "", 0, 0
        self._decoder = json.JSONDecoder()

    def next(self) -> str:
        """Return the next character that is no space without consuming it; empty at the end."""
        while True:
            self._at = SPACE.match(self._buffer, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._grow():
                return ""

    def take(self) -> str:
        """Consume the next character that is no space."""
        sign = self.next()
        self._at += len(sign)
        return sign

    def item(self) -> tuple[int, Any]:
        """Consume the next value; return its length in characters, and the value."""
        self.next()
        while True:
            try:
                item, end = self._decoder.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._buffer) - self._at > self._max_item or not self._grow():
                    raise self.broken(_reason(error)) from None
                continue
            # A number that reaches the end of the buffer may continue after it.
            if end < len(self._buffer) or not self._grow():
                break
        size = end - self._at
        self._at = end
        self._items += 1
        return size, item

    def broken(self, reason: str) -> InputError:
        """Refuse the array: nothing after the error can be parsed reliably, so it is no row to skip."""
        return InputError(
            f"{self._source} is a broken JSON array after item {self._items}: {reason}; fix it, or write one object "
            "a line"
        )

    def _grow(self) -> bool:
        block = self._text.read(max(self._block_size, len(self._buffer) - self._at))
        self._buffer = self._buffer[self._at :] + block
        self._at = 0
        return bool(block)


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
