"""The keyboard on the screen: what its keys do, and when it comes and goes."""

import os

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from base import text
from base.options import Options, Settings
from base.qt import loop, theme
from base.qt.panels import Sheet
from base.qt.widgets import TouchControl
from kiosk.model.key_layouts import Page
from kiosk.services import input_engine
from kiosk.views.keyboard_host import KeyboardHost
from kiosk.views.shell import Shell

LEFT = Qt.MouseButton.LeftButton


class Bench:
    """A window with a field of each kind, and hands for it."""

    def __init__(self, **settings):
        self.options = Options(Settings(**settings))
        theme.apply_theme(QApplication.instance(), "board", theme.Metrics(720 * 0.003))
        self.shell = Shell()
        self.host = KeyboardHost(self.shell, self.options)
        self.screen = QWidget()
        column = QVBoxLayout(self.screen)
        self.line, self.lines = QLineEdit(), QPlainTextEdit()
        column.addWidget(self.line)
        column.addWidget(self.lines)
        column.addStretch(1)
        self.screen.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.shell.show_screen(self.screen)
        self.shell.resize(1280, 720)
        self.shell.show()
        self.shell.activateWindow()
        assert QTest.qWaitForWindowActive(self.shell)
        self.touch_screen = QTest.createTouchDevice()

    def close(self):
        self.host.shutdown()
        self.shell.close()
        self.shell.deleteLater()

    @property
    def keyboard(self):
        return self.host.keyboard

    @property
    def is_shown(self):
        return self.keyboard is not None and self.keyboard.isVisible()

    def tap(self, widget):
        """Click in the window where a widget is, on whatever lies there."""
        place = widget.mapTo(self.shell, widget.rect().center())
        QTest.mouseClick(self.shell.windowHandle(), LEFT, pos=place)

    def touch(self, *widgets):
        """Put a finger on each, then lift them."""
        handle, device = self.shell.windowHandle(), self.touch_screen
        places = [w.mapTo(self.shell, w.rect().center()) for w in widgets]
        down, up = QTest.touchEvent(handle, device), QTest.touchEvent(handle, device)
        for finger, place in enumerate(places):
            down.press(finger, place)
            up.release(finger, place)
        down.commit()
        up.commit()

    def key(self, word):
        (found,) = [
            key
            for key in self.keyboard.findChildren(TouchControl)
            if key.isVisible() and word in (key.word, key.accessibleName())
        ]
        return found

    def keys(self, words):
        for word in words:
            self.tap(self.key(word))

    def words(self):
        """What stands on the keyboard now."""
        return {key.word for key in self.keyboard.findChildren(TouchControl) if key.isVisible()}

    def open(self, qtbot, field=None):
        """Touch a field and wait for the keyboard."""
        self.tap(field or self.line)
        qtbot.waitUntil(lambda: self.is_shown)


@pytest.fixture
def japanese():
    text.set_language("ja")


@pytest.fixture
def bench(qapp, japanese):
    made = Bench()
    yield made
    made.close()


# What its keys do ------------------------------------------------------------------------


def test_kana_is_typed_converted_and_accepted(bench, qtbot):
    bench.open(qtbot)
    bench.keys(["か", "い", "き", "゛", "し", "つ"])
    qtbot.waitUntil(lambda: "会議室" in bench.words())
    bench.tap(bench.key("会議室"))
    assert bench.line.text() == "会議室"
    assert bench.line.hasFocus()


def test_space_bar_converts_what_is_undecided_and_enter_accepts_it(bench, qtbot):
    bench.open(qtbot)
    bench.keys(["き", "よ", "小", "う"])
    qtbot.waitUntil(lambda: "変換" in bench.words())
    bench.keys(["変換", "確定"])
    assert bench.line.text() == "今日"
    qtbot.waitUntil(lambda: {"空白", "決定"} <= bench.words())


def test_fingers_type_as_the_mouse_does(bench, qtbot):
    bench.touch(bench.line)
    qtbot.waitUntil(lambda: bench.is_shown)
    bench.touch(bench.key("あ"), bench.key("い"))
    bench.touch(bench.key("う"))
    bench.touch(bench.key("確定") if "確定" in bench.words() else bench.key("決定"))
    assert sorted(bench.line.text()) == ["あ", "い", "う"]
    assert bench.line.hasFocus()


def test_letters_romaji_and_signs_have_their_keys(bench, qtbot):
    bench.open(qtbot)
    bench.keys(["ABC", "a", "123 ＋－", "3", "ローマ字", "k", "a", "確定"])
    assert bench.line.text() == "a3か"


