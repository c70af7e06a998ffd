"""The page is dim but for a round window that follows a finger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import Layout, TouchButton, paint_icon, painter_for
from base.text import N_
from whiteboard.model.events import Phase, PointerEvent
from whiteboard.model.spot import Place, Spot
from whiteboard.views.pane import Pane
from whiteboard.views.parts.pane_overlay import PaneOverlay

DIM: Final = QColor(0, 0, 0, 190)
"""What lies outside the light: still there, and read by nobody."""
FIRST_SHARE: Final = 0.22
"""Radius of a new window, of the view's shorter side."""
LEAST_MM: Final = 20.0
HANDLE_MM: Final = 12.0
REACH_MM: Final = 11.0
"""How near to the middle of the handle a finger takes hold of it: more than it looks."""
_GAP_MM: Final = 4.0
_ENDS: Final = (Phase.UP, Phase.CANCEL)


class Spotlight(PaneOverlay):
    """The dim layer with its window; a finger moves it, two or the handle resize it.

    Pens write through it: what is lit can be marked at once.

    Args:
        pane: Whose page is lit.
    """

    close_asked = Signal()

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane)
        sizes = theme.metrics()
        side = min(pane.width(), pane.height())
        self._spot = Spot(
            pane.width() / 2, pane.height() * 0.45, side * FIRST_SHARE, sizes.px(LEAST_MM)
        )
        self._fingers: dict[int, Place] = {}
        self._on_handle: int | None = None
        self._shut = TouchButton(N_("Light off"), "x", self, layout=Layout.BESIDE)
        self._shut.clicked.connect(self.close_asked)
        self._put(self._spot)

    @property
    def spot(self) -> Spot:
        """The window, px of the pane."""
        return self._spot

    @property
    def handle(self) -> QPoint:
        """Where the handle is, px of the pane."""
        margin = theme.metrics().px(HANDLE_MM)
        x, y = self._spot.handle(self.width(), self.height(), margin)
        return QPoint(round(x), round(y))

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        # The canvas lies in the same place: what the pen says holds there as it is.
        QApplication.sendEvent(self.pane.canvas, event)
        event.accept()

    @override
    def take(self, event: PointerEvent) -> None:
        contact, place = event.contact, (event.x_view, event.y_view)
        if event.phase is Phase.DOWN:
            self._take_hold(contact, place)
        elif event.phase is Phase.MOVE and contact in self._fingers:
            self._follow(contact, place)
        elif event.phase in _ENDS:
            self._fingers.pop(contact, None)
            if self._on_handle == contact:
                self._on_handle = None

    def _take_hold(self, contact: int, place: Place) -> None:
        is_first = not self._fingers
        self._fingers[contact] = place
        handle = self.handle
        near = QPointF(*place) - QPointF(handle)
        if is_first and near.manhattanLength() <= 2 * theme.metrics().px(REACH_MM):
            self._on_handle = contact
        elif is_first and not self._spot.contains(place):
            self._put(self._spot.moved_to(place))

    def _follow(self, contact: int, place: Place) -> None:
        before = self._fingers[contact]
        others = [p for c, p in self._fingers.items() if c != contact]
        self._fingers[contact] = place
        if contact == self._on_handle:
            self._put(self._spot.reaching(place))
        elif not others:
            self._put(self._spot.dragged(before, place))
        elif len(others) == 1:
            self._put(self._spot.pinched((before, others[0]), (place, others[0])))

    def _put(self, spot: Spot) -> None:
        before = self._area()
        self._spot = spot.within(self.width(), self.height())
        after = self._area()
        if before.intersects(after):
            self.update(before | after)
        else:
            # Not what lies between them: at 3840x2160 that were most of the glass.
            self.update(before)
            self.update(after)
        self._place_button()

    def _area(self) -> QRect:
        """Return what has to be painted again when the window goes, with its handle."""
        spot, sizes = self._spot, theme.metrics()
        rim = sizes.px(HANDLE_MM)
        reach = spot.radius + rim
        area = QRectF(spot.x - reach, spot.y - reach, 2 * reach, 2 * reach).toAlignedRect()
        knob = QRect(0, 0, 2 * rim, 2 * rim)
        knob.moveCenter(self.handle)
        return area | knob

    def _place_button(self) -> None:
        """Keep the button below the window, or above it where there is no room."""
        spot, gap = self._spot, theme.metrics().px(_GAP_MM)
        size = self._shut.sizeHint()
        top = spot.y + spot.radius + gap
        if top + size.height() > self._floor() - gap:
            top = spot.y - spot.radius - gap - size.height()
        left = min(max(spot.x - size.width() / 2, gap), self.width() - size.width() - gap)
        self._shut.setGeometry(QRect(QPoint(round(left), round(max(top, gap))), size))

    def _floor(self) -> int:
        """Return where the tools at the lower border begin."""
        bars = (self.pane.toolbar, self.pane.page_bar, self.pane.home_bar)
        below = [b.y() for b in bars if b.isVisible() and b.y() > self.height() / 2]
        return min(below, default=self.height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        old, new = event.oldSize(), event.size()
        if old.width() > 0 and old.height() > 0:
            x = self._spot.x * new.width() / old.width()
            y = self._spot.y * new.height() / old.height()
            self._put(self._spot.moved_to((x, y)))
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        spot = self._spot
        hole = QRectF(spot.x - spot.radius, spot.y - spot.radius, 2 * spot.radius, 0)
        hole.setHeight(hole.width())
        about = hole.toAlignedRect().adjusted(-1, -1, 1, 1)
        painter = painter_for(self)
        for rect in cast("Iterable[QRect]", event.region() - QRegion(about)):
            painter.fillRect(rect, DIM)
        if about.intersects(event.rect()):
            dim = QPainterPath()
            dim.addRect(QRectF(about))
            dim.addEllipse(hole)
            painter.fillPath(dim, DIM)
        self._paint_rim(painter, hole)
        painter.end()

    def _paint_rim(self, painter: QPainter, hole: QRectF) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent), sizes.px(0.8)))
        painter.drawEllipse(hole)
        knob = QRect(0, 0, sizes.px(HANDLE_MM), sizes.px(HANDLE_MM))
        knob.moveCenter(self.handle)
        painter.setBrush(QColor(colours.accent))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(knob)
        inset = sizes.px(2.5)
        box = knob.adjusted(inset, inset, -inset, -inset)
        paint_icon(painter, "scaling", colours.on_accent, box, self.devicePixelRatioF())
