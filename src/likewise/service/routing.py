"""Routes: how a function becomes an address, with msgspec in, orjson out, and both in the OpenAPI description.

FastAPI declares and documents; reading and writing with pydantic would cap a server at a half of the requests.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec
import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from likewise.service.keys import Access
from likewise.service.problems import MEDIA_TYPE, Problem, ProblemDetails, problem_of
from likewise.service.served import Service

JSON, LINES = "application/json", "application/x-ndjson"
REFERENCE = "#/components/schemas/{name}"
RANKS = {"none": 0, "read": 1, "write": 2}
ACCESS = "likewise.access"  # in the scope of a request: what its key permits
ROUTE = "likewise.route"  # the path of its route

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """An address of the API.

    Attributes:
        method: of HTTP.
        path: with parameters in braces.
        handler: `async (service, body, request)`; `body` is an instance of `body` or `query`, or None. It returns a
            `msgspec.Struct`, plain data or numpy arrays for JSON, or a response.
        summary: one line; the docstring of the handler describes it further.
        tag: the group in the description.
        access: what a key must permit: "none", "read" or "write".
        body: type of the JSON body.
        query: type that path and query parameters are converted to.
        response: type of the JSON that is returned.
        media_type: of a response that is not JSON.
        accepts: of a body that the handler reads by itself from `request`.
        example: a body or the parameters, as JSON values.
        statuses: of errors beyond those that every route has.
        hidden: whether it is left out of the description.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    summary: str
    tag: str = "Service"
    access: Access = "read"
    body: Any = None
    query: Any = None
    response: Any = None
    media_type: str = JSON
    accepts: str = ""
    example: Any = None
    statuses: tuple[int, ...] = ()
    hidden: bool = False


