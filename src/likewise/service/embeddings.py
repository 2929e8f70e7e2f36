"""Embeddings as OpenAI's clients ask for them."""

from binascii import b2a_base64
from itertools import accumulate
from typing import Any, Literal

import msgspec
import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from likewise.arrays import Float32
from likewise.model.model import Model
from likewise.service.problems import Problem
from likewise.service.routing import JSON, Route
from likewise.service.served import Service

TAG = "OpenAI and Cohere"
_SMALLEST = float(np.finfo(np.float32).tiny)


class EmbeddingsRequest(msgspec.Struct, kw_only=True):
    """Texts to encode.

    Attributes:
        input: a text, or a list of texts.
        model: the id that `GET /v1/models` lists.
        encoding_format: a list of numbers, or their bytes (32-bit floats, little-endian) in base64.
        dimensions: length of the vectors: at most as many as were trained, or up to the end of a component.
        user: ignored.
    """

    input: str | list[str]
    model: str
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str | None = None


class Embedding(msgspec.Struct, kw_only=True):
    """A vector.

    Attributes:
        object: "embedding".
        index: place of its text.
        embedding: the vector.
    """

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Usage(msgspec.Struct, kw_only=True):
    """How much was read.

    Attributes:
        prompt_tokens: subwords of the texts.
        total_tokens: the same.
    """

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResponse(msgspec.Struct, kw_only=True):
    """Vectors, in the order of the texts.

    Attributes:
        object: "list".
        data: the vectors.
        model: its id.
        usage: how much was read.
    """

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage


class ModelCard(msgspec.Struct, kw_only=True):
    """A model.

    Attributes:
        id: by which requests name it.
        object: "model".
        created: 0.
        owned_by: "likewise".
    """

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "likewise"


class ModelList(msgspec.Struct, kw_only=True):
    """All models: there is one.

    Attributes:
        object: "list".
        data: the models.
    """

    object: Literal["list"] = "list"
    data: list[ModelCard]


async def embeddings(service: Service, body: EmbeddingsRequest, _: Request) -> Response:
    """Encode texts; each vector has length 1, and cosines compare them."""
    check_model(service, body.model)
    texts = checked_texts(service, [body.input] if isinstance(body.input, str) else body.input, "input")
    found = await service.encode(texts)
    vectors = found.vectors if body.dimensions is None else truncated(service.model(), found.vectors, body.dimensions)
    usage = {"prompt_tokens": found.tokens, "total_tokens": found.tokens}
    tail = b',"object":"list","model":' + orjson.dumps(service.settings.name) + b',"usage":' + orjson.dumps(usage)
    return Response(b'{"data":[' + _written(vectors, body.encoding_format) + b"]" + tail + b"}", media_type=JSON)


async def models(service: Service, _: Any, __: Request) -> ModelList:
    """List the model that is served."""
    return ModelList(data=[ModelCard(id=service.settings.name)] if service.has_model else [])


def check_model(service: Service, name: str) -> None:
    """Refuse the name of a model that is not served.

    Raises:
        Problem: it is not.
    """
    if name != service.settings.name:
        raise Problem(404, f"the model {name[:100]!r} does not exist: this server has {service.settings.name!r}")


def checked_texts(service: Service, texts: list[str], what: str, *, empty: bool = False) -> list[str]:
    """Return texts, if there are neither too many nor too long ones.

    Args:
        service: with the limits.
        texts: of a request.
        what: the name of the field, for the message.
        empty: whether a text may be empty.

    Raises:
        Problem: there are none, too many, or one is empty or too long.
    """
    limits = service.settings
    if not texts or len(texts) > limits.max_batch:
        raise Problem(422, f"{what} has {len(texts):,} texts: expected 1 to {limits.max_batch:,}")
    for place, text in enumerate(texts):
        if len(text) > limits.max_text:
            raise Problem(
                413, f"text {place} of {what} has {len(text):,} characters: expected at most {limits.max_text:,}"
            )
        if not text and not empty:
            raise Problem(422, f"text {place} of {what} is empty: expected at least one character")
    return texts


def truncated(model: Any, vectors: Float32[np.ndarray, "texts dim"], dim: int) -> Float32[np.ndarray, "texts short"]:
    """Return the first columns, scaled to length 1 again.

    Raises:
        Problem: the model has no component that ends there, so that shorter vectors would mean nothing.
    """
    components = getattr(model, "components", ())
    ends = [*accumulate(component.dim for component in components)]
    possible = sorted({vectors.shape[1], *(end for end in ends if end <= vectors.shape[1])})
    ordered = isinstance(model, Model)  # whose first component has its strongest columns first
    if dim not in possible and not (ordered and 1 <= dim <= possible[0]):
        listed = ", ".join(map(str, possible)) + (f", or less than {possible[0]}" if ordered else "")
        raise Problem(400, f"this model has no embeddings of {dim} dimensions: leave dimensions out, or give {listed}")
    short = vectors[:, :dim]
    scaled: np.ndarray = short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), _SMALLEST)
    return scaled


def _written(vectors: Float32[np.ndarray, "texts dim"], form: str) -> bytes:
    """Return the JSON of vectors; each row is written at once, without an object for a number."""
    if form == "base64":
        rows = [b'"' + b2a_base64(row, newline=False) + b'"' for row in np.ascontiguousarray(vectors, "<f4")]
    else:
        rows = [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in np.ascontiguousarray(vectors)]
    return b",".join(
        b'{"object":"embedding","index":%d,"embedding":%b}' % (place, row) for place, row in enumerate(rows)
    )


ROUTES = (
    Route(
        method="POST", path="/v1/embeddings", handler=embeddings, summary="Encode texts", tag=TAG,
        body=EmbeddingsRequest, response=EmbeddingsResponse, statuses=(404,),
        example={"model": "reviews", "input": ["it broke after a week", "works as it should"]},
    ),
    Route(method="GET", path="/v1/models", handler=models, summary="List models", tag=TAG, response=ModelList),
)  # fmt: skip
