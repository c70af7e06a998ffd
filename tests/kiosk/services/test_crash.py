import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer, qWarning

from kiosk.services.crash import QUIET_S, CrashPath


class HeldClock:
    """A clock that stands until it is put forward."""

    def __init__(self) -> None:
        self.monotonic = 100.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return self.monotonic


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def told() -> list[None]:
    return []


@pytest.fixture
def path(
    qapp: object, data_dir: Path, clock: HeldClock, told: list[None]
) -> Iterator[CrashPath]:
    made = CrashPath(data_dir, clock, lambda: told.append(None))
    made.install()
    yield made
    made.shutdown()


def fail() -> None:
    raise RuntimeError("chalk broke")


@pytest.fixture
def _chalk_breaks(expected_log: Callable[[str], None]) -> None:
    expected_log("CRITICAL kokuban.crash: .*chalk broke")


@pytest.mark.usefixtures("path", "_chalk_breaks")
@pytest.mark.qt_no_exception_capture
def test_error_in_a_slot_is_logged_and_told(told: list[None], qtbot) -> None:
    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: told == [None])


@pytest.mark.usefixtures("path", "_chalk_breaks")
@pytest.mark.qt_no_exception_capture
def test_error_in_a_thread_is_told_on_the_ui_thread(
    path: CrashPath, qtbot, data_dir: Path
) -> None:
    where: list[threading.Thread] = []
    path._on_trouble = lambda: where.append(threading.current_thread())
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: where == [threading.main_thread()])


@pytest.mark.usefixtures("_chalk_breaks")
def test_error_in_a_task_is_told(path: CrashPath, told: list[None], qtbot) -> None:
    path.from_loop({"message": "never awaited", "exception": RuntimeError("chalk broke")})
    qtbot.waitUntil(lambda: told == [None])


@pytest.mark.usefixtures("_chalk_breaks")
@pytest.mark.qt_no_exception_capture
def test_many_errors_make_one_notice(
    path: CrashPath, told: list[None], clock: HeldClock, qtbot
) -> None:
    error = RuntimeError("chalk broke")
    for _ in range(5):
        path.from_loop({"exception": error})
    qtbot.waitUntil(lambda: told == [None])
    clock.monotonic += QUIET_S
    path.from_loop({"exception": error})
    qtbot.waitUntil(lambda: told == [None, None])


@pytest.mark.usefixtures("path")
def test_words_of_qt_reach_the_log(expected_log: Callable[[str], None]) -> None:
    expected_log("WARNING kokuban.crash: .*a nib is loose")
    qWarning("a nib is loose")


def test_hooks_are_put_back(qapp: object, data_dir: Path, clock: HeldClock) -> None:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    path = CrashPath(data_dir, clock, lambda: None)
    path.install()
    assert before != (sys.excepthook, threading.excepthook, sys.unraisablehook)
    path.shutdown()
    assert before == (sys.excepthook, threading.excepthook, sys.unraisablehook)


def test_quiet_run_leaves_no_file(path: CrashPath, data_dir: Path) -> None:
    assert list((data_dir / "log").glob("crash-*.txt"))
    path.shutdown()
    assert not list((data_dir / "log").glob("crash-*.txt"))
    path.install()


def test_crash_of_the_interpreter_leaves_its_stack(data_dir: Path) -> None:
    program = (
        "import sys, os; from pathlib import Path\n"
        "from PySide6.QtCore import QCoreApplication; app = QCoreApplication([])\n"
        "from base.clock import SystemClock; from kiosk.services.crash import CrashPath\n"
        "path = CrashPath(Path(sys.argv[1]), SystemClock(), lambda: None); path.install()\n"
        "import ctypes; ctypes.string_at(0)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(data_dir)], check=False, capture_output=True
    )
    assert ended.returncode < 0
    dumps = list((data_dir / "log").glob("crash-*.txt"))
    assert len(dumps) == 1
    assert "Segmentation fault" in dumps[0].read_text()
