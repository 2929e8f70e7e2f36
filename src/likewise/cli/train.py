"""`likewise train`: a file of text becomes a model folder."""

import shlex
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from likewise.cli.options import Encoding, File, Id, OnError, Overwrite, Progress, Seed, Text, Views

if TYPE_CHECKING:
    from likewise.model.model import Model

__all__ = ["train"]


def train(
    file: File,
    out: Annotated[
        str, typer.Option("--out", metavar="MODEL", help="The folder to write the model to.", show_default=False)
    ],
    text: Text = None,
    id: Id = None,
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option("--pair", metavar="A B", help="Two columns whose texts belong together, such as title body."),
    ] = None,
    encoder: Annotated[Literal["static"], typer.Option("--encoder", help="Which kind of encoder.")] = "static",
    dim: Annotated[
        int | None,
        typer.Option("--dim", help="Numbers in a vector; 1,536 if not given, 768 for more than 100,000 texts."),
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Texts a step, each contrasted with the others.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", help="How often each text is seen.")] = None,
    temperature: Annotated[float | None, typer.Option("--temperature", help="Of the contrastive loss.")] = None,
    views: Views = None,
    effort: Annotated[
        Literal["low", "medium", "high"],
        typer.Option(
            "--effort",
            help="How much is tried to find the settings that are not given: about 1.6, 3 or 7 times the cost of a "
            "plain training.",
        ),
    ] = "medium",
    tune: Annotated[
        bool, typer.Option("--tune/--no-tune", help="Choose what is not given by the score that needs no labels.")
    ] = True,
    seed: Seed = 0,
    report: Annotated[
        bool, typer.Option("--report", help="Also write a page that shows what was learned, beside the model.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run to the same --out that was killed.")
    ] = False,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Train an encoder on a file of text that nobody labelled.

    What is not given is derived from the corpus, and tuned on it. Ctrl-C ends the run and keeps the best model so far.
    """
    from likewise.training.train import train as train_on

    if report:
        _refuse_report(out, overwrite=overwrite)
    model = train_on(
        file, text=text, id=id, pair=pair, encoder=encoder, dim=dim, batch=batch, epochs=epochs,
        temperature=temperature, views=views, seed=seed, effort=effort, tune=tune, out=out, resume=resume,
        progress=progress, overwrite=overwrite, encoding=encoding, on_error=on_error,
    )  # fmt: skip
    if report:
        _report(model, out, overwrite=overwrite)
    typer.echo(f"the model is in {out}; next:")
    typer.echo(f"  {shlex.join(_next(file, out, text or pair, id, encoding))}")


def _refuse_report(out: str, *, overwrite: bool) -> None:
    """A page that stands there already is told of before training, not after."""
    from likewise.atomic import refuse_existing
    from likewise.report.page import report_path

    refuse_existing(report_path(out), overwrite=overwrite)


def _report(model: "Model", out: str, *, overwrite: bool) -> None:
    from likewise.report.page import report_path, write_report

    write_report(model, report_path(out), overwrite=overwrite)
    typer.echo(f"the report is in {report_path(out)}")


def _next(
    file: str, out: str, columns: list[str] | tuple[str, str] | None, id: str | None, encoding: str | None
) -> list[str]:
    """The command that indexes the same file, with the same columns."""
    words = ["likewise", "index", out, "FILE" if file == "-" else file]
    words += [word for column in columns or () for word in ("--text", column)]
    words += ["--id", id] if id else []
    words += ["--encoding", encoding] if encoding else []
    return [*words, "--out", out.removesuffix("/").removesuffix(".model") + ".index"]
