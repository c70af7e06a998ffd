import threading

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.support import leaks
from tests.support.leaks import leftover_qt_things, leftover_threads, qt_things


def test_thread_that_stays_is_named(monkeypatch) -> None:
    monkeypatch.setattr(leaks, "THREAD_PATIENCE_S", 0.05)
    before = set(threading.enumerate())
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="forgotten")
    thread.start()
    names = leftover_threads(before)
    end.set()
    thread.join()
    assert names == ["forgotten"]


def test_thread_that_is_about_to_end_is_none(qtbot: QtBot) -> None:
    before = set(threading.enumerate())
    threading.Thread(target=lambda: None).start()
    assert leftover_threads(before) == []


def test_widget_without_a_parent_is_named(qtbot: QtBot) -> None:
    before = qt_things()
    widget = QWidget(objectName="forgotten")
    (left,) = leftover_qt_things(before)
    assert "forgotten" in left
    widget.deleteLater()


def test_widget_that_was_asked_to_go_is_none(qtbot: QtBot) -> None:
    before = qt_things()
    widget = QWidget()
    widget.deleteLater()
    assert leftover_qt_things(before) == []


def test_running_timer_is_named_with_its_interval(qtbot: QtBot) -> None:
    before = qt_things()
    timer = QTimer(interval=1234)
    timer.start()
    (left,) = leftover_qt_things(before)
    assert "1234 ms" in left
    timer.stop()


def test_stopped_timer_is_none(qtbot: QtBot) -> None:
    before = qt_things()
    timer = QTimer(interval=1234)
    assert leftover_qt_things(before) == []
    assert not timer.isActive()
