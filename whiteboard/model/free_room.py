"""Where a page with borders has room beside the bars that lie over the view."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from functools import lru_cache
from itertools import product

from whiteboard.model.bounds import Rect

Bars = tuple[Rect, ...]


class Spine(Enum):
    """At which side of a view its page meets another page."""

    NONE = auto()
    LEFT = auto()
    RIGHT = auto()


def against(room: Rect, spine: Spine, width_pt: float, height_pt: float) -> Rect:
    """Return the part of a room that a page takes when it lies against a spine.

    Args:
        room: Where the page has room, px.
        spine: Where it lies; with none it keeps the whole room.
        width_pt: Width of the page, > 0.
        height_pt: Height of the page, > 0.
    """
    if spine is Spine.NONE:
        return room
    width = width_pt * min(room.width / width_pt, room.height / height_pt)
    if spine is Spine.LEFT:
        return Rect(room.left, room.top, room.left + width, room.bottom)
    return Rect(room.right - width, room.top, room.right, room.bottom)


@lru_cache(maxsize=64)
def best_room(
    view_width_px: float, view_height_px: float, bars: Bars, width_pt: float, height_pt: float
) -> Rect:
    """Return the part of a view in which a page gets largest with nothing of it covered.

    Args:
        view_width_px: Width of the view, > 0.
        view_height_px: Height of the view, > 0.
        bars: What lies over the view, px of the view; may reach beyond it.
        width_pt: Width of the page, > 0.
        height_pt: Height of the page, > 0.

    Returns:
        Px of the view. Of rooms in which the page gets equally large the one with the
        larger area, and of those the one nearer to the middle. The whole view where the
        bars leave nothing.
    """
    view = Rect(0.0, 0.0, view_width_px, view_height_px)
    middle = view_width_px / 2

    def worth(room: Rect) -> tuple[float, float, float]:
        scale = min(room.width / width_pt, room.height / height_pt)
        return round(scale, 9), round(room.width * room.height), -abs(room.centre[0] - middle)

    return max(_rooms(view, bars), key=worth, default=view)


def _rooms(view: Rect, bars: Sequence[Rect]) -> Iterator[Rect]:
    """Yield the rectangles between borders of bars and of the view that no bar touches."""
    lefts = {view.left, *(bar.right for bar in bars)}
    tops = {view.top, *(bar.bottom for bar in bars)}
    rights = {view.right, *(bar.left for bar in bars)}
    bottoms = {view.bottom, *(bar.top for bar in bars)}
    for left, top, right, bottom in product(lefts, tops, rights, bottoms):
        room = Rect(left, top, right, bottom)
        is_some = room.width >= 1 and room.height >= 1 and math.isfinite(room.width)
        if is_some and view.contains(room) and not any(_overlap(room, bar) for bar in bars):
            yield room


def _overlap(room: Rect, bar: Rect) -> bool:
    is_beside = bar.left >= room.right or bar.right <= room.left
    return not (is_beside or bar.top >= room.bottom or bar.bottom <= room.top)
