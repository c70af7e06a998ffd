"""What helps who presents, in the real shell: light, curtain, cover, clock, notes, screens."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pymupdf
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage, QInputMethodEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from base.board_doc import StrokeItem
from base.clock import SystemClock
from base.options import Options
from base.qt.widgets import TouchButton
from kiosk.app import Kiosk
from kiosk.features import ENTRIES
from kiosk.model.arguments import Arguments
from kiosk.model.navigation import Finished
from tests.support.canvas_bench import Pen
from tools.virtual_display import VirtualDisplay
from whiteboard.feature import WhiteboardFeature
from whiteboard.model.curtain import Side
from whiteboard.model.tool_choice import ToolKind
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.snapshot import take_snapshot
from whiteboard.services.taking.export import ExportFormat, export_board
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.pane import Pane
from whiteboard.views.presenting.curtain import CurtainView, PauseCover
from whiteboard.views.presenting.laser import Laser
from whiteboard.views.presenting.notes_strip import NotesStrip
from whiteboard.views.presenting.present_bar import PresentBar
from whiteboard.views.presenting.presenting import Presenting
from whiteboard.views.presenting.spotlight import Spotlight
from whiteboard.views.screen import BoardScreen
from whiteboard.views.tray.more_sheet import MoreSheet

LEFT = Qt.MouseButton.LeftButton
SECRET = "ひみつの数字は八四二一 swordfish"
SIZE = (1280, 720)


@dataclass
class Talk:
    """The shell with a board of three pages, and hands for it."""

    kiosk: Kiosk
    feature: WhiteboardFeature

    @property
    def window(self) -> QWidget:
        return self.kiosk.shell

    @property
    def screen(self) -> BoardScreen:
        (screen,) = self.window.findChildren(BoardScreen)
        return screen

    @property
    def pane(self) -> Pane:
        return self.screen.panes[0]

    @property
    def canvas(self) -> Canvas:
        return self.pane.canvas

    @property
    def presenting(self) -> Presenting:
        return self.feature._presenting

    @property
    def board(self) -> OpenBoard:
        board = self.screen.open_board
        assert board is not None
        return board

    @property
    def pages(self) -> list[str]:
        return [page.id for page in self.board.board.pages]

    @property
    def strip(self) -> NotesStrip:
        strip = self.presenting.strip
        assert strip is not None
        return strip

    def strokes(self) -> list[StrokeItem]:
        items = self.board.board.items(self.canvas.page_id).values()
        return [item for item in items if isinstance(item, StrokeItem)]

    def one(self, kind: type[QWidget]) -> QWidget:
        (found,) = [w for w in self.window.findChildren(kind) if w.isVisible()]
        return found

    def none(self, kind: type[QWidget]) -> bool:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return not [w for w in self.window.findChildren(kind) if w.isVisible()]

    def press(self, widget: QWidget) -> None:
        QTest.mouseClick(
            self.window.windowHandle(),
            LEFT,
            Qt.KeyboardModifier.NoModifier,
            widget.mapTo(self.window, widget.rect().center()),
        )

    def word(self, word: str, inside: QWidget | None = None) -> None:
        """Press the button of a word."""
        where = self.window if inside is None else inside
        buttons = [b for b in where.findChildren(TouchButton) if b.isVisible()]
        (button,) = [b for b in buttons if b.word == word]
        self.press(button)

    def drag(self, *places: tuple[int, int]) -> None:
        handle = self.window.windowHandle()
        points = [QPoint(*place) for place in places]
        QTest.mousePress(handle, LEFT, Qt.KeyboardModifier.NoModifier, points[0])
        for point in points[1:]:
            QTest.mouseMove(handle, point)
        QTest.mouseRelease(handle, LEFT, Qt.KeyboardModifier.NoModifier, points[-1])

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window.windowHandle(), key)

    def shown(self) -> QImage:
        """Return what an X client sees of the window."""
        own = self.window.screen()
        return own.grabWindow(self.window.winId()).toImage()

    def colour(self, x: int, y: int) -> tuple[int, int, int]:
        colour = self.shown().pixelColor(x, y)
        return (colour.red(), colour.green(), colour.blue())


@pytest.fixture
def talk(qapp: QApplication, data_dir: Path) -> Iterator[Talk]:
    options = Options.load(data_dir / "settings.json", SystemClock().now())
    options.change_for_now(language="en", on_screen_keyboard="never")
    kiosk = Kiosk(qapp, data_dir, options, SystemClock(), ENTRIES)
    kiosk.start(Arguments(screen="board", size=SIZE))
    QTest.qWaitForWindowExposed(kiosk.shell)
    feature = kiosk._features["whiteboard"]
    assert isinstance(feature, WhiteboardFeature)
    made = Talk(kiosk, feature)
    made.pane.add_page()
    made.pane.add_page()
    made.pane.go_to(0)
    yield made
    kiosk.shutdown()
    kiosk.shell.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def two_screens(talk: Talk, display: VirtualDisplay, qtbot: QtBot) -> Iterator[Cables]:
    cables = Cables(qtbot)
    cables.run("--setmonitor", "Board", "1280/800x720/450+0+0", "screen")
    cables.plug()
    yield cables
    cables.run("--delmonitor", "Desk", check=False)
    cables.run("--delmonitor", "Board")
    qtbot.waitUntil(lambda: [s.name() for s in QGuiApplication.screens()] == ["screen"])


class Cables:
    """Divides the tests' screen into the display and a desk's screen beside it."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot

    def plug(self) -> None:
        self.run("--setmonitor", "Desk", "640/300x800/190+1280+0", "none")
        self._qtbot.waitUntil(lambda: self._names() == {"Board", "Desk"})

    def pull(self) -> None:
        self.run("--delmonitor", "Desk")
        self._qtbot.waitUntil(lambda: self._names() == {"Board"})

    def run(self, *arguments: str, check: bool = True) -> None:
        subprocess.run(["xrandr", *arguments], check=check, capture_output=True)

    def _names(self) -> set[str]:
        return {screen.name() for screen in QGuiApplication.screens()}


