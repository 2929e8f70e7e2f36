"""`likewise index`, `likewise add`, `likewise delete`: make an index and change its texts."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from likewise.atomic import refuse_other, replacing_folder
from likewise.cli.options import (
    Backend,
    Encoding,
    File,
    Header,
    Id,
    IndexFolder,
    NoId,
    OnError,
    Overwrite,
    PassageLength,
    Progress,
    Queries,
    Text,
    reserve,
    takes_ids,
)
from likewise.cli.screen import ProgressCounter, counted, lines_of
from likewise.errors import InputError

if TYPE_CHECKING:
    from likewise.applications.passages import Passages
    from likewise.corpus.read import Corpus
    from likewise.index.collection import Collection


def index(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] FILE",
            help="A model folder, unless --encoder is given; and a file as train reads it, or - for standard input.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", metavar="INDEX", help="The folder to write the index to.", show_default=False)
    ],
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="NAME",
            help="Train a model on the file first, as train --encoder does with its defaults.",
        ),
    ] = None,
    queries: Queries = None,
    passages: PassageLength = None,
    backend: Backend = None,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Make an index of a file.

    It contains the texts, their other columns, their vectors and the model: likewise search needs nothing else. It
    appears only when it is complete.
    """
    from likewise.corpus.read import read
    from likewise.index.collection import Collection
    from likewise.index.record import FILE
    from likewise.model.load import load_model
    from likewise.training.train import train

    model, file = _inputs(inputs, encoder, queries, backend)
    target, ids = Path(out), takes_ids(id, no_id=no_id)
    reserve(target, overwrite=overwrite)
    refuse_other(target, FILE, "no index")
    if encoder is None:
        loaded = load_model(model, backend=backend)
    else:
        loaded = train(
            file, text=text, id=id, encoder=encoder, progress=progress, encoding=encoding, header=header,
            on_error=on_error, queries=queries,
        )  # fmt: skip
    corpus = read(file, text=text, id=id, ids=ids, columns=True, encoding=encoding, header=header, on_error=on_error)
    with replacing_folder(target, overwrite=overwrite) as folder, Collection.create(folder, loaded, True) as made:
        summary = _fill(made, _cut(corpus, passages), progress=progress)
        made.build()
        summary += _kind(made)
    typer.echo(f"{out}: {summary}\nnext:\n  likewise search {shlex.quote(out)} 'your query'")


def add(
    index: IndexFolder,
    file: File,
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
    passages: PassageLength = None,
    progress: Progress = True,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Add the texts of a file to an index; a text with an id that exists is replaced, with all its passages.

    All texts are added or none. Without a column of ids, every text is new and gets the next number.
    """
    from likewise.corpus.read import read
    from likewise.index.collection import Collection

    ids = takes_ids(id, no_id=no_id)
    with Collection.open(index) as collection:
        corpus = read(
            file, text=text, id=id, ids=ids, columns=True, encoding=encoding, header=header, on_error=on_error
        )
        before = len(collection)
        summary = _fill(collection, _cut(corpus, passages), progress=progress)
        typer.echo(f"{index}: {summary}; {before:,} before, {len(collection):,} now{_kind(collection)}")


def delete(
    index: IndexFolder,
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", help="Ids of texts; - reads them from standard input, one a line.", show_default=False
        ),
    ],
) -> None:
    """Delete texts from an index by their ids, all or none; of a text that was cut into passages, all of them."""
    from likewise.index.collection import Collection

    wanted = list(dict.fromkeys(lines_of(ids)))
    with Collection.open(index) as collection:
        before, known = len(collection), collection.delete(wanted)
        left = len(collection)
        unknown = f" ({counted(len(wanted) - known, 'id')} not found)" if known < len(wanted) else ""
        typer.echo(f"{index}: {counted(before - left, 'text')} deleted{unknown}, {left:,} remain")


def _inputs(inputs: list[str], encoder: str | None, queries: str | None, backend: str | None) -> tuple[str, str]:
    """Return the model folder, empty where one is trained, and the file.

    Raises:
        InputError: one is missing or too many, or an option does not go with them.
    """
    if encoder is None:
        if len(inputs) != 2:
            raise InputError(
                f"index got {shlex.join(inputs)}, expected MODEL FILE; without a model, FILE --encoder static, or "
                "--encoder with the name of a transformer"
            )
        if queries is not None:
            raise InputError("--queries goes with --encoder: a model folder has its way of encoding queries")
        return inputs[0], inputs[1]
    if len(inputs) != 1:
        raise InputError(f"index got {shlex.join(inputs)} and --encoder, expected one FILE: leave out one of the two")
    if backend is not None:
        raise InputError("--backend is of a model folder: train, export and index it one by one")
    if inputs[0] == "-":
        raise InputError("standard input can be read only once: save it in a file, or train a model first")
    return "", inputs[0]


def _cut(corpus: "Corpus", length: int | None) -> "Corpus | Passages":
    from likewise.applications.passages import Passages

    return corpus if length is None else Passages(corpus, length)


def _fill(collection: "Collection", corpus: "Corpus | Passages", *, progress: bool) -> str:
    """Add a corpus, and return how many texts there were and how long it took."""
    with ProgressCounter(shown=progress) as progress_bar:
        collection.add_corpus(corpus, progress_bar.reach)
        return f"{counted(progress_bar.texts, 'text')} {progress_bar.summary(corpus.skipped)}"


def _kind(collection: "Collection") -> str:
    """Return whether vector search is exact, or its recall."""
    known = collection.describe()
    if known.kind == "exact":
        return "\nvector search is exact"
    return f"\nvector search is approximate: recall at 10 is {known.recall:.1%}"
