import itertools
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QPainter

from base.errors import AppError, ErrorCode
from tests.support.canvas_bench import pixels
from tests.support.painted_sheets import PaintedSheets, colour_of
from tests.whiteboard.services.page_bench import blank
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.services.painting.sheet_pixels import (
    AROUND_RGB,
    PAPER_RGB,
    SheetPixels,
    SheetSpot,
    SheetWant,
)
from whiteboard.services.painting.sheet_previews import SheetPreviews
from whiteboard.services.rendering.render_pool import Priority

DECK = "ab" * 32
SLIDE = SheetSize(960.0, 540.0)
WORDS = "This page cannot be shown"
VIEW, OTHER = "view", "other"


def spot(number=0, size=SLIDE, turns=0):
    return SheetSpot(SheetRef(DECK, number, turns), size)


def want(number=0, scale=1.0, area=None, size=SLIDE):
    whole = spot(number, size)
    return SheetWant(whole, scale, whole.frame_px(scale) if area is None else area)


class Bench:
    def __init__(self, previews=None, now_s=time.perf_counter):
        self.source = PaintedSheets()
        self.sheets = SheetPixels(self.source, lambda: WORDS, previews, now_s)
        self.told = []
        self.errors = []
        self.sheets.came.connect(self.told.append)
        self.sheets.failed.connect(self.errors.append)

    def painted(self, number=0, scale=1.0, area=None):
        """Return what a device of that scale shows, shape (height, width, 3)."""
        area = spot(number).frame_px(scale) if area is None else area
        image = blank(area.width(), area.height())
        painter = QPainter(image)
        painter.translate(-area.topLeft())
        painter.scale(scale, scale)
        part = QRectF(
            area.x() / scale, area.y() / scale, area.width() / scale, area.height() / scale
        )
        self.sheets.paint(painter, spot(number), part, scale)
        painter.end()
        return pixels(image)

    def scales(self):
        return [asked.scale for asked in self.source.waiting]


@pytest.fixture
def bench(qapp):
    made = Bench()
    yield made
    made.sheets.shutdown()


def rgb(number):
    colour = colour_of(number)
    return [colour.red(), colour.green(), colour.blue()]


# What is asked for


def test_seen_sheet_is_asked_for_at_once_in_its_scale(bench):
    bench.sheets.want(VIEW, want())
    (asked,) = bench.source.waiting
    assert (asked.document, asked.number, asked.scale) == (DECK, 0, 1.0)
    assert asked.area == QRect(0, 0, 960, 540)
    assert asked.priority is Priority.VISIBLE


def test_large_view_is_asked_for_small_first_and_in_two_bands(bench):
    bench.sheets.want(VIEW, want(scale=4.0))
    low, upper, lower = bench.source.waiting
    assert low.scale < 1.1
    assert low.area == spot().frame_px(low.scale)
    assert upper.area.united(lower.area) == spot().frame_px(4.0)
    assert not upper.area.intersects(lower.area)


def test_small_picture_is_not_asked_for_where_there_is_one(bench):
    bench.sheets.want(VIEW, want(scale=1.0))
    bench.source.answer_all()
    bench.sheets.want(VIEW, want(scale=4.0, area=QRect(0, 0, 960, 540)))
    assert set(bench.scales()) == {4.0}


def test_only_the_visible_part_is_asked_for_at_high_zoom(bench):
    seen = QRect(1500, 900, 800, 450)
    bench.sheets.want(VIEW, want(scale=4.0, area=seen))
    sharp = [asked.area for asked in bench.source.waiting if asked.scale == 4.0]
    (area,) = sharp
    assert area.contains(seen)
    assert area.width() <= seen.width() + 512
    assert area.height() <= seen.height() + 512


def test_what_lies_beyond_the_sheet_is_not_asked_for(bench):
    bench.sheets.want(VIEW, want(area=QRect(-300, -200, 2000, 1000)))
    (asked,) = bench.source.waiting
    assert asked.area == QRect(0, 0, 960, 540)
    bench.source.answer_all()
    bench.sheets.want(VIEW, want(area=QRect(1200, 0, 500, 500)))
    assert bench.source.waiting == []