# Light ------------------------------------------------------------------------------------


def test_laser_points_and_writes_nothing(talk: Talk) -> None:
    talk.presenting.toggle_laser()
    laser = talk.one(Laser)
    assert isinstance(laser, Laser)
    talk.drag((400, 300), (500, 320), (600, 300))
    assert laser.dots == (QPointF(600, 300),)
    assert talk.strokes() == []


def test_laser_follows_every_finger_and_goes_with_it(talk: Talk) -> None:
    talk.presenting.toggle_laser()
    laser = talk.one(Laser)
    assert isinstance(laser, Laser)
    device: QPointingDevice = QTest.createTouchDevice()
    handle = talk.window.windowHandle()
    one, other = QPoint(300, 200), QPoint(700, 250)
    QTest.touchEvent(handle, device).press(1, one).press(2, other).commit()
    assert sorted(dot.x() for dot in laser.dots) == [300.0, 700.0]
    QTest.touchEvent(handle, device).release(1, one).release(2, other).commit()
    assert laser.dots == ()
    assert talk.strokes() == []


def test_taking_a_tool_puts_the_laser_out(talk: Talk) -> None:
    talk.presenting.toggle_laser()
    talk.word("Chalk", talk.pane.toolbar)
    assert talk.none(Laser)
    assert "present.laser" not in talk.presenting.on
    talk.drag((400, 300), (500, 320), (600, 300))
    assert len(talk.strokes()) == 1


def test_spotlight_dims_all_but_its_window(talk: Talk, qtbot: QtBot) -> None:
    before = talk.colour(60, 60)
    talk.presenting.toggle_spotlight()
    spotlight = talk.one(Spotlight)
    assert isinstance(spotlight, Spotlight)
    x, y = round(spotlight.spot.x), round(spotlight.spot.y)
    qtbot.waitUntil(lambda: sum(talk.colour(60, 60)) < sum(before) * 0.5)
    assert sum(talk.colour(x, y)) > sum(before) * 0.8


def test_spotlight_follows_a_finger_and_its_handle_resizes_it(talk: Talk) -> None:
    talk.presenting.toggle_spotlight()
    spotlight = talk.one(Spotlight)
    assert isinstance(spotlight, Spotlight)
    talk.drag((250, 200), (300, 240))
    assert (spotlight.spot.x, spotlight.spot.y) == (300, 240)
    radius, handle = spotlight.spot.radius, spotlight.handle
    talk.drag((handle.x(), handle.y()), (handle.x() + 40, handle.y() + 40))
    assert spotlight.spot.radius > radius + 40
    assert (spotlight.spot.x, spotlight.spot.y) == (300, 240)


