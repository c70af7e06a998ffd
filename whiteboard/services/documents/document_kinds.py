"""What a file is, by its content: names lie, and files from sticks often have none.

Looks at the beginning of a file and, of archives, at the list of what is inside; nothing is
unpacked but two small entries.
"""

from __future__ import annotations

import codecs
import gzip
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import olefile
from olefile.olefile import OleFileError

from base.errors import AppError, ErrorCode
from whiteboard.services.boards.board_store import read_header
from whiteboard.services.disk_errors import disk_errors


class Family(StrEnum):
    """What has to be done with a file."""

    PDF = "pdf"
    OFFICE = "office"
    PICTURE = "picture"
    PICTURES = "pictures"
    """A folder with pictures in it."""
    XOPP = "xopp"
    BOARD = "board"


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is.

    Attributes:
        family: What has to be done with it.
        suffix: The suffix such a file should have, with the dot: `.pptx`; empty for folders.
        is_locked: Whether an office file asks for a password.
    """

    family: Family
    suffix: str
    is_locked: bool = False


_HEAD_BYTES: Final = 4096
_PDF_WITHIN: Final = 1024
"""Readers look for the mark so far into the file; some mailers put their own words before."""

_PICTURE_MARKS: Final = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"II+\0", ".tif"),
    (b"MM\0+", ".tif"),
)
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
)
_BMP_HEADS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})

_OPC_ROOTS: Final = (("ppt/", ".pptx"), ("word/", ".docx"), ("xl/", ".xlsx"))
_ODF_TYPES: Final = {
    "presentation": ".odp",
    "text": ".odt",
    "spreadsheet": ".ods",
    "graphics": ".odg",
}
_OLE_STREAMS: Final = (
    ("PowerPoint Document", ".ppt"),
    ("WordDocument", ".doc"),
    ("Workbook", ".xls"),
    ("Book", ".xls"),
)
_SECTOR_AT: Final = 30
_SECTORS: Final = (b"\x09\0", b"\x0c\0")
"""512 or 4,096 bytes, as a power of two."""
_LOCKED_STREAM: Final = "EncryptedPackage"
_TEXT_SUFFIXES: Final = frozenset({".csv", ".tsv"})
_MIMETYPE_BYTES: Final = 200
_MANIFEST_BYTES: Final = 4 << 20

OFFICE_SUFFIXES: Final = (
    ".pptx", ".ppt", ".pptm", ".ppsx", ".pps", ".odp", ".docx", ".doc", ".docm", ".odt", ".rtf",
    ".xlsx", ".xls", ".xlsm", ".ods", ".csv",
)  # fmt: skip
PICTURE_SUFFIXES: Final = (
    ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".heic", ".heif", ".bmp", ".gif",
)  # fmt: skip
DOCUMENT_SUFFIXES: Final = (".pdf", *OFFICE_SUFFIXES, *PICTURE_SUFFIXES, ".xopp")
"""By which a list of files shows what can be opened; opening goes by content."""


def find_kind(path: Path) -> FileKind:
    """Return what a file or folder is. Blocks.

    Raises:
        AppError: UNKNOWN_FORMAT; nothing that can be shown. FILE_EMPTY, NOT_FOUND,
            MEDIUM_GONE.
    """
    with disk_errors(path):
        if path.is_dir():
            return FileKind(Family.PICTURES, "")
        if not stat.S_ISREG(path.stat().st_mode):
            # Opening a pipe waits for who writes into it, perhaps for ever.
            raise AppError(ErrorCode.UNKNOWN_FORMAT, f"{path} is no file")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if not head:
            # A copy that was cut off before it began, most often.
            raise AppError(ErrorCode.FILE_EMPTY, str(path))
        kind = _by_head(path, head)
    if kind is None:
        raise AppError(ErrorCode.UNKNOWN_FORMAT, f"{path}: begins with {head[:16]!r}")
    return kind


def picture_suffix(head: bytes) -> str:
    """Return the suffix of the picture that begins so; empty for anything else."""
    for mark, suffix in _PICTURE_MARKS:
        if head.startswith(mark):
            return suffix
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    if head[4:8] == b"ftyp" and _HEIF_BRANDS & {head[at : at + 4] for at in range(8, 64, 4)}:
        return ".heic"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADS:
        return ".bmp"
    return ""


def _by_head(path: Path, head: bytes) -> FileKind | None:
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return FileKind(Family.PDF, ".pdf")
    if suffix := picture_suffix(head):
        return FileKind(Family.PICTURE, suffix)
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if head.startswith(olefile.MAGIC):
        return _kind_of_ole(path, head)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf"):
        return FileKind(Family.OFFICE, ".rtf")
    if head.startswith(b"\x1f\x8b") and _is_xopp(path):
        return FileKind(Family.XOPP, ".xopp")
    if b"<xournal" in head:  # Xournal++ reads it unpacked, too
        return FileKind(Family.XOPP, ".xopp")
    if read_header(path)[0]:
        return FileKind(Family.BOARD, ".kokuban")
    if path.suffix.lower() in _TEXT_SUFFIXES and head and _is_text(head):
        return FileKind(Family.OFFICE, path.suffix.lower())
    return None


def _kind_of_zip(path: Path) -> FileKind | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                return _kind_of_odf(archive)
            if "[Content_Types].xml" in names:
                for root, suffix in _OPC_ROOTS:
                    if any(name.startswith(root) for name in names):
                        return FileKind(Family.OFFICE, suffix)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError) as error:
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path}: {error}") from error
    return None


def _kind_of_odf(archive: zipfile.ZipFile) -> FileKind | None:
    mimetype = _read(archive, "mimetype", _MIMETYPE_BYTES).decode(errors="replace")
    kind = mimetype.rpartition("opendocument.")[2].partition("-")[0].strip()
    suffix = _ODF_TYPES.get(kind)
    if suffix is None:
        return None
    manifest = _read(archive, "META-INF/manifest.xml", _MANIFEST_BYTES)
    return FileKind(Family.OFFICE, suffix, is_locked=b"encryption-data" in manifest)


def _read(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    try:
        with archive.open(name) as entry:
            return entry.read(most_bytes)
    except (KeyError, RuntimeError):  # not there; or the archive itself is locked
        return b""


def _kind_of_ole(path: Path, head: bytes) -> FileKind | None:
    if head[_SECTOR_AT : _SECTOR_AT + 2] not in _SECTORS:
        # The library would believe any size.
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path}: no OLE file")
    try:
        with olefile.OleFileIO(path) as ole:
            if ole.exists(_LOCKED_STREAM):
                return FileKind(Family.OFFICE, ".ole", is_locked=True)
            for stream, suffix in _OLE_STREAMS:
                if ole.exists(stream):
                    return FileKind(Family.OFFICE, suffix)
    except (OleFileError, ValueError, IndexError, TypeError, struct.error) as error:
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path}: {error}") from error
    return None


def _is_text(head: bytes) -> bool:
    return b"\0" not in head or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _is_xopp(path: Path) -> bool:
    try:
        with gzip.open(path) as file:
            return b"<xournal" in file.read(_HEAD_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False
