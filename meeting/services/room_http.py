"""HTTP towards the consultation service: one answer each, typed, with typed errors.

Nothing here waits for the disk or reads certificates on the loop's thread.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from base.errors import AppError, ErrorCode
from base.wire import Refusal
from meeting.services.room_error import RoomError, fault, refused, unreachable

API: Final = "/api/v1"
CONNECT_S: Final = 5.0
ANSWER_S: Final = 20.0
"""The service holds wrong keys back for 2 s, and a thin line needs time for a picture."""
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""Of an answer that is held in memory; files go to the disk piece by piece."""
PIECE_BYTES: Final = 256 * 1024
MOST_CONNECTIONS: Final = 8

Answer = TypeVar("Answer", bound=BaseModel)
Parsed = TypeVar("Parsed")
Progress = Callable[[int, int], None]
"""Called on the loop's thread with the bytes that are through, and all of them."""


def parse_base_url(text: str) -> str:
    """Return the address of a service without a slash at its end.

    Raises:
        RoomError: ROOMS_UNREACHABLE, when it is no http or https address.
    """
    try:
        parts = urlsplit(text.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_good = is_good and (parts.port is None or parts.port > 0)
        is_good = is_good and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        is_good = False
    if not is_good:
        raise RoomError(ErrorCode.ROOMS_UNREACHABLE, f"no address of a service: {text!r}")
    return text.strip().rstrip("/")


def is_loopback(base_url: str) -> bool:
    """Return whether an address is on this machine, where no proxy has a place."""
    host = urlsplit(base_url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


class RoomHttp:
    """The HTTP side of one service. Belongs to one event loop.

    Args:
        base_url: From `parse_base_url`.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._client: httpx.AsyncClient | None = None
        self._context: ssl.SSLContext | None = None
        self._making = asyncio.Lock()
        self._is_closed = False

    async def close(self) -> None:
        """Close all connections. Calls under way fail."""
        self._is_closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def context(self) -> ssl.SSLContext | None:
        """Return what TLS is spoken with; None for a service without TLS."""
        if not self.base_url.startswith("https:"):
            return None
        if self._context is None:
            # Reads a file of some hundred certificates: 20 ms and more.
            self._context = await asyncio.to_thread(ssl.create_default_context)
        return self._context

    async def ask(
        self,
        answer: type[Answer],
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: BaseModel | None = None,
    ) -> Answer:
        """Send a request and return its answer.

        Raises:
            RoomError: refused, unreachable, or an answer that is none.
        """
        found = await self._content(method, path, token=token, body=body)
        return self._parsed(TypeAdapter(answer), found, path)

    async def ask_many(
        self, answer: type[Answer], path: str, *, token: str | None
    ) -> tuple[Answer, ...]:
        """Send a GET and return the list that it answers with.

        Raises:
            RoomError: as `ask`.
        """
        found = await self._content("GET", path, token=token)
        kind = tuple[answer, ...]  # type: ignore[valid-type]
        adapter: TypeAdapter[tuple[Answer, ...]] = TypeAdapter(kind)
        return self._parsed(adapter, found, path)

    async def tell(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        body: BaseModel | None = None,
    ) -> None:
        """Send a request whose answer says nothing.

        Raises:
            RoomError: refused or unreachable.
        """
        await self._content(method, path, token=token, body=body)

    async def fetch(self, path: str, *, token: str | None) -> bytes:
        """Return the bytes of an answer of at most `MAX_ANSWER_BYTES`.

        Raises:
            RoomError: as `ask`.
        """
        return await self._content("GET", path, token=token)

    async def put(self, path: str, data: bytes, *, token: str, media_type: str) -> None:
        """Send bytes with PUT.

        Raises:
            RoomError: refused or unreachable.
        """
        headers = {"Content-Type": media_type}
        async with self._answer("PUT", path, token, headers, content=data):
            return

    async def send_file(
        self,
        answer: type[Answer],
        path: str,
        file: Path,
        *,
        name: str,
        token: str,
        media_type: str = "application/octet-stream",
        on_progress: Progress | None = None,
    ) -> Answer:
        """Send a file piece by piece from the disk and return the answer.

        The bytes are those of the file when it is read; one that changes its size
        meanwhile fails. No more than one piece of 256 KB is in memory.

        Raises:
            RoomError: refused, unreachable.
            AppError: NOT_FOUND when the file cannot be read.
        """
        try:
            opened = await asyncio.to_thread(file.open, "rb")
            size = (await asyncio.to_thread(file.stat)).st_size
        except OSError as error:
            raise AppError(ErrorCode.NOT_FOUND, f"{file}: {error}", file.name) from error
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(size),
            "X-File-Name": quote(name, safe=""),
        }
        try:
            pieces = _pieces(opened, size, on_progress)
            async with self._answer("POST", path, token, headers, content=pieces) as response:
                found = await _bounded(response)
        finally:
            opened.close()
        return self._parsed(TypeAdapter(answer), found, path)

    @asynccontextmanager
    async def stream(
        self, path: str, *, token: str, from_byte: int = 0
    ) -> AsyncIterator[httpx.Response]:
        """Open an answer whose bytes the caller reads, from some byte on.

        The status is 206 when it begins at `from_byte`, else 200 and it begins at 0.

        Raises:
            RoomError: refused or unreachable; also while it is being read.
        """
        headers = {"Range": f"bytes={from_byte}-"} if from_byte else {}
        async with self._answer("GET", path, token, headers) as response:
            yield response

    async def _content(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        body: BaseModel | None = None,
    ) -> bytes:
        headers: dict[str, str] = {}
        content: bytes | None = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = body.model_dump_json().encode()
        async with self._answer(method, path, token, headers, content=content) as response:
            return await _bounded(response)

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        token: str | None,
        headers: Mapping[str, str],
        content: bytes | AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        client = await self._ready()
        sent = dict(headers)
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        try:
            async with client.stream(
                method, self.base_url + API + path, headers=sent, content=content
            ) as response:
                if not response.is_success:
                    raise await _refusal(response, f"{method} {path}")
                yield response
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise unreachable(error) from error
        except (OSError, RuntimeError) as error:
            # RuntimeError is how a closed client says so in the midst of a call.
            if isinstance(error, OSError) or self._is_closed:
                raise unreachable(error) from error
            raise

    async def _ready(self) -> httpx.AsyncClient:
        async with self._making:
            if self._is_closed:
                raise RoomError(ErrorCode.ROOMS_UNREACHABLE, "the client is closed")
            if self._client is None:
                self._client = httpx.AsyncClient(
                    # Without TLS a context that trusts nobody: the usual one would be
                    # read from the disk here, on the loop's thread.
                    verify=await self.context() or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                    timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
                    limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
                    trust_env=not is_loopback(self.base_url),
                    follow_redirects=False,
                )
            return self._client

    @staticmethod
    def _parsed(adapter: TypeAdapter[Parsed], content: bytes, path: str) -> Parsed:
        try:
            return adapter.validate_json(content)
        except ValidationError as error:
            raise fault(f"{path}: {error.error_count()} errors in the answer") from error


async def _bounded(response: httpx.Response) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise fault(f"{response.url.path}: an answer of more than {MAX_ANSWER_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def _refusal(response: httpx.Response, what: str) -> RoomError:
    content = await _bounded(response)
    try:
        return refused(Refusal.model_validate_json(content), what)
    except ValidationError:
        return fault(f"{what}: status {response.status_code}")


async def _pieces(
    file: IO[bytes], size: int, on_progress: Progress | None
) -> AsyncIterator[bytes]:
    sent = 0
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
        sent += len(piece)
        if on_progress is not None:
            on_progress(sent, size)
