"""What opens beside the tray: the choices of the tool in hand, or the tools that wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import Layout, Look, Role, Text, TouchButton
from base.text import N_
from whiteboard.model.tool_choice import INK_TOOLS, ToolChoice, ToolKind
from whiteboard.model.tool_options import ASPECTS, Aspect, Option, options_of, taken
from whiteboard.views.tray.option_button import OptionButton
from whiteboard.views.tray.tool_faces import TOOL_FACES

_COLUMNS: Final = 3


class ToolDrawer(Panel):
    """Colours, sizes and kinds of the tool in hand, each row with its heading."""

    taken = Signal(object)
    """The `ToolChoice` with what was touched."""
    closed = Signal()
    """Its Close button was touched."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice = ToolChoice()
        self._is_dark = True
        self._buttons: list[OptionButton] = []
        self._column = QVBoxLayout(self)
        self._body = QWidget()
        self._shut = TouchButton(N_("Close"), "x", self, layout=Layout.BESIDE, look=Look.BARE)
        self._shut.clicked.connect(self.closed)
        self._column.addWidget(self._body)
        self._respace()

    def show_choice(self, choice: ToolChoice, *, is_dark: bool) -> None:
        """Show what can be chosen for the tool in hand."""
        is_same = (choice.tool, is_dark) == (self._choice.tool, self._is_dark)
        self._choice, self._is_dark = choice, is_dark
        if not (is_same and self._buttons):
            self._rebuild()
        for button in self._buttons:
            if button.option is not None:
                button.show_option(button.option, choice, is_dark=is_dark)

    def _rebuild(self) -> None:
        """Put the rows of another tool into the drawer."""
        old, self._body = self._body, QWidget()
        self._shut.setParent(self)
        self._buttons = []
        rows = QVBoxLayout(self._body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.metrics().px(2))
        for place, aspect in enumerate(ASPECTS.get(self._choice.tool, ())):
            heading = QHBoxLayout()
            heading.addWidget(Text(_heading(self._choice.tool, aspect), Role.HINT))
            heading.addStretch(1)
            if place == 0:
                heading.addWidget(self._shut)
            rows.addLayout(heading)
            rows.addLayout(self._row(aspect))
        self._column.replaceWidget(old, self._body)
        old.hide()
        old.deleteLater()
        self._body.show()
        self._shut.show()

    def _row(self, aspect: Aspect) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.metrics().px(3))
        for option in options_of(self._choice.tool, aspect, is_dark=self._is_dark):
            button = OptionButton(is_framed=True)
            button.show_option(option, self._choice, is_dark=self._is_dark)
            button.clicked.connect(lambda _checked=False, o=option: self._take(o))
            self._buttons.append(button)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _take(self, option: Option) -> None:
        self.taken.emit(taken(self._choice, option))

    def _respace(self) -> None:
        sizes = theme.metrics()
        self._column.setContentsMargins(*(sizes.px(5),) * 4)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
            if self._buttons:
                self._rebuild()
        super().changeEvent(event)


def _heading(tool: ToolKind, aspect: Aspect) -> str:
    """Return the heading of a row, a msgid."""
    match aspect:
        case Aspect.COLOUR:
            return N_("Paper") if tool is ToolKind.NOTE else N_("Colour")
        case Aspect.SIZE:
            is_line = tool in INK_TOOLS or tool is ToolKind.SHAPE
            return N_("Width") if is_line else N_("Size")
        case Aspect.ERASER:
            return N_("What to erase")
        case Aspect.FOLLOWING:
            return N_("How to mark")
        case Aspect.SHAPE:
            return N_("Shape")
        case Aspect.STAMP:
            return N_("Stamp")


class SpareTools(Panel):
    """The tools that have no room in the tray."""

    taken = Signal(object)
    """The `ToolKind` that was touched."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._tools: tuple[ToolKind, ...] = ()
        self._respace()

    def show_tools(self, tools: Sequence[ToolKind]) -> None:
        """Show these tools."""
        if tuple(tools) == self._tools:
            return
        self._tools = tuple(tools)
        for old in self.findChildren(
            TouchButton, options=Qt.FindChildOption.FindDirectChildrenOnly
        ):
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        for place, tool in enumerate(self._tools):
            word, icon = TOOL_FACES[tool]
            button = TouchButton(word, icon, look=Look.BARE)
            button.clicked.connect(lambda _checked=False, t=tool: self.taken.emit(t))
            self._grid.addWidget(button, place // _COLUMNS, place % _COLUMNS)

    def _respace(self) -> None:
        sizes = theme.metrics()
        self._grid.setContentsMargins(*(sizes.px(4),) * 4)
        self._grid.setSpacing(sizes.px(4))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
        super().changeEvent(event)
