"""The application is killed while somebody writes on a sheet; the board comes back whole."""

import time
from pathlib import Path

import numpy as np

from base.board_doc import StrokeItem
from tests.support.tiny_pdf import COLOURS, write_pdf
from tools.running import RunningKokuban, run_kokuban
from tools.x11 import Pointer, Screen, XServer
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile

PATIENCE_S = 30.0
BOARD = ("--screen", "board", "--size", "1920x1080", "--language", "en")
ROWS = (420, 520, 620)


def wait_for_colour(screen: Screen, colour: tuple[int, int, int]) -> None:
    """Wait until much of the screen has a colour, as exactly as PDF says colours."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        near = np.abs(screen.grab()[:, :, :3].astype(int) - colour).max(axis=2) <= 3
        if np.count_nonzero(near) > 100_000:
            return
        assert time.monotonic() < end_s, f"nothing in {colour}"


def strokes_of(board: Path) -> list[StrokeItem]:
    """Return the strokes on all sheets of a board."""
    file = BoardFile.open(board, read_only=True)
    try:
        read = Board(lambda: "", file.board_update)
    finally:
        file.close()
    items = [item for page in read.pages if page.sheet for item in read.items(page.id).values()]
    return [item for item in items if isinstance(item, StrokeItem)]


def wait_for_strokes(running: RunningKokuban, count: int) -> Path:
    end_s = time.monotonic() + PATIENCE_S
    while True:
        for board in running.boards():
            if len(strokes_of(board)) == count:
                return board
        assert time.monotonic() < end_s, f"no board with {count} strokes on sheets"


def test_killed_board_on_a_document_comes_back_with_sheets_and_ink(
    server: XServer, screen: Screen, pointer: Pointer, data_dir: Path, tmp_path: Path
) -> None:
    document = tmp_path / "deck.pdf"
    identity = write_pdf(document, 3)
    with run_kokuban(server, data_dir, *BOARD, "--open", str(document)) as running:
        running.wait_until_started()
        wait_for_colour(screen, COLOURS[0])
        for row in ROWS:
            pointer.stroke([(1000 + x, row) for x in range(0, 300, 6)], 250)
        board = wait_for_strokes(running, len(ROWS))
        running.kill()
    document.unlink()
    for kept in (data_dir / "documents").glob("*.pdf"):
        kept.unlink()

    with run_kokuban(server, data_dir, *BOARD, "--open", str(board)) as again:
        again.wait_until_started()
        wait_for_colour(screen, COLOURS[0])
        assert again.end() == 0
        assert again.complaints() == []
    assert len(strokes_of(board)) == len(ROWS)
    assert [path.stem for path in (data_dir / "documents").glob("*.pdf")] == [identity]
