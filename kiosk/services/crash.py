"""The one way of everything that was not foreseen.

Whatever raises where nobody catches it, in a slot, a thread, a task, a finaliser or Qt
itself, ends in one place: it is logged with its traceback, and the person is told once,
calmly. Nothing else happens, so the board stays as it is and can be written on.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import structlog
from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    Qt,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

from base.clock import Clock

QUIET_S: Final = 10.0
"""Further troubles within this time of a told one are logged and not told."""

_LEVELS: Final[Mapping[QtMsgType, int]] = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class CrashPath(QObject):
    """Catches what nobody caught, from `install` until `shutdown`.

    Args:
        data_dir: An existing folder; a crash of the interpreter itself is written to
            `log/crash-<pid>.txt` there.
        clock: For the pause between two notices.
        on_trouble: Tells the person; called on the UI thread.
    """

    _happened = Signal()

    def __init__(self, data_dir: Path, clock: Clock, on_trouble: Callable[[], None]) -> None:
        super().__init__()
        self._folder = data_dir / "log"
        self._clock = clock
        self._on_trouble = on_trouble
        self._told_s = float("-inf")
        self._log = structlog.get_logger("kokuban.crash")
        self._dump: IO[str] | None = None
        # Queued, because threads raise too and because the notice must not be built
        # inside the paint or input event that has just failed.
        self._happened.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Begin to catch. Main thread."""
        self._open_dump()
        self._old_hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._from_main
        threading.excepthook = self._from_thread
        sys.unraisablehook = self._from_finaliser
        self._old_qt_handler = qInstallMessageHandler(self._from_qt)

    def shutdown(self) -> None:
        """Put everything back as it was. Main thread."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._old_hooks
        qInstallMessageHandler(self._old_qt_handler)
        if self._dump is not None:
            faulthandler.disable()
            self._dump.close()
            _remove_if_empty(Path(self._dump.name))
            self._dump = None

    def from_loop(self, trouble: Mapping[str, Any]) -> None:
        """Take what asyncio's exception handler is given. UI thread."""
        error = trouble.get("exception")
        words = str(trouble.get("message", ""))
        if isinstance(error, BaseException):
            self._take(f"asyncio: {words}", type(error), error, error.__traceback__)
        else:
            self._log.error("asyncio", words=words)

    def _from_main(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._take("not caught", kind, error, trace)

    def _from_thread(self, given: threading.ExceptHookArgs) -> None:
        name = given.thread.name if given.thread is not None else "?"
        if given.exc_value is not None:
            self._take(f"thread {name}", given.exc_type, given.exc_value, given.exc_traceback)

    def _from_finaliser(self, given: sys.UnraisableHookArgs) -> None:
        words = given.err_msg or "in a finaliser"
        if given.exc_value is not None:
            self._take(
                f"{words}: {given.object!r}",
                given.exc_type,
                given.exc_value,
                given.exc_traceback,
            )

    def _from_qt(self, kind: QtMsgType, where: QMessageLogContext, words: str) -> None:
        self._log.log(
            _LEVELS.get(kind, logging.WARNING), "qt", words=words, where=where.category
        )

    def _take(
        self,
        where: str,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        self._log.critical("unexpected", where=where, exc_info=(kind, error, trace))
        self._happened.emit()

    def _tell(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._told_s < QUIET_S:
            return
        self._told_s = now_s
        self._on_trouble()

    def _open_dump(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
            for old in self._folder.glob("crash-*.txt"):
                _remove_if_empty(old)
            self._dump = (self._folder / f"crash-{os.getpid()}.txt").open("w", encoding="utf-8")
        except OSError:
            self._log.warning("no file for crashes", exc_info=True)
            return
        faulthandler.enable(self._dump)


def _remove_if_empty(path: Path) -> None:
    # Left over by a process that was killed without crashing.
    if path.is_file() and path.stat().st_size == 0:
        path.unlink()
