"""Reading on one person's side: links, what was found, and the text under their marker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QPoint, QRect, QTimer, Signal
from PySide6.QtWidgets import QWidget

from base.board_doc import BrushKind, Item, StrokeItem
from base.feature import Notice
from base.qt import theme
from base.text import _
from whiteboard.model.board import BoardChange
from whiteboard.model.bounds import Rect, item_bounds, united
from whiteboard.model.document import Link, SheetRef
from whiteboard.model.effects import Tapped, TextMarked
from whiteboard.model.finding import Finding
from whiteboard.model.page import Page
from whiteboard.model.sheet_space import boxes_on_page, sheet_to_page
from whiteboard.model.text_marker import PageText, marked_text, text_of
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.reading.board_search import BoardSearch
from whiteboard.services.taking.clipboard import BoardClipboard
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.parts.placing import place_beside
from whiteboard.views.reading.reading_bars import BackBar, CopyBar, FindBar, ReadingBar

ASK_MS: Final = 150
"""How long a page is looked at before its text is asked for: leafing costs nothing."""
GLOW_MS: Final = 6000
FADE_MS: Final = 40
FADE_STEPS: Final = 8
COPY_MS: Final = 8000
BACK_MS: Final = 60_000
_LINK_REACH_MM: Final = 2.0
_GAP_MM: Final = 6.0
_MARGIN_MM: Final = 3.0
_MOST_BACK: Final = 20


class Reading(QObject):
    """What a person does with the text of documents, besides writing on them.

    Args:
        open_board: The board.
        canvas: The person's view.
        pane: Where bars float; as large as the canvas.
        clipboard: Takes texts.
        choice: Returns what the person holds.
        taken: Returns where toolbars are, in the pane's pixels.
    """

    address_asked = Signal(str)
    """A link that leads outside was touched: its address."""
    list_asked = Signal()
    """All that was found is wanted."""
    notice_asked = Signal(object)
    """Something to tell: a `Notice`."""

    def __init__(
        self,
        open_board: OpenBoard,
        canvas: Canvas,
        pane: QWidget,
        clipboard: BoardClipboard,
        choice: Callable[[], ToolChoice],
        taken: Callable[[], list[QRect]],
    ) -> None:
        super().__init__(pane)
        self._texts = open_board.texts
        self._board = open_board.board
        self._canvas = canvas
        self._pane = pane
        self._clipboard = clipboard
        self._choice = choice
        self._taken = taken
        self._text: PageText | None = None
        self._text_of: Page | None = None
        self._is_writing = False
        self._shown: Finding | None = None
        self._back: list[str] = []
        self._copied = ""
        self._about = QRect()
        self._fade_step = 0
        self.search = BoardSearch(open_board)
        self.find_bar = FindBar(pane)
        self.back_bar = BackBar(pane)
        self.copy_bar = CopyBar(pane)
        self._ask_timer = QTimer(self, singleShot=True, interval=ASK_MS)
        self._glow_timer = QTimer(self, singleShot=True, interval=GLOW_MS)
        self._copy_timer = QTimer(self, singleShot=True, interval=COPY_MS)
        self._back_timer = QTimer(self, singleShot=True, interval=BACK_MS)
        self._connect()
        self._stop_listening = self._board.on_change(self._board_changed)
        self._page_changed()

    def _connect(self) -> None:
        canvas = self._canvas
        canvas.page_changed.connect(self._page_changed)
        canvas.tapped.connect(self._tapped)
        canvas.text_marked.connect(self._marked)
        canvas.writing_changed.connect(self._writing_changed)
        self.search.changed.connect(self._findings_changed)
        self.find_bar.previous_asked.connect(lambda: self._step(-1))
        self.find_bar.next_asked.connect(lambda: self._step(1))
        self.find_bar.list_asked.connect(self.list_asked)
        self.find_bar.closed.connect(self.end_search)
        self.back_bar.back_asked.connect(self.go_back)
        self.copy_bar.copy_asked.connect(self._copy_marked)
        for bar in self._bars():
            bar.resized.connect(self.place)
            canvas.writing_changed.connect(bar.set_shrunk)
            canvas.hand_seen.connect(bar.make_way)
        self._ask_timer.timeout.connect(self._ask)
        self._glow_timer.timeout.connect(self._fade)
        self._copy_timer.timeout.connect(lambda: self.copy_bar.want(False))
        self._back_timer.timeout.connect(self._forget_back)
        if self._texts is not None:
            self._texts.words_came.connect(self._words_came)

    # What the pane says -------------------------------------------------------------------

    @property
    def page_text(self) -> PageText | None:
        """The text of the page that is shown; None while it is not known, or has none."""
        return self._text

    def choice_changed(self) -> None:
        """Follow what the person holds: some tools need the text of the page."""
        if self._needs_words() and self._text is None:
            self._ask_timer.start()

    def text_marked_by(self, items: list[Item]) -> str:
        """Return the text of the page's document under highlighter strokes."""
        if self._text is None:
            return ""
        marks = [
            item
            for item in items
            if isinstance(item, StrokeItem) and item.brush is BrushKind.HIGHLIGHTER
        ]
        return self._text.words_under(item_bounds(mark) for mark in marks)

    def show_bars(self, is_shown: bool) -> None:
        """Show the bars that have something to offer, or hide them under a sheet."""
        for bar in self._bars():
            bar.setVisible(is_shown and bar.is_wanted)
        if is_shown:
            self.place()

    def place(self) -> None:
        """Follow the pane's size and its toolbars: bars stand above them, in the middle."""
        sizes = theme.metrics()
        room, gap = self._pane.rect(), sizes.px(_MARGIN_MM)
        floor = room.bottom() - gap
        for bar in (self.find_bar, self.back_bar):
            if not bar.is_wanted:
                continue
            bar.row.activate()
            box = QRect(QPoint(0, 0), bar.sizeHint().boundedTo(room.size()))
            box.moveCenter(room.center())
            box.moveBottom(floor)
            for taken in sorted(self._taken(), key=lambda taken: -taken.top()):
                if taken.adjusted(-gap, -gap, gap, gap).intersects(box):
                    box.moveBottom(taken.top() - gap)
            bar.setGeometry(box)
            bar.raise_()
            floor = box.top() - gap
        self._place_copy()

    def shutdown(self) -> None:
        """Let go of the board."""
        self.search.shutdown()
        self._stop_listening()
        for timer in (self._ask_timer, self._glow_timer, self._copy_timer, self._back_timer):
            timer.stop()
        if self._texts is not None:
            self._texts.words_came.disconnect(self._words_came)

    # The text under the marker ------------------------------------------------------------

    def _needs_words(self) -> bool:
        choice = self._choice()
        if choice.tool is ToolKind.HIGHLIGHTER:
            return choice.follows_text
        return choice.tool is ToolKind.LASSO

    def _page(self) -> Page | None:
        page_id = self._canvas.page_id
        return next((page for page in self._board.pages if page.id == page_id), None)

    def _page_changed(self) -> None:
        self._text = self._text_of = None
        self._ask_timer.start()
        self.copy_bar.want(False)
        self._glow_timer.stop()

    def _board_changed(self, change: BoardChange) -> None:
        if change.pages and self._text_of is not None and self._page() != self._text_of:
            # The page was turned: its text runs another way now.
            self._text = self._text_of = None
            self._ask_timer.start()

    def _writing_changed(self, is_writing: bool) -> None:
        self._is_writing = is_writing
        if is_writing:
            self.copy_bar.want(False)
        elif self._text is None:
            self._ask_timer.start()

    def _ask(self) -> None:
        """Ask for what is written on the page, once it is looked at and no hand writes."""
        page, texts = self._page(), self._texts
        if self._is_writing or page is None or page.sheet is None or texts is None:
            return
        texts.want_links(page.sheet)
        if self._needs_words():
            texts.want_words(page.sheet)
            self._take_words()

    def _words_came(self, _sheet: SheetRef) -> None:
        # Never while a hand writes: the end of the stroke asks again.
        if not self._is_writing:
            self._take_words()

    def _take_words(self) -> None:
        page, texts = self._page(), self._texts
        if self._text is not None or page is None or page.sheet is None or texts is None:
            return
        words = texts.words(page.sheet)
        if words is not None:
            self._text, self._text_of = text_of(words, sheet_to_page(page)), page

    def _marked(self, marked: TextMarked) -> None:
        self._copied = marked_text(marked.lines)
        around = united(line.box for line in marked.lines)
        if around is None or not self._copied:
            return
        self._about = _view_rect(self._canvas, around)
        self.copy_bar.want(True)
        self._place_copy()
        self._copy_timer.start()

    def _place_copy(self) -> None:
        if not self.copy_bar.is_wanted:
            return
        gap = theme.metrics().px(_GAP_MM)
        room = self._pane.rect().adjusted(gap, gap, -gap, -gap)
        self.copy_bar.row.activate()
        size = self.copy_bar.sizeHint()
        taken = [*self._taken(), self.find_bar.geometry(), self.back_bar.geometry()]
        self.copy_bar.setGeometry(place_beside(self._about, size, room, taken, gap))
        self.copy_bar.raise_()

    def _copy_marked(self) -> None:
        self._clipboard.copy_text(self._copied)
        self.copy_bar.want(False)
        self.notice_asked.emit(Notice(_("The text is copied.")))

    # Links --------------------------------------------------------------------------------

    def _tapped(self, tapped: Tapped) -> None:
        page, texts = self._page(), self._texts
        if page is None or page.sheet is None or texts is None:
            return
        link = self._link_at(page, texts.links(page.sheet), tapped)
        if link is None:
            return
        if link.sheet is None:
            if link.url:
                self.address_asked.emit(link.url)
            return
        self._follow(page, page.sheet.document, link.sheet)

    def _link_at(self, page: Page, links: tuple[Link, ...], tapped: Tapped) -> Link | None:
        """Return the link under a tap, else the one just beside it."""
        reach = _LINK_REACH_MM * theme.metrics().px_per_mm / self._canvas.viewport.scale
        boxes = boxes_on_page(page, [link.box for link in links])
        for margin in (0.0, reach):
            for link, box in zip(links, boxes, strict=True):
                if box.outset(margin).contains_point(tapped.x_pt, tapped.y_pt):
                    return link
        return None

    def _follow(self, page: Page, document: str, sheet: int) -> None:
        target = next(
            (
                other
                for other in self._board.pages
                if other.sheet is not None
                and (other.sheet.document, other.sheet.number) == (document, sheet)
            ),
            None,
        )
        if target is None:
            words = _("The page this leads to is not on the board any more.")
            self.notice_asked.emit(Notice(words))
        elif target.id != page.id:
            self._back = [*self._back[1 - _MOST_BACK :], page.id]
            self._canvas.show_page(target.id)
            self._offer_back()

    def go_back(self) -> None:
        """Go back to the page the last link was touched on."""
        if self._back:
            page_id = self._back.pop()
            if page_id in {page.id for page in self._board.pages}:
                self._canvas.show_page(page_id)
        self._offer_back()

    def _offer_back(self) -> None:
        """Show the way back, if there is one, to a page that is still there."""
        numbers = {page.id: number for number, page in enumerate(self._board.pages, 1)}
        self._back = [page_id for page_id in self._back if page_id in numbers]
        self.back_bar.want(bool(self._back))
        if self._back:
            self.back_bar.set_number(numbers[self._back[-1]])
            self._back_timer.start()

    def _forget_back(self) -> None:
        self._back.clear()
        self.back_bar.want(False)

    # What was found -----------------------------------------------------------------------

    def show_finding(self, finding: Finding) -> None:
        """Go where something was found and show it there for a while."""
        if finding.page_id not in {page.id for page in self._board.pages}:
            self.notice_asked.emit(Notice(_("That page is not on the board any more.")))
            return
        self._shown = finding
        canvas = self._canvas
        canvas.show_page(finding.page_id)
        around = united(finding.boxes)
        if around is not None:
            self._bring_into_view(around)
        canvas.show_glow(finding.boxes)
        self._fade_step = 0
        self._glow_timer.start(GLOW_MS)
        self.find_bar.want(True)
        self._findings_changed()
        self.place()

    def end_search(self) -> None:
        """Put the search away."""
        self._shown = None
        self.find_bar.want(False)
        self.search.clear()
        self._glow_timer.stop()
        self._canvas.show_glow(())
        self.place()

    def _step(self, by: int) -> None:
        findings = self.search.findings
        place = findings.place_of(self._shown)
        if place is not None and 0 <= place + by < len(findings):
            self.show_finding(findings[place + by])

    def _findings_changed(self) -> None:
        place = self.search.findings.place_of(self._shown)
        if place is not None:
            self.find_bar.set_place(self.search.query, place, len(self.search.findings))
        elif self.find_bar.is_wanted:
            # Something else is sought now.
            self._shown = None
            self.find_bar.want(False)

    def _bring_into_view(self, box: Rect) -> None:
        """Move the page as little as it takes, so that no bar covers what was found."""
        canvas = self._canvas
        gap = theme.metrics().px(_GAP_MM)
        room = self._pane.rect().adjusted(gap, gap, -gap, -gap)
        place = _view_rect(canvas, box)
        taken = [*self._taken(), self.find_bar.geometry()]
        is_covered = any(bar.intersects(place) for bar in taken)
        if room.contains(place) and not is_covered:
            return
        middle = QPoint(room.center().x(), room.top() + room.height() * 2 // 5)
        across = 0 if room.left() <= place.left() and place.right() <= room.right() else 1
        way = middle - place.center()
        canvas.show_viewport(canvas.viewport.panned(way.x() * across, way.y()))

    def _fade(self) -> None:
        """Let the glow go in a few steps."""
        self._fade_step += 1
        if self._shown is None or self._fade_step > FADE_STEPS:
            self._canvas.show_glow(())
            return
        self._canvas.show_glow(self._shown.boxes, 1 - self._fade_step / (FADE_STEPS + 1))
        self._glow_timer.start(FADE_MS)

    def _bars(self) -> tuple[ReadingBar, ...]:
        return (self.find_bar, self.back_bar, self.copy_bar)


def _view_rect(canvas: Canvas, box: Rect) -> QRect:
    view = canvas.viewport.rect_to_view(box)
    return QRect(
        QPoint(round(view.left), round(view.top)), QPoint(round(view.right), round(view.bottom))
    )
