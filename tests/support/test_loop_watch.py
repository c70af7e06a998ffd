import threading
import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from tests.support import loop_watch
from tests.support.loop_watch import LoopWatch


def compute() -> None:
    end_s = time.thread_time() + 0.3
    while time.thread_time() < end_s:
        pass


def wait_for_a_disk() -> None:
    time.sleep(0.8)


def run_in_loop(qtbot: QtBot, slot: Callable[[], None]) -> LoopWatch:
    """Watch while `slot` runs in the event loop, with quiet turns before and after it."""
    done: list[bool] = []
    watch = LoopWatch(limit_ms=100)
    watch.start()
    QTimer.singleShot(50, slot)
    QTimer.singleShot(60, lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done))
    watch.stop()
    return watch


@pytest.mark.parametrize("slot", [compute, wait_for_a_disk])
def test_slot_that_keeps_the_loop_waiting_is_named(
    qtbot: QtBot, slot: Callable[[], None]
) -> None:
    (stall,) = run_in_loop(qtbot, slot).stalls
    assert slot.__name__ in stall


def test_quick_slot_is_no_stall(qtbot: QtBot) -> None:
    assert run_in_loop(qtbot, lambda: None).stalls == []


def test_waiting_in_the_loop_for_long_is_no_stall(qtbot: QtBot) -> None:
    watch = LoopWatch(limit_ms=100)
    watch.start()
    qtbot.wait(400)
    watch.stop()
    assert watch.stalls == []


def test_computing_between_two_waits_is_no_stall(qtbot: QtBot) -> None:
    watch = LoopWatch(limit_ms=100)
    watch.start()
    qtbot.wait(50)
    compute()
    qtbot.wait(50)
    watch.stop()
    assert watch.stalls == []


class Local:
    """Notes which thread destroys it."""

    def __init__(self, threads: set[int]) -> None:
        self.threads = threads

    def __del__(self) -> None:
        self.threads.add(threading.get_ident())


def test_nothing_of_the_main_thread_is_destroyed_on_another(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_watch, "LOOK_MS", 0.05)
    threads: set[int] = set()

    def use_locals() -> None:
        local = Local(threads)
        assert local.threads is threads

    def work() -> None:
        end_s = time.monotonic() + 1.0
        while time.monotonic() < end_s:
            use_locals()

    run_in_loop(qtbot, work)
    assert threads == {threading.get_ident()}
