"""Documents and speaker notes in a board file."""

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from tests.support.board_samples import counting_ids, new_board, stroke_count, write_strokes
from tests.support.full_disk import full_disk
from whiteboard.model.board import Board
from whiteboard.model.document import SheetRef
from whiteboard.model.page import Background
from whiteboard.services.boards.board_file import BoardFile, keep_board
from whiteboard.services.boards.board_store import BoardStore
from whiteboard.services.boards.library import Library
from whiteboard.services.boards.stored_documents import CHUNK_BYTES

DATA = Path(__file__).parents[3] / "data"
SIZE = 5 * CHUNK_BYTES + 12345


@pytest.fixture
def path(data_dir: Path) -> Path:
    return data_dir / "会議.kokuban"


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A file of some pieces; a board does not look into documents."""
    path = tmp_path / "資料.pdf"
    path.write_bytes(random.Random(3).randbytes(SIZE))
    return path


def name_of(pdf: Path) -> str:
    return hashlib.sha256(pdf.read_bytes()).hexdigest()


def board_with(pdf: Path, path: Path) -> tuple[Board, BoardFile]:
    """Return an open board with a sheet of the document under its first page."""
    board = Board(counting_ids())
    file = BoardFile.create(path)
    keep_board(board, file)
    with board.change("haru") as edit:
        edit.add_document(name_of(pdf), pdf.name, 1)
        edit.add_page(0, Background(), sheet=SheetRef(name_of(pdf), 0))
    return board, file


def make_board(pdf: Path, path: Path) -> None:
    _, file = board_with(pdf, path)
    file.put_document(name_of(pdf), pdf)
    file.close()


def taken(file: BoardFile, name: str, folder: Path) -> bytes:
    file.take_document(name, folder / "taken.pdf")
    return (folder / "taken.pdf").read_bytes()


# Keeping ------------------------------------------------------------------------------


def test_document_comes_out_as_it_went_in(path: Path, pdf: Path, tmp_path: Path) -> None:
    make_board(pdf, path)
    file = BoardFile.open(path)
    assert file.documents() == [name_of(pdf)]
    assert taken(file, name_of(pdf), tmp_path) == pdf.read_bytes()
    file.close()


def test_board_that_is_read_only_gives_its_document_out(
    path: Path, pdf: Path, tmp_path: Path
) -> None:
    make_board(pdf, path)
    file = BoardFile.open(path, read_only=True)
    assert taken(file, name_of(pdf), tmp_path) == pdf.read_bytes()
    with pytest.raises(AppError) as caught:
        file.put_document(name_of(pdf), pdf)
    assert caught.value.code is ErrorCode.READ_ONLY
    file.close()


def test_document_that_is_not_there_is_a_key_error(path: Path, tmp_path: Path) -> None:
    file = BoardFile.create(path)
    with pytest.raises(KeyError):
        file.take_document("0" * 64, tmp_path / "x.pdf")
    file.close()


def test_closing_waits_for_the_document_on_its_way(path: Path, pdf: Path) -> None:
    _, file = board_with(pdf, path)
    begun = threading.Event()
    thread = threading.Thread(
        target=file.put_document, args=(name_of(pdf), pdf, lambda *_: begun.set())
    )
    thread.start()
    assert begun.wait(20)
    file.close()
    thread.join()
    file = BoardFile.open(path)
    assert file.has_document(name_of(pdf))
    file.close()


def test_ink_is_written_while_a_document_goes_in(path: Path, pdf: Path) -> None:
    board, file = board_with(pdf, path)
    written: list[bool] = []

    def write(*_: int) -> None:
        write_strokes(board, 1, first=len(written))
        written.append(True)

    # The progress is told between two pieces: each time a stroke goes in between.
    file.put_document(name_of(pdf), pdf, write)
    file.close()
    file = BoardFile.open(path)
    file.close()
    assert (stroke_count(file.board_update), len(written)) == (6, 6)


def test_cancelled_copy_goes_on_where_it_stopped(path: Path, pdf: Path) -> None:
    _, file = board_with(pdf, path)
    done: list[int] = []
    stopped = file.put_document(
        name_of(pdf), pdf, lambda so_far, _: done.append(so_far), lambda: len(done) == 2
    )
    assert not stopped
    assert not file.has_document(name_of(pdf))
    first = set(file.chunk_sums(name_of(pdf)))
    assert file.put_document(name_of(pdf), pdf)
    assert (first, len(file.chunk_sums(name_of(pdf)))) == ({0, 1}, 6)
    file.close()


def test_file_that_is_another_document_is_refused(path: Path, pdf: Path) -> None:
    _, file = board_with(pdf, path)
    with pytest.raises(AppError) as caught:
        file.put_document("0" * 64, pdf)
    assert caught.value.code is ErrorCode.DOCUMENT_DAMAGED
    assert file.documents() == []
    file.close()


# Bad disks ----------------------------------------------------------------------------


def test_full_disk_refuses_the_document_and_takes_the_ink(path: Path, pdf: Path) -> None:
    board, file = board_with(pdf, path)
    file.flush()
    with full_disk(3 * CHUNK_BYTES), pytest.raises(AppError) as caught:
        file.put_document(name_of(pdf), pdf)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert file.trouble is None
    write_strokes(board, 3)
    file.close()
    file = BoardFile.open(path)
    assert stroke_count(file.board_update) == 3
    assert file.put_document(name_of(pdf), pdf)
    file.close()


def test_damaged_piece_is_noticed_and_written_anew(
    path: Path, pdf: Path, tmp_path: Path
) -> None:
    make_board(pdf, path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE chunks SET data=zeroblob(100) WHERE number=3")
    connection.commit()
    connection.close()
    file = BoardFile.open(path)
    with pytest.raises(AppError) as caught:
        taken(file, name_of(pdf), tmp_path)
    assert caught.value.code is ErrorCode.BOARD_DAMAGED
    file.close()


KILLED = """
import sys
from pathlib import Path
from whiteboard.services.boards.board_file import BoardFile
file = BoardFile.open(Path(sys.argv[1]))
def tell(done, size):
    print(done, flush=True)
    if done > int(sys.argv[4]):
        sys.stdin.read()  # killed while waiting here
