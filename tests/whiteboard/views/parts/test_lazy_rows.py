import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from whiteboard.views.parts.lazy_rows import LazyRow, LazyRows

LEFT = Qt.MouseButton.LeftButton


class PlainRow(LazyRow):
    def paintEvent(self, event):
        """What a row looks like does not matter here."""


@pytest.fixture
def rows(qapp):
    window = QWidget()
    made = LazyRows(PlainRow, 18.0, 2.0)
    made.list.setParent(window)
    window.resize(400, 400)
    made.list.setGeometry(0, 0, 400, 5 * made.step_px)
    window.show()
    assert QTest.qWaitForWindowExposed(window)
    yield made
    window.close()
    window.deleteLater()


def places(rows: LazyRows) -> list[int]:
    return [row.place for row in sorted(rows.rows, key=lambda row: row.y())]


def middle(rows: LazyRows, place: int):
    row = next(row for row in rows.rows if row.place == place)
    return row.mapTo(rows.list, row.rect().center())


def test_only_rows_that_are_seen_are_made(rows):
    rows.show_count(100_000)
    assert places(rows)[:5] == [0, 1, 2, 3, 4]
    assert len(rows.findChildren(PlainRow)) <= 7


def test_scrolled_list_shows_other_places(rows):
    rows.show_count(1000)
    rows.see(500)
    assert 500 in places(rows)
    assert len(rows.findChildren(PlainRow)) <= 8


def test_touched_row_says_its_place(rows):
    touched = []
    rows.touched.connect(touched.append)
    rows.show_count(50)
    rows.see(30)
    QTest.mouseClick(rows.list, LEFT, pos=middle(rows, 29))
    assert touched == [29]


def test_row_under_a_finger_stays_while_more_come(rows):
    touched = []
    rows.touched.connect(touched.append)
    rows.show_count(3)
    place = middle(rows, 1)
    QTest.mousePress(rows.list, LEFT, pos=place)
    for count in (4, 5, 60):
        rows.show_count(count)
    QTest.mouseRelease(rows.list, LEFT, pos=place)
    assert touched == [1]


def test_fewer_places_leave_no_row_behind(rows):
    rows.show_count(5)
    rows.show_count(2)
    assert places(rows) == [0, 1]
