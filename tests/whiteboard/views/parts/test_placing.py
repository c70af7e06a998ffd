import pytest
from PySide6.QtCore import QRect, QSize

from whiteboard.views.parts.placing import covered_px, place_beside

ROOM = QRect(0, 0, 1000, 600)
SIZE = QSize(300, 60)


def place(about, taken=()):
    return place_beside(about, SIZE, ROOM, list(taken), 10)


def test_bar_floats_above_the_middle():
    assert place(QRect(400, 300, 200, 100)) == QRect(350, 230, 300, 60)


def test_bar_goes_below_where_there_is_no_room_above():
    assert place(QRect(400, 20, 200, 100)).top() > 120


def test_bar_goes_beside_what_is_as_tall_as_the_room():
    found = place(QRect(100, 0, 200, 600))
    assert found.left() > 300


@pytest.mark.parametrize("x", [-150, 0, 850, 990])
@pytest.mark.parametrize("y", [-80, 0, 300, 590])
def test_bar_is_inside_the_room_and_covers_nothing(x, y):
    about = QRect(x, y, 160, 90)
    found = place(about)
    assert ROOM.contains(found)
    assert not found.intersects(about)


def test_bar_keeps_clear_of_toolbars():
    toolbar = QRect(0, 200, 1000, 80)
    about = QRect(400, 300, 200, 100)
    found = place(about, [toolbar])
    assert covered_px(found, [toolbar, about]) == 0


def test_bar_lies_on_what_fills_the_room():
    found = place(QRect(-100, -100, 1300, 900))
    assert ROOM.contains(found)


def test_bar_of_what_is_out_of_sight_is_in_the_room():
    assert ROOM.contains(place(QRect(5000, 5000, 100, 100)))
