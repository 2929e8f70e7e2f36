"""`likewise answer`: answer questions from an index."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from likewise.cli.options import IndexFolder
from likewise.cli.screen import column_values, json_line, lines_of, one_line, results, shortened

if TYPE_CHECKING:
    from likewise.applications.answer import Answer
    from likewise.applications.evidence import Evidence

CONTEXT = 300  # characters of the passage before and after the sentence
EXCERPT = 400  # characters of a sentence that are printed at most
MAX_COLUMN = 80  # cells of a column


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
            help="The confidence an answer must reach: the probability that it is right.",
        ),
    ] = 0.5,
    passages: Annotated[int, typer.Option("-k", min=1, help="How many texts are searched for a sentence.")] = 8,
    where: Annotated[
        str | None, typer.Option("--where", metavar="FILTER", help="Only texts whose columns pass, as in search.")
    ] = None,
    as_lines: Annotated[bool, typer.Option("--json", help="One JSON object a question, with every passage.")] = False,
) -> None:
    """Answer questions from an index: show the sentence that answers, or that there is none.

    The texts of the index are the passages; a paragraph each is best. Of a long text an excerpt is shown; --json has
    the whole text.
    """
    from likewise.applications.answer import Answerer
    from likewise.applications.confidence import FILE
    from likewise.index.collection import Collection

    console = results()
    with Collection.open(index) as collection:
        if not (collection.path / FILE).exists():
            typer.echo("the first question takes longer: how far answers can be trusted is measured once", err=True)
        answerer = Answerer(collection, confidence=confidence, passages=passages)
        several = len(question) > 1 or question == ["-"]
        for one in lines_of(question):
            found = answerer.answer(one, where)
            if as_lines:
                typer.echo(json_line(_as_json(found)))
            else:
                _show(found, console, heading=several)


def _as_json(answer: "Answer") -> dict[str, Any]:
    from likewise.index.columns import json_columns

    return {
        "question": answer.question, "found": answer.found, "confidence": answer.confidence, "answer": answer.text,
        "evidence": [
            {
                "sentence": one.sentence, "score": one.score, "id": one.hit.id, "start": one.start, "end": one.end,
                "text": one.hit.text, "columns": json_columns(one.hit.columns),
            }
            for one in answer.evidence
        ],
    }  # fmt: skip


def _show(answer: "Answer", console: Console, *, heading: bool) -> None:
    """Print the sentence within its passage, its id and columns, and the confidence."""
    if heading:
        console.print(shortened(answer.question, max(console.width, EXCERPT)), style="bold")
    if not answer.evidence:
        console.print("no answer found: no text of the index is related to the question")
        return
    best = answer.evidence[0]
    if not answer.found:
        console.print("no answer found; the nearest sentence is:")
    _show_passage(best, answer.question, console)
    facts = [shortened(fact, MAX_COLUMN) for fact in (best.hit.id, *column_values(best.hit.columns))]
    facts += [f"score {best.score:.2f}", f"confidence {answer.confidence:.0%}"]
    console.print(one_line(" · ".join(facts)), style="dim")
    if heading:
        console.print()


def _show_passage(best: "Evidence", question: str, console: Console) -> None:
    """Print the sentence between marks, and the words around it; of a long one the part with words of the question."""
    from likewise.applications.sentences import Sentence
    from likewise.applications.snippets import best_part, snippet

    text = best.hit.text
    whole = Sentence(best.sentence, 0, len(best.sentence))
    sentence = snippet(best.sentence, best_part(whole, question, EXCERPT), EXCERPT)
    # Twice as much is read as is shown, as white space shrinks to single spaces.
    before = one_line(text[max(0, best.start - 2 * CONTEXT) : best.start])
    after = one_line(text[best.end : best.end + 2 * CONTEXT])
    if len(before) > CONTEXT or best.start > 2 * CONTEXT:
        before = f"… {before[-CONTEXT:].partition(' ')[2] or before[-CONTEXT:]}"
    if len(after) > CONTEXT or best.end + 2 * CONTEXT < len(text):
        after = f"{after[:CONTEXT].rpartition(' ')[0] or after[:CONTEXT]} …"
    parts = [(before, "dim"), (f"» {one_line(sentence)} «", "bold"), (after, "dim")]
    console.print(Text(" ").join(Text(part, style) for part, style in parts if part), soft_wrap=False)
