"""Questions about pairs of a store, whose answers tell its precision."""

import msgspec
import numpy as np
from starlette.requests import Request

from likewise.applications.duplicates.differences import differences
from likewise.service.duplicates import SHOWN, TAG, Chosen, DuplicateText, Marks, chosen_of, text_of
from likewise.service.routing import Route
from likewise.service.served import Service


class QuestionQuery(Chosen, kw_only=True, forbid_unknown_fields=True):
    """Which pair to ask about.

    Attributes:
        draw: another number draws another pair, to leave one out.
    """

    draw: int = 0


class QuestionResponse(msgspec.Struct, kw_only=True):
    """A pair that nobody decided on, and what the decisions so far say.

    Attributes:
        first: one text; None where no pair is left.
        second: the other.
        differences: where they differ: `kept` in the first, `member` in the second.
        decisions: how many a person made.
        answers: how many of these are about pairs that were compared, if they are enough to correct the precision.
        low: of the interval in which the share of duplicates is with 90 % certainty, by the answers.
        high: of that interval.
        precision: that was asked for.
        version: of the texts, which decisions on them name.
    """

    first: DuplicateText | None
    second: DuplicateText | None
    differences: Marks | None
    decisions: int
    answers: int | None
    low: float | None
    high: float | None
    precision: float
    version: str


async def question(service: Service, body: QuestionQuery, _: Request) -> QuestionResponse:
    """Draw a pair to decide on. From ten decisions on they correct the precision of all pairs, with an interval."""
    store = service.duplicates()

    def drawn() -> QuestionResponse:
        found, review = chosen_of(store, body)
        pair = found.question(np.random.default_rng([len(found.decided), abs(body.draw)]))
        first, second = (None, None) if pair is None else (text_of(found, pair[0]), text_of(found, pair[1]))
        marks = None
        if pair is not None:
            differ = differences(*(found.texts[row].as_py()[:SHOWN] for row in pair))
            marks = Marks(list(differ.first), list(differ.second))
        low, high = found.interval or (None, None)
        return QuestionResponse(
            first=first, second=second, differences=marks, decisions=len(found.decided),
            answers=found.answers.count if found.answers else None, low=low, high=high, precision=found.precision,
            version=review.version,
        )  # fmt: skip

    return await service.compute(drawn)


ROUTES = (
    Route(method="GET", path="/duplicates/question", handler=question, summary="A pair to decide on", tag=TAG,
          query=QuestionQuery, response=QuestionResponse, statuses=(404,), example={"precision": 0.9}),
)  # fmt: skip
