from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from tests.support.board_samples import counting_ids, new_board, stroke_count, write_strokes
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile, keep_board
from whiteboard.services.boards.library import Library, file_name_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Calendar:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic_s(self) -> float:
        return self.time.timestamp()

    def wait(self, **time: float) -> None:
        self.time += timedelta(**time)


@pytest.fixture
def clock() -> Calendar:
    return Calendar()


@pytest.fixture
def library(data_dir: Path, clock: Calendar) -> Library:
    return Library(data_dir, clock)


@pytest.fixture
def stick(data_dir: Path) -> Path:
    folder = data_dir / "stick"
    folder.mkdir()
    return folder


def add_board(library: Library, title: str = "会議", strokes: int = 2) -> Path:
    file = library.create(title=title)
    board = new_board()
    file.append(board.state())
    keep_board(board, file)
    write_strokes(board, strokes)
    file.set_page_ids([page.id for page in board.pages])
    file.set_thumbnail(board.pages[0].id, PNG)
    file.close()
    return file.path


def ink(library: Library, path: Path) -> int:
    file = library.open(path)
    file.close()
    return stroke_count(file.board_update)


def test_boards_are_listed_with_the_last_written_first(
    library: Library, clock: Calendar
) -> None:
    old = add_board(library, "先週")
    clock.wait(days=1)
    new = add_board(library, "今日")
    assert [(e.path, e.title) for e in library.boards()] == [(new, "今日"), (old, "先週")]


def test_entry_says_what_the_list_shows(library: Library, clock: Calendar) -> None:
    path = add_board(library)
    (entry,) = library.boards()
    assert (entry.title, len(entry.page_ids), entry.is_readable) == ("会議", 1, True)
    assert entry.created == entry.modified == clock.now()
    assert library.thumbnail(path) == PNG


def test_open_board_is_listed_with_its_present_title(library: Library) -> None:
    file = library.create(title="前")
    library.boards()
    file.set_title("後")
    file.flush()
    assert [entry.title for entry in library.boards()] == ["後"]
    file.close()


def test_damaged_board_is_listed_and_the_others_too(library: Library) -> None:
    bad = add_board(library, "壊れた")
    add_board(library, "元気")
    bad.write_bytes(bytes(4096) + bad.read_bytes()[4096:])
    readable = {entry.path == bad: entry.is_readable for entry in library.boards()}
    assert readable == {True: False, False: True}


def test_renamed_board_has_the_title_in_the_document_too(library: Library) -> None:
    path = add_board(library)
    library.rename(path, "防災訓練")
    file = library.open(path)
    file.close()
    assert Board(counting_ids(), file.board_update).title == "防災訓練"
    assert [entry.title for entry in library.boards()] == ["防災訓練"]


def test_open_board_is_not_renamed_behind_its_back(library: Library) -> None:
    file = library.create()
    with pytest.raises(AppError) as caught:
        library.rename(file.path, "別名")
    file.close()
    assert caught.value.code is ErrorCode.BOARD_IN_USE


def test_duplicate_is_a_board_of_its_own(library: Library) -> None:
    path = add_board(library, strokes=4)
    copy = library.duplicate(path, "写し")
    library.delete(path)
    assert ink(library, copy) == 4
    assert [entry.title for entry in library.boards()] == ["写し"]


def test_deleted_board_can_be_restored(library: Library) -> None:
    path = add_board(library, strokes=3)
    deleted = library.delete(path)
    assert library.boards() == []
    restored = library.restore(deleted.path)
    assert restored.path == path
    assert ink(library, path) == 3
    assert library.deleted_boards() == []


def test_restored_board_replaces_no_other(library: Library) -> None:
    path = add_board(library, "一")
    deleted = library.delete(path)
    path.write_bytes(add_board(library, "二").read_bytes())
    assert library.restore(deleted.path).path != path


def test_open_board_cannot_be_deleted(library: Library) -> None:
    file = library.create()
    with pytest.raises(AppError) as caught:
        library.delete(file.path)
    file.close()
    assert caught.value.code is ErrorCode.BOARD_IN_USE


def test_bin_keeps_a_board_for_thirty_days(library: Library, clock: Calendar) -> None:
    library.delete(add_board(library))
    clock.wait(days=29, hours=23)
    assert library.empty_bin() == 0
    clock.wait(hours=1)
    assert library.empty_bin() == 1
    assert library.deleted_boards() == []


