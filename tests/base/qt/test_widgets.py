from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from base import text
from base.qt import loop, theme
from base.qt.panels import NumberPad, Sheet
from base.qt.widgets import (
    Choice,
    Layout,
    Slider,
    Text,
    Tile,
    Toggle,
    TouchButton,
    fitting_font,
)


@pytest.fixture(scope="module")
def finger() -> QPointingDevice:
    return QTest.createTouchDevice()


@pytest.fixture
def shown(qtbot) -> Callable[[QWidget], QWidget]:
    def show(widget: QWidget) -> QWidget:
        qtbot.addWidget(widget)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show


def test_button_answers_a_finger(shown, finger, qtbot) -> None:
    button = shown(TouchButton("Undo", "undo-2"))
    middle = button.rect().center()
    touch = QTest.touchEvent(button, finger)
    touch.press(0, middle, button).commit()
    assert button.isDown()
    with qtbot.waitSignal(button.clicked):
        QTest.touchEvent(button, finger).release(0, middle, button).commit()
    assert not button.isDown()


def test_finger_that_slides_off_does_nothing(shown, finger) -> None:
    button = shown(TouchButton("Undo", "undo-2"))
    clicks: list[bool] = []
    button.clicked.connect(clicks.append)
    middle, outside = button.rect().center(), QPoint(-50, -50)
    QTest.touchEvent(button, finger).press(0, middle, button).commit()
    QTest.touchEvent(button, finger).move(0, outside, button).commit()
    assert not button.isDown()
    QTest.touchEvent(button, finger).release(0, outside, button).commit()
    assert clicks == []


def test_two_people_press_two_buttons_at_once(shown, finger) -> None:
    row = shown(Choice([("Left", "panel-left"), ("Right", "panel-right")]))
    left, right = row.findChildren(TouchButton)
    QTest.touchEvent(row, finger).press(0, left.rect().center(), left).commit()
    QTest.touchEvent(row, finger).stationary(0).press(1, right.rect().center(), right).commit()
    assert left.isDown()
    assert right.isDown()
    QTest.touchEvent(row, finger).release(0, left.rect().center(), left).release(
        1, right.rect().center(), right
    ).commit()


def test_button_answers_the_mouse(shown, qtbot) -> None:
    button = shown(TouchButton("Undo", "undo-2"))
    with qtbot.waitSignal(button.clicked):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_disabled_button_ignores_fingers(shown, finger) -> None:
    button = shown(TouchButton("Undo", "undo-2"))
    button.setEnabled(False)
    clicks: list[bool] = []
    button.clicked.connect(clicks.append)
    middle = button.rect().center()
    QTest.touchEvent(button, finger).press(0, middle, button).commit()
    QTest.touchEvent(button, finger).release(0, middle, button).commit()
    assert clicks == []


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("main", [False, True])
def test_button_is_never_smaller_than_a_target(qtbot, layout: Layout, main: bool) -> None:
    button = TouchButton("A", "check", layout=layout, main=main)
    qtbot.addWidget(button)
    least = theme.metrics().main_px if main else theme.metrics().target_px
    assert button.sizeHint().width() >= least
    assert button.sizeHint().height() >= least


