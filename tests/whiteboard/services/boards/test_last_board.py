import os
from pathlib import Path

import pytest

from whiteboard.services.boards.last_board import LastBoard


@pytest.fixture
def board(data_dir):
    path = data_dir / "会議 #1.kokuban"
    path.touch()
    return path


def test_board_that_was_not_closed_is_left_open(data_dir, board):
    LastBoard(data_dir).note(board)
    assert LastBoard(data_dir).left_open() == board


def test_board_that_was_closed_is_not(data_dir, board):
    LastBoard(data_dir).note(board)
    LastBoard(data_dir).forget()
    assert LastBoard(data_dir).left_open() is None


def test_nothing_was_ever_open(data_dir):
    assert LastBoard(data_dir).left_open() is None
    LastBoard(data_dir).forget()


def test_last_board_that_was_opened_counts(data_dir, board):
    other = data_dir / "other.kokuban"
    other.touch()
    last = LastBoard(data_dir)
    last.note(board)
    last.note(other)
    assert last.left_open() == other


def test_board_that_is_gone_is_not_left_open(data_dir, board):
    LastBoard(data_dir).note(board)
    board.unlink()
    assert LastBoard(data_dir).left_open() is None


def test_board_whose_name_is_no_text_is_remembered(data_dir):
    board = data_dir / os.fsdecode(b"\xff\xfe.kokuban")
    board.touch()
    LastBoard(data_dir).note(board)
    assert LastBoard(data_dir).left_open() == board


@pytest.mark.parametrize("content", [b"", b"\xff\xff\x00\x01", b"\x00", b"/" + b"x" * 5000])
def test_damaged_note_is_no_board(data_dir, content):
    (data_dir / "open-board").write_bytes(content)
    assert LastBoard(data_dir).left_open() is None


def test_folder_that_cannot_be_written_is_no_trouble(data_dir, board):
    last = LastBoard(data_dir / "missing")
    last.note(board)
    assert last.left_open() is None
    last.forget()


def test_note_of_a_folder_is_no_board(data_dir):
    LastBoard(data_dir).note(Path(data_dir))
    assert LastBoard(data_dir).left_open() is None
