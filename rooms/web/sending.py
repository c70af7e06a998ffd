"""Files on their way out, and bodies on their way in."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from base.wire import Problem
from rooms.model.refusal import Refused

PIECE_BYTES: Final = 256 * 1024
FILE_NAME_HEADER: Final = "x-file-name"
GONE: Final = 499
"""Status for the log alone: whoever asked is no longer there."""
NEVER_KEPT: Final = "private, no-store"

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sent:
    """A file to be sent.

    Attributes:
        path: Where it lies.
        name: As the receiver will call it.
        media_type: What it is.
        sha256: Of its bytes.
    """

    path: Path
    name: str
    media_type: str
    sha256: str


class FileAnswer(Response):
    """A file, byte for byte, to be saved and not to be shown.

    One range of it is sent where one is asked for; a request for several gets all of it.

    Args:
        sent: What.
        headers: Of the request.
    """

    def __init__(self, sent: Sent, headers: Headers) -> None:
        super().__init__(media_type=None)
        self._sent = sent
        self._asked = headers.get("range", "")
        if headers.get("if-range", self._tag) != self._tag:
            self._asked = ""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it.

        Raises:
            Refused: NOT_FOUND, when it went meanwhile.
        """
        try:
            file = await asyncio.to_thread(os.open, self._sent.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Refused(Problem.NOT_FOUND, detail="the file went meanwhile") from None
        try:
            # It can be removed now; what is open stays whole.
            size = os.fstat(file).st_size
            begin, end, status = _span(self._asked, size)
            await send(
                {
                    "type": "http.response.start",
                    "status": status,
                    "headers": self._head(begin, end, size, status),
                }
            )
            await self._pour(file, begin, end, send)
        finally:
            os.close(file)

    @property
    def _tag(self) -> str:
        return f'"{self._sent.sha256}"'

    def _head(self, begin: int, end: int, size: int, status: int) -> list[tuple[bytes, bytes]]:
        fields = {
            # Without a charset: nobody knows that of a text.
            "content-type": self._sent.media_type,
            "content-length": str(end - begin),
            "content-disposition": attachment(self._sent.name),
            "accept-ranges": "bytes",
            "etag": self._tag,
            "cache-control": NEVER_KEPT,
            "x-content-type-options": "nosniff",
        }
        if status == 206:
            fields["content-range"] = f"bytes {begin}-{end - 1}/{size}"
        elif status == 416:
            fields["content-range"] = f"bytes */{size}"
        return [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]

    async def _pour(self, file: int, begin: int, end: int, send: Send) -> None:
        while begin < end:
            length = min(PIECE_BYTES, end - begin)
            piece = await asyncio.to_thread(os.pread, file, length, begin)
            if not piece:
                raise OSError(f"{self._sent.path} is shorter than it was")
            begin += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def attachment(name: str) -> str:
    """Return a Content-Disposition that saves under a name (RFC 6266, RFC 5987)."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_name(request: Request) -> str:
    """Return the name that came with a body, as it was typed: anything at all."""
    return unquote(request.headers.get(FILE_NAME_HEADER, ""), errors="replace")


def declared_length(request: Request) -> int | None:
    """Return how long a body says it is; None when it does not say."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isdecimal() and len(value) < 16 else None


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """Yield a body piece by piece.

    Raises:
        Refused: MALFORMED, when its sender leaves in the middle.
    """
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise Refused(Problem.MALFORMED, detail="its sender left") from None


async def unless_gone(request: Request, work: Coroutine[Any, Any, _T]) -> _T | None:
    """Return what `work` comes to; None when whoever asked left before, and end it then."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _span(asked: str, size: int) -> tuple[int, int, int]:
    """Return begin, end and status for the Range header of a request."""
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return 0, size, 200
    first, last = found.groups()
    if not first:
        begin, end = max(0, size - int(last)), size
    else:
        begin, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < begin:
            return 0, size, 200
    return (begin, end, 206) if begin < end else (0, 0, 416)
