"""Where a sheet of paper lies until it is a page of the board."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal

from base.errors import AppError
from base.tasks import Worker
from base.text import _
from whiteboard.services.disk_errors import disk_errors

if TYPE_CHECKING:
    # OpenCV comes with it.
    from whiteboard.services.paper.sheet_to_page import PaperPage

_PREFIX: Final = "paper-"


class PaperTray(QObject):
    """Writes finished pages of paper to files that a document can be made of.

    Args:
        data_dir: Where the files go; they are gone with the tray.
        worker: Writes them.
        on_file: Gets each file, on the UI thread.
        on_trouble: Gets why there is none: DISK_FULL, READ_ONLY.
    """

    _written = Signal(object)
    _failed = Signal(object)

    def __init__(
        self,
        data_dir: Path,
        worker: Worker,
        on_file: Callable[[Path], None],
        on_trouble: Callable[[AppError], None],
    ) -> None:
        super().__init__()
        self._data_dir = data_dir
        self._worker = worker
        self._folder: Path | None = None
        self._written.connect(on_file, Qt.ConnectionType.QueuedConnection)
        self._failed.connect(on_trouble, Qt.ConnectionType.QueuedConnection)

    def take(self, page: PaperPage) -> None:
        """Keep a page of paper; `on_file` gets its file."""
        name = f"{_('Paper')} {datetime.now().astimezone():%Y-%m-%d %H.%M.%S}.jpg"
        self._worker.submit(lambda: self._write(name, page.data))

    def clear(self) -> None:
        """Throw the files away; what was made of them is kept elsewhere."""
        folder, self._folder = self._folder, None
        if folder is not None:
            with suppress(OSError):
                shutil.rmtree(folder)

    def _write(self, name: str, data: bytes) -> None:
        """Write a file. Worker thread."""
        try:
            with disk_errors(self._data_dir):
                if self._folder is None:
                    self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._data_dir))
                path = self._folder / name
                path.write_bytes(data)
        except AppError as error:
            self._failed.emit(error)
        else:
            self._written.emit(path)