def test_pan_asks_for_the_strip_that_came_into_view(bench):
    bench.sheets.want(VIEW, want(scale=4.0, area=QRect(0, 0, 1024, 1024)))
    bench.source.answer_all()
    bench.sheets.want(VIEW, want(scale=4.0, area=QRect(100, 0, 1024, 1024)))
    (strip,) = bench.source.waiting
    assert strip.area == QRect(1024, 0, 256, 1024)


def test_nothing_is_asked_for_twice(bench):
    bench.sheets.want(VIEW, want())
    bench.sheets.want(OTHER, want())
    bench.sheets.want(VIEW, want(), [want(1)])
    assert len(bench.source.asked) == 1
    bench.source.answer_all()
    count = len(bench.source.asked)
    bench.sheets.want(OTHER, want(1))
    assert len(bench.source.asked) == count


def test_what_is_not_wanted_any_more_is_cancelled(bench):
    bench.sheets.want(VIEW, want(0, scale=4.0))
    old = bench.source.waiting
    bench.sheets.want(VIEW, want(1))
    assert all(asked.is_cancelled for asked in old)
    assert [asked.number for asked in bench.source.waiting] == [1]


def test_what_another_view_still_wants_is_not_cancelled(bench):
    bench.sheets.want(VIEW, want(0))
    bench.sheets.want(OTHER, want(0))
    bench.sheets.want(VIEW, want(1))
    assert {asked.number for asked in bench.source.waiting} == {0, 1}
    bench.sheets.forget(OTHER)
    assert [asked.number for asked in bench.source.waiting] == [1]


# Ahead


def test_neighbours_come_one_by_one_when_all_that_is_seen_is_there(bench):
    bench.sheets.want(VIEW, want(5), [want(6), want(4)])
    order = []
    while bench.source.waiting:
        (asked,) = bench.source.waiting
        order.append((asked.number, asked.priority))
        bench.source.answer()
    assert order == [(5, Priority.VISIBLE), (6, Priority.NEXT), (4, Priority.NEXT)]


def test_nothing_is_asked_for_ahead_while_somebody_writes(bench):
    bench.sheets.set_writing(OTHER, True)
    bench.sheets.want(VIEW, want(0), [want(1)])
    bench.source.answer()
    assert bench.source.waiting == []
    bench.sheets.set_writing(OTHER, False)
    assert [asked.number for asked in bench.source.waiting] == [1]


def test_turn_takes_over_what_was_asked_for_ahead(bench):
    bench.sheets.want(VIEW, want(0), [want(1)])
    bench.source.answer()
    (ahead,) = bench.source.waiting
    bench.sheets.want(VIEW, want(1), [want(2)])
    assert bench.source.waiting == [ahead]


# Painting


def test_sharp_pixels_are_copied(bench):
    bench.sheets.want(VIEW, want())
    bench.source.answer_all()
    assert (bench.painted() == pixels(bench.source.asked[0].paint())).all()


def test_bands_join_without_a_seam(bench):
    bench.sheets.want(VIEW, want(scale=2.0))
    bench.source.answer_all()
    shown = bench.painted(scale=2.0)
    assert (shown[0:40] == rgb(0)).all()
    assert (shown[40:80] == PAPER_RGB).all()
    assert (shown[560:600] == rgb(0)).all()


def test_sheet_is_white_until_pixels_come(bench):
    assert (bench.painted() == PAPER_RGB).all()


def test_small_picture_is_stretched_until_the_sharp_one_comes(bench):
    bench.sheets.want(VIEW, want(scale=2.0))
    low = bench.source.waiting[0]
    bench.source.answer(low)
    shown = bench.painted(scale=2.0)
    assert np.abs(shown[20, 100:1800] - rgb(0)).max() < 8
    assert np.abs(shown[60, 100:1800] - PAPER_RGB).max() < 8


