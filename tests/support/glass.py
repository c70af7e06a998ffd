"""The real shell with a board, and what is seen of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from base.clock import SystemClock
from base.options import Options
from kiosk.app import Kiosk
from kiosk.features import ENTRIES
from kiosk.model.arguments import Arguments
from tests.support.canvas_bench import pixels
from tests.support.tiny_pdf import write_pdf
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.screen import BoardScreen

SLIDE = SheetSize(960.0, 540.0)
Picture = npt.NDArray[np.int64]


class Glass:
    """The shell with a board, and what is seen of it."""

    def __init__(self, app: QApplication, data_dir: Path, arguments: Arguments) -> None:
        options = Options.load(data_dir / "settings.json", SystemClock().now())
        options.change_for_now(language="en")
        self.kiosk = Kiosk(app, data_dir, options, SystemClock(), ENTRIES)
        self.kiosk.start(arguments)
        QTest.qWaitForWindowExposed(self.kiosk.shell)

    @property
    def screen(self) -> BoardScreen:
        (screen,) = self.kiosk.shell.findChildren(BoardScreen)
        return screen

    @property
    def canvas(self) -> Canvas:
        return self.screen.panes[0].canvas

    @property
    def open_board(self) -> OpenBoard:
        board = self.screen.open_board
        assert board is not None
        return board

    def add_document(self, path: Path, pages: int) -> list[str]:
        """Put a document behind the page that is shown, and into the board's own file."""
        document = write_pdf(path, pages)
        self.open_board.file.put_document(document, path)
        board = self.open_board.board
        with board.change("staff") as edit:
            edit.add_document(document, path.name, pages)
            return edit.add_sheet_pages(
                [(SheetRef(document, n), SLIDE) for n in range(pages)], self.canvas.page_id
            )

    def shown(self) -> Picture:
        """Return what the screen shows of the canvas."""
        QApplication.processEvents()
        window = self.canvas.window()
        place = self.canvas.mapTo(window, QPoint(0, 0))
        size = self.canvas.size()
        grabbed = self.canvas.screen().grabWindow(
            window.winId(), place.x(), place.y(), size.width(), size.height()
        )
        return pixels(grabbed.toImage())

    def colour_at(self, x_pt: float, y_pt: float) -> tuple[int, ...]:
        """Return the colour that the screen shows at a place of the page."""
        place = self.canvas.view_point(x_pt, y_pt)
        return tuple(self.shown()[place.y(), place.x()].tolist())

    def wait_for(self, qtbot: QtBot, colour: tuple[int, ...], x_pt: float, y_pt: float) -> None:
        """Wait until a place of the page has a colour, as exactly as PDF says colours."""

        def is_there() -> bool:
            there = np.array(self.colour_at(x_pt, y_pt))
            return bool(np.abs(there - np.array(colour)).max() <= 2)

        qtbot.waitUntil(is_there, timeout=20_000)

    def write(self, *places_pt: tuple[float, float]) -> None:
        """Draw a stroke with the mouse through places of the page."""
        start, *way = [self.canvas.view_point(x, y) for x, y in places_pt]
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=start)
        for place in way:
            QTest.mouseMove(self.canvas, place)
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=way[-1])

    def close(self) -> None:
        self.kiosk.shutdown()
        self.kiosk.shell.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
