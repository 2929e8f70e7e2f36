"""Read CSV and TSV files: a header, then one text a row, with quoted fields that may hold line ends.

Fields are quoted as RFC 4180 has it, a quote inside being doubled, or as MySQL and Spark write them, with a backslash
before a quote, a delimiter or a line end of the text. Which one it is, the file shows.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from likewise.corpus.batch import MAX_ROWS, Problem, Reading, TextBatch
from likewise.corpus.columns import distinct_names
from likewise.corpus.encoding import Encoding, undecodable
from likewise.corpus.header import Layout, checked_choice, find_header
from likewise.corpus.rows import Row, grouped, rows_batch
from likewise.corpus.streams import HeadedStream
from likewise.errors import InputError

MAX_FIELD = 1 << 27  # characters; past it a quote was surely not closed
BLOCK_SIZE = 1 << 20  # characters, in whole lines, that are read at once
SAMPLE_LINES = 1000
DELIMITERS = ",;\t|"
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)  # the first line that Excel writes for itself

# An escaped character c becomes the lone surrogate U+D800 + c while fields are split; no decoder produces those.
ESCAPED = 0xD800
ESCAPES = {delimiter: re.compile(rf"\\([\\\"'{re.escape(delimiter)}]|\r?\n|\r)") for delimiter in DELIMITERS}
RESTORED = {ESCAPED + code: code for code in range(128)}
HAS_ESCAPED = re.compile("[\ud800-\ud87f]")
NULL = r"\N"  # as MySQL and PostgreSQL write it


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
        layout = layout_of(stream, encoding, reading, tabs=tabs)
        table = _Table(text, layout, reading)
        names = distinct_names(table.header) if reading.header else [str(n) for n, _ in enumerate(table.header, 1)]
        chosen = checked_choice(reading, names, layout)
        places = {name: names.index(name) for name in chosen.names}
        for numbers, rows in table.groups(block_size, max_rows):
            values = {name: [row[place] for row in rows] for name, place in places.items()}
            yield from rows_batch(chosen, values, numbers, reading)


def layout_of(stream: HeadedStream, encoding: Encoding, reading: Reading, *, tabs: bool) -> Layout:
    """Find the delimiter, the way of quoting and the place of the header in the first lines of a file."""
    lines = list(islice(io.StringIO(encoding.decode(stream.head), newline=""), SAMPLE_LINES))
    complete = stream.complete and len(lines) < SAMPLE_LINES
    if not stream.complete and len(lines) < SAMPLE_LINES:
        lines.pop()  # the end of the head may cut it
    before, delimiters = 0, "\t" if tabs else DELIMITERS
    if lines and (given := SEPARATOR_LINE.fullmatch(lines[0])) and given[1] in DELIMITERS:
        before, delimiters = 1, given[1]
    found = [
        find_header(_sample(lines[before:], delimiter, escapes=escapes, complete=complete), before, reading, delimiter)
        for delimiter in delimiters
        for escapes in ((False, True) if ESCAPES[delimiter].search("".join(lines)) else (False,))
    ]
    # Rows of equal width count most, then many fields; among equals, the first of the delimiters.
    return max(found, key=lambda layout: layout.fit)


class _Table:
    """The header and the rows. After a broken row, reading continues at the line after its first."""

    def __init__(self, text: io.TextIOWrapper, layout: Layout, reading: Reading) -> None:
        self._text, self._delimiter, self._reading = text, layout.delimiter, reading
        self._escapes = layout.escapes  # whether a backslash is tried as an escape first
        self._pending: deque[str] = deque()  # lines that are read before those of the file
        self._taken: list[str] = []  # lines of the row that is being read
        self._line = 0  # lines taken in all
        for _ in range(layout.before):
            self._line += bool(text.readline())
        self.header = self._header()

    def groups(self, block_size: int, max_rows: int) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Yield rows by the batch: their numbers in the corpus and their fields."""
        reading = self._reading
        while lines := [*self._pending, *self._text.readlines(block_size)]:
            self._pending.clear()
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
        if self._escapes and any(map(_is_continued, lines)):
            return []
        try:
            escaped = ESCAPES[self._delimiter].sub
            rows = list(
                _reader((escaped(_hidden, line) for line in lines) if self._escapes else lines, self._delimiter)
            )
        except csv.Error:
            return []
        if len(rows) != len(lines) or set(map(len, rows)) != {len(self.header)}:
            return []
        return [_restored(row) for row in rows] if any("\\" in line for line in lines) else rows

    def _one_by_one(self) -> Iterator[Row]:
        """Parse row by row until no pending line is left."""
        reading, width = self._reading, len(self.header)
        while self._pending:
            found = self._parsed()
            if isinstance(found, csv.Error):
                following = self._taken[1:]
                self._reject(_reason(found))
                self._step_back(following)
                continue
            if found and len(found) != width:
                first = "header" if reading.header else "first row"
                self._reject(f"it has {len(found)} field{'s' * (len(found) != 1)}, the {first} has {width}")
            elif found:
                yield reading.rows, sum(map(len, self._taken)), _restored(found)
                reading.rows += 1
            self._taken.clear()

    def _parsed(self) -> list[str] | csv.Error:
        """Parse the next row in the way that fits: by the quoting of the file, by the other one, or without quotes."""
        width = len(self.header)
        found = self._attempt(self._escapes)
        good = not isinstance(found, csv.Error) and len(found) in (0, width)
        if good and len(self._taken) == 1:
            return found
        taken = list(self._taken)
        if any(map(ESCAPES[self._delimiter].search, taken)):
            self._step_back(taken)
            other = self._attempt(not self._escapes)
            # A row on one line is likelier than one that swallows others, unless its line end is escaped.
            shorter = len(self._taken) < len(taken) and not _is_continued(taken[0])
            if not isinstance(other, csv.Error) and len(other) == width and (shorter or not good):
                self._escapes = self._escapes or not good
                return other
            self._step_back(list(self._taken))
            found = self._attempt(self._escapes)
        if self._unquoted(taken[:1]) and (not good or self._unquoted(taken, surely=True)):
            self._step_back(list(self._taken))
            line = next(self._lines(escapes=False))
            return line.rstrip("\r\n").split(self._delimiter)
        return found

    def _attempt(self, escapes: bool) -> list[str] | csv.Error:
        try:
            row: list[str] = next(_reader(self._lines(escapes=escapes), self._delimiter), [])
        except csv.Error as error:
            return error
        return row

    def _unquoted(self, lines: list[str], *, surely: bool = False) -> bool:
        """Whether these are rows of a TSV file without quoting, in which a quote is a character like any other.

        Args:
            lines: of a row.
            surely: they are a row with quoting too: it is one if the header is quoted, or if they end in another way.
        """
        tabs = len(self.header) - 1
        fits = self._delimiter == "\t" and tabs > 0 and all(line.count("\t") == tabs for line in lines)
        if fits and surely:
            return not self._quoted_header and all(line.endswith(self._end) for line in lines[:-1])
        return fits

    def _header(self) -> list[str]:
        header: list[str] | csv.Error = []
        while not header:
            self._taken.clear()
            header = self._attempt(self._escapes)
            if not self._taken:
                break
        if isinstance(header, csv.Error):
            raise InputError(f"{self._reading.source} has a broken header: {_reason(header)}; fix it")
        if not header:
            raise InputError(f"{self._reading.source} is empty: a header that names the columns is needed")
        first = "".join(self._taken)
        self._quoted_header, self._end = first.startswith('"'), first[len(first.rstrip("\r\n")) :]
        if not self._reading.header:
            self._step_back(list(self._taken))
            return header
        header = _restored(header)
        header[0] = header[0].removeprefix("\ufeff")
        for name in header:
            if problem := undecodable(name, self._reading.decoded_as):
                raise InputError(f"{self._reading.source}, header: {problem.reason}; {problem.remedy}")
        self._taken.clear()
        return header

    def _lines(self, *, escapes: bool) -> Iterator[str]:
        """Take lines; with `escapes`, those whose line end is escaped along with the next, and escaped ones hidden."""
        while line := self._take():
            while escapes and _is_continued(line) and (more := self._take()):
                line += more
            yield ESCAPES[self._delimiter].sub(_hidden, line) if escapes else line

    def _take(self) -> str:
        line = self._pending.popleft() if self._pending else self._text.readline()
        if line:
            self._taken.append(line)
            self._line += 1
        return line

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


