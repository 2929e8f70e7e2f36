"""The result: groups of duplicates, the texts that are kept, and the pairs that say why."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.calibration import Calibration
from likewise.applications.duplicates.similarity import Features, Similarities, Space
from likewise.errors import InputError

REASONS = ("exact", "near", "semantic")
EXACT, NEAR, SEMANTIC = range(3)
MANY = 0.3  # of the texts, which is more than anybody expects


@dataclass(frozen=True)
class Pairs:
    """Pairs of texts, by the number of their row, and what speaks for each.

    Attributes:
        first: the text that is preferred.
        second: the other one.
        score: lexical or semantic similarity, by the reason.
        precision: estimated share of duplicates among pairs at least so alike.
        reason: number of one of `REASONS`.
    """

    first: Int64[np.ndarray, " pairs"]
    second: Int64[np.ndarray, " pairs"]
    score: Float32[np.ndarray, " pairs"]
    precision: Float64[np.ndarray, " pairs"]
    reason: UInt8[np.ndarray, " pairs"]

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def of(
        cls,
        first: Int64[np.ndarray, " pairs"],
        second: Int64[np.ndarray, " pairs"],
        alike: Similarities,
        exact: Bool[np.ndarray, " pairs"],
        calibration: Calibration,
    ) -> "Pairs":
        """Score pairs by the similarity that gives the higher precision; those that are exact copies have 1."""
        lexical = calibration.lexical.precisions(alike.lexical)
        semantic = calibration.semantic.precisions(alike.semantic)
        near = lexical >= semantic
        score = np.where(exact, np.float32(1), np.where(near, alike.lexical, alike.semantic)).astype(np.float32)
        reason = np.where(exact, EXACT, np.where(near, NEAR, SEMANTIC)).astype(np.uint8)
        return cls(first, second, score, np.where(exact, 1.0, np.maximum(lexical, semantic)), reason)

    def take(self, chosen: np.ndarray) -> "Pairs":
        """Some of them."""
        return Pairs(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Member:
    """A text that is a duplicate of the kept text of its group.

    Attributes:
        row: its number.
        id: its id.
        text: it.
        reason: `exact`, `near` (the same letters but for a few) or `semantic` (the same meaning).
        score: how alike it and the kept text are, between 0 and 1.
        precision: estimated share of duplicates among pairs at least so alike.
    """

    row: int
    id: str
    text: str
    reason: str
    score: float
    precision: float


@dataclass(frozen=True)
class Group:
    """Texts that are duplicates of one kept text.

    Attributes:
        row: the number of the kept text; of the other file, where two were compared.
        id: its id.
        text: it.
        members: the others, the most alike first.
    """

    row: int
    id: str
    text: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Compared:
    """The distinct texts that were compared, the preferred first, and what is known of them.

    Attributes:
        ids: of the texts.
        texts: an Arrow array.
        features: what was compared.
        space: in which they were.
    """

    ids: tuple[str, ...]
    texts: pa.Array
    features: Features
    space: Space | None


@dataclass(frozen=True)
class Duplicates:
    """What was found among some texts.

    Attributes:
        texts: an Arrow array of all.
        ids: of the texts.
        others: the texts that they were compared with; None where they were compared with one another.
        against: ids of those.
        precision: the share of pairs that are to be duplicates.
        candidates: all pairs that were compared and are worth keeping, at any precision.
        calibration: what precision a similarity has; None where there was nothing to compare.
        order: the numbers of the texts, the preferred first; those of `against` come first and count from 0.
        copies: of each text the row of the one that it is an exact copy of, its own if of none.
        notes: what else is to be known of the comparison, a phrase each.
        compared: what a `Store` is made of; None where there was nothing, or the texts were compared with others.
    """

    texts: pa.Array = field(repr=False)
    ids: tuple[str, ...] = field(repr=False)
    others: pa.Array | None = field(repr=False)
    against: tuple[str, ...] | None = field(repr=False)
    precision: float
    candidates: Pairs = field(repr=False)
    calibration: Calibration | None = field(repr=False)
    order: Int64[np.ndarray, " all"] = field(repr=False)
    copies: Int64[np.ndarray, " texts"] = field(repr=False)
    notes: tuple[str, ...] = ()
    compared: Compared | None = field(default=None, repr=False)

    def rethreshold(self, precision: float) -> "Duplicates":
        """The same texts at another precision; nothing is computed anew.

        Raises:
            InputError: `precision` is not above 0 and at most 1.
        """
        return replace(self, precision=checked_precision(precision))

    @cached_property
    def pairs(self) -> Pairs:
        """The pairs that are duplicates at this precision, the surest first."""
        sure = self.candidates.take(np.flatnonzero(self.candidates.precision >= self.precision - 1e-9))
        return sure.take(np.lexsort((sure.second, sure.first, -sure.score, -sure.precision)))

    @cached_property
    def kept(self) -> Int64[np.ndarray, " kept"]:
        """The rows that remain when of each group only the kept one does; rising.

        Where texts were compared with others, those that are no duplicate of any of them.
        """
        _, taken_by = self._stars
        return np.flatnonzero(taken_by < 0)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of two and more, by the row of the kept text."""
        pairs, taken_by = self._stars
        members: dict[int, list[Member]] = {}
        for row in np.flatnonzero(taken_by >= 0).tolist():
            at = int(taken_by[row])
            reason, score, sure = REASONS[pairs.reason[at]], float(pairs.score[at]), float(pairs.precision[at])
            if self.copies[row] == pairs.first[at] and self.others is None:
                reason, score, sure = REASONS[EXACT], 1.0, 1.0
            member = Member(row, self.ids[row], self.texts[row].as_py(), reason, score, sure)
            members.setdefault(int(pairs.first[at]), []).append(member)
        texts, names = (self.texts, self.ids) if self.others is None else (self.others, self.against or ())
        members_first = {
            row: tuple(sorted(found, key=lambda one: (-one.score, one.row))) for row, found in members.items()
        }
        return tuple(Group(row, names[row], texts[row].as_py(), members_first[row]) for row in sorted(members_first))

    @property
    def note(self) -> str:
        """What else is to be known, in a sentence; empty if nothing."""
        distinct = np.count_nonzero(self.copies == np.arange(len(self.copies)))
        dropped = distinct - len(self.kept)
        many = f"{dropped:,} of {distinct:,} different texts are taken for duplicates: check the groups first"
        return "; ".join((*self.notes, many) if self.others is None and dropped > MANY * distinct else self.notes)

    def threshold(self, reason: str) -> float:
        """The score from which on a pair is a duplicate, of `near` or `semantic`; above 1 where none is enough."""
        if self.calibration is None:
            return 2.0
        curve = self.calibration.lexical if reason == REASONS[NEAR] else self.calibration.semantic
        return curve.threshold(self.precision - 1e-9)

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    @cached_property
    def _stars(self) -> tuple[Pairs, Int64[np.ndarray, " texts"]]:
        """The pairs, and of each text the number of the pair by which it was taken, -1 for one that is kept."""
        pairs, own = self.pairs, len(self.ids)
        shift = 0 if self.others is None else len(self.others)
        place = np.empty(len(self.order), np.int64)
        place[self.order] = np.arange(len(self.order))
        ones, others = place[pairs.first], place[pairs.second + shift]
        leader, value = np.empty(len(place), np.int64), np.empty(len(place), np.float32)
        by = np.empty(len(place), np.int64)
        kernels.stars(len(place), ones, others, pairs.score, shift, leader, value, by)
        taken_by = by[place[shift : shift + own]]
        of_original = taken_by[self.copies]  # a copy is where its original is
        return pairs, np.where(of_original >= 0, of_original, taken_by)


def checked_precision(precision: float) -> float:
    """The precision, if it is one.

    Raises:
        InputError: it is not above 0 and at most 1.
    """
    if not 0 < precision <= 1:
        raise InputError(f"precision {precision} is no share: give a number above 0 and at most 1, such as 0.99")
    return float(precision)
