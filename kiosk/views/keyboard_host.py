"""When the on-screen keyboard comes, where it lies, and when it goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import structlog
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QBrush,
    QColor,
    QGuiApplication,
    QInputMethodEvent,
    QInputMethodQueryEvent,
    QKeyEvent,
    QMouseEvent,
    QTextCharFormat,
    QTextFormat,
)
from PySide6.QtWidgets import QAbstractScrollArea, QGraphicsView, QLineEdit, QWidget
from shiboken6 import isValid
from typing_extensions import override

from base.options import Options
from base.qt import theme
from kiosk.model.key_layouts import Page
from kiosk.model.keyboard_wish import Happening, Policy, Wish, after
from kiosk.services.input_engine import EngineUnavailableError, InputEngine, is_chosen
from kiosk.views.shell import Shell

if TYPE_CHECKING:
    from kiosk.views.on_screen_keyboard import OnScreenKeyboard

_GAP_MM: Final = 4.0
_FIELD_GAP_MM: Final = 3.0
_LEAST_SATURATION: Final = 40
"""Of a colour that can be told from white, of 255."""


class KeyboardHost(QObject):
    """Brings the keyboard to the field that is touched. UI thread.

    It listens to nothing but changes of the focus and, while there is a field to write in, to
    that field: what is drawn on the board never passes through here. The engine and the keys
    are made when they are first wanted.

    Args:
        window: Where the keyboard lies, below the notices.
        options: The settings in force.
    """

    def __init__(self, window: Shell, options: Options) -> None:
        super().__init__(window)
        self._window = window
        self._options = options
        self._log = structlog.get_logger(__name__)
        self._wish = Wish()
        self._field: QWidget | None = None
        self._begun_for: QWidget | None = None
        self._is_passing_on = False
        self._watched: list[QWidget] = []
        self._engine: InputEngine | None = None
        self._keyboard: OnScreenKeyboard | None = None
        self._is_possible = self._is_listening = is_chosen(os.environ)
        if not self._is_possible:
            self._log.info("on-screen keyboard left to the input method of this machine")
            return
        self._settling = QTimer(self, singleShot=True, interval=0)
        self._settling.timeout.connect(self._settle)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusObjectChanged.connect(self._focus_moved)
        QGuiApplication.inputMethod().visibleChanged.connect(self._input_asked)
        self._stop_listening = options.listen(lambda _values: self._options_changed())

    @property
    def keyboard(self) -> OnScreenKeyboard | None:
        """The keyboard, once it was wanted."""
        return self._keyboard

    @property
    def _policy(self) -> Policy:
        return Policy(self._options.values.on_screen_keyboard)

    def forget(self) -> None:
        """Go back to the keys that the next person expects."""
        if self._keyboard is not None:
            self._keyboard.forget()

    def place(self) -> None:
        """Follow the window's size."""
        if self._keyboard is not None and self._keyboard.isVisible():
            self._lay(self._keyboard)

    def shutdown(self) -> None:
        """Stop listening and let go of the engine."""
        if not self._is_listening:
            return
        self._is_listening = self._is_possible = False
        self._settling.stop()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusObjectChanged.disconnect(self._focus_moved)
        QGuiApplication.inputMethod().visibleChanged.disconnect(self._input_asked)
        self._stop_listening()
        self._watch(None)
        if self._keyboard is not None:
            self._keyboard.hide()
        if self._engine is not None:
            self._engine.shutdown()

    # What happens -------------------------------------------------------------------------

    def _focus_moved(self, found: QObject | None) -> None:
        if self._engine is None and isinstance(found, QWidget) and _may_take_text(found):
            # Before there is an engine, Qt tells nobody who asks for input.
            self._make_engine()
        field = found if isinstance(found, QWidget) and _takes_text(found) else None
        if field is self._field:
            return
        if self._field is not None:
            self._happened(Happening.LEFT)
        self._watch(field)
        if field is not None:
            self._happened(Happening.ENTERED)

    def _input_asked(self) -> None:
        # A field that asks for input at once, as the board's text editor does.
        if QGuiApplication.inputMethod().isVisible():
            self._focus_moved(QGuiApplication.focusObject())
            self._happened(Happening.ASKED)

    def _options_changed(self) -> None:
        if self._field is not None:
            self._happened(Happening.ENTERED)
        self._settling.start()

    def _happened(self, happening: Happening) -> None:
        self._wish = after(self._wish, happening, self._policy)
        if not self._wish.is_shown:
            # So that the next one who asks is heard of.
            QGuiApplication.inputMethod().hide()
        self._settling.start()

    def _watch(self, field: QWidget | None) -> None:
        for widget in self._watched:
            # One that is being destroyed loses the focus first, and is no widget by then.
            if isValid(widget):
                widget.removeEventFilter(self)
                widget.destroyed.disconnect(self._field_gone)
        self._field = field
        self._watched = [] if field is None else [field]
        if isinstance(field, QAbstractScrollArea):
            self._watched.append(field.viewport())
        for widget in self._watched:
            widget.installEventFilter(self)
            widget.destroyed.connect(self._field_gone)

    def _field_gone(self) -> None:
        self._field, self._watched = None, []
        self._happened(Happening.LEFT)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            # Fingers and pens arrive as a mouse in the fields of the toolkit.
            if event.type() == QEvent.Type.MouseButtonRelease:
                self._happened(Happening.TOUCHED)
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_ours = self._engine is not None and self._engine.is_typing
            if event.text() and not is_ours:
                self._happened(Happening.TYPED)
        elif isinstance(event, QInputMethodEvent) and not self._is_passing_on:
            self._pass_on(watched, event)
            return True
        return False

    def _pass_on(self, field: QObject, event: QInputMethodEvent) -> None:
        """Hand on what the engine shows, with the part that is chosen in our own colours."""
        shown = [_recoloured(attribute) for attribute in event.attributes()]
        made = QInputMethodEvent(event.preeditString(), shown)
        made.setCommitString(
            event.commitString(), event.replacementStart(), event.replacementLength()
        )
        self._is_passing_on = True
        try:
            QGuiApplication.sendEvent(field, made)
        finally:
            self._is_passing_on = False
        event.setAccepted(made.isAccepted())

    # What is done -------------------------------------------------------------------------

    def _settle(self) -> None:
        """Show or hide the keyboard as it is wished now."""
        if not self._wish.is_shown or self._field is None:
            self._hide()
            return
        if self._engine is None:
            return
        if self._keyboard is None:
            self._keyboard = self._make_keyboard(self._engine)
        keyboard = self._keyboard
        if self._field is not self._begun_for:
            self._begun_for = self._field
            has_lines = not isinstance(self._field, QLineEdit)
            keyboard.begin(has_lines=has_lines, page=_page_for(self._field))
        self._lay(keyboard)

    def _make_engine(self) -> None:
        if not self._is_possible or self._policy is Policy.NEVER:
            return
        try:
            self._engine = InputEngine(self)
        except EngineUnavailableError as error:
            self._log.warning("on-screen keyboard not available", detail=str(error))
            self._is_possible = False

    def _make_keyboard(self, engine: InputEngine) -> OnScreenKeyboard:
        from kiosk.views.on_screen_keyboard import OnScreenKeyboard

        keyboard = OnScreenKeyboard(engine, self._window)
        keyboard.put_away_asked.connect(lambda: self._happened(Happening.PUT_AWAY))
        return keyboard

    def _hide(self) -> None:
        self._begun_for = None
        if self._keyboard is None or self._keyboard.isHidden():
            return
        self._keyboard.hide()
        if self._engine is not None:
            self._engine.cover(QRect())

    def _lay(self, keyboard: OnScreenKeyboard) -> None:
        """Lie at the bottom; at the top where a field that cannot move would be covered."""
        self._put(keyboard, Qt.Edge.BottomEdge)
        if keyboard.geometry().intersects(self._written_in()):
            self._put(keyboard, Qt.Edge.TopEdge)

    def _put(self, keyboard: OnScreenKeyboard, edge: Qt.Edge) -> None:
        gap = theme.metrics().px(_GAP_MM)
        room = self._window.rect().adjusted(gap, gap, -gap, -gap)
        box = QRect(QPoint(0, 0), keyboard.wanted_size(room.size()))
        # In the middle of what the field belongs to: a shared display has two halves.
        about = self._field.parentWidget() if self._field is not None else None
        middle = _in_window(about or self._window, self._window).center().x()
        left = middle - box.width() // 2
        box.moveLeft(max(room.left(), min(left, room.right() + 1 - box.width())))
        if edge == Qt.Edge.TopEdge:
            box.moveTop(room.top())
        else:
            box.moveBottom(room.bottom())
        keyboard.setGeometry(box)
        keyboard.show()
        keyboard.raise_()
        self._window.notices.raise_()
        if self._engine is not None:
            # Tells whoever can make room, who does so before this returns.
            self._engine.cover(box)

    def _written_in(self) -> QRect:
        """Return what must not be covered, in the window."""
        field = self._field
        if field is None:
            return QRect()
        gap = theme.metrics().px(_FIELD_GAP_MM)
        box = _in_window(field, self._window)
        if isinstance(field, QAbstractScrollArea):
            asked = QInputMethodQueryEvent(Qt.InputMethodQuery.ImCursorRectangle)
            QGuiApplication.sendEvent(field, asked)
            cursor = asked.value(Qt.InputMethodQuery.ImCursorRectangle)
            if isinstance(cursor, QRect | QRectF):
                line = QRectF(cursor).toAlignedRect()
                box = line.translated(field.mapTo(self._window, QPoint(0, 0)))
        return box.adjusted(0, -gap, 0, gap)


