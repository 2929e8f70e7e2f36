"""The peer of benchmarks/service.py: sentence-transformers behind a plain FastAPI handler, as people write it.

python benchmarks/peer_service.py MODEL PORT
"""

import sys
from base64 import b64encode
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer


class Request(BaseModel):
    """As OpenAI's clients send it."""

    input: str | list[str]
    model: str
    encoding_format: str = "float"


class Embedding(BaseModel):
    """A vector."""

    object: str = "embedding"
    index: int
    embedding: list[float] | str


class Response(BaseModel):
    """As OpenAI's clients expect it."""

    object: str = "list"
    data: list[Embedding]
    model: str
    usage: dict[str, int]


def application(folder: str) -> FastAPI:
    """The application; the handler is no coroutine, so FastAPI runs it in a thread."""
    app, model = FastAPI(), SentenceTransformer(folder, device="cpu")

    @app.post("/v1/embeddings")
    def embeddings(body: Request) -> Response:
        texts = [body.input] if isinstance(body.input, str) else body.input
        vectors: Any = model.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
        rows = (
            [b64encode(row.tobytes()).decode() for row in vectors]
            if body.encoding_format == "base64"
            else vectors.tolist()
        )
        data = [Embedding(index=place, embedding=row) for place, row in enumerate(rows)]
        return Response(data=data, model=body.model, usage={"prompt_tokens": 0, "total_tokens": 0})

    return app


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[1]), port=int(sys.argv[2]), log_level="error", access_log=False)
