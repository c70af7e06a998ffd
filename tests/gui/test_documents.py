"""Documents under the ink in the real shell, rendered by real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from base.board_doc import StrokeItem
from kiosk.model.arguments import Arguments
from tests.support.canvas_bench import pixels
from tests.support.glass import SLIDE, Glass
from tests.support.tiny_pdf import COLOURS
from whiteboard.feature import WhiteboardFeature
from whiteboard.model.document import SheetRef
from whiteboard.services.rendering.render_pool import Priority
from whiteboard.views.page.canvas import Canvas

WHITE = np.array((255, 255, 255))


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


def has_colour(canvas: Canvas, colour: tuple[int, ...], x_pt: float, y_pt: float) -> bool:
    """Return whether a place of a page has a colour, as exactly as PDF says colours."""
    place = canvas.view_point(x_pt, y_pt)
    there = pixels(canvas.grab().toImage())[place.y(), place.x()]
    return bool(np.abs(there.astype(int) - np.array(colour)).max() <= 2)


def test_two_people_look_at_sheets_of_one_document_and_write(
    glass: Glass, qtbot: QtBot, tmp_path: Path
) -> None:
    first, second, _ = glass.add_document(tmp_path / "deck.pdf", 3)
    glass.canvas.show_page(first)
    glass.wait_for(qtbot, COLOURS[0], 300, 150)
    feature = glass.kiosk._features["whiteboard"]
    assert isinstance(feature, WhiteboardFeature)
    (split,) = [command for command in feature.commands() if command.id == "board.split"]
    split.run()
    left, right = (pane.canvas for pane in glass.screen.panes)
    qtbot.waitUntil(lambda: right.width() > 0)
    right.show_page(second)
    qtbot.waitUntil(lambda: has_colour(left, COLOURS[0], 300, 150), timeout=20_000)
    qtbot.waitUntil(lambda: has_colour(right, COLOURS[1], 300, 150), timeout=20_000)

    right.show_page(first)
    qtbot.waitUntil(lambda: has_colour(right, COLOURS[0], 300, 150), timeout=20_000)
    glass.write((600, 350), (700, 350), (800, 350))
    qtbot.waitUntil(lambda: not has_colour(right, (255, 255, 255), 700, 350), timeout=20_000)
    assert has_colour(right, COLOURS[0], 300, 150)


def test_no_sample_is_lost_while_sheets_are_rendered(
    glass: Glass, qtbot: QtBot, tmp_path: Path
) -> None:
    first, *_ = glass.add_document(tmp_path / "deck.pdf", 20)
    glass.canvas.show_page(first)
    glass.wait_for(qtbot, COLOURS[0], 300, 150)
    documents = glass.open_board.documents
    assert documents is not None
    sheet = glass.open_board.board.page(first).sheet
    assert sheet is not None
    came: list[object] = []
    for number in range(20):
        area = QRect(number, 0, 1600, 900)
        documents.render(sheet.document, number, 0, 2.0, area, Priority.NEXT, came.append)

    way = [(500.0 + 2 * step, 300.0 + 60 * (step % 2)) for step in range(150)]
    glass.write(*way)
    (stroke,) = glass.open_board.board.items(first).values()
    assert isinstance(stroke, StrokeItem)
    assert len(stroke.samples()) >= len(way)
    qtbot.waitUntil(lambda: len(came) == 20, timeout=20_000)
    assert all(isinstance(picture, QImage) for picture in came)
