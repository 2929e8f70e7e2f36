"""Recommendation for a user, for liked items or for a sentence, with reasons; and the names of users and items."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from starlette.requests import Request

from likewise.applications.recommend.recommendation import Recommendation
from likewise.applications.recommend.recommender import Recommender
from likewise.corpus.encoding import well_formed
from likewise.service.problems import Problem
from likewise.service.routing import Route
from likewise.service.served import Service

TAG = "Recommendation"
MAX_ITEMS, MAX_LIKED = 200, 500
MAX_SENTENCE = 2_000  # characters
MAX_REASONS = 5  # of an item
MAX_WORDS = 5  # of the sentence, with the largest effects
WORD_SHARE = 0.2  # of the largest effect: a word with less is left out
MAX_NAME = 500  # characters of an id or of what was typed of it

Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_ITEMS)]
Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]


class RecommendRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom to recommend to: at least one of user, liked and text.

    Attributes:
        user: id of a user with a history.
        liked: ids of items, in addition to those of the user or instead of them; the latest last.
        text: a sentence, read as the text of an item that was chosen last.
        k: number of items.
        reasons: whether to explain each item.
    """

    user: Name | None = None
    liked: Annotated[list[Name], msgspec.Meta(max_length=MAX_LIKED)] = []
    text: Annotated[str, msgspec.Meta(max_length=MAX_SENTENCE)] | None = None
    k: Count = 10
    reasons: bool = True


class SimilarItemsRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An item whose like is wanted.

    Attributes:
        item: its id.
        k: number of items.
    """

    item: Name
    k: Count = 10


class WordPart(msgspec.Struct):
    """A word of the sentence.

    Attributes:
        word: the word.
        part: by how much the score would be lower without it; these do not add up.
    """

    word: str
    part: float


class ReasonFor(msgspec.Struct, kw_only=True):
    """An item of the history, or the sentence, and its contribution.

    Attributes:
        item: its id; null for the sentence.
        part: its contribution to the score; all parts add up to it.
        weight: its share of the weights of the history, by recency.
        text: the beginning of its text.
        words: of the sentence, those with the largest effects on the score.
    """

    item: str | None
    part: float
    weight: float
    text: str
    words: list[WordPart] = []


class Recommended(msgspec.Struct, kw_only=True):
    """An item.

    Attributes:
        item: its id.
        score: comparable within one answer.
        text: the beginning of its text.
        new: whether nobody has chosen it yet, so that its text alone speaks for it.
        reasons: the largest contributions to the score first; empty for similar items.
        more: number of further reasons, which are smaller.
    """

    item: str
    score: float
    text: str
    new: bool
    reasons: list[ReasonFor] = []
    more: int = 0


class RecommendResponse(msgspec.Struct):
    """Items.

    Attributes:
        items: the best first.
    """

    items: list[Recommended]


class NamesRequest(msgspec.Struct, kw_only=True):
    """The beginning of a name.

    Attributes:
        prefix: of an id, or of the text of an item; upper and lower case are the same.
        limit: how many names to return.
    """

    prefix: Name = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10


class NamedUser(msgspec.Struct):
    """A user.

    Attributes:
        user: the id.
        liked: number of items that the user liked.
    """

    user: str
    liked: int


class NamedItem(msgspec.Struct):
    """An item.

    Attributes:
        item: the id.
        text: the beginning of its text.
    """

    item: str
    text: str


class UsersResponse(msgspec.Struct):
    """Users in the order of the alphabet.

    Attributes:
        users: those whose id begins so.
    """

    users: list[NamedUser]


class ItemsResponse(msgspec.Struct):
    """Items, those whose id begins so first.

    Attributes:
        items: those whose id or text begins so.
    """

    items: list[NamedItem]


async def recommend(service: Service, body: RecommendRequest, _: Request) -> RecommendResponse:
    """Rank the items that a user has not seen, and say why: which items of the history, and which words."""
    return await service.compute(_recommended, service, body)


async def similar_items(service: Service, body: SimilarItemsRequest, _: Request) -> RecommendResponse:
    """Rank the items that are most similar to one, by who chose them and by their texts."""
    found = await service.compute(lambda: service.recommender().similar(body.item, body.k))
    return RecommendResponse([_plain(each) for each in found])


async def users(service: Service, query: NamesRequest, _: Request) -> UsersResponse:
    """List users whose id begins with a prefix."""

    def find() -> UsersResponse:
        recommender = service.recommender()
        ids, lengths = recommender.state_.user_ids, recommender.state_.histories.lengths
        rows = _starting(_sorted_names(recommender).users, query.prefix, query.limit)
        return UsersResponse([NamedUser(ids[row], int(lengths[row])) for row in rows])

    return await service.compute(find)


async def items(service: Service, query: NamesRequest, _: Request) -> ItemsResponse:
    """List items whose id or text begins with a prefix."""

    def find() -> ItemsResponse:
        recommender = service.recommender()
        names, state = _sorted_names(recommender), recommender.state_
        rows = _starting(names.items, query.prefix, query.limit) + _starting(names.texts, query.prefix, query.limit)
        some = list(dict.fromkeys(rows))[: query.limit]
        return ItemsResponse([NamedItem(state.item_ids[row], state.snippets[row]) for row in some])

    return await service.compute(find)


def _recommended(service: Service, body: RecommendRequest) -> RecommendResponse:
    recommender, text = service.recommender(), body.text and well_formed(body.text)
    if body.user is None and not body.liked and not (text or "").strip():
        raise Problem(422, "nobody to recommend to: give user, liked or text")
    found = recommender.recommend(body.user, body.k, liked=body.liked, text=text)
    if not body.reasons or not found:
        return RecommendResponse([_plain(each) for each in found])
    ids = [each.item for each in found]
    effects = recommender.word_effects(text, ids) if text and text.strip() else [[] for _ in ids]
    answer = []
    for each, of_words in zip(found, effects, strict=True):
        reasons = recommender.explain(body.user, each.item, liked=body.liked, text=text)
        least = max(0.0, of_words[0].part * WORD_SHARE) if of_words else 0.0
        words = [WordPart(word.word, word.part) for word in of_words[:MAX_WORDS] if word.part > least]
        plain = _plain(each)
        plain.reasons = [
            ReasonFor(item=reason.item, part=reason.part, weight=reason.weight, text=reason.text,
                      words=words if reason.item is None else [])
            for reason in reasons[:MAX_REASONS]
        ]  # fmt: skip
        plain.more = max(0, len(reasons) - MAX_REASONS)
        answer.append(plain)
    return RecommendResponse(answer)


def _plain(found: Recommendation) -> Recommended:
    return Recommended(item=found.item, score=found.score, text=found.text, new=found.new)


class _Names(msgspec.Struct):
    """Names in lower case with their rows, sorted."""

    users: list[tuple[str, int]]
    items: list[tuple[str, int]]
    texts: list[tuple[str, int]]


@lru_cache(maxsize=1)  # of the recommender that is served, which is another object when its folder was replaced
def _sorted_names(recommender: Recommender) -> _Names:
    state = recommender.state_
    return _Names(_sorted(state.user_ids), _sorted(state.item_ids), _sorted(state.snippets))


def _sorted(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted((name.casefold(), row) for row, name in enumerate(names))


def _starting(names: list[tuple[str, int]], prefix: str, limit: int) -> list[int]:
    """Rows of the first names that begin with a prefix."""
    wanted = prefix.casefold().lstrip()
    first = bisect_left(names, (wanted, -1))
    return [row for name, row in names[first : first + limit] if name.startswith(wanted)]


def _route(method: str, path: str, handler: Any, summary: str, **more: Any) -> Route:
    return Route(method=method, path=path, handler=handler, summary=summary, tag=TAG, statuses=(404,), **more)


ROUTES = (
    _route(
        "POST", "/recommend", recommend, "Recommend items", body=RecommendRequest, response=RecommendResponse,
        example={"user": "42", "k": 5},
    ),
    _route(
        "POST", "/recommend/similar", similar_items, "Find similar items", body=SimilarItemsRequest,
        response=RecommendResponse, example={"item": "318", "k": 5},
    ),
    _route(
        "GET", "/recommend/users", users, "List users", query=NamesRequest, response=UsersResponse,
        example={"prefix": "a"},
    ),
    _route(
        "GET", "/recommend/items", items, "List items", query=NamesRequest, response=ItemsResponse,
        example={"prefix": "toy"},
    ),
)  # fmt: skip
