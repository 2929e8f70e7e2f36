"""`likewise distill`: a slow encoder and a file of text become a fast model."""

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
        str, typer.Option("--texts", metavar="FILE", help="Of what the model is to know; read as train reads it.")
    ],
    out: Model,
    text: Text = None,
    most: Annotated[
        int | None,
        typer.Option("--most", metavar="N", help="Texts that the teacher is asked about at the most; 10,000."),
    ] = None,
    seed: Seed = 0,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Teach a static model, which encodes as fast as any here, what a slower one knows of your texts.

    The teacher is asked once. Where the command was killed, the same command goes on with what the teacher said before.
    """
    from likewise.training.distill import distill as distill_from

    given = {} if most is None else {"most": most}
    distill_from(
        teacher, texts, text=text, out=out, seed=seed, progress=progress, overwrite=overwrite, encoding=encoding,
        on_error=on_error, **given,
    )  # fmt: skip
    typer.echo(f"the model is in {out}")
