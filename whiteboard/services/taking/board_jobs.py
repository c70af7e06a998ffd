"""Work for the worker thread that people wait for: copies, exports, lists of sticks.

`Jobs` hands work to the worker and brings its result back to the thread it lives on. The
functions below it block on disks and printers and know nothing of threads.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import itertools
import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import QBuffer, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter, QPainterPath

from base.errors import AppError, ErrorCode
from base.tasks import Worker
from whiteboard.model.board_words import FileName, shown_title
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.board_store import SUFFIX, BoardStore, new_board_file
from whiteboard.services.boards.library import BoardEntry, Library, file_name_of
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.taking.export import (
    BoardSnapshot,
    ExportFormat,
    ExportOptions,
    export_board,
    render_pdf,
)
from whiteboard.services.taking.printing import Printer, print_pdf

T = TypeVar("T")

MAX_STICK_DEPTH: Final = 2
"""Folders below a stick that are looked into for boards."""
MAX_STICK_BOARDS: Final = 500
_MAX_STICK_FOLDERS: Final = 400
_BAD_NAME: Final = (errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG)
"""What a stick says that was mounted without UTF-8 names."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """What came of a piece of work: a value, an error, or neither when it broke."""

    number: int
    value: object = None
    error: AppError | None = None
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    done: Callable[[object], None]
    failed: Callable[[AppError], None]
    ended: Callable[[], None]


def _nothing() -> None:
    pass


class Jobs(QObject):
    """Hands work to a worker and tells the outcome on the thread that made this object.

    Args:
        worker: Does the work.
        failed: Told of each `AppError` that a piece of work raises, unless `run` names
            somebody else. What else is raised is the worker's to log and tell.
    """

    _came = Signal(object)

    def __init__(
        self,
        worker: Worker,
        failed: Callable[[AppError], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._failed = failed
        self._numbers = itertools.count()
        self._waiting: dict[int, _Waiting] = {}
        self._came.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._waiting

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[AppError], None] | None = None,
        ended: Callable[[], None] = _nothing,
    ) -> None:
        """Hand in a piece of work; waits only while the worker has 256 before it.

        Args:
            work: Runs on the worker's thread.
            done: Gets what it returned.
            failed: Gets the `AppError` it raised.
            ended: Called after either, and when the work broke in another way.
        """
        number = next(self._numbers)
        self._waiting[number] = _Waiting(
            done,  # type: ignore[arg-type]  # it gets what `work` returned
            failed or self._failed,
            ended,
        )
        self._worker.submit(functools.partial(self._work, number, work))

    def shutdown(self) -> None:
        """Tell no outcome any more."""
        self._waiting.clear()

    def _work(self, number: int, work: Callable[[], object]) -> None:
        """Do a piece of work. Worker thread."""
        ended = _Ended(number, is_broken=True)
        try:
            ended = _Ended(number, work())
        except AppError as error:
            ended = _Ended(number, error=error)
        finally:
            self._came.emit(ended)

    def _take(self, ended: _Ended) -> None:
        waiting = self._waiting.pop(ended.number, None)
        if waiting is None:
            return
        if ended.error is not None:
            waiting.failed(ended.error)
        elif not ended.is_broken:
            waiting.done(ended.value)
        waiting.ended()


# Sticks -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where files can be put.

    Attributes:
        folder: The folder.
        name: What people call it: the stick's name; empty for this display.
        free_bytes: Room that is left.
        device: Number of the file system; another one later means the stick was pulled.
    """

    folder: Path
    name: str
    free_bytes: int
    device: int

    @property
    def is_stick(self) -> bool:
        """Whether it can be pulled out."""
        return bool(self.name)


def look_at_stick(folder: Path) -> Place | None:
    """Return a stick as a place, or None when it does not answer any more. Blocks."""
    try:
        return Place(folder, folder.name, shutil.disk_usage(folder).free, folder.stat().st_dev)
    except OSError:
        return None


def look_at_sticks(folders: Sequence[Path]) -> tuple[Place, ...]:
    """Return the sticks that answer, in the order given. Blocks."""
    return tuple(place for folder in folders if (place := look_at_stick(folder)))


def display_place(data_dir: Path) -> Place:
    """Return the folder for exports on this display; it is made. Blocks.

    Raises:
        AppError: DISK_FULL, READ_ONLY.
    """
    folder = data_dir / "exports"
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return Place(folder, "", shutil.disk_usage(folder).free, folder.stat().st_dev)


@dataclass(frozen=True, slots=True)
class StickBoard:
    """A board file on a stick, not opened yet."""

    path: Path
    stick: str
    modified: datetime
    size_bytes: int


