"""The board in the real shell: a real window, a real mouse, a real file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from base.board_doc import StrokeItem
from base.clock import SystemClock
from base.options import Options
from base.qt.widgets import TouchButton
from kiosk.app import Kiosk
from kiosk.features import ENTRIES
from kiosk.model.arguments import Arguments
from kiosk.model.navigation import Finished, Opened
from whiteboard.feature import WhiteboardFeature
from whiteboard.model.board import Board
from whiteboard.model.tool_choice import ToolKind
from whiteboard.views.boards.library_screen import LibraryScreen
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.screen import BoardScreen
from whiteboard.views.tray.more_sheet import MoreSheet


@pytest.fixture
def kiosk(qapp: QApplication, data_dir: Path) -> Iterator[Kiosk]:
    options = Options.load(data_dir / "settings.json", SystemClock().now())
    options.change_for_now(language="en")
    made = Kiosk(qapp, data_dir, options, SystemClock(), ENTRIES)
    made.start(Arguments(screen="board", size=(1280, 720)))
    QTest.qWaitForWindowExposed(made.shell)
    yield made
    made.shutdown()
    made.shell.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def feature(kiosk: Kiosk) -> WhiteboardFeature:
    made = kiosk._features["whiteboard"]
    assert isinstance(made, WhiteboardFeature)
    return made


def screen_of(kiosk: Kiosk) -> BoardScreen:
    (screen,) = kiosk.shell.findChildren(BoardScreen)
    return screen


def canvas_of(kiosk: Kiosk, place: int = 0) -> Canvas:
    return screen_of(kiosk).panes[place].canvas


def board_of(kiosk: Kiosk) -> Board:
    open_board = screen_of(kiosk).open_board
    assert open_board is not None
    return open_board.board


def items_of(kiosk: Kiosk, place: int = 0) -> list[object]:
    return list(board_of(kiosk).items(canvas_of(kiosk, place).page_id).values())


def write(canvas: Canvas, *points: tuple[int, int]) -> None:
    """Draw a stroke with the mouse, point by point."""
    start, *way = [QPoint(x, y) for x, y in points]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for place in way:
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=way[-1])


def touch(kiosk: Kiosk, word: str) -> None:
    """Press the button with this word."""
    for button in kiosk.shell.findChildren(TouchButton):
        if button.word == word and button.isVisible():
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            return
    raise AssertionError(f"no button says {word!r}")


def ask(feature: WhiteboardFeature, command_id: str) -> None:
    """Ask for a command by its id."""
    (command,) = [c for c in feature.commands() if c.id == command_id]
    assert command.enabled()
    command.run()


def test_board_opens_empty_with_the_pen_in_hand(kiosk: Kiosk) -> None:
    assert items_of(kiosk) == []
    assert screen_of(kiosk).panes[0].choice.tool is ToolKind.PEN


def test_canvas_covers_the_middle_of_the_screen(kiosk: Kiosk) -> None:
    shell, canvas = kiosk.shell, canvas_of(kiosk)
    width, height = shell.width(), shell.height()
    for x in (0.16, 0.5, 0.84):
        for y in (0.16, 0.5, 0.84):
            place = QPoint(round(x * width), round(y * height))
            assert shell.childAt(place) is canvas


def test_mouse_writes_a_stroke_that_is_in_the_file_when_it_ends(kiosk: Kiosk) -> None:
    write(canvas_of(kiosk), (200, 200), (300, 240), (400, 200))

    (item,) = items_of(kiosk)
    assert isinstance(item, StrokeItem)
    assert item.count == 3
    open_board = screen_of(kiosk).open_board
    assert open_board is not None
    assert open_board.file.flush(5.0)


def test_undo_and_redo_by_key(kiosk: Kiosk) -> None:
    canvas = canvas_of(kiosk)
    write(canvas, (200, 200), (300, 240))
    kiosk.shell.activateWindow()
    QTest.qWaitForWindowActive(kiosk.shell)
    canvas.setFocus()

    QTest.keySequence(canvas, QKeySequence("Ctrl+Z"))
    assert items_of(kiosk) == []

    QTest.keySequence(canvas, QKeySequence("Ctrl+Y"))
    assert len(items_of(kiosk)) == 1


def test_next_page_behind_the_last_is_a_new_one(
    kiosk: Kiosk, feature: WhiteboardFeature
) -> None:
    first = canvas_of(kiosk).page_id
    ask(feature, "board.next_page")

    assert len(board_of(kiosk).pages) == 2
    assert canvas_of(kiosk).page_id != first

    ask(feature, "board.previous_page")
    assert canvas_of(kiosk).page_id == first


def test_page_that_is_undone_is_left_for_its_neighbour(
    kiosk: Kiosk, feature: WhiteboardFeature
) -> None:
    first = canvas_of(kiosk).page_id
    ask(feature, "board.next_page")

    ask(feature, "board.undo")

    assert [page.id for page in board_of(kiosk).pages] == [first]
    assert canvas_of(kiosk).page_id == first


def test_clearing_the_page_is_one_step_with_a_way_back(
    kiosk: Kiosk, feature: WhiteboardFeature
) -> None:
    for y in (100, 200, 300):
        write(canvas_of(kiosk), (200, y), (400, y))

    ask(feature, "board.clear")
    assert items_of(kiosk) == []

    touch(kiosk, "Undo")
    assert len(items_of(kiosk)) == 3


def test_two_people_write_and_undo_each_on_their_side(
    kiosk: Kiosk, feature: WhiteboardFeature, qtbot: QtBot
) -> None:
    ask(feature, "board.split")
    left, right = canvas_of(kiosk, 0), canvas_of(kiosk, 1)
    qtbot.waitUntil(lambda: left.width() > 0 and right.width() > 0)
    assert abs(left.width() - right.width()) <= 1
    write(left, (100, 100), (200, 100))
    write(right, (100, 300), (200, 300))

    screen_of(kiosk).panes[0].undo()

    (item,) = items_of(kiosk)
    assert isinstance(item, StrokeItem)
    assert item.author == right.person


def test_two_people_can_look_at_different_pages(
    kiosk: Kiosk, feature: WhiteboardFeature
) -> None:
    ask(feature, "board.split")
    screen_of(kiosk).panes[1].next_page()

    assert canvas_of(kiosk, 0).page_id != canvas_of(kiosk, 1).page_id

    ask(feature, "board.split")
    assert len(screen_of(kiosk).panes) == 1


def test_finish_puts_the_board_away_and_the_next_person_finds_an_empty_one(
    kiosk: Kiosk, feature: WhiteboardFeature
) -> None:
    write(canvas_of(kiosk), (200, 200), (300, 240))
    old = screen_of(kiosk).open_board
    assert old is not None

    kiosk.handle(Finished())
    assert screen_of(kiosk).open_board is None

    kiosk.handle(Opened("board"))
    fresh = screen_of(kiosk).open_board
    assert fresh is not None
    assert fresh.path != old.path
    assert items_of(kiosk) == []


def test_list_of_boards_opens_a_board_again(
    kiosk: Kiosk, feature: WhiteboardFeature, qtbot: QtBot
) -> None:
    write(canvas_of(kiosk), (200, 200), (300, 240))
    old = screen_of(kiosk).open_board
    assert old is not None
    ask(feature, "board.new")
    assert items_of(kiosk) == []
    kiosk.handle(Opened("boards"))
    (library,) = kiosk.shell.findChildren(LibraryScreen)

    library.opened.emit(old.path)

    def is_back() -> bool:
        board = screen_of(kiosk).open_board
        return board is not None and board.path == old.path

    qtbot.waitUntil(is_back, timeout=5000)
    assert len(items_of(kiosk)) == 1


def test_more_sheet_comes_over_the_board_and_hides_the_tools(
    kiosk: Kiosk, qtbot: QtBot
) -> None:
    touch(kiosk, "More")

    qtbot.waitUntil(lambda: bool(kiosk.shell.findChildren(MoreSheet)))
    (sheet,) = kiosk.shell.findChildren(MoreSheet)
    assert sheet.isVisible()
    assert not screen_of(kiosk).panes[0].toolbar.isVisible()

    sheet.close_sheet()
    qtbot.waitUntil(lambda: screen_of(kiosk).panes[0].toolbar.isVisible())


def test_switch_of_the_sound_is_heard_of(kiosk: Kiosk, feature: WhiteboardFeature) -> None:
    before = kiosk.host.options.values.sound_on
    ask(feature, "board.sound")
    assert kiosk.host.options.values.sound_on is not before
    ask(feature, "board.sound")


def test_damaged_board_from_the_command_line_is_told_and_an_empty_one_is_there(
    kiosk: Kiosk, feature: WhiteboardFeature, qtbot: QtBot, tmp_path: Path, expected_log
) -> None:
    expected_log("error shown")
    foreign = tmp_path / "x.kokuban"
    foreign.write_bytes(b"no board at all")

    assert feature.open_path(foreign)

    qtbot.waitUntil(lambda: not feature._keeper.is_opening, timeout=5000)
    assert screen_of(kiosk).open_board is not None
    assert items_of(kiosk) == []


def test_wheel_and_pinch_never_lose_the_page(kiosk: Kiosk) -> None:
    canvas = canvas_of(kiosk)
    before = canvas.viewport
    far = before.panned(-1e7, -1e7)
    canvas.show_viewport(far)
    assert canvas.viewport.visible.left > before.visible.left
    canvas.show_viewport(before.panned(1e9, 1e9))
    x, y = canvas.viewport.to_view(0.0, 0.0)
    assert 0 <= x <= canvas.width() + 1
    assert 0 <= y <= canvas.height() + 1
    assert canvas.childAt(QPointF(5, 5).toPoint()) is None
