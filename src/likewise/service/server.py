"""Running the application with uvicorn: one process or several, and the address once it answers."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from likewise.errors import InputError
from likewise.service.app import create_app
from likewise.service.served import Service
from likewise.service.settings import Settings

DRAIN_SECONDS = 30  # that a server which is to end has for what it accepted
FACTORY = "likewise.service.app:from_environment"
BACKLOG = 1_024
POLL_SECONDS = 0.1
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - a client of this machine calls 127.0.0.1 then


def serve(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until a signal ends it; what was accepted is answered first.

    Args:
        settings: of the server.
        ready: called with the address when the server answers.

    Raises:
        InputError: something cannot be opened, or the address is taken.
    """
    with bound(settings) as listener:
        address = address_of(settings, listener)
        settings = replace(settings, port=listener.getsockname()[1])
        if settings.workers == 1:
            config = config_of(settings, create_app(settings))
            _Server(config, lambda: ready and ready(address)).run(sockets=[listener])
            return
        Service(settings).close()  # what cannot be opened is one line here, rather than one of each process
        os.environ.update(settings.to_environment())
        config = config_of(settings, FACTORY, factory=True, workers=settings.workers)
        if ready:
            threading.Thread(target=_wait, args=(listener, lambda: ready(address)), daemon=True).start()
        Multiprocess(config, [listener]).run()


def bound(settings: Settings) -> socket.socket:
    """Return a socket that listens on the address of the settings.

    Raises:
        InputError: the address is taken, or is none of this machine.
    """
    host = settings.host.strip("[]")
    try:
        family, _, _, _, place = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(BACKLOG)  # from now on clients wait instead of being refused
            listener.set_inheritable(True)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise InputError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; another --port may be free"
        ) from error
    return listener


def address_of(settings: Settings, listener: socket.socket) -> str:
    """Return the address for a browser."""
    host = settings.host.strip("[]")
    if host in EVERY_ADDRESS:
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def config_of(settings: Settings, app: Any, **more: Any) -> uvicorn.Config:
    """Return what uvicorn needs to run an application, or the import path of one."""
    return uvicorn.Config(
        app, log_level="error", access_log=False, server_header=False, date_header=False, proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS, backlog=BACKLOG, lifespan="on", **more,
    )  # fmt: skip


def _wait(listener: socket.socket, ready: Callable[[], Any]) -> None:
    """Call `ready` once a process answers."""
    host, port = listener.getsockname()[:2]
    while True:
        connection = HTTPConnection("127.0.0.1" if host in EVERY_ADDRESS else host, port, timeout=POLL_SECONDS * 10)
        try:
            connection.request("GET", "/health", headers={"Host": "localhost"})
            if connection.getresponse().status == HTTPStatus.OK:
                ready()
                sys.stdout.flush()
                return
        except OSError:  # not yet
            time.sleep(POLL_SECONDS)
        finally:
            connection.close()


class _Server(uvicorn.Server):
    """Says when it answers, and ends quietly at Ctrl-C."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], Any]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()
            sys.stdout.flush()
