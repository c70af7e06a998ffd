import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from base.board_doc import BrushKind
from tests.support.canvas_bench import pixels
from tests.whiteboard.services.page_bench import ink, wave
from whiteboard.model.page import Surface
from whiteboard.model.palette import BOARD_RGB, highlighter_rgb, ink_rgb
from whiteboard.services.painting.ink_painting import (
    fill_ink,
    in_view,
    ink_brush,
    paint_strokes,
    stroke_path,
    stroke_paths,
)

pytestmark = pytest.mark.usefixtures("qapp")

SIZE = (700, 300)


def board_rgb(is_dark):
    return np.array(BOARD_RGB[Surface.BLACKBOARD if is_dark else Surface.WHITE])


def painted(strokes, *, is_dark=True, scale=1.0, left=0.0, top=0.0, ratio=1.0, size=SIZE):
    image = QImage(*(round(s * ratio) for s in size), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(*board_rgb(is_dark).tolist()))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-left, -top)
    paint_strokes(painter, strokes, is_dark, scale * ratio)
    painter.end()
    return pixels(image)


def marked(colour, *, is_dark):
    """Return a marked place of the bare board: the lighter, or the darker, of the two."""
    choose = np.maximum if is_dark else np.minimum
    return choose(highlighter_rgb(colour, is_dark), board_rgb(is_dark)).tolist()


def stroke(points=None, **options):
    return ink(wave() if points is None else points, page="p", **options)


def bar(y, *, x0=50, x1=650, **options):
    return stroke([(x0, y), (x1, y)], **options)


def post(x, *, y0=20, y1=280, **options):
    return stroke([(x, y0), (x, y1)], **options)


@pytest.mark.parametrize("is_dark", [True, False])
@pytest.mark.parametrize("colour", range(8))
def test_pen_paints_its_ink_as_it_is_on_the_board(is_dark, colour):
    shown = painted([bar(150, width_pt=20, colour=colour)], is_dark=is_dark)
    assert shown[150, 300].tolist() == list(ink_rgb(colour, is_dark))


@pytest.mark.parametrize("is_dark", [True, False])
@pytest.mark.parametrize("colour", range(4))
def test_highlighter_does_not_darken_on_itself(is_dark, colour):
    marks = {"brush": BrushKind.HIGHLIGHTER, "width_pt": 30.0, "colour": colour}
    shown = painted([bar(150, **marks), post(300, **marks), bar(160, **marks)], is_dark=is_dark)
    assert shown[150, 300].tolist() == shown[150, 200].tolist()
    assert shown[150, 200].tolist() == marked(colour, is_dark=is_dark)


@pytest.mark.parametrize("is_dark", [True, False])
def test_highlighter_stroke_that_crosses_itself_is_even(is_dark):
    t = np.linspace(0, 2 * np.pi, 100)
    eight = np.column_stack((350 + 200 * np.sin(t), 150 + 90 * np.sin(2 * t)))
    shown = painted(
        [stroke(eight, brush=BrushKind.HIGHLIGHTER, width_pt=24.0)], is_dark=is_dark
    )
    assert shown[150, 350].tolist() == marked(1, is_dark=is_dark)


@pytest.mark.parametrize("is_dark", [True, False])
def test_highlighter_leaves_writing_readable(is_dark):
    writing = post(300, width_pt=12, colour=0)
    mark = bar(150, brush=BrushKind.HIGHLIGHTER, width_pt=40.0)
    shown = painted([writing, mark], is_dark=is_dark)
    assert shown[150, 300].tolist() == list(ink_rgb(0, is_dark))


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
def test_grain_of_chalk_belongs_to_the_page_not_to_the_stroke(scale):
    broad = {"brush": BrushKind.CHALK, "width_pt": 60.0}
    low = painted([bar(60 / scale, x1=600 / scale, **broad)], scale=scale)
    high = painted([post(300 / scale, y1=280 / scale, **broad)], scale=scale)
    inner = (slice(55, 66), slice(292, 309))
    assert np.array_equal(low[inner], high[inner])


def test_grain_stays_in_place_when_the_view_moves():
    chalk = [bar(150, brush=BrushKind.CHALK, width_pt=40.0)]
    here, there = painted(chalk), painted(chalk, left=37.0, top=19.0)
    assert np.abs(here[135:165, 137:537] - there[116:146, 100:500]).max() <= 2