def test_chosen_button_differs_without_its_colours(shown) -> None:
    # Grey pictures of both states: the bar under the word remains.
    button = shown(TouchButton("Pen", "pen"))
    button.setCheckable(True)
    bar = QPoint(button.width() // 2, button.height() - round(1.5 * theme.metrics().px(1)))
    button.setChecked(True)
    picture = button.grab().toImage()
    beside = QPoint(round(theme.metrics().px(2)), bar.y())
    assert picture.pixelColor(bar).lightness() < picture.pixelColor(beside).lightness() - 60


def test_words_follow_the_language(qtbot, qapp: QApplication) -> None:
    text.set_language("en")
    button = TouchButton("Settings", "settings")
    tile = Tile("Blackboard", "presentation", "Write now")
    words = Text("Finish")
    for widget in (button, tile, words):
        qtbot.addWidget(widget)
    loop.switch_language(qapp, "ja")
    assert button.accessibleName() == button.word == "設定"
    assert tile.accessibleName() == "黒板"
    assert tile.accessibleDescription() == "すぐに書けます"
    assert words.text() == "終わる"


def test_language_reaches_children_of_hidden_windows(qtbot, qapp: QApplication) -> None:
    text.set_language("en")
    window = QWidget()
    qtbot.addWidget(window)
    child = Text("Finish", parent=QWidget(window))
    loop.switch_language(qapp, "ja")
    assert child.text() == "終わる"


def test_toggle_switches_at_a_touch(shown, finger) -> None:
    toggle = shown(Toggle("Sounds"))
    middle = toggle.rect().center()
    QTest.touchEvent(toggle, finger).press(0, middle, toggle).commit()
    QTest.touchEvent(toggle, finger).release(0, middle, toggle).commit()
    assert toggle.isChecked()


def test_slider_goes_where_it_is_touched(shown, finger) -> None:
    slider = shown(Slider("Volume"))
    slider.setRange(0, 100)
    end = QPoint(slider.width() - 1, slider.height() // 2)
    QTest.touchEvent(slider, finger).press(0, end, slider).commit()
    assert slider.sliderPosition() == 100
    QTest.touchEvent(slider, finger).move(0, slider.rect().center(), slider).commit()
    QTest.touchEvent(slider, finger).release(0, slider.rect().center(), slider).commit()
    assert slider.value() == 50


def test_choice_tells_the_place_that_was_chosen(shown, qtbot) -> None:
    choice = shown(Choice([("Left", "panel-left"), ("Right", "panel-right")]))
    choice.choose(0)
    with qtbot.waitSignal(choice.chosen) as heard:
        choice.findChildren(TouchButton)[1].click()
    assert heard.args == [1]


def test_long_word_is_made_to_fit(qapp: QApplication) -> None:
    word = "Handlungsbevollmächtigtenverzeichnis"
    assert fitting_font(word, 200, 40).pixelSize() < 40
    assert fitting_font("短い", 200, 40).pixelSize() == 40


@pytest.fixture
def sheet(shown, qtbot) -> Iterator[Sheet]:
    window = shown(QWidget())
    window.resize(800, 600)
    made = Sheet(window)
    made.content.addWidget(Text("Settings"))
    made.open()
    qtbot.waitUntil(lambda: made.panel.geometry().bottom() < 600)
    yield made
    window.hide()


def test_sheet_leaves_at_a_touch_beside_it(sheet: Sheet, qtbot, finger) -> None:
    with qtbot.waitSignal(sheet.closed):
        QTest.touchEvent(sheet, finger).press(0, QPoint(5, 5), sheet).commit()
        QTest.touchEvent(sheet, finger).release(0, QPoint(5, 5), sheet).commit()
    assert not sheet.isVisible()


def test_sheet_stays_at_a_touch_on_it(sheet: Sheet, qtbot) -> None:
    qtbot.mouseClick(sheet.panel, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert sheet.isVisible()


@pytest.mark.parametrize("make", [QLineEdit, QPlainTextEdit])
def test_finger_on_a_field_of_a_sheet_writes_there(
    make: type[QLineEdit | QPlainTextEdit], sheet: Sheet, qtbot, finger
) -> None:
    field = make("words")
    sheet.content.addWidget(field)
    sheet.relayout()
    qtbot.waitUntil(lambda: field.isVisible() and field.height() > 10)
    sheet.window().activateWindow()
    middle = field.rect().center()
    QTest.touchEvent(field, finger).press(0, middle, field).commit()
    QTest.touchEvent(field, finger).release(0, middle, field).commit()
    assert sheet.window().focusWidget() is field
    assert sheet.isVisible()


def test_sheet_leaves_at_escape(sheet: Sheet, qtbot) -> None:
    with qtbot.waitSignal(sheet.closed):
        qtbot.keyClick(sheet, Qt.Key.Key_Escape)


def test_sheet_stays_inside_a_window_that_shrinks(sheet: Sheet, qtbot) -> None:
    sheet.parentWidget().resize(500, 300)
    qtbot.waitUntil(lambda: sheet.rect().contains(sheet.panel.geometry()))


def test_pad_tells_the_digits(shown, qtbot) -> None:
    pad = shown(NumberPad(4))
    pad.setFocus()
    for key in "12":
        qtbot.keyClick(pad, key)
    qtbot.keyClick(pad, Qt.Key.Key_Backspace)
    for key in "34567":
        qtbot.keyClick(pad, key)
    with qtbot.waitSignal(pad.entered) as heard:
        qtbot.keyClick(pad, Qt.Key.Key_Return)
    assert heard.args == ["1345"]


def test_empty_pad_is_not_done(shown, qtbot) -> None:
    pad = shown(NumberPad(4))
    with qtbot.assertNotEmitted(pad.entered):
        qtbot.keyClick(pad, Qt.Key.Key_Return)


def test_application_hands_over_every_sample(qapp: QApplication) -> None:
    loop.deliver_every_sample(qapp)
    for name in ("AA_CompressHighFrequencyEvents", "AA_CompressTabletEvents"):
        assert not qapp.testAttribute(getattr(Qt.ApplicationAttribute, name))
    for name in (
        "AA_SynthesizeMouseForUnhandledTouchEvents",
        "AA_SynthesizeMouseForUnhandledTabletEvents",
    ):
        assert qapp.testAttribute(getattr(Qt.ApplicationAttribute, name))
