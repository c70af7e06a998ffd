"""Pictures of whole sheets as small files: made once, there at once when a page is turned to.

A sheet that nobody could foresee takes its time: a photo or a dense drawing a fifth of a
second. Its picture as it fits the display, compressed, is read in a tenth of that. The files
lie beside the documents and go with them; a document with a password gets none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage, QImageReader

from base.tasks import Worker
from whiteboard.model.document import SheetRef

FOLDER: Final = "sheet-pictures"
MOST_BYTES: Final = 512 << 20
"""Two documents of 1,000 drawings."""
MOST_PIXELS: Final = 2_200_000
"""Of one picture: 1920x1080. On larger displays it is stretched."""
_BEST_QUALITY: Final = 97
_GOOD_QUALITY: Final = 60
_BEST_BYTES: Final = 400_000
"""The best quality keeps the grain of photos (0.93 of their detail, the good one 0.69). What
takes more room than this is full of lines, of which the good one keeps 0.97."""
_CAPACITY: Final = 4
_SUFFIX: Final = ".jpg"
_UNFINISHED: Final = ".part"
_LEAST_SHARE: Final = 0.8
"""A picture is made anew for a display that shows sheets larger than this allows."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """The pictures of a document that were found: their widths, px."""

    document: str
    widths: dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class _Read:
    ticket: PreviewTicket
    image: QImage


class PreviewTicket:
    """A picture that was asked for."""

    def __init__(self, on_done: Callable[[QImage], None]) -> None:
        self._on_done: Callable[[QImage], None] | None = on_done

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for it."""
        return self._on_done is not None

    def cancel(self) -> None:
        """Say that it is not wanted any more."""
        self._on_done = None

    def answer(self, image: QImage) -> None:
        """Hand it over; a null picture where the file was damaged or is gone."""
        on_done, self._on_done = self._on_done, None
        if on_done is not None:
            on_done(image)