def test_two_fingers_resize_the_spotlight(talk: Talk) -> None:
    talk.presenting.toggle_spotlight()
    spotlight = talk.one(Spotlight)
    assert isinstance(spotlight, Spotlight)
    radius, x = spotlight.spot.radius, round(spotlight.spot.x)
    y = round(spotlight.spot.y)
    device: QPointingDevice = QTest.createTouchDevice()
    handle = talk.window.windowHandle()
    one, other = QPoint(x - 40, y), QPoint(x + 40, y)
    QTest.touchEvent(handle, device).press(1, one).press(2, other).commit()
    one, other = QPoint(x - 60, y), QPoint(x + 60, y)
    QTest.touchEvent(handle, device).move(1, one).move(2, other).commit()
    QTest.touchEvent(handle, device).release(1, one).release(2, other).commit()
    assert spotlight.spot.radius == pytest.approx(radius * 1.5, rel=0.02)


def test_pen_writes_through_the_spotlight(talk: Talk) -> None:
    talk.presenting.toggle_spotlight()
    spotlight = talk.one(Spotlight)
    assert isinstance(spotlight, Spotlight)
    before = spotlight.spot
    pen = Pen(spotlight)
    pen.down((500.0, 300.0))
    pen.move((550.0, 310.0))
    pen.up((600.0, 300.0))
    assert spotlight.spot == before
    assert len(talk.strokes()) == 1


def test_button_of_the_spotlight_ends_it(talk: Talk) -> None:
    talk.presenting.toggle_spotlight()
    talk.word("Light off")
    assert talk.none(Spotlight)


# Curtain and cover ------------------------------------------------------------------------


def test_curtain_hides_the_page_and_is_pulled_down(talk: Talk, qtbot: QtBot) -> None:
    talk.drag((300, 40), (900, 40))
    ink = talk.colour(600, 40)
    talk.presenting.toggle_curtain()
    curtain = talk.one(CurtainView)
    assert isinstance(curtain, CurtainView)
    qtbot.waitUntil(lambda: talk.colour(600, 60) != ink)
    handle = curtain.edge(Side.TOP).mapTo(talk.window, curtain.edge(Side.TOP).rect().center())
    talk.drag((handle.x(), handle.y()), (handle.x(), 200))
    assert curtain.geometry().top() == pytest.approx(200 - handle.y(), abs=3)
    qtbot.waitUntil(lambda: talk.colour(600, 40) == ink)


def test_what_the_curtain_set_free_can_be_written_on(talk: Talk) -> None:
    talk.presenting.toggle_curtain()
    curtain = talk.one(CurtainView)
    assert isinstance(curtain, CurtainView)
    talk.drag((400, 300), (400, 330), (400, 500))
    assert curtain.geometry().top() > 150
    assert talk.strokes() == []
    talk.drag((300, 60), (600, 60))
    assert len(talk.strokes()) == 1


def test_curtain_falls_before_the_next_page(talk: Talk) -> None:
    talk.presenting.toggle_curtain()
    curtain = talk.one(CurtainView)
    assert isinstance(curtain, CurtainView)
    talk.drag((400, 300), (400, 330), (400, 500))
    talk.pane.next_page()
    assert curtain.geometry() == talk.pane.rect()


def test_key_of_a_clicker_covers_everything_until_a_key(talk: Talk, qtbot: QtBot) -> None:
    talk.canvas.setFocus()
    talk.key(Qt.Key.Key_B)
    qtbot.waitUntil(lambda: talk.colour(*SIZE_MIDDLE) == (0, 0, 0))
    page = talk.canvas.page_id
    talk.key(Qt.Key.Key_PageDown)
    assert talk.none(PauseCover)
    assert talk.canvas.page_id == page
    talk.key(Qt.Key.Key_PageDown)
    assert talk.canvas.page_id != page


@pytest.mark.parametrize("begin", [Qt.Key.Key_B, Qt.Key.Key_Period])
@pytest.mark.parametrize("end", [Qt.Key.Key_B, Qt.Key.Key_Period, Qt.Key.Key_Escape])
def test_black_key_of_a_clicker_and_escape_end_the_cover(
    talk: Talk, begin: Qt.Key, end: Qt.Key
) -> None:
    talk.canvas.setFocus()
    talk.key(begin)
    assert isinstance(talk.one(PauseCover), PauseCover)
    talk.key(end)
    assert talk.none(PauseCover)


def test_touch_ends_the_cover(talk: Talk) -> None:
    talk.presenting.toggle_cover()
    talk.drag((600, 300))
    assert talk.none(PauseCover)
    assert talk.strokes() == []


def test_letter_b_goes_into_a_text_that_is_written(talk: Talk) -> None:
    talk.pane.hold(talk.pane.choice.with_tool(ToolKind.TEXT))
    talk.drag((500, 300))
    talk.key(Qt.Key.Key_B)
    assert talk.none(PauseCover)
    assert talk.pane.desk.editor.text == "b"


