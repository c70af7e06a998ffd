"""The pixels of sheets: kept, asked for, and painted under the ink as sharp as there are.

Whoever shows a page says what it sees of its sheet and what it will want next. What is seen
and not there is asked for at once, first small and then sharp; what will be wanted next is
asked for one piece at a time while nothing else is missing and nobody writes. With time to
spare, pictures of all other sheets are made, so that a leap shows its page at once.
"""

from __future__ import annotations

import math
import time
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
from whiteboard.services.painting.lettering import EM_PX, font
from whiteboard.services.painting.sheet_previews import MOST_PIXELS, SheetPreviews
from whiteboard.services.rendering.render_pool import Priority

PAPER_RGB: Final[Rgb] = (255, 255, 255)
AROUND_RGB: Final[Rgb] = (226, 230, 228)
"""What lies around a sheet: light, so that ink has the colours of paper there too."""
EDGE_RGB: Final[Rgb] = (176, 184, 180)
_WORDS_RGB: Final[Rgb] = (110, 118, 114)

LEAST_BUDGET_BYTES: Final = 24 * 1024 * 1024
VIEWS_KEPT: Final = 3
"""How many views full of pixels fit into the memory beside that: this page, the one before
and the one behind it."""
_MOST_AHEAD: Final = 1
"""Pieces asked for ahead at one time: the other worker stays free for what is seen."""
_BAND_PIXELS: Final = 900_000
"""What is seen is asked for in two bands, one for each worker, when it is larger."""
_LOW_PIXELS: Final = 400_000
_LOW_SHARE: Final = 0.4
"""The small picture is worth its while below this share of the wanted scale: not on a display
of 1920x1080, where it would cost a third of the sharp one and cannot be read."""
_GRID_PX: Final = 256
"""Pieces end on such borders, so that a pan asks for strips and not for slivers."""
_BANDS: Final = 4
_LOW_WAIT_MS: Final = 25
"""A sharp picture that comes within this time spares the small one's painting."""
_REST_MS: Final = 200
"""So long nothing may be missing before pictures of sheets are made that nobody looks at."""
_MAKING_PAUSE_MS: Final = 15
_QUICK_S: Final = 0.03
_QUICK_SHEETS: Final = 8
"""After so many in a row that come in no time a document is thought to be like that."""
_LOOKED_THROUGH: Final = 100
"""Pages that are looked through at a time for one that lacks its picture."""
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
    is_preview: bool = False
    """Whether it went through compression, and never counts as sharp."""


@dataclass(slots=True, eq=False)
class _Request:
    """A rectangle that was asked for."""

    spot: SheetSpot
    scale: float
    area: QRect
    is_low: bool
    is_ahead: bool
    ticket: SheetTicket | None = None
    asked_s: float = 0.0


@dataclass(slots=True)
class _Viewer:
    """What one view wants."""

    seen: SheetWant | None = None
    ahead: tuple[SheetWant, ...] = ()
    others: Callable[[], Iterator[SheetWant | None]] | None = None
    is_writing: bool = False


