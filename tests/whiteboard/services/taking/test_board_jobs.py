from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QSize
from PySide6.QtGui import QColor, QImage

from base.errors import AppError, ErrorCode
from base.tasks import Worker
from tests.support.board_samples import counting_ids, new_board, stroke_count, write_strokes
from tests.support.full_disk import full_disk
from whiteboard.model.board import Board
from whiteboard.model.board_words import FileName
from whiteboard.services.boards.board_file import BoardFile, keep_board
from whiteboard.services.boards.library import Library
from whiteboard.services.taking.board_jobs import (
    MAX_STICK_BOARDS,
    Cancel,
    Jobs,
    Place,
    decode_thumbnail,
    display_place,
    find_boards,
    free_stem,
    look_at_stick,
    look_at_sticks,
    settle,
    stage_listed_board,
    take_away,
    take_board,
    take_staged_board,
)
from whiteboard.services.taking.export import (
    BoardSnapshot,
    ExportFormat,
    ExportOptions,
    take_snapshot,
)

pytestmark = pytest.mark.usefixtures("qapp")

NAME = FileName("防災/訓練", date(2026, 11, 21))
STEM = "防災_訓練 2026-11-21"


def never() -> bool:
    return False


def ignore(_share: float) -> None:
    pass


@pytest.fixture
def stick(tmp_path: Path) -> Place:
    folder = tmp_path / "KINGSTON"
    folder.mkdir()
    place = look_at_stick(folder)
    assert place is not None
    return place


@pytest.fixture
def board() -> Board:
    made = new_board("防災/訓練", pages=2)
    write_strokes(made, 5)
    return made


@pytest.fixture
def snapshot(board: Board) -> BoardSnapshot:
    return take_snapshot(board, lambda _sha256: b"")


@pytest.fixture
def file(data_dir: Path, board: Board) -> Iterator[BoardFile]:
    made = BoardFile.create(data_dir / "board.kokuban", title=board.title)
    made.append(board.state())
    keep_board(board, made)
    yield made
    made.close()


def take(
    snapshot: BoardSnapshot,
    place: Place,
    kind: ExportFormat = ExportFormat.PDF,
    *,
    on_progress: Callable[[float], None] = ignore,
    is_cancelled: Callable[[], bool] = never,
) -> tuple[str, ...]:
    taken = take_away(
        snapshot,
        kind,
        ExportOptions(),
        place,
        NAME,
        on_progress=on_progress,
        is_cancelled=is_cancelled,
    )
    return tuple(path.name for path in taken.files) if taken else ()


def code_of(call: Callable[[], object]) -> ErrorCode:
    with pytest.raises(AppError) as caught:
        call()
    return caught.value.code


# Jobs ---------------------------------------------------------------------------------


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker("jobs", on_error=lambda _error: None)
    yield made
    made.shutdown()


@pytest.fixture
def errors() -> list[ErrorCode]:
    return []


@pytest.fixture
def jobs(worker: Worker, errors: list[ErrorCode]) -> Jobs:
    return Jobs(worker, lambda error: errors.append(error.code))


def test_result_comes_back_to_the_thread_that_asked(jobs: Jobs, qtbot) -> None:
    seen: list[object] = []
    jobs.run(
        threading.get_ident, lambda worked_on: seen.append((worked_on, threading.get_ident()))
    )
    assert not jobs.is_idle
    qtbot.waitUntil(lambda: jobs.is_idle)
    ((worked_on, told_on),) = seen
    assert told_on == threading.get_ident() != worked_on


def test_error_of_a_job_is_told_and_the_next_one_runs(
    jobs: Jobs, errors: list[ErrorCode], qtbot
) -> None:
    def full() -> None:
        raise AppError(ErrorCode.DISK_FULL)

    done: list[object] = []
    jobs.run(full, done.append)
    jobs.run(lambda: 7, done.append)
    qtbot.waitUntil(lambda: jobs.is_idle)
    assert (errors, done) == ([ErrorCode.DISK_FULL], [7])


def test_job_that_breaks_ends_without_a_result(jobs: Jobs, qtbot, expected_log) -> None:
    expected_log("job failed.*broke")
    ended: list[str] = []

    def broken() -> None:
        raise ValueError("broke")

    jobs.run(broken, lambda _value: ended.append("done"), ended=lambda: ended.append("ended"))
    qtbot.waitUntil(lambda: jobs.is_idle)
    assert ended == ["ended"]


def test_result_after_shutdown_is_not_told(jobs: Jobs, worker: Worker, qapp) -> None:
    told: list[object] = []
    jobs.run(lambda: 1, told.append)
    jobs.shutdown()
    worker.drain(10)
    qapp.processEvents()
    assert told == []


