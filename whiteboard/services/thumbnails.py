"""Small pictures of pages, painted in slices between events while no hand writes.

They are for finding a page, not for reading it: strokes are drawn as lines of their
nominal width through every few samples, ten times as fast as with their outlines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import structlog
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from base.board_doc import BrushKind, Item, StrokeItem, unpack_positions
from base.errors import AppError
from base.tasks import Worker
from whiteboard.model.board import BoardChange
from whiteboard.model.bounds import Rect, item_bounds, many_bounds
from whiteboard.model.page import Background, Page
from whiteboard.model.palette import highlighter_rgb, ink_rgb
from whiteboard.services.ink_painting import blend_mode
from whiteboard.services.open_board import OpenBoard
from whiteboard.services.painting import Look, paint_background, paint_item

WIDTH_PX: Final = 480
HEIGHT_PX: Final = 270
SLICE_S: Final = 0.0025
"""Work at a time; a batch more may pass before the clock is looked at again."""
QUIET_MS: Final = 1200
"""How long after the last change pages are painted again for the list of boards."""
PAUSE_MS: Final = 4
"""Between slices: events come first, and the processor is not taken whole."""
_BATCH: Final = 16
_FINER: Final = 2
_BOUNDS_BATCH: Final = 256
_THINNED_PX: Final = 1.5
"""Samples nearer than about this in the picture are left out."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """A thumbnail and what it was made from.

    Attributes:
        image: The picture.
        area: What of the page it shows.
        background: What lies under the ink.
        top_z: Highest stacking order on it.
    """

    image: QImage
    area: Rect
    background: Background
    top_z: float


_Job: TypeAlias = Generator[_Picture | None, None, None]
"""Paints one picture; yields None until it is there."""


class Thumbnails(QObject):
    """The thumbnails of a board. Belongs to the UI thread.

    Args:
        open_board: The board; its file gets the thumbnails of the pages that changed.
        worker: Where they are turned into PNG.
        now_s: Monotonic clock.
    """

    painted = QtSignal(str)
    """The thumbnail of this page is new."""

    def __init__(
        self,
        open_board: OpenBoard,
        worker: Worker,
        now_s: Callable[[], float] = time.perf_counter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open = open_board
        self._board = open_board.board
        self._worker = worker
        self._now_s = now_s
        self._log = structlog.get_logger(__name__)
        self._pictures: dict[str, _Picture] = {}
        self._added: dict[str, list[str]] = {}
        self._stale: set[str] = set()
        self._wanted: dict[str, None] = {}
        self._unsaved: set[str] = set()
        self._lacking: set[str] = set()
        self._job: tuple[str, _Job] | None = None
        self._is_writing = False
        self._slices = QTimer(self, interval=PAUSE_MS)
        self._slices.timeout.connect(self._work)
        self._quiet = QTimer(self, interval=QUIET_MS, singleShot=True)
        self._quiet.timeout.connect(self._freshen)
        self._stop_listening = self._board.on_change(self._note)
        open_board.images_came.connect(self._images_came)
        # The list of boards shows the first page; it may have none, or an old one.
        self._unsaved.update(page.id for page in self._board.pages[:1])
        self._stale.update(self._unsaved)
        self._quiet.start()

    def image(self, page_id: str) -> QImage | None:
        """Return the thumbnail of a page, an old one while a new one is painted.

        None where there is none yet; `painted` tells when to ask again. The page is
        painted before others that nobody asked for.
        """
        picture = self._pictures.get(page_id)
        if picture is None or page_id in self._stale or page_id in self._added:
            self._wanted[page_id] = None
            self._plan()
        return None if picture is None else picture.image

    def set_writing(self, is_writing: bool) -> None:
        """Say whether a hand is writing: nothing is painted then."""
        self._is_writing = is_writing
        self._plan()

    @property
    def has_work(self) -> bool:
        """Whether a thumbnail that was asked for is still to be painted."""
        return bool(self._job or self._wanted)

    def step_for_s(self, most_s: float) -> None:
        """Paint now, for about `most_s` or until nothing is left; at least one step."""
        until_s = self._now_s() + most_s
        while self._step() and self._now_s() < until_s:
            pass

    def finish(self, most_s: float = 0.4) -> None:
        """Paint what the list of boards still lacks and give all to the file.

        For a board that is about to be left. Blocks for about `most_s` at most; then the
        pages that are left keep their old pictures.
        """
        first = [page.id for page in self._board.pages[:1]]
        self._wanted = dict.fromkeys([*first, *self._unsaved])
        self.step_for_s(most_s)
        for page_id in list(self._unsaved):
            self._save(page_id)
        self._worker.drain(most_s)

    def shutdown(self) -> None:
        """Let go of the board and stop all timers."""
        self._slices.stop()
        self._quiet.stop()
        self._stop_listening()
        self._open.images_came.disconnect(self._images_came)

    # What became old ----------------------------------------------------------------------

    def _note(self, change: BoardChange) -> None:
        for item in change.items_before.values():
            self._spoil(item.page)
        for item_id, item in change.items_after.items():
            self._note_added(item_id, item)
        if change.pages:
            self._note_pages()
        self._quiet.start()

    def _note_added(self, item_id: str, item: Item) -> None:
        """Plan an item to be painted over what is there, if it lies on top of all."""
        picture = self._pictures.get(item.page)
        if picture is None or item.page in self._stale or not _is_over(picture, item):
            self._spoil(item.page)
        else:
            self._unsaved.add(item.page)
            self._added.setdefault(item.page, []).append(item_id)
            self._drop_job(item.page)

    def _note_pages(self) -> None:
        pages = {page.id: page for page in self._board.pages}
        for page_id in set(self._pictures) - set(pages):
            self._forget(page_id)
        for page_id, picture in self._pictures.items():
            if picture.background != pages[page_id].background:
                self._spoil(page_id)
        first = self._board.pages[0].id if self._board.pages else None
        if first is not None and first not in self._pictures:
            self._spoil(first)

    def _images_came(self) -> None:
        lacking, self._lacking = self._lacking, set()
        for page_id in lacking:
            self._spoil(page_id)
            self._wanted[page_id] = None
        self._plan()

    def _spoil(self, page_id: str) -> None:
        """Plan a page to be painted from nothing."""
        self._stale.add(page_id)
        self._unsaved.add(page_id)
        self._added.pop(page_id, None)
        self._drop_job(page_id)

    def _forget(self, page_id: str) -> None:
        self._drop_job(page_id)
        self._pictures.pop(page_id, None)
        self._added.pop(page_id, None)
        self._wanted.pop(page_id, None)
        self._stale.discard(page_id)
        self._unsaved.discard(page_id)

    def _drop_job(self, page_id: str) -> None:
        if self._job is not None and self._job[0] == page_id:
            self._job[1].close()
            self._job = None
            self._stale.add(page_id)
            self._wanted[page_id] = None

    # Work between events ------------------------------------------------------------------

    def _plan(self) -> None:
        if self.has_work and not self._is_writing:
            if not self._slices.isActive():
                self._slices.start()
        else:
            self._slices.stop()

    def _freshen(self) -> None:
        """Paint the pages that changed, now that it has been quiet."""
        if self._is_writing:
            self._quiet.start()
            return
        self._wanted.update(dict.fromkeys(self._unsaved))
        self._plan()

    def _work(self) -> None:
        self.step_for_s(SLICE_S)
        self._plan()

    def _step(self) -> bool:
        """Do a batch of work; return whether there was any."""
        if self._job is None and not self._begin():
            return False
        if self._job is None:
            return True
        page_id, job = self._job
        picture = next(job)
        if picture is None:
            return True
        self._job = None
        self._pictures[page_id] = picture
        self.painted.emit(page_id)
        if page_id in self._unsaved:
            self._save(page_id)
        return True

    def _begin(self) -> bool:
        """Begin with the next page that is wanted; return whether one was."""
        if not self._wanted:
            return False
        page_id = next(iter(self._wanted))
        del self._wanted[page_id]
        page = next((p for p in self._board.pages if p.id == page_id), None)
        if page is None:
            self._forget(page_id)
            return True
        picture = self._pictures.get(page_id)
        added = self._added.pop(page_id, [])
        if picture is None or page_id in self._stale:
            self._stale.discard(page_id)
            self._job = (page_id, self._paint_page(page))
        elif added:
            self._job = (page_id, self._paint_added(picture, page, added))
        return True

    def _save(self, page_id: str) -> None:
        """Hand a thumbnail to the file, unless it is old by now."""
        picture = self._pictures.get(page_id)
        if picture is None or page_id in self._stale or page_id in self._added:
            return
        self._unsaved.discard(page_id)
        if self._open.file.read_only:
            return
        image = picture.image
        if not self._worker.try_submit(lambda: self._encode(page_id, image)):
            self._unsaved.add(page_id)

    def _encode(self, page_id: str, image: QImage) -> None:
        """Turn a thumbnail into PNG and give it to the file. Worker thread."""
        try:
            self._open.file.set_thumbnail(page_id, to_png(image))
        except (AppError, RuntimeError) as error:
            # The disk is full or the file was closed: the ink is what matters.
            self._log.info("thumbnail was not kept", reason=str(error))

    # Painting -----------------------------------------------------------------------------

    def _paint_page(self, page: Page) -> _Job:
        """Paint a page from nothing."""
        # As `Board.stacked`, but ordered without a call for each of perhaps 10,000 items.
        entries = [(i.z, item_id, i) for item_id, i in self._board.items(page.id).items()]
        yield None
        entries.sort()
        yield None
        items = [item for _, _, item in entries]
        yield None
        area = Rect(0.0, 0.0, page.width_pt, page.height_pt)
        for start in range(0, len(items), _BOUNDS_BATCH):
            area = _covering(area, items[start : start + _BOUNDS_BATCH])
            yield None
        image = _bare_page(page.background, area).copy()
        yield None
        yield from self._paint_items(image, page, area, items)
        top_z = max((item.z for item in items), default=0.0)
        yield _Picture(image, area, page.background, top_z)

    def _paint_added(self, picture: _Picture, page: Page, item_ids: Sequence[str]) -> _Job:
        """Paint new items over a picture."""
        there = self._board.items(page.id)
        items = [there[item_id] for item_id in item_ids if item_id in there]
        image = picture.image.copy()
        yield from self._paint_items(image, page, picture.area, items)
        top_z = max([picture.top_z, *(item.z for item in items)])
        yield _Picture(image, picture.area, picture.background, top_z)

    def _paint_items(
        self, image: QImage, page: Page, area: Rect, items: Sequence[Item]
    ) -> Iterator[None]:
        """Paint items in their order, pausing after each batch."""
        scale = _scale(area)
        look = Look(page.background.is_dark, scale, lambda sha256: self._photo(page.id, sha256))
        for start in range(0, len(items), _BATCH):
            # A painter lives for one batch: between two, Qt may want the image alone.
            painter = _painter(image, area, scale)
            _paint_batch(painter, items[start : start + _BATCH], look)
            painter.end()
            yield None

    def _photo(self, page_id: str, sha256: bytes) -> QImage | None:
        image = self._open.image(sha256)
        if image is None:
            self._lacking.add(page_id)
        return image


def _is_over(picture: _Picture, item: Item) -> bool:
    """Return whether an item can be painted over a picture that lacks it."""
    return item.z > picture.top_z and picture.area.contains(item_bounds(item))


def to_png(image: QImage) -> bytes:
    """Return an image as PNG. Any thread."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    return bytes(data.data())


