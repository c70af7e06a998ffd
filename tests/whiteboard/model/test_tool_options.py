from base.board_doc import ShapeKind, StampKind
from whiteboard.model.eraser_tool import EraserKind
from whiteboard.model.palette import INKS
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.model.tool_options import (
    ASPECTS,
    Aspect,
    Option,
    is_chosen,
    options_of,
    quick_options,
    taken,
)


def option(choice: ToolChoice, aspect: Aspect, value: int) -> Option:
    row = options_of(choice.tool, aspect, is_dark=True)
    return next(one for one in row if one.value == value)


def test_every_aspect_of_every_tool_has_one_chosen_option() -> None:
    for tool, aspects in ASPECTS.items():
        choice = ToolChoice().with_tool(tool)
        for aspect in aspects:
            row = options_of(tool, aspect, is_dark=True)
            assert sum(is_chosen(choice, one) for one in row) == 1, (tool, aspect)


def test_first_ink_is_named_after_the_board() -> None:
    dark, light = (options_of(ToolKind.PEN, Aspect.COLOUR, is_dark=d)[0] for d in (True, False))
    assert (dark.name, light.name) == ("White", "Black")


def test_option_is_taken_for_the_tool_in_hand_alone() -> None:
    choice = ToolChoice().with_tool(ToolKind.CHALK)
    red = taken(choice, option(choice, Aspect.COLOUR, 2))
    assert red.colour == 2
    assert red.with_tool(ToolKind.PEN).colour == 0


def test_kinds_are_taken() -> None:
    choice = ToolChoice().with_tool(ToolKind.SHAPE)
    arrow = option(choice, Aspect.SHAPE, ShapeKind.ARROW)
    assert taken(choice, arrow).shape is ShapeKind.ARROW
    choice = choice.with_tool(ToolKind.ERASER)
    area = option(choice, Aspect.ERASER, EraserKind.AREA.value)
    assert taken(choice, area).eraser is EraserKind.AREA
    choice = choice.with_tool(ToolKind.STAMP)
    assert taken(choice, option(choice, Aspect.STAMP, StampKind.STAR)).stamp is StampKind.STAR


def test_all_colours_lie_in_a_bar_with_room() -> None:
    assert len(quick_options(ToolChoice(), 8, is_dark=True)) == len(INKS)


def test_chosen_colour_is_never_left_out_of_a_short_bar() -> None:
    choice = ToolChoice().with_colour(6)
    row = quick_options(choice, 4, is_dark=True)
    assert [one.value for one in row] == [0, 1, 2, 6]


def test_eraser_shows_its_sizes_where_kinds_have_no_room() -> None:
    choice = ToolChoice().with_tool(ToolKind.ERASER)
    assert {one.aspect for one in quick_options(choice, 4, is_dark=True)} == {Aspect.SIZE}
    assert len(quick_options(choice, 6, is_dark=True)) == 6


def test_tool_with_nothing_to_choose_has_no_options() -> None:
    choice = ToolChoice().with_tool(ToolKind.HAND)
    assert quick_options(choice, 8, is_dark=True) == ()