def test_around_a_sheet_there_is_no_paper(bench):
    shown = bench.painted(area=QRect(-10, -10, 1000, 580))
    assert (shown[0, :] == AROUND_RGB).all()
    assert (shown[20, 975:] == AROUND_RGB).all()
    assert (shown[20, 20] == PAPER_RGB).all()
    assert not (shown[20, 970] == PAPER_RGB).all()


def test_sheet_that_cannot_be_shown_says_so(bench):
    bench.source.broken[0] = AppError(ErrorCode.PAGE_UNREADABLE)
    bench.sheets.want(VIEW, want())
    bench.source.answer_all()
    shown = bench.painted()
    assert (shown[10, :] == PAPER_RGB).all()
    inked = (shown != PAPER_RGB).any(axis=2)
    rows, columns = np.nonzero(inked)
    assert 200 < rows.min() < rows.max() < 340
    assert abs((columns.min() + columns.max()) / 2 - 480) < 10
    assert [error.code for error in bench.errors] == [ErrorCode.PAGE_UNREADABLE]


def test_sheet_that_cannot_be_shown_is_asked_for_again_only_when_told(bench):
    bench.source.broken[0] = AppError(ErrorCode.DOCUMENT_ENCRYPTED)
    bench.sheets.want(VIEW, want())
    bench.source.answer_all()
    bench.sheets.want(VIEW, want(scale=0.9))
    assert bench.source.waiting == []
    bench.source.broken.clear()
    bench.sheets.try_again(DECK)
    assert len(bench.source.waiting) == 1


def test_other_sheets_of_a_broken_document_are_told_once(bench):
    error = AppError(ErrorCode.DOCUMENT_DAMAGED)
    bench.source.broken = {0: error, 1: error}
    bench.sheets.want(VIEW, want(0))
    bench.source.answer_all()
    bench.sheets.want(VIEW, want(1))
    bench.source.answer_all()
    assert len(bench.errors) == 1


# What is told


def test_listeners_hear_where_sharper_pixels_lie(bench):
    bench.sheets.want(VIEW, want(scale=4.0, area=QRect(1024, 512, 1024, 512)))
    sharp = [asked for asked in bench.source.waiting if asked.scale == 4.0]
    bench.source.answer(*sharp)
    (came,) = bench.told
    assert came.sheet == SheetRef(DECK, 0)
    assert (came.area.left, came.area.top) == (256.0, 128.0)
    assert came.scale == 4.0


def test_small_picture_is_told_when_the_sharp_one_is_late(bench, qtbot):
    bench.sheets.want(VIEW, want(scale=4.0))
    low = bench.source.waiting[0]
    bench.source.answer(low)
    assert bench.told == []
    qtbot.waitUntil(lambda: bench.told != [])
    assert bench.told[0].scale == low.scale


def test_small_picture_is_not_told_while_somebody_writes(bench, qtbot):
    bench.sheets.set_writing(VIEW, True)
    bench.sheets.want(VIEW, want(scale=4.0))
    bench.source.answer(bench.source.waiting[0])
    assert not bench.sheets._low_timer.isActive()
    bench.sheets.set_writing(VIEW, False)
    qtbot.waitUntil(lambda: bench.told != [])


# Memory


def test_pixels_of_a_thousand_sheets_stay_within_the_budget(bench):
    for number in range(1000):
        bench.sheets.want(VIEW, want(number), [want(number + 1)])
        bench.source.answer_all()
        assert bench.sheets.size_bytes <= bench.sheets.budget_bytes
    assert bench.sheets.is_settled(want(999))
    assert bench.sheets.is_settled(want(998))
    assert not bench.sheets.is_settled(want(0))


def test_what_is_seen_is_kept_whatever_else_comes(bench):
    bench.sheets.want(OTHER, want(7))
    bench.source.answer_all()
    for number in range(100, 200):
        bench.sheets.want(VIEW, want(number))
        bench.source.answer_all()
    assert bench.sheets.is_settled(want(7))


def test_shutdown_lets_go_of_everything(bench):
    bench.sheets.want(VIEW, want(0))
    bench.source.answer_all()
    bench.sheets.want(VIEW, want(1))
    bench.sheets.shutdown()
    assert bench.source.waiting == []
    assert bench.sheets.size_bytes == 0


