"""What is known of an office file before LibreOffice sees it. Runs in a worker process.

Office files are archives of XML, and an archive of some kilobytes can unpack to terabytes.
What the list of its entries says is not believed: every entry is unpacked, a piece at a
time and into nothing, until the measure is full.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msoffcrypto
from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.documents.document_kinds import find_kind
from whiteboard.services.rendering.long_job import Progress
from whiteboard.services.rendering.render_protocol import Json

MOST_ENTRIES: Final = 20_000
MOST_BYTES: Final = 2 << 30
"""Of everything unpacked, archives inside included."""
MOST_MARKUP_BYTES: Final = 512 << 20
"""Of XML alone: in memory it takes ten times as much."""
MOST_NESTED: Final = 2
"""A chart in a deck brings its table along, an archive in the archive."""
_PIECE_BYTES: Final = 1 << 20
_NESTED_BYTES: Final = 256 << 20
_LOCAL_HEAD: Final = struct.Struct("<4s22xHH")
_LOCAL_MARK: Final = b"PK\x03\x04"
_MARKUP: Final = (".xml", ".rels", ".vml")
_LOCKED_FLAG: Final = 1


def prepare(
    _progress: Progress, source: str, target: str, password: str = ""
) -> dict[str, Json]:
    """Check an office file, and unlock it where it asks for a password.

    Args:
        _progress: It is quick.
        source: The file.
        target: Where an unlocked copy goes.
        password: What opens it; empty for none.

    Returns:
        `suffix`: what it is, with the dot; `is_unlocked`: whether `target` is to be used;
        `slides`: how many pages are to be expected, 0 where nobody knows.

    Raises:
        AppError: DOCUMENT_ENCRYPTED, DOCUMENT_STILL_ENCRYPTED, UNSAFE_FILE,
            DOCUMENT_DAMAGED, DOCUMENT_LOCKED.
    """
    path = Path(source)
    kind = find_kind(path)
    is_unlocked = unlock(path, Path(target), password)
    if is_unlocked:
        path = Path(target)
        kind = find_kind(path)
    elif kind.is_locked:
        raise AppError(ErrorCode.DOCUMENT_LOCKED, f"{source}: locked, not by Office")
    slides = 0
    if zipfile.is_zipfile(path):
        check_archive(path)
        slides = count_slides(path)
    return {"suffix": kind.suffix, "is_unlocked": is_unlocked, "slides": slides}


def unlock(path: Path, target: Path, password: str) -> bool:
    """Write an office file without its password; return False if it has none.

    Raises:
        AppError: DOCUMENT_ENCRYPTED without a password, DOCUMENT_STILL_ENCRYPTED with a
            wrong one; DOCUMENT_DAMAGED.
    """
    with disk_errors(path), path.open("rb") as file:
        try:
            office = msoffcrypto.OfficeFile(file)
            if not office.is_encrypted():
                return False
        except (FileFormatError, zipfile.BadZipFile, OSError, ValueError, KeyError, IndexError,
                struct.error):  # fmt: skip
            return False  # no file of Microsoft's; whoever opens it next says what it is
        if not password:
            raise AppError(ErrorCode.DOCUMENT_ENCRYPTED, str(path))
        try:
            office.load_key(password=password)
            with target.open("wb") as unlocked:
                office.decrypt(unlocked)
        except InvalidKeyError as error:
            raise AppError(ErrorCode.DOCUMENT_STILL_ENCRYPTED, str(path)) from error
        except (DecryptionError, FileFormatError, ValueError, struct.error) as error:
            # It says "failed to verify password" in more than one way.
            wrong = "password" in str(error).lower() or "key" in str(error).lower()
            code = ErrorCode.DOCUMENT_STILL_ENCRYPTED if wrong else ErrorCode.DOCUMENT_DAMAGED
            raise AppError(code, f"{path}: {error}") from error
    return True


def count_slides(path: Path) -> int:
    """Return how many slides a PowerPoint file says it has; 0 for anything else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return 0
    return sum(n.startswith("ppt/slides/slide") and n.endswith(".xml") for n in names)


