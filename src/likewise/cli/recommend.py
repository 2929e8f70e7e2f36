"""`likewise recommend`: fit a recommender, rank items for a user or next to an item, and explain a rank."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from likewise.cli.options import Encoding, Header, Id, OnError, Overwrite, Progress, Seed, Text, reserve
from likewise.cli.screen import Row, counted, json_line, results, show_list

if TYPE_CHECKING:
    from likewise.applications.recommend.recommendation import Reason, Recommendation
    from likewise.applications.recommend.recommender import Recommender

recommend = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")

Folder = Annotated[
    str, typer.Argument(metavar="REC", help="A folder that likewise recommend fit wrote.", show_default=False)
]
Count = Annotated[int, typer.Option("-k", min=1, help="Number of items.")]
AsLines = Annotated[bool, typer.Option("--json", help="One JSON object an item and line.")]
Liked = Annotated[
    list[str] | None,
    typer.Option("--liked", metavar="ITEM", help="An item that the user likes; repeat it, the latest last."),
]
Sentence = Annotated[
    str | None, typer.Option("--text", metavar="SENTENCE", help="What the user wants.", show_default=False)
]
User = Annotated[str | None, typer.Option("--user", metavar="USER", help="A user of the interactions.")]


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
    user: Annotated[str, typer.Option("--user", metavar="COLUMN", help="User ids of INTERACTIONS.")] = "user",
    item: Annotated[str, typer.Option("--item", metavar="COLUMN", help="Item ids of INTERACTIONS.")] = "item",
    rating: Annotated[
        str | None,
        typer.Option("--rating", metavar="COLUMN", help="Ratings of INTERACTIONS; needs --min-rating."),
    ] = None,
    min_rating: Annotated[
        float | None,
        typer.Option("--min-rating", metavar="N", help="Lowest rating of a liked item; others are only excluded."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            "--time",
            metavar="COLUMN",
            help="Numbers or dates of INTERACTIONS. If not given, timestamp or time, or else the order of the rows.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="A model folder; if not given, one is trained on the items."),
    ] = None,
    seed: Seed = 0,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Fit a recommender on the texts of items and on who chose them."""
    from likewise.applications.recommend.recommender import Recommender

    reserve(out, overwrite=overwrite)
    fitted = Recommender(model, seed=seed, progress=progress)
    fitted.fit(
        items, interactions, text=text, id=id, user=user, item=item, rating=rating, time=time, min_rating=min_rating,
        encoding=encoding, header=header, on_error=on_error,
    )  # fmt: skip
    fitted.save(out, overwrite=overwrite)
    state, skipped = fitted.state_, fitted.skipped_interactions_
    longest = state.user_ids[int(state.histories.lengths.argmax())]
    new = len(state.item_ids) - len(set(state.histories.items.tolist()))
    typer.echo(
        f"{out}: {counted(len(state.user_ids), 'user')}, {counted(len(state.item_ids), 'item')}, {new:,} of them new, "
        f"{counted(len(state.histories.items), 'interaction')}"
        f"{f'; {skipped:,} with unknown items skipped' if skipped else ''}\n"
        f"next:\n  likewise recommend for {shlex.quote(out)} --user {shlex.quote(longest)}"
    )


@recommend.command("for", epilog="Example: likewise recommend for rec --user 42 -k 10")
def for_user(
    recommender: Folder,
    user: User = None,
    liked: Liked = None,
    text: Sentence = None,
    k: Count = 10,
    as_lines: AsLines = False,
) -> None:
    """Recommend items to a user, by liked items, or by a sentence; items that the user has seen are excluded."""
    _print(_load(recommender).recommend(user, k, liked=liked or (), text=text), as_lines=as_lines)


@recommend.command(epilog="Example: likewise recommend similar rec 318")
def similar(
    recommender: Folder,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The id of an item.", show_default=False)],
    k: Count = 10,
    as_lines: AsLines = False,
) -> None:
    """Find the items that are most similar to one."""
    _print(_load(recommender).similar(item, k), as_lines=as_lines)


@recommend.command(epilog="Example: likewise recommend explain rec 318 --user 42")
def explain(
    recommender: Folder,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item to explain.", show_default=False)],
    user: User = None,
    liked: Liked = None,
    text: Sentence = None,
    k: Count = 10,
    as_lines: AsLines = False,
) -> None:
    """Show how much each item of the history, and the sentence, contributes to the score of an item."""
    _print(_load(recommender).explain(user, item, liked=liked or (), text=text)[:k], as_lines=as_lines)


def _load(folder: str) -> "Recommender":
    from likewise.applications.recommend.recommender import Recommender

    return Recommender.load(folder)


def _print(found: "Sequence[Recommendation | Reason]", *, as_lines: bool) -> None:
    """Print items as a list with score, id and the beginning of the text, or as JSON."""
    if as_lines:
        for each in found:
            typer.echo(json_line(asdict(each)))
        return
    console = results()
    if not found:
        console.print("no unseen items are left", style="dim")
        return
    rows = []
    for each in found:
        score = each.score if hasattr(each, "score") else each.part
        rows.append(Row(score, each.item or "--text", each.text, "new" if getattr(each, "new", False) else ""))
    show_list(rows, console, digits=7)
