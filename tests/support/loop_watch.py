"""Tells when the event loop of the main thread stood still, and where.

A timer on the main thread beats; a thread looks every few milliseconds whether it still
does. What counts is not the time that passed (a busy machine makes everything late) but
the time for which the main thread kept its loop waiting: processor time it used, and time
it slept in something that is not the loop. A look that comes late itself proves nothing
about sleep, so only the processor time is counted then. And only moments in which the
loop runs at all count: a test that computes between two waits blocks nobody.

The thread never holds a frame of the main thread: the locals of a function that returned
meanwhile would be destroyed on it, Qt's objects among them, while the main thread waits
for one of Qt's locks with the interpreter in its hand.
"""

from __future__ import annotations

import faulthandler
import os
import re
import threading
import time
from pathlib import Path

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
FRAME = re.compile(r'^  File "(?P<file>.*)", line \d+ in (?P<name>.*)$')


class LoopWatch:
    """Watches from `start` until `stop`; both on the main thread."""

    def __init__(self, limit_ms: float = LIMIT_MS) -> None:
        self.limit_ms = limit_ms
        self.stalls: list[str] = []
        self._beats = 0
        self._main = threading.main_thread()
        self._cpu_clock = time.pthread_getcpuclockid(self._main.ident or 0)
        self._state_file = Path(f"/proc/self/task/{self._main.native_id}/stat")
        self._stacks = os.memfd_create("stacks")
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
        os.close(self._stacks)

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
            stack = self._stack_above_loop()
            if not stack or self._beats != beat:
                beat, blocked_ms = self._beats, 0.0
                continue
            on_time = passed_ms < 3 * LOOK_MS
            blocked_ms += passed_ms if on_time and self._sleeps() else worked_ms
            if blocked_ms > self.limit_ms and told_at_beat != beat:
                told_at_beat = beat
                where = "\n".join(stack)
                self.stalls.append(
                    f"the event loop stood still for {blocked_ms:.0f} ms in\n{where}\n"
                )

    def _cpu_s(self) -> float:
        return time.clock_gettime(self._cpu_clock)

    def _sleeps(self) -> bool:
        return self._state_file.read_text().rpartition(")")[2].split()[0] in "SD"

    def _stack_above_loop(self) -> list[str]:
        """Return the main thread's frames above the loop, innermost last; none outside one."""
        os.ftruncate(self._stacks, 0)
        os.lseek(self._stacks, 0, os.SEEK_SET)
        faulthandler.dump_traceback(self._stacks, all_threads=True)
        text = os.pread(self._stacks, 1 << 20, 0).decode(errors="replace")
        above: list[str] = []
        _, _, mine = text.partition(f"0x{self._main.ident or 0:016x} ")
        for line in mine.partition("\n")[2].splitlines():
            frame = FRAME.match(line)
            if frame is None:
                break
            if (Path(frame["file"]).name, frame["name"]) in LOOPS:
                return above[::-1] or [line]
            above.append(line)
        return []
