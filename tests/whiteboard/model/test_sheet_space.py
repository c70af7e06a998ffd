import pytest

from whiteboard.model.board import Board
from whiteboard.model.bounds import Rect
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.page import Page
from whiteboard.model.sheet_space import boxes_on_page, sheet_to_page

BOX = Rect(10, 20, 40, 30)


def page(turns: int) -> Page:
    """A page on a sheet of 200 x 100 pt."""
    size = SheetSize(200.0, 100.0).turned(turns)
    sheet = SheetRef("ab" * 32, 0, turns)
    return Page("p", 0.0, width_pt=size.width_pt, height_pt=size.height_pt, sheet=sheet)


@pytest.mark.parametrize(
    ("turns", "there"),
    [
        (0, Rect(10, 20, 40, 30)),
        (1, Rect(70, 10, 80, 40)),
        (2, Rect(160, 70, 190, 80)),
        (3, Rect(20, 160, 30, 190)),
    ],
)
def test_box_is_where_the_turned_sheet_shows_it(turns: int, there: Rect) -> None:
    assert boxes_on_page(page(turns), [BOX]) == (there,)


def test_boxes_turn_as_the_board_turns_a_page() -> None:
    ids = iter(f"id{n}" for n in range(99))
    board = Board(lambda: next(ids))
    with board.change("haru") as edit:
        (page_id,) = edit.add_sheet_pages([(SheetRef("ab" * 32, 0), SheetSize(200, 100))], None)
        edit.turn_page(page_id, 1)
        edit.turn_page(page_id, 2)
    assert boxes_on_page(board.page(page_id), [BOX]) == boxes_on_page(page(3), [BOX])


def test_page_without_a_sheet_has_no_sheet_space() -> None:
    with pytest.raises(ValueError, match="no sheet"):
        sheet_to_page(Page("p", 0.0))
