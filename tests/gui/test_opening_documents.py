"""Opening documents by touch in the real shell: real files, real processes."""

from __future__ import annotations

import base64
import gzip
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from base.board_doc import ImageItem, StrokeItem, TextItem
from base.qt.widgets import TouchButton
from kiosk.model.arguments import Arguments
from kiosk.model.navigation import Finished, Opened
from kiosk.services.removable import ROOT_VARIABLE
from tests.support.full_disk import full_disk
from tests.support.glass import Glass
from tests.support.tiny_pdf import COLOURS, write_pdf
from tests.whiteboard.services.pdf_bench import (
    PdfBench,
    board_page,
    picture_bytes,
    sheet_page,
    stroke,
    wave,
)
from tools.sample_office import write_deck
from whiteboard.feature import WhiteboardFeature
from whiteboard.services.documents.document_intake import IntakeProgress, Stage
from whiteboard.views.documents.document_cells import RecentCard
from whiteboard.views.documents.document_chooser import DISPLAY, RECENT, DocumentChooser
from whiteboard.views.documents.document_flow import DocumentFlow
from whiteboard.views.documents.documents_screen import DocumentSheet, DocumentsScreen
from whiteboard.views.documents.password_sheet import PasswordSheet
from whiteboard.views.screen import BoardScreen

PATIENCE_MS = 30_000
LARGE_BYTES = 40 << 20
NOTEBOOK = """<?xml version="1.0"?><xournal creator="Xournal++ 1.2" fileversion="4">
<page width="500" height="300"><background type="solid" color="#ffffffff" style="plain"/>
<layer><stroke tool="pen" color="#3333ccff" width="2">10 10 20 10 30 15 40 20</stroke>
<text font="Sans" size="12" x="50" y="60" color="#000000ff">数学</text>
<image left="100" top="100" right="120" bottom="120">{png}</image></layer></page>
<page width="300" height="500"><background type="solid" color="#ffffffff" style="graph"/>
<layer/></page></xournal>"""


class Hall(Glass):
    """The shell with sticks that a test plugs in and pulls out."""

    @property
    def feature(self) -> WhiteboardFeature:
        (feature,) = self.kiosk._features.values()
        assert isinstance(feature, WhiteboardFeature)
        return feature

    @property
    def screen(self) -> BoardScreen:
        # Nobody's child before it is first shown.
        return self.feature._screen

    @property
    def flow(self) -> DocumentFlow:
        return self.feature._documents

    @property
    def chooser(self) -> DocumentChooser:
        (screen,) = self.kiosk.shell.findChildren(DocumentsScreen)
        return screen.chooser

    @property
    def said(self) -> list[str]:
        return [notice.text for notice in self.kiosk.shell.notices.shown]

    def page_ids(self) -> list[str]:
        return [page.id for page in self.open_board.board.pages]

    def sheets(self) -> list[int | None]:
        pages = self.open_board.board.pages
        return [None if page.sheet is None else page.sheet.number for page in pages]

    def has_row(self, name: str) -> bool:
        """Return whether a file or folder of this name is in the list."""
        return any(getattr(o, "path", Path()).name == name for o in self.chooser.files.offers)

    def touch_file(self, name: str) -> None:
        """Touch the row of a file in the list, with the mouse in the place of a finger."""
        files = self.chooser.files
        names = [getattr(offer, "path", None) for offer in files.offers]
        place = [path.name if path is not None else "" for path in names].index(name)
        cell = files.cell(place)
        assert cell is not None
        click(cell)


def click(widget: QWidget) -> None:
    """Press and release in the middle, on whatever takes pointers there."""
    target = widget
    while target.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents):
        parent = target.parentWidget()
        assert parent is not None
        target = parent
        if type(target).__name__.endswith("Grid"):
            target = target.parentWidget() or target
    at = widget.mapTo(target, widget.rect().center())
    QTest.mouseClick(target, Qt.MouseButton.LeftButton, pos=at)


