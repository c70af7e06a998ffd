"""Small pictures of pages, painted in slices between events while no hand writes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

import structlog
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QImage

from base.board_doc import Item
from base.errors import AppError
from base.tasks import Worker
from whiteboard.model.board import BoardChange
from whiteboard.model.page import Page
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.page_picture import (
    HEIGHT_PX,
    WIDTH_PX,
    PagePicture,
    Painting,
    Photo,
    paint_over,
    paint_page,
    to_png,
)
from whiteboard.services.painting.sheet_pixels import SheetSpot, spot_of
from whiteboard.services.painting.small_sheets import SmallSheets

SLICE_S: Final = 0.0025
"""Work at a time; a batch more may pass before the clock is looked at again."""
QUIET_MS: Final = 1200
"""How long after the last change pages are painted again for the list of boards."""
MOST_PICTURES: Final = 96
"""Kept in memory, half a megabyte each; what was looked at longest ago goes."""
MOST_WAITING: Final = 48
"""Asked for and not painted yet; of a long list that is flung past, the first are dropped."""
KEEP_S: Final = 1.0
"""How long the worker waits until a thumbnail is in the file, to tell of it."""
PAUSE_MS: Final = 4
"""Between slices: events come first, and the processor is not taken whole."""


class _Teller(QObject):
    """Brings word from the worker's thread; lives as long as a job still has it."""

    kept = QtSignal(str)


