"""`likewise train`: a file of text becomes a model folder."""

import shlex
from typing import Annotated, Literal

import typer

from likewise.cli.options import Encoding, File, Id, OnError, Overwrite, Progress, Seed, Text, Views

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
    dim: Annotated[int | None, typer.Option("--dim", help="Numbers in a vector; 256 if not given.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Texts a step, each contrasted with the others.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", help="How often each text is seen.")] = None,
    temperature: Annotated[float | None, typer.Option("--temperature", help="Of the contrastive loss.")] = None,
    views: Views = None,
    seed: Seed = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run to the same --out that was killed.")
    ] = False,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Train an encoder on a file of text that nobody labelled.

    What is not given is derived from the corpus. Ctrl-C ends the run and keeps the best model so far.
    """
    from likewise.training.train import train as train_on

    train_on(
        file, text=text, id=id, pair=pair, encoder=encoder, dim=dim, batch=batch, epochs=epochs,
        temperature=temperature, views=views, seed=seed, out=out, resume=resume, progress=progress, overwrite=overwrite,
        encoding=encoding, on_error=on_error,
    )  # fmt: skip
    typer.echo(f"the model is in {out}; next:")
    typer.echo(f"  {shlex.join(_next(file, out, text or pair, id, encoding))}")


def _next(
    file: str, out: str, columns: list[str] | tuple[str, str] | None, id: str | None, encoding: str | None
) -> list[str]:
    """The command that indexes the same file, with the same columns."""
    words = ["likewise", "index", out, "FILE" if file == "-" else file]
    words += [word for column in columns or () for word in ("--text", column)]
    words += ["--id", id] if id else []
    words += ["--encoding", encoding] if encoding else []
    return [*words, "--out", out.removesuffix("/").removesuffix(".model") + ".index"]
