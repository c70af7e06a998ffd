"""Which contacts only tapped: they came and went in one place, without waiting there."""

from __future__ import annotations

from typing import Final

from whiteboard.model.events import PointerEvent

TAP_WAY_MM: Final = 4.0
"""A contact that goes further did not tap."""
TAP_S: Final = 0.5
"""One that stays longer rests."""


class TapWatch:
    """Follows contacts from down to up.

    Args:
        px_per_mm: Logical px per mm.
    """

    def __init__(self, px_per_mm: float) -> None:
        self.px_per_mm = px_per_mm
        self._downs: dict[int, PointerEvent] = {}

    def down(self, event: PointerEvent) -> None:
        """A contact begins; two at once are no taps."""
        if self._downs:
            self._downs.clear()
        else:
            self._downs[event.contact] = event

    def move(self, event: PointerEvent) -> None:
        """A contact moves."""
        start = self._downs.get(event.contact)
        if start is None:
            return
        way_px = TAP_WAY_MM * self.px_per_mm
        across, down = event.x_view - start.x_view, event.y_view - start.y_view
        if across * across + down * down > way_px * way_px:
            del self._downs[event.contact]

    def up(self, event: PointerEvent) -> bool:
        """A contact lifts; return whether it tapped."""
        self.move(event)
        start = self._downs.pop(event.contact, None)
        return start is not None and event.t_s - start.t_s <= TAP_S

    def forget(self, contact: int) -> None:
        """A contact is taken away, or does something else."""
        self._downs.pop(contact, None)
