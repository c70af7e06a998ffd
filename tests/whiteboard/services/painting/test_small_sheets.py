from types import SimpleNamespace
from typing import Any, cast

import pytest

from base.errors import AppError, ErrorCode
from tests.support.painted_sheets import PaintedSheets
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting import small_sheets
from whiteboard.services.painting.sheet_pixels import SheetSpot
from whiteboard.services.painting.small_sheets import SmallSheets
from whiteboard.services.rendering.render_pool import Priority

BOX = (480, 270)


def spot(number: int) -> SheetSpot:
    return SheetSpot(SheetRef("ab" * 32, number), SheetSize(595.0, 842.0))


@pytest.fixture
def pool() -> PaintedSheets:
    return PaintedSheets()


@pytest.fixture
def sheets(qapp, pool: PaintedSheets) -> SmallSheets:
    board = cast("OpenBoard", cast("Any", SimpleNamespace(documents=pool)))
    return SmallSheets(board, *BOX)


def test_sheet_comes_small_and_last_of_all(sheets: SmallSheets, pool, qtbot) -> None:
    assert not sheets.is_settled(spot(0))
    with qtbot.waitSignal(sheets.came):
        pool.answer()
    image = sheets.image(spot(0))
    assert image is not None
    assert image.height() in (270, 271)
    assert pool.asked[0].priority is Priority.THUMBNAIL
    assert sheets.is_settled(spot(0))


def test_what_was_wanted_last_comes_first(sheets: SmallSheets, pool) -> None:
    for number in range(30):
        sheets.is_settled(spot(number))
    assert [asked.number for asked in pool.asked] == [0, 1]
    pool.answer()
    assert pool.asked[2].number == 29


def test_sheet_that_is_broken_is_not_asked_for_again(sheets: SmallSheets, pool) -> None:
    pool.broken[0] = AppError(ErrorCode.PAGE_UNREADABLE, "")
    sheets.is_settled(spot(0))
    pool.answer()
    assert sheets.is_settled(spot(0))
    assert sheets.image(spot(0)) is None
    assert len(pool.asked) == 1


def test_memory_is_bounded(sheets: SmallSheets, pool, monkeypatch) -> None:
    monkeypatch.setattr(small_sheets, "MOST_BYTES", 1_000_000)
    for number in range(20):
        sheets.is_settled(spot(number))
        pool.answer()
    assert sheets.size_bytes <= 1_000_000
    assert sheets.image(spot(0)) is None
    assert sheets.image(spot(19)) is not None
