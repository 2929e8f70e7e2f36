"""The texts of the index: read, added, replaced and deleted in batches, durable and searchable when acknowledged."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.index.columns import json_columns
from likewise.service.embeddings import checked_texts
from likewise.service.problems import Problem, problem_of
from likewise.service.routing import LINES, Route
from likewise.service.search import MAX_HITS, check_where
from likewise.service.served import Service

TAG = "Documents"
AT_ONCE = 1_000  # documents of a stream that are one write

Scalar = str | int | float | bool | None


class Document(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text to add.

    Attributes:
        id: its id, by which it replaces another one; the next number if missing.
        text: the text.
        columns: one value by name: text, numbers, true or false, null.
    """

    id: str | int | None = None
    text: str
    columns: dict[str, Scalar] = {}


class DocumentsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Texts to add or to replace.

    Attributes:
        documents: the texts, with an id each or none.
    """

    documents: list[Document]


class DeleteRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Texts to delete.

    Attributes:
        ids: of texts; those that do not exist are ignored.
    """

    ids: list[str | int]


class Written(msgspec.Struct):
    """What a write did.

    Attributes:
        count: how many texts were written or deleted.
        generation: of the index, after it.
    """

    count: int
    generation: int


class StoredDocument(msgspec.Struct, kw_only=True):
    """A text of the index.

    Attributes:
        id: its id.
        text: the text.
        columns: its columns.
    """

    id: str
    text: str
    columns: dict[str, Any]


class DocumentQuery(msgspec.Struct, kw_only=True):
    """Which text.

    Attributes:
        id: its id.
    """

    id: str


class ListQuery(msgspec.Struct, kw_only=True):
    """Which texts.

    Attributes:
        after: id of the text after which the list begins.
        limit: how many; all, as a stream, if missing.
        where: a filter on columns.
    """

    after: str | None = None
    limit: int | None = None
    where: str | None = None


async def read_one(service: Service, body: DocumentQuery, _: Request) -> StoredDocument:
    """Return one text."""
    found = await service.read(lambda index: index.get(body.id))
    if found is None:
        raise Problem(404, f"there is no text with the id {body.id!r}")
    return StoredDocument(id=found.id, text=found.text, columns=json_columns(found.columns))


async def read_all(service: Service, body: ListQuery, _: Request) -> Response:
    """Return texts in the order in which they were added, one JSON object a line."""
    check_where(body.where)
    if body.limit is not None and body.limit < 1:
        raise Problem(422, f"limit is {body.limit}: expected at least 1")
    first = await service.read(lambda index: _lines(index, body.after, body.limit, body.where))
    return StreamingResponse(_streamed(service, body, first), media_type=LINES)


async def put(service: Service, body: DocumentsRequest, request: Request) -> Written:
    """Add texts, or replace those whose id exists; all or none."""
    checked_documents(service, body.documents)
    expected = expected_generation(request)
    return await service.write(lambda index: _add(index, body.documents, expected))


async def post(service: Service, body: DocumentsRequest, request: Request) -> Written:
    """Add texts with new ids; 409 if one exists."""
    checked_documents(service, body.documents)
    expected = expected_generation(request)
    return await service.write(lambda index: _add(index, body.documents, expected, new=True))


async def delete(service: Service, body: DeleteRequest, request: Request) -> Written:
    """Delete texts, whole or as single passages; all or none."""
    if not 1 <= len(body.ids) <= service.settings.max_batch:
        raise Problem(422, f"ids has {len(body.ids):,} ids: expected 1 to {service.settings.max_batch:,}")
    expected = expected_generation(request)
    return await service.write(lambda index: _delete(index, body.ids, expected))


async def stream(service: Service, _: Any, request: Request) -> Response:
    """Add a stream of texts, one JSON object a line; each line of the answer acknowledges those so far."""
    return _TwoWay(_acknowledged(service, request), media_type=LINES)


class _TwoWay(StreamingResponse):
    """A response that is written while the request is read: Starlette's own waits for a disconnect and so reads it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the iterator yields."""
        del scope, receive
        await self.stream_response(send)


def expected_generation(request: Request) -> int | None:
    """Return the generation that a write expects, by its header If-Match; None if it expects none.

    Raises:
        Problem: the header is no generation.
    """
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    number = given.strip().strip('"')
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise Problem(422, f'If-Match is {given[:50]!r}: expected the generation of the index, such as "7"')
    return int(number)


def checked_documents(service: Service, documents: list[Document]) -> None:
    """Refuse too many or too long texts, and a batch in which only some have ids.

    Raises:
        Problem: there are.
    """
    checked_texts(service, [each.text for each in documents], "documents", empty=True)
    named = sum(each.id is not None for each in documents)
    if named not in (0, len(documents)):
        raise Problem(422, f"{named} of {len(documents)} documents have an id: give all of them one, or none")


