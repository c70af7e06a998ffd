"""The chalk tray: the tools of one person, floating at a side of their board."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import (
    QEasingCurve,
    QEvent,
    QPoint,
    QPropertyAnimation,
    QRect,
    QRectF,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QHideEvent, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import SLIDE_MS
from base.qt.widgets import painter_for
from base.text import N_, _
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.model.tool_options import ASPECTS, Option, options_of, quick_options, taken
from whiteboard.model.tray_plan import TRAY_ORDER, TrayPlan, TraySizes, plan_tray
from whiteboard.views.tray.option_button import ChangeButton, OptionButton
from whiteboard.views.tray.option_samples import board_colour
from whiteboard.views.tray.tool_drawer import SpareTools, ToolDrawer
from whiteboard.views.tray.tool_faces import TOOL_FACES, TOOL_HINTS
from whiteboard.views.tray.tray_parts import (
    FloatingBar,
    Grip,
    SlateHint,
    WoodButton,
    paint_wood,
)

SIDES: Final = ("bottom", "left", "right")

_MARGIN_MM: Final = 3.0
_PAD_MM: Final = 2.5
_GAP_MM: Final = 2.0
_GROUP_GAP_MM: Final = 5.0
_TOOL_MM: Final = (21.0, 21.0)
_WIDEST_TOOL_MM: Final = 27.0
_QUICK_MM: Final = (16.0, 17.0)
_WIDEST_QUICK_MM: Final = 30.0
_CHANGE_MM: Final = (23.0, 18.0)
_SLATE_PAD_MM: Final = 1.5
_GRIP_MM: Final = (15.0, 15.0)
_MOST_QUICK: Final = 8


class Toolbar(FloatingBar):
    """The tools, the choices of the one in hand, undo and redo, and the way to the rest.

    Args:
        parent: Where it floats; its drawers float there too.
    """

    choice_changed = Signal(object)
    """The `ToolChoice` from now on. Also when the picture tool is touched once more."""
    undo_asked = Signal()
    redo_asked = Signal()
    side_changed = Signal(str)
    """A person moved it: bottom, left or right."""
    more_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._choice = ToolChoice()
        self._is_dark = True
        self._side = SIDES[0]
        self._rect = parent.rect()
        self._plan = TrayPlan(TRAY_ORDER, (), _MOST_QUICK)
        self._quick_start = 0
        self._lanes = 1
        self._slate = QRect()
        self._make_buttons()
        self.drawer = ToolDrawer(parent)
        self.spare_tools = SpareTools(parent)
        for one in (self.drawer, self.spare_tools):
            one.hide()
        self.drawer.taken.connect(self._take_choice)
        self.drawer.closed.connect(self.close_drawers)
        self.spare_tools.taken.connect(self._take_spare)
        self._slide = QPropertyAnimation(self, b"pos", self)
        self._slide.setDuration(SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._arrange()

    def _make_buttons(self) -> None:
        self._grip = Grip(self)
        self._grip.dragged.connect(self._drag)
        self._grip.dropped.connect(self._drop)
        self._grip.clicked.connect(self._go_to_next_side)
        self._tools: dict[ToolKind, WoodButton] = {}
        for tool in TRAY_ORDER:
            button = WoodButton(*TOOL_FACES[tool], self)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, t=tool: self._touch_tool(t))
            self._tools[tool] = button
        self._spare = WoodButton(N_("Tools"), "chevron-up", self)
        self._spare.clicked.connect(self._toggle_spare)
        self._quick = [OptionButton(self, is_framed=False) for _n in range(_MOST_QUICK)]
        for quick in self._quick:
            quick.clicked.connect(lambda _checked=False, q=quick: self._take_quick(q))
        self._change = ChangeButton(self)
        # Over the row of options, not over the button itself: beside it stands the page bar.
        self._change.clicked.connect(lambda: self._toggle_drawer(near=self._quick[0]))
        self._drawer_near: QWidget = self._quick[0]
        self._hint = SlateHint(self)
        self._undo = WoodButton(N_("Undo"), "undo-2", self)
        self._undo.clicked.connect(self.undo_asked)
        self._redo = WoodButton(N_("Redo"), "redo-2", self)
        self._redo.clicked.connect(self.redo_asked)
        self._more = WoodButton(N_("More"), "ellipsis", self)
        self._more.clicked.connect(self._ask_more)

    # What the board says ------------------------------------------------------------------

    @property
    def choice(self) -> ToolChoice:
        """What is in hand."""
        return self._choice

    @property
    def side(self) -> str:
        """Where it is docked: bottom, left or right."""
        return self._side

    def set_choice(self, choice: ToolChoice) -> None:
        """Show another choice, without a signal."""
        other_tool = choice.tool is not self._choice.tool
        self._choice = choice
        if other_tool:
            self._arrange()
        else:
            self._show_choice()

    def set_dark(self, is_dark: bool) -> None:
        """Show the colours of a dark or a light board."""
        if is_dark != self._is_dark:
            self._is_dark = is_dark
            self._show_choice()
            self.update()

    def set_undo(self, can_undo: bool, can_redo: bool) -> None:
        """Say whether there is a step to take back, or to do again."""
        self._undo.setEnabled(can_undo)
        self._redo.setEnabled(can_redo)

    def set_side(self, side: str) -> None:
        """Dock at another side, without a signal.

        Raises:
            ValueError: it is none of `SIDES`.
        """
        if side not in SIDES:
            raise ValueError(f"side {side!r} is not one of {SIDES}")
        if side != self._side:
            self._side = side
            self.close_drawers()
            self._arrange()

    @override
    def set_shrunk(self, is_writing: bool) -> None:
        super().set_shrunk(is_writing)
        if is_writing:
            self.close_drawers()

    def place_in(self, rect: QRect) -> None:
        """Dock at its side inside `rect`, in the parent's pixels."""
        if rect != self._rect:
            self._rect = QRect(rect)
            self.close_drawers()
            self._arrange()

    def close_drawers(self) -> None:
        """Put away what is open beside the tray."""
        self.drawer.hide()
        self.spare_tools.hide()

    # What hands do ------------------------------------------------------------------------

    def _touch_tool(self, tool: ToolKind) -> None:
        if tool is self._choice.tool:
            self._tools[tool].setChecked(True)
            if tool in ASPECTS:
                self._toggle_drawer()
            else:
                self.choice_changed.emit(self._choice)
            return
        self._take_tool(tool)

    def _take_tool(self, tool: ToolKind) -> None:
        self.close_drawers()
        self._take_choice(self._choice.with_tool(tool))

    def _take_spare(self, tool: ToolKind) -> None:
        self._take_tool(tool)

    def _take_quick(self, button: OptionButton) -> None:
        if button.option is not None:
            self._take_choice(taken(self._choice, button.option))

    def _take_choice(self, choice: ToolChoice) -> None:
        self.set_choice(choice)
        if self.drawer.isVisible():
            self._open_drawer()
        self.choice_changed.emit(choice)

    def _toggle_drawer(self, near: QWidget | None = None) -> None:
        """Open or close the drawer, where the finger is: a tray is a metre long."""
        if self.drawer.isVisible():
            self.close_drawers()
        elif self._choice.tool in ASPECTS:
            self.close_drawers()
            self._drawer_near = near or self._tools[self._choice.tool]
            self._open_drawer()

    def _open_drawer(self) -> None:
        self.drawer.show_choice(self._choice, is_dark=self._is_dark)
        self._open_beside(self.drawer, self._drawer_near)

    def _toggle_spare(self) -> None:
        was_open = self.spare_tools.isVisible()
        self.close_drawers()
        if not was_open:
            self.spare_tools.show_tools(self._plan.hidden)
            self._open_beside(self.spare_tools, self._spare)

    def _ask_more(self) -> None:
        self.close_drawers()
        self.more_asked.emit()

    def _open_beside(self, drawer: QWidget, button: QWidget) -> None:
        """Open a drawer between the tray and the board, near a button of the tray."""
        gap = theme.metrics().px(_MARGIN_MM)
        drawer.ensurePolished()
        layout = drawer.layout()
        if layout is not None:
            layout.activate()
        box = QRect(QPoint(0, 0), drawer.sizeHint().boundedTo(self._rect.size()))
        box.moveCenter(self.geometry().topLeft() + button.geometry().center())
        match self._side:
            case "bottom":
                box.moveBottom(self.geometry().top() - gap)
            case "left":
                box.moveLeft(self.geometry().right() + gap)
            case _:
                box.moveRight(self.geometry().left() - gap)
        room = self._rect.adjusted(gap, gap, -gap, -gap)
        box.moveLeft(max(room.left(), min(box.left(), room.right() - box.width())))
        box.moveTop(max(room.top(), min(box.top(), room.bottom() - box.height())))
        drawer.setGeometry(box)
        drawer.show()
        drawer.raise_()

    def _go_to_next_side(self) -> None:
        self._move_to(SIDES[(SIDES.index(self._side) + 1) % len(SIDES)])

    def _move_to(self, side: str) -> None:
        if side != self._side:
            self.set_side(side)
            self.side_changed.emit(side)

    def _drag(self, place: QPoint) -> None:
        """Follow a finger that holds the grip; dock where it comes nearest."""
        self._slide.stop()
        self.close_drawers()
        parent = self.parentWidget()
        here = place if parent is None else parent.mapFromGlobal(place)
        self._move_to(nearest_side(self._rect, here))
        self.move(here - self._grip.geometry().center())

    def _drop(self) -> None:
        self._slide.stop()
        self._slide.setStartValue(self.pos())
        self._slide.setEndValue(self._dock().topLeft())
        self._slide.start()

    # Where everything lies ----------------------------------------------------------------

    @property
    def _is_flat(self) -> bool:
        """Whether it lies along the bottom."""
        return self._side == "bottom"

    def _sizes(self, lanes: int) -> TraySizes:
        """Return what the parts take along the tray, in mm."""
        along = 0 if self._is_flat else 1
        actions = math.ceil(3 / lanes) * (self._tool_mm()[along] + _GAP_MM) - _GAP_MM
        edges = 2 * (_PAD_MM + _MARGIN_MM) + _GRIP_MM[along] + 2 * _GROUP_GAP_MM
        return TraySizes(
            fixed=edges + actions,
            tool=self._tool_mm()[along] + _GAP_MM,
            quick=_QUICK_MM[along] + _GAP_MM,
            change=_CHANGE_MM[along] + 2 * _SLATE_PAD_MM + _GROUP_GAP_MM,
            lanes=lanes,
        )

    def _tool_mm(self) -> tuple[float, float]:
        """Return the size of a tool: as wide as the longest word asks."""
        sizes = theme.metrics()
        letters = QFontMetrics(theme.font(sizes.small_text_px))
        buttons = (*self._tools.values(), self._spare, self._undo, self._redo, self._more)
        longest = max(letters.horizontalAdvance(button.word) for button in buttons)
        wanted = longest / sizes.px_per_mm + 2.0
        return min(max(wanted, _TOOL_MM[0]), _WIDEST_TOOL_MM), _TOOL_MM[1]

    def _arrange(self) -> None:
        """Choose what lies in the tray, put it there, dock."""
        self._plan, self._lanes = self._make_plan()
        end_px = self._lay_out()
        across_px = self._across_px() + 2 * theme.metrics().px(_PAD_MM)
        self.resize(end_px, across_px) if self._is_flat else self.resize(across_px, end_px)
        self._slide.stop()
        self.move(self._dock().topLeft())
        self._show_choice()
        self.update()
        self.settled.emit(self.geometry())

    def _make_plan(self) -> tuple[TrayPlan, int]:
        """Return what lies in the tray, and in how many lanes.

        A tray along the bottom has one lane where all tools and some of their options fit
        into it; upright trays have two, because heights are short of room.
        """
        room = self._rect.width() if self._is_flat else self._rect.height()
        room_mm = room / theme.metrics().px_per_mm
        if self._is_flat:
            plan = plan_tray(room_mm, self._sizes(1), self._choice.tool)
            if not plan.hidden:
                return plan, 1
        return plan_tray(room_mm, self._sizes(2), self._choice.tool), 2

    def _across_px(self) -> int:
        """Return what the parts take across the tray."""
        sizes = theme.metrics()
        cell = sizes.px(self._tool_mm()[1 if self._is_flat else 0])
        return self._lanes * cell + (self._lanes - 1) * sizes.px(_GAP_MM)

    def _lay_out(self) -> int:
        """Put the groups one behind the other; return where the tray ends."""
        sizes = theme.metrics()
        shown: list[QWidget] = [self._tools[tool] for tool in self._plan.tools]
        if self._plan.hidden:
            shown.append(self._spare)
        for button in (*self._tools.values(), self._spare):
            button.setVisible(button in shown)
        self._spare.set_icon("chevron-up" if self._is_flat else "ellipsis")
        group = sizes.px(_GROUP_GAP_MM)
        at = sizes.px(_PAD_MM)
        at = self._lay_grip(at) + sizes.px(_GAP_MM)
        at = self._lay_cells(shown, at, self._tool_mm()) + group
        if self._plan.quick:
            at = self._lay_slate(at) + group
        actions = (self._undo, self._redo, self._more)
        at = self._lay_cells(actions, at, self._tool_mm())
        return at + sizes.px(_PAD_MM)

    def _lay_grip(self, at: int) -> int:
        sizes = theme.metrics()
        pad, across = sizes.px(_PAD_MM), self._across_px()
        long = sizes.px(_GRIP_MM[0 if self._is_flat else 1])
        self._grip.setGeometry(self._turned(at, pad, long, across))
        return at + long

    def _lay_slate(self, at: int) -> int:
        """Lay out the slate; its length does not depend on the tool, so nothing jumps."""
        sizes = theme.metrics()
        pad = sizes.px(_SLATE_PAD_MM)
        start = at
        self._quick_start = at + pad
        at = self._lay_cells(
            self._quick[: self._plan.quick], self._quick_start, _QUICK_MM, inset=pad
        )
        at += sizes.px(_GAP_MM)
        long = sizes.px(_CHANGE_MM[0 if self._is_flat else 1])
        beside, across = sizes.px(_PAD_MM), self._across_px()
        self._change.setGeometry(self._turned(at, beside + pad, long, across - 2 * pad))
        at += long + pad
        self._slate = self._turned(start, beside, at - start, across)
        inset = sizes.px(3)
        self._hint.setGeometry(self._slate.adjusted(inset, 0, -inset, 0))
        return at

    def _spread_quick(self, count: int) -> None:
        """Give few options more room each; the slate stays as long as it is."""
        long, gap = _QUICK_MM[0 if self._is_flat else 1], _GAP_MM
        rows = math.ceil(self._plan.quick / self._lanes)
        needed = max(math.ceil(count / self._lanes), 1)
        share = (rows * (long + gap)) / needed - gap
        size_mm = (min(share, _WIDEST_QUICK_MM), long) if self._is_flat else _QUICK_MM
        pad = theme.metrics().px(_SLATE_PAD_MM)
        self._lay_cells(self._quick[:count], self._quick_start, size_mm, inset=pad)

    def _lay_cells(
        self,
        cells: Sequence[QWidget],
        at: int,
        size_mm: tuple[float, float],
        inset: int = 0,
    ) -> int:
        """Put cells into rows across the tray; return the end of the last row."""
        sizes = theme.metrics()
        gap, lanes = sizes.px(_GAP_MM), self._lanes
        long = sizes.px(size_mm[0 if self._is_flat else 1])
        across = (self._across_px() - 2 * inset - (lanes - 1) * gap) // lanes
        for place, cell in enumerate(cells):
            row, lane = divmod(place, lanes)
            start = at + row * (long + gap)
            beside = sizes.px(_PAD_MM) + inset + lane * (across + gap)
            cell.setGeometry(self._turned(start, beside, long, across))
        return at + math.ceil(len(cells) / lanes) * (long + gap) - gap

    def _turned(self, along: int, beside: int, long: int, across: int) -> QRect:
        """Return a rectangle of the tray, given along and across it."""
        if self._is_flat:
            return QRect(along, beside, long, across)
        return QRect(beside, along, across, long)

    def _dock(self) -> QRect:
        margin = theme.metrics().px(_MARGIN_MM)
        box = QRect(QPoint(0, 0), self.size())
        box.moveCenter(self._rect.center())
        match self._side:
            case "bottom":
                box.moveBottom(self._rect.bottom() - margin)
            case "left":
                box.moveLeft(self._rect.left() + margin)
            case _:
                box.moveRight(self._rect.right() - margin)
        return box

    # How it looks -------------------------------------------------------------------------

    def _show_choice(self) -> None:
        """Let every button show what is chosen."""
        for tool, button in self._tools.items():
            button.setChecked(tool is self._choice.tool)
        has_slate = self._plan.quick > 0
        options: tuple[Option, ...] = ()
        if has_slate:
            options = quick_options(self._choice, self._plan.quick, is_dark=self._is_dark)
        self._spread_quick(len(options))
        for place, quick in enumerate(self._quick):
            quick.setVisible(place < len(options))
            if place < len(options):
                quick.show_option(options[place], self._choice, is_dark=self._is_dark)
        aspects = ASPECTS.get(self._choice.tool, ())
        self._change.setVisible(has_slate and (len(aspects) > 1 or self._lacks(options)))
        self._change.show_choice(self._choice, is_dark=self._is_dark)
        hint = TOOL_HINTS.get(self._choice.tool, "") if has_slate else ""
        self._hint.show_hint(hint, is_dark=self._is_dark)
        if self.drawer.isVisible():
            self.drawer.show_choice(self._choice, is_dark=self._is_dark)

    def _lacks(self, options: Sequence[Option]) -> bool:
        """Return whether the drawer has options that the slate has no room for."""
        tool = self._choice.tool
        return any(
            len(options_of(tool, aspect, is_dark=self._is_dark)) > len(options)
            for aspect in ASPECTS.get(tool, ())
        )

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        paint_wood(painter, QRectF(self.rect()))
        if self._plan.quick:
            painter.setPen(QPen(QColor(colours.wood_shade), sizes.px(0.8)))
            painter.setBrush(board_colour(is_dark=self._is_dark))
            painter.drawRoundedRect(QRectF(self._slate), sizes.radius_px, sizes.radius_px)
        painter.end()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self.close_drawers()
        super().hideEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._arrange()
        elif event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Put the words into the language in use: they decide how wide the tools are."""
        self.setAccessibleName(_("Tools"))
        # Children get the change after their parent, and the widths depend on their words.
        QTimer.singleShot(0, self, self._arrange)


def nearest_side(rect: QRect, place: QPoint) -> str:
    """Return the side of `rect` whose third a finger at `place` is in, or comes nearest to."""
    left = (place.x() - rect.left()) / max(rect.width(), 1)
    down = (rect.bottom() - place.y()) / max(rect.height(), 1)
    return min(((down, "bottom"), (left, "left"), (1 - left, "right")))[1]
