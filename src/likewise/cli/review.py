"""`likewise duplicates review`: whether pairs are duplicates, asked until their precision is known."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likewise.cli.options import (
    Column,
    Encoding,
    Header,
    Id,
    NoId,
    OnError,
    OptionalModel,
    Progress,
    Seed,
    Text,
    reading_of,
    reserve,
    stem,
)
from likewise.cli.screen import counted, one_line
from likewise.errors import InputError

if TYPE_CHECKING:
    from likewise.applications.duplicates.result import Duplicates
    from likewise.applications.duplicates.store import Store

NARROW = 0.05  # width of an interval that more answers need not make smaller
SAME = 0.5  # share of the texts of a store that a file has, below which the store is of something else

Source = Annotated[
    str,
    typer.Argument(
        metavar="FILE|STORE",
        help="A file of texts, or a folder that likewise duplicates FILE --save STORE wrote.",
        show_default=False,
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="STORE",
        help="Where the texts of a file and the answers are kept. Default: the name of the file with .duplicates.",
        show_default=False,
    ),
]


def review(
    source: Source,
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision", metavar="SHARE", help="The share to judge; default: that of the store, 0.99 of a file."
        ),
    ] = None,
    answers: Annotated[
        int, typer.Option("--answers", metavar="N", min=1, help="How many answers to ask for at most.")
    ] = 30,
    save: Save = None,
    text: Text = None,
    column: Column = None,
    id: Id = None,
    no_id: NoId = False,
    model: OptionalModel = None,
    seed: Seed = 0,
    progress: Progress = True,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Answer whether pairs are duplicates, and see how true the precision is.

    The texts of a file are compared and stored first; those that were stored unchanged are not compared again.

    Answers are y, n, s (skip) or q (quit), one a line. They are kept in the store at once, as decisions that its groups
    obey. From ten on the precision of all pairs is estimated by them, with an interval; questions end when it is within
    0.05, or after as many as you want.
    """
    from likewise.applications.duplicates.store import RECORD, Store

    if source == "-":
        raise InputError("standard input has the answers: put the texts into a file")
    if (Path(source) / RECORD).is_file():
        if save is not None:
            raise InputError(f"--save {save}: {source} is a store already, and what is answered is kept there")
        name, store = source, Store.load(source)
    else:
        reading = reading_of(text, id, no_id=no_id, encoding=encoding, header=header, on_error=on_error)
        reading["columns"] = column
        name = save or f"{stem(source)}.duplicates"
        store = _stored(source, name, model, reading, seed=seed, progress=progress)
    wanted = store.precision if precision is None else precision
    _put_questions(store, wanted, answers, seed)
    typer.echo(f"\n{name}: {_judgement(store.found.rethreshold(wanted))}")


def _put_questions(store: "Store", precision: float, answers: int, seed: int) -> None:
    """Put questions, and keep the answers in the store, until there are enough of them."""
    import numpy as np

    from likewise.applications.duplicates.decisions import ContradictionError

    skipped: set[tuple[int, int]] = set()
    given, rng = 0, np.random.default_rng(seed)
    while given < answers:
        found = store.found.rethreshold(precision)
        if _is_narrow(found) or (pair := found.question(rng, skipped)) is None:
            break
        typer.echo(_shown([found.texts[row].as_py() for row in pair], found.columns))
        match _reply(f"{given + 1}/{answers} Are they duplicates? [y/n/s/q] "):
            case "q":
                break
            case "s":
                skipped.add(pair)
            case reply:
                try:
                    store.decide([(*pair, reply == "y")])
                    given += 1
                except ContradictionError as error:
                    typer.echo(f"     not kept: {error}")
                    skipped.add(pair)


def _shown(texts: list[str], columns: tuple[str, ...]) -> str:
    """Two texts, one below the other, with what differs in brackets; of records column by column."""
    cells = [text.split("\n") for text in texts] if columns else [[one_line(text)] for text in texts]
    lines = []
    for name, one, other in zip(columns or ("",), *cells, strict=True):
        lines.append(f"  1  {name and f'{name}: '}{_marked(one, other) if other else one}")
        lines.append(f"  2  {name and f'{name}: '}{_marked(other, one) if one else other}")
    return "\n" + "\n".join(lines)


def _reply(question: str) -> str:
    """The first letter of a line, asked for again until it is one of the four; q where no more lines come."""
    while True:
        typer.echo(question, nl=False)
        if not (line := sys.stdin.readline()):
            return "q"
        if (letter := line.strip().lower()[:1]) in {"y", "n", "s", "q"}:
            return letter


def _marked(text: str, other: str) -> str:
    """A text with the words in brackets that the other text has not."""
    from likewise.applications.duplicates.differences import differences

    for begin, end in reversed(differences(text, other).first):
        text = f"{text[:begin]}[{text[begin:end]}]{text[end:]}"
    return text


def _is_narrow(found: "Duplicates") -> bool:
    """Whether the interval of the precision is."""
    interval = found.interval
    return interval is not None and interval[1] - interval[0] <= NARROW


def _judgement(found: "Duplicates") -> str:
    """What the answers say, in words."""
    pairs = counted(len(found.pairs), "pair")
    answers, interval = found.answers, found.interval
    if answers is None:
        return f"{pairs} at precision {found.precision:g} by the estimate without labels; ten answers correct it"
    given = f"by {answers.count} answers, {answers.same} of them yes"
    if interval is None:
        best = f"the surest are duplicates in {100 * answers.precision[-1]:.0f} % of the cases"
        return f"no pairs but exact and decided ones have precision {found.precision:g} {given}: {best}"
    low, high = interval
    return (
        f"{pairs} at precision {found.precision:g} {given}; the share of duplicates is between {low:.2f} and {high:.2f}"
        f" (90 %), and these are {100 * float(answers.recall[answers.level(found.precision)]):.0f} % of the duplicates"
        " among the pairs compared"
    )


def _stored(file: str, name: str, model: str | None, reading: dict[str, Any], *, seed: int, progress: bool) -> "Store":
    """The store of a file: the one that there is if it has the same texts, or a new one, with the answers so far.

    Raises:
        InputError: there is a store of the same name that is of other texts.
    """
    from likewise.applications.duplicates.columns import check_same_columns, checked_columns
    from likewise.applications.duplicates.find import duplicates as find
    from likewise.applications.duplicates.find import read_texts
    from likewise.applications.duplicates.store import OTHER, RECORD, Store
    from likewise.atomic import refuse_other

    place = Path(name)
    refuse_other(place, RECORD, OTHER)
    if (place / RECORD).is_file():
        stored = Store.load(name)
        check_same_columns(stored.space.columns, checked_columns(reading["columns"], reading["text"]))
        texts = read_texts(file, reading).texts
        if texts.equals(stored.found.texts):
            typer.echo(f"{name} has these texts already", err=True)
            return stored
        known = stored.found.texts.to_pylist()
        found = set(texts.to_pylist())
        if sum(each in found for each in known) < SAME * len(known):
            raise InputError(f"{name} exists and has other texts than {file}: give another name with --save")
    reserve(name, overwrite=True)
    store = Store.of(find(file, model, seed=seed, progress=progress, **reading))
    store.save(name, overwrite=True)
    typer.echo(f"{name}: {counted(len(store.found.ids), 'text')}, and what is decided about them", err=True)
    return store