def _add(index: Collection, documents: list[Document], expected: int | None, *, new: bool = False) -> Written:
    ids = None if documents[0].id is None else [str(each.id) for each in documents]
    names = dict.fromkeys(name for each in documents for name in each.columns)
    columns = {name: [each.columns.get(name) for each in documents] for name in names}
    if "ids" in columns:
        raise InputError("a column cannot be called 'ids': rename it")
    if new and ids is not None:
        expected = index.generation if expected is None else expected  # nobody adds the same id meanwhile
        for id in ids:
            if index.get(id) is not None:
                raise Problem(409, f"there is a text with the id {id!r}: PUT replaces it")
    with index.expecting(expected):
        count = index.add([each.text for each in documents], ids, **columns)
        return Written(count, index.generation)


def _delete(index: Collection, ids: list[str | int], expected: int | None) -> Written:
    with index.expecting(expected):
        return Written(index.delete(ids), index.generation)


def _lines(index: Collection, after: str | None, limit: int | None, where: str | None) -> tuple[bytes, str | None, int]:
    """Return some texts as lines, the id of the last one, and how many they are."""
    size = min(limit or MAX_HITS, MAX_HITS)
    found = index.entries(size, where, after=after).entries
    lines = b"".join(
        orjson.dumps({"id": each.id, "text": each.text, "columns": json_columns(each.columns)}) + b"\n"
        for each in found
    )
    return lines, found[-1].id if len(found) == size else None, len(found)


async def _streamed(service: Service, body: ListQuery, first: tuple[bytes, str | None, int]) -> AsyncIterator[bytes]:
    lines, after, sent = first
    yield lines
    while after is not None and (body.limit is None or sent < body.limit):
        left, last = None if body.limit is None else body.limit - sent, after
        lines, after, count = await service.read(lambda index: _lines(index, last, left, body.where))  # noqa: B023
        sent += count
        yield lines


async def _acknowledged(service: Service, request: Request) -> AsyncIterator[bytes]:
    """Write a stream in parts, and yield a line for each: what was written, or the problem that ended it."""
    total, number = 0, 0
    decode = msgspec.json.Decoder(Document).decode
    documents: list[Document] = []
    try:
        async for line in _split(request, service.settings.max_body):
            number += 1
            try:
                documents.append(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Problem(422, f"line {number} is no document: {error}") from None
            if len(documents) == AT_ONCE:
                total += await _write_part(service, documents)
                yield orjson.dumps({"count": total}) + b"\n"
                documents = []
        if documents:
            total += await _write_part(service, documents)
        yield orjson.dumps({"count": total, "done": True}) + b"\n"
    except Exception as error:
        problem = problem_of(error)
        yield orjson.dumps({"count": total, "status": problem.status, "detail": problem.detail}) + b"\n"


async def _write_part(service: Service, documents: list[Document]) -> int:
    checked_documents(service, documents)
    written = await service.write(lambda index: _add(index, documents, None))
    return written.count


async def _split(request: Request, longest: int) -> AsyncIterator[bytes]:
    """Yield the lines of a body that are not blank.

    Raises:
        Problem: one is longer than a whole request may be.
    """
    rest = b""
    async for part in request.stream():
        *lines, rest = (rest + part).split(b"\n")
        for line in _filled(lines):
            yield line
        if len(rest) > longest:
            raise Problem(413, f"a line has more than {longest:,} bytes")
    for line in _filled([rest]):
        yield line


def _filled(lines: list[bytes]) -> Iterator[bytes]:
    return (line for line in lines if line.strip())


WRITE: dict[str, Any] = {"tag": TAG, "access": "write", "response": Written, "statuses": (404, 409, 412)}
EXAMPLE = {"documents": [{"id": "17", "text": "it broke after a week", "columns": {"stars": 1}}]}
ROUTES = (
    Route(method="GET", path="/documents", handler=read_all, summary="Read texts", tag=TAG, query=ListQuery,
          media_type=LINES, statuses=(404,), example={"limit": 10}),
    Route(method="GET", path="/documents/{id}", handler=read_one, summary="Read a text", tag=TAG, query=DocumentQuery,
          response=StoredDocument, statuses=(404,), example={"id": "17"}),
    Route(method="PUT", path="/documents", handler=put, summary="Add or replace texts", body=DocumentsRequest,
          example=EXAMPLE, **WRITE),
    Route(method="POST", path="/documents", handler=post, summary="Add new texts", body=DocumentsRequest,
          example=EXAMPLE, **WRITE),
    Route(method="DELETE", path="/documents", handler=delete, summary="Delete texts", body=DeleteRequest,
          example={"ids": ["17"]}, **WRITE),
    Route(method="POST", path="/documents/stream", handler=stream, summary="Add a stream of texts", tag=TAG,
          access="write", accepts=LINES, media_type=LINES, statuses=(404,)),
)  # fmt: skip
