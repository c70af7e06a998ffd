from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from base.qt.widgets import TouchButton
from whiteboard.views.tray.home_bar import HomeBar

ROOM = QRect(0, 0, 1920, 1080)
TOOLS = {
    "bottom": QRect(80, 986, 1760, 84),
    "left": QRect(10, 40, 170, 1000),
    "right": QRect(1740, 40, 170, 1000),
}


@pytest.fixture
def bar(qtbot) -> Iterator[HomeBar]:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.setGeometry(ROOM)
    yield HomeBar(parent)
    parent.close()


@pytest.mark.parametrize("side", TOOLS)
def test_home_lies_in_a_lower_corner_and_off_the_tools(bar: HomeBar, side: str) -> None:
    bar.place_in(ROOM, side, TOOLS[side])

    assert ROOM.contains(bar.geometry())
    assert not bar.geometry().intersects(TOOLS[side])
    assert bar.geometry().bottom() > ROOM.height() * 0.85
    middle = QRect(288, 162, 1344, 756)
    assert not bar.geometry().intersects(middle)


def test_touch_asks_for_home(bar: HomeBar, qtbot) -> None:
    bar.place_in(ROOM, "bottom", TOOLS["bottom"])
    (button,) = bar.findChildren(TouchButton)

    with qtbot.waitSignal(bar.home_asked, timeout=1000):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