SIZE_MIDDLE = (SIZE[0] // 2, SIZE[1] // 2)


# The bar and the sheet ----------------------------------------------------------------------


def test_bar_shows_what_is_on(talk: Talk) -> None:
    talk.presenting.toggle_bar()
    bar = talk.one(PresentBar)
    talk.word("Laser", bar)
    assert talk.presenting.on == {"present.bar", "present.laser"}
    (button,) = [b for b in bar.findChildren(TouchButton) if b.word == "Laser"]
    assert button.isChecked()
    talk.word("Spotlight", bar)
    assert talk.presenting.on == {"present.bar", "present.spotlight"}
    assert not button.isChecked()


def test_more_sheet_offers_what_helps_who_presents(talk: Talk, qtbot: QtBot) -> None:
    talk.feature._show_more()
    sheet = talk.one(MoreSheet)
    assert isinstance(sheet, MoreSheet)
    qtbot.waitUntil(lambda: sheet.panel.geometry().bottom() < talk.window.height())
    talk.word("Curtain", sheet)
    assert not talk.none(CurtainView)


# Notes and clock ----------------------------------------------------------------------------


def test_notes_are_written_on_the_display_and_kept(talk: Talk, qtbot: QtBot) -> None:
    talk.presenting.toggle_notes()
    talk.word("Edit", talk.strip)
    event = QInputMethodEvent()
    event.setCommitString("はじめにあいさつ")
    QApplication.sendEvent(talk.strip.editor, event)
    first = talk.canvas.page_id
    qtbot.waitUntil(lambda: talk.board.file.notes.get(first) == "はじめにあいさつ")
    talk.word("Done", talk.strip)
    assert talk.strip.text.words == "はじめにあいさつ"


def test_notes_follow_the_page_and_what_is_written_stays_with_its_own(talk: Talk) -> None:
    first, second, _third = talk.pages
    talk.board.file.set_note(second, "zwei")
    talk.presenting.toggle_notes()
    talk.word("Edit", talk.strip)
    QTest.keyClicks(talk.strip.editor, "eins")
    talk.pane.next_page()
    assert talk.board.file.notes == {first: "eins", second: "zwei"}
    assert talk.strip.editor.toPlainText() == "zwei"


def test_folded_strip_says_nothing_but_the_time(talk: Talk) -> None:
    talk.board.file.set_note(talk.canvas.page_id, SECRET)
    talk.presenting.toggle_notes()
    talk.presenting.toggle_timer()
    talk.word("Fold", talk.strip)
    assert not talk.strip.isVisible()
    talk.press(talk.strip.tab)
    assert talk.strip.isVisible()
    assert talk.strip.text.words == SECRET


def test_clock_runs_stops_and_is_the_talks_own(talk: Talk) -> None:
    talk.presenting.toggle_timer()
    timer = talk.strip.timer
    talk.press(timer.longer_button)
    talk.press(timer.start_button)
    assert talk.presenting.clock.is_running
    assert talk.presenting.clock.planned_min == 1
    talk.press(timer.start_button)
    assert not talk.presenting.clock.is_running
    talk.presenting.toggle_timer()
    assert talk.presenting.clock.planned_min == 1
    talk.feature._new_board()
    assert talk.presenting.clock.planned_min == 0


def test_finish_leaves_nothing_on(talk: Talk) -> None:
    presenting = talk.presenting
    talk.board.file.set_note(talk.canvas.page_id, SECRET)
    for turn_on in (
        presenting.toggle_bar,
        presenting.toggle_laser,
        presenting.toggle_curtain,
        presenting.toggle_notes,
        presenting.toggle_timer,
    ):
        turn_on()
    talk.kiosk.handle(Finished())
    assert presenting.on == frozenset()
    assert SECRET not in talk.strip.text.words
    assert talk.none(Laser)
    assert talk.none(CurtainView)
    assert talk.none(PresentBar)


# Two screens ----------------------------------------------------------------------------------


def test_notes_go_to_the_second_screen_and_not_on_the_board(
    talk: Talk, two_screens: Cables, qtbot: QtBot
) -> None:
    empty = talk.shown()
    talk.board.file.set_note(talk.canvas.page_id, SECRET)
    talk.presenting.toggle_notes()
    view = talk.presenting.view
    assert view is not None
    assert view.geometry() == QRect(1280, 0, 640, 800)
    assert view.notes.words == SECRET
    talk.kiosk.shell.notices.clear()
    qtbot.waitUntil(lambda: talk.shown() == empty, timeout=10_000)


def test_second_screen_shows_this_page_and_the_next(
    talk: Talk, two_screens: Cables, qtbot: QtBot
) -> None:
    talk.presenting.toggle_notes()
    view = talk.presenting.view
    assert view is not None
    qtbot.waitUntil(
        lambda: view.now_face._image is not None and view.next_face._image is not None
    )
    view.next_button.click()
    assert talk.canvas.page_id == talk.pages[1]
    view.next_button.click()
    assert not view.next_button.isEnabled()
    assert talk.canvas.page_id == talk.pages[2]


def test_pulled_screen_brings_no_note_before_the_room(
    talk: Talk, two_screens: Cables, qtbot: QtBot
) -> None:
    talk.board.file.set_note(talk.canvas.page_id, SECRET)
    talk.presenting.toggle_notes()
    two_screens.pull()
    qtbot.waitUntil(lambda: talk.presenting.view is None)
    assert talk.strip.is_folded
    assert not talk.strip.isVisible()
    assert talk.strip.tab.isVisible()


def test_screen_that_comes_gets_the_notes_when_somebody_says_so(
    talk: Talk, two_screens: Cables, qtbot: QtBot
) -> None:
    two_screens.pull()
    talk.presenting.toggle_notes()
    assert talk.strip.isVisible()
    two_screens.plug()
    assert talk.presenting.view is None
    talk.presenting.show_notes_there()
    assert talk.presenting.view is not None
    assert not talk.strip.isVisible()
    assert not talk.strip.tab.isVisible()


def test_screen_that_shows_the_same_gets_no_notes(
    talk: Talk, two_screens: Cables, qtbot: QtBot
) -> None:
    two_screens.pull()
    two_screens.run("--setmonitor", "Desk", "1280/300x720/190+0+0", "none")
    qtbot.waitUntil(lambda: len(QGuiApplication.screens()) == 2)
    talk.presenting.toggle_notes()
    assert talk.presenting.view is None


# What leaves the display ----------------------------------------------------------------------


@pytest.fixture
def taken(talk: Talk, tmp_path: Path) -> Callable[[ExportFormat], bytes]:
    def take(kind: ExportFormat) -> bytes:
        talk.presenting.toggle_notes()
        assert talk.strip.text.words == SECRET
        snapshot = take_snapshot(talk.board.board, talk.board.file.asset, talk.pages[:1])
        (path,) = export_board(snapshot, kind, tmp_path / f"board.{kind.value}")
        return path.read_bytes()

    talk.board.file.set_note(talk.canvas.page_id, SECRET)
    return take


def test_notes_are_not_in_a_pdf(taken: Callable[[ExportFormat], bytes]) -> None:
    data = taken(ExportFormat.PDF)
    with pymupdf.open(stream=data, filetype="pdf") as document:
        streams = [document.xref_stream(n) or b"" for n in range(1, document.xref_length())]
        words = document[0].get_text() + str(document.metadata)
        everything = b"".join(streams) + data
    assert "swordfish" not in words
    assert all(SECRET.encode(code) not in everything for code in ("utf-8", "utf-16-be"))
    assert b"swordfish" not in everything


def test_notes_are_not_in_an_svg(taken: Callable[[ExportFormat], bytes]) -> None:
    assert "swordfish" not in taken(ExportFormat.SVG).decode()


def test_notes_are_not_in_a_png(talk: Talk, taken: Callable[[ExportFormat], bytes]) -> None:
    with_notes = taken(ExportFormat.PNG)
    assert b"swordfish" not in with_notes
    image = Image.open(io.BytesIO(with_notes))
    assert not image.info.get("Description")
    talk.board.file.set_note(talk.canvas.page_id, "")
    snapshot = take_snapshot(talk.board.board, talk.board.file.asset, talk.pages[:1])
    (path,) = export_board(snapshot, ExportFormat.PNG, talk.board.path.with_suffix(".png"))
    assert image == Image.open(path)


def test_notes_are_not_in_what_is_shared(talk: Talk) -> None:
    talk.presenting.toggle_notes()
    talk.word("Edit", talk.strip)
    QTest.keyClicks(talk.strip.editor, "swordfish")
    talk.word("Done", talk.strip)
    assert talk.board.file.notes[talk.canvas.page_id] == "swordfish"
    shared = talk.board.board.state()
    assert b"swordfish" not in shared
    assert "swordfish".encode("utf-16-le") not in shared