@lru_cache(maxsize=16)
def _bare_page(background: Background, area: Rect) -> QImage:
    """Return an empty page: painted larger and shrunk, so that fine rulings stay fine."""
    large = QImage(WIDTH_PX * _FINER, HEIGHT_PX * _FINER, QImage.Format.Format_RGB32)
    scale = _scale(area) * _FINER
    painter = _painter(large, area, scale)
    shown = QRectF(area.left, area.top, large.width() / scale, large.height() / scale)
    paint_background(painter, background, shown, scale)
    painter.end()
    smooth = Qt.TransformationMode.SmoothTransformation
    keep = Qt.AspectRatioMode.IgnoreAspectRatio
    small = large.scaled(WIDTH_PX, HEIGHT_PX, keep, smooth)
    return small.convertToFormat(QImage.Format.Format_RGB32)


def _scale(area: Rect) -> float:
    """Return picture px per pt: all of an area is to be seen."""
    return min(WIDTH_PX / area.width, HEIGHT_PX / area.height)


def _painter(image: QImage, area: Rect, scale: float) -> QPainter:
    """Return a painter in page space; the caller ends it."""
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(scale, scale)
    painter.translate(-area.left, -area.top)
    return painter


def _covering(area: Rect, items: Sequence[Item]) -> Rect:
    """Return `area` grown to the right and down to cover items: pages grow that way."""
    bounds = many_bounds(items)
    return Rect(
        area.left,
        area.top,
        max(area.right, float(bounds[:, 2].max())),
        max(area.bottom, float(bounds[:, 3].max())),
    )


