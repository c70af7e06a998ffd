"""The large buttons at the left and right edge of the page that turn it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtWidgets import QWidget

from base.qt import theme
from base.text import N_
from whiteboard.views.tray.glass_button import SIDE_MM, GlassButton

HEIGHT_SHARE: Final = 0.66
"""Where they lie, from the top: in the lower half, where everybody can reach."""
_MARGIN_MM: Final = 2.0


class EdgeButtons(QObject):
    """Turn to the page before and the next, where there is one.

    Args:
        parent: What they float over.
    """

    previous_asked = Signal()
    next_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_shown = True
        self._is_leftward = False
        self._has_previous = self._has_next = False
        self.previous = GlassButton(N_("Back"), "chevron-left", parent)
        self.previous.clicked.connect(self.previous_asked)
        self.next = GlassButton(N_("Next"), "chevron-right", parent)
        self.next.clicked.connect(self.next_asked)

    def set_place(self, index: int, count: int, last: int | None = None) -> None:
        """Say which page is shown, from 0, and of how many; of several also the last."""
        last = index if last is None else last
        self._has_previous, self._has_next = index > 0, last < count - 1
        self._follow()

    def set_leftward(self, *, is_leftward: bool) -> None:
        """Say whether the next page lies on the left."""
        if is_leftward is self._is_leftward:
            return
        self._is_leftward = is_leftward
        left, right = self._sides()
        left.set_icon("chevron-left")
        right.set_icon("chevron-right")
        # They change sides; both are of one size.
        place = left.geometry()
        left.setGeometry(right.geometry())
        right.setGeometry(place)

    def _sides(self) -> tuple[GlassButton, GlassButton]:
        pair = self.previous, self.next
        return (pair[1], pair[0]) if self._is_leftward else pair

    def set_shown(self, is_shown: bool) -> None:
        """Show them, or hide them while a sheet lies over them."""
        self._is_shown = is_shown
        self._follow()

    def place_in(self, room: QRect, corners: Sequence[QRect] = ()) -> None:
        """Lie at the edges of a part of the parent, above what stands in its corners."""
        inset = theme.metrics().px(SIDE_MM / 2 + _MARGIN_MM)
        y = round(room.top() + room.height() * HEIGHT_SHARE)
        lefts = (room.left() + inset, room.right() - inset)
        for corner in corners:
            is_under = any(corner.left() - inset < x < corner.right() + inset for x in lefts)
            if is_under:
                y = min(y, corner.top() - inset)
        # Both at one height: the hand finds the other without looking.
        y = max(y, room.top() + inset)
        for button, x in zip(self._sides(), lefts, strict=True):
            button.place_at(QPoint(x, y))

    def set_shrunk(self, is_writing: bool) -> None:
        """Say whether a hand is at work."""
        self.previous.set_shrunk(is_writing)
        self.next.set_shrunk(is_writing)

    def make_way(self, place: QPoint) -> None:
        """Go away where a hand works; see `GlassButton.make_way`."""
        self.previous.make_way(place)
        self.next.make_way(place)

    def _follow(self) -> None:
        self.previous.set_due(self._is_shown and self._has_previous)
        self.next.set_due(self._is_shown and self._has_next)
