"""`likewise embed`: write the vectors of the texts of a file."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from likewise.atomic import replacing_file
from likewise.cli.options import (
    Backend,
    Encoding,
    File,
    Header,
    Id,
    ModelFolder,
    NoId,
    OnError,
    Overwrite,
    Progress,
    Text,
    reserve,
    takes_ids,
)
from likewise.cli.screen import ProgressCounter, counted


def embed(
    model: ModelFolder,
    file: File,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="VECTORS",
            help="The file to write: .parquet, .arrow or .feather with ids, texts, columns and vectors; .npy with the "
            "vectors alone.",
            show_default=False,
        ),
    ],
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
    role: Annotated[
        Literal["text", "document", "query"],
        typer.Option("--role", help="Encode as text, to compare texts with one another, or as document or query."),
    ] = "text",
    dim: Annotated[
        int | None, typer.Option("--dim", help="Dimensions of the vectors of a static model; default all.")
    ] = None,
    keep_text: Annotated[bool, typer.Option("--keep-text/--no-text", help="Whether to write the texts too.")] = True,
    backend: Backend = None,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Write one vector for each text of a file.

    The file is streamed: it may be larger than memory.
    """
    import pyarrow as pa

    from likewise.cli.vectors import embedded, writer_for
    from likewise.corpus.read import read
    from likewise.model.load import load_model

    target, ids = Path(out), takes_ids(id, no_id=no_id)
    write = writer_for(target)  # refuses an unknown suffix before any work is done
    reserve(target, overwrite=overwrite)
    loaded = load_model(model, backend=backend, dim=dim)
    encode = {"text": loaded.encode, "document": loaded.encode_document, "query": loaded.encode_query}[role]
    corpus = read(file, text=text, id=id, ids=ids, columns=True, encoding=encoding, header=header, on_error=on_error)
    with ProgressCounter(shown=progress) as counter, replacing_file(target, overwrite=overwrite) as temporary:
        write(temporary, embedded(corpus, encode, counter), keep_text)
        summary = counter.summary(corpus.skipped)
    dim = encode(pa.array([], pa.large_string())).shape[1]  # documents may have more dimensions than texts
    typer.echo(f"{out}: {counted(counter.texts, 'vector')} of {dim} dimensions {summary}")
