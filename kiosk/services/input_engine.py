"""Kana-kanji conversion and typing into whatever has the focus: Qt Virtual Keyboard's engine.

Qt makes the engine together with the application, so `choose_input_method` has to be called
before; `InputEngine` then loads what converts, when a keyboard is first wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from PySide6.QtCore import (
    Q_ARG,
    QAbstractItemModel,
    QMetaObject,
    QObject,
    QRect,
    Qt,
    QUrl,
)
from PySide6.QtGui import QGuiApplication

from base.paths import ASSETS_DIR

ENGINE_FILE: Final = ASSETS_DIR / "keyboard" / "engine.qml"
INPUT_METHOD: Final = "qtvirtualkeyboard"
# The second one lists several and is stronger (Qt 6.7 and later).
_VARIABLES: Final = ("QT_IM_MODULE", "QT_IM_MODULES")
_MOST_CLAUSES: Final = 50
_Y_KANA: Final = {"や": "ya", "ゆ": "yu", "よ": "yo"}


class EngineUnavailableError(Exception):
    """The engine cannot be had; the argument says why."""


class Script(Enum):
    """What becomes of letters."""

    JAPANESE = "japanese"
    """Kana and romaji become kana, and are converted."""
    LETTERS = "letters"
    """They stay as they are."""


def choose_input_method(environment: Mapping[str, str], *, is_forced: bool) -> dict[str, str]:
    """Return the variables to set before the application is made.

    Args:
        environment: The variables of this process.
        is_forced: Whether our keyboard is wanted even where somebody chose another method
            for this machine; otherwise theirs is left alone.
    """
    chosen = [name for name in _VARIABLES if environment.get(name)]
    if chosen and not is_forced:
        return {}
    # Otherwise the module opens a window of its own, which takes the focus.
    made = {"QT_IM_MODULE": INPUT_METHOD, "QT_VIRTUALKEYBOARD_DESKTOP_DISABLE": "1"}
    if "QT_IM_MODULES" in chosen:
        made["QT_IM_MODULES"] = INPUT_METHOD
    return made


def is_chosen(environment: Mapping[str, str]) -> bool:
    """Return whether the input method in force is the one that the engine belongs to."""
    return INPUT_METHOD in (environment.get(name) for name in _VARIABLES)


class InputEngine(QObject):
    """Types into the widget that has the focus. UI thread.

    Raises:
        EngineUnavailableError: a library is missing, or the input method is another one.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        try:
            from PySide6.QtQml import QQmlComponent, QQmlEngine
        except ImportError as error:
            raise EngineUnavailableError(str(error)) from error
        self._qml = QQmlEngine(self)
        # Its words belong into our log, not on a terminal.
        self._qml.setOutputWarningsToStandardError(False)
        component = QQmlComponent(self._qml, QUrl.fromLocalFile(str(ENGINE_FILE)))
        if not component.isReady():
            raise EngineUnavailableError("; ".join(e.toString() for e in component.errors()))
        root = component.create()
        root.setParent(self)
        if not root.property("isReady"):
            raise EngineUnavailableError("Qt was started with another input method")
        self._root = root
        self._model = root.property("candidates")
        self._script = Script.LETTERS
        self.is_typing = False
        """Whether a key event that arrives now is ours."""
        # It asks nobody by itself for the field that had the focus before there was an engine.
        QGuiApplication.inputMethod().update(Qt.InputMethodQuery.ImQueryAll)

    @property
    def preedit(self) -> str:
        """What is typed but not decided yet."""
        return str(self._root.property("preedit"))

    @property
    def script(self) -> Script:
        """What becomes of letters now."""
        return self._script

    @property
    def candidates(self) -> QAbstractItemModel:
        """What the undecided letters can become; the words are in the display role."""
        model = self._model
        if not isinstance(model, QAbstractItemModel):
            raise TypeError(f"{model!r} is no model")
        return model

    @property
    def active(self) -> int:
        """Which candidate is shown in the text; -1 for none."""
        return int(self._root.property("active"))

    def use(self, script: Script) -> None:
        """Decide what is undecided and go on in another script."""
        if script is self._script:
            return
        self.decide()
        self._script = script

    def type_text(self, text: str) -> None:
        """Type one character."""
        if self._script is Script.LETTERS:
            self._do("write", text)
            return
        # The engine reads し and や that follow one another as しゃ, so that しやくしょ
        # could not be written; it leaves romaji after kana alone.
        for letter in _Y_KANA.get(text, text):
            # No code for kana: what comes with Qt.Key.Key_unknown is not converted.
            self._do("convert", ord(letter.upper()) if letter.isascii() else 0, letter)

    def press(self, key: Qt.Key) -> None:
        """Press a key that is no character: space, backspace, return, left, right."""
        text = {Qt.Key.Key_Space: " ", Qt.Key.Key_Return: "\n"}.get(key, "")
        self._do("convert" if self._script is Script.JAPANESE else "press", key.value, text)

    def replace_last(self, text: str) -> None:
        """Put a character in the place of the last undecided one."""
        self.press(Qt.Key.Key_Backspace)
        self.type_text(text)

    def choose(self, place: int) -> None:
        """Take a candidate."""
        self._do("choose", place)

    def decide(self) -> None:
        """Leave everything as it is shown; the engine by itself decides clause by clause."""
        for _clause in range(_MOST_CLAUSES):
            if not self.preedit:
                return
            self._do("convert", Qt.Key.Key_Return.value, "\n")

    def cover(self, box: QRect) -> None:
        """Tell the fields which part of the window the keys cover; an empty one for none."""
        self._call("cover", box.x(), box.y(), box.width(), box.height())

    def shutdown(self) -> None:
        """Let go of the field and of the dictionary."""
        self._call("letGo")
        self.cover(QRect())

    def _do(self, name: str, *values: object) -> None:
        self.is_typing = True
        try:
            self._call(name, *values)
        finally:
            self.is_typing = False

    def _call(self, name: str, *values: object) -> None:
        given = [Q_ARG("QVariant", value) for value in values]
        QMetaObject.invokeMethod(self._root, name, Qt.ConnectionType.DirectConnection, *given)