# Places -------------------------------------------------------------------------------


def test_stick_is_known_by_name_and_room(stick: Place) -> None:
    assert stick.name == "KINGSTON"
    assert stick.is_stick
    assert 0 < stick.free_bytes <= shutil.disk_usage(stick.folder).total


def test_stick_that_was_pulled_meanwhile_is_left_out(stick: Place, tmp_path: Path) -> None:
    assert look_at_sticks([tmp_path / "gone", stick.folder])[0].name == "KINGSTON"
    assert len(look_at_sticks([tmp_path / "gone", stick.folder])) == 1


def test_display_keeps_exports_in_a_folder_of_its_own(data_dir: Path) -> None:
    place = display_place(data_dir)
    assert place.folder == data_dir / "exports"
    assert place.folder.is_dir()
    assert not place.is_stick


def test_settled_medium_has_everything(stick: Place) -> None:
    (stick.folder / "file").write_bytes(b"ink")
    settle(stick)


def test_medium_that_is_gone_cannot_settle(stick: Place) -> None:
    stick.folder.rmdir()
    assert code_of(lambda: settle(stick)) in (ErrorCode.MEDIUM_GONE, ErrorCode.NOT_FOUND)


def test_free_stem_passes_over_what_is_there(stick: Place) -> None:
    assert free_stem(stick.folder, "Plan", ".pdf") == "Plan"
    (stick.folder / "plan.PDF").touch()
    assert free_stem(stick.folder, "Plan", ".pdf") == "Plan (2)"
    assert free_stem(stick.folder, "Plan", ".svg") == "Plan"


def test_free_stem_passes_over_the_pages_of_an_earlier_export(stick: Place) -> None:
    (stick.folder / "Plan-02.png").touch()
    assert free_stem(stick.folder, "Plan", ".png") == "Plan (2)"
    assert free_stem(stick.folder, "Pla", ".png") == "Pla"


# Boards on sticks ---------------------------------------------------------------------


def test_boards_on_sticks_are_found_the_last_written_first(stick: Place) -> None:
    inner = stick.folder / "黒板" / "会議"
    inner.mkdir(parents=True)
    for path, written in ((stick.folder / "old.kokuban", 1e9), (inner / "NEW.KOKUBAN", 2e9)):
        path.write_bytes(b"123")
        os.utime(path, (written, written))
    (stick.folder / ".hidden.kokuban").touch()
    (stick.folder / "list.txt").touch()
    found = find_boards([stick.folder])
    assert [board.path.name for board in found] == ["NEW.KOKUBAN", "old.kokuban"]
    assert (found[0].stick, found[0].size_bytes) == ("KINGSTON", 3)
    assert found[0].modified == datetime.fromtimestamp(2e9, UTC)


def test_search_on_a_stick_has_an_end(stick: Place) -> None:
    deep = stick.folder / "1" / "2" / "3"
    deep.mkdir(parents=True)
    (deep / "deep.kokuban").touch()
    (stick.folder / "1" / "loop").symlink_to(stick.folder)
    for number in range(MAX_STICK_BOARDS + 5):
        (stick.folder / f"{number}.kokuban").touch()
    assert len(find_boards([stick.folder])) == MAX_STICK_BOARDS


def test_stick_that_is_gone_has_no_boards(tmp_path: Path) -> None:
    assert find_boards([tmp_path / "gone"]) == []


# Taking away --------------------------------------------------------------------------


def test_pdf_has_all_pages_and_title_and_day_in_its_name(
    snapshot: BoardSnapshot, stick: Place
) -> None:
    assert take(snapshot, stick) == (f"{STEM}.pdf",)
    words = subprocess.run(
        ["pdfinfo", stick.folder / f"{STEM}.pdf"], capture_output=True, text=True, check=True
    ).stdout
    assert "Pages:           2" in words


def test_what_is_on_the_stick_is_never_overwritten(
    snapshot: BoardSnapshot, stick: Place
) -> None:
    old = stick.folder / f"{STEM}.pdf"
    old.write_bytes(b"old")
    assert take(snapshot, stick) == (f"{STEM} (2).pdf",)
    assert old.read_bytes() == b"old"


def test_each_page_is_a_picture_of_its_own(snapshot: BoardSnapshot, stick: Place) -> None:
    names = take(snapshot, stick, ExportFormat.PNG)
    assert names == (f"{STEM}-01.png", f"{STEM}-02.png")
    assert {QImage(str(stick.folder / name)).width() for name in names} == {1920}
    assert take(snapshot, stick, ExportFormat.PNG)[0] == f"{STEM} (2)-01.png"


