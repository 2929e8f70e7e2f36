"""The page: the files that a browser needs, from memory, and what it shows of the model."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from likewise.service.problems import Problem
from likewise.service.routing import Route
from likewise.service.served import Service

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml", "txt": "text/plain; charset=utf-8",
}  # fmt: skip
# No script or style in the page itself, nothing from elsewhere. Frames: of the page by a notebook, of the report in it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
NOBODY = "'none'"
SMALLEST = 1000  # bytes that are worth compressing


@dataclass(frozen=True)
class Asset:
    """A file of the page.

    Attributes:
        content: as it is.
        compressed: by gzip; None where that is not smaller.
        media_type: for browsers.
        tag: changes with the content.
    """

    content: bytes
    compressed: bytes | None
    media_type: str
    tag: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Return the files of the page by name: nothing else of the disk can be asked for."""
    found = {}
    for file in files("likewise.service").joinpath("assets").iterdir():
        content = file.read_bytes()
        compressed = gzip.compress(content, mtime=0) if len(content) >= SMALLEST else None
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        found[file.name] = Asset(content, compressed, MEDIA_TYPES[file.name.rpartition(".")[2]], tag)
    return found


async def page(service: Service, _: Any, request: Request) -> Response:
    """Return the page."""
    return _answer(assets()["index.html"], request, service.settings.frame_ancestors)


async def asset(_: Service, __: Any, request: Request) -> Response:
    """Return a file of the page."""
    found = assets().get(request.path_params["name"])
    if found is None:
        raise Problem(404, "the page has no such file")
    return _answer(found, request)


def _answer(found: Asset, request: Request, ancestors: str = "") -> Response:
    """Return a file, or only that it has not changed; pages of `ancestors` may show it in a frame."""
    # `no-cache`: a browser may keep it, and asks whether it changed; a new version of Likewise shows at once.
    headers = {
        "ETag": found.tag,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": f"{POLICY}; frame-ancestors {ancestors or NOBODY}",
    }
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if found.tag in known:
        return Response(status_code=304, headers=headers)
    if found.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.compressed, media_type=found.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.media_type, headers=headers)


ROUTES = (
    Route(method="GET", path="/", handler=page, summary="The page", access="none", hidden=True),
    Route(method="GET", path="/assets/{name}", handler=asset, summary="A file", access="none", hidden=True),
)
