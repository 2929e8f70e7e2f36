"""Read CSV and TSV files: a header, then one text a row, with quoted fields that may hold line ends."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from likewise.corpus.batch import MAX_ROWS, Problem, Reading, TextBatch
from likewise.corpus.columns import distinct_names
from likewise.corpus.encoding import Encoding, undecodable
from likewise.corpus.rows import Row, grouped, rows_batch
from likewise.corpus.streams import HeadedStream
from likewise.errors import InputError

MAX_FIELD = 1 << 27  # characters; past it a quote was surely not closed
BLOCK_SIZE = 1 << 20  # characters, in whole lines, that are read at once
SAMPLE_LINES = 1000
DELIMITERS = ",;\t|"


def delimited_batches(
    stream: HeadedStream,
    encoding: Encoding,
    reading: Reading,
    *,
    tabs: bool,
    block_size: int = BLOCK_SIZE,
    max_rows: int = MAX_ROWS,
) -> Iterator[TextBatch]:
    """Read the rows of a CSV file, or of a TSV file if `tabs`.

    The delimiter of a CSV file is the one of `, ; tab |` under which the header and the first rows have the same number
    of fields, and the most. Blank lines are not rows.

    Args:
        stream: the file.
        encoding: its encoding.
        reading: chooses the columns, skips or refuses bad rows.
        tabs: whether fields are separated by tabs.
        block_size: characters that are read at once.
        max_rows: rows of a batch.

    Raises:
        InputError: there is no header, or a row is broken and bad rows are not skipped.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD))
    with stream.text(encoding.codec, encoding.errors, newline="") as text:
        table = _Table(text, "\t" if tabs else _delimiter(stream, encoding), reading)
        names = distinct_names(table.header)
        chosen = reading.choose(names)
        places = {name: names.index(name) for name in chosen.names}
        for numbers, rows in table.groups(block_size, max_rows):
            values = {name: [row[place] for row in rows] for name, place in places.items()}
            yield from rows_batch(chosen, values, numbers, reading)


class _Table:
    """The header and the rows. After a broken row, reading continues at the line after its first."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, reading: Reading) -> None:
        self._text, self._delimiter, self._reading = text, delimiter, reading
        self._pending: deque[str] = deque()  # lines that are read before those of the file
        self._taken: list[str] = []  # lines of the row that is being read
        self._line = 0  # lines taken in all
        self.header = self._header()

    def groups(self, block_size: int, max_rows: int) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Yield rows by the batch: their numbers in the corpus and their fields."""
        reading = self._reading
        while lines := self._text.readlines(block_size):
            rows = self._one_per_line(lines)
            for start in range(0, len(rows), max_rows):
                part = rows[start : start + max_rows]
                reading.rows += len(part)
                yield range(reading.rows - len(part), reading.rows), part
            if rows:
                self._line += len(lines)
            else:
                self._pending.extend(lines)
                yield from grouped(self._one_by_one(), max_rows=max_rows)

    def _one_per_line(self, lines: list[str]) -> list[list[str]]:
        """Parse all lines at once if each is a good row, which is common and many times as fast; else nothing."""
        try:
            rows = list(_reader(lines, self._delimiter))
        except csv.Error:
            return []
        return rows if len(rows) == len(lines) and set(map(len, rows)) == {len(self.header)} else []

    def _one_by_one(self) -> Iterator[Row]:
        """Parse row by row until no pending line is left."""
        taken = self._taken
        while self._pending:
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
        """Parse rows up to the last pending line, or up to lines without quoting, which stay in `_taken`."""
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
            if not self._pending:
                return

    def _unquoted(self, lines: list[str]) -> bool:
        """Whether these are rows of a TSV file without quoting, in which a quote is a character like any other."""
        tabs = len(self.header) - 1
        return self._delimiter == "\t" and tabs > 0 and all(line.count("\t") == tabs for line in lines)

    def _header(self) -> list[str]:
        try:
            header: list[str] = next(filter(None, _reader(self._lines(), self._delimiter)), [])
        except csv.Error as error:
            raise InputError(f"{self._reading.source} has a broken header: {_reason(error)}; fix it") from None
        if not header:
            raise InputError(f"{self._reading.source} is empty: a header that names the columns is needed")
        for name in header:
            if problem := undecodable(name, self._reading.decoded_as):
                raise InputError(f"{self._reading.source}, header: {problem.reason}; {problem.remedy}")
        self._taken.clear()
        return header

    def _lines(self) -> Iterator[str]:
        while True:
            line = self._pending.popleft() if self._pending else self._text.readline()
            if not line:
                return
            self._taken.append(line)
            self._line += 1
            yield line

    def _step_back(self, lines: list[str]) -> None:
        self._pending.extendleft(reversed(lines))
        self._line -= len(lines)
        self._taken.clear()

    def _reject(self, reason: str) -> None:
        reading = self._reading
        reading.reject(reading.rows, Problem(reason), line=self._line - len(self._taken) + 1)
        reading.rows += 1


def _reader(lines: Iterable[str], delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _delimiter(stream: HeadedStream, encoding: Encoding) -> str:
    lines = list(islice(io.StringIO(encoding.decode(stream.head), newline=""), SAMPLE_LINES))
    complete = stream.complete and len(lines) < SAMPLE_LINES
    if not stream.complete and len(lines) < SAMPLE_LINES:
        lines.pop()  # the end of the head may cut it
    widths = {delimiter: _widths(lines, delimiter, complete=complete) for delimiter in DELIMITERS}
    # Rows of equal width count most, then many fields; among equals, the first of the delimiters.
    return max(DELIMITERS, key=lambda delimiter: _fit(widths[delimiter]))


def _widths(lines: list[str], delimiter: str, *, complete: bool) -> list[int]:
    """The number of fields of each of the first rows, up to a broken one, which counts as 0."""
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
