import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from base.errors import AppError, ErrorCode
from tests.support.board_samples import counting_ids, new_board, stroke_count, write_strokes
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile, keep_board
from whiteboard.services.boards.board_store import FORMAT_VERSION, MAX_ASSET_BYTES, BoardStore

PATIENCE_S = 20.0
PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)


@pytest.fixture
def path(data_dir: Path) -> Path:
    return data_dir / "黒板 #1?.kokuban"


def make_file(path: Path, strokes: int = 3, title: str = "会議") -> None:
    """Write a board as the program does, in sessions of at most 400 strokes."""
    board = new_board(title)
    file = BoardFile.create(path, title=title)
    file.append(board.state())
    keep_board(board, file)
    file.set_page_ids([page.id for page in board.pages])
    write_strokes(board, strokes)
    file.close()


def open_code(path: Path, **options: bool) -> ErrorCode:
    with pytest.raises(AppError) as caught:
        BoardFile.open(path, **options)
    return caught.value.code


def reopened(path: Path) -> tuple[int, BoardFile]:
    file = BoardFile.open(path)
    file.close()
    return stroke_count(file.board_update), file


# Keeping ink --------------------------------------------------------------------------


def test_board_comes_back_with_its_ink(path: Path) -> None:
    make_file(path, strokes=5)
    assert reopened(path)[0] == 5


def test_appended_update_is_in_the_file_before_it_is_closed(path: Path) -> None:
    board = new_board()
    file = BoardFile.create(path)
    number = file.append(board.state())
    assert file.wait_written(number, PATIENCE_S)
    copy = BoardFile.open(path, read_only=True)
    assert len(Board(counting_ids(), copy.board_update).pages) == 1
    copy.close()
    file.close()


def test_stroke_is_written_before_the_next_one_is_finished(path: Path) -> None:
    board = new_board()
    file = BoardFile.create(path)
    file.append(board.state())
    keep_board(board, file)
    in_file: list[int] = []

    def look(_: bytes) -> None:
        store = BoardStore.open_for_reading(path)
        in_file.append(len(store.read_log().updates))
        store.close()

    board.on_update(look)
    write_strokes(board, 30)
    file.close()
    # Of the update that is being told and of the one before (the board's beginning) none
    # need be there; of the stroke before it must.
    assert [there >= finished for finished, there in enumerate(in_file)] == [True] * 30


def test_updates_of_many_threads_are_all_kept(path: Path) -> None:
    file = BoardFile.create(path)
    base = new_board().state()
    file.append(base)

    numbers: list[int] = []

    def write(prefix: str) -> None:
        board = Board(counting_ids(prefix), base)
        board.on_update(lambda update: numbers.append(file.append(update)))
        write_strokes(board, 20)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    assert reopened(path)[0] == 80