def test_brush_for_the_view_has_the_grain_of_the_page():
    item = bar(150, brush=BrushKind.CHALK, width_pt=40.0)
    scale, left, top = 1.5, 20.0, 40.0
    on_page = painted([item], scale=scale, left=left, top=top)
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    image.fill(QColor(*board_rgb(is_dark=True).tolist()))
    painter = QPainter(image)
    brush = in_view(ink_brush(BrushKind.CHALK, 1, True), scale, left, top)
    painter.fillRect(QRectF(100, 150, 300, 30), brush)
    painter.end()
    difference = np.abs(pixels(image)[152:178, 105:395] - on_page[152:178, 105:395])
    assert difference.max() <= 3


def test_chalk_is_grainy_and_covers_most_of_the_board():
    shown = painted([bar(150, brush=BrushKind.CHALK, width_pt=60.0, colour=0)])
    chalk = shown[130:170, 100:600].mean(axis=2)
    cover = (chalk - board_rgb(is_dark=True).mean()) / (np.mean(ink_rgb(0, True)) - 56.0)
    assert 0.6 < cover.mean() < 0.95
    assert cover.std() > 0.08


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_many_chalk_strokes_on_a_layer_look_like_single_ones(ratio):
    chalk = [
        bar(20 + 18 * i, brush=BrushKind.CHALK, width_pt=7.0, colour=i % 8) for i in range(15)
    ]
    together = painted(chalk, ratio=ratio)
    apart = painted(chalk[:7], ratio=ratio)
    half = round(130 * ratio)
    assert np.abs(together[:half] - apart[:half]).max() <= 3
    off_board = np.abs(together - board_rgb(is_dark=True)).max(axis=2) > 60
    assert off_board[round(260 * ratio) :].any()


def test_layer_of_chalk_keeps_to_the_clip():
    chalk = [bar(20 + 18 * i, brush=BrushKind.CHALK, width_pt=9.0) for i in range(15)]
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    image.fill(QColor(*board_rgb(is_dark=True).tolist()))
    painter = QPainter(image)
    painter.setClipRect(QRectF(100, 50, 200, 100))
    paint_strokes(painter, chalk, True, 1.0)
    painter.end()
    off = np.abs(pixels(image) - painted(chalk)).max(axis=2)
    assert off[51:149, 101:299].max() <= 3
    outside = np.ones(off.shape, dtype=bool)
    outside[49:151, 99:301] = False
    assert (pixels(image)[outside] == board_rgb(is_dark=True)).all()


def test_layer_of_chalk_outside_the_device_paints_nothing():
    chalk = [bar(20 + 18 * i, brush=BrushKind.CHALK) for i in range(15)]
    assert (painted(chalk, left=5000.0) == board_rgb(is_dark=True)).all()


@pytest.mark.parametrize("brush", list(BrushKind))
def test_strokes_are_painted_in_their_order(brush):
    shown = painted([bar(150, width_pt=30, colour=2), post(300, width_pt=30, colour=3)])
    assert shown[150, 300].tolist() == list(ink_rgb(3, True))


def test_paths_come_in_the_order_of_their_strokes_whatever_their_brush():
    strokes = [
        bar(30 * (i + 1), brush=list(BrushKind)[i % 3], width_pt=4.0 + i) for i in range(9)
    ]
    for item, path in zip(strokes, stroke_paths(strokes, 0.1), strict=True):
        alone = stroke_path(item, 0.1).boundingRect()
        assert path.boundingRect().center().y() == pytest.approx(alone.center().y(), abs=0.2)
        assert path.boundingRect().height() == pytest.approx(alone.height(), abs=0.2)


def test_no_strokes_have_no_paths():
    assert stroke_paths([], 0.1) == []


def test_fill_leaves_the_painter_as_it_was():
    image = QImage(50, 50, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    before = painter.compositionMode()
    for brush in BrushKind:
        path = stroke_path(stroke([(10, 10), (40, 40)], brush=brush), 0.1)
        fill_ink(painter, path, brush, ink_brush(brush, 1, True), is_dark=True)
        assert painter.compositionMode() == before
    assert painter.transform() == QTransform()
    painter.end()


def test_stroke_that_crosses_itself_has_no_hole():
    t = np.linspace(0, 10 * np.pi, 300)
    coil = np.column_stack((350 + (20 + 2 * t) * np.cos(t), 150 + (20 + 2 * t) * np.sin(t)))
    shown = painted([stroke(coil, width_pt=40.0, colour=2)])
    distance = np.hypot(*np.meshgrid(np.arange(700) - 350, np.arange(300) - 150))
    covered = (distance > 25) & (distance < 70)
    assert (shown[covered] == ink_rgb(2, True)).all()
