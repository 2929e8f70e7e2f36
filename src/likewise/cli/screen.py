"""What a person sees: results on standard output, progress on standard error, and no text that commands a terminal."""

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn

__all__ = [
    "Meter",
    "Row",
    "counted",
    "json_line",
    "lines_of",
    "one_line",
    "results",
    "shortened",
    "show_list",
    "told_columns",
]

if TYPE_CHECKING:
    from rich.console import Console


UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # escapes, direction overrides and the like: a text must not move the cursor
JOINERS = "\u200c\u200d"  # format characters that words and emoji are written with


class _Results(Console):
    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - called while the error is handled; the door knows what it means


def results() -> Console:
    """Where results go: standard output, without colour where it is no terminal."""
    return _Results(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)


def one_line(text: str) -> str:
    """The text on one line: runs of white space become a space, what cannot be seen is left out."""
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_seen(c))
    return " ".join(text.split())


def shortened(text: str, width: int) -> str:
    """The text on one line of `width` cells at the most; a wide character, such as a Chinese one, takes two."""
    line = one_line(text[: 8 * width])  # a text may be megabytes long
    if cell_len(line) <= width and len(text) <= 8 * width:
        return line
    return set_cell_size(line, max(1, width - 1)).rstrip() + "…"


def counted(number: int, what: str) -> str:
    """So many of something.

    >>> counted(1, "text"), counted(2000, "text")
    ('1 text', '2,000 texts')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def lines_of(given: Iterable[str]) -> Iterator[str]:
    """What was given as arguments, where `-` stands for the lines of standard input that are not blank."""
    for one in given:
        if one == "-":
            yield from (line.rstrip("\r\n") for line in sys.stdin if line.strip())
        else:
            yield one


class Meter:
    """Counts texts on standard error while a command runs; silent where that is no terminal.

    Attributes:
        texts: how many so far.
    """

    def __init__(self, *, shown: bool = True) -> None:
        console = Console(file=sys.stderr)
        columns = (
            TextColumn("{task.description}"),
            TextColumn("{task.completed:,.0f} texts"),
            TextColumn("{task.fields[speed]}"),
        )
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
        )
        self._task: TaskID = self._progress.add_task("reading", total=None, speed="")
        self._began = time.perf_counter()
        self.texts = 0

    def __enter__(self) -> "Meter":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def reach(self, texts: int) -> None:
        """So many are done by now."""
        self.texts = texts
        self._show(completed=texts, speed=f"{self.speed:,.0f} a second")

    def stage(self, name: str) -> None:
        """What is done now, after the texts."""
        self._show(description=name)

    @property
    def speed(self) -> float:
        """Texts a second since the beginning."""
        return self.texts / max(time.perf_counter() - self._began, 1e-9)

    def summary(self, skipped: int) -> str:
        """How long it took, how fast that was, and how many rows could not be read."""
        rows = f"; {counted(skipped, 'unreadable row')} left out" if skipped else ""
        return f"in {time.perf_counter() - self._began:.1f} s, {self.speed:,.0f} texts/s{rows}"

    def _show(self, **fields: Any) -> None:
        self._progress.update(self._task, **fields)


def _is_seen(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) not in UNSEEN


LONGEST_ID = 24  # cells
NARROWEST = 20  # cells that a text gets however narrow the terminal is


@dataclass(frozen=True)
class Row:
    """One text of a list.

    Attributes:
        number: such as its score.
        id: its id.
        text: it, or what is shown of it.
        mark: a word behind the id; none if empty.
        below: what stands on a line of its own; none if empty.
    """

    number: float
    id: str
    text: str
    mark: str = ""
    below: str = ""


def show_list(rows: Sequence[Row], console: "Console", *, digits: int = 6) -> None:
    """Print a list: rank, number, id, and what fits the line of the text.

    Args:
        rows: in their order.
        console: whose width counts.
        digits: cells of a number.
    """
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    pass

    ids = [shortened(row.id, LONGEST_ID) for row in rows]
    width = max(map(cell_len, ids), default=0)
    for rank, (row, id) in enumerate(zip(rows, ids, strict=True), 1):
        number = (f"{row.number:{digits}.3f}", "green")
        front = Text.assemble(f"{rank:>2}  ", number, "  ", (set_cell_size(id, width), "cyan"))
        front.append(f"  {row.mark}  " if row.mark else "  ", style="yellow")
        room = max(NARROWEST, console.width - front.cell_len)
        console.print(front + Text(shortened(row.text, room)))
        if row.below:
            console.print(" " * front.cell_len + shortened(row.below, room), style="dim")


def told_columns(columns: Mapping[str, Any]) -> list[str]:
    """The columns that have a value, each with its name."""
    return [f"{name} {value}" for name, value in columns.items() if value not in (None, "")]


def json_line(fields: Mapping[str, Any]) -> str:
    """An object as one line of JSON, in characters that standard output can take."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    return json.dumps(fields, ensure_ascii=not unicode, allow_nan=False, default=str)
