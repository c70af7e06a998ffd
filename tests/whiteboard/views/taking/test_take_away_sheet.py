from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from base import text
from base.errors import ErrorCode
from base.qt.widgets import TouchButton
from tests.support.board_samples import stroke_count, write_strokes
from tests.support.full_disk import full_disk
from tests.whiteboard.views.hosts import Ears
from whiteboard.model.page import Background
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.workers import Workers
from whiteboard.views.boards.sticks import RowButton
from whiteboard.views.taking.take_away_sheet import TakeAwaySheet

PDF, PICTURE, DRAWING, BOARD = range(4)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "KINGSTON"
    folder.mkdir()
    return folder


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(lambda _error: None)
    yield made
    made.shutdown()


@pytest.fixture
def open_board(qapp, data_dir: Path, workers: Workers) -> Iterator[OpenBoard]:
    made = OpenBoard(BoardFile.create(data_dir / "a.kokuban"), 1 << 20, workers.boards)
    with made.board.change("haru") as edit:
        for place in range(2):
            edit.add_page(place, Background())
        edit.set_title("会議")
    write_strokes(made.board, 6)
    yield made
    made.stop_keeping()
    workers.shutdown()
    made.file.close()


@pytest.fixture
def sheet(qtbot, open_board: OpenBoard, workers: Workers, ears: Ears, data_dir: Path):
    text.set_language("en")
    below = QWidget()
    qtbot.addWidget(below)
    below.resize(1920, 1080)
    below.show()
    qtbot.waitExposed(below)
    page_id = open_board.board.pages[1].id
    made = TakeAwaySheet(below, open_board, ears.host(data_dir), workers, lambda: page_id)
    yield made
    made.shutdown()
    workers.shutdown()
    below.hide()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds the worker until it is set."""
    made = threading.Event()
    yield made
    made.set()


def show_stick(sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot) -> RowButton:
    ears.sticks = [stick]
    sheet.show_choices()
    qtbot.waitUntil(lambda: len(sheet.stick_buttons) == 1)
    button = sheet.stick_buttons[0]
    assert isinstance(button, RowButton)
    return button


def choose(control: QWidget, place: int) -> None:
    control.findChildren(TouchButton)[place].click()


def wait_done(sheet: TakeAwaySheet, qtbot) -> None:
    qtbot.waitUntil(lambda: not sheet.is_busy, timeout=20_000)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_stick_appears_with_its_name_and_room(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    assert button.accessibleName() == "KINGSTON"
    assert button.accessibleDescription().endswith("B free")


def test_stick_that_is_plugged_in_late_appears_too(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    sheet.show_choices()
    assert sheet.stick_buttons == ()
    ears.sticks = [stick]
    qtbot.waitUntil(lambda: len(sheet.stick_buttons) == 1)
    ears.sticks = []
    qtbot.waitUntil(lambda: sheet.stick_buttons == ())


def test_pdf_goes_to_the_stick_with_one_touch(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    show_stick(sheet, ears, stick, qtbot).click()
    wait_done(sheet, qtbot)
    (name,) = names(stick)
    assert name.startswith("会議 20")
    assert name.endswith(".pdf")
    pages = subprocess.run(
        ["pdfinfo", stick / name], capture_output=True, text=True, check=True
    )
    assert "Pages:           2" in pages.stdout
    assert ears.words == [f"Saved to KINGSTON: {name}. You can take the stick out now."]


def test_only_this_page_is_taken_when_asked_for(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    choose(sheet.extent, 1)
    button.click()
    wait_done(sheet, qtbot)
    pages = subprocess.run(
        ["pdfinfo", next(stick.iterdir())], capture_output=True, text=True, check=True
    )
    assert "Pages:           1" in pages.stdout


def test_picture_has_the_width_and_the_paper_that_were_chosen(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    choose(sheet.kinds, PICTURE)
    choose(sheet.extent, 1)
    choose(sheet.widths, 1)
    choose(sheet.paper, 1)
    button.click()
    wait_done(sheet, qtbot)
    (name,) = names(stick)
    image = QImage(str(stick / name))
    assert (name[-4:], image.width()) == (".png", 3840)
    assert image.pixelColor(5, 5).lightness() > 240


def test_drawing_goes_to_the_stick(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    choose(sheet.kinds, DRAWING)
    button.click()
    wait_done(sheet, qtbot)
    assert [name[-7:] for name in names(stick)] == ["-01.svg", "-02.svg"]


def test_board_goes_to_the_stick_whole(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    choose(sheet.kinds, BOARD)
    assert not sheet.extent.isVisible()
    button.click()
    wait_done(sheet, qtbot)
    copy = BoardFile.open(next(stick.iterdir()))
    copy.close()
    assert stroke_count(copy.board_update) == 6


def test_display_keeps_a_file_in_its_own_folder(
    sheet: TakeAwaySheet, ears: Ears, data_dir: Path, qtbot
) -> None:
    sheet.show_choices()
    sheet.display_button.click()
    qtbot.waitUntil(lambda: bool(ears.notices), timeout=20_000)
    (name,) = names(data_dir / "exports")
    assert ears.words == [f"Saved on this display: {data_dir / 'exports' / name}"]


def test_writing_goes_on_while_files_are_made(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, open_board: OpenBoard, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    choose(sheet.kinds, DRAWING)
    button.click()
    assert sheet.is_busy
    write_strokes(open_board.board, 50, first=50)
    wait_done(sheet, qtbot)
    first = (stick / names(stick)[0]).read_text("utf-8")
    assert first.count("<path") <= 6 + 20


def test_cancel_leaves_nothing_behind(
    sheet: TakeAwaySheet,
    ears: Ears,
    stick: Path,
    workers: Workers,
    gate: threading.Event,
    qtbot,
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    workers.taking.submit(lambda: gate.wait(20))
    button.click()
    sheet.cancel_button.click()
    gate.set()
    wait_done(sheet, qtbot)
    assert names(stick) == []
    assert ears.words == ["Cancelled. Nothing was saved."]
    assert not sheet.cancel_button.isVisible()


def test_progress_is_shown_when_the_sheet_is_opened_again(
    sheet: TakeAwaySheet,
    ears: Ears,
    stick: Path,
    workers: Workers,
    gate: threading.Event,
    qtbot,
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    workers.taking.submit(lambda: gate.wait(20))
    button.click()
    with qtbot.waitSignal(sheet.closed):
        sheet.close_sheet()
    sheet.show_choices()
    assert sheet.progress.isVisible()
    gate.set()
    wait_done(sheet, qtbot)
    assert len(names(stick)) == 1


def test_stick_that_was_pulled_is_an_error_of_its_own(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    shutil.rmtree(stick)
    button.click()
    wait_done(sheet, qtbot)
    assert ears.errors in ([ErrorCode.MEDIUM_GONE], [ErrorCode.NOT_FOUND])
    assert sheet.isVisible()


def test_full_stick_is_an_error_of_its_own(
    sheet: TakeAwaySheet, ears: Ears, stick: Path, qtbot
) -> None:
    button = show_stick(sheet, ears, stick, qtbot)
    with full_disk():
        button.click()
        wait_done(sheet, qtbot)
    assert ears.errors == [ErrorCode.DISK_FULL]
    assert names(stick) == []


def test_no_printer_is_an_error_of_its_own(
    sheet: TakeAwaySheet, ears: Ears, monkeypatch, tmp_path: Path, qtbot
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sheet.show_choices()
    sheet.print_button.click()
    qtbot.waitUntil(lambda: ears.errors == [ErrorCode.NO_PRINTER])


@pytest.fixture
def cups(tmp_path: Path, monkeypatch):
    """Programs named lp and lpstat that keep what they are given: the printer is a device."""

    def install(printers: str) -> Path:
        for name, body in (
            ("lpstat", f'print({printers!r} if "-e" in sys.argv else "x: office")'),
            ("lp", "(here / 'job.pdf').write_bytes(sys.stdin.buffer.read())"),
        ):
            path = tmp_path / name
            here = f"here = pathlib.Path({str(tmp_path)!r})"
            path.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{here}\n{body}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        return tmp_path / "job.pdf"

    return install


def test_only_printer_prints_at_one_touch(
    sheet: TakeAwaySheet, ears: Ears, cups, qtbot
) -> None:
    job = cups("office")
    sheet.show_choices()
    sheet.print_button.click()
    qtbot.waitUntil(lambda: ears.words == ["Sent to the printer office."], timeout=20_000)
    assert job.read_bytes().startswith(b"%PDF")


def test_one_of_several_printers_is_chosen(
    sheet: TakeAwaySheet, ears: Ears, cups, qtbot
) -> None:
    cups("kaigi_1F\noffice")
    sheet.show_choices()
    sheet.print_button.click()
    rows = lambda: [b for b in sheet.findChildren(RowButton) if b.isVisible()]  # noqa: E731
    qtbot.waitUntil(lambda: [b.word for b in rows()] == ["office", "kaigi_1F"])
    rows()[1].click()
    qtbot.waitUntil(lambda: ears.words == ["Sent to the printer kaigi_1F."], timeout=20_000)
