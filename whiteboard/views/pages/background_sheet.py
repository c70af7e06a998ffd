"""Chooses what lies under the ink: the surface and what is printed on it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import (
    Choice,
    Layout,
    Look,
    Role,
    Text,
    TouchButton,
    TouchControl,
    fitting_font,
    painter_for,
)
from base.text import N_, _
from whiteboard.model.board import Board
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.painting.item_painting import paint_background
from whiteboard.views.pages.board_sheet import BoardSheet, paint_badge

_SURFACE_NAMES: Final = {
    Surface.BLACKBOARD: N_("Blackboard"),
    Surface.WHITE: N_("Whiteboard"),
}
_RULING_NAMES: Final = {
    Ruling.NONE: N_("Plain"),
    Ruling.GRID: N_("Grid"),
    Ruling.LINES: N_("Lines"),
    Ruling.DOTS: N_("Dots"),
    Ruling.GENKO: N_("Manuscript"),
    Ruling.STAFF: N_("Music"),
}
_COLUMNS: Final = 3
_PICTURE_MM: Final = (40.0, 25.0)
_SHOWN_PT: Final = 560.0
"""How much of a page's width a little picture shows: enough to know its ruling."""
_CORNERS_PT: Final = {Ruling.GENKO: (440.0, 210.0), Ruling.STAFF: (0.0, 20.0)}
"""Where the part that is shown begins, if not in the page's corner."""


class BackgroundSheet(BoardSheet):
    """All backgrounds as little pictures; a touch gives one to this page or to all."""

    def __init__(self, parent: QWidget, board: Board, person: str, page_id: str) -> None:
        super().__init__(parent, board, person, page_id)
        self._is_for_all = False
        self._cards: list[_BackgroundCard] = []
        self.content.addLayout(self._make_head())
        self._grids = QHBoxLayout()
        for surface in Surface:
            self._grids.addLayout(self._make_grid(surface))
        self.content.addLayout(self._grids)
        self.respace()

    def _make_head(self) -> QHBoxLayout:
        self._whose = Choice(
            [(N_("This page"), "square"), (N_("All pages"), "layout-grid")],
            layout=Layout.BESIDE,
        )
        self._whose.choose(0)
        self._whose.chosen.connect(self._choose_whose)
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("Background"), Role.TITLE))
        head.addStretch(1)
        head.addWidget(self._whose)
        head.addStretch(1)
        head.addWidget(shut)
        return head

    def _make_grid(self, surface: Surface) -> QGridLayout:
        grid = QGridLayout()
        grid.addWidget(Text(_SURFACE_NAMES[surface], Role.HINT), 0, 0, 1, _COLUMNS)
        for place, ruling in enumerate(Ruling):
            card = _BackgroundCard(Background(surface, ruling))
            card.clicked.connect(lambda _checked=False, c=card: self._take(c.background))
            row, column = divmod(place, _COLUMNS)
            grid.addWidget(card, row + 1, column)
            self._cards.append(card)
        return grid

    def _choose_whose(self, place: int) -> None:
        self._is_for_all = place == 1

    def _take(self, background: Background) -> None:
        """Give a background to the page, or to all, as one step."""
        pages = self.board.pages
        wanted = [p.id for p in pages if self._is_for_all or p.id == self.page_id]
        changed = [i for i in wanted if self.board.page(i).background != background]
        if changed:
            with self.board.change(self.person) as edit:
                for page_id in changed:
                    edit.set_background(page_id, background)

    @override
    def refresh(self) -> None:
        backgrounds = {p.id: p.background for p in self.board.pages}
        for card in self._cards:
            card.setChecked(card.background == backgrounds.get(self.page_id))

    @override
    def respace(self) -> None:
        sizes = theme.metrics()
        self._grids.setSpacing(sizes.px(10))
        for grid in self._grids.findChildren(QGridLayout):
            grid.setSpacing(sizes.px(3))


class _BackgroundCard(TouchControl):
    """A little picture of a background with its name."""

    def __init__(self, background: Background) -> None:
        self.background = background
        super().__init__(_RULING_NAMES[background.ruling])
        self.setCheckable(True)

    @override
    def nextCheckState(self) -> None:
        """Stay: what is chosen follows from the page, not from the touch."""

    @override
    def retranslate(self) -> None:
        super().retranslate()
        surface = _(_SURFACE_NAMES[self.background.surface])
        self.setAccessibleName(f"{surface}: {self.word}")

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        width, height = _PICTURE_MM
        return QSize(sizes.px(width), sizes.px(height) + sizes.px(8))

    @override
    def minimumSizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(24), sizes.px(_PICTURE_MM[1] + 8))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        word_px = sizes.px(8)
        box = QRectF(self.rect()).adjusted(0, 0, 0, -word_px)
        line = sizes.px(1.2) if self.isChecked() else sizes.line_px
        box = box.adjusted(line / 2, line / 2, -line / 2, -line / 2)
        self._paint_picture(painter, box)
        edge = colours.accent_ink if self.isChecked() or self.isDown() else colours.outline
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(edge), line))
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        if self.isChecked():
            paint_badge(painter, box)
        painter.setPen(QColor(colours.text))
        painter.setFont(fitting_font(self.word, self.width(), sizes.small_text_px))
        word_box = self.rect().adjusted(0, self.height() - word_px, 0, 0)
        painter.drawText(word_box, Qt.AlignmentFlag.AlignCenter, self.word)
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()

    def _paint_picture(self, painter: QPainter, box: QRectF) -> None:
        radius = theme.metrics().radius_px
        way = QPainterPath()
        way.addRoundedRect(box, radius, radius)
        scale = box.width() / _SHOWN_PT
        painter.save()
        painter.setClipPath(way)
        painter.translate(box.topLeft())
        painter.scale(scale, scale)
        left, top = _CORNERS_PT.get(self.background.ruling, (0.0, 0.0))
        painter.translate(-left, -top)
        part = QRectF(left, top, box.width() / scale, box.height() / scale)
        paint_background(painter, self.background, part, scale * self.devicePixelRatioF())
        painter.restore()
