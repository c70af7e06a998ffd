"""Boards with ink on them, for tests of what keeps them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from base.board_doc import BrushKind, StrokeItem
from whiteboard.model.board import Board
from whiteboard.model.page import Background


def counting_ids(prefix: str = "id") -> Callable[[], str]:
    """Return a source of ids that is the same in every run."""
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers)}"


def new_board(title: str = "", pages: int = 1) -> Board:
    """Return a board with empty pages."""
    board = Board(counting_ids())
    with board.change("haru") as edit:
        for _ in range(pages):
            edit.add_page(len(board.pages), Background())
        if title:
            edit.set_title(title)
    return board


def stroke(page: str, number: int, count: int = 60) -> StrokeItem:
    """Return a wavy stroke that looks different for every number."""
    t = np.arange(count) / 120
    rng = np.random.default_rng(number)
    samples = np.column_stack(
        [
            100 + number % 100 + np.cumsum(rng.uniform(0, 3, count)),
            200 + number // 100 + np.cumsum(rng.normal(0, 2, count)),
            np.clip(0.5 + np.cumsum(rng.normal(0, 0.02, count)), 0, 1),
            t,
            np.full(count, 0.6),
        ]
    )
    return StrokeItem.from_samples(
        samples,
        page=page,
        z=float(number),
        author="haru",
        brush=BrushKind.PEN,
        colour=1,
        width_pt=3.0,
        has_pressure=True,
    )


def write_strokes(board: Board, count: int, first: int = 0) -> list[str]:
    """Write strokes on the first page, each a transaction of its own; return their ids."""
    page = board.pages[0].id
    ids = []
    for number in range(first, first + count):
        with board.change("haru") as edit:
            ids.append(edit.add(stroke(page, number)))
    return ids


def stroke_count(update: bytes) -> int:
    """Return how many items lie on the pages of a document."""
    board = Board(counting_ids(), update)
    return sum(len(board.items(page.id)) for page in board.pages)
