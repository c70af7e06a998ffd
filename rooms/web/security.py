"""What holds for every request: who may ask, how much they may send, what browsers may do.

The layers, from the outside in: every answer gets the strict headers; an unforeseen error
becomes a plain answer; requests for foreign hosts and from foreign pages are turned away;
bodies that are too large are cut off. They are plain ASGI, so that streamed bodies stay
streams.
"""

from __future__ import annotations

import ipaddress
import math
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from base.wire import Problem, Refusal
from rooms.model.refusal import Refused
from rooms.services.config import MB

MAX_BODY_BYTES: Final = 64 * 1024
"""Of a request that hands no file over."""
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HSTS: Final = "max-age=63072000; includeSubDomains"
_UPLOAD: Final = re.compile(r"/api/v1/rooms/[^/]+/(files|documents|assets)(/|$)")
# No host name: whoever asks for these by an address learns nothing.
_ANY_HOST: Final = frozenset({"/healthz"})

STATUS: Final[Mapping[Problem, int]] = {
    Problem.WRONG_KEY: 404,
    Problem.SLOWED: 429,
    Problem.LOCKED_OUT: 429,
    Problem.ROOM_OVER: 410,
    Problem.ROOM_FULL: 409,
    Problem.ROOM_LOCKED: 423,
    Problem.ROOM_NOT_YET: 425,
    Problem.NOT_ALLOWED: 403,
    Problem.NOT_SIGNED_IN: 401,
    Problem.NOT_FOUND: 404,
    Problem.MALFORMED: 400,
    Problem.TOO_LARGE: 413,
    Problem.TOO_MANY: 429,
    Problem.WRONG_TYPE: 415,
    Problem.NO_ROOM_ON_DISK: 507,
    Problem.FOREIGN_ORIGIN: 403,
    Problem.BROKEN: 500,
}
"""Status of HTTP for each problem."""

_PROBLEM_OF: Final[Mapping[int, Problem]] = {
    401: Problem.NOT_SIGNED_IN,
    403: Problem.NOT_ALLOWED,
    404: Problem.NOT_FOUND,
    413: Problem.TOO_LARGE,
    415: Problem.WRONG_TYPE,
    429: Problem.TOO_MANY,
}
_PERMISSIONS: Final = ", ".join(
    [f"{name}=(self)" for name in ("camera", "microphone", "autoplay", "fullscreen")]
    + ["display-capture=(self)", "screen-wake-lock=(self)"]
    + [
        f"{name}=()"
        for name in (
            "accelerometer",
            "browsing-topics",
            "geolocation",
            "gyroscope",
            "hid",
            "magnetometer",
            "midi",
            "payment",
            "publickey-credentials-get",
            "serial",
            "usb",
            "xr-spatial-tracking",
        )
    ]
)

_log = structlog.get_logger(__name__)


class SecuritySettings(Protocol):
    """What of the settings is asked for here."""

    @property
    def public_url(self) -> str:
        """Where browsers find the service."""

    @property
    def phone(self) -> str:
        """Whom to call when a key does not work."""

    @property
    def files_max_mb(self) -> int:
        """The largest file that may be handed over."""

    @property
    def document_max_mb(self) -> int:
        """The largest document."""


def install(app: FastAPI, settings: SecuritySettings) -> None:
    """Put the layers around `app`, and let refusals be answered as `wire.Refusal`."""
    handlers = _Handlers(settings)
    app.add_exception_handler(Refused, handlers.refused)
    app.add_exception_handler(HTTPException, handlers.http)
    app.add_exception_handler(RequestValidationError, handlers.malformed)
    # The one that is added last is the outermost.
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(OwnPagesOnly, settings=settings)
    app.add_middleware(Unforeseen)
    app.add_middleware(StrictHeaders, settings=settings)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route for the OpenAPI description.

    Args:
        statuses: Those it answers with besides 400, 403, 413 and 429, which every route can.
    """
    return {
        status: {"model": Refusal, "description": "Refused; `problem` says why."}
        for status in sorted({400, 403, 413, 429, *statuses})
    }


def answer(refused: Refused, phone: str = "") -> Response:
    """Return a refusal as it is answered."""
    problem = refused.problem
    about_key = problem in {Problem.WRONG_KEY, Problem.LOCKED_OUT}
    refusal = Refusal(
        problem=problem, retry_s=refused.retry_s, phone=phone if about_key else ""
    )
    headers = {"Cache-Control": "no-store"}
    if refused.retry_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(refused.retry_s)))
    if problem is Problem.NOT_SIGNED_IN:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(refusal.model_dump(mode="json"), STATUS[problem], headers)


def own_origins(public_url: str) -> frozenset[str]:
    """Return the origins that are ours, as browsers write them.

    That of `public_url`; on a loopback address, all names that this machine has for itself.
    """
    parts = urlsplit(public_url)
    port = "" if parts.port is None else f":{parts.port}"
    return frozenset(f"{parts.scheme}://{host}{port}" for host in _hosts_of(public_url))


def is_https(public_url: str) -> bool:
    """Return whether browsers reach the service over TLS."""
    return urlsplit(public_url).scheme == "https"


def address_of(request: Request) -> str:
    """Return where a request comes from; uvicorn has looked through trusted proxies."""
    return request.client.host if request.client is not None else ""


class Unforeseen:
    """Answers what nobody foresaw with BROKEN, and writes it to the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            # The last place before the server: whatever it is, the others go on.
            _log.exception("a request broke", method=scope["method"], path=scope["path"])
            if begun:
                # Half an answer is out; only the connection's end tells that it is half.
                raise
            await answer(Refused(Problem.BROKEN))(scope, receive, send)


