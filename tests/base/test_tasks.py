import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from base.tasks import Worker

PATIENCE_S = 20.0


class Failures(list[Exception]):
    """The errors a worker told."""


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
def worker(failures: Failures) -> Iterator[Worker]:
    worker = Worker("test-writer", capacity=2, on_error=failures.append)
    yield worker
    worker.shutdown()


class Gate:
    """A job that stays on the worker until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self.open.wait(PATIENCE_S)


@pytest.fixture
def busy(worker: Worker) -> Iterator[Gate]:
    gate = Gate()
    worker.submit(gate)
    assert gate.entered.wait(PATIENCE_S)
    yield gate
    gate.open.set()


def test_jobs_run_in_the_order_they_were_handed_in(worker: Worker) -> None:
    seen: list[int] = []
    for n in range(50):
        worker.submit(lambda n=n: seen.append(n))  # type: ignore[misc]
    assert worker.drain(PATIENCE_S)
    assert seen == list(range(50))


def test_jobs_run_on_a_thread_of_that_name(worker: Worker) -> None:
    names: list[str] = []
    worker.submit(lambda: names.append(threading.current_thread().name))
    worker.drain(PATIENCE_S)
    assert names == ["test-writer"]


def test_failed_job_is_told_and_the_next_one_runs(
    worker: Worker, failures: Failures, expected_log: Callable[[str], None]
) -> None:
    expected_log("job failed")
    seen: list[str] = []

    def fail() -> None:
        raise OSError("disk full")

    worker.submit(fail)
    worker.submit(lambda: seen.append("next"))
    worker.drain(PATIENCE_S)
    assert [str(e) for e in failures] == ["disk full"]
    assert seen == ["next"]


def test_failing_error_handler_does_not_end_the_worker(
    expected_log: Callable[[str], None],
) -> None:
    expected_log("job failed")
    expected_log("on_error failed")
    seen: list[str] = []

    def fail(*_: object) -> None:
        raise ValueError("bad")

    worker = Worker("test-writer", on_error=fail)
    worker.submit(fail)
    worker.submit(lambda: seen.append("next"))
    worker.shutdown()
    assert seen == ["next"]


def test_full_worker_refuses_without_waiting(worker: Worker, busy: Gate) -> None:
    assert [worker.try_submit(lambda: None) for _ in range(3)] == [True, True, False]


def test_full_worker_takes_jobs_again_when_one_is_done(worker: Worker, busy: Gate) -> None:
    while worker.try_submit(lambda: None):
        pass
    busy.open.set()
    worker.drain(PATIENCE_S)
    assert worker.try_submit(lambda: None)


def test_submit_waits_for_room(worker: Worker, busy: Gate) -> None:
    seen: list[str] = []
    while worker.try_submit(lambda: None):
        pass
    other = threading.Thread(target=worker.submit, args=(lambda: seen.append("late"),))
    other.start()
    busy.open.set()
    other.join(PATIENCE_S)
    worker.drain(PATIENCE_S)
    assert seen == ["late"]


def test_drain_gives_up_at_its_limit(worker: Worker, busy: Gate) -> None:
    assert not worker.drain(timeout_s=0.01)


def test_shutdown_does_the_jobs_that_wait(failures: Failures) -> None:
    seen: list[int] = []
    worker = Worker("test-writer", on_error=failures.append)
    for n in range(100):
        worker.submit(lambda n=n: seen.append(n))  # type: ignore[misc]
    worker.shutdown()
    assert seen == list(range(100))


def test_shutdown_ends_the_thread(worker: Worker) -> None:
    worker.shutdown()
    worker.shutdown()
    assert "test-writer" not in [t.name for t in threading.enumerate()]


def test_job_after_shutdown_is_refused_loudly(worker: Worker) -> None:
    worker.shutdown()
    with pytest.raises(RuntimeError, match="test-writer"):
        worker.submit(lambda: None)
    with pytest.raises(RuntimeError, match="test-writer"):
        worker.try_submit(lambda: None)


def test_drain_after_shutdown_is_done_at_once(worker: Worker) -> None:
    worker.shutdown()
    assert worker.drain(timeout_s=0)


def test_capacity_below_one_is_refused(failures: Failures) -> None:
    with pytest.raises(ValueError, match="capacity"):
        Worker("x", capacity=0, on_error=failures.append)


def test_process_that_forgets_shutdown_still_does_its_jobs() -> None:
    program = (
        "from base.tasks import Worker\n"
        "w = Worker('w', on_error=print)\n"
        "for n in range(3): w.submit(lambda n=n: print(n, flush=True))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["0", "1", "2"]
