"""Opens the files of documents for processes that cannot open any.

A share that does not answer blocks whoever opens a file on it, so each is opened on a thread
of its own, which may stay blocked for as long as it likes.
"""

from __future__ import annotations

import os
import stat
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from base.errors import AppError, ErrorCode

OPEN_S: Final = 9.0
"""By then a person wants a sentence."""


class _Descriptor:
    """Closed when nobody has it any more, on whatever thread that is."""

    def __init__(self, number: int) -> None:
        self.number = number
        weakref.finalize(self, os.close, number)


class DocumentFile:
    """A file that is open for reading, or on its way, or could not be opened.

    It stays open for as long as anybody has this, whatever becomes of its name.
    """

    def __init__(self) -> None:
        self._opened: _Descriptor | None = None
        self._error: AppError | None = None

    @property
    def descriptor(self) -> int | None:
        """Its descriptor once it is open."""
        return None if self._opened is None else self._opened.number

    @property
    def error(self) -> AppError | None:
        """Why it could not be opened."""
        return self._error

    def settle(self, outcome: _Descriptor | AppError) -> bool:
        """Take what became of it; return False when that was settled before."""
        if self._opened is not None or self._error is not None:
            return False
        if isinstance(outcome, AppError):
            self._error = outcome
        else:
            self._opened = outcome
        return True


@dataclass(frozen=True, slots=True)
class _Outcome:
    file: DocumentFile
    what: _Descriptor | AppError


class DocumentFiles(QObject):
    """Opens files. UI thread alone.

    Args:
        on_settled: Called when one is open or cannot be, never inside `open`.
    """

    _came = Signal(object)

    def __init__(self, on_settled: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._on_settled: Callable[[], None] | None = on_settled
        self._timers: dict[DocumentFile, QTimer] = {}
        self._came.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def open(self, path: str) -> DocumentFile:
        """Begin to open a file: NOT_FOUND, or UNKNOWN_FORMAT for what is no file."""
        file = DocumentFile()

        def work() -> None:
            outcome = _Outcome(file, _open(path))
            try:
                self._came.emit(outcome)
            except RuntimeError:
                return  # the board has been closed meanwhile

        late = AppError(ErrorCode.NOT_FOUND, f"{path} does not answer")
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(lambda: self._take(_Outcome(file, late)))
        timer.start(round(OPEN_S * 1000.0))
        self._timers[file] = timer
        name = f"opens {Path(path).name}"
        threading.Thread(target=work, name=name, daemon=True).start()
        return file

    def shutdown(self) -> None:
        """Tell nothing any more."""
        self._on_settled = None
        for file in tuple(self._timers):
            self._forget_timer(file)

    def _forget_timer(self, file: DocumentFile) -> None:
        timer = self._timers.pop(file, None)
        if timer is not None:
            timer.stop()
            timer.deleteLater()

    def _take(self, outcome: _Outcome) -> None:
        self._forget_timer(outcome.file)
        if outcome.file.settle(outcome.what) and self._on_settled is not None:
            self._on_settled()


def _open(path: str) -> _Descriptor | AppError:
    # Without O_NONBLOCK a pipe of that name would keep us.
    try:
        opened = _Descriptor(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
        is_file = stat.S_ISREG(os.fstat(opened.number).st_mode)
    except OSError as error:
        return AppError(ErrorCode.NOT_FOUND, str(error))
    return opened if is_file else AppError(ErrorCode.UNKNOWN_FORMAT, f"{path} is no file")