@dataclass
class Router:
    """Adds routes to an application, and answers those without parameters in their path by itself.

    FastAPI's own way to a handler, through middleware, dependencies and exit stacks, takes more time than the handler.

    Attributes:
        app: the application.
        service: what handlers work with.
        types: of bodies and responses, for the description.
    """

    app: FastAPI
    service: Service
    types: list[Any] = field(default_factory=list)
    _exact: dict[tuple[str, str], Endpoint] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self._exact.get((scope.get("method", ""), scope.get("path", "")))
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        scope[ROUTE] = scope["path"]
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    def add(self, routes: Iterable[Route]) -> None:
        """Add routes."""
        for route in routes:
            self.types += [each for each in (route.body, route.response) if each is not None]
            endpoint = self._endpoint(route)
            if "{" not in route.path:
                self._exact[route.method, route.path] = endpoint
            self.app.add_api_route(
                route.path,
                endpoint,
                methods=[route.method],
                summary=route.summary,
                description=(route.handler.__doc__ or "").split("\n\n")[0],
                tags=[route.tag],
                response_class=Response,
                operation_id=_operation(route),
                openapi_extra=_operation_extra(route),
                include_in_schema=not route.hidden,
            )

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI description, made once."""
        if not self.app.openapi_schema:
            found = get_openapi(
                title=self.app.title, version=self.app.version, description=self.app.description, routes=self.app.routes
            )
            types = [*self.types, ProblemDetails]
            _, schemas = msgspec.json.schema_components(types, ref_template=REFERENCE)
            _describe_fields(schemas, types)
            components = found.setdefault("components", {})
            components["schemas"] = schemas  # FastAPI's own, of pydantic errors, are of no use
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            self.app.openapi_schema = found
        return self.app.openapi_schema

    def _endpoint(self, route: Route) -> Endpoint:
        service, needed = self.service, RANKS[route.access]
        decode = msgspec.json.Decoder(route.body).decode if route.body is not None else None
        limit = service.settings.max_body

        async def endpoint(request: Request) -> Response:
            try:
                if needed > RANKS[request.scope.get(ACCESS, "none")]:
                    raise _forbidden(request, route.access)
                body = None
                if decode is not None:
                    body = decoded(decode, await read_body(request, limit))
                elif route.query is not None:
                    body = converted(request, route.query)
                return as_response(await route.handler(service, body, request))
            except ClientDisconnect:
                return Response(status_code=499)
            except Exception as error:
                problem = problem_of(error)
                if problem.status >= 500:
                    request.scope["likewise.error"] = error  # for the log
                return problem.response()

        return endpoint


def as_response(answer: Any) -> Response:
    """Return JSON for what a handler returned, or the response that it is."""
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(status_code=204)
    return Response(orjson.dumps(answer, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY), media_type=JSON)


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body of a request.

    Raises:
        Problem: it is larger than `limit` bytes, or is said to be.
    """
    too_large = Problem(413, f"the body has more than {limit:,} bytes: send less at once")
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limit:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def decoded(decode: Callable[[bytes], Any], body: bytes) -> Any:
    """Decode JSON.

    Raises:
        Problem: it is no JSON, or not of the type.
    """
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise Problem(422, f"the body does not fit: {_one_line(error)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"the body is no JSON: {_one_line(error)}") from None


def converted(request: Request, kind: Any) -> Any:
    """Convert the parameters of a request's path and query; one that occurs several times becomes a list.

    Raises:
        Problem: they do not fit the type.
    """
    lists = {each.name for each in msgspec.structs.fields(kind) if "list" in str(each.type)}
    query: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in lists:
            query.setdefault(name, []).append(value)
        else:
            query[name] = value
    try:
        return msgspec.convert({**query, **request.path_params}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(422, f"the parameters do not fit: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _forbidden(request: Request, access: Access) -> Problem:
    if not request.headers.get("authorization"):
        return Problem(
            401, "this needs a key: send the header Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"}
        )
    return Problem(403, f"this key may not do that: a key with {access} access is needed")


def _operation(route: Route) -> str:
    return "_".join([route.method.lower(), *re.findall(r"[a-z0-9]+", route.path.lower())])


def _operation_extra(route: Route) -> dict[str, Any]:
    """Return what FastAPI cannot know: body, parameters, response and errors, by reference to their schemas."""
    problem = {"content": {MEDIA_TYPE: {"schema": _schema(ProblemDetails)}}}
    answer: Mapping[str, Any] = {"description": "Successful response"}
    if route.response is not None:
        answer = {**answer, "content": {route.media_type: {"schema": _schema(route.response)}}}
    elif route.media_type != JSON:
        answer = {**answer, "content": {route.media_type: {"schema": {"type": "string"}}}}
    statuses = {401, 403} if route.access != "none" else set()
    statuses |= {400, 413, 422} if route.body is not None else ({422} if route.query is not None else set())
    statuses |= {*route.statuses, 429, 503}
    extra: dict[str, Any] = {
        "responses": {
            "200": answer,
            **{str(each): {"description": HTTPStatus(each).phrase, **problem} for each in sorted(statuses)},
        }
    }
    if route.access != "none":
        extra["security"] = [{"key": []}]
    if route.body is not None:
        content: dict[str, Any] = {"schema": _schema(route.body)}
        if route.example is not None:
            content["example"] = route.example
        extra["requestBody"] = {"required": True, "content": {JSON: content}}
    elif route.accepts:
        extra["requestBody"] = {"required": True, "content": {route.accepts: {"schema": {"type": "string"}}}}
    if route.query is not None:
        extra["parameters"] = _parameters(route)
    return extra


def _schema(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REFERENCE)
    return schema


def _describe_fields(schemas: dict[str, Any], types: Iterable[Any]) -> None:
    """Move what the docstrings of types and of their bases say of attributes to the properties of their schemas."""
    known: dict[str, Any] = {}
    waiting: list[Any] = [*msgspec.inspect.multi_type_info(types)]
    while waiting:
        each = waiting.pop()
        if hasattr(each, "cls"):
            known[each.cls.__name__] = each.cls
        if isinstance(each, tuple):
            waiting += each
        elif isinstance(each, msgspec.inspect.Type | msgspec.inspect.Field):
            waiting += [getattr(each, name) for name in each.__struct_fields__]
    for name, schema in schemas.items():
        if name not in known:
            continue
        for kind in known[name].__mro__:
            text = inspect.cleandoc(kind.__doc__ or "")
            for attribute, meaning in re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", text, re.MULTILINE):
                if attribute in schema.get("properties", {}):
                    schema["properties"][attribute].setdefault("description", " ".join(meaning.split()))
        for each in schema.get("properties", {}).values():
            if len(each.get("enum", ())) == 1:  # the tag by which one of several types is known
                each.setdefault("description", f"always {each['enum'][0]}")
        if "description" in schema:
            schema["description"] = schema["description"].partition("Attributes:")[0].strip()


def _parameters(route: Route) -> list[dict[str, Any]]:
    (reference,), found = msgspec.json.schema_components([route.query], ref_template=REFERENCE)
    _describe_fields(found, [route.query])
    schema = found[reference["$ref"].rpartition("/")[2]]
    inside = set(re.findall(r"{(\w+)", route.path))
    examples = route.example if isinstance(route.example, dict) else {}
    parameters = []
    for name, each in schema["properties"].items():
        parameter = {
            "name": name,
            "in": "path" if name in inside else "query",
            "required": name in inside or name in schema.get("required", []),
            "schema": each,
        }
        if name in examples:
            parameter["example"] = examples[name]
        parameters.append(parameter)
    return parameters
