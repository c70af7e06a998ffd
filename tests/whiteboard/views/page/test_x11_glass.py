import time

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QWidget

from tests.support.canvas_bench import CanvasBench
from tools.x11 import Rect, Screen
from whiteboard.views.page.x11_glass import MAX_PIXELS, X11Glass, obstacles

RED = QColor(200, 30, 40)


@pytest.fixture
def screen(display):
    made = Screen(display.server)
    yield made
    made.close()


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.board = QWidget(made)
    made.board.setGeometry(50, 40, 500, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def glass(window):
    made = X11Glass(window.board)
    made.follow()
    yield made
    made.close()


def red(painter, area):
    painter.fillRect(area, RED)


def on_screen(screen, widget, area):
    corner = widget.mapToGlobal(area.topLeft())
    return screen.grab(Rect(corner.x(), corner.y(), area.width(), area.height()))


def is_red(pixels):
    return bool((pixels[:, :, :3] == RED.getRgb()[:3]).all())


def test_area_is_on_the_glass_without_a_turn_of_the_event_loop(window, glass, screen):
    area = glass.way(QRect(20, 30, 40, 25))

    glass.show(area, red)

    end_s = time.monotonic() + 5
    while not is_red(on_screen(screen, window.board, area)):
        assert time.monotonic() < end_s


def test_only_the_area_changes(window, glass, screen, qtbot):
    whole = QRect(0, 0, 500, 300)
    before = on_screen(screen, window.board, whole)
    area = glass.way(QRect(100, 50, 64, 10))
    glass.show(area, red)
    qtbot.waitUntil(lambda: is_red(on_screen(screen, window.board, area)), timeout=5_000)

    after = on_screen(screen, window.board, whole)
    after[50:60, 100:164] = before[50:60, 100:164]
    assert (after == before).all()


def test_areas_of_one_width_follow_each_other(window, glass, screen, qtbot):
    areas = [glass.way(QRect(10 + 70 * i, 30 * i, 60, 25)) for i in range(6)]
    for area in areas:
        glass.show(area, red)

    qtbot.waitUntil(
        lambda: all(is_red(on_screen(screen, window.board, area)) for area in areas),
        timeout=5_000,
    )


@pytest.mark.parametrize("x", [0, 3, 440, 499])
def test_way_holds_the_area_and_stays_inside(glass, x):
    area = QRect(x, 299, 1, 1)
    way = glass.way(area)

    assert way.contains(area)
    assert QRect(0, 0, 500, 300).contains(way)


def test_area_across_the_border_goes_as_far_as_it_is_seen(glass):
    assert glass.way(QRect(480, 290, 40, 20)) == QRect(468, 290, 32, 10)
    assert glass.way(QRect(-5, -3, 37, 20)) == QRect(0, 0, 32, 17)


def test_area_outside_the_widget_has_no_way(glass):
    assert glass.way(QRect(500, 10, 40, 20)) is None


def test_area_too_large_for_one_request_has_no_way(glass):
    assert glass.way(QRect(0, 0, 384, MAX_PIXELS // 384)) is not None
    assert glass.way(QRect(0, 0, 384, MAX_PIXELS // 384 + 1)) is None
    assert glass.way(QRect(0, 0, 385, 1)) is None


def test_area_under_another_widget_has_no_way(window, glass):
    over = QLabel("notice", window)
    over.setGeometry(100, 100, 200, 50)
    over.show()
    glass.follow()

    assert glass.way(QRect(60, 70, 20, 20)) is None
    assert glass.way(QRect(300, 200, 20, 20)) is not None


def test_hidden_widgets_and_those_below_are_no_obstacles(window):
    hidden = QLabel("hidden", window)
    hidden.setGeometry(100, 100, 200, 50)
    below = QWidget(window)
    below.setGeometry(0, 0, 600, 400)
    below.show()
    below.lower()

    assert obstacles(window.board) == []


def test_children_of_the_widget_are_obstacles(window):
    child = QLabel("child", window.board)
    child.setGeometry(10, 20, 30, 40)
    child.show()

    assert obstacles(window.board) == [QRect(10, 20, 30, 40)]


def test_hidden_widget_takes_qts_way(window, glass):
    window.board.hide()
    glass.follow()

    assert glass.way(QRect(20, 20, 5, 5)) is None


def test_widget_that_moved_is_painted_where_it_is_now(window, glass, screen, qtbot):
    window.board.move(10, 5)
    glass.follow()
    area = glass.way(QRect(0, 0, 32, 30))
    glass.show(area, red)

    corner = QRect(QPoint(10, 5), area.size())
    qtbot.waitUntil(lambda: is_red(on_screen(screen, window, corner)), timeout=5_000)


def test_ink_past_the_backing_store_looks_as_qt_paints_it(qtbot, data_dir):
    bench = CanvasBench(data_dir)
    canvas = bench.canvas
    canvas.show()
    qtbot.waitExposed(canvas)
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=20_000)
    shown = []
    direct = canvas._glass.show

    def note(area, paint):
        shown.append(QRect(area))
        direct(area, paint)

    canvas._glass.show = note
    bench.begin([(100 + 6 * i, 120 + 40 * (i % 7)) for i in range(40)])
    assert len(shown) >= 40
    qtbot.waitUntil(lambda: not canvas._unsynced, timeout=5_000)

    assert (bench.shown() == bench.painted_anew()).all()
    bench.shutdown()


def test_backing_store_has_the_ink_soon(qtbot, data_dir):
    bench = CanvasBench(data_dir)
    canvas = bench.canvas
    canvas.show()
    qtbot.waitExposed(canvas)
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=20_000)
    bench.begin([(100 + 6 * i, 120) for i in range(20)])
    qtbot.waitUntil(lambda: not canvas._unsynced, timeout=5_000)

    cover = QWidget()
    qtbot.addWidget(cover)
    cover.setGeometry(canvas.geometry())
    cover.show()
    qtbot.waitExposed(cover)
    cover.close()
    qtbot.waitUntil(lambda: bool((bench.shown() == bench.painted_anew()).all()), timeout=5_000)
    bench.shutdown()
