"""Pictures of whole pages as large as asked for, painted in slices while no hand writes.

For the screen of whoever presents: the page that is shown, and the one that comes next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog
from PySide6.QtCore import QObject, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QImage, QPainter

from base.board_doc import Item
from base.errors import AppError
from whiteboard.model.board import BoardChange
from whiteboard.model.bounds import Rect
from whiteboard.model.page import Page
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.item_painting import Look, paint_background, paint_items
from whiteboard.services.painting.sheet_pixels import SheetSpot, SheetTicket, spot_of
from whiteboard.services.painting.snapshot import PageSnapshot, to_qrect
from whiteboard.services.rendering.render_pool import Priority

SLICE_S: Final = 0.0025
PAUSE_MS: Final = 4
"""Between slices: events come first."""
QUIET_MS: Final = 250
"""How long after the last change a page is painted again."""
MOST_KEPT: Final = 6
_BATCH: Final = 16

_Painting: TypeAlias = Generator[None, None, QImage]


@dataclass(frozen=True, slots=True)
class _Known:
    """A page as it is now, and how much of it is to be seen."""

    page: Page
    items: tuple[Item, ...]
    extent: Rect

    def scale(self, room: QSize) -> float:
        """Return device px per pt at which all of it is seen in a room."""
        return min(room.width() / self.extent.width, room.height() / self.extent.height)


class PagePreviews(QObject):
    """Pictures of some pages of a board. Belongs to the UI thread.

    Args:
        open_board: The board.
        now_s: Monotonic clock.
    """

    came = Signal(str)
    """There is a new picture of this page."""

    def __init__(
        self,
        open_board: OpenBoard,
        now_s: Callable[[], float] = time.perf_counter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open = open_board
        self._board = open_board.board
        self._now_s = now_s
        self._log = structlog.get_logger(__name__)
        self._wanted: dict[str, QSize] = {}
        self._images: dict[str, tuple[QSize, QImage]] = {}
        self._stale: set[str] = set()
        self._known: dict[str, _Known] = {}
        self._sheets: dict[tuple[SheetSpot, float], QImage] = {}
        self._tickets: dict[tuple[SheetSpot, float], SheetTicket] = {}
        self._broken: set[tuple[SheetSpot, float]] = set()
        self._job: tuple[str, QSize, _Painting] | None = None
        self._is_writing = False
        self._slices = QTimer(self, interval=PAUSE_MS)
        self._slices.timeout.connect(self._work)
        self._quiet = QTimer(self, interval=QUIET_MS, singleShot=True)
        self._quiet.timeout.connect(self._plan)
        self._stop_listening = self._board.on_change(self._note)
        open_board.images_came.connect(self._images_came)

    def want(self, pages: Sequence[tuple[str, QSize]]) -> None:
        """Say which pages are shown from now on.

        Args:
            pages: Ids, the most urgent first, with the room that each has, device px.
        """
        self._wanted = {page_id: size for page_id, size in pages if not size.isEmpty()}
        for key in [k for k in self._tickets if k not in self._keys()]:
            self._tickets.pop(key).cancel()
        self._shrink()
        self._plan()

    def image(self, page_id: str) -> QImage | None:
        """Return the picture of a page, an old one while a new one is painted."""
        found = self._images.get(page_id)
        return None if found is None else found[1]

    def set_writing(self, is_writing: bool) -> None:
        """Say whether a hand is writing: nothing is painted then."""
        self._is_writing = is_writing
        self._plan()

    def shutdown(self) -> None:
        """Let go of the board and stop all timers."""
        self._slices.stop()
        self._quiet.stop()
        self._stop_listening()
        self._open.images_came.disconnect(self._images_came)
        for ticket in self._tickets.values():
            ticket.cancel()
        self._tickets.clear()
        self._drop_job()

    # What became old ----------------------------------------------------------------------

    def _note(self, change: BoardChange) -> None:
        for items in (change.items_before, change.items_after):
            touched = {item.page for item in items.values()}
            self._stale |= touched
            for page_id in touched:
                self._known.pop(page_id, None)
        if change.pages:
            self._stale.update(self._wanted)
            self._known.clear()
        if self._job is not None and self._job[0] in self._stale:
            self._drop_job()
        self._quiet.start()

    def _images_came(self) -> None:
        self._stale.update(self._wanted)
        self._quiet.start()

    def _drop_job(self) -> None:
        if self._job is not None:
            self._job[2].close()
            self._job = None

    def _shrink(self) -> None:
        self._known = {p: known for p, known in self._known.items() if p in self._wanted}
        for page_id in [p for p in self._images if p not in self._wanted]:
            if len(self._images) <= MOST_KEPT:
                break
            del self._images[page_id]
        keys = self._keys()
        for key in [k for k in self._sheets if k not in keys]:
            if len(self._sheets) <= MOST_KEPT:
                break
            del self._sheets[key]

    # Work between events ------------------------------------------------------------------

    def _plan(self) -> None:
        if self._is_writing or not (self._job or self._next()):
            self._slices.stop()
        elif not self._slices.isActive():
            self._slices.start()

    def _work(self) -> None:
        until_s = self._now_s() + SLICE_S
        while self._step() and self._now_s() < until_s:
            pass
        self._plan()

    def _step(self) -> bool:
        """Do a batch of work; return whether there was any."""
        if self._job is None:
            page_id = self._next()
            if page_id is None:
                return False
            self._begin(page_id)
            return True
        page_id, room, job = self._job
        try:
            next(job)
        except StopIteration as done:
            self._job = None
            self._images.pop(page_id, None)
            self._images[page_id] = (room, done.value)
            self.came.emit(page_id)
        return True

    def _next(self) -> str | None:
        """Return a page that lacks its picture, and whose sheet is there."""
        for page_id, room in self._wanted.items():
            found = self._images.get(page_id)
            if found is not None and found[0] == room and page_id not in self._stale:
                continue
            known = self._look_up(page_id)
            if known is not None and self._has_sheet(known, room):
                return page_id
        return None

    def _begin(self, page_id: str) -> None:
        room, known = self._wanted[page_id], self._look_up(page_id)
        self._stale.discard(page_id)
        if known is not None:
            self._job = (page_id, room, self._paint(known, room))

    def _look_up(self, page_id: str) -> _Known | None:
        known = self._known.get(page_id)
        page = next((p for p in self._board.pages if p.id == page_id), None)
        if known is None and page is not None:
            items = tuple(item for _, item in self._board.stacked(page_id))
            known = _Known(page, items, PageSnapshot(page, items).extent())
            self._known[page_id] = known
        return known

    def _paint(self, known: _Known, room: QSize) -> _Painting:
        extent, scale = known.extent, known.scale(room)
        size = QSize(max(round(extent.width * scale), 1), max(round(extent.height * scale), 1))
        image = QImage(size, QImage.Format.Format_RGB32)
        background = known.page.background
        look = Look(is_dark=background.is_dark, scale=scale, image=self._open.image)
        for start in range(-1, len(known.items), _BATCH):
            # A painter lives for one batch: between two, Qt may want the image alone.
            painter = QPainter(image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.scale(scale, scale)
            painter.translate(-extent.left, -extent.top)
            if start < 0:
                paint_background(painter, background, to_qrect(extent), scale)
                self._paint_sheet(painter, known.page, scale)
            paint_items(painter, known.items[max(start, 0) : start + _BATCH], look)
            painter.end()
            yield
        return image

    # Sheets -------------------------------------------------------------------------------

    def _keys(self) -> set[tuple[SheetSpot, float]]:
        """Return what of sheets is wanted."""
        keys = set()
        for page_id, room in self._wanted.items():
            known = self._look_up(page_id)
            spot = None if known is None else spot_of(known.page)
            if known is not None and spot is not None:
                keys.add((spot, known.scale(room)))
        return keys

    def _has_sheet(self, known: _Known, room: QSize) -> bool:
        """Return whether a page can be painted now; ask for its sheet if it lacks it."""
        spot, documents = spot_of(known.page), self._open.documents
        if spot is None or documents is None:
            return True
        key = (spot, known.scale(room))
        if key in self._sheets or key in self._broken:
            return True
        if key not in self._tickets:
            sheet = spot.sheet
            self._tickets[key] = documents.render(
                sheet.document,
                sheet.number,
                sheet.turns,
                key[1],
                spot.frame_px(key[1]),
                Priority.THUMBNAIL,
                lambda answer: self._take_sheet(key, answer),
            )
        return False

    def _take_sheet(self, key: tuple[SheetSpot, float], answer: QImage | AppError) -> None:
        self._tickets.pop(key, None)
        if isinstance(answer, AppError):
            self._log.info("sheet is missing from a preview", reason=str(answer))
            self._broken.add(key)
        else:
            self._sheets[key] = answer
        self._plan()

    def _paint_sheet(self, painter: QPainter, page: Page, scale: float) -> None:
        spot = spot_of(page)
        image = None if spot is None else self._sheets.get((spot, scale))
        if image is not None:
            size = QRectF(0.0, 0.0, image.width() / scale, image.height() / scale)
            painter.drawImage(size, image)
