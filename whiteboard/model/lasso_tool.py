"""The lasso: a loop or a tap chooses, the frame around what is chosen moves it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from base.board_doc import Item
from whiteboard.model.bounds import Rect, segment_bounds
from whiteboard.model.effects import (
    Effect,
    LassoShown,
    Selected,
    SelectionDragged,
    SelectionPutBack,
)
from whiteboard.model.eraser_tool import Lookup
from whiteboard.model.select import (
    Handle,
    Transform,
    handle_at,
    handle_transform,
    item_at,
    items_in_lasso,
    selection_bounds,
    transformed,
)
from whiteboard.model.tools import Effects, PageEvent

HANDLE_GAP_MM: Final = 14.0
"""How far the turning handle stands above the frame."""
FRAME_MARGIN_MM: Final = 3.0
SIDE_ROOM_MM: Final = 27.0
"""A frame that is lower or narrower has handles at its corners only."""
_HOLD_MM: Final = 15.0
"""What is chosen can be held in a place of this size at least."""
_REACH_MM: Final = 9.0
_TAP_MM: Final = 4.0
_TOUCH_MM: Final = 5.0


class LassoTool:
    """Chooses items and moves what is chosen; one hand at a time.

    Args:
        px_per_mm: Logical px per design millimetre.
        lookup: Finds the items of the page.
    """

    def __init__(self, px_per_mm: float, lookup: Lookup) -> None:
        self._px_per_mm = px_per_mm
        self._lookup = lookup
        self._chosen: dict[str, Item] = {}
        self._frame: Rect | None = None
        self._contact: int | None = None
        self._start = (0.0, 0.0)
        self._loop: list[tuple[float, float]] | None = None
        self._handle: Handle | None = None
        self._transform: Transform | None = None

    @property
    def frame(self) -> Rect | None:
        """The rectangle around what is chosen, page pt; None for nothing."""
        return self._frame

    @property
    def chosen(self) -> Mapping[str, Item]:
        """What is chosen, by id."""
        return self._chosen

    def choose(self, items: Mapping[str, Item]) -> None:
        """Choose these items, as after a paste, or after they were changed elsewhere."""
        self._chosen = dict(items)
        self._frame = selection_bounds(list(items.values()))

    def down(self, event: PageEvent) -> Effects:
        """Take hold of the frame, or begin a loop."""
        if self._contact is not None:
            return ()
        self._contact = event.pointer.contact
        self._start = (event.x_pt, event.y_pt)
        self._transform = None
        self._handle = self._handle_under(event)
        if self._handle is None and not self._is_inside_frame(event):
            self._loop = [self._start]
        return ()

    def move(self, event: PageEvent) -> Effects:
        """Draw the loop on, or drag what is held."""
        if event.pointer.contact != self._contact:
            return ()
        here = (event.x_pt, event.y_pt)
        if self._loop is not None:
            self._loop.append(here)
            return (LassoShown(np.array(self._loop)),)
        if self._transform is None and self._is_tap(event):
            return ()
        self._transform = self._dragged(here)
        return (SelectionDragged(self._transform, is_done=False),)

    def up(self, event: PageEvent) -> Effects:
        """Choose what the loop goes round, or let go."""
        if event.pointer.contact != self._contact:
            return ()
        self._contact = None
        if self._loop is None:
            return self._drop(event)
        is_tap = self._is_tap(event)
        loop, self._loop = self._loop, None
        if is_tap:
            chosen = self._tapped(event)
        else:
            path = np.array(loop)
            entries = dict(self._lookup(segment_bounds(path, 1.0)))
            chosen = {i: entries[i] for i in items_in_lasso(entries.items(), path)}
        self.choose(chosen)
        return (LassoShown(None), Selected(tuple(chosen)))

    def cancel(self, contact: int) -> Effects:
        """Leave everything where it is."""
        if contact != self._contact:
            return ()
        self._contact = None
        effects: list[Effect] = []
        if self._loop is not None:
            effects.append(LassoShown(None))
        if self._transform is not None:
            effects.append(SelectionPutBack())
        self._loop = self._transform = None
        return tuple(effects)

    def lift(self, contact: int) -> Effects:
        """Leave everything where it is: half a way is no place to put things."""
        return self.cancel(contact)

    def tick(self, _now_s: float, /) -> Effects:
        """Nothing waits."""
        return ()

    def _drop(self, event: PageEvent) -> Effects:
        transform, self._transform = self._transform, None
        if transform is None:
            if self._handle is not None:
                return ()
            # A tap on what is chosen chooses what lies there instead.
            chosen = self._tapped(event)
            self.choose(chosen)
            return (Selected(tuple(chosen)),)
        try:
            self.choose({i: transformed(item, transform) for i, item in self._chosen.items()})
        except ValueError:
            # Off the page, or larger or smaller than the format can say.
            return (SelectionPutBack(),)
        return (SelectionDragged(transform, is_done=True),)

    def _dragged(self, here: tuple[float, float]) -> Transform:
        if self._handle is None or self._frame is None:
            return Transform.move(here[0] - self._start[0], here[1] - self._start[1])
        return handle_transform(self._handle, self._frame, self._start, here)

    def _tapped(self, event: PageEvent) -> dict[str, Item]:
        radius_pt = _TOUCH_MM * self._px_per_mm / event.scale
        place = np.array(((event.x_pt, event.y_pt),))
        entries = dict(self._lookup(segment_bounds(place, radius_pt)))
        found = item_at(entries.items(), event.x_pt, event.y_pt, radius_pt)
        return {} if found is None else {found: entries[found]}

    def _is_tap(self, event: PageEvent) -> bool:
        way_pt = math.dist(self._start, (event.x_pt, event.y_pt))
        loop = self._loop or ()
        widest = max((math.dist(self._start, place) for place in loop), default=way_pt)
        return max(way_pt, widest) * event.scale < _TAP_MM * self._px_per_mm

    def _handle_under(self, event: PageEvent) -> Handle | None:
        if self._frame is None:
            return None
        scale = event.scale
        margin = FRAME_MARGIN_MM * self._px_per_mm
        frame = self._frame
        shown = Rect(
            frame.left * scale, frame.top * scale, frame.right * scale, frame.bottom * scale
        ).outset(margin)
        reach, gap, side_room = (
            mm * self._px_per_mm for mm in (_REACH_MM, HANDLE_GAP_MM, SIDE_ROOM_MM)
        )
        return handle_at(shown, event.x_pt * scale, event.y_pt * scale, reach, gap, side_room)

    def _is_inside_frame(self, event: PageEvent) -> bool:
        if self._frame is None:
            return False
        pt_per_mm = self._px_per_mm / event.scale
        x, y = self._frame.centre
        across = max(
            self._frame.width / 2 + FRAME_MARGIN_MM * pt_per_mm, _HOLD_MM / 2 * pt_per_mm
        )
        down = max(
            self._frame.height / 2 + FRAME_MARGIN_MM * pt_per_mm, _HOLD_MM / 2 * pt_per_mm
        )
        return abs(event.x_pt - x) <= across and abs(event.y_pt - y) <= down
