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
    ModelFolder,
    NoId,
    OnError,
    Overwrite,
    PassageLength,
    Progress,
    Text,
    reserve,
    takes_ids,
)
from likewise.cli.screen import ProgressCounter, counted, lines_of

if TYPE_CHECKING:
    from likewise.applications.passages import Passages
    from likewise.corpus.read import Corpus
    from likewise.index.collection import Collection


def index(
    model: ModelFolder,
    file: File,
    out: Annotated[
        str, typer.Option("--out", metavar="INDEX", help="The folder to write the index to.", show_default=False)
    ],
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
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

    target, ids = Path(out), takes_ids(id, no_id=no_id)
    reserve(target, overwrite=overwrite)
    refuse_other(target, FILE, "no index")
    loaded = load_model(model, backend=backend)
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
