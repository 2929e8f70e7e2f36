"""`likewise duplicates`: which texts of a file are duplicates, and which to keep."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from likewise.atomic import refuse_other, replacing_file
from likewise.cli.options import (
    Encoding,
    File,
    Header,
    Id,
    NoId,
    OnError,
    Overwrite,
    Progress,
    Seed,
    Text,
    reserve,
    takes_ids,
)
from likewise.cli.screen import counted, one_line
from likewise.errors import InputError

if TYPE_CHECKING:
    from likewise.applications.duplicates.result import Duplicates

NARROW = 0.05  # width of an interval that more answers need not make smaller

Model = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="A model folder; default: one is trained on the texts."),
]
Against = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="FILE|STORE",
        help="Compare with the texts of another file, or with those stored by --save, instead of each other.",
    ),
]
Kept = Annotated[
    str | None,
    typer.Option("--output-kept", metavar="FILE", help="Also write the rows without duplicates, as JSONL."),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="STORE",
        help="Also store the texts in a folder, to compare with and to decide on; decisions there count.",
    ),
]
AtMost = Annotated[
    str | None,
    typer.Option(
        "--keep-at-most",
        metavar="N|SHARE",
        help="Keep so many texts, such as 1000, or a share, such as 0.8, at the precision that this takes.",
    ),
]


class _FindByDefault(TyperGroup):
    """`likewise duplicates FILE` is `likewise duplicates find FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `find` before arguments that begin with no command."""
        return super().parse_args(ctx, args if args and args[0] in self.commands else ["find", *args])


duplicates = typer.Typer(cls=_FindByDefault, no_args_is_help=False, help="Find duplicates, and review them.")


@duplicates.command("find", epilog="Example: likewise duplicates reviews.csv --text body --out groups.jsonl")
def find_duplicates(
    file: File,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="GROUPS", help="The groups: JSONL, one per line.", show_default=False),
    ] = None,
    text: Text = None,
    id: Id = None,
    no_id: NoId = False,
    model: Model = None,
    precision: Annotated[
        float,
        typer.Option("--precision", metavar="SHARE", help="Target share of true duplicates among the pairs found."),
    ] = 0.99,
    keep_at_most: AtMost = None,
    keep: Annotated[
        Literal["first", "longest", "newest"],
        typer.Option("--keep", help="Which text of a group to keep; the newest is the last of the file."),
    ] = "first",
    against: Against = None,
    output_kept: Kept = None,
    save: Save = None,
    seed: Seed = 0,
    progress: Progress = True,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Find texts that are equal, nearly equal or mean the same, and which of them to keep.

    The threshold is estimated from the texts, without labels. Answers correct it: likewise duplicates review STORE.
    """
    from likewise.applications.duplicates.decisions import read_decisions
    from likewise.applications.duplicates.find import duplicates as find
    from likewise.applications.duplicates.store import Store

    ids = takes_ids(id, no_id=no_id)
    reading: dict[str, Any] = {
        "text": text, "id": id, "ids": ids, "encoding": encoding, "header": header, "on_error": on_error
    }  # fmt: skip
    most = _number(keep_at_most)
    _check_outputs(file, out, output_kept, save, against=against, overwrite=overwrite)
    found = find(file, model, precision, against=against, keep=keep, seed=seed, progress=progress, **reading)
    if save:
        store = Store.of(found)
        found = found.with_decisions(read_decisions(Path(save)))
    if most is not None:
        found = found.keep_at_most(most)
    if save:
        store.save(save, overwrite=overwrite)
    if output_kept:
        _write(output_kept, _rows(file, set(found.kept.tolist()), **reading), overwrite=overwrite)
    if out:
        _write(out, _lines(found), overwrite=overwrite)
    typer.echo(f"{file}: {_summary(found)}")
    if out:
        typer.echo(f"{out}: one line a group")
    if save:
        typer.echo(f"{save}: {counted(len(found.ids), 'text')} and what was decided about them")


@duplicates.command(epilog="Example: likewise duplicates review reviews.seen --precision 0.9")
def review(
    store: Annotated[
        str, typer.Argument(metavar="STORE", help="A folder that likewise duplicates FILE --save STORE wrote.")
    ],
    precision: Annotated[
        float | None,
        typer.Option("--precision", metavar="SHARE", help="The share to judge; default: that of the store."),
    ] = None,
    answers: Annotated[
        int, typer.Option("--answers", metavar="N", min=1, help="How many answers to ask for at most.")
    ] = 30,
    seed: Seed = 0,
) -> None:
    """Answer whether pairs are duplicates, and see how true the precision is.

    Answers are y, n, s (skip) or q (quit), one a line. They are kept in the store at once, as decisions that its groups
    obey. From ten on the precision of all pairs is estimated by them, with an interval; questions end when it is within
    0.05, or after as many as you want.
    """
    import numpy as np

    from likewise.applications.duplicates.decisions import ContradictionError
    from likewise.applications.duplicates.store import Store

    opened, rng = Store.load(store), np.random.default_rng(seed)
    wanted = opened.precision if precision is None else precision
    skipped: set[tuple[int, int]] = set()
    given = 0
    while given < answers:
        found = opened.found.rethreshold(wanted)
        if _is_narrow(found) or (pair := found.question(rng, skipped)) is None:
            break
        texts = [one_line(found.texts[row].as_py()) for row in pair]
        typer.echo(f"\n  1  {_marked(*texts)}\n  2  {_marked(*texts[::-1])}")
        match _reply(f"{given + 1}/{answers} Are they duplicates? [y/n/s/q] "):
            case "q":
                break
            case "s":
                skipped.add(pair)
            case reply:
                try:
                    opened.decide([(*pair, reply == "y")])
                    given += 1
                except ContradictionError as error:
                    typer.echo(f"     not kept: {error}")
                    skipped.add(pair)
    typer.echo(f"\n{store}: {_judgement(opened.found.rethreshold(wanted))}")


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


def _check_outputs(
    file: str, out: str | None, output_kept: str | None, save: str | None, *, against: str | None, overwrite: bool
) -> None:
    """Refuse outputs that cannot be written, before any work is done for them."""
    from likewise.applications.duplicates.store import OTHER, RECORD

    if not (out or output_kept or save):
        raise InputError("nothing would be written: give --out GROUPS, --output-kept FILE or --save STORE")
    for name in filter(None, (out, output_kept, save)):
        reserve(name, overwrite=overwrite)
    if output_kept and file == "-":
        raise InputError(
            "--output-kept reads the file once more, which standard input cannot: put the texts into a file"
        )
    if save:
        refuse_other(Path(save), RECORD, OTHER)
        if against is not None:
            raise InputError("--save keeps the texts of one file: leave --against out, or save in a run of its own")


def _write(path: str, lines: Iterator[str], *, overwrite: bool) -> None:
    with replacing_file(Path(path), overwrite=overwrite) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def _number(keep_at_most: str | None) -> float | None:
    """A number of texts, or a share if it has a point."""
    if keep_at_most is None:
        return None
    try:
        return float(keep_at_most) if "." in keep_at_most else int(keep_at_most)
    except ValueError:
        raise InputError(f"--keep-at-most {keep_at_most}: give a number such as 1000, or a share such as 0.8") from None


def _summary(found: "Duplicates") -> str:
    """What was found, in words."""
    from likewise.applications.duplicates.pairs import REASONS

    members = [member.reason for group in found.groups for member in group.members]
    named = [reason for reason in REASONS if reason != "decided" or reason in members]
    by_reason = ", ".join(f"{members.count(reason):,} {reason}" for reason in named)
    remain = f"{len(found.kept):,} remain" if found.others is None else f"{len(found.kept):,} are new"
    summary = f"{counted(len(found.ids), 'text')}, {counted(len(members), 'duplicate')} ({by_reason}); {remain}"
    bars = [f"{reason} from {found.threshold(reason):.3f}" for reason in REASONS[1:3] if found.threshold(reason) <= 1]
    summary += f"\nat precision {found.precision:g}: {', '.join(bars) or 'only exact ones are sure enough'}"
    return f"{summary}\n{found.note}" if found.note else summary


def _lines(found: "Duplicates") -> Iterator[str]:
    for group in found.groups:
        members = [
            {
                "id": member.id, "reason": member.reason, "score": round(member.score, 4),
                "precision": round(member.precision, 4), "text": member.text,
            }
            for member in group.members
        ]  # fmt: skip
        yield json.dumps({"kept": group.id, "text": group.text, "members": members}, ensure_ascii=False) + "\n"


def _rows(file: str, kept: set[int], **given: Any) -> Iterator[str]:
    """The rows that remain, with all their columns."""
    from likewise.corpus.read import read

    row = 0
    for batch in read(file, columns=True, **given):
        columns = batch.columns.to_pylist() if batch.columns is not None else [{}] * len(batch)
        for id, text, others in zip(batch.ids.to_pylist(), batch.texts.to_pylist(), columns, strict=True):
            if row in kept:
                yield json.dumps({"id": id, "text": text, **others}, ensure_ascii=False, default=str) + "\n"
            row += 1
