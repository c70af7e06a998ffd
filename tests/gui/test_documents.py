"""Documents under the ink in the real shell, rendered by real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
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
from tests.support.tiny_pdf import COLOURS, write_pdf
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.open_board import OpenBoard
from whiteboard.views.canvas import Canvas
from whiteboard.views.screen import BoardScreen

SLIDE = SheetSize(960.0, 540.0)
WHITE = np.array((255, 255, 255))
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


@pytest.fixture
def glass(qapp: QApplication, data_dir: Path) -> Iterator[Glass]:
    made = Glass(qapp, data_dir, Arguments(screen="board", size=(1280, 720)))
    yield made
    made.close()


def test_sheets_are_seen_written_on_and_turned(
    glass: Glass, qtbot: QtBot, tmp_path: Path
) -> None:
    first, second, third = glass.add_document(tmp_path / "deck.pdf", 3)
    for page, colour in ((first, COLOURS[0]), (second, COLOURS[1])):
        glass.canvas.show_page(page)
        glass.wait_for(qtbot, colour, 300, 150)
        glass.wait_for(qtbot, (255, 255, 255), 700, 400)

    glass.write((600, 350), (700, 350), (800, 350))
    assert len(glass.open_board.board.items(second)) == 1
    ink = glass.colour_at(700, 350)
    assert ink != (255, 255, 255)

    glass.canvas.show_page(third)
    glass.wait_for(qtbot, COLOURS[2], 300, 150)
    assert glass.colour_at(700, 350) == (255, 255, 255)
    glass.canvas.show_page(second)
    glass.wait_for(qtbot, COLOURS[1], 300, 150)
    glass.wait_for(qtbot, ink, 700, 350)


def test_turned_page_shows_its_sheet_turned(glass: Glass, qtbot: QtBot, tmp_path: Path) -> None:
    first, *_ = glass.add_document(tmp_path / "deck.pdf", 1)
    glass.canvas.show_page(first)
    glass.wait_for(qtbot, COLOURS[0], 300, 150)
    with glass.open_board.board.change("staff") as edit:
        edit.turn_page(first, 1)
    # The left upper quarter is the right upper one now, of a page that stands.
    glass.wait_for(qtbot, COLOURS[0], 400, 200)
    glass.wait_for(qtbot, (255, 255, 255), 100, 200)
    assert glass.canvas.viewport.page_width_pt == SLIDE.height_pt


def test_sheet_that_is_not_there_stays_writable(glass: Glass, qtbot: QtBot) -> None:
    board = glass.open_board.board
    with board.change("staff") as edit:
        edit.add_document("ab" * 32, "lost.pdf", 1)
        (page,) = edit.add_sheet_pages([(SheetRef("ab" * 32, 0), SLIDE)], glass.canvas.page_id)
    glass.canvas.show_page(page)
    glass.wait_for(qtbot, (255, 255, 255), 700, 400)
    qtbot.waitUntil(lambda: glass.canvas.is_sharp, timeout=20_000)
    words = glass.shown()
    middle = glass.canvas.view_point(480, 270)
    around = words[middle.y() - 30 : middle.y() + 30, middle.x() - 200 : middle.x() + 200]
    assert (around != WHITE).any()
    glass.write((600, 400), (800, 400))
    assert len(board.items(page)) == 1
    (words,) = [notice.text for notice in glass.kiosk.shell.notices.shown]
    assert "lost.pdf" in words


def test_sheets_come_back_from_the_board_file_alone(
    qapp: QApplication, data_dir: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "deck.pdf"
    glass = Glass(qapp, data_dir, Arguments(screen="board", size=(1280, 720)))
    try:
        page, *_ = glass.add_document(path, 2)
        glass.canvas.show_page(page)
        glass.wait_for(qtbot, COLOURS[0], 300, 150)
        glass.write((600, 350), (800, 350))
        ink = glass.colour_at(700, 350)
        board_path = glass.open_board.path
    finally:
        glass.close()
    path.unlink()
    for kept in (data_dir / "documents").iterdir():
        kept.unlink()

    again = Glass(
        qapp, data_dir, Arguments(screen="board", open_path=board_path, size=(1280, 720))
    )
    try:
        qtbot.waitUntil(lambda: again.screen.open_board is not None, timeout=20_000)
        again.canvas.show_page(page)
        again.wait_for(qtbot, COLOURS[0], 300, 150)
        again.wait_for(qtbot, ink, 700, 350)
    finally:
        again.close()