def _paint_batch(painter: QPainter, items: Sequence[Item], look: Look) -> None:
    lines = iter(_polylines([i for i in items if isinstance(i, StrokeItem)], look.scale))
    for item in items:
        if isinstance(item, StrokeItem):
            _paint_line(painter, item, next(lines), look)
        else:
            paint_item(painter, item, look)


def _polylines(strokes: Sequence[StrokeItem], scale: float) -> Iterable[QPolygonF]:
    """Return the way of each stroke, thinned to what a thumbnail can show."""
    if not strokes:
        return []
    points, borders = unpack_positions(strokes)
    made = []
    for start, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        way = points[start:end]
        extent_px = float(np.ptp(way, axis=0).sum()) * scale
        step = max(1, int(len(way) * _THINNED_PX / max(extent_px * 1.5, 1.0)))
        thin = np.concatenate((way[:-1:step], way[-1:])) if step > 1 else way
        made.append(QPolygonF([QPointF(x, y) for x, y in thin.tolist()]))
    return made


def _paint_line(painter: QPainter, stroke: StrokeItem, way: QPolygonF, look: Look) -> None:
    is_marker = stroke.brush is BrushKind.HIGHLIGHTER
    rgb = (highlighter_rgb if is_marker else ink_rgb)(stroke.colour, look.is_dark)
    pen = QPen(QColor(*rgb), max(stroke.width_pt, 1.0 / look.scale))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if is_marker:
        painter.setCompositionMode(blend_mode(is_dark=look.is_dark))
    if way.size() > 1:
        painter.drawPolyline(way)
    else:
        painter.drawPoint(way.at(0))
    if is_marker:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