class SheetPreviews(QObject):
    """Keeps the pictures and gives them back. Belongs to the UI thread, which never waits.

    Args:
        documents: The folder that documents are kept in.
        is_lasting: Whether it stays. Then the pictures lie beside it, else in it.
        is_open_to_all: Returns whether a document may be kept as pictures on the disk.
        most_bytes: How much all pictures may take; those of the document that was used
            longest ago go first.
    """

    listed = Signal(str)
    """It is known now which pictures a document has."""
    has_room = Signal()
    """Another picture can be kept."""
    _was_listed = Signal(object)
    _was_read = Signal(object)
    _was_kept = Signal(object)

    def __init__(
        self,
        documents: Path,
        *,
        is_lasting: bool = True,
        is_open_to_all: Callable[[str], bool] = lambda _document: True,
        most_bytes: int = MOST_BYTES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._documents = documents
        self._folder = (documents.parent if is_lasting else documents) / FOLDER
        self._is_open_to_all = is_open_to_all
        self._most_bytes = most_bytes
        self._log = structlog.get_logger(__name__)
        self._known: dict[str, dict[tuple[int, int], int] | None] = {}
        self._waiting = 0
        self._is_off = False
        self._worker = Worker("previews", capacity=_CAPACITY * 8, on_error=self._note_error)
        queued = Qt.ConnectionType.QueuedConnection
        self._was_listed.connect(self._take_list, queued)
        self._was_read.connect(self._take_read, queued)
        self._was_kept.connect(self._take_kept, queued)

    @property
    def is_full(self) -> bool:
        """Whether as many pictures wait for the disk as may, or it takes no more at all."""
        return self._is_off or self._waiting >= _CAPACITY

    def knows(self, document: str) -> bool:
        """Return whether the pictures of a document are known; `listed` tells otherwise."""
        if document not in self._known:
            self._known[document] = None
            self._submit(lambda: self._list(document))
        return self._known[document] is not None

    def has(self, sheet: SheetRef, width_px: float = 0.0) -> bool:
        """Return whether there is a picture of a sheet that is worth showing that wide."""
        if not self.knows(sheet.document):
            return False
        width = self._width(sheet)
        return width > 0 and width >= width_px * _LEAST_SHARE

    def ask(self, sheet: SheetRef, on_done: Callable[[QImage], None]) -> PreviewTicket:
        """Read the picture of a sheet that `has` one."""
        ticket = PreviewTicket(on_done)
        path = self._path(sheet, self._width(sheet))
        self._submit(lambda: self._read(path, ticket))
        return ticket

    def keep(self, sheet: SheetRef, image: QImage) -> None:
        """Keep the picture of a whole sheet, unless that is not allowed."""
        if self.is_full or not self._is_open_to_all(sheet.document):
            return
        self._waiting += 1
        old = self._path(sheet, self._width(sheet))
        if not self._submit(lambda: self._write(sheet, image, old)):
            self._waiting -= 1

    def may_keep(self, document: str) -> bool:
        """Return whether pictures of a document can be kept at all."""
        return not self._is_off and self._is_open_to_all(document)

    def shutdown(self) -> None:
        """Write what waits and end."""
        self._is_off = True
        self._worker.shutdown()

    def _width(self, sheet: SheetRef) -> int:
        known = self._known.get(sheet.document) or {}
        return known.get((sheet.number, sheet.turns), 0)

    # On the UI thread ---------------------------------------------------------------------

    def _submit(self, job: Callable[[], None]) -> bool:
        try:
            return self._worker.try_submit(job)
        except RuntimeError:
            return False

    def _take_list(self, found: _Listed) -> None:
        self._known[found.document] = found.widths
        self.listed.emit(found.document)

    def _take_read(self, read: _Read) -> None:
        read.ticket.answer(read.image)

    def _take_kept(self, kept: tuple[SheetRef, int]) -> None:
        sheet, width = kept
        self._waiting -= 1
        known = self._known.get(sheet.document)
        if width and known is not None:
            known[sheet.number, sheet.turns] = width
        elif not width:
            self._is_off = True  # a full or read-only disk: nothing is lost but time
        self.has_room.emit()

    # On the worker's thread ---------------------------------------------------------------

    def _list(self, document: str) -> None:
        widths: dict[tuple[int, int], int] = {}
        folder = self._folder / document
        try:
            self._trim(document)
            if folder.is_dir():
                os.utime(folder)
                for path in folder.glob(f"*{_SUFFIX}"):
                    number, turns, width = map(int, path.stem.split("-"))
                    widths[number, turns] = width
        except (OSError, ValueError) as error:
            self._log.info("pictures of sheets cannot be listed", reason=str(error))
        self._was_listed.emit(_Listed(document, widths))

    def _read(self, path: Path, ticket: PreviewTicket) -> None:
        image = QImage()
        if ticket.is_open:
            # `QImage.fromData` would keep the interpreter's lock while it decodes.
            image = QImageReader(str(path)).read()
        if not image.isNull():
            image = image.convertToFormat(QImage.Format.Format_RGB32)
        self._was_read.emit(_Read(ticket, image))

    def _write(self, sheet: SheetRef, image: QImage, old: Path) -> None:
        done = self._path(sheet, image.width())
        part = done.with_suffix(_UNFINISHED)
        width = 0
        try:
            done.parent.mkdir(parents=True, exist_ok=True)
            if _save(image, part):
                old.unlink(missing_ok=True)
                part.replace(done)
                width = image.width()
        except OSError as error:
            self._log.info("picture of a sheet is not kept", reason=str(error))
        self._was_kept.emit((sheet, width))

    def _trim(self, used: str) -> None:
        """Let go of the pictures of documents that are not here any more, and of too many."""
        if not self._folder.is_dir():
            return
        folders = [f for f in self._folder.iterdir() if f.is_dir() and f.name != used]
        gone = [f for f in folders if not (self._documents / f"{f.name}.pdf").exists()]
        kept = sorted(set(folders) - set(gone), key=lambda f: f.stat().st_mtime)
        total = sum(_size_of(f) for f in kept)
        while kept and total > self._most_bytes:
            gone.append(kept.pop(0))
            total -= _size_of(gone[-1])
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)

    def _path(self, sheet: SheetRef, width_px: int) -> Path:
        name = f"{sheet.number}-{sheet.turns}-{width_px}{_SUFFIX}"
        return self._folder / sheet.document / name

    def _note_error(self, error: Exception) -> None:
        self._log.info("a picture of a sheet broke", reason=str(error))


def _save(image: QImage, path: Path) -> bool:
    """Write a picture, sharp where that takes little room."""
    name = str(path)
    if not image.save(name, "JPG", _BEST_QUALITY):  # type: ignore[call-overload]
        return False
    if path.stat().st_size <= _BEST_BYTES:
        return True
    return image.save(name, "JPG", _GOOD_QUALITY)  # type: ignore[call-overload, no-any-return]


def _size_of(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder))
