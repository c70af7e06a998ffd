"""One person's side of the board: the canvas with the tools they hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.feature import Notice, Weight
from base.options import Settings
from base.qt import theme
from base.text import N_, _
from whiteboard.model.board import BoardChange
from whiteboard.model.bounds import Rect
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.sheet_pixels import EDGE_RGB
from whiteboard.services.painting.thumbnails import Thumbnails
from whiteboard.services.taking.clipboard import (
    FileClip,
    file_paths,
    is_picture_name,
    read_mime,
)
from whiteboard.views.desk import Desk
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.page.facing import Facing
from whiteboard.views.page.leaf import Leaf, Surroundings
from whiteboard.views.page.meter import Meter
from whiteboard.views.pages.page_strip import PageStrip
from whiteboard.views.tray.edge_buttons import HEIGHT_SHARE, EdgeButtons
from whiteboard.views.tray.glass_button import SIDE_MM, GlassButton
from whiteboard.views.tray.home_bar import HomeBar
from whiteboard.views.tray.page_bar import PageBar
from whiteboard.views.tray.toolbar import Toolbar

DROP_STEP_PT: Final = 24.0
LEAST_MARGIN_PX: Final = 48
"""How far the page can be drawn away from the left and upper border."""
_GAP_MM: Final = 2.0
_SCROLL_SHARE: Final = 0.85
"""How much of what is seen a key scrolls: a few lines stay to go on reading from."""


class Pane(QWidget):
    """The canvas, the toolbar and the page bar of one person.

    Args:
        open_board: The board.
        person: Id of the person; their undo and the author of their ink.
        page_id: The page to begin with.
        surroundings: What is shared.
        values: The settings in force.
    """

    picture_asked = Signal()
    """The person wants a picture on their page."""
    pages_asked = Signal()
    """The person wants to see all pages."""
    present_asked = Signal()
    """The person wants what helps who presents."""
    home_asked = Signal()
    """The person wants to leave for the home screen."""
    more_asked = Signal()
    """The person wants what is not in the tray."""
    writing_changed = Signal(bool)
    """Whether a hand of the person is at work on the glass."""
    hand_seen = Signal(object)
    """Now and then while a hand is at work: where, a `QPoint` in the pane."""
    side_chosen = Signal(str)
    """The person moved their tools to a side."""
    alone_changed = Signal(bool)
    """The tools were put away, or brought back."""
    files_dropped = Signal(object)
    """Files other than pictures were dropped on the page: their paths, a list."""
    address_asked = Signal(str)
    """The person touched a link that leads outside: its address."""
    find_asked = Signal()
    """The person wants to see what was found."""
    failed = Signal(object)
    """An `AppError` to tell the person."""
    notice_asked = Signal(object)
    """Something to tell with a way back: a `Notice`."""

    def __init__(
        self,
        open_board: OpenBoard,
        person: str,
        page_id: str,
        surroundings: Surroundings,
        values: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._board = open_board.board
        self._around = surroundings
        self._choice = ToolChoice()
        self._values = values
        self.toolbar = Toolbar(self)
        self.page_bar = PageBar(self)
        self.home_bar = HomeBar(self)
        self.edges = EdgeButtons(self)
        self.tools_button = GlassButton(N_("Tools"), "chevron-up", self)
        self._strip: PageStrip | None = None
        self._open = open_board
        self._has_bars = True
        self._has_edges = True
        self._has_explained_fingers = self._do_fingers_write = False
        self._guests: dict[str, QRect] = {}
        self._is_alone = False
        self._has_sheets = False
        self._is_writing = False
        self._leaf = Leaf(
            open_board,
            person,
            page_id,
            surroundings,
            values,
            lambda: self._choice,
            self._bars,
            self,
        )
        self.canvas = self._leaf.canvas
        self.desk = self._leaf.desk
        self.reading = self._leaf.reading
        self._facing: Facing | None = None
        self._second: Leaf | None = None
        self._meter = Meter(surroundings.now_s, self)
        self._meter.hide()
        self.setAcceptDrops(True)
        self._connect()
        self._stop_listening = self._board.on_change(self._board_changed)
        self.take_settings(values)
        self.hold(self._choice)
        self._note_pages()

    @property
    def person(self) -> str:
        """Whose side it is."""
        return self.canvas.person

    @property
    def choice(self) -> ToolChoice:
        """What the person holds."""
        return self._choice

    def hold(self, choice: ToolChoice) -> None:
        """Put a tool into the person's hand."""
        if choice.tool is ToolKind.PICTURE:
            self.toolbar.set_choice(self._choice)
            self.picture_asked.emit()
            return
        before, self._choice = self._choice, choice
        self.toolbar.set_choice(choice)
        for leaf in self._leaves:
            leaf.hold(before, choice)
        if choice.tool is ToolKind.CHALK:
            # Half a second before the chalk can be on the board; without chalk there is
            # no loudspeaker to open.
            self._around.sound.start()
            self._around.sound.wake()

    def take_settings(self, values: Settings) -> None:
        """Follow the settings."""
        self._values = values
        for leaf in self._leaves:
            leaf.take_settings(values)
        self.toolbar.set_side(values.toolbar_side)
        if values.meter_on:
            self.canvas.meter = self._meter
            self._meter.start()
        else:
            self.canvas.meter = None
            self._meter.stop()
        self._dock()

    def undo(self) -> None:
        """Take back the person's last step: of writing, while a text is being written."""
        if any(leaf.desk.undo() for leaf in self._leaves):
            return
        for leaf in self._leaves:
            leaf.canvas.choose(())
        self._board.undo(self.person)

    def redo(self) -> None:
        """Do the person's last step again; see `undo`."""
        if any(leaf.desk.redo() for leaf in self._leaves):
            return
        for leaf in self._leaves:
            leaf.canvas.choose(())
        self._board.redo(self.person)

    def next_page(self) -> None:
        """Turn forward; behind the last page lies a new one, unless it is a document's."""
        if self._last_place() + 1 < len(self._board.pages):
            self.step(1)
        elif not self._has_sheets:
            self._add_page_behind(self._last_place())

    def go_on(self) -> None:
        """Turn forward; a page that is as wide as the view is first scrolled to its end."""
        if not self._scroll(1):
            self.next_page()

    def go_back(self) -> None:
        """Turn back; a page that is as wide as the view is first scrolled to its beginning."""
        if not self._scroll(-1):
            self.previous_page()

    def _scroll(self, direction: int) -> bool:
        """Scroll wide pages by most of their room; return whether there was any way to go."""
        have_moved = [_scroll(leaf.canvas, direction) for leaf in self._leaves]
        return any(have_moved)

    def previous_page(self) -> None:
        """Turn back."""
        self.step(-1)

    def add_page(self) -> None:
        """Put a new page behind the one at hand, with the same background, and turn to it."""
        ids = [page.id for page in self._board.pages]
        self._add_page_behind(ids.index(self.page_at_hand))

    def _add_page_behind(self, place: int) -> None:
        page = self._board.pages[place]
        with self._board.change(self.person) as edit:
            new_page = edit.add_page(place + 1, page.background, page.width_pt, page.height_pt)
        if self._facing is None:
            self.canvas.show_page(new_page)
        elif place + 1 not in (self._facing.first, self._facing.first + 1):
            self._facing.show(place + 1)

    def clear_page(self) -> None:
        """Wipe the page at hand, as one step; a notice offers the way back."""
        self._at_hand.canvas.choose(())
        item_ids = list(self._board.items(self.page_at_hand))
        if not item_ids:
            return
        with self._board.change(self.person) as edit:
            for item_id in item_ids:
                edit.remove(item_id)
        words = _("The page is clear.")
        self.notice_asked.emit(Notice(words, Weight.CALM, _("Undo"), self.undo))

    def paste(self) -> None:
        """Put what was copied into the middle of the view."""
        self._at_hand.desk.paste()

    def fit_page(self) -> None:
        """Show the whole page."""
        for leaf in self._leaves:
            leaf.canvas.fit_page()

    def fit_width(self) -> None:
        """Show the page as wide as the view."""
        for leaf in self._leaves:
            leaf.canvas.fit_width()

    def toggle_fit(self) -> None:
        """Show the page as wide as there is room, or whole again."""
        if self.canvas.viewport.is_width_fitted and not self.canvas.viewport.is_whole:
            self.fit_page()
        else:
            self.fit_width()

    def go_to(self, place: int) -> None:
        """Turn to the page at a place from 0; before the first and behind the last to those."""
        pages = self._board.pages
        place = min(max(place, 0), len(pages) - 1)
        if self._facing is not None:
            self._facing.show(place)
        else:
            self.canvas.show_page(pages[place].id)

    def go_to_last(self) -> None:
        """Turn to the last page."""
        self.go_to(len(self._board.pages) - 1)

    def step(self, by: int) -> None:
        """Turn so many times, as far as there are pages; makes no new page."""
        if self._facing is not None:
            self._facing.turn(by)
        else:
            self.go_to(self._place() + by)

    # Two pages ----------------------------------------------------------------------------

    @property
    def is_facing(self) -> bool:
        """Whether two pages are shown side by side."""
        return self._facing is not None

    @property
    def runs_leftward(self) -> bool:
        """Whether they are, and the next page lies on the left."""
        return self._facing is not None and self._facing.runs_leftward

    @property
    def page_at_hand(self) -> str:
        """The id of the page that is shown; of two the one that was touched last."""
        return self._at_hand.canvas.page_id

    @property
    def second(self) -> Leaf | None:
        """What lies on the right of two pages; `canvas` is on the left."""
        return self._second

    def show_two_pages(self, *, runs_leftward: bool = False) -> None:
        """Show the page that is at hand and the next one beside it.

        Args:
            runs_leftward: Whether the next page lies on the left.
        """
        if self._facing is not None and self._facing.runs_leftward is runs_leftward:
            return
        place = self._place()
        self.show_one_page()
        self._second = second = self._make_second()
        facing = Facing(self._board, self._leaf, second, runs_leftward=runs_leftward)
        self._facing = facing
        facing.changed.connect(self._note_pages)
        self.edges.set_leftward(is_leftward=runs_leftward)
        second.take_settings(self._values)
        if self._do_fingers_write:
            second.let_fingers_write()
        second.hold(self._choice, self._choice)
        second.canvas.set_swipes(do_turn=self._has_sheets)
        second.reading.show_bars(self._has_bars)
        second.host.show()
        facing.show(place)
        self._dock()

    def show_one_page(self) -> None:
        """Show one page again: the one that was touched last."""
        if self._facing is None or self._second is None:
            return
        page_id, second = self.page_at_hand, self._second
        self._facing.close()
        self._facing = self._second = None
        second.shutdown()
        second.host.hide()
        second.host.deleteLater()
        self.edges.set_leftward(is_leftward=False)
        self.canvas.setGeometry(self.rect())
        self.canvas.show_page(page_id)
        self._note_pages()
        self._dock()

    def _make_second(self) -> Leaf:
        host = QWidget(self)

        def taken() -> list[QRect]:
            return [bar.translated(-host.pos()) for bar in self._bars()]

        second = Leaf(
            self._open,
            self.person,
            self.canvas.page_id,
            self._around,
            self._values,
            lambda: self._choice,
            taken,
            host,
        )
        # Below the tools and whatever else lies over the page.
        host.lower()
        self.canvas.lower()
        self._connect_leaf(second)
        return second

    @property
    def _leaves(self) -> tuple[Leaf, ...]:
        return (self._leaf,) if self._second is None else (self._leaf, self._second)

    @property
    def _at_hand(self) -> Leaf:
        return self._leaf if self._facing is None else self._facing.touched

    # The tools ----------------------------------------------------------------------------

    @property
    def is_alone(self) -> bool:
        """Whether the page is alone on the glass, without the tools."""
        return self._is_alone

    def set_alone(self, is_alone: bool) -> None:
        """Put the tools away so that the page takes the whole view, or bring them back.

        What is in hand stays there. A button in the corner brings the tools back.
        """
        if is_alone == self._is_alone:
            return
        self._is_alone = is_alone
        self.toolbar.close_drawers()
        self._follow_bars()
        self._dock()
        self.alone_changed.emit(is_alone)

    def show_bars(self, is_shown: bool) -> None:
        """Show the tools, or hide them while a sheet lies over them."""
        self._has_bars = is_shown
        self._follow_bars()

    def show_edges(self, is_shown: bool) -> None:
        """Show the buttons that turn at the edges, or hide them while handles lie there."""
        self._has_edges = is_shown
        self._follow_bars()

    def keep_off(self, name: str, box: QRect) -> None:
        """Keep the page and the buttons at its edges off something that lies over the view.

        Args:
            name: What it is; the last place of each counts.
            box: Where it lies, px of the pane; empty when it has gone.
        """
        box = box & self.rect()
        if box == self._guests.get(name, QRect()) or (
            box.isEmpty() and name not in self._guests
        ):
            return
        self._guests[name] = box
        if box.isEmpty():
            del self._guests[name]
        self._dock()

    @property
    def strip(self) -> PageStrip | None:
        """The pages beside the page, where they are shown."""
        return self._strip

    def show_strip(self, thumbnails: Thumbnails) -> None:
        """Show the pages in a column beside the page.

        Args:
            thumbnails: Of this board.
        """
        if self._strip is None:
            self._strip = PageStrip(self, self._open, thumbnails)
            self._strip.chosen.connect(self.canvas.show_page)
            self._strip.closed.connect(self.hide_strip)
        self._follow_bars()
        self._dock()
        self._strip.show_page(self.canvas.page_id)

    def hide_strip(self) -> None:
        """Put the column of pages away."""
        if self._strip is not None:
            self._strip.hide()
            self._strip.deleteLater()
            self._strip = None
            self._dock()

    def _follow_bars(self) -> None:
        if self._strip is not None:
            self._strip.setVisible(self._has_bars)
        has_tools = self._has_bars and not self._is_alone
        for bar in (self.toolbar, self.page_bar, self.home_bar):
            bar.setVisible(has_tools)
        self.edges.set_shown(self._has_bars and self._has_edges)
        for leaf in self._leaves:
            leaf.reading.show_bars(self._has_bars)
        self.tools_button.set_due(self._has_bars and self._is_alone)

    def shutdown(self) -> None:
        """Let go of the board."""
        self._meter.stop()
        self._stop_listening()
        for leaf in self._leaves:
            leaf.shutdown()

    def insert_picture(self, path: Path) -> None:
        """Put the picture of a file into the middle of the view, held by the lasso."""
        self._at_hand.desk.insert_picture(path)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        # What no page covers: the seam of two pages, the side that an odd one leaves empty.
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(*EDGE_RGB))
        painter.end()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        for leaf in self._leaves:
            leaf.desk.editor.commit()
        super().hideEvent(event)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        at = event.position().toPoint()
        leaf = self._leaf_at(at)
        at = leaf.canvas.mapFrom(self, at)
        x, y = leaf.canvas.viewport.to_page(at.x(), at.y())
        paths = file_paths(event.mimeData())
        pictures = [path for path in paths if is_picture_name(path)]
        others = [path for path in paths if path not in pictures]
        for number, path in enumerate(pictures):
            # Each a little beside the one before, so that all of them can be got hold of.
            step = number * DROP_STEP_PT
            leaf.desk.take_in(FileClip(path), (x + step, y + step))
        if others:
            self.files_dropped.emit(others)
        clip = None if paths else read_mime(event.mimeData())
        if clip is not None:
            leaf.desk.take_in(clip, (x, y))
        if paths or clip is not None:
            event.acceptProposedAction()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._facing is None:
            self.canvas.setGeometry(self.rect())
        self._dock()

    def _leaf_at(self, place: QPoint) -> Leaf:
        second = self._second
        is_there = second is not None and second.host.geometry().contains(place)
        return second if second is not None and is_there else self._leaf

    def _connect(self) -> None:
        bar, pages = self.toolbar, self.page_bar
        bar.choice_changed.connect(self.hold)
        bar.undo_asked.connect(self.undo)
        bar.redo_asked.connect(self.redo)
        bar.more_asked.connect(self.more_asked)
        bar.side_changed.connect(self.side_chosen)
        pages.previous_asked.connect(self.previous_page)
        pages.next_asked.connect(self.next_page)
        pages.add_asked.connect(self.add_page)
        pages.sheet_asked.connect(self.pages_asked)
        pages.fit_asked.connect(self.toggle_fit)
        pages.present_asked.connect(self.present_asked)
        pages.alone_asked.connect(lambda: self.set_alone(True))
        self.tools_button.clicked.connect(lambda: self.set_alone(False))
        self.edges.previous_asked.connect(lambda: self.step(-1))
        self.edges.next_asked.connect(lambda: self.step(1))
        self.home_bar.home_asked.connect(self.home_asked)
        self._connect_leaf(self._leaf)
        self._bind_keys()
        for part in (bar, pages, self.home_bar, self.edges, self.tools_button):
            self.writing_changed.connect(part.set_shrunk)
            self.hand_seen.connect(part.make_way)
        self.canvas.page_changed.connect(self._note_pages)
        self.canvas.viewport_changed.connect(self._note_fit)
        bar.settled.connect(self._dock_home)

    def _connect_leaf(self, leaf: Leaf) -> None:
        leaf.desk.failed.connect(self.failed)
        leaf.desk.lasso_wanted.connect(self._take_lasso)
        leaf.reading.address_asked.connect(self.address_asked)
        leaf.reading.list_asked.connect(self.find_asked)
        leaf.reading.notice_asked.connect(self.notice_asked)
        canvas = leaf.canvas
        canvas.finger_kept_off.connect(self._explain_fingers)
        canvas.writing_changed.connect(self._note_writing)
        canvas.hand_seen.connect(lambda at: self.hand_seen.emit(canvas.mapTo(self, at)))

    def _explain_fingers(self) -> None:
        """Say once why a finger does not write, and offer that it does."""
        if self._has_explained_fingers:
            return
        self._has_explained_fingers = True
        words = _("A pen is in use, so fingers do not write.")
        action = _("Write with fingers too")
        self.notice_asked.emit(Notice(words, Weight.CALM, action, self._let_fingers_write))

    def _let_fingers_write(self) -> None:
        self._do_fingers_write = True
        for leaf in self._leaves:
            leaf.let_fingers_write()

    def _note_writing(self) -> None:
        is_writing = any(leaf.canvas.hands.are_busy for leaf in self._leaves)
        if is_writing is not self._is_writing:
            self._is_writing = is_writing
            self.writing_changed.emit(is_writing)

    def _bind_keys(self) -> None:
        """Let a keyboard, where there is one, do what the bar of chosen items does."""
        standard = QKeySequence.StandardKey
        acts: tuple[tuple[QKeySequence, Callable[[Desk], object]], ...] = (
            (QKeySequence(standard.Copy), Desk.copy),
            (QKeySequence(standard.Cut), Desk.cut),
            (QKeySequence(standard.Delete), Desk.delete),
            (QKeySequence("Ctrl+D"), Desk.duplicate),
        )
        for key, act in acts:
            shortcut = QShortcut(key, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda act=act: act(self._at_hand.desk))

    def _take_lasso(self) -> None:
        if self._choice.tool is not ToolKind.LASSO:
            self.hold(self._choice.with_tool(ToolKind.LASSO))

    def _bars(self) -> list[QRect]:
        """Return where toolbars lie over the canvas."""
        if self._is_alone:
            return []
        return [bar.geometry() for bar in (self.toolbar, self.page_bar)]

    def _board_changed(self, change: BoardChange) -> None:
        self._note_undo()
        if change.pages:
            if self._facing is not None:
                self._facing.follow()
            self._note_pages()
        if self._strip is not None:
            self._strip.refresh()

    def _note_undo(self) -> None:
        self.toolbar.set_undo(
            self._board.can_undo(self.person), self._board.can_redo(self.person)
        )

    def _note_pages(self) -> None:
        pages = self._board.pages
        self.page_bar.set_place(self._place(), len(pages), self._last_place())
        self.edges.set_place(self._place(), len(pages), self._last_place())
        has_sheets = any(page.sheet is not None for page in pages)
        if has_sheets is not self._has_sheets:
            self._has_sheets = has_sheets
            for leaf in self._leaves:
                leaf.canvas.set_swipes(do_turn=has_sheets)
            self.page_bar.set_upright(has_sheets)
            self._dock()
        self._note_fit()
        self.toolbar.set_dark(self.canvas.scene.is_dark)
        self._note_undo()
        if self._strip is not None:
            self._strip.show_page(self.canvas.page_id)

    def _note_fit(self) -> None:
        viewport = self.canvas.viewport
        is_wide = viewport.is_width_fitted and not viewport.is_whole
        self.page_bar.set_wide(is_wide)

    def _place(self) -> int:
        """Return the place of the page that is shown, of two the one that is read first."""
        if self._facing is not None:
            return self._facing.first
        shown = self.canvas.page_id
        return next((n for n, page in enumerate(self._board.pages) if page.id == shown), 0)

    def _last_place(self) -> int:
        return self._place() if self._facing is None else self._facing.last

    def _dock_home(self, tools: QRect) -> None:
        self.home_bar.place_in(self.rect(), self.toolbar.side, tools)

    def _dock(self) -> None:
        area: QRect = self.rect()
        if area.isEmpty():
            return
        self.toolbar.place_in(area)
        self.page_bar.place_in(area, self._values.toolbar_side)
        self._dock_home(self.toolbar.geometry())
        gap = theme.metrics().px(_GAP_MM)
        if self._strip is not None:
            self._strip.setGeometry(self._strip_place(area, self._strip.width_px(), gap))
        # Nothing of the page may stay hidden behind tools at its beginning.
        is_left = self.toolbar.side == "left" and not self._is_alone
        behind = self.toolbar.geometry().right() + gap if is_left else 0
        margin, covered = max(behind, LEAST_MARGIN_PX), self._covered(area)
        if self._facing is not None:
            self._facing.place_in(area, margin, covered)
        else:
            self.canvas.set_surround(margin, covered)
        corners = () if self._is_alone else (self.page_bar.geometry(), self.home_bar.geometry())
        self.edges.place_in(self._edge_room(area), corners)
        inset = theme.metrics().px(SIDE_MM / 2 + 2)
        is_right = self.toolbar.side == "right"
        corner = area.bottomLeft() if is_right else area.bottomRight()
        self.tools_button.place_at(corner + QPoint(inset if is_right else -inset, -inset))
        meter_gap = theme.metrics().px(4)
        self._meter.resize(self._meter.sizeHint())
        self._meter.move(meter_gap, meter_gap)
        for leaf in self._leaves:
            leaf.place()

    def _covered(self, area: QRect) -> tuple[Rect, ...]:
        """Return what of the view the bars cover, along the whole side that the tools take.

        So it does not depend on which tool is in hand, and the page stays where it is.
        """
        gap = theme.metrics().px(_GAP_MM)
        strips = tuple(_with_gap(box, gap) for box in self._guests.values())
        if self._strip is not None:
            strips = (_with_gap(self._strip.geometry(), gap), *strips)
        if self._is_alone:
            return strips
        tools = self.toolbar.geometry()
        width, height = float(area.width()), float(area.height())
        match self.toolbar.side:
            case "left":
                strip = Rect(0.0, 0.0, tools.right() + gap, height)
            case "right":
                strip = Rect(tools.left() - gap, 0.0, width, height)
            case _:
                strip = Rect(0.0, tools.top() - gap, width, height)
        boxes = (self.page_bar.geometry(), self.home_bar.geometry())
        return (strip, *strips, *(_with_gap(box, gap) for box in boxes))

    def _strip_place(self, area: QRect, width: int, gap: int) -> QRect:
        """Return where the column of pages lies: above what stands in its corner."""
        bars = (self.toolbar, self.page_bar, self.home_bar)
        box = QRect(area.left() + gap, gap, width, area.height() - 2 * gap)
        if self.toolbar.side == "left":
            box.moveRight(area.right() - gap)
        if not self._is_alone:
            for bar in (bar.geometry() for bar in bars):
                if bar.left() <= box.right() and bar.right() >= box.left():
                    box.setBottom(min(box.bottom(), bar.top() - gap))
        return box

    def _edge_room(self, area: QRect) -> QRect:
        """Return the part of the view at whose sides the buttons for turning lie."""
        height = round(area.height() * HEIGHT_SHARE)
        reach = theme.metrics().px(SIDE_MM / 2)
        boxes = [
            b for b in self._guests.values() if b.top() - reach < height < b.bottom() + reach
        ]
        if self._strip is not None:
            boxes.append(self._strip.geometry())
        middle = area.center().x()
        for box in boxes:
            if box.center().x() < middle:
                area.setLeft(max(area.left(), box.right()))
            else:
                area.setRight(min(area.right(), box.left()))
        if self._is_alone:
            return area
        tools = self.toolbar.geometry()
        match self.toolbar.side:
            case "left":
                return area.adjusted(tools.right(), 0, 0, 0)
            case "right":
                return area.adjusted(0, 0, tools.left() - area.right(), 0)
            case _:
                return area


def _scroll(canvas: Canvas, direction: int) -> bool:
    seen = canvas.viewport
    if seen.room is None or not seen.is_width_fitted or seen.is_whole:
        return False
    further = seen.panned(0.0, -direction * _SCROLL_SHARE * seen.room.height).clamped()
    if abs(further.top_pt - seen.top_pt) * seen.scale < 1.0:
        return False
    canvas.show_viewport(further)
    return True


def _with_gap(box: QRect, gap: int) -> Rect:
    around = box.adjusted(-gap, -gap, gap, gap)
    return Rect(
        float(around.left()),
        float(around.top()),
        float(around.left() + around.width()),
        float(around.top() + around.height()),
    )
