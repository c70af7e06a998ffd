"""How many pixels a picture will have once somebody decodes it, read off its header.

A few kilobytes can claim gigapixels; every browser in the room would try to unfold them.
"""

from __future__ import annotations

from typing import Final

from rooms.model.file_kinds import GIF, JPEG, PNG, WEBP, FileKind

_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of JPEG that start a frame and tell its size."""
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""


def picture_size(kind: FileKind, head: bytes) -> tuple[int, int] | None:
    """Return width and height, px.

    Args:
        kind: What it is.
        head: The first bytes; 64 KB are enough but for photographs with large previews.

    Returns:
        None where they do not tell.
    """
    if kind is PNG:
        return _big(head, 16, 4) if head[12:16] == b"IHDR" and len(head) >= 24 else None
    if kind is GIF:
        return _little(head, 6, 2) if len(head) >= 10 else None
    if kind is WEBP:
        return _webp(head)
    return _jpeg(head) if kind is JPEG else None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker in _FRAMES:
            height, width = _big(head, at + 5, 2)
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    if len(head) < 30:
        return None
    form = head[12:16]
    if form == b"VP8X":
        width, height = _little(head, 24, 3)
        return width + 1, height + 1
    if form == b"VP8 ":
        width, height = _little(head, 26, 2)
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def _big(head: bytes, at: int, size: int) -> tuple[int, int]:
    middle = at + size
    return (
        int.from_bytes(head[at:middle], "big"),
        int.from_bytes(head[middle : middle + size], "big"),
    )


def _little(head: bytes, at: int, size: int) -> tuple[int, int]:
    middle = at + size
    return (
        int.from_bytes(head[at:middle], "little"),
        int.from_bytes(head[middle : middle + size], "little"),
    )
