"""A canvas in a real window, with a board in a real file, and hands to write on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import (
    QImage,
    QInputDevice,
    QMouseEvent,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QTabletEvent,
)
from PySide6.QtTest import QTest

from base.board_doc import Item, StrokeItem
from base.qt import theme
from base.tasks import Worker
from whiteboard.model.hands import Hands
from whiteboard.model.page import Background
from whiteboard.model.palm import PalmRules
from whiteboard.model.prediction import NO_PREDICTION, Prediction
from whiteboard.model.smoothing import SMOOTH
from whiteboard.model.tool_choice import ToolChoice
from whiteboard.model.toolbox import Workbench, make_palm, make_tool
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.chalk.chalk_sound import ChalkSound
from whiteboard.views.page.canvas import Canvas

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.MouseButton.NoButton
Place = tuple[float, float]


def pixels(image: QImage) -> npt.NDArray[np.int64]:
    """Return a copy, shape (height, width, 3), RGB."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).copy()
    rows = data.reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), 2::-1].astype(np.int64)


class CanvasBench:
    """One person's canvas on a board of its own.

    Args:
        folder: Where the board's file goes.
        size: Of the canvas, logical px.
        prediction: Off unless a test is about it: it paints where no ink is.
    """

    def __init__(
        self,
        folder: Path,
        size: tuple[int, int] = (800, 450),
        prediction: Prediction = NO_PREDICTION,
    ) -> None:
        self.worker = Worker("bench", on_error=lambda error: None)
        self.file = BoardFile.create(folder / "board.kokuban")
        self.open = OpenBoard(self.file, 1 << 24, self.worker)
        self.open.ensure_page(Background())
        self.board = self.open.board
        self.sound = ChalkSound(0.5, on=False)
        self.now_s: Callable[[], float] = time.monotonic
        self._bench = Workbench(4.0, lambda area: self.canvas.scene.entries(area), date.today)
        self.canvas = self.new_canvas("haru", size, prediction)
        self.pen = Pen(self.canvas)

    def new_canvas(
        self, person: str, size: tuple[int, int], prediction: Prediction = NO_PREDICTION
    ) -> Canvas:
        """Return another canvas on the board, for another person."""
        tool = make_tool(ToolChoice(), self._bench)
        palm = make_palm(ToolChoice(), self._bench)
        hands = Hands(PalmRules(), 4.0, tool or palm, palm)
        page_id = self.board.pages[0].id
        canvas = Canvas(
            self.open,
            person,
            page_id,
            hands,
            theme.metrics(),
            lambda: self.now_s(),
            self.sound,
        )
        canvas.set_feel(SMOOTH, prediction)
        canvas.resize(*size)
        return canvas

    def hold(self, choice: ToolChoice) -> None:
        """Put a tool into the hand."""
        tool = make_tool(choice, self._bench)
        self.canvas.hands.moves_only = tool is None
        if tool is not None:
            self.canvas.hands.tool = tool

    def shutdown(self) -> None:
        """Let go of everything."""
        self.canvas.shutdown()
        self.canvas.hide()
        self.canvas.deleteLater()
        self.open.stop_keeping()
        self.file.close()
        self.worker.shutdown()
        self.sound.shutdown()

    # What is there --------------------------------------------------------------------

    @property
    def items(self) -> list[Item]:
        """What lies on the page that is shown, lowest first."""
        return [item for _, item in self.board.stacked(self.canvas.page_id)]

    @property
    def strokes(self) -> list[StrokeItem]:
        """The strokes among them."""
        return [item for item in self.items if isinstance(item, StrokeItem)]

    def view_points(self, stroke: StrokeItem) -> npt.NDArray[np.float64]:
        """Return where the samples of a stroke are in the view, shape (n, 2)."""
        return self.canvas.viewport.points_to_view(stroke.samples()[:, :2])

    def shown(self) -> npt.NDArray[np.int64]:
        """Return what the window shows, as it came there piece by piece."""
        for _ in range(3):  # the event, what it put off, and the frame of that
            QCoreApplication.processEvents()
        screen = self.canvas.screen()
        window = self.canvas.window()
        grabbed = screen.grabWindow(window.winId()).toImage()
        return pixels(grabbed)

    def painted_anew(self) -> npt.NDArray[np.int64]:
        """Return what the canvas paints when all of it is asked for, from its tiles."""
        return pixels(self.canvas.grab().toImage())

    # Hands ----------------------------------------------------------------------------

    def mouse(
        self, kind: QEvent.Type, place: Place, buttons: Qt.MouseButton = LEFT, t_ms: int = 0
    ) -> None:
        """Deliver a mouse event to the canvas."""
        button = NONE if kind is QEvent.Type.MouseMove else LEFT
        spot = QPointF(*place)
        event = QMouseEvent(
            kind, spot, spot, spot, button, buttons, Qt.KeyboardModifier.NoModifier
        )
        event.setTimestamp(t_ms)
        QCoreApplication.sendEvent(self.canvas, event)

    def draw(self, places: Sequence[Place], *, step_ms: int = 8, settle: bool = True) -> None:
        """Write with the mouse: press at the first place, release at the last."""
        self.begin(places, step_ms=step_ms, settle=settle)
        self.mouse(QEvent.Type.MouseButtonRelease, places[-1], NONE, 0)

    def begin(self, places: Sequence[Place], *, step_ms: int = 8, settle: bool = True) -> None:
        """Press at the first place and go on to the last."""
        start_ms = int(self.now_s() * 1000) - step_ms * (len(places) + 2)
        self.mouse(QEvent.Type.MouseButtonPress, places[0], LEFT, start_ms)
        for n, place in enumerate(places[1:], 1):
            self.mouse(QEvent.Type.MouseMove, place, LEFT, start_ms + n * step_ms)
            if settle:
                QCoreApplication.processEvents()


