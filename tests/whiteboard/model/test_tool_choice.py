"""What a person holds, as a value."""

import pytest

from base.board_doc import BrushKind
from whiteboard.model.palette import HIGHLIGHTERS, INKS, NOTE_PAPERS, STAMP_INK
from whiteboard.model.tool_choice import (
    COLOURED_TOOLS,
    ERASER_RADII_MM,
    INK_TOOLS,
    TEXT_SIZES_PT,
    WIDTHS_PT,
    ToolChoice,
    ToolKind,
)


def test_first_choice_is_a_pen_in_the_first_ink():
    choice = ToolChoice()
    assert (choice.tool, choice.colour, choice.size) == (ToolKind.PEN, 0, 1)


def test_stamp_starts_with_its_own_ink():
    assert ToolChoice(ToolKind.STAMP).colour == STAMP_INK


def test_colour_belongs_to_the_tool_in_hand():
    choice = ToolChoice().with_colour(3)
    assert choice.colour == 3
    assert choice.with_tool(ToolKind.CHALK).colour == 0
    assert choice.with_tool(ToolKind.CHALK).with_tool(ToolKind.PEN).colour == 3


def test_size_belongs_to_the_tool_in_hand():
    choice = ToolChoice().with_size(3)
    assert choice.ink.width_pt == WIDTHS_PT[ToolKind.PEN][3]
    assert choice.with_tool(ToolKind.CHALK).size == 1


@pytest.mark.parametrize("size", [-1, 4])
def test_size_out_of_the_row_is_refused(size):
    with pytest.raises(ValueError, match="size must be"):
        ToolChoice().with_size(size)


def test_change_leaves_the_old_choice_as_it_was():
    choice = ToolChoice()
    choice.with_colour(5).with_size(0).with_tool(ToolKind.HAND)
    assert choice == ToolChoice()


@pytest.mark.parametrize(
    ("tool", "brush"),
    [
        (ToolKind.PEN, BrushKind.PEN),
        (ToolKind.CHALK, BrushKind.CHALK),
        (ToolKind.HIGHLIGHTER, BrushKind.HIGHLIGHTER),
    ],
)
def test_ink_tool_draws_with_its_brush(tool, brush):
    assert ToolChoice(tool).ink.brush is brush


def test_tool_without_ink_has_none():
    with pytest.raises(KeyError):
        _ = ToolChoice(ToolKind.LASSO).ink


def test_sizes_of_text_eraser_and_shape_do_not_need_the_tool_in_hand():
    choice = ToolChoice(ToolKind.TEXT).with_size(2).with_tool(ToolKind.ERASER).with_size(3)
    choice = choice.with_tool(ToolKind.SHAPE).with_size(0).with_tool(ToolKind.PEN)
    assert choice.text_size_pt == TEXT_SIZES_PT[2]
    assert choice.eraser_radius_mm == ERASER_RADII_MM[3]
    assert choice.shape_width_pt == WIDTHS_PT[ToolKind.SHAPE][0]


@pytest.mark.parametrize("row", [*WIDTHS_PT.values(), TEXT_SIZES_PT, ERASER_RADII_MM])
def test_each_row_goes_from_small_to_large(row):
    assert list(row) == sorted(row)
    assert len(row) == 4


def test_first_colour_of_each_tool_is_one_there_is():
    swatches = {ToolKind.HIGHLIGHTER: HIGHLIGHTERS, ToolKind.NOTE: NOTE_PAPERS}
    for tool in COLOURED_TOOLS:
        assert 0 <= ToolChoice(tool).colour < len(swatches.get(tool, INKS))


def test_ink_tools_have_colours_and_widths():
    assert set(INK_TOOLS) <= set(COLOURED_TOOLS)
    assert set(INK_TOOLS) <= set(WIDTHS_PT)
