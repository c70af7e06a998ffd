"""All pages of the board: go to one, add, copy, move, delete, change what lies under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget
from shiboken6 import isValid
from typing_extensions import override

from base.board_doc import Item
from base.feature import Notice
from base.qt import theme
from base.qt.widgets import Choice, Layout, Look, Role, Text, TouchButton
from base.text import N_, _
from whiteboard.model.board import Board
from whiteboard.model.page import Page
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.thumbnails import Thumbnails
from whiteboard.views.pages.background_sheet import BackgroundSheet
from whiteboard.views.pages.board_sheet import BoardSheet
from whiteboard.views.pages.contents_list import ContentsList
from whiteboard.views.pages.page_cards import PageGrid
from whiteboard.views.parts.finger_list import FingerList, marker_room_px

_MOST_ROWS: Final = 2
_WIDEST_SHARE: Final = 0.94
_CONTENTS_MM: Final = 300.0
_CONTENTS_SHARE: Final = 0.66


class PageSheet(BoardSheet):
    """The pages as cards; buttons below act on the page that is shown.

    Touching a card goes there at once; the sheet stays, so one can leaf through. Each
    change is one step of the person's undo. Where documents have an outline, a second tab
    shows it.

    Args:
        parent: What it slides over.
        open_board: The board.
        person: Whose steps its changes are.
        page_id: The page that the person sees.
        thumbnails: Of this board.
    """

    page_chosen = Signal(str)
    """The page to go to."""
    number_asked = Signal()
    """The person wants to type the number of a page."""
    find_asked = Signal()
    """The person wants to look for words."""
    strip_asked = Signal()
    """The person wants the pages beside the page that is shown."""
    notice_asked = Signal(object)
    """Something to tell with a way back: a `Notice`."""

    def __init__(
        self,
        parent: QWidget,
        open_board: OpenBoard,
        person: str,
        page_id: str,
        thumbnails: Thumbnails,
    ) -> None:
        super().__init__(parent, open_board.board, person, page_id)
        self.thumbnails = thumbnails
        self._can_change = not open_board.file.read_only
        board = open_board.board
        self._grid = PageGrid(thumbnails.image, lambda page_id: bool(board.items(page_id)))
        self._grid.touched.connect(self._go)
        self._list = FingerList(self._grid)
        self._list.scrolled.connect(self._show_part)
        self._backgrounds: BackgroundSheet | None = None
        self.contents = ContentsList(open_board, self)
        self.contents.chosen.connect(self._go)
        self.contents.changed.connect(self.refresh)
        self._make_buttons()
        self._head, self._actions = self._make_head(), self._make_actions()
        self.content.addLayout(self._head)
        self.content.addWidget(self._list)
        self.content.addWidget(self.contents.rows.list)
        self.content.addWidget(self._buttons)
        self._show_tab(0)
        thumbnails.painted.connect(self._painted)
        self.respace()

    @override
    def open(self) -> None:
        super().open()
        self._see_current()

    @override
    def refresh(self) -> None:
        pages = self.board.pages
        if pages and self.page_id not in {page.id for page in pages}:
            self.page_id = pages[0].id
        self._grid.show_pages(pages, self.page_id)
        place = self._index()
        self._about.set_plain(_("Page {number}").format(number=place + 1))
        self._before.setEnabled(self._can_change and place > 0)
        self._behind.setEnabled(self._can_change and place < len(pages) - 1)
        for button in (self._add, self._copy, self._paper, self._turn, self._delete):
            button.setEnabled(self._can_change)
        is_sheet = bool(pages) and pages[place].sheet is not None
        self._paper.setVisible(not is_sheet)
        self._turn.setVisible(is_sheet)
        # The document itself stays as it is: its page is only not in this row any more.
        self._delete.set_msgid(N_("Leave out") if is_sheet else N_("Delete"))
        self.contents.refresh(self.page_id)
        has_contents = bool(self.contents.headings)
        self._title.setVisible(not has_contents)
        self.tabs.setVisible(has_contents)
        self._fit()

    @override
    def respace(self) -> None:
        sizes = theme.metrics()
        self._actions.setSpacing(sizes.gap_px * 3 // 4)
        self._fit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.refresh()
        super().changeEvent(event)

    @override
    def let_go(self) -> None:
        super().let_go()
        if self._backgrounds is not None:
            self._backgrounds.let_go()

    def _make_buttons(self) -> None:
        self._about = Text(role=Role.HINT)
        self._add = TouchButton(N_("Add page"), "plus", look=Look.MAIN)
        self._add.clicked.connect(self._add_page)
        self._before = TouchButton(N_("Move earlier"), "arrow-left")
        self._before.clicked.connect(lambda: self._move(-1))
        self._behind = TouchButton(N_("Move later"), "arrow-right")
        self._behind.clicked.connect(lambda: self._move(1))
        self._copy = TouchButton(N_("Duplicate"), "copy")
        self._copy.clicked.connect(self._duplicate)
        self._paper = TouchButton(N_("Background"), "grid-3x3")
        self._paper.clicked.connect(self._choose_background)
        self._turn = TouchButton(N_("Turn"), "rotate-cw")
        self._turn.clicked.connect(self._turn_page)
        self._delete = TouchButton(N_("Delete"), "trash-2")
        self._delete.clicked.connect(self._delete_page)

    def _make_head(self) -> QHBoxLayout:
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        self._title = Text(N_("Pages"), Role.TITLE)
        self.tabs = Choice(((N_("Pages"), "layout-grid"), (N_("Contents"), "list-tree")))
        self.tabs.choose(0)
        self.tabs.chosen.connect(self._show_tab)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self.tabs)
        head.addStretch(1)
        find = TouchButton(N_("Find"), "search", layout=Layout.BESIDE, look=Look.BARE)
        find.clicked.connect(self.find_asked)
        number = TouchButton(N_("By number"), "hash", layout=Layout.BESIDE, look=Look.BARE)
        number.clicked.connect(self.number_asked)
        strip = TouchButton(N_("Beside"), "panel-left", layout=Layout.BESIDE, look=Look.BARE)
        strip.clicked.connect(self.strip_asked)
        for button in (find, number, strip, shut):
            head.addWidget(button)
        return head

    def _make_actions(self) -> QHBoxLayout:
        self._buttons = QWidget()
        actions = QHBoxLayout(self._buttons)
        actions.setContentsMargins(0, 0, 0, 0)
        actions.addWidget(self._about)
        for button in (
            self._before,
            self._behind,
            self._copy,
            self._paper,
            self._turn,
            self._delete,
        ):
            actions.addWidget(button)
        actions.addStretch(1)
        actions.addWidget(self._add)
        return actions

    def _show_tab(self, place: int) -> None:
        """Show the pages as cards, or the contents of their documents."""
        is_contents = place == 1
        self._list.setVisible(not is_contents)
        self._buttons.setVisible(not is_contents)
        self.contents.rows.list.setVisible(is_contents)
        self._fit()
        if is_contents:
            self.contents.see_current()
        self.relayout()

    # What hands do ------------------------------------------------------------------------

    def _go(self, page_id: str) -> None:
        self.show_page(page_id)
        self.page_chosen.emit(page_id)

    def _go_and_see(self, page_id: str) -> None:
        self._go(page_id)
        self._see_current()

    def _see_current(self) -> None:
        span = self._grid.span_of(self.page_id)
        if span is not None:
            self._list.ensure_span(*span)

    def _show_part(self) -> None:
        self._grid.show_part(round(self._list.offset_px), self._list.height())

    def _add_page(self) -> None:
        page = self.board.page(self.page_id)
        with self.board.change(self.person) as edit:
            added = edit.add_page(self._index() + 1, page.background)
        self._go_and_see(added)

    def _duplicate(self) -> None:
        with self.board.change(self.person) as edit:
            copy = edit.duplicate_page(self.page_id)
        self._go_and_see(copy)

    def _move(self, by: int) -> None:
        with self.board.change(self.person) as edit:
            edit.move_page(self.page_id, self._index() + by)
        self._see_current()

    def _turn_page(self) -> None:
        """Turn the page by a quarter, clockwise."""
        with self.board.change(self.person) as edit:
            edit.turn_page(self.page_id, 1)

    def _choose_background(self) -> None:
        parent = self.parentWidget()
        if parent is None or self._backgrounds is not None:
            return
        self._backgrounds = BackgroundSheet(parent, self.board, self.person, self.page_id)
        self._backgrounds.closed.connect(self._forget_backgrounds)
        self._backgrounds.open()

    def _forget_backgrounds(self) -> None:
        if self._backgrounds is not None:
            self._backgrounds.deleteLater()
            self._backgrounds = None

    def _delete_page(self) -> None:
        """Take the page away; the last one leaves an empty page in its place."""
        page = self.board.page(self.page_id)
        place, pages = self._index(), self.board.pages
        items = dict(self.board.items(page.id))
        # The neighbour is shown first: no view is ever without its page.
        if len(pages) > 1:
            self._go(pages[place + 1 if place + 1 < len(pages) else place - 1].id)
        with self.board.change(self.person) as edit:
            if len(pages) == 1:
                edit.add_page(1, page.background, page.width_pt, page.height_pt)
            edit.remove_page(page.id)
        if len(pages) == 1:
            self._go(self.board.pages[0].id)
        way_back = _WayBack(self.board, self.person, page, place, items)
        is_sheet = page.sheet is not None
        words = _("Page {number} is left out.") if is_sheet else _("Page {number} is deleted.")
        text = words.format(number=place + 1)
        notice = Notice(text, action_text=_("Undo"), action=lambda: self._bring_back(way_back))
        self.notice_asked.emit(notice)

    def _bring_back(self, way_back: _WayBack) -> None:
        page_id = way_back.take()
        # The notice with this action may be touched when the sheet is long gone.
        if isValid(self):
            self._go(page_id)

    # Where everything lies ----------------------------------------------------------------

    def _index(self) -> int:
        """Return the place of the page that is shown."""
        ids = [page.id for page in self.board.pages]
        return ids.index(self.page_id) if self.page_id in ids else 0

    def _painted(self, page_id: str) -> None:
        card = self._grid.card(page_id)
        if card is not None and self.isVisible():
            card.update()

    def _fit(self) -> None:
        """Give the list the width there is, and the height of its rows up to a few."""
        parent = self.parentWidget()
        if parent is None:
            return
        self._fit_contents(parent)
        margins = self.content.contentsMargins()
        width = round(parent.width() * _WIDEST_SHARE) - margins.left() - margins.right()
        rows_px, most_px = self._heights(width, parent.height())
        beside_px = marker_room_px() if rows_px > most_px else 0
        if beside_px:
            width -= beside_px
            rows_px, most_px = self._heights(width, parent.height())
        self._grid.set_full_width(width)
        needed_px = max(self._grid.width_for(width), self._actions.sizeHint().width())
        list_px = min(width, needed_px) + beside_px
        self._list.setFixedSize(list_px, max(1, min(rows_px, most_px)))
        self._list.set_content_height(rows_px)

    def _fit_contents(self, parent: QWidget) -> None:
        width = min(
            theme.metrics().px(_CONTENTS_MM), round(parent.width() * _WIDEST_SHARE * 0.9)
        )
        most = round(parent.height() * _CONTENTS_SHARE)
        height = max(1, min(self.contents.height_px, most))
        self.contents.rows.list.setFixedSize(width, height)

    def _heights(self, width_px: int, sheet_px: int) -> tuple[int, int]:
        """Return how tall all rows are, and how much of them is seen at most."""
        most_px = _MOST_ROWS * self._grid.row_px(width_px)
        return self._grid.height_for(width_px), min(most_px, round(sheet_px * 0.5))

    @override
    def relayout(self) -> None:
        self._fit()
        super().relayout()


class _WayBack:
    """Brings a deleted page back, whatever was done since.

    Args:
        board: The board.
        person: Who deleted it.
        page: The page as it was.
        place: Its place in the row.
        items: What lay on it.
    """

    def __init__(
        self, board: Board, person: str, page: Page, place: int, items: Mapping[str, Item]
    ) -> None:
        self._board, self._person = board, person
        self._page, self._place, self._items = page, place, items

    def take(self) -> str:
        """Bring the page back, unless it is back already; return its id."""
        if any(page.id == self._page.id for page in self._board.pages):
            return self._page.id
        page = self._page
        with self._board.change(self._person) as edit:
            page_id = edit.add_page(
                self._place, page.background, page.width_pt, page.height_pt, page.sheet
            )
            for item_id, item in self._items.items():
                edit.put(item_id, replace(item, page=page_id))
        return page_id
