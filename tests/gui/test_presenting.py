"""Turning the pages of a document: fingers, pens, palms and keys in the real shell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from base.board_doc import StrokeItem
from base.clock import SystemClock
from base.feature import Notice
from base.options import Options
from base.qt import theme
from base.qt.widgets import TouchControl
from kiosk.app import Kiosk
from kiosk.features import ENTRIES
from kiosk.model.arguments import Arguments
from tests.support.canvas_bench import Pen
from tests.support.tiny_pdf import write_pdf
from whiteboard.model.curtain import Side
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.page import Background
from whiteboard.model.tool_choice import ToolKind
from whiteboard.model.viewport import Viewport
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.pages.page_cards import PageCard
from whiteboard.views.pane import Pane
from whiteboard.views.presenting.curtain import KNOB_MM, CurtainView
from whiteboard.views.presenting.notes_strip import NotesStrip
from whiteboard.views.presenting.present_bar import PresentBar
from whiteboard.views.screen import BoardScreen
from whiteboard.views.tray.glass_button import GlassButton

SIZE = (1920, 1080)
SLIDE = SheetSize(960.0, 540.0)
A4 = SheetSize(595.0, 842.0)
PAGES = 5
LEFT = Qt.MouseButton.LeftButton
Place = tuple[float, float]


class Room:
    """The shell with a document on the board, and hands for it."""

    def __init__(self, app: QApplication, data_dir: Path, size: SheetSize = SLIDE) -> None:
        self.options = options = Options.load(data_dir / "settings.json", SystemClock().now())
        options.change_for_now(language="en", prediction_on=False)
        self.kiosk = Kiosk(app, data_dir, options, SystemClock(), ENTRIES)
        self.kiosk.start(Arguments(screen="board", size=SIZE))
        QTest.qWaitForWindowExposed(self.kiosk.shell)
        self.device: QPointingDevice = QTest.createTouchDevice()
        document = write_pdf(data_dir / "deck.pdf", PAGES)
        self.open_board.file.put_document(document, data_dir / "deck.pdf")
        board = self.open_board.board
        with board.change("staff") as edit:
            edit.add_document(document, "deck.pdf", PAGES)
            self.pages = edit.add_sheet_pages(
                [(SheetRef(document, n), size) for n in range(PAGES)], self.canvas.page_id
            )
            edit.remove_page(board.pages[0].id)
        QApplication.processEvents()

    @property
    def pane(self) -> Pane:
        (screen,) = self.kiosk.shell.findChildren(BoardScreen)
        return screen.panes[0]

    @property
    def canvas(self) -> Canvas:
        return self.pane.canvas

    @property
    def open_board(self) -> OpenBoard:
        (screen,) = self.kiosk.shell.findChildren(BoardScreen)
        board = screen.open_board
        assert board is not None
        return board

    @property
    def place(self) -> int:
        """Which page is shown, from 0."""
        return self.pages.index(self.canvas.page_id)

    @property
    def ink(self) -> int:
        """How many things lie on all pages."""
        return sum(len(self.open_board.board.items(page)) for page in self.pages)

    def mm(self, mm: float) -> float:
        return mm * theme.metrics().glass_px_per_mm

    def fingers(self, ways: Sequence[Sequence[Place]], *, lifts: bool = True) -> None:
        """Put fingers down together, move each along its way step by step, and lift them."""
        window = self.canvas.window().windowHandle()
        touch = QTest.touchEvent(window, self.device)
        for finger, way in enumerate(ways):
            touch.press(finger, _point(way[0]))
        touch.commit()
        for step in range(1, len(ways[0])):
            touch = QTest.touchEvent(window, self.device)
            for finger, way in enumerate(ways):
                touch.move(finger, _point(way[step]))
            touch.commit()
        if lifts:
            touch = QTest.touchEvent(window, self.device)
            for finger, way in enumerate(ways):
                touch.release(finger, _point(way[-1]))
            touch.commit()

    def swipe(
        self, dx_mm: float, dy_mm: float = 0.0, *, back_mm: float = 0.0, lifts: bool = True
    ) -> None:
        """Move two fingers, 40 mm apart, in the middle of the page; some of it back again."""
        middle = self.canvas.rect().center()
        gap = self.mm(40) / 2
        way = [(self.mm(dx_mm) * n / 12, self.mm(dy_mm) * n / 12) for n in range(13)]
        way += [(way[-1][0] + self.mm(back_mm) * n / 6, way[-1][1]) for n in range(7)]
        self.fingers(
            [
                [(middle.x() + side + x, middle.y() - 100 + y) for x, y in way]
                for side in (-gap, gap)
            ],
            lifts=lifts,
        )

    def pinch(self, apart: float) -> None:
        """Part two fingers to so many times their distance."""
        middle = self.canvas.rect().center()
        gap = self.mm(40) / 2
        shares = [1 + (apart - 1) * n / 12 for n in range(13)]
        self.fingers(
            [
                [(middle.x() + side * s, middle.y() - 100.0) for s in shares]
                for side in (-gap, gap)
            ]
        )

    def shut(self) -> None:
        self.kiosk.shutdown()
        self.kiosk.shell.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _point(place: Place) -> QPoint:
    return QPointF(*place).toPoint()


def middle_of(button: QWidget) -> Place:
    place = button.mapTo(button.window(), button.rect().center())
    return place.x(), place.y()


@pytest.fixture
def room(qapp: QApplication, data_dir: Path) -> Iterator[Room]:
    made = Room(qapp, data_dir)
    yield made
    made.shut()


@pytest.fixture
def report(qapp: QApplication, data_dir: Path) -> Iterator[Room]:
    made = Room(qapp, data_dir, A4)
    yield made
    made.shut()


def covered(room: Room) -> list[str]:
    """Return which bars lie over the page."""
    seen, page = room.canvas.viewport, room.open_board.board.page(room.canvas.page_id)
    left, top = seen.to_view(0.0, 0.0)
    right, bottom = seen.to_view(page.width_pt, page.height_pt)
    bars = {
        "tools": room.pane.toolbar.geometry(),
        "pages": room.pane.page_bar.geometry(),
        "home": room.pane.home_bar.geometry(),
    }
    return [
        name
        for name, bar in bars.items()
        if bar.left() < right - 1
        and bar.right() > left + 1
        and bar.top() < bottom - 1
        and bar.bottom() > top + 1
    ]


# Fit ------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["bottom", "left", "right"])
def test_no_bar_covers_a_page_that_is_fitted(room: Room, side: str) -> None:
    room.options.change_for_now(toolbar_side=side)
    QApplication.processEvents()
    assert covered(room) == []
    assert room.canvas.viewport.is_page_fitted


def test_page_keeps_its_place_whatever_tool_is_in_hand(room: Room) -> None:
    before = room.canvas.viewport
    for tool in ToolKind:
        # Those two open a sheet, and a loudspeaker.
        if tool not in (ToolKind.PICTURE, ToolKind.CHALK):
            room.pane.hold(room.pane.choice.with_tool(tool))
            QApplication.processEvents()
    assert room.canvas.viewport == before


def test_page_alone_takes_the_whole_view_and_tools_come_back(room: Room) -> None:
    before = room.canvas.viewport
    room.pane.set_alone(True)
    QApplication.processEvents()
    assert room.canvas.viewport.scale == pytest.approx(2.0)
    assert not room.pane.toolbar.isVisible()

    QTest.mouseClick(room.pane.tools_button, LEFT)
    assert room.pane.toolbar.isVisible()
    assert room.canvas.viewport == before


def test_each_page_remembers_how_it_was_left(report: Room) -> None:
    report.pane.toggle_fit()
    wide = report.canvas.viewport.panned(0, -300).clamped()
    report.canvas.show_viewport(wide)
    report.pane.step(1)
    assert report.canvas.viewport.is_width_fitted
    report.pane.toggle_fit()
    assert report.canvas.viewport.is_page_fitted

    report.pane.step(-1)
    assert report.canvas.viewport == wide
    report.pane.step(1)
    assert report.canvas.viewport.is_page_fitted


def test_scroll_of_a_wide_page_ends_where_the_page_does(report: Room, qtbot: QtBot) -> None:
    report.pane.toggle_fit()
    for _ in range(9):
        report.swipe(2, -300)
    seen = report.canvas.viewport
    room = seen.room
    assert room is not None

    def has_come_to_rest() -> bool:
        bottom = report.canvas.viewport.to_view(0, A4.height_pt)[1]
        return abs(bottom - room.bottom) < 1.5

    qtbot.waitUntil(has_come_to_rest)
    assert report.canvas.viewport.is_width_fitted
    assert report.place == 0


# Fingers --------------------------------------------------------------------------------


def test_two_fingers_turn_the_page_both_ways(room: Room) -> None:
    room.swipe(-120)
    assert room.place == 1
    room.swipe(-120)
    assert room.place == 2
    room.swipe(120)
    assert room.place == 1
    assert room.ink == 0


def test_page_follows_the_fingers_and_slides_home(room: Room, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: room.canvas.is_sharp, timeout=20_000)
    home = room.canvas.grab().toImage()
    room.swipe(-30, back_mm=18, lifts=False)
    assert room.canvas.grab().toImage() != home
    room.swipe(-30, back_mm=18)
    qtbot.waitUntil(lambda: room.canvas.grab().toImage() == home)
    assert room.place == 0


def test_short_or_slanting_way_turns_nothing(room: Room) -> None:
    room.swipe(-5)
    assert room.place == 0
    room.swipe(-60, 60)
    assert room.place == 0


def test_zoom_never_turns(room: Room) -> None:
    before = room.canvas.viewport.scale
    room.pinch(2.5)
    assert room.place == 0
    assert room.canvas.viewport.scale > 1.5 * before

    here = room.canvas.viewport
    room.swipe(-120)
    assert room.place == 0
    assert room.canvas.viewport.left_pt > here.left_pt


def test_no_page_is_turned_to_beyond_the_ends(room: Room) -> None:
    room.swipe(150)
    assert room.place == 0
    room.pane.go_to_last()
    room.swipe(-150)
    assert room.place == PAGES - 1


def test_finger_or_pen_alone_writes_and_turns_nothing(room: Room) -> None:
    room.fingers([[(400.0 + 60 * n, 300.0) for n in range(16)]])
    pen = Pen(room.canvas)
    pen.down((1500.0, 400.0))
    for n in range(1, 16):
        pen.move((1500.0 - 60 * n, 400.0))
    pen.up((600.0, 400.0))
    assert room.place == 0
    assert room.ink == 2


def test_finger_that_a_pen_keeps_from_writing_is_told_once_and_may_write(room: Room) -> None:
    told: list[Notice] = []
    room.pane.notice_asked.connect(told.append)
    pen = Pen(room.canvas)
    pen.down((300.0, 200.0))
    pen.up((300.0, 200.0))
    for _ in range(2):
        room.fingers([[(1400.0 - 20 * n, 700.0) for n in range(10)]])
    assert room.ink == 1
    (notice,) = told
    rules = room.canvas.hands.rules
    assert rules.pen_memory_s > rules.near_s
    assert notice.action is not None
    notice.action()
    rules = room.canvas.hands.rules
    assert rules.pen_memory_s == rules.near_s


def test_pen_that_lands_during_a_swipe_writes_on_the_page_that_is_there(room: Room) -> None:
    room.swipe(-100, lifts=False)
    pen = Pen(room.canvas)
    pen.down((300.0, 200.0))
    pen.move((400.0, 250.0))
    pen.up((400.0, 250.0))
    assert room.place == 0
    assert len(room.open_board.board.items(room.pages[0])) == 1


def test_touches_that_the_system_takes_away_turn_nothing(room: Room) -> None:
    room.swipe(-150, lifts=False)
    room.canvas.hide()
    room.canvas.show()
    assert room.place == 0


def test_two_fingers_move_a_page_of_the_board_as_ever(
    qapp: QApplication, data_dir: Path
) -> None:
    made = Room(qapp, data_dir)
    try:
        with made.open_board.board.change("staff") as edit:
            one = edit.add_page(0, Background())
            edit.add_page(1, Background())
            for page in made.pages:
                edit.remove_page(page)
        QApplication.processEvents()
        made.canvas.show_page(one)
        before: Viewport = made.canvas.viewport
        made.swipe(-100)
        assert made.canvas.page_id == one
        assert made.canvas.viewport.left_pt > before.left_pt
    finally:
        made.shut()


# Edges ----------------------------------------------------------------------------------


def buttons(room: Room) -> tuple[GlassButton, GlassButton]:
    return room.pane.edges.previous, room.pane.edges.next


def test_edges_turn_and_are_there_only_where_a_page_is(room: Room) -> None:
    previous, following = buttons(room)
    assert not previous.isVisible()
    QTest.mouseClick(following, LEFT)
    assert room.place == 1
    assert previous.isVisible()
    room.fingers([[middle_of(previous)] * 2])
    assert room.place == 0
    room.pane.go_to_last()
    assert not following.isVisible()
    assert room.ink == 0


def test_edges_lie_in_the_lower_half_and_are_large(room: Room) -> None:
    for button in buttons(room):
        assert button.geometry().center().y() > SIZE[1] / 2
        assert button.width() >= theme.metrics().px(25)


def test_pen_on_an_edge_turns_and_leaves_no_ink(room: Room) -> None:
    window = room.canvas.window().windowHandle()
    QTest.mouseClick(window, LEFT, pos=_point(middle_of(buttons(room)[1])))
    assert room.place == 1
    assert room.ink == 0


def test_stroke_over_an_edge_is_ink_and_turns_nothing(room: Room) -> None:
    x, y = middle_of(buttons(room)[1])
    room.fingers([[(x - 400 + 40 * n, y) for n in range(11)]])
    assert room.place == 0
    assert room.ink == 1


def test_hand_with_several_points_on_an_edge_turns_nothing(room: Room) -> None:
    x, y = middle_of(buttons(room)[1])
    room.fingers([[(x - 8, y)] * 2, [(x + 8, y)] * 2])
    assert room.place == 0
    assert room.ink == 0


def test_edge_is_a_ghost_while_a_hand_writes(room: Room, qtbot: QtBot) -> None:
    following = buttons(room)[1]
    x, y = middle_of(following)
    window = room.canvas.window().windowHandle()
    QTest.touchEvent(window, room.device).press(0, QPoint(500, 300)).commit()
    QTest.touchEvent(window, room.device).move(0, QPoint(560, 320)).commit()
    assert following.is_ghost
    # Another hand, where the button was: it draws.
    QTest.touchEvent(window, room.device).stationary(0).press(1, _point((x, y))).commit()
    QTest.touchEvent(window, room.device).stationary(0).move(
        1, _point((x - 90, y - 90))
    ).commit()
    QTest.touchEvent(window, room.device).release(0, QPoint(560, 320)).release(
        1, _point((x - 90, y - 90))
    ).commit()
    assert room.place == 0
    assert room.ink == 2
    qtbot.waitUntil(lambda: not following.is_ghost)


def test_ten_fingers_write_on_while_a_resting_hand_leaves_the_edge(room: Room) -> None:
    x, y = middle_of(buttons(room)[1])
    window = room.canvas.window().windowHandle()
    QTest.touchEvent(window, room.device).press(20, _point((x, y))).commit()
    ways = [[(200.0 + 130 * n, 150.0 + 25 * step) for step in range(12)] for n in range(9)]
    touch = QTest.touchEvent(window, room.device).stationary(20)
    for finger, way in enumerate(ways):
        touch.press(finger, _point(way[0]))
    touch.commit()
    for step in range(1, 12):
        touch = QTest.touchEvent(window, room.device).stationary(20)
        for finger, way in enumerate(ways):
            touch.move(finger, _point(way[step]))
        touch.commit()
    touch = QTest.touchEvent(window, room.device).release(20, _point((x, y)))
    for finger in range(9):
        touch.stationary(finger)
    touch.commit()
    assert room.place == 0
    touch = QTest.touchEvent(window, room.device)
    for finger, way in enumerate(ways):
        touch.release(finger, _point(way[-1]))
    touch.commit()
    assert room.place == 0
    assert room.ink == 9


# Keys -----------------------------------------------------------------------------------


@pytest.fixture
def keyboard(room: Room) -> Room:
    room.kiosk.shell.activateWindow()
    QTest.qWaitForWindowActive(room.kiosk.shell)
    return room


def press(room: Room, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = modifiers[0] if modifiers else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(room.canvas.window().windowHandle(), key, held)


@pytest.mark.parametrize(
    ("on", "back"),
    [
        (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp),
        (Qt.Key.Key_Right, Qt.Key.Key_Left),
        (Qt.Key.Key_Down, Qt.Key.Key_Up),
    ],
)
def test_keys_of_keyboards_and_clickers_turn(keyboard: Room, on: Qt.Key, back: Qt.Key) -> None:
    press(keyboard, on)
    press(keyboard, on)
    assert keyboard.place == 2
    press(keyboard, back)
    assert keyboard.place == 1


def test_space_home_and_end(keyboard: Room) -> None:
    press(keyboard, Qt.Key.Key_Space)
    assert keyboard.place == 1
    press(keyboard, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert keyboard.place == 0
    press(keyboard, Qt.Key.Key_End)
    assert keyboard.place == PAGES - 1
    press(keyboard, Qt.Key.Key_PageDown)
    assert keyboard.place == PAGES - 1
    assert len(keyboard.open_board.board.pages) == PAGES
    press(keyboard, Qt.Key.Key_Home)
    assert keyboard.place == 0


@pytest.mark.parametrize("turned_by", ["clicker", "second hand"])
def test_turn_under_a_writing_pen_keeps_its_ink(keyboard: Room, turned_by: str) -> None:
    pen = Pen(keyboard.canvas)
    pen.down((500, 300))
    for n in range(20):
        pen.move((500 + 10 * n, 300))
    if turned_by == "clicker":
        QTest.keyClick(keyboard.canvas, Qt.Key.Key_PageDown)
    else:
        keyboard.pane.step(1)
    assert keyboard.place == 1
    pen.move((720, 310))
    pen.up((720, 310))
    board = keyboard.open_board.board
    (stroke,) = board.items(keyboard.pages[0]).values()
    assert isinstance(stroke, StrokeItem)
    assert stroke.count == 21
    assert not board.items(keyboard.pages[1])


def test_stroke_goes_on_while_a_sheet_opens_over_it(keyboard: Room, qtbot: QtBot) -> None:
    (screen,) = keyboard.kiosk.shell.findChildren(BoardScreen)
    pen = Pen(keyboard.canvas)
    pen.down((500, 300))
    for n in range(20):
        pen.move((500 + 10 * n, 300))
    screen.pages_asked.emit(keyboard.pane)
    qtbot.waitUntil(lambda: not screen.has_bars)
    for n in range(20, 30):
        pen.move((500 + 10 * n, 300))
    pen.up((790, 300))
    (stroke,) = keyboard.open_board.board.items(keyboard.pages[0]).values()
    assert isinstance(stroke, StrokeItem)
    assert stroke.count == 31


def test_stroke_goes_on_while_the_board_is_split_and_is_kept_when_it_is_one_again(
    room: Room,
) -> None:
    (screen,) = room.kiosk.shell.findChildren(BoardScreen)
    pen = Pen(room.canvas)
    pen.down((300, 300))
    pen.move((320, 300))
    screen.set_split(True)
    pen.move((340, 300))
    pen.up((360, 300))
    assert room.ink == 1
    other = screen.panes[1].canvas
    pen = Pen(other, serial=8)
    pen.down((300, 300))
    pen.move((320, 300))
    screen.set_split(False)
    assert room.ink == 2


def test_clicker_starts_and_ends_the_full_screen(keyboard: Room) -> None:
    press(keyboard, Qt.Key.Key_F5)
    assert keyboard.pane.is_alone
    press(keyboard, Qt.Key.Key_Escape)
    assert not keyboard.pane.is_alone


def test_keys_scroll_a_wide_page_before_they_turn_it(report: Room) -> None:
    report.kiosk.shell.activateWindow()
    QTest.qWaitForWindowActive(report.kiosk.shell)
    report.pane.toggle_fit()
    top = report.canvas.viewport.top_pt
    press(report, Qt.Key.Key_PageDown)
    assert report.place == 0
    assert report.canvas.viewport.top_pt > top
    for _ in range(9):
        press(report, Qt.Key.Key_PageDown)
        if report.place == 1:
            break
    assert report.place == 1
    assert report.canvas.viewport.is_width_fitted


# Finding a page ---------------------------------------------------------------------------


def word(room: Room, text: str) -> TouchControl:
    """Return the button that is seen with a word on it."""
    found = room.kiosk.shell.findChildren(TouchControl)
    return next(one for one in found if one.word == text and one.isVisible())


def test_number_leads_to_its_page(room: Room) -> None:
    QTest.mouseClick(word(room, "Pages"), LEFT)
    QTest.mouseClick(word(room, "By number"), LEFT)
    QTest.mouseClick(word(room, "4"), LEFT)
    QTest.mouseClick(word(room, "Done"), LEFT)
    assert room.place == 3


def test_column_of_pages_leads_and_follows_and_covers_nothing(room: Room, qtbot: QtBot) -> None:
    QTest.mouseClick(word(room, "Pages"), LEFT)
    QTest.mouseClick(word(room, "Beside"), LEFT)
    strip = room.pane.strip
    assert strip is not None
    qtbot.waitUntil(strip.isVisible)
    left, _top = room.canvas.viewport.to_view(0.0, 0.0)
    assert left >= strip.geometry().right()

    card = next(card for card in strip.findChildren(PageCard) if card.page_id == room.pages[2])
    x, y = middle_of(card)
    room.fingers([[(x, y)] * 2])
    assert room.place == 2
    assert card.isChecked()
    room.pane.step(1)
    assert not card.isChecked()

    QTest.mouseClick(word(room, "Close"), LEFT)
    assert room.pane.strip is None
    assert covered(room) == []


def test_page_is_turned_and_left_out_and_comes_back(room: Room) -> None:
    board = room.open_board.board
    QTest.mouseClick(word(room, "Pages"), LEFT)
    QTest.mouseClick(word(room, "Turn"), LEFT)
    assert board.page(room.pages[0]).width_pt == SLIDE.height_pt
    assert room.canvas.viewport.is_page_fitted

    QTest.mouseClick(word(room, "Leave out"), LEFT)
    assert len(board.pages) == PAGES - 1
    assert room.place == 1
    QTest.mouseClick(word(room, "Undo"), LEFT)
    assert len(board.pages) == PAGES


# What lies beside the page ----------------------------------------------------------------


def over(room: Room, box: QRect) -> list[str]:
    """Return what a box of the pane covers: the page, buttons that turn, bars."""
    seen, page = room.canvas.viewport, room.open_board.board.page(room.canvas.page_id)
    corners = seen.to_view(0.0, 0.0), seen.to_view(page.width_pt, page.height_pt)
    pane = room.pane
    places = {
        "page": QRect(_point(corners[0]), _point(corners[1])).adjusted(1, 1, -2, -2),
        "pages": pane.page_bar.geometry(),
        "home": pane.home_bar.geometry(),
        "tools": pane.toolbar.geometry(),
    }
    places |= {
        f"edge {n}": button.geometry()
        for n, button in enumerate(buttons(room))
        if button.isVisible()
    }
    return [name for name, place in places.items() if place.intersects(box)]


def present(room: Room, *words: str) -> None:
    QTest.mouseClick(word(room, "Present"), LEFT)
    for wanted in words:
        QTest.mouseClick(word(room, wanted), LEFT)
    QApplication.processEvents()


def test_presenting_bar_stands_in_the_lower_half_and_covers_nothing(room: Room) -> None:
    room.pane.step(1)
    present(room)
    bar = room.pane.findChild(PresentBar)
    assert bar is not None
    assert bar.geometry().center().y() > SIZE[1] / 2
    assert over(room, bar.geometry()) == []

    QTest.mouseClick(word(room, "Present"), LEFT)
    QApplication.processEvents()
    assert covered(room) == []


@pytest.mark.parametrize("helper", ["Notes for me", "Timer"])
def test_strip_of_the_presenter_covers_nothing_and_is_closed(room: Room, helper: str) -> None:
    room.pane.step(1)
    before = room.canvas.viewport
    present(room, helper)
    (strip,) = room.kiosk.shell.findChildren(NotesStrip)
    for _ in range(2):
        assert over(room, strip.geometry()) == []
        QTest.mouseClick(strip.side_button, LEFT)
        QApplication.processEvents()
    QTest.mouseClick(strip.close_button, LEFT)
    QTest.mouseClick(word(room, "Present"), LEFT)
    QApplication.processEvents()
    assert not strip.isVisible()
    assert room.canvas.viewport == before


@pytest.mark.parametrize("side", ["bottom", "left", "right"])
def test_handles_of_a_curtain_are_free_and_edges_come_back_with_the_page(
    room: Room, side: str
) -> None:
    room.options.change_for_now(toolbar_side=side)
    room.pane.step(1)
    present(room, "Curtain")
    (curtain,) = room.kiosk.shell.findChildren(CurtainView)
    bar = room.pane.findChild(PresentBar)
    assert bar is not None
    for way in (Side.LEFT, Side.RIGHT):
        handle = curtain.edge(way).geometry().translated(curtain.pos())
        assert [name for name in over(room, handle) if name != "page"] == []
        assert not handle.intersects(bar.geometry())
        assert handle.height() > theme.metrics().px(KNOB_MM)
    QTest.mouseClick(word(room, "Take the curtain away"), LEFT)
    assert all(button.isVisible() for button in buttons(room))
