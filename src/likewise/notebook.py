"""How results show themselves in a notebook: small tables of HTML, without scripts and without colours of their own.

Colours, fonts and links are those of the notebook, so that tables are readable in light and in dark. Every value is
escaped: a text of a corpus is never markup.
"""

import html
import math
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

MAX_ROWS = 10
MAX_TEXT = 160  # characters of a cell
MAX_COLUMNS = 6  # of a user, that are shown
MAX_LINES, HEAD = 60, 10  # of an output that changes: it is sent whole each time; those at the beginning stay
SECONDS = 0.2  # between two states of a bar

_CELL = "text-align:left;vertical-align:top;padding:2px 10px 2px 0;white-space:normal"
_FAINT = "opacity:.7"


def table(
    title: str, facts: Mapping[str, Any] | None = None, columns: Sequence[str] = (), rows: Iterable[Sequence[Any]] = ()
) -> str:
    """Return HTML: a title, facts by name in one line, and the first rows of a table.

    Args:
        title: what it is.
        facts: those of None are left out.
        columns: names, one for each cell of a row.
        rows: cells; a float has three decimals, None is empty, a text is shortened.
    """
    rows = list(rows)
    known = [f"{_cell(name)} {_cell(value)}" for name, value in (facts or {}).items() if value is not None]
    parts = [
        f"<strong>{_cell(title)}</strong>",
        *([f'<div style="{_FAINT}">{" · ".join(known)}</div>'] if known else []),
    ]
    if rows:
        head = "".join(f'<th scope="col" style="{_CELL}">{_cell(name)}</th>' for name in columns)
        cells = ("".join(f'<td style="{_CELL}">{_cell(value)}</td>' for value in row) for row in rows[:MAX_ROWS])
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    if len(rows) > MAX_ROWS:
        parts.append(f'<div style="{_FAINT}">and {len(rows) - MAX_ROWS:,} more</div>')
    return f"<div>{''.join(parts)}</div>"


def passage(before: str, sentence: str, after: str) -> str:
    """Return HTML: a sentence marked between the words around it."""
    return f"<p>{_cell(before[-MAX_TEXT:])} <mark>{html.escape(one_line(sentence))}</mark> {_cell(after)}</p>"


def user_columns(columns: Mapping[str, Any]) -> str:
    """Return the first columns of a user that have a value, each with its name, in one line."""
    filled = ((name, value) for name, value in columns.items() if value not in (None, ""))
    return " · ".join(f"{name} {value}" for name, value in islice(filled, MAX_COLUMNS))


def one_line(text: str) -> str:
    """Return a text on one line, without control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _cell(value: Any) -> str:
    """Return the HTML of a value: escaped, on one line and shortened."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.3f}" if math.isfinite(value) else ""
        case tuple() | list():
            value = ", ".join(map(str, value))
    text = str(value)
    line = one_line(text[: 4 * MAX_TEXT])
    if len(line) > MAX_TEXT or len(text) > 4 * MAX_TEXT:
        line = line[: MAX_TEXT - 1].rstrip() + "…"
    return html.escape(line)


class LiveOutput:
    """An output of the running cell that changes: lines, and bars of what is under way.

    A kernel without ipywidgets shows no bar of rich, and each of its lines as an output of its own.
    """

    def __init__(self) -> None:
        self._id: str | None = None
        self._lines: list[str] = []
        self._bars: dict[str, tuple[int, int | None, str]] = {}
        self._shown = 0.0  # when

    def line(self, line: str) -> None:
        """Add a line."""
        self._lines.append(line)
        self._show()

    def bar(self, name: str, done: int, total: int | None, numbers: str = "") -> None:
        """Show how much of something is done; the bar goes when all is."""
        self._bars[name] = done, total, numbers
        if done == total:
            del self._bars[name]
        if done == total or time.monotonic() - self._shown > SECONDS:
            self._show()

    def end(self) -> None:
        """Remove all bars."""
        if self._bars:
            self._bars.clear()
            self._show()

    def _show(self) -> None:
        lines = self._lines
        if len(lines) > MAX_LINES:
            lines = [*lines[:HEAD], f"… {len(lines) - MAX_LINES:,} lines …", *lines[len(lines) - MAX_LINES + HEAD :]]
        content = f'<pre style="white-space:pre-wrap;margin:0">{html.escape(chr(10).join(lines))}</pre>'
        for name, (done, total, numbers) in self._bars.items():
            label = " · ".join(filter(None, (name, f"{done:,}{f' of {total:,}' if total else ''}", numbers)))
            # Without a value, the element says that something is under way.
            value = f' value="{done}" max="{total}"' if total else ""
            content += f"<div><progress{value}>{html.escape(label)}</progress> {html.escape(label)}</div>"
        self._shown = time.monotonic()
        self._display(content, "\n".join(lines))

    def _display(self, content: str, plain: str) -> None:
        from IPython.display import display, update_display

        bundle = {"text/html": content, "text/plain": plain}
        if self._id is None:
            self._id = uuid.uuid4().hex
            display(bundle, raw=True, display_id=self._id)
        else:
            update_display(bundle, raw=True, display_id=self._id)
