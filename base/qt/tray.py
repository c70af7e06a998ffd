"""The wooden tray under the board, which carries a screen's buttons."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import painter_for

TRAY_MM: Final = 34.0
FRAME_MM: Final = 4.0
# Colour, place from the left (mm), length (mm), turn (degrees) of each stick.
_CHALK: Final = (
    ("#f7f5ee", 0.0, 24.0, -2.0),
    ("#f2dc95", 31.0, 17.0, 3.0),
    ("#efb9aa", 54.0, 20.0, -1.0),
)
_CHALK_WIDTH_MM: Final = 74.0


class Tray(QWidget):
    """A strip of wood; put buttons into `row`, a horizontal layout.

    Args:
        with_chalk: Whether chalk lies in its middle, which has to stay free then.
    """

    def __init__(self, parent: QWidget | None = None, *, with_chalk: bool = False) -> None:
        super().__init__(parent)
        self._with_chalk = with_chalk
        self.row = QHBoxLayout(self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._respace()

    def _respace(self) -> None:
        sizes = theme.metrics()
        side = sizes.px(FRAME_MM + 22)
        self.row.setContentsMargins(side, sizes.px(3), side, sizes.px(2))
        self.row.setSpacing(sizes.gap_px)

    @override
    def sizeHint(self) -> QSize:
        return QSize(0, theme.metrics().px(TRAY_MM))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        painter.fillRect(self.rect(), QColor(colours.wood))
        painter.fillRect(0, 0, self.width(), sizes.px(1.6), QColor(colours.wood_edge))
        if self._with_chalk:
            _paint_chalk(painter, self.width() / 2, self.height())
        painter.end()


def _paint_chalk(painter: QPainter, middle_px: float, height_px: float) -> None:
    """Paint the sticks of chalk lying on the tray around `middle_px`."""
    mm = theme.metrics().px_per_mm
    painter.setPen(Qt.PenStyle.NoPen)
    left = middle_px - _CHALK_WIDTH_MM / 2 * mm
    for colour, at_mm, long_mm, turned_deg in _CHALK:
        painter.save()
        painter.translate(left + at_mm * mm, height_px * 0.52)
        painter.rotate(turned_deg)
        stick = QRectF(0, -1.6 * mm, long_mm * mm, 3.2 * mm)
        painter.setBrush(QColor(theme.tokens().wood_shade))
        painter.drawRoundedRect(stick.translated(0, 0.9 * mm), 0.9 * mm, 0.9 * mm)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(stick, 0.9 * mm, 0.9 * mm)
        painter.restore()


def paint_frame(painter: QPainter, box: QRectF) -> None:
    """Paint the board and the wooden frame round it; the tray closes it below."""
    sizes, colours = theme.metrics(), theme.tokens()
    frame = sizes.px(FRAME_MM)
    edge = sizes.px(0.8)
    painter.fillRect(box, QColor(colours.wood))
    inner = box.adjusted(frame, frame, -frame, 0)
    painter.fillRect(inner.adjusted(-edge, -edge, edge, 0), QColor(colours.wood_edge))
    painter.fillRect(inner, QColor(colours.ground))
