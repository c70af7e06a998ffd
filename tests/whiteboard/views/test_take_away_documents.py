"""Boards on documents are taken away: real files, written and read by real processes."""

from __future__ import annotations

import itertools
import random
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
import pytest
from PySide6.QtWidgets import QWidget

from base import text
from base.clock import SystemClock
from base.errors import ErrorCode
from base.qt.widgets import TouchButton
from tests.support.full_disk import full_disk
from tests.whiteboard.services.pdf_bench import (
    annotations,
    make_document,
    mupdf_texts,
    pdfium_texts,
    poppler_texts,
    stroke,
    wave,
)
from tests.whiteboard.views.hosts import Ears
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.page import Background, Surface
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.documents.document_store import DocumentStore
from whiteboard.services.pdf.pdf_export import partial_path
from whiteboard.services.pdf.pdf_ink import read_ink
from whiteboard.services.rendering.render_pool import RenderPool
from whiteboard.services.workers import Workers
from whiteboard.views.boards.sticks import RowButton
from whiteboard.views.taking.take_away_sheet import BURNT_IN, KEPT, Extent, TakeAwaySheet

SIZE = SheetSize(360.0, 270.0)
PDF, PICTURE, DRAWING, BOARD = range(4)
READERS = (poppler_texts, mupdf_texts, pdfium_texts)


class Seat:
    """A sheet over a board of two documents, a page of its own between them, and a stick."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        self.folder = folder
        self.stick = folder / "KINGSTON"
        self.stick.mkdir()
        self.ears = Ears()
        self.workers = Workers(lambda _error: None)
        self.pool = RenderPool()
        self.store = DocumentStore(data_dir)
        file = BoardFile.create(data_dir / "a.kokuban")
        self.open_board = OpenBoard(file, 1 << 20, self.workers.boards)
        self.open_board.show_documents(self.pool, self.store, lambda: "?")
        self.board = self.open_board.board
        self.files: dict[str, Path] = {}
        with self.board.change("display") as edit:
            edit.add_page(0, Background(Surface.BLACKBOARD))
        self.below = QWidget()
        self.below.resize(1920, 1080)
        self.page_id = self.board.pages[0].id
        self.sheet = TakeAwaySheet(
            self.below, self.open_board, self.ears.host(data_dir), self.workers,
            lambda: self.page_id,
        )  # fmt: skip

    def add_document(self, name: str, count: int, **options: object) -> list[str]:
        """Put the sheets of a new document behind all pages."""
        path = self.folder / name
        document = make_document(path, count, **options)
        self.files[document] = self.store.keep(path).path
        with self.board.change("display") as edit:
            edit.add_document(document, name, count)
            return edit.add_sheet_pages(
                [(SheetRef(document, n), SIZE) for n in range(count)], self.board.pages[-1].id
            )

    def write_on(self, page: str, **options: object) -> None:
        self.open_board.add_items("display", page, (stroke(wave(), **options),))

    def show(self, qtbot) -> RowButton:
        """Open the sheet; return the stick's button."""
        self.ears.sticks = [self.stick]
        self.sheet.show_choices()
        qtbot.waitUntil(lambda: len(self.sheet.stick_buttons) == 1)
        button = self.sheet.stick_buttons[0]
        assert isinstance(button, RowButton)
        return button

    def take(self, qtbot) -> Path:
        """Take it to the stick as it was chosen; return the file."""
        self.show(qtbot).click()
        self.wait_done(qtbot)
        assert self.ears.errors == []
        return max(self.stick.iterdir(), key=lambda path: path.stat().st_mtime_ns)

    def wait_done(self, qtbot) -> None:
        qtbot.waitUntil(lambda: not self.sheet.is_busy, timeout=60_000)

    def close(self) -> None:
        self.sheet.shutdown()
        self.open_board.forget_documents()
        self.open_board.stop_keeping()
        self.workers.shutdown()
        self.open_board.file.close()
        self.pool.shutdown()
        self.store.shutdown()
        self.below.hide()


@pytest.fixture
def seat(qtbot, data_dir: Path, tmp_path: Path) -> Iterator[Seat]:
    text.set_language("en")
    made = Seat(tmp_path, data_dir)
    qtbot.addWidget(made.below)
    made.below.show()
    qtbot.waitExposed(made.below)
    yield made
    made.close()


def choose(control: QWidget, place: int) -> None:
    control.findChildren(TouchButton)[place].click()


