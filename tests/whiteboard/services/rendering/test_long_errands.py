from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from base.errors import AppError, ErrorCode
from whiteboard.services.documents.document_store import CancelledError
from whiteboard.services.rendering.long_errands import LongErrands
from whiteboard.services.rendering.render_pool import RenderPool

COUNT = "tests.support.long_functions:count_up"


@pytest.fixture
def pool(qapp) -> Iterator[RenderPool]:
    made = RenderPool(job_package="tests.support.")
    yield made
    made.shutdown()


@pytest.fixture
def errands(pool: RenderPool) -> Iterator[LongErrands]:
    made = LongErrands(pool.run)
    yield made
    made.shutdown()


class Waiter:
    """A worker thread that waits for an errand."""

    def __init__(
        self, errands: LongErrands, arguments: dict[str, int], function: str = COUNT
    ) -> None:
        self.outcome: object = None
        self.shares: list[float] = []
        self.cancel = threading.Event()

        def work() -> None:
            try:
                self.outcome = errands.run(
                    function, dict(arguments), self.shares.append, self.cancel.is_set, 60.0
                )
            except (AppError, CancelledError) as error:
                self.outcome = error

        self._thread = threading.Thread(target=work)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> None:
        self._thread.join(20)


def wait(waiter: Waiter, qtbot) -> None:
    qtbot.waitUntil(lambda: waiter.is_done, timeout=30_000)
    waiter.join()


def test_thread_gets_what_the_process_returned(errands: LongErrands, qtbot) -> None:
    waiter = Waiter(errands, {"steps": 3})
    wait(waiter, qtbot)
    assert waiter.outcome == 3
    assert waiter.shares == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_thread_gets_the_error_of_a_process_that_breaks(
    errands: LongErrands, qtbot, expected_log: Callable[[str], None]
) -> None:
    expected_log("a long job broke")
    waiter = Waiter(errands, {"no_such_argument": 3})
    wait(waiter, qtbot)
    assert isinstance(waiter.outcome, AppError)
    assert waiter.outcome.code is ErrorCode.EXPORT_FAILED


def test_cancelled_errand_ends_its_process(
    errands: LongErrands, pool: RenderPool, qtbot
) -> None:
    waiter = Waiter(errands, {"steps": 10**12})
    qtbot.waitUntil(lambda: bool(waiter.shares), timeout=30_000)
    waiter.cancel.set()
    wait(waiter, qtbot)
    assert isinstance(waiter.outcome, CancelledError)
    assert pool._runs == []


def test_shutdown_lets_the_thread_go_without_the_event_loop(
    errands: LongErrands, qtbot
) -> None:
    waiter = Waiter(errands, {"steps": 10**12})
    qtbot.waitUntil(lambda: bool(waiter.shares), timeout=30_000)
    errands.shutdown()
    waiter.join()
    assert isinstance(waiter.outcome, CancelledError)


def test_errand_after_the_shutdown_is_cancelled(errands: LongErrands) -> None:
    errands.shutdown()
    waiter = Waiter(errands, {"steps": 3})
    waiter.join()
    assert isinstance(waiter.outcome, CancelledError)


def test_ui_thread_does_not_wait_for_itself(errands: LongErrands) -> None:
    with pytest.raises(RuntimeError):
        errands.run(COUNT, {"steps": 1}, lambda _share: None, lambda: False, 1.0)
