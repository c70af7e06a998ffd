"""A layer over one person's page, below their tools, that takes what hands do there.

It exists only while it is in use: without one nothing lies over the canvas, and ink takes
its shortest way to the glass.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import (
    QHideEvent,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.loop import Application
from whiteboard.model.events import PointerEvent
from whiteboard.views.page.pointer_input import PointerInput
from whiteboard.views.pane import Pane


class PaneOverlay(QWidget):
    """Covers a pane's canvas, as large as the pane.

    Args:
        pane: Whose page it lies over.
    """

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane)
        self.hide()
        self.pane = pane
        self._input = PointerInput(time.monotonic, theme.metrics().glass_px_per_mm)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setGeometry(pane.rect())
        # Above the page, below the tools and what floats beside them.
        self.stackUnder(pane.toolbar)
        pane.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, Application):
            app.pen_left.connect(self._pen_left)

    def take(self, event: PointerEvent) -> None:
        """Take in what a contact does; for subclasses."""
        raise NotImplementedError

    def _pen_left(self, pen: QPointingDevice | None) -> None:
        if self.isVisible():
            self._take_all(self._input.pen_left(pen))

    def _take_all(self, events: list[PointerEvent]) -> None:
        for event in events:
            self.take(event)

    def _take_mouse(self, event: QMouseEvent) -> None:
        pointer = self._input.from_mouse(event)
        if pointer is not None:
            self.take(pointer)
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        self.take(self._input.from_tablet(event))
        event.accept()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        # The page below goes on being moved and enlarged by a wheel.
        QApplication.sendEvent(self.pane.canvas, event)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._take_all(self._input.from_touch(event))
            event.accept()
            return True
        return super().event(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._take_all(self._input.cancel_all())
        super().hideEvent(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.pane:
            self.setGeometry(self.pane.rect())
        return False
