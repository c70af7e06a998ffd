"""Four corners on a photograph, moved by fingers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEventPoint,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TOUCHES, painter_for
from base.text import N_, _

Floats = NDArray[np.float64]

_TARGET_MM: Final = 25.0
_RING_MM: Final = 13.0
_EDGE_MM: Final = 8.0
"""Room around the photograph, so that a corner at its edge can be taken hold of."""
_LOUPE_MM: Final = 62.0
_LOUPE_AWAY_MM: Final = 56.0
_LOUPE_TIMES: Final = 3.0
_SHADE_ALPHA: Final = 110
_MOUSE: Final = -1


class CornerEditor(QWidget):
    """Shows a photograph and the outline of the sheet on it; each corner can be dragged.

    A corner keeps its distance to the finger that holds it, so that the finger does not
    lie on it, and a loupe beside the finger shows what is there. Several fingers can hold
    a corner each.
    """

    moved = Signal(object)
    """The corners after one was moved: shape (4, 2), px of the photograph."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QImage()
        self._shown = QPixmap()
        self._corners: Floats = np.zeros((0, 2))
        self._held: dict[int, tuple[int, QPointF]] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAccessibleName(_(_NAME))

    @property
    def corners(self) -> Floats:
        """Shape (4, 2), px of the photograph, clockwise from the upper left."""
        return self._corners.copy()

    @property
    def held(self) -> frozenset[int]:
        """Which corners are under a finger, 0 to 3."""
        return frozenset(corner for corner, _off in self._held.values())

    def show_photo(self, picture: QImage, corners: Floats) -> None:
        """Show a photograph with four corners, clockwise from the upper left."""
        self._picture = picture
        self._corners = corners.copy()
        self._held.clear()
        self._scale()

    def corner_view(self, corner: int) -> QPointF:
        """Return where a corner is in this widget."""
        return self._to_view(self._corners[corner])

    # Where things are ---------------------------------------------------------------------

    def _box(self) -> QRectF:
        """Return where the photograph lies."""
        edge = theme.metrics().px(_EDGE_MM)
        room = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        size = self._picture.size().toSizeF()
        size.scale(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        box = QRectF(QPointF(0, 0), size)
        box.moveCenter(room.center())
        return box

    def _to_view(self, corner: Floats) -> QPointF:
        box = self._box()
        times = box.width() / max(1, self._picture.width())
        x, y = (corner + 0.5) * times
        return QPointF(box.left() + float(x), box.top() + float(y))

    def _to_photo(self, place: QPointF) -> Floats:
        box = self._box()
        times = box.width() / max(1, self._picture.width())
        off = place - box.topLeft()
        corner = np.array([off.x(), off.y()]) / times - 0.5
        return np.clip(corner, 0, [self._picture.width() - 1, self._picture.height() - 1])

    def _scale(self) -> None:
        if not self._picture.isNull():
            ratio = self.devicePixelRatioF()
            size = (self._box().size() * ratio).toSize()
            small = self._picture.scaled(
                size,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._shown = QPixmap.fromImage(small)
            self._shown.setDevicePixelRatio(ratio)
        self.update()

    # Fingers ------------------------------------------------------------------------------

    def _press(self, finger: int, place: QPointF) -> None:
        if not len(self._corners):
            return
        reach = theme.metrics().px(_TARGET_MM) * 0.75
        taken = self.held
        free = [corner for corner in range(4) if corner not in taken]
        distance = {one: _length(self.corner_view(one) - place) for one in free}
        nearest = min(free, key=lambda one: distance[one], default=None)
        if nearest is not None and distance[nearest] <= reach:
            self._held[finger] = (nearest, self.corner_view(nearest) - place)
            self.update()

    def _drag(self, finger: int, place: QPointF) -> None:
        if finger not in self._held:
            return
        corner, off = self._held[finger]
        corners = self._corners.copy()
        corners[corner] = self._to_photo(place + off)
        # A corner that crosses a side would fold the sheet: it waits at its last place.
        if _is_convex(corners):
            self._corners = corners
            self.moved.emit(self.corners)
            self.update()

    def _release(self, finger: int) -> None:
        if self._held.pop(finger, None) is not None:
            self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            event.accept()
            if event.type() == QEvent.Type.TouchCancel:
                self._held.clear()
                self.update()
                return True
            for point in event.points():
                self._touch(point)
            return True
        return super().event(event)

    def _touch(self, point: QEventPoint) -> None:
        if point.state() == QEventPoint.State.Pressed:
            self._press(point.id(), point.position())
        elif point.state() == QEventPoint.State.Updated:
            self._drag(point.id(), point.position())
        elif point.state() == QEventPoint.State.Released:
            self._drag(point.id(), point.position())
            self._release(point.id())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press(_MOUSE, event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._drag(_MOUSE, event.position())

    @override
    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._release(_MOUSE)

    @override
    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._scale()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(_(_NAME))
        elif event.type() == QEvent.Type.StyleChange:
            self._scale()
        super().changeEvent(event)

    # Paint --------------------------------------------------------------------------------

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        if not self._picture.isNull() and len(self._corners):
            box = self._box()
            painter.drawPixmap(box.topLeft(), self._shown)
            places = [self.corner_view(corner) for corner in range(4)]
            outline = QPolygonF(places)
            self._paint_shade(painter, box, outline)
            paint_outline(painter, outline)
            for corner in range(4):
                self._paint_handle(painter, places[corner], is_held=corner in self.held)
            for corner in sorted(self.held):
                self._paint_loupe(painter, corner)
        painter.end()

    def _paint_shade(self, painter: QPainter, box: QRectF, outline: QPolygonF) -> None:
        around, inside = QPainterPath(), QPainterPath()
        around.addRect(box)
        inside.addPolygon(outline)
        shade = QColor("#000000")
        shade.setAlpha(_SHADE_ALPHA)
        painter.fillPath(around.subtracted(inside), shade)

    def _paint_handle(self, painter: QPainter, place: QPointF, *, is_held: bool) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        radius = sizes.px(_RING_MM) / 2 * (1.25 if is_held else 1.0)
        # A ring: what lies below the corner stays in sight.
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.on_accent), sizes.px(2.6)))
        painter.drawEllipse(place, radius, radius)
        painter.setPen(QPen(QColor(colours.accent), sizes.px(1.6)))
        painter.drawEllipse(place, radius, radius)

    def _paint_loupe(self, painter: QPainter, corner: int) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        place = self.corner_view(corner)
        radius = sizes.px(_LOUPE_MM) / 2
        centre = self._loupe_centre(place, radius)
        circle = QPainterPath()
        circle.addEllipse(centre, radius, radius)
        painter.save()
        painter.setClipPath(circle)
        painter.fillPath(circle, QColor("#000000"))
        times = self._box().width() / max(1, self._picture.width()) * _LOUPE_TIMES
        painter.translate(centre)
        painter.scale(times, times)
        x, y = (self._corners[corner] + 0.5).tolist()
        painter.translate(-x, -y)
        reach = radius / times
        source = QRectF(x - reach, y - reach, 2 * reach, 2 * reach)
        source = source.intersected(QRectF(self._picture.rect()))
        painter.drawImage(source, self._picture, source)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        lines = QPolygonF([QPointF(*(one + 0.5)) for one in self._corners])
        for colour, width_mm in ((colours.on_accent, 1.8), (colours.accent, 0.8)):
            pen = QPen(QColor(colour), sizes.px(width_mm))
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPolygon(lines)
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.on_accent), sizes.px(2.4)))
        painter.drawEllipse(centre, radius, radius)
        painter.setPen(QPen(QColor(colours.accent), sizes.px(1.4)))
        painter.drawEllipse(centre, radius, radius)

    def _loupe_centre(self, place: QPointF, radius: float) -> QPointF:
        """Return a place over the finger; beside it where there is no room above."""
        away = theme.metrics().px(_LOUPE_AWAY_MM)
        centre = place - QPointF(0, away)
        if centre.y() < radius:
            side = 1 if place.x() < self.width() / 2 else -1
            centre = place + QPointF(side * away, 0)
        x = min(max(centre.x(), radius), self.width() - radius)
        y = min(max(centre.y(), radius), self.height() - radius)
        return QPointF(x, y)


def paint_outline(painter: QPainter, outline: QPolygonF) -> None:
    """Paint the outline of a sheet so that it is seen on any photograph."""
    sizes, colours = theme.metrics(), theme.tokens()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width_mm in ((colours.on_accent, 2.0), (colours.accent, 1.1)):
        pen = QPen(QColor(colour), sizes.px(width_mm))
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolygon(outline)


_NAME: Final = N_("Corners of the paper")


def _length(way: QPointF) -> float:
    return float(np.hypot(way.x(), way.y()))


def _is_convex(corners: Floats) -> bool:
    """Return whether the corners turn the same way all around, each of them clearly."""
    ahead = np.roll(corners, -1, axis=0) - corners
    ahead /= np.maximum(np.hypot(*ahead.T)[:, None], 1e-6)
    behind = np.roll(ahead, 1, axis=0)
    turn = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0]
    length = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    return bool(turn.min() > 0.1 and length.min() > 20)