def _recoloured(attribute: QInputMethodEvent.Attribute) -> QInputMethodEvent.Attribute:
    """Return how undecided letters look: underlined, and the chosen clause on the accent."""
    if attribute.type != QInputMethodEvent.AttributeType.TextFormat:
        return attribute
    look = QTextCharFormat()
    look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    old = attribute.value
    # The engine puts the clause on a colour and all others on white.
    if isinstance(old, QTextFormat) and _is_coloured(old.background()):
        colours = theme.tokens()
        look.setBackground(QColor(colours.accent))
        look.setForeground(QColor(colours.on_accent))
    return QInputMethodEvent.Attribute(attribute.type, attribute.start, attribute.length, look)


def _is_coloured(brush: QBrush) -> bool:
    return (
        brush.style() != Qt.BrushStyle.NoBrush
        and brush.color().saturation() > _LEAST_SATURATION
    )


def _may_take_text(widget: QWidget) -> bool:
    # A graphics view takes text once one of its items has the focus, which comes later.
    return _takes_text(widget) or isinstance(widget, QGraphicsView)


def _takes_text(widget: QWidget) -> bool:
    return widget.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


def _in_window(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def _page_for(field: QWidget) -> Page | None:
    """Return the keys that a field asks for by its hints."""
    hints, kinds = field.inputMethodHints(), Qt.InputMethodHint
    numbers = (
        kinds.ImhDigitsOnly
        | kinds.ImhFormattedNumbersOnly
        | kinds.ImhDialableCharactersOnly
        | kinds.ImhPreferNumbers
    )
    letters = (
        kinds.ImhHiddenText
        | kinds.ImhSensitiveData
        | kinds.ImhLatinOnly
        | kinds.ImhPreferLatin
        | kinds.ImhEmailCharactersOnly
        | kinds.ImhUrlCharactersOnly
    )
    if hints & numbers:
        return Page.SIGNS
    return Page.LATIN if hints & letters else None
