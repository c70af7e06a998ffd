"""Files from the service to the disk: byte for byte, and on from where the line broke."""

from __future__ import annotations

import asyncio
import errno
import os
import random
from pathlib import Path
from typing import IO, Final

from base.errors import AppError, ErrorCode
from meeting.model.link import wait_s
from meeting.services.room_error import RoomError, fault
from meeting.services.room_http import PIECE_BYTES, Progress, RoomHttp

TRIES: Final = 8
"""Failed ones in a row, without a byte between them: some 20 s."""


async def download(
    http: RoomHttp,
    path: str,
    target: Path,
    *,
    size: int,
    token: str,
    on_progress: Progress | None = None,
) -> None:
    """Fetch a file; `target` is there when all of it is.

    What is there of it lies beside the target as `.part`, survives a cancelled call, and
    is gone on from, also by a later call. A line that breaks is tried again.

    Args:
        http: The service.
        path: Below the API.
        target: Where it goes; replaced when it is there already.
        size: Its bytes, as the service said.
        token: A seat's.
        on_progress: Told of what is there.

    Raises:
        RoomError: refused, or unreachable for some 20 s.
        AppError: DISK_FULL or READ_ONLY.
    """
    part = target.with_name(target.name + ".part")
    tries = 0
    while True:
        have = await asyncio.to_thread(_size_of, part, size)
        try:
            await _continue(http, path, part, have, size, token, on_progress)
        except RoomError as error:
            if error.code is not ErrorCode.ROOMS_UNREACHABLE:
                raise
            grew = await asyncio.to_thread(_size_of, part, size) > have
            tries = 1 if grew else tries + 1
            if tries >= TRIES:
                raise
            await asyncio.sleep(wait_s(tries, random.random()))  # noqa: S311  (jitter)
        else:
            break
    try:
        await asyncio.to_thread(os.replace, part, target)
    except OSError as error:
        raise _disk_error(error, target) from error


async def _continue(
    http: RoomHttp,
    path: str,
    part: Path,
    have: int,
    size: int,
    token: str,
    on_progress: Progress | None,
) -> None:
    if have == size and have > 0:
        return
    async with http.stream(path, token=token, from_byte=have) as response:
        if response.status_code != 206:
            have = 0
        try:
            file = await asyncio.to_thread(part.open, "ab" if have else "wb")
        except OSError as error:
            raise _disk_error(error, part) from error
        try:
            async for piece in response.aiter_bytes(PIECE_BYTES):
                have += len(piece)
                if have > size:
                    raise fault(f"{path}: more than the {size} bytes it should have")
                await _write(file, piece, part)
                if on_progress is not None:
                    on_progress(have, size)
        finally:
            # Nothing is buffered: `_write` flushed it.
            file.close()
    if have != size:
        raise RoomError(ErrorCode.ROOMS_UNREACHABLE, f"{path}: {have} of {size} bytes came")


async def _write(file: IO[bytes], piece: bytes, part: Path) -> None:
    def write() -> None:
        file.write(piece)
        file.flush()

    # Shielded: a thread that still writes must not find the file closed.
    job = asyncio.ensure_future(asyncio.to_thread(write))
    try:
        await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait([job])
        raise
    except OSError as error:
        raise _disk_error(error, part) from error


def _size_of(part: Path, size: int) -> int:
    """Return how much of a file is there; one that is too long is none of it."""
    try:
        there = part.stat().st_size
    except FileNotFoundError:
        return 0
    if there > size:
        part.unlink()
        return 0
    return there


def _disk_error(error: OSError, path: Path) -> AppError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    code = ErrorCode.DISK_FULL if full else ErrorCode.READ_ONLY
    return AppError(code, f"{path}: {error.strerror}", path.name)
