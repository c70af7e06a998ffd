"""What every test gets: a display of its own, and a check of what it left behind."""

from __future__ import annotations

import atexit
import gc
import itertools
import logging
import os
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from base import text
from base.log import configure_structlog
from base.qt.loop import Application
from tests.support.lanes import Lanes, is_slow_lane
from tests.support.leaks import leftover_qt_things, leftover_threads, qt_things
from tests.support.log_watch import LogWatch
from tests.support.loop_watch import LoopWatch
from tools.virtual_display import VirtualDisplay, start_virtual_display

GUI_TESTS = Path(__file__).parent / "gui"
PASSED = pytest.StashKey[bool]()
KEPT: list[VirtualDisplay] = []
MODULES = itertools.count()

# Tests draw on their own X server, in real windows, whoever starts them and wherever: no
# display, desktop, session bus or input method of the person who sits at this machine.
for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION"):
    os.environ.pop(name, None)
for name in [name for name in os.environ if name.startswith(("QT_", "KOKUBAN_"))]:
    del os.environ[name]
os.environ |= {
    "QT_QPA_PLATFORM": "xcb",
    "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    "NO_AT_BRIDGE": "1",
    # As kiosk.app.run sets it: the keyboard on the screen is made with the application.
    "QT_IM_MODULE": "qtvirtualkeyboard",
    "QT_VIRTUALKEYBOARD_DESKTOP_DISABLE": "1",
    "LC_ALL": "C.UTF-8",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: not is_slow_lane(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Share the tests out in lanes (`make test` runs a worker for each core)."""
    return Lanes(config, log)


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep a test that forgets `data_dir` away from the data of who runs it."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = tmp_path_factory.mktemp(name.lower())
        folder.chmod(0o700)
        os.environ[name] = str(folder)


@pytest.fixture(scope="session")
def display() -> VirtualDisplay:
    """The tests' X server, 1920x1080; DISPLAY names it from now on.

    It ends with this process, not before: Qt's connection to it lasts as long, and Qt ends
    a process whose X server is gone.
    """
    running = start_virtual_display()
    KEPT.append(running)
    # Popen complains of a process that outlives its interpreter; this one may.
    atexit.register(setattr, running.process, "returncode", 0)
    os.environ["DISPLAY"] = running.name
    return running


@pytest.fixture(scope="session")
def qapp_args(display: VirtualDisplay) -> list[str]:
    """Make pytest-qt's application appear on our display."""
    return ["kokuban-tests"]


@pytest.fixture(scope="session")
def qapp_cls() -> type[Application]:
    """Let pytest-qt make our own application."""
    return Application


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty folder for the data of a display; its name is as awkward as people's are."""
    folder = tmp_path / "会議室 1 のデータ"
    folder.mkdir()
    return folder


@pytest.fixture
def expected_log(_watch_log: LogWatch) -> Callable[[str], None]:
    """Say that a log record at WARNING or above will come: `expected_log("disk is full")`.

    The argument is a regular expression, searched in "LEVEL logger: message (exception)".
    A record that was promised and does not come fails the test as well.
    """
    return _watch_log.expect


@pytest.fixture
def allowed_log(_watch_log: LogWatch) -> Callable[[str], None]:
    """Say that log records at WARNING or above may come: `allowed_log("process broke")`.

    For tests of which nobody can say beforehand whether something has to be complained of.
    """
    return _watch_log.allow


@pytest.fixture
def loop_watch(qapp: Any, request: pytest.FixtureRequest) -> Iterator[LoopWatch]:
    """Fail the test when one turn of the event loop keeps the others waiting for 250 ms."""
    watch = LoopWatch()
    watch.start()
    yield watch
    watch.stop()
    if watch.stalls:
        pytest.fail("\n".join(watch.stalls), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(scope="module", autouse=True)
def _collect_what_other_modules_left() -> None:
    # A look at everything takes a third of a second in the end.
    if next(MODULES) % 16 == 0:
        gc.unfreeze()
        gc.collect()


@pytest.fixture(autouse=True)
def _short_collections(_collect_what_other_modules_left: None) -> Iterator[None]:
    """Look for garbage after each test, on the main thread, in what the test made.

    The application does the same (kiosk.services.collector). A look on another thread may
    wait for ever; and thousands of tests would pay for what those before them left.
    """
    gc.disable()
    gc.freeze()
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _watch_leaks(request: pytest.FixtureRequest, _short_collections: None) -> Iterator[None]:
    # First of all: fixtures of a wider scope are not to be blamed on this test.
    uses_qt = "qapp" in request.fixturenames
    if uses_qt:
        request.getfixturevalue("qapp")
    threads = set(threading.enumerate())
    things = qt_things() if uses_qt else None
    yield
    if not request.node.stash.get(PASSED, False):
        return  # the traceback holds on to everything
    left = [f"thread {name!r}" for name in leftover_threads(threads)]
    if things is not None:
        left += leftover_qt_things(things)
    if left:
        pytest.fail("the test left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _watch_log(request: pytest.FixtureRequest) -> Iterator[LogWatch]:
    configure_structlog()
    watch = LogWatch()
    root = logging.getLogger()
    root.addHandler(watch)
    yield watch
    root.removeHandler(watch)
    structlog.reset_defaults()
    complaints = watch.complaints()
    if complaints and request.node.stash.get(PASSED, False):
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture(autouse=True)
def _watch_gui_loops(request: pytest.FixtureRequest) -> None:
    if request.path.is_relative_to(GUI_TESTS):
        request.getfixturevalue("loop_watch")


@pytest.fixture(autouse=True)
def _restore_language() -> Iterator[None]:
    language = text.language()
    yield
    text.set_language(language)
