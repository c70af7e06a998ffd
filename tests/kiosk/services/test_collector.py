import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from kiosk.services import collector
from kiosk.services.collector import YOUNG, Collector


class Bell(QObject):
    rung = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rung.connect(self.hear)
        self.itself = self

    def hear(self) -> None:
        pass


@pytest.fixture
def short(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr(collector, "LOOK_MS", 10)
    made = Collector()
    yield made
    made.shutdown()
    gc.disable()  # as the tests have it


def looks_of(action: threading.Thread) -> list[str]:
    """Return the names of the threads that looked for garbage while a thread ran."""
    names: list[str] = []

    def note(_phase: str, _info: dict[str, int]) -> None:
        names.append(threading.current_thread().name)

    gc.callbacks.append(note)
    action.start()
    action.join()
    gc.callbacks.remove(note)
    return names


def throw_circles_away() -> None:
    for _ in range(5 * YOUNG):
        circle: list[object] = []
        circle.append(circle)


def test_no_thread_looks_for_garbage_by_itself(short: Collector) -> None:
    assert looks_of(threading.Thread(target=throw_circles_away, name="worker")) == []


def test_what_a_worker_threw_away_is_taken_apart_on_the_thread_of_the_display(
    short: Collector, qtbot: QtBot
) -> None:
    threads: list[str] = []
    bell = Bell()
    bell.destroyed.connect(lambda: threads.append(threading.current_thread().name))
    del bell
    worker = threading.Thread(target=throw_circles_away)
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: threads == [threading.main_thread().name])


def test_little_garbage_is_left_for_later(short: Collector) -> None:
    gc.collect()
    looks = gc.get_stats()[0]["collections"]
    short.look()
    assert gc.get_stats()[0]["collections"] == looks


def test_what_the_program_is_made_of_is_left_out(short: Collector) -> None:
    short.leave_out_what_is_there()
    assert gc.get_freeze_count() > 10_000


def test_writing_for_long_makes_no_look_at_everything(short: Collector) -> None:
    short.leave_out_what_is_there()
    before = gc.get_stats()[2]["collections"]
    kept = []
    for _ in range(100):
        kept += [[place] for place in range(20_001)]
        short.look()
    assert len(kept) == 100 * 20_001
    assert gc.get_stats()[2]["collections"] == before


def test_shutdown_leaves_the_interpreter_as_it_was(qapp: object) -> None:
    gc.enable()
    Collector().shutdown()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.disable()
