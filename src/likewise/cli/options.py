"""Options that several commands share, so that they have the same name and help everywhere."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from likewise.atomic import locking
from likewise.errors import InputError

OUTPUTS = ExitStack()
"""The outputs of the running command, which no other process may write until it ends."""


def reserve(path: str | Path, *, overwrite: bool) -> None:
    """Refuse an output that exists or is being written, and be its only writer until the command ends."""
    OUTPUTS.enter_context(locking(Path(path), overwrite=overwrite))


File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A txt (one text a line), CSV, TSV, JSONL, Parquet or Arrow file, each also .gz or .zst; a folder of "
        "them; or - for standard input.",
        show_default=False,
    ),
]
ModelFolder = Annotated[str, typer.Argument(metavar="MODEL", help="A model folder.", show_default=False)]
OptionalModel = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="A model folder; default: one is trained on the texts."),
]
IndexFolder = Annotated[str, typer.Argument(metavar="INDEX", help="An index folder.", show_default=False)]
Backend = Annotated[
    Literal["torch", "onnx", "onnx-int8"] | None,
    typer.Option(
        "--backend",
        help="What runs a transformer; onnx and onnx-int8 need likewise export. Default: torch if it is installed.",
        show_default=False,
    ),
]
Text = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="COLUMN", help="The column of texts; repeat it to join several columns."),
]
Column = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="COLUMN",
        help="A column of records, instead of --text; repeat it, the first with text: each is evidence of its own.",
        show_default=False,
    ),
]
Id = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="The column of ids.")]
NoId = Annotated[
    bool,
    typer.Option("--no-id", help="Number the rows: a column id or _id is one like others."),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="The encoding of a text file, such as latin-1. Default: detected."),
]
Header = Annotated[
    bool,
    typer.Option(
        " /--no-header",
        help="The first row of a CSV or TSV file is data: its columns are called 1, 2, ..., as in --text 2.",
        show_default=False,
    ),
]
OnError = Annotated[
    Literal["raise", "skip"],
    typer.Option("--on-error", help="At a row that cannot be read, stop with an error, or skip and count it."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
PassageLength = Annotated[
    int | None,
    typer.Option(
        "--passages",
        min=1,
        metavar="N",
        help="Split texts into passages of whole sentences and at most N characters, such as 800.",
        show_default=False,
    ),
]
Progress = Annotated[
    bool, typer.Option("--progress/--no-progress", help="Show progress on standard error; warnings are shown anyway.")
]
Queries = Annotated[
    Literal["transformer", "static"] | None,
    typer.Option(
        "--queries",
        help="What encodes queries: the transformer (default), or a static student of it, for searches without torch.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="The random seed: the same seed gives the same result.")]
Views = Annotated[
    str | None,
    typer.Option(
        "--views",
        metavar="NAMES",
        help="The two views of a text that make a positive pair, such as crop,halves or crop+delete:0.1.",
    ),
]


def takes_ids(id: str | None, *, no_id: bool) -> bool:
    """Return whether ids are read from a column.

    Raises:
        InputError: `--id` and `--no-id` are both given.
    """
    if no_id and id is not None:
        raise InputError(f"give either --id {id} or --no-id, not both")
    return not no_id


def reading_of(
    text: list[str] | None, id: str | None, *, no_id: bool, encoding: str | None, header: bool, on_error: str
) -> dict[str, Any]:
    """Return the options of reading as `corpus.read` takes them.

    Raises:
        InputError: `--id` and `--no-id` are both given.
    """
    return {
        "text": text, "id": id, "ids": takes_ids(id, no_id=no_id), "encoding": encoding, "header": header,
        "on_error": on_error,
    }  # fmt: skip


def stem(file: str) -> str:
    """Return the name of a file without what comes after its first dot.

    >>> stem("data/reviews.csv.gz")
    'reviews'
    """
    name = Path(file).resolve().name
    return name.lstrip(".").partition(".")[0] or name
