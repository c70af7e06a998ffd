"""What helps who presents, as a bar of buttons beside the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QBoxLayout
from typing_extensions import override

from base.commands import Command
from base.qt import theme
from whiteboard.views.pane import Pane
from whiteboard.views.parts.placing import place_beside
from whiteboard.views.tray.tray_parts import RowBar, WoodButton

_NAME: Final = "present"
_MARGIN_MM: Final = 3.0
_GAP_MM: Final = 1.0
_BUTTON_MM: Final = (22.0, 17.5)


class PresentBar(RowBar):
    """A button for each presenting command; those that are on lie on a slate.

    Beside a document it stands next to the page bar, and the page makes room for it.

    Args:
        pane: Where it floats.
        commands: What can be asked for.
    """

    def __init__(self, pane: Pane, commands: Sequence[Command]) -> None:
        super().__init__(pane, _GAP_MM)
        self.hide()
        self._pane = pane
        self._buttons = {command.id: _PresentButton(command, self) for command in commands}
        for button in self._buttons.values():
            self.row.addWidget(button)
        canvas = pane.canvas
        canvas.writing_changed.connect(self.set_shrunk)
        canvas.hand_seen.connect(self.make_way)
        pane.toolbar.settled.connect(self.place)
        pane.alone_changed.connect(self._follow_alone)

    def show_on(self, ids: frozenset[str]) -> None:
        """Show which commands are on, by id."""
        for name, button in self._buttons.items():
            button.setChecked(name in ids)

    def place(self) -> None:
        """Stand beside the page bar if that stands, else lie beside it."""
        pane = self._pane
        margin = theme.metrics().px(_MARGIN_MM)
        pages = pane.page_bar.geometry()
        is_upright = pages.height() > pages.width()
        upward, along = QBoxLayout.Direction.BottomToTop, QBoxLayout.Direction.LeftToRight
        self.row.setDirection(upward if is_upright else along)
        self.row.activate()
        size = self.sizeHint()
        if is_upright:
            box = self._beside(pages, size, margin)
            if box.top() >= margin:
                self.setGeometry(box)
                pane.keep_off(_NAME, box)
                return
            self.row.setDirection(along)
            self.row.activate()
            size = self.sizeHint()
        room = pane.rect().adjusted(margin, margin, -margin, -margin)
        bars = (pane.toolbar, pane.page_bar, pane.home_bar)
        taken = [bar.geometry() for bar in (*bars, pane.edges.previous, pane.edges.next)]
        self.setGeometry(place_beside(pages, size, room, taken, margin))
        pane.keep_off(_NAME, QRect())

    def _follow_alone(self, is_alone: bool) -> None:
        """Go with the tools, and come back with them."""
        self.setVisible(not is_alone)
        if is_alone:
            self.leave()
        else:
            self.place()

    def leave(self) -> None:
        """Go, and let the page have its place."""
        self.hide()
        self._pane.keep_off(_NAME, QRect())

    def _beside(self, pages: QRect, size: QSize, margin: int) -> QRect:
        """Return the place beside the page bar, on the side of the page."""
        box = QRect(QPoint(0, 0), size)
        box.moveBottomRight(QPoint(pages.left() - margin, pages.bottom()))
        if pages.center().x() < self._pane.width() / 2:
            box.moveLeft(pages.right() + margin)
        taken = (self._pane.toolbar, self._pane.home_bar)
        for bar in (bar.geometry() for bar in taken if not bar.isHidden()):
            if bar.intersects(box):
                box.moveBottom(bar.top() - margin)
        return box

    @override
    def _lie_anew(self) -> None:
        self.place()


class _PresentButton(WoodButton):
    """A command on the bar."""

    def __init__(self, command: Command, parent: PresentBar) -> None:
        super().__init__(command.title, command.icon, parent)
        self.setCheckable(True)
        self._command = command
        self.clicked.connect(self._run)

    def _run(self) -> None:
        # What is on is told by `show_on`: a command may do nothing.
        self.setChecked(not self.isChecked())
        if self._command.enabled():
            self._command.run()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        width = max(sizes.px(_BUTTON_MM[0]), super().sizeHint().width())
        return QSize(width, sizes.px(_BUTTON_MM[1]))
