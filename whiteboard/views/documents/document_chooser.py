"""Choosing a document by finger: recent ones, USB sticks, folders of this display."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QImage
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from base.clock import Clock, SystemClock
from base.errors import AppError, ErrorCode
from base.feature import Host, Notice
from base.qt import theme
from base.qt.widgets import Layout, Look, Role, Text, TouchButton
from base.tasks import Worker
from base.text import N_, _
from whiteboard.services.documents.document_folders import (
    LEAST_PICTURES,
    EntryKind,
    FolderEntry,
    Listing,
    list_folder,
    own_folders,
    shown_name,
)
from whiteboard.services.documents.recent_documents import RecentDocument, RecentDocuments
from whiteboard.services.taking.board_jobs import Jobs, Place
from whiteboard.views.boards.sticks import StickWatch
from whiteboard.views.documents.document_cells import FileGrid, Offer, RecentGrid, WholeFolder
from whiteboard.views.parts.finger_list import FingerList
from whiteboard.views.parts.folder_words import folder_name

_T = TypeVar("_T")
EXPORTS_DIR: Final = "exports"
"""Folder of what was taken away from boards without a stick, in the data folder."""
_SLOW_MS: Final = 250
_LOOK_MS: Final = 250
_CRUMB_MM: Final = 60.0
_NAME_MM: Final = 34.0
_MOST_CRUMBS: Final = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A place where documents are.

    Attributes:
        icon: Of its button.
        msgid: Its word; empty for a stick, which has a name of its own.
        folder: Of a stick; None for the others.
    """

    icon: str
    msgid: str = ""
    folder: Path | None = None

    @property
    def name(self) -> str:
        """The name of a stick."""
        return shown_name(self.folder) if self.folder is not None else ""