class SheetPixels(QObject):
    """Pixels of the sheets of one board, shared by all that show it. Belongs to the UI thread.

    Args:
        source: Renders sheets.
        words: Returns the sentence for a sheet that cannot be shown.
        previews: Keeps pictures of whole sheets; it is shut down with this.
        now_s: Monotonic clock.
    """

    came = Signal(object)
    """Sharper pixels are there: a `SheetCame`."""
    failed = Signal(object)
    """A sheet cannot be shown: the `AppError`; told once for each document and code."""

    def __init__(
        self,
        source: SheetSource,
        words: Callable[[], str],
        previews: SheetPreviews | None = None,
        now_s: Callable[[], float] = time.perf_counter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._words = words
        self._previews = previews
        self._now_s = now_s
        self._making: _Request | None = None
        self._others: Iterator[SheetWant | None] | None = None
        self._without: set[SheetRef] = set()
        self._quick: dict[str, int] = {}
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
        self._making_timer = QTimer(self)
        self._making_timer.setSingleShot(True)
        self._making_timer.timeout.connect(self._make_preview)
        if previews is not None:
            previews.listed.connect(lambda _document: self._plan())
            previews.has_room.connect(lambda: self._plan_making(_MAKING_PAUSE_MS))

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
        self,
        viewer: object,
        seen: SheetWant | None,
        ahead: Sequence[SheetWant] = (),
        others: Callable[[], Iterator[SheetWant | None]] | None = None,
    ) -> None:
        """Say what a view sees now, and what it will want next, the likeliest first.

        What was asked for before and is not wanted any more is cancelled.

        Args:
            viewer: Which view.
            seen: The part of a sheet that it shows.
            ahead: What it will show next.
            others: Returns whole sheets that it may show some time, the nearest first; None
                for each page that has none.
        """
        wanted = self._viewers.setdefault(viewer, _Viewer())
        wanted.others = others
        if (seen, tuple(ahead)) == (wanted.seen, wanted.ahead):
            return
        wanted.seen, wanted.ahead = seen, tuple(ahead)
        self._stop_making()
        self._others = None
        self._plan()

    def set_writing(self, viewer: object, is_writing: bool) -> None:
        """Say whether a hand writes in a view: then nothing is asked for ahead."""
        self._viewers.setdefault(viewer, _Viewer()).is_writing = is_writing
        if is_writing:
            self._stop_making()
        else:
            self._plan()
            self._plan_to_tell()

    def forget(self, viewer: object) -> None:
        """Say that a view is gone."""
        self._viewers.pop(viewer, None)
        self._others = None
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
        self._stop_making()
        self._patches.clear()
        self._bytes = 0
        if self._previews is not None:
            self._previews.shutdown()

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
        is_sharp = place.is_exact
        sharp = [p for p in mine if is_sharp and p.scale == place.scale and not p.is_preview]
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
        if self._requests:
            self._stop_making()
        else:
            self._plan_making(_REST_MS)

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
            self._ask_rough(want)
        for area in _pieces(missing, want):
            for band in _bands(area, self._band_pixels(want)):
                self._ask(SheetWant(want.spot, want.scale, band))

    def _band_pixels(self, want: SheetWant) -> int:
        """Return how many pixels are asked for in one piece.

        In two pieces a sheet comes sooner, but a photo is decoded twice. What is shown as a
        picture meanwhile can wait for less work.
        """
        is_shown = self._previews is not None and self._previews.has(want.spot.sheet)
        return MOST_PIXELS if is_shown else _BAND_PIXELS

    def _ask_rough(self, want: SheetWant) -> None:
        """Ask for what can be shown until the sharp pixels are there."""
        if self._previews is not None and self._previews.has(want.spot.sheet):
            whole = want.spot.frame_px(want.scale)
            request = _Request(want.spot, want.scale, whole, is_low=True, is_ahead=False)
            self._requests.append(request)
            request.ticket = self._previews.ask(
                want.spot.sheet, lambda image: self._take_preview(request, image)
            )
        elif _low(want).scale <= want.scale * _LOW_SHARE:
            self._ask(_low(want), is_low=True)

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
        request.asked_s = self._now_s()
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

    def _take_preview(self, request: _Request, image: QImage) -> None:
        if request not in self._requests:
            return
        self._requests.remove(request)
        if not image.isNull() and not self._has_all_of(request):
            # Made for this display it is copied; stretched by nothing it would be blurred.
            is_exact = image.size() == request.area.size()
            scale = request.scale if is_exact else image.width() / request.spot.size.width_pt
            patch = _Patch(request.spot, scale, image.rect(), image, is_preview=True)
            self._add(patch)
            self._tell(patch)
        self._plan()

    def _has_all_of(self, request: _Request) -> bool:
        """Return whether the sharp pixels came before the rough ones."""
        return any(
            viewer.seen is not None
            and viewer.seen.spot == request.spot
            and self.is_settled(viewer.seen)
            for viewer in self._viewers.values()
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
        self._add(patch)
        if request.is_ahead and not self._was_quick(request):
            self._keep_preview(patch)
        elif self._has_all_of(request):
            for old in [p for p in self._patches if p.is_preview and p.spot == patch.spot]:
                self._drop(old)
        if request.is_low:
            self._untold_low.append(patch)
            self._plan_to_tell()
        else:
            self._tell(patch)

    def _add(self, patch: _Patch) -> None:
        for old in [p for p in self._patches if _is_replaced(p, patch)]:
            self._drop(old)
        self._patches[patch] = None
        self._bytes += patch.image.sizeInBytes()
        self._shrink()

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
            if piece.spot == want.spot and piece.scale == want.scale and not _is_rough(piece):
                missing -= QRegion(piece.area)
        return missing

    def _has_low(self, want: SheetWant) -> bool:
        """Return whether a part can be shown stretched meanwhile."""
        scale = min(_low(want).scale, want.scale)
        area = _to_pt(want.part, want.scale)
        there: Iterable[_Patch | _Request] = chain(self._patches, self._requests)
        return any(
            piece.spot == want.spot
            and piece.scale >= scale
            and _to_pt(piece.area.adjusted(-1, -1, 1, 1), piece.scale).contains(area)
            for piece in there
        )

    # Pictures of other sheets -------------------------------------------------------------

    def _plan_making(self, wait_ms: int) -> None:
        """Make the picture of a sheet that lacks one, if nothing is asked for until then."""
        if self._previews is None or not self._is_at_rest():
            return
        if not self._making_timer.isActive():
            self._making_timer.start(wait_ms)

    def _is_at_rest(self) -> bool:
        is_writing = any(viewer.is_writing for viewer in self._viewers.values())
        return not is_writing and not self._requests and self._making is None

    def hold_making(self) -> None:
        """Make no more pictures of other sheets until the next wish, as while one zooms."""
        self._stop_making()

    def _stop_making(self) -> None:
        self._making_timer.stop()
        if self._making is not None and self._making.ticket is not None:
            self._making.ticket.cancel()
        self._making = None

    def _make_preview(self) -> None:
        if self._previews is None or not self._is_at_rest() or self._previews.is_full:
            return
        if self._others is None:
            others = [v.others for v in self._viewers.values() if v.others is not None]
            self._others = chain.from_iterable(each() for each in others)
        for _page in range(_LOOKED_THROUGH):
            want = next(self._others, _END)
            if isinstance(want, _End):
                return
            if want is not None and self._lacks_preview(want):
                self._making = self._ask_whole(want)
                return
        self._making_timer.start(_MAKING_PAUSE_MS)

    def _lacks_preview(self, want: SheetWant) -> bool:
        sheet, previews = want.spot.sheet, self._previews
        if previews is None or self._is_broken(want.spot) or sheet in self._without:
            return False
        if self._quick.get(sheet.document, 0) >= _QUICK_SHEETS:
            return False
        width = want.spot.frame_px(_preview_scale(want)).width()
        is_possible = previews.knows(sheet.document) and previews.may_keep(sheet.document)
        return is_possible and not previews.has(sheet, width)

    def _ask_whole(self, want: SheetWant) -> _Request:
        spot, scale = want.spot, _preview_scale(want)
        request = _Request(spot, scale, spot.frame_px(scale), is_low=False, is_ahead=True)
        request.asked_s = self._now_s()
        request.ticket = self._source.render(
            spot.sheet.document,
            spot.sheet.number,
            spot.sheet.turns,
            scale,
            request.area,
            Priority.BACKGROUND,
            lambda result: self._take_made(request, result),
        )
        return request

    def _take_made(self, request: _Request, result: QImage | AppError) -> None:
        if request is not self._making:
            return
        self._making = None
        if isinstance(result, AppError):
            self._without.add(request.spot.sheet)  # told when somebody looks at it
        elif self._previews is not None:
            self._take_whole(self._previews, request, result)
        self._plan_making(_MAKING_PAUSE_MS)

    def _was_quick(self, request: _Request) -> bool:
        """Return whether it was answered so soon that no picture has to be kept."""
        return self._now_s() - request.asked_s < _QUICK_S

    def _take_whole(self, previews: SheetPreviews, made: _Request, image: QImage) -> None:
        sheet = made.spot.sheet
        if self._was_quick(made):
            self._without.add(sheet)
            self._quick[sheet.document] = self._quick.get(sheet.document, 0) + 1
        else:
            self._quick[sheet.document] = 0
            previews.keep(sheet, image)

    def _keep_preview(self, patch: _Patch) -> None:
        """Keep what was rendered ahead as a picture, if it is a whole sheet of a fit size."""
        previews, area = self._previews, patch.area
        is_whole = area == patch.spot.frame_px(patch.scale)
        if previews is None or not is_whole or area.width() * area.height() > MOST_PIXELS:
            return
        sheet = patch.spot.sheet
        if previews.knows(sheet.document) and not previews.has(sheet, area.width()):
            previews.keep(sheet, patch.image)

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


class _End:
    """There are no more pages."""


_END: Final = _End()


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
        is_copied = self.is_exact and patch.scale == self.scale
        factor = 1.0 if is_copied else self.factor / patch.scale
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


def _is_rough(piece: _Request | _Patch) -> bool:
    return piece.is_preview if isinstance(piece, _Patch) else piece.is_low


def _is_replaced(old: _Patch, new: _Patch) -> bool:
    is_alike = old.spot == new.spot and old.is_preview >= new.is_preview
    return is_alike and old.scale == new.scale and new.area.contains(old.area)


def _preview_scale(want: SheetWant) -> float:
    """Return the scale of a sheet's picture: as it is seen, as far as that is sensible."""
    size = want.spot.size
    most = math.sqrt(MOST_PIXELS / (size.width_pt * size.height_pt))
    return min(want.scale, most)


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


def _bands(area: QRect, most_pixels: int) -> list[QRect]:
    if area.width() * area.height() <= most_pixels or area.height() < 2:
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
