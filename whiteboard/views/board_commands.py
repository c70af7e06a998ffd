"""What can be asked for on the board, declared once: the sheet, keys and help come from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from typing_extensions import override

from base.commands import Command
from base.options import Options
from base.text import N_
from whiteboard.views.pane import Pane
from whiteboard.views.screen import BoardScreen


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What leads away from the board; the feature knows how.

    Attributes:
        pages: Shows all pages of a pane's board.
        find: Looks for words all over a pane's board.
        paper: Makes a page of a sheet of paper, by camera or from a photo.
        background: Shows what a pane's page can be printed with.
        take_away: Shows how to export, save and print.
        documents: Offers documents to put behind a pane's page.
        boards: Shows the list of boards.
        new_board: Puts this board away and begins another.
        home: Leaves for the home screen.
        finish: Leaves the display as it was found.
    """

    pages: Callable[[Pane], None]
    find: Callable[[Pane], None]
    paper: Callable[[Pane], None]
    background: Callable[[Pane], None]
    take_away: Callable[[Pane], None]
    documents: Callable[[Pane], None]
    boards: Callable[[], None]
    new_board: Callable[[], None]
    home: Callable[[], None]
    finish: Callable[[], None]


def board_commands(
    screen: BoardScreen, options: Options, elsewhere: Elsewhere
) -> Sequence[Command]:
    """Return the commands of the board's screen; each acts for the pane in use."""

    def for_pane(act: Callable[[Pane], None]) -> Callable[[], None]:
        def run() -> None:
            pane = screen.pane_in_use
            if pane is not None:
                act(pane)

        return run

    def toggle(name: str) -> Callable[[], None]:
        return lambda: options.change_for_now(**{name: not getattr(options.values, name)})

    def fingers_write() -> None:
        does = options.values.pen_reported == "no"
        options.change_for_now(pen_reported="auto" if does else "no")

    has_board = lambda: screen.open_board is not None  # noqa: E731  (asked by every command)

    def is_alone() -> bool:
        return screen.open_board is not None and not screen.is_split

    def two_pages(pane: Pane, *, runs_leftward: bool) -> None:
        if pane.is_facing and pane.runs_leftward is runs_leftward:
            pane.show_one_page()
        else:
            pane.show_two_pages(runs_leftward=runs_leftward)

    return (
        Command("board.undo", N_("Undo"), "undo-2", for_pane(Pane.undo), "Ctrl+Z", has_board),
        Command("board.redo", N_("Redo"), "redo-2", for_pane(Pane.redo), "Ctrl+Y", has_board),
        Command(
            "board.next_page",
            N_("Next page"),
            "chevron-right",
            for_pane(Pane.go_on),
            "PgDown",
            has_board,
            ("Right", "Down", "Space"),
        ),
        Command(
            "board.previous_page",
            N_("Previous page"),
            "chevron-left",
            for_pane(Pane.go_back),
            "PgUp",
            has_board,
            ("Left", "Up", "Shift+Space"),
        ),
        Command(
            "board.first_page",
            N_("First page"),
            "chevron-left",
            for_pane(lambda pane: pane.go_to(0)),
            "",
            has_board,
            ("Home",),
        ),
        Command(
            "board.last_page",
            N_("Last page"),
            "chevron-right",
            for_pane(Pane.go_to_last),
            "",
            has_board,
            ("End",),
        ),
        Command(
            "board.alone",
            N_("Full screen"),
            "expand",
            for_pane(lambda pane: pane.set_alone(True)),
            "",
            has_board,
            ("F5", "Shift+F5"),
        ),
        Command(
            "board.tools_back",
            N_("Tools"),
            "chevron-up",
            for_pane(lambda pane: pane.set_alone(False)),
            "",
            has_board,
            ("Escape",),
        ),
        Command(
            "board.pages", N_("Pages"), "layout-grid", for_pane(elsewhere.pages), "", has_board
        ),
        Command(
            "board.find",
            N_("Find"),
            "search",
            for_pane(elsewhere.find),
            "Ctrl+F",
            has_board,
        ),
        Command(
            "board.paper", N_("From paper"), "camera", for_pane(elsewhere.paper), "", has_board
        ),
        Command(
            "board.documents",
            N_("Insert a document"),
            "file-text",
            for_pane(elsewhere.documents),
            "Ctrl+O",
            has_board,
        ),
        Command(
            "board.background",
            N_("Background"),
            "grid-3x3",
            for_pane(elsewhere.background),
            "",
            has_board,
        ),
        Command(
            "board.clear",
            N_("Clear the page"),
            "eraser",
            for_pane(Pane.clear_page),
            "",
            has_board,
        ),
        Command(
            "board.paste",
            N_("Paste"),
            "clipboard-paste",
            for_pane(Pane.paste),
            "Ctrl+V",
            has_board,
        ),
        Command(
            "board.take_away",
            N_("Take away"),
            "share",
            for_pane(elsewhere.take_away),
            "Ctrl+S",
            has_board,
        ),
        Command(
            "board.split", N_("Two people"), "columns-2", screen.toggle_split, "", has_board
        ),
        Command(
            "board.fit_page",
            N_("Whole page"),
            "maximize",
            for_pane(Pane.fit_page),
            "Ctrl+0",
            has_board,
        ),
        Command(
            "board.fit_width",
            N_("Page width"),
            "scaling",
            for_pane(Pane.fit_width),
            "",
            has_board,
        ),
        Command(
            "present.two_pages",
            N_("Two pages"),
            "book-open",
            for_pane(lambda pane: two_pages(pane, runs_leftward=False)),
            "",
            is_alone,
        ),
        Command(
            "present.two_pages_leftward",
            N_("Two pages, right to left"),
            "book-open",
            for_pane(lambda pane: two_pages(pane, runs_leftward=True)),
            "",
            is_alone,
        ),
        Command("board.fingers_write", N_("Fingers write"), "hand", fingers_write),
        Command("board.sound", N_("Chalk sound"), "volume-2", toggle("sound_on")),
        Command("board.smoothing", N_("Smooth the line"), "sparkles", toggle("smoothing_on")),
        Command("board.prediction", N_("Ink ahead"), "wand-sparkles", toggle("prediction_on")),
        Command("board.meter", N_("Meter"), "gauge", toggle("meter_on")),
        Command("board.new", N_("New board"), "plus", elsewhere.new_board, "Ctrl+N"),
        Command("board.boards", N_("Boards"), "folder", elsewhere.boards),
        Command("board.home", N_("Home"), "house", elsewhere.home),
        Command("board.finish", N_("Finish"), "log-out", elsewhere.finish),
    )