def find_boards(folders: Sequence[Path]) -> list[StickBoard]:
    """Return the board files on sticks, the last written first. Blocks.

    Looks into a stick's folders and theirs, no deeper, and stops at
    `MAX_STICK_BOARDS`: a stick may hold somebody's whole life.
    """
    found: list[StickBoard] = []
    for stick in folders:
        for path in _board_files(stick):
            try:
                seen = path.stat()
            except OSError:
                continue
            when = datetime.fromtimestamp(seen.st_mtime, UTC)
            found.append(StickBoard(path, stick.name, when, seen.st_size))
            if len(found) >= MAX_STICK_BOARDS:
                break
    return sorted(found, key=lambda board: board.modified, reverse=True)


def _board_files(stick: Path) -> list[Path]:
    files: list[Path] = []
    waiting = [(stick, 0)]
    seen = 0
    while waiting and seen < _MAX_STICK_FOLDERS:
        folder, depth = waiting.pop(0)
        seen += 1
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith((".", "$")):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if depth < MAX_STICK_DEPTH:
                            waiting.append((Path(entry.path), depth + 1))
                    elif entry.name.lower().endswith(SUFFIX):
                        files.append(Path(entry.path))
        except OSError:
            continue
    return files


def free_stem(folder: Path, stem: str, suffix: str) -> str:
    """Return `stem`, or `stem (2)` and so on, so that no file in `folder` is in the way.

    Also of the files `stem-01`, `stem-02`, … that an export of several pages makes. Case
    does not count, for it does not on sticks. Blocks.

    Raises:
        AppError: MEDIUM_GONE.
    """
    with disk_errors(folder):
        taken = {path.name.casefold() for path in folder.iterdir()}
    names = itertools.chain([stem], (f"{stem} ({n})" for n in itertools.count(2)))
    return next(name for name in names if not _is_taken(name + suffix, taken))


def _is_taken(name: str, taken: set[str]) -> bool:
    stem, _, suffix = name.casefold().rpartition(".")
    numbered = re.compile(rf"{re.escape(stem)}-\d+\.{re.escape(suffix)}")
    return any(one == name.casefold() or numbered.fullmatch(one) for one in taken)


def check_place(place: Place) -> None:
    """Make sure that a place is still what it was. Blocks.

    When a stick is pulled, the folder it was mounted on may stay behind: without this,
    files for the stick would silently go to this display's own disk.

    Raises:
        AppError: MEDIUM_GONE.
    """
    with disk_errors(place.folder):
        if place.folder.stat().st_dev != place.device:
            raise AppError(ErrorCode.MEDIUM_GONE, f"{place.folder} is another medium now")


def settle(place: Place) -> None:
    """Wait until the medium has everything, names and sizes included. Blocks.

    A FAT stick keeps a file's size in its folder: only after the whole file system is
    written can it be pulled.

    Raises:
        AppError: MEDIUM_GONE.
    """
    check_place(place)
    with disk_errors(place.folder):
        descriptor = os.open(place.folder, os.O_RDONLY)
        try:
            _sync_file_system(descriptor)
        finally:
            os.close(descriptor)
    check_place(place)


