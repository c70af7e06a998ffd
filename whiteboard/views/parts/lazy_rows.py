"""Rows of a long list, of which only those are made that are seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TouchControl
from whiteboard.views.parts.finger_list import FingerList, leave_touches_to_list


class LazyRow(TouchControl):
    """One row; it shows another place of the list when the list is scrolled."""

    def __init__(self) -> None:
        self.place = -1
        """Which place of the list it shows."""
        super().__init__("")
        leave_touches_to_list(self)

    def show_place(self, place: int) -> None:
        """Show a place of the list."""
        self.place = place
        self.retranslate()

    @override
    def retranslate(self) -> None:
        self.update()


class LazyRows(QWidget):
    """The rows, for a `FingerList`.

    Args:
        make: Returns a row that shows nothing yet.
        row_mm: Height of a row.
        gap_mm: Distance between rows.
    """

    touched = Signal(int)
    """The place whose row was touched."""

    def __init__(self, make: Callable[[], LazyRow], row_mm: float, gap_mm: float) -> None:
        super().__init__()
        self._make = make
        self._row_mm, self._gap_mm = row_mm, gap_mm
        self._rows: list[LazyRow] = []
        self._count = 0
        self.list = FingerList(self)
        """What shows them, and scrolls."""
        self.list.scrolled.connect(self._fill)

    @property
    def step_px(self) -> int:
        """How far one row is below the other."""
        sizes = theme.metrics()
        return sizes.px(self._row_mm) + sizes.px(self._gap_mm)

    @property
    def rows(self) -> tuple[LazyRow, ...]:
        """The rows that are seen."""
        return tuple(row for row in self._rows if not row.isHidden())

    def show_count(self, count: int) -> None:
        """Show so many places, as they are now."""
        self._count = count
        # Each row stays where it is: a finger may be on it.
        for row in self._rows:
            if 0 <= row.place < count:
                row.show_place(row.place)
        self.list.set_content_height(max(0, count * self.step_px - theme.metrics().px(1)))
        self._fill()

    def see(self, place: int) -> None:
        """Scroll as little as it takes to see a place."""
        top, step = place * self.step_px, self.step_px
        if top < self.list.offset_px:
            self.list.go_to(top)
        elif top + step > self.list.offset_px + self.list.height():
            self.list.go_to(top + step - self.list.height())

    def _fill(self) -> None:
        """Put rows where they are seen; those that were there already stay under the finger."""
        step, high = self.step_px, theme.metrics().px(self._row_mm)
        first = max(0, int(self.list.offset_px // step))
        last = min(self._count, int((self.list.offset_px + self.list.height()) // step) + 1)
        wanted = range(first, max(first, last))
        free = [row for row in self._rows if row.place not in wanted]
        shown = {row.place: row for row in self._rows if row.place in wanted}
        room = theme.metrics().px(5)
        for place in wanted:
            row = shown.get(place) or (free.pop() if free else self._add())
            if row.place != place:
                row.show_place(place)
            row.setGeometry(0, place * step, max(1, self.list.width() - room), high)
            row.show()
        for row in free:
            row.place = -1
            row.hide()

    def _add(self) -> LazyRow:
        row = self._make()
        row.setParent(self)
        row.clicked.connect(lambda: self.touched.emit(row.place))
        self._rows.append(row)
        return row

    @override
    def changeEvent(self, event: QEvent) -> None:
        # Without rows there may be no list around it yet.
        if event.type() == QEvent.Type.StyleChange and self._count:
            self.show_count(self._count)
        super().changeEvent(event)