RECENT: Final = Source("clock", N_("Recent"))
DISPLAY: Final = Source("monitor", N_("This display"))


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where somebody looks: a folder of a source, or its beginning."""

    source: Source
    folders: tuple[Path, ...] = ()

    @property
    def folder(self) -> Path | None:
        return self.folders[-1] if self.folders else self.source.folder


class DocumentChooser(QWidget):
    """Lists what can be opened; the buttons for places are made with `make_places`.

    Args:
        host: Tells of what happened, and which sticks there are.
        recent: What was opened before.
        worker: Where folders are read.
        clock: Where the time comes from.
    """

    file_chosen = Signal(object)
    """A file, or a folder of pictures: its `Path`."""
    recent_chosen = Signal(object)
    """A `RecentDocument`."""

    def __init__(
        self,
        host: Host,
        recent: RecentDocuments,
        worker: Worker,
        parent: QWidget | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(parent)
        self._host = host
        self._recent = recent
        self._clock = clock or SystemClock()
        self._worker = worker
        # No child: what is under way may end after the chooser is gone.
        self._jobs = Jobs(worker, host.show_error)
        self._sticks = StickWatch(host.removable_folders, self._jobs, self, every_ms=_LOOK_MS)
        self._sticks.changed.connect(self._sticks_seen)
        self._places: tuple[Source, ...] = (RECENT, DISPLAY)
        self._spot = _Spot(RECENT)
        self._offsets: dict[_Spot, float] = {}
        self._stop = Event()
        self._slow = QTimer(self, interval=_SLOW_MS, singleShot=True)
        self._slow.timeout.connect(lambda: self._say(N_("Looking…")))
        self.recents = RecentGrid()
        self.files = FileGrid()
        self._recent_list = self.recents.in_list(lies_low=True)
        self._file_list = self.files.in_list(lies_low=True)
        self._words = Text("", Role.BODY, wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._crumbs = QHBoxLayout()
        self._stack = QStackedLayout()
        for page in (self._recent_list, self._file_list, self._words):
            self._stack.addWidget(page)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        # The path lies beside the files, where the hand is.
        self._column.addLayout(self._stack, 1)
        self._column.addLayout(self._crumbs)
        self._row: QHBoxLayout | None = None
        self._look = Look.PLAIN
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self._back: TouchButton | None = None
        self.files.touched.connect(self._touch_offer)
        self.recents.touched.connect(self._touch_recent)
        self.recents.removed.connect(self._remove)

    # Places -------------------------------------------------------------------------------

    def make_places(self, row: QHBoxLayout, look: Look) -> None:
        """Put the buttons for the way back and for the places into a row."""
        self._row, self._look = row, look
        self._back = TouchButton(N_("Go back"), "arrow-left", look=look, main=True)
        self._back.clicked.connect(self.go_back)
        row.addWidget(self._back)
        self._show_places()

    @property
    def places(self) -> tuple[Source, ...]:
        """The places that are offered."""
        return self._places

    @property
    def place(self) -> Source:
        """The place that is looked at."""
        return self._spot.source

    @property
    def folder(self) -> Path | None:
        """The folder that is looked at; None for a list of places or of documents."""
        return self._spot.folder

    def start(self) -> None:
        """Show the recent documents, or the stick that is plugged in."""
        self._offsets.clear()
        self._places = (RECENT, DISPLAY)
        self._show_places()
        self._go(_Spot(RECENT))
        self._sticks.start()

    def stop(self) -> None:
        """Look no more."""
        self._sticks.stop()
        self._slow.stop()
        self._stop.set()
        # A sheet may be gone when what it asked for comes.
        self._jobs.shutdown()
        self.recents.forget_pictures()

    def shutdown(self) -> None:
        """Hear of no result any more."""
        self.stop()
        self._jobs.shutdown()

    def show_place(self, source: Source) -> None:
        """Show what is in a place."""
        self._go(_Spot(source))

    def go_back(self) -> None:
        """Go one folder up; from the beginning of a place to the recent documents."""
        if self._spot.folders:
            self._go(_Spot(self._spot.source, self._spot.folders[:-1]))
        elif self._spot.source is not RECENT:
            self._go(_Spot(RECENT))

    def _sticks_seen(self, places: tuple[Place, ...]) -> None:
        sticks = tuple(Source("usb", "", place.folder) for place in places)
        before, self._places = self._places, (RECENT, *sticks, DISPLAY)
        if self._places != before:
            self._show_places()
        new = [source for source in sticks if source not in before]
        if new:
            # Whoever plugs a stick in wants what is on it.
            self.show_place(new[0])
        elif self._spot.source not in self._places:
            self._host.show_notice(Notice(_("The USB stick was taken out.")))
            self._go(_Spot(RECENT))

    def _show_places(self) -> None:
        if self._row is None:
            return
        for old in self._group.buttons():
            self._group.removeButton(old)
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        for number, source in enumerate(self._places):
            button = _PlaceButton(source, self._look)
            button.clicked.connect(functools.partial(self.show_place, source))
            self._group.addButton(button, number)
            self._row.insertWidget(number + 1, button)
        self._mark_place()

    def _mark_place(self) -> None:
        if self._back is not None:
            self._back.setEnabled(self._spot != _Spot(RECENT))
        for number, source in enumerate(self._places):
            button = self._group.button(number)
            if button is not None:
                button.setChecked(source == self._spot.source)

    # Going there ------------------------------------------------------------------------

    def _go(self, spot: _Spot) -> None:
        self._offsets[self._spot] = self._list_of(self._spot).offset_px
        self._spot = spot
        self._stop.set()
        stop = self._stop = Event()
        self._mark_place()
        self._show_crumbs()
        self._slow.start()
        if spot.source is RECENT:
            self._jobs.run(self._recent.entries, self._for(spot, self._take_recent))
            return
        folder = spot.folder
        if folder is None:
            exports = self._host.data_dir / EXPORTS_DIR
            self._jobs.run(lambda: own_folders(exports), self._for(spot, self._take_folders))
            return
        self._jobs.run(
            lambda: list_folder(folder, stop.is_set),
            self._for(spot, self._take_listing),
            failed=self._for(spot, self._take_trouble),
        )

    def _for(self, spot: _Spot, take: Callable[[_T], None]) -> Callable[[_T], None]:
        """Return `take` for as long as people still look there."""

        def guarded(what: _T) -> None:
            if self._spot == spot:
                self._slow.stop()
                take(what)

        return guarded

    def _list_of(self, spot: _Spot) -> FingerList:
        return self._recent_list if spot.source is RECENT else self._file_list

    def _take_recent(self, found: list[RecentDocument]) -> None:
        self.recents.show_entries(found, self._today())
        if not found:
            self._say(N_("Plug in a USB stick with your documents, or look on this display."))
            return
        self._show_list(self._recent_list)
        side = self.recents.picture_size()
        for entry in found:
            read = functools.partial(_read_picture, self._recent, entry.key, side)
            show = functools.partial(self.recents.show_picture, entry.key)
            self._jobs.run(read, show)

    def _take_folders(self, found: tuple[Path, ...]) -> None:
        if not found:
            self._say(N_("There are no folders with documents on this display."))
            return
        self._show_offers([FolderEntry(folder, EntryKind.FOLDER) for folder in found])

    def _take_listing(self, listing: Listing) -> None:
        offers: list[Offer] = list(listing.entries)
        if listing.pictures >= LEAST_PICTURES:
            offers.insert(0, WholeFolder(listing.folder, listing.pictures))
        if offers:
            self._show_offers(offers)
        elif self._spot.source.folder is not None and not self._spot.folders:
            self._say(N_("There are no documents on this stick."))
        else:
            self._say(N_("There are no documents in this folder."))

    def _take_trouble(self, error: AppError) -> None:
        if error.code is not ErrorCode.READ_ONLY:
            self._say(N_("This folder is not there any more. Choose another one."))
        else:
            self._say(N_("This folder may not be read. Choose another one."))

    def _show_offers(self, offers: Sequence[Offer]) -> None:
        self.files.show_offers(offers, self._today())
        self._show_list(self._file_list)

    def _show_list(self, shown: FingerList) -> None:
        self._stack.setCurrentWidget(shown)
        shown.go_to(self._offsets.pop(self._spot, 0.0))

    def _say(self, msgid: str) -> None:
        self._words.set_msgid(msgid)
        self._stack.setCurrentWidget(self._words)

    @property
    def words(self) -> str:
        """The sentence in the place of a list; empty where there is a list."""
        return self._words.text() if self._stack.currentWidget() is self._words else ""

    # Touches ----------------------------------------------------------------------------

    def _touch_offer(self, place: int) -> None:
        offer = self.files.offers[place]
        if isinstance(offer, WholeFolder):
            self.file_chosen.emit(offer.folder)
        elif offer.kind is EntryKind.FOLDER:
            self._go(_Spot(self._spot.source, (*self._spot.folders, offer.path)))
        else:
            self.file_chosen.emit(offer.path)

    def _touch_recent(self, place: int) -> None:
        self.recent_chosen.emit(self.recents.entries[place])

    def _remove(self, entry: RecentDocument) -> None:
        picture = self._recent.picture(entry.key)
        self._jobs.run(
            lambda: self._recent.forget(entry.key),
            lambda _none: self._tell_removed(entry, picture),
            ended=self.read_recent_again,
        )

    def _tell_removed(self, entry: RecentDocument, picture: QImage) -> None:
        words = _("Taken off the list: %(name)s") % {"name": entry.name}

        def undo() -> None:
            self._jobs.run(
                lambda: self._recent.note(entry, None if picture.isNull() else picture),
                lambda _none: None,
                ended=self.read_recent_again,
            )

        self._host.show_notice(Notice(words, action_text=_("Undo"), action=undo))

    def read_recent_again(self) -> None:
        """Show the recent documents as they are now, if these are looked at."""
        if self._spot.source is RECENT and self.isVisible():
            self._go(self._spot)

    # How it looks -----------------------------------------------------------------------

    def _show_crumbs(self) -> None:
        while (item := self._crumbs.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        spot = self._spot
        above = [_Spot(spot.source, spot.folders[:count]) for count in range(len(spot.folders))]
        for crumb in above[-_MOST_CRUMBS:]:
            button = _CrumbButton(crumb)
            button.clicked.connect(functools.partial(self._go, crumb))
            self._crumbs.addWidget(button)
        here = Text(role=Role.TITLE)
        if spot.folders or spot.source.folder is not None:
            name = folder_name(spot.folder) if spot.folder is not None else ""
            here.set_plain(_elided(name, here, self.width() // 2))
        else:
            here.set_msgid(spot.source.msgid)
        here.setMinimumHeight(theme.metrics().target_px)
        self._crumbs.addWidget(here)
        self._crumbs.addStretch(1)
        self._crumbs.setSpacing(theme.metrics().px(3))

    def _today(self) -> date:
        return self._clock.now().date()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()


class _PlaceButton(TouchButton):
    """A place by its word, or a stick by its own name."""

    def __init__(self, source: Source, look: Look) -> None:
        self._source = source
        super().__init__(source.msgid, source.icon, look=look, main=True)
        self.setCheckable(True)

    @override
    def nextCheckState(self) -> None:
        """Stay: what is chosen follows from the place that is shown."""

    @override
    def retranslate(self) -> None:
        super().retranslate()
        if self._source.name:
            metrics = QFontMetrics(theme.font(self._text_px(), bold=True))
            room = theme.metrics().px(_NAME_MM)
            mode = Qt.TextElideMode.ElideRight
            name = metrics.elidedText(self._source.name, mode, room)
            self.setText(name.replace("&", "&&"))
            self.setAccessibleName(self._source.name)


class _CrumbButton(TouchButton):
    """A folder above the one that is shown."""

    def __init__(self, spot: _Spot) -> None:
        self._spot = spot
        icon = "folder" if spot.folders else spot.source.icon
        super().__init__(spot.source.msgid, icon, layout=Layout.BESIDE, look=Look.BARE)

    @override
    def retranslate(self) -> None:
        super().retranslate()
        folder = self._spot.folder
        if folder is not None:
            metrics = QFontMetrics(theme.font(self._text_px()))
            room = theme.metrics().px(_CRUMB_MM)
            name = folder_name(folder)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            self.setText(shown.replace("&", "&&"))
            self.setAccessibleName(name)


def _elided(name: str, text: Text, room_px: int) -> str:
    metrics = QFontMetrics(text.font())
    return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(room_px, 1))


def _read_picture(recent: RecentDocuments, key: str, most: QSize) -> QImage:
    """Return a first page not larger than it is shown. Worker thread."""
    picture = recent.picture(key)
    if picture.width() <= most.width():
        return picture
    return picture.scaledToWidth(most.width(), Qt.TransformationMode.SmoothTransformation)
