"""Where something small floats: beside what it is about, over nothing that is in use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPoint, QRect, QSize


def place_beside(
    about: QRect, size: QSize, room: QRect, taken: Sequence[QRect], gap_px: int
) -> QRect:
    """Return where something of `size` floats beside `about`.

    Above is tried first, since a hand hides what is below it; then below, right, left.
    Where none of them is free, the place with the least in its way is taken.

    Args:
        about: What it belongs to.
        size: How large it is.
        room: Where it has to stay.
        taken: What it should not cover.
        gap_px: Distance to `about`.
    """
    if not about.intersects(room):
        about = QRect(room.center(), QSize(1, 1))
    places = [_inside(place, room) for place in _around(about, size, room, gap_px)]
    obstacles = [about, *taken]
    return min(places, key=lambda place: covered_px(place, obstacles))


def covered_px(place: QRect, obstacles: Iterable[QRect]) -> int:
    """Return how much of `place` lies over obstacles, in square px."""
    parts = (place.intersected(obstacle) for obstacle in obstacles)
    return sum(part.width() * part.height() for part in parts if not part.isEmpty())


def _around(about: QRect, size: QSize, room: QRect, gap: int) -> list[QRect]:
    width, height = size.width(), size.height()
    # The visible part counts: beside the middle of what is out of sight nobody looks.
    seen = about.intersected(room)
    x = seen.left() + (seen.width() - width) // 2
    y = seen.top() + (seen.height() - height) // 2
    corners = (
        (x, about.top() - gap - height),
        (x, about.bottom() + gap),
        (about.right() + gap, y),
        (about.left() - gap - width, y),
        (x, seen.top() + gap),
        (x, room.top()),
        (x, room.bottom() - height),
        (room.left(), y),
        (room.right() - width, y),
    )
    return [QRect(QPoint(*corner), size) for corner in corners]


def _inside(place: QRect, room: QRect) -> QRect:
    left = max(room.left(), min(place.left(), room.right() + 1 - place.width()))
    top = max(room.top(), min(place.top(), room.bottom() + 1 - place.height()))
    return QRect(QPoint(left, top), place.size())
