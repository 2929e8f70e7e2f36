"""`likewise report`: write one HTML page that shows what a model learned."""

from pathlib import Path
from typing import Annotated

import typer

from likewise.cli.options import Encoding, Header, ModelFolder, OnError, Overwrite, Text, reserve
from likewise.errors import InputError


def report(
    model: ModelFolder,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="HTML", help="The page; by default reviews.report.html for reviews.model."),
    ] = None,
    texts: Annotated[
        str | None,
        typer.Option(
            "--texts",
            metavar="FILE",
            help="Show these texts instead of the sample stored with the model; any file that likewise train reads.",
        ),
    ] = None,
    text: Text = None,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Write one HTML page that shows what a model learned.

    It opens in any browser and fetches nothing. It shows texts of the corpus.
    """
    from likewise.corpus.read import read
    from likewise.model.load import load_model
    from likewise.report.page import report_path, write_report

    if text and texts is None:
        raise InputError("--text names a column of a file: give --texts FILE too")
    target = Path(out) if out is not None else report_path(model)
    reserve(target, overwrite=overwrite)
    corpus = (
        None
        if texts is None
        else read(texts, ids=False, text=text, encoding=encoding, header=header, on_error=on_error)
    )
    write_report(load_model(model), target, overwrite=overwrite, texts=corpus)
    typer.echo(f"the report is in {target}: open it in a browser")
