from dataclasses import replace

import pytest
from PySide6.QtGui import QPainter

from base.tasks import Worker
from tests.support.canvas_bench import pixels
from tests.support.painted_sheets import PaintedSheets, colour_of
from tests.whiteboard.services.page_bench import Steps, blank, has_unpainted, ink, wave
from whiteboard.model.document import SheetRef, SheetSize
from whiteboard.model.page import Background
from whiteboard.model.viewport import Viewport
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.painting.near_pages import KEPT_PAGES, NearPages
from whiteboard.services.painting.sheet_pixels import AROUND_RGB, SheetPixels

DECK = "ab" * 32
SLIDE = SheetSize(960.0, 540.0)
SIZE = (960, 540)


class Bench:
    """A board of ten slides in a view of their size."""

    def __init__(self, folder, count=10):
        self.worker = Worker("near", on_error=lambda error: None)
        self.open = OpenBoard(BoardFile.create(folder / "b.kokuban"), 1 << 20, self.worker)
        self.open.ensure_page(Background())
        self.board = self.open.board
        self.source = PaintedSheets()
        self.open.sheets = SheetPixels(self.source, lambda: "no")
        sheets = [(SheetRef(DECK, n), SLIDE) for n in range(count)]
        with self.board.change("a") as edit:
            self.blank = self.board.pages[0].id
            self.pages = edit.add_sheet_pages(sheets, self.blank)
        self.now_s = Steps()
        self.wet = []
        self.near = self.view(self.pages[0])
        self.board.on_change(lambda change: self.near.apply(change, is_baked=False))
        self.open.sheets.came.connect(lambda came: self.near.take_sheet(came))
        self.near.want_sheets()

    def view(self, page_id):
        return NearPages(
            self.open,
            page_id,
            self.viewport_of,
            lambda: 1.0,
            self.now_s,
            lambda painter, area: self.wet.append(area),
        )

    def viewport_of(self, page_id):
        page = self.board.page(page_id)
        return Viewport.fitted(*SIZE, page.width_pt, page.height_pt, margin_px=0)

    def turn(self, place):
        self.near.show(self.pages[place], self.viewport_of(self.pages[place]))

    def paint_shown(self):
        while self.near.shown.has_work:
            self.near.shown.work(0.0)

    def settle(self):
        """Let all sheets come and do all the work there is."""
        self.source.answer_all()
        self.paint_shown()
        while self.near.work_ahead(0.0):
            pass

    def picture(self):
        """Return what the page would show at this very moment."""
        image = blank(*SIZE)
        painter = QPainter(image)
        self.near.shown.draw(painter, image.rect())
        painter.end()
        return pixels(image)

    def shutdown(self):
        self.near.shutdown()
        self.open.sheets.shutdown()
        self.open.stop_keeping()
        self.open.file.close()
        self.worker.shutdown()


@pytest.fixture
def bench(qapp, tmp_path):
    made = Bench(tmp_path)
    yield made
    made.shutdown()


def rgb(number):
    colour = colour_of(number)
    return [colour.red(), colour.green(), colour.blue()]


def numbers(asked):
    return [a.number for a in asked]


def test_sheet_lies_under_the_ink(bench):
    bench.settle()
    shown = bench.picture()
    assert (shown[5, :] == rgb(0)).all()
    assert (shown[30, :] == 255).all()


def test_pixels_that_come_replace_the_white_paper(bench):
    bench.paint_shown()
    assert (bench.picture() == 255).all()
    bench.source.answer_all()
    assert bench.near.shown.has_work
    bench.paint_shown()
    assert (bench.picture()[5, :] == rgb(0)).all()


def test_next_page_is_wanted_before_the_one_before(bench):
    bench.turn(4)
    bench.source.answer_all()
    assert numbers(bench.source.asked) == [0, 4, 5, 3, 6]


def test_turning_back_looks_back_first(bench):
    bench.turn(5)
    bench.turn(4)
    bench.source.answer_all()
    assert numbers(bench.source.asked)[-4:] == [4, 3, 5, 2]


def test_neighbour_is_painted_ahead_with_its_ink(bench):
    with bench.board.change("a") as edit:
        edit.add(replace(ink(wave(), page=bench.pages[1]), colour=2))
    bench.settle()
    bench.turn(1)
    shown = bench.picture()
    assert not has_unpainted(shown)
    assert (shown[5, :] == rgb(1)).all()
    assert bench.near.shown.is_complete
    assert ((shown[60:140] != 255) & (shown[60:140] != rgb(1))).all(axis=2).any()


def test_neighbour_is_painted_only_when_its_sheet_is_there(bench):
    bench.turn(4)
    bench.paint_shown()
    bench.source.answer(*bench.source.waiting)
    assert not bench.near.has_work_ahead
    bench.source.answer_all()
    assert bench.near.has_work_ahead


def test_pages_without_sheets_are_painted_ahead_as_well(bench):
    bench.near.show(bench.blank, bench.viewport_of(bench.blank))
    bench.turn(0)
    bench.settle()
    bench.near.show(bench.blank, bench.viewport_of(bench.blank))
    assert bench.near.shown.is_complete


def test_pages_far_away_are_let_go(bench):
    for place in range(10):
        bench.turn(place)
        bench.settle()
    assert len(bench.near._pixels_of) <= KEPT_PAGES
    assert bench.pages[9] in bench.near._pixels_of


def test_wet_ink_is_painted_on_the_page_that_is_shown_alone(bench):
    bench.source.answer_all()
    bench.paint_shown()
    bench.wet.clear()
    while bench.near.work_ahead(0.0):
        pass
    assert bench.wet == []


def test_ink_of_others_reaches_the_pages_that_are_kept(bench):
    bench.settle()
    with bench.board.change("b") as edit:
        edit.add(ink(wave(), page=bench.pages[1], colour=2))
    bench.turn(1)
    bench.paint_shown()
    shown = bench.picture()
    assert ((shown[60:140] != 255) & (shown[60:140] != rgb(1))).all(axis=2).any()


def test_turned_page_shows_the_turned_sheet(bench):
    bench.settle()
    with bench.board.change("a") as edit:
        edit.turn_page(bench.pages[0], 1)
    bench.near.shown.set_viewport(bench.viewport_of(bench.pages[0]), is_moving=False)
    bench.near.want_sheets()
    assert bench.source.waiting[0].turns == 1
    bench.settle()
    shown = bench.picture()
    assert (shown[270, :300] == AROUND_RGB).all()
    assert (shown[:, 480] != AROUND_RGB).any(axis=1).all()


def test_page_that_is_removed_is_forgotten(bench):
    bench.settle()
    with bench.board.change("a") as edit:
        edit.remove_page(bench.pages[1])
    assert bench.pages[1] not in bench.near._pixels_of


def test_two_views_of_one_sheet_share_its_pixels(bench):
    bench.settle()
    count = len(bench.source.asked)
    other = bench.view(bench.pages[0])
    other.want_sheets()
    assert numbers(bench.source.asked[count:]) == []
    other.shutdown()


def test_pixels_for_another_zoom_repaint_nothing_that_is_sharp(bench):
    bench.settle()
    other = bench.view(bench.pages[0])
    page = bench.board.page(bench.pages[0])
    large = Viewport.fitted(3840, 2160, page.width_pt, page.height_pt, margin_px=0)
    other.shown.set_viewport(large, is_moving=False)
    other.want_sheets()
    bench.source.answer(*bench.source.waiting)
    assert not bench.near.shown.has_work
    other.shutdown()
