"""Documents under pages of the board, as pictures in three widths.

A document is a PDF, named by the SHA-256 of its bytes; it lies on the disk once for all rooms
that have it and goes with the last of them. Pictures are made in the page process: first of
the page that is shown, then of its neighbours, then of the others while nothing else waits;
what somebody asks for comes before everything.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from collections import Counter, OrderedDict, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from base.wire import DocumentView, Problem, Role
from rooms.model.callers import SeatCaller
from rooms.model.file_kinds import PDF, FileKind, kind_of_type
from rooms.model.file_names import safe_name
from rooms.model.page_queue import Urgency
from rooms.model.refusal import Refused
from rooms.services.config import MB, RoomsSettings
from rooms.services.database import Database
from rooms.services.file_store import DocumentRow, FileRow, FileStore
from rooms.services.files import check_is_in, check_may_share
from rooms.services.intake import (
    Bounds,
    Intake,
    check_room,
    disk_errors,
    kind_of,
    put_in_place,
)
from rooms.services.page_maker import Errand, PageMaker
from rooms.services.page_protocol import SIZE, JobKind, PageAnswer, State, parse_sizes

WIDTHS: Final = (640, 1280, 2560)
"""Of pictures, px: for a weak line, for a phone or a tablet, for a large screen."""
DOCUMENTS_MAX: Final = 50
"""Of one room."""
PREPARED_SHEETS: Final = 300
"""Of a document, made without being asked for; those nearest to the page shown."""
ASKED_AT_ONCE: Final = 8
"""Pictures that one seat may wait for."""
SIZES_KEPT: Final = 64
SENTENCES_KEPT: Final = 32
FILE: Final = "document.pdf"
SIZES: Final = "sizes"
PART: Final = ".part"

Sizes = tuple[tuple[float, float], ...]
"""Width and height of each sheet, pt."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A picture of a page, WebP; not `is_readable` when it only says that there is none."""

    data: bytes
    is_readable: bool


async def _tell_nobody(_room: str) -> None:
    """Stand in for who wants to know, until there is somebody."""


