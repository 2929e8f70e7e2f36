"""What a person decided about pairs of texts: kept in a file, found again in changed texts, and groups that obey it."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.arrays import Int64
from likewise.atomic import locking, os_error
from likewise.errors import InputError, LikewiseError

DECISIONS = "decisions.jsonl"  # in the folder of a store


class ContradictionError(InputError):
    """A decision that others exclude."""


@dataclass(frozen=True)
class Decision:
    """What was decided about two texts, whatever their numbers become.

    Attributes:
        ids: of the two, in no order.
        texts: of the two.
        duplicate: whether they are duplicates; None takes an earlier decision back.
    """

    ids: tuple[str, str]
    texts: tuple[str, str]
    duplicate: bool | None

    @property
    def pair(self) -> frozenset[tuple[str, str]]:
        """What it is about."""
        return frozenset(zip(self.ids, self.texts, strict=True))


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """The last decision about each pair, in the order in which they were made, without those that were taken back."""
    last: dict[frozenset[tuple[str, str]], Decision] = {}
    for decision in decisions:
        last.pop(decision.pair, None)
        if decision.duplicate is not None:
            last[decision.pair] = decision
    return tuple(last.values())


def read_decisions(folder: Path) -> tuple[Decision, ...]:
    """The decisions in force in the folder of a store; a line that a killed process left unfinished is none.

    Raises:
        InputError: the file is damaged.
    """
    try:
        lines = (folder / DECISIONS).read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return ()
    made = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            ids, texts, duplicate = record["ids"], record["texts"], record["duplicate"]
            if not all(isinstance(each, str) for each in (*ids, *texts)) or duplicate not in {True, False, None}:
                raise TypeError("no pair of texts")
            made.append(Decision((ids[0], ids[1]), (texts[0], texts[1]), duplicate))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise InputError(f"line {number} of {folder / DECISIONS} is damaged: restore the file ({error})") from error
    return in_force(made)


def append_decisions(folder: Path, decisions: Sequence[Decision]) -> None:
    """Write decisions behind those that are there; they are on the disk when this returns. Its caller has the lock.

    Raises:
        LikewiseError: the disk is full, or the file cannot be written.
    """
    lines = [json.dumps({"ids": one.ids, "texts": one.texts, "duplicate": one.duplicate}) + "\n" for one in decisions]
    file = folder / DECISIONS
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(descriptor, "r+b") as written:
            before = written.read()
            whole = before.rfind(b"\n") + 1
            try:
                written.truncate(whole)  # what follows was left by a killed process
                written.seek(whole)
                written.write("".join(lines).encode())
                written.flush()
                os.fsync(written.fileno())
            except OSError:
                os.truncate(file, whole)
                raise
    except OSError as error:
        raise os_error(error, file) from error


def rows_of(
    decisions: Sequence[Decision], ids: Sequence[str], texts: pa.Array, order: Int64[np.ndarray, " texts"]
) -> tuple[tuple[int, int, bool], ...]:
    """The rows that decisions are about, and what was decided; a decision about texts that are not there is left out.

    A row has the text of the decision. Of several that have it, it is the one with the same id, or else the preferred
    one; two rows with one text have to have the same ids, as nothing else distinguishes them.
    """
    if not decisions:
        return ()
    wanted = {text: number for number, text in enumerate({text for each in decisions for text in each.texts})}
    values = pa.array(list(wanted), texts.type)
    found = pc.index_in(texts, value_set=values)
    rows: dict[str, dict[str, int]] = {text: {} for text in wanted}
    names = list(wanted)
    has = np.asarray(pc.is_valid(found))
    for row in order[has[order]].tolist():
        rows[names[found[row].as_py()]].setdefault(ids[row], row)
    made = []
    for decision in decisions:
        both = []
        for id, text in zip(decision.ids, decision.texts, strict=True):
            here = rows[text]
            if id in here or (here and decision.texts[0] != decision.texts[1]):
                both.append(here.get(id, next(iter(here.values()))))
        if len(both) == 2 and both[0] != both[1] and decision.duplicate is not None:
            made.append((both[0], both[1], decision.duplicate))
    return tuple(made)


class Linked:
    """Rows that decisions join, and those that they keep apart; made from the decisions one after another."""

    def __init__(self, decided: Iterable[tuple[int, int, bool]] = ()) -> None:
        self._member_of: dict[int, set[int]] = {}
        self._opposed: dict[int, set[int]] = {}
        for one, other, duplicate in decided:
            if not self.contradicts(one, other, duplicate):  # rows of changed texts may be fewer than were decided on
                self.add(one, other, duplicate)

    def with_row(self, row: int) -> set[int]:
        """All rows that are decided duplicates of a row, and the row itself."""
        return self._member_of.get(row, {row})

    def opposed_to(self, row: int) -> set[int]:
        """All rows that may not be in a group with a row."""
        return {each for one in self.with_row(row) for each in self._opposed.get(one, ())}

    def contradicts(self, one: int, other: int, duplicate: bool) -> bool:
        """Whether what was decided before excludes a decision."""
        if duplicate:
            return not self.opposed_to(one).isdisjoint(self.with_row(other))
        return other in self.with_row(one)

    def add(self, one: int, other: int, duplicate: bool) -> None:
        """Join two rows, or keep them apart."""
        if duplicate:
            joined = self.with_row(one) | self.with_row(other)
            self._member_of.update(dict.fromkeys(joined, joined))
        else:
            self._opposed.setdefault(one, set()).add(other)
            self._opposed.setdefault(other, set()).add(one)


@dataclass(frozen=True)
class Constraints:
    """What groups have to obey.

    Attributes:
        stands_for: of each row the one that it is always in a group with, the most preferred; itself for most.
        opposed: pairs of rows that stand for themselves and are never in one group, each both ways.
        linked: the decisions.
    """

    stands_for: Int64[np.ndarray, " texts"]
    opposed: Int64[np.ndarray, "2 opposed"]
    linked: Linked

    @classmethod
    def of(
        cls,
        decided: Sequence[tuple[int, int, bool]],
        copies: Int64[np.ndarray, " texts"],
        place: Int64[np.ndarray, " texts"],
    ) -> "Constraints":
        """Join rows by what was decided, and then exact copies with their original unless that was excluded.

        Args:
            decided: two rows, and whether they are duplicates.
            copies: of each row the one that it is an exact copy of.
            place: of each row in the order of preference.
        """
        linked = Linked(decided)
        stands_for = copies.copy()
        if not decided:
            return cls(stands_for, np.zeros((2, 0), np.int64), linked)
        rows = sorted({row for one, other, _ in decided for row in (one, other)}, key=lambda row: int(place[row]))
        joined = Linked(decided)
        for row in rows:
            original = int(copies[row])
            if original != row and not joined.contradicts(row, original, True):
                joined.add(row, original, True)
        rows += [int(copies[row]) for row in rows]
        root = np.arange(len(copies))
        for row in rows:
            root[row] = min(joined.with_row(row), key=lambda each: int(place[each]))
        apart = np.array([row for row in rows if int(copies[row]) not in joined.with_row(row)], np.int64)
        stands_for = root[copies]
        stands_for[apart] = root[apart]
        pairs = {(int(root[row]), int(root[other])) for row in rows for other in joined.opposed_to(row)}
        opposed = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
        return cls(stands_for, np.ascontiguousarray(opposed), linked)


def check_decisions(
    decided: Sequence[tuple[int, int, bool]], made: Sequence[tuple[int, int, bool | None]], ids: Sequence[str]
) -> None:
    """Refuse decisions that those before them exclude; one about a pair takes the place of the one before it.

    Args:
        decided: what was decided before.
        made: what is decided now; None takes a decision back.
        ids: of all rows, for messages.

    Raises:
        ContradictionError: a decision is excluded.
        InputError: there is no such row.
    """
    before = {frozenset(each[:2]): each for each in decided}
    linked = Linked(before.values())
    for one, other, duplicate in made:
        if one == other or not all(0 <= row < len(ids) for row in (one, other)):
            raise InputError(f"rows {one} and {other} are no two of the {len(ids):,} texts")
        if before.pop(frozenset((one, other)), None):
            linked = Linked(before.values())
        if duplicate is None:
            continue
        if linked.contradicts(one, other, duplicate):
            reason = "decided duplicates of them are decided to be no duplicates of each other"
            raise ContradictionError(
                f"{ids[one]} and {ids[other]} cannot be duplicates, as texts that are {reason}: undo one of these first"
                if duplicate
                else f"{ids[one]} and {ids[other]} are duplicates by other decisions, over a third text: undo one first"
            )
        linked.add(one, other, duplicate)
        before[frozenset((one, other))] = one, other, duplicate


class DecisionFile:
    """The decisions in the folder of a store, which several processes may read and write.

    Args:
        folder: of the store.
        record: name of the file by which the folder is told from one that replaced it.
        place: device and inode of that file.
    """

    def __init__(self, folder: Path, record: str, place: tuple[int, int] | None) -> None:
        self._folder, self._record, self._place = folder, record, place
        self._stamp: tuple[int, int, int] | None = None

    def changed(self) -> tuple[Decision, ...] | None:
        """Return the decisions in force if they changed since the last call; None if not, or if the folder is gone."""
        try:
            status = (self._folder / DECISIONS).stat()
        except OSError:
            return None
        stamp = status.st_ino, status.st_size, status.st_mtime_ns
        if stamp == self._stamp or place_of(self._folder / self._record) != self._place:
            return None
        decisions, self._stamp = read_decisions(self._folder), stamp
        return decisions

    @contextmanager
    def writing(self) -> Iterator[Callable[[Sequence[Decision]], None]]:
        """Be the only writer of the folder within the block; yields what appends decisions.

        Raises:
            LikewiseError: the folder was replaced, or the file cannot be written.
        """
        with locking(self._folder, overwrite=True, wait=True):
            if place_of(self._folder / self._record) != self._place:
                raise LikewiseError(f"{self._folder} was replaced, moved or removed after it was read: load it again")
            yield lambda decisions: append_decisions(self._folder, decisions)


def place_of(file: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None if there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
