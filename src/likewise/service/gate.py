"""The gate: what every request passes before a route sees it, and every response behind it.

Host and origin are checked, so that no page of another site can use a server of this machine; the key is; security
headers are added; and what happened is counted and logged, without any text of a request.
"""

import secrets
import sys
import time
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from likewise.service.keys import Keys
from likewise.service.metrics import Metrics
from likewise.service.problems import Problem
from likewise.service.routing import ACCESS, ROUTE
from likewise.service.settings import Settings

SAFE = {"GET", "HEAD", "OPTIONS"}
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
POLICY = b"content-security-policy"
NO_CONTENT = b"default-src 'none'; frame-ancestors 'none'"  # of answers that are no page
STORE = b"cache-control"
PROCESS, NUMBERS = secrets.token_hex(4), count()  # of which the id of a request is made


class Gate:
    """An ASGI application around another one.

    Args:
        app: the routes.
        settings: of the server.
        metrics: of the process.
    """

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._keys = None if settings.api_key_file is None else Keys(settings.api_key_file)
        self._names, self._log = settings.host_names, settings.access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        began, seen = time.perf_counter(), _Response(send)
        headers = dict(scope["headers"])
        try:
            scope["likewise.key"] = self._admit(scope, headers)
        except Problem as problem:
            await problem.response()(scope, receive, seen)
        else:
            await self._app(scope, receive, seen)
        self._record(scope, seen, time.perf_counter() - began)

    def _admit(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """Check host, origin and key; note in the scope what the key permits, and return its name.

        Raises:
            Problem: one of them is refused.
        """
        host = headers.get(b"host", b"").decode("latin-1")
        if _name_of(host) not in self._names:
            raise Problem(421, f"the host {host[:100]!r} is not one of this server's: start it with --allowed-hosts")
        # A browser says from where a request comes. Pages of other sites may not write, whatever they pretend to send.
        site, origin = headers.get(b"sec-fetch-site", b""), headers.get(b"origin", b"").decode("latin-1")
        foreign = site in (b"cross-site", b"same-site") or (origin and urlsplit(origin).netloc != host)
        if foreign and scope["method"] not in SAFE:
            raise Problem(403, "a page of another site may not use this server")
        if self._keys is None:
            scope[ACCESS] = "write"
            return ""
        token = _token(headers)
        if not token:
            scope[ACCESS] = "none"
            return ""
        key = self._keys.find(token)
        if key is None:
            raise Problem(401, "the key is not valid: it may have been revoked", {"WWW-Authenticate": "Bearer"})
        scope[ACCESS] = key.access
        return key.name

    def _record(self, scope: Scope, seen: "_Response", seconds: float) -> None:
        route = scope.get(ROUTE) or getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in {"GET", "POST", "PUT", "DELETE", "HEAD"} else "other"
        self._metrics.requests.labels(route, method, str(seen.status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if seen.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._metrics.refused.inc()
        error = scope.get("likewise.error")
        if not self._log and error is None:
            return
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "request": seen.id,
            "method": method,
            "route": route,
            "status": seen.status,
            "milliseconds": round(1000 * seconds, 2),
            "key": scope.get("likewise.key") or None,
        }
        if error is not None:
            line["error"] = type(error).__name__
            line["place"] = _place_of(error)
        sys.stderr.write(orjson.dumps(line).decode() + "\n")


class _Response:
    """Sends on what an application sends, with the headers that every response has."""

    def __init__(self, send: Send) -> None:
        self._send, self.status, self.id = send, 0, f"{PROCESS}-{next(NUMBERS):x}"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            names = [name for name, _ in headers]  # Starlette writes them in lower case
            if POLICY not in names:
                headers.append((POLICY, NO_CONTENT))
            if STORE not in names:
                headers.append((STORE, b"no-store"))
            headers += [*HEADERS, (b"x-request-id", self.id.encode())]
        await self._send(message)


def _token(headers: dict[bytes, bytes]) -> str:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _name_of(host: str) -> str:
    """Return the name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _place_of(error: BaseException) -> str:
    """Return where an error was raised: its message could hold a text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