@pytest.fixture
def sticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose folders are sticks."""
    root = tmp_path / "usb"
    root.mkdir()
    monkeypatch.setitem(os.environ, ROOT_VARIABLE, str(root))
    monkeypatch.setenv("HOME", str(tmp_path))
    return root


@pytest.fixture
def hall(qapp: QApplication, data_dir: Path, sticks: Path) -> Iterator[Hall]:
    made = Hall(qapp, data_dir, Arguments(screen="documents", size=(1280, 720)))
    yield made
    made.close()


@pytest.fixture
def until(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    return wait


Until = Callable[[Callable[[], bool]], None]


def drop(target: QWidget, *paths: Path) -> None:
    """Drop files on a widget, as the window system does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, copy = target.rect().center(), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, copy, data, left, none)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(at), copy, data, left, none))


def notebook(path: Path) -> Path:
    png = base64.b64encode(picture_bytes()).decode()
    path.write_bytes(gzip.compress(NOTEBOOK.format(png=png).encode()))
    return path


def lock(path: Path, password: str) -> None:
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner=password, user=password, R=6))


def asked_for(hall: Hall) -> PasswordSheet | None:
    sheets = [s for s in hall.kiosk.shell.findChildren(PasswordSheet) if s.isVisible()]
    return sheets[-1] if sheets else None


def enter(hall: Hall, until: Until, password: str) -> None:
    until(lambda: asked_for(hall) is not None and asked_for(hall).field.isEnabled())  # type: ignore[union-attr]
    sheet = asked_for(hall)
    assert sheet is not None
    sheet.field.setText(password)
    sheet.open_button.click()


# Choosing -----------------------------------------------------------------------------------


def test_stick_is_shown_when_it_is_plugged_in_and_its_document_opens(
    hall: Hall, sticks: Path, until: Until, qtbot: QtBot
) -> None:
    assert hall.chooser.places == (RECENT, DISPLAY)
    stick = sticks / "会議"
    staged = sticks.parent / "staged"
    staged.mkdir()
    write_pdf(staged / "第10回.pdf", 2)
    write_pdf(staged / "第2回.pdf", 3)
    (staged / "setup.exe").write_bytes(b"MZ")
    staged.rename(stick)
    until(lambda: hall.chooser.folder == stick and len(hall.chooser.files.offers) == 2)
    names = [offer.path.name for offer in hall.chooser.files.offers]  # type: ignore[union-attr]
    assert names == ["第2回.pdf", "第10回.pdf"]

    hall.touch_file("第2回.pdf")
    until(lambda: hall.kiosk.shell.shown is hall.screen)
    hall.wait_for(qtbot, COLOURS[0], 300, 150)
    assert hall.sheets() == [0, 1, 2]
    assert hall.open_board.board.title == "第2回"


def test_pulled_stick_leaves_the_list_with_a_sentence(
    hall: Hall, sticks: Path, until: Until
) -> None:
    stick = sticks / "A"
    stick.mkdir()
    until(lambda: hall.chooser.folder == stick)
    stick.rename(sticks.parent / "gone")
    until(lambda: hall.chooser.place is RECENT)
    assert hall.chooser.places == (RECENT, DISPLAY)
    assert hall.said == ["The USB stick was taken out."]


def test_back_leads_up_one_folder_at_a_time(hall: Hall, sticks: Path, until: Until) -> None:
    inner = sticks / "A" / "2026" / "春"
    inner.mkdir(parents=True)
    until(lambda: hall.chooser.folder == sticks / "A")
    for name in ("2026", "春"):
        until(lambda name=name: hall.has_row(name))  # type: ignore[misc]
        hall.touch_file(name)
    until(lambda: hall.chooser.words == "There are no documents in this folder.")
    for folder in (inner.parent, sticks / "A"):
        hall.chooser.go_back()
        assert hall.chooser.folder == folder
    hall.chooser.go_back()
    assert hall.chooser.place is RECENT


