"""CSV and TSV files: a header, then a row a text, with quoted fields that may hold line ends."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from likewise.corpus.batch import MOST_ROWS, TextBatch
from likewise.corpus.columns import distinct_names
from likewise.corpus.encoding import Encoding, undecodable
from likewise.corpus.rows import Row, grouped, rows_batch
from likewise.corpus.source import Problem, Reading
from likewise.corpus.streams import HeadedStream
from likewise.errors import InputError

__all__ = ["delimited_batches"]


LONGEST_FIELD = 1 << 27  # characters; past it a quote was surely not closed
BLOCK = 1 << 20  # characters, in whole lines, that are read at once
SAMPLE_LINES = 1000
DELIMITERS = ",;\t|"


def delimited_batches(stream: HeadedStream, encoding: Encoding, reading: Reading, *, tabs: bool) -> Iterator[TextBatch]:
    """The rows of a CSV file, or of a TSV file if `tabs`.

    The delimiter of a CSV file is the one of `, ; tab |` under which the header and the first rows have the same number
    of fields, and the most. Blank lines are no rows.

    Raises:
        InputError: there is no header, or a row is broken and rows are not to be left out.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    with stream.text(encoding.codec, encoding.errors, newline="") as text:
        table = _Table(text, "\t" if tabs else _delimiter(stream, encoding), reading)
        names = distinct_names(table.header)
        chosen = reading.choose(names)
        places = {name: names.index(name) for name in chosen.names}
        for numbers, rows in table.groups():
            values = {name: [row[place] for row in rows] for name, place in places.items()}
            yield from rows_batch(chosen, values, numbers, reading)


class _Table:
    """The header and the rows. After a broken row, reading goes on at the line behind its first."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, reading: Reading) -> None:
        self._text, self._delimiter, self._reading = text, delimiter, reading
        self._again: deque[str] = deque()  # lines that are read before those of the file
        self._taken: list[str] = []  # lines of the row that is being read
        self._line = 0  # lines taken in all
        self.header = self._header()

    def groups(self) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Rows by the batch: their numbers in the corpus and their fields."""
        reading = self._reading
        while lines := self._text.readlines(BLOCK):
            rows = self._one_a_line(lines)
            for start in range(0, len(rows), MOST_ROWS):
                part = rows[start : start + MOST_ROWS]
                reading.rows += len(part)
                yield range(reading.rows - len(part), reading.rows), part
            if rows:
                self._line += len(lines)
            else:
                self._again.extend(lines)
                yield from grouped(self._one_by_one())

    def _one_a_line(self, lines: list[str]) -> list[list[str]]:
        """The rows, at once, where each line is a good one: that is so nearly everywhere, and many times as fast."""
        try:
            rows = list(_reader(lines, self._delimiter))
        except csv.Error:
            return []
        return rows if len(rows) == len(lines) and set(map(len, rows)) == {len(self.header)} else []

    def _one_by_one(self) -> Iterator[Row]:
        """Rows, with number and size, until no line is left that was put back."""
        taken = self._taken
        while self._again:
            try:
                yield from self._quoted()
            except csv.Error as error:
                if not self._unquoted(taken[:1]):
                    following = taken[1:]
                    self._reject(_reason(error))
                    self._step_back(following)
                    continue
            if taken:
                yield self._reading.rows, len(taken[0]), taken[0].rstrip("\r\n").split(self._delimiter)
                self._reading.rows += 1
                self._step_back(taken[1:])

    def _quoted(self) -> Iterator[Row]:
        """Rows up to the last line that was put back, or up to lines, left in `_taken`, whose quotes are none."""
        reading, width, taken = self._reading, len(self.header), self._taken
        for fields in _reader(self._lines(), self._delimiter):
            if fields and (len(fields) != width or len(taken) > 1) and self._unquoted(taken):
                return
            if fields and len(fields) != width:
                self._reject(f"it has {len(fields)} field{'s' * (len(fields) != 1)}, the header has {width}")
            elif fields:
                yield reading.rows, sum(map(len, taken)), fields
                reading.rows += 1
            taken.clear()
            if not self._again:
                return

    def _unquoted(self, lines: list[str]) -> bool:
        """Whether these lines are rows of a TSV file as many write it: a quote is a character like others there."""
        tabs = len(self.header) - 1
        return self._delimiter == "\t" and tabs > 0 and all(line.count("\t") == tabs for line in lines)

    def _header(self) -> list[str]:
        try:
            header: list[str] = next(filter(None, _reader(self._lines(), self._delimiter)), [])
        except csv.Error as error:
            raise InputError(f"{self._reading.source} has a broken header: {_reason(error)}; mend it") from None
        if not header:
            raise InputError(f"{self._reading.source} is empty: a header that names the columns is needed")
        for name in header:
            if problem := undecodable(name, self._reading.decoded_as):
                raise InputError(f"{self._reading.source}, header: {problem.says}; {problem.remedy}")
        self._taken.clear()
        return header

    def _lines(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else self._text.readline()
            if not line:
                return
            self._taken.append(line)
            self._line += 1
            yield line

    def _step_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self._line -= len(lines)
        self._taken.clear()

    def _reject(self, problem: str) -> None:
        reading = self._reading
        reading.reject(reading.rows, Problem(problem), line=self._line - len(self._taken) + 1)
        reading.rows += 1


def _reader(lines: Iterable[str], delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _delimiter(stream: HeadedStream, encoding: Encoding) -> str:
    lines = list(islice(io.StringIO(encoding.decode(stream.head), newline=""), SAMPLE_LINES))
    complete = stream.complete and len(lines) < SAMPLE_LINES
    if not stream.complete and len(lines) < SAMPLE_LINES:
        lines.pop()  # the look-ahead cut it
    widths = {delimiter: _widths(lines, delimiter, complete=complete) for delimiter in DELIMITERS}
    # All rows alike counts most, then many fields; among equals, the first in the order of the delimiters.
    return max(DELIMITERS, key=lambda delimiter: _fit(widths[delimiter]))


def _widths(lines: list[str], delimiter: str, *, complete: bool) -> list[int]:
    """Fields of each of the first rows, up to a broken one, which has none."""
    widths: list[int] = []
    try:
        widths.extend(len(fields) for fields in _reader(lines, delimiter) if fields)
    except csv.Error as error:
        if complete or not _never_closed(error):
            widths.append(0)
    return widths


def _fit(widths: list[int]) -> tuple[bool, int]:
    return (len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0)


def _reason(error: csv.Error) -> str:
    if _never_closed(error):
        return "its quote is never closed"
    return "a quote ends in the middle of a field" if "expected after" in str(error) else str(error)


def _never_closed(error: csv.Error) -> bool:
    return "unexpected end of data" in str(error) or "field larger" in str(error)
