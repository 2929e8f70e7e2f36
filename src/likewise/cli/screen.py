"""What a terminal shows: results on standard output, progress on standard error, and texts without control codes."""

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.text import Text

INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # escapes, direction overrides and the like: a text must not move the cursor
JOINERS = "\u200c\u200d"  # format characters that words and emoji need
MAX_ID = 24  # cells
MIN_TEXT = 20  # cells that a text gets on any terminal


class _Results(Console):
    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - called while the error is handled; app.py ends the command quietly


def results() -> Console:
    """Return the console of results: standard output, without colour if it is no terminal."""
    return _Results(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)


def one_line(text: str) -> str:
    """Put a text on one line: white space becomes a single space, invisible characters are removed."""
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_visible(c))
    return " ".join(text.split())


def shortened(text: str, width: int) -> str:
    """Put a text on one line of at most `width` cells; a wide character, such as a Chinese one, takes two."""
    line = one_line(text[: 8 * width])  # a text may have megabytes
    if cell_len(line) <= width and len(text) <= 8 * width:
        return line
    return set_cell_size(line, max(1, width - 1)).rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """Format a number of things.

    >>> counted(1, "text"), counted(2000, "text")
    ('1 text', '2,000 texts')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def column_values(columns: Mapping[str, Any]) -> list[str]:
    """Format the columns that have a value, each with its name."""
    return [f"{name} {value}" for name, value in columns.items() if value not in (None, "")]


def json_line(fields: Mapping[str, Any]) -> str:
    """Format an object as one line of JSON, in characters that the encoding of standard output has."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    return json.dumps(fields, ensure_ascii=not unicode, allow_nan=False, default=str)


def lines_of(arguments: Iterable[str]) -> Iterator[str]:
    """Yield arguments; `-` stands for the lines of standard input that are not blank."""
    for argument in arguments:
        if argument == "-":
            yield from (line.rstrip("\r\n") for line in sys.stdin if line.strip())
        else:
            yield argument


@dataclass(frozen=True)
class Row:
    """A text in a list.

    Attributes:
        number: such as its score.
        id: its id.
        text: the text, or the part that is shown.
        mark: a word after the id; none if empty.
        below: a line below it; none if empty.
    """

    number: float
    id: str
    text: str
    mark: str = ""
    below: str = ""


def show_list(rows: Sequence[Row], console: Console, *, digits: int = 6) -> None:
    """Print a list: rank, number, id, and as much of the text as fits the line.

    Args:
        rows: in order.
        console: prints them, and has the width of the line.
        digits: cells of a number.
    """
    ids = [shortened(row.id, MAX_ID) for row in rows]
    width = max(map(cell_len, ids), default=0)
    for rank, (row, id) in enumerate(zip(rows, ids, strict=True), 1):
        number = (f"{row.number:{digits}.3f}", "green")
        front = Text.assemble(f"{rank:>2}  ", number, "  ", (set_cell_size(id, width), "cyan"))
        front.append(f"  {row.mark}  " if row.mark else "  ", style="yellow")
        room = max(MIN_TEXT, console.width - front.cell_len)
        console.print(front + Text(shortened(row.text, room)))
        if row.below:
            console.print(" " * front.cell_len + shortened(row.below, room), style="dim")


class ProgressCounter:
    """Counts texts on standard error while a command runs; silent if that is no terminal.

    Attributes:
        texts: the number of texts so far.
        zero: how many of them have a zero vector, as they are empty or hold no word that the model knows.
    """

    def __init__(self, *, shown: bool = True) -> None:
        console = Console(file=sys.stderr)
        columns = (
            TextColumn("reading"),
            TextColumn("{task.completed:,.0f} texts"),
            TextColumn("{task.fields[speed]}"),
        )
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
        )
        self._task = self._progress.add_task("reading", total=None, speed="")
        self._began = time.perf_counter()
        self.texts, self.zero = 0, 0

    def __enter__(self) -> "ProgressCounter":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def reach(self, texts: int) -> None:
        """Show that `texts` texts are done."""
        self.texts = texts
        self._progress.update(self._task, completed=texts, speed=f"{self.speed:,.0f} texts/s")

    @property
    def speed(self) -> float:
        """Texts per second since the beginning."""
        return self.texts / max(time.perf_counter() - self._began, 1e-9)

    def summary(self, skipped: int) -> str:
        """Format the duration, the speed, the number of rows that could not be read, and that of zero vectors."""
        rows = f"; {counted(skipped, 'unreadable row')} skipped" if skipped else ""
        rows += f"; {counted(self.zero, 'text')} without a known word: zero vectors" if self.zero else ""
        return f"in {time.perf_counter() - self._began:.1f} s, {self.speed:,.0f} texts/s{rows}"


def _is_visible(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) not in INVISIBLE
