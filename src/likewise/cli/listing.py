"""Lists of texts on a terminal, and objects for programs: how commands show what they found."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Row", "json_line", "show_list", "told_columns"]

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

    from likewise.cli.screen import shortened

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