class RoomDocuments:
    """Takes documents in and gives their pages out. One event loop.

    Args:
        settings: How large documents may be.
        database: Where they are listed.
        intake: What brings them to the disk.

    Attributes:
        on_changed: Called with a room when its documents are not what they were, after
            this happened by itself.
    """

    def __init__(self, settings: RoomsSettings, database: Database, intake: Intake) -> None:
        self.on_changed: Callable[[str], Awaitable[None]] = _tell_nobody
        self._settings = settings
        self._store = FileStore(database)
        self._intake = intake
        self._folders = intake.folders
        self._maker = PageMaker(self._made)
        self._placing = asyncio.Lock()
        self._sizes: OrderedDict[str, Sizes] = OrderedDict()
        self._unreadable: defaultdict[str, set[int]] = defaultdict(set)
        self._sentences: OrderedDict[tuple[int, tuple[float, float]], bytes] = OrderedDict()
        self._shown: dict[str, int] = {}
        self._asking: Counter[str] = Counter()

    async def start(self) -> None:
        """Remove what no room has any more, and go on with what a stop interrupted."""
        await self._drop_unlisted()
        self._maker.start()
        for sha256 in await self._store.unknown_documents():
            self._maker.want(self._opening(sha256), Urgency.REST)

    async def close(self) -> None:
        """Stop making pages."""
        await self._maker.close()

    @property
    def process_id(self) -> int | None:
        """Of the page process; None while there is none."""
        return self._maker.process_id

    async def views(self, room: str) -> tuple[DocumentView, ...]:
        """Return the documents of a room in the order they came."""
        return tuple(view_of(row) for row in await self._store.documents_of(room))

    async def take(
        self,
        caller: SeatCaller,
        name: str,
        declared_bytes: int | None,
        chunks: AsyncIterator[bytes],
        shown: int = 0,
    ) -> DocumentView:
        """Take a PDF in, or a picture that becomes a page. Its pages are made afterwards.

        Args:
            caller: Staff or kiosk.
            name: As it was called; anything at all.
            declared_bytes: How long it says it is.
            chunks: What it holds.
            shown: The sheet that is shown first.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND, ROOM_OVER, WRONG_TYPE, and see `Intake.take`.
        """
        await self._check_may_place(caller)
        self._maker.warm_up()
        async with self._intake.take(
            caller, self._bounds(caller.room), declared_bytes, chunks
        ) as taken:
            kind = await kind_of(taken, name)
            return await self._place(caller.room, name, kind, taken.path, taken.sha256, shown)

    async def take_file(
        self, caller: SeatCaller, row: FileRow, path: Path, shown: int = 0
    ) -> DocumentView:
        """Make a document of a file that was handed over: a form, a photographed letter.

        Args:
            caller: Staff or kiosk.
            row: The file.
            path: Where it lies.
            shown: The sheet that is shown first.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND, ROOM_OVER, WRONG_TYPE, TOO_LARGE, TOO_MANY,
                NO_ROOM_ON_DISK.
        """
        await self._check_may_place(caller)
        bounds = self._bounds(caller.room)
        held_bytes, count = await bounds.held()
        if count >= bounds.count:
            raise Refused(Problem.TOO_MANY, detail=f"{count} documents")
        if row.size > bounds.one_bytes or held_bytes + row.size > bounds.total_bytes:
            raise Refused(Problem.TOO_LARGE, detail=f"{row.size} bytes")
        kind = kind_of_type(row.media_type)
        if kind is None:
            raise Refused(Problem.WRONG_TYPE, detail=row.media_type)
        # The file stays where it is; a second name for its bytes costs nothing.
        linked = self._folders.incoming(caller.room) / secrets.token_hex(16)
        try:
            with disk_errors():
                await asyncio.to_thread(_link, path, linked)
            return await self._place(caller.room, row.name, kind, linked, row.sha256, shown)
        except FileNotFoundError:
            raise Refused(Problem.NOT_FOUND, detail="it went meanwhile") from None
        finally:
            await asyncio.shield(asyncio.to_thread(linked.unlink, missing_ok=True))

    async def original(self, caller: SeatCaller, sha256: str) -> tuple[DocumentRow, Path]:
        """Return a document of the caller's room, and where its PDF lies. Staff and kiosk.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND.
        """
        _check_is_host(caller)
        row = await self._row(caller, sha256)
        return row, self._folders.document(sha256) / FILE

    async def sizes(self, caller: SeatCaller, sha256: str) -> Sizes:
        """Return width and height of each sheet, pt; empty for one that cannot be read.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND, SLOWED.
        """
        row = await self._row(caller, sha256)
        with self._waiting(caller.seat):
            return await self._sizes_of(row)

    async def page(
        self, caller: SeatCaller, sha256: str, sheet: int, width: int
    ) -> PagePicture:
        """Return a picture of a page, made now if nobody made it before.

        Args:
            caller: Somebody in the room.
            sha256: The document.
            sheet: Which, from 0.
            width: One of `WIDTHS`.

        Raises:
            Refused: NOT_ALLOWED, NOT_FOUND, SLOWED, TOO_MANY.
        """
        row = await self._row(caller, sha256)
        with self._waiting(caller.seat):
            sizes = await self._sizes_of(row)
            if sheet >= max(len(sizes), 1):
                raise Refused(Problem.NOT_FOUND, detail=f"sheet {sheet}")
            if not sizes or sheet in self._unreadable.get(sha256, ()):
                return await self._sentence(width, sizes[sheet] if sizes else (0.0, 0.0))
            self._want_neighbours(sha256, sheet, width, len(sizes))
            errand = self._picturing(sha256, sheet, width)
            kept = await asyncio.to_thread(_read_picture, self._place_of(errand))
            if kept is not None:
                return PagePicture(kept, is_readable=True)
            answer = await self._maker.ask(errand)
            if not _is_picture(answer):
                return await self._sentence(width, sizes[sheet])
            return PagePicture(answer.data, is_readable=True)

    async def forget_room(self, room: str) -> None:
        """Remove the documents that only this room had. Calling it again does nothing."""
        await self._store.forget_documents(room)
        await self._drop_unlisted()

    # Taking in ---------------------------------------------------------------------------

    async def _check_may_place(self, caller: SeatCaller) -> None:
        _check_is_host(caller)
        await check_may_share(self._store, caller)

    def _bounds(self, room: str) -> Bounds:
        async def held() -> tuple[int, int]:
            rows = await self._store.documents_of(room)
            paths = [self._folders.document(row.sha256) / FILE for row in rows]
            return await asyncio.to_thread(_bytes_of, paths), len(rows)

        return Bounds(
            shelf=f"documents of {room}",
            one_bytes=self._settings.document_max_mb * MB,
            total_bytes=max(
                self._settings.room_files_max_mb, self._settings.document_max_mb
            ) * MB,
            count=DOCUMENTS_MAX,
            held=held,
        )  # fmt: skip

    async def _place(
        self, room: str, name: str, kind: FileKind, path: Path, sha256: str, shown: int
    ) -> DocumentView:
        """Bring a file that has come in to where documents lie, and list it."""
        if not kind.makes_page:
            raise Refused(Problem.WRONG_TYPE, detail=kind.media_type)
        if kind is PDF:
            named = safe_name(name, PDF.suffixes)
        else:
            sha256 = await self._flatten(path)
            named = safe_name(Path(safe_name(name, kind.suffixes)).stem, PDF.suffixes)
        async with self._placing:
            folder = self._folders.document(sha256)
            with disk_errors():
                await asyncio.to_thread(_place_once, path, folder / FILE)
            sizes = await asyncio.to_thread(_read_sizes, folder / SIZES)
            row = DocumentRow(room, sha256, named, len(sizes or ()), failed=False)
            is_listed = await self._store.add_document(row)
        if not is_listed:
            await self._drop_unlisted()
            raise Refused(Problem.ROOM_OVER, detail="it ended meanwhile")
        self._shown[sha256] = shown
        if sizes is None:
            self._maker.want(self._opening(sha256), Urgency.CURRENT)
        else:
            self._want_pages(sha256, len(sizes))
        return view_of(await self._store.document(room, sha256) or row)

    async def _flatten(self, path: Path) -> str:
        """Turn a picture into a document of one page, in its place; return its SHA-256."""
        answer = await self._maker.ask(Errand(JobKind.PHOTO, file=path))
        if answer.state is State.TOO_LARGE:
            raise Refused(Problem.TOO_LARGE, detail="a picture of too many pixels")
        if answer.state is not State.DONE or not answer.data.startswith(b"%PDF-"):
            raise Refused(Problem.WRONG_TYPE, detail="a picture that cannot be read")
        with disk_errors():
            await asyncio.to_thread(_replace, path, answer.data, self._intake.kept_free_bytes)
        return hashlib.sha256(answer.data).hexdigest()

    async def _drop_unlisted(self) -> None:
        async with self._placing:
            listed = await self._store.all_documents()
            gone = await asyncio.to_thread(_drop_folders, self._folders.documents, listed)
        for sha256 in gone:
            self._maker.forget(sha256)
            self._sizes.pop(sha256, None)
            self._unreadable.pop(sha256, None)
            self._shown.pop(sha256, None)

    # Giving out --------------------------------------------------------------------------

    async def _row(self, caller: SeatCaller, sha256: str) -> DocumentRow:
        check_is_in(caller)
        row = await self._store.document(caller.room, sha256)
        if row is None:
            raise Refused(Problem.NOT_FOUND, detail=f"document {sha256}")
        return row

    @contextmanager
    def _waiting(self, seat: str) -> Iterator[None]:
        if self._asking[seat] >= ASKED_AT_ONCE:
            raise Refused(Problem.TOO_MANY, retry_s=1.0, detail="pages at once")
        self._asking[seat] += 1
        try:
            yield
        finally:
            self._asking[seat] -= 1
            if not self._asking[seat]:
                del self._asking[seat]

    async def _sizes_of(self, row: DocumentRow) -> Sizes:
        if row.failed:
            return ()
        if row.sha256 in self._sizes:
            self._sizes.move_to_end(row.sha256)
            return self._sizes[row.sha256]
        path = self._folders.document(row.sha256) / SIZES
        sizes = await asyncio.to_thread(_read_sizes, path)
        if sizes is None:
            sizes = _sizes_in(await self._maker.ask(self._opening(row.sha256))) or ()
        self._remember_sizes(row.sha256, sizes)
        return sizes

    def _remember_sizes(self, sha256: str, sizes: Sizes) -> None:
        self._sizes[sha256] = sizes
        while len(self._sizes) > SIZES_KEPT:
            self._sizes.popitem(last=False)

    async def _sentence(self, width: int, size_pt: tuple[float, float]) -> PagePicture:
        key = (width, size_pt)
        if key not in self._sentences:
            answer = await self._maker.ask(
                Errand(JobKind.SENTENCE, width=width, size_pt=size_pt)
            )
            if not _is_picture(answer):
                raise Refused(Problem.SLOWED, retry_s=2.0, detail="not even a sentence")
            self._sentences[key] = answer.data
            while len(self._sentences) > SENTENCES_KEPT:
                self._sentences.popitem(last=False)
        return PagePicture(self._sentences[key], is_readable=False)

    # Making ------------------------------------------------------------------------------

    def _opening(self, sha256: str) -> Errand:
        file = self._folders.document(sha256) / FILE
        return Errand(JobKind.OPEN, sha256, file=file)

    def _picturing(self, sha256: str, sheet: int, width: int) -> Errand:
        file = self._folders.document(sha256) / FILE
        return Errand(JobKind.SHEET, sha256, sheet, width, file=file)

    def _place_of(self, errand: Errand) -> Path:
        return self._folders.document(errand.document) / f"{errand.sheet}-{errand.width}.webp"

    def _want_pages(self, sha256: str, sheets: int) -> None:
        """Queue all pages: the one shown, its neighbours, the rest by distance."""
        shown = min(self._shown.pop(sha256, 0), sheets - 1)
        nearest = sorted(range(sheets), key=lambda sheet: abs(sheet - shown))
        for width in WIDTHS:
            for sheet in nearest[:PREPARED_SHEETS]:
                distance = min(abs(sheet - shown), 2)
                urgency = (Urgency.CURRENT, Urgency.NEXT, Urgency.REST)[distance]
                self._want_picture(self._picturing(sha256, sheet, width), urgency)

    def _want_neighbours(self, sha256: str, sheet: int, width: int, sheets: int) -> None:
        for other in (sheet + 1, sheet - 1):
            if 0 <= other < sheets and other not in self._unreadable.get(sha256, ()):
                self._want_picture(self._picturing(sha256, other, width), Urgency.NEXT)

    def _want_picture(self, errand: Errand, urgency: Urgency) -> None:
        # One look into the disk's cache: a second room with the document has it all.
        if not self._place_of(errand).exists():
            self._maker.want(errand, urgency)

    async def _made(self, errand: Errand, answer: PageAnswer) -> None:
        if errand.kind is JobKind.OPEN:
            await self._opened(errand.document, _sizes_in(answer))
        elif errand.kind is JobKind.SHEET:
            await self._pictured(errand, answer)

    async def _opened(self, sha256: str, sizes: Sizes | None) -> None:
        if sizes is not None:
            path = self._folders.document(sha256) / SIZES
            await self._keep(path, _packed(sizes))
            self._remember_sizes(sha256, sizes)
            self._want_pages(sha256, len(sizes))
        rooms = await self._store.know_document(sha256, len(sizes or ()), failed=sizes is None)
        for room in rooms:
            await self.on_changed(room)

    async def _pictured(self, errand: Errand, answer: PageAnswer) -> None:
        if _is_picture(answer):
            await self._keep(self._place_of(errand), answer.data)
            return
        _log.info("a page cannot be shown", document=errand.document, sheet=errand.sheet)
        self._unreadable[errand.document].add(errand.sheet)
        self._maker.give_up(errand.document, errand.sheet)

    async def _keep(self, path: Path, data: bytes) -> None:
        try:
            with disk_errors():
                await asyncio.to_thread(_write, path, data, self._intake.kept_free_bytes)
        except FileNotFoundError:
            return  # its last room went meanwhile
        except Refused:
            # It is handed out all the same; there is only no use in making others ahead.
            _log.warning("no room for pictures of pages")
            self._maker.forget_background()


