"""What floats over the page for a moment: shapes being drawn, trails, eraser rings, loops."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from base.board_doc import Floats, ShapeItem
from whiteboard.model.bounds import Rect, item_bounds
from whiteboard.model.effects import Pointed, TextMarked
from whiteboard.model.palette import highlighter_rgb, ink_rgb
from whiteboard.model.viewport import Viewport
from whiteboard.services.painting.ink_painting import blend_mode
from whiteboard.services.painting.item_painting import Look, paint_item

TRAIL_S: Final = 1.4
"""How long vanishing ink stays after the hand has passed."""
_FADE_S: Final = 0.6
_TRAIL_MM: Final = 4.5
_FRAME_DARK: Final = QColor(246, 243, 236)
_FRAME_LIGHT: Final = QColor(30, 70, 58)
_MARK_RIM_PT: Final = 2.0
_GLOW_RIM_MM: Final = 1.2
_GLOW_VEIL: Final = QColor(240, 160, 48)
_GLOW_EDGE: Final = QColor(201, 104, 10)


@dataclass(slots=True)
class _Trail:
    """The way of a pointing hand: places in pt with their times, and whether it goes on."""

    colour: int
    points: deque[tuple[float, float, float]] = field(default_factory=deque)
    is_down: bool = True


@dataclass(frozen=True, slots=True)
class Ring:
    """An eraser on the glass: place and radius in pt."""

    x_pt: float
    y_pt: float
    radius_pt: float


class Overlays:
    """What floats over one view.

    Args:
        now_s: Monotonic clock of the pointer events.
        px_per_mm: Logical px per mm on the glass.
    """

    def __init__(self, px_per_mm: float) -> None:
        self.px_per_mm = px_per_mm
        self.shapes: dict[int, ShapeItem] = {}
        self.rings: dict[int, Ring] = {}
        self.loop: Floats | None = None
        self.marks: dict[int, TextMarked] = {}
        """Text that contacts are marking."""
        self.glow: tuple[Rect, ...] = ()
        """What is shown calmly for a while, such as a place that was found; page space."""
        self.glow_strength = 1.0
        """How much of it, 0 to 1."""
        self._trails: list[_Trail] = []
        self._trail_of: dict[int, _Trail] = {}

    def __bool__(self) -> bool:
        has_some = self.shapes or self.rings or self._trails or self.marks or self.glow
        return bool(has_some) or self.loop is not None

    @property
    def has_trails(self) -> bool:
        """Whether vanishing ink has not vanished yet."""
        return bool(self._trails)

    def point(self, effect: Pointed) -> None:
        """Draw a trail on."""
        trail = self._trail_of.get(effect.contact)
        if trail is None:
            trail = _Trail(effect.colour)
            self._trail_of[effect.contact] = trail
            self._trails.append(trail)
        trail.points.append((effect.x_pt, effect.y_pt, effect.t_s))
        if not effect.is_down:
            trail.is_down = False
            del self._trail_of[effect.contact]

    def fade(self, now_s: float, viewport: Viewport) -> QRect:
        """Let trails vanish; return what must be painted again, view px."""
        area = QRect()
        for trail in self._trails:
            area |= self._trail_area(trail, viewport)
            while trail.points and now_s - trail.points[0][2] > TRAIL_S:
                trail.points.popleft()
        self._trails = [t for t in self._trails if t.points or t.is_down]
        return area

    def trail_tip_area(self, contact: int, viewport: Viewport) -> QRect:
        """Return what must be painted after a trail grew, view px."""
        trail = self._trail_of.get(contact)
        if trail is None:
            return QRect()
        return self._area_of(list(trail.points)[-2:], viewport)

    def shape_area(self, contact: int, viewport: Viewport) -> QRect:
        """Return where the shape of a contact is, view px."""
        shape = self.shapes.get(contact)
        return QRect() if shape is None else to_view_rect(item_bounds(shape), viewport)

    def ring_area(self, contact: int, viewport: Viewport) -> QRect:
        """Return where the ring of a contact is, view px."""
        ring = self.rings.get(contact)
        if ring is None:
            return QRect()
        r = ring.radius_pt
        bounds = Rect(ring.x_pt - r, ring.y_pt - r, ring.x_pt + r, ring.y_pt + r)
        return to_view_rect(bounds, viewport)

    def loop_area(self, viewport: Viewport) -> QRect:
        """Return where the loop of the lasso is, view px."""
        if self.loop is None:
            return QRect()
        rim = math.ceil(self._line_px())
        return to_view_rect(Rect.around(self.loop), viewport).adjusted(-rim, -rim, rim, rim)

    def marks_area(self, contact: int, viewport: Viewport) -> QRect:
        """Return where the marks of a contact are, view px."""
        marked = self.marks.get(contact)
        area = QRect()
        for line in () if marked is None else marked.lines:
            area |= to_view_rect(line.box.outset(_MARK_RIM_PT), viewport)
        return area

    def glow_area(self, viewport: Viewport) -> QRect:
        """Return where the glow is, view px."""
        area = QRect()
        rim = math.ceil(_GLOW_RIM_MM * self.px_per_mm) + 2
        for box in self.glow:
            area |= to_view_rect(box, viewport).adjusted(-rim, -rim, rim, rim)
        return area

    def paint(self, painter: QPainter, viewport: Viewport, look: Look, now_s: float) -> None:
        """Paint everything; the painter is in view space, clipped to what is wanted."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.shapes:
            painter.save()
            painter.setTransform(to_view_transform(viewport), True)
            for shape in self.shapes.values():
                paint_item(painter, shape, look)
            painter.restore()
        for marked in self.marks.values():
            self._paint_marks(painter, marked, viewport, look)
        if self.glow:
            self._paint_glow(painter, viewport)
        for trail in self._trails:
            self._paint_trail(painter, trail, viewport, look, now_s)
        colour = _FRAME_DARK if look.is_dark else _FRAME_LIGHT
        line = self._line_px()
        for ring in self.rings.values():
            self._paint_ring(painter, ring, viewport, colour, line)
        if self.loop is not None and len(self.loop) > 1:
            painter.setPen(QPen(colour, line * 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(_polygon(viewport.points_to_view(self.loop)))

    def _paint_marks(
        self, painter: QPainter, marked: TextMarked, viewport: Viewport, look: Look
    ) -> None:
        """Paint marks as the strokes will look that they become."""
        painter.setCompositionMode(blend_mode(is_dark=look.is_dark))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*highlighter_rgb(marked.colour, look.is_dark)))
        for line in marked.lines:
            box = _view_box(line.box, viewport)
            radius = min(box.width(), box.height()) / 2
            painter.drawRoundedRect(box, radius, radius)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)

    def _paint_glow(self, painter: QPainter, viewport: Viewport) -> None:
        """Paint an edge and a veil round each box: readable on paper, ink and blackboard."""
        rim, line = _GLOW_RIM_MM * self.px_per_mm, max(0.7 * self.px_per_mm, 2.0)
        veil, edge = QColor(_GLOW_VEIL), QColor(_GLOW_EDGE)
        veil.setAlphaF(0.34 * self.glow_strength)
        edge.setAlphaF(self.glow_strength)
        painter.setPen(QPen(edge, line))
        painter.setBrush(veil)
        for box in self.glow:
            shown = _view_box(box, viewport).adjusted(-rim, -rim, rim, rim)
            painter.drawRoundedRect(shown, rim * 1.5, rim * 1.5)

    def _line_px(self) -> float:
        return max(self.px_per_mm * 0.5, 1.5)

    def _paint_trail(
        self, painter: QPainter, trail: _Trail, viewport: Viewport, look: Look, now_s: float
    ) -> None:
        colour = QColor(*ink_rgb(trail.colour, look.is_dark))
        width = _TRAIL_MM * self.px_per_mm
        points = [(*viewport.to_view(x, y), t) for x, y, t in trail.points]
        if len(points) == 1:
            points *= 2
        for (x0, y0, t0), (x1, y1, _) in pairwise(points):
            left = (
                1.0
                if trail.is_down and t0 == points[-1][2]
                else (min(max((TRAIL_S - (now_s - t0)) / _FADE_S, 0.0), 1.0))
            )
            # Thins out instead of turning transparent: joints of see-through lines show.
            pen = QPen(colour, max(width * left, 0.5), Qt.PenStyle.SolidLine)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            if x0 == x1 and y0 == y1:
                painter.drawPoint(QPointF(x1, y1))  # a line without a length is not painted
            else:
                painter.drawLine(QLineF(x0, y0, x1, y1))

    def _paint_ring(
        self, painter: QPainter, ring: Ring, viewport: Viewport, colour: QColor, line: float
    ) -> None:
        centre = QPointF(*viewport.to_view(ring.x_pt, ring.y_pt))
        radius = ring.radius_pt * viewport.scale
        painter.setPen(QPen(colour, line))
        veil = QColor(colour)
        veil.setAlpha(28)
        painter.setBrush(veil)
        painter.drawEllipse(centre, radius, radius)

    def _trail_area(self, trail: _Trail, viewport: Viewport) -> QRect:
        return self._area_of(list(trail.points), viewport)

    def _area_of(self, points: list[tuple[float, float, float]], viewport: Viewport) -> QRect:
        if not points:
            return QRect()
        xs = [(x - viewport.left_pt) * viewport.scale for x, _, _ in points]
        ys = [(y - viewport.top_pt) * viewport.scale for _, y, _ in points]
        reach = _TRAIL_MM * self.px_per_mm / 2 + 2
        area = QRectF(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        return area.adjusted(-reach, -reach, reach, reach).toAlignedRect()


def to_view_transform(viewport: Viewport) -> QTransform:
    """Return the map from page space to view space."""
    scale = viewport.scale
    return QTransform(scale, 0, 0, scale, -viewport.left_pt * scale, -viewport.top_pt * scale)


def to_view_rect(area: Rect, viewport: Viewport) -> QRect:
    """Return where a rectangle of the page is in the view, rounded outwards, with a rim."""
    view = viewport.rect_to_view(area)
    limit = 1e6
    left, top = max(math.floor(view.left), -limit) - 3, max(math.floor(view.top), -limit) - 3
    right, bottom = (
        min(math.ceil(view.right), limit) + 3,
        min(math.ceil(view.bottom), limit) + 3,
    )
    return QRect(int(left), int(top), int(right - left), int(bottom - top))


def _view_box(box: Rect, viewport: Viewport) -> QRectF:
    view = viewport.rect_to_view(box)
    return QRectF(view.left, view.top, view.width, view.height)


def no_image(_sha256: bytes) -> QImage | None:
    """Stand in for pictures where there are none."""
    return None


def _polygon(points: Floats) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])
