import threading

import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from base.errors import AppError, ErrorCode
from base.tasks import Worker
from tests.support.canvas_bench import pixels
from tests.support.tiny_pdf import COLOURS, write_pdf
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.boards.board_documents import BoardDocuments
from whiteboard.services.painting.sheet_pixels import (
    AROUND_RGB,
    SheetPixels,
    SheetSpot,
    SheetWant,
)
from whiteboard.services.painting.sheet_reader import SheetReader
from whiteboard.services.rendering.render_pool import Priority, RenderPool

SLIDE = SheetSize(960.0, 540.0)
PART = QRect(0, 0, 480, 270)


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.worker = Worker("documents", on_error=lambda error: None)
        self.pool = RenderPool()
        self.fetched = []
        self.documents = BoardDocuments(self.pool, self._fetch, self.worker)
        self.opened, self.refused, self.answers = [], [], []
        self.documents.opened.connect(self.opened.append)
        self.documents.refused.connect(self.refused.append)

    def _fetch(self, document):
        self.fetched.append(document)
        path = self.folder / f"{document}.pdf"
        if not path.exists():
            raise AppError(ErrorCode.NOT_FOUND, document)
        return path

    def put(self, pages=3):
        path = self.folder / "deck.pdf"
        document = write_pdf(path, pages)
        path.rename(self.folder / f"{document}.pdf")
        return document

    def render(self, document, number=0, turns=0):
        return self.documents.render(
            document, number, turns, 0.5, PART, Priority.VISIBLE, self.answers.append
        )

    def shutdown(self):
        self.documents.shutdown()
        self.pool.shutdown()
        self.worker.shutdown()


@pytest.fixture
def bench(qapp, tmp_path):
    made = Bench(tmp_path)
    yield made
    made.shutdown()


def close_to(shown, rgb):
    return abs(shown - rgb).max() <= 2


def test_document_is_opened_when_its_first_sheet_is_wanted(bench, qtbot):
    document = bench.put()
    assert bench.documents.info(document) is None
    bench.render(document)
    bench.render(document, 1)
    qtbot.waitUntil(lambda: len(bench.answers) == 2, timeout=20_000)
    assert bench.fetched == [document]
    shown = [pixels(answer)[50, 50] for answer in bench.answers]
    assert any(close_to(s, COLOURS[0]) for s in shown)
    assert any(close_to(s, COLOURS[1]) for s in shown)
    qtbot.waitUntil(lambda: bench.opened != [])
    assert bench.documents.info(document).sheets == (SLIDE,) * 3


def test_document_that_is_not_there_fails_every_sheet_and_is_told_once(bench, qtbot):
    for number in range(3):
        bench.render("ab" * 32, number)
    qtbot.waitUntil(lambda: len(bench.answers) == 3, timeout=20_000)
    bench.render("ab" * 32)
    assert len(bench.answers) == 3
    qtbot.waitUntil(lambda: len(bench.answers) == 4, timeout=20_000)
    assert {answer.code for answer in bench.answers} == {ErrorCode.NOT_FOUND}
    assert [refused.document for refused in bench.refused] == ["ab" * 32]


def test_sheet_that_is_cancelled_before_its_document_is_open_never_comes(bench, qtbot):
    document = bench.put()
    ticket = bench.render(document)
    bench.render(document, 2)
    ticket.cancel()
    qtbot.waitUntil(lambda: bench.answers != [], timeout=20_000)
    qtbot.waitUntil(lambda: bench.pool.waiting == 0, timeout=20_000)
    (answer,) = bench.answers
    assert close_to(pixels(answer)[50, 50], COLOURS[2])


def test_sheet_that_a_document_does_not_have_cannot_be_shown(bench, qtbot):
    bench.render(bench.put(pages=2), 7)
    qtbot.waitUntil(lambda: bench.answers != [], timeout=20_000)
    assert bench.answers[0].code is ErrorCode.PAGE_UNREADABLE


def test_sheets_come_turned(bench, qtbot):
    bench.documents.render(
        bench.put(), 0, 1, 0.5, QRect(0, 0, 270, 480), Priority.VISIBLE, bench.answers.append
    )
    qtbot.waitUntil(lambda: bench.answers != [], timeout=20_000)
    shown = pixels(bench.answers[0])
    assert close_to(shown[50, 250], COLOURS[0])
    assert close_to(shown[50, 20], (255, 255, 255))


def test_real_pixels_fill_a_large_view_without_a_seam(bench, qtbot):
    document = bench.put()
    sheets = SheetPixels(bench.documents, lambda: "")
    spot = SheetSpot(SheetRef(document, 0), SLIDE)
    want = SheetWant(spot, 2.5, QRect(-100, -100, 3000, 2000))
    sheets.want("view", want)
    qtbot.waitUntil(lambda: sheets.is_settled(want), timeout=20_000)
    shown = paint(sheets, spot, 2.5, want.area)
    assert close_to(shown[100:774, 100:1299], COLOURS[0])
    assert (shown[776:1449, 100:2499] == 255).all()
    assert (shown[:98] == AROUND_RGB).all()
    sheets.shutdown()


def paint(sheets, spot, scale, area):
    image = QImage(area.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.translate(-area.topLeft())
    painter.scale(scale, scale)
    part = QRectF(area.x() / scale, area.y() / scale, 3000, 3000)
    sheets.paint(painter, spot, part, scale)
    painter.end()
    return pixels(image)


# For exports


def read_elsewhere(reader, spot, qtbot):
    """Read a sheet on a thread of its own; return what came."""
    came = []

    def read():
        try:
            came.append(reader.read(spot, 0.5, PART))
        except AppError as error:
            came.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    qtbot.waitUntil(lambda: came != [], timeout=20_000)
    thread.join()
    return came[0]


def test_sheets_are_read_on_another_thread(bench, qtbot):
    reader = SheetReader(bench.documents, lambda: "no")
    spot = SheetSpot(SheetRef(bench.put(), 1), SLIDE)
    assert close_to(pixels(read_elsewhere(reader, spot, qtbot))[50, 50], COLOURS[1])
    reader.shutdown()


def test_sheet_that_cannot_be_read_says_so(bench, qtbot):
    reader = SheetReader(bench.documents, lambda: "This page cannot be shown")
    spot = SheetSpot(SheetRef("ab" * 32, 1), SLIDE)
    shown = pixels(read_elsewhere(reader, spot, qtbot))
    assert (shown[:80] == 255).all()
    assert (shown[100:170] != 255).any()
    reader.shutdown()


def test_reader_that_is_shut_lets_everybody_go(bench, qtbot):
    reader = SheetReader(bench.documents, lambda: "no")
    reader.shutdown()
    spot = SheetSpot(SheetRef(bench.put(), 1), SLIDE)
    answer = read_elsewhere(reader, spot, qtbot)
    assert answer.code is ErrorCode.EXPORT_FAILED


def test_ui_thread_may_not_wait_for_itself(bench):
    reader = SheetReader(bench.documents, lambda: "no")
    with pytest.raises(RuntimeError, match="worker thread"):
        reader.read(SheetSpot(SheetRef("ab" * 32, 0), SLIDE), 1.0, PART)
    reader.shutdown()
