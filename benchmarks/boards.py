"""Makes the large board of the benchmarks, with the program's own document and file.

python -m benchmarks.boards full.kokuban --strokes 10000
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from base.board_doc import BrushKind, StrokeItem
from whiteboard.model.board import Board
from whiteboard.model.page import DEFAULT_HEIGHT_PT, DEFAULT_WIDTH_PT, Background
from whiteboard.services.boards.board_file import BoardFile, keep_board

SAMPLES = 60
SEED = 20_26
RATE_HZ = 125.0
STROKE_PT = 30.0
"""Length of a stroke: that of a letter's line, so that 10,000 of them cover the page densely
without making it one solid colour."""
FIRST_COLOUR, COLOURS = 1, 5
"""Palette indices of the ink; 0, what the pen writes with at first, is left out so that a new
stroke shows wherever it goes."""
CLEAR_PT = (600.0, 345.0, 840.0, 465.0)
"""Left, top, right, bottom of a window in the middle of the page that stays empty, for what
is done to one stroke alone."""
AUTHOR = "benchmark"


def write_board(path: Path, strokes: int, samples: int = SAMPLES) -> None:
    """Write a board with one page full of strokes; the same board every time.

    Args:
        path: Where; nothing may be there yet.
        strokes: How many.
        samples: Of each stroke, with pressure and times as a pen gives them.
    """
    numbers = itertools.count()
    board = Board(lambda: f"b{next(numbers):08d}")
    file = BoardFile.create(path, title="Benchmark")
    try:
        keep_board(board, file)
        with board.change(AUTHOR) as edit:
            page_id = edit.add_page(0, Background())
        paths = stroke_samples(strokes, samples)
        # As a person would: one transaction for each finished stroke.
        for number, points in enumerate(paths):
            item = StrokeItem.from_samples(
                points,
                page=page_id,
                z=float(number + 1),
                author=AUTHOR,
                brush=BrushKind.PEN,
                colour=FIRST_COLOUR + number % COLOURS,
                width_pt=1.5 + number % 3,
                has_pressure=True,
            )
            with board.change(AUTHOR) as edit:
                edit.add(item)
        if not file.flush(120):
            raise OSError(f"the board was not written: {file.trouble}")
    finally:
        file.close()


def read_strokes(path: Path) -> list[StrokeItem]:
    """Return the strokes of every page of a board, in the order they were finished.

    Raises:
        AppError: the file cannot be opened.
    """
    numbers = itertools.count()
    file = BoardFile.open(path)
    try:
        board = Board(lambda: f"r{next(numbers)}", file.board_update)
    finally:
        file.close()
    items = [item for page in board.pages for _, item in board.stacked(page.id)]
    return [item for item in items if isinstance(item, StrokeItem)]


def stroke_samples(count: int, samples: int) -> Iterator[npt.NDArray[np.float64]]:
    """Yield strokes that turn like handwriting, spread evenly over a page.

    Yields:
        Shape (samples, 5): see `base.board_doc.SAMPLE_COLUMNS`.
    """
    random = np.random.default_rng(SEED)
    along = np.linspace(0.0, 1.0, samples)
    for _ in range(count):
        angle = random.uniform(0, 2 * np.pi) + random.uniform(-4, 4) * along
        angle += random.uniform(0.3, 1.2) * np.sin(random.uniform(4, 9) * along)
        step = STROKE_PT / samples
        start = _start(random)
        pressure = 0.25 + 0.5 * np.sin(np.pi * along) + random.normal(0, 0.01, samples)
        yield np.column_stack(
            [
                start[0] + np.cumsum(np.cos(angle)) * step,
                start[1] + np.cumsum(np.sin(angle)) * step,
                np.clip(pressure, 0.0, 1.0),
                np.arange(samples) / RATE_HZ,
                np.zeros(samples),
            ]
        )


def _start(random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return a start from which a stroke stays on the page and out of the clear window."""
    far_corner = (DEFAULT_WIDTH_PT - STROKE_PT, DEFAULT_HEIGHT_PT - STROKE_PT)
    left, top, right, bottom = CLEAR_PT
    while True:
        x, y = start = random.uniform((STROKE_PT, STROKE_PT), far_corner)
        beside = not left - STROKE_PT < x < right + STROKE_PT
        if beside or not top - STROKE_PT < y < bottom + STROKE_PT:
            return start


def main() -> int:
    """Write a board to the file that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--strokes", type=int, default=10_000)
    chosen = parser.parse_args()
    write_board(chosen.file, chosen.strokes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