class Pen:
    """A pen with pressure, tilt, an eraser end and a button, over one canvas."""

    def __init__(self, canvas: Canvas, serial: int = 7) -> None:
        self._canvas = canvas
        self._devices = {
            kind: QPointingDevice(
                "test pen",
                kind.value,
                QInputDevice.DeviceType.Stylus,
                kind,
                QInputDevice.Capability.Position
                | QInputDevice.Capability.Pressure
                | QInputDevice.Capability.XTilt
                | QInputDevice.Capability.YTilt
                | QInputDevice.Capability.Hover,
                1,
                3,
                "",
                QPointingDeviceUniqueId.fromNumericId(serial),
            )
            for kind in (
                QPointingDevice.PointerType.Pen,
                QPointingDevice.PointerType.Eraser,
            )
        }

    def leave(self) -> None:
        """Take the pen away from the glass; the system says which one it was."""
        device = self._devices[QPointingDevice.PointerType.Pen]
        event = QTabletEvent(
            QEvent.Type.TabletLeaveProximity,
            device,
            QPointF(),
            QPointF(),
            *(0.0,) * 6,
            Qt.KeyboardModifier.NoModifier,
            NONE,
            NONE,
        )
        QCoreApplication.sendEvent(QCoreApplication.instance(), event)

    def send(
        self,
        kind: QEvent.Type,
        place: Place,
        *,
        buttons: Qt.MouseButton = NONE,
        pressure: float = 0.0,
        tilt: tuple[float, float] = (0.0, 0.0),
        is_eraser: bool = False,
    ) -> None:
        """Deliver one tablet event."""
        end = QPointingDevice.PointerType
        device = self._devices[end.Eraser if is_eraser else end.Pen]
        button = NONE if kind is QEvent.Type.TabletMove else LEFT
        event = QTabletEvent(
            kind,
            device,
            QPointF(*place),
            QPointF(*place),
            pressure,
            *tilt,
            0.0,
            0.0,
            0.0,
            Qt.KeyboardModifier.NoModifier,
            button,
            buttons,
        )
        QCoreApplication.sendEvent(self._canvas, event)

    def hover(self, place: Place) -> None:
        """Move over the glass without touching it."""
        self.send(QEvent.Type.TabletMove, place)

    def down(self, place: Place, pressure: float = 0.5, **more: object) -> None:
        """Touch the glass."""
        buttons = more.pop("buttons", LEFT)
        self.send(QEvent.Type.TabletPress, place, buttons=buttons, pressure=pressure, **more)

    def move(self, place: Place, pressure: float = 0.5, **more: object) -> None:
        """Go on."""
        buttons = more.pop("buttons", LEFT)
        self.send(QEvent.Type.TabletMove, place, buttons=buttons, pressure=pressure, **more)

    def up(self, place: Place, **more: object) -> None:
        """Leave the glass."""
        self.send(QEvent.Type.TabletRelease, place, **more)


def touch_screen() -> QPointingDevice:
    """Return a touch screen for ten fingers that goes as soon as the test does."""
    return QTest.createTouchDevice()
