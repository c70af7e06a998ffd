"""A page looks the same in the browser as on the display."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Page
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from base.board_doc import (
    POINTS_OF,
    Affine,
    BrushKind,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
    explicit_colour,
    pack_item,
)
from tests.support.board_page import Pages, as_bytes, as_text, running_browser
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.painting.item_painting import Look, paint_background, paint_items

Pixels: TypeAlias = npt.NDArray[np.int16]

WIDTH, HEIGHT = 720, 405
PAINT = """
([packed, background, scale, left, top, width, height]) => {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', {alpha: false});
  const fields = new Map([['background', background]]);
  const page = parsePage('p1', {get: (name) => fields.get(name)});
  const view = {scale, left, top};
  painter.paintBackground(context, page, view, {x: 0, y: 0, width, height});
  painter.toPage(context, view);
  const look = {isDark: isDark(page), scale, image: () => null};
  for (const text of packed) painter.paintItem(context, items.parseItem(bytesOf(text)), look);
  return canvas.toDataURL('image/png').split(',')[1];
}
"""
BACKGROUNDS = [Background(surface, ruling) for surface in Surface for ruling in Ruling]
SURFACES = [Background(Surface.BLACKBOARD), Background(Surface.WHITE)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    pages = Pages(browser)
    yield pages.open()
    pages.close()


@pytest.mark.parametrize("background", BACKGROUNDS, ids=str)
@pytest.mark.parametrize("scale", [0.25, 0.5, 1.7])
@pytest.mark.usefixtures("qapp")
def test_backgrounds_are_those_of_the_display(
    page: Page, background: Background, scale: float
) -> None:
    there, here = both(page, [], background, scale, left=-13, top=40)

    # The dust of the display's blackboard strays by a few levels; its mean is this colour.
    assert share_apart(there, here, 14) < 0.0015


@pytest.mark.parametrize("background", SURFACES, ids=str)
@pytest.mark.parametrize("brush", [BrushKind.PEN, BrushKind.HIGHLIGHTER])
@pytest.mark.parametrize("scale", [0.5, 2.0])
@pytest.mark.usefixtures("qapp")
def test_ink_has_the_outlines_of_the_display(
    page: Page, background: Background, brush: BrushKind, scale: float
) -> None:
    strokes = [stroke(seed, brush, scale) for seed in range(24)]

    there, here = both(page, strokes, background, scale)

    assert share_apart(there, here, 40) < 0.002
    assert share_inked(here, background) > 0.03


@pytest.mark.parametrize("background", SURFACES, ids=str)
@pytest.mark.usefixtures("qapp")
def test_chalk_covers_as_much_as_on_the_display(page: Page, background: Background) -> None:
    there, here = both(
        page, [stroke(s, BrushKind.CHALK, 1.0) for s in range(24)], background, 1.0
    )

    # The pores lie elsewhere: seen from a little farther away it is the same.
    assert share_apart(blurred(there), blurred(here), 24) < 0.02
    assert np.abs(there.mean((0, 1)) - here.mean((0, 1))).max() < 1.0


@pytest.mark.parametrize("background", SURFACES, ids=str)
@pytest.mark.usefixtures("qapp")
def test_shapes_are_those_of_the_display(page: Page, background: Background) -> None:
    rng = random.Random(4)
    shapes: list[Item] = []
    for number, shape in enumerate(list(ShapeKind) * 3):
        points = tuple(
            (rng.uniform(0, 720), rng.uniform(0, 405)) for _ in range(POINTS_OF[shape])
        )
        fill = 255 if number % 2 else number % 8
        shapes.append(
            ShapeItem("p1", number, "a", shape, number % 8, fill, 2.0 + number, points)
        )

    there, here = both(page, shapes, background, 1.0)

    assert share_apart(there, here, 40) < 0.002


@pytest.mark.parametrize("background", SURFACES, ids=str)
@pytest.mark.usefixtures("qapp")
def test_stamps_and_pictures_that_are_missing_are_those_of_the_display(
    page: Page, background: Background
) -> None:
    items: list[Item] = [
        StampItem(
            "p1", n, "a", Affine(20 + 170 * n, 30, 140, 20, -20, 140), kind, 2, "2026.11.22"
        )
        for n, kind in enumerate(StampKind)
    ]
    items.append(ImageItem("p1", 9, "a", Affine.upright(40, 220, 240, 150), bytes(32)))

    there, here = both(page, items, background, 1.0)

    assert share_apart(there, here, 64) < 0.01


@pytest.mark.parametrize("background", SURFACES, ids=str)
@pytest.mark.usefixtures("qapp")
def test_texts_and_notes_break_and_lie_where_they_do_on_the_display(
    page: Page, background: Background
) -> None:
    please, red = "Please wait for your turn", explicit_colour(200, 90, 20)
    words = "本日の窓口は混み合っています。番号札を取って、お待ちください。"
    items: list[Item] = [
        TextItem("p1", 1, "a", Affine.upright(20, 20, 300, 130), 0, 24.0, words),
        TextItem("p1", 2, "a", Affine.upright(360, 20, 300, 60), 3, 30.0, please),
        TextItem("p1", 3, "a", Affine(380, 110, 190, 30, -10, 60), red, 22.0, "斜めの字"),
        NoteItem("p1", 4, "a", Affine.upright(30, 180, 180, 180), 0, 26.0, "住民票は「2番」"),
        NoteItem("p1", 5, "a", Affine.upright(240, 180, 180, 180), 2, 26.0, words + words),
        NoteItem("p1", 6, "a", Affine(460, 190, 180, -20, 20, 180), 3, 40.0, "Two words"),
    ]  # fmt: skip

    there, here = both(page, items, background, 1.0)

    # The faces are the same, the two rasterisers are not.
    assert share_apart(blurred(there), blurred(here), 40) < 0.004


def stroke(seed: int, brush: BrushKind, scale: float) -> StrokeItem:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 90))
    way = np.cumsum(np.cumsum(rng.normal(0, 1.1, (count, 2)), axis=0), axis=0)
    way = way * min(1.0, 150 / max(np.abs(way).max(), 1.0)) / scale
    samples = np.column_stack(
        [
            rng.uniform(100, 620) / scale + way[:, 0],
            rng.uniform(80, 330) / scale + way[:, 1],
            np.clip(0.5 + np.cumsum(rng.normal(0, 0.05, count)), 0, 1),
            np.cumsum(rng.uniform(0.002, 0.02, count)),
            np.clip(np.cumsum(rng.normal(0, 0.02, count)), 0, 1.5),
        ]
    )
    return StrokeItem.from_samples(
        samples, page="p1", z=float(seed), author="a", brush=brush, colour=seed % 4,
        width_pt=(3.5 + seed % 5) * (3 if brush is BrushKind.HIGHLIGHTER else 1) / scale,
        has_pressure=seed % 2 == 0,
    )  # fmt: skip


def both(
    page: Page,
    items: Sequence[Item],
    background: Background,
    scale: float,
    left: int = 0,
    top: int = 0,
) -> tuple[Pixels, Pixels]:
    """Return the same page as the display and as the browser paints it, (height, width, 3)."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("magenta"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-left, -top)
    painter.scale(scale, scale)
    shown = QRectF(left / scale, top / scale, WIDTH / scale, HEIGHT / scale)
    paint_background(painter, background, shown, scale)
    paint_items(painter, items, Look(background.is_dark, scale, lambda _sha256: None))
    painter.end()
    packed = [as_text(pack_item(item)) for item in items]
    asked: list[Any] = [packed, str(background), scale, left, top, WIDTH, HEIGHT]
    browsers = QImage.fromData(as_bytes(page.evaluate(PAINT, asked)))
    return pixels(image), pixels(browsers)


def pixels(image: QImage) -> Pixels:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), dtype=np.uint8)
    return data.reshape(image.height(), -1, 4)[:, : image.width(), 2::-1].astype(np.int16)


def share_apart(one: Pixels, other: Pixels, levels: int) -> float:
    """Return the share of pixels that differ by more than so many levels in a channel."""
    return float((np.abs(one - other).max(axis=2) > levels).mean())


def share_inked(image: Pixels, background: Background) -> float:
    bare = (36, 70, 58) if background.is_dark else (251, 250, 245)
    return float((np.abs(image - np.array(bare)).max(axis=2) > 40).mean())


def blurred(image: Pixels) -> Pixels:
    """Return means over squares of 9 pixels."""
    height, width = image.shape[0] // 9 * 9, image.shape[1] // 9 * 9
    squares = image[:height, :width].reshape(height // 9, 9, width // 9, 9, 3)
    return squares.mean(axis=(1, 3)).astype(np.int16)
