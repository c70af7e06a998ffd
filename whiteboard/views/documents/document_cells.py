"""Documents to choose from: files and folders as rows, recent ones as cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import Look, TouchButton, TouchControl, paint_icon, painter_for
from base.text import N_, _, ngettext
from whiteboard.model.board_words import pages_text, size_text, when_text
from whiteboard.services.documents.document_folders import (
    EntryKind,
    FolderEntry,
    kind_of_name,
)
from whiteboard.services.documents.recent_documents import RecentDocument
from whiteboard.views.boards.sticks import RowButton
from whiteboard.views.parts.cell_grid import CellGrid, GridPlan
from whiteboard.views.parts.finger_list import leave_touches_to_list, marker_room_px
from whiteboard.views.parts.folder_words import folder_name

ICONS: Final[Mapping[EntryKind, str]] = MappingProxyType(
    {
        EntryKind.FOLDER: "folder",
        EntryKind.PDF: "file-text",
        EntryKind.SLIDES: "presentation",
        EntryKind.LETTER: "type",
        EntryKind.TABLE: "grid-3x3",
        EntryKind.PICTURE: "image",
        EntryKind.NOTEBOOK: "pencil",
    }
)
_LEAST_ROW_MM: Final = 200.0
_ROW_GAP_MM: Final = 6.0
_TALLEST_ROW_MM: Final = 60.0
_LEAST_CARD_MM: Final = 150.0
_CARD_GAP_MM: Final = 8.0
_CARD_RADIUS_MM: Final = 4.0
_CARD_WORDS_MM: Final = 30.0
_CARD_ASPECT: Final = 10 / 16


@dataclass(frozen=True, slots=True)
class WholeFolder:
    """All pictures of a folder, offered as one document.

    Attributes:
        folder: The folder.
        pictures: How many.
    """

    folder: Path
    pictures: int


Offer: TypeAlias = FolderEntry | WholeFolder
"""What a row offers."""


class FileRow(RowButton):
    """A folder, a file, or a folder's pictures as one document."""

    height_mm = 36.0
    name_mm = 9.0
    details_mm = 7.0
    icon_mm = 16.0

    def __init__(self) -> None:
        self._offer: Offer | None = None
        self._today = date.min
        super().__init__("folder", self._title, self._line)

    def show_offer(self, offer: Offer, today: date) -> None:
        """Show another one."""
        self._offer, self._today = offer, today
        if isinstance(offer, WholeFolder):
            self._icon_name = "layout-grid"
        else:
            self._icon_name = ICONS[offer.kind]
        self.retranslate()

    def _title(self) -> str:
        offer = self._offer
        if offer is None:
            return ""
        if isinstance(offer, WholeFolder):
            words = ngettext(
                "The %(count)d picture as a document",
                "All %(count)d pictures as one document",
                offer.pictures,
            )
            return words % {"count": offer.pictures}
        return folder_name(offer.path)

    def _line(self) -> str:
        offer = self._offer
        if offer is None:
            return ""
        if isinstance(offer, WholeFolder):
            return _("In the order of their names")
        if offer.kind is EntryKind.FOLDER:
            return _("Folder")
        return f"{_when(offer.modified_s, self._today)}  ·  {size_text(offer.size_bytes)}"


def _when(modified_s: float, today: date) -> str:
    try:
        return when_text(datetime.fromtimestamp(modified_s, UTC), today)
    except (OverflowError, ValueError, OSError):  # a broken stick says any time
        return "—"


