"""Pictures that people bring: decoded with limits, and made fit for a board's assets.

Everything here takes as long as the picture is large: call it in a worker thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QColorSpace, QImage, QImageReader, QImageWriter

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.taking.heif import is_heif, read_heif

MAX_FILE_BYTES: Final = 128 * 1024 * 1024
MAX_SOURCE_PIXELS: Final = 100_000_000
MAX_SIDE_PX: Final = 4096
"""A picture is kept at most as long and as high as the largest display is wide."""

_FORMATS: Final = frozenset({b"png", b"jpeg", b"webp", b"gif", b"bmp", b"tiff"})
"""What may come in. SVG and PDF, which Qt reads as well, are programs rather than pixels."""
_LOSSLESS: Final = frozenset({b"png", b"gif", b"bmp"})
_JPEG_QUALITY: Final = 90
_MAX_PNG_BYTES: Final = 4 * 1024 * 1024
"""A drawing is smaller than this as PNG; a photograph is better kept as JPEG."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for the asset store.

    Attributes:
        data: PNG or JPEG: upright, sRGB, without what a camera notes beside the pixels.
        width_px: Its width.
        height_px: Its height.
    """

    data: bytes
    width_px: int
    height_px: int


def read_picture(path: Path) -> Picture:
    """Read a picture from a file.

    Raises:
        AppError: NOT_AN_IMAGE, IMAGE_TOO_LARGE, or what the disk says.
    """
    with disk_errors(path):
        if path.stat().st_size > MAX_FILE_BYTES:
            raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{path}: {path.stat().st_size} bytes")
        data = path.read_bytes()
    return parse_picture(data)


def parse_picture(data: bytes) -> Picture:
    """Return a picture of any known format in the form in which boards keep them.

    Args:
        data: PNG, JPEG, WebP, GIF (the first frame), BMP, TIFF or HEIC; turned upright when
            it says how it was held, and scaled down when it is longer than `MAX_SIDE_PX`.

    Raises:
        AppError: NOT_AN_IMAGE for other formats and damaged files, IMAGE_TOO_LARGE beyond
            100 megapixels.
    """
    image, source_format = _decode(data)
    encoded = b""
    if source_format in _LOSSLESS or image.hasAlphaChannel():
        encoded = _encode(image, b"png")
    if not encoded or (len(encoded) > _MAX_PNG_BYTES and not image.hasAlphaChannel()):
        encoded = _encode(image, b"jpeg")
    return Picture(encoded, image.width(), image.height())


def decode_asset(data: bytes) -> QImage:
    """Return the pixels of an asset, RGB32 or ARGB32_Premultiplied.

    Boards come from sticks and from other people: the limits of `parse_picture` hold.

    Raises:
        AppError: as `parse_picture`.
    """
    return _decode(data)[0]


def _decode(data: bytes) -> tuple[QImage, bytes]:
    if is_heif(data):
        return _plain(read_heif(data, MAX_SIDE_PX, MAX_SOURCE_PIXELS)), b"heif"
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    try:
        image, source_format = _read(reader)
        return _plain(image), source_format
    finally:
        del reader  # before its buffer: the TIFF reader looks at it once more when it goes


def _read(reader: QImageReader) -> tuple[QImage, bytes]:
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    source_format = bytes(reader.format().data())
    if source_format not in _FORMATS:
        raise AppError(ErrorCode.NOT_AN_IMAGE, f"format {source_format!r}")
    size = reader.size()
    if size.isEmpty():
        raise AppError(ErrorCode.NOT_AN_IMAGE, reader.errorString())
    if size.width() * size.height() > MAX_SOURCE_PIXELS:
        raise AppError(ErrorCode.IMAGE_TOO_LARGE, f"{size.width()} x {size.height()} px")
    if max(size.width(), size.height()) > MAX_SIDE_PX:
        # The decoder scales while it reads, so the full picture is never in memory.
        reader.setScaledSize(_inside(size))
    image = reader.read()
    if image.isNull():
        raise AppError(ErrorCode.NOT_AN_IMAGE, reader.errorString())
    return image, source_format


def _inside(size: QSize) -> QSize:
    scaled = size.scaled(MAX_SIDE_PX, MAX_SIDE_PX, Qt.AspectRatioMode.KeepAspectRatio)
    return scaled.expandedTo(QSize(1, 1))


def _plain(image: QImage) -> QImage:
    """Return the image in sRGB, in a format that paints fast, without its notes."""
    srgb = QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    if image.colorSpace().isValid() and image.colorSpace() != srgb:
        image.convertToColorSpace(srgb)
    image.setColorSpace(QColorSpace())
    for key in image.textKeys():
        image.setText(key, "")
    has_alpha = image.hasAlphaChannel()
    return image.convertToFormat(
        QImage.Format.Format_ARGB32_Premultiplied if has_alpha else QImage.Format.Format_RGB32
    )


def _encode(image: QImage, file_format: bytes) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(file_format))
    if file_format == b"jpeg":
        writer.setQuality(_JPEG_QUALITY)
    try:
        if not writer.write(image):
            raise AppError(ErrorCode.NOT_AN_IMAGE, writer.errorString())
    finally:
        del writer
    return bytes(buffer.data().data())
