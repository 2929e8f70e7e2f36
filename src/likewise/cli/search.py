"""`likewise search`: search an index, and print the hits as a list or as JSON."""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from likewise.cli.options import Encoding, Header, IndexFolder, Text
from likewise.cli.screen import Row, column_values, json_line, lines_of, results, shortened, show_list
from likewise.errors import InputError

if TYPE_CHECKING:
    from likewise.index.collection import Collection
    from likewise.index.hybrid import Hit

TOGETHER = 256  # queries from standard input that are searched at once, which is faster


def search(
    index: IndexFolder,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY...",
            help="A query, in quotes; several are separate searches. - reads queries from standard input, one a line.",
            show_default=False,
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many hits.")] = 10,
    mode: Annotated[
        Literal["hybrid", "vector", "text"],
        typer.Option("--mode", help="By meaning alone (vector), by words (text: BM25), or by both (hybrid)."),
    ] = "hybrid",
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="FILTER", help="Only texts whose columns pass, such as 'price < 10 and stars >= 4'."
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option("--like", metavar="ID", help="Instead of a query: find texts similar to the one with this id."),
    ] = None,
    queries: Annotated[
        str | None,
        typer.Option("--queries", metavar="FILE", help="A file of queries, in any format that train reads."),
    ] = None,
    text: Text = None,
    encoding: Encoding = None,
    header: Header = True,
    as_lines: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for each hit, with the whole text.")
    ] = False,
) -> None:
    """Search an index by meaning and by words.

    A long text is shown from its best sentence on, cut to the width of the terminal; --json has the whole text.
    """
    from likewise.index.collection import Collection

    if sum(map(bool, (query, like is not None, queries))) != 1:
        raise InputError("expected exactly one of: queries, --like ID, --queries FILE")
    console, show = results(), _as_lines if as_lines else _as_list
    with Collection.open(index) as collection:
        if like is not None:
            entry, hits = collection.get(like), collection.like(like, k, mode, where)
            show(collection, entry.text if entry else "", hits, console)
            return
        several = bool(queries) or query is None or len(query) > 1 or query == ["-"]
        given = _from_file(queries, text=text, encoding=encoding, header=header) if queries else lines_of(query or [])
        while some := list(islice(given, 1 if sys.stdin.isatty() else TOGETHER)):
            for words, hits in zip(some, collection.search_many(some, k, mode, where), strict=True):
                if several and not as_lines:
                    console.print(shortened(words, console.width), style="bold")
                show(collection, words, hits, console)
                if several and not as_lines:
                    console.print()


def _from_file(file: str, **reading: Any) -> Iterator[str]:
    from likewise.corpus.read import read

    corpus = read(file, ids=False, **reading)
    return (words for batch in corpus for words in batch.texts.to_pylist() if words.strip())


def _as_lines(collection: "Collection", words: str, hits: list["Hit"], console: Console) -> None:
    from likewise.applications.snippets import with_snippets

    del console
    for found in with_snippets(collection, words, hits):
        typer.echo(as_json(words, found.rank, found.hit, found.snippet))


def _as_list(collection: "Collection", words: str, hits: list["Hit"], console: Console) -> None:
    from likewise.applications.snippets import with_snippets

    show_hits(hits, console, [found.snippet for found in with_snippets(collection, words, hits, console.width)])


def as_json(query: str, rank: int, hit: "Hit", snippet: str) -> str:
    """Return a hit as one line of JSON."""
    from likewise.index.columns import json_columns

    fields: dict[str, Any] = {"query": query, "rank": rank, "id": hit.id, "score": float(hit.score)}
    return json_line({**fields, "snippet": snippet, "text": hit.text, "columns": json_columns(hit.columns)})


def show_hits(hits: Sequence["Hit"], console: Console, shown: Sequence[str] | None = None) -> None:
    """Print hits as a list: rank, score, id, the snippet or the beginning of the text, and the columns below it."""
    if not hits:
        console.print("no hits", style="dim")
        return
    texts = [hit.text for hit in hits] if shown is None else shown
    rows = [
        Row(hit.score, hit.id, text, below=" · ".join(column_values(hit.columns)))
        for hit, text in zip(hits, texts, strict=True)
    ]
    show_list(rows, console)
