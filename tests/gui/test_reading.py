"""Finding, marking and following what documents say, in the real shell with real processes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pymupdf
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from base.board_doc import BrushKind, StrokeItem
from kiosk.model.arguments import Arguments
from tests.gui.test_documents import Glass
from tests.whiteboard.model.making import note
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.tool_choice import ToolKind
from whiteboard.services.reading.board_search import SearchState
from whiteboard.views.pages.page_sheet import PageSheet
from whiteboard.views.pane import Pane
from whiteboard.views.reading.link_sheet import LinkSheet
from whiteboard.views.reading.search_sheet import SearchSheet

A5 = SheetSize(420.0, 595.0)
ADDRESS = "https://www.example.jp/report"
LEFT = Qt.MouseButton.LeftButton
W = TypeVar("W", bound=QWidget)


def write_report(path: Path) -> Path:
    """Four sheets of text; sheet 0 has a link to sheet 2, one outside and one into a file."""
    texts = (
        "防災計画の見直し",
        "ＰＤＦ資料の配布",
        "図書館の利用状況",
        "Report on the library",
    )
    with pymupdf.open() as document:
        for text in texts:
            page = document.new_page(width=A5.width_pt, height=A5.height_pt)
            page.insert_text((60, 100), text, fontname="japan", fontsize=20)
            page.insert_text((60, 140), "町民の皆さまへ", fontname="japan", fontsize=20)
        first = document[0]
        boxes = [pymupdf.Rect(60, 300 + 60 * n, 200, 330 + 60 * n) for n in range(3)]
        first.insert_link({"kind": pymupdf.LINK_GOTO, "from": boxes[0], "page": 2})
        first.insert_link({"kind": pymupdf.LINK_URI, "from": boxes[1], "uri": ADDRESS})
        first.insert_link({"kind": pymupdf.LINK_LAUNCH, "from": boxes[2], "file": "/bin/sh"})
        document.set_toc([[1, "第1章", 1], [2, "配布", 2], [1, "第2章", 3]])
        document.save(path)
    return path


def write_scan(path: Path) -> Path:
    """A sheet without text."""
    with pymupdf.open() as document:
        page = document.new_page(width=A5.width_pt, height=A5.height_pt)
        page.draw_rect((50, 50, 200, 200), fill=(0.4, 0.4, 0.4))
        document.save(path)
    return path


class Reader(Glass):
    """A board with a document, and hands that read it."""

    def put(self, path: Path, sheets: int, turns: int = 0) -> list[str]:
        """Put a document behind the page that is shown and turn to its first sheet."""
        document = hashlib.sha256(path.read_bytes()).hexdigest()
        self.open_board.file.put_document(document, path)
        with self.open_board.board.change("staff") as edit:
            edit.add_document(document, path.name, sheets)
            pages = edit.add_sheet_pages(
                [(SheetRef(document, n), A5) for n in range(sheets)], self.canvas.page_id
            )
            edit.turn_page(pages[0], turns)
        self.canvas.show_page(pages[0])
        return pages

    @property
    def pane(self) -> Pane:
        return self.screen.panes[0]

    def hold(self, tool: ToolKind, *, follows_text: bool = False) -> None:
        choice = self.pane.choice.with_tool(tool)
        self.pane.hold(replace(choice, follows_text=follows_text))

    def tap(self, x_pt: float, y_pt: float) -> None:
        QTest.mouseClick(self.canvas, LEFT, pos=self.canvas.view_point(x_pt, y_pt))

    def sheet(self, kind: type[W]) -> W | None:
        return next((one for one in self.screen.findChildren(kind) if one.isVisible()), None)

    def strokes(self) -> list[StrokeItem]:
        items = self.open_board.board.items(self.canvas.page_id).values()
        return [item for item in items if isinstance(item, StrokeItem)]


@pytest.fixture
def reader(qapp: QApplication, data_dir: Path) -> Iterator[Reader]:
    made = Reader(qapp, data_dir, Arguments(screen="board", size=(1280, 720)))
    yield made
    made.close()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write_report(tmp_path / "report.pdf")


def find(reader: Reader, qtbot: QtBot, words: str) -> SearchSheet:
    """Look for words with the keyboard, and wait until everything is looked through."""
    QTest.keyClick(reader.canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: reader.sheet(SearchSheet) is not None)
    sheet = reader.sheet(SearchSheet)
    assert sheet is not None
    sheet.field.setText(words)
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    search = reader.pane.reading.search
    qtbot.waitUntil(lambda: search.state is SearchState.DONE, timeout=20_000)
    QApplication.processEvents()
    return sheet


def touch_row(sheet: SearchSheet, place: int) -> None:
    row = sheet.rows.rows[place]
    middle = row.mapTo(sheet.rows.list, row.rect().center())
    QTest.mouseClick(sheet.rows.list, LEFT, pos=middle)


def wait_for_text(reader: Reader, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: reader.pane.reading.page_text is not None, timeout=20_000)


def wait_for_links(reader: Reader, qtbot: QtBot) -> None:
    page = reader.open_board.board.page(reader.canvas.page_id)
    texts = reader.open_board.texts
    assert page.sheet is not None
    assert texts is not None
    qtbot.waitUntil(lambda: len(texts.links(page.sheet)) == 2, timeout=20_000)


# Search ---------------------------------------------------------------------------------


def test_words_are_found_in_documents_and_notes_in_the_order_of_the_pages(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    blank = reader.canvas.page_id
    reader.open_board.add_items("haru", blank, (note(50, 50, words="配る資料をそろえる"),))
    pages = reader.put(report, 4)
    sheet = find(reader, qtbot, "資料")
    findings = reader.pane.reading.search.findings
    assert [findings[n].page_id for n in range(len(findings))] == [blank, pages[1]]
    assert "2" in sheet.words


def test_width_and_case_do_not_matter(reader: Reader, qtbot: QtBot, report: Path) -> None:
    pages = reader.put(report, 4)
    find(reader, qtbot, "pdf")
    assert reader.pane.reading.search.findings[0].page_id == pages[1]
    assert len(reader.pane.reading.search.findings) == 1


def test_touched_finding_is_shown_on_its_page_and_the_next_one_after_it(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    pages = reader.put(report, 4)
    sheet = find(reader, qtbot, "町民")
    reader.canvas.show_page(pages[0])
    touch_row(sheet, 1)
    assert reader.canvas.page_id == pages[1]
    bar = reader.pane.reading.find_bar
    qtbot.waitUntil(bar.isVisible)
    qtbot.waitUntil(lambda: reader.canvas.is_sharp, timeout=20_000)
    box = reader.pane.reading.search.findings[1].boxes[0]
    edge = reader.colour_at(box.left - 1, box.centre[1])
    assert edge != (255, 255, 255)

    bar.next_asked.emit()
    assert reader.canvas.page_id == pages[2]
    bar.previous_asked.emit()
    bar.previous_asked.emit()
    assert reader.canvas.page_id == pages[0]
    bar.closed.emit()
    assert not bar.isVisible()
    assert reader.pane.reading.search.state is SearchState.IDLE


def test_nothing_found_says_so(reader: Reader, qtbot: QtBot, report: Path) -> None:
    reader.put(report, 4)
    assert find(reader, qtbot, "水族館").words == "Nothing was found."


def test_document_without_text_is_named(
    reader: Reader, qtbot: QtBot, report: Path, tmp_path: Path
) -> None:
    reader.put(report, 4)
    reader.put(write_scan(tmp_path / "scan.pdf"), 1)
    words = find(reader, qtbot, "図書館").words
    assert "scan.pdf" in words
    assert "report.pdf" not in words


# Marker ---------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [0, 1])
def test_marker_follows_the_text(
    reader: Reader, qtbot: QtBot, report: Path, turns: int
) -> None:
    (first, *_rest) = reader.put(report, 4, turns)
    reader.hold(ToolKind.HIGHLIGHTER, follows_text=True)
    wait_for_text(reader, qtbot)
    text = reader.pane.reading.page_text
    assert text is not None
    line = next(line for line in text.lines if line.units[0].text == "防")
    start, end = line.units[0].box.centre, line.units[3].box.centre
    reader.write(start, (end[0] + 1, end[1] + 1), end)
    (stroke,) = reader.strokes()
    assert stroke.brush is BrushKind.HIGHLIGHTER
    assert stroke.width_pt == pytest.approx(line.thickness_pt, abs=0.01)

    reading = reader.pane.reading
    assert reading.copy_bar.isVisible()
    QTest.mouseClick(reading.copy_bar.button, LEFT)
    assert QGuiApplication.clipboard().text() == "防災計画"

    reader.pane.undo()
    assert reader.open_board.board.items(first) == {}


def test_marker_draws_as_ever_beside_text(reader: Reader, qtbot: QtBot, report: Path) -> None:
    reader.put(report, 4)
    reader.hold(ToolKind.HIGHLIGHTER, follows_text=True)
    wait_for_text(reader, qtbot)
    reader.write((60, 450), (150, 460), (250, 440))
    (stroke,) = reader.strokes()
    assert stroke.count > 2
    assert not reader.pane.reading.copy_bar.isVisible()


def test_marks_that_the_lasso_chose_are_copied_with_their_text(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    reader.put(report, 4)
    reader.hold(ToolKind.HIGHLIGHTER, follows_text=True)
    wait_for_text(reader, qtbot)
    reader.write((65, 93), (90, 93), (135, 93))
    reader.hold(ToolKind.LASSO)
    reader.canvas.choose(reader.open_board.board.items(reader.canvas.page_id))
    assert reader.pane.desk.copy()
    assert QGuiApplication.clipboard().text() == "防災計画"


# Links ----------------------------------------------------------------------------------


def test_link_turns_the_page_and_there_is_a_way_back(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    pages = reader.put(report, 4)
    wait_for_links(reader, qtbot)
    reader.hold(ToolKind.HAND)
    reader.tap(100, 315)
    assert reader.canvas.page_id == pages[2]
    back = reader.pane.reading.back_bar
    assert back.isVisible()
    assert back.button.word == "Back to page 2"
    QTest.mouseClick(back.button, LEFT)
    assert reader.canvas.page_id == pages[0]
    assert not back.isVisible()


def test_pointer_follows_a_link_and_a_pen_writes_over_it(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    pages = reader.put(report, 4)
    wait_for_links(reader, qtbot)
    reader.hold(ToolKind.PEN)
    reader.tap(100, 315)
    assert reader.canvas.page_id == pages[0]
    assert len(reader.strokes()) == 1
    reader.hold(ToolKind.POINTER)
    reader.tap(100, 315)
    assert reader.canvas.page_id == pages[2]


def test_link_that_moves_the_page_is_not_followed(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    pages = reader.put(report, 4)
    wait_for_links(reader, qtbot)
    reader.hold(ToolKind.HAND)
    reader.write((100, 315), (150, 340), (100, 315))
    assert reader.canvas.page_id == pages[0]


def test_address_is_shown_and_files_are_never_opened(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    pages = reader.put(report, 4)
    wait_for_links(reader, qtbot)
    reader.hold(ToolKind.HAND)
    reader.tap(100, 435)  # leads into a file
    assert reader.sheet(LinkSheet) is None
    assert reader.canvas.page_id == pages[0]
    reader.tap(100, 375)
    sheet = reader.sheet(LinkSheet)
    assert sheet is not None
    assert sheet.panel.accessibleName() == ADDRESS


def test_link_to_a_page_that_is_gone_says_so(
    reader: Reader, qtbot: QtBot, report: Path
) -> None:
    pages = reader.put(report, 4)
    wait_for_links(reader, qtbot)
    with reader.open_board.board.change("staff") as edit:
        edit.remove_page(pages[2])
    told: list[object] = []
    reader.pane.notice_asked.connect(told.append)
    reader.hold(ToolKind.HAND)
    reader.tap(100, 315)
    assert len(told) == 1
    assert reader.canvas.page_id == pages[0]


# Contents -------------------------------------------------------------------------------


def test_contents_lead_to_their_pages(reader: Reader, qtbot: QtBot, report: Path) -> None:
    pages = reader.put(report, 4)
    qtbot.waitUntil(lambda: reader.canvas.is_sharp, timeout=20_000)
    reader.pane.pages_asked.emit()
    sheet = reader.sheet(PageSheet)
    assert sheet is not None
    qtbot.waitUntil(sheet.tabs.isVisible)
    sheet.tabs.chosen.emit(1)
    rows = sheet.contents.rows.rows
    assert [row.accessibleName() for row in rows] == [
        "第1章, Page 2",
        "配布, Page 3",
        "第2章, Page 4",
    ]
    middle = rows[2].mapTo(sheet.contents.rows.list, rows[2].rect().center())
    QTest.mouseClick(sheet.contents.rows.list, LEFT, pos=middle)
    assert reader.canvas.page_id == pages[2]
    assert sheet.contents.current == 2


def test_board_without_documents_has_no_contents(reader: Reader) -> None:
    reader.pane.pages_asked.emit()
    sheet = reader.sheet(PageSheet)
    assert sheet is not None
    assert not sheet.tabs.isVisible()
