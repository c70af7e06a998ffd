"""Photographs between files, arrays and Qt's pictures. For worker threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.taking.pictures import MAX_FILE_BYTES, decode_asset

Pixels = NDArray[np.uint8]


def read_photo(path: Path) -> Pixels:
    """Return the pixels of a photograph, upright, at most 4096 px long.

    Returns:
        Shape (h, w, 3), BGR; what is transparent is white.

    Raises:
        AppError: NOT_AN_IMAGE, IMAGE_TOO_LARGE, or what the disk says.
    """
    with disk_errors(path):
        size_bytes = path.stat().st_size
        if size_bytes > MAX_FILE_BYTES:
            raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{path}: {size_bytes} bytes")
        data = path.read_bytes()
    return to_pixels(decode_asset(data))


def to_pixels(image: QImage) -> Pixels:
    """Return a picture as an array (h, w, 3), BGR, on white where it is transparent."""
    opaque = image
    if image.hasAlphaChannel():
        opaque = QImage(image.size(), QImage.Format.Format_RGB32)
        opaque.fill(Qt.GlobalColor.white)
        painter = QPainter(opaque)
        painter.drawImage(0, 0, image)
        painter.end()
    plain = opaque.convertToFormat(QImage.Format.Format_BGR888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()


def to_image(pixels: Pixels) -> QImage:
    """Return an array (h, w, 3), BGR, as a picture with memory of its own."""
    rows = np.ascontiguousarray(pixels)
    height, width = rows.shape[:2]
    shared = QImage(rows.data, width, height, width * 3, QImage.Format.Format_BGR888)
    return shared.convertToFormat(QImage.Format.Format_RGB32)
