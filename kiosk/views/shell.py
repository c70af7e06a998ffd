"""The one window: a stack of screens, and the notices above them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QLayout, QStackedLayout, QWidget
from typing_extensions import override

from kiosk.views.notices import Notices

USUAL_SIZE: Final = QSize(1280, 720)
TITLE: Final = "Kokuban"


class Shell(QWidget):
    """The window. `resized` carries its new size, `closing` comes when it is closed.

    It does nothing at pointer events: they go from Qt to the screen that is shown.
    """

    resized = Signal(QSize)
    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self._screens = QStackedLayout(self)
        # A screen with much on it must not make the window larger than was asked for.
        self._screens.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.notices = Notices(self)

    @property
    def shown(self) -> QWidget | None:
        """Return the screen that is shown."""
        return self._screens.currentWidget()

    def show_screen(self, screen: QWidget) -> None:
        """Put a screen on the display; it stays alive when another takes its place."""
        if self._screens.indexOf(screen) < 0:
            self._screens.addWidget(screen)
        self._screens.setCurrentWidget(screen)
        screen.setFocus()
        self.notices.raise_()

    def show_on_display(self, size: QSize | None, *, windowed: bool) -> None:
        """Show the window.

        Args:
            size: Size of its inside, device-independent px; None for the usual.
            windowed: With a frame; otherwise frameless over the whole screen, or over
                `size` from the screen's corner.
        """
        screen = self.screen().geometry()
        if windowed:
            self.resize(size or USUAL_SIZE)
            self.move(screen.topLeft())
            self.show()
            self.activateWindow()
            return
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        if size is not None:
            self.resize(size)
            self.move(screen.topLeft())
            self.show()
            self.activateWindow()
            return
        # Where there is no window manager, nobody enlarges a window that says fullscreen.
        self.setGeometry(screen)
        self.showFullScreen()
        # Where there is no window manager, nobody gives a new window the keyboard either,
        # and a field without it has no input method.
        self.activateWindow()
        # Panels that are switched off and on may come back with another resolution.
        self.screen().geometryChanged.connect(self.setGeometry)

    def planned_size(self, size: QSize | None, *, windowed: bool) -> QSize:
        """Return the size that `show_on_display` will give."""
        if size is not None:
            return size
        return USUAL_SIZE if windowed else self.screen().geometry().size()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.notices.place()
        self.resized.emit(event.size())

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closing.emit()