def test_bin_empties_itself_when_the_program_starts(
    library: Library, clock: Calendar, data_dir: Path
) -> None:
    library.delete(add_board(library))
    clock.wait(days=31)
    assert Library(data_dir, clock).deleted_boards() == []


def test_board_that_is_not_in_the_bin_is_not_purged(library: Library) -> None:
    path = add_board(library)
    with pytest.raises(ValueError, match="not in the bin"):
        library.purge(path)


def test_board_saved_to_a_stick_is_named_by_its_title(library: Library, stick: Path) -> None:
    file = library.open(add_board(library, "第3回 会議: 案?"))
    saved = [library.save_to(file, stick).name for _ in range(2)]
    file.close()
    assert saved == ["第3回 会議_ 案_.kokuban", "第3回 会議_ 案_ (2).kokuban"]


def test_board_without_title_is_saved_by_its_time(library: Library, stick: Path) -> None:
    file = library.open(add_board(library, ""))
    assert library.save_to(file, stick).name == "2026-11-21 0930.kokuban"
    file.close()


def test_board_from_a_stick_is_copied_in(library: Library, stick: Path) -> None:
    source = stick / "持参.kokuban"
    source.write_bytes(add_board(library, strokes=6).read_bytes())
    before = source.read_bytes()
    path, report = library.import_board(source)
    assert path.parent == library.boards_dir
    assert ink(library, path) == 6
    assert not report.is_recovered
    assert source.read_bytes() == before


def test_damaged_board_from_a_stick_is_recovered_in_our_copy(
    library: Library, stick: Path
) -> None:
    source = stick / "board.kokuban"
    source.write_bytes(bytes(4096) + add_board(library, strokes=6).read_bytes()[4096:])
    path, report = library.import_board(source)
    assert report.is_recovered
    assert ink(library, path) == 6
    assert list(stick.iterdir()) == [source]


def test_stick_that_is_gone_says_so(library: Library, stick: Path) -> None:
    file = library.open(add_board(library))
    stick.rmdir()
    codes = []
    for attempt in (lambda: library.save_to(file, stick),
                    lambda: library.import_board(stick / "board.kokuban")):  # fmt: skip
        with pytest.raises(AppError) as caught:
            attempt()
        codes.append(caught.value.code)
    file.close()
    assert codes == [ErrorCode.MEDIUM_GONE] * 2


def test_file_that_is_no_board_is_not_imported(library: Library, stick: Path) -> None:
    (stick / "photo.kokuban").write_bytes(PNG)
    with pytest.raises(AppError) as caught:
        library.import_board(stick / "photo.kokuban")
    assert caught.value.code is ErrorCode.NOT_A_BOARD
    assert library.boards() == []


def test_unfinished_file_of_a_killed_process_is_swept_away(
    library: Library, data_dir: Path
) -> None:
    (library.boards_dir / ".1a2b3c4d.unfinished").write_bytes(b"half")
    Library(data_dir)
    assert list(library.boards_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("打合せ 11/21", "打合せ 11_21"),
        ("  . ", ""),
        ("CON", "_CON"),
        ("aux.txt", "_aux.txt"),
        ("終わり...", "終わり"),
        ("a\nb\0c", "a_b_c"),
    ],
)
def test_title_becomes_a_name_that_any_medium_takes(title: str, name: str) -> None:
    assert file_name_of(title) == name


def test_long_title_fits_into_a_file_name(library: Library, stick: Path) -> None:
    file = library.open(add_board(library, "長" * 300))
    saved = library.save_to(file, stick)
    file.close()
    assert saved.exists()
    assert set(saved.stem) == {"長"}


def test_board_opened_on_the_stick_by_its_path_is_a_board_file(
    library: Library, stick: Path
) -> None:
    file = library.open(add_board(library))
    saved = library.save_to(file, stick)
    file.close()
    BoardFile.open(saved).close()
    assert list(stick.iterdir()) == [saved]


def test_clock_in_a_title_stays_one_in_the_name_of_a_file() -> None:
    assert file_name_of("11月21日 14:05 の板書") == "11月21日 14.05 の板書"
    assert file_name_of("a:b") == "a_b"
