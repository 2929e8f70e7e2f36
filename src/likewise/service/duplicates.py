"""Duplicates: whether a text is one of a store, and which texts of the store remain."""

import csv
import hashlib
import io
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
import orjson
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from likewise.applications.duplicates.differences import differences
from likewise.applications.duplicates.result import Duplicates, Member, checked_precision
from likewise.applications.duplicates.store import Store
from likewise.service.embeddings import checked_texts
from likewise.service.problems import Problem
from likewise.service.routing import LINES, Route
from likewise.service.served import Service

TAG = "Duplicates"
SHOWN = 20_000  # characters of a text
PART = 2_000  # rows of an export that are written at once
REMEMBERED = 16  # precisions whose groups are held
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # with which a cell begins that a spreadsheet would run


class DuplicatesRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One text or several.

    Attributes:
        text: any.
        texts: several.
        precision: the share of pairs that are to be duplicates; that of the store if missing.
    """

    text: str | None = None
    texts: list[str] | None = None
    precision: float | None = None


class DuplicateText(msgspec.Struct, kw_only=True):
    """A text of the store.

    Attributes:
        row: its number.
        id: its id.
        text: its first 20,000 characters.
        length: characters of the whole text.
    """

    row: int
    id: str
    text: str
    length: int


class Marks(msgspec.Struct):
    """Where two texts differ: begin and end of each part, in Unicode code points.

    Attributes:
        kept: in the text that is kept.
        member: in the other.
    """

    kept: list[tuple[int, int]]
    member: list[tuple[int, int]]


class DuplicateMember(DuplicateText, kw_only=True):
    """A text of the store that is a duplicate.

    Attributes:
        reason: "exact", "near" by its words, "semantic" by its meaning, or "decided" by a person.
        score: how alike the two are.
        precision: estimated share of duplicates among pairs at least so alike.
        differences: from the text that is kept.
    """

    reason: str
    score: float
    precision: float
    differences: Marks | None = None


class DuplicatesOf(msgspec.Struct):
    """What is known of one text.

    Attributes:
        duplicate: whether it is one of the store.
        duplicates: the texts that it is a duplicate of, the surest first.
    """

    duplicate: bool
    duplicates: list[DuplicateMember]


class DuplicatesResponse(msgspec.Struct):
    """The duplicates of texts.

    Attributes:
        results: for each text.
        precision: that was used.
    """

    results: list[DuplicatesOf]
    precision: float


class Chosen(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which pairs are duplicates.

    Attributes:
        precision: the share of pairs that are to be duplicates; that of the store if missing.
        keep_at_most: how many texts remain instead, such as 1000, or which share, such as 0.8.
    """

    precision: float | None = None
    keep_at_most: str | None = None


class KeptQuery(Chosen, kw_only=True, forbid_unknown_fields=True):
    """What to export.

    Attributes:
        format: JSON lines or CSV.
    """

    format: Literal["jsonl", "csv"] = "jsonl"


@dataclass
class Review:
    """A store as it is between two decisions.

    Attributes:
        found: its texts and groups.
        version: of the texts.
        at: the same at other precisions, by their names.
        counts: precision, texts that remain, groups, and the interval of the precision, at a grid of precisions.
    """

    found: Duplicates
    version: str
    at: dict[str, Duplicates] = field(default_factory=dict)
    counts: list[tuple[float, int, int, float | None, float | None]] = field(default_factory=list)


_reviews: WeakKeyDictionary[Store, Review] = WeakKeyDictionary()
_lock = threading.Lock()


def review_of(store: Store) -> Review:
    """Return the review of a store, a new one after every decision."""
    found = store.found
    with _lock:
        review = _reviews.get(store)
        if review is None or review.found is not found:
            same = review is not None and review.found.texts is found.texts
            version = review.version if review is not None and same else _version(found)
            review = _reviews[store] = Review(found, version)
        return review


def _version(found: Duplicates) -> str:
    digest = hashlib.blake2b(msgspec.json.encode(found.ids), digest_size=12)
    for buffer in found.texts.buffers():
        digest.update(buffer or b"")
    return digest.hexdigest()


