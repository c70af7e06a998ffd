"""The highlighter that follows text: it marks letters where it lands on them, else it draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from whiteboard.model.effects import ItemsAdded, TextMarked
from whiteboard.model.text_marker import PageText, Spot, mark_strokes
from whiteboard.model.tools import Effects, InkTool, PageEvent


@dataclass(slots=True)
class _Marking:
    """A contact that marks text."""

    text: PageText
    start: Spot
    end: Spot


class TextMarkerTool:
    """Marks text from where a contact lands to where it is; beside text it is ink as ever.

    Args:
        ink: What draws beside text.
        colour: Of the marks, a highlighter index.
        text: Returns the text of the page that is shown; None while it is not known.
    """

    def __init__(self, ink: InkTool, colour: int, text: Callable[[], PageText | None]) -> None:
        self._ink = ink
        self._colour = colour
        self._text = text
        self._marking: dict[int, _Marking] = {}

    def down(self, event: PageEvent, /) -> Effects:
        """Begin to mark where there is text, else begin a stroke."""
        text = self._text()
        spot = None if text is None else text.spot_at(event.x_pt, event.y_pt)
        if text is None or spot is None:
            return self._ink.down(event)
        marking = _Marking(text, spot, spot)
        self._marking[event.pointer.contact] = marking
        return (self._shown(event.pointer.contact, marking),)

    def move(self, event: PageEvent, /) -> Effects:
        """Mark as far as the contact went, or draw on."""
        contact = event.pointer.contact
        marking = self._marking.get(contact)
        if marking is None:
            return self._ink.move(event)
        spot = marking.text.spot_near(event.x_pt, event.y_pt, marking.end)
        if spot == marking.end:
            return ()
        marking.end = spot
        return (self._shown(contact, marking),)

    def up(self, event: PageEvent, /) -> Effects:
        """Let the marks become strokes, or finish the stroke."""
        contact = event.pointer.contact
        if contact not in self._marking:
            return self._ink.up(event)
        self.move(event)
        return self.lift(contact)

    def lift(self, contact: int, /) -> Effects:
        """Let the marks become strokes as they are, or finish the stroke as it is."""
        marking = self._marking.pop(contact, None)
        if marking is None:
            return self._ink.lift(contact)
        lines = marking.text.between(marking.start, marking.end)
        return (
            TextMarked(contact, lines, self._colour, is_done=True),
            ItemsAdded(contact, mark_strokes(lines, self._colour)),
        )

    def cancel(self, contact: int, /) -> Effects:
        """Drop the marks or the stroke."""
        if self._marking.pop(contact, None) is None:
            return self._ink.cancel(contact)
        return (TextMarked(contact, (), self._colour, is_done=False),)

    def tick(self, now_s: float, /) -> Effects:
        """Let time pass for strokes."""
        return self._ink.tick(now_s)

    def _shown(self, contact: int, marking: _Marking) -> TextMarked:
        lines = marking.text.between(marking.start, marking.end)
        return TextMarked(contact, lines, self._colour, is_done=False)
