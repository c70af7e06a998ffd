"""Putting a picture on the page: from a USB stick, or from this display's own folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget
from typing_extensions import override

from base.errors import AppError
from base.feature import Host
from base.qt import theme
from base.qt.widgets import (
    Layout,
    Look,
    Role,
    Text,
    TouchButton,
    TouchControl,
    paint_icon,
    painter_for,
)
from base.tasks import Worker
from base.text import N_, _
from whiteboard.services.taking.board_jobs import Jobs, Place
from whiteboard.services.taking.picture_folders import (
    FoundPicture,
    find_pictures,
    read_thumbnail,
)
from whiteboard.views.boards.sticks import StickWatch
from whiteboard.views.parts.finger_list import FingerList, leave_touches_to_list
from whiteboard.views.parts.fitted_sheet import FittedSheet

PICTURES_DIR: Final = "pictures"
"""Folder of this display's own pictures, in its data folder."""
_SHEET_MM: Final = 360.0
_CARD_MM: Final = 64.0
_CARD_GAP_MM: Final = 8.0
_WORDS_MM: Final = 11.0
_ASPECT: Final = 3 / 4
_LIST_SHARE: Final = 0.62
"""Share of the screen's height that the pictures take at most."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place with pictures.

    Attributes:
        folder: Where it is.
        name: The name of a stick; empty for this display.
    """

    folder: Path
    name: str


