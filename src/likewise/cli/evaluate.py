"""`likewise evaluate`: evaluate a model on labelled data, with the same baselines on the same data."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Line

from likewise.cli.options import Encoding, Header, OnError, Progress, Seed, Text
from likewise.cli.screen import results
from likewise.errors import InputError

if TYPE_CHECKING:
    from likewise.evaluation.bootstrap import Estimate, Row
    from likewise.evaluation.evaluate import Evaluation

WIDE = 200  # cells, if the output is no terminal
GAP = 2  # cells between columns

EvaluatedModel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A model folder that likewise train wrote; or, with sentence-transformers installed, the folder or the "
        "full name (organisation/name) of one of its models.",
        show_default=False,
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A folder with corpus, queries and qrels (the layout of BEIR), with pairs, or with data; a file of pairs "
        "or of labelled texts; - for standard input.",
        show_default=False,
    ),
]
Task = Annotated[
    Literal["retrieval", "similarity", "duplicates", "classification", "clustering"] | None,
    typer.Option(
        "--task",
        metavar="NAME",
        help="retrieval, similarity, duplicates, classification or clustering; by default the data decides.",
    ),
]
Split = Annotated[
    str | None,
    typer.Option("--split", metavar="NAME", help="The split to evaluate on, or all; by default test, if there is one."),
]
Label = Annotated[
    str | None,
    typer.Option("--label", metavar="COLUMN", help="The column of classes, or of 1 for duplicates and 0 for others."),
]
First = Annotated[str | None, typer.Option("--text1", metavar="COLUMN", help="The column of one text of each pair.")]
Second = Annotated[str | None, typer.Option("--text2", metavar="COLUMN", help="The column of the other.")]
Score = Annotated[str | None, typer.Option("--score", metavar="COLUMN", help="The column of similarity scores.")]
LabelsPerClass = Annotated[
    str | None,
    typer.Option("--labels-per-class", metavar="N,...", help="For classification; 8,64 if the classes have as many."),
]
Repeats = Annotated[
    int, typer.Option("--repeats", min=1, help="How often to draw the training texts of classes, or to run k-means.")
]
Baselines = Annotated[
    str | None,
    typer.Option(
        "--baselines",
        metavar="NAMES",
        help="Of bm25,tfidf,lsa,untrained,minilm,fusion, or all; by default all that do not take minutes.",
    ),
]


def evaluate(
    model: EvaluatedModel,
    data: Data,
    task: Task = None,
    split: Split = None,
    text: Text = None,
    label: Label = None,
    text1: First = None,
    text2: Second = None,
    score: Score = None,
    labels_per_class: LabelsPerClass = None,
    repeats: Repeats = 5,
    baselines: Baselines = None,
    no_baselines: Annotated[bool, typer.Option("--no-baselines", help="Evaluate the model alone.")] = False,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object with all metrics.")] = False,
    progress: Progress = True,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Evaluate a model on labelled data, with the same baselines on the same data.

    Each metric comes with its 95 % confidence interval. No baseline and no setting is fitted on the labels.
    """
    from likewise.evaluation.evaluate import evaluate as evaluate_model

    if baselines is not None and no_baselines:
        raise InputError("give either --baselines or --no-baselines, not both")
    found = evaluate_model(
        model, data, task=task, split=split, text=text, label=label, text1=text1, text2=text2, score=score,
        labels_per_class=_integers(labels_per_class), repeats=repeats, seed=seed, progress=progress, encoding=encoding,
        header=header,
        baselines=not no_baselines if baselines is None else baselines, on_error=on_error,
    )  # fmt: skip
    print_evaluation(found, as_json=as_json)


def print_evaluation(evaluation: "Evaluation", *, as_json: bool) -> None:
    """Print the table of an evaluation, or one JSON object."""
    if as_json:
        typer.echo(evaluation.as_json())
        return
    console = results()
    if not console.is_terminal:
        console.width = WIDE
    for part in as_parts(evaluation, console.width):
        console.print(part)


def as_parts(evaluation: "Evaluation", width: int) -> list[RenderableType]:
    """The lines and the table for a terminal of some width; metrics that do not fit are named below the table."""
    metrics = list(evaluation.model.metrics)
    fitting = metrics
    while len(fitting) > 1 and _width(evaluation, fitting) > width:
        fitting = fitting[:-1]
    absent = [Line(f"{row.name}: {row.note}", style="dim") for row in evaluation.rows if row.note]
    notes = [Line(f"- {note}") for note in evaluation.notes]
    if hidden := metrics[len(fitting) :]:
        notes.append(Line(f"- a wider terminal, or --json, also shows {'; '.join(hidden)}"))
    foot = f"95 % bootstrap intervals, {evaluation.resamples:,} resamples, seed {evaluation.seed}"
    if any(row.difference for row in evaluation.rows):
        foot += f"; difference: {evaluation.metric} of {evaluation.model.name} minus that of the row, paired"
    head = Line.assemble((evaluation.data, "bold"), f": {evaluation.sizes}")
    return [head, _table(evaluation, fitting), *absent, *notes, Line(foot, style="dim")]


def _table(evaluation: "Evaluation", metrics: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    table.add_column("", no_wrap=True)
    for metric in metrics:
        table.add_column(metric.replace(", ", "\n"), justify="right", no_wrap=True)
    rows = [row for row in evaluation.rows if row.metrics]
    several = len(rows) > 1
    if several:
        table.add_column("difference", justify="right")
    best = {name: max(round(row.metrics[name].value, 3) for row in rows) for name in metrics}
    for row in rows:
        cells = [
            _cell(row.metrics[name], bold=several and round(row.metrics[name].value, 3) == best[name])
            for name in metrics
        ]
        table.add_row(Line(row.name), *cells, *([_difference(row)] if several else []))
    return table


def _width(evaluation: "Evaluation", metrics: list[str]) -> int:
    """The cells that the table takes."""
    names = max(cell_len(row.name) for row in evaluation.rows if row.metrics)
    difference = len("+0.000 +0.000") + GAP if any(row.difference for row in evaluation.rows) else 0
    columns = sum(max(len("0.000–0.000"), *map(len, name.split(", "))) + GAP for name in metrics)
    return names + GAP + difference + columns


def _cell(estimate: "Estimate", *, bold: bool) -> Line:
    interval = f"{estimate.low:.3f}–{estimate.high:.3f}"
    return Line.assemble((f"{estimate.value:.3f}", "bold" if bold else ""), "\n", (interval, "dim"))


def _difference(row: "Row") -> Line:
    if row.difference is None:
        return Line("")
    value, low, high = (f"{number:+.3f}" for number in vars(row.difference).values())
    return Line.assemble(value, "\n", (f"{low} {high}", "dim"))


def _integers(given: str | None) -> list[int] | None:
    if given is None:
        return None
    try:
        return [int(number) for number in given.split(",")]
    except ValueError:
        raise InputError(f"--labels-per-class is {given!r}: integers are expected, such as 8,64") from None
