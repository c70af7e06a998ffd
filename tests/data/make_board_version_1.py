"""Makes `board-version-1.kokuban`: one item of each kind, two pages, a picture, a log.

Run once, with the program that wrote version 1, from the top folder:
`python -m tests.data.make_board_version_1 FILE`
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from base.board_doc import (
    NO_FILL,
    Affine,
    BrushKind,
    ImageItem,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
    explicit_colour,
)
from whiteboard.model.board import Board
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.boards.board_file import BoardFile, keep_board

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


def make(path: Path) -> None:
    """Write the file: a compacted session, then a short one that stays as a log."""
    numbers = iter(range(1, 1000))
    board = Board(lambda: f"v1-{next(numbers)}")
    file = BoardFile.create(path, title="形式 1 の黒板")
    keep_board(board, file)
    with board.change("haru") as edit:
        first = edit.add_page(0, Background())
        edit.add_page(1, Background(Surface.WHITE, Ruling.GENKO))
        edit.set_title("形式 1 の黒板")
    picture = file.put_asset(PICTURE)
    write_kinds(board, first, picture)
    for number in range(40):
        write_stroke(board, first, 10.0 + number)
    file.set_thumbnail(first, PICTURE)
    file.close()

    file = BoardFile.open(path)
    board = Board(lambda: f"v1b-{next(numbers)}", file.board_update)
    keep_board(board, file)
    write_stroke(board, first, 100.0)
    with board.change("haru") as edit:
        edit.remove("v1-10")
    file.close()


def write_kinds(board: Board, page: str, picture: bytes) -> None:
    """Put one item of each kind on a page."""
    box = Affine(100.0, 100.0, 200.0, 20.0, -10.0, 100.0)
    red = explicit_colour(200, 30, 30)
    author = "春"
    corners = ((0.0, 0.0), (90.0, 0.0), (90.0, 60.0), (0.0, 60.0))
    items = (
        ShapeItem(page, 1.0, author, ShapeKind.RECTANGLE, 2, NO_FILL, 3.0, corners),
        TextItem(page, 2.0, author, box, red, 24.0, "ようこそ"),
        NoteItem(page, 3.0, author, box, 1, 18.0, "あとで"),
        ImageItem(page, 4.0, author, box, picture),
        StampItem(page, 5.0, author, box, StampKind.DATE, 0, "2026.11.21"),
    )
    for item in items:
        with board.change(author) as edit:
            edit.add(item)


def write_stroke(board: Board, page: str, z: float) -> None:
    """Write a stroke whose samples follow from its stacking order."""
    t = np.arange(30) / 125
    samples = np.column_stack(
        [100 + z + 200 * t, 300 + 50 * np.sin(8 * t), 0.3 + t, t, np.full(30, 0.5)]
    )
    item = StrokeItem.from_samples(
        samples,
        page=page,
        z=z,
        author="haru",
        brush=BrushKind.CHALK,
        colour=0,
        width_pt=4.0,
        has_pressure=True,
    )
    with board.change("haru") as edit:
        edit.add(item)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "board.kokuban"
        make(made)
        shutil.copyfile(made, sys.argv[1])
        print(hashlib.sha256(made.read_bytes()).hexdigest())  # noqa: T201
