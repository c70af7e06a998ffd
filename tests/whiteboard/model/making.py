"""Items for the tests of the model."""

import math

import numpy as np

from base.board_doc import (
    NO_FILL,
    Affine,
    BrushKind,
    ImageItem,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
)

PLACED = {"page": "p1", "z": 1.0, "author": "aoi"}


def samples_of(points, *, pressure=0.5, rate_hz=120.0):
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    samples = np.zeros((len(points), 5))
    samples[:, :2] = points
    samples[:, 2] = pressure
    samples[:, 3] = np.arange(len(points)) / rate_hz
    return samples


def stroke(points, *, width_pt=3.0, colour=2, brush=BrushKind.PEN, **placed):
    return StrokeItem.from_samples(
        samples_of(points),
        **(PLACED | placed),
        brush=brush,
        colour=colour,
        width_pt=width_pt,
        has_pressure=True,
    )


def straight(x0, y0, x1, y1, count=60, **options):
    return stroke(np.linspace((x0, y0), (x1, y1), count), **options)


def shape(kind, *points, width_pt=3.0, fill=NO_FILL, colour=2, **placed):
    return ShapeItem(
        **(PLACED | placed),
        shape=kind,
        colour=colour,
        fill=fill,
        width_pt=width_pt,
        points=tuple((float(x), float(y)) for x, y in points),
    )


def rectangle(left, top, right, bottom, **options):
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return shape(ShapeKind.RECTANGLE, *corners, **options)


def circle(x, y, radius, **options):
    return shape(ShapeKind.ELLIPSE, (x, y), (x + radius, y), (x, y + radius), **options)


def upright(x, y, width, height):
    return Affine.upright(x, y, width, height)


def turned_box(x, y, width, height, angle_rad):
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return Affine(x, y, width * c, width * s, -height * s, height * c)


def text(x, y, width=100.0, height=40.0, words="黒板", **placed):
    return TextItem(
        **(PLACED | placed),
        box=upright(x, y, width, height),
        colour=3,
        size_pt=24.0,
        text=words,
    )


def note(x, y, width=100.0, height=100.0, words="付箋", **placed):
    return NoteItem(
        **(PLACED | placed),
        box=upright(x, y, width, height),
        colour=1,
        size_pt=18.0,
        text=words,
    )


def image(x, y, width=200.0, height=100.0, sha256=b"\x07" * 32, **placed):
    return ImageItem(**(PLACED | placed), box=upright(x, y, width, height), sha256=sha256)


def stamp(x, y, width=60.0, height=60.0, kind=StampKind.DONE, words="", **placed):
    return StampItem(
        **(PLACED | placed),
        box=upright(x, y, width, height),
        stamp=kind,
        colour=4,
        text=words,
    )


def one_of_each():
    return [
        straight(10, 10, 60, 40),
        stroke([(5, 5)]),
        shape(ShapeKind.LINE, (0, 0), (50, 20)),
        shape(ShapeKind.ARROW, (0, 0), (90, 0)),
        rectangle(10, 20, 110, 80, fill=3),
        circle(100, 100, 40),
        shape(ShapeKind.TRIANGLE, (0, 0), (60, 0), (30, 50)),
        text(20, 30),
        note(40, 50),
        image(60, 70),
        stamp(80, 90, kind=StampKind.DATE, words="2026.11.21"),
    ]