def test_ink_leaves_as_annotations_on_the_original(seat: Seat, qtbot) -> None:
    first, *_rest = seat.add_document("予算.pdf", 3)
    seat.write_on(first)
    made = seat.take(qtbot)
    original = seat.folder / "予算.pdf"
    for texts in READERS:
        assert texts(made)[1:] == texts(original), texts.__name__
    assert [one["/Subtype"] for one in annotations(made, 1)] == ["/Ink"]
    assert [one["/T"] for one in annotations(made, 1)] == ["Kokuban"]
    assert annotations(made, 2) == []


def test_several_documents_and_blank_pages_keep_the_order_of_the_board(
    seat: Seat, qtbot
) -> None:
    _first, second = seat.add_document("one.pdf", 2)
    seat.add_document("two.pdf", 1, size=(200, 100))
    seat.write_on(seat.board.pages[0].id)
    with seat.board.change("display") as edit:
        edit.move_page(seat.board.pages[0].id, 1)
        edit.turn_page(second, 1)
    made = seat.take(qtbot)
    beginnings = [page[:7] for page in poppler_texts(made)]
    assert beginnings == ["Sheet 0", "", "Sheet 1", "Sheet 0"]
    with pikepdf.open(made) as pdf:
        assert [int(page.obj.get("/Rotate", 0)) for page in pdf.pages] == [0, 0, 90, 0]
    assert len(annotations(made, 1)) == 1


def test_file_is_called_by_the_document_and_the_day(seat: Seat, qtbot) -> None:
    seat.add_document("予算案 2026.pdf", 1)
    assert seat.take(qtbot).name == f"予算案 2026 {SystemClock().now():%Y-%m-%d}.pdf"


def test_title_of_the_board_comes_before_the_document(seat: Seat, qtbot) -> None:
    seat.add_document("deck.pdf", 1)
    with seat.board.change("display") as edit:
        edit.set_title("朝の会議")
    assert seat.take(qtbot).name.startswith("朝の会議 2")


def test_ink_is_burnt_in_when_that_was_chosen(seat: Seat, qtbot) -> None:
    (page,) = seat.add_document("deck.pdf", 1)
    seat.write_on(page)
    seat.show(qtbot)
    choose(seat.sheet.modes, BURNT_IN)
    made = seat.take(qtbot)
    assert annotations(made, 1) == []
    with pikepdf.open(made) as pdf:
        assert "/KokubanInk0" in pdf.pages[1].obj.Resources.XObject
    assert poppler_texts(made)[1] == poppler_texts(seat.folder / "deck.pdf")[0]


def test_exported_ink_can_be_written_on_again(seat: Seat, qtbot) -> None:
    (page,) = seat.add_document("deck.pdf", 1)
    seat.write_on(page)
    (item,) = seat.board.items(page).values()
    made = seat.take(qtbot)
    back = read_ink(made, seat.folder / "sheets.pdf")
    assert back is not None
    inked = next(one for one in back.pages if one.items)
    assert inked.items[0].samples() == pytest.approx(item.samples())


def test_pages_without_ink_stay_here_when_that_was_chosen(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 5)
    for page in pages[1::2]:
        seat.write_on(page)
    seat.show(qtbot)
    choose(seat.sheet.extent, Extent.INKED)
    made = seat.take(qtbot)
    assert [page[:7] for page in poppler_texts(made)] == ["Sheet 1", "Sheet 3"]


def test_nothing_written_is_said_instead_of_an_empty_file(seat: Seat, qtbot) -> None:
    seat.add_document("deck.pdf", 2)
    button = seat.show(qtbot)
    choose(seat.sheet.extent, Extent.INKED)
    button.click()
    assert seat.ears.words == ["Nothing is written on these pages yet."]
    assert not seat.sheet.is_busy


def test_this_page_leaves_alone(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 3)
    seat.page_id = pages[2]
    seat.show(qtbot)
    choose(seat.sheet.extent, Extent.THIS)
    assert [page[:7] for page in poppler_texts(seat.take(qtbot))] == ["Sheet 2"]


def test_pictures_of_inked_pages_alone_can_be_taken_too(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 3)
    seat.write_on(pages[1])
    seat.show(qtbot)
    choose(seat.sheet.kinds, PICTURE)
    choose(seat.sheet.extent, Extent.INKED)
    seat.take(qtbot)
    assert len(list(seat.stick.iterdir())) == 1


# Notes ------------------------------------------------------------------------------


def test_notes_stay_here_unless_asked_for(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 2)
    seat.open_board.file.set_note(pages[1], "拍手を待つ")
    made = seat.take(qtbot)
    with pikepdf.open(made) as pdf:
        assert len(pdf.pages) == 3
    assert "拍手".encode() not in made.read_bytes()


