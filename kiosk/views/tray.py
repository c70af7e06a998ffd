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


class Tray(QWidget):
    """A strip of wood; put buttons into `row`, a horizontal layout."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = QHBoxLayout(self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._respace()

    def _respace(self) -> None:
        sizes = theme.metrics()
        self.row.setContentsMargins(sizes.px(14), sizes.px(3), sizes.px(14), sizes.px(2))
        self.row.setSpacing(sizes.px(6))

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
        painter.end()


def paint_frame(painter: QPainter, box: QRectF) -> None:
    """Paint the board and the wooden frame round it; the tray closes it below."""
    sizes, colours = theme.metrics(), theme.tokens()
    frame = sizes.px(FRAME_MM)
    edge = sizes.px(0.8)
    painter.fillRect(box, QColor(colours.wood))
    inner = box.adjusted(frame, frame, -frame, 0)
    painter.fillRect(inner.adjusted(-edge, -edge, edge, 0), QColor(colours.wood_edge))
    painter.fillRect(inner, QColor(colours.ground))
