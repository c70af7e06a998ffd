"""Two pages side by side: turning by two, writing on both, odd ends, books read leftward."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from base.qt.widgets import TouchButton
from tests.gui.test_presenting import A4, SLIDE, Room, middle_of
from tests.support.canvas_bench import Pen
from whiteboard.model.document import SheetRef
from whiteboard.model.tool_choice import ToolKind
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.screen import BoardScreen
from whiteboard.views.tray.more_sheet import MoreSheet


@pytest.fixture
def book(qapp: QApplication, data_dir: Path) -> Iterator[Room]:
    made = Room(qapp, data_dir, A4)
    made.pane.show_two_pages()
    QApplication.processEvents()
    yield made
    made.shut()


def canvases(room: Room) -> tuple[Canvas, Canvas]:
    second = room.pane.second
    assert second is not None
    return room.pane.canvas, second.canvas


def shown(room: Room) -> list[int | None]:
    """Return which pages are seen, from 0, from left to right; None for an empty side."""
    return [
        room.pages.index(canvas.page_id) if canvas.isVisible() else None
        for canvas in canvases(room)
    ]


def page_box(room: Room, canvas: Canvas) -> QRect:
    """Return where a page lies, px of the pane."""
    page = room.open_board.board.page(canvas.page_id)
    ends = canvas.view_point(0, 0), canvas.view_point(page.width_pt, page.height_pt)
    return QRect(*(canvas.mapTo(room.pane, end) for end in ends))


def write(canvas: Canvas, pen: Pen, *, lifts: bool = True) -> None:
    pen.down((300, 300))
    for n in range(10):
        pen.move((300 + 8 * n, 300 + 4 * n))
    if lifts:
        pen.up((380, 340))


def key(room: Room, code: Qt.Key) -> None:
    room.pane.canvas.setFocus()
    QTest.keyClick(room.pane.canvas, code)


def test_page_and_the_next_lie_side_by_side_at_one_height_with_no_bar_over_them(
    book: Room,
) -> None:
    assert shown(book) == [0, 1]
    left, right = (page_box(book, canvas) for canvas in canvases(book))
    assert left.top() == right.top()
    assert abs(left.height() - right.height()) <= 1
    # They meet at the seam, as in a book.
    assert 0 <= right.left() - left.right() <= book.mm(2)
    bars = [book.pane.toolbar, book.pane.page_bar, book.pane.home_bar]
    assert not any(
        bar.geometry().intersects(box.adjusted(2, 2, -2, -2))
        for bar in bars
        for box in (left, right)
    )
    assert left.height() > 0.7 * book.pane.height()


def test_both_pages_take_ink_of_one_tool_and_one_undo(book: Room) -> None:
    left, right = canvases(book)
    book.pane.hold(book.pane.choice.with_tool(ToolKind.HIGHLIGHTER))
    write(right, Pen(right))
    write(left, Pen(left, serial=8))
    board = book.open_board.board
    items = [list(board.items(page).values()) for page in book.pages]
    assert [len(found) for found in items] == [1, 1, 0, 0, 0]
    assert items[0][0].brush == items[1][0].brush
    book.pane.undo()
    assert [len(board.items(page)) for page in book.pages[:2]] == [0, 1]
    book.pane.undo()
    assert book.ink == 0


def test_stroke_over_the_seam_belongs_to_the_page_it_began_on(book: Room) -> None:
    left, _right = canvases(book)
    pen = Pen(left)
    pen.down((left.width() - 60.0, 300))
    for n in range(12):
        pen.move((left.width() - 60.0 + 10 * n, 300))
    pen.up((left.width() + 60.0, 300))
    board = book.open_board.board
    assert [len(board.items(page)) for page in book.pages[:2]] == [1, 0]


def test_two_hands_write_on_both_pages_at_once(book: Room) -> None:
    left, right = canvases(book)
    told: list[bool] = []
    book.pane.writing_changed.connect(told.append)
    pens = Pen(left), Pen(right, serial=8)
    for canvas, pen in zip((left, right), pens, strict=True):
        write(canvas, pen, lifts=False)
    pens[0].up((380, 340))
    assert told == [True]
    pens[1].up((380, 340))
    assert told == [True, False]
    assert book.ink == 2


def test_everything_turns_by_two_and_an_odd_last_page_stands_alone(book: Room) -> None:
    key(book, Qt.Key.Key_PageDown)
    assert shown(book) == [2, 3]
    QTest.mouseClick(book.pane.edges.next, Qt.MouseButton.LeftButton)
    assert shown(book) == [4, None]
    assert not book.pane.edges.next.isVisible()
    key(book, Qt.Key.Key_PageDown)
    assert shown(book) == [4, None]
    QTest.mouseClick(book.pane.edges.previous, Qt.MouseButton.LeftButton)
    assert shown(book) == [2, 3]
    key(book, Qt.Key.Key_Home)
    assert shown(book) == [0, 1]
    key(book, Qt.Key.Key_End)
    assert shown(book) == [4, None]


def test_fingers_on_either_page_turn_both(book: Room, qtbot: QtBot) -> None:
    book.swipe(-100)
    assert shown(book) == [2, 3]
    _left, right = canvases(book)
    middle = right.mapTo(right.window(), right.rect().center())
    gap = book.mm(20)
    ways = [
        [(middle.x() + side - book.mm(5) * n, float(middle.y())) for n in range(13)]
        for side in (-gap, gap)
    ]
    # Nothing lies under the right page, and it turns all the same.
    book.fingers(ways)
    assert shown(book) == [4, None]
    book.swipe(100)
    assert shown(book) == [2, 3]
    book.swipe(100)
    book.swipe(100)
    assert shown(book) == [0, 1]


def test_page_that_was_led_to_comes_with_the_next(book: Room) -> None:
    left, right = canvases(book)
    left.show_page(book.pages[3])
    assert shown(book) == [3, 4]
    right.show_page(book.pages[2])
    assert shown(book) == [1, 2]
    book.pane.go_to(3)
    assert shown(book) == [3, 4]
    book.pane.step(-1)
    book.pane.step(-1)
    assert shown(book) == [0, 1]


@pytest.mark.parametrize("touched", [0, 1])
def test_leaving_comes_back_to_the_page_touched_last(book: Room, touched: int) -> None:
    book.pane.step(1)
    write(canvases(book)[touched], Pen(canvases(book)[touched]))
    book.pane.show_one_page()
    assert book.place == 2 + touched
    assert book.pane.second is None
    assert book.canvas.size() == book.pane.size()
    book.pane.step(1)
    assert book.place == 3 + touched


def test_ink_under_way_is_kept_when_two_pages_come_and_go(book: Room) -> None:
    _left, right = canvases(book)
    write(right, Pen(right), lifts=False)
    book.pane.show_one_page()
    assert book.ink == 1
    write(book.canvas, Pen(book.canvas, serial=9), lifts=False)
    book.pane.show_two_pages()
    book.pane.step(1)
    assert book.ink == 2


def test_turn_under_the_pen_keeps_the_ink_of_both_pages(book: Room) -> None:
    left, right = canvases(book)
    write(left, Pen(left), lifts=False)
    write(right, Pen(right, serial=8), lifts=False)
    key(book, Qt.Key.Key_PageDown)
    board = book.open_board.board
    assert [len(board.items(page)) for page in book.pages[:4]] == [1, 1, 0, 0]


def test_book_that_is_read_leftward_has_its_next_page_on_the_left(book: Room) -> None:
    book.pane.show_two_pages(runs_leftward=True)
    assert shown(book) == [1, 0]
    edges = book.pane.edges
    assert edges.next.x() < edges.previous.x() or not edges.previous.isVisible()
    x, y = middle_of(edges.next)
    assert x < book.pane.width() / 2
    QTest.mouseClick(edges.next, Qt.MouseButton.LeftButton)
    assert shown(book) == [3, 2]
    book.swipe(100)
    assert shown(book) == [None, 4]
    assert y > 0
    key(book, Qt.Key.Key_PageUp)
    assert shown(book) == [3, 2]
    book.pane.show_one_page()
    assert book.place == 2


def test_pages_of_other_sizes_lie_in_their_halves(book: Room) -> None:
    board = book.open_board.board
    document = next(iter(board.documents))
    with board.change("staff") as edit:
        wide = edit.add_sheet_pages([(SheetRef(document, 0), SLIDE)], book.pages[0])
    QApplication.processEvents()
    book.pages[1:1] = wide
    QApplication.processEvents()
    assert shown(book) == [0, 1]
    left, right = (page_box(book, canvas) for canvas in canvases(book))
    assert 0 <= right.left() - left.right() <= book.mm(2)
    assert right.width() > right.height()
    assert QRect(QPoint(0, 0), book.pane.size()).contains(right)


def test_page_that_goes_is_replaced_by_the_next(book: Room, qtbot: QtBot) -> None:
    gone = book.pages.pop(1)
    with book.open_board.board.change("staff") as edit:
        edit.remove_page(gone)
    qtbot.waitUntil(lambda: shown(book) == [0, 1])


def test_wide_pages_scroll_together_before_they_turn(book: Room) -> None:
    book.pane.fit_width()
    tops = [canvas.viewport.top_pt for canvas in canvases(book)]
    key(book, Qt.Key.Key_PageDown)
    assert shown(book) == [0, 1]
    assert all(
        canvas.viewport.top_pt > top for canvas, top in zip(canvases(book), tops, strict=True)
    )
    book.pane.fit_page()
    assert all(canvas.viewport.is_whole for canvas in canvases(book))


def test_full_screen_gives_both_pages_all_the_height(book: Room) -> None:
    book.pane.set_alone(True)
    assert all(
        page_box(book, canvas).height() > 0.98 * book.pane.height() for canvas in canvases(book)
    )


def test_two_people_have_no_two_pages(book: Room) -> None:
    (screen,) = book.kiosk.shell.findChildren(BoardScreen)
    screen.set_split(True)
    assert not book.pane.is_facing
    assert len(screen.panes) == 2


def test_finish_with_two_pages_keeps_what_is_under_way(book: Room) -> None:
    _left, right = canvases(book)
    board = book.open_board.board
    write(right, Pen(right), lifts=False)
    (screen,) = book.kiosk.shell.findChildren(BoardScreen)
    screen.show_board(None)
    assert sum(len(board.items(page)) for page in book.pages) == 1


def test_two_pages_are_asked_for_and_ended_in_the_sheet(book: Room, qtbot: QtBot) -> None:
    book.pane.show_one_page()
    (screen,) = book.kiosk.shell.findChildren(BoardScreen)
    for is_on in (True, False):
        screen.more_asked.emit(book.pane)
        (sheet,) = screen.findChildren(MoreSheet)
        (button,) = [b for b in sheet.findChildren(TouchButton) if b.word == "Two pages"]
        assert button.isChecked() is not is_on
        button.click()
        assert book.pane.is_facing is is_on
        qtbot.waitUntil(lambda: not screen.findChildren(MoreSheet))


def test_text_is_written_and_copied_on_the_page_that_was_touched(book: Room) -> None:
    left, right = canvases(book)
    write(right, Pen(right))
    right.setFocus()
    (item,) = book.open_board.board.items(right.page_id)
    right.choose([item])
    QTest.keyClick(right, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    board = book.open_board.board
    assert [len(board.items(page)) for page in book.pages[:2]] == [0, 2]
    QTest.keyClick(right, Qt.Key.Key_Delete)
    assert len(board.items(right.page_id)) == 1
    assert not left.chosen


def test_new_page_comes_behind_the_one_at_hand(book: Room, qtbot: QtBot) -> None:
    left, right = canvases(book)
    write(left, Pen(left))
    book.pane.add_page()
    pages = [page.id for page in book.open_board.board.pages]
    qtbot.waitUntil(lambda: right.page_id == pages[1])
    assert left.page_id == book.pages[0] == pages[0]
    assert pages[1] not in book.pages
    write(right, Pen(right, serial=8))
    book.pane.add_page()
    pages = [page.id for page in book.open_board.board.pages]
    qtbot.waitUntil(lambda: left.page_id == pages[2])
    assert pages[2] not in book.pages
    assert right.page_id == book.pages[1]
