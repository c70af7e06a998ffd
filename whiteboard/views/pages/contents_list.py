"""The contents of the documents on a board: headings that lead to their pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPaintEvent, QPen
from typing_extensions import override

from base.qt import theme
from base.qt.widgets import painter_for
from base.text import _
from whiteboard.model.contents import Heading, contents_of, current_heading
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.views.parts.lazy_rows import LazyRow, LazyRows

_ROW_MM: Final = 17.0
_GAP_MM: Final = 2.0
_INDENT_MM: Final = 9.0
_MOST_INDENTS: Final = 6
_NUMBER_MM: Final = 24.0


class ContentsList(QObject):
    """What the documents of a board say of their contents.

    Args:
        open_board: The board; documents that are not open yet are opened.
    """

    chosen = Signal(str)
    """The id of the page whose heading was touched."""
    changed = Signal()
    """There are headings now, or others: a document was opened."""

    def __init__(self, open_board: OpenBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = open_board
        self._headings: Sequence[Heading] = ()
        self._current: int | None = None
        self._seen: int | None = None
        self.rows = LazyRows(self._make_row, _ROW_MM, _GAP_MM)
        self.rows.touched.connect(self._touched)
        documents = open_board.documents
        if documents is not None:
            documents.opened.connect(self.changed)
            for document in {
                page.sheet.document for page in open_board.board.pages if page.sheet
            }:
                documents.open(document)

    @property
    def headings(self) -> Sequence[Heading]:
        """The headings, in order."""
        return self._headings

    @property
    def current(self) -> int | None:
        """The place of the heading that the page which is shown belongs to."""
        return self._current

    def refresh(self, page_id: str) -> None:
        """Show what there is now, and where the person is."""
        board, documents = self._open.board, self._open.documents
        names = {document: record.name for document, record in board.documents.items()}
        infos = {} if documents is None else {d: documents.info(d) for d in names}
        outlines = {d: info.outline for d, info in infos.items() if info is not None}
        self._headings = contents_of(board.pages, outlines, names)
        ids = [page.id for page in board.pages]
        number = ids.index(page_id) + 1 if page_id in ids else 1
        self._current = current_heading(self._headings, number)
        self.rows.show_count(len(self._headings))
        if self._current is not None and self._current != self._seen:
            self._seen = self._current
            self.rows.see(self._current)

    def see_current(self) -> None:
        """Scroll to the heading of the page that is shown."""
        if self._current is not None:
            self.rows.see(self._current)

    @property
    def height_px(self) -> int:
        """How tall all rows are together."""
        return len(self._headings) * self.rows.step_px

    def _make_row(self) -> LazyRow:
        return _HeadingRow(self)

    def _touched(self, place: int) -> None:
        if self._headings[place].page_id:
            self.chosen.emit(self._headings[place].page_id)


class _HeadingRow(LazyRow):
    """A heading, indented by its depth, with the number of its page.

    Args:
        contents: What it shows a place of.
    """

    def __init__(self, contents: ContentsList) -> None:
        self._contents = contents
        self._heading = Heading("", 0)
        self._is_current = False
        super().__init__()

    @override
    def show_place(self, place: int) -> None:
        self._heading = self._contents.headings[place]
        self._is_current = self._contents.current == place
        self.setEnabled(bool(self._heading.page_id))
        super().show_place(place)

    @override
    def retranslate(self) -> None:
        page = _("Page {number}").format(number=self._heading.number)
        self.setAccessibleName(f"{self._heading.title}, {page}")
        super().retranslate()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        box = QRectF(self.rect())
        is_marked = self._is_current
        if is_marked or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.surface_pressed))
            painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        else:
            painter.setPen(QPen(QColor(colours.hairline), sizes.line_px))
            painter.drawLine(box.bottomLeft(), box.bottomRight())
        if is_marked:
            # A bar before it: where one is can be told without colours.
            bar = QRectF(0, sizes.px(2.5), sizes.px(1.6), box.height() - sizes.px(5))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(bar, bar.width() / 2, bar.width() / 2)
        level = min(self._heading.level, _MOST_INDENTS)
        left = sizes.px(5) + level * sizes.px(_INDENT_MM)
        number_px = sizes.px(_NUMBER_MM)
        text = box.adjusted(left, 0, -number_px, 0)
        is_bold = level == 0 or is_marked
        painter.setFont(theme.font(sizes.px(6.5 if level == 0 else 6.0), bold=is_bold))
        painter.setPen(QColor(colours.text if self.isEnabled() else colours.text_quiet))
        words = painter.fontMetrics().elidedText(
            self._heading.title, Qt.TextElideMode.ElideRight, int(text.width())
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(text, middle | Qt.AlignmentFlag.AlignLeft, words)
        if self._heading.number:
            painter.setFont(theme.font(sizes.px(6)))
            painter.setPen(QColor(colours.text if is_marked else colours.text_quiet))
            number = box.adjusted(box.width() - number_px, 0, -sizes.px(4), 0)
            right = middle | Qt.AlignmentFlag.AlignRight
            painter.drawText(number, right, str(self._heading.number))
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()
