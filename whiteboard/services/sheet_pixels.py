"""The pixels of sheets: kept, asked for, and painted under the ink as sharp as there are.

Whoever shows a page says what it sees of its sheet and what it will want next. What is seen
and not there is asked for at once, first small and then sharp; what will be wanted next is
asked for one piece at a time while nothing else is missing and nobody writes.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol, cast

import structlog
from PySide6.QtCore import QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from base.errors import AppError
from whiteboard.model.bounds import Rect
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.page import Page
from whiteboard.model.palette import Rgb
from whiteboard.services.lettering import EM_PX, font
from whiteboard.services.render_pool import Priority

PAPER_RGB: Final[Rgb] = (255, 255, 255)
AROUND_RGB: Final[Rgb] = (226, 230, 228)
"""What lies around a sheet: light, so that ink has the colours of paper there too."""
EDGE_RGB: Final[Rgb] = (176, 184, 180)
_WORDS_RGB: Final[Rgb] = (110, 118, 114)

LEAST_BUDGET_BYTES: Final = 48 * 1024 * 1024
VIEWS_KEPT: Final = 4
"""How many views full of pixels fit into the memory beside that."""
_MOST_AHEAD: Final = 1
"""Pieces asked for ahead at one time: the other worker stays free for what is seen."""
_BAND_PIXELS: Final = 900_000
"""What is seen is asked for in two bands, one for each worker, when it is larger."""
_LOW_PIXELS: Final = 400_000
_LOW_SHARE: Final = 0.55
"""The small picture is worth its while below this share of the wanted scale."""
_GRID_PX: Final = 256
"""Pieces end on such borders, so that a pan asks for strips and not for slivers."""
_BANDS: Final = 4
_LOW_WAIT_MS: Final = 25
"""A sharp picture that comes within this time spares the small one's painting."""
_WORDS_SHARE: Final = 0.045
_WORDS_PX: Final = 1e4


class SheetTicket(Protocol):
    """Something that was asked for."""

    def cancel(self) -> None:
        """Say that it is not wanted any more; nothing comes then."""


class SheetSource(Protocol):
    """What renders sheets, such as a `RenderPool`."""

    def render(
        self,
        document: str,
        number: int,
        turns: int,
        scale: float,
        area: QRect,
        priority: Priority,
        on_done: Callable[[QImage | AppError], None],
    ) -> SheetTicket:
        """See `RenderPool.render`."""


@dataclass(frozen=True, slots=True)
class SheetSpot:
    """A sheet as it lies under a page: its corner is the page's.

    Attributes:
        sheet: Which sheet.
        size: Its size as it is turned, pt.
    """

    sheet: SheetRef
    size: SheetSize

    def frame_px(self, scale: float) -> QRect:
        """Return the whole pixels it touches at a scale, device px per pt."""
        width = max(math.ceil(self.size.width_pt * scale - 1e-6), 1)
        height = max(math.ceil(self.size.height_pt * scale - 1e-6), 1)
        return QRect(0, 0, width, height)


@dataclass(frozen=True, slots=True)
class SheetWant:
    """A part of a sheet that is wanted.

    Attributes:
        spot: Which sheet.
        scale: Device px per pt.
        area: The part, page px at that scale; what lies beyond the sheet is left out.
    """

    spot: SheetSpot
    scale: float
    area: QRect

    @property
    def part(self) -> QRect:
        """The part that lies on the sheet, px; may be empty."""
        return self.area & self.spot.frame_px(self.scale)


@dataclass(frozen=True, slots=True)
class SheetCame:
    """Pixels of a sheet came, or it turned out that there are none.

    Attributes:
        sheet: Which sheet.
        area: Where they lie, pt of the page.
        scale: Device px per pt; 0 where there are none.
    """

    sheet: SheetRef
    area: Rect
    scale: float


@dataclass(slots=True, eq=False)
class _Patch:
    """A rectangle of a sheet at one scale."""

    spot: SheetSpot
    scale: float
    area: QRect
    image: QImage


@dataclass(slots=True, eq=False)
class _Request:
    """A rectangle that was asked for."""

    spot: SheetSpot
    scale: float
    area: QRect
    is_low: bool
    is_ahead: bool
    ticket: SheetTicket | None = None


@dataclass(slots=True)
class _Viewer:
    """What one view wants."""

    seen: SheetWant | None = None
    ahead: tuple[SheetWant, ...] = ()
    is_writing: bool = False