class PictureCard(TouchControl):
    """One picture, small, with the name of its file."""

    def __init__(self, found: FoundPicture, parent: QWidget) -> None:
        self.found = found
        self._picture = QPixmap()
        self._is_known = False
        super().__init__("", parent)
        leave_touches_to_list(self)

    @property
    def is_known(self) -> bool:
        """Whether it is known what the file holds."""
        return self._is_known

    @property
    def is_readable(self) -> bool:
        """Whether the file holds a picture, as far as is known."""
        return not self._is_known or not self._picture.isNull()

    def show_picture(self, picture: QImage) -> None:
        """Show what the file holds; an empty one for a file that cannot be read."""
        self._is_known = True
        self._picture = QPixmap.fromImage(picture)
        self.setEnabled(not picture.isNull())
        self.retranslate()

    @override
    def retranslate(self) -> None:
        name = self.found.path.stem
        self.setText(name.replace("&", "&&"))
        words = name if self.is_readable else f"{name}. {_('Cannot be read')}"
        self.setAccessibleName(words)
        self.update()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setBrush(QColor(colours.surface_pressed if self.isDown() else colours.ground))
        painter.setPen(QPen(QColor(colours.outline), sizes.line_px))
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        inset = sizes.px(2)
        words_px = sizes.px(_WORDS_MM)
        room = self.rect().adjusted(inset, inset, -inset, -words_px)
        if not self._picture.isNull():
            self._paint_picture(painter, room)
        else:
            icon = "image" if self.is_readable else "triangle-alert"
            icon_box = room.adjusted(0, room.height() // 3, 0, -room.height() // 3)
            ratio = self.devicePixelRatioF()
            paint_icon(painter, icon, colours.text_quiet, icon_box, ratio)
        self._paint_words(painter, words_px)
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()

    def _paint_picture(self, painter: QPainter, room: QRect) -> None:
        size = self._picture.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        # A tiny picture is shown as the tiny picture it is.
        size = size.boundedTo(self._picture.size() * 2)
        box = QRect(room.topLeft(), size)
        box.moveCenter(room.center())
        painter.drawPixmap(box, self._picture)

    def _paint_words(self, painter: QPainter, words_px: int) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        made = theme.font(sizes.small_text_px)
        painter.setFont(made)
        painter.setPen(QColor(colours.text if self.is_readable else colours.text_quiet))
        room = self.rect().adjusted(sizes.px(2), self.height() - words_px, -sizes.px(2), 0)
        words = self.word if self.is_readable else _("Cannot be read")
        shown = QFontMetrics(made).elidedText(words, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, shown)


class PictureGrid(QWidget):
    """The pictures of a place in rows."""

    touched = Signal(object)
    """The `Path` of the picture that was touched."""

    def __init__(self) -> None:
        super().__init__()
        self._cards: list[PictureCard] = []

    @property
    def cards(self) -> tuple[PictureCard, ...]:
        """The pictures in their order."""
        return tuple(self._cards)

    def show_pictures(self, found: Sequence[FoundPicture]) -> None:
        """Show these, and no others."""
        for old in self._cards:
            old.hide()
            old.deleteLater()
        self._cards = [PictureCard(one, self) for one in found]
        for card in self._cards:
            card.clicked.connect(lambda _on=False, path=card.found.path: self._touch(path))
            card.show()
        self.lay_out()

    def height_for(self, width_px: int) -> int:
        """Return how tall the grid is at a width."""
        columns, _, height = _plan(width_px)
        rows = -(-len(self._cards) // columns)
        gap = theme.metrics().px(_CARD_GAP_MM)
        return max(0, rows * (height + gap) - gap)

    def thumbnail_px(self) -> int:
        """Return how large a small picture is, device px."""
        return round(_plan(self.width())[1] * self.devicePixelRatioF())

    def lay_out(self) -> None:
        """Put everything into its place."""
        columns, width, height = _plan(self.width())
        gap = theme.metrics().px(_CARD_GAP_MM)
        for place, card in enumerate(self._cards):
            row, column = divmod(place, columns)
            card.setGeometry(column * (width + gap), row * (height + gap), width, height)

    def _touch(self, path: Path) -> None:
        self.touched.emit(path)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.lay_out()
        return super().event(event)


def _plan(width_px: int) -> tuple[int, int, int]:
    """Return how many cards stand side by side, and a card's width and height in px."""
    sizes = theme.metrics()
    gap = sizes.px(_CARD_GAP_MM)
    # Room at the right for the marker of the place.
    room = width_px - sizes.px(5)
    columns = max(1, (room + gap) // (sizes.px(_CARD_MM) + gap))
    width = max(1, (room - (columns - 1) * gap) // columns)
    return columns, width, round(width * _ASPECT) + sizes.px(_WORDS_MM)


class PictureSheet(FittedSheet):
    """Lets a person choose a picture.

    Args:
        parent: What it slides over.
        host: What the shell hands in.
        worker: Where folders and pictures are read.
        title: What the picture is for, a msgid.
    """

    chosen = Signal(object)
    """The `Path` of the picture that was chosen; the sheet closes."""

    def __init__(
        self,
        parent: QWidget,
        host: Host,
        worker: Worker,
        title: str = N_("Put a picture on the page"),
    ) -> None:
        super().__init__(parent)
        self._host = host
        # No child of the sheet: a picture may be on its way when the sheet is gone.
        self._jobs = Jobs(worker, host.show_error)
        self._sticks = StickWatch(host.removable_folders, self._jobs, self)
        self._sources: tuple[Source, ...] = ()
        self._source: Source | None = None
        self._is_reading = False
        self._is_over = False
        self._row = QHBoxLayout()
        self._group = QButtonGroup(self)
        self._grid = PictureGrid()
        self._list = FingerList(self._grid)
        self._nothing = Text(role=Role.BODY, wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.content.addLayout(self._make_head(title))
        self.content.addLayout(self._row)
        self.content.addWidget(self._list)
        self.content.addWidget(self._nothing)
        self._grid.touched.connect(self._choose)
        self._list.scrolled.connect(self._read_next)
        self._sticks.changed.connect(self._sticks_seen)
        self.closed.connect(self._let_go)
        self.fit()

    @property
    def cards(self) -> tuple[PictureCard, ...]:
        """The pictures that are offered."""
        return self._grid.cards

    @property
    def sources(self) -> tuple[Source, ...]:
        """The places that are offered."""
        return self._sources

    @property
    def source(self) -> Source | None:
        """The place whose pictures are shown."""
        return self._source

    @override
    def open(self) -> None:
        self._offer((self._own(),))
        self._sticks.start()
        super().open()

    def show_source(self, source: Source) -> None:
        """Show the pictures of a place."""
        self._source = source
        self._grid.show_pictures(())
        self._say(N_("Looking for pictures…"))
        self._jobs.run(
            lambda: find_pictures(source.folder),
            lambda found: self._found(source, found),
            failed=lambda _error: self._found(source, []),
        )
        self._mark_source()

    # Places -------------------------------------------------------------------------------

    def _own(self) -> Source:
        return Source(self._host.data_dir / PICTURES_DIR, "")

    def _sticks_seen(self, places: tuple[Place, ...]) -> None:
        sticks = tuple(Source(place.folder, place.name) for place in places)
        before = self._sources
        self._offer((*sticks, self._own()))
        new = [source for source in sticks if source not in before]
        if new:
            # Whoever plugs a stick in wants what is on it.
            self.show_source(new[0])
        elif self._source not in self._sources:
            self.show_source(self._sources[0])

    def _offer(self, sources: tuple[Source, ...]) -> None:
        if sources == self._sources:
            return
        self._sources = sources
        for old in self._group.buttons():
            self._group.removeButton(old)
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        while self._row.takeAt(0) is not None:
            pass
        for place, source in enumerate(sources):
            button = _SourceButton(source)
            button.clicked.connect(lambda _on=False, one=source: self.show_source(one))
            self._group.addButton(button, place)
            self._row.addWidget(button)
        self._row.addStretch(1)
        self._mark_source()
        self.fit()

    def _mark_source(self) -> None:
        for place, source in enumerate(self._sources):
            self._group.button(place).setChecked(source == self._source)

    # Pictures -----------------------------------------------------------------------------

    def _found(self, source: Source, found: list[FoundPicture]) -> None:
        if source != self._source or self._is_over:
            return
        self._grid.show_pictures(found)
        if found:
            self._say("")
        elif source.name:
            self._say(N_("There are no pictures on this stick."))
        else:
            self._say(N_("Plug in a USB stick with your pictures."))
        self._list.go_to(0)
        self.fit()
        self._read_next()

    def _read_next(self) -> None:
        """Have the next picture made that is seen; one at a time, so nothing piles up."""
        if self._is_reading or self._is_over:
            return
        seen = QRect(0, round(self._list.offset_px), self._list.width(), self._list.height())
        waiting = [card for card in self._grid.cards if not card.is_known]
        card = next((one for one in waiting if one.geometry().intersects(seen)), None)
        if card is None:
            return
        self._is_reading = True
        path, side_px = card.found.path, self._grid.thumbnail_px()
        self._jobs.run(
            lambda: read_thumbnail(path, side_px),
            lambda picture: self._show(path, picture),
            failed=lambda error: self._fail(path, error),
            ended=self._read_on,
        )

    def _show(self, path: Path, picture: QImage) -> None:
        for card in self._grid.cards:
            if card.found.path == path:
                card.show_picture(picture)

    def _fail(self, path: Path, _error: AppError) -> None:
        self._show(path, QImage())

    def _read_on(self) -> None:
        self._is_reading = False
        self._read_next()

    def _choose(self, path: Path) -> None:
        self.chosen.emit(path)
        self.close_sheet()

    def _let_go(self) -> None:
        self._is_over = True
        self._sticks.stop()
        self._jobs.shutdown()
        self._grid.show_pictures(())

    # How it looks -------------------------------------------------------------------------

    def _make_head(self, title: str) -> QHBoxLayout:
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(title, Role.TITLE))
        head.addStretch(1)
        head.addWidget(shut)
        return head

    def _say(self, msgid: str) -> None:
        """Show a sentence in the place of pictures; an empty one shows the pictures."""
        self._nothing.setVisible(bool(msgid))
        self._list.setVisible(not msgid)
        if msgid:
            self._nothing.set_msgid(msgid)

    @override
    def _size_content(self, widest_px: int, height_px: int) -> None:
        sizes = theme.metrics()
        width = min(sizes.px(_SHEET_MM), widest_px)
        tall = max(round(height_px * _LIST_SHARE), sizes.px(60))
        height = self._grid.height_for(width)
        self._list.setFixedSize(width, min(height, tall) or sizes.px(60))
        self._list.set_content_height(height)
        self._nothing.setFixedSize(width, sizes.px(60))
        self._row.setSpacing(sizes.gap_px)


class _SourceButton(TouchButton):
    """A place with pictures: a stick by its own name, or this display."""

    def __init__(self, source: Source) -> None:
        self._source = source
        icon = "usb" if source.name else "monitor"
        super().__init__(N_("This display"), icon, layout=Layout.BESIDE)
        self.setCheckable(True)

    @override
    def nextCheckState(self) -> None:
        """Stay: what is chosen follows from the place that is shown."""

    @override
    def retranslate(self) -> None:
        super().retranslate()
        if self._source.name:
            self.setText(self._source.name.replace("&", "&&"))
            self.setAccessibleName(self._source.name)
