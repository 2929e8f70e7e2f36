"""Options that several commands share, so that they read the same everywhere."""

from typing import Annotated, Literal

import typer

__all__ = [
    "Backend",
    "Encoding",
    "File",
    "Id",
    "IndexFolder",
    "ModelFolder",
    "OnError",
    "Overwrite",
    "PassageLength",
    "Progress",
    "Seed",
    "Text",
    "Views",
]

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="txt (one text a line), CSV, TSV, JSONL, Parquet or Arrow, each also .gz or .zst; a folder of text files; "
        "or - for standard input.",
        show_default=False,
    ),
]
ModelFolder = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model folder that likewise train wrote.", show_default=False)
]
IndexFolder = Annotated[
    str, typer.Argument(metavar="INDEX", help="An index that likewise index made.", show_default=False)
]
Backend = Annotated[
    Literal["torch", "onnx", "onnx-int8"] | None,
    typer.Option(
        "--backend",
        help="What a transformer runs on: the latter two once it was exported. If not given, torch where it is "
        "installed.",
        show_default=False,
    ),
]
Text = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="COLUMN", help="The column that holds the text; repeat it to join several."),
]
Id = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="The column that names each row.")]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Of a text file, such as latin-1; detected if not given."),
]
OnError = Annotated[
    Literal["raise", "skip"],
    typer.Option("--on-error", help="At a row that cannot be read: end with an error, or skip the row and count it."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
PassageLength = Annotated[
    int | None,
    typer.Option(
        "--passages",
        min=1,
        metavar="N",
        help="Cut texts at the ends of sentences into passages of about so many characters, such as 800.",
        show_default=False,
    ),
]
Progress = Annotated[bool, typer.Option("--progress/--no-progress", help="Show on standard error how far it is.")]
Seed = Annotated[int, typer.Option("--seed", help="Of everything random: the same seed gives the same result.")]
Views = Annotated[
    str | None,
    typer.Option(
        "--views",
        metavar="NAMES",
        help="Which two views of a text belong together, such as crop,halves or crop+delete:0.1.",
    ),
]