def _hidden(escape: re.Match[str]) -> str:
    return "".join(chr(ESCAPED + ord(character)) for character in escape[1])


def _is_continued(line: str) -> bool:
    end = line.rstrip("\r\n")
    return (len(end) - len(end.rstrip("\\"))) % 2 == 1


def _restored(row: list[str]) -> list[str]:
    """Give escaped characters back; `NULL` is empty."""
    return [field.translate(RESTORED) if HAS_ESCAPED.search(field) else "" if field == NULL else field for field in row]


def _sample(
    lines: list[str], delimiter: str, *, escapes: bool, complete: bool
) -> tuple[list[tuple[int, list[str]]], bool, bool]:
    """The first rows up to a broken one, each with the number of lines before it; whether one is broken; `escapes`."""
    if escapes:
        lines = [ESCAPES[delimiter].sub(_hidden, line) for line in lines]
    rows: list[tuple[int, list[str]]] = []
    reader, broken, before = _reader(_joined(lines), delimiter), False, 0
    try:
        for fields in reader:
            if fields:
                rows.append((before, _restored(fields)))
            before = reader.line_num
    except csv.Error as error:
        broken = complete or not _never_closed(error)
    return rows, broken, escapes


def _joined(lines: list[str]) -> Iterator[str]:
    begun = ""
    for line in lines:
        begun += line
        if not begun or not ESCAPED <= ord(begun[-1]) < ESCAPED + 128:
            yield begun
            begun = ""
    if begun:
        yield begun


def _reason(error: csv.Error) -> str:
    if _never_closed(error):
        return "its quote is never closed"
    return "a quote ends in the middle of a field" if "expected after" in str(error) else str(error)


def _never_closed(error: csv.Error) -> bool:
    return "unexpected end of data" in str(error) or "field larger" in str(error)
