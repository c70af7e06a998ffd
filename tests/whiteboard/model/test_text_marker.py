import numpy as np
import pytest

from base.board_doc import BrushKind
from whiteboard.model.bounds import Rect, item_bounds
from whiteboard.model.document import Word
from whiteboard.model.select import Transform, quarter_turns
from whiteboard.model.text_marker import (
    PageText,
    Spot,
    mark_strokes,
    marked_text,
    text_of,
)

ENGLISH = ("The council heard", "the report and asked", "for an estimate")
SIZE = 10.0
STEP = 20.0


def row(text: str, line: int, left: float = 100.0, top: float | None = None) -> list[Word]:
    """Words of a line; every letter is 10 x 10 pt, lines stand 20 pt apart."""
    top = 100.0 + line * STEP if top is None else top
    words = []
    at = left
    for word in text.split(" "):
        end = at + SIZE * len(word)
        words.append(Word(word, Rect(at, top, end, top + SIZE), line))
        at = end + SIZE
    return words


def column(text: str, line: int, left: float) -> list[Word]:
    """A line that is written downwards, one word."""
    box = Rect(left, 100.0, left + SIZE, 100.0 + SIZE * len(text))
    return [Word(text, box, line)]


def page(*lines: list[Word], to_page: Transform | None = None) -> PageText:
    return text_of([word for line in lines for word in line], to_page or Transform())


def english() -> PageText:
    return page(*(row(text, n) for n, text in enumerate(ENGLISH)))


def mark(text: PageText, *places: tuple[float, float]) -> str:
    """Return what a hand marks that goes along places."""
    spot = start = text.spot_at(*places[0])
    assert start is not None
    assert spot is not None
    for place in places[1:]:
        spot = text.spot_near(*place, spot)
    return marked_text(text.between(start, spot))


def test_words_are_taken_whole() -> None:
    assert mark(english(), (145, 105), (175, 104)) == "council"


def test_mark_goes_on_over_the_end_of_a_line() -> None:
    assert mark(english(), (225, 105), (180, 125)) == "heard\nthe report"


def test_mark_may_be_drawn_backwards() -> None:
    assert mark(english(), (180, 125), (225, 105)) == "heard\nthe report"


def test_hand_that_drifts_stays_on_its_line() -> None:
    drifting = [(105 + n * 10, 105 + n * 0.8) for n in range(15)]
    assert mark(english(), *drifting) == "The council heard"


def test_hand_past_the_end_of_a_line_takes_its_last_word() -> None:
    assert mark(english(), (145, 105), (400, 105)) == "council heard"


def test_japanese_is_taken_letter_by_letter() -> None:
    text = page(row("本年度は計画を", 0))
    assert mark(text, (102, 105), (125, 105)) == "本年度"


def test_text_keeps_spaces_between_words_but_not_between_kanji() -> None:
    text = page(
        [
            Word("町", Rect(0, 0, 10, 10), 0),
            Word("の", Rect(10, 0, 20, 10), 0),
            Word("PDF", Rect(25, 0, 55, 10), 0),
            Word("file", Rect(60, 0, 100, 10), 0),
        ]
    )
    assert mark(text, (5, 5), (90, 5)) == "町のPDF file"


def test_beside_the_text_there_is_nothing_to_mark() -> None:
    text = english()
    assert text.spot_at(50, 105) is None
    assert text.spot_at(145, 118 - 3) is None
    assert page().spot_at(5, 5) is None


def test_hand_may_land_a_little_beside_a_line() -> None:
    assert english().spot_at(145, 97.5) == Spot(0, 1)


def test_line_of_another_column_is_left_out() -> None:
    """The order of the file has a margin note between two lines of one paragraph."""
    text = page(row("alpha beta", 0), row("note", 1, left=500.0, top=400.0), row("gamma", 2))
    assert mark(text, (105, 105), (105, 122), (105, 145)) == "alpha beta\ngamma"


def test_column_written_downwards_is_marked_downwards() -> None:
    text = page(column("本年度は計画を見直", 0, 300.0), column("しました今年も同じ", 1, 280.0))
    assert [line.is_upright for line in text.lines] == [True, True]
    assert mark(text, (305, 175), (285, 125)) == "見直\nしまし"
    marked = text.between(Spot(0, 7), Spot(1, 2))
    assert marked_text(marked) == "見直\nしまし"
    assert marked[0].box == Rect(300, 170, 310, 190)


def test_column_whose_letters_come_as_lines_is_one_line() -> None:
    letters = [
        [Word(letter, Rect(300, 100 + 20 * n, 320, 120 + 20 * n), n)]
        for n, letter in enumerate("本年度は計画")
    ]
    text = page(*letters, [Word("次", Rect(270, 100, 290, 120), 6)])
    assert [len(line.units) for line in text.lines] == [6, 1]
    assert mark(text, (310, 110), (312, 150)) == "本年度"


def test_numbers_of_a_table_are_no_column() -> None:
    text = page(*(row(str(n), n) for n in range(4)))
    assert len(text.lines) == 4


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_text_of_a_turned_sheet_is_marked_where_it_is_seen(turns: int) -> None:
    to_page = quarter_turns(turns, 600.0, 400.0)
    text = page(*(row(line, n) for n, line in enumerate(ENGLISH)), to_page=to_page)
    here, there = to_page.point(145, 105), to_page.point(225, 105)
    assert mark(text, here, there) == "council heard"
    assert {line.is_upright for line in text.lines} == {turns % 2 == 1}


def test_strokes_are_as_thick_as_their_lines_and_as_long_as_the_words() -> None:
    text = english()
    marked = text.between(Spot(0, 1), Spot(1, 0))
    strokes = mark_strokes(marked, 2)
    assert [stroke.brush for stroke in strokes] == [BrushKind.HIGHLIGHTER] * 2
    assert [stroke.colour for stroke in strokes] == [2, 2]
    for stroke, line in zip(strokes, marked, strict=True):
        bounds = item_bounds(stroke)
        assert stroke.width_pt == SIZE
        edges = np.array((bounds.left, bounds.top, bounds.right, bounds.bottom))
        wanted = np.array((line.box.left, line.box.top, line.box.right, line.box.bottom))
        assert np.abs(edges - wanted).max() <= 0.25 * SIZE


def test_single_letter_is_covered_by_its_mark() -> None:
    text = page(row("町", 0))
    (stroke,) = mark_strokes(text.between(Spot(0, 0), Spot(0, 0)), 0)
    assert item_bounds(stroke).contains(Rect(101, 101, 109, 109))


def test_words_under_marks_are_found_again() -> None:
    text = english()
    marks = mark_strokes(text.between(Spot(0, 1), Spot(1, 1)), 0)
    assert text.words_under(item_bounds(mark) for mark in marks) == "council heard\nthe report"


def test_empty_boxes_of_damaged_files_are_left_out() -> None:
    assert page([Word("x", Rect(5, 5, 5, 5), 0)]).lines == ()
