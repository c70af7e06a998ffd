"""Many strokes as one array: their borders, and differences that respect them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from base.board_doc import Floats

Borders: TypeAlias = npt.NDArray[np.int64]
"""Shape (strokes + 1,): stroke i owns rows `borders[i]` to `borders[i + 1]`."""


def one_stroke(count: int) -> Borders:
    """Return the borders of a single stroke of `count` rows."""
    return np.array((0, count), dtype=np.int64)


def reach_to_ends(count: int, borders: Borders, limit: int) -> npt.NDArray[np.int64]:
    """Return how many rows of its own stroke each row has on both sides, up to `limit`."""
    index = np.arange(count)
    if len(borders) == 2:
        short: Borders = np.minimum(np.minimum(index, count - 1 - index), limit)
        return short
    lengths = np.diff(borders)
    before = index - np.repeat(borders[:-1], lengths)
    after = np.repeat(borders[1:] - 1, lengths) - index
    reach: Borders = np.minimum(np.minimum(before, after), limit)
    return reach


def speeds_pt_s(points: Floats, t_s: Floats, borders: Borders) -> Floats:
    """Return the speed at each row, from its neighbours up to two rows away.

    Args:
        points: Shape (n, 2), pt.
        t_s: Shape (n,), not decreasing within a stroke.
        borders: See `Borders`.

    Returns:
        Shape (n,), pt/s; a stroke's ends take the speed of the row beside them.
    """
    count = len(points)
    if count < 2:
        return np.zeros(count)
    starts, lasts = borders[:-1], borders[1:] - 1
    index = np.arange(count)
    reach = np.maximum(reach_to_ends(count, borders, 2), 0)
    low, high = index - reach, index + reach
    low[lasts] = np.maximum(lasts - 1, starts)
    high[starts] = np.minimum(starts + 1, lasts)
    step = points[high] - points[low]
    span = t_s[high] - t_s[low]
    # A panel that stamps two samples alike must not make an endless speed.
    return np.hypot(step[:, 0], step[:, 1]) / np.maximum(span, 0.002)
