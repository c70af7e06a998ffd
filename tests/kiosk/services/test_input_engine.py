"""Typing and converting with the engine, into a real field with the focus."""

import pytest
from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from kiosk.services import input_engine
from kiosk.services.input_engine import (
    EngineUnavailableError,
    InputEngine,
    Script,
    choose_input_method,
    is_chosen,
)

OURS = {"QT_IM_MODULE": "qtvirtualkeyboard", "QT_VIRTUALKEYBOARD_DESKTOP_DISABLE": "1"}


@pytest.fixture
def field(qtbot):
    made = QLineEdit()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    made.setFocus()
    return made


@pytest.fixture
def engine(field):
    made = InputEngine()
    yield made
    made.shutdown()
    made.deleteLater()


def words(engine):
    model = engine.candidates
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def type_all(engine, text):
    for letter in text:
        engine.type_text(letter)


def test_letters_are_written_as_they_are(engine, field):
    engine.use(Script.LETTERS)
    type_all(engine, "Room 3")
    assert field.text() == "Room 3"
    assert engine.preedit == ""


def test_kana_is_undecided_until_it_is_decided(engine, field):
    engine.use(Script.JAPANESE)
    type_all(engine, "かいぎ")
    assert (engine.preedit, field.text()) == ("かいぎ", "")
    engine.decide()
    assert (engine.preedit, field.text()) == ("", "かいぎ")


def test_romaji_becomes_kana(engine):
    engine.use(Script.JAPANESE)
    type_all(engine, "kyou")
    assert engine.preedit == "きょう"


def test_space_converts_and_deciding_takes_every_clause(engine, field):
    engine.use(Script.JAPANESE)
    type_all(engine, "わたしはかいぎしつにいきます")
    engine.press(Qt.Key.Key_Space)
    engine.decide()
    assert field.text() == "私は会議室にいきます"


def test_candidate_that_is_chosen_is_written(engine, field):
    engine.use(Script.JAPANESE)
    type_all(engine, "じゅうみんひょう")
    engine.choose(words(engine).index("住民票"))
    assert field.text() == "住民票"


@pytest.mark.parametrize("kana", ["しやくしょ", "みやげ", "ちゃわん", "りゆう", "ひよこ"])
def test_large_and_small_y_kana_are_told_apart(engine, kana):
    engine.use(Script.JAPANESE)
    type_all(engine, kana)
    assert engine.preedit == kana


def test_last_kana_is_replaced(engine):
    engine.use(Script.JAPANESE)
    type_all(engine, "かき")
    engine.replace_last("ぎ")
    assert engine.preedit == "かぎ"


@pytest.mark.parametrize("script", Script)
def test_keys_move_and_erase_in_the_field(engine, field, script):
    engine.use(script)
    field.setText("abc")
    engine.press(Qt.Key.Key_Left)
    engine.press(Qt.Key.Key_Backspace)
    assert (field.text(), field.cursorPosition()) == ("ac", 1)


@pytest.mark.parametrize("script", Script)
def test_return_with_nothing_undecided_reaches_the_field(engine, field, qtbot, script):
    engine.use(script)
    with qtbot.waitSignal(field.returnPressed, timeout=0):
        engine.press(Qt.Key.Key_Return)


def test_another_script_decides_what_is_undecided(engine, field):
    engine.use(Script.JAPANESE)
    type_all(engine, "あ")
    engine.use(Script.LETTERS)
    assert (engine.preedit, field.text()) == ("", "あ")


def test_events_of_its_own_can_be_told(engine, field):
    seen = []

    class Watch(QObject):
        def eventFilter(self, _watched, event):
            if event.type() == event.Type.KeyPress:
                seen.append(engine.is_typing)
            return False

    watch = Watch()
    field.installEventFilter(watch)
    engine.press(Qt.Key.Key_Left)
    QTest.keyClick(field, "a")
    field.removeEventFilter(watch)
    assert seen == [True, False]


def test_covered_part_of_the_window_is_told(engine):
    engine.cover(QRect(10, 20, 300, 100))
    assert QGuiApplication.inputMethod().keyboardRectangle().toRect() == QRect(10, 20, 300, 100)
    engine.cover(QRect())
    assert QGuiApplication.inputMethod().keyboardRectangle().isEmpty()


def test_focus_that_leaves_keeps_the_undecided_letters(engine, field, qtbot):
    engine.use(Script.JAPANESE)
    type_all(engine, "かい")
    other = QLineEdit()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    assert QTest.qWaitForWindowActive(other)
    other.setFocus()
    assert field.text() == "かい"
    type_all(engine, "ぎ")
    engine.decide()
    assert (field.text(), other.text()) == ("かい", "ぎ")


def test_missing_library_is_told(qapp, tmp_path, monkeypatch):
    broken = tmp_path / "engine.qml"
    broken.write_text("import QtQml\nimport Not.There\nQtObject {}\n")
    monkeypatch.setattr(input_engine, "ENGINE_FILE", broken)
    with pytest.raises(EngineUnavailableError, match=r"Not\.There"):
        InputEngine()


@pytest.mark.parametrize(
    ("environment", "is_forced", "made"),
    [
        ({}, False, OURS),
        ({"QT_IM_MODULE": ""}, False, OURS),
        ({"QT_IM_MODULE": "fcitx"}, False, {}),
        ({"QT_IM_MODULE": "fcitx"}, True, OURS),
        ({"QT_IM_MODULES": "wayland;ibus"}, False, {}),
        (
            {"QT_IM_MODULES": "wayland;ibus"},
            True,
            OURS | {"QT_IM_MODULES": "qtvirtualkeyboard"},
        ),
    ],
)
def test_input_method_of_the_machine_is_left_alone_unless_forced(environment, is_forced, made):
    assert choose_input_method(environment, is_forced=is_forced) == made
    assert is_chosen(environment | made) == bool(made)


def test_tests_run_with_the_method_of_the_field(qapp: QApplication):
    import os

    assert is_chosen(os.environ)
