"""Figures as Markdown: the latest recorded lines, cells with their intervals, tables with the best figure bold."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Cells = dict[str, dict[str, Any]]  # row -> column -> figure
Lines = list[dict[str, Any]]


def latest(results: Path) -> dict[str, Lines]:
    """The last recorded line of each benchmark and data set, by benchmark."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted(results.glob("*.jsonl")):
        for text in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
            line = json.loads(text)
            configuration = line["configuration"]
            if configuration.get("recipe", "default") == "default":
                found.setdefault(line["benchmark"], {})[str(configuration.get("data", ""))] = line
    return {name: list(lines.values()) for name, lines in found.items()}


def middle(value: Any) -> float:
    """The mean or median of a figure."""
    return float(value.get("mean", value.get("median"))) if isinstance(value, Mapping) else float(value)


def figure(value: Any, form: str, bold: bool) -> str:
    """A cell: the figure in `form`, with its interval in small where it has one."""
    if value is None:
        return ""
    text = format(middle(value), form)
    text = f"**{text}**" if bold else text
    if isinstance(value, Mapping):
        low, high = format(value["low"], form), format(value["high"], form)
        text += f" <sub>{low}–{high}</sub>" if low != high else ""
    return text


def table(cells: Cells, form: str = ".3f", *, best: Any = max, across: bool = False) -> str:
    """A Markdown table; the best figure of each column, or `across` of each row, is bold.

    Args:
        cells: rows of figures by column.
        form: format of a figure.
        best: `max`, `min`, or None for no bold figure.
        across: whether the systems are the columns.
    """
    columns = list(dict.fromkeys(column for row in cells.values() for column in row))
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    for name, row in cells.items():
        shown = []
        for column in columns:
            rivals = row.values() if across else (other.get(column) for other in cells.values())
            values = [round(middle(value), 6) for value in rivals if value is not None]
            value = row.get(column)
            first = (
                best is not None and value is not None and len(values) > 1 and round(middle(value), 6) == best(values)
            )
            shown.append(figure(value, form, first))
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def provenance(name: str, lines: Lines, note: str = "") -> str:
    """One line under a table: the command, dates and commits."""
    commits = sorted({f"{line['commit'][:8]} ({line['date'][:10]})" for line in lines})
    seeds = max(int(line["seed"]) for line in lines)
    runs = f", {seeds} seeds" if seeds > 1 else ""
    return f"<sub>`make bench BENCH={name}`{runs}; commit {', '.join(commits)}. {note}</sub>\n"


ENGLISH = ("cranfield", "scifact", "npl", "askubuntu_dups", "xquad_en")  # searches that a model of English can answer


def in_english(lines: Lines, *, english: bool = True) -> Lines:
    """The lines of corpora of English prose, or those of other languages and of code."""
    return [line for line in lines if (line["configuration"]["data"] in ENGLISH) == english]
