"""Bodies of requests on their way to the disk: counted, hashed and bounded as they come.

Where things lie, below the service's data folder:

    rooms/ROOM/incoming/RANDOM    on its way; nothing of it is left after a start
    rooms/ROOM/files/FILE         handed over
    rooms/ROOM/assets/SHA256      pictures on the board
    documents/SHA256/             what lies under pages, for all rooms that have it

No name that a person gave is ever a name on this disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from base.wire import Problem
from rooms.model.callers import SeatCaller
from rooms.model.file_kinds import (
    HEAD_BYTES,
    TAIL_BYTES,
    FileKind,
    member_list_place,
    member_names,
    sniff,
)
from rooms.model.refusal import Refused

BATCH_BYTES: Final = 1 << 20
"""Handed to a thread at once: a hop costs some 0.1 ms, and this much of memory a body."""
IDLE_S: Final = 30.0
"""A body that does not get on for so long is given up."""
AT_ONCE_A_SEAT: Final = 3
RETRY_S: Final = 2.0

_T = TypeVar("_T")

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a body may take.

    Attributes:
        shelf: What it counts towards, the same for all bodies that share a total.
        one_bytes: Of one body.
        total_bytes: Of all on the shelf.
        count: How many there may be on it.
        held: Returns bytes and number of what is on it already.
    """

    shelf: str
    one_bytes: int
    total_bytes: int
    count: int
    held: Callable[[], Awaitable[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A body that is on the disk, whole.

    Attributes:
        path: In the room's incoming folder; whoever wants it moves it away.
        size: Bytes.
        sha256: 64 hexadecimal digits.
        head: Its first `HEAD_BYTES`.
    """

    path: Path
    size: int
    sha256: str
    head: bytes


class Folders:
    """Where things lie.

    Args:
        root: The service's data folder.
    """

    def __init__(self, root: Path) -> None:
        self.rooms = root / "rooms"
        self.documents = root / "documents"

    def incoming(self, room: str) -> Path:
        """Return the folder of bodies on their way."""
        return self.rooms / room / "incoming"

    def file(self, room: str, file: str) -> Path:
        """Return where a file lies."""
        return self.rooms / room / "files" / file

    def asset(self, room: str, sha256: str) -> Path:
        """Return where a picture lies."""
        return self.rooms / room / "assets" / sha256

    def document(self, sha256: str) -> Path:
        """Return the folder of a document."""
        return self.documents / sha256

    def remove_room(self, room: str) -> None:
        """Remove all that a room has. Blocks."""
        shutil.rmtree(self.rooms / room, ignore_errors=True)


@dataclass(slots=True)
class _Tally:
    stored_bytes: int
    count: int
    under_way: int = 0


class Intake:
    """Takes bodies in. One event loop.

    Args:
        folders: Where to.
        kept_free_bytes: Left on the disk for the database, which must not be the one to
            find it full.
        idle_s: See `IDLE_S`.
    """

    def __init__(
        self,
        folders: Folders,
        *,
        kept_free_bytes: int,
        idle_s: float = IDLE_S,
    ) -> None:
        self.folders = folders
        self.kept_free_bytes = kept_free_bytes
        self._idle_s = idle_s
        self._tallies: dict[str, _Tally] = {}
        self._counting = asyncio.Lock()
        self._seats: Counter[str] = Counter()

    @asynccontextmanager
    async def take(
        self,
        caller: SeatCaller,
        bounds: Bounds,
        declared_bytes: int | None,
        chunks: AsyncIterator[bytes],
    ) -> AsyncIterator[Taken]:
        """Stream a body to the disk, for the length of a `with`.

        It counts towards its shelf from its first byte. What is not moved away is removed;
        when the `with` ends with an error it no longer counts.

        Args:
            caller: Whose it is.
            bounds: What it may take.
            declared_bytes: What it says about its length, None for nothing.
            chunks: The body.

        Raises:
            Refused: TOO_LARGE, TOO_MANY, NO_ROOM_ON_DISK, or SLOWED when it stops coming.
        """
        if declared_bytes is not None and declared_bytes > bounds.one_bytes:
            raise Refused(Problem.TOO_LARGE, detail=f"{declared_bytes} bytes")
        async with self._counted(caller.seat, bounds) as tally:
            path = self.folders.incoming(caller.room) / secrets.token_hex(16)
            sink = await _open_sink(path, declared_bytes or 0, self.kept_free_bytes)
            try:
                await self._pour(chunks, sink, bounds, tally)
                yield sink.taken()
            except BaseException:
                tally.stored_bytes -= sink.size
                raise
            finally:
                await asyncio.shield(asyncio.to_thread(sink.discard))

    @asynccontextmanager
    async def _counted(self, seat: str, bounds: Bounds) -> AsyncIterator[_Tally]:
        if self._seats[seat] >= AT_ONCE_A_SEAT:
            raise Refused(Problem.TOO_MANY, retry_s=RETRY_S, detail="bodies at once")
        self._seats[seat] += 1
        try:
            async with self._counting:
                tally = self._tallies.get(bounds.shelf)
                if tally is None:
                    # Nothing is under way here, so nothing is counted twice or not at all.
                    tally = _Tally(*await bounds.held())
                    self._tallies[bounds.shelf] = tally
                tally.under_way += 1
            try:
                if tally.count >= bounds.count:
                    raise Refused(Problem.TOO_MANY, detail=f"{tally.count} on the shelf")
                tally.count += 1
                try:
                    yield tally
                except BaseException:
                    tally.count -= 1
                    raise
            finally:
                tally.under_way -= 1
                if not tally.under_way:
                    del self._tallies[bounds.shelf]
        finally:
            self._seats[seat] -= 1
            if not self._seats[seat]:
                del self._seats[seat]

    async def _pour(
        self, chunks: AsyncIterator[bytes], sink: _Sink, bounds: Bounds, tally: _Tally
    ) -> None:
        batch = bytearray()
        while (chunk := await self._next(chunks)) is not None:
            sink.size += len(chunk)
            tally.stored_bytes += len(chunk)
            if sink.size > bounds.one_bytes or tally.stored_bytes > bounds.total_bytes:
                raise Refused(Problem.TOO_LARGE, detail=f"after {sink.size} bytes")
            batch += chunk
            if len(batch) >= BATCH_BYTES:
                await _in_thread(sink.write, bytes(batch))
                batch.clear()
        await _in_thread(sink.finish, bytes(batch))

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout(self._idle_s):
                return await anext(chunks, None)
        except TimeoutError:
            raise Refused(Problem.SLOWED, retry_s=RETRY_S, detail="it stopped") from None


class _Sink:
    """A file while it is written. Its methods block; `size` is the event loop's."""

    def __init__(self, path: Path, kept_free_bytes: int) -> None:
        self.size = 0
        self._path = path
        self._kept_free_bytes = kept_free_bytes
        self._hash = hashlib.sha256()
        self._head = b""
        # A cancelled request leaves its thread writing.
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, data: bytes) -> None:
        with self._lock:
            if self._file < 0:
                return
            check_room(self._path, len(data), self._kept_free_bytes)
            if len(self._head) < HEAD_BYTES:
                self._head += data[: HEAD_BYTES - len(self._head)]
            self._hash.update(data)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def finish(self, data: bytes) -> None:
        self.write(data)
        with self._lock:
            os.fsync(self._file)

    def taken(self) -> Taken:
        return Taken(self._path, self.size, self._hash.hexdigest(), self._head)

    def discard(self) -> None:
        with self._lock:
            os.close(self._file)
            self._file = -1
        self._path.unlink(missing_ok=True)


async def _open_sink(path: Path, expected_bytes: int, kept_free_bytes: int) -> _Sink:
    def opened() -> _Sink:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_room(path, expected_bytes, kept_free_bytes)
        return _Sink(path, kept_free_bytes)

    return await _in_thread(opened)


async def _in_thread(job: Callable[..., _T], *arguments: bytes) -> _T:
    with disk_errors():
        return await asyncio.to_thread(job, *arguments)


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Turn a full disk into a refusal."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Refused(Problem.NO_ROOM_ON_DISK, detail=str(error)) from error


def check_room(path: Path, more_bytes: int, kept_free_bytes: int) -> None:
    """See that the disk has room for more. Blocks.

    Raises:
        OSError: ENOSPC, as when it were full already.
    """
    state = os.statvfs(path.parent)
    if state.f_bavail * state.f_frsize < kept_free_bytes + more_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def put_in_place(taken: Path, place: Path) -> None:
    """Move a body to where it stays; it is there after a power cut, too. Blocks."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    taken.replace(place)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Let the disk know what a folder holds. Blocks."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def kind_of(taken: Taken, name: str) -> FileKind:
    """Return what a body is.

    Raises:
        Refused: WRONG_TYPE, when it is nothing that is taken.
    """
    archive: list[str] = []
    if taken.head.startswith(b"PK"):
        archive = await asyncio.to_thread(_archive_names, taken.path, taken.size)
    kind = sniff(taken.head, archive, name)
    if kind is None:
        raise Refused(Problem.WRONG_TYPE, detail=f"begins with {taken.head[:8]!r}")
    return kind


def _archive_names(path: Path, size: int) -> list[str]:
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL_BYTES))
        place = member_list_place(file.read(TAIL_BYTES), size)
        if place is None:
            return []
        file.seek(place[0])
        return member_names(file.read(place[1]))
