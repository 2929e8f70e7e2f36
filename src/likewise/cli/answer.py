"""`likewise answer`: questions to an index."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from likewise.cli.options import IndexFolder
from likewise.cli.screen import column_values, json_line
from likewise.cli.search import plain_columns

if TYPE_CHECKING:
    from rich.console import Console

    from likewise.applications.answer import Evidence, Reply

__all__ = ["answer"]

AROUND = 300  # characters of the passage before and behind the sentence


def answer(
    index: IndexFolder,
    question: Annotated[
        list[str],
        typer.Argument(
            metavar="QUESTION...",
            help="What is asked, in quotes; - reads questions from standard input, one a line.",
            show_default=False,
        ),
    ],
    certainty: Annotated[
        float,
        typer.Option(
            "--certainty",
            min=0.0,
            max=1.0,
            help="How certain an answer must be: 0.9 lets one in ten questions through that the texts do not answer.",
        ),
    ] = 0.9,
    passages: Annotated[int, typer.Option("-k", min=1, help="How many texts are looked through for a sentence.")] = 5,
    where: Annotated[
        str | None, typer.Option("--where", metavar="FILTER", help="Only texts whose columns pass, as in search.")
    ] = None,
    as_lines: Annotated[bool, typer.Option("--json", help="One JSON object a question, with every passage.")] = False,
) -> None:
    """Answer questions from an index: the sentence that answers, in its passage, or that there is none.

    The texts of the index are the passages; a paragraph each is best.
    """
    from likewise.applications.answer import Answerer
    from likewise.cli.screen import lines_of, results
    from likewise.index.collection import Collection

    console = results()
    with Collection.open(index) as collection:
        answerer = Answerer(collection, certainty=certainty, passages=passages)
        several = len(question) > 1 or question == ["-"]
        for asked in lines_of(question):
            reply = answerer.reply(asked, where)
            if as_lines:
                typer.echo(json_line(plain(reply)))
                continue
            show_reply(reply, console, heading=several)


def plain(reply: "Reply") -> dict[str, Any]:
    """A reply as JSON has it."""
    return {
        "question": reply.question, "found": reply.found, "certainty": reply.certainty, "answer": reply.answer,
        "evidence": [
            {
                "sentence": one.sentence, "score": one.score, "id": one.hit.id, "start": one.start, "end": one.end,
                "text": one.hit.text, "columns": plain_columns(one.hit),
            }
            for one in reply.evidence
        ],
    }  # fmt: skip


def show_reply(reply: "Reply", console: "Console", *, heading: bool) -> None:
    """Print a reply: the sentence within its passage, where it stands, and how certain it is."""
    from likewise.cli.screen import one_line

    if heading:
        console.print(one_line(reply.question), style="bold")
    if not reply.evidence:
        console.print("no answer found: no text of the index has to do with it")
        return
    best = reply.evidence[0]
    if not reply.found:
        console.print("no answer found; the nearest there is:")
    _show(best, console)
    told = [best.hit.id, *column_values(best.hit.columns)]
    told += [f"score {best.score:.2f}", f"certainty {reply.certainty:.0%}"]
    console.print(one_line(" · ".join(told)), style="dim")
    if heading:
        console.print()


def _show(best: "Evidence", console: "Console") -> None:
    """The sentence between marks, and what stands around it, in whole words."""
    from rich.text import Text

    from likewise.cli.screen import one_line

    text = best.hit.text
    before, behind = one_line(text[: best.start]), one_line(text[best.end :])
    if len(before) > AROUND:
        before = f"… {before[-AROUND:].partition(' ')[2]}"
    if len(behind) > AROUND:
        behind = f"{behind[:AROUND].rpartition(' ')[0]} …"
    parts = [(before, "dim"), (f"» {one_line(best.sentence)} «", "bold"), (behind, "dim")]
    console.print(Text(" ").join(Text(said, style) for said, style in parts if said), soft_wrap=False)
