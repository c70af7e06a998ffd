"""What can be done with chosen items, on a bar beside them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QEvent, QRectF, Signal, SignalInstance
from PySide6.QtGui import QColor, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from base.board_doc import Item, NoteItem, TextItem
from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import Layout, Look, TouchButton, painter_for
from base.text import N_, _
from whiteboard.model.arrange import ColourSet, shared_colour, shared_colour_set
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.model.tool_options import Aspect, options_of
from whiteboard.views.tray.option_button import OptionButton
from whiteboard.views.tray.option_samples import board_colour

_TOOL_OF: Final = {
    ColourSet.INK: ToolKind.PEN,
    ColourSet.HIGHLIGHTER: ToolKind.HIGHLIGHTER,
    ColourSet.PAPER: ToolKind.NOTE,
}
_NO_COLOUR: Final = 1 << 30
"""A colour that no option has: items of several colours have none of them."""
_PAD_MM: Final = 2.0
_GAP_MM: Final = 3.0
_SWATCH_GAP_MM: Final = 2.0


class _Slate(QWidget):
    """A piece of the board that the swatches lie on, so that they look as they will."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_dark = True
        self.row = QHBoxLayout(self)

    def set_dark(self, is_dark: bool) -> None:
        """Be a piece of a dark or of a light board."""
        self._is_dark = is_dark
        self.update()

    def respace(self) -> None:
        """Take the sizes in force."""
        sizes = theme.metrics()
        self.row.setContentsMargins(*(sizes.px(1),) * 4)
        self.row.setSpacing(sizes.px(_SWATCH_GAP_MM))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes = theme.metrics()
        painter = painter_for(self)
        half = sizes.line_px / 2
        painter.setPen(QPen(QColor(theme.tokens().hairline), sizes.line_px))
        painter.setBrush(board_colour(is_dark=self._is_dark))
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        painter.end()


class SelectionBar(Panel):
    """Colour, change, duplicate, copy, front, delete: for what the lasso has chosen.

    Args:
        parent: The pane in which it floats.
    """

    recolour_asked = Signal(object)
    """A `(ColourSet, colour index)`."""
    edit_asked = Signal()
    """The one chosen text or note shall be changed."""
    duplicate_asked = Signal()
    copy_asked = Signal()
    front_asked = Signal()
    delete_asked = Signal()
    resized = Signal()
    """It needs another place: something was unfolded."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._colours: ColourSet | None = None
        self._colour: int | None = None
        self._is_dark = True
        self._column = QVBoxLayout(self)
        self._slate = _Slate(self)
        self._slate.hide()
        self._swatches: list[OptionButton] = []
        self._row = QHBoxLayout()
        self._column.addWidget(self._slate)
        self._column.addLayout(self._row)
        self.colour = self._add(N_("Colour"), "palette")
        self.colour.setCheckable(True)
        self.colour.toggled.connect(self._unfold)
        self.edit = self._add(N_("Edit"), "pencil", self.edit_asked)
        self.duplicate = self._add(N_("Duplicate"), "copy-plus", self.duplicate_asked)
        self.copy = self._add(N_("Copy"), "copy", self.copy_asked)
        self.front = self._add(N_("To the front"), "bring-to-front", self.front_asked)
        self.delete = self._add(N_("Delete"), "trash-2", self.delete_asked)
        self.setAccessibleName(_("Selection"))
        self._respace()

    def show_for(self, items: Iterable[Item], *, is_dark: bool) -> None:
        """Offer what can be done with these items; there is at least one."""
        items = tuple(items)
        colours = shared_colour_set(items)
        colour = None if colours is None else shared_colour(items, colours)
        rebuilds = (colours, is_dark) != (self._colours, self._is_dark)
        self._colours, self._colour, self._is_dark = colours, colour, is_dark
        self.colour.setVisible(colours is not None)
        if colours is None:
            self.colour.setChecked(False)
        self.edit.setVisible(len(items) == 1 and isinstance(items[0], TextItem | NoteItem))
        if rebuilds or not self._swatches:
            self._make_swatches()
        self._mark_swatch()
        self.fit()

    @property
    def swatches(self) -> tuple[OptionButton, ...]:
        """The colours it offers, unfolded or not."""
        return tuple(self._swatches)

    def fold(self) -> None:
        """Put the colours away."""
        self.colour.setChecked(False)

    def fit(self) -> None:
        """Become as large as what is offered."""
        self._column.invalidate()
        self._column.activate()
        self.resize(self._column.sizeHint())

    def _add(self, msgid: str, icon: str, told: SignalInstance | None = None) -> TouchButton:
        button = TouchButton(msgid, icon, layout=Layout.OVER, look=Look.BARE)
        if told is not None:
            button.clicked.connect(lambda _checked=False: told.emit())
        self._row.addWidget(button)
        return button

    def _make_swatches(self) -> None:
        for old in self._swatches:
            self._slate.row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._swatches = []
        if self._colours is None:
            return
        self._slate.set_dark(self._is_dark)
        tool = _TOOL_OF[self._colours]
        for option in options_of(tool, Aspect.COLOUR, is_dark=self._is_dark):
            swatch = OptionButton(self._slate, is_framed=False)
            swatch.clicked.connect(lambda _on=False, value=option.value: self._take(value))
            swatch.show_option(option, ToolChoice(tool), is_dark=self._is_dark)
            self._slate.row.addWidget(swatch)
            swatch.show()
            self._swatches.append(swatch)

    def _mark_swatch(self) -> None:
        if self._colours is None:
            return
        shown = _NO_COLOUR if self._colour is None else self._colour
        choice = ToolChoice(_TOOL_OF[self._colours]).with_colour(shown)
        for swatch in self._swatches:
            if swatch.option is not None:
                swatch.show_option(swatch.option, choice, is_dark=self._is_dark)

    def _take(self, colour: int) -> None:
        if self._colours is not None:
            self.recolour_asked.emit((self._colours, colour))

    def _unfold(self, is_open: bool) -> None:
        self._slate.setVisible(is_open)
        self.fit()
        self.resized.emit()

    def _respace(self) -> None:
        sizes = theme.metrics()
        self._column.setContentsMargins(*(sizes.px(_PAD_MM),) * 4)
        self._column.setSpacing(sizes.px(_GAP_MM))
        self._row.setSpacing(sizes.px(_GAP_MM))
        self._slate.respace()
        self.fit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
            self.resized.emit()
        elif event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(_("Selection"))
        super().changeEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self._column.sizeHint() != self.size():
            self.fit()
            self.resized.emit()
        return handled


class PasteBar(Panel):
    """The button that pastes; there while the lasso is in hand and something was copied."""

    paste_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._row = QHBoxLayout(self)
        self.button = TouchButton(
            N_("Paste"), "clipboard-paste", layout=Layout.BESIDE, look=Look.BARE
        )
        self.button.clicked.connect(self.paste_asked)
        self._row.addWidget(self.button)
        self._respace()

    def _respace(self) -> None:
        self._row.setContentsMargins(*(theme.metrics().px(_PAD_MM),) * 4)
        self.resize(self._row.sizeHint())

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            self._respace()
        super().changeEvent(event)
