"""The smallest Qt program that draws: one widget, one image, one dirty rectangle.

What it takes from event to pixel is what the machine, the X server and Qt take; the rest
of Kokuban's time is Kokuban's.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import (
    QColor,
    QEventPoint,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

PEN_PX = 4.0
MARGIN_PX = 5
MOUSE = -1


class BareCanvas(QWidget):
    """Draws where the left button is held and under every finger."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Bare canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._image = QImage()
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self._last: dict[int, QPointF] = {}
        self._pen = QPen(QColor("white"), PEN_PX)
        self._pen.setCapStyle(Qt.PenCapStyle.RoundCap)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._image = QImage(self.size(), QImage.Format.Format_RGB32)
        self._image.fill(QColor("#24463A"))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(event.rect().topLeft(), self._image, event.rect())
        painter.end()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last[MOUSE] = event.position()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._draw_to(MOUSE, event.position())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last.pop(MOUSE, None)

    @override
    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QTouchEvent):
            return super().event(event)
        for point in event.points():
            if point.state() == QEventPoint.State.Pressed:
                self._last[point.id()] = point.position()
            elif point.state() == QEventPoint.State.Updated:
                self._draw_to(point.id(), point.position())
            elif point.state() == QEventPoint.State.Released:
                self._last.pop(point.id(), None)
        event.accept()
        return True

    def _draw_to(self, contact: int, here: QPointF) -> None:
        last = self._last.get(contact)
        if last is None:
            return
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._pen)
        painter.drawLine(last, here)
        painter.end()
        piece = QRect(last.toPoint(), here.toPoint()).normalized()
        self._last[contact] = here
        self.update(piece.adjusted(-MARGIN_PX, -MARGIN_PX, MARGIN_PX, MARGIN_PX))


def main() -> int:
    """Open the canvas over the whole screen."""
    app = QApplication(sys.argv)
    app.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    canvas = BareCanvas()
    canvas.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    canvas.setGeometry(app.primaryScreen().geometry())
    canvas.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
