"""The commands, put together."""

from typing import Annotated

import typer

from likewise import __version__
from likewise.cli.answer import answer
from likewise.cli.classify import classify
from likewise.cli.demo import demo
from likewise.cli.distill import distill
from likewise.cli.door import Door
from likewise.cli.duplicates import duplicates
from likewise.cli.embed import embed
from likewise.cli.evaluate import evaluate
from likewise.cli.export import export
from likewise.cli.index import add, delete, index
from likewise.cli.recommend import recommend
from likewise.cli.report import report
from likewise.cli.search import search
from likewise.cli.train import train
from likewise.cli.views import views

__all__ = ["app", "main"]

app = typer.Typer(cls=Door, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")


def main() -> None:
    """Run `likewise` with the arguments of the process, and leave."""
    app(prog_name="likewise")


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"likewise {__version__}")
        raise typer.Exit


@app.callback(
    epilog="To begin: likewise demo\n\n"
    "With a file of yours: likewise train reviews.csv --text body --out reviews.model",
)
def likewise(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="At an error, show the traceback too.")] = False,
) -> None:
    """Learn what texts mean from the texts alone, and search them by it."""


for command, example in (
    (train, "likewise train reviews.csv --text body --out reviews.model"),
    (distill, "likewise distill all-minilm.model --texts reviews.csv --text body --out fast.model"),
    (report, "likewise report reviews.model"),
    (embed, "likewise embed reviews.model more.jsonl --out vectors.parquet"),
    (export, "likewise export adapted.model --int8"),
    (index, "likewise index reviews.model reviews.csv --text body --out reviews.index"),
    (add, "likewise add reviews.index more.jsonl --id id"),
    (delete, "likewise delete reviews.index 17 23"),
    (search, "likewise search reviews.index 'it broke after a week' -k 3 --where 'price < 10'"),
    (answer, "likewise answer manual.index 'How do I reset the clock?'"),
    (duplicates, "likewise duplicates reviews.csv --text body --out groups.jsonl"),
    (evaluate, "likewise evaluate reviews.model judged.csv --text body --label product"),
    (views, "likewise views reviews.csv --text body --views crop+delete:0.1"),
    (demo, "likewise demo --out try"),
):
    app.command(epilog=f"Example: {example}", no_args_is_help=False)(command)

app.add_typer(classify, name="classify", epilog="Example: likewise classify fit reviews.model labelled.csv --out clf")
app.add_typer(
    recommend, name="recommend", help="Recommend items to users, by what texts say and by who chose what.",
    epilog="Example: likewise recommend fit items.jsonl interactions.csv --out rec",
)  # fmt: skip
