"""A person's pane in a real window: canvas, tools, editor and bars, and hands for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QInputMethodEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from base.board_doc import Item
from base.clock import SystemClock
from base.errors import AppError
from base.options import Options
from base.tasks import Worker
from whiteboard.model.page import Background
from whiteboard.model.tool_choice import ToolKind
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.chalk.chalk_sound import ChalkSound
from whiteboard.services.taking.clipboard import BoardClipboard
from whiteboard.views.page.leaf import Surroundings
from whiteboard.views.pane import Pane

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
PERSON = "haru"
Place = tuple[float, float]
T = TypeVar("T", bound=Item)


class PaneBench:
    """One person's pane on a board of its own.

    Args:
        folder: Where the board's file goes.
        size: Of the pane, logical px.
        read_only: Whether the board can only be read.
    """

    def __init__(
        self,
        folder: Path,
        size: tuple[int, int] = (1280, 720),
        *,
        read_only: bool = False,
    ) -> None:
        self.errors: list[AppError] = []
        self.worker = Worker("bench", on_error=lambda error: None)
        self.file = BoardFile.create(folder / "board.kokuban")
        self.open = OpenBoard(self.file, 1 << 24, self.worker)
        self.open.ensure_page(Background())
        if read_only:
            self.open.stop_keeping()
            self.file.close()
            self.file = BoardFile.open(self.file.path, read_only=True)
            self.open = OpenBoard(self.file, 1 << 24, self.worker)
        self.board = self.open.board
        self.sound = ChalkSound(0.5, on=False)
        self.clipboard = BoardClipboard()
        self.clipboard.clear()
        around = Surroundings(time.monotonic, date.today, self.sound, self.clipboard)
        options = Options.load(folder / "settings.json", SystemClock().now())
        self.window = QWidget()
        self.window.resize(*size)
        page_id = self.board.pages[0].id
        self.pane = Pane(self.open, PERSON, page_id, around, options.values, self.window)
        self.pane.failed.connect(self.errors.append)
        self.pane.setGeometry(self.window.rect())
        self.canvas, self.desk = self.pane.canvas, self.pane.desk
        self.editor = self.desk.editor
        self._touch_screen: QPointingDevice | None = None

    def show(self) -> None:
        """Put the window on the screen and wait until it is there."""
        self.window.show()
        self.window.activateWindow()
        assert QTest.qWaitForWindowExposed(self.window)

    def shutdown(self) -> None:
        """Let go of everything."""
        self.pane.shutdown()
        self.window.hide()
        self.window.deleteLater()
        self.open.stop_keeping()
        self.clipboard.clear()
        self.clipboard.shutdown()
        self.file.close()
        self.worker.shutdown()
        self.sound.shutdown()
        QCoreApplication.processEvents()

    # What is there --------------------------------------------------------------------

    @property
    def items(self) -> list[Item]:
        """What lies on the page that is shown, lowest first."""
        return [item for _, item in self.board.stacked(self.canvas.page_id)]

    def the(self, kind: type[T]) -> T:
        """Return the one item of a kind on the page."""
        (item,) = [item for item in self.items if isinstance(item, kind)]
        return item

    def add(self, *items: Item) -> list[str]:
        """Put items on the page, as a step of nobody."""
        return self.open.add_items("", self.canvas.page_id, items)

    def at(self, x_pt: float, y_pt: float) -> Place:
        """Return where a point of the page is in the pane."""
        return self.canvas.viewport.to_view(x_pt, y_pt)

    def settled(self) -> bool:
        """Whether the worker is through and its answers have come; for `waitUntil`."""
        self.worker.drain(10.0)
        QCoreApplication.processEvents()
        return True

    # Hands ----------------------------------------------------------------------------

    def hold(self, tool: ToolKind) -> None:
        """Take a tool into the hand."""
        self.pane.hold(self.pane.choice.with_tool(tool))

    def tap(self, x: float, y: float) -> None:
        """Click at a place of the pane, on whatever lies there."""
        QTest.mouseClick(self.window.windowHandle(), LEFT, NONE, QPoint(round(x), round(y)))

    def drag(self, places: Sequence[Place], *, lifts: bool = True) -> None:
        """Press the mouse at the first place, go along the others."""
        handle = self.window.windowHandle()
        points = [QPoint(round(x), round(y)) for x, y in places]
        QTest.mousePress(handle, LEFT, NONE, points[0])
        for point in points[1:]:
            QTest.mouseMove(handle, point)
        if lifts:
            QTest.mouseRelease(handle, LEFT, NONE, points[-1])

    def touch(self, places: Sequence[Place], finger: int = 0) -> None:
        """Put a finger down at the first place, go along the others, lift."""
        if self._touch_screen is None:
            self._touch_screen = QTest.createTouchDevice()
        handle, device = self.window.windowHandle(), self._touch_screen
        points = [QPoint(round(x), round(y)) for x, y in places]
        QTest.touchEvent(handle, device).press(finger, points[0]).commit()
        for point in points[1:]:
            QTest.touchEvent(handle, device).move(finger, point).commit()
        QTest.touchEvent(handle, device).release(finger, points[-1]).commit()

    def pinch(self, middle: Place, apart: float, apart_then: float, steps: int = 12) -> None:
        """Put two fingers down side by side and part them, px."""
        if self._touch_screen is None:
            self._touch_screen = QTest.createTouchDevice()
        handle, device = self.window.windowHandle(), self._touch_screen

        def fingers(distance: float) -> tuple[QPoint, QPoint]:
            x, y = round(middle[0]), round(middle[1])
            return QPoint(x - round(distance / 2), y), QPoint(x + round(distance / 2), y)

        one, other = fingers(apart)
        QTest.touchEvent(handle, device).press(1, one).press(2, other).commit()
        for n in range(1, steps + 1):
            one, other = fingers(apart + (apart_then - apart) * n / steps)
            QTest.touchEvent(handle, device).move(1, one).move(2, other).commit()
        QTest.touchEvent(handle, device).release(1, one).release(2, other).commit()

    def press(self, button: QWidget) -> None:
        """Click a button where it is on the glass."""
        middle = button.mapTo(self.window, button.rect().center())
        self.tap(middle.x(), middle.y())

    # Keyboard and input method --------------------------------------------------------

    def type(self, text: str) -> None:
        """Type letters of ASCII on a keyboard."""
        for letter in text:
            QTest.keyClick(self.window.windowHandle(), letter)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Type one key."""
        QTest.keyClick(self.window.windowHandle(), key, modifiers)

    def compose(self, undecided: str, decided: str = "") -> None:
        """Do what an input method does: show letters that are not decided, decide others."""
        event = QInputMethodEvent(undecided, [])
        if decided:
            event.setCommitString(decided)
        focus = self._focus()
        assert focus is not None
        QCoreApplication.sendEvent(focus, event)

    def _focus(self) -> QObject | None:
        handle = self.window.windowHandle()
        return handle.focusObject()

    def geometry_of(self, widget: QWidget) -> QRect:
        """Return where a widget is in the pane."""
        return QRect(widget.mapTo(self.pane, QPoint(0, 0)), widget.size())


Make = Callable[[], PaneBench]
