"""Reranking as Cohere's clients ask for it: texts ordered by how well they answer a query."""

import uuid
from typing import Any

import msgspec
import numpy as np
from starlette.requests import Request

from likewise.arrays import Float64
from likewise.model.embedder import document_vectors, query_vectors
from likewise.service.embeddings import TAG, check_model, checked_texts
from likewise.service.problems import Problem
from likewise.service.routing import Route
from likewise.service.served import Service


class TextDocument(msgspec.Struct):
    """A text.

    Attributes:
        text: it.
    """

    text: str


class RerankRequest(msgspec.Struct, kw_only=True):
    """Texts to order.

    Attributes:
        query: what they should answer.
        documents: the texts.
        model: the id that `GET /v1/models` lists; the one that is served if missing.
        top_n: how many to return; all if missing.
        return_documents: whether to return the texts too.
        max_tokens_per_doc: ignored: a text is read whole.
    """

    query: str
    documents: list[str | dict[str, Any]]
    model: str | None = None
    top_n: int | None = None
    return_documents: bool = False
    max_tokens_per_doc: int | None = None


class RerankResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A text.

    Attributes:
        index: its place in the request.
        relevance_score: similarity to the query, from 0 to 1.
        document: the text, if it was wanted.
    """

    index: int
    relevance_score: float
    document: TextDocument | None = None


class RerankResponse(msgspec.Struct, kw_only=True):
    """Texts, the best first.

    Attributes:
        id: of the request.
        results: the texts.
        meta: version of the API.
    """

    id: str
    results: list[RerankResult]
    meta: dict[str, Any]


async def rerank(service: Service, body: RerankRequest, _: Request) -> dict[str, Any]:
    """Order texts by their similarity to a query: the cosine, where it is above 0."""
    if body.model is not None:
        check_model(service, body.model)
    if body.top_n is not None and body.top_n < 1:
        raise Problem(422, f"top_n is {body.top_n}: expected at least 1")
    checked_texts(service, [body.query], "query")
    texts = checked_texts(service, [_text_of(each, place) for place, each in enumerate(body.documents)], "documents",
                          empty=True)  # fmt: skip
    scores = await service.compute(lambda: relevance(service.model(), body.query, texts))
    order = np.argsort(-scores, kind="stable")[: body.top_n].tolist()
    results = [{"index": place, "relevance_score": float(scores[place])} for place in order]
    if body.return_documents:
        results = [{**each, "document": {"text": texts[each["index"]]}} for each in results]
    meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": 0}}
    return {"id": uuid.uuid4().hex, "results": results, "meta": meta}


def relevance(model: Any, query: str, texts: list[str]) -> Float64[np.ndarray, " texts"]:
    """Return how well each text answers a query: the product of their vectors, where it is above 0."""
    scores = document_vectors(model, texts) @ query_vectors(model, [query])[0]
    clipped: np.ndarray = np.clip(scores.astype(np.float64), 0.0, 1.0)
    return clipped


def _text_of(document: str | dict[str, Any], place: int) -> str:
    if isinstance(document, str):
        return document
    if isinstance(text := document.get("text"), str):
        return text
    raise Problem(422, f"document {place} has no text: expected a string, or an object with the field text")


ROUTES = tuple(
    Route(
        method="POST", path=path, handler=rerank, summary="Order texts by a query", tag=TAG, body=RerankRequest,
        response=RerankResponse, statuses=(404,), hidden=path != "/v2/rerank",
        example={
            "query": "battery life", "documents": ["it lasts two days", "the colour is nice"], "top_n": 1,
        },
    )
    for path in ("/v2/rerank", "/v1/rerank", "/rerank")
)  # fmt: skip
