"""Photographs as telephones keep them (HEIC), which Qt does not read. For worker threads."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColorSpace, QImage

from base.errors import AppError, ErrorCode
from whiteboard.services.documents.document_kinds import picture_suffix

if TYPE_CHECKING:
    from PIL.Image import Image

HEIF_ENDINGS: Final = frozenset({".heic", ".heif"})
HEAD_BYTES: Final = 64
"""How much of a file `is_heif` looks at."""
_MODES: Final = ("RGB", "RGBA")


def is_heif(head: bytes) -> bool:
    """Return whether a file that begins so is one."""
    return picture_suffix(head[:HEAD_BYTES]) == ".heic"


def read_heif(data: bytes, most_side_px: int, most_pixels: int) -> QImage:
    """Return the pixels of a photograph, upright, with its colour space.

    Args:
        data: The whole file.
        most_side_px: What is longer or higher is made smaller.
        most_pixels: What has more is not decoded.

    Returns:
        RGB888 or RGBA8888, with memory of its own.

    Raises:
        AppError: IMAGE_TOO_LARGE; NOT_AN_IMAGE for damaged files, and where the library
            that reads them is not installed.
    """
    with contextlib.closing(_opened(data)) as found:
        width, height = found.size
        if width * height > most_pixels:
            raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{width} x {height} px")
        profile = found.info.get("icc_profile") or b""
        try:
            # The library turns the picture upright while it decodes.
            found.load()
        except (OSError, ValueError, EOFError, RuntimeError) as error:
            raise AppError(ErrorCode.NOT_AN_IMAGE, f"HEIF: {error}") from error
        plain = found if found.mode in _MODES else found.convert("RGB")
        plain.thumbnail((most_side_px, most_side_px))
        image = _to_qimage(plain)
    if profile:
        image.setColorSpace(QColorSpace.fromIccProfile(QByteArray(profile)))
    return image


def _opened(data: bytes) -> Image:
    try:
        # Here, so that whoever has no such photograph does not wait for a codec.
        import pillow_heif
    except ImportError as error:
        raise AppError(ErrorCode.NOT_AN_IMAGE, f"HEIF: {error}") from error
    try:
        opened: Image = pillow_heif.HeifImageFile(io.BytesIO(data))
    except (SyntaxError, ValueError, EOFError, RuntimeError) as error:
        raise AppError(ErrorCode.NOT_AN_IMAGE, f"HEIF: {error}") from error
    return opened


def _to_qimage(image: Image) -> QImage:
    has_alpha = image.mode == "RGBA"
    form = QImage.Format.Format_RGBA8888 if has_alpha else QImage.Format.Format_RGB888
    rows = image.tobytes()
    return QImage(rows, image.width, image.height, image.width * len(image.mode), form).copy()
