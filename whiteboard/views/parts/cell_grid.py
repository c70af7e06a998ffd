"""Thousands of things in rows under a finger; only those that are seen have a widget."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt.widgets import TouchControl
from whiteboard.views.parts.finger_list import FingerList, leave_touches_to_list


@dataclass(frozen=True, slots=True)
class GridPlan:
    """Where cells stand, px.

    Attributes:
        columns: How many side by side, at least 1.
        width_px, height_px: Size of each.
        gap_px: Between two of them, both ways.
    """

    columns: int
    width_px: int
    height_px: int
    gap_px: int


class CellGrid(QWidget):
    """Cells in rows, taken away above and put on again below while the list is scrolled.

    A subclass says what a cell is. Put it into a list with `in_list`.
    """

    touched = Signal(int)
    """A cell was touched: its place, from 0."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._free: list[TouchControl] = []
        self._shown: dict[int, TouchControl] = {}
        self._list: FingerList | None = None
        self._laid_px = 0

    def plan(self, width_px: int) -> GridPlan:
        """Return where cells stand in so much room."""
        raise NotImplementedError

    def make_cell(self) -> TouchControl:
        """Return a new cell without content."""
        raise NotImplementedError

    def fill(self, cell: TouchControl, place: int) -> None:
        """Let a cell show what stands at a place."""
        raise NotImplementedError

    def in_list(self, *, lies_low: bool = False) -> FingerList:
        """Return the list that shows this grid; see `FingerList` for `lies_low`."""
        made = FingerList(self, lies_low=lies_low)
        self._list = made
        made.scrolled.connect(self._follow)
        return made

    @property
    def seen_px(self) -> int:
        """How much of its height the list shows, px; 0 without a list."""
        return self._list.height() if self._list is not None else 0

    @property
    def cells(self) -> tuple[TouchControl, ...]:
        """The cells that are there, in their order."""
        return tuple(cell for _place, cell in sorted(self._shown.items()))

    def cell(self, place: int) -> TouchControl | None:
        """Return the cell of a place; None while it is far from what is seen."""
        return self._shown.get(place)

    def set_count(self, count: int) -> None:
        """Show so many things; all that was shown is asked for anew."""
        self._count = count
        for place in tuple(self._shown):
            self._take_away(place)
        self.lay_out()

    def lay_out(self) -> None:
        """Put everything into its place."""
        if self._list is None:
            return
        # Said first: the list tells of its new content while it takes it.
        self._laid_px = self.seen_px
        for place in tuple(self._shown):
            self._take_away(place)
        self._list.set_content_height(self._height_px())
        self._follow()

    def _height_px(self) -> int:
        made = self.plan(self._list.width() if self._list is not None else self.width())
        rows = -(-self._count // made.columns)
        return rows * (made.height_px + made.gap_px)

    def _follow(self) -> None:
        """Have a cell for each place that is seen, and half a view around it."""
        if self._list is None:
            return
        if self.seen_px != self._laid_px:
            self.lay_out()
            return
        made = self.plan(self._list.width())
        row_px = made.height_px + made.gap_px
        top, seen = self._list.offset_px, self._list.height()
        first = max(0, int((top - seen / 2) // row_px)) * made.columns
        last = min(self._count, (int((top + seen * 1.5) // row_px) + 1) * made.columns)
        for place in [p for p in self._shown if not first <= p < last]:
            self._take_away(place)
        for place in range(first, last):
            if place not in self._shown:
                self._put(place, made)

    def _put(self, place: int, made: GridPlan) -> None:
        cell = self._free.pop() if self._free else self._new_cell()
        self._shown[place] = cell
        self.fill(cell, place)
        row, column = divmod(place, made.columns)
        left = column * (made.width_px + made.gap_px)
        top = row * (made.height_px + made.gap_px)
        cell.setGeometry(left, top, made.width_px, made.height_px)
        cell.show()

    def _take_away(self, place: int) -> None:
        cell = self._shown.pop(place)
        cell.setDown(False)
        cell.hide()
        self._free.append(cell)

    def _new_cell(self) -> TouchControl:
        cell = self.make_cell()
        cell.setParent(self)
        leave_touches_to_list(cell)
        cell.clicked.connect(lambda: self._touch(cell))
        return cell

    def _touch(self, cell: TouchControl) -> None:
        for place, shown in self._shown.items():
            if shown is cell:
                self.touched.emit(place)
                return

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.lay_out()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.lay_out()
