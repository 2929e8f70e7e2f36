"""The application: the routes of every subject behind one gate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request

from likewise import __version__
from likewise.service import (
    classify,
    documents,
    duplicates,
    embeddings,
    jobs,
    labelling,
    map,
    page,
    questions,
    recommend,
    report,
    rerank,
    review,
    search,
    status,
)
from likewise.service.gate import Gate
from likewise.service.problems import answer_http_exception
from likewise.service.routing import Route, Router
from likewise.service.served import Service
from likewise.service.settings import Settings

SUBJECTS = (
    page, search, documents, duplicates, review, questions, embeddings, rerank, classify, labelling, recommend, map,
    report, jobs, status,
)  # fmt: skip
DESCRIPTION = """Search, answers, duplicates, classes and recommendations from an encoder that was trained on your own
texts. Errors are problem details (RFC 9457): `detail` says what was wrong and what to do."""


def create_app(settings: Settings) -> Gate:
    """Return the ASGI application of a server.

    Raises:
        InputError: something that is to be served cannot be opened.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.warm_up()
        watching = asyncio.create_task(jobs.supervise(service))
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        service.close()

    app = FastAPI(
        title="Likewise", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None,
        openapi_url=None, lifespan=lifespan,
    )  # fmt: skip
    app.add_exception_handler(HTTPException, answer_http_exception)
    router = Router(app, service)

    async def openapi(_: Service, __: Any, ___: Request) -> dict[str, Any]:
        """Describe the API."""
        return router.describe()

    described = Route(
        method="GET", path="/openapi.json", handler=openapi, summary="This description", access="none", hidden=True
    )
    for subject in SUBJECTS:
        router.add(subject.ROUTES)
    router.add([described])
    return Gate(router, settings, service.metrics)


def from_environment() -> Gate:
    """Return the application of the environment variables `LIKEWISE_...`, as servers of ASGI applications call it."""
    return create_app(Settings.from_environment())
