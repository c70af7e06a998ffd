"""Asking for the password of a document."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent, QTouchEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Sheet, ask_for_keys
from base.qt.widgets import TOUCHES, Look, Role, Text, Toggle, TouchButton
from base.text import N_, _

MAX_CHARACTERS: Final = 256
_WIDE_MM: Final = 220.0
_ASK: Final = N_("This document is locked. Enter its password.")
_WRONG: Final = N_("This password does not open the document. Enter it once more.")


class PasswordSheet(Sheet):
    """One line for a password, which can be shown and is kept nowhere.

    It leaves by its buttons and by Escape alone: a touch beside it does nothing.
    """

    entered = Signal(str)
    """A password was entered; the sheet stays until it is closed, or asks again."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = Text(role=Role.TITLE)
        self._words = Text(_ASK, Role.BODY, wrap=True)
        self.field = QLineEdit()
        self.field.setMaxLength(MAX_CHARACTERS)
        self.field.returnPressed.connect(self._enter)
        self.field.textChanged.connect(self._note_text)
        self.shown = Toggle(N_("Show the password"))
        self.shown.toggled.connect(self._show_letters)
        self.open_button = TouchButton(N_("Open"), "check", look=Look.MAIN, main=True)
        self.open_button.clicked.connect(self._enter)
        leave = TouchButton(N_("Cancel"), "x", look=Look.PLAIN, main=True)
        leave.clicked.connect(self.close_sheet)
        row = QHBoxLayout()
        row.addWidget(self.shown)
        row.addStretch(1)
        row.addWidget(leave)
        row.addWidget(self.open_button)
        self._row = row
        for part in (self._title, self._words, self.field):
            self.content.addWidget(part)
        self.content.addLayout(row)
        self._show_letters(False)
        self._note_text("")
        self._restyle()

    @property
    def words(self) -> str:
        """The sentence that is shown."""
        return self._words.text()

    def ask(self, name: str, *, is_again: bool) -> None:
        """Ask for the password of a document.

        Args:
            name: What people call it.
            is_again: Whether the last one was wrong.
        """
        self._title.set_plain(name)
        self._words.set_msgid(_WRONG if is_again else _ASK)
        self.field.clear()
        self.field.setEnabled(True)
        if not self.isVisible():
            self.shown.setChecked(False)
            self.open()
        self.relayout()
        # The keyboard on the screen comes with it: nothing else can be done here.
        self.field.setFocus()
        ask_for_keys()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            event.accept()  # a touch beside it would give up the document
            return True
        return super().event(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _enter(self) -> None:
        password = self.field.text()
        if password and self.field.isEnabled():
            self.field.setEnabled(False)
            self.open_button.setEnabled(False)
            self.entered.emit(password)

    def _note_text(self, text: str) -> None:
        self.open_button.setEnabled(bool(text))

    def _show_letters(self, is_shown: bool) -> None:
        modes = QLineEdit.EchoMode
        self.field.setEchoMode(modes.Normal if is_shown else modes.Password)
        # Without these the keyboard on the screen would suggest words and learn them.
        hints = Qt.InputMethodHint
        always = (
            hints.ImhSensitiveData
            | hints.ImhNoPredictiveText
            | hints.ImhNoAutoUppercase
            | hints.ImhPreferLatin
        )
        self.field.setInputMethodHints(always if is_shown else always | hints.ImhHiddenText)
        self.field.setFocus()

    def _restyle(self) -> None:
        sizes = theme.metrics()
        self.field.setFont(theme.font(sizes.px(8)))
        self.field.setMinimumWidth(sizes.px(_WIDE_MM))
        self._words.setFixedWidth(sizes.px(_WIDE_MM))
        self._title.setMaximumWidth(sizes.px(_WIDE_MM))
        self._row.setSpacing(sizes.gap_px)
        self.field.setAccessibleName(_("Password"))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            self._restyle()
