"""One page under a person's hands: its canvas, what lies on it beside ink, and its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from PySide6.QtCore import QObject, QRect
from PySide6.QtWidgets import QWidget

from base.board_doc import Item
from base.options import Settings
from base.qt import theme
from whiteboard.model.bounds import Rect
from whiteboard.model.hands import Hands
from whiteboard.model.palm import PalmRules, PenReport
from whiteboard.model.prediction import NO_PREDICTION, PREDICT
from whiteboard.model.smoothing import RAW, SMOOTH
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.model.toolbox import Workbench, make_palm, make_tool
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.chalk.chalk_sound import ChalkSound
from whiteboard.services.taking.clipboard import BoardClipboard
from whiteboard.views.desk import Desk
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.reading.reading import Reading


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every page of a board on the glass shares.

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


class Leaf(QObject):
    """A page that is shown, with the tool of its person over it.

    Args:
        open_board: The board.
        person: Id of the person; their undo and the author of their ink.
        page_id: The page to begin with.
        surroundings: What is shared.
        values: The settings in force.
        choice: Returns what the person holds.
        taken: Returns what must not be covered: where toolbars are, in the host's pixels.
        host: Where the canvas lies, its left top corner in the host's, and what floats
            over it.
    """

    def __init__(
        self,
        open_board: OpenBoard,
        person: str,
        page_id: str,
        surroundings: Surroundings,
        values: Settings,
        choice: Callable[[], ToolChoice],
        taken: Callable[[], list[QRect]],
        host: QWidget,
    ) -> None:
        super().__init__(host)
        self.host = host
        self._around = surroundings
        self._do_fingers_write = False
        palm = make_palm(choice(), self._bench())
        hands = Hands(
            palm_rules(values),
            theme.metrics().glass_px_per_mm,
            make_tool(choice(), self._bench()) or palm,
            palm,
        )
        self.canvas = Canvas(
            open_board,
            person,
            page_id,
            hands,
            theme.metrics(),
            surroundings.now_s,
            surroundings.sound,
            host,
        )
        self.canvas.lower()
        clipboard = surroundings.clipboard
        self.desk = Desk(open_board, self.canvas, host, clipboard, choice, taken)
        self.reading = Reading(open_board, self.canvas, host, clipboard, choice, taken)
        self.desk.text_marked_by = self.reading.text_marked_by

    def hold(self, before: ToolChoice, choice: ToolChoice) -> None:
        """Put a tool into the hand; `choice` is what the person holds by now.

        Args:
            before: What they held.
            choice: What they hold.
        """
        if choice.tool is not ToolKind.LASSO:
            self.canvas.choose(())
        self.desk.choice_changed(before, choice)
        self.reading.choice_changed()
        tool = make_tool(choice, self._bench())
        hands = self.canvas.hands
        hands.moves_only = tool is None
        if tool is not None:
            hands.tool = tool
        hands.eraser = make_palm(choice, self._bench())

    def take_settings(self, values: Settings) -> None:
        """Follow the settings."""
        self.canvas.set_feel(
            SMOOTH if values.smoothing_on else RAW,
            PREDICT if values.prediction_on else NO_PREDICTION,
        )
        self.canvas.hands.rules = palm_rules(values)
        if self._do_fingers_write:
            self.let_fingers_write()
        self.canvas.set_metrics(theme.metrics())

    def let_fingers_write(self) -> None:
        """Let fingers write as soon as no pen is near, for as long as the board is shown."""
        self._do_fingers_write = True
        rules = self.canvas.hands.rules
        self.canvas.hands.rules = replace(rules, pen_memory_s=rules.near_s)

    def place(self) -> None:
        """Follow the host's size and the toolbars."""
        self.desk.place()
        self.reading.place()

    def shutdown(self) -> None:
        """Let go of the board."""
        self.reading.shutdown()
        self.desk.shutdown()
        self.canvas.shutdown()

    def _bench(self) -> Workbench:
        return Workbench(
            theme.metrics().px_per_mm,
            self._entries,
            self._around.today,
            lambda: self.reading.page_text,
        )

    def _entries(self, area: Rect) -> list[tuple[str, Item]]:
        # Looked up at each call: the page under the tool may have been turned.
        return self.canvas.scene.entries(area)


def palm_rules(values: Settings) -> PalmRules:
    """Return the palm rule that the settings ask for."""
    return PalmRules(
        pen_report=PenReport(values.pen_reported),
        large_mm=values.palm_least_mm,
        small_mm=min(values.finger_most_mm, values.palm_least_mm),
    )
