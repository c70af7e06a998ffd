"""What is chosen, on the glass: its frame with handles, and the items as they are dragged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from base.board_doc import Item
from whiteboard.model.bounds import Rect
from whiteboard.model.lasso_tool import FRAME_MARGIN_MM, HANDLE_GAP_MM, SIDE_ROOM_MM
from whiteboard.model.select import Handle, Transform, handle_places, selection_bounds
from whiteboard.model.viewport import Viewport
from whiteboard.services.painting.item_painting import Look, paint_items
from whiteboard.views.page.overlays import to_view_rect, to_view_transform

_HANDLE_MM: Final = 5.0
_RIM_PX: Final = 4


class SelectionFrame:
    """The frame around the chosen items of one view.

    Args:
        px_per_mm: Logical px per design millimetre.
    """

    def __init__(self, px_per_mm: float) -> None:
        self.px_per_mm = px_per_mm
        self._items: dict[str, Item] = {}
        self._frame: Rect | None = None
        self._transform = Transform()
        self._lifted: QImage | None = None
        self._lifted_from = QPointF()

    def __bool__(self) -> bool:
        return self._frame is not None

    @property
    def items(self) -> Mapping[str, Item]:
        """What is chosen, by id."""
        return self._items

    @property
    def is_lifted(self) -> bool:
        """Whether the items are being dragged."""
        return self._lifted is not None

    def choose(self, items: Mapping[str, Item]) -> None:
        """Frame these items."""
        self._items = dict(items)
        self._frame = selection_bounds(list(items.values()))
        self._transform = Transform()
        self._lifted = None

    def lift(self, viewport: Viewport, ratio: float, look: Look) -> None:
        """Take a picture of the items that can be dragged about."""
        if self._frame is None:
            return
        area = to_view_rect(self._frame, viewport)
        area &= QRect(-4000, -4000, 12000, 12000)
        image = QImage(area.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-area.x(), -area.y())
        painter.setTransform(to_view_transform(viewport), combine=True)
        paint_items(painter, self._items.values(), look)
        painter.end()
        self._lifted = image
        self._lifted_from = QPointF(area.topLeft())

    def drag(self, transform: Transform) -> None:
        """Show the items moved, scaled or turned."""
        self._transform = transform

    def area(self, viewport: Viewport) -> QRect:
        """Return where the frame and its handles are, view px."""
        if self._frame is None:
            return QRect()
        corners = viewport.points_to_view(self._transform.points(self._frame.corners()))
        low, high = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        reach = round((HANDLE_GAP_MM + FRAME_MARGIN_MM + _HANDLE_MM) * self.px_per_mm) + _RIM_PX
        box = QRectF(low[0], low[1], high[0] - low[0], high[1] - low[1]).toAlignedRect()
        return box.adjusted(-reach, -reach, reach, reach)

    def paint(
        self, painter: QPainter, viewport: Viewport, colour: QColor, paper: QColor
    ) -> None:
        """Paint the dragged items, the frame and its handles; the painter is in view space."""
        if self._frame is None:
            return
        to_view = to_view_transform(viewport)
        t = self._transform
        dragged = QTransform(t.xx, t.yx, t.xy, t.yy, t.dx, t.dy)
        in_view = to_view.inverted()[0] * dragged * to_view
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(in_view, combine=True)
        if self._lifted is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._lifted_from, self._lifted)
        shown = viewport.rect_to_view(self._frame).outset(FRAME_MARGIN_MM * self.px_per_mm)
        line = QPen(colour, max(0.5 * self.px_per_mm, 1.5), Qt.PenStyle.DashLine)
        line.setCosmetic(True)
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(shown.left, shown.top, shown.width, shown.height))
        places = handle_places(
            shown, HANDLE_GAP_MM * self.px_per_mm, SIDE_ROOM_MM * self.px_per_mm
        )
        painter.drawLine(
            QPointF(*places[Handle.TURN]), QPointF(places[Handle.TURN][0], shown.top)
        )
        edge = QPen(colour, max(0.6 * self.px_per_mm, 2))
        edge.setCosmetic(True)
        painter.setPen(edge)
        painter.setBrush(paper)
        radius = _HANDLE_MM * self.px_per_mm / 2
        for handle, place in places.items():
            if handle is Handle.TURN:
                painter.drawEllipse(QPointF(*place), radius * 1.3, radius * 1.3)
            else:
                side = radius * 0.85
                painter.drawRect(QRectF(place[0] - side, place[1] - side, 2 * side, 2 * side))
        painter.restore()
