"""The log: one JSON object a line, in files that cannot fill the disk.

Records of structlog and of the standard library go the same way. They are made into text
where they arise and written by a thread, because a record on the UI thread must not wait
for a disk. Python keeps one logging set-up a process, so `open_log` is for `main` (and a
test) alone; everybody else asks `structlog.get_logger(__name__)` and writes.
"""

from __future__ import annotations

import functools
import json
import logging
import logging.handlers
import queue
import sys
import threading
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import Processor
from typing_extensions import override

LOG_FOLDER: Final = "log"
LOG_NAME: Final = "kokuban.log"
FILE_LIMIT_BYTES: Final = 2_000_000
OLD_FILES: Final = 4
WAITING_LIMIT: Final = 10_000

_SHARED: Final[tuple[Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.StackInfoRenderer(),
)


class Log:
    """The open log; `shutdown` writes what is waiting and closes the file."""

    def __init__(
        self, handlers: list[logging.Handler], listener: logging.handlers.QueueListener
    ) -> None:
        self._handlers = handlers
        self._listener = listener
        self._open = True

    def shutdown(self) -> None:
        """Write the records that wait, close the file, restore logging as it was found.

        Blocks until the disk has it. Calling it again does nothing. Main thread.
        """
        if not self._open:
            return
        self._open = False
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)
            handler.close()
        self._listener.stop()
        for handler in self._listener.handlers:
            handler.close()
        structlog.reset_defaults()


def open_log(data_dir: Path, *, to_stderr: bool = False, level: int = logging.INFO) -> Log:
    """Start writing `data_dir/log/kokuban.log`.

    At 2 MB the file is put aside as `kokuban.log.1`; four such are kept, so the log takes
    10 MB at most. Lines are UTF-8.

    Args:
        data_dir: An existing folder.
        to_stderr: Also show the records, coloured on a terminal, to who is developing.
        level: The lowest level kept, as in `logging`.

    Raises:
        OSError: the file cannot be made.
    """
    folder = data_dir / LOG_FOLDER
    folder.mkdir(exist_ok=True)
    file_handler = logging.handlers.RotatingFileHandler(
        folder / LOG_NAME,
        maxBytes=FILE_LIMIT_BYTES,
        backupCount=OLD_FILES,
        encoding="utf-8",
    )
    waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(WAITING_LIMIT)
    to_file = BoundedQueueHandler(waiting)
    to_file.setFormatter(_formatter(_as_json()))
    handlers: list[logging.Handler] = [to_file]
    if to_stderr:
        handlers.append(_stderr_handler())
    _configure(level, handlers)
    listener = _NamedQueueListener(waiting, file_handler)
    listener.start()
    return Log(handlers, listener)


def configure_structlog() -> None:
    """Let structlog's records go through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Off: a test that opens a log of its own must not find yesterday's.
        cache_logger_on_first_use=False,
    )


def _configure(level: int, handlers: list[logging.Handler]) -> None:
    configure_structlog()
    root = logging.getLogger()
    root.setLevel(level)
    for handler in handlers:
        root.addHandler(handler)


def _as_json() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(
            serializer=functools.partial(json.dumps, ensure_ascii=False), default=repr
        ),
    ]


def _stderr_handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(
        _formatter([structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())])
    )
    return handler


def _formatter(last: list[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


class BoundedQueueHandler(logging.handlers.QueueHandler):
    """Hands records to the writing thread; when the disk cannot keep up, counts the lost.

    Args:
        waiting: The records on their way. Full, it loses new ones, and the next one that
            finds room is followed by a record that tells how many.
    """

    def __init__(self, waiting: queue.Queue[logging.LogRecord | None]) -> None:
        super().__init__(waiting)
        self._waiting = waiting
        self._lost = 0

    @override
    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._lost += 1
            return
        if self._lost:
            self._tell_lost()

    def _tell_lost(self) -> None:
        lost, self._lost = self._lost, 0
        # Not under the handler's own lock again: the record goes straight into the queue.
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, "", None, None)
        record.msg = "records lost, the disk did not keep up"
        record.__dict__["lost"] = lost
        self.enqueue(self.prepare(record))


class _NamedQueueListener(logging.handlers.QueueListener):
    """The standard listener, its thread named so that a leak can be told apart."""

    def __init__(
        self, waiting: queue.Queue[logging.LogRecord | None], handler: logging.Handler
    ) -> None:
        super().__init__(waiting, handler)
        self._waiting = waiting

    @override
    def start(self) -> None:
        super().start()
        thread = self._thread
        if isinstance(thread, threading.Thread):
            thread.name = "log"

    @override
    def enqueue_sentinel(self) -> None:
        # The standard one does not wait for room, so it fails when the disk is behind.
        self._waiting.put(None)
