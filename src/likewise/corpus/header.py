"""Find the header of a table: titles and comments before it are left out, and a first line that is data is reported."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from likewise.corpus.batch import Reading
from likewise.corpus.columns import TEXT, Chosen
from likewise.errors import InputError, InputWarning

MAX_BEFORE = 20  # rows before a header
MAX_NAME = 60  # characters
MIN_WORDS = 4  # from which on a name may be a text
NUMBER = re.compile(r"\s*[-+]?\d+(?:[.,]\d+)*\s*")
YEAR = re.compile(r"(?:19|20)\d\d")
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")  # Chinese and Japanese
OTHER_DATA = re.compile(r"https?://|\d{4}-\d\d-\d\d[T ]\d\d:|[^@\s]+@[^@\s]+\.\w+$", re.IGNORECASE)
QUESTIONS = ("?", "？", "؟", ":", "：", ")")  # of a survey, whose columns have long names
STOPS = (".", "!", "。", "！")
NO_HEADER = "use --no-header (header=False), and the columns are called 1, 2, ..."


@dataclass(frozen=True)
class Layout:
    """How the first lines of a table are laid out.

    Attributes:
        delimiter: between fields.
        escapes: whether a backslash escapes.
        before: lines before the header.
        titles: rows among them, which are titles or comments.
        rows: the first rows, from the header on.
        equal: whether they have the same number of fields, more than one.
    """

    delimiter: str
    escapes: bool
    before: int
    titles: int
    rows: Sequence[Sequence[str]]
    equal: bool

    @property
    def has_names(self) -> bool:
        """Whether the first row looks like the names of the columns of the others."""
        return len(self.rows) > 2 and _is_header(self.rows[0])

    @property
    def fit(self) -> tuple[bool, int, bool]:
        """The order of layouts, the best is the highest."""
        return self.equal, len(self.rows[0]) if self.rows else 0, not self.escapes


def find_header(
    sample: tuple[Sequence[tuple[int, Sequence[str]]], bool, bool], skipped: int, reading: Reading, delimiter: str
) -> Layout:
    """Find the header among the first rows of a table.

    Args:
        sample: the first rows up to a broken one, each with the number of lines before it; whether one is broken; and
            whether a backslash escapes.
        skipped: lines before the first row.
        reading: has the columns that the user named.
        delimiter: between fields.
    """
    numbered, broken, escapes = sample
    rows = [row for _, row in numbered]
    first = _first(rows, reading)
    width = len(rows[first]) if rows else 0
    equal = not broken and width > 1 and all(len(row) == width for row in rows[first:])
    before = skipped + (numbered[first][0] if first else 0)
    return Layout(delimiter, escapes, before, first, rows[first:], equal)


def checked_choice(reading: Reading, names: Sequence[str], layout: Layout) -> Chosen:
    """Choose the columns; warn of a header that may be a text, and of what stands before the header.

    Raises:
        InputError: no column fits.
    """
    alone = not reading.named
    if layout.titles:
        listed = ", ".join(repr(name[:40]) for name in names[:5])
        warn_input(f"{reading.source}: what stands before line {layout.before + 1} ({listed}) is left out")
    try:
        chosen = reading.choose(names)
    except InputError as error:
        if reading.header and any(_is_data(layout.rows, place) for place in range(len(names))):
            raise InputError(f"{error}; if its first line is no header, {NO_HEADER}") from None
        raise
    place = names.index(chosen.text[0])
    if reading.header and alone and chosen.text != (TEXT,) and _is_data(layout.rows, place):
        warn_input(
            f"{reading.source}: the first line is read as the header, {names[place][:60]!r}: if it is a text, use "
            "--no-header (header=False)"
        )
    return chosen


def warn_input(message: str) -> None:
    """Warn that input is used with a guess."""
    warnings.warn(message, InputWarning, stacklevel=3)


def _first(rows: Sequence[Sequence[str]], reading: Reading) -> int:
    """The number of rows before the header."""
    if len(rows) < 2:
        return 0
    width = Counter(map(len, rows)).most_common(1)[0][0]
    top = rows[: MAX_BEFORE + 1]
    named = set(reading.named) if reading.header else set()
    if named:
        first = next((place for place, row in enumerate(top) if named <= set(row)), 0)
        if first and all(_is_comment(row) or len(row) != width or _filled(row) < 2 for row in rows[:first]):
            return first
        if named <= set(rows[0]):
            return 0
    if width == 1:
        comments = next((place for place, row in enumerate(top) if not row[0].startswith("# ")), 0)
        return comments if len(rows) - comments > 1 else 0
    first = next((place for place, row in enumerate(top) if len(row) == width and _filled(row) > 1), 0)
    if all(_is_comment(row) and len(row) != width for row in rows[:first]):
        return first
    titles = all(
        _is_comment(row) or not _filled(row) or (_filled(row) == 1 and " " in row[0].strip()) for row in rows[:first]
    )
    padded = all(len(row) == width for row in rows[:first])
    return first if titles and reading.header and _is_header(rows[first]) and (width > 2 or not padded) else 0


def _is_comment(row: Sequence[str]) -> bool:
    return row[0].startswith("#")


def _filled(row: Sequence[str]) -> int:
    return sum(bool(field.strip()) for field in row)


def _is_header(row: Sequence[str]) -> bool:
    names = [name.strip() for name in row]
    numbers = any(NUMBER.fullmatch(name) and not YEAR.fullmatch(name) for name in names)
    return all(names) and len({*names}) == len(names) and not numbers and max(map(len, names)) <= MAX_NAME


def _is_data(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether the name of a column is rather one of its values."""
    name = rows[0][place].strip() if rows and rows[0][place:] else ""
    values = [row[place].strip() for row in rows[1:] if row[place:] and (row != rows[0] or len(row) == 1)]
    if not name or not values or name.endswith(QUESTIONS):
        return False
    if NUMBER.fullmatch(name):  # as are the names of years, and of columns that were numbered
        numbers = [float(each) for each in rows[0] if each.strip().isdecimal()]
        regular = len(numbers) > 2 and len({after - before for before, after in pairwise(numbers)}) == 1
        own = YEAR.fullmatch(name) or name in {str(place - 1), str(place), str(place + 1)}
        return not regular and not own and all(NUMBER.fullmatch(value) for value in values if value)
    same = OTHER_DATA.search(name) and any(map(OTHER_DATA.search, values))
    if same or (values.count(name) > 1 and 2 * len({*values}) <= len(values)):
        return True
    if name.endswith(STOPS):
        return len(name) > MAX_NAME // 4 and 2 * sum(value.endswith(STOPS) for value in values) >= len(values)
    return MIN_WORDS <= _words(name) <= 2 * max(map(_words, values))


def _words(text: str) -> int:
    return max(len(text.split()), len(UNSPACED.findall(text)) // 3)
