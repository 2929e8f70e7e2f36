"""What the model learned: its report as a page, and the words and texts nearest to any text."""

import asyncio
import gzip
import hashlib
import hmac
import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from likewise.arrays import Float32
from likewise.errors import InputError
from likewise.model.embedder import TextModel, unit_vectors
from likewise.report.neighbours import word_vectors
from likewise.report.page import render
from likewise.report.sample import take_sample
from likewise.service.problems import Problem
from likewise.service.routing import ACCESS, RANKS, Route
from likewise.service.served import Service

MAX_NEIGHBOURS = 100
TICKET_SECONDS = 3600
POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


@dataclass(frozen=True)
class Report:
    """The report of a model.

    Attributes:
        content: HTML, compressed by gzip.
        policy: the content security policy that permits its scripts and nothing else.
    """

    content: bytes
    policy: str

    @classmethod
    def of(cls, model: TextModel) -> "Report":
        """Make the report; some seconds."""
        page = render(model)
        found = POLICY.search(page)
        policy = html.unescape(found.group(1)) if found else "default-src 'none'"
        return cls(gzip.compress(page.encode(), mtime=0), f"{policy}; frame-ancestors 'self'")


class NeighboursRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A text whose neighbours are wanted.

    Attributes:
        text: a word or any text.
        k: how many words and how many texts.
    """

    text: str
    k: int = 10


class WordNeighbour(msgspec.Struct):
    """A word.

    Attributes:
        word: the word.
        cosine: with the given text.
    """

    word: str
    cosine: float


class TextNeighbour(msgspec.Struct):
    """A text of the index.

    Attributes:
        id: its id.
        text: the text.
        cosine: with the given text.
    """

    id: str
    text: str
    cosine: float


class NeighboursResponse(msgspec.Struct):
    """The nearest words and texts.

    Attributes:
        text: that was given.
        words: frequent words of the model, nearest first.
        texts: of the index, nearest first; empty without an index.
    """

    text: str
    words: list[WordNeighbour]
    texts: list[TextNeighbour]


class ReportTicket(msgspec.Struct):
    """An address of the report for a frame, which cannot send a key.

    Attributes:
        path: it is valid for one to two hours, and no longer than the file of keys stays as it is.
    """

    path: str


async def report(service: Service, _: Any, request: Request) -> Response:
    """Return the report of the served model: one page of HTML that opens without a network."""
    if RANKS[request.scope.get(ACCESS, "none")] < RANKS["read"]:
        _check_ticket(service, request.query_params.get("ticket", ""))
    made: Report = await _of_model(service, "report", Report.of)
    policy = f"{made.policy} {service.settings.frame_ancestors}".rstrip()
    headers = {"Content-Security-Policy": policy, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(made.content, media_type="text/html", headers=headers | {"Content-Encoding": "gzip"})
    return Response(await service.compute(gzip.decompress, made.content), media_type="text/html", headers=headers)


async def ticket(service: Service, _: Any, __: Request) -> ReportTicket:
    """Return an address of the report that needs no key, for a frame of a page."""
    if service.settings.api_key_file is None:
        return ReportTicket("/report")
    return ReportTicket(f"/report?ticket={_ticket(service.settings.api_key_file, _period())}")


async def neighbours(service: Service, body: NeighboursRequest, _: Request) -> NeighboursResponse:
    """Return the words and texts that are nearest to a text in the space of the model, by cosine."""
    text = body.text.strip()
    if not text:
        raise InputError("text is empty: expected a word or a text")
    if len(text) > service.settings.max_text:
        raise InputError(f"text has {len(text):,} characters: expected at most {service.settings.max_text:,}")
    if not 1 <= body.k <= MAX_NEIGHBOURS:
        raise InputError(f"k is {body.k}: expected 1 to {MAX_NEIGHBOURS}")
    words: Words = await _of_model(service, "words", Words.of)
    nearest = await service.compute(words.nearest, service.model, text, body.k)
    hits = await service.read(lambda index: index.search(text, body.k, "vector")) if service.has_index else []
    return NeighboursResponse(body.text, nearest, [TextNeighbour(hit.id, hit.text, hit.score) for hit in hits])


@dataclass(frozen=True)
class Words:
    """Frequent words of a model.

    Attributes:
        words: the words.
        rows: a unit vector for each.
    """

    words: list[str]
    rows: Float32[np.ndarray, "words dim"]

    @classmethod
    def of(cls, model: TextModel) -> "Words":
        """Collect the words of a model."""
        return cls(*word_vectors(model, take_sample(model)))

    def nearest(self, model: Callable[[], Any], text: str, k: int) -> list[WordNeighbour]:
        """Return the words nearest to a text, without its own words; of the forms of a word, which share a row, one."""
        cosines = self.rows @ unit_vectors(model(), [text])[0]
        own = set(re.findall(r"\w+", text.lower()))
        seen = {self.rows[at].tobytes() for at, word in enumerate(self.words) if word.lower() in own}
        found: list[WordNeighbour] = []
        for at in np.argsort(-cosines, kind="stable").tolist():
            row = self.rows[at].tobytes()
            if len(found) < k and row not in seen:
                seen.add(row)
                found.append(WordNeighbour(self.words[at], float(min(cosines[at], 1.0))))
        return found


# What is made once for each model, and by one request while others wait for it.
_MADE: WeakKeyDictionary[Service, dict[str, tuple[str, asyncio.Task[Any]]]] = WeakKeyDictionary()


async def _of_model(service: Service, what: str, make: Callable[[TextModel], Any]) -> Any:
    model = await service.compute(service.model)
    if not isinstance(model, TextModel):
        raise Problem(
            404, "the model is of another library: only a model of Likewise has a report and words to compare"
        )
    made = _MADE.setdefault(service, {})
    if what not in made or made[what][0] != model.fingerprint:
        made[what] = model.fingerprint, asyncio.create_task(service.compute(make, model))
    task = made[what][1]
    try:
        return await asyncio.shield(task)
    except Exception:
        if made.get(what, ("", None))[1] is task:
            del made[what]  # the next request tries again
        raise


def _period() -> int:
    return int(time.time() // TICKET_SECONDS)


def _ticket(key_file: str, period: int) -> str:
    """Return what only a server of these keys can know; every worker process computes the same."""
    secret = hashlib.sha256(Path(key_file).read_bytes()).digest()
    return hmac.new(secret, f"report {period}".encode(), "sha256").hexdigest()


def _check_ticket(service: Service, given: str) -> None:
    key_file = service.settings.api_key_file
    valid = [] if key_file is None else [_ticket(key_file, _period() - age) for age in (0, 1)]
    if not any(hmac.compare_digest(given.encode(), each.encode()) for each in valid):
        raise Problem(401, "the report needs a key, or a ticket that is still valid", {"WWW-Authenticate": "Bearer"})


TAG = "What was learned"
ROUTES = (
    Route(
        method="GET", path="/report", handler=report, summary="The report of the model", tag=TAG, access="none",
        media_type="text/html", statuses=(401, 404),
    ),
    Route(
        method="POST", path="/report/ticket", handler=ticket, summary="An address of the report for a frame", tag=TAG,
        response=ReportTicket,
    ),
    Route(
        method="POST", path="/neighbours", handler=neighbours, summary="Words and texts near a text", tag=TAG,
        body=NeighboursRequest, response=NeighboursResponse, example={"text": "file", "k": 5}, statuses=(404,),
    ),
)  # fmt: skip