def view_of(row: DocumentRow) -> DocumentView:
    """Return a document as those in its room see it."""
    return DocumentView(id=row.sha256, name=row.name, sheets=row.sheets, failed=row.failed)


def _check_is_host(caller: SeatCaller) -> None:
    if caller.role is Role.GUEST:
        raise Refused(Problem.NOT_ALLOWED, detail="staff and kiosk alone")


def _sizes_in(answer: PageAnswer) -> Sizes | None:
    if answer.state is not State.DONE:
        return None
    try:
        return parse_sizes(answer.data)
    except ValueError:
        return None


def _is_picture(answer: PageAnswer) -> bool:
    return answer.state is State.DONE and _is_webp(answer.data)


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _read_picture(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    # A power cut leaves empty files behind.
    return data if _is_webp(data) else None


def _read_sizes(path: Path) -> Sizes | None:
    try:
        return parse_sizes(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _packed(sizes: Sizes) -> bytes:
    return b"".join(SIZE.pack(*size) for size in sizes)


def _write(path: Path, data: bytes, kept_free_bytes: int) -> None:
    """Write a file that can be made again; whole, or not at all."""
    check_room(path, len(data), kept_free_bytes)
    part = path.with_name(path.name + PART)
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _replace(path: Path, data: bytes, kept_free_bytes: int) -> None:
    """Write another file in the place of one that came in."""
    check_room(path, len(data), kept_free_bytes)
    path.unlink()
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _link(path: Path, linked: Path) -> None:
    linked.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    linked.hardlink_to(path)


def _place_once(path: Path, place: Path) -> None:
    # Its name is its hash: what is there already is the same.
    if not place.exists():
        put_in_place(path, place)


def _bytes_of(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def _drop_folders(folder: Path, listed: set[str]) -> list[str]:
    """Remove the documents that no room lists; return them."""
    if not folder.is_dir():
        return []
    gone = [entry for entry in folder.iterdir() if entry.name not in listed]
    for entry in gone:
        shutil.rmtree(entry, ignore_errors=True)
    return [entry.name for entry in gone]