class SheetPixels(QObject):
    """Pixels of the sheets of one board, shared by all that show it. Belongs to the UI thread.

    Args:
        source: Renders sheets.
        words: Returns the sentence for a sheet that cannot be shown.
    """

    came = Signal(object)
    """Sharper pixels are there: a `SheetCame`."""
    failed = Signal(object)
    """A sheet cannot be shown: the `AppError`; told once for each document and code."""

    def __init__(
        self, source: SheetSource, words: Callable[[], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._words = words
        self._log = structlog.get_logger(__name__)
        self._patches: OrderedDict[_Patch, None] = OrderedDict()
        self._bytes = 0
        self._requests: list[_Request] = []
        self._viewers: dict[object, _Viewer] = {}
        self._broken: dict[tuple[str, int], AppError] = {}
        self._told: set[tuple[str, str]] = set()
        self._untold_low: list[_Patch] = []
        self._low_timer = QTimer(self)
        self._low_timer.setSingleShot(True)
        self._low_timer.setInterval(_LOW_WAIT_MS)
        self._low_timer.timeout.connect(self._tell_low)

    @property
    def size_bytes(self) -> int:
        """How much memory the pixels take."""
        return self._bytes

    @property
    def budget_bytes(self) -> int:
        """How much they may take: a few views full, so it grows with the screen."""
        seen = [v.seen.area for v in self._viewers.values() if v.seen is not None]
        view_bytes = max((4 * a.width() * a.height() for a in seen), default=0)
        return LEAST_BUDGET_BYTES + VIEWS_KEPT * view_bytes

    # What is wanted -----------------------------------------------------------------------

    def want(
        self, viewer: object, seen: SheetWant | None, ahead: Sequence[SheetWant] = ()
    ) -> None:
        """Say what a view sees now, and what it will want next, the likeliest first.

        What was asked for before and is not wanted any more is cancelled.
        """
        wanted = self._viewers.setdefault(viewer, _Viewer())
        if (seen, tuple(ahead)) == (wanted.seen, wanted.ahead):
            return
        wanted.seen, wanted.ahead = seen, tuple(ahead)
        self._plan()

    def set_writing(self, viewer: object, is_writing: bool) -> None:
        """Say whether a hand writes in a view: then nothing is asked for ahead."""
        self._viewers.setdefault(viewer, _Viewer()).is_writing = is_writing
        if not is_writing:
            self._plan()
            self._plan_to_tell()

    def forget(self, viewer: object) -> None:
        """Say that a view is gone."""
        self._viewers.pop(viewer, None)
        self._plan()

    def try_again(self, document: str) -> None:
        """Forget that sheets of a document could not be shown, as after its password came."""
        again = [key for key in self._broken if key[0] == document]
        for key in again:
            del self._broken[key]
        self._told = {told for told in self._told if told[0] != document}
        self._plan()

    def is_settled(self, want: SheetWant) -> bool:
        """Return whether all of a part is there, sharp, or will never be."""
        return self._is_broken(want.spot) or self._missing(want).isEmpty()

    def shutdown(self) -> None:
        """Ask for nothing any more and let go of all pixels."""
        self._low_timer.stop()
        self._viewers.clear()
        self._plan()
        self._patches.clear()
        self._bytes = 0

    # Painting -----------------------------------------------------------------------------

    def paint(self, painter: QPainter, spot: SheetSpot, area: QRectF, scale: float) -> None:
        """Paint a sheet and what lies around it: the sharpest pixels there are.

        Args:
            painter: In page space, not rotated.
            spot: The sheet.
            area: Which part, pt.
            scale: Device px per pt.
        """
        for _ in self.paint_steps(painter, spot, area, scale):
            pass

    def paint_steps(
        self, painter: QPainter, spot: SheetSpot, area: QRectF, scale: float
    ) -> Iterator[None]:
        """Do as `paint`, pausing between bands where pixels have to be stretched."""
        place = _Place(painter, scale)
        part = place.to_device(area).toAlignedRect()
        sheet = place.frame(spot)
        on_sheet = part & sheet
        _begin(painter)
        try:
            _paint_around(painter, part, sheet)
            if self._is_broken(spot):
                paint_words(painter, on_sheet, sheet, self._words())
            else:
                yield from self._paint_patches(painter, spot, place, on_sheet)
        finally:
            painter.restore()

    def _paint_patches(
        self, painter: QPainter, spot: SheetSpot, place: _Place, part: QRect
    ) -> Iterator[None]:
        mine = [p for p in self._patches if p.spot == spot]
        sharp = [p for p in mine if place.is_exact and p.scale == place.scale]
        bare = QRegion(part)
        for patch in sharp:
            if patch.area.translated(place.origin).intersects(part):
                self._patches.move_to_end(patch)
                bare -= QRegion(patch.area.translated(place.origin))
        if not bare.isEmpty():
            painter.fillRect(part, QColor(*PAPER_RGB))
            rough = sorted((p for p in mine if p not in sharp), key=lambda p: p.scale)
            yield from _paint_stretched(painter, rough, place, bare)
        for patch in sharp:
            target = patch.area.translated(place.origin)
            seen = target & part
            if not seen.isEmpty():
                painter.drawImage(seen, patch.image, seen.translated(-target.topLeft()))

    # Asking -------------------------------------------------------------------------------

    def _plan(self) -> None:
        """Cancel what nobody wants, and ask for what is missing."""
        seen = [v.seen for v in self._viewers.values() if v.seen is not None]
        ahead = list(chain.from_iterable(v.ahead for v in self._viewers.values()))
        self._cancel_unwanted(seen, ahead)
        for want in seen:
            self._ask_for_seen(want)
        if self._may_look_ahead():
            self._ask_ahead(ahead)

    def _may_look_ahead(self) -> bool:
        is_calm = not any(viewer.is_writing for viewer in self._viewers.values())
        return is_calm and all(request.is_ahead for request in self._requests)

    def _cancel_unwanted(self, seen: Sequence[SheetWant], ahead: Sequence[SheetWant]) -> None:
        kept: list[_Request] = []
        for request in self._requests:
            is_wanted = any(
                _serves(request, want) and not (request.is_low and self.is_settled(want))
                for want in seen
            ) or (request.is_ahead and any(_serves(request, want) for want in ahead))
            if is_wanted:
                kept.append(request)
            elif request.ticket is not None:
                request.ticket.cancel()
        self._requests = kept

    def _ask_for_seen(self, want: SheetWant) -> None:
        missing = self._missing(want, with_requests=True)
        if missing.isEmpty() or self._is_broken(want.spot):
            return
        if not self._has_low(want):
            self._ask(_low(want), is_low=True)
        for area in _pieces(missing, want):
            for band in _bands(area):
                self._ask(SheetWant(want.spot, want.scale, band))

    def _ask_ahead(self, wants: Iterable[SheetWant]) -> None:
        for want in wants:
            if len(self._requests) >= _MOST_AHEAD:
                return
            missing = self._missing(want, with_requests=True)
            if missing.isEmpty() or self._is_broken(want.spot):
                continue
            self._ask(
                SheetWant(want.spot, want.scale, _pieces(missing, want)[0]), is_ahead=True
            )

    def _ask(self, want: SheetWant, *, is_low: bool = False, is_ahead: bool = False) -> None:
        request = _Request(want.spot, want.scale, want.part, is_low, is_ahead)
        self._requests.append(request)
        sheet = want.spot.sheet
        request.ticket = self._source.render(
            sheet.document,
            sheet.number,
            sheet.turns,
            request.scale,
            request.area,
            Priority.NEXT if is_ahead else Priority.VISIBLE,
            lambda result: self._take(request, result),
        )

    def _take(self, request: _Request, result: QImage | AppError) -> None:
        if request not in self._requests:
            return
        self._requests.remove(request)
        if isinstance(result, AppError):
            self._note_broken(request.spot, result)
        else:
            self._keep(request, result)
        self._plan()

    def _note_broken(self, spot: SheetSpot, error: AppError) -> None:
        sheet = spot.sheet
        if (sheet.document, sheet.number) in self._broken:
            return
        self._broken[sheet.document, sheet.number] = error
        self._log.info("sheet cannot be shown", number=sheet.number, reason=str(error))
        whole = Rect(0.0, 0.0, spot.size.width_pt, spot.size.height_pt)
        self.came.emit(SheetCame(sheet, whole, 0.0))
        if (sheet.document, error.code.value) not in self._told:
            self._told.add((sheet.document, error.code.value))
            self.failed.emit(error)

    def _keep(self, request: _Request, image: QImage) -> None:
        patch = _Patch(request.spot, request.scale, request.area, image)
        for old in [p for p in self._patches if _is_replaced(p, patch)]:
            self._drop(old)
        self._patches[patch] = None
        self._bytes += image.sizeInBytes()
        self._shrink()
        if request.is_low:
            self._untold_low.append(patch)
            self._plan_to_tell()
        else:
            self._tell(patch)

    def _tell(self, patch: _Patch) -> None:
        area = _to_pt(patch.area, patch.scale)
        self.came.emit(SheetCame(patch.spot.sheet, area, patch.scale))

    def _plan_to_tell(self) -> None:
        is_writing = any(viewer.is_writing for viewer in self._viewers.values())
        if self._untold_low and not is_writing and not self._low_timer.isActive():
            self._low_timer.start()

    def _tell_low(self) -> None:
        """Tell of small pictures that are seen and still the best there is."""
        untold, self._untold_low = self._untold_low, []
        seen = [v.seen for v in self._viewers.values() if v.seen is not None]
        for patch in untold:
            if any(w.spot == patch.spot and not self.is_settled(w) for w in seen):
                self._tell(patch)

    # What is there ------------------------------------------------------------------------

    def _is_broken(self, spot: SheetSpot) -> bool:
        return (spot.sheet.document, spot.sheet.number) in self._broken

    def _missing(self, want: SheetWant, *, with_requests: bool = False) -> QRegion:
        """Return what of a part is not there, and not on its way either."""
        missing = QRegion(want.part)
        there: Iterable[_Patch | _Request] = self._patches
        if with_requests:
            there = chain(self._patches, self._requests)
        for piece in there:
            if piece.spot == want.spot and piece.scale == want.scale:
                missing -= QRegion(piece.area)
        return missing

    def _has_low(self, want: SheetWant) -> bool:
        """Return whether a part can be shown stretched meanwhile, or hardly gains from it."""
        low = _low(want)
        if low.scale > want.scale * _LOW_SHARE:
            return True
        area = _to_pt(want.part, want.scale)
        there: Iterable[_Patch | _Request] = chain(self._patches, self._requests)
        return any(
            piece.spot == want.spot
            and piece.scale >= low.scale
            and _to_pt(piece.area.adjusted(-1, -1, 1, 1), piece.scale).contains(area)
            for piece in there
        )

    def _shrink(self) -> None:
        """Let go of the pixels that were used longest ago, down to the budget."""
        budget = self.budget_bytes
        if self._bytes <= budget:
            return
        seen = [v.seen for v in self._viewers.values() if v.seen is not None]
        for patch in list(self._patches):
            if self._bytes <= budget:
                return
            if not any(_serves(patch, want) for want in seen):
                self._drop(patch)

    def _drop(self, patch: _Patch) -> None:
        del self._patches[patch]
        self._bytes -= patch.image.sizeInBytes()


def spot_of(page: Page) -> SheetSpot | None:
    """Return the sheet under a page, None where there is none."""
    if page.sheet is None:
        return None
    return SheetSpot(page.sheet, SheetSize(page.width_pt, page.height_pt))


def paint_paper(painter: QPainter, spot: SheetSpot, area: QRectF, scale: float) -> None:
    """Paint the bare paper of a sheet and what lies around it; see `SheetPixels.paint`."""
    place = _Place(painter, scale)
    part, sheet = place.to_device(area).toAlignedRect(), place.frame(spot)
    _begin(painter)
    _paint_around(painter, part, sheet)
    painter.fillRect(part & sheet, QColor(*PAPER_RGB))
    painter.restore()


def paint_words(painter: QPainter, part: QRect, sheet: QRect, words: str) -> None:
    """Paint the paper of a sheet that cannot be shown, with a sentence in its middle.

    Args:
        painter: In device px.
        part: What is painted.
        sheet: Where the whole sheet lies.
        words: The sentence.
    """
    painter.save()
    painter.setClipRect(part)
    painter.fillRect(part, QColor(*PAPER_RGB))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    size = max(min(sheet.width(), sheet.height() * 2) * _WORDS_SHARE, 1.0)
    painter.translate(sheet.center())
    painter.scale(size / EM_PX, size / EM_PX)
    painter.setFont(font())
    painter.setPen(QColor(*_WORDS_RGB))
    frame = QRectF(-_WORDS_PX, -EM_PX, 2 * _WORDS_PX, 2 * EM_PX)
    painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, words)
    painter.restore()


class _Place:
    """Where a page lies on a device."""

    def __init__(self, painter: QPainter, scale: float) -> None:
        world = painter.worldTransform()
        self.to_device = world.mapRect
        self.scale = scale
        self.factor = world.m11()
        self.is_exact = math.isclose(self.factor, scale, rel_tol=1e-9)
        self.origin = QPoint(round(world.dx()), round(world.dy()))

    def frame(self, spot: SheetSpot) -> QRect:
        """Return where a sheet lies, device px."""
        return spot.frame_px(self.factor).translated(self.origin)

    def target(self, patch: _Patch) -> QRectF:
        """Return where a piece lies, device px."""
        factor = self.factor / patch.scale
        area = patch.area
        return QRectF(
            area.x() * factor + self.origin.x(),
            area.y() * factor + self.origin.y(),
            area.width() * factor,
            area.height() * factor,
        )


def _begin(painter: QPainter) -> None:
    """Go over to device pixels, until `restore`."""
    painter.save()
    painter.resetTransform()
    # What covers whole pixels needs no smooth borders.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_around(painter: QPainter, part: QRect, sheet: QRect) -> None:
    """Paint what lies around a sheet, with a line of one pixel along its edge."""
    outside = QRegion(part) - QRegion(sheet)
    for rect in _rects(outside):
        painter.fillRect(rect, QColor(*AROUND_RGB))
    line = outside & QRegion(sheet.adjusted(-1, -1, 1, 1))
    for rect in _rects(line):
        painter.fillRect(rect, QColor(*EDGE_RGB))


def _paint_stretched(
    painter: QPainter, patches: Sequence[_Patch], place: _Place, bare: QRegion
) -> Iterator[None]:
    """Paint what there is at other scales, the sharper above, band by band."""
    chosen: list[_Patch] = []
    uncovered = QRegion(bare)
    for patch in reversed(patches):
        target = QRegion(place.target(patch).toAlignedRect())
        if not (uncovered & target).isEmpty():
            chosen.insert(0, patch)
            uncovered -= target
    if not chosen:
        return
    whole = bare.boundingRect()
    height = -(-whole.height() // _BANDS)
    for top in range(whole.top(), whole.bottom() + 1, height):
        band = bare & QRegion(QRect(whole.left(), top, whole.width(), height))
        painter.setClipRegion(band)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for patch in chosen:
            painter.drawImage(place.target(patch), patch.image)
        painter.setClipping(False)
        yield


def _serves(piece: _Request | _Patch, want: SheetWant) -> bool:
    """Return whether a piece is of use for what is wanted."""
    if piece.spot != want.spot:
        return False
    if isinstance(piece, _Request) and piece.is_low:
        return True
    return piece.scale == want.scale and piece.area.intersects(want.area)


def _is_replaced(old: _Patch, new: _Patch) -> bool:
    return old.spot == new.spot and old.scale == new.scale and new.area.contains(old.area)


def _low(want: SheetWant) -> SheetWant:
    """Return the whole sheet at a scale that is rendered in no time."""
    size = want.spot.size
    scale = math.sqrt(_LOW_PIXELS / (size.width_pt * size.height_pt))
    return SheetWant(want.spot, scale, want.spot.frame_px(scale))


def _pieces(missing: QRegion, want: SheetWant) -> list[QRect]:
    """Return rectangles to ask for: one, unless that were mostly what is there."""
    bounding = missing.boundingRect()
    area = sum(rect.width() * rect.height() for rect in _rects(missing))
    whole = area * 2 > bounding.width() * bounding.height()
    frame = want.spot.frame_px(want.scale)
    if frame.width() * frame.height() <= 2 * _BAND_PIXELS:
        return [frame if whole else bounding]
    return [_on_grid(r) & frame for r in ([bounding] if whole else _rects(missing))]


def _on_grid(area: QRect) -> QRect:
    left, top = (v // _GRID_PX * _GRID_PX for v in (area.left(), area.top()))
    right, bottom = (-(-(v + 1) // _GRID_PX) * _GRID_PX for v in (area.right(), area.bottom()))
    return QRect(left, top, right - left, bottom - top)


def _bands(area: QRect) -> list[QRect]:
    if area.width() * area.height() <= _BAND_PIXELS or area.height() < 2:
        return [area]
    half = area.height() // 2
    upper = QRect(area.x(), area.y(), area.width(), half)
    return [upper, QRect(area.x(), area.y() + half, area.width(), area.height() - half)]


def _to_pt(area: QRect, scale: float) -> Rect:
    return Rect(
        area.x() / scale,
        area.y() / scale,
        (area.x() + area.width()) / scale,
        (area.y() + area.height()) / scale,
    )


def _rects(region: QRegion) -> list[QRect]:
    # PySide6's stubs do not know that a region can be gone through.
    return [QRect(rect) for rect in cast("Iterable[QRect]", region)]
