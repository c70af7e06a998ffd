"""What the view shows of a page: the raster of its scale, and older ones until it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QPainter, QTransform

from whiteboard.model.bounds import Rect
from whiteboard.model.viewport import Viewport
from whiteboard.services.painting.scene import PageScene, SceneChange
from whiteboard.services.painting.sheet_pixels import SheetCame, SheetPixels, SheetWant
from whiteboard.services.painting.tiles import PageRaster, Paint

KEPT_RASTERS: Final = 2
_RING_PX: Final = 512
"""How far beyond the view tiles are painted ahead of a pan."""


class ViewPixels:
    """Draws a page through a viewport, always at once, sharp as soon as it can.

    Args:
        scene: What lies on the page.
        viewport: What is seen.
        pixel_ratio: Device px per logical px; see `set_pixel_ratio`.
        now_s: Monotonic clock.
        paint_wet: See `PageRaster`.
        is_ahead: Whether the page is not shown yet; see `set_ahead`.
    """

    def __init__(
        self,
        scene: PageScene,
        viewport: Viewport,
        pixel_ratio: float,
        now_s: Callable[[], float],
        paint_wet: Callable[[QPainter, Rect], None],
        *,
        is_ahead: bool = False,
    ) -> None:
        self._scene = scene
        self._ratio = pixel_ratio
        self._now_s = now_s
        self._paint_wet = paint_wet
        self._viewport = viewport
        self._is_plain = pixel_ratio == 1.0
        self._is_moving = False
        self._is_ahead = is_ahead
        self._rasters = [self._new_raster(viewport.scale * pixel_ratio)]
        self._plan()

    @property
    def scene(self) -> PageScene:
        """What lies on the page."""
        return self._scene

    @property
    def size_bytes(self) -> int:
        """How much memory its pixels take."""
        return sum(raster.size_bytes for raster in self._rasters)

    @property
    def viewport(self) -> Viewport:
        """What is seen."""
        return self._viewport

    @property
    def has_work(self) -> bool:
        """Whether something waits to be painted."""
        return self._rasters[0].has_work

    @property
    def has_seen_work(self) -> bool:
        """Whether something that is seen waits to be painted."""
        raster = self._rasters[0]
        return raster.has_work_in(self._seen_px(raster.scale))

    @property
    def is_complete(self) -> bool:
        """Whether all that is seen is there, sharp."""
        raster = self._rasters[0]
        return raster.scale == self._scale and raster.covers(self._seen_px(raster.scale))

    @property
    def is_at_scale(self) -> bool:
        """Whether the raster has the scale that is shown: nothing is stretched."""
        return self._rasters[0].scale == self._scale

    def set_viewport(self, viewport: Viewport, *, is_moving: bool) -> None:
        """Show another part of the page.

        Args:
            viewport: What is seen now.
            is_moving: Whether fingers are still at it: then pixels of the old scale are
                stretched, and painted sharp only when the movement is over.
        """
        self._viewport = viewport
        self._is_moving = is_moving
        if not is_moving and self._rasters[0].scale != self._scale:
            same = [raster for raster in self._rasters if raster.scale == self._scale]
            others = [raster for raster in self._rasters if raster.scale != self._scale]
            fresh = same[0] if same else self._new_raster(self._scale)
            self._keep([fresh, *others[: KEPT_RASTERS - 1]])
        self._plan()

    def set_pixel_ratio(self, pixel_ratio: float) -> None:
        """Follow the window to a display with other pixels; sharp again after the work.

        Args:
            pixel_ratio: Device px per logical px from now on; the same as before is fine.
        """
        if pixel_ratio == self._ratio:
            return
        self._ratio = pixel_ratio
        self._is_plain = pixel_ratio == 1.0
        self.set_viewport(self._viewport, is_moving=False)

    def rest(self) -> None:
        """Keep only what is seen, as for a page that is turned over."""
        self._is_ahead = True
        raster = self._rasters[0]
        self._keep([raster])
        raster.keep_only(self._seen_px(raster.scale))

    def wake(self) -> None:
        """Paint around what is seen as well, now that the page is shown."""
        self._is_ahead = False

    def draw(self, painter: QPainter, area: QRect) -> None:
        """Draw an area of the view.

        Args:
            painter: In logical px of the view.
            area: Logical px.
        """
        raster = self._rasters[0]
        if self._is_plain and raster.scale == self._viewport.scale:
            x, y = area.x(), area.y()
            left, top = x - self._origin_x, y - self._origin_y
            if raster.draw_small(painter, left, top, x, y, area.width(), area.height()):
                return
        painter.save()
        painter.scale(1 / self._ratio, 1 / self._ratio)
        area_px = _scaled(area, self._ratio)
        if raster.scale == self._scale:
            if not raster.covers(area_px.translated(-self._origin_px(raster.scale))):
                self._draw_rough(painter, area_px)
            raster.draw(painter, self._origin_px(raster.scale), area_px)
        else:
            self._draw_rough(painter, area_px)
        painter.restore()

    def take(self, change: SceneChange, baked: frozenset[str] = frozenset()) -> QRect:
        """Plan what a change of the scene needs; return the area of the view, logical px."""
        for raster in self._rasters[1:]:
            raster.take(change, baked)
        return self._to_view(self._rasters[0].take(change, baked), self._rasters[0].scale)

    def repaint(self, area: Rect) -> QRect:
        """Plan an area of the page to be painted again; return where it is in the view."""
        for raster in self._rasters[1:]:
            raster.repaint_now(area)
        raster = self._rasters[0]
        return self._to_view(raster.repaint_now(area), raster.scale)

    def take_sheet(self, came: SheetCame, sheets: SheetPixels) -> QRect:
        """Plan what pixels of the sheet ask for; return where that is in the view."""
        spot = self._scene.spot
        raster = self._rasters[0]
        if spot is None or spot.sheet != came.sheet:
            return QRect()
        area = raster.to_px(came.area)
        part = SheetWant(spot, raster.scale, area)
        if came.scale not in (0.0, raster.scale) and sheets.is_settled(part):
            return QRect()  # pixels for another view; here the sharp ones are painted
        return self.repaint(came.area)

    def sheet_wants(self) -> tuple[SheetWant, ...]:
        """Return which part of the sheet is seen, and which lies around it."""
        spot = self._scene.spot
        if spot is None:
            return ()
        seen = seen_px(self._viewport, self._scale)
        return SheetWant(spot, self._scale, seen), SheetWant(spot, self._scale, self._around())

    def repaint_all(self) -> None:
        """Paint everything again, as after another smoothing or background."""
        self._keep(self._rasters[:1])
        self._rasters[0].repaint_all()
        self._plan()

    def bake(self, area: Rect, paint: Paint) -> None:
        """Paint onto the tiles as part of them; `paint` gets page space."""
        for raster in self._rasters:
            raster.bake(area, paint)

    def work(self, until_s: float) -> list[QRect]:
        """Work until the clock says `until_s`; return what is new, in logical view px."""
        raster = self._rasters[0]
        seen = self._seen_px(raster.scale)
        done = [
            self._to_view(area & seen, raster.scale)
            for area in raster.work(until_s, first=seen)
            if area.intersects(seen)
        ]
        if not raster.has_work and len(self._rasters) > 1 and not self._is_moving:
            self._keep(self._rasters[:1])
        return done

    def clear(self) -> None:
        """Let go of all pixels, for a page that is not kept any more."""
        for raster in self._rasters:
            raster.clear()

    def _keep(self, rasters: list[PageRaster]) -> None:
        for raster in self._rasters:
            if raster not in rasters:
                raster.clear()
        self._rasters = rasters

    @property
    def _scale(self) -> float:
        return self._viewport.scale * self._ratio

    def _new_raster(self, scale: float) -> PageRaster:
        return PageRaster(self._scene, scale, self._now_s, self._paint_wet)

    def _plan(self) -> None:
        raster = self._rasters[0]
        origin = self._origin_px(self._scale)
        self._origin_x, self._origin_y = origin.x(), origin.y()
        if raster.scale != self._scale:
            return
        seen = self._seen_px(raster.scale)
        ahead = self._around()
        raster.drop_distant_jobs(seen if self._is_ahead else ahead)
        raster.want(seen)
        if not self._is_ahead:
            raster.want(ahead)

    def _around(self) -> QRect:
        """Return what a pan may bring into view soon, page px of the shown scale."""
        viewport, ring = self._viewport, _RING_PX / self._ratio
        area = seen_px(viewport, self._scale)
        for way in (ring, -ring):
            panned = viewport.panned(way, way).clamped()
            if panned.scale != viewport.scale:
                return area.adjusted(-_RING_PX, -_RING_PX, _RING_PX, _RING_PX)
            area |= seen_px(panned, self._scale)
        return area

    def _origin_px(self, scale: float) -> QPoint:
        """Return where the page's corner lies in the view, device px of `scale`."""
        return _origin_px(self._viewport, scale)

    def _seen_px(self, scale: float) -> QRect:
        """Return what is seen, in page px of `scale`."""
        return seen_px(self._viewport, scale)

    def _to_view(self, area_px: QRect, scale: float) -> QRect:
        """Return where page px of `scale` are in the view, logical px, rounded outwards."""
        if area_px.isEmpty():
            return QRect()
        factor = self._viewport.scale / scale
        x = area_px.x() * factor - self._viewport.left_pt * self._viewport.scale
        y = area_px.y() * factor - self._viewport.top_pt * self._viewport.scale
        area = QRectF(x, y, area_px.width() * factor, area_px.height() * factor)
        whole = QRectF(0, 0, self._viewport.view_width_px, self._viewport.view_height_px)
        return (area & whole).toAlignedRect().adjusted(-1, -1, 1, 1)

    def _draw_rough(self, painter: QPainter, area_px: QRect) -> None:
        """Draw an area with what there is at other scales, over the bare board."""
        if not self._is_covered(area_px):
            self._draw_bare(painter, area_px)
        painter.save()
        painter.setClipRect(area_px)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for raster in reversed(self._rasters):
            if raster.scale == self._scale:
                continue
            factor = self._scale / raster.scale
            origin = self._origin_px(raster.scale)
            painter.save()
            painter.scale(factor, factor)
            inverse = QTransform.fromScale(1 / factor, 1 / factor)
            raster.draw(painter, origin, inverse.mapRect(area_px).adjusted(-1, -1, 1, 1))
            painter.restore()
        painter.restore()

    def _is_covered(self, area_px: QRect) -> bool:
        """Return whether one raster has all of an area, so that nothing shows beneath it."""
        for raster in self._rasters:
            factor = raster.scale / self._scale
            inverse = QTransform.fromScale(factor, factor)
            wanted = inverse.mapRect(area_px).adjusted(-1, -1, 1, 1)
            if raster.covers(wanted.translated(-self._origin_px(raster.scale))):
                return True
        return False

    def _draw_bare(self, painter: QPainter, area_px: QRect) -> None:
        """Draw an area of the empty page, with what there is of its sheet."""
        origin = self._origin_px(self._scale)
        area = area_px.translated(-origin)
        x, y = area.x() / self._scale, area.y() / self._scale
        page_area = QRectF(x, y, area.width() / self._scale, area.height() / self._scale)
        painter.save()
        painter.setClipRect(area_px)
        painter.translate(origin)
        painter.scale(self._scale, self._scale)
        self._scene.paint_background(painter, page_area, self._scale)
        painter.restore()


def seen_px(viewport: Viewport, scale: float) -> QRect:
    """Return what a viewport shows, in page px of `scale` (device px per pt)."""
    ratio = scale / viewport.scale
    origin = _origin_px(viewport, scale)
    width = round(viewport.view_width_px * ratio)
    height = round(viewport.view_height_px * ratio)
    return QRect(-origin.x(), -origin.y(), width, height)


def _origin_px(viewport: Viewport, scale: float) -> QPoint:
    return QPoint(round(-viewport.left_pt * scale), round(-viewport.top_pt * scale))


def _scaled(area: QRect, ratio: float) -> QRect:
    if ratio == 1.0:
        return area
    return QRectF(
        area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio
    ).toAlignedRect()
