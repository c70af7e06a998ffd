"""What comes onto a board from outside: pictures, and items with their pictures.

Reading, decoding and hashing happen on the board's worker; what is ready is told on the
UI thread, and the bytes are with the board's file by then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, Signal
from PySide6.QtGui import QImage

from base.board_doc import ImageItem, Item
from base.errors import AppError, ErrorCode
from base.tasks import Worker
from whiteboard.model.select import assets_of
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.taking.pictures import Picture, parse_picture, read_picture


@dataclass(frozen=True, slots=True)
class CameIn:
    """A picture that the board's file has.

    Attributes:
        sha256: Its name there.
        width_px: Its width.
        height_px: Its height.
        place: Where its middle is wanted, page pt; None for the middle of the view.
    """

    sha256: bytes
    width_px: int
    height_px: int
    place: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class ItemsCameIn:
    """Items whose pictures the board's file has.

    Attributes:
        items: In any order, as they were copied.
        place: Where their middle is wanted, page pt.
    """

    items: tuple[Item, ...]
    place: tuple[float, float]


class Intake(QObject):
    """Takes things in for one view of a board. Belongs to the UI thread.

    Args:
        file: The board's file.
        worker: Where the work is done; the one that closes the file in the end, so that
            what was handed in before is done before.
    """

    picture_came = Signal(object)
    """A `CameIn`."""
    items_came = Signal(object)
    """An `ItemsCameIn`."""
    failed = Signal(object)
    """An `AppError` to tell the person."""
    _picture_done = Signal(object)
    _items_done = Signal(object)
    _job_failed = Signal(object)

    def __init__(self, file: BoardFile, worker: Worker) -> None:
        super().__init__()
        self._file = file
        self._worker = worker
        queued = Qt.ConnectionType.QueuedConnection
        self._picture_done.connect(self.picture_came, queued)
        self._items_done.connect(self.items_came, queued)
        self._job_failed.connect(self.failed, queued)

    def take_file(self, path: Path, place: tuple[float, float] | None = None) -> None:
        """Take in the picture of a file."""
        self._take(lambda: read_picture(path), place)

    def take_picture(
        self, source: bytes | QImage, place: tuple[float, float] | None = None
    ) -> None:
        """Take in an encoded picture, or pixels."""
        self._take(lambda: _picture_of(source), place)

    def take_items(
        self,
        items: tuple[Item, ...],
        place: tuple[float, float],
        held: Callable[[bytes], bytes | None],
    ) -> None:
        """Take in copied items.

        Args:
            items: What was copied.
            place: Where their middle is wanted, page pt.
            held: Returns the bytes of a picture that was copied; called on the worker.
        """
        if not assets_of(items):
            self._items_done.emit(ItemsCameIn(items, place))
            return

        def job() -> None:
            missing = {sha for sha in assets_of(items) if not self._has(sha, held)}
            left = tuple(
                item
                for item in items
                if not (isinstance(item, ImageItem) and item.sha256 in missing)
            )
            self._items_done.emit(ItemsCameIn(left, place))

        self._submit(job)

    def _take(self, read: Callable[[], Picture], place: tuple[float, float] | None) -> None:
        def job() -> None:
            picture = read()
            sha256 = self._file.put_asset(picture.data)
            self._picture_done.emit(CameIn(sha256, picture.width_px, picture.height_px, place))

        self._submit(job)

    def _submit(self, job: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                job()
            except AppError as error:
                self._job_failed.emit(error)

        self._worker.submit(guarded)

    def _has(self, sha256: bytes, held: Callable[[bytes], bytes | None]) -> bool:
        """Make sure that the file has a picture; return whether it has. Worker thread."""
        try:
            self._file.asset(sha256)
        except KeyError:
            data = held(sha256)
            if data is None:
                return False
            self._file.put_asset(data)
        return True


def _picture_of(source: bytes | QImage) -> Picture:
    if isinstance(source, bytes):
        return parse_picture(source)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not source.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise AppError(ErrorCode.NOT_AN_IMAGE, "pixels that cannot be kept")
    return parse_picture(bytes(QByteArray(buffer.data()).data()))
