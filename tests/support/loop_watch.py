"""Tells when the event loop of the main thread stood still, and where.

A timer on the main thread beats; a thread looks every few milliseconds whether it still
does. What counts is not the time that passed (a busy machine makes everything late) but
the time for which the main thread kept its loop waiting: processor time it used, and time
it slept in something that is not the loop. A look that comes late itself proves nothing
about sleep, so only the processor time is counted then. And only moments in which the
loop runs at all count: a test that computes between two waits blocks nobody.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QTimer

LIMIT_MS = 250.0
BEAT_MS = 20
LOOK_MS = 20.0
# Frames that run the loop: what is above them on the stack is a slot or an event handler.
LOOPS = {
    ("qtbot.py", "wait"),
    ("qtbot.py", "wait_exposed"),
    ("wait_signal.py", "wait"),
    ("wait_signal.py", "__exit__"),
    ("__init__.py", "run_forever"),  # qasync
}


class LoopWatch:
    """Watches from `start` until `stop`; both on the main thread."""

    def __init__(self, limit_ms: float = LIMIT_MS) -> None:
        self.limit_ms = limit_ms
        self.stalls: list[str] = []
        self._beats = 0
        self._main = threading.main_thread()
        self._cpu_clock = time.pthread_getcpuclockid(self._main.ident or 0)
        self._state_file = Path(f"/proc/self/task/{self._main.native_id}/stat")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loop-watch", daemon=True)
        self._timer = QTimer()
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._timer.start()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._timer.stop()

    def _beat(self) -> None:
        self._beats += 1

    def _watch(self) -> None:
        blocked_ms = 0.0
        told_at_beat = beat = -1
        look_s, cpu_s = time.monotonic(), self._cpu_s()
        while not self._stop.wait(LOOK_MS / 1000):
            passed_ms = (time.monotonic() - look_s) * 1000
            worked_ms = (self._cpu_s() - cpu_s) * 1000
            look_s, cpu_s = time.monotonic(), self._cpu_s()
            slot = self._slot_in_loop()
            if slot is None or self._beats != beat:
                beat, blocked_ms = self._beats, 0.0
                continue
            on_time = passed_ms < 3 * LOOK_MS
            blocked_ms += passed_ms if on_time and self._sleeps() else worked_ms
            if blocked_ms > self.limit_ms and told_at_beat != beat:
                told_at_beat = beat
                stack = "".join(traceback.format_stack(slot))
                self.stalls.append(
                    f"the event loop stood still for {blocked_ms:.0f} ms in\n{stack}"
                )

    def _cpu_s(self) -> float:
        return time.clock_gettime(self._cpu_clock)

    def _sleeps(self) -> bool:
        return self._state_file.read_text().rpartition(")")[2].split()[0] in "SD"

    def _slot_in_loop(self) -> FrameType | None:
        """Return the innermost frame if the loop runs, else None."""
        innermost = frame = sys._current_frames().get(self._main.ident or 0)
        while frame is not None:
            code = frame.f_code
            if (Path(code.co_filename).name, code.co_name) in LOOPS:
                return innermost
            frame = frame.f_back
        return None
