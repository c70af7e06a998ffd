"""A page with ink, its scene and its tiles, without a window."""

import itertools
import math

import numpy as np
from PySide6.QtGui import QImage, QPainter

from base.board_doc import BrushKind, StrokeItem
from tests.support.board_samples import new_board
from tests.support.canvas_bench import pixels
from tests.whiteboard.model.making import samples_of
from whiteboard.services.painting.scene import PageScene
from whiteboard.services.painting.tiles import PageRaster


class Steps:
    """A clock on which every look takes a millisecond, so that slices are short."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        self.now_s += 0.001
        return self.now_s


def ink(points, *, page, z=1.0, brush=BrushKind.PEN, colour=1, width_pt=6.0):
    return StrokeItem.from_samples(
        samples_of(points),
        page=page,
        z=z,
        author="a",
        brush=brush,
        colour=colour,
        width_pt=width_pt,
        has_pressure=False,
    )


def wave(x0=50.0, y0=100.0, length=600.0, height=40.0, count=60):
    x = np.linspace(x0, x0 + length, count)
    return np.column_stack((x, y0 + height * np.sin((x - x0) / 40)))


class PageBench:
    def __init__(self):
        self.board = new_board()
        self.page = self.board.pages[0].id
        self.now_s = Steps()
        self.scene = PageScene(self.board, self.page, lambda _: None)
        self.changes = []
        self.board.on_change(lambda change: self.changes.append(self.scene.apply(change)))
        self._z = itertools.count(1)

    def draw(self, points=None, **options):
        """Put a stroke on the page; return its id."""
        points = wave() if points is None else points
        with self.board.change("a") as edit:
            item = ink(points, page=self.page, z=float(next(self._z)), **options)
            return edit.add(item)

    def remove(self, *item_ids):
        with self.board.change("a") as edit:
            for item_id in item_ids:
                edit.remove(item_id)

    def raster(self, scale=1.0, paint_wet=lambda painter, area: None):
        return PageRaster(self.scene, scale, self.now_s, paint_wet)

    def last_change(self):
        return self.changes[-1]

    def spiral(self, x, y, radius=30.0):
        t = np.linspace(0, 6 * math.pi, 80)
        return np.column_stack(
            (x + radius * t / 19 * np.cos(t), y + radius * t / 19 * np.sin(t))
        )


def finish(raster):
    """Do all the work there is; return what became new."""
    done = []
    while raster.has_work:
        done += raster.work(0.0)
    return done


def blank(width, height):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0xFF_FF00FF)
    return image


def drawn(raster, area_px, at=(0, 0)):
    """Return what a raster draws of an area, shape (height, width, 3)."""
    image = blank(area_px.width(), area_px.height())
    painter = QPainter(image)
    raster.draw(painter, -area_px.topLeft(), image.rect())
    painter.end()
    return pixels(image)


MAGENTA = np.array((255, 0, 255))


def has_unpainted(picture):
    """Tell whether some pixel was never painted."""
    return bool((picture == MAGENTA).all(axis=2).any())
