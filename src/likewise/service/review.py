"""The review of duplicates: the groups of a store, the doubtful first, and what a person decides about them."""

import msgspec
import numpy as np
from starlette.requests import Request

from likewise.applications.duplicates.decisions import ContradictionError
from likewise.applications.duplicates.result import Group
from likewise.service.duplicates import (
    SHOWN,
    TAG,
    Chosen,
    DuplicateMember,
    DuplicateText,
    chosen_of,
    member_of,
    review_of,
    text_of,
)
from likewise.service.problems import Problem
from likewise.service.routing import Route
from likewise.service.served import Service

MAX_GROUPS = 100
MAX_MEMBERS = 100  # of a group in one answer
MEMBERS = 10  # of each group in a list of groups
MAX_DECISIONS = 1_000
GRID = (*np.round(np.arange(0.5, 0.995, 0.01), 2).tolist(), 0.995, 0.999, 1.0)
MANY = 200_000  # texts whose counts take longer: at every fifth precision of the grid up to 0.95


class GroupsQuery(Chosen, kw_only=True, forbid_unknown_fields=True):
    """A part of the list of groups.

    Attributes:
        after: what the answer before gave as `after`.
        limit: how many groups, up to 100.
    """

    after: str | None = None
    limit: int = 20


class GroupQuery(Chosen, kw_only=True, forbid_unknown_fields=True):
    """A group and a part of its members.

    Attributes:
        row: of one of its texts.
        offset: how many members to leave out.
        limit: how many members, up to 100.
    """

    row: int
    offset: int = 0
    limit: int = MAX_MEMBERS


class DuplicateGroup(DuplicateText, kw_only=True):
    """A text that is kept, and its duplicates.

    Attributes:
        precision: of the member that is least sure.
        size: how many members there are.
        members: some of them, the least alike first.
    """

    precision: float
    size: int
    members: list[DuplicateMember]


class GroupsResponse(msgspec.Struct, kw_only=True):
    """Some groups, those whose least sure member is least sure first.

    Attributes:
        groups: of this part of the list.
        after: to pass on for the next part; None at the end.
        total: how many groups there are.
        precision: that was used.
        texts: of the store.
        kept: how many remain.
        version: of the texts, which decisions on them name.
    """

    groups: list[DuplicateGroup]
    after: str | None
    total: int
    precision: float
    texts: int
    kept: int
    version: str


class Counts(msgspec.Struct):
    """How many texts remain at a precision.

    Attributes:
        precision: the share of pairs that are to be duplicates.
        kept: texts that remain.
        groups: of two texts and more.
        low: of the interval in which the precision is with 90 % certainty, by the decisions; None without it.
        high: of that interval.
    """

    precision: float
    kept: int
    groups: int
    low: float | None = None
    high: float | None = None


class SummaryResponse(msgspec.Struct, kw_only=True):
    """What the store holds.

    Attributes:
        texts: how many there are.
        precision: at which the store was made.
        decisions: how many a person made.
        answers: how many of these are about pairs that were compared, if they are enough to correct the precision.
        counts: at some precisions, rising.
        version: of the texts.
    """

    texts: int
    precision: float
    decisions: int
    answers: int | None
    counts: list[Counts]
    version: str