def test_notes_come_as_pages_at_the_end_when_asked_for(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 2)
    seat.open_board.file.set_note(pages[1], "拍手を待つ")
    button = seat.show(qtbot)
    seat.sheet.notes.click()
    button.click()
    seat.wait_done(qtbot)
    with pikepdf.open(next(seat.stick.iterdir())) as pdf:
        assert len(pdf.pages) == 4


def test_notes_are_asked_for_anew_each_time(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 1)
    assert not seat.sheet.notes.isVisible()
    seat.open_board.file.set_note(pages[0], "拍手を待つ")
    seat.show(qtbot)
    assert seat.sheet.notes.isVisible()
    seat.sheet.notes.click()
    with qtbot.waitSignal(seat.sheet.closed):
        seat.sheet.close_sheet()
    seat.show(qtbot)
    assert not seat.sheet.notes.isChecked()


def test_notes_of_other_pages_are_not_offered(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 2)
    seat.open_board.file.set_note(pages[1], "拍手を待つ")
    seat.page_id = pages[0]
    seat.show(qtbot)
    choose(seat.sheet.extent, Extent.THIS)
    assert not seat.sheet.notes.isVisible()


# What is offered --------------------------------------------------------------------


def test_board_without_documents_is_offered_as_before(seat: Seat, qtbot) -> None:
    seat.show(qtbot)
    assert not seat.sheet.modes.isVisible()
    buttons = seat.sheet.extent.findChildren(TouchButton)
    assert [button.isVisible() for button in buttons] == [True, True, False]


def test_board_of_sheets_alone_has_no_choice_of_paper(seat: Seat, qtbot) -> None:
    seat.add_document("deck.pdf", 1)
    seat.show(qtbot)
    assert seat.sheet.paper.isVisible()
    with seat.board.change("display") as edit:
        edit.remove_page(seat.board.pages[0].id)
    seat.sheet.show_choices()
    assert not seat.sheet.paper.isVisible()


def test_choice_of_inked_pages_goes_with_the_last_sheet(seat: Seat, qtbot) -> None:
    (page,) = seat.add_document("deck.pdf", 1)
    seat.show(qtbot)
    choose(seat.sheet.extent, Extent.INKED)
    with seat.board.change("display") as edit:
        edit.remove_page(page)
    seat.sheet.show_choices()
    seat.take(qtbot)
    assert seat.ears.words[-1].startswith("Saved to KINGSTON")


# Locked -----------------------------------------------------------------------------


def locked(seat: Seat, qtbot) -> Path:
    """Add a locked document, opened with its password; return its file."""
    lock = pikepdf.Encryption(user="sakura", owner="hanami")
    (page,) = seat.add_document("secret.pdf", 1, encryption=lock)
    seat.write_on(page)
    (document,) = seat.files
    opened: list[object] = []
    seat.pool.open(document, seat.files[document], opened.append, "sakura")
    qtbot.waitUntil(lambda: bool(opened), timeout=20_000)
    return seat.files[document]


def test_locked_document_keeps_its_password_and_says_so(seat: Seat, qtbot) -> None:
    locked(seat, qtbot)
    seat.show(qtbot)
    hints = [label.text() for label in seat.sheet.findChildren(QWidget) if _is_text(label)]
    assert "The file opens with the same password as the original." in hints
    made = seat.take(qtbot)
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(made)
    with pikepdf.open(made, password="sakura") as pdf:
        assert len(pdf.pages) == 2


def _is_text(widget: QWidget) -> bool:
    return widget.isVisible() and hasattr(widget, "set_msgid") and hasattr(widget, "set_plain")


def test_document_that_nobody_unlocked_is_not_taken(seat: Seat, qtbot) -> None:
    lock = pikepdf.Encryption(user="sakura", owner="hanami")
    seat.add_document("secret.pdf", 1, encryption=lock)
    seat.show(qtbot).click()
    seat.wait_done(qtbot)
    assert seat.ears.errors == [ErrorCode.DOCUMENT_ENCRYPTED]
    assert list(seat.stick.iterdir()) == []


# What goes wrong --------------------------------------------------------------------


def test_ink_on_a_document_that_is_gone_is_not_lost(
    seat: Seat, qtbot, expected_log: Callable[[str], None]
) -> None:
    expected_log("a document is missing")
    page, _other = seat.add_document("deck.pdf", 2)
    seat.write_on(page)
    for path in seat.files.values():
        path.unlink()
    made = seat.take(qtbot)
    assert len(annotations(made, 1)) == 1
    assert seat.ears.words[-1] == (
        "The document of 2 pages was not found. Their ink is on white paper."
    )


