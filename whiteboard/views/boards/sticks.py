"""USB sticks on the glass: which are plugged in, and rows to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import TouchControl, paint_icon, painter_for
from base.text import _
from whiteboard.model.board_words import size_text
from whiteboard.services.taking.board_jobs import Jobs, Place, Taken, look_at_sticks

POLL_MS: Final = 1000


class StickWatch(QObject):
    """Tells which sticks are plugged in while somebody wants to know.

    Args:
        folders: Returns the folders of the sticks; quick.
        jobs: Where a stick is looked at: a worn one may take seconds to answer.
        every_ms: How often.
    """

    changed = Signal(object)
    """The sticks that answer now: a tuple of `Place`."""

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        jobs: Jobs,
        parent: QObject | None = None,
        *,
        every_ms: int = POLL_MS,
    ) -> None:
        super().__init__(parent)
        self._folders = folders
        self._jobs = jobs
        self._known: tuple[Path, ...] | None = None
        self._timer = QTimer(self, interval=every_ms)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Look now and keep looking; `changed` comes at least once."""
        self._known = None
        self._look()
        self._timer.start()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _look(self) -> None:
        folders = tuple(self._folders())
        if folders == self._known:
            return
        self._known = folders
        self._jobs.run(lambda: look_at_sticks(folders), self._seen)

    def _seen(self, places: tuple[Place, ...]) -> None:
        if self._timer.isActive():
            self.changed.emit(places)


def stick_words(place: Place) -> str:
    """Return a line about the room on a place."""
    return _("%(size)s free") % {"size": size_text(place.free_bytes)}


def taken_words(taken: Taken) -> str:
    """Return where files lie, and whether the stick may be pulled."""
    first = taken.files[0].name
    if taken.place.is_stick:
        return _("Saved to %(stick)s: %(name)s. You can take the stick out now.") % {
            "stick": taken.place.name,
            "name": first,
        }
    return _("Saved on this display: %(path)s") % {"path": str(taken.files[0])}


class RowButton(TouchControl):
    """A row to touch: an icon, a name, and a quiet line under it.

    The words are not texts of ours: the name of a stick, of a file, of a printer.

    Args:
        icon: Name of the icon.
        name: Returns the name in the language in use.
        details: Returns the line under it; empty for none.
    """

    height_mm: ClassVar[float] = 24.0
    name_mm: ClassVar[float] = 6.5
    details_mm: ClassVar[float] = 5.0
    icon_mm: ClassVar[float] = 10.0

    def __init__(
        self,
        icon: str,
        name: Callable[[], str],
        details: Callable[[], str] = lambda: "",
        parent: QWidget | None = None,
    ) -> None:
        self._icon_name = icon
        self._name = name
        self._details = details
        super().__init__("", parent)

    @override
    def retranslate(self) -> None:
        self.setText(self._name().replace("&", "&&"))
        self.setAccessibleName(self._name())
        self.setAccessibleDescription(self._details())
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        name = QFontMetrics(theme.font(sizes.px(self.name_mm), bold=True)).horizontalAdvance(
            self.word
        )
        small = QFontMetrics(theme.font(sizes.px(self.details_mm)))
        details = small.horizontalAdvance(self.accessibleDescription())
        width = max(name, details) + sizes.px(5 + self.icon_mm + 4 + 6)
        return QSize(min(max(width, sizes.px(60)), sizes.px(150)), sizes.px(self.height_mm))

    @override
    def minimumSizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(40), sizes.px(self.height_mm))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setBrush(QColor(colours.surface_pressed if self.isDown() else colours.surface))
        painter.setPen(QPen(QColor(colours.outline), sizes.line_px))
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        icon_box = QRect(sizes.px(5), 0, sizes.px(self.icon_mm), self.height())
        ratio = self.devicePixelRatioF()
        paint_icon(painter, self._icon_name, colours.text, icon_box, ratio)
        left = icon_box.right() + sizes.px(4)
        width = self.width() - left - sizes.px(5)
        details = self.accessibleDescription()
        lines = [(theme.font(sizes.px(self.name_mm), bold=True), colours.text, self.word)]
        if details:
            lines.append((theme.font(sizes.px(self.details_mm)), colours.text_quiet, details))
        gap = sizes.px(2)
        heights = [QFontMetrics(made).height() for made, _ink, _words in lines]
        top = (self.height() - sum(heights) - gap * (len(lines) - 1)) // 2
        for (made, ink, words), height in zip(lines, heights, strict=True):
            painter.setFont(made)
            painter.setPen(QColor(ink))
            shown = QFontMetrics(made).elidedText(words, Qt.TextElideMode.ElideMiddle, width)
            box_px = QRect(left, top, width, height)
            # The face reaches below its own line with an underscore.
            painter.drawText(box_px, Qt.TextFlag.TextDontClip, shown)
            top += height + gap
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()