def command_states(screen: BoardScreen, options: Options) -> Mapping[str, Callable[[], bool]]:
    """Return, by its id, whether each command that is a switch is on."""

    def faces(*, runs_leftward: bool) -> bool:
        pane = screen.pane_in_use
        return pane is not None and pane.is_facing and pane.runs_leftward is runs_leftward

    return {
        "present.two_pages": lambda: faces(runs_leftward=False),
        "present.two_pages_leftward": lambda: faces(runs_leftward=True),
        "board.split": lambda: screen.is_split,
        "board.fingers_write": lambda: options.values.pen_reported == "no",
        "board.sound": lambda: options.values.sound_on,
        "board.smoothing": lambda: options.values.smoothing_on,
        "board.prediction": lambda: options.values.prediction_on,
        "board.meter": lambda: options.values.meter_on,
    }


class _SpareKeys(QObject):
    """Runs commands by keys that no widget took: not by shortcuts, which come before those.

    Args:
        commands: With their `keys`.
        screen: Where keys arrive that nothing on it takes.
    """

    def __init__(self, commands: Sequence[Command], screen: BoardScreen) -> None:
        super().__init__(screen)
        self._screen = screen
        self._commands = {QKeySequence(key): c for c in commands for key in c.keys}
        screen.installEventFilter(self)

    @override
    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.isAutoRepeat() or not self._screen.has_bars:
            # A sheet lies over the board: keys are not for what is under it.
            return False
        keypad = Qt.KeyboardModifier.KeypadModifier
        keys = QKeyCombination(event.modifiers() & ~keypad, Qt.Key(event.key()))
        command = self._commands.get(QKeySequence(keys))
        if command is None or not command.enabled():
            return False
        command.run()
        return True


def bind_keys(commands: Sequence[Command], widget: BoardScreen) -> None:
    """Let the shortcuts of commands work while `widget` has the keyboard."""
    _SpareKeys(commands, widget)
    for command in commands:
        if not command.shortcut:
            continue
        shortcut = QShortcut(QKeySequence(command.shortcut), widget)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(_runner(command))


def _runner(command: Command) -> Callable[[], None]:
    def run() -> None:
        if command.enabled():
            command.run()

    return run