class PairDecision(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a person decided about two texts.

    Attributes:
        first: row of one.
        second: row of the other.
        duplicate: whether they are duplicates.
    """

    first: int
    second: int
    duplicate: bool


class DecisionsRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Decisions, which are kept together or not at all.

    Attributes:
        version: of the texts, from the groups.
        decisions: up to 1,000.
    """

    version: str
    decisions: list[PairDecision]


class UndoQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A pair about which a decision is taken back.

    Attributes:
        first: row of one text.
        second: row of the other.
        version: of the texts, from the groups.
    """

    first: int
    second: int
    version: str


class DecisionsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of the list of decisions.

    Attributes:
        offset: how many to leave out.
        limit: how many, up to 1,000.
    """

    offset: int = 0
    limit: int = 100


class KeptDecision(msgspec.Struct):
    """A decision.

    Attributes:
        first: one text.
        second: the other.
        duplicate: whether they are duplicates.
    """

    first: DuplicateText
    second: DuplicateText
    duplicate: bool


class DecisionsResponse(msgspec.Struct):
    """Decisions, the latest first.

    Attributes:
        decisions: some of them.
        total: how many there are.
        version: of the texts.
    """

    decisions: list[KeptDecision]
    total: int
    version: str


class Decided(msgspec.Struct):
    """That decisions are on the disk.

    Attributes:
        decisions: how many there are now.
    """

    decisions: int


async def groups(service: Service, body: GroupsQuery, _: Request) -> GroupsResponse:
    """List groups, the doubtful first, with the words that differ."""
    _check_limit(body.limit, MAX_GROUPS)
    store, after = service.duplicates(), _cursor(body.after)

    def page() -> GroupsResponse:
        found, review = chosen_of(store, body)
        some = found.doubtful(body.limit, after)
        more = len(some) == body.limit and found.doubtful(1, (some[-1].precision, some[-1].row))
        return GroupsResponse(
            groups=[_group(each, 0, MEMBERS) for each in some],
            after=f"{some[-1].precision!r}:{some[-1].row}" if more else None,
            total=found.group_count, precision=found.precision, texts=len(found.ids), kept=len(found.kept),
            version=review.version,
        )  # fmt: skip

    return await service.compute(page)


async def group(service: Service, body: GroupQuery, _: Request) -> DuplicateGroup:
    """Return the group of a text, and a part of its members."""
    _check_limit(body.limit, MAX_MEMBERS)
    store = service.duplicates()

    def one() -> DuplicateGroup:
        every = chosen_of(store, body)[0]
        found = every.group_of(body.row) if 0 <= body.row < len(every.ids) else None
        if found is None:
            raise Problem(404, f"row {body.row} is in no group at this precision")
        return _group(found, max(0, body.offset), body.limit)

    return await service.compute(one)


async def summary(service: Service, _: None, __: Request) -> SummaryResponse:
    """Count what remains at a grid of precisions, so that a slider needs no request."""
    store = service.duplicates()

    def counted() -> SummaryResponse:
        review = review_of(store)
        found, counts = review.found, review.counts
        if not counts:
            for precision in GRID if len(found.ids) < MANY else (*GRID[:45:5], *GRID[45:]):
                at = found.rethreshold(precision)
                counts.append((precision, len(at.kept), at.group_count, *(at.interval or (None, None))))
        return SummaryResponse(
            texts=len(found.ids), precision=store.precision, decisions=len(found.decided),
            answers=found.answers.count if found.answers else None, counts=[Counts(*each) for each in counts],
            version=review.version,
        )  # fmt: skip

    return await service.compute(counted)


async def decide(service: Service, body: DecisionsRequest, _: Request) -> Decided:
    """Keep what a person decided; it is on the disk when this answers. 409 if decisions contradict each other."""
    if not 1 <= len(body.decisions) <= MAX_DECISIONS:
        raise Problem(422, f"decisions has {len(body.decisions):,}: expected 1 to {MAX_DECISIONS:,}")
    made: list[tuple[int, int, bool | None]] = [(each.first, each.second, each.duplicate) for each in body.decisions]
    return await _decide(service, body.version, made)


async def undo(service: Service, body: UndoQuery, _: Request) -> Decided:
    """Take back what was decided about a pair, if anything was."""
    return await _decide(service, body.version, [(body.first, body.second, None)])


async def decisions(service: Service, body: DecisionsQuery, _: Request) -> DecisionsResponse:
    """List what a person decided, the latest first."""
    _check_limit(body.limit, MAX_DECISIONS)
    store = service.duplicates()

    def listed() -> DecisionsResponse:
        review, found = review_of(store), store.found
        offset = max(0, body.offset)
        some = found.decided[::-1][offset : offset + body.limit]
        made = [KeptDecision(text_of(found, one), text_of(found, other), same) for one, other, same in some]
        return DecisionsResponse(made, len(found.decided), review.version)

    return await service.compute(listed)


async def _decide(service: Service, version: str, made: list[tuple[int, int, bool | None]]) -> Decided:
    store = service.duplicates()

    def write() -> Decided:
        if version != review_of(store).version:
            raise Problem(409, "the store was made anew since: load the groups again, rows may be other texts now")
        try:
            store.decide(made)
        except ContradictionError as error:
            raise Problem(409, str(error)) from None
        return Decided(len(store.found.decided))

    return await service.compute(write)


def _cursor(after: str | None) -> tuple[float, int] | None:
    if after is None:
        return None
    try:
        precision, row = after.split(":")
        return float(precision), int(np.int64(int(row)))
    except (ValueError, OverflowError):
        raise Problem(
            422, "after is not what an answer gave as after: leave it out to begin at the first group"
        ) from None


def _check_limit(limit: int, most: int) -> None:
    if not 1 <= limit <= most:
        raise Problem(422, f"limit is {limit}: expected 1 to {most}")


def _group(found: Group, offset: int, limit: int) -> DuplicateGroup:
    members = [member_of(each, found.text) for each in found.members[::-1][offset : offset + limit]]
    return DuplicateGroup(
        row=found.row, id=found.id, text=found.text[:SHOWN], length=len(found.text), precision=found.precision,
        size=len(found.members), members=members,
    )  # fmt: skip


ROUTES = (
    Route(method="GET", path="/duplicates/summary", handler=summary, summary="What remains at each precision", tag=TAG,
          response=SummaryResponse, statuses=(404,)),
    Route(method="GET", path="/duplicates/groups", handler=groups, summary="Groups of duplicates, the doubtful first",
          tag=TAG, query=GroupsQuery, response=GroupsResponse, statuses=(404,), example={"limit": 20}),
    Route(method="GET", path="/duplicates/groups/{row}", handler=group, summary="The group of a text", tag=TAG,
          query=GroupQuery, response=DuplicateGroup, statuses=(404,), example={"row": 0}),
    Route(method="GET", path="/duplicates/decisions", handler=decisions, summary="What was decided", tag=TAG,
          query=DecisionsQuery, response=DecisionsResponse, statuses=(404,)),
    Route(method="POST", path="/duplicates/decisions", handler=decide, summary="Decide on pairs", tag=TAG,
          access="write", body=DecisionsRequest, response=Decided, statuses=(404, 409),
          example={"version": "0", "decisions": [{"first": 0, "second": 1, "duplicate": False}]}),
    Route(method="DELETE", path="/duplicates/decisions/{first}/{second}", handler=undo, summary="Take a decision back",
          tag=TAG, access="write", query=UndoQuery, response=Decided, statuses=(404, 409),
          example={"first": 0, "second": 1, "version": "0"}),
)  # fmt: skip