class Thumbnails(QObject):
    """The thumbnails of a board. Belongs to the UI thread.

    Args:
        open_board: The board; its file gets the thumbnails of the pages that changed.
        worker: Where they are turned into PNG.
        now_s: Monotonic clock.
    """

    painted = QtSignal(str)
    """The thumbnail of this page is new."""
    kept = QtSignal(str)
    """The file has the new thumbnail of this page."""

    def __init__(
        self,
        open_board: OpenBoard,
        worker: Worker,
        now_s: Callable[[], float] = time.perf_counter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open = open_board
        self._board = open_board.board
        self._worker = worker
        self._now_s = now_s
        self._log = structlog.get_logger(__name__)
        self._pictures: OrderedDict[str, PagePicture] = OrderedDict()
        self._sheets = SmallSheets(open_board, WIDTH_PX, HEIGHT_PX, self)
        self._sheets.came.connect(self._sheet_came)
        self._awaiting: dict[SheetSpot, set[str]] = {}
        self._added: dict[str, list[str]] = {}
        self._stale: set[str] = set()
        self._wanted: dict[str, None] = {}
        self._unsaved: set[str] = set()
        self._untouched: set[str] = set()
        self._teller = _Teller()
        self._teller.kept.connect(self.kept, Qt.ConnectionType.QueuedConnection)
        self._lacking: set[str] = set()
        self._job: tuple[str, Painting] | None = None
        self._is_writing = False
        self._slices = QTimer(self, interval=PAUSE_MS)
        self._slices.timeout.connect(self._work)
        self._quiet = QTimer(self, interval=QUIET_MS, singleShot=True)
        self._quiet.timeout.connect(self._freshen)
        self._stop_listening = self._board.on_change(self._note)
        open_board.images_came.connect(self._images_came)
        # The list of boards shows the first page; it may have none, or an old one.
        self._unsaved.update(page.id for page in self._board.pages[:1])
        self._stale.update(self._unsaved)
        self._untouched.update(self._unsaved)
        self._quiet.start()

    def image(self, page_id: str) -> QImage | None:
        """Return the thumbnail of a page, an old one while a new one is painted.

        None where there is none yet; `painted` tells when to ask again. The page is
        painted before others that nobody asked for.
        """
        picture = self._pictures.get(page_id)
        if picture is not None:
            self._pictures.move_to_end(page_id)
        if picture is None or page_id in self._stale or page_id in self._added:
            # Before what was asked for earlier: that may be scrolled away by now.
            self._wanted = {page_id: None} | self._wanted
            last = next(reversed(self._wanted))
            if len(self._wanted) > MOST_WAITING and last not in self._unsaved:
                del self._wanted[last]
            self._plan()
        return None if picture is None else picture.image

    def set_writing(self, is_writing: bool) -> None:
        """Say whether a hand is writing: nothing is painted then."""
        self._is_writing = is_writing
        self._plan()

    @property
    def has_work(self) -> bool:
        """Whether a thumbnail that was asked for is still to be painted."""
        return bool(self._job or self._wanted)

    def step_for_s(self, most_s: float) -> None:
        """Paint now, for about `most_s` or until nothing is left; at least one step."""
        until_s = self._now_s() + most_s
        while self._step() and self._now_s() < until_s:
            pass

    def freshen(self) -> None:
        """Begin with what the list of boards lacks, in slices; `kept` tells of each page."""
        first = [page.id for page in self._board.pages[:1] if page.id in self._unsaved]
        self._wanted = dict.fromkeys([*first, *self._wanted, *self._unsaved])
        self._plan()

    def leave(self) -> None:
        """Give the file what is painted, and take from it what is not so any more.

        For a board that is about to be left. Paints nothing and waits for nothing: a
        picture that the list of boards then lacks is painted from the file, see
        `board_pictures`.
        """
        for page_id in list(self._unsaved):
            self._save(page_id)
        outdated = self._unsaved - self._untouched
        if outdated and not self._open.file.read_only:
            # By the same way as the pictures before them, so that none comes after it.
            self._worker.try_submit(lambda: self._drop(outdated))

    def shutdown(self) -> None:
        """Let go of the board and stop all timers."""
        self._slices.stop()
        self._quiet.stop()
        self._sheets.shutdown()
        self._stop_listening()
        self._open.images_came.disconnect(self._images_came)

    # What became old ----------------------------------------------------------------------

    def _note(self, change: BoardChange) -> None:
        for item in change.items_before.values():
            self._spoil(item.page)
        for item_id, item in change.items_after.items():
            self._note_added(item_id, item)
        if change.pages:
            self._note_pages()
        self._quiet.start()

    def _note_added(self, item_id: str, item: Item) -> None:
        """Plan an item to be painted over what is there, if it lies on top of all."""
        picture = self._pictures.get(item.page)
        if picture is None or item.page in self._stale or not picture.has_room_for(item):
            self._spoil(item.page)
        else:
            self._note_unsaved(item.page)
            self._added.setdefault(item.page, []).append(item_id)
            self._drop_job(item.page)

    def _note_pages(self) -> None:
        pages = {page.id: page for page in self._board.pages}
        for page_id in set(self._pictures) - set(pages):
            self._forget(page_id)
        for page_id, picture in self._pictures.items():
            page = pages[page_id]
            if (picture.background, picture.spot) != (page.background, spot_of(page)):
                self._spoil(page_id)
        first = self._board.pages[0].id if self._board.pages else None
        if first is not None and first not in self._pictures:
            self._spoil(first)

    def _images_came(self) -> None:
        lacking, self._lacking = self._lacking, set()
        for page_id in lacking:
            self._spoil(page_id)
            self._wanted[page_id] = None
        self._plan()

    def _spoil(self, page_id: str) -> None:
        """Plan a page to be painted from nothing."""
        self._stale.add(page_id)
        self._note_unsaved(page_id)
        self._added.pop(page_id, None)
        self._drop_job(page_id)

    def _note_unsaved(self, page_id: str) -> None:
        self._unsaved.add(page_id)
        self._untouched.discard(page_id)

    def _forget(self, page_id: str) -> None:
        self._drop_job(page_id)
        self._pictures.pop(page_id, None)
        self._added.pop(page_id, None)
        self._wanted.pop(page_id, None)
        self._stale.discard(page_id)
        self._unsaved.discard(page_id)

    def _drop_job(self, page_id: str) -> None:
        if self._job is not None and self._job[0] == page_id:
            self._job[1].close()
            self._job = None
            self._stale.add(page_id)
            self._wanted[page_id] = None

    # Work between events ------------------------------------------------------------------

    def _plan(self) -> None:
        if self.has_work and not self._is_writing:
            if not self._slices.isActive():
                self._slices.start()
        else:
            self._slices.stop()

    def _freshen(self) -> None:
        """Paint the pages that changed, now that it has been quiet."""
        if self._is_writing:
            self._quiet.start()
            return
        self._wanted.update(dict.fromkeys(self._unsaved))
        self._plan()

    def _work(self) -> None:
        self.step_for_s(SLICE_S)
        self._plan()

    def _step(self) -> bool:
        """Do a batch of work; return whether there was any."""
        if self._job is None and not self._begin():
            return False
        if self._job is None:
            return True
        page_id, job = self._job
        picture = next(job)
        if picture is None:
            return True
        self._job = None
        self._pictures[page_id] = picture
        self._pictures.move_to_end(page_id)
        while len(self._pictures) > MOST_PICTURES:
            self._pictures.popitem(last=False)
        self.painted.emit(page_id)
        if page_id in self._unsaved:
            self._save(page_id)
        return True

    def _begin(self) -> bool:
        """Begin with the next page that is wanted; return whether one was."""
        if not self._wanted:
            return False
        page_id = next(iter(self._wanted))
        del self._wanted[page_id]
        page = next((p for p in self._board.pages if p.id == page_id), None)
        if page is None:
            self._forget(page_id)
            return True
        if not self._has_sheet(page):
            return True
        picture = self._pictures.get(page_id)
        added = self._added.pop(page_id, [])
        if picture is None or page_id in self._stale:
            self._stale.discard(page_id)
            items = self._board.items(page_id)
            spot = spot_of(page)
            sheet = None if spot is None else self._sheets.image(spot)
            self._job = (page_id, paint_page(page, items, self._photo_for(page_id), sheet))
        elif added:
            there = self._board.items(page_id)
            new = [there[item_id] for item_id in added if item_id in there]
            self._job = (page_id, paint_over(picture, new, self._photo_for(page_id)))
        return True

    def _has_sheet(self, page: Page) -> bool:
        """Return whether the sheet under a page is there, or it has none; else ask for it."""
        spot = spot_of(page)
        if spot is None or self._sheets.is_settled(spot):
            return True
        self._awaiting.setdefault(spot, set()).add(page.id)
        return False

    def _sheet_came(self, spot: SheetSpot) -> None:
        for page_id in self._awaiting.pop(spot, ()):
            if self._sheets.is_known(spot):
                self._wanted[page_id] = None
        self._plan()

    def _save(self, page_id: str) -> None:
        """Hand a thumbnail to the file, unless it is old by now."""
        picture = self._pictures.get(page_id)
        if picture is None or page_id in self._stale or page_id in self._added:
            return
        self._unsaved.discard(page_id)
        if self._open.file.read_only:
            return
        image = picture.image
        if not self._worker.try_submit(lambda: self._encode(page_id, image)):
            self._unsaved.add(page_id)

    def _encode(self, page_id: str, image: QImage) -> None:
        """Turn a thumbnail into PNG and give it to the file. Worker thread."""
        try:
            number = self._open.file.set_thumbnail(page_id, to_png(image))
        except (AppError, RuntimeError) as error:
            # The disk is full or the file was closed: the ink is what matters.
            self._log.info("thumbnail was not kept", reason=str(error))
            return
        if self._open.file.wait_written(number, KEEP_S):
            self._teller.kept.emit(page_id)

    def _drop(self, page_ids: Iterable[str]) -> None:
        """Take old thumbnails from the file. Worker thread."""
        try:
            self._open.file.drop_thumbnails(page_ids)
        except (AppError, RuntimeError) as error:
            self._log.info("old thumbnails stay", reason=str(error))

    def _photo_for(self, page_id: str) -> Photo:
        def photo(sha256: bytes) -> QImage | None:
            image = self._open.image(sha256)
            if image is None:
                self._lacking.add(page_id)
            return image

        return photo
