"""`likewise answer`: answer questions from an index."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from likewise.cli.options import IndexFolder
from likewise.cli.screen import column_values, json_line, lines_of, one_line, results
from likewise.cli.search import json_columns

if TYPE_CHECKING:
    from likewise.applications.answer import Answer, Evidence

CONTEXT = 300  # characters of the passage before and after the sentence


def answer(
    index: IndexFolder,
    question: Annotated[
        list[str],
        typer.Argument(
            metavar="QUESTION...",
            help="A question, in quotes; - reads questions from standard input, one a line.",
            show_default=False,
        ),
    ],
    confidence: Annotated[
        float,
        typer.Option(
            "--confidence",
            min=0.0,
            max=1.0,
            help="The confidence an answer must reach: at 0.9, one in ten questions without an answer gets one.",
        ),
    ] = 0.9,
    passages: Annotated[int, typer.Option("-k", min=1, help="How many texts are searched for a sentence.")] = 5,
    where: Annotated[
        str | None, typer.Option("--where", metavar="FILTER", help="Only texts whose columns pass, as in search.")
    ] = None,
    as_lines: Annotated[bool, typer.Option("--json", help="One JSON object a question, with every passage.")] = False,
) -> None:
    """Answer questions from an index: show the sentence that answers, or that there is none.

    The texts of the index are the passages; a paragraph each is best.
    """
    from likewise.applications.answer import Answerer
    from likewise.index.collection import Collection

    console = results()
    with Collection.open(index) as collection:
        answerer = Answerer(collection, confidence=confidence, passages=passages)
        several = len(question) > 1 or question == ["-"]
        for one in lines_of(question):
            found = answerer.answer(one, where)
            if as_lines:
                typer.echo(json_line(_as_json(found)))
            else:
                _show(found, console, heading=several)


def _as_json(answer: "Answer") -> dict[str, Any]:
    return {
        "question": answer.question, "found": answer.found, "confidence": answer.confidence, "answer": answer.text,
        "evidence": [
            {
                "sentence": one.sentence, "score": one.score, "id": one.hit.id, "start": one.start, "end": one.end,
                "text": one.hit.text, "columns": json_columns(one.hit),
            }
            for one in answer.evidence
        ],
    }  # fmt: skip


def _show(answer: "Answer", console: Console, *, heading: bool) -> None:
    """Print the sentence within its passage, its id and columns, and the confidence."""
    if heading:
        console.print(one_line(answer.question), style="bold")
    if not answer.evidence:
        console.print("no answer found: no text of the index is related to the question")
        return
    best = answer.evidence[0]
    if not answer.found:
        console.print("no answer found; the nearest sentence is:")
    _show_passage(best, console)
    facts = [best.hit.id, *column_values(best.hit.columns)]
    facts += [f"score {best.score:.2f}", f"confidence {answer.confidence:.0%}"]
    console.print(one_line(" · ".join(facts)), style="dim")
    if heading:
        console.print()


def _show_passage(best: "Evidence", console: Console) -> None:
    """Print the sentence between marks, and the words around it."""
    text = best.hit.text
    before, after = one_line(text[: best.start]), one_line(text[best.end :])
    if len(before) > CONTEXT:
        before = f"… {before[-CONTEXT:].partition(' ')[2]}"
    if len(after) > CONTEXT:
        after = f"{after[:CONTEXT].rpartition(' ')[0]} …"
    parts = [(before, "dim"), (f"» {one_line(best.sentence)} «", "bold"), (after, "dim")]
    console.print(Text(" ").join(Text(part, style) for part, style in parts if part), soft_wrap=False)
