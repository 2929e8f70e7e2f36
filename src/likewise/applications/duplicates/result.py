"""The result: groups of duplicates, the texts that are kept, and the pairs that say why."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.answers import Answers
from likewise.applications.duplicates.calibration import Calibration
from likewise.applications.duplicates.columns import agreement_of
from likewise.applications.duplicates.decisions import Constraints, Decision, rows_of
from likewise.applications.duplicates.pairs import CERTAIN, DECIDED, EXACT, NEAR, REASONS, Pairs
from likewise.applications.duplicates.space import Features, Space
from likewise.arrays import Int64
from likewise.errors import InputError
from likewise.notebook import table

WORTH_KEEPING = 0.5  # precision of pairs that are kept for another threshold
QUESTIONS = 30  # pairs at least that are worth asking about
MANY = 0.3  # of the texts, which is more than anybody expects


@dataclass(frozen=True)
class Member:
    """A text that is a duplicate of the kept text of its group.

    Attributes:
        row: its number.
        id: its id.
        text: it.
        reason: `exact`, `near` (nearly the same words), `semantic` (alike by all evidence) or `decided`.
        score: how alike it and the kept text are, between 0 and 1.
        precision: estimated share of duplicates among pairs at least so alike.
        agreement: of records whether each column is the `same`, `similar`, `different` or `missing` in one of both.
    """

    row: int
    id: str
    text: str
    reason: str
    score: float
    precision: float
    agreement: dict[str, str] = field(default_factory=dict)


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

    @property
    def precision(self) -> float:
        """Of the member that is least sure."""
        return min(member.precision for member in self.members)


@dataclass(frozen=True)
class Compared:
    """The distinct texts that were compared, the preferred first, and what is known of them.

    Attributes:
        rows: of the texts.
        features: what was compared.
        space: in which they were.
    """

    rows: Int64[np.ndarray, " distinct"]
    features: Features
    space: Space


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
        decided: two rows each and whether they are duplicates, as a person decided.
        most_pairs: how many of the surest pairs count; None for all that are sure enough.
        answers: what the decisions about pairs that were compared say of the precision of all; None below ten of them.
        estimated: the candidates before any decision.
        columns: the names of those of records, whose texts have a cell a line; none where texts were compared.
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
    decided: tuple[tuple[int, int, bool], ...] = field(default=(), repr=False)
    most_pairs: int | None = None
    answers: Answers | None = field(default=None, repr=False)
    estimated: Pairs | None = field(default=None, repr=False)
    columns: tuple[str, ...] = ()

    def rethreshold(self, precision: float) -> "Duplicates":
        """The same texts at another precision; nothing is computed anew.

        Raises:
            InputError: `precision` is not above 0 and at most 1.
        """
        return replace(self, precision=checked_precision(precision), most_pairs=None)

    def with_decisions(self, decisions: Sequence[Decision]) -> "Duplicates":
        """The same, but obeying what a person decided: such pairs always or never are in one group.

        Raises:
            InputError: the texts were compared with others.
        """
        if self.others is not None:
            raise InputError("decisions are about the texts of one file: these were compared with others")
        decided, estimated = rows_of(decisions, self.ids, self.texts, self.order), self.estimated or self.candidates
        answers = Answers.of_decisions(estimated, decided, len(self.ids))
        corrected = answers.corrected(estimated) if answers else estimated.precision
        return replace(
            self, decided=decided, answers=answers, estimated=estimated,
            candidates=replace(estimated, precision=corrected),
        )  # fmt: skip

    def undecided(self) -> "Duplicates":
        """The same as if nobody had decided anything."""
        return replace(self, decided=(), answers=None, estimated=None, candidates=self.estimated or self.candidates)

    def keep_at_most(self, wanted: float) -> "Duplicates":
        """The same, with as many of the surest pairs as leave so many texts; `precision` is that of the last of them.

        Args:
            wanted: how many texts, or the share of them if it is a `float` of at most 1.

        Raises:
            InputError: it is no number or share, or more texts remain with all pairs.
        """
        most = number_kept(wanted, len(self.ids))
        ranked = replace(self, candidates=self.candidates.ranked(), precision=float(np.finfo(np.float64).tiny))

        def first(pairs: int) -> Duplicates:
            return replace(ranked, most_pairs=pairs)

        low, high = -1, len(ranked.candidates)
        if (least := len(first(high).kept)) > most:
            raise InputError(
                f"{most:,} of {len(self.ids):,} texts cannot be reached: {least:,} remain with all pairs;"
                f" ask for at least {least:,}"
            )
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if len(first(middle).kept) <= most else (middle, high)
        return replace(first(high), precision=float(ranked.candidates.precision[high - 1]) if high else 1.0)

    @cached_property
    def pairs(self) -> Pairs:
        """The pairs that are duplicates at this precision, and those that a person decided, the surest first."""
        of, most = self.candidates, self.most_pairs
        sure = of.take(np.flatnonzero(of.precision >= self.precision - 1e-9)).ranked()
        sure = sure if most is None else sure.take(np.arange(min(most, len(sure))))
        if not self.decided:
            return sure
        rows = np.array([(one, other) for one, other, _ in self.decided], np.int64)
        known = np.isin(sure.keys(len(self.ids)), rows.min(axis=1) * len(self.ids) + rows.max(axis=1))
        same = rows[np.array([duplicate for _, _, duplicate in self.decided])]
        turned = self._place[same[:, 0]] > self._place[same[:, 1]]
        first, second = np.where(turned, same[:, 1], same[:, 0]), np.where(turned, same[:, 0], same[:, 1])
        count = len(same)
        reason = np.full(count, DECIDED, np.uint8)
        by_person = Pairs(first, second, np.ones(count, np.float32), np.ones(count), reason)
        return Pairs.joined([by_person, sure.take(np.flatnonzero(~known))])

    @property
    def interval(self) -> tuple[float, float] | None:
        """In which the precision of the pairs found is, with 90 % certainty; None without answers or pairs."""
        answers = self.answers
        if answers is None or (level := answers.level(self.precision)) == len(answers.estimates):
            return None
        return float(answers.low[level]), float(answers.high[level])

    def question(self, rng: np.random.Generator, skipped: Collection[tuple[int, int]] = ()) -> tuple[int, int] | None:
        """Two rows of a pair that nobody decided on yet, and that it tells most to decide on; None if there is none.

        It is drawn among the pairs found, which the answers are to judge, or among the thirty surest if fewer are.

        Args:
            rng: draws it.
            skipped: pairs that are not asked about again.
        """
        ranked = self.candidates.ranked()
        ranked = ranked.take(np.flatnonzero(ranked.reason != EXACT))
        found = int(np.count_nonzero(ranked.precision >= self.precision - 1e-9))
        known = {frozenset(each[:2]) for each in self.decided}
        for at in rng.permutation(min(max(found, QUESTIONS), len(ranked))).tolist():
            pair = int(ranked.first[at]), int(ranked.second[at])
            if frozenset(pair) not in known and pair not in skipped:
                return pair
        return None

    @cached_property
    def kept(self) -> Int64[np.ndarray, " kept"]:
        """The rows that remain when of each group only the kept one does; rising.

        Where texts were compared with others, those that are no duplicate of any of them.
        """
        remain = np.ones(len(self.ids), bool)
        remain[self.dropped.second] = False
        return np.flatnonzero(remain)

    @cached_property
    def dropped(self) -> Pairs:
        """Each text that is not kept, as the second of a pair with the one that is kept in its place; by the second."""
        pairs, leader, by, stands_for = self._stars
        taken = by[stands_for] >= 0
        if self.others is None:
            taken |= stands_for != np.arange(len(stands_for))
        rows = np.flatnonzero(taken)
        leaders, at = leader[stands_for[rows]], by[stands_for[rows]]
        found = Pairs.joined([pairs, CERTAIN]).take(np.where(at >= 0, at, len(pairs)))
        score, precision, reason = found.score, found.precision, found.reason
        if self.others is None:
            follows = (self.copies[rows] != stands_for[rows]) & (stands_for[rows] != rows)
            reason[follows] = DECIDED
            exact = self.copies[rows] == leaders
            score[exact], precision[exact], reason[exact] = 1.0, 1.0, EXACT
        return Pairs(leaders, rows, score, precision, reason)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of two and more, by the row of the kept text."""
        return tuple(self._group(number) for number in range(self.group_count))

    @property
    def group_count(self) -> int:
        """How many groups there are."""
        return len(self._bounds[0])

    def doubtful(self, limit: int, after: tuple[float, int] | None = None) -> tuple[Group, ...]:
        """Some of the groups, those whose least sure member is least sure first.

        Args:
            limit: how many at most.
            after: precision and row of the group that the first of them follows; None for the beginning.
        """
        rows, _, least = self._bounds
        order = np.lexsort((rows, least))
        if after is not None:
            precision, row = after
            order = order[(least[order] > precision) | ((least[order] == precision) & (rows[order] > row))]
        return tuple(self._group(int(number)) for number in order[:limit])

    def group_of(self, row: int) -> Group | None:
        """The group that a text is in; None if it is no duplicate."""
        leader = row
        if len(at := np.flatnonzero(self.dropped.second == row)):
            leader = int(self.dropped.first[at[0]])
        number = np.searchsorted(self._bounds[0], leader)
        found = number < len(self._bounds[0]) and self._bounds[0][number] == leader
        return self._group(int(number)) if found else None

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
        curve, wanted = self.calibration.near if reason == REASONS[NEAR] else self.calibration.semantic, self.precision
        if (answers := self.answers) is not None:
            level = answers.level(wanted)
            wanted = float(answers.estimates[level]) if level < len(answers.estimates) else 2.0
        return curve.threshold(wanted - 1e-9)

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    def _repr_html_(self) -> str:
        """Show themselves in a notebook: the groups, each with the text that is most alike the kept one."""
        facts = {
            "texts": len(self.ids), "kept": len(self.kept), "precision": self.precision, "note": self.note or None,
        }  # fmt: skip
        rows = [
            (each.text, len(each.members), each.members[0].text, each.members[0].reason, each.members[0].score)
            for each in self.groups
        ]
        count = f"{len(rows):,} {'group' if len(rows) == 1 else 'groups'} of duplicates"
        return table(count, facts, ("kept", "duplicates", "the most alike", "reason", "score"), rows)

    @cached_property
    def _place(self) -> Int64[np.ndarray, " all"]:
        """Of each text its place in the order of preference."""
        place = np.empty(len(self.order), np.int64)
        place[self.order] = np.arange(len(self.order))
        return place

    @cached_property
    def _bounds(self) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Of each group the row of the kept text, rising; the order of `dropped` by group and its begins; the least."""
        order = np.argsort(self.dropped.first, kind="stable")
        rows, begins = np.unique(self.dropped.first[order], return_index=True)
        precision = self.dropped.precision[order]
        return rows, (order, begins), np.minimum.reduceat(precision, begins) if len(begins) else precision

    def _group(self, number: int) -> Group:
        rows, (order, begins), _ = self._bounds
        end = begins[number + 1] if number + 1 < len(begins) else len(order)
        members, row = [], int(rows[number])
        texts, names = (self.texts, self.ids) if self.others is None else (self.others, self.against or ())
        kept = texts[row].as_py()
        some = self.dropped.take(order[begins[number] : end])
        for at, member in enumerate(some.second.tolist()):
            reason, score, sure = REASONS[some.reason[at]], float(some.score[at]), float(some.precision[at])
            text = self.texts[member].as_py()
            agreement = agreement_of(self.columns, kept, text)
            members.append(Member(member, self.ids[member], text, reason, score, sure, agreement))
        members.sort(key=lambda one: (-one.score, one.row))
        return Group(row, names[row], kept, tuple(members))

    @cached_property
    def _stars(self) -> tuple[Pairs, np.ndarray, np.ndarray, np.ndarray]:
        """The pairs; of each text its kept one and the number of the pair by which it was taken, -1 for none.

        They hold for those that stand for themselves; the last array is of each text the one that stands for it.
        """
        pairs, own = self.pairs, len(self.ids)
        shift = 0 if self.others is None else len(self.others)
        place = self._place
        constraints = Constraints.of(self.decided, self.copies, place[shift:])
        stands_for, opposed = constraints.stands_for, constraints.opposed
        of, used = pairs, np.zeros(0, np.int64)
        if self.decided:
            used = np.flatnonzero((stands_for[pairs.first] == pairs.first) & (stands_for[pairs.second] == pairs.second))
            of = pairs.take(used)
            opposed = place[opposed]
            opposed = np.ascontiguousarray(opposed[:, np.argsort(opposed[0], kind="stable")])
        ones, others = place[of.first], place[of.second + shift]
        leader, value = np.empty(len(place), np.int64), np.empty(len(place), np.float32)
        by = np.empty(len(place), np.int64)
        kernels.stars(len(place), ones, others, of.score, shift, opposed, leader, value, by)
        taken = by[place[shift : shift + own]]
        if len(used):
            taken = np.where(taken >= 0, used[taken], -1)
        return pairs, self.order[leader[place[shift : shift + own]]], taken, stands_for


def number_kept(wanted: float, texts: int) -> int:
    """How many texts are to be kept of some: `wanted`, or that share of them if it is a `float` of at most 1.

    Raises:
        InputError: it is neither a whole number above 0 nor such a share.
    """
    if isinstance(wanted, float) and 0 < wanted <= 1:
        return int(np.floor(wanted * texts + 1e-9))
    if not wanted >= 1 or (isinstance(wanted, float) and not wanted.is_integer()):
        raise InputError(f"{wanted} texts cannot be kept: give a number such as 1000, or a share such as 0.8")
    return int(wanted)


def checked_precision(precision: float) -> float:
    """The precision, if it is one.

    Raises:
        InputError: it is not above 0 and at most 1.
    """
    if not 0 < precision <= 1:
        raise InputError(f"precision {precision} is no share: give a number above 0 and at most 1, such as 0.99")
    return float(precision)
