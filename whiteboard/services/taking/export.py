"""Boards to files that others can read: PDF, SVG and PNG, whole or not at all.

An export works on a snapshot and belongs on a worker thread: the board goes on being
written on meanwhile.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage, QPainter

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.painting.item_painting import Look, paint_background, paint_items
from whiteboard.services.painting.sheet_pixels import spot_of
from whiteboard.services.painting.sheet_reader import paint_sheet
from whiteboard.services.painting.snapshot import (
    BoardSnapshot,
    PageSnapshot,
    picture_reader,
    take_snapshot,
    to_qrect,
)
from whiteboard.services.taking.export_pdf import PdfJob
from whiteboard.services.taking.export_svg import SvgJob

__all__ = [
    "BoardSnapshot",
    "ExportFormat",
    "ExportOptions",
    "PageSnapshot",
    "export_board",
    "render_pdf",
    "render_png",
    "take_snapshot",
]

MIN_WIDTH_PX: Final = 16
MAX_PIXELS: Final = 64_000_000
"""Of a PNG: a quarter of a gigabyte while it is made."""
BATCH: Final = 200
_BAND_PIXELS: Final = 8_000_000
"""Of a sheet at one time."""
_MAX_SIDE_PX: Final = 32_767


class ExportFormat(StrEnum):
    """A kind of file; its value is also the file name's ending."""

    PDF = "pdf"
    SVG = "svg"
    PNG = "png"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How to export.

    Attributes:
        width_px: Width of a PNG, at least 16; its height follows from the page.
        is_on_white: Whether blackboards become white, as for paper.
    """

    width_px: int = 1920
    is_on_white: bool = False


def export_board(
    snapshot: BoardSnapshot,
    export_format: ExportFormat,
    path: Path,
    options: ExportOptions = ExportOptions(),
    *,
    on_progress: Callable[[float], None] = lambda _share: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Path, ...]:
    """Write pages of a board. Blocks; for worker threads.

    A file that is there already is replaced, but only by a whole new one: when anything
    goes wrong no file has changed and none is left half written.

    Args:
        snapshot: See `take_snapshot`.
        export_format: Which kind of file.
        path: The file. SVG and PNG make one file a page: of several, the page number is
            put before the name's ending (`board-02.svg`).
        options: See `ExportOptions`.
        on_progress: Gets the share that is done, 0..1, never less than before.
        is_cancelled: Asked after each batch, some tenths of a second at most; a large PDF
            is packed at the end in one go (3.4 s for 10,000 strokes).

    Returns:
        The files that were written; none when it was cancelled.

    Raises:
        AppError: DISK_FULL, READ_ONLY, MEDIUM_GONE, EXPORT_FAILED; IMAGE_TOO_LARGE when a
            PNG would have more pixels than fit into memory.
    """
    work = _Work(sum(len(p.items) for p in snapshot.pages), on_progress, is_cancelled)
    targets = _targets(path, 1 if export_format is ExportFormat.PDF else len(snapshot.pages))
    try:
        files = _render(snapshot, export_format, options, work)
        _write_all(zip(targets, files, strict=True), work)
    except _CancelledError:
        return ()
    on_progress(1.0)
    return tuple(targets)


def render_pdf(snapshot: BoardSnapshot, options: ExportOptions = ExportOptions()) -> bytes:
    """Return pages as a PDF. Blocks; for worker threads.

    Raises:
        AppError: EXPORT_FAILED.
    """
    job = PdfJob(snapshot, is_on_white=options.is_on_white)
    for _done in job.steps():
        pass
    return job.data


def render_png(
    snapshot: BoardSnapshot, page: PageSnapshot, options: ExportOptions = ExportOptions()
) -> bytes:
    """Return a page of a snapshot as a PNG. Blocks; for worker threads.

    Raises:
        AppError: as `export_board`.
    """
    job = _PngJob(snapshot, page, options)
    for _done in job.steps():
        pass
    return job.data


class _CancelledError(Exception):
    """The person who wanted the export does not want it any more."""


class _Work:
    """Counts what is done and asks whether to go on."""

    def __init__(
        self, items: int, on_progress: Callable[[float], None], is_cancelled: Callable[[], bool]
    ) -> None:
        self._total = max(items, 1)
        self._done = 0
        self._on_progress = on_progress
        self._is_cancelled = is_cancelled

    def run(self, steps: Iterator[int]) -> None:
        """Work through the steps of a job."""
        self.check()
        for done in steps:
            self._done += done
            # The last hundredth is the disk's.
            self._on_progress(0.99 * min(self._done / self._total, 1.0))
            self.check()

    def check(self) -> None:
        """Stop here when the export was cancelled."""
        if self._is_cancelled():
            raise _CancelledError


def _render(
    snapshot: BoardSnapshot, export_format: ExportFormat, options: ExportOptions, work: _Work
) -> Iterator[bytes]:
    if export_format is ExportFormat.PDF:
        pdf = PdfJob(snapshot, is_on_white=options.is_on_white)
        work.run(pdf.steps())
        yield pdf.data
        return
    for page in snapshot.pages:
        job: SvgJob | _PngJob
        if export_format is ExportFormat.SVG:
            job = SvgJob(snapshot, page, is_on_white=options.is_on_white)
        else:
            job = _PngJob(snapshot, page, options)
        work.run(job.steps())
        yield job.data


class _PngJob:
    """A PNG in the making, batch by batch."""

    def __init__(
        self, snapshot: BoardSnapshot, page: PageSnapshot, options: ExportOptions
    ) -> None:
        self._page = page.on_white() if options.is_on_white else page
        self._picture = picture_reader(snapshot.read_asset)
        self._read_sheet = snapshot.read_sheet
        self._extent = self._page.extent()
        self._width_px = options.width_px
        self._scale = options.width_px / self._extent.width
        self._height_px = max(round(self._extent.height * self._scale), 1)
        self.data = b""
        """The file, once `steps` has come to its end."""
        if options.width_px < MIN_WIDTH_PX:
            raise ValueError(f"a PNG is at least {MIN_WIDTH_PX} px wide")

    def steps(self) -> Iterator[int]:
        """Work; yield the number of items done after each batch."""
        image = self._canvas()
        background = self._page.page.background
        look = Look(background.is_dark, self._scale, self._picture)
        painter = QPainter(image)
        try:
            painter.scale(self._scale, self._scale)
            painter.translate(-self._extent.left, -self._extent.top)
            paint_background(painter, background, to_qrect(self._extent), self._scale)
            spot = spot_of(self._page.page)
            if spot is not None and self._read_sheet is not None:
                paint_sheet(painter, self._read_sheet, spot, self._scale, _BAND_PIXELS)
                yield 0
            items = self._page.items
            for start in range(0, len(items), BATCH):
                batch = items[start : start + BATCH]
                paint_items(painter, batch, look)
                yield len(batch)
        finally:
            painter.end()
        self.data = _png(image)

    def _canvas(self) -> QImage:
        width, height = self._width_px, self._height_px
        if width * height > MAX_PIXELS or max(width, height) > _MAX_SIDE_PX:
            raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{width} x {height} px")
        image = QImage(width, height, QImage.Format.Format_RGB32)
        if image.isNull():
            raise AppError(ErrorCode.EXPORT_FAILED, f"no memory for {width} x {height} px")
        dots_per_m = round(self._scale * 72 / 0.0254)
        image.setDotsPerMeterX(dots_per_m)
        image.setDotsPerMeterY(dots_per_m)
        return image


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise AppError(ErrorCode.EXPORT_FAILED, "the PNG was not written")
    return bytes(buffer.data().data())


# Files ------------------------------------------------------------------------------


def _targets(path: Path, count: int) -> Sequence[Path]:
    if count == 1:
        return (path,)
    digits = max(2, len(str(count)))
    return [
        path.with_name(f"{path.stem}-{number:0{digits}}{path.suffix}")
        for number in range(1, count + 1)
    ]


def _write_all(files: Iterator[tuple[Path, bytes]], work: _Work) -> None:
    """Write all files under passing names, then give them their own."""
    written: list[tuple[Path, Path]] = []
    try:
        for target, data in files:
            with disk_errors(target):
                written.append((_write_beside(target, data), target))
        work.check()
        while written:
            temporary, target = written[0]
            with disk_errors(target):
                temporary.replace(target)
            written.pop(0)
    finally:
        for temporary, _target in written:
            with suppress(OSError):
                temporary.unlink()


def _write_beside(target: Path, data: bytes) -> Path:
    """Write data to a new file beside `target`, onto the medium itself."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    return temporary