def test_closed_board_is_one_file(path: Path) -> None:
    make_file(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_process_that_ends_without_closing_keeps_its_ink(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.support.board_samples import new_board, write_strokes\n"
        "from whiteboard.services.boards.board_file import BoardFile\n"
        "board = new_board(); file = BoardFile.create(Path(sys.argv[1]))\n"
        "file.append(board.state()); write_strokes(board, 9); file.append(board.state())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=60)
    assert reopened(path)[0] == 9


def test_erased_ink_leaves_the_file_when_it_is_compacted(path: Path) -> None:
    make_file(path, strokes=400)
    full = path.stat().st_size
    file = BoardFile.open(path)
    board = Board(counting_ids("later"), file.board_update)
    keep_board(board, file)
    for item_id in list(board.items(board.pages[0].id)):
        with board.change("haru") as edit:
            edit.remove(item_id)
    file.close()
    assert path.stat().st_size < full / 2
    assert reopened(path)[0] == 0


def test_ten_thousand_strokes_take_at_most_six_megabytes(path: Path) -> None:
    make_file(path, strokes=10_000)
    assert path.stat().st_size <= 6_000_000


def test_title_pages_and_thumbnails_follow_the_board(path: Path) -> None:
    board = new_board(pages=2)
    file = BoardFile.create(path)
    stop = keep_board(board, file)
    first, second = (page.id for page in board.pages)
    file.set_thumbnail(first, PNG)
    file.set_thumbnail(second, PNG)
    with board.change("haru") as edit:
        edit.set_title("式典")
        edit.remove_page(first)
    stop()
    file.flush()
    assert file.title == "式典"
    assert (file.thumbnail(first), file.thumbnail(second)) == (None, PNG)
    file.close()


def test_create_leaves_a_file_of_that_name_alone(path: Path) -> None:
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        BoardFile.create(path)
    assert path.read_bytes() == b"mine"


# Pictures -----------------------------------------------------------------------------


def test_asset_can_be_read_before_and_after_it_is_written(path: Path) -> None:
    file = BoardFile.create(path)
    name = file.put_asset(PNG)
    before = file.asset(name)
    file.flush()
    assert before == file.asset(name) == PNG
    file.close()
    file = BoardFile.open(path)
    assert file.asset(name) == PNG
    file.close()


def test_asset_on_its_way_to_the_file_is_named(path: Path) -> None:
    file = BoardFile.create(path)
    file.flush()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    name = file.put_asset(PNG)
    assert file.asset_names() == [name]
    other.execute("ROLLBACK")
    other.close()
    file.flush()
    assert file.asset_names() == [name]
    file.close()


def test_same_picture_is_kept_once(path: Path) -> None:
    file = BoardFile.create(path)
    names = [file.put_asset(PNG) for _ in range(3)]
    file.flush()
    assert file.asset_names() == [names[0]]
    file.close()


def test_asset_that_is_too_large_is_refused(path: Path) -> None:
    file = BoardFile.create(path)
    with pytest.raises(AppError) as caught:
        file.put_asset(bytes(MAX_ASSET_BYTES + 1))
    assert caught.value.code is ErrorCode.IMAGE_TOO_LARGE
    file.close()


def test_unknown_asset_is_a_key_error(path: Path) -> None:
    file = BoardFile.create(path)
    with pytest.raises(KeyError):
        file.asset(bytes(32))
    file.close()


# Copies -------------------------------------------------------------------------------


def test_copy_of_an_open_board_is_complete(path: Path, data_dir: Path) -> None:
    file = BoardFile.create(path)
    board = new_board()
    file.append(board.state())
    keep_board(board, file)
    write_strokes(board, 7)
    name = file.put_asset(PNG)
    copy = data_dir / "copy.kokuban"
    file.save_copy_to(copy)
    file.close()
    assert reopened(copy)[0] == 7
    read = BoardFile.open(copy)
    assert read.asset(name) == PNG
    read.close()


def test_medium_pulled_while_copying_leaves_no_half_file(path: Path, data_dir: Path) -> None:
    make_file(path, strokes=50)
    stick = data_dir / "stick"
    stick.mkdir()
    pulled = data_dir / "pulled"
    file = BoardFile.open(path)

    def pull(done: int, total: int) -> None:
        if stick.exists():
            stick.rename(pulled)

    with pytest.raises(AppError) as caught:
        file.save_copy_to(stick / "board.kokuban", pull)
    file.close()
    assert caught.value.code is ErrorCode.MEDIUM_GONE
    assert not (pulled / "board.kokuban").exists()


def test_copy_to_a_folder_that_is_gone_says_so(path: Path, data_dir: Path) -> None:
    make_file(path)
    file = BoardFile.open(path)
    with pytest.raises(AppError) as caught:
        file.save_copy_to(data_dir / "stick" / "board.kokuban")
    file.close()
    assert caught.value.code is ErrorCode.MEDIUM_GONE


# Whose file, and whether it can be written -----------------------------------------------


def test_board_that_is_open_cannot_be_opened_again(path: Path) -> None:
    file = BoardFile.create(path)
    assert open_code(path) is ErrorCode.BOARD_IN_USE
    file.close()
    BoardFile.open(path).close()


def test_board_of_another_process_is_in_use_until_it_is_killed(path: Path) -> None:
    make_file(path)
    code = (
        "import sys; from pathlib import Path\n"
        "from whiteboard.services.boards.board_file import BoardFile\n"
        "file = BoardFile.open(Path(sys.argv[1])); print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        assert open_code(path) is ErrorCode.BOARD_IN_USE
        holder.kill()
    assert reopened(path)[0] == 3


def test_read_only_board_takes_nothing_and_can_be_copied(path: Path, data_dir: Path) -> None:
    make_file(path)
    before = path.read_bytes()
    file = BoardFile.open(path, read_only=True)
    with pytest.raises(AppError) as caught:
        file.append(b"\0\0")
    file.save_copy_to(data_dir / "copy.kokuban")
    file.close()
    assert caught.value.code is ErrorCode.READ_ONLY
    assert reopened(data_dir / "copy.kokuban")[0] == 3
    assert path.read_bytes() == before


AS_NOBODY = """
import encodings.idna, os, sys, tempfile
from pathlib import Path
from whiteboard.services.boards.board_file import BoardFile
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
file = BoardFile.open(Path(sys.argv[1]))
print(file.read_only, len(file.board_update) > 100)
file.close()
"""


@pytest.fixture
def public_dir() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="kokuban-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


def test_board_in_a_folder_that_cannot_be_written_opens_for_reading(public_dir: Path) -> None:
    path = public_dir / "board.kokuban"
    make_file(path)
    path.chmod(0o444)
    public_dir.chmod(0o555)
    command = [sys.executable, "-c", AS_NOBODY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("True True\n", "")


# Full disk ----------------------------------------------------------------------------

FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.support.board_samples import new_board, write_strokes
from whiteboard.services.boards.board_file import BoardFile, keep_board
import threading

path, copy = map(Path, sys.argv[1:])
told, good = [], threading.Event()
def on_health(error):
    told.append(None if error is None else str(error.code))
    if error is None: good.set()
board = new_board()
file = BoardFile.create(path, on_health=on_health)
file.append(board.state())
keep_board(board, file)
write_strokes(board, 10)
assert file.flush()
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{path}-wal").stat().st_size, hard))
write_strokes(board, 20, first=10)
assert not file.flush()
assert file.trouble is not None
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
file.save_copy_to(copy)
assert good.wait(20)
assert file.flush()
file.close()
print(told)
"""


def test_ink_of_a_full_disk_is_kept_and_written_later(path: Path, data_dir: Path) -> None:
    copy = data_dir / "copy.kokuban"
    command = [sys.executable, "-c", FULL_DISK, str(path), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "" or "board" in done.stderr, done.stderr
    assert done.stdout.splitlines()[-1:] == ["['disk_full', None]"], done.stderr
    assert reopened(path)[0] == 30
    assert reopened(copy)[0] == 30


def test_copy_to_a_full_medium_leaves_nothing_there(path: Path, data_dir: Path) -> None:
    make_file(path, strokes=200)
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from base.errors import AppError\n"
        "from whiteboard.services.boards.board_file import BoardFile\n"
        "file = BoardFile.open(Path(sys.argv[1]))\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))\n"
        "try: file.save_copy_to(Path(sys.argv[2]))\n"
        "except AppError as error: print(error.code)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
    )
    stick = data_dir / "stick"
    stick.mkdir()
    command = [sys.executable, "-c", code, str(path), str(stick / "copy.kokuban")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "disk_full\n"
    assert list(stick.iterdir()) == []


def test_file_that_is_taken_away_is_told_and_written_when_it_is_back(
    path: Path, data_dir: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("board not written")
    told: list[AppError | None] = []
    back = threading.Event()

    def on_health(error: AppError | None) -> None:
        told.append(error)
        if error is None:
            back.set()

    board = new_board()
    file = BoardFile.create(path, on_health=on_health)
    file.append(board.state())
    keep_board(board, file)
    write_strokes(board, 3)
    assert file.flush()
    for part in ("", "-wal", "-shm"):
        Path(f"{path}{part}").rename(data_dir / f"away{part}")
    write_strokes(board, 4, first=3)
    assert not file.flush()
    for part in ("", "-wal", "-shm"):
        (data_dir / f"away{part}").rename(f"{path}{part}")
    assert back.wait(PATIENCE_S)
    assert file.flush()
    file.close()
    assert [error and error.code for error in told] == [ErrorCode.MEDIUM_GONE, None]
    assert reopened(path)[0] == 7


# Foreign, newer and damaged files ----------------------------------------------------------


def test_missing_file_is_not_found(path: Path) -> None:
    assert open_code(path) is ErrorCode.NOT_FOUND


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("content", [b"", PNG, bytes(8192), b"SQLite format 3\0" + bytes(50)])
def test_foreign_file_is_not_a_board_and_stays(
    path: Path, content: bytes, read_only: bool
) -> None:
    path.write_bytes(content)
    assert open_code(path, read_only=read_only) is ErrorCode.NOT_A_BOARD
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_database_of_another_program_is_not_a_board(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE updates(a, b, c, d)")
    connection.execute("INSERT INTO updates VALUES(1, 0, 5, x'00')")
    connection.commit()
    connection.close()
    assert open_code(path) is ErrorCode.NOT_A_BOARD


def test_zip_file_is_not_a_board(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.xml", "<a/>" * 5000)
    assert open_code(path) is ErrorCode.NOT_A_BOARD


def test_board_of_a_later_version_is_left_alone(path: Path) -> None:
    make_file(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={FORMAT_VERSION + 1}")
    connection.execute("UPDATE meta SET value=? WHERE key='format'", (FORMAT_VERSION + 1,))
    connection.commit()
    connection.close()
    before = path.read_bytes()
    assert open_code(path) is ErrorCode.BOARD_TOO_NEW
    assert path.read_bytes() == before


def test_damaged_log_row_is_skipped_and_reported(path: Path) -> None:
    make_file(path, strokes=10)
    execute(path, "UPDATE updates SET crc=crc+1 WHERE seq=5")
    strokes, file = reopened(path)
    assert strokes == 9
    assert (file.report.is_recovered, file.report.damaged_updates) == (True, 1)


def test_damaged_file_is_put_aside_untouched(path: Path) -> None:
    make_file(path, strokes=10)
    execute(path, "UPDATE updates SET crc=crc+1 WHERE seq=5")
    before = path.read_bytes()
    original = reopened(path)[1].report.damaged_original
    assert original is not None
    assert original.read_bytes() == before
    assert ".damaged-" in original.name
    assert sorted(file.name for file in path.parent.iterdir()) == sorted(
        [path.name, original.name]
    )


def test_damaged_file_that_is_only_read_stays_where_it_is(path: Path) -> None:
    make_file(path, strokes=10)
    execute(path, "UPDATE updates SET crc=crc+1 WHERE seq=5")
    before = path.read_bytes()
    file = BoardFile.open(path, read_only=True)
    file.close()
    assert stroke_count(file.board_update) == 9
    assert file.report.is_recovered
    assert path.read_bytes() == before


def test_ink_whose_page_was_lost_gets_a_page(path: Path) -> None:
    make_file(path, strokes=10)
    execute(path, "UPDATE updates SET crc=crc+1 WHERE seq=1")
    assert reopened(path)[0] == 10


def test_recovered_board_can_be_written_and_opened_again(path: Path) -> None:
    make_file(path, strokes=10)
    execute(path, "UPDATE updates SET crc=crc+1 WHERE seq=5")
    file = BoardFile.open(path)
    board = Board(counting_ids("later"), file.board_update)
    keep_board(board, file)
    write_strokes(board, 2, first=10)
    file.close()
    strokes, again = reopened(path)
    assert strokes == 11
    assert not again.report.is_recovered


def execute(path: Path, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("page", range(8))
def test_overwritten_page_costs_at_most_the_strokes_on_it(path: Path, page: int) -> None:
    make_file(path, strokes=300)
    data = bytearray(path.read_bytes())
    data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    path.write_bytes(data)
    strokes, file = reopened(path)
    assert strokes >= 300 - 20
    assert file.title in ("会議", "")


def test_flipped_bit_anywhere_costs_at_most_the_strokes_of_a_page(path: Path) -> None:
    make_file(path, strokes=100)
    data = path.read_bytes()
    for offset in range(0, len(data), 1501):
        damaged = bytearray(data)
        damaged[offset] ^= 1 << offset % 8
        for other in path.parent.iterdir():
            other.unlink()
        path.write_bytes(damaged)
        assert reopened(path)[0] >= 100 - 20, f"bit flipped in byte {offset}"


def test_truncated_file_keeps_what_is_before_the_cut(path: Path) -> None:
    make_file(path, strokes=400)
    size = path.stat().st_size
    os.truncate(path, size * 3 // 4)
    assert reopened(path)[0] > 0
