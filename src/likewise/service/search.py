"""Search, similar texts, and answers."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from starlette.requests import Request

from likewise.applications.answer import Answer
from likewise.applications.snippets import SNIPPET, Excerpt, excerpts
from likewise.index.collection import Collection
from likewise.index.columns import json_columns
from likewise.index.hybrid import Hit, Hits
from likewise.service.problems import Problem
from likewise.service.routing import Route
from likewise.service.served import Service

TAG = "Search"
MAX_HITS = 1_000
MAX_QUERIES = 100
MAX_QUERY = 10_000  # characters
MAX_FILTER = 4_000  # characters, and values of a filter that is an object
MAX_COLUMNS = 50  # that are counted or returned
MAX_PASSAGES = 50

Mode = Literal["hybrid", "vector", "text"]


class SearchOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What searches have in common.

    Attributes:
        k: how many texts to return.
        mode: "vector" by meaning alone, "text" by words (BM25), "hybrid" by both.
        where: a filter on columns: `price < 10 and brand = "acme"`, or an object of columns and values.
        columns: that hits have; all if missing.
        snippets: whether hits have the part of their text that answers, with the places of what matched.
        facets: columns whose values are counted among the best 200 texts, or among all where there is no query.
    """

    k: int = 10
    mode: Mode = "hybrid"
    where: str | dict[str, Any] | None = None
    columns: list[str] | None = None
    snippets: bool = True
    facets: list[str] = []


class SearchRequest(SearchOptions, kw_only=True, forbid_unknown_fields=True):
    """One query or several; an empty one lists texts in the order in which they were added.

    Attributes:
        query: whatever a user types.
        queries: several of them.
        after: without a query: the id of the text after which the list begins.
    """

    query: str | None = None
    queries: list[str] | None = None
    after: str | None = None


class SimilarRequest(SearchOptions, kw_only=True, forbid_unknown_fields=True):
    """A text whose like is searched for.

    Attributes:
        id: of a text of the index.
        text: any other text.
    """

    id: str | None = None
    text: str | None = None


class Snippet(msgspec.Struct, kw_only=True):
    """The part of a text that answers a query; places count Unicode code points.

    Attributes:
        text: the part.
        start: where it begins in the text.
        end: behind its last character.
        matches: begin and end, within the part, of each word that matched.
        answer: begin and end, within the part, of the sentence that fits the query best.
    """

    text: str
    start: int
    end: int
    matches: Sequence[tuple[int, int]]
    answer: tuple[int, int] | None


class SearchHit(msgspec.Struct, kw_only=True):
    """A text that was found.

    Attributes:
        id: its id.
        text: the text.
        score: cosine similarity, BM25, or from 0 to 1 for "hybrid"; null in a list without a query.
        meaning: the part of the score that similar vectors have; null for "text".
        words: the part of the score that shared words have; null for "vector".
        columns: of the text.
        snippet: the part that answers; null if it was not wanted.
    """

    id: str
    text: str
    score: float | None
    meaning: float | None
    words: float | None
    columns: dict[str, Any]
    snippet: Snippet | None


class FacetValue(msgspec.Struct):
    """A value of a column.

    Attributes:
        value: the value.
        count: how many texts have it.
    """

    value: Any
    count: int


class QueryResult(msgspec.Struct, kw_only=True):
    """What was found for a query.

    Attributes:
        query: the query.
        hits: best first.
        facets: values by column, the most frequent first.
        texts: without a query: how many texts pass the filter.
    """

    query: str
    hits: list[SearchHit]
    facets: dict[str, list[FacetValue]]
    texts: int | None = None


class SearchResponse(msgspec.Struct, kw_only=True):
    """What was found.

    Attributes:
        results: for each query.
        mode: that answered.
        generation: of the index.
        milliseconds: that the search took.
    """

    results: list[QueryResult]
    mode: Mode
    generation: int
    milliseconds: float


class AnswerRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A question.

    Attributes:
        question: in words.
        confidence: from which a sentence counts as an answer, 0 to 1.
        passages: how many texts are read.
        where: a filter on columns.
    """

    question: str
    confidence: float = 0.5
    passages: int = 8
    where: str | dict[str, Any] | None = None


class AnswerEvidence(msgspec.Struct, kw_only=True):
    """A sentence that may answer.

    Attributes:
        sentence: its text.
        start: where it begins in the text.
        end: behind its last character.
        score: how well it fits, 0 to 1.
        id: of the text.
        text: the whole text.
        columns: of the text.
    """

    sentence: str
    start: int
    end: int
    score: float
    id: str
    text: str
    columns: dict[str, Any]


class AnswerResponse(msgspec.Struct, kw_only=True):
    """An answer, or the nearest sentences.

    Attributes:
        question: the question.
        found: whether the confidence is reached.
        confidence: the probability that the best sentence is right, where every other question has an answer.
        answer: the sentence; null if none answers.
        evidence: the best sentence of each passage, best first.
    """

    question: str
    found: bool
    confidence: float
    answer: str | None
    evidence: list[AnswerEvidence]


async def search(service: Service, body: SearchRequest, _: Request) -> SearchResponse:
    """Search by meaning, by words, or by both."""
    if (body.query is None) == (body.queries is None):
        raise Problem(422, "expected exactly one of query and queries")
    queries = [body.query] if body.query is not None else body.queries or []
    if not 1 <= len(queries) <= MAX_QUERIES:
        raise Problem(422, f"queries has {len(queries)} queries: expected 1 to {MAX_QUERIES}")
    for query in queries:
        check_query(query, "query")
    check_options(body)
    if body.query is not None and not body.query.strip():
        return await service.read(lambda index: _listed(index, body))
    return await service.read(
        lambda index: _response(
            index, body, queries, lambda: index.search_many(queries, body.k, body.mode, body.where, body.facets)
        )
    )


async def similar(service: Service, body: SimilarRequest, _: Request) -> SearchResponse:
    """Find texts that are similar to one of the index, or to another text."""
    if (body.id is None) == (body.text is None):
        raise Problem(422, "expected exactly one of id and text")
    check_options(body)
    if body.text is not None and len(body.text) > service.settings.max_text:
        raise Problem(413, f"text has {len(body.text):,} characters: expected at most {service.settings.max_text:,}")
    return await service.read(lambda index: _similar(index, body))


async def answer(service: Service, body: AnswerRequest, _: Request) -> AnswerResponse:
    """Answer a question by a sentence of the index, with a confidence, or say that nothing answers."""
    check_query(body.question, "question")
    check_where(body.where)
    if not 1 <= body.passages <= MAX_PASSAGES:
        raise Problem(422, f"passages is {body.passages}: expected 1 to {MAX_PASSAGES}")
    found = await service.answer(
        lambda answerer: answerer.answer(body.question, body.where), body.confidence, body.passages
    )
    return _answer_response(found)


def check_query(query: str, what: str) -> None:
    """Refuse a query that is too long.

    Raises:
        Problem: it is.
    """
    if len(query) > MAX_QUERY:
        raise Problem(413, f"the {what} has {len(query):,} characters: expected at most {MAX_QUERY:,}")


def check_options(options: SearchOptions) -> None:
    """Refuse options beyond the limits.

    Raises:
        Problem: one is.
    """
    if not 1 <= options.k <= MAX_HITS:
        raise Problem(422, f"k is {options.k}: expected 1 to {MAX_HITS:,}")
    for name, values in (("facets", options.facets), ("columns", options.columns or [])):
        if len(values) > MAX_COLUMNS:
            raise Problem(422, f"{name} has {len(values)} columns: expected at most {MAX_COLUMNS}")
    check_where(options.where)


def check_where(where: str | Mapping[str, Any] | None) -> None:
    """Refuse a filter that is too long.

    Raises:
        Problem: it is.
    """
    length = len(where) if isinstance(where, str) else len(str(where))
    if where is not None and length > MAX_FILTER:
        raise Problem(422, f"the filter has {length:,} characters: expected at most {MAX_FILTER:,}")


def _similar(index: Collection, body: SimilarRequest) -> SearchResponse:
    if body.text is not None:
        text = body.text
        return _response(
            index, body, [text], lambda: index.search_many([text], body.k, body.mode, body.where, body.facets)
        )
    entry = index.get(body.id or "")
    if entry is None:
        raise Problem(404, f"there is no text with the id {body.id!r}")
    return _response(
        index, body, [entry.text], lambda: [index.like(entry.id, body.k, body.mode, body.where, body.facets)]
    )


def _listed(index: Collection, body: SearchRequest) -> SearchResponse:
    began = time.perf_counter()
    found = index.entries(body.k, body.where, after=body.after, facets=body.facets)
    hits = Hits([Hit(entry.id, entry.text, 0.0, entry.columns) for entry in found.entries], found.facets)
    result = _result(index, body, "", hits)
    for hit in result.hits:
        hit.score = None
    result.texts = found.texts
    return SearchResponse(
        results=[result], mode=body.mode, generation=index.generation, milliseconds=_milliseconds(began)
    )


def _response(index: Collection, body: SearchOptions, queries: list[str], find: Any) -> SearchResponse:
    began, generation = time.perf_counter(), index.generation
    results = [_result(index, body, query, hits) for query, hits in zip(queries, find(), strict=True)]
    return SearchResponse(results=results, mode=body.mode, generation=generation, milliseconds=_milliseconds(began))


def _result(index: Collection, body: SearchOptions, query: str, hits: Hits) -> QueryResult:
    parts: Sequence[Excerpt | None] = (
        excerpts(index, query, [hit.text for hit in hits], 2 * SNIPPET) if body.snippets else [None] * len(hits)
    )
    return QueryResult(
        query=query,
        hits=[_hit(hit, part, body.columns) for hit, part in zip(hits, parts, strict=True)],
        facets={name: [FacetValue(*each) for each in values] for name, values in hits.facets.items()},
    )


def _hit(hit: Hit, part: Excerpt | None, columns: list[str] | None) -> SearchHit:
    found = None
    if part is not None:
        found = Snippet(text=part.text, start=part.start, end=part.end, matches=part.matches, answer=part.answer)
    return SearchHit(
        id=hit.id, text=hit.text, score=hit.score, meaning=hit.meaning, words=hit.words,
        columns=json_columns(hit.columns if columns is None else {name: hit.columns.get(name) for name in columns}),
        snippet=found,
    )  # fmt: skip


def _answer_response(found: Answer) -> AnswerResponse:
    evidence = [
        AnswerEvidence(
            sentence=one.sentence, start=one.start, end=one.end, score=one.score, id=one.hit.id, text=one.hit.text,
            columns=json_columns(one.hit.columns),
        )
        for one in found.evidence
    ]  # fmt: skip
    return AnswerResponse(
        question=found.question, found=found.found, confidence=found.confidence, answer=found.text, evidence=evidence
    )


def _milliseconds(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 2)


ROUTES = (
    Route(
        method="POST", path="/search", handler=search, summary="Search", tag=TAG, body=SearchRequest,
        response=SearchResponse, statuses=(404,),
        example={"query": "it broke after a week", "k": 3, "where": "price < 10", "facets": ["brand"]},
    ),
    Route(
        method="POST", path="/similar", handler=similar, summary="Find similar texts", tag=TAG, body=SimilarRequest,
        response=SearchResponse, statuses=(404,), example={"id": "17", "k": 3},
    ),
    Route(
        method="POST", path="/answer", handler=answer, summary="Answer a question", tag=TAG, body=AnswerRequest,
        response=AnswerResponse, statuses=(404,), example={"question": "How do I reset the clock?"},
    ),
)  # fmt: skip
