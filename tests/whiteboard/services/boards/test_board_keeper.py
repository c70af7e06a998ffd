from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from base.errors import AppError, ErrorCode
from base.tasks import Worker
from tests.support.board_samples import write_strokes
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.board_keeper import BoardKeeper, Opened
from whiteboard.services.boards.last_board import LastBoard
from whiteboard.services.boards.library import Library


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker("boards", on_error=lambda error: None)
    yield made
    made.shutdown()


@pytest.fixture
def library(data_dir: Path) -> Library:
    return Library(data_dir)


@pytest.fixture
def keeper(
    qapp: object, data_dir: Path, library: Library, worker: Worker
) -> Iterator[BoardKeeper]:
    made = BoardKeeper(library, LastBoard(data_dir), worker)
    yield made
    made.close()
    worker.drain(5.0)


def write_something(keeper: BoardKeeper) -> Path:
    assert keeper.board is not None
    write_strokes(keeper.board.board, 3)
    return keeper.board.path


def close_and_wait(keeper: BoardKeeper, worker: Worker) -> None:
    keeper.close()
    assert worker.drain(5.0)


def opened_by(qtbot: QtBot, keeper: BoardKeeper, act) -> Opened:
    with qtbot.waitSignal(keeper.opened, timeout=5000) as caught:
        act()
    assert isinstance(caught.args[0], Opened)
    return caught.args[0]


def test_first_board_is_empty_with_one_page_of_the_wanted_background(
    keeper: BoardKeeper,
) -> None:
    keeper.background = Background(Surface.WHITE, Ruling.GRID)

    keeper.open_first()

    assert keeper.board is not None
    (page,) = keeper.board.board.pages
    assert page.background == Background(Surface.WHITE, Ruling.GRID)
    assert not keeper.board.board.items(page.id)


def test_blank_board_leaves_no_file_when_it_is_closed(
    keeper: BoardKeeper, worker: Worker, library: Library
) -> None:
    keeper.open_first()

    close_and_wait(keeper, worker)

    assert library.boards() == []
    assert list(library.boards_dir.iterdir()) == []


def test_written_board_is_kept_and_can_be_opened_again(
    qtbot: QtBot, keeper: BoardKeeper, worker: Worker
) -> None:
    keeper.open_first()
    path = write_something(keeper)
    close_and_wait(keeper, worker)

    opened = opened_by(qtbot, keeper, lambda: keeper.open(path))

    board = opened.board.board
    assert len(board.items(board.pages[0].id)) == 3
    assert not opened.was_left_open


def test_board_that_was_open_when_the_program_died_comes_back(
    qtbot: QtBot, keeper: BoardKeeper, worker: Worker, data_dir: Path, library: Library
) -> None:
    keeper.open_first()
    path = write_something(keeper)
    close_and_wait(keeper, worker)
    LastBoard(data_dir).note(path)  # what a killed program leaves behind

    opened = opened_by(qtbot, keeper, keeper.open_first)

    assert opened.was_left_open
    assert opened.board.path == path


def test_board_that_was_closed_does_not_come_back_by_itself(
    keeper: BoardKeeper, worker: Worker
) -> None:
    keeper.open_first()
    path = write_something(keeper)
    close_and_wait(keeper, worker)

    keeper.open_first()

    assert keeper.board is not None
    assert keeper.board.path != path


def test_file_that_is_no_board_is_refused_and_the_open_board_stays(
    qtbot: QtBot, keeper: BoardKeeper, tmp_path: Path
) -> None:
    keeper.open_first()
    path = write_something(keeper)
    foreign = tmp_path / "letter.kokuban"
    foreign.write_bytes(b"Dear Sir or Madam" * 100)

    with qtbot.waitSignal(keeper.failed, timeout=5000) as caught:
        keeper.open_copy(foreign)

    assert isinstance(caught.args[0], AppError)
    assert caught.args[0].code is ErrorCode.NOT_A_BOARD
    assert keeper.board is not None
    assert keeper.board.path == path


def test_board_from_elsewhere_is_opened_as_a_copy(
    qtbot: QtBot, keeper: BoardKeeper, worker: Worker, library: Library, tmp_path: Path
) -> None:
    keeper.open_first()
    path = write_something(keeper)
    close_and_wait(keeper, worker)
    there = tmp_path / "stick.kokuban"
    path.rename(there)
    before = there.read_bytes()

    opened = opened_by(qtbot, keeper, lambda: keeper.open_copy(there))
    write_something(keeper)
    close_and_wait(keeper, worker)

    assert opened.board.path.parent == library.boards_dir
    assert there.read_bytes() == before


def test_last_of_two_boards_asked_for_is_the_one_that_comes(
    qtbot: QtBot, keeper: BoardKeeper, worker: Worker
) -> None:
    paths = []
    for _ in range(2):
        keeper.open_new()
        paths.append(write_something(keeper))
    close_and_wait(keeper, worker)
    came: list[Opened] = []
    keeper.opened.connect(came.append)

    keeper.open(paths[0])
    keeper.open(paths[1])
    qtbot.waitUntil(lambda: bool(came) and worker.drain(0.1), timeout=5000)
    QThread.yieldCurrentThread()

    assert [opened.board.path for opened in came] == [paths[1]]


def test_deleted_open_board_goes_to_the_bin(
    keeper: BoardKeeper, worker: Worker, library: Library
) -> None:
    keeper.open_first()
    write_something(keeper)

    keeper.close(delete=True)
    assert worker.drain(5.0)

    assert library.boards() == []
    assert len(library.deleted_boards()) == 1


def test_strokes_are_in_the_file_while_the_board_is_open(keeper: BoardKeeper) -> None:
    keeper.open_first()
    path = write_something(keeper)
    assert keeper.board is not None
    assert keeper.board.file.flush(5.0)

    copy = BoardFile.open(path, read_only=True)
    try:
        assert len(copy.board_update) > 200
    finally:
        copy.close()


def test_board_keeps_a_page_when_two_people_take_away_the_last_ones(
    keeper: BoardKeeper,
) -> None:
    keeper.background = Background(Surface.WHITE)
    keeper.open_first()
    assert keeper.board is not None
    board = keeper.board.board
    with board.change("haru") as edit:
        edit.add_page(1, Background())
    with board.change("aki") as edit:
        edit.remove_page(board.pages[0].id)

    board.undo("haru")

    (page,) = board.pages
    assert page.background == Background(Surface.WHITE)


def test_board_that_comes_back_and_is_asked_for_as_well_is_opened_once(
    keeper: BoardKeeper, data_dir: Path, library: Library, worker: Worker, qtbot: QtBot
) -> None:
    keeper.open_first()
    path = write_something(keeper)
    close_and_wait(keeper, worker)
    LastBoard(data_dir).note(path)

    def act() -> None:
        keeper.open_first()
        keeper.open(path)

    with qtbot.assertNotEmitted(keeper.failed):
        opened = opened_by(qtbot, keeper, act)
        assert worker.drain(5.0)
    assert opened.board.path == path
    assert opened.was_left_open
    assert keeper.board is opened.board