def test_cancel_ends_the_process_and_leaves_nothing(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 300)
    for page, place in itertools.product(pages, range(5)):
        seat.write_on(page, z=float(place))
    seat.show(qtbot).click()
    qtbot.waitUntil(lambda: seat.sheet.progress.share > 0.2, timeout=30_000)
    seat.sheet.cancel_button.click()
    seat.wait_done(qtbot)
    assert seat.ears.words == ["Cancelled. Nothing was saved."]
    assert list(seat.stick.iterdir()) == []
    assert list(seat.store.folder.glob(".*")) == []


def test_full_stick_is_said_and_nothing_is_left(seat: Seat, qtbot) -> None:
    def grow(pdf: pikepdf.Pdf) -> None:
        pdf.Root["/Photo"] = pikepdf.Stream(pdf, random.Random(1).randbytes(400_000))

    (page,) = seat.add_document("deck.pdf", 1, prepare=grow)
    seat.write_on(page)
    button = seat.show(qtbot)
    # More than all that is written on the way there.
    with full_disk(200_000):
        button.click()
        seat.wait_done(qtbot)
    assert seat.ears.errors == [ErrorCode.DISK_FULL]
    assert list(seat.stick.iterdir()) == []
    assert seat.sheet.isVisible()


def test_pulled_stick_is_said(seat: Seat, qtbot) -> None:
    seat.add_document("deck.pdf", 1)
    button = seat.show(qtbot)
    shutil.rmtree(seat.stick)
    button.click()
    seat.wait_done(qtbot)
    assert seat.ears.errors in ([ErrorCode.MEDIUM_GONE], [ErrorCode.NOT_FOUND])


def test_stick_pulled_while_the_file_is_written_is_said(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 60)
    for page in pages:
        seat.write_on(page)
    seat.show(qtbot).click()
    qtbot.waitUntil(lambda: seat.sheet.progress.share > 0.05, timeout=30_000)
    shutil.rmtree(seat.stick)
    seat.wait_done(qtbot)
    assert seat.ears.errors in ([ErrorCode.MEDIUM_GONE], [ErrorCode.NOT_FOUND])
    assert not seat.stick.exists()


def test_board_can_be_closed_while_it_is_taken_away(seat: Seat, qtbot) -> None:
    pages = seat.add_document("deck.pdf", 60)
    for page in pages:
        seat.write_on(page)
    seat.show(qtbot).click()
    qtbot.waitUntil(lambda: seat.sheet.progress.share > 0.05, timeout=30_000)
    seat.sheet.shutdown()
    seat.open_board.forget_documents()
    seat.workers.shutdown()
    assert list(seat.stick.iterdir()) == []


def test_writing_goes_on_while_documents_are_taken_away(seat: Seat, qtbot) -> None:
    (page,) = seat.add_document("deck.pdf", 1)
    seat.write_on(page)
    gate = threading.Event()
    seat.workers.taking.submit(lambda: gate.wait(20))
    seat.show(qtbot).click()
    seat.write_on(page, colour=4)
    gate.set()
    seat.wait_done(qtbot)
    assert len(annotations(next(seat.stick.iterdir()), 1)) == 1


# Paper ------------------------------------------------------------------------------


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs named lp and lpstat that keep what they are given: the printer is a device."""
    folder = tmp_path / "cups"
    folder.mkdir()
    for name, body in (
        ("lpstat", 'print("office" if "-e" in sys.argv else "x: office")'),
        ("lp", "(here / 'job.pdf').write_bytes(sys.stdin.buffer.read())"),
    ):
        path = folder / name
        here = f"here = pathlib.Path({str(folder)!r})"
        path.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{here}\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder / "job.pdf"


def test_sheets_are_printed_with_their_ink_and_without_their_password(
    seat: Seat, qtbot, printed: Path
) -> None:
    locked(seat, qtbot)
    seat.sheet.show_choices()
    seat.sheet.print_button.click()
    qtbot.waitUntil(lambda: bool(seat.ears.words or seat.ears.errors), timeout=60_000)
    assert seat.ears.words == ["Sent to the printer office."]
    assert poppler_texts(printed)[1].startswith("Sheet 0")
    assert annotations(printed, 1) == []
    with pikepdf.open(printed) as pdf:
        assert "/KokubanInk0" in pdf.pages[1].obj.Resources.XObject
    assert not partial_path(printed).exists()


def test_first_choice_keeps_ink(seat: Seat, qtbot) -> None:
    seat.add_document("deck.pdf", 1)
    seat.show(qtbot)
    kept, burnt = seat.sheet.modes.findChildren(TouchButton)
    assert (kept.isChecked(), burnt.isChecked()) == (True, False)
    choose(seat.sheet.modes, KEPT)
    assert kept.isChecked()
