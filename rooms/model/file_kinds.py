"""What a file is, read off its bytes: names and declared types are only claims.

Only what is on the list is taken. Nothing that a browser would run is on it: SVG and HTML
are text at most, and served as plain text.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 64 * 1024
TAIL_BYTES: Final = 64 * 1024 + 22
"""The end of an archive: its last record, and the longest comment there can be."""
DIRECTORY_BYTES_MAX: Final = 1 << 20
"""Of the list of an archive's members; an office document's is some kilobytes."""

_PDF_WITHIN: Final = 1024
_END: Final = struct.Struct("<4s4H2IH")
_MEMBER: Final = struct.Struct("<4s6H3I5H2I")
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})
_ODF_AT: Final = 30
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r\f\x1b")
"""Of the control characters: also the escapes of ISO-2022-JP."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that is taken.

    Attributes:
        media_type: It is served as.
        suffixes: That its name may end with, the usual one first.
        is_picture: Whether browsers show it as a picture.
        makes_page: Whether it can become pages of the board.
    """

    media_type: str
    suffixes: tuple[str, ...]
    is_picture: bool = False
    makes_page: bool = False


_OOXML: Final = "application/vnd.openxmlformats-officedocument."
_ODF: Final = "application/vnd.oasis.opendocument."

PDF: Final = FileKind("application/pdf", (".pdf",), makes_page=True)
PNG: Final = FileKind("image/png", (".png",), is_picture=True, makes_page=True)
JPEG: Final = FileKind(
    "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"), is_picture=True, makes_page=True
)
WEBP: Final = FileKind("image/webp", (".webp",), is_picture=True, makes_page=True)
GIF: Final = FileKind("image/gif", (".gif",), is_picture=True, makes_page=True)
# Only Safari shows it, so it is no picture for the board before it became a page.
HEIC: Final = FileKind("image/heic", (".heic", ".heif"), makes_page=True)
DOCX: Final = FileKind(f"{_OOXML}wordprocessingml.document", (".docx",))
XLSX: Final = FileKind(f"{_OOXML}spreadsheetml.sheet", (".xlsx",))
PPTX: Final = FileKind(f"{_OOXML}presentationml.presentation", (".pptx",))
ODT: Final = FileKind(f"{_ODF}text", (".odt",))
ODS: Final = FileKind(f"{_ODF}spreadsheet", (".ods",))
ODP: Final = FileKind(f"{_ODF}presentation", (".odp",))
ODG: Final = FileKind(f"{_ODF}graphics", (".odg",))
TEXT: Final = FileKind("text/plain", (".txt", ".text", ".md", ".log"))
CSV: Final = FileKind("text/csv", (".csv",))

KINDS: Final = (
    *(PDF, PNG, JPEG, WEBP, GIF, HEIC, DOCX, XLSX, PPTX, ODT, ODS, ODP, ODG, TEXT, CSV),
)
_BY_TYPE: Final = {kind.media_type: kind for kind in KINDS}
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
)


def kind_of_type(media_type: str) -> FileKind | None:
    """Return the kind that is served as a media type."""
    return _BY_TYPE.get(media_type)


def sniff(head: bytes, archive: Sequence[str], name: str) -> FileKind | None:
    """Return what a file is; None for what is not taken.

    Args:
        head: Its first `HEAD_BYTES`, all of it when it is shorter.
        archive: Names of its members when it is a ZIP archive, see `member_names`.
        name: As it came; tells a table from a text, and nothing else.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return HEIC if _is_heic(head) else None
    if head.startswith(b"PK"):
        return _office(head, archive)
    if b"%PDF-" in head[:_PDF_WITHIN] and not head.lstrip().startswith((b"<", b"MZ")):
        return PDF
    if _is_text(head):
        return CSV if name.lower().endswith(".csv") else TEXT
    return None


def member_list_place(tail: bytes, size: int) -> tuple[int, int] | None:
    """Return where the list of a ZIP archive's members lies: offset and length in bytes.

    Args:
        tail: The file's last `TAIL_BYTES`.
        size: Of the file, bytes.

    Returns:
        None where there is no list, or one that is longer than `DIRECTORY_BYTES_MAX`.
    """
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        return None
    *_head, length, offset, _comment = _END.unpack_from(tail, at)
    if not 0 < length <= DIRECTORY_BYTES_MAX or offset + length > size:
        return None
    return offset, length


def member_names(listed: bytes) -> list[str]:
    """Return the names of a ZIP archive's members, as far as the list is sound.

    Nothing is unpacked, and what it would unpack to does not matter.
    """
    return list(_members(listed))


def _members(listed: bytes) -> Iterator[str]:
    at = 0
    while at + _MEMBER.size <= len(listed):
        fields = _MEMBER.unpack_from(listed, at)
        if fields[0] != b"PK\x01\x02":
            return
        name, extra, comment = fields[10:13]
        begin = at + _MEMBER.size
        yield listed[begin : begin + name].decode("utf-8", "replace")
        at = begin + name + extra + comment


def _office(head: bytes, archive: Sequence[str]) -> FileKind | None:
    if head[_ODF_AT : _ODF_AT + 8] == b"mimetype":
        return _open_document(head)
    names = {name.lower() for name in archive}
    if "[content_types].xml" not in names or any("vbaproject" in name for name in names):
        return None
    for member, kind in (
        ("word/document.xml", DOCX),
        ("xl/workbook.xml", XLSX),
        ("ppt/presentation.xml", PPTX),
    ):
        if member in names:
            return kind
    return None


def _open_document(head: bytes) -> FileKind | None:
    at = _ODF_AT + 8
    for kind in (ODT, ODS, ODP, ODG):
        declared = kind.media_type.encode()
        if head[at : at + len(declared)] == declared:
            # "…text-template" and the like go on.
            following = head[at + len(declared) : at + len(declared) + 1]
            return kind if following != b"-" else None
    return None


def _is_heic(head: bytes) -> bool:
    length = min(int.from_bytes(head[:4], "big"), 256)
    brands = {head[at : at + 4] for at in (8, *range(16, length, 4))}
    return bool(brands & _HEIC_BRANDS) and b"avif" not in brands


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decodes(head[: len(head) & ~1], "utf-16")
    if any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in head):
        return False
    return any(_decodes(head, coding) for coding in ("utf-8", "cp932", "euc_jp"))


def _decodes(head: bytes, coding: str) -> bool:
    try:
        head.decode(coding)
    except UnicodeDecodeError as error:
        # The last letter may be cut in two.
        return error.start > 0 and len(head) == HEAD_BYTES and error.start >= len(head) - 4
    return True
