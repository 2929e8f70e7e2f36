"""`likewise recommend`: fit a recommender, ask it for a user or an item, and let it say why."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likewise.cli.options import Id, Overwrite, Progress, Seed, Text
from likewise.cli.screen import Row, json_line, show_list

if TYPE_CHECKING:
    from likewise.applications.recommend.recommendations import Reason, Recommendation

__all__ = ["recommend"]

recommend = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")

Folder = Annotated[
    str, typer.Argument(metavar="REC", help="A folder that likewise recommend fit wrote.", show_default=False)
]
Count = Annotated[int, typer.Option("-k", min=1, help="How many items.")]
AsLines = Annotated[bool, typer.Option("--json", help="One JSON object an item, each on a line of its own.")]
Liked = Annotated[
    list[str] | None,
    typer.Option("--liked", metavar="ITEM", help="An item that the user likes; repeat it, the latest last."),
]
User = Annotated[str | None, typer.Option("--user", metavar="USER", help="One of the interactions.")]


@recommend.command(epilog="Example: likewise recommend fit items.jsonl interactions.csv --out rec")
def fit(
    items: Annotated[
        str, typer.Argument(metavar="ITEMS", help="A file with an id and a text a row.", show_default=False)
    ],
    interactions: Annotated[
        str,
        typer.Argument(metavar="INTERACTIONS", help="A file with a user and an item a row.", show_default=False),
    ],
    out: Annotated[str, typer.Option("--out", metavar="REC", help="The folder to write.", show_default=False)],
    text: Text = None,
    id: Id = None,
    user: Annotated[str, typer.Option("--user", metavar="COLUMN", help="Of INTERACTIONS: who.")] = "user",
    item: Annotated[str, typer.Option("--item", metavar="COLUMN", help="Of INTERACTIONS: what.")] = "item",
    rating: Annotated[
        str | None, typer.Option("--rating", metavar="COLUMN", help="Of INTERACTIONS: a number; needs --least.")
    ] = None,
    least: Annotated[
        float | None,
        typer.Option("--least", metavar="N", help="The rating from which on an item is liked; below, it is only seen."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            "--time", metavar="COLUMN", help="Of INTERACTIONS: when. If not given timestamp or time, or row by row."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="A model folder; if not given, one is trained on the items."),
    ] = None,
    seed: Seed = 0,
    progress: Progress = True,
    overwrite: Overwrite = False,
) -> None:
    """Learn from texts of items and from who chose them."""
    from likewise.applications.recommend.recommender import Recommender
    from likewise.atomic import refuse_existing
    from likewise.cli.screen import counted

    refuse_existing(Path(out), overwrite=overwrite)
    fitted = Recommender(model, seed=seed, progress=progress)
    fitted.fit(items, interactions, text=text, id=id, user=user, item=item, rating=rating, time=time, least=least)
    fitted.save(out, overwrite=overwrite)
    known, left_out = fitted.fitted, fitted.left_out
    told = f"; {counted(left_out, 'interaction')} with unknown items left out" if left_out else ""
    someone = known.users[int(known.histories.lengths.argmax())]
    new = len(known.items) - len(set(known.histories.items.tolist()))
    typer.echo(
        f"{out}: {counted(len(known.users), 'user')}, {counted(len(known.items), 'item')}, {new:,} of them known by "
        f"their text alone, {counted(len(known.histories.items), 'choice')}{told}\n"
        f"next:\n  likewise recommend for {shlex.quote(out)} --user {shlex.quote(someone)}"
    )


@recommend.command("for", epilog="Example: likewise recommend for rec --user 42 -k 10")
def for_user(
    recommender: Folder,
    user: User = None,
    liked: Liked = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="SENTENCE", help="What is looked for, in words.", show_default=False)
    ] = None,
    k: Count = 10,
    as_lines: AsLines = False,
) -> None:
    """Recommend items to a user, to whoever likes some items, or by a sentence; what was seen is left out."""
    _show(_loaded(recommender).recommend(user, k, liked=liked or (), text=text), as_lines=as_lines)


@recommend.command(epilog="Example: likewise recommend similar rec 318")
def similar(
    recommender: Folder,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The id of an item.", show_default=False)],
    k: Count = 10,
    as_lines: AsLines = False,
) -> None:
    """Find the items that are nearest to one."""
    _show(_loaded(recommender).similar(item, k), as_lines=as_lines)


@recommend.command(epilog="Example: likewise recommend explain rec 318 --user 42")
def explain(
    recommender: Folder,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="What is to be explained.", show_default=False)],
    user: User = None,
    liked: Liked = None,
    k: Count = 10,
    as_lines: AsLines = False,
) -> None:
    """Tell which of a user's items pulled this one up; what all of them add makes its score."""
    reasons = _loaded(recommender).explain(user, item, liked=liked or ())
    _show(reasons[:k], as_lines=as_lines)


def _loaded(folder: str) -> Any:
    from likewise.applications.recommend.recommender import Recommender

    return Recommender.load(folder)


def _show(found: "Sequence[Recommendation | Reason]", *, as_lines: bool) -> None:
    """Print items as a list: a number, the id, and how the text begins; or as JSON."""
    from likewise.cli.screen import results

    if as_lines:
        for each in found:
            typer.echo(json_line(asdict(each)))
        return
    console = results()
    if not found:
        console.print("nothing is left that was not seen", style="dim")
        return
    rows = []
    for each in found:
        number = each.score if hasattr(each, "score") else each.part
        rows.append(Row(number, each.item, each.text, "new" if getattr(each, "new", False) else ""))
    show_list(rows, console, digits=7)
