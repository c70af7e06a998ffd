"""One render process as the board has it: what it does, what it knows, whether it is well."""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import QObject

from whiteboard.services.rendering.pixel_memory import Block
from whiteboard.services.rendering.render_protocol import (
    ABORT_AT,
    CONTROL_BYTES,
    PROGRESS_AT,
    Answer,
    CloseJob,
    Json,
    OpenJob,
    ProtocolError,
    pack_job,
    parse_answer,
)
from whiteboard.services.rendering.render_tasks import Task
from whiteboard.services.rendering.worker_process import Message, WorkerProcess

STALL_S: Final = 4.0
"""A job that has not moved for so long hangs."""
TOTAL_S: Final = 9.0
"""No job takes longer, even if it moves: by then a person wants a sentence, not a page."""
START_S: Final = 15.0
"""A process that is not ready by then is replaced; it takes 0.2 s on an idle machine."""
RECENT_SHEETS: Final = 4
"""A process keeps what it knows of so many sheets (`sheet_document.LISTS_KEPT`)."""

WORKER_MODULE: Final = "whiteboard.services.rendering.render_worker"

_INT32: Final = struct.Struct("@i")


class Foreman(Protocol):
    """Who hears of a render process."""

    def became_ready(self, renderer: Renderer, missing: tuple[str, ...]) -> None:
        """Hear that it is ready, and what the kernel lacks to confine it."""

    def answered(self, renderer: Renderer, answer: Answer) -> None:
        """Hear an answer."""

    def ended(self, renderer: Renderer, reason: str) -> None:
        """Hear that it has ended by itself."""


@dataclass(slots=True, eq=False)
class Running:
    """A job in a process."""

    task: Task
    block: Block | None
    began_s: float
    moved_s: float
    progress: int = 0
    is_stopping: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a process."""

    reason: str
    may_retry: bool


class Renderer:
    """A render process, its control memory and its job. UI thread alone.

    Args:
        foreman: Hears of it.
        parent: Of the process' Qt object.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, foreman: Foreman, parent: QObject) -> None:
        self._foreman = foreman
        self.is_ready = False
        self.running: Running | None = None
        self._recent: deque[tuple[str, int | None]] = deque(maxlen=RECENT_SHEETS)
        self._started_s = time.monotonic()
        descriptor = os.memfd_create("control", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, CONTROL_BYTES)
            self._control = mmap.mmap(descriptor, CONTROL_BYTES)
            self.process = WorkerProcess(
                WORKER_MODULE, [descriptor], self._take, self._ended, parent
            )
        finally:
            os.close(descriptor)

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a job."""
        return self.is_ready and self.running is None

    def knows(self, task: Task) -> tuple[bool, bool]:
        """Return whether it has seen the sheet, and the document, of a task."""
        return (
            task.sheet is not None and (task.name, task.sheet) in self._recent,
            any(name == task.name for name, _sheet in self._recent),
        )

    def begin(self, task: Task, file: int, block: Block | None) -> bool:
        """Hand over a job; return False when the process does not take it.

        Args:
            task: The job.
            file: Descriptor of the document.
            block: What to paint into, for a `RenderJob`.
        """
        now_s = time.monotonic()
        _INT32.pack_into(self._control, ABORT_AT, 0)
        self.running = Running(task, block, now_s, now_s)
        seen = (task.name, task.sheet)
        if seen not in self._recent:
            self._recent.append(seen)
        descriptors = [file] if block is None else [file, block.descriptor]
        return self.process.send(pack_job(task.number, task.job), descriptors)

    def stop(self) -> None:
        """Stop the job that runs; it is answered soon."""
        if self.running is not None and not self.running.is_stopping:
            self.running.is_stopping = True
            _INT32.pack_into(self._control, ABORT_AT, 1)

    def forget(self, document: str) -> None:
        """Let the process close a document."""
        if self.is_ready:
            self.process.send(pack_job(0, CloseJob(document)))

    def fault(self, now_s: float) -> Fault | None:
        """Return what is wrong with the process, if anything is."""
        if not self.is_ready:
            late = now_s - self._started_s > START_S
            return Fault("it does not get ready", may_retry=True) if late else None
        running = self.running
        if running is None:
            return None
        progress = self._progress(running.task)
        if progress != running.progress:
            running.progress, running.moved_s = progress, now_s
        if now_s - running.moved_s > STALL_S:
            return Fault("it hangs", may_retry=True)
        if now_s - running.began_s > TOTAL_S:
            return Fault("it takes too long", may_retry=False)
        return None

    def close(self) -> None:
        """Let go of the control memory."""
        self._control.close()

    def _progress(self, task: Task) -> int:
        """Return a number that changes while the process gets on with a job."""
        if isinstance(task.job, OpenJob):
            # Repairing a large file on a slow stick is mostly reading.
            return self.process.pages_touched()
        (progress,) = _INT32.unpack_from(self._control, PROGRESS_AT)
        return int(progress)

    def _take(self, message: Message) -> None:
        if self.is_ready:
            self._foreman.answered(self, parse_answer(message))
            return
        if message.get("ready") != self.process.pid:
            raise ProtocolError("it said something before it was ready")
        self.is_ready = True
        self._foreman.became_ready(self, _texts(message.get("missing")))

    def _ended(self, reason: str) -> None:
        self._foreman.ended(self, reason)


def _texts(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ProtocolError(f"no list: {value!r}")
    return tuple(str(text) for text in value)
