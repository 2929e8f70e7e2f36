"""JSON: one object a line, or one array of objects."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from likewise.corpus.batch import TextBatch
from likewise.corpus.encoding import Encoding
from likewise.corpus.rows import Row, record_batches
from likewise.corpus.source import Problem, Reading
from likewise.corpus.streams import HeadedStream
from likewise.errors import InputError

__all__ = ["json_batches", "looks_like_json_lines"]


BLOCK = 1 << 20  # characters of an array that are read at once, at the least
LONGEST_ITEM = 1 << 27  # characters; past it the array is surely broken
FIRST_LINES = 10
SPACE = re.compile(r"[ \t\r\n]*")


def json_batches(stream: HeadedStream, encoding: Encoding, reading: Reading) -> Iterator[TextBatch]:
    """Each object is a row; a string stands for an object that has only a text. Blank lines are no rows, but count.

    Raises:
        InputError: a row is no object or lacks its text, and rows are not to be left out; an array is broken.
    """
    begins = encoding.decode(stream.head)
    array = begins.startswith("[", SPACE.match(begins).end())  # type: ignore[union-attr]
    with stream.text(encoding.codec, encoding.errors, newline="\n") as text:
        yield from record_batches(_items(text, reading) if array else _lines(text, reading), reading)


def looks_like_json_lines(begins: str, *, complete: bool) -> bool:
    """Whether the first lines of a text are JSON objects; the last is left aside where it may be cut."""
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


def _items(text: io.TextIOBase, reading: Reading) -> Iterator[Row]:
    window = _Window(text, reading.source)
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
    """The part of an array that is being read: it grows at its end and is forgotten at its beginning."""

    def __init__(self, text: io.TextIOBase, source: str) -> None:
        self._text, self._source = text, source
        self._held, self._at, self._items = "", 0, 0
        self._decoder = json.JSONDecoder()

    def next(self) -> str:
        """The next character that is no space, which stays; empty at the end."""
        while True:
            self._at = SPACE.match(self._held, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._grow():
                return ""

    def take(self) -> str:
        """The next character that is no space."""
        sign = self.next()
        self._at += len(sign)
        return sign

    def item(self) -> tuple[int, Any]:
        """How many characters the next value has, and the value."""
        self.next()
        while True:
            try:
                item, end = self._decoder.raw_decode(self._held, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._held) - self._at > LONGEST_ITEM or not self._grow():
                    raise self.broken(_reason(error)) from None
                continue
            # A number that reaches the end may go on behind it.
            if end < len(self._held) or not self._grow():
                break
        size = end - self._at
        self._at = end
        self._items += 1
        return size, item

    def broken(self, reason: str) -> InputError:
        """The rest of an array cannot be told apart once it is broken, so this is no row to leave out."""
        return InputError(
            f"{self._source} is a broken JSON array behind item {self._items}: {reason}; mend it, or write one object "
            "a line"
        )

    def _grow(self) -> bool:
        block = self._text.read(max(BLOCK, len(self._held) - self._at))
        self._held = self._held[self._at :] + block
        self._at = 0
        return bool(block)


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
