"""Two pages side by side for one person: which they are, where they lie, how they turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QRect, QTimer, Signal, SignalInstance

from base.qt import theme
from whiteboard.model.board import Board
from whiteboard.model.bounds import Rect
from whiteboard.model.free_room import Bars, Spine, best_room
from whiteboard.views.page.canvas import Canvas, Turner
from whiteboard.views.page.leaf import Leaf

PAGES: Final = 2
_SEAM_MM: Final = 0.6


class Facing(QObject):
    """Shows a page and the next one beside it. Belongs to the UI thread.

    The pages are turned by two. Behind an odd last page one side stays empty.

    Args:
        board: The board.
        left: What lies on the left.
        right: What lies on the right; its host is placed here.
        runs_leftward: Whether the next page lies on the left, as in books that are written
            downwards.
    """

    changed = Signal()
    """Other pages are shown."""

    def __init__(self, board: Board, left: Leaf, right: Leaf, *, runs_leftward: bool) -> None:
        super().__init__(right.host)
        self._board = board
        self._left, self._right = left, right
        self._leaves = (right, left) if runs_leftward else (left, right)
        self.runs_leftward = runs_leftward
        self._first = 0
        self._is_odd = False
        self._is_arranging = False
        self._touched = self._leaves[0]
        self._connections: list[Callable[[], object]] = []
        for place, leaf in enumerate(self._leaves):
            canvas = leaf.canvas
            canvas.set_turner(Turner(partial(self._beside, place), self._turn_on_glass, PAGES))
            self._listen(canvas.page_changed, partial(self._page_changed, place))
            self._listen(canvas.writing_changed, partial(self._writing_changed, leaf))

    @property
    def first(self) -> int:
        """The place of the page that is read first, from 0."""
        return self._first

    @property
    def last(self) -> int:
        """The place of the page that is read last."""
        return self._first + (0 if self._is_odd else 1)

    @property
    def touched(self) -> Leaf:
        """What was touched last of what is shown; else what is read first."""
        return self._touched

    # Turning ------------------------------------------------------------------------------

    def show(self, first: int, step: int = 0) -> None:
        """Show the page at a place, from 0, and the next.

        Args:
            first: The place; before the first page and behind the last counts as those.
            step: From where they slide in: 1 from the right, -1 from the left, 0 for no slide.
        """
        pages = self._board.pages
        self._first = min(max(first, 0), len(pages) - 1)
        was_odd, self._is_odd = self._is_odd, self._first + 1 >= len(pages)
        one, other = (leaf.canvas for leaf in self._leaves)
        before = one.page_id
        self._is_arranging = True
        try:
            one.slide_to(pages[self._first].id, step)
            if not self._is_odd:
                other.slide_to(pages[self._first + 1].id, 0 if was_odd else step)
        finally:
            self._is_arranging = False
        if self._is_odd or one.page_id != before:
            self._touched = self._leaves[0]
        self._show_sides()
        self.changed.emit()

    def turn(self, by: int) -> bool:
        """Turn forward (1) or back (-1); return whether there was a page to turn to."""
        target = self._target(by)
        if target is None:
            return False
        self.show(target)
        return True

    def follow(self) -> None:
        """Take in that pages came, went or changed their order, once that is through."""
        QTimer.singleShot(0, self, lambda: self._page_changed(0, self._canvas(0).page_id))

    def close(self) -> None:
        """Leave turning to the page that stays, the left one."""
        for disconnect in self._connections:
            disconnect()
        self._connections.clear()
        for leaf in self._leaves:
            leaf.canvas.set_turner(None)
        self._left.canvas.set_surround(0.0)
        self._left.canvas.show()

    def _turn_on_glass(self, step: int) -> bool:
        target = self._target(-step if self.runs_leftward else step)
        if target is None:
            return False
        self.show(target, step)
        return True

    def _target(self, by: int) -> int | None:
        """Return which page is read first after a turn; None where there is none."""
        target = self._first + PAGES * by
        if target < 0 < self._first:
            return 0
        return target if 0 <= target < len(self._board.pages) else None

    def _beside(self, place: int, step: int) -> str | None:
        """Return the page that a turn uncovers on one of the sides."""
        target = self._target(-step if self.runs_leftward else step)
        pages = self._board.pages
        if target is None or target + place >= len(pages):
            return None
        return pages[target + place].id

    def _page_changed(self, place: int, page_id: str) -> None:
        """Somebody leads to a page: a link, the list of pages, what was found."""
        if self._is_arranging:
            return
        ids = [page.id for page in self._board.pages]
        if page_id in ids:
            self.show(ids.index(page_id) - place)

    def _writing_changed(self, leaf: Leaf, is_writing: bool) -> None:
        if is_writing:
            self._touched = leaf

    # Where they lie -----------------------------------------------------------------------

    def place_in(self, area: QRect, margin_px: float, bars: Bars) -> None:
        """Lie side by side, as large as they can be beside the bars.

        The seam depends on nothing that turning changes but the size of the pages at hand:
        pages keep their tiles.

        Args:
            area: All of the view, from 0, 0.
            margin_px: See `Canvas.set_surround`, for the left side.
            bars: What covers the view, px of it.
        """
        page = self._board.page(self._canvas(0).page_id)
        width, height = area.width(), area.height()
        room = best_room(width, height, bars, PAGES * page.width_pt, page.height_pt)
        seam = theme.metrics().px(_SEAM_MM)
        middle = round(room.centre[0])
        at_left = QRect(0, 0, max(middle - seam // 2, 1), height)
        right = at_left.width() + seam
        at_right = QRect(right, 0, max(width - right, 1), height)
        self._left.canvas.setGeometry(at_left)
        self._right.host.setGeometry(at_right)
        self._right.canvas.setGeometry(self._right.host.rect())
        for leaf, place, spine in (
            (self._left, at_left, Spine.RIGHT),
            (self._right, at_right, Spine.LEFT),
        ):
            around = _around(room, place)
            margin = margin_px if leaf is self._left else 0.0
            leaf.canvas.set_surround(max(margin, theme.metrics().px(_SEAM_MM)), around, spine)

    def _show_sides(self) -> None:
        is_left_empty = self._is_odd and self._leaves[1] is self._left
        self._left.canvas.setVisible(not is_left_empty)
        self._right.host.setVisible(not self._is_odd or is_left_empty)

    def _canvas(self, place: int) -> Canvas:
        return self._leaves[place].canvas

    def _listen(self, signal: SignalInstance, slot: Callable[..., None]) -> None:
        self._connections.append(partial(QObject.disconnect, signal.connect(slot)))


def _around(room: Rect, place: QRect) -> Bars:
    """Return what lies around a room, px of a place of the view."""
    width, height = float(place.width()), float(place.height())
    left, right = max(room.left - place.x(), 0.0), min(room.right - place.x(), width)
    return (
        Rect(0.0, 0.0, left, height),
        Rect(right, 0.0, width, height),
        Rect(0.0, 0.0, width, room.top),
        Rect(0.0, room.bottom, width, height),
    )
