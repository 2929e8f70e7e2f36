"""`likewise search`: questions to an index, answered as a list or as JSON."""

import json
import math
import sys
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from likewise.cli.options import IndexFolder

if TYPE_CHECKING:
    from rich.console import Console

    from likewise.index.collection import Hit

__all__ = ["as_json", "search", "show_hits"]

TOGETHER = 256  # queries from standard input that are answered at once, which is quicker
LONGEST_ID = 24  # cells
NARROWEST = 20  # cells that a text gets however narrow the terminal is


def search(
    index: IndexFolder,
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY...",
            help="What is looked for, in quotes; each one is a search of its own. - reads them from standard input, "
            "one a line.",
            show_default=False,
        ),
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="How many hits.")] = 10,
    mode: Annotated[
        Literal["hybrid", "vector", "text"],
        typer.Option("--mode", help="By meaning (vector), by words (text, BM25), or by both."),
    ] = "hybrid",
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="FILTER", help="Only texts whose columns pass, such as 'price < 10 and stars >= 4'."
        ),
    ] = None,
    as_lines: Annotated[
        bool, typer.Option("--json", help="One JSON object a hit, each on a line of its own, with the whole text.")
    ] = False,
) -> None:
    """Search an index by meaning and by words.

    Texts are shortened to the width of the terminal; --json gives them whole.
    """
    from likewise.cli.screen import lines_of, one_line, results
    from likewise.index.collection import Collection

    console = results()
    several = len(query) > 1 or query == ["-"]
    with Collection.open(index) as collection:
        queries = lines_of(query)
        while some := list(islice(queries, 1 if sys.stdin.isatty() else TOGETHER)):
            for words, hits in zip(some, collection.search_many(some, k, mode, where), strict=True):
                if as_lines:
                    for rank, hit in enumerate(hits, 1):
                        typer.echo(as_json(words, rank, hit))
                    continue
                if several:
                    console.print(one_line(words), style="bold")
                show_hits(hits, console)
                if several:
                    console.print()


def as_json(query: str, rank: int, hit: "Hit") -> str:
    """A hit as one line of JSON."""
    fields = {"query": query, "rank": rank, "id": hit.id, "score": float(hit.score), "text": hit.text}
    plain = {name: _finite(value) for name, value in hit.columns.items()}
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    return json.dumps({**fields, "columns": plain}, ensure_ascii=not unicode, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value  # JSON knows no infinity


def show_hits(hits: Sequence["Hit"], console: "Console") -> None:
    """Print hits as a list: rank, score, id, the beginning of the text, and its columns below."""
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    from likewise.cli.screen import shortened

    if not hits:
        console.print("no hits", style="dim")
        return
    ids = [shortened(hit.id, LONGEST_ID) for hit in hits]
    width = max(map(cell_len, ids))
    for rank, (hit, id) in enumerate(zip(hits, ids, strict=True), 1):
        front = Text.assemble(
            f"{rank:>2}  ", (f"{hit.score:6.3f}", "green"), "  ", (set_cell_size(id, width), "cyan"), "  "
        )
        room = max(NARROWEST, console.width - front.cell_len)
        console.print(front + Text(shortened(hit.text, room)))
        told = " · ".join(f"{name} {value}" for name, value in hit.columns.items() if value not in (None, ""))
        if told:
            console.print(" " * front.cell_len + shortened(told, room), style="dim")
