"""Small pictures of sheets for thumbnails: asked for last of all, kept within a bound."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from base.errors import AppError
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.sheet_pixels import SheetSpot, SheetTicket
from whiteboard.services.rendering.render_pool import Priority

MOST_BYTES: Final = 24 * 1024 * 1024
_MOST_ASKED: Final = 2
"""Asked for at one time: what is scrolled past is not rendered after all."""
_MOST_WAITING: Final = 48


class SmallSheets(QObject):
    """Pictures of whole sheets that fit into a box. Belongs to the UI thread.

    Args:
        open_board: The board; its documents render.
        width_px: Width of the box.
        height_px: Height of the box.
    """

    came = Signal(object)
    """There is an answer for this `SheetSpot`: a picture, or that there will be none."""

    def __init__(
        self,
        open_board: OpenBoard,
        width_px: int,
        height_px: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open = open_board
        self._box = width_px, height_px
        self._images: OrderedDict[SheetSpot, QImage] = OrderedDict()
        self._bytes = 0
        self._waiting: OrderedDict[SheetSpot, None] = OrderedDict()
        self._asked: dict[SheetSpot, SheetTicket] = {}
        self._broken: set[SheetSpot] = set()

    @property
    def size_bytes(self) -> int:
        """How much memory the pictures take."""
        return self._bytes

    def is_settled(self, spot: SheetSpot) -> bool:
        """Whether there is an answer for a sheet; else it is asked for, and `came` tells."""
        if self._open.documents is None or spot in self._broken or spot in self._images:
            return True
        if spot not in self._asked:
            self._waiting[spot] = None
            # The last that was wanted is the one that is looked at.
            self._waiting.move_to_end(spot)
            while len(self._waiting) > _MOST_WAITING:
                dropped, _none = self._waiting.popitem(last=False)
                self.came.emit(dropped)
            self._ask()
        return False

    def is_known(self, spot: SheetSpot) -> bool:
        """Whether there is an answer for a sheet; asks for nothing."""
        return spot in self._broken or spot in self._images

    def image(self, spot: SheetSpot) -> QImage | None:
        """Return the picture of a sheet; None for one that is not there or cannot be shown."""
        image = self._images.get(spot)
        if image is not None:
            self._images.move_to_end(spot)
        return image

    def forget_broken(self) -> None:
        """Ask again for what could not be shown, as after a password came."""
        self._broken.clear()

    def shutdown(self) -> None:
        """Ask for nothing any more and let go of all pictures."""
        for ticket in self._asked.values():
            ticket.cancel()
        self._asked.clear()
        self._waiting.clear()
        self._images.clear()
        self._bytes = 0

    def _ask(self) -> None:
        documents = self._open.documents
        while documents is not None and self._waiting and len(self._asked) < _MOST_ASKED:
            spot, _none = self._waiting.popitem()
            width, height = self._box
            scale = min(width / spot.size.width_pt, height / spot.size.height_pt)
            sheet = spot.sheet
            self._asked[spot] = documents.render(
                sheet.document,
                sheet.number,
                sheet.turns,
                scale,
                spot.frame_px(scale),
                Priority.THUMBNAIL,
                partial(self._take, spot),
            )

    def _take(self, spot: SheetSpot, answer: QImage | AppError) -> None:
        self._asked.pop(spot, None)
        if isinstance(answer, QImage):
            # A copy: the pixels that came lie in memory that is shared with the renderer.
            image = answer.copy()
            self._images[spot] = image
            self._bytes += image.sizeInBytes()
            while self._bytes > MOST_BYTES and len(self._images) > 1:
                _spot, old = self._images.popitem(last=False)
                self._bytes -= old.sizeInBytes()
        else:
            self._broken.add(spot)
        self.came.emit(spot)
        self._ask()
