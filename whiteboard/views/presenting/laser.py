"""A dot of light that goes where a finger, a pen or the mouse points; nothing is written."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QHideEvent, QPaintEvent
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import painter_for
from whiteboard.model.events import Device, Phase, PointerEvent
from whiteboard.views.pane import Pane
from whiteboard.views.parts.pane_overlay import PaneOverlay

DOT_MM: Final = 7.0
"""Across: seen from the last row, and hardly more than a letter of a slide."""
GLOW_MM: Final = 13.0
PALM_MM: Final = 30.0
"""A contact as large as this is a hand that rests, and points at nothing."""
_LIGHT: Final = QColor(232, 40, 28)
_RIM: Final = QColor(255, 255, 255)
_GLOW: Final = QColor(232, 40, 28, 70)
_ENDS: Final = (Phase.UP, Phase.CANCEL, Phase.LEAVE)


class Laser(PaneOverlay):
    """Shows a dot for each contact, and for what hovers.

    Args:
        pane: Whose page it points at.
    """

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._dots: dict[int, QPointF] = {}

    @property
    def dots(self) -> tuple[QPointF, ...]:
        """Where the dots are, px of the pane."""
        return tuple(self._dots.values())

    @override
    def take(self, event: PointerEvent) -> None:
        contact = event.contact
        # A mouse stays where it was let go, a pen hovers on; a finger is gone.
        is_gone = event.phase in _ENDS and not (
            event.phase is Phase.UP and event.device is not Device.TOUCH
        )
        if is_gone or (event.device is Device.TOUCH and event.size_mm >= PALM_MM):
            self._put_out(contact)
            return
        before = self._area(contact)
        self._dots[contact] = QPointF(event.x_view, event.y_view)
        self._repaint(before, self._area(contact))

    def _put_out(self, contact: int) -> None:
        area = self._area(contact)
        self._dots.pop(contact, None)
        self.update(area)

    def _repaint(self, before: QRect, after: QRect) -> None:
        if before.intersects(after):
            self.update(before | after)
        else:
            self.update(before)
            self.update(after)

    def _area(self, contact: int) -> QRect:
        place = self._dots.get(contact)
        if place is None:
            return QRect()
        reach = theme.metrics().px(GLOW_MM) / 2 + 2
        square = QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)
        return square.toAlignedRect()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._dots.clear()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        sizes = theme.metrics()
        painter = painter_for(self)
        painter.setPen(Qt.PenStyle.NoPen)
        for contact, place in self._dots.items():
            if not self._area(contact).intersects(event.rect()):
                continue
            # A white rim between light and glow: red alone is lost on red, and on a board.
            for colour, across_mm in (
                (_GLOW, GLOW_MM),
                (_RIM, DOT_MM + 1.6),
                (_LIGHT, DOT_MM),
            ):
                painter.setBrush(colour)
                painter.drawEllipse(place, sizes.px(across_mm) / 2, sizes.px(across_mm) / 2)
        painter.end()
