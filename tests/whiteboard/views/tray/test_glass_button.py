import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QEventPoint, QTouchEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base import text
from base.qt import theme
from base.text import N_
from whiteboard.views.tray.glass_button import GlassButton


class SizedPoint(QEventPoint):
    """A contact as a panel that measures contacts reports it; Qt has no setter for its size."""

    size_px = 0.0

    @override
    def ellipseDiameters(self) -> QSizeF:
        return QSizeF(self.size_px, self.size_px)


class SizedTouch(QTouchEvent):
    """A touch event of such a panel."""

    sized: SizedPoint

    @override
    def points(self) -> list[QEventPoint]:
        return [self.sized]


def touch_sized(
    button: GlassButton, kind: QEvent.Type, state: QEventPoint.State, size_mm: float
) -> None:
    """Send an event of one contact in the middle of a button through Qt."""
    inside = QPointF(button.rect().center())
    point = SizedPoint(0, state, inside, button.mapToGlobal(inside))
    point.size_px = size_mm * theme.metrics().glass_px_per_mm
    panel = QTest.createTouchDevice()
    event = SizedTouch(kind, panel, Qt.KeyboardModifier.NoModifier, [point])
    event.sized = point
    QCoreApplication.sendEvent(button, event)


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


@pytest.mark.parametrize(("size_mm", "presses"), [(9, True), (20, True), (30, False)])
def test_contact_as_large_as_a_palm_presses_nothing(
    button: GlassButton, size_mm: float, presses: bool
) -> None:
    pressed: list[None] = []
    button.clicked.connect(lambda: pressed.append(None))
    touch_sized(button, QEvent.Type.TouchBegin, QEventPoint.State.Pressed, size_mm)
    touch_sized(button, QEvent.Type.TouchEnd, QEventPoint.State.Released, size_mm)
    assert bool(pressed) is presses
    assert not button.isDown()


def test_finger_that_becomes_a_palm_takes_its_press_back(button: GlassButton, qtbot) -> None:
    with qtbot.assertNotEmitted(button.clicked):
        touch_sized(button, QEvent.Type.TouchBegin, QEventPoint.State.Pressed, 9)
        assert button.isDown()
        touch_sized(button, QEvent.Type.TouchUpdate, QEventPoint.State.Updated, 34)
        assert not button.isDown()
        touch_sized(button, QEvent.Type.TouchEnd, QEventPoint.State.Released, 9)


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
