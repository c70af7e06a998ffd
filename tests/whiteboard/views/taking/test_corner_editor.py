"""Corners on a photograph, dragged by fingers."""

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPointingDevice
from PySide6.QtTest import QTest

from whiteboard.views.taking.corner_editor import CornerEditor

CORNERS = np.array([[100.0, 80], [700, 100], [720, 500], [90, 520]])


@pytest.fixture
def editor(qapp, qtbot):
    made = CornerEditor()
    made.resize(900, 700)
    picture = QImage(800, 600, QImage.Format.Format_RGB32)
    picture.fill(QColor("#806040"))
    made.show()
    assert QTest.qWaitForWindowExposed(made)
    made.show_photo(picture, CORNERS)
    yield made
    made.hide()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="module")
def glass():
    return QTest.createTouchDevice(QPointingDevice.DeviceType.TouchScreen)


def place(editor, corner):
    return editor.corner_view(corner).toPoint()


def times(editor):
    """Return how many px of the editor a pixel of the photograph takes."""
    one, other = editor.corner_view(0), editor.corner_view(1)
    return (other.x() - one.x()) / (CORNERS[1, 0] - CORNERS[0, 0])


def drag(editor, start, way):
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(editor, button, none, start)
    QTest.mouseMove(editor, start + way)
    QTest.mouseRelease(editor, button, none, start + way)


def test_dragged_corner_follows(editor):
    drag(editor, place(editor, 0), QPoint(30, 20))
    moved = editor.corners - CORNERS
    assert moved[0] * times(editor) == pytest.approx([30, 20], abs=1.5)
    assert not moved[1:].any()


def test_corner_keeps_its_distance_to_the_finger(editor):
    drag(editor, place(editor, 2) + QPoint(25, 30), QPoint(-10, -10))
    moved = (editor.corners - CORNERS)[2]
    assert moved * times(editor) == pytest.approx([-10, -10], abs=1.5)


def test_new_corners_are_told(editor, qtbot):
    with qtbot.waitSignal(editor.moved) as told:
        drag(editor, place(editor, 1), QPoint(5, 9))
    assert np.array_equal(told.args[0], editor.corners)


def test_touch_far_from_all_corners_moves_none(editor):
    drag(editor, editor.rect().center(), QPoint(40, 40))
    assert np.array_equal(editor.corners, CORNERS)


def test_corner_stays_on_the_photograph(editor):
    drag(editor, place(editor, 0), QPoint(-600, -600))
    assert editor.corners[0].tolist() == [0, 0]


def test_corner_cannot_fold_the_sheet(editor):
    drag(editor, place(editor, 0), place(editor, 2) - place(editor, 0))
    assert np.array_equal(editor.corners, CORNERS)


def test_two_fingers_hold_a_corner_each(editor, glass):
    one, other = place(editor, 0), place(editor, 2)
    QTest.touchEvent(editor, glass).press(0, one).press(1, other).commit()
    assert editor.held == {0, 2}
    touch = QTest.touchEvent(editor, glass)
    touch.move(0, one + QPoint(20, 0)).move(1, other + QPoint(0, -20)).commit()
    QTest.touchEvent(editor, glass).release(0, one + QPoint(20, 0)).release(
        1, other + QPoint(0, -20)
    ).commit()
    moved = (editor.corners - CORNERS) * times(editor)
    assert moved[0] == pytest.approx([20, 0], abs=1.5)
    assert moved[2] == pytest.approx([0, -20], abs=1.5)
    assert editor.held == frozenset()


def test_loupe_shows_while_a_corner_is_held(editor):
    def seen():
        return editor.grab().toImage()

    before = seen()
    start = place(editor, 3)
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, pos=start)
    during = seen()
    QTest.mouseRelease(editor, Qt.MouseButton.LeftButton, pos=start)
    assert during != before
    assert seen() == before


def test_corners_stay_on_the_sheet_when_the_window_changes(editor):
    editor.resize(500, 640)
    assert np.array_equal(editor.corners, CORNERS)
    middle = (editor.corner_view(0) + editor.corner_view(2)) / 2
    assert QPointF(editor.rect().center()).x() == pytest.approx(middle.x(), abs=30)


def test_editor_has_a_name(editor):
    assert editor.accessibleName()
