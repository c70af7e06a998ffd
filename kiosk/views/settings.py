"""The settings screen, made from the declarations in `base.options`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from base.errors import AppError
from base.feature import Notice, Weight
from base.options import Declaration, Group, Kind, Options, Settings, Value, declarations
from base.qt import theme
from base.qt.tray import FRAME_MM, Tray, paint_frame
from base.qt.widgets import (
    Choice,
    Layout,
    Look,
    Role,
    Slider,
    Text,
    Toggle,
    TouchButton,
    painter_for,
)
from base.text import N_, _
from kiosk.model.lock import LEAST_DIGITS
from kiosk.services.pin import PinStore
from kiosk.views.error_words import error_notice
from kiosk.views.pin_sheet import PinSheet

_GROUP_ICONS: Final = {
    Group.DISPLAY: "monitor",
    Group.WRITING: "pencil",
    Group.BOARD: "presentation",
    Group.SOUND: "volume-2",
    Group.ROOMS: "users",
}
_UNITS: Final = {
    "inch": N_("%(number)s inch"),
    "mm": N_("%(number)s mm"),
    "MB": N_("%(number)s MB"),
    "": N_("%(number)s %%"),
}


def value_text(known: Declaration, value: str | float) -> str:
    """Return a number with its unit in the language in use; a share in per cent."""
    shown = float(value) * (1 if known.row.unit else 100)
    return _(_UNITS[known.row.unit]) % {
        "number": f"{shown:g}" if known.row.unit else f"{shown:.0f}"
    }


class NumberControl(QWidget):
    """A slider with its value in words, and a button for "automatic" where that is one.

    `changed` carries the value when the finger leaves the slider.
    """

    changed = Signal(object)

    def __init__(self, known: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if known.least is None or known.most is None:
            raise ValueError(f"{known.name} is not a number")
        self._known = known
        self._least = known.least
        self._value: Value = known.default
        self._words = QLabel()
        self._words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slider = Slider(known.title)
        # The value takes effect when the finger leaves, not at each step on the way.
        self._slider.setTracking(False)
        self._slider.setRange(0, round((known.most - known.least) / known.row.step))
        self._slider.sliderMoved.connect(self._tell)
        self._slider.valueChanged.connect(self._commit)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._automatic: TouchButton | None = None
        if known.optional:
            self._automatic = self._make_automatic()
            self._row.addWidget(self._automatic)
        self._row.addWidget(self._slider, 1)
        self._row.addWidget(self._words)
        self._restyle()

    def show_value(self, value: Value) -> None:
        """Show `value` without a signal."""
        self._value = value
        if self._automatic is not None:
            self._automatic.setChecked(value is None)
        at = self._default_number() if value is None else float(value)
        self._slider.blockSignals(True)
        self._slider.setValue(round((at - self._least) / self._known.row.step))
        self._slider.blockSignals(False)
        self._tell_value()

    def _tell_value(self) -> None:
        # The button beside it says "automatic" already.
        text = "" if self._value is None else value_text(self._known, self._value)
        self._words.setText(text)

    def _default_number(self) -> float:
        default = self._known.default
        return theme.ASSUMED_DIAGONAL_INCH if default is None else float(default)

    def _make_automatic(self) -> TouchButton:
        button = TouchButton(N_("Automatic"), "wand-sparkles", layout=Layout.BESIDE)
        button.setCheckable(True)
        button.clicked.connect(self._automatic_touched)
        return button

    def _automatic_touched(self, on: bool) -> None:
        self._take(None if on else self._number(self._slider.value()))

    def _number(self, place: int) -> float:
        number = round(self._least + place * self._known.row.step, 6)
        return int(number) if self._known.whole else number

    def _tell(self, place: int) -> None:
        self._words.setText(value_text(self._known, self._number(place)))

    def _commit(self, place: int) -> None:
        self._take(self._number(place))

    def _take(self, value: Value) -> None:
        self.show_value(value)
        self.changed.emit(value)

    def _restyle(self) -> None:
        sizes = theme.metrics()
        self._row.setSpacing(sizes.px(5))
        self._words.setFixedWidth(sizes.px(36))
        self._slider.setMinimumWidth(sizes.px(110))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._tell_value()
        elif event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)


class TextControl(QLineEdit):
    """A field for a text; what cannot be used stays in it, and is not taken.

    `changed` carries the text when the field is left or Enter is touched, and it is another.
    """

    changed = Signal(str)

    def __init__(self, known: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = str(known.default)
        self.setPlaceholderText(known.row.example)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhUrlCharactersOnly | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self.editingFinished.connect(self._commit)
        self._restyle()

    def show_value(self, value: Value) -> None:
        """Show `value` without a signal."""
        self._value = str(value)
        self.setText(self._value)

    def _commit(self) -> None:
        typed = self.text().strip()
        if typed != self._value:
            self.changed.emit(typed)

    def _restyle(self) -> None:
        self.setFixedWidth(theme.metrics().px(110))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)


class Row(QWidget):
    """A name, a sentence, and the control at the right."""

    def __init__(self, title: str, words: str, control: QWidget) -> None:
        super().__init__()
        self._texts = QVBoxLayout()
        self._texts.addStretch(1)
        self._texts.addWidget(Text(title, Role.BODY))
        self._texts.addWidget(Text(words, Role.HINT, wrap=True))
        self._texts.addStretch(1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addLayout(self._texts, 1)
        self._row.addWidget(
            control, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self._restyle()

    def _restyle(self) -> None:
        sizes = theme.metrics()
        self.setMinimumHeight(sizes.px(25))
        self._texts.setSpacing(sizes.px(1.5))
        self._row.setSpacing(sizes.px(10))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        # A line from the words to the control: on a wide display the eye loses the row.
        sizes = theme.metrics()
        painter = painter_for(self)
        line = QRectF(0, self.height() - sizes.line_px, self.width(), sizes.line_px)
        painter.fillRect(line, QColor(theme.tokens().hairline))
        painter.end()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)


class _PinStep(Enum):
    NONE = auto()
    FIRST = auto()
    AGAIN = auto()


class SettingsScreen(QWidget):
    """The screen behind the PIN.

    `home_asked` comes from its way out, `lock_changed` tells whether a PIN is set now.

    Args:
        options: What is shown and changed.
        pin: Where the PIN is kept.
        show_notice: Tells the person of something.
    """

    home_asked = Signal()
    lock_changed = Signal(bool)

    def __init__(
        self,
        options: Options,
        pin: PinStore,
        show_notice: Callable[[Notice], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._options = options
        self._pin = pin
        self._show_notice = show_notice
        self._showers: dict[str, Callable[[Value], None]] = {}
        self._first_pin = ""
        self._step = _PinStep.NONE
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._title = Text(N_("Settings"), Role.ROOM)
        self._pages = QStackedLayout()
        self._columns: list[QVBoxLayout] = []
        self._tabs = QButtonGroup(self)
        self._tabs.idClicked.connect(self._pages.setCurrentIndex)
        self._tray = Tray()
        for group in Group:
            self._add_page(group.value, _GROUP_ICONS[group], self._rows_of(group))
        self._add_page(N_("PIN"), "lock", [self._make_pin_row()])
        self._tabs.button(0).setChecked(True)
        self._tray.row.addStretch(1)
        home = TouchButton(N_("Home"), "house", look=Look.WOOD, main=True, layout=Layout.BESIDE)
        home.clicked.connect(self.home_asked)
        self._tray.row.addWidget(home)
        self._body = QVBoxLayout()
        self._body.addWidget(self._title)
        self._body.addLayout(self._pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._body, 1)
        column.addWidget(self._tray)
        self._sheet = PinSheet(self)
        self._sheet.entered.connect(self._pin_entered)
        self._stop_listening = options.listen(self._show_values)
        self._show_values(options.values)
        self._show_pin()
        self._restyle()

    def shutdown(self) -> None:
        """Stop listening to the options."""
        self._stop_listening()

    def _add_page(self, title: str, icon: str, rows: list[Row]) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        # The rows lie low, where everybody can reach them.
        self._columns.append(column)
        column.addStretch(1)
        for row in rows:
            column.addWidget(row)
        tab = TouchButton(title, icon, look=Look.WOOD, main=True)
        tab.setCheckable(True)
        self._tabs.addButton(tab, self._pages.addWidget(page))
        self._tray.row.addWidget(tab)

    def _rows_of(self, group: Group) -> list[Row]:
        return [
            Row(known.title, known.help, self._make_control(known))
            for known in declarations()
            if known.row.group is group
        ]

    def _make_control(self, known: Declaration) -> QWidget:
        if known.kind is Kind.CHOICE:
            return self._make_choice(known)
        if known.kind is Kind.SWITCH:
            toggle = Toggle()
            toggle.setAccessibleName(_(known.title))
            toggle.clicked.connect(lambda on: self._change(known, on))
            self._showers[known.name] = lambda value: toggle.setChecked(bool(value))
            return toggle
        if known.kind is Kind.TEXT:
            field = TextControl(known)
            field.setAccessibleName(_(known.title))
            field.changed.connect(lambda typed: self._change(known, typed))
            self._showers[known.name] = field.show_value
            return field
        number = NumberControl(known)
        number.changed.connect(lambda value: self._change(known, value))
        self._showers[known.name] = number.show_value
        return number

    def _make_choice(self, known: Declaration) -> Choice:
        values = [item.value for item in known.row.items]
        crowded = len(values) > 4
        choice = Choice(
            [(item.title, item.icon) for item in known.row.items],
            layout=Layout.OVER if crowded else Layout.BESIDE,
        )
        choice.chosen.connect(lambda place: self._change(known, values[place]))
        self._showers[known.name] = lambda value: choice.choose(values.index(str(value)))
        return choice

    def _change(self, known: Declaration, value: Value) -> None:
        try:
            self._options.change(**{known.name: value})
        except AppError as error:
            self._show_notice(error_notice(error.code))

    def _show_values(self, values: Settings) -> None:
        for name, show in self._showers.items():
            show(getattr(values, name))

    def _make_pin_row(self) -> Row:
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        self._set_pin = TouchButton(N_("Set a PIN"), "key-round", layout=Layout.BESIDE)
        self._set_pin.clicked.connect(self._ask_first)
        self._clear_pin = TouchButton(N_("Remove the PIN"), "x", layout=Layout.BESIDE)
        self._clear_pin.clicked.connect(self._remove_pin)
        row.addWidget(self._set_pin)
        row.addWidget(self._clear_pin)
        return Row(
            N_("PIN for the settings"),
            N_("With a PIN, only those who know it can open this screen."),
            buttons,
        )

    def _show_pin(self) -> None:
        self._set_pin.set_msgid(N_("Change the PIN") if self._pin.is_set else N_("Set a PIN"))
        self._clear_pin.setVisible(self._pin.is_set)

    def _ask_first(self) -> None:
        self._step = _PinStep.FIRST
        self._sheet.ask(N_("New PIN"), N_("Type four to eight digits, then touch Done."))

    def _pin_entered(self, digits: str) -> None:
        if self._step is _PinStep.FIRST and len(digits) < LEAST_DIGITS:
            self._sheet.ask(N_("New PIN"), N_("Too short. Type four to eight digits."))
        elif self._step is _PinStep.FIRST:
            self._first_pin, self._step = digits, _PinStep.AGAIN
            self._sheet.ask(N_("New PIN"), N_("Type it once more."))
        elif digits != self._first_pin:
            self._step = _PinStep.FIRST
            self._sheet.ask(N_("New PIN"), N_("The two were different. Type a new PIN again."))
        else:
            self._keep_pin(digits)

    def _keep_pin(self, digits: str) -> None:
        self._first_pin, self._step = "", _PinStep.NONE
        self._sheet.close_sheet()
        try:
            self._pin.set(digits)
        except OSError:
            self._tell_not_kept()
            return
        self._pin_changed(_("The PIN is set."))

    def _remove_pin(self) -> None:
        try:
            self._pin.clear()
        except OSError:
            self._tell_not_kept()
            return
        self._pin_changed(_("The PIN is removed."))

    def _pin_changed(self, words: str) -> None:
        self._show_pin()
        self.lock_changed.emit(self._pin.is_set)
        self._show_notice(Notice(words))

    def _tell_not_kept(self) -> None:
        words = _("The PIN could not be saved. Free some storage and try again.")
        self._show_notice(Notice(words, Weight.TROUBLE))

    def _restyle(self) -> None:
        sizes = theme.metrics()
        frame = sizes.px(FRAME_MM)
        side = frame + sizes.px(22)
        self._body.setContentsMargins(side, frame + sizes.px(12), side, sizes.px(14))
        for column in self._columns:
            column.setSpacing(sizes.px(2))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        paint_frame(painter, QRectF(self.rect()))
        painter.end()
