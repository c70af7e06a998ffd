from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from base.board_doc import (
    NO_FILL,
    Affine,
    ImageItem,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    TextItem,
)
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.model.palette import BOARD_RGB, INKS, ink_rgb, note_rgb
from whiteboard.services.painting.item_painting import (
    Look,
    chalk_dust,
    paint_background,
    paint_item,
)

pytestmark = pytest.mark.usefixtures("qapp")

PLACED = {"page": "p", "z": 1.0, "author": "a"}
BACKGROUNDS = [Background(surface, ruling) for surface in Surface for ruling in Ruling]
ABC = "窓口の混雑を減らすために、番号札と案内の文字を大きくします。"


def pixels(image):
    """Return a copy, shape (height, width, 3), RGB: the image's own memory dies with it."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).copy()
    return data.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), 2::-1]


def render_background(background, x, y, width, height, scale):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.translate(-x, -y)
    painter.scale(scale, scale)
    part = QRectF(x / scale, y / scale, width / scale, height / scale)
    paint_background(painter, background, part, scale)
    painter.end()
    return pixels(image).astype(int)


def render_item(item, *, is_dark=True, scale=1.0, size=(200, 200), image=lambda _: None):
    board = BOARD_RGB[Surface.BLACKBOARD if is_dark else Surface.WHITE]
    canvas = QImage(*size, QImage.Format.Format_RGB32)
    canvas.fill(QColor(*board))
    painter = QPainter(canvas)
    painter.scale(scale, scale)
    paint_item(painter, item, Look(is_dark, scale, image))
    painter.end()
    return pixels(canvas).astype(int)


def changed(picture, is_dark=True):
    board = BOARD_RGB[Surface.BLACKBOARD if is_dark else Surface.WHITE]
    return np.abs(picture - board).max(axis=2) > 24


@pytest.mark.parametrize("background", BACKGROUNDS, ids=str)
@pytest.mark.parametrize("scale", [0.21, 1.0, 4 / 3, 2.7])
def test_tiles_join_into_the_picture_that_one_big_tile_shows(background, scale):
    whole = render_background(background, 0, 0, 768, 512, scale)
    left = render_background(background, 0, 0, 333, 512, scale)
    right = render_background(background, 333, 0, 435, 512, scale)
    assert np.array_equal(whole, np.hstack((left, right)))


@pytest.mark.parametrize("background", BACKGROUNDS, ids=str)
def test_part_of_a_tile_is_repainted_as_it_was(background):
    scale = 4 / 3
    image = QImage(512, 512, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.scale(scale, scale)
    paint_background(painter, background, QRectF(0, 0, 384, 384), scale)
    before = pixels(image)
    paint_background(painter, background, QRectF(101.3, 77.7, 90.1, 33.3), scale)
    painter.end()
    assert np.array_equal(before, pixels(image))


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("ruling", [r for r in Ruling if r is not Ruling.NONE])
def test_ruling_goes_on_far_to_the_right_and_down(surface, ruling):
    far = render_background(Background(surface, ruling), 200_000, 100_000, 1440, 810, 1.0)
    plain = render_background(Background(surface), 200_000, 100_000, 1440, 810, 1.0)
    assert (np.abs(far - plain).max(axis=2) > 20).mean() > 0.002


@pytest.mark.parametrize("ruling", [Ruling.GRID, Ruling.LINES, Ruling.STAFF])
@pytest.mark.parametrize("scale", [1.0, 1.37, 2.0])
def test_lines_are_crisp_at_any_zoom(ruling, scale):
    picture = render_background(Background(Surface.WHITE, ruling), 0, 0, 400, 400, scale)
    column = picture[:, 1]
    inks = {tuple(c) for c in column.tolist()} - {BOARD_RGB[Surface.WHITE]}
    assert 1 <= len(inks) <= 2


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("ruling", [r for r in Ruling if r is not Ruling.NONE])
@pytest.mark.parametrize("scale", [0.2, 0.215, 0.3])
def test_ruling_can_be_told_on_a_thumbnail(surface, ruling, scale):
    size = (round(1440 * scale), round(810 * scale))
    ruled = render_background(Background(surface, ruling), 0, 0, *size, scale)
    plain = render_background(Background(surface), 0, 0, *size, scale)
    assert (np.abs(ruled - plain).max(axis=2) >= 10).mean() > 0.01


@pytest.mark.parametrize("ruling", [Ruling.GRID, Ruling.LINES, Ruling.DOTS])
def test_rulings_are_gone_when_seen_from_far(ruling):
    picture = render_background(Background(Surface.WHITE, ruling), 0, 0, 200, 200, 0.02)
    assert (picture == BOARD_RGB[Surface.WHITE]).all()


def test_nothing_is_ruled_left_of_the_page_or_above_it():
    picture = render_background(
        Background(Surface.WHITE, Ruling.GRID), -300, -300, 298, 298, 1.0
    )
    assert (picture == BOARD_RGB[Surface.WHITE]).all()


def test_manuscript_sheet_has_four_hundred_cells():
    background = Background(Surface.WHITE, Ruling.GENKO)
    picture = render_background(background, 0, 0, 1440, 810, 1.0)
    is_line = np.abs(picture - BOARD_RGB[Surface.WHITE]).max(axis=2) > 10
    # Along the fourth row's middle: two lines a column, one of them shared with the spine
    # or the frame; down the first column: twenty-one.
    row = np.flatnonzero(np.diff(is_line[184].astype(int)) == 1)
    in_first_column = int(row[0]) + 12
    column = np.flatnonzero(np.diff(is_line[:, in_first_column].astype(int)) == 1)
    assert (len(row), len(column)) == (42, 21)


def test_chalk_dust_is_faint_and_has_the_colour_of_the_board():
    dust = pixels(chalk_dust()).astype(int)
    base = np.array(BOARD_RGB[Surface.BLACKBOARD])
    assert np.abs(dust.mean(axis=(0, 1)) - base).max() < 0.5
    assert np.abs(dust - base).max() <= 10


def test_chalk_dust_meets_itself_at_its_edges():
    dust = pixels(chalk_dust()).astype(int)[..., 1]
    inside = np.abs(np.diff(dust, axis=1)).mean()
    across = np.abs(dust[:, 0] - dust[:, -1]).mean()
    assert across < inside * 1.3


@pytest.mark.parametrize(
    ("shape", "points", "on_line", "off_line"),
    [
        (ShapeKind.LINE, ((20, 20), (180, 180)), (100, 100), (100, 60)),
        (ShapeKind.ARROW, ((20, 100), (180, 100)), (170, 95), (60, 95)),
        (
            ShapeKind.RECTANGLE,
            ((20, 20), (180, 20), (180, 180), (20, 180)),
            (20, 100),
            (99, 99),
        ),
        (ShapeKind.TRIANGLE, ((100, 20), (180, 180), (20, 180)), (100, 180), (100, 100)),
        (ShapeKind.ELLIPSE, ((100, 100), (180, 100), (100, 150)), (180, 100), (100, 100)),
    ],
)
def test_shape_is_drawn_along_its_line_alone(shape, points, on_line, off_line):
    item = ShapeItem(**PLACED, shape=shape, colour=2, fill=NO_FILL, width_pt=4.0, points=points)
    picture = render_item(item)
    assert tuple(picture[on_line[1], on_line[0]]) == ink_rgb(2, is_dark=True)
    assert tuple(picture[off_line[1], off_line[0]]) == BOARD_RGB[Surface.BLACKBOARD]


def test_filled_shape_shows_its_fill_inside():
    corners = ((20, 20), (180, 20), (180, 180), (20, 180))
    item = ShapeItem(
        **PLACED, shape=ShapeKind.RECTANGLE, colour=0, fill=1, width_pt=4.0, points=corners
    )
    assert tuple(render_item(item)[100, 100]) == INKS[1].dark


def test_text_stays_inside_its_box():
    item = TextItem(**PLACED, box=Affine.upright(20, 20, 120, 170), colour=0, size_pt=16,
                    text=ABC)  # fmt: skip
    rows, columns = np.nonzero(changed(render_item(item)))
    assert columns.min() >= 19
    assert columns.max() <= 141
    assert rows.min() >= 19


@pytest.mark.parametrize(
    "item",
    [
        TextItem(**PLACED, box=Affine.upright(40, 40, 60, 50), colour=0, size_pt=16, text=ABC),
        NoteItem(**PLACED, box=Affine.upright(40, 40, 60, 50), colour=0, size_pt=16, text=ABC),
        ImageItem(**PLACED, box=Affine.upright(40, 40, 60, 50), sha256=bytes(32)),
    ],
    ids=["text", "note", "image"],
)
def test_item_leaves_no_ink_outside_its_box(item):
    inked = changed(render_item(item, is_dark=False), is_dark=False)
    assert inked[40:90, 40:100].any()
    inked[39:91, 39:101] = False
    assert not inked.any()


def test_text_turns_with_its_box():
    box = Affine(100, 20, 0, 160, -30, 0)
    item = TextItem(**PLACED, box=box, colour=0, size_pt=20, text="黒板黒板黒板")
    rows, columns = np.nonzero(changed(render_item(item)))
    assert np.ptp(rows) > 3 * np.ptp(columns)


def test_lines_break_at_the_same_places_at_every_zoom():
    item = TextItem(**PLACED, box=Affine.upright(10, 10, 90, 80), colour=0, size_pt=9, text=ABC)
    once = changed(render_item(item, scale=1.0, size=(100, 100)))
    twice = changed(render_item(item, scale=2.0, size=(200, 200)))
    rows_once = np.flatnonzero(np.diff(once.any(axis=1).astype(int)) == 1)
    rows_twice = np.flatnonzero(np.diff(twice.any(axis=1).astype(int)) == 1)
    assert np.abs(rows_twice / 2 - rows_once).max() <= 1.0


@pytest.mark.parametrize("is_dark", [True, False])
def test_note_is_the_same_paper_on_every_board(is_dark):
    item = NoteItem(**PLACED, box=Affine.upright(20, 20, 150, 150), colour=2, size_pt=20,
                    text="")  # fmt: skip
    assert tuple(render_item(item, is_dark=is_dark)[60, 24]) == note_rgb(2)


def test_long_text_of_a_note_stays_on_its_paper():
    item = NoteItem(**PLACED, box=Affine.upright(20, 20, 150, 150), colour=2, size_pt=20,
                    text=ABC * 3)  # fmt: skip
    rows, columns = np.nonzero(render_item(item, is_dark=False).sum(axis=2) < 200)
    assert 22 < rows.min() < rows.max() < 168
    assert 22 < columns.min() < columns.max() < 168


def test_missing_picture_leaves_a_calm_placeholder():
    item = ImageItem(**PLACED, box=Affine.upright(20, 20, 160, 120), sha256=bytes(32))
    picture = render_item(item)
    assert np.abs(picture - BOARD_RGB[Surface.BLACKBOARD]).max() > 24
    assert picture.max() < 160


def test_picture_fills_its_box():
    photo = QImage(400, 300, QImage.Format.Format_RGB32)
    photo.fill(QColor(10, 200, 30))
    item = ImageItem(**PLACED, box=Affine.upright(20, 20, 160, 120), sha256=bytes(32))
    picture = render_item(item, image=lambda _: photo)
    assert (picture[22:138, 22:178] == (10, 200, 30)).all()


def test_picture_much_larger_than_its_box_does_not_glitter():
    photo = QImage(1600, 1600, QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(photo.bits(), np.uint8).reshape(1600, 1600)
    rows[:] = (np.indices((1600, 1600)).sum(axis=0) % 2) * 255
    item = ImageItem(**PLACED, box=Affine.upright(0, 0, 100, 100), sha256=bytes(32))
    picture = render_item(item, image=lambda _: photo)[5:95, 5:95]
    assert np.ptp(picture) <= 4


@pytest.mark.parametrize("stamp", StampKind)
@pytest.mark.parametrize("is_dark", [True, False])
def test_stamp_inks_a_good_part_of_its_box_and_nothing_beside(stamp, is_dark):
    item = StampItem(**PLACED, box=Affine.upright(40, 40, 120, 120), stamp=stamp, colour=2,
                     text="2026.11.21")  # fmt: skip
    inked = changed(render_item(item, is_dark=is_dark), is_dark)
    assert 0.1 < inked[40:160, 40:160].mean() < 0.75
    inked[39:161, 39:161] = False
    assert not inked.any()


def test_date_stamp_says_its_date():
    def seal(text):
        return render_item(StampItem(**PLACED, box=Affine.upright(0, 0, 200, 200),
                                     stamp=StampKind.DATE, colour=2, text=text))  # fmt: skip

    differing = np.abs(seal("2026.11.21") - seal("2026.11.22")).max(axis=2) > 40
    rows, _columns = np.nonzero(differing)
    assert 70 < rows.min() < rows.max() < 130


@pytest.mark.parametrize(
    "item",
    [
        TextItem(**PLACED, box=Affine(10, 10, 0, 0, 0, 0), colour=0, size_pt=16, text="黒板"),
        NoteItem(**PLACED, box=Affine(10, 10, 0, 0, 0, 0), colour=0, size_pt=16, text="黒板"),
        StampItem(**PLACED, box=Affine(10, 10, 0, 0, 0, 0), stamp=StampKind.DATE, colour=0,
                  text=""),
        ImageItem(**PLACED, box=Affine(10, 10, 0, 0, 0, 0), sha256=bytes(32)),
    ],
    ids=["text", "note", "stamp", "image"],
)  # fmt: skip
def test_item_without_size_does_no_harm(item):
    render_item(item)