def test_folder_that_may_not_be_read_is_told_calmly(
    hall: Hall, sticks: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = sticks / "A" / "locked"
    locked.mkdir(parents=True)
    real = os.scandir

    def refuse(path: object = ".") -> object:
        if path == locked:
            # Tests may run as root, whom no permission keeps out.
            raise PermissionError(13, "Permission denied")
        return real(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", refuse)
    until(lambda: len(hall.chooser.files.offers) == 1)
    hall.touch_file("locked")
    until(lambda: hall.chooser.words == "This folder may not be read. Choose another one.")


def test_thousands_of_files_have_few_widgets_and_all_can_be_reached(
    hall: Hall, sticks: Path, until: Until
) -> None:
    staged = sticks.parent / "staged"
    staged.mkdir()
    for number in range(5000):
        (staged / f"file {number}.pdf").touch()
    staged.rename(sticks / "many")
    until(lambda: len(hall.chooser.files.offers) == 5000)
    files = hall.chooser.files
    assert len(files.cells) < 80
    hall.chooser._file_list.go_to(1e9)
    last = files.cell(4999)
    assert last is not None
    assert last.accessibleName() == "file 4999.pdf"
    assert len(files.cells) < 80


def test_pictures_of_a_folder_open_as_one_document(
    hall: Hall, sticks: Path, until: Until
) -> None:
    staged = sticks.parent / "staged"
    staged.mkdir()
    for number in (10, 2, 1):
        image = QImage(160, 90, QImage.Format.Format_RGB32)
        image.fill(number)
        image.save(str(staged / f"slide{number}.png"))
    staged.rename(sticks / "slides")
    until(lambda: len(hall.chooser.files.offers) == 4)
    cell = hall.chooser.files.cell(0)
    assert cell is not None
    assert cell.accessibleName() == "All 3 pictures as one document"
    click(cell)
    until(lambda: hall.kiosk.shell.shown is hall.screen)
    assert hall.sheets() == [0, 1, 2]


def test_recent_document_opens_without_its_stick_until_it_is_taken_off_the_list(
    hall: Hall, sticks: Path, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "plan.pdf"
    write_pdf(path, 2)
    hall.flow.open(path)
    recent = hall.feature._recent
    until(lambda: any(not recent.picture(one.key).isNull() for one in recent.entries()))
    path.unlink()
    hall.feature._keeper.open_new()
    hall.kiosk.handle(Opened("documents"))
    until(lambda: len(hall.chooser.recents.entries) == 1)
    card = hall.chooser.recents.cell(0)
    assert isinstance(card, RecentCard)
    until(lambda: card.has_picture)
    assert card.accessibleName().startswith("plan.pdf. Today")

    click(card)
    until(lambda: hall.kiosk.shell.shown is hall.screen)
    assert hall.sheets() == [0, 1]

    hall.kiosk.handle(Opened("documents"))
    until(lambda: len(hall.chooser.recents.entries) == 1)
    card = hall.chooser.recents.cell(0)
    assert isinstance(card, RecentCard)
    card.corner.click()
    until(lambda: not hall.chooser.recents.entries)
    # The board that has it already is told of at about the same time.
    until(lambda: "Taken off the list: plan.pdf" in hall.said)
    place = hall.said.index("Taken off the list: plan.pdf")
    notice = hall.kiosk.shell.notices.shown[place]
    assert notice.action is not None
    notice.action()
    until(lambda: len(hall.chooser.recents.entries) == 1)


def test_finish_forgets_recent_documents_where_the_setting_says_so(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "plan.pdf"
    write_pdf(path, 1)
    hall.flow.open(path)
    until(lambda: len(hall.feature._recent.entries()) == 1)
    hall.kiosk.handle(Finished())
    assert len(hall.feature._recent.entries()) == 1
    hall.kiosk.host.options.change_for_now(recent_documents_stay=False)
    hall.kiosk.handle(Finished())
    until(lambda: not hall.feature._recent.entries())


# On its way ---------------------------------------------------------------------------------


def test_office_file_is_converted_once_and_says_what_happens(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "deck.pptx"
    write_deck(path, 3)
    told: list[str] = []
    stages: list[Stage] = []

    def note(progress: IntakeProgress) -> None:
        told.append(hall.flow.view.words)
        stages.append(progress.stage)

    hall.flow._opener.progressed.connect(note)
    hall.flow.open(path)
    until(lambda: not hall.flow.view.is_wanted)
    assert "Preparing the document" in told
    assert hall.sheets() == [0, 1, 2]

    stages.clear()
    hall.feature._keeper.open_new()
    hall.flow.open(path)
    until(lambda: not hall.flow.view.is_wanted)
    assert Stage.CONVERTING not in stages
    assert hall.sheets() == [0, 1, 2]


def test_conversion_is_given_up_by_the_button(hall: Hall, until: Until, tmp_path: Path) -> None:
    path = tmp_path / "deck.pptx"
    write_deck(path, 3)
    hall.flow.open(path)
    until(lambda: hall.flow.view.isVisible())
    until(lambda: hall.flow.view.words == "Preparing the document")
    click(hall.flow.view.cancel_button)
    assert not hall.flow.view.isVisible()
    assert hall.screen.open_board is None or hall.open_board.is_blank
    until(lambda: hall.flow._intake.is_idle)


def test_another_document_takes_the_place_of_the_one_on_its_way(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    first, second = tmp_path / "a.pdf", tmp_path / "b.pdf"
    write_pdf(first, 5)
    write_pdf(second, 2)
    hall.flow.open(first)
    hall.flow.open(second)
    until(lambda: not hall.flow.view.is_wanted)
    assert hall.open_board.board.title == "b"
    assert hall.sheets() == [0, 1]


def test_document_that_the_open_board_shows_comes_again_on_another_board(
    hall: Hall, until: Until, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "plan.pdf"
    write_pdf(path, 2)
    hall.flow.open(path)
    until(lambda: not hall.flow.view.is_wanted)
    before = hall.open_board
    hall.kiosk.handle(Opened("documents"))
    hall.flow.open(path)
    until(lambda: not hall.flow.view.is_wanted)
    assert hall.open_board is not before
    hall.wait_for(qtbot, COLOURS[0], 300, 150)


def test_board_with_the_same_document_is_offered(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "plan.pdf"
    write_pdf(path, 2)
    hall.flow.open(path)
    until(lambda: not hall.flow.view.is_wanted)
    assert hall.said == []
    before = hall.open_board.path
    hall.kiosk.handle(Opened("documents"))
    hall.flow.open(path)
    until(lambda: bool(hall.said))
    assert hall.said[0].startswith("There is a board with this document already: ")
    notice = hall.kiosk.shell.notices.shown[0]
    assert notice.action is not None
    until(lambda: not hall.flow.view.is_wanted)
    notice.action()
    until(lambda: hall.screen.open_board is not None and hall.open_board.path == before)
    assert hall.sheets() == [0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_rapid_taps_end_in_the_last_document_and_leave_no_empty_boards(
    hall: Hall, until: Until, qtbot: QtBot, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    known, other, fresh = tmp_path / "a.pptx", tmp_path / "b.pdf", tmp_path / "c.pptx"
    write_deck(known, 2)
    write_pdf(other, 3)
    hall.flow.open(known)
    until(lambda: not hall.flow.view.is_wanted)
    for turn in range(10):
        write_deck(fresh, 1 + turn % 3)
        hall.kiosk.handle(Opened(dice.choice(("documents", "board"))))
        taps = dice.choices((known, other, fresh), k=dice.randint(2, 4))
        for path in taps:
            hall.flow.open(path)
            for _round in range(dice.randint(0, 30)):
                QApplication.processEvents()
        end = dice.choice(("wait", "wait", "cancel", "finish"))
        if end == "cancel":
            hall.flow.cancel()
        elif end == "finish":
            hall.kiosk.handle(Finished())
        until(lambda: not hall.flow.view.is_wanted)
        if end == "wait":
            assert hall.open_board.board.title == taps[-1].stem
            if taps[-1] == other:
                hall.wait_for(qtbot, COLOURS[0], 300, 150)
        board = hall.screen.open_board
        until(lambda: hall.feature._workers.boards.drain(10.0))
        empty = [
            entry.path
            for entry in hall.feature._library.boards()
            if not entry.title and (board is None or entry.path != board.path)
        ]
        assert empty == []
    until(lambda: hall.flow._intake.is_idle)


def test_finish_gives_up_what_is_on_its_way(hall: Hall, until: Until, tmp_path: Path) -> None:
    path = tmp_path / "deck.pptx"
    write_deck(path, 3)
    hall.flow.open(path)
    until(lambda: hall.flow.view.isVisible())
    hall.kiosk.handle(Finished())
    assert not hall.flow.view.is_wanted
    until(lambda: hall.flow._intake.is_idle)
    assert hall.screen.open_board is None


def test_file_that_is_no_document_ends_in_a_sentence(
    hall: Hall, until: Until, tmp_path: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("unknown_format")
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"dear colleagues")
    hall.flow.open(path)
    until(lambda: bool(hall.said))
    assert hall.said == [
        "“letter.pdf”: This kind of file cannot be opened. Choose another file."
    ]
    assert not hall.flow.view.is_wanted


# Passwords ----------------------------------------------------------------------------------


def test_locked_document_asks_until_the_password_is_right(
    hall: Hall, until: Until, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "secret.pdf"
    write_pdf(path, 2)
    lock(path, "桜")
    hall.flow.open(path)
    enter(hall, until, "梅")
    until(lambda: "Enter it once more" in (asked_for(hall) or PasswordSheet).words)  # type: ignore[operator]
    enter(hall, until, "桜")
    until(lambda: not hall.flow.view.is_wanted)
    assert asked_for(hall) is None
    hall.wait_for(qtbot, COLOURS[0], 300, 150)
    assert hall.feature._recent.entries() == []


def test_password_sheet_lies_over_the_view_of_what_is_opened(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "secret.pdf"
    write_pdf(path, 2)
    lock(path, "a")
    hall.flow.open(path)
    until(lambda: asked_for(hall) is not None)
    sheet = asked_for(hall)
    assert sheet is not None
    until(lambda: hall.flow.view.isVisible())
    until(lambda: not sheet.field.visibleRegion().isEmpty())
    at = sheet.field.mapTo(hall.kiosk.shell, sheet.field.rect().center())
    until(lambda: hall.kiosk.shell.childAt(at) is sheet.field)
    sheet.close_sheet()
    until(lambda: not hall.flow.view.is_wanted)


def test_touch_beside_the_password_does_not_give_the_document_up(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "locked.pdf"
    write_pdf(path, 1)
    lock(path, "aki")
    hall.flow.open(path)
    until(lambda: asked_for(hall) is not None)
    sheet = asked_for(hall)
    assert sheet is not None
    QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    finger = QTest.touchEvent(sheet, QTest.createTouchDevice())
    finger.press(0, QPoint(20, 20), sheet).commit()
    finger.release(0, QPoint(20, 20), sheet).commit()
    assert not sheet._closing
    enter(hall, until, "aki")
    until(lambda: hall.sheets() == [0] if hall.screen.open_board else False)
    until(lambda: not hall.flow.view.is_wanted)


def test_trouble_with_a_file_names_it_and_leaves_when_another_is_opened(
    hall: Hall, until: Until, tmp_path: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("file_empty")
    empty, good = tmp_path / "empty.pdf", tmp_path / "good.pdf"
    empty.touch()
    write_pdf(good, 1)
    hall.flow.open(empty)
    until(lambda: bool(hall.said))
    first = hall.kiosk.shell.notices.shown[0]
    assert first.text.startswith("“empty.pdf”: This file is empty.")
    hall.flow.open(empty)
    assert hall.said == []
    until(lambda: bool(hall.said))
    assert hall.kiosk.shell.notices.shown[0] is not first
    hall.flow.open(good)
    assert hall.said == []
    until(lambda: not hall.flow.view.is_wanted)
    assert hall.said == []


def test_password_left_gives_the_document_up(hall: Hall, until: Until, tmp_path: Path) -> None:
    path = tmp_path / "secret.pdf"
    write_pdf(path, 2)
    lock(path, "a")
    hall.flow.open(path)
    until(lambda: asked_for(hall) is not None)
    sheet = asked_for(hall)
    assert sheet is not None
    sheet.close_sheet()
    until(lambda: not hall.flow.view.is_wanted)
    assert not hall.flow._opener.is_busy


def test_board_with_a_locked_document_asks_when_it_is_opened_again(
    hall: Hall, until: Until, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "secret.pdf"
    write_pdf(path, 1)
    lock(path, "a")
    hall.flow.open(path)
    enter(hall, until, "a")
    until(lambda: not hall.flow.view.is_wanted)
    hall.wait_for(qtbot, COLOURS[0], 300, 150)
    board = hall.open_board.path
    hall.kiosk.handle(Finished())
    hall.kiosk.handle(Opened("board"))
    hall.feature._open_from_list(board)
    enter(hall, until, "wrong")
    enter(hall, until, "a")
    hall.wait_for(qtbot, COLOURS[0], 300, 150)
    assert asked_for(hall) is None


def test_password_that_is_shown_is_still_no_text_to_learn(hall: Hall, qtbot: QtBot) -> None:
    sheet = PasswordSheet(hall.kiosk.shell)
    sheet.ask("a.pdf", is_again=False)
    hidden = Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
    assert sheet.field.echoMode() is sheet.field.EchoMode.Password
    sheet.shown.click()
    assert sheet.field.echoMode() is sheet.field.EchoMode.Normal
    assert sheet.field.inputMethodHints() & hidden == hidden
    assert sheet.field.hasFocus()
    sheet.hide()
    sheet.deleteLater()


# What comes with ink ------------------------------------------------------------------------


def test_notebook_becomes_pages_with_its_ink(hall: Hall, until: Until, tmp_path: Path) -> None:
    hall.flow.open(notebook(tmp_path / "数学.xopp"))
    until(lambda: not hall.flow.view.is_wanted)
    board = hall.open_board.board
    first, second = board.pages
    kinds = [type(item) for _id, item in board.stacked(first.id)]
    assert kinds == [StrokeItem, TextItem, ImageItem]
    assert (first.width_pt, first.height_pt) == (500, 300)
    assert str(second.background) == "white/grid"
    image = next(i for _id, i in board.stacked(first.id) if isinstance(i, ImageItem))
    until(lambda: hall.open_board.image(image.sha256) is not None)


def test_export_of_ours_opens_with_its_ink_to_be_edited(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    bench = PdfBench(tmp_path)
    document = bench.document(2)
    line = stroke(wave())
    pages = [sheet_page(document, 0, [line]), board_page([line]), sheet_page(document, 1)]
    hall.flow.open(bench.export(pages))
    until(lambda: not hall.flow.view.is_wanted)
    assert hall.sheets() == [0, None, 1]
    counts = [len(hall.open_board.board.items(page)) for page in hall.page_ids()]
    assert counts == [1, 1, 0]


def test_export_whose_mark_another_program_dropped_still_gives_its_ink(
    hall: Hall, until: Until, tmp_path: Path
) -> None:
    bench = PdfBench(tmp_path)
    document = bench.document(1)
    path = bench.export([sheet_page(document, 0, [stroke(wave())])])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        del pdf.Root["/KokubanInk"]
        pdf.save(path)
    hall.flow.open(path)
    until(lambda: not hall.flow.view.is_wanted)
    assert len(hall.open_board.board.items(hall.page_ids()[0])) == 1


# On the board -------------------------------------------------------------------------------


@pytest.fixture
def written(hall: Hall, until: Until) -> Hall:
    """A board with a stroke on its one page."""
    hall.kiosk.handle(Opened("board"))
    until(lambda: hall.screen.open_board is not None)
    hall.write((100, 100), (300, 100))
    return hall


def test_document_is_put_behind_the_page_from_the_sheet(
    written: Hall, until: Until, sticks: Path
) -> None:
    staged = sticks.parent / "staged"
    staged.mkdir()
    write_pdf(staged / "a.pdf", 2)
    staged.rename(sticks / "A")
    command = next(c for c in written.feature.commands() if c.id == "board.documents")
    command.run()
    (sheet,) = written.kiosk.shell.findChildren(DocumentSheet)
    until(lambda: len(sheet.chooser.files.offers) == 1)
    cell = sheet.chooser.files.cell(0)
    assert cell is not None
    click(cell)
    until(lambda: written.sheets() == [None, 0, 1])
    assert written.canvas.page_id == written.page_ids()[1]
    until(lambda: not written.flow.view.is_wanted)


def test_document_from_the_sheet_comes_on_a_new_board_where_that_is_chosen(
    written: Hall, until: Until, sticks: Path
) -> None:
    staged = sticks.parent / "staged"
    staged.mkdir()
    write_pdf(staged / "a.pdf", 2)
    staged.rename(sticks / "A")
    before = written.open_board
    written.feature._choose_document()
    (sheet,) = written.kiosk.shell.findChildren(DocumentSheet)
    until(lambda: len(sheet.chooser.files.offers) == 1)
    click(sheet.where.findChildren(TouchButton)[1])
    cell = sheet.chooser.files.cell(0)
    assert cell is not None
    click(cell)
    until(lambda: written.screen.open_board not in (None, before))
    until(lambda: not written.flow.view.is_wanted)
    assert written.sheets() == [0, 1]


def test_finish_while_the_sheet_reads_a_folder_leaves_nothing_behind(
    written: Hall, until: Until, sticks: Path
) -> None:
    (sticks / "A").mkdir()
    written.feature._choose_document()
    written.kiosk.handle(Finished())
    until(lambda: not written.kiosk.shell.findChildren(DocumentSheet))
    assert written.feature._workers.pictures.drain(10.0)
    QApplication.processEvents()


def test_files_dropped_on_the_board_come_in_the_order_of_their_names(
    written: Hall, until: Until, tmp_path: Path
) -> None:
    for name, pages in (("10.pdf", 1), ("2.pdf", 2)):
        write_pdf(tmp_path / name, pages)
    drop(written.screen.panes[0], tmp_path / "10.pdf", tmp_path / "2.pdf")
    until(lambda: not written.flow.view.is_wanted and len(written.page_ids()) == 4)
    board = written.open_board.board
    names = [board.documents[page.sheet.document].name for page in board.pages if page.sheet]
    assert names == ["2.pdf", "2.pdf", "10.pdf"]
    assert written.canvas.page_id == written.page_ids()[1]


def test_picture_dropped_on_the_board_stays_a_picture_on_the_page(
    written: Hall, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(picture_bytes())
    drop(written.screen.panes[0], path)
    items = written.open_board.board.items
    until(lambda: len(items(written.page_ids()[0])) == 2)
    assert len(written.page_ids()) == 1


def test_dropped_file_that_is_no_document_ends_in_a_sentence(
    written: Hall, until: Until, tmp_path: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("unknown_format")
    path = tmp_path / "setup.exe"
    path.write_bytes(b"MZ")
    drop(written.screen.panes[0], path)
    until(lambda: bool(written.said))
    assert len(written.page_ids()) == 1


def test_stick_pulled_during_the_copy_leaves_the_board_as_it_was(
    written: Hall, until: Until, sticks: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("not_found|medium_gone")
    stick = sticks / "A"
    stick.mkdir()
    write_pdf(stick / "a.pdf", 2)
    shutil.rmtree(stick)
    written.flow.insert(stick / "a.pdf")
    until(lambda: bool(written.said))
    assert not written.flow.view.is_wanted
    assert "USB stick was taken out" in written.said[0]
    written.write((100, 200), (300, 200))
    assert len(written.open_board.board.items(written.page_ids()[0])) == 2


def test_full_disk_is_told_and_the_pages_come_all_the_same(
    written: Hall,
    until: Until,
    qtbot: QtBot,
    tmp_path: Path,
    allowed_log: Callable[[str], None],
) -> None:
    for words in ("disk_full", "job failed", "no copy of its document"):
        allowed_log(words)
    path = tmp_path / "large.pdf"
    write_pdf(path, 1)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.Root["/Padding"] = pdf.make_stream(os.urandom(LARGE_BYTES))
        pdf.save(path)
    with full_disk(LARGE_BYTES // 2):
        written.flow.insert(path)
        until(lambda: bool(written.said) and not written.flow.view.is_wanted)
        written.wait_for(qtbot, COLOURS[0], 300, 150)
        assert written.open_board.worker.drain(30.0)
    assert written.said[0].startswith("The storage is full")
    written.write((600, 350), (800, 350))
    assert len(written.open_board.board.items(written.page_ids()[1])) == 1


def test_nothing_below_is_touched_while_a_document_is_on_its_way(
    written: Hall, until: Until, tmp_path: Path
) -> None:
    path = tmp_path / "deck.pptx"
    write_deck(path, 2)
    written.flow.insert(path)
    until(lambda: written.flow.view.isVisible())
    target = written.kiosk.shell.childAt(QPoint(640, 360))
    assert target is written.flow.view or written.flow.view.isAncestorOf(target)
    QTest.keyClick(written.flow.view, Qt.Key.Key_Escape)
    assert not written.flow.view.isVisible()
    until(lambda: written.flow._intake.is_idle)
