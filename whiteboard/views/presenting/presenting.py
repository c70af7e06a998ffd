"""Everything that helps who presents: what is on, for which page, and on which screen.

Notes are for the presenter alone. They go to a second screen where there is one, and to a
strip on the display only where there is none or somebody asks for it: no screen that comes
or goes ever brings them before the room.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPoint, QRect, QTimer
from PySide6.QtGui import QGuiApplication, QScreen

from base.commands import Command
from base.errors import AppError
from base.feature import Host, Notice, Weight
from base.text import N_, _
from whiteboard.model.board import BoardChange
from whiteboard.model.talk_clock import TalkClock
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.views.pane import Pane
from whiteboard.views.screen import BoardScreen

if TYPE_CHECKING:
    from whiteboard.services.painting.page_preview import PagePreviews
    from whiteboard.views.parts.pane_overlay import PaneOverlay
    from whiteboard.views.presenting.curtain import CurtainView, PauseCover
    from whiteboard.views.presenting.notes_strip import NotesStrip
    from whiteboard.views.presenting.present_bar import PresentBar
    from whiteboard.views.presenting.presenter_view import PresenterView

LASER: Final = "present.laser"
SPOTLIGHT: Final = "present.spotlight"
CURTAIN: Final = "present.curtain"
COVER: Final = "present.cover"
TIMER: Final = "present.timer"
NOTES: Final = "present.notes"
BAR: Final = "present.bar"
COVER_LIGHT: Final = "present.cover_light"
CLICKER_BLACK: Final = ("B", ".")
"""What clickers send for a black screen."""
CLICKER_LIGHT: Final = ("W", ",")
"""What they send for a white one: the board's colour here."""


