"""The page that is shown and those around it: their scenes, pixels and sheets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from whiteboard.model.board import BoardChange
from whiteboard.model.bounds import Rect
from whiteboard.model.page import Page
from whiteboard.model.smoothing import SMOOTH, Smoothing
from whiteboard.model.viewport import Viewport
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.scene import SMALL_BATCH, PageScene
from whiteboard.services.painting.sheet_pixels import SheetCame, SheetWant, spot_of
from whiteboard.services.painting.view_pixels import ViewPixels, seen_px

KEPT_PAGES: Final = 4
"""The page that is shown, the ones before and behind it, and the one that was left."""
KEPT_BYTES: Final = 144 << 20
"""Less than `KEPT_PAGES` are kept where their tiles take more: on 3840x2160 the page that is
shown and the ones beside it."""
_SHEETS_AHEAD: Final = (1, -1, 2)
"""Whose sheets are wanted ahead, in the direction of turning; the first two are painted."""


class NearPages:
    """What is kept of the pages around the one that is shown. Belongs to the UI thread.

    Pages that are turned to next are painted ahead, so that a turn only copies pixels; all
    others are let go: outlines and tiles of a thousand pages fit into no memory.

    Args:
        open_board: The board.
        page_id: The page that is shown.
        viewport_of: Returns how a page would be seen.
        pixel_ratio: Returns device px per logical px.
        now_s: Monotonic clock.
        paint_wet: See `PageRaster`; asked for the page that is shown only.
    """

    def __init__(
        self,
        open_board: OpenBoard,
        page_id: str,
        viewport_of: Callable[[str], Viewport],
        pixel_ratio: Callable[[], float],
        now_s: Callable[[], float],
        paint_wet: Callable[[QPainter, Rect], None],
    ) -> None:
        self._open = open_board
        self._board = open_board.board
        self._viewport_of = viewport_of
        self._pixel_ratio = pixel_ratio
        self._now_s = now_s
        self._paint_wet = paint_wet
        self._smoothing = SMOOTH
        self._pixels_of: OrderedDict[str, ViewPixels] = OrderedDict()
        self._page_id = page_id
        self._direction = 1
        self._stride = 1
        self._placed: tuple[Page, ...] = ()
        self._place_by_id: dict[str, int] = {}
        self.shown = self._make(page_id)
        """The pixels of the page that is shown."""
        self.shown.wake()
        self.shown.set_viewport(self.shown.viewport, is_moving=False)

    # Turning ------------------------------------------------------------------------------

    def show(self, page_id: str, viewport: Viewport) -> ViewPixels:
        """Turn to a page; return its pixels.

        Its sheet is asked for at once; those ahead are only when it is there already and
        `want_sheets` is called, best after the frame: to render takes the core that shows it.
        """
        self._note_direction(page_id)
        self.shown.rest()
        self._page_id = page_id
        self.shown = self._pixels_of.get(page_id) or self._make(page_id)
        self._pixels_of.move_to_end(page_id)
        self.shown.wake()
        self.shown.set_viewport(viewport, is_moving=False)
        self._let_go()
        if not self.is_sheet_settled:
            self.want_sheets()
        return self.shown

    def beside(self, page_id: str) -> ViewPixels:
        """Return the pixels of a page that is about to be turned to, as sharp as they are."""
        pixels = self._pixels_of.get(page_id)
        if pixels is None:
            pixels = self._make(page_id)
            self._let_go()
        elif pixels.viewport != (viewport := self._viewport_of(page_id)):
            pixels.set_viewport(viewport, is_moving=False)
        return pixels

    def set_stride(self, pages: int) -> None:
        """Say by how many pages one turns, so that the right ones are painted ahead."""
        self._stride = pages
        self.want_sheets()

    def set_pixel_ratio(self, pixel_ratio: float) -> None:
        """Follow the window to a display with other pixels."""
        for pixels in self._pixels_of.values():
            pixels.set_pixel_ratio(pixel_ratio)
        self.want_sheets()

    def drop(self, page_id: str) -> None:
        """Forget a page that is gone."""
        pixels = self._pixels_of.pop(page_id, None)
        if pixels is not None:
            pixels.clear()

    def forget_others(self) -> None:
        """Forget all pages but the one that is shown, as after another size of the view."""
        for page_id in list(self._pixels_of):
            if page_id != self._page_id:
                self.drop(page_id)

    def set_smoothing(self, smoothing: Smoothing) -> None:
        """Show all strokes with another smoothing from now on; paints nothing by itself."""
        self._smoothing = smoothing
        for pixels in self._pixels_of.values():
            pixels.scene.set_smoothing(smoothing)

    def apply(self, change: BoardChange, *, is_baked: bool) -> QRect:
        """Take in a change of the board.

        Args:
            change: What changed.
            is_baked: Whether what came on top is on the tiles of the shown page already.

        Returns:
            What must be painted again, logical px of the view.
        """
        if change.pages:
            there = {page.id for page in self._board.pages}
            for page_id in self._pixels_of.keys() - there:
                self.drop(page_id)
        seen = QRect()
        for pixels in self._pixels_of.values():
            scene_change = pixels.scene.apply(change)
            on_top = frozenset(scene_change.on_top) if is_baked else frozenset[str]()
            area = pixels.take(scene_change, on_top)
            if pixels is self.shown:
                seen = area
        return seen

    # Sheets -------------------------------------------------------------------------------

    @property
    def is_sheet_settled(self) -> bool:
        """Whether all that is seen of the sheet is there, sharp, or will never be."""
        sheets, wants = self._open.sheets, self.shown.sheet_wants()
        return sheets is None or not wants or sheets.is_settled(wants[0])

    def take_sheet(self, came: SheetCame) -> QRect:
        """Plan what pixels of a sheet ask for; return what of the view, logical px."""
        sheets = self._open.sheets
        seen = QRect()
        if sheets is None:
            return seen
        for pixels in self._pixels_of.values():
            area = pixels.take_sheet(came, sheets)
            if pixels is self.shown:
                seen = area
        return seen

    def want_sheets(self) -> None:
        """Say which sheets are seen, and which will be."""
        sheets = self._open.sheets
        if sheets is None:
            return
        if not self.shown.is_at_scale:
            sheets.hold_making()
            return
        wants = self.shown.sheet_wants()
        ahead = [*wants[1:], *(w for step in _SHEETS_AHEAD if (w := self._want_of(step)))]
        sheets.want(self, wants[0] if wants else None, ahead, self._other_sheets)

    def set_writing(self, is_writing: bool) -> None:
        """Say whether a hand writes: sheets can wait then."""
        if self._open.sheets is not None:
            self._open.sheets.set_writing(self, is_writing)

    def shutdown(self) -> None:
        """Want nothing any more; the page that is shown can still be painted."""
        self.forget_others()
        if self._open.sheets is not None:
            self._open.sheets.forget(self)

    # Ahead --------------------------------------------------------------------------------

    def work_ahead(self, until_s: float) -> bool:
        """Paint a neighbour until the clock says `until_s`; return whether there is more.

        To be called while nothing else is to do and nobody writes.
        """
        pixels = self._next_to_paint()
        if pixels is not None:
            pixels.scene.batch = SMALL_BATCH
            pixels.work(until_s)
        return self.has_work_ahead

    @property
    def has_work_ahead(self) -> bool:
        """Whether a neighbour whose sheet is there is still to be painted."""
        for step in _SHEETS_AHEAD[:2]:
            page_id = self._neighbour(step)
            if page_id is not None and self._is_ready(step):
                pixels = self._pixels_of.get(page_id)
                if pixels is None or pixels.has_work:
                    return True
        return False

    def _next_to_paint(self) -> ViewPixels | None:
        for step in _SHEETS_AHEAD[:2]:
            page_id = self._neighbour(step)
            if page_id is None or not self._is_ready(step):
                continue
            pixels = self._pixels_of.get(page_id)
            if pixels is None:
                pixels = self._make(page_id)
                self._let_go()
            elif pixels.viewport != (viewport := self._viewport_of(page_id)):
                pixels.set_viewport(viewport, is_moving=False)
            if pixels.has_work:
                return pixels
        return None

    def _is_ready(self, step: int) -> bool:
        """Return whether a neighbour's sheet is there, so that it is painted once."""
        sheets, want = self._open.sheets, self._want_of(step)
        return sheets is None or want is None or sheets.is_settled(want)

    def _other_sheets(self) -> Iterator[SheetWant | None]:
        """Return the sheets of all pages, the nearest first; None for pages without."""
        pages, place = self._board.pages, self._places().get(self._page_id, 0)
        for distance in range(len(pages)):
            for other in dict.fromkeys((place + distance, place - distance)):
                if 0 <= other < len(pages):
                    # The last look at them may be a while ago: some may be gone.
                    is_there = pages[other].id in self._places()
                    yield self._want_for(pages[other].id) if is_there else None

    def _want_of(self, step: int) -> SheetWant | None:
        page_id = self._neighbour(step)
        return None if page_id is None else self._want_for(page_id)

    def _want_for(self, page_id: str) -> SheetWant | None:
        spot = spot_of(self._board.page(page_id))
        if spot is None:
            return None
        viewport = self._viewport_of(page_id)
        scale = viewport.scale * self._pixel_ratio()
        return SheetWant(spot, scale, seen_px(viewport, scale))

    # Inside -------------------------------------------------------------------------------

    def _places(self) -> dict[str, int]:
        """Return the place of each page in the row; made anew when pages change alone."""
        pages = self._board.pages
        if pages is not self._placed:
            self._placed = pages
            self._place_by_id = {page.id: place for place, page in enumerate(pages)}
        return self._place_by_id

    def _note_direction(self, page_id: str) -> None:
        places = self._places()
        if page_id in places and self._page_id in places:
            self._direction = 1 if places[page_id] >= places[self._page_id] else -1

    def _neighbour(self, step: int) -> str | None:
        """Return the page so many steps away in the direction of turning."""
        pages, shown = self._board.pages, self._places().get(self._page_id)
        place = -1 if shown is None else shown + step * self._direction * self._stride
        return pages[place].id if 0 <= place < len(pages) else None

    def _make(self, page_id: str) -> ViewPixels:
        scene = PageScene(self._board, page_id, self._open.image, self._open.sheets)
        scene.set_smoothing(self._smoothing)

        def paint_wet(painter: QPainter, area: Rect) -> None:
            if page_id == self._page_id:
                self._paint_wet(painter, area)

        pixels = ViewPixels(
            scene,
            self._viewport_of(page_id),
            self._pixel_ratio(),
            self._now_s,
            paint_wet,
            is_ahead=True,
        )
        self._pixels_of[page_id] = pixels
        return pixels

    def _let_go(self) -> None:
        near = {self._page_id, *(self._neighbour(step) for step in _SHEETS_AHEAD[:2])}
        for page_id in list(self._pixels_of):
            # Those that are not painted yet will take as much.
            largest = max(pixels.size_bytes for pixels in self._pixels_of.values())
            kept = len(self._pixels_of)
            if kept <= KEPT_PAGES and kept * largest <= KEPT_BYTES:
                return
            if page_id not in near:
                # The outlines of a page that nobody looks at take more room than its pixels.
                self.drop(page_id)