@pytest.mark.parametrize("kind", ExportFormat)
def test_full_stick_says_so_and_keeps_nothing_half(
    snapshot: BoardSnapshot, stick: Place, kind: ExportFormat
) -> None:
    with full_disk():
        code = code_of(lambda: take(snapshot, stick, kind))
    assert code is ErrorCode.DISK_FULL
    assert list(stick.folder.iterdir()) == []


def test_stick_that_is_pulled_midway_says_so(snapshot: BoardSnapshot, stick: Place) -> None:
    def pull(_share: float) -> None:
        shutil.rmtree(stick.folder, ignore_errors=True)

    with pytest.raises(AppError) as caught:
        take(snapshot, stick, on_progress=pull)
    assert caught.value.code is ErrorCode.MEDIUM_GONE


def test_nothing_goes_to_the_empty_folder_of_a_pulled_stick(
    snapshot: BoardSnapshot, stick: Place
) -> None:
    elsewhere = replace(stick, device=stick.device + 1)
    assert code_of(lambda: take(snapshot, elsewhere)) is ErrorCode.MEDIUM_GONE
    assert list(stick.folder.iterdir()) == []


def test_cancelled_export_leaves_nothing(snapshot: BoardSnapshot, stick: Place) -> None:
    cancel = Cancel()
    names = take(snapshot, stick, on_progress=lambda _share: cancel.ask(), is_cancelled=cancel)
    assert names == ()
    assert list(stick.folder.iterdir()) == []


def test_progress_never_goes_back(snapshot: BoardSnapshot, stick: Place) -> None:
    shares: list[float] = []
    take(snapshot, stick, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_open_board_is_taken_with_all_its_ink(file: BoardFile, stick: Place) -> None:
    taken = take_board(file, stick, NAME, on_progress=ignore, is_cancelled=never)
    assert taken is not None
    copy = BoardFile.open(taken.files[0])
    copy.close()
    assert stroke_count(copy.board_update) == 5


def test_notes_of_the_presenter_stay_on_the_display(file: BoardFile, stick: Place) -> None:
    file.set_note("p1", "swordfish")
    file.flush()
    taken = take_board(file, stick, NAME, on_progress=ignore, is_cancelled=never)
    assert taken is not None
    assert b"swordfish" not in taken.files[0].read_bytes()


def test_cancelled_copy_of_a_board_leaves_nothing(file: BoardFile, stick: Place) -> None:
    assert take_board(file, stick, NAME, on_progress=ignore, is_cancelled=lambda: True) is None
    assert list(stick.folder.iterdir()) == []


def test_full_stick_says_so_to_a_board(
    file: BoardFile,
    stick: Place,
) -> None:
    file.flush()

    def copy() -> object:
        return take_board(file, stick, NAME, on_progress=ignore, is_cancelled=never)

    with full_disk():
        code = code_of(copy)
    assert code is ErrorCode.DISK_FULL
    assert list(stick.folder.iterdir()) == []


@pytest.mark.parametrize("is_open", [False, True])
def test_board_of_the_list_is_taken_open_or_not(
    data_dir: Path, board: Board, stick: Place, is_open: bool
) -> None:
    library = Library(data_dir)
    file = library.create(title="会議")
    file.append(board.state())
    file.set_note("p1", "swordfish")
    file.flush()
    if not is_open:
        file.close()
    (entry,) = library.boards()
    staged = stage_listed_board(library, entry)
    assert b"swordfish" not in staged.path.read_bytes()
    file.close()
    assert [board.path for board in library.boards()] == [entry.path]
    taken = take_staged_board(staged, stick, date(2026, 11, 21))
    assert not staged.path.exists()
    assert [path.name for path in taken.files] == ["会議 2026-11-21.kokuban"]
    copy = BoardFile.open(taken.files[0])
    copy.close()
    assert stroke_count(copy.board_update) == 5
    assert Board(counting_ids(), copy.board_update).title == "防災/訓練"


# Pictures -----------------------------------------------------------------------------


def png_of(colour: str, width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def test_picture_fills_its_place_with_round_upper_corners() -> None:
    made = decode_thumbnail(png_of("#336699", 480, 270), QSize(200, 100), 12)
    assert made.size() == QSize(200, 100)
    assert made.pixelColor(0, 0).alpha() == 0
    assert made.pixelColor(199, 0).alpha() == 0
    assert made.pixelColor(100, 50).name() == "#336699"
    assert made.pixelColor(0, 99).name() == "#336699"


@pytest.mark.parametrize("png", [None, b"", b"no picture"])
def test_no_picture_makes_an_empty_one(png: bytes | None) -> None:
    assert decode_thumbnail(png, QSize(200, 100), 12).isNull()
