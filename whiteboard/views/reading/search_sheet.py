"""Looking for words all over the board: a field, and what was found as it comes."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Sheet, ask_for_keys
from base.qt.widgets import Layout, Look, Role, Text, TouchButton, painter_for
from base.text import N_, _, ngettext
from whiteboard.model.finding import Finding
from whiteboard.services.reading.board_search import FINDINGS_MAX, BoardSearch, SearchState
from whiteboard.views.parts.lazy_rows import LazyRow, LazyRows

MAX_LETTERS: Final = 100
TYPING_PAUSE_MS: Final = 350
"""How long the keys rest before a search begins by itself."""
_WIDTH_MM: Final = 300.0
_MOST_ROWS: Final = 7
_LEAST_ROWS: Final = 2
_ROW_MM: Final = 18.0
_ROW_GAP_MM: Final = 2.5
_PILL_MM: Final = 24.0


class SearchSheet(Sheet):
    """Sought words and where they are; touching a row goes there.

    Args:
        parent: What it slides over.
        search: What looks; what it found last is shown again.
        has_documents: Whether documents are looked through, too.
    """

    chosen = Signal(object)
    """A row was touched: the `Finding`."""

    def __init__(
        self, parent: QWidget, search: BoardSearch, *, has_documents: bool = False
    ) -> None:
        self._search = search
        on_board, everywhere = N_("Find on the board"), N_("Find in documents and on the board")
        self._title = everywhere if has_documents else on_board
        self._field = QLineEdit()
        self._words = Text(role=Role.HINT, wrap=True)
        self._rows = LazyRows(self._make_row, _ROW_MM, _ROW_GAP_MM)
        super().__init__(parent)
        self._field.setMaxLength(MAX_LETTERS)
        self._field.setText(search.query)
        self._field.returnPressed.connect(self._search_now)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._begin)
        self._field.textEdited.connect(self._typed)
        self._go = TouchButton(N_("Find"), "search", layout=Layout.BESIDE, look=Look.MAIN)
        self._go.clicked.connect(self._search_now)
        self._stop = TouchButton(N_("Stop"), "x", layout=Layout.BESIDE)
        self._stop.clicked.connect(search.cancel)
        self._rows.touched.connect(self._choose)
        search.changed.connect(self._show)
        self._field_row = self._make_field_row()
        self.content.addLayout(self._make_head())
        self.content.addLayout(self._field_row)
        self.content.addWidget(self._words)
        self.content.addWidget(self._rows.list)
        self._retranslate()
        self._respace_parts()
        self._show()

    @property
    def field(self) -> QLineEdit:
        """Where the sought words are written."""
        return self._field

    @property
    def rows(self) -> LazyRows:
        """What was found."""
        return self._rows

    @property
    def words(self) -> str:
        """What is said about the search."""
        return self._words.text()

    def _make_head(self) -> QHBoxLayout:
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(self._title, Role.TITLE))
        head.addStretch(1)
        head.addWidget(shut)
        return head

    def _make_field_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self._field, 1)
        row.addWidget(self._stop)
        row.addWidget(self._go)
        return row

    def _make_row(self) -> LazyRow:
        return FindingRow(self._search)

    # What hands do ------------------------------------------------------------------------

    def _search_now(self) -> None:
        """Search, and let the keyboard on the screen make room for what is found."""
        self._begin()
        self.setFocus()

    def _typed(self) -> None:
        self._pause.start()

    def _begin(self) -> None:
        self._pause.stop()
        is_new = self._field.text() != self._search.query
        if is_new or self._search.state is SearchState.IDLE:
            self._rows.list.go_to(0)
            self._search.start(self._field.text())

    def _choose(self, place: int) -> None:
        if place < len(self._search.findings):
            finding = self._search.findings[place]
            self.close_sheet()
            self.chosen.emit(finding)

    # What is seen -------------------------------------------------------------------------

    def _show(self) -> None:
        self._words.set_plain(search_words(self._search))
        self._stop.setVisible(self._search.state is SearchState.RUNNING)
        self._go.setVisible(self._search.state is not SearchState.RUNNING)
        self._rows.show_count(len(self._search.findings))
        # Without findings the sheet is small, and the board is seen.
        self._rows.list.setVisible(len(self._search.findings) > 0)
        self.relayout()

    def _retranslate(self) -> None:
        self._field.setPlaceholderText(_("A word in a document, a text or a note"))
        self._field.setAccessibleName(_(self._title))
        self._words.set_plain(search_words(self._search))
        self.panel.setAccessibleName(_(self._title))

    def _respace_parts(self) -> None:
        sizes = theme.metrics()
        self._field.setFont(theme.font(sizes.body_text_px))
        self._field.setMinimumHeight(sizes.target_px + sizes.px(2))
        self._field_row.setSpacing(sizes.px(5))
        self._words.setMinimumHeight(sizes.px(9))

    def _fit(self) -> None:
        """Give the list the height that the keyboard on the screen leaves."""
        parent = self.parentWidget()
        if parent is None:
            return
        sizes = theme.metrics()
        edges = 2 * sizes.px(4) + 2 * sizes.px(8)
        width = min(sizes.px(_WIDTH_MM), parent.width() - edges)
        fixed = (
            edges
            + 3 * self.content.spacing()
            + 2 * (sizes.target_px + sizes.px(2))
            + max(sizes.px(9), self._words.heightForWidth(width))
        )
        step = self._rows.step_px
        room = (self._keys_top() - fixed) // step
        rows = min(_MOST_ROWS, max(_LEAST_ROWS, room))
        self._rows.list.setFixedSize(width, rows * step)
        # As wide without findings, so that only its height changes when they come.
        self.panel.setMinimumWidth(width + 2 * sizes.px(8))

    @override
    def relayout(self) -> None:
        self._fit()
        super().relayout()

    @override
    def open(self) -> None:
        self._fit()
        super().open()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._search.query:
            # After the sheet took the keyboard for itself.
            QTimer.singleShot(0, self._field, self._begin_writing)

    def _begin_writing(self) -> None:
        self._field.setFocus()
        ask_for_keys()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() == QEvent.Type.StyleChange:
            self._respace_parts()


def search_words(search: BoardSearch) -> str:
    """Return how far a search is, in a sentence or two."""
    count = len(search.findings)
    match search.state:
        case SearchState.IDLE:
            return ""
        case SearchState.RUNNING if not count:
            return _("Looking …")
        case SearchState.RUNNING:
            words = ngettext("Looking … %(count)d place", "Looking … %(count)d places", count)
            return words % {"count": count}
        case SearchState.FULL:
            words = _("The first %(count)d places. A longer word finds fewer.")
            return words % {"count": FINDINGS_MAX}
    parts = [_("Nothing was found.")]
    if count:
        words = ngettext("%(count)d place was found.", "%(count)d places were found.", count)
        parts = [words % {"count": count}]
    parts += [
        _("“%(name)s” has no text that could be searched: it may be scanned.") % {"name": name}
        for name in search.textless
    ]
    parts += [_("“%(name)s” could not be searched.") % {"name": name} for name in search.unread]
    return "\n".join(parts)


class FindingRow(LazyRow):
    """A page's number, and the text around what was found there, which is marked.

    Args:
        search: Whose findings it shows.
    """

    def __init__(self, search: BoardSearch) -> None:
        self._search = search
        self._finding: Finding | None = None
        self._number = 0
        super().__init__()

    @override
    def show_place(self, place: int) -> None:
        self._finding = self._search.findings[place]
        self._number = self._search.findings.number(place)
        super().show_place(place)

    @override
    def retranslate(self) -> None:
        if self._finding is not None:
            page = _("Page {number}").format(number=self._number)
            self.setAccessibleName(f"{page}: {self._finding.around}")
        super().retranslate()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        half = sizes.line_px / 2
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setBrush(QColor(colours.surface_pressed if self.isDown() else colours.surface))
        painter.setPen(QPen(QColor(colours.hairline), sizes.line_px))
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)
        if self._finding is not None:
            number = QRectF(0, 0, sizes.px(_PILL_MM), self.height())
            painter.setPen(QColor(colours.text_quiet))
            painter.setFont(theme.font(sizes.px(6.5), bold=True))
            painter.drawText(number, Qt.AlignmentFlag.AlignCenter, str(self._number))
            text = QRectF(self.rect()).adjusted(number.width(), 0, -sizes.px(4), 0)
            self._paint_text(painter, text, self._finding)
        self._paint_focus(painter, box, sizes.radius_px)
        painter.end()

    def _paint_text(self, painter: QPainter, box: QRectF, finding: Finding) -> None:
        """Paint one line, so that what was found is seen whole and marked."""
        sizes, colours = theme.metrics(), theme.tokens()
        plain, bold = theme.font(sizes.px(6.2)), theme.font(sizes.px(6.2), bold=True)
        before, found, after = (
            finding.around[: finding.begin],
            finding.around[finding.begin : finding.end],
            finding.around[finding.end :],
        )
        letters, heavy = QFontMetricsF(plain), QFontMetricsF(bold)
        found_px = heavy.horizontalAdvance(found)
        before_px = min(letters.horizontalAdvance(before), (box.width() - found_px) * 0.4)
        shown = letters.elidedText(before, Qt.TextElideMode.ElideLeft, max(before_px, 0.0) + 1)
        left = box.left()
        line = box.center().y() + (letters.ascent() - letters.descent()) / 2
        painter.setFont(plain)
        painter.setPen(QColor(colours.text))
        painter.drawText(QPointF(left, line), shown)
        left += letters.horizontalAdvance(shown)
        mark = QRectF(left, line - letters.ascent(), found_px, letters.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        rim = sizes.px(0.8)
        painter.drawRoundedRect(mark.adjusted(-rim, -rim, rim, rim), rim * 2, rim * 2)
        painter.setPen(QColor(colours.on_accent))
        painter.setFont(bold)
        painter.drawText(QPointF(left, line), found)
        left += found_px + sizes.px(1)
        painter.setPen(QColor(colours.text))
        painter.setFont(plain)
        rest = letters.elidedText(after, Qt.TextElideMode.ElideRight, box.right() - left)
        painter.drawText(QPointF(left, line), rest)
