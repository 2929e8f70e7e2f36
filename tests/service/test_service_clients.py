"""The clients that people have: OpenAI's and Cohere's, as they are, against a real server."""

import asyncio

import cohere
import httpx
import numpy as np
import openai
import pytest

import likewise
from likewise.service.embeddings import truncated
from likewise.service.problems import Problem

TEXTS = ["open a file for reading", "sort a list of numbers", "naïve 東京 text"]


@pytest.fixture(scope="module")
def vectors(service_model: likewise.Model) -> np.ndarray:
    """What Python gives for the texts, by the part of the model that an index stores."""
    return service_model.for_search().encode(TEXTS)


@pytest.mark.parametrize("form", ["float", "base64", None])
def test_openai_embeds(address: str, vectors: np.ndarray, form: str | None) -> None:
    more = {} if form is None else {"encoding_format": form}
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none") as client:
        found = client.embeddings.create(model="docs", input=TEXTS, **more)
        named = client.models.list().data[0].id
    rows = [each.embedding for each in found.data]
    if form == "base64":
        import base64

        rows = [np.frombuffer(base64.b64decode(row), "<f4") for row in rows]
    np.testing.assert_allclose(np.array(rows), vectors, atol=1e-6)
    assert [each.index for each in found.data] == [0, 1, 2]
    assert found.usage.prompt_tokens == found.usage.total_tokens > len(TEXTS)
    assert found.model == named == "docs"


def test_openai_embeds_one_text_asynchronously(address: str, vectors: np.ndarray) -> None:
    async def embed() -> list[list[float]]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none") as client:
            both = await asyncio.gather(*(client.embeddings.create(model="docs", input=text) for text in TEXTS))
        return [each.data[0].embedding for each in both]

    np.testing.assert_allclose(np.array(asyncio.run(embed())), vectors, atol=1e-6)


def test_openai_sees_errors_as_its_own(address: str) -> None:
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        with pytest.raises(openai.NotFoundError, match="this server has 'docs'"):
            client.embeddings.create(model="other", input="a text")
        with pytest.raises(openai.BadRequestError, match="leave dimensions out"):
            client.embeddings.create(model="docs", input="a text", dimensions=9_999)
        with pytest.raises(openai.UnprocessableEntityError, match="text 1 of input is empty"):
            client.embeddings.create(model="docs", input=["a text", ""])


def test_dimensions_that_mean_something(service_model: likewise.Model) -> None:
    whole = service_model.encode(TEXTS)
    first = service_model.components[0].dim
    assert first < service_model.dim, "the model has one component"
    short = truncated(service_model, whole, first)
    np.testing.assert_allclose(np.linalg.norm(short, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(short, service_model.for_search().encode(TEXTS), atol=1e-6)
    np.testing.assert_allclose(truncated(service_model, whole, 5), service_model.truncated(5).encode(TEXTS), atol=1e-6)
    with pytest.raises(Problem, match=f"give {first}, {service_model.dim}, or less than {first}"):
        truncated(service_model, whole, first + 1)


@pytest.mark.parametrize("version", [1, 2])
def test_cohere_reranks(address: str, version: int) -> None:
    kind = cohere.ClientV2 if version == 2 else cohere.Client
    with httpx.Client() as connection:
        client = kind(api_key="none", base_url=address, httpx_client=connection)
        found = client.rerank(model="docs", query="open a file", documents=[TEXTS[1], TEXTS[0]], top_n=1)
    assert [each.index for each in found.results] == [1]
    assert 0 < found.results[0].relevance_score <= 1


def test_a_short_path_reranks_objects_and_returns_them(client: httpx.Client) -> None:
    body = {"query": "open a file", "documents": [{"text": TEXTS[1]}, {"text": TEXTS[0]}], "return_documents": True}
    found = client.post("/rerank", json=body).json()["results"]
    assert [each["index"] for each in found] == [1, 0]
    assert found[0]["document"] == {"text": TEXTS[0]}
    assert found[0]["relevance_score"] >= found[1]["relevance_score"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": "a", "documents": []}, "documents has 0 texts"),
        ({"query": "", "documents": ["a"]}, "query is empty"),
        ({"query": "a", "documents": [{"title": "a"}]}, "document 0 has no text"),
        ({"query": "a", "documents": ["a"], "top_n": 0}, "top_n is 0"),
        ({"query": "a", "documents": ["a"], "model": "x"}, "this server has 'docs'"),
    ],
)
def test_a_bad_rerank_is_one_line(client: httpx.Client, body: dict[str, object], message: str) -> None:
    answer = client.post("/v2/rerank", json=body)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert message in answer.json()["detail"]