def test_answer_that_comes_after_its_cancel_is_dropped(bench):
    bench.sheets.want(VIEW, want(0))
    (asked,) = bench.source.waiting
    bench.sheets.want(VIEW, want(1))
    asked.on_done(asked.paint())
    assert not bench.sheets.is_settled(want(0))


def test_turned_sheet_is_another_picture(bench):
    bench.sheets.want(VIEW, want(0))
    bench.source.answer_all()
    turned = SheetSpot(SheetRef(DECK, 0, 1), SLIDE.turned(1))
    bench.sheets.want(VIEW, SheetWant(turned, 1.0, turned.frame_px(1.0)))
    (asked,) = bench.source.waiting
    assert asked.turns == 1
    assert asked.area.size().width() == 540
    assert asked.area.topLeft() == QPoint(0, 0)


# Pictures of other sheets


@pytest.fixture
def kept(qapp, tmp_path):
    """A bench with a folder for pictures, on whose clock each look takes a second."""
    clock = itertools.count()
    previews = SheetPreviews(tmp_path / "documents")
    made = Bench(previews, lambda: float(next(clock)))
    made.previews = previews
    yield made
    made.sheets.shutdown()


def others(*numbers):
    return lambda: iter([want(number) for number in numbers])


def making(bench):
    return [a.number for a in bench.source.waiting if a.priority is Priority.BACKGROUND]


def make(bench, qtbot, number):
    qtbot.waitUntil(lambda: making(bench) == [number])
    bench.source.answer_all()


def test_pictures_of_other_sheets_are_made_when_nothing_else_is_wanted(kept, qtbot):
    kept.sheets.want(VIEW, want(0), [], others(0, 1, 2))
    kept.source.answer_all()
    for number in (0, 1, 2):
        make(kept, qtbot, number)


def test_no_picture_is_made_while_somebody_writes(kept, qtbot):
    kept.sheets.want(VIEW, want(0), [], others(1, 2))
    kept.source.answer_all()
    qtbot.waitUntil(lambda: making(kept) == [1])
    kept.sheets.set_writing(VIEW, True)
    assert making(kept) == []
    kept.sheets.set_writing(VIEW, False)
    qtbot.waitUntil(lambda: making(kept) != [])


def test_turn_stops_the_making_of_a_picture(kept, qtbot):
    kept.sheets.want(VIEW, want(0), [], others(1, 2))
    kept.source.answer_all()
    qtbot.waitUntil(lambda: making(kept) == [1])
    kept.sheets.want(VIEW, want(5), [], others(1, 2))
    assert making(kept) == []
    assert [asked.number for asked in kept.source.waiting] == [5]


def test_leap_to_a_sheet_shows_its_picture_until_the_sharp_one_comes(kept, qtbot):
    kept.sheets.want(VIEW, want(0), [], others(0, 7, 8))
    kept.source.answer_all()
    for number in (0, 7, 8):
        make(kept, qtbot, number)
    qtbot.waitUntil(lambda: kept.previews.has(spot(7).sheet))
    kept.sheets.want(VIEW, want(7), [])
    qtbot.waitUntil(lambda: any(came.sheet.number == 7 for came in kept.told))
    assert not kept.sheets.is_settled(want(7))
    assert np.abs(kept.painted(7)[5, 5].astype(int) - rgb(7)).max() < 8
    kept.source.answer_all()
    assert kept.sheets.is_settled(want(7))
    assert kept.painted(7)[5, 5].tolist() == rgb(7)


def test_document_that_renders_in_no_time_gets_no_pictures(qtbot, qapp, tmp_path):
    bench = Bench(SheetPreviews(tmp_path / "documents"), lambda: 0.0)
    bench.sheets.want(VIEW, want(0), [], others(*range(20), *range(20)))
    bench.source.answer_all()
    for number in range(8):
        make(bench, qtbot, number)
    bench.sheets.shutdown()
    assert max(asked.number for asked in bench.source.asked) == 7
    assert list(tmp_path.iterdir()) == []
