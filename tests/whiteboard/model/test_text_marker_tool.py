from base.board_doc import BrushKind, StrokeItem
from tests.whiteboard.model.hand import on_page, only, stroke_along
from whiteboard.model.bounds import Rect
from whiteboard.model.document import Word
from whiteboard.model.effects import (
    InkDropped,
    InkFinished,
    InkStarted,
    ItemsAdded,
    TextMarked,
)
from whiteboard.model.select import Transform
from whiteboard.model.text_marker import PageText, text_of
from whiteboard.model.text_marker_tool import TextMarkerTool
from whiteboard.model.tools import InkTool
from whiteboard.model.wet_stroke import InkStyle

WORDS = [
    Word("town", Rect(100, 100, 140, 110), 0),
    Word("hall", Rect(150, 100, 190, 110), 0),
]


def tool(text: PageText | None = None) -> TextMarkerTool:
    style = InkStyle(BrushKind.HIGHLIGHTER, 1, 20.0)
    ink = InkTool(style, straightens=False, px_per_mm=1.0)
    return TextMarkerTool(ink, 1, lambda: text)


def on_text() -> TextMarkerTool:
    return tool(text_of(WORDS, Transform()))


def test_hand_that_lands_on_text_marks_it() -> None:
    effects = stroke_along(on_text(), [(110, 105), (150, 106), (170, 104)])
    (added,) = only(effects, ItemsAdded)
    assert [type(item) for item in added.items] == [StrokeItem]
    assert only(effects, InkStarted) == []
    done = [marked for marked in only(effects, TextMarked) if marked.is_done]
    assert [line.text for line in done[0].lines] == ["town hall"]


def test_marks_are_shown_while_the_hand_goes() -> None:
    effects = stroke_along(on_text(), [(110, 105), (170, 105)], lifts=False)
    assert [marked.lines[0].text for marked in effects] == ["town", "town hall"]


def test_move_within_a_word_changes_nothing() -> None:
    marker = on_text()
    marker.down(on_page(110, 105))
    assert marker.move(on_page(115, 105)) == ()


def test_hand_that_lands_beside_text_draws_as_ever() -> None:
    effects = stroke_along(on_text(), [(110, 300), (150, 105)])
    assert only(effects, InkStarted)
    assert only(effects, InkFinished)
    assert only(effects, TextMarked) == []


def test_without_the_text_of_the_page_it_draws_as_ever() -> None:
    assert only(stroke_along(tool(), [(110, 105), (150, 105)]), InkFinished)


def test_mark_that_is_taken_away_leaves_nothing() -> None:
    marker = on_text()
    marker.down(on_page(110, 105))
    (taken,) = marker.cancel(1)
    assert isinstance(taken, TextMarked)
    assert taken.lines == ()
    assert only(marker.up(on_page(170, 105)), ItemsAdded) == []


def test_stroke_that_is_taken_away_is_dropped() -> None:
    marker = on_text()
    marker.down(on_page(110, 300))
    assert only(marker.cancel(1), InkDropped)


def test_one_hand_marks_while_another_draws() -> None:
    marker = on_text()
    marker.down(on_page(110, 105, contact=1))
    marker.down(on_page(110, 300, contact=2))
    assert only(marker.up(on_page(170, 105, contact=1)), ItemsAdded)
    assert only(marker.up(on_page(170, 300, contact=2)), InkFinished)