def test_shift_is_for_one_letter_and_twice_for_all(bench, qtbot):
    bench.open(qtbot)
    shift = text._("Capital letters")
    bench.keys(["ABC", shift, "A", "b", shift, shift, "C", "D", shift, "e"])
    assert bench.line.text() == "AbCDe"


def test_erase_goes_on_while_it_is_held(bench, qtbot):
    bench.open(qtbot)
    bench.line.setText("aaaaaaaaaaaa")
    key = bench.key("消す")
    QTest.mousePress(key, LEFT)
    qtbot.waitUntil(lambda: len(bench.line.text()) <= 8)
    left = len(bench.line.text())
    QTest.mouseRelease(key, LEFT)
    # Lifting the finger takes no further letter.
    assert len(bench.line.text()) == left


def test_enter_begins_a_line_where_there_are_lines(bench, qtbot):
    bench.open(qtbot, bench.lines)
    bench.keys(["ABC", "a", "改行", "b"])
    assert bench.lines.toPlainText() == "a\nb"


def test_more_words_and_back(bench, qtbot):
    bench.open(qtbot)
    bench.keys(["か"])
    qtbot.waitUntil(lambda: bench.key("次の候補").isVisible())
    first = bench.words()
    bench.keys(["次の候補"])
    assert bench.words() != first
    bench.keys(["前の候補"])
    assert bench.words() == first


def test_kana_keys_offer_no_letters(bench, qtbot):
    bench.open(qtbot)
    bench.keys(["し", "や"])
    qtbot.waitUntil(lambda: "視野" in bench.words())
    assert "しya" not in bench.words()


def test_language_is_followed_at_once(bench, qtbot, qapp):
    bench.open(qtbot)
    assert bench.keyboard.page is Page.KANA
    loop.switch_language(qapp, "en")
    assert bench.keyboard.page is Page.LATIN
    assert {"Space", "Done", "Put away"} <= bench.words()


def test_keys_are_as_large_as_a_touch_target(bench, qtbot):
    for size in ((1280, 720), (1920, 1080)):
        bench.shell.resize(*size)
        theme.apply_theme(QGuiApplication.instance(), "board", theme.Metrics(size[1] * 0.003))
        bench.open(qtbot)
        bench.host.place()
        least = theme.metrics().target_px
        keys = [k for k in bench.keyboard.findChildren(TouchControl) if k.isVisible()]
        assert min(min(k.width(), k.height()) for k in keys) >= least


# When it comes and goes --------------------------------------------------------------------


def test_nothing_is_made_before_a_field_is_touched(bench):
    assert bench.keyboard is None
    assert bench.host._engine is None


def test_first_touch_of_a_field_brings_it(bench, qtbot):
    bench.open(qtbot)


def test_field_that_is_reached_with_a_real_keyboard_does_not_bring_it(bench, qtbot):
    bench.line.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.wait(50)
    assert not bench.is_shown


def test_real_key_sends_it_away_until_the_field_is_touched(bench, qtbot):
    bench.open(qtbot)
    QTest.keyClick(bench.shell.windowHandle(), "x")
    qtbot.waitUntil(lambda: not bench.is_shown)
    assert bench.line.text() == "x"
    bench.open(qtbot)


def test_its_own_key_sends_it_away(bench, qtbot):
    bench.open(qtbot)
    bench.keys(["しまう"])
    qtbot.waitUntil(lambda: not bench.is_shown)
    assert bench.line.hasFocus()
    assert QGuiApplication.inputMethod().keyboardRectangle().isEmpty()


def test_leaving_the_field_sends_it_away(bench, qtbot):
    bench.open(qtbot)
    bench.screen.setFocus()
    qtbot.waitUntil(lambda: not bench.is_shown)


def test_other_field_gets_the_words_that_fit_it(bench, qtbot):
    bench.open(qtbot)
    bench.tap(bench.lines)
    qtbot.waitUntil(lambda: "改行" in bench.words())
    assert bench.is_shown


@pytest.mark.parametrize(
    ("hint", "page"),
    [
        (Qt.InputMethodHint.ImhDigitsOnly, Page.SIGNS),
        (Qt.InputMethodHint.ImhSensitiveData, Page.LATIN),
        (Qt.InputMethodHint.ImhNone, Page.KANA),
    ],
)
def test_field_gets_the_keys_it_asks_for(bench, qtbot, hint, page):
    bench.line.setInputMethodHints(hint)
    bench.open(qtbot)
    assert bench.keyboard.page is page


