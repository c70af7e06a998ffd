"""What people put on the board of a room: a page, strokes, the memo."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from pycrdt import Doc, Map

from base.board_doc import ITEMS, PAGES, BrushKind, StrokeItem, explicit_colour, pack_item
from benchmarks.room_people import Person

PAGE: Final = "p1"
PAGE_PT: Final = (960.0, 540.0)
MEMO: Final = "memo"
POINTS: Final = 120
"""Of a stroke: a second of a pen at 120 Hz."""


def page_update() -> bytes:
    """Return the Yjs update that adds the page."""
    board: Doc[Map[object]] = Doc()
    pages = board.get(PAGES, type=Map)
    width, height = PAGE_PT
    pages[PAGE] = Map({"order": 1.0, "background": "board", "width": width, "height": height})
    return board.get_update()


async def lay_out_page(host: Person) -> None:
    """Let the display add a page and lead everybody to it."""
    await host.send_update(page_update())
    await host.send({"t": "page", "page": PAGE})


@cache
def packed_stroke(author: str) -> bytes:
    """Return a finished stroke of `POINTS` points, 300 pt wide."""
    t = np.linspace(0, 1, POINTS)
    samples = np.column_stack(
        [100 + 300 * t, 200 + 40 * np.sin(9 * t), 0.4 + 0.2 * t, t, np.zeros_like(t)]
    )
    return _packed(samples, author, 1.0, width_pt=2.0)


def packed_bar(author: str, y_pt: float, width_pt: float, z: float) -> bytes:
    """Return a straight thick red stroke across the page, on top of all others."""
    t = np.linspace(0, 1, 20)
    width, _height = PAGE_PT
    samples = np.column_stack(
        [width * (0.3 + 0.4 * t), np.full_like(t, y_pt), np.ones_like(t), t, np.zeros_like(t)]
    )
    return _packed(samples, author, z, width_pt=width_pt, colour=explicit_colour(255, 0, 0))


def full_board(strokes: int, author: str) -> bytes:
    """Return the update of a page full of strokes of 60 points, as a long morning leaves it."""
    board: Doc[Map[bytes]] = Doc()
    board.apply_update(page_update())
    items = board.get(ITEMS, type=Map)
    chance = np.random.default_rng(4)
    t = np.linspace(0, 1, 60)
    width, height = PAGE_PT
    with board.transaction():
        for n in range(strokes):
            x, y = chance.uniform(0, width - 40), chance.uniform(10, height - 10)
            samples = np.column_stack(
                [x + 40 * t, y + 6 * np.sin(12 * t + n), 0.5 + 0.1 * t, t, np.zeros_like(t)]
            )
            items[f"f{n}"] = _packed(samples, author, float(n), width_pt=1.5)
    return board.get_update()


def _packed(
    samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    author: str,
    z: float,
    *,
    width_pt: float,
    colour: int = 1,
) -> bytes:
    return pack_item(
        StrokeItem.from_samples(
            samples,
            page=PAGE,
            z=z,
            author=author,
            brush=BrushKind.PEN,
            colour=colour,
            width_pt=width_pt,
            has_pressure=True,
        )
    )
