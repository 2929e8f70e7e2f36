"""`likewise evaluate`: how good a model is on labelled data, beside the same baselines on the same data."""

from typing import Annotated, Literal

import typer

from likewise.cli.options import Encoding, OnError, Progress, Seed, Text
from likewise.errors import InputError

__all__ = ["evaluate"]


Judged = Annotated[
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
        help="A folder with corpus, queries and qrels (as BEIR has them), or with pairs, or with data; or a file of "
        "pairs or of labelled texts; - for standard input.",
        show_default=False,
    ),
]
Task = Annotated[
    Literal["retrieval", "similarity", "duplicates", "classification", "clustering"] | None,
    typer.Option(
        "--task",
        metavar="NAME",
        help="retrieval, similarity, duplicates, classification or clustering; found from the data if not given.",
    ),
]
Split = Annotated[
    str | None, typer.Option("--split", metavar="NAME", help="Which split is judged, or all; test, if there is one.")
]
Label = Annotated[
    str | None,
    typer.Option("--label", metavar="COLUMN", help="The column of classes, or of 1 for duplicates and 0 for none."),
]
First = Annotated[str | None, typer.Option("--text1", metavar="COLUMN", help="The column of one text of each pair.")]
Second = Annotated[str | None, typer.Option("--text2", metavar="COLUMN", help="The column of the other.")]
Score = Annotated[
    str | None, typer.Option("--score", metavar="COLUMN", help="The column that says how similar the two are.")
]
Few = Annotated[
    str | None,
    typer.Option("--labels-per-class", metavar="N,...", help="For classification; 8,64 if the classes have as many."),
]
Draws = Annotated[
    int, typer.Option("--draws", min=1, help="How often the labelled texts are drawn, or k-means is run.")
]
Baselines = Annotated[
    str | None,
    typer.Option(
        "--baselines",
        metavar="NAMES",
        help="Of bm25,tfidf,lsa,untrained,minilm,fusion, or all; if not given, all that do not take minutes.",
    ),
]


def evaluate(
    model: Judged,
    data: Data,
    task: Task = None,
    split: Split = None,
    text: Text = None,
    label: Label = None,
    text1: First = None,
    text2: Second = None,
    score: Score = None,
    labels_per_class: Few = None,
    draws: Draws = 5,
    baselines: Baselines = None,
    no_baselines: Annotated[bool, typer.Option("--no-baselines", help="The model alone.")] = False,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with every figure and interval.")] = False,
    progress: Progress = True,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Judge a model by labelled data, beside the same baselines on the same data.

    Each figure stands above its 95 % interval. Labels judge only: no baseline and no setting is chosen by them.
    """
    from likewise.cli.screen import results
    from likewise.evaluation.evaluate import evaluate as judge
    from likewise.evaluation.table import as_parts

    if baselines is not None and no_baselines:
        raise InputError("give either --baselines or --no-baselines, not both")
    found = judge(
        model, data, task=task, split=split, text=text, label=label, text1=text1, text2=text2, score=score,
        labels_per_class=_numbers(labels_per_class), draws=draws, seed=seed, progress=progress, encoding=encoding,
        baselines=not no_baselines if baselines is None else baselines, on_error=on_error,
    )  # fmt: skip
    console = results()
    if as_json:
        typer.echo(found.as_json())
    elif console.is_terminal:
        for part in as_parts(found, console.width):
            console.print(part)
    else:
        typer.echo(str(found))


def _numbers(given: str | None) -> list[int] | None:
    if given is None:
        return None
    try:
        return [int(number) for number in given.split(",")]
    except ValueError:
        raise InputError(f"--labels-per-class is {given!r}: whole numbers are expected, such as 8,64") from None
