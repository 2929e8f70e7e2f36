"""Errors as problem details (RFC 9457): one JSON object that says what was wrong and what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from likewise.errors import ConflictError, InputError, LikewiseError

MEDIA_TYPE = "application/problem+json"
OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class ProblemDetails(msgspec.Struct, kw_only=True):
    """The body of an error.

    Attributes:
        type: always `about:blank`: the status says what kind it is.
        title: the name of the status.
        status: of the response.
        detail: what was wrong with this request and what to do, in one line.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Problem(Exception):  # noqa: N818 - the name of the RFC
    """Ends a request with an error.

    Args:
        status: of the response.
        detail: what was wrong and what to do, in one line.
        headers: of the response.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})

    def response(self) -> Response:
        """Return the response; with `error` and `message`, where OpenAI's and Cohere's clients look for them."""
        detail = self.detail.encode("utf-8", "replace").decode()
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": detail,
            "message": detail,
            "error": {
                "message": detail,
                "type": OPENAI_TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error"),
                "param": None,
                "code": None,
            },
        }
        return Response(orjson.dumps(body), self.status, self.headers, MEDIA_TYPE)


def busy(detail: str = "more requests are waiting than the server accepts: try again in a second") -> Problem:
    """Return the problem of a queue that is full."""
    return Problem(429, detail, {"Retry-After": "1"})


def not_served(what: str, option: str) -> Problem:
    """Return the problem of a route whose folder was not given."""
    return Problem(404, f"no {what} is served: start the server with {option}")


def problem_of(error: Exception) -> Problem:
    """Return the problem of any error of a handler."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail), error.headers)
    if isinstance(error, ConflictError):
        return Problem(412, str(error))
    if isinstance(error, InputError):
        return Problem(422, str(error))
    if isinstance(error, LikewiseError):
        return Problem(503, str(error), {"Retry-After": "5"})
    return Problem(500, f"the server failed ({type(error).__name__}): its log has the details")


async def answer_http_exception(_: Request, error: Exception) -> Response:
    """Answer what Starlette raises by itself: no such route, or another method."""
    if isinstance(error, HTTPException) and error.status_code == 404:
        return Problem(404, "there is no such address: /openapi.json lists all").response()
    if isinstance(error, HTTPException) and error.status_code == 405:
        return Problem(405, "this address has another method: /openapi.json lists all", error.headers).response()
    return problem_of(error).response()