class StrictHeaders:
    """Tells browsers what our pages may do: as good as nothing that is not ours."""

    def __init__(self, app: ASGIApp, settings: SecuritySettings) -> None:
        self._app = app
        self._fixed = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": _PERMISSIONS,
            "X-Robots-Tag": "noindex",
        }
        # A page may say so itself; who says nothing keeps nothing and tells nobody.
        self._unless_set = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        self._secure = is_https(settings.public_url)
        if self._secure:
            self._fixed["Strict-Transport-Security"] = _HSTS
        # A policy cannot name an IPv6 address; 'self' covers it where it is the page's own.
        self._sockets = " ".join(
            sorted(
                "ws" + origin[4:]
                for origin in own_origins(settings.public_url)
                if "[" not in origin
            )
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request with a nonce of its own in `request.state.csp_nonce`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._put(MutableHeaders(scope=message), nonce)
            await send(message)

        await self._app(scope, receive, with_headers)

    def _put(self, headers: MutableHeaders, nonce: str) -> None:
        for name, value in self._fixed.items():
            headers[name] = value
        for name, value in self._unless_set.items():
            headers.setdefault(name, value)
        headers["Content-Security-Policy"] = self._policy(nonce)

    def _policy(self, nonce: str) -> str:
        rules = [
            "default-src 'none'",
            # A module hands its nonce on to what it imports.
            f"script-src 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "manifest-src 'self'",
            f"connect-src 'self' {self._sockets}",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            # Text becomes elements in one place: the console's list, which the service wrote.
            "require-trusted-types-for 'script'",
            "trusted-types kokuban-list",
        ]
        if self._secure:
            rules.append("upgrade-insecure-requests")
        return "; ".join(rules)


class OwnPagesOnly:
    """Turns away what other pages let a browser send, and names that are not ours.

    A foreign name (DNS rebinding) would make a stranger's page one of ours, which matters
    most where the service listens on a loopback address and trusts it.
    """

    def __init__(self, app: ASGIApp, settings: SecuritySettings) -> None:
        self._app = app
        self._origins = own_origins(settings.public_url)
        self._hosts = _hosts_of(settings.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        reason = self._reason(scope, headers)
        if reason is None:
            await self._app(scope, receive, send)
            return
        _log.info("turned away", reason=reason, path=scope["path"])
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign origin"})
            return
        await answer(Refused(Problem.FOREIGN_ORIGIN))(scope, receive, send)

    def _reason(self, scope: Scope, headers: Headers) -> str | None:
        if scope["path"] not in _ANY_HOST and _host(headers) not in self._hosts:
            return "host"
        if scope["type"] == "websocket":
            origin = headers.get("origin")
            return None if origin is None or origin in self._origins else "origin"
        if scope["method"] in _SAFE_METHODS:
            return None
        return foreign_sender(headers, self._origins)


class BodyLimit:
    """Cuts bodies off that are larger than their route takes."""

    def __init__(self, app: ASGIApp, settings: SecuritySettings) -> None:
        self._app = app
        # The route knows the exact limit of each kind; this is the wall behind it.
        self._upload_bytes = MB * max(settings.files_max_mb, settings.document_max_mb)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, reading no more than is allowed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload_bytes if _UPLOAD.match(scope["path"]) else MAX_BODY_BYTES
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or len(length) > 15:
            await answer(Refused(Problem.MALFORMED))(scope, receive, send)
            return
        if int(length) > limit:
            await answer(Refused(Problem.TOO_LARGE))(scope, receive, send)
            return
        await self._app(scope, _bounded(receive, limit), send)


def foreign_sender(headers: Headers, origins: Iterable[str]) -> str | None:
    """Return what shows that another page sends this; None when nothing does.

    Args:
        headers: Of a request that may change something.
        origins: Ours.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return "sec-fetch-site"
    origin = headers.get("origin")
    if origin is None or origin in origins:
        return None
    # A form of a page with Referrer-Policy "no-referrer" sends "null"; the browser itself
    # has said above that the page is ours.
    return None if origin == "null" and site == "same-origin" else "origin"


class _Handlers:
    def __init__(self, settings: SecuritySettings) -> None:
        self._phone = settings.phone

    async def refused(self, _request: Request, error: Exception) -> Response:
        if not isinstance(error, Refused):
            raise error
        if STATUS[error.problem] >= 500:
            _log.error("refused", problem=error.problem.value, detail=error.detail)
        return answer(error, self._phone)

    async def http(self, _request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        problem = _PROBLEM_OF.get(error.status_code, Problem.MALFORMED)
        found = answer(Refused(problem))
        found.status_code = error.status_code
        found.headers.update(error.headers or {})
        return found

    async def malformed(self, _request: Request, _error: Exception) -> Response:
        # What was wrong about it is not repeated: it may hold what somebody typed.
        return answer(Refused(Problem.MALFORMED))


def _bounded(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def read() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                # FastAPI takes anything else for a body that cannot be read: 400.
                raise HTTPException(413)
        return message

    return read


def _hosts_of(public_url: str) -> frozenset[str]:
    host = (urlsplit(public_url).hostname or "").lower()
    if host == "localhost" or _is_loopback(host):
        return frozenset({"localhost", "127.0.0.1", "[::1]", _bracketed(host)})
    return frozenset({_bracketed(host)})


def _host(headers: Headers) -> str:
    return re.sub(r":\d+$", "", headers.get("host", "")).lower()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
