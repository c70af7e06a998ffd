"""What an export works on: an immutable copy of pages, taken on the board's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from base.board_doc import Item
from base.errors import AppError
from whiteboard.model.board import Board
from whiteboard.model.bounds import Rect, many_bounds
from whiteboard.model.page import Background, Page, Surface
from whiteboard.services.painting.sheet_reader import ReadSheet
from whiteboard.services.taking.pictures import decode_asset

MARGIN_PT: Final = 12.0
"""Room left around ink that lies beyond the page's nominal size."""

_DECODED_PICTURES: Final = 2


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """A page and its items, lowest first."""

    page: Page
    items: tuple[Item, ...]

    def extent(self) -> Rect:
        """Return the nominal page, grown to the ink that lies beyond it, in pt."""
        nominal = Rect(0.0, 0.0, self.page.width_pt, self.page.height_pt)
        if not self.items:
            return nominal
        bounds = many_bounds(self.items)
        left, top = bounds[:, :2].min(axis=0).tolist()
        right, bottom = bounds[:, 2:].max(axis=0).tolist()
        return Rect(
            min(0.0, left - MARGIN_PT) if left < 0 else 0.0,
            min(0.0, top - MARGIN_PT) if top < 0 else 0.0,
            right + MARGIN_PT if right > nominal.right else nominal.right,
            bottom + MARGIN_PT if bottom > nominal.bottom else nominal.bottom,
        )

    def on_white(self) -> PageSnapshot:
        """Return the page as it goes on paper: the same ruling, on white."""
        background = Background(Surface.WHITE, self.page.background.ruling)
        return replace(self, page=replace(self.page, background=background))


@dataclass(frozen=True, slots=True)
class BoardSnapshot:
    """Pages of a board.

    Attributes:
        title: The board's title, may be empty.
        pages: At least one.
        read_asset: Returns the bytes of an asset or raises AppError; called on the thread
            that exports.
        read_sheet: Returns the pixels of a sheet, on the same thread; without it a page has
            white paper where its sheet would be.
    """

    title: str
    pages: tuple[PageSnapshot, ...]
    read_asset: Callable[[bytes], bytes]
    read_sheet: ReadSheet | None = None


def take_snapshot(
    board: Board,
    read_asset: Callable[[bytes], bytes],
    page_ids: Sequence[str] | None = None,
    read_sheet: ReadSheet | None = None,
) -> BoardSnapshot:
    """Return the pages of a board as they are now; call it on the board's own thread.

    Args:
        board: The board.
        read_asset: See `BoardSnapshot`.
        page_ids: Which pages, in this order; None for all.
        read_sheet: See `BoardSnapshot`.

    Raises:
        KeyError: there is no such page.
        ValueError: there is no page at all.
    """
    pages = board.pages if page_ids is None else [board.page(page_id) for page_id in page_ids]
    if not pages:
        raise ValueError("an export needs a page")
    copies = [PageSnapshot(p, tuple(item for _, item in board.stacked(p.id))) for p in pages]
    return BoardSnapshot(board.title, tuple(copies), read_asset, read_sheet)


def picture_reader(read_asset: Callable[[bytes], bytes]) -> Callable[[bytes], QImage | None]:
    """Return what gives the pictures of a snapshot; None for one that cannot be had.

    The last few stay decoded, so that one picture on many pages is decoded once.
    """

    @lru_cache(maxsize=_DECODED_PICTURES)
    def picture(sha256: bytes) -> QImage | None:
        try:
            return decode_asset(read_asset(sha256))
        except (AppError, KeyError):
            return None

    return picture


def to_qrect(rect: Rect) -> QRectF:
    """Return a rectangle as Qt's."""
    return QRectF(rect.left, rect.top, rect.width, rect.height)
