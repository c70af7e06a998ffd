"""An X server of one's own: its pixels, windows, pointer, touch and pen."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from tools.x11 import Pointer, Rect, Screen, Windows, X11Error, XServer, start_xvfb
from tools.x11_touch import Pen, Touch, start_touch_server

needs_xvfb = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="no Xvfb")

WINDOW = """
import sys
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QTabletEvent
from PySide6.QtWidgets import QApplication, QWidget

class Told(QWidget):
    def event(self, event):
        if event.type() == QEvent.Type.TouchBegin or event.type() == QEvent.Type.TouchUpdate:
            points = [(p.position().x(), p.position().y()) for p in event.points()]
            print("touch", len(points), *points[-1], flush=True)
            event.accept()
            return True
        if isinstance(event, QTabletEvent):
            if event.type() == QEvent.Type.TabletMove and event.pressure() > 0:
                print("pen", round(event.pressure(), 2), flush=True)
            event.accept()
            return True
        if event.type() == QEvent.Type.MouseButtonPress:
            print("mouse", event.position().x(), event.position().y(), flush=True)
        return super().event(event)

app = QApplication(sys.argv)
window = Told()
window.setWindowTitle("Told")
window.setStyleSheet("background: #ff8000")
window.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
window.setWindowFlag(Qt.WindowType.FramelessWindowHint)
window.setGeometry(100, 50, 400, 300)
window.show()
app.exec()
"""


class Told:
    """A window in a process of its own that tells what it gets."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            [sys.executable, "-c", WINDOW],
            env=server.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self):
        return self.process.stdout.readline().split()


@pytest.fixture
def told():
    started = []

    def start(server):
        started.append(Told(server))
        with Screen(server) as screen:
            screen.wait_until(
                Rect(490, 340, 4, 4), lambda now: (now[..., 0] == 255).all(), timeout_s=20
            )
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.fixture
def server():
    with start_xvfb(640, 480) as started:
        yield started


@needs_xvfb
def test_screen_shows_the_window_in_its_colours(server, told):
    told(server)
    with Screen(server) as screen:
        assert screen.grab(Rect(200, 200, 1, 1))[0, 0].tolist() == [255, 128, 0, 255]


@needs_xvfb
def test_memory_and_requests_see_the_same_screen(server, told):
    told(server)
    by_request = XServer(server.display, server.width, server.height)
    with Screen(server) as mapped, Screen(by_request) as asked:
        assert np.array_equal(mapped.grab(), asked.grab())


@needs_xvfb
def test_pointer_clicks_where_it_is_sent(server, told):
    window = told(server)
    with Pointer(server) as pointer:
        pointer.click(150, 80)
        assert window.line() == ["mouse", "50.0", "30.0"]


@needs_xvfb
def test_window_is_found_and_placed(server, told):
    told(server)
    with Windows(server) as windows, Screen(server) as screen:
        windows.place(windows.wait_for("Told"), Rect(0, 0, 640, 480))
        screen.wait_until(Rect(2, 2, 4, 4), lambda now: (now[..., 0] == 255).all())
        assert windows.wait_for("Told").rect == Rect(0, 0, 640, 480)


@needs_xvfb
def test_screen_that_does_not_change_is_an_error(server):
    with Screen(server) as screen, pytest.raises(TimeoutError):
        screen.wait_for_change(Rect(0, 0, 10, 10), timeout_s=0.05)


@needs_xvfb
def test_display_without_a_server_is_an_error():
    with pytest.raises(X11Error, match="no X server"):
        Pointer(XServer(":9999", 1, 1))


@pytest.fixture
def glass():
    try:
        with start_touch_server(640, 480) as started:
            yield started
    except X11Error as error:
        if "not installed" not in str(error):
            raise
        pytest.skip(str(error))


def test_ten_fingers_are_on_the_glass_at_once(glass, told):
    window = told(glass)
    with Touch(glass) as touch:
        for finger in range(10):
            touch.begin(finger, 120 + 30 * finger, 100)
        touch.sync()
        counts = [int(window.line()[1]) for _ in range(10)]
    assert counts == list(range(1, 11))


def test_pen_presses_as_hard_as_told(glass, told):
    window = told(glass)
    with Pen(glass) as pen:
        pen.near(200, 200)
        pen.press()
        pen.move(210, 200, pressure=0.3)
        assert window.line() == ["pen", "0.3"]
