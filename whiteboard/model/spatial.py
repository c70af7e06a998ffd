"""An index of bounds: which items lie in a rectangle.

The bounds of a page's items stand side by side in one array, and a query compares all of
them. For a board this beats a grid of cells: nothing needs tuning, an item across the
whole page costs no more than a dot, and the time does not depend on how crowded the place
is. With 10,000 items a query takes 0.02 to 0.04 ms, building 3 to 5 ms besides the bounds
(`benchmarks/geometry.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from base.board_doc import Floats
from whiteboard.model.bounds import Rect

_FIRST_ROOM: Final = 256


class SpatialIndex:
    """Bounds by id. Not thread-safe: it belongs to the thread that made it."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._row_of: dict[str, int] = {}
        self._bounds: Floats = np.empty((4, _FIRST_ROOM))
        self._extent: Rect | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._row_of

    def insert(self, item_id: str, bounds: Rect) -> None:
        """Add an item, or give one that is here other bounds.

        Args:
            item_id: Its id.
            bounds: Its bounds in pt; finite, left <= right and top <= bottom.

        Raises:
            ValueError: the bounds are not a rectangle.
        """
        if not (bounds.left <= bounds.right and bounds.top <= bounds.bottom):
            raise ValueError(f"not a rectangle: {bounds}")
        row = self._row_of.get(item_id)
        if row is None:
            row = self._append(item_id)
        else:
            self._forget_extent_at(row)
        self._bounds[:, row] = (bounds.left, bounds.top, bounds.right, bounds.bottom)
        if self._extent is not None:
            self._extent = self._extent.union(bounds)

    def insert_many(self, item_ids: Sequence[str], bounds: Floats) -> None:
        """Add many items at once.

        Args:
            item_ids: Their ids; those that are here already get the new bounds.
            bounds: Shape (len(item_ids), 4) as `bounds.many_bounds` returns it.

        Raises:
            ValueError: the shapes do not fit, or a row is not a rectangle.
        """
        if bounds.shape != (len(item_ids), 4):
            raise ValueError(f"{len(item_ids)} ids with bounds of shape {bounds.shape}")
        if not (bounds[:, :2] <= bounds[:, 2:]).all():
            raise ValueError("bounds hold something that is not a rectangle")
        rows = []
        for item_id in item_ids:
            row = self._row_of.get(item_id)
            rows.append(self._append(item_id) if row is None else row)
        self._bounds[:, rows] = bounds.T
        self._extent = None

    def remove(self, item_id: str) -> bool:
        """Take an item out; return whether it was here."""
        row = self._row_of.pop(item_id, None)
        if row is None:
            return False
        self._forget_extent_at(row)
        last_id = self._ids.pop()
        if last_id != item_id:
            self._bounds[:, row] = self._bounds[:, len(self._ids)]
            self._ids[row] = last_id
            self._row_of[last_id] = row
        return True

    def clear(self) -> None:
        """Take all items out."""
        self._ids.clear()
        self._row_of.clear()
        self._extent = None

    def bounds(self, item_id: str) -> Rect:
        """Return the bounds of an item.

        Raises:
            KeyError: it is not here.
        """
        left, top, right, bottom = self._bounds[:, self._row_of[item_id]].tolist()
        return Rect(left, top, right, bottom)

    def query(self, rect: Rect) -> list[str]:
        """Return the ids whose bounds share a point with `rect`, in no order."""
        left, top, right, bottom = self._bounds[:, : len(self._ids)]
        hits = left <= rect.right
        hits &= right >= rect.left
        hits &= top <= rect.bottom
        hits &= bottom >= rect.top
        ids = self._ids
        return [ids[row] for row in np.flatnonzero(hits).tolist()]

    def extent(self) -> Rect | None:
        """Return the smallest rectangle around all items; None when there is none."""
        if self._extent is None and self._ids:
            used = self._bounds[:, : len(self._ids)]
            left, top = used[:2].min(axis=1).tolist()
            right, bottom = used[2:].max(axis=1).tolist()
            self._extent = Rect(left, top, right, bottom)
        return self._extent

    def _append(self, item_id: str) -> int:
        row = len(self._ids)
        room = self._bounds.shape[1]
        if row == room:
            grown = np.empty((4, 2 * room))
            grown[:, :room] = self._bounds
            self._bounds = grown
        self._ids.append(item_id)
        self._row_of[item_id] = row
        if row == 0:
            self._extent = None
        return row

    def _forget_extent_at(self, row: int) -> None:
        """Let the extent be measured again if the item of `row` may have held it open."""
        extent = self._extent
        if extent is None:
            return
        left, top, right, bottom = self._bounds[:, row].tolist()
        inside = (
            left > extent.left
            and top > extent.top
            and right < extent.right
            and bottom < extent.bottom
        )
        if not inside:
            self._extent = None