def test_password_is_typed_in_letters_and_the_next_field_in_kana(bench, qtbot):
    bench.line.setEchoMode(QLineEdit.EchoMode.Password)
    bench.open(qtbot)
    bench.keys(["a", "b"])
    assert bench.line.text() == "ab"
    bench.tap(bench.lines)
    qtbot.waitUntil(lambda: bench.keyboard.page is Page.KANA)


@pytest.mark.parametrize(("policy", "comes"), [("always", True), ("never", False)])
def test_setting_brings_it_always_or_never(qapp, japanese, qtbot, policy, comes):
    bench = Bench(on_screen_keyboard=policy)
    if comes:
        bench.line.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(lambda: bench.is_shown)
        QTest.keyClick(bench.shell.windowHandle(), "x")
        qtbot.wait(50)
    else:
        bench.tap(bench.line)
        qtbot.wait(50)
    assert bench.is_shown is comes
    bench.close()


def test_setting_takes_effect_at_once(bench, qtbot):
    bench.open(qtbot)
    bench.options.change_for_now(on_screen_keyboard="never")
    qtbot.waitUntil(lambda: not bench.is_shown)
    bench.options.change_for_now(on_screen_keyboard="always")
    qtbot.waitUntil(lambda: bench.is_shown)


def test_field_that_is_gone_takes_it_along(bench, qtbot):
    bench.open(qtbot)
    bench.line.deleteLater()
    qtbot.waitUntil(lambda: not bench.is_shown)


def test_next_person_finds_the_first_keys(bench, qtbot):
    bench.open(qtbot)
    bench.keys(["ABC"])
    bench.host.forget()
    assert bench.keyboard.page is Page.KANA


# Where it lies -----------------------------------------------------------------------------


def test_it_lies_below_a_field_at_the_top(bench, qtbot):
    bench.open(qtbot)
    box = bench.keyboard.geometry()
    assert bench.shell.rect().contains(box)
    assert box.top() > bench.shell.height() / 2
    assert QGuiApplication.inputMethod().keyboardRectangle().toRect() == box


def test_it_lies_above_a_field_that_it_would_cover(bench, qtbot):
    low = QLineEdit(bench.shell)
    low.setGeometry(400, 660, 300, 50)
    low.show()
    bench.open(qtbot, low)
    assert not bench.keyboard.geometry().intersects(QRect(low.pos(), low.size()))
    assert bench.keyboard.geometry().bottom() < bench.shell.height() / 2 + 50


def test_sheet_makes_room_for_it(bench, qtbot):
    sheet = Sheet(bench.screen)
    field = QLineEdit()
    sheet.content.addWidget(field)
    sheet.open()
    qtbot.waitUntil(lambda: sheet.panel.geometry().bottom() < bench.shell.height())
    bench.open(qtbot, field)
    keys_top = bench.keyboard.geometry().top()
    assert keys_top > bench.shell.height() / 2
    assert field.mapTo(bench.shell, QPoint(0, field.height())).y() < keys_top
    bench.keys(["あ", "確定"])
    assert sheet.isVisible()
    assert field.text() == "あ"
    sheet.close_sheet()
    qtbot.waitUntil(lambda: not sheet.isVisible())
    qtbot.waitUntil(lambda: not bench.is_shown)


def test_it_lies_in_the_half_of_its_field(bench, qtbot):
    bench.shell.resize(1920, 720)
    right = QWidget(bench.shell)
    right.setGeometry(960, 0, 960, 720)
    field = QLineEdit(right)
    field.setGeometry(20, 20, 200, 50)
    right.show()
    bench.open(qtbot, field)
    assert right.geometry().contains(bench.keyboard.geometry())


# Without it --------------------------------------------------------------------------------


def test_missing_library_leaves_the_field_as_it_was(
    qapp, japanese, tmp_path, monkeypatch, expected_log, qtbot
):
    broken = tmp_path / "engine.qml"
    broken.write_text("import Not.There\nQtObject {}\n")
    monkeypatch.setattr(input_engine, "ENGINE_FILE", broken)
    expected_log("on-screen keyboard not available")
    bench = Bench()
    bench.tap(bench.line)
    QTest.keyClick(bench.shell.windowHandle(), "x")
    assert bench.line.text() == "x"
    assert not bench.is_shown
    bench.close()


def test_input_method_of_the_machine_is_left_alone(qapp, japanese, monkeypatch):
    monkeypatch.setitem(os.environ, "QT_IM_MODULE", "fcitx")
    bench = Bench()
    bench.tap(bench.line)
    assert bench.host._engine is None
    bench.close()
