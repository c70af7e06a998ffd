import pytest

from base.board_doc import BrushKind
from tests.whiteboard.model.making import image, note, one_of_each, rectangle, straight, text
from whiteboard.model.arrange import (
    COPY_STEP_PT,
    ColourSet,
    copies_at,
    copies_beside,
    picture_box,
    raised,
    recolour,
    shared_colour,
    shared_colour_set,
)
from whiteboard.model.bounds import Rect, item_bounds

MARKER = {"brush": BrushKind.HIGHLIGHTER}


@pytest.mark.parametrize(
    ("items", "colours"),
    [
        ([straight(0, 0, 9, 9), note(0, 0)], ColourSet.INK),
        ([straight(0, 0, 9, 9, **MARKER), note(0, 0)], ColourSet.HIGHLIGHTER),
        ([note(0, 0), image(0, 0)], ColourSet.PAPER),
        ([image(0, 0)], None),
        ([], None),
    ],
)
def test_colours_that_most_can_have_are_offered(items, colours):
    assert shared_colour_set(items) is colours


def test_colour_of_all_is_known_when_they_agree():
    items = [straight(0, 0, 9, 9, colour=3), rectangle(0, 0, 9, 9, colour=3), note(0, 0)]
    assert shared_colour(items, ColourSet.INK) == 3


def test_no_colour_is_that_of_all_when_they_differ():
    items = [straight(0, 0, 9, 9, colour=3), straight(0, 0, 9, 9, colour=4)]
    assert shared_colour(items, ColourSet.INK) is None


def test_other_ink_leaves_highlighters_notes_and_pictures():
    items = {
        "ink": straight(0, 0, 9, 9, colour=1),
        "marker": straight(0, 0, 9, 9, **MARKER),
        "note": note(0, 0),
        "image": image(0, 0),
    }
    changed = recolour(items, ColourSet.INK, 5)
    assert set(changed) == {"ink"}
    assert changed["ink"].colour == 5


def test_other_paper_changes_notes():
    changed = recolour({"note": note(0, 0), "text": text(0, 0)}, ColourSet.PAPER, 4)
    assert {item_id: item.colour for item_id, item in changed.items()} == {"note": 4}


def test_same_colour_changes_nothing():
    assert recolour({"ink": straight(0, 0, 9, 9, colour=5)}, ColourSet.INK, 5) == {}


def test_raised_items_keep_their_order():
    items = {"a": note(0, 0, z=5.0), "b": note(0, 0, z=2.0), "c": note(0, 0, z=9.0)}
    z = {item_id: item.z for item_id, item in raised(items, 20.0).items()}
    assert z == {"b": 20.0, "a": 21.0, "c": 22.0}


def test_copies_lie_a_step_beside_what_they_were_made_of():
    items = one_of_each()
    copies = copies_beside(items, page="p2", author="bo", z=50.0)
    for item, copy in zip(items, copies, strict=True):
        moved = item_bounds(item).moved(COPY_STEP_PT, COPY_STEP_PT)
        assert item_bounds(copy).left == pytest.approx(moved.left, abs=0.1)
        assert (copy.page, copy.author) == ("p2", "bo")


def test_copies_have_their_middle_at_the_place():
    items = [note(0, 0), note(300, 100)]
    first, last = copies_at(items, (1000.0, 500.0), page="p", author="a", z=1.0)
    both = item_bounds(first).union(item_bounds(last))
    assert both.centre == pytest.approx((1000.0, 500.0))


@pytest.mark.parametrize(("width", "height"), [(4000, 1000), (500, 3000), (10, 10)])
def test_picture_fits_into_its_share_of_the_view_and_keeps_its_shape(width, height):
    visible = Rect(100, 50, 1100, 650)
    box = picture_box(width, height, visible, 0.6)
    assert box.width <= 600.001
    assert box.height <= 360.001
    assert box.width / box.height == pytest.approx(width / height)
    assert box.centre == pytest.approx(visible.centre)