class _Measure:
    """How much may still be unpacked."""

    def __init__(self) -> None:
        self.bytes_left = MOST_BYTES
        self.markup_left = MOST_MARKUP_BYTES
        self.entries_left = MOST_ENTRIES

    def take(self, count: int, is_markup: bool) -> None:
        self.bytes_left -= count
        if is_markup:
            self.markup_left -= count
        if min(self.bytes_left, self.markup_left) < 0:
            raise AppError(ErrorCode.UNSAFE_FILE, "unpacks to more than it may")


def check_archive(path: Path) -> None:
    """Make sure that unpacking an office file does no harm. Blocks, 1 s for 200 MB.

    Raises:
        AppError: UNSAFE_FILE, DOCUMENT_DAMAGED.
    """
    with disk_errors(path), path.open("rb") as file:
        _check(file, _Measure(), MOST_NESTED)


def _check(file: BinaryIO, measure: _Measure, nested_left: int) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            measure.entries_left -= len(entries)
            if measure.entries_left < 0:
                raise AppError(ErrorCode.UNSAFE_FILE, f"{len(entries)} entries")
            declared = sum(entry.file_size for entry in entries)
            if declared > measure.bytes_left:
                raise AppError(ErrorCode.UNSAFE_FILE, f"says it unpacks to {declared} bytes")
            for entry in entries:
                _check_entry(file, entry, measure, nested_left)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError) as error:
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"archive: {error}") from error


def _check_entry(
    file: BinaryIO, entry: zipfile.ZipInfo, measure: _Measure, nested_left: int
) -> None:
    is_markup = entry.filename.lower().endswith(_MARKUP)
    nested: bytearray | None = None
    for place, piece in enumerate(_unpacked(file, entry)):
        measure.take(len(piece), is_markup)
        if place == 0 and piece.startswith(_LOCAL_MARK):
            if nested_left == 0:
                raise AppError(ErrorCode.UNSAFE_FILE, "archives in archives in archives")
            nested = bytearray()
        if nested is not None:
            nested += piece
            if len(nested) > _NESTED_BYTES:
                raise AppError(ErrorCode.UNSAFE_FILE, f"{entry.filename} is too large")
    if nested is not None:
        _check_nested(bytes(nested), measure, nested_left - 1)


def _check_nested(data: bytes, measure: _Measure, nested_left: int) -> None:
    if zipfile.is_zipfile(io.BytesIO(data)):
        _check(io.BytesIO(data), measure, nested_left)


def _unpacked(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what an entry really unpacks to, whatever is declared."""
    file.seek(entry.header_offset)
    mark, name_bytes, extra_bytes = _LOCAL_HEAD.unpack(file.read(_LOCAL_HEAD.size))
    if mark != _LOCAL_MARK:
        raise zipfile.BadZipFile(f"{entry.filename} is not where it should be")
    file.seek(name_bytes + extra_bytes, 1)
    if entry.flag_bits & _LOCKED_FLAG:
        raise AppError(ErrorCode.CONVERSION_FAILED, "the archive itself has a password")
    if entry.compress_type == zipfile.ZIP_STORED:
        yield from _stored(file, entry.compress_size)
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        yield from _inflated(file)
    else:
        raise AppError(ErrorCode.UNSAFE_FILE, f"packed by method {entry.compress_type}")


def _stored(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0 and (piece := file.read(min(left, _PIECE_BYTES))):
        left -= len(piece)
        yield piece


def _inflated(file: BinaryIO) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    # Up to its own end, not to where the list says: a reader may believe the stream.
    while not inflater.eof:
        packed = inflater.unconsumed_tail or file.read(_PIECE_BYTES)
        if not packed:
            raise zipfile.BadZipFile("an entry ends too early")
        piece = inflater.decompress(packed, _PIECE_BYTES)
        if piece:
            yield piece
