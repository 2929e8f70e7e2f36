"""`likewise demo`: train, index and search the documentation of Python, which every machine has."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from likewise.cli.options import Overwrite, Progress, Seed, reserve
from likewise.cli.screen import results, shortened

if TYPE_CHECKING:
    from likewise.index.collection import Collection

SEARCHES = (
    "popup asking yes or no",
    "dictionary that counts things",
    "stop when nothing arrives for too long",
    "process killed",
    "parse web markup",
)
"""Queries whose answers use other words."""

HITS = 3


def demo(
    out: Annotated[
        str, typer.Option("--out", metavar="FOLDER", help="The folder for the model and the index.")
    ] = "likewise-demo",
    seed: Seed = 0,
    progress: Progress = True,
    overwrite: Overwrite = False,
) -> None:
    """Train on the documentation of the installed Python, index it, and run five searches.

    Nothing is downloaded. It takes about a minute.
    """
    from likewise.corpus.demo_corpus import pydocs
    from likewise.corpus.read import read
    from likewise.index.collection import Collection
    from likewise.training.progress import Messages
    from likewise.training.train import train

    folder = Path(out)
    model_folder, index_folder = folder / "python.model", folder / "python.index"
    reserve(folder, overwrite=overwrite)
    with Messages(shown=progress) as messages:
        messages.log("collecting the documentation of this Python")
        texts = pydocs()
        corpus = read(texts, ids=False)
        corpus.name = f"the documentation of Python {sys.version_info.major}.{sys.version_info.minor}"
        model = train(corpus, out=model_folder, seed=seed, progress=progress, overwrite=overwrite)
        messages.log("indexing")
        with Collection.create(index_folder, model, overwrite=overwrite) as collection:
            collection.add(texts)
            collection.build()
            console = results()
            for query in SEARCHES:
                _search(collection, query, console)
    console.print(f"the model is in {model_folder}, the index in {index_folder}; next:")
    for command in (
        ["likewise", "search", str(index_folder), "wait until all threads have finished"],
        ["likewise", "train", "FILE", "--text", "COLUMN", "--out", "my.model"],
        ["likewise", "index", "my.model", "FILE", "--text", "COLUMN", "--out", "my.index"],
    ):
        console.print(f"  {shlex.join(command)}")


def _search(collection: "Collection", query: str, console: Console) -> None:
    """Print the best texts by meaning, and the best one by words for comparison."""
    console.print(query, style="bold")
    found = [("by meaning", hit) for hit in collection.search(query, k=HITS, mode="vector")]
    found += [("by words", hit) for hit in collection.search(query, k=1, mode="text")]
    before = ""
    for side, hit in found:
        name = Text.assemble(
            (f"  {'' if side == before else side:<10}  ", "green" if side == "by meaning" else "yellow")
        )
        console.print(name + Text(shortened(hit.text, max(20, console.width - len(name)))))
        before = side
    console.print()
