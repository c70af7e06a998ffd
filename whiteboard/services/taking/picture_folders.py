"""The pictures in a folder, and small ones of them. All of it for worker threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.taking.heif import HEAD_BYTES, HEIF_ENDINGS, is_heif, read_heif
from whiteboard.services.taking.pictures import MAX_FILE_BYTES, MAX_SOURCE_PIXELS

_QT_ENDINGS: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
)
ENDINGS: Final = _QT_ENDINGS | HEIF_ENDINGS
MOST_PICTURES: Final = 120
"""The newest so many are shown; nobody looks through more on a wall."""
MOST_SEEN: Final = 20_000
"""A stick with more files is not read to its end."""
DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A file that looks like a picture.

    Attributes:
        path: The file.
        modified_s: When it was changed last, seconds since 1970.
    """

    path: Path
    modified_s: float


def find_pictures(folder: Path, most: int = MOST_PICTURES) -> list[FoundPicture]:
    """Return the newest pictures in a folder and the folders in it, newest first.

    Hidden folders are passed over, and what cannot be read.

    Args:
        folder: Where to look; one that does not exist has none.
        most: How many at most.

    Raises:
        AppError: MEDIUM_GONE and the like, when the folder itself cannot be read.
    """
    if not folder.exists():
        return []
    with disk_errors(folder):
        next(folder.iterdir(), None)
    found: list[FoundPicture] = []
    for seen, path in enumerate(_files(folder, DEEPEST)):
        if seen >= MOST_SEEN:
            break
        if path.suffix.lower() not in ENDINGS or path.name.startswith("."):
            continue
        try:
            found.append(FoundPicture(path, path.stat().st_mtime))
        except OSError:
            continue
    found.sort(key=lambda one: (-one.modified_s, one.path.name))
    return found[:most]


def read_thumbnail(path: Path, side_px: int) -> QImage:
    """Return a small picture of a picture, at most `side_px` wide and high, upright.

    Raises:
        AppError: NOT_AN_IMAGE, IMAGE_TOO_LARGE, or what the disk says.
    """
    with disk_errors(path):
        size_bytes = path.stat().st_size
        if size_bytes > MAX_FILE_BYTES:
            raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{path}: {size_bytes} bytes")
        if is_heif(_head(path)):
            return read_heif(path.read_bytes(), side_px, MAX_SOURCE_PIXELS)
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if f".{bytes(reader.format().data()).decode()}" not in _QT_ENDINGS:
        raise AppError(ErrorCode.NOT_AN_IMAGE, str(path))
    size = reader.size()
    if size.isEmpty():
        raise AppError(ErrorCode.NOT_AN_IMAGE, f"{path}: {reader.errorString()}")
    if size.width() * size.height() > MAX_SOURCE_PIXELS:
        raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{path}: {size.width()} x {size.height()}")
    if max(size.width(), size.height()) > side_px:
        small = size.scaled(side_px, side_px, Qt.AspectRatioMode.KeepAspectRatio)
        reader.setScaledSize(small.expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        raise AppError(ErrorCode.NOT_AN_IMAGE, f"{path}: {reader.errorString()}")
    return image


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the files of a folder, then those of its folders."""
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file():
                    yield Path(entry.path)
                elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    folders.append(Path(entry.path))
    except OSError:
        return
    if depth > 0:
        for inner in sorted(folders):
            yield from _files(inner, depth - 1)
