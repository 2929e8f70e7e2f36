"""`likewise distill`: a slow encoder and a file of text make a fast model."""

from typing import Annotated

import typer

from likewise.cli.options import Encoding, OnError, Overwrite, Progress, Seed, Text
from likewise.cli.train_options import Model

__all__ = ["distill"]


def distill(
    teacher: Annotated[
        str,
        typer.Argument(
            metavar="TEACHER",
            help="A model folder of likewise or sentence-transformers; or a package or a name, as for train --encoder.",
            show_default=False,
        ),
    ],
    texts: Annotated[
        str, typer.Option("--texts", metavar="FILE", help="The texts to distill on; read as train reads them.")
    ],
    out: Model,
    text: Text = None,
    max_texts: Annotated[
        int,
        typer.Option("--max-texts", metavar="N", help="Texts that the teacher encodes, and as many spans, at most."),
    ] = 10_000,
    seed: Seed = 0,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Train a fast static model on the vectors that a slower one gives your texts.

    The teacher encodes each text once. After a kill, the same command continues with the vectors that it had.
    """
    from likewise.training.distill import distill as distill_from

    distill_from(
        teacher, texts, text=text, out=out, seed=seed, progress=progress, overwrite=overwrite, encoding=encoding,
        on_error=on_error, max_texts=max_texts,
    )  # fmt: skip
    typer.echo(f"the model is in {out}")
