"""`likewise duplicates`: which texts of a file are duplicates, and which to keep."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from likewise.atomic import refuse_other, replacing_file
from likewise.cli.options import (
    Column,
    Encoding,
    File,
    Header,
    Id,
    NoId,
    OnError,
    OptionalModel,
    Overwrite,
    Progress,
    Seed,
    Text,
    reading_of,
    reserve,
)
from likewise.cli.review import review
from likewise.cli.screen import counted
from likewise.errors import InputError

if TYPE_CHECKING:
    from likewise.applications.duplicates.result import Duplicates

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
duplicates.command(epilog="Example: likewise duplicates review reviews.csv --text body --precision 0.9")(review)


@duplicates.command("find", epilog="Example: likewise duplicates reviews.csv --text body --out groups.jsonl")
def find_duplicates(
    file: File,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="GROUPS", help="The groups: JSONL, one per line.", show_default=False),
    ] = None,
    text: Text = None,
    column: Column = None,
    id: Id = None,
    no_id: NoId = False,
    model: OptionalModel = None,
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

    With --column the rows are records, such as products or customers, and each column is evidence of its own.
    The threshold is estimated from the texts, without labels. Answers correct it: likewise duplicates review STORE.
    """
    from likewise.applications.duplicates.decisions import read_decisions
    from likewise.applications.duplicates.find import duplicates as find
    from likewise.applications.duplicates.store import Store

    reading = reading_of(text, id, no_id=no_id, encoding=encoding, header=header, on_error=on_error)
    reading["columns"] = column
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
    def shown(text: str) -> dict[str, Any]:
        """A text; of a record its columns."""
        cells = text.split("\n")
        return {"columns": dict(zip(found.columns, cells, strict=True))} if found.columns else {"text": text}

    for group in found.groups:
        members = [
            {
                "id": member.id, "reason": member.reason, "score": round(member.score, 4),
                "precision": round(member.precision, 4), **shown(member.text),
                **({"agreement": member.agreement} if found.columns else {}),
            }
            for member in group.members
        ]  # fmt: skip
        yield json.dumps({"kept": group.id, **shown(group.text), "members": members}, ensure_ascii=False) + "\n"


def _rows(file: str, kept: set[int], **given: Any) -> Iterator[str]:
    """The rows that remain, with all their columns; the first of a record has its own name, and not that of a text."""
    from likewise.corpus.read import read

    row, named = 0, "text"
    if records := given.pop("columns"):
        given["text"] = named = records[0]
    for batch in read(file, columns=True, **given):
        columns = batch.columns.to_pylist() if batch.columns is not None else [{}] * len(batch)
        for id, text, others in zip(batch.ids.to_pylist(), batch.texts.to_pylist(), columns, strict=True):
            if row in kept:
                yield json.dumps({"id": id, named: text, **others}, ensure_ascii=False, default=str) + "\n"
            row += 1