file.put_document(sys.argv[2], Path(sys.argv[3]), tell)
"""


def test_kill_while_a_document_goes_in_leaves_a_board_that_goes_on(
    path: Path, pdf: Path, tmp_path: Path
) -> None:
    board, file = board_with(pdf, path)
    write_strokes(board, 3)
    file.close()
    command = [sys.executable, "-c", KILLED, path, name_of(pdf), pdf, str(2 * CHUNK_BYTES)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as copying:
        assert copying.stdout is not None
        assert int([copying.stdout.readline() for _ in range(3)][-1]) == 3 * CHUNK_BYTES
        copying.kill()
    file = BoardFile.open(path)
    assert not file.report.is_recovered
    assert stroke_count(file.board_update) == 3
    assert not file.has_document(name_of(pdf))
    assert set(file.chunk_sums(name_of(pdf))) == {0, 1, 2}
    assert file.put_document(name_of(pdf), pdf)
    assert taken(file, name_of(pdf), tmp_path) == pdf.read_bytes()
    file.close()


def test_kills_at_any_moment_leave_a_board_that_opens(path: Path, pdf: Path) -> None:
    make_board(pdf, path)
    file = BoardFile.open(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM documents")
        connection.execute("DELETE FROM chunks")
    connection.close()
    file.close()
    moments = random.Random(7)
    command = [sys.executable, "-c", KILLED, path, name_of(pdf), pdf, str(SIZE)]
    for _ in range(4):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as copying:
            assert copying.stdout is not None
            copying.stdout.readline()
            try:
                copying.wait(moments.uniform(0, 0.03))
            except subprocess.TimeoutExpired:
                copying.kill()
        file = BoardFile.open(path)
        assert not file.report.is_recovered
        file.close()
    file = BoardFile.open(path)
    assert file.put_document(name_of(pdf), pdf)
    file.close()


def test_damaged_board_is_recovered_with_its_document_and_notes(
    path: Path, pdf: Path, tmp_path: Path
) -> None:
    board, file = board_with(pdf, path)
    file.put_document(name_of(pdf), pdf)
    write_strokes(board, 5)
    page = board.pages[0].id
    file.set_note(page, "ゆっくり話す")
    file.close()
    data = bytearray(path.read_bytes())
    at = data.index(b"CREATE TABLE documents") & ~4095
    data[at : at + 4096] = os.urandom(4096)  # the page with the schema and every tree's root
    path.write_bytes(data)
    file = BoardFile.open(path)
    assert file.report.is_recovered
    assert stroke_count(file.board_update) == 5
    assert file.notes == {page: "ゆっくり話す"}
    assert taken(file, name_of(pdf), tmp_path) == pdf.read_bytes()
    file.close()


# Copies -------------------------------------------------------------------------------


def test_copy_has_the_document_that_is_still_on_its_way(
    path: Path, pdf: Path, tmp_path: Path
) -> None:
    _, file = board_with(pdf, path)
    copy = tmp_path / "copy.kokuban"
    file.put_document(name_of(pdf), pdf, lambda done, _: done > CHUNK_BYTES
                      or file.save_copy_to(copy))  # fmt: skip
    file.close()
    copied = BoardFile.open(copy)
    assert taken(copied, name_of(pdf), tmp_path) == pdf.read_bytes()
    copied.close()


def test_copy_leaves_the_notes_out_when_asked(path: Path, pdf: Path, tmp_path: Path) -> None:
    _, file = board_with(pdf, path)
    file.set_note("p", "内緒")
    file.save_copy_to(tmp_path / "with.kokuban")
    file.save_copy_to(tmp_path / "without.kokuban", with_notes=False)
    file.set_note("p", "")
    file.close()
    assert "内緒".encode() not in (tmp_path / "without.kokuban").read_bytes()
    assert "内緒".encode() in (tmp_path / "with.kokuban").read_bytes()


def test_duplicate_and_import_take_the_document_along(
    data_dir: Path, pdf: Path, tmp_path: Path
) -> None:
    library = Library(data_dir)
    make_board(pdf, tmp_path / "stick.kokuban")
    own, _ = library.import_board(tmp_path / "stick.kokuban")
    second = library.duplicate(own, "二つ目")
    for board in (own, second):
        file = library.open(board)
        assert taken(file, name_of(pdf), tmp_path) == pdf.read_bytes()
        file.close()


# What goes, and other versions --------------------------------------------------------


def test_document_without_a_page_leaves_the_file_with_its_note(path: Path, pdf: Path) -> None:
    board, file = board_with(pdf, path)
    file.put_document(name_of(pdf), pdf)
    page = board.pages[0].id
    file.set_note(page, "さようなら")
    with board.change("haru") as edit:
        edit.add_page(1, Background())
        edit.remove_page(page)
    file.close()
    assert path.stat().st_size < CHUNK_BYTES
    file = BoardFile.open(path)
    assert (file.documents(), dict(file.notes)) == ([], {})
    file.close()


def test_document_and_note_of_a_page_stay(path: Path, pdf: Path) -> None:
    board, file = board_with(pdf, path)
    file.put_document(name_of(pdf), pdf)
    file.set_note(board.pages[0].id, "ここで拍手")
    file.close()
    file = BoardFile.open(path)
    assert list(file.notes.values()) == ["ここで拍手"]
    assert file.has_document(name_of(pdf))
    file.close()


def test_board_of_version_1_takes_a_document(data_dir: Path, pdf: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(DATA / "board-version-1.kokuban", data_dir))
    file = BoardFile.open(path)
    assert file.report.migrated_from == 1
    board = Board(counting_ids(), file.board_update)
    keep_board(board, file)
    with board.change("haru") as edit:
        edit.add_page(0, Background(), sheet=SheetRef(name_of(pdf), 0))
    file.put_document(name_of(pdf), pdf)
    file.close()
    file = BoardFile.open(path)
    assert taken(file, name_of(pdf), tmp_path) == pdf.read_bytes()
    file.close()


def test_migrated_board_has_the_tables_of_a_new_one(data_dir: Path, path: Path) -> None:
    old = Path(shutil.copy(DATA / "board-version-1.kokuban", data_dir))
    BoardFile.open(old).close()
    BoardFile.create(path).close()
    assert tables(old) == tables(path)


def tables(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    found = {
        (name, "".join(sql.replace("\n", "").split()))
        for name, sql in connection.execute(query)
    }
    connection.close()
    return found


def test_sample_of_version_2_has_its_document_and_note(data_dir: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(DATA / "board-version-2.kokuban", data_dir))
    file = BoardFile.open(path)
    board = Board(counting_ids(), file.board_update)
    sheet = board.pages[0].sheet
    assert sheet is not None
    assert (sheet.number, sheet.turns) == (0, 1)
    assert taken(file, sheet.document, tmp_path).startswith(b"%PDF-1.4")
    assert dict(file.notes) == {board.pages[0].id: "ここで参加者に意見を聞く"}
    assert board.documents[sheet.document].name == "説明会.pptx"
    file.close()


def test_blank_board_of_samples_has_no_documents(path: Path) -> None:
    file = BoardFile.create(path)
    file.append(new_board().state())
    assert file.documents() == []
    store = BoardStore.open_for_reading(path)
    assert not store.documents.is_used
    store.close()
    file.close()


def test_stick_gets_the_notes_only_when_asked(
    data_dir: Path, pdf: Path, tmp_path: Path
) -> None:
    library = Library(data_dir)
    board, file = board_with(pdf, data_dir / "boards" / "a.kokuban")
    file.set_note(board.pages[0].id, "内緒")
    copies = [library.save_to(file, tmp_path, with_notes=asked) for asked in (False, True)]
    file.close()
    found = []
    for copy in copies:
        reading = BoardFile.open(copy, read_only=True)
        found.append(list(reading.notes.values()))
        reading.close()
    assert found == [[], ["内緒"]]
