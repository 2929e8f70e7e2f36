"""An evaluation as a table: figures, the interval of each below it, and notes."""

from io import StringIO

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from likewise.evaluation.result import Evaluation, Figure, Row

__all__ = ["as_parts", "as_text"]

WIDE = 200  # cells, where nothing is known of who reads it
AHEAD = "ahead by"
BETWEEN = 2  # cells between columns


def as_parts(evaluation: Evaluation, width: int) -> list[RenderableType]:
    """What a terminal of so many cells shows; measures for which there is no room are named below."""
    measures = list(evaluation.model.figures)
    fitting = measures
    while len(fitting) > 1 and _width(evaluation, fitting) > width:
        fitting = fitting[:-1]
    counted = ", ".join(f"{number:,} {name}" for name, number in evaluation.counts.items())
    head = Text.assemble((evaluation.data, "bold"), f": {evaluation.task}, {counted}")
    absent = [Text(f"{row.name}: {row.note}", style="dim") for row in evaluation.rows if row.note]
    notes = [Text(f"- {note}") for note in evaluation.notes]
    if left := measures[len(fitting) :]:
        notes.append(Text(f"- a wider terminal, or --json, also shows {'; '.join(left)}"))
    foot = f"95 % bootstrap intervals, {evaluation.resamples:,} resamples, seed {evaluation.seed}"
    if any(row.ahead for row in evaluation.rows):
        foot += f"; {AHEAD}: {evaluation.measure} of {evaluation.model.name} less that of the row, paired"
    return [head, _table(evaluation, fitting), *absent, *notes, Text(foot, style="dim")]


def as_text(evaluation: Evaluation, width: int = WIDE) -> str:
    """The same as plain text."""
    out = StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, color_system=None)
    for part in as_parts(evaluation, width):
        console.print(part, soft_wrap=isinstance(part, Text))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _table(evaluation: Evaluation, measures: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, BETWEEN, 0, 0))
    table.add_column("", no_wrap=True)
    for measure in measures:
        table.add_column(measure.replace(", ", "\n"), justify="right", no_wrap=True)
    judged = [row for row in evaluation.rows if row.figures]
    several = len(judged) > 1
    if several:
        table.add_column(f"{evaluation.model.name}\n{AHEAD}", justify="right")
    best = {name: max(_rounded(row.figures[name]) for row in judged) for name in measures}
    for row in judged:
        cells = [
            _cell(row.figures[name], best=several and _rounded(row.figures[name]) == best[name]) for name in measures
        ]
        table.add_row(Text(row.name), *cells, *([_difference(row)] if several else []))
    return table


def _width(evaluation: Evaluation, measures: list[str]) -> int:
    """Cells that the table takes."""
    names = max(cell_len(row.name) for row in evaluation.rows if row.figures)
    ahead = len("+0.000 +0.000") + BETWEEN if any(row.ahead for row in evaluation.rows) else 0
    return (
        names
        + BETWEEN
        + ahead
        + sum(max(len("0.000–0.000"), *map(len, name.split(", "))) + BETWEEN for name in measures)
    )


def _rounded(figure: Figure) -> float:
    return round(figure.value, 3)


def _cell(figure: Figure, *, best: bool) -> Text:
    return Text.assemble(
        (f"{figure.value:.3f}", "bold" if best else ""), "\n", (f"{figure.low:.3f}–{figure.high:.3f}", "dim")
    )


def _difference(row: Row) -> Text:
    if row.ahead is None:
        return Text("")
    return Text.assemble(f"{row.ahead.value:+.3f}", "\n", (f"{row.ahead.low:+.3f} {row.ahead.high:+.3f}", "dim"))
