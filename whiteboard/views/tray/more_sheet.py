"""What can be asked for on the board and is not in the tray: buttons and switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from base.commands import Command
from base.qt import theme
from base.qt.panels import Sheet
from base.qt.widgets import Layout, Look, Role, Text, Toggle, TouchButton
from base.text import N_, _

IN_TRAY: Final = frozenset(
    {
        *("board.undo", "board.redo", "board.next_page", "board.previous_page"),
        *("board.first_page", "board.last_page", "board.tools_back"),
        *("present.bar", "present.cover_light"),
    }
)
"""Commands that have their place under the board already."""
ON_GLASS: Final = frozenset({"board.pages", "board.home"})
"""Commands whose buttons lie on the board as long as its bars are there."""
BESIDE_DOCUMENT: Final = frozenset({"board.alone", "board.fit_page", "board.fit_width"})
"""Commands that have their buttons beside a document."""
MOST_BUTTONS: Final = 6
"""Side by side; the eye counts no more."""
MOST_SWITCHES: Final = 3
HELPERS: Final = "present."
"""Commands whose ids begin so help who presents, and stand together."""
_MARGIN_MM: Final = 12.0


class MoreSheet(Sheet):
    """The commands as buttons, and those that are on or off as switches.

    A button does its work after the sheet has begun to leave; a switch leaves it open.

    Args:
        parent: What it slides over.
        commands: What can be asked for, in order.
        states: By id of a command: whether it is on. These are the switches.
        is_document: Whether a document is seen, beside which there are buttons.
    """

    def __init__(
        self,
        parent: QWidget,
        commands: Sequence[Command],
        states: Mapping[str, Callable[[], bool]],
        *,
        is_document: bool = False,
    ) -> None:
        elsewhere = IN_TRAY | ON_GLASS | (BESIDE_DOCUMENT if is_document else frozenset())
        self._buttons: list[tuple[Command, TouchButton]] = []
        self._switches: list[tuple[Command, Toggle]] = []
        self._helpers: list[tuple[Command, TouchButton]] = []
        self._states = states
        super().__init__(parent)
        self._button_grid = QGridLayout()
        self._switch_grid = QGridLayout()
        self._helper_grid = QGridLayout()
        for command in commands:
            if command.id.startswith(HELPERS):
                self._add_helper(command)
            elif command.id in states:
                self._add_switch(command)
            elif command.id not in elsewhere:
                self._add_button(command)
        self.content.addLayout(self._make_head())
        for title, grid, has_any in (
            (N_("This board"), self._button_grid, bool(self._buttons)),
            (N_("For presenting"), self._helper_grid, bool(self._helpers)),
            (N_("Settings"), self._switch_grid, bool(self._switches)),
        ):
            group = Text(title, Role.HINT)
            group.setVisible(has_any)
            self.content.addWidget(group)
            self.content.addLayout(grid)
        self._arrange()

    @override
    def open(self) -> None:
        """Slide in with everything as it is now."""
        self.refresh()
        self._arrange()
        super().open()

    def refresh(self) -> None:
        """Show what is on, and what can be asked for now."""
        for command, button in self._buttons:
            button.setEnabled(command.enabled())
        for command, button in self._helpers:
            button.setEnabled(command.enabled())
            button.setChecked(command.id in self._states and self._states[command.id]())
        for command, switch in self._switches:
            switch.setEnabled(command.enabled())
            switch.setChecked(self._states[command.id]())

    def _make_head(self) -> QHBoxLayout:
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("More"), Role.TITLE))
        head.addStretch(1)
        head.addWidget(shut)
        return head

    def _add_button(self, command: Command) -> None:
        button = TouchButton(command.title, command.icon, main=True)
        # All in a row are as wide as the widest word asks.
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        def run() -> None:
            self.close_sheet()
            command.run()

        button.clicked.connect(run)
        self._buttons.append((command, button))

    def _add_helper(self, command: Command) -> None:
        if command.id in IN_TRAY:
            return
        button = TouchButton(command.title, command.icon)
        button.setCheckable(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        def run() -> None:
            self.close_sheet()
            command.run()

        button.clicked.connect(run)
        self._helpers.append((command, button))

    def _add_switch(self, command: Command) -> None:
        switch = Toggle(command.title)

        def run() -> None:
            command.run()
            self.refresh()

        switch.clicked.connect(run)
        self._switches.append((command, switch))

    def _arrange(self) -> None:
        """Put buttons and switches into as many columns as there is room for."""
        sizes = theme.metrics()
        parent = self.parentWidget()
        room = (parent.width() if parent is not None else 0) - 2 * sizes.px(_MARGIN_MM)
        for grid, widgets, most in (
            (self._button_grid, [button for _command, button in self._buttons], MOST_BUTTONS),
            (self._helper_grid, [button for _command, button in self._helpers], MOST_BUTTONS),
            (self._switch_grid, [switch for _command, switch in self._switches], MOST_SWITCHES),
        ):
            grid.setHorizontalSpacing(sizes.gap_px)
            grid.setVerticalSpacing(sizes.px(5))
            _fill(grid, widgets, room, most)
        # A group's name stands nearer to its group than to the one above.
        self.content.setSpacing(sizes.px(5))
        self.panel.setAccessibleName(_("More"))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            self._arrange()
            self.relayout()


def _fill(grid: QGridLayout, widgets: Sequence[QWidget], room_px: int, most: int) -> None:
    """Put widgets into columns of one width, in rows as full as each other."""
    if not widgets:
        return
    gap = grid.horizontalSpacing()
    widest = max(widget.sizeHint().width() for widget in widgets)
    fitting = min(most, max(1, (room_px + gap) // (widest + gap)))
    rows = -(-len(widgets) // fitting)
    columns = -(-len(widgets) // rows)
    for column in range(grid.columnCount()):
        grid.setColumnMinimumWidth(column, 0)
    for place, widget in enumerate(widgets):
        grid.removeWidget(widget)
        row, column = divmod(place, columns)
        grid.addWidget(widget, row, column)
        grid.setColumnMinimumWidth(column, widest)
