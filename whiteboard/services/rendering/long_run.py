"""A long job in a process of its own, as the UI thread has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from PySide6.QtCore import QObject, QTimer

from base.errors import AppError, ErrorCode
from whiteboard.services.rendering.call_queue import CallQueue
from whiteboard.services.rendering.render_protocol import Json, ProtocolError, pack_message
from whiteboard.services.rendering.render_tasks import Ticket
from whiteboard.services.rendering.worker_process import Message, WorkerProcess

JOB_MODULE: Final = "whiteboard.services.rendering.long_job"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A function to be run.

    Attributes:
        package: Its module has to be in this one, with a dot at the end.
        function: "module:function".
        arguments: What JSON can say.
        timeout_s: It is killed when it takes longer.
        failure: What to tell people when it breaks.
    """

    package: str
    function: str
    arguments: Mapping[str, Json]
    timeout_s: float
    failure: ErrorCode


class LongRun:
    """One job. UI thread.

    Args:
        request: What to run.
        on_done: Gets the outcome.
        on_progress: Gets 0 to 1.
        on_end: Called when it is over in any way, cancelled too.
        posts: Tells of what fails at once.
        parent: Of the Qt objects.
    """

    def __init__(
        self,
        request: RunRequest,
        on_done: Callable[[Json | AppError], None],
        on_progress: Callable[[float], None] | None,
        on_end: Callable[[LongRun], None],
        posts: CallQueue,
        parent: QObject,
    ) -> None:
        self._request = request
        self._on_done = on_done
        self._on_progress = on_progress
        self._on_end = on_end
        self._posts = posts
        self._parent = parent
        self._process: WorkerProcess | None = None
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._take_too_long)
        self.ticket = Ticket(lambda _ticket: self.end())

    def start(self) -> None:
        """Start the process; when that fails it is told later."""
        request = self._request
        message = pack_message(
            {
                "package": request.package,
                "function": request.function,
                "arguments": dict(request.arguments),
            }
        )
        try:
            self._process = WorkerProcess(JOB_MODULE, [], self._take, self._broke, self._parent)
        except OSError as error:
            reason = str(error)
            self._posts.post(lambda: self._broke(reason))
            return
        if not self._process.send(message):
            self._posts.post(lambda: self._broke("it does not listen"))
            return
        self._timer.start(round(request.timeout_s * 1000.0))

    def end(self) -> None:
        """Kill the process; nothing is called back after this."""
        self.ticket.close()
        self._timer.stop()
        self._timer.deleteLater()
        if self._process is not None:
            self._process.kill()
        self._on_end(self)

    def _take(self, message: Message) -> None:
        if "progress" in message:
            self._move(message["progress"])
        elif "missing" in message:
            _log.info("the kernel cannot confine long jobs fully", lacks=message["missing"])
        elif "value" in message:
            self._finish(message["value"])
        elif "error" in message:
            self._finish(_app_error(message))
        else:
            raise ProtocolError("no outcome")

    def _move(self, progress: Json) -> None:
        if not isinstance(progress, int | float):
            raise ProtocolError(f"progress is {progress!r}")
        if self._on_progress is not None and self.ticket.is_open():
            self._on_progress(float(progress))

    def _take_too_long(self) -> None:
        self._finish(AppError(ErrorCode.TOOK_TOO_LONG))

    def _broke(self, reason: str) -> None:
        _log.warning("a long job broke", reason=reason)
        self._finish(AppError(self._request.failure, reason))

    def _finish(self, outcome: Json | AppError) -> None:
        may_tell = self.ticket.is_open()
        self.end()
        if may_tell:
            self._on_done(outcome)


def _app_error(message: Message) -> AppError:
    try:
        return AppError(ErrorCode(str(message["error"])), str(message.get("detail", "")))
    except ValueError as error:
        raise ProtocolError(f"no error: {message['error']!r}") from error
