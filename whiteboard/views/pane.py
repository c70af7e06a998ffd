"""One person's side of the board: the canvas with the tools they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.board_doc import Item
from base.feature import Notice, Weight
from base.options import Settings
from base.qt import theme
from base.text import N_, _
from whiteboard.model.board import BoardChange
from whiteboard.model.bounds import Rect
from whiteboard.model.eraser_tool import Lookup
from whiteboard.model.hands import Hands
from whiteboard.model.palm import PalmRules, PenReport
from whiteboard.model.prediction import NO_PREDICTION, PREDICT
from whiteboard.model.smoothing import RAW, SMOOTH
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.model.toolbox import Workbench, make_palm, make_tool
from whiteboard.services.chalk_sound import ChalkSound
from whiteboard.services.clipboard import (
    BoardClipboard,
    FileClip,
    file_paths,
    is_picture_name,
    read_mime,
)
from whiteboard.services.open_board import OpenBoard
from whiteboard.services.thumbnails import Thumbnails
from whiteboard.views.canvas import Canvas
from whiteboard.views.desk import Desk
from whiteboard.views.edge_buttons import EdgeButtons
from whiteboard.views.glass_button import SIDE_MM, GlassButton
from whiteboard.views.home_bar import HomeBar
from whiteboard.views.meter import Meter
from whiteboard.views.page_bar import PageBar
from whiteboard.views.page_strip import PageStrip
from whiteboard.views.reading import Reading
from whiteboard.views.toolbar import Toolbar

DROP_STEP_PT: Final = 24.0
LEAST_MARGIN_PX: Final = 48
"""How far the page can be drawn away from the left and upper border."""
_GAP_MM: Final = 2.0
_SCROLL_SHARE: Final = 0.85
"""How much of what is seen a key scrolls: a few lines stay to go on reading from."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every pane of a board shares.

    Attributes:
        now_s: Monotonic clock.
        today: Returns the date, for stamps.
        sound: What chalk sounds like.
        clipboard: What was copied.
    """

    now_s: Callable[[], float]
    today: Callable[[], date]
    sound: ChalkSound
    clipboard: BoardClipboard = field(default_factory=BoardClipboard)


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
        glass = theme.metrics().glass_px_per_mm
        pen, palm = (
            make_tool(self._choice, self._bench()),
            make_palm(self._choice, self._bench()),
        )
        hands = Hands(palm_rules(values), glass, pen or palm, palm)
        self.canvas = Canvas(
            open_board,
            person,
            page_id,
            hands,
            theme.metrics(),
            surroundings.now_s,
            surroundings.sound,
            self,
        )
        self.toolbar = Toolbar(self)
        self.page_bar = PageBar(self)
        self.home_bar = HomeBar(self)
        self.edges = EdgeButtons(self)
        self.tools_button = GlassButton(N_("Tools"), "chevron-up", self)
        self._strip: PageStrip | None = None
        self._open = open_board
        self._has_bars = True
        self._is_alone = False
        self._has_sheets = False
        self.desk = Desk(
            open_board,
            self.canvas,
            self,
            surroundings.clipboard,
            lambda: self._choice,
            self._bars,
        )
        self.reading = Reading(
            open_board,
            self.canvas,
            self,
            surroundings.clipboard,
            lambda: self._choice,
            self._bars,
        )
        self.desk.text_marked_by = self.reading.text_marked_by
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
        if choice.tool is not ToolKind.LASSO:
            self.canvas.choose(())
        before, self._choice = self._choice, choice
        self.toolbar.set_choice(choice)
        self.desk.choice_changed(before, choice)
        self.reading.choice_changed()
        tool = make_tool(choice, self._bench())
        hands = self.canvas.hands
        hands.moves_only = tool is None
        if tool is not None:
            hands.tool = tool
        hands.eraser = make_palm(choice, self._bench())
        if choice.tool is ToolKind.CHALK:
            # Half a second before the chalk can be on the board; without chalk there is
            # no loudspeaker to open.
            self._around.sound.start()
            self._around.sound.wake()

    def take_settings(self, values: Settings) -> None:
        """Follow the settings."""
        self._values = values
        self.canvas.set_feel(
            SMOOTH if values.smoothing_on else RAW,
            PREDICT if values.prediction_on else NO_PREDICTION,
        )
        self.canvas.hands.rules = palm_rules(values)
        self.canvas.set_metrics(theme.metrics())
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
        if self.desk.undo():
            return
        self.canvas.choose(())
        self._board.undo(self.person)

    def redo(self) -> None:
        """Do the person's last step again; see `undo`."""
        if self.desk.redo():
            return
        self.canvas.choose(())
        self._board.redo(self.person)

    def next_page(self) -> None:
        """Turn forward; behind the last page lies a new one, unless it is a document's."""
        place = self._place()
        if place + 1 < len(self._board.pages):
            self.canvas.show_page(self._board.pages[place + 1].id)
        elif not self._has_sheets:
            self.add_page()

    def go_on(self) -> None:
        """Turn forward; a page that is as wide as the view is first scrolled to its end."""
        if not self._scroll(1):
            self.next_page()

    def go_back(self) -> None:
        """Turn back; a page that is as wide as the view is first scrolled to its beginning."""
        if not self._scroll(-1):
            self.previous_page()

    def _scroll(self, direction: int) -> bool:
        """Scroll a wide page by most of its room; return whether there was any way to go."""
        seen = self.canvas.viewport
        if seen.room is None or not seen.is_width_fitted or seen.is_whole:
            return False
        further = seen.panned(0.0, -direction * _SCROLL_SHARE * seen.room.height).clamped()
        if abs(further.top_pt - seen.top_pt) * seen.scale < 1.0:
            return False
        self.canvas.show_viewport(further)
        return True

    def previous_page(self) -> None:
        """Turn back."""
        place = self._place()
        if place > 0:
            self.canvas.show_page(self._board.pages[place - 1].id)

    def add_page(self) -> None:
        """Put a new page behind this one, with the same background, and turn to it."""
        page = self._board.page(self.canvas.page_id)
        with self._board.change(self.person) as edit:
            new_page = edit.add_page(
                self._place() + 1, page.background, page.width_pt, page.height_pt
            )
        self.canvas.show_page(new_page)

    def clear_page(self) -> None:
        """Wipe the page, as one step; a notice offers the way back."""
        self.canvas.choose(())
        item_ids = list(self._board.items(self.canvas.page_id))
        if not item_ids:
            return
        with self._board.change(self.person) as edit:
            for item_id in item_ids:
                edit.remove(item_id)
        words = _("The page is clear.")
        self.notice_asked.emit(Notice(words, Weight.CALM, _("Undo"), self.undo))

    def paste(self) -> None:
        """Put what was copied into the middle of the view."""
        self.desk.paste()

    def fit_page(self) -> None:
        """Show the whole page."""
        self.canvas.fit_page()

    def fit_width(self) -> None:
        """Show the page as wide as the view."""
        self.canvas.fit_width()

    def toggle_fit(self) -> None:
        """Show the page as wide as there is room, or whole again."""
        if self.canvas.viewport.is_width_fitted and not self.canvas.viewport.is_whole:
            self.fit_page()
        else:
            self.fit_width()

    def go_to(self, place: int) -> None:
        """Turn to the page at a place from 0; before the first and behind the last to those."""
        pages = self._board.pages
        self.canvas.show_page(pages[min(max(place, 0), len(pages) - 1)].id)

    def go_to_last(self) -> None:
        """Turn to the last page."""
        self.go_to(len(self._board.pages) - 1)

    def step(self, by: int) -> None:
        """Turn by so many pages, as far as there are any; makes no new page."""
        self.go_to(self._place() + by)

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
        self.edges.set_shown(self._has_bars)
        self.reading.show_bars(self._has_bars)
        self.tools_button.set_due(self._has_bars and self._is_alone)

    def shutdown(self) -> None:
        """Let go of the board."""
        self.reading.shutdown()
        self.desk.shutdown()
        self._meter.stop()
        self._stop_listening()
        self.canvas.shutdown()

    def insert_picture(self, path: Path) -> None:
        """Put the picture of a file into the middle of the view, held by the lasso."""
        self.desk.insert_picture(path)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self.desk.editor.commit()
        super().hideEvent(event)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        at = event.position()
        x, y = self.canvas.viewport.to_page(at.x(), at.y())
        paths = file_paths(event.mimeData())
        pictures = [path for path in paths if is_picture_name(path)]
        others = [path for path in paths if path not in pictures]
        for number, path in enumerate(pictures):
            # Each a little beside the one before, so that all of them can be got hold of.
            step = number * DROP_STEP_PT
            self.desk.take_in(FileClip(path), (x + step, y + step))
        if others:
            self.files_dropped.emit(others)
        clip = None if paths else read_mime(event.mimeData())
        if clip is not None:
            self.desk.take_in(clip, (x, y))
        if paths or clip is not None:
            event.acceptProposedAction()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.canvas.setGeometry(self.rect())
        self._dock()

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
        self.desk.failed.connect(self.failed)
        self.desk.lasso_wanted.connect(self._take_lasso)
        self.reading.address_asked.connect(self.address_asked)
        self.reading.list_asked.connect(self.find_asked)
        self.reading.notice_asked.connect(self.notice_asked)
        self.canvas.page_changed.connect(self._note_pages)
        self.canvas.viewport_changed.connect(self._note_fit)
        for part in (bar, pages, self.home_bar, self.edges, self.tools_button):
            self.canvas.writing_changed.connect(part.set_shrunk)
            self.canvas.hand_seen.connect(part.make_way)
        bar.settled.connect(self._dock_home)

    def _take_lasso(self) -> None:
        if self._choice.tool is not ToolKind.LASSO:
            self.hold(self._choice.with_tool(ToolKind.LASSO))

    def _bars(self) -> list[QRect]:
        """Return where toolbars lie over the canvas."""
        if self._is_alone:
            return []
        return [bar.geometry() for bar in (self.toolbar, self.page_bar)]

    def _bench(self) -> Workbench:
        return Workbench(
            theme.metrics().px_per_mm,
            self._lookup(),
            self._around.today,
            lambda: self.reading.page_text,
        )

    def _lookup(self) -> Lookup:
        # Looked up at each call: the page under the tool may have been turned.
        def find(area: Rect) -> list[tuple[str, Item]]:
            return self.canvas.scene.entries(area)

        return find

    def _board_changed(self, change: BoardChange) -> None:
        self._note_undo()
        if change.pages:
            self._note_pages()
        if self._strip is not None:
            self._strip.refresh()

    def _note_undo(self) -> None:
        self.toolbar.set_undo(
            self._board.can_undo(self.person), self._board.can_redo(self.person)
        )

    def _note_pages(self) -> None:
        pages = self._board.pages
        self.page_bar.set_place(self._place(), len(pages))
        self.edges.set_place(self._place(), len(pages))
        has_sheets = any(page.sheet is not None for page in pages)
        if has_sheets is not self._has_sheets:
            self._has_sheets = has_sheets
            self.canvas.set_swipes(do_turn=has_sheets)
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
        ids = [page.id for page in self._board.pages]
        return ids.index(self.canvas.page_id) if self.canvas.page_id in ids else 0

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
        self.canvas.set_surround(max(behind, LEAST_MARGIN_PX), self._covered(area))
        corners = () if self._is_alone else (self.page_bar.geometry(), self.home_bar.geometry())
        self.edges.place_in(self._edge_room(area), corners)
        inset = theme.metrics().px(SIDE_MM / 2 + 2)
        is_right = self.toolbar.side == "right"
        corner = area.bottomLeft() if is_right else area.bottomRight()
        self.tools_button.place_at(corner + QPoint(inset if is_right else -inset, -inset))
        meter_gap = theme.metrics().px(4)
        self._meter.resize(self._meter.sizeHint())
        self._meter.move(meter_gap, meter_gap)
        self.desk.place()
        self.reading.place()

    def _covered(self, area: QRect) -> tuple[Rect, ...]:
        """Return what of the view the bars cover, along the whole side that the tools take.

        So it does not depend on which tool is in hand, and the page stays where it is.
        """
        gap = theme.metrics().px(_GAP_MM)
        strips = () if self._strip is None else (_with_gap(self._strip.geometry(), gap),)
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
        if self._strip is not None:
            box = self._strip.geometry()
            if box.center().x() < area.center().x():
                area = area.adjusted(box.right(), 0, 0, 0)
            else:
                area = area.adjusted(0, 0, box.left() - area.right(), 0)
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


def _with_gap(box: QRect, gap: int) -> Rect:
    around = box.adjusted(-gap, -gap, gap, gap)
    return Rect(
        float(around.left()),
        float(around.top()),
        float(around.left() + around.width()),
        float(around.top() + around.height()),
    )


def palm_rules(values: Settings) -> PalmRules:
    """Return the palm rule that the settings ask for."""
    return PalmRules(
        pen_report=PenReport(values.pen_reported),
        large_mm=values.palm_least_mm,
        small_mm=min(values.finger_most_mm, values.palm_least_mm),
    )
