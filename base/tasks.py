"""A named thread that does one job after another, for work that has to wait for a disk."""

from __future__ import annotations

import atexit
import threading
from collections import deque
from collections.abc import Callable

import structlog

Job = Callable[[], None]


class Worker:
    """Runs jobs one at a time, in the order they were handed in, on a thread of its own.

    A job that raises is logged and told to `on_error`, and the next one runs: one bad job
    must not end the saving of a board.

    The thread is a daemon and `shutdown` is registered with atexit: a process that ends
    without calling it neither hangs nor drops the jobs that are waiting.

    Args:
        name: Name of the thread, for logs and debuggers.
        capacity: How many jobs may wait, at least 1.
        on_error: Gets the exception of a job that raised; called on the worker's thread.

    Raises:
        ValueError: the capacity is below 1.
    """

    def __init__(
        self, name: str, *, capacity: int = 256, on_error: Callable[[Exception], None]
    ) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, below 1")
        self._log = structlog.get_logger(__name__).bind(worker=name)
        self._capacity = capacity
        self._on_error = on_error
        self._changed = threading.Condition()  # guards the four below
        self._waiting: deque[Job] = deque()
        self._handed_in = 0
        self._done = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        atexit.register(self.shutdown)

    def submit(self, job: Job) -> None:
        """Hand in a job; waits while `capacity` jobs are waiting. Any thread but the worker's.

        Raises:
            RuntimeError: the worker was shut down.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._is_full())
            self._accept(job)

    def try_submit(self, job: Job) -> bool:
        """Hand in a job unless `capacity` jobs are waiting; return whether it was taken.

        Never waits for a job, so it is the one to call on the UI thread. Any thread.

        Raises:
            RuntimeError: the worker was shut down.
        """
        with self._changed:
            if self._is_full() and not self._closed:
                return False
            self._accept(job)
            return True

    def drain(self, timeout_s: float) -> bool:
        """Wait until all jobs handed in before this call are done. Any thread but the worker's.

        Args:
            timeout_s: How long to wait at most, in seconds.

        Returns:
            Whether they are done.
        """
        with self._changed:
            last = self._handed_in
            return self._changed.wait_for(lambda: self._done >= last, timeout_s)

    def shutdown(self) -> None:
        """Do the jobs that are waiting, then end the thread. Blocks until done.

        Any thread but the worker's. Calling it again does nothing.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        atexit.unregister(self.shutdown)

    def _is_full(self) -> bool:
        return len(self._waiting) >= self._capacity

    def _accept(self, job: Job) -> None:
        if self._closed:
            raise RuntimeError(f"worker {self._thread.name!r} was shut down")
        self._waiting.append(job)
        self._handed_in += 1
        self._changed.notify_all()

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001  (one bad job must not end the rest)
                self._log.exception("job failed")
                self._tell(error)
            with self._changed:
                self._done += 1
                self._changed.notify_all()

    def _next_job(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if not self._waiting:
                return None
            job = self._waiting.popleft()
            self._changed.notify_all()
            return job

    def _tell(self, error: Exception) -> None:
        try:
            self._on_error(error)
        except Exception:  # noqa: BLE001  (the next job still has to run)
            self._log.exception("on_error failed")
