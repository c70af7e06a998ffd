"""The process that listens: uvicorn with our bounds, a ready line and a farewell."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final

import structlog
import uvicorn
from typing_extensions import override

from base.wire import MAX_BINARY_BYTES
from rooms.services.config import RoomsSettings
from rooms.services.services import Services
from rooms.web.app import make_app, version

BACKLOG: Final = 2048
# A frame a little too large is answered with Close.TOO_LARGE; beyond this it is not even read.
SOCKET_FRAME_MAX_BYTES: Final = 2 * MAX_BINARY_BYTES
PING_S: Final = 20.0
"""Routers and firewalls forget a connection on which nothing was said for a while."""
FAREWELL_S: Final = 8.0
"""How long connections may take to end, before they are cut."""
_HANDLED: Final = (signal.SIGINT, signal.SIGTERM)

_log = structlog.get_logger(__name__)


class CannotListenError(Exception):
    """The address is taken, or not one of this machine's."""


def open_socket(settings: RoomsSettings) -> socket.socket:
    """Return a socket that listens where the settings say.

    Raises:
        CannotListenError: with a sentence for whoever runs the service.
    """
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _type, _protocol, _name, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListenError(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}"
        ) from error


def serve(settings: RoomsSettings, *, exit_with_parent: bool = False) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. Main thread.

    When the service is ready, one line of JSON goes to standard output, and nothing else ever:
    `{"ready": true, "url": "http://127.0.0.1:8460", "port": 8460, "pid": 1234, ...}`.

    Args:
        settings: What is set; port 0 takes one that is free.
        exit_with_parent: End when standard input does: a pipe that a parent process holds
            open ends with it, however it dies.

    Raises:
        CannotListenError: with a sentence for whoever runs the service.
    """
    listening = open_socket(settings)
    with contextlib.closing(listening):
        known = settings.listening_on(listening.getsockname()[1])
        app = make_app(known)
        server = _Server(known, uvicorn_config(known, app), lambda: app.state.services)
        if exit_with_parent:
            _watch_stdin(server)
        # uvicorn raises a signal again when it is done; by then it has been answered.
        before = {number: signal.signal(number, lambda *_: None) for number in _HANDLED}
        try:
            server.run(sockets=[listening])
        except SystemExit:
            # What was wrong at the start is in the log.
            return 1
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return 0 if server.started else 1


def uvicorn_config(settings: RoomsSettings, app: object) -> uvicorn.Config:
    """Return how the server is set."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="asyncio" if sys.platform == "win32" else "uvloop",
        http="httptools",
        # The one that stops reading from who sends faster than is taken.
        ws="websockets-sansio",
        ws_max_size=SOCKET_FRAME_MAX_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        # Yjs updates and ink do not get smaller, and each connection would cost memory for it.
        ws_per_message_deflate=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        lifespan="on",
        log_config=None,
        # Addresses of citizens: what matters of them is in the audit log.
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(FAREWELL_S),
        backlog=BACKLOG,
    )


class _Server(uvicorn.Server):
    """Says when it is ready, and tells those who are connected that it goes."""

    def __init__(
        self, settings: RoomsSettings, config: uvicorn.Config, services: Callable[[], Services]
    ) -> None:
        super().__init__(config)
        self._settings = settings
        self._services = services

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        ready = {
            "ready": True,
            "url": self._settings.public_url,
            "host": self._settings.host,
            "port": self._settings.port,
            "pid": os.getpid(),
            "version": version(),
        }
        _log.info("ready", url=self._settings.public_url, port=self._settings.port)
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn would close websockets with a code that says nothing to our clients.
        for server in self.servers:
            server.close()
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._services().hub.close()
        except TimeoutError:
            _log.warning("not everybody could be told that the service ends")
        await super().shutdown(sockets)


def _watch_stdin(server: uvicorn.Server) -> None:
    def wait() -> None:
        # Not through sys.stdin: its lock would be held while the interpreter ends.
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        server.should_exit = True

    threading.Thread(target=wait, name="waits for the parent's end", daemon=True).start()
