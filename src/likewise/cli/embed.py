"""`likewise embed`: the texts of a file become a file of vectors."""

from pathlib import Path
from typing import Annotated

import typer

from likewise.cli.options import Backend, Encoding, File, Id, ModelFolder, OnError, Overwrite, Progress, Text

__all__ = ["embed"]


def embed(
    model: ModelFolder,
    file: File,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="VECTORS",
            help="The file to write: .parquet, .arrow or .feather with ids, texts, columns and vectors, .npy with the "
            "vectors alone.",
            show_default=False,
        ),
    ],
    text: Text = None,
    id: Id = None,
    role: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="ROLE",
            help="What the texts are: `text`, to be compared with one another; `document`, to be found by queries; or "
            "`query`.",
        ),
    ] = "text",
    keep_text: Annotated[bool, typer.Option("--keep-text/--no-text", help="Whether the texts are written too.")] = True,
    backend: Backend = None,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    on_error: OnError = "raise",
) -> None:
    """Write one vector for each text of a file.

    The file is read as a stream: it may be larger than memory.
    """
    import pyarrow as pa

    from likewise.atomic import refuse_existing, replacing_file
    from likewise.cli.screen import Meter, counted
    from likewise.cli.vectors import embedded, encoder_as, writer_for
    from likewise.corpus.read import read
    from likewise.model.load import load_model

    target = Path(out)
    write = writer_for(target)  # refuses an unknown suffix before any work is done
    refuse_existing(target, overwrite=overwrite)
    loaded = load_model(model, backend=backend)
    encode = encoder_as(loaded, role)
    corpus = read(file, text=text, id=id, columns=True, encoding=encoding, on_error=on_error)
    with Meter(shown=progress) as progress_bar, replacing_file(target, overwrite=overwrite) as beside:
        write(beside, embedded(corpus, encode, progress_bar), keep_text)
        took = progress_bar.summary(corpus.skipped)
    dim = encode(pa.array([], pa.large_string())).shape[1]  # a document's may be longer than a text's
    typer.echo(f"{out}: {counted(progress_bar.texts, 'vector')} of {dim} numbers {took}")
