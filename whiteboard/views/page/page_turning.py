"""The page that slides aside under two fingers, and home when they have lifted.

A turn is done when the fingers lift, and the slide after it is only a picture: whoever puts
a pen down meanwhile writes on the new page at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QPainter

from whiteboard.model.effects import Navigated
from whiteboard.model.page_swipe import END_SHARE, PageSlide, PageSwipe
from whiteboard.model.viewport import Viewport
from whiteboard.services.painting.sheet_pixels import EDGE_RGB
from whiteboard.services.painting.view_pixels import ViewPixels


class PageTurning:
    """What is seen while a page is drawn aside. Belongs to the UI thread."""

    def __init__(self) -> None:
        self.is_on = False
        """Whether two fingers turn pages that are seen as a whole."""
        self._swipe = PageSwipe()
        self._slide: PageSlide | None = None
        self._beside: ViewPixels | None = None
        self._offset_px = 0.0
        self.is_shown = False
        """Whether the page is beside its place; then `paint` paints the view."""

    @property
    def is_sliding(self) -> bool:
        """Whether it moves by itself; then `frame` is due."""
        return self._slide is not None

    @property
    def is_drawn(self) -> bool:
        """Whether fingers draw the page aside."""
        return self._swipe.is_turning

    @property
    def step(self) -> int:
        """Whose place is uncovered: 1 for the next page, -1 for the one before."""
        return -1 if self._offset_px > 0 else 1

    @property
    def offset_px(self) -> int:
        """How far the page is beside its place, to the right."""
        return round(self._offset_px)

    def moved(
        self, effect: Navigated, viewport: Viewport, px_per_mm: float
    ) -> Navigated | None:
        """Take in what fingers do; return what of it moves the page in its place."""
        if not self._swipe.is_begun:
            is_whole = viewport.is_whole or viewport.is_page_fitted
            is_wide = viewport.is_width_fitted and not viewport.is_whole
            self._swipe.begin(can_turn=self.is_on and (is_whole or is_wide), can_scroll=is_wide)
        rest = self._swipe.moved(effect, px_per_mm)
        if self._swipe.is_turning:
            self._offset_px = self._swipe.drawn_px
            self.is_shown = True
        elif self.is_shown and self._slide is None:
            self._put_back()
        return rest

    def show_beside(self, pixels: ViewPixels | None) -> None:
        """Show a page in the place that is uncovered; none resists being uncovered."""
        self._beside = pixels
        if pixels is None:
            self._offset_px = self._swipe.drawn_px * END_SHARE

    def lifted(self, t_s: float, width_px: float, px_per_mm: float) -> int:
        """Return where the fingers that lifted turn; see `PageSwipe.lifted`."""
        return self._swipe.lifted(t_s, width_px, px_per_mm)

    def slide_home(self, now_s: float) -> None:
        """Let the page slide to its place from where it is."""
        self._slide = PageSlide(self._offset_px, now_s)

    def slide_in(self, left: ViewPixels, from_px: float, now_s: float) -> None:
        """Let the page that was turned to slide in, and the one that was left out.

        Args:
            left: What is seen of the page that was left.
            from_px: How far from its place the new one begins, to the right.
            now_s: Monotonic clock.
        """
        self._offset_px = from_px
        self._beside = left
        self.is_shown = True
        self._slide = PageSlide(self._offset_px, now_s)

    def frame(self, now_s: float) -> None:
        """Go on sliding."""
        if self._slide is not None:
            self._offset_px = self._slide.at(now_s)
            if self._offset_px == 0.0:
                self._put_back()

    def interrupt(self) -> None:
        """Put the page into its place at once; the fingers that are there turn nothing."""
        self._swipe.interrupt()
        self._put_back()

    def paint(
        self, painter: QPainter, areas: Iterable[QRect], shown: ViewPixels, size: QSize
    ) -> None:
        """Paint areas of the view: the page that is shown, and the other beside it."""
        offset = round(self._offset_px)
        side = int(math.copysign(size.width(), -offset)) if offset else size.width()
        for area in areas:
            self._paint_at(painter, area, shown, offset, size)
            if self._beside is not None:
                self._paint_at(painter, area, self._beside, offset + side, size)
            else:
                place = QRect(offset + side, 0, size.width(), size.height())
                painter.fillRect(area & place, QColor(*EDGE_RGB))
        seam = offset if offset > 0 else offset + size.width()
        painter.fillRect(QRect(seam - 1, 0, 2, size.height()), QColor(*EDGE_RGB))

    def _paint_at(
        self, painter: QPainter, area: QRect, pixels: ViewPixels, left: int, size: QSize
    ) -> None:
        part = area & QRect(left, 0, size.width(), size.height())
        if part.isEmpty():
            return
        painter.save()
        painter.setClipRect(part)
        painter.translate(left, 0)
        pixels.draw(painter, part.translated(-left, 0))
        painter.restore()

    def _put_back(self) -> None:
        self._slide = self._beside = None
        self._offset_px = 0.0
        self.is_shown = False