def chosen_of(store: Store, chosen: Chosen) -> tuple[Duplicates, Review]:
    """Return what a store holds at a precision, or reduced to a number.

    Raises:
        Problem: both are given, or the number is none.
        InputError: the precision is no share, or the number cannot be reached.
    """
    review = review_of(store)
    key = f"{chosen.precision} {chosen.keep_at_most}"
    known = review.at.get(key)
    if known is None:
        if chosen.keep_at_most is None:
            known = review.found.rethreshold(store.precision if chosen.precision is None else chosen.precision)
        elif chosen.precision is None:
            known = review.found.keep_at_most(_number(chosen.keep_at_most))
        else:
            raise Problem(422, "precision and keep_at_most exclude each other: give one of them")
        with _lock:
            while len(review.at) >= REMEMBERED:
                del review.at[next(iter(review.at))]
            review.at[key] = known
    return known, review


def _number(text: str) -> float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise Problem(
            422, f"keep_at_most is {text[:50]!r}: expected a number such as 1000, or 0.8 for a share"
        ) from None


async def check(service: Service, body: DuplicatesRequest, _: Request) -> DuplicatesResponse:
    """Find the texts of the store that a text is a duplicate of, and say how sure that is."""
    if (body.text is None) == (body.texts is None):
        raise Problem(422, "expected either text or texts")
    texts = checked_texts(service, [body.text] if body.text is not None else body.texts or [], "texts", empty=True)
    store = service.duplicates()
    precision = store.precision if body.precision is None else checked_precision(body.precision)

    def found(text: str) -> DuplicatesOf:
        members = [member_of(each, None) for each in store.duplicates_of(text, precision)]
        return DuplicatesOf(bool(members), members)

    results = await service.compute(lambda: [found(text) for text in texts])
    return DuplicatesResponse(results, precision)


async def kept(service: Service, body: KeptQuery, _: Request) -> Response:
    """Export the texts that remain: row, id and text of each. A cell that is a formula begins with an apostrophe."""
    store = service.duplicates()
    found = await service.compute(lambda: chosen_of(store, body)[0])

    async def parts() -> AsyncIterator[bytes]:
        if body.format == "csv":
            yield b"row,id,text\r\n"
        rows = found.kept
        for begin in range(0, len(rows), PART):
            yield await service.compute(_exported, found, rows[begin : begin + PART], body.format)

    return StreamingResponse(
        parts(),
        media_type="text/csv; charset=utf-8" if body.format == "csv" else LINES,
        headers={
            "Content-Disposition": f'attachment; filename="kept.{body.format}"',
            "Likewise-Precision": repr(found.precision),
            "Likewise-Kept": str(len(found.kept)),
        },
    )


def _exported(found: Duplicates, rows: np.ndarray, kind: str) -> bytes:
    texts = found.texts.take(pa.array(rows)).to_pylist()
    records = zip(rows.tolist(), (found.ids[row] for row in rows.tolist()), texts, strict=True)
    if kind == "csv":
        out = io.StringIO()
        csv.writer(out).writerows((row, _harmless(id), _harmless(text)) for row, id, text in records)
        return out.getvalue().encode("utf-8", "replace")
    return b"".join(_json_lines(records))


def _json_lines(records: Iterator[tuple[int, str, str]]) -> Iterator[bytes]:
    for row, id, text in records:
        yield orjson.dumps({"row": row, "id": id, "text": text}) + b"\n"


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def text_of(found: Duplicates, row: int) -> DuplicateText:
    """Return a text of the store as it is sent."""
    text = found.texts[row].as_py()
    return DuplicateText(row=row, id=found.ids[row], text=text[:SHOWN], length=len(text))


def member_of(member: Member, kept_text: str | None) -> DuplicateMember:
    """Return a duplicate as it is sent, with its differences from the text that is kept, if that is given."""
    marks = None
    if kept_text is not None:
        found = differences(kept_text[:SHOWN], member.text[:SHOWN])
        marks = Marks(list(found.first), list(found.second))
    return DuplicateMember(
        row=member.row, id=member.id, text=member.text[:SHOWN], length=len(member.text), reason=member.reason,
        score=member.score, precision=member.precision, differences=marks,
    )  # fmt: skip


ROUTES = (
    Route(method="POST", path="/duplicates", handler=check, summary="Whether a text is one of the store", tag=TAG,
          body=DuplicatesRequest, response=DuplicatesResponse, statuses=(404,),
          example={"text": "it broke after a week"}),
    Route(method="GET", path="/duplicates/kept", handler=kept, summary="Export what remains", tag=TAG, query=KeptQuery,
          media_type=LINES, statuses=(404,), example={"format": "jsonl"}),
)  # fmt: skip