class Presenting(QObject):
    """Turns the helpers on and off. Belongs to the UI thread.

    Args:
        screen: The board's screen.
        host: What the shell hands in.
        now_s: Monotonic clock.
    """

    def __init__(
        self, screen: BoardScreen, host: Host, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._screen, self._host, self._now_s = screen, host, now_s
        self._board: OpenBoard | None = None
        self._pane: Pane | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._tool: PaneOverlay | None = None
        self._tool_id = ""
        self._curtain: CurtainView | None = None
        self._cover: PauseCover | None = None
        self._bar: PresentBar | None = None
        self._strip: NotesStrip | None = None
        self._view: PresenterView | None = None
        self._previews: PagePreviews | None = None
        self._has_notes = self._has_timer = False
        self._clocks: dict[Path, TalkClock] = {}
        self.commands = self._make_commands()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenAdded.connect(self._screen_came)
            app.screenRemoved.connect(self._screen_went)
        screen.writing_changed.connect(self._writing_changed)

    def _make_commands(self) -> tuple[Command, ...]:
        has = lambda: self._board is not None  # noqa: E731  (asked by every command)
        return (
            Command(LASER, N_("Laser"), "circle-dot", self.toggle_laser, "", has),
            Command(SPOTLIGHT, N_("Spotlight"), "spotlight", self.toggle_spotlight, "", has),
            Command(CURTAIN, N_("Curtain"), "blinds", self.toggle_curtain, "", has),
            Command(COVER, N_("Cover"), "eye-off", self.toggle_cover, "", has, CLICKER_BLACK),
            Command(TIMER, N_("Timer"), "timer", self.toggle_timer, "", has),
            Command(NOTES, N_("Notes for me"), "notebook-pen", self.toggle_notes, "", has),
            Command(
                COVER_LIGHT,
                N_("Cover in the board's colour"),
                "eye-off",
                self._cover_in_board_colour,
                "",
                has,
                CLICKER_LIGHT,
            ),
            Command(BAR, N_("Present"), "projector", self.toggle_bar, "", has),
        )

    # Which board -------------------------------------------------------------------------

    def take_board(self, board: OpenBoard) -> None:
        """Work for a board that is shown from now on; the clock of its talk goes on."""
        self.leave_board()
        self._board = board
        self._pane = self._screen.panes[0]
        self._pane.canvas.page_changed.connect(self._follow_page)
        self._stop_listening = board.board.on_change(self._board_changed)
        self._follow_page()
        self._show_clock()

    def leave_board(self) -> None:
        """Keep what is being written and end all that is on; the board goes."""
        self._end_all()
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        self._board = self._pane = None

    def finish(self) -> None:
        """Forget the clocks of all talks, for the next person."""
        self._end_all()
        self._clocks.clear()

    def shutdown(self) -> None:
        """End all that is on. Blocks for nothing."""
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenAdded.disconnect(self._screen_came)
            app.screenRemoved.disconnect(self._screen_went)
        self.leave_board()

    def _end_all(self) -> None:
        self._drop_tool()
        self._drop_curtain()
        self._drop_cover()
        self._drop_bar()
        self._has_notes = self._has_timer = False
        self._drop_view()
        if self._strip is not None:
            self._strip.put_away()
            self._strip.show_parts(notes=False, timer=False)
            self._strip.fold(is_folded=False)

    # What is on --------------------------------------------------------------------------

    @property
    def on(self) -> frozenset[str]:
        """The ids of the commands that are on."""
        states = {
            LASER: self._tool is not None and self._tool_id == LASER,
            SPOTLIGHT: self._tool is not None and self._tool_id == SPOTLIGHT,
            CURTAIN: self._curtain is not None,
            COVER: self._cover is not None,
            TIMER: self._has_timer,
            NOTES: self._has_notes,
            BAR: self._bar is not None,
        }
        return frozenset(name for name, is_on in states.items() if is_on)

    @property
    def states(self) -> Mapping[str, Callable[[], bool]]:
        """Whether each command is on, by its id."""
        return {command.id: partial(self._is_on, command.id) for command in self.commands}

    def _is_on(self, name: str) -> bool:
        return name in self.on

    @property
    def clock(self) -> TalkClock:
        """The clock of this board's talk."""
        board = self._board
        return TalkClock() if board is None else self._clocks.get(board.path, TalkClock())

    @property
    def strip(self) -> NotesStrip | None:
        """The strip on the display, once it was wanted."""
        return self._strip

    @property
    def view(self) -> PresenterView | None:
        """The window on the second screen, while there is one."""
        return self._view

    def _note_on(self) -> None:
        if self._bar is not None:
            self._bar.show_on(self.on)

    # The bar -----------------------------------------------------------------------------

    def toggle_bar(self) -> None:
        """Bring the bar with the helpers, or put it away; what is on stays on."""
        from whiteboard.views.presenting.present_bar import PresentBar

        pane = self._screen.pane_in_use
        if self._bar is not None:
            self._drop_bar()
        elif pane is not None:
            wanted = [
                command for command in self.commands if command.id not in (BAR, COVER_LIGHT)
            ]
            self._bar = PresentBar(pane, wanted)
            self._bar.destroyed.connect(self._bar_gone)
            self._bar.place()
            self._bar.show()
            self._bar.raise_()
        self._note_on()

    def _drop_bar(self) -> None:
        if self._bar is not None:
            bar, self._bar = self._bar, None
            bar.destroyed.disconnect(self._bar_gone)
            bar.leave()
            bar.deleteLater()

    def _bar_gone(self) -> None:
        self._bar = None

    # On the page -------------------------------------------------------------------------

    def toggle_laser(self) -> None:
        """Point with a dot of light, or write again."""
        from whiteboard.views.presenting.laser import Laser

        self._toggle_tool(LASER, Laser)

    def toggle_spotlight(self) -> None:
        """Dim the page but for a window, or light it all again."""
        from whiteboard.views.presenting.spotlight import Spotlight

        def make(pane: Pane) -> Spotlight:
            made = Spotlight(pane)
            made.close_asked.connect(self.toggle_spotlight)
            return made

        self._toggle_tool(SPOTLIGHT, make)

    def _toggle_tool(self, name: str, make: Callable[[Pane], PaneOverlay]) -> None:
        pane, was_on = self._screen.pane_in_use, name in self.on
        self._drop_tool()
        if pane is not None and not was_on:
            tool = make(pane)
            # Whoever takes something into the hand wants to use it.
            pane.toolbar.choice_changed.connect(tool.deleteLater)
            tool.destroyed.connect(self._tool_gone)
            self._tool, self._tool_id = tool, name
            tool.show()
        self._note_on()

    def _drop_tool(self) -> None:
        if self._tool is not None:
            tool, self._tool = self._tool, None
            tool.destroyed.disconnect(self._tool_gone)
            tool.hide()
            tool.deleteLater()

    def _tool_gone(self) -> None:
        self._tool = None
        self._note_on()

    def toggle_curtain(self) -> None:
        """Hide the page behind a curtain, or take it away."""
        from whiteboard.views.presenting.curtain import CurtainView

        pane, was = self._screen.pane_in_use, self._curtain
        self._drop_curtain()
        if was is None and pane is not None:
            self._curtain = CurtainView(pane)
            self._curtain.close_asked.connect(self.toggle_curtain)
            self._curtain.destroyed.connect(self._curtain_gone)
            # Its own handles lie where those buttons are.
            pane.show_edges(False)
            self._curtain.show()
        self._note_on()

    def _drop_curtain(self) -> None:
        if self._curtain is not None:
            curtain, self._curtain = self._curtain, None
            curtain.destroyed.disconnect(self._curtain_gone)
            curtain.hide()
            curtain.pane.show_edges(True)
            curtain.deleteLater()

    def _curtain_gone(self) -> None:
        self._curtain = None
        self._note_on()

    def toggle_cover(self) -> None:
        """Make the whole display black, or show the board again."""
        self._toggle_cover(is_black=True)

    def _cover_in_board_colour(self) -> None:
        self._toggle_cover(is_black=False)

    def _toggle_cover(self, *, is_black: bool) -> None:
        from whiteboard.views.presenting.curtain import PauseCover

        if self._cover is not None:
            self._drop_cover()
            self._screen.setFocus()
        elif self._board is not None:
            self._cover = PauseCover(self._screen)
            self._cover.ended.connect(self.toggle_cover)
            self._cover.cover(is_black=is_black)
        if self._view is not None:
            self._view.show_covered(is_covered=self._cover is not None)
        self._note_on()

    def _drop_cover(self) -> None:
        if self._cover is not None:
            cover, self._cover = self._cover, None
            cover.hide()
            cover.deleteLater()

    # Notes and clock ---------------------------------------------------------------------

    def toggle_timer(self) -> None:
        """Show the clock of the talk, or put it away; it goes on."""
        self._has_timer = not self._has_timer
        self._show_private(by_hand=True)

    def toggle_notes(self) -> None:
        """Show the notes of the page where only the presenter reads them, or put them away."""
        self._has_notes = not self._has_notes
        self._show_private(by_hand=True)
        if self._has_notes and self._view is not None:
            words = _("Your notes are on the other screen.")
            notice = Notice(words, Weight.CALM, _("Show here"), self.show_notes_here)
            self._host.show_notice(notice)

    def show_notes_here(self) -> None:
        """Show notes and clock on the display, though there is another screen."""
        if self._board is not None:
            self._drop_view()
            self._show_strip()
            if self._strip is not None:
                self._strip.fold(is_folded=False)

    def show_notes_there(self) -> None:
        """Show notes and clock on the second screen, if there still is one."""
        screen = self.other_screen()
        if screen is None or self._board is None:
            return
        self._has_notes = True
        self._put_strip_away()
        self._open_view(screen)
        self._note_on()

    def _show_private(self, *, by_hand: bool) -> None:
        """Show what is on in its place: the second screen, else the strip."""
        screen = self.other_screen()
        if not (self._has_notes or self._has_timer):
            self._drop_view()
            self._put_strip_away()
        elif self._view is None and screen is not None and self._has_notes and by_hand:
            self._put_strip_away()
            self._open_view(screen)
        elif self._view is not None and not self._has_notes:
            self._drop_view()
            self._show_strip()
        elif self._view is None:
            self._show_strip()
            if by_hand and self._strip is not None:
                self._strip.fold(is_folded=False)
        self._note_on()

    def _show_strip(self) -> None:
        from whiteboard.views.presenting.notes_strip import NotesStrip

        if self._strip is None:
            self._strip = NotesStrip(self._screen, self._bars, self._now_s)
            self._strip.written.connect(self._keep_note)
            self._strip.clock_changed.connect(self._set_clock)
            self._strip.placed.connect(self._strip_placed)
            self._strip.closed.connect(self._close_strip)
        self._strip.show_clock(self.clock)
        self._strip.show_parts(notes=self._has_notes, timer=self._has_timer)
        self._follow_page()

    def _strip_placed(self, box: QRect) -> None:
        """Let the pages lie beside the strip."""
        for pane in self._screen.panes:
            place = QRect(pane.mapFrom(self._screen, box.topLeft()), box.size())
            pane.keep_off(NOTES, place)

    def _close_strip(self) -> None:
        self._has_notes = self._has_timer = False
        self._show_private(by_hand=True)

    def _put_strip_away(self) -> None:
        if self._strip is not None:
            self._strip.show_parts(notes=False, timer=False)
            self._strip.put_away()

    def _bars(self) -> list[QRect]:
        """Return where the tools of all panes lie, px of the board's screen."""
        bars = [
            bar
            for pane in self._screen.panes
            for bar in (pane.toolbar, pane.page_bar, pane.home_bar)
            if not bar.isHidden()
        ]
        return [QRect(bar.mapTo(self._screen, QPoint(0, 0)), bar.size()) for bar in bars]

    def _keep_note(self, page_id: str, text: str) -> None:
        board = self._board
        if board is None or board.file.read_only:
            return
        try:
            board.file.set_note(page_id, text)
        except AppError as error:
            self._host.show_error(error)

    def _set_clock(self, clock: TalkClock) -> None:
        if self._board is not None:
            self._clocks[self._board.path] = clock
        self._show_clock()

    def _show_clock(self) -> None:
        for shown in (self._strip, self._view):
            if shown is not None:
                shown.show_clock(self.clock)

    # Pages -------------------------------------------------------------------------------

    def _board_changed(self, change: BoardChange) -> None:
        if change.pages:
            self._follow_page()

    def _follow_page(self) -> None:
        """Show the notes of the page that is shown, and the next page."""
        board, pane = self._board, self._pane
        if board is None or pane is None:
            return
        page_id = pane.canvas.page_id
        note = board.file.notes.get(page_id, "")
        if self._strip is not None and self._has_notes and self._view is None:
            self._strip.show_note(page_id, note, can_edit=not board.file.read_only)
        if self._view is not None:
            ids = [page.id for page in board.board.pages]
            if page_id in ids:
                self._view.show_place(ids.index(page_id) + 1, len(ids))
            self._view.show_note(note)
            self._want_pictures()

    def _near_pages(self) -> tuple[str, str]:
        """Return the ids of the page that is shown and the next; empty for none."""
        board, pane = self._board, self._pane
        if board is None or pane is None:
            return "", ""
        ids = [page.id for page in board.board.pages]
        now = pane.canvas.page_id
        place = ids.index(now) if now in ids else -1
        return now, ids[place + 1] if 0 <= place < len(ids) - 1 else ""

    def _want_pictures(self) -> None:
        if self._view is not None and self._previews is not None:
            wanted = zip(self._near_pages(), self._view.rooms, strict=True)
            self._previews.want([(page_id, room) for page_id, room in wanted if page_id])
            self._show_pictures()

    def _show_pictures(self) -> None:
        if self._view is not None and self._previews is not None:
            now, after = self._near_pages()
            self._view.show_pages(
                self._previews.image(now), self._previews.image(after) if after else None
            )

    def _writing_changed(self, is_writing: bool) -> None:
        if self._previews is not None:
            self._previews.set_writing(is_writing)

    # Screens -----------------------------------------------------------------------------

    def other_screen(self) -> QScreen | None:
        """Return a screen that shows nothing of what the display shows; None for none."""
        own = self._screen.screen()
        place = own.geometry()
        others = [s for s in QGuiApplication.screens() if s is not own]
        # Of two screens in one place the second shows what the room sees.
        free = [s for s in others if not s.geometry().intersects(place)]
        return free[0] if free else None

    def _open_view(self, screen: QScreen) -> None:
        from whiteboard.services.painting.page_preview import PagePreviews
        from whiteboard.views.presenting.presenter_view import PresenterView

        board = self._board
        if board is None:
            return
        self._drop_view()
        view = PresenterView(screen, self._now_s)
        self._view = view
        self._previews = PagePreviews(board)
        self._previews.came.connect(self._show_pictures)
        view.clock_changed.connect(self._set_clock)
        view.faces_resized.connect(self._want_pictures)
        view.previous_asked.connect(lambda: self._step(-1))
        view.next_asked.connect(lambda: self._step(1))
        view.close_asked.connect(self._close_view)
        view.show_clock(self.clock)
        view.show_covered(is_covered=self._cover is not None)
        view.show_there()
        self._follow_page()

    def _step(self, by: int) -> None:
        if self._pane is not None:
            self._pane.step(by)

    def _close_view(self) -> None:
        """Put notes and clock away, as the person at the second screen wants."""
        self._has_notes = self._has_timer = False
        self._drop_view()
        self._note_on()

    def _drop_view(self) -> None:
        if self._previews is not None:
            self._previews.shutdown()
            self._previews.deleteLater()
            self._previews = None
        if self._view is not None:
            view, self._view = self._view, None
            view.leave()

    def _screen_came(self, _screen: QScreen) -> None:
        """Offer the screen; it may be the room's as well as the presenter's."""
        if self._board is None or self._view is not None:
            return
        if (self._has_notes or self._has_timer) and self.other_screen() is not None:
            words = _("Another screen is connected.")
            action = _("My notes there")
            self._host.show_notice(Notice(words, Weight.CALM, action, self.show_notes_there))

    def _screen_went(self, screen: QScreen) -> None:
        if self._view is None:
            return
        if self._view.on is screen:
            self._lose_view()
        else:
            # The display's own window may be on its way to the presenter's screen.
            QTimer.singleShot(0, self, self._check_screens)

    def _check_screens(self) -> None:
        if self._view is not None and self.other_screen() is not self._view.on:
            self._lose_view()

    def _lose_view(self) -> None:
        self._drop_view()
        self._show_strip()
        if self._strip is not None:
            # Not a word of them before the room because a cable was pulled.
            self._strip.fold(is_folded=True)
        words = _("The other screen is gone. Your notes are folded away at the side.")
        self._host.show_notice(Notice(words))
        self._note_on()
