"""Pictures of this page and the next for whoever presents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from base.errors import AppError, ErrorCode
from base.tasks import Worker
from tests.support.painted_sheets import PaintedSheets, colour_of
from tests.whiteboard.model.making import straight
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.page import Background
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.page_preview import PagePreviews

ROOM = QSize(480, 400)
SLIDE = SheetSize(960.0, 540.0)
DOCUMENT = "ab" * 32


class Bench:
    """A board with two sheets, rendered when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.worker = Worker("bench", on_error=lambda error: None)
        self.file = BoardFile.create(folder / "board.kokuban")
        self.open = OpenBoard(self.file, 1 << 24, self.worker)
        self.open.ensure_page(Background())
        self.sheets = PaintedSheets()
        self.open.documents = self.sheets  # type: ignore[assignment]
        with self.open.board.change("haru") as edit:
            edit.add_document(DOCUMENT, "deck.pdf", 2)
            self.pages = edit.add_sheet_pages(
                [(SheetRef(DOCUMENT, n), SLIDE) for n in range(2)], None
            )
        self.previews = PagePreviews(self.open)

    def close(self) -> None:
        self.previews.shutdown()
        self.open.documents = None
        self.open.stop_keeping()
        self.file.close()
        self.worker.shutdown()


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def test_picture_shows_the_sheet_as_large_as_there_is_room(bench: Bench, qtbot: QtBot) -> None:
    first = bench.pages[0]
    bench.previews.want([(first, ROOM)])
    with qtbot.waitSignal(bench.previews.came):
        bench.sheets.answer_all()
    image = bench.previews.image(first)
    assert image is not None
    assert image.size() == QSize(480, 270)
    assert image.pixelColor(240, 5) == colour_of(0)


def test_ink_is_seen_on_it_when_the_hand_rests(bench: Bench, qtbot: QtBot) -> None:
    first = bench.pages[0]
    bench.previews.want([(first, ROOM)])
    with qtbot.waitSignal(bench.previews.came):
        bench.sheets.answer_all()
    before = bench.previews.image(first)
    assert before is not None
    bench.previews.set_writing(True)
    bench.open.add_items("haru", first, (straight(100, 270, 800, 270, width_pt=30.0),))
    with qtbot.waitSignal(bench.previews.came):
        bench.previews.set_writing(False)
    after = bench.previews.image(first)
    assert after is not None
    assert after.pixelColor(225, 135) != before.pixelColor(225, 135)


def test_page_whose_sheet_is_broken_is_shown_without_it(bench: Bench, qtbot: QtBot) -> None:
    second = bench.pages[1]
    bench.sheets.broken[1] = AppError(ErrorCode.PAGE_UNREADABLE, "torn")
    bench.previews.want([(second, ROOM)])
    with qtbot.waitSignal(bench.previews.came):
        bench.sheets.answer_all()
    assert bench.previews.image(second) is not None


def test_sheet_that_is_not_wanted_any_more_is_not_waited_for(bench: Bench) -> None:
    first, second = bench.pages
    bench.previews.want([(first, ROOM)])
    bench.previews._plan()
    (asked,) = bench.sheets.asked
    bench.previews.want([(second, ROOM)])
    assert asked.is_cancelled