def _sync_file_system(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


# Taking away ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """Files that lie where they should.

    Attributes:
        files: At least one.
        place: Where; a stick has them for good and may be pulled.
        lacking: How many pages lack their document.
    """

    files: tuple[Path, ...]
    place: Place
    lacking: int = 0


class Cancel:
    """Asks a job to stop. Any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        """Ask for the end."""
        self._event.set()

    def __call__(self) -> bool:
        """Return whether the end was asked for."""
        return self._event.is_set()


class _CancelledError(Exception):
    """Ends a copy that nobody wants any more."""


def take_away(
    snapshot: BoardSnapshot,
    export_format: ExportFormat,
    options: ExportOptions,
    place: Place,
    name: FileName,
    *,
    on_progress: Callable[[float], None],
    is_cancelled: Callable[[], bool],
) -> Taken | None:
    """Export pages to a place under a name that nothing there has. Blocks.

    Args:
        snapshot: What is exported.
        export_format: Which kind of file.
        options: See `ExportOptions`.
        place: Where.
        name: Name of the file.
        on_progress: Gets the share that is done, 0..1, on this thread.
        is_cancelled: Asked now and then.

    Returns:
        What was written; None when it was cancelled, and then nothing was.

    Raises:
        AppError: MEDIUM_GONE, DISK_FULL, READ_ONLY, EXPORT_FAILED, IMAGE_TOO_LARGE.
    """

    def write(stem: str) -> tuple[Path, ...]:
        path = place.folder / f"{stem}.{export_format.value}"
        return export_board(
            snapshot,
            export_format,
            path,
            options,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
        )

    files = write_named(place, name, f".{export_format.value}", write)
    return Taken(files, place) if files else None


def take_board(
    file: BoardFile,
    place: Place,
    name: FileName,
    *,
    on_progress: Callable[[float], None],
    is_cancelled: Callable[[], bool],
) -> Taken | None:
    """Copy an open board to a place; as `take_away`. Blocks."""

    def progress(done: int, in_all: int) -> None:
        if is_cancelled():
            raise _CancelledError
        on_progress(done / max(1, in_all))

    def write(stem: str) -> tuple[Path, ...]:
        file.flush()
        path = place.folder / f"{stem}{SUFFIX}"
        try:
            # What only the presenter sees stays on this display.
            file.save_copy_to(path, progress, with_notes=False)
        except _CancelledError:
            return ()
        return (path,)

    files = write_named(place, name, SUFFIX, write)
    return Taken(files, place) if files else None


@dataclass(frozen=True, slots=True)
class StagedBoard:
    """A copy of a board on this display's own disk, about to go elsewhere.

    Attributes:
        path: The copy.
        title: What the board is called.
    """

    path: Path
    title: str


def stage_listed_board(library: Library, entry: BoardEntry) -> StagedBoard:
    """Copy a board of the list, open or not, to be taken away. Blocks; the library's thread.

    A stick is slow and this display's disk is not: the library is free again soon.

    Raises:
        AppError: DISK_FULL, and what opening a board raises.
    """
    path = library.staging_path()
    try:
        file = library.open(entry.path)
    except AppError as error:
        if error.code is not ErrorCode.BOARD_IN_USE:
            raise
        _copy_in_use(entry.path, path)
    else:
        try:
            file.save_copy_to(path, with_notes=False)
        finally:
            file.close()
    return StagedBoard(path, shown_title(entry.title, entry.created))


def take_staged_board(staged: StagedBoard, place: Place, today: date) -> Taken:
    """Move a staged board to a place. Blocks, for as long as a slow stick takes.

    Raises:
        AppError: MEDIUM_GONE, DISK_FULL, READ_ONLY.
    """

    def write(stem: str) -> tuple[Path, ...]:
        path = place.folder / f"{stem}{SUFFIX}"
        _copy_in_use(staged.path, path)
        return (path,)

    try:
        return Taken(write_named(place, FileName(staged.title, today), SUFFIX, write), place)
    finally:
        with suppress(OSError):
            staged.path.unlink()


def _copy_in_use(source: Path, path: Path) -> None:
    """Copy a board that somebody may write on: what is in its file at this moment."""
    with disk_errors(source), new_board_file(path) as target:
        store = BoardStore.open_for_reading(source)
        try:
            store.copy_into(target, with_notes=False)
        finally:
            store.close()


def write_named(
    place: Place, name: FileName, suffix: str, write: Callable[[str], tuple[Path, ...]]
) -> tuple[Path, ...]:
    """Write under a free name made of `name`, or of the day where the medium refuses that.

    Blocks until the medium has it for good.

    Args:
        place: Where.
        name: Name of the file.
        suffix: Its ending, with the dot.
        write: Writes under a stem and returns the files; none when it was cancelled.

    Raises:
        AppError: MEDIUM_GONE, and what `write` raises.
    """
    check_place(place)
    try:
        files = write(free_stem(place.folder, file_name_of(name.stem), suffix))
    except AppError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno not in _BAD_NAME:
            raise
        files = write(free_stem(place.folder, name.plain_stem, suffix))
    if files:
        settle(place)
    return files


def print_pages(
    snapshot: BoardSnapshot,
    options: ExportOptions,
    printer: Printer,
    title: str,
    *,
    is_cancelled: Callable[[], bool],
) -> bool:
    """Print pages; return whether they went to the printer. Blocks.

    Args:
        snapshot: What is printed.
        options: See `ExportOptions`.
        printer: Where.
        title: What the printer's list calls it.
        is_cancelled: Asked before the printer gets anything.

    Raises:
        AppError: NO_PRINTER, PRINT_FAILED, EXPORT_FAILED.
    """
    if is_cancelled():
        return False
    pdf = render_pdf(snapshot, options)
    if is_cancelled():
        return False
    print_pdf(pdf, title, printer)
    return True


# Pictures of boards -------------------------------------------------------------------


def decode_thumbnail(png: bytes | None, size: QSize, radius_px: float) -> QImage:
    """Return the picture of a board as a list shows it: filling `size`, corners rounded.

    Args:
        png: The picture; None makes an empty image, and so do bytes that are none.
        size: In device pixels.
        radius_px: Of the two upper corners, in device pixels.
    """
    if not png or size.isEmpty():
        return QImage()
    buffer = QBuffer()
    buffer.setData(png)
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    source = QImageReader(buffer).read()
    if source.isNull():
        return QImage()
    filled = source.scaled(
        size,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    made = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(QColor(0, 0, 0, 0))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    outline = QPainterPath()
    # Taller than the picture by the radius, so that the lower corners stay square.
    outline.addRoundedRect(
        QRectF(0, 0, size.width(), size.height() + 2 * radius_px), radius_px, radius_px
    )
    painter.setClipPath(outline)
    # The upper left of a page is where people begin to write.
    painter.drawImage(0, 0, filled)
    painter.end()
    return made