class FileGrid(CellGrid):
    """Rows of files and folders, two or more side by side."""

    def __init__(self) -> None:
        super().__init__()
        self._offers: Sequence[Offer] = ()
        self._today = date.min

    @property
    def offers(self) -> Sequence[Offer]:
        """What is offered, in order."""
        return self._offers

    def show_offers(self, offers: Sequence[Offer], today: date) -> None:
        """Offer these and no others."""
        self._offers, self._today = offers, today
        self.set_count(len(offers))

    @override
    def plan(self, width_px: int) -> GridPlan:
        sizes = theme.metrics()
        gap = sizes.px(_ROW_GAP_MM)
        room = width_px - marker_room_px()
        columns = max(1, (room + gap) // (sizes.px(_LEAST_ROW_MM) + gap))
        width = max(1, (room - (columns - 1) * gap) // columns)
        rows = max(1, -(-len(self._offers) // columns))
        # Few files take the room of many: a person stands before them, others behind.
        share = self.seen_px // rows - gap
        height = min(max(sizes.px(FileRow.height_mm), share), sizes.px(_TALLEST_ROW_MM))
        return GridPlan(columns, width, height, gap)

    @override
    def make_cell(self) -> FileRow:
        return FileRow()

    @override
    def fill(self, cell: TouchControl, place: int) -> None:
        if isinstance(cell, FileRow):
            cell.show_offer(self._offers[place], self._today)


class RecentCard(TouchControl):
    """A document that was opened: its first page, its name, when and how many pages.

    A touch opens it; the button in its corner takes it off the list.
    """

    removed = Signal()

    def __init__(self) -> None:
        self._entry: RecentDocument | None = None
        self._today = date.min
        self._picture = QPixmap()
        super().__init__("")
        self.corner = TouchButton(N_("Remove"), "x", self, look=Look.BARE)
        leave_touches_to_list(self.corner)
        self.corner.clicked.connect(self.removed)

    @property
    def entry(self) -> RecentDocument | None:
        """What it shows."""
        return self._entry

    @property
    def has_picture(self) -> bool:
        """Whether its first page is seen."""
        return not self._picture.isNull()

    def show_entry(self, entry: RecentDocument, picture: QPixmap, today: date) -> None:
        """Show another one."""
        self._entry, self._picture, self._today = entry, picture, today
        self.retranslate()

    @override
    def retranslate(self) -> None:
        name = self._entry.name if self._entry is not None else ""
        self.setText(name.replace("&", "&&"))
        self.setAccessibleName(f"{name}. {self._details()}" if name else "")
        if hasattr(self, "corner"):
            self.corner.retranslate()
            self.corner.setAccessibleName(f"{self.corner.word}: {name}")
            self._place_corner()
        self.update()

    def _details(self) -> str:
        if self._entry is None:
            return ""
        when = when_text(self._entry.opened, self._today)
        return f"{when}  ·  {pages_text(self._entry.sheets)}"

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_corner()

    def _place_corner(self) -> None:
        sizes = theme.metrics()
        hint = self.corner.sizeHint()
        self.corner.setGeometry(
            self.width() - hint.width() - sizes.px(1.5),
            self.height() - (sizes.px(_CARD_WORDS_MM) + hint.height()) // 2,
            hint.width(),
            hint.height(),
        )

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        radius, half = sizes.px(_CARD_RADIUS_MM), sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.surface_pressed if self.isDown() else colours.surface))
        painter.drawRoundedRect(box, radius, radius)
        room = self.rect().adjusted(0, 0, 0, -sizes.px(_CARD_WORDS_MM))
        self._paint_picture(painter, room, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.outline), sizes.line_px))
        painter.drawRoundedRect(box, radius, radius)
        self._paint_words(painter, room.bottom() + 1)
        self._paint_focus(painter, box, radius)
        painter.end()

    def _paint_picture(self, painter: QPainter, room: QRect, radius: float) -> None:
        colours = theme.tokens()
        painter.save()
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(room).adjusted(0, 0, 0, radius), radius, radius)
        painter.setClipPath(clip)
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        painter.fillRect(room, QColor(colours.surface_pressed))
        if self._picture.isNull():
            self._paint_kind(painter, room)
        else:
            inset = theme.metrics().px(2)
            inner = room.adjusted(inset, inset, -inset, 0)
            size = self._picture.deviceIndependentSize().toSize()
            size = size.scaled(inner.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            if size.height() > 2 * inner.height():
                size = size.scaled(inner.size(), Qt.AspectRatioMode.KeepAspectRatio)
            # The head of a page tells more of it than its middle.
            page = QRect(inner.topLeft(), size)
            page.moveLeft(inner.left() + (inner.width() - size.width()) // 2)
            painter.setClipRect(inner, Qt.ClipOperation.IntersectClip)
            painter.drawPixmap(page, self._picture)
        painter.restore()

    def _paint_kind(self, painter: QPainter, room: QRect) -> None:
        kind = kind_of_name(self._entry.name) if self._entry is not None else None
        icon = ICONS[kind] if kind is not None else "image"
        box = room.adjusted(0, room.height() // 3, 0, -room.height() // 3)
        ratio = self.devicePixelRatioF()
        paint_icon(painter, icon, theme.tokens().text_quiet, box, ratio)

    def _paint_words(self, painter: QPainter, top_px: int) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        left = sizes.px(5)
        width = self.corner.x() - left - sizes.px(1)
        name, small = theme.font(sizes.px(9), bold=True), theme.font(sizes.px(6.5))
        gap = sizes.px(1.5)
        lines = QFontMetrics(name).height() + QFontMetrics(small).height() + gap
        top = top_px + (self.height() - top_px - lines) // 2
        for made, ink, words in (
            (name, colours.text, self.word),
            (small, colours.text_quiet, self._details()),
        ):
            painter.setFont(made)
            painter.setPen(QColor(ink))
            metrics = QFontMetrics(made)
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, width)
            box = QRect(left, top, width, metrics.height())
            painter.drawText(box, Qt.TextFlag.TextDontClip, shown)
            top += metrics.height() + gap


class RecentGrid(CellGrid):
    """The recent documents as cards."""

    removed = Signal(object)
    """A document is to go off the list: the `RecentDocument`."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[RecentDocument] = ()
        self._pictures: dict[str, QPixmap] = {}
        self._today = date.min

    @property
    def entries(self) -> Sequence[RecentDocument]:
        """What is shown, in order."""
        return self._entries

    def show_entries(self, entries: Sequence[RecentDocument], today: date) -> None:
        """Show these and no others."""
        self._entries, self._today = entries, today
        kept = {entry.key for entry in entries}
        self._pictures = {k: v for k, v in self._pictures.items() if k in kept}
        self.set_count(len(entries))

    def show_picture(self, key: str, picture: QImage) -> None:
        """Show the first page of a document."""
        made = QPixmap.fromImage(picture)
        made.setDevicePixelRatio(self.devicePixelRatioF())
        self._pictures[key] = made
        for place, entry in enumerate(self._entries):
            cell = self.cell(place)
            if entry.key == key and cell is not None:
                self.fill(cell, place)

    def forget_pictures(self) -> None:
        """Give back the memory of the pictures."""
        self._pictures.clear()

    def picture_size(self) -> QSize:
        """Return how large a picture is at most, device px."""
        made = self.plan(self.width())
        ratio = self.devicePixelRatioF()
        return QSize(round(made.width_px * ratio), round(made.height_px * ratio))

    @override
    def plan(self, width_px: int) -> GridPlan:
        sizes = theme.metrics()
        gap = sizes.px(_CARD_GAP_MM)
        room = width_px - marker_room_px()
        columns = max(1, (room + gap) // (sizes.px(_LEAST_CARD_MM) + gap))
        width = max(1, (room - (columns - 1) * gap) // columns)
        height = round(width * _CARD_ASPECT) + sizes.px(_CARD_WORDS_MM)
        return GridPlan(columns, width, height, gap)

    @override
    def make_cell(self) -> RecentCard:
        card = RecentCard()
        card.removed.connect(lambda: self.removed.emit(card.entry))
        return card

    @override
    def fill(self, cell: TouchControl, place: int) -> None:
        if isinstance(cell, RecentCard):
            entry = self._entries[place]
            cell.show_entry(entry, self._pictures.get(entry.key, QPixmap()), self._today)
