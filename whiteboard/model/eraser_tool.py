"""The erasers: whole items, or just what lies under them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final, Protocol

import numpy as np

from base.board_doc import Item
from whiteboard.model.bounds import Rect, item_bounds, segment_bounds, united
from whiteboard.model.effects import Effect, Wiped, WipeDropped, WipeFinished
from whiteboard.model.erase import Erasure, erase_area, touched_items
from whiteboard.model.tools import Effects, PageEvent

PALM_SHARE: Final = 0.9
"""Radius of a wiping palm, as a share of half its reported size."""


class EraserKind(Enum):
    """What an eraser takes."""

    STROKE = auto()
    """All of what it touches."""
    AREA = auto()
    """What lies under it; strokes fall apart."""


class Lookup(Protocol):
    """Returns the items that touch an area of the page, with their ids."""

    def __call__(self, area: Rect) -> Iterable[tuple[str, Item]]:
        """See the class."""


class EraserTool:
    """Takes away what it touches; one gesture is one step.

    Args:
        kind: What it takes.
        radius_mm: How large it is on the glass; a palm wipes with its own size.
        px_per_mm: Logical px per mm on the glass.
        lookup: Finds the items under it.
    """

    def __init__(
        self, kind: EraserKind, radius_mm: float, px_per_mm: float, lookup: Lookup
    ) -> None:
        self._kind = kind
        self._radius_mm = radius_mm
        self._px_per_mm = px_per_mm
        self._lookup = lookup
        self._last: dict[int, tuple[float, float]] = {}
        self._pieces: dict[str, tuple[Item, ...]] = {}
        self._owner: dict[str, int] = {}

    def down(self, event: PageEvent) -> Effects:
        """Wipe where it lands."""
        self._last[event.pointer.contact] = (event.x_pt, event.y_pt)
        return self._wipe(event)

    def move(self, event: PageEvent) -> Effects:
        """Wipe along the way."""
        if event.pointer.contact not in self._last:
            return ()
        return self._wipe(event)

    def up(self, event: PageEvent) -> Effects:
        """Store what was wiped."""
        contact = event.pointer.contact
        if contact not in self._last:
            return ()
        return (*self._wipe(event), *self.lift(contact))

    def lift(self, contact: int) -> Effects:
        """Store what was wiped so far."""
        if self._last.pop(contact, None) is None:
            return ()
        pieces = {item_id: self._pieces[item_id] for item_id in self._forget(contact)}
        for item_id in pieces:
            del self._pieces[item_id]
        return (WipeFinished(contact, pieces),)

    def cancel(self, contact: int) -> Effects:
        """Make everything whole again."""
        if self._last.pop(contact, None) is None:
            return ()
        item_ids = self._forget(contact)
        for item_id in item_ids:
            del self._pieces[item_id]
        return (WipeDropped(contact, tuple(item_ids)),)

    def tick(self, _now_s: float, /) -> Effects:
        """Nothing waits."""
        return ()

    def _wipe(self, event: PageEvent) -> Effects:
        contact, here = event.pointer.contact, (event.x_pt, event.y_pt)
        path = np.array((self._last[contact], here))
        self._last[contact] = here
        radius_pt = self._radius_pt(event)
        swath = segment_bounds(path, radius_pt)
        entries = self._as_they_are(self._lookup(swath))
        if self._kind is EraserKind.AREA:
            erasure = erase_area(entries.items(), path, radius_pt)
        else:
            erasure = Erasure(tuple(touched_items(entries.items(), path, radius_pt)))
        changed = self._apply(erasure, entries, contact)
        area = swath
        if self._kind is EraserKind.STROKE:
            gone = [item_bounds(entries[key]) for key in erasure.removed]
            area = united([swath, *gone]) or swath
        effect: Effect = Wiped(contact, changed, area if changed else None, *here, radius_pt)
        return (effect,)

    def _radius_pt(self, event: PageEvent) -> float:
        palm_mm = event.pointer.size_mm / 2 * PALM_SHARE
        return max(self._radius_mm, palm_mm) * self._px_per_mm / event.scale

    def _as_they_are(self, entries: Iterable[tuple[str, Item]]) -> dict[str, Item]:
        """Return items with what is left of those already wiped; `id#n` names a piece."""
        result: dict[str, Item] = {}
        for item_id, item in entries:
            pieces = self._pieces.get(item_id)
            if pieces is None:
                result[item_id] = item
            else:
                result.update({f"{item_id}#{n}": piece for n, piece in enumerate(pieces)})
        return result

    def _apply(
        self, erasure: Erasure, entries: dict[str, Item], contact: int
    ) -> dict[str, tuple[Item, ...]]:
        """Note what was wiped; return what is left of each item that was touched."""
        touched = {key.partition("#")[0] for key in (*erasure.removed, *erasure.pieces)}
        for item_id in touched:
            left: list[Item] = []
            for key, item in entries.items():
                if key.partition("#")[0] != item_id or key in erasure.removed:
                    continue
                left += erasure.pieces.get(key, (item,))
            self._pieces[item_id] = tuple(left)
            self._owner.setdefault(item_id, contact)
        return {item_id: self._pieces[item_id] for item_id in touched}

    def _forget(self, contact: int) -> list[str]:
        owned = [item_id for item_id, owner in self._owner.items() if owner == contact]
        for item_id in owned:
            del self._owner[item_id]
        return owned
