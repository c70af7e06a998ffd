import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from base import text
from base.qt import theme
from base.text import N_
from whiteboard.views.glass_button import GlassButton


@pytest.fixture
def window(qtbot) -> QWidget:
    text.set_language("en")
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def button(window: QWidget) -> GlassButton:
    made = GlassButton(N_("Next"), "chevron-right", window)
    made.place_at(QPoint(400, 300))
    made.set_due(True)
    return made


def test_it_is_there_while_there_is_something_to_press_it_for(button: GlassButton) -> None:
    assert button.isVisible()
    assert button.width() == theme.metrics().px(25)
    button.set_due(False)
    assert not button.isVisible()


def test_short_touch_presses_it(button: GlassButton, qtbot) -> None:
    with qtbot.waitSignal(button.clicked):
        device = QTest.createTouchDevice()
        QTest.touchEvent(button, device).press(0, QPoint(10, 10), button).commit()
        QTest.touchEvent(button, device).release(0, QPoint(10, 10), button).commit()


def test_hand_that_began_to_write_meanwhile_takes_the_press_back(
    button: GlassButton, qtbot
) -> None:
    device = QTest.createTouchDevice()
    with qtbot.assertNotEmitted(button.clicked):
        QTest.touchEvent(button, device).press(0, QPoint(10, 10), button).commit()
        button.set_shrunk(True)
        QTest.touchEvent(button, device).release(0, QPoint(10, 10), button).commit()
    assert button.is_ghost


def test_it_goes_where_a_hand_writes_and_comes_back(button: GlassButton, qtbot) -> None:
    button.set_shrunk(True)
    button.make_way(QPoint(40, 40))
    assert button.isVisible()
    button.make_way(QPoint(395, 300))
    assert not button.isVisible()
    button.set_shrunk(False)
    qtbot.waitUntil(button.isVisible)
    assert not button.is_ghost
