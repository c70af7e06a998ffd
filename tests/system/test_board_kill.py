"""A process that writes on a board is killed; the board has every finished stroke."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.board_samples import stroke_count
from whiteboard.services.boards.board_file import BoardFile

SEED = 20261121
ROUNDS = 10
LONGEST_S = 0.25

# A stroke is finished when the board's transaction returns; the line it then prints is
# what the person has seen. Strokes come as fast as the machine makes them.
WRITER = """
import sys
from pathlib import Path
from tests.support.board_samples import counting_ids, stroke
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile, keep_board
file = BoardFile.open(Path(sys.argv[1]))
board = Board(counting_ids(sys.argv[2] + "-"), file.board_update)
keep_board(board, file)
page = board.pages[0].id
for number in range(1_000_000):
    with board.change("haru") as edit:
        edit.add(stroke(page, number, count=20))
    print(number + 1, flush=True)
"""


@pytest.fixture
def board_path(data_dir: Path) -> Path:
    from tests.support.board_samples import new_board

    path = data_dir / "board.kokuban"
    file = BoardFile.create(path)
    file.append(new_board().state())
    file.close()
    return path


def write_until_killed(path: Path, name: str, seconds: float) -> int:
    """Return how many strokes the process had finished when it was killed."""
    command = [sys.executable, "-c", WRITER, str(path), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "1\n"
        try:
            writer.wait(seconds)
        except subprocess.TimeoutExpired:
            writer.kill()
        lines = writer.stdout.read().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    return int(whole[-1]) if whole else 1


def test_killed_board_keeps_every_stroke_finished_before_the_last(board_path: Path) -> None:
    moments = random.Random(SEED)
    expected = 0
    for number in range(ROUNDS):
        finished = write_until_killed(board_path, f"r{number}", moments.uniform(0, LONGEST_S))
        file = BoardFile.open(board_path, read_only=number % 2 == 0)
        there = stroke_count(file.board_update)
        assert not file.report.is_recovered
        file.close()
        # The promise: the stroke before the last is in the file; the last one and the one
        # that was not announced any more may be.
        assert expected + finished - 1 <= there
        expected = there
