import math
import random
from dataclasses import replace

import numpy as np
import pytest

from base.board_doc import (
    MAX_TEXT_BYTES,
    NO_FILL,
    POINTS_OF,
    PRESSURE_STEPS,
    QUANTA_PER_PT,
    Affine,
    BrushKind,
    ImageItem,
    Kind,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
    explicit_colour,
    moved_stroke,
    pack_item,
    parse_item,
    unpack_positions,
    unpack_samples,
)

PLACED = {"page": "page-1", "z": 2.5, "author": "葵"}
BOX = Affine(10.5, 20.25, 100.0, 30.0, -15.0, 50.0)
QUANTUM = 0.5 / QUANTA_PER_PT + 1e-9


def random_samples(rng, count):
    samples = np.empty((count, 5))
    samples[:, :2] = rng.uniform(-100, 2000, 2) + np.cumsum(rng.normal(0, 3, (count, 2)), 0)
    samples[:, 2] = rng.uniform(0, 1, count)
    samples[:, 3] = np.cumsum(rng.uniform(0, 0.02, count))
    samples[:, 3] -= samples[0, 3]
    samples[:, 4] = rng.uniform(0, math.pi / 2, count)
    return samples


def stroke_of(samples, **changes):
    fields = PLACED | {
        "brush": BrushKind.PEN,
        "colour": 1,
        "width_pt": 2.5,
        "has_pressure": True,
    }
    return StrokeItem.from_samples(np.asarray(samples, dtype=float), **(fields | changes))


def shape_of(kind, **changes):
    points = tuple((float(i), 2.5 * i) for i in range(POINTS_OF[kind]))
    fields = PLACED | {"shape": kind, "colour": 1, "fill": NO_FILL, "width_pt": 3.0}
    return ShapeItem(**(fields | {"points": points} | changes))


def all_kinds():
    rng = np.random.default_rng(1)
    return [
        stroke_of(random_samples(rng, 60)),
        stroke_of(random_samples(rng, 1), brush=BrushKind.CHALK),
        *(shape_of(kind) for kind in ShapeKind),
        TextItem(
            **PLACED, box=BOX, colour=explicit_colour(1, 2, 3), size_pt=24, text="黒板に\n書く"
        ),
        NoteItem(**PLACED, box=BOX, colour=2, size_pt=18, text=""),
        ImageItem(**PLACED, box=BOX, sha256=bytes(range(32))),
        StampItem(**PLACED, box=BOX, stamp=StampKind.DATE, colour=4, text="2026.11.21"),
        StampItem(**PLACED, box=BOX, stamp=StampKind.STAR, colour=4, text=""),
    ]


# Round trips


def test_every_kind_comes_back_as_it_was():
    items = all_kinds()
    assert {item.kind for item in items} == set(Kind)
    for item in items:
        assert parse_item(pack_item(item)) == item


def test_packing_twice_gives_the_same_bytes():
    for item in all_kinds():
        data = pack_item(item)
        assert pack_item(parse_item(data)) == data


@pytest.mark.parametrize("count", [1, 2, 3, 60, 1000])
def test_samples_come_back_within_half_a_step(count):
    samples = random_samples(np.random.default_rng(count), count)
    again = parse_item(pack_item(stroke_of(samples))).samples()
    assert again.shape == samples.shape
    assert np.abs(again[:, :2] - samples[:, :2]).max() <= QUANTUM
    assert np.abs(again[:, 2] - samples[:, 2]).max() <= 0.5 / PRESSURE_STEPS + 1e-9
    assert np.abs(again[:, 3] - samples[:, 3]).max() <= 0.0005 + 1e-9
    assert np.abs(again[:, 4] - samples[:, 4]).max() <= math.radians(0.5) + 1e-9


def test_errors_do_not_add_up_along_a_stroke():
    samples = np.zeros((10_000, 5))
    samples[:, 0] = np.arange(10_000) * 0.3
    samples[:, 3] = np.arange(10_000) * 0.0041
    again = stroke_of(samples).samples()
    assert np.abs(again[-1] - samples[-1]).max() <= QUANTUM


def test_time_begins_at_pen_down():
    samples = random_samples(np.random.default_rng(2), 5)
    late = samples.copy()
    late[:, 3] += 100.0
    assert stroke_of(late).samples()[0, 3] == 0
    assert stroke_of(late).samples()[:, 3] == pytest.approx(samples[:, 3], abs=0.0011)


def test_extreme_samples_come_back():
    samples = np.array([(-1e7, 1e7, 0, 0, 0), (1e7, -1e7, 1, 1000, math.pi / 2)])
    again = parse_item(pack_item(stroke_of(samples))).samples()
    assert again == pytest.approx(samples, abs=1e-6)


# Planes


def test_plane_that_does_not_change_takes_no_room():
    samples = np.zeros((50, 5))
    samples[:, 0] = np.arange(50)
    samples[:, 2] = 0.5
    item = stroke_of(samples)
    assert item.plane_widths == (1, 0, 0, 0, 0)
    assert len(item.planes) == 49
    assert item.samples() == pytest.approx(np.round(samples, 3), abs=0.001)


@pytest.mark.parametrize(
    ("step_pt", "width"),
    [
        (127 / 64, 1), (-128 / 64, 1), (128 / 64, 2), (-129 / 64, 2),
        (32767 / 64, 2), (-32768 / 64, 2), (32768 / 64, 4), (-32769 / 64, 4),
    ],
)  # fmt: skip
def test_plane_is_as_wide_as_its_largest_step(step_pt, width):
    samples = np.zeros((3, 5))
    samples[1, 1] = step_pt
    samples[2, 1] = step_pt + 1 / 64
    item = stroke_of(samples)
    assert item.plane_widths[1] == width
    assert parse_item(pack_item(item)).samples()[:, 1].tolist() == samples[:, 1].tolist()


def test_many_strokes_unpack_as_each_alone():
    rng = np.random.default_rng(3)
    strokes = []
    for count in (1, 2, 60, 1, 7, 300, 1, 33):
        samples = random_samples(rng, count)
        samples[:, :2] *= 10 ** rng.uniform(-2, 3)
        if rng.random() < 0.5:
            samples[:, 2] = 0.5
        strokes.append(stroke_of(samples))
    together, borders = unpack_samples(strokes)
    positions, same_borders = unpack_positions(strokes)
    assert borders.tolist() == same_borders.tolist()
    assert (positions == together[:, :2]).all()
    for i, item in enumerate(strokes):
        assert (together[borders[i] : borders[i + 1]] == item.samples()).all()


def test_no_strokes_unpack_to_no_samples():
    samples, borders = unpack_samples([])
    assert samples.shape == (0, 5)
    assert borders.tolist() == [0]


def test_moved_stroke_keeps_its_planes():
    item = stroke_of(random_samples(np.random.default_rng(4), 30))
    moved = moved_stroke(item, 12.5, -100.25)
    assert moved.planes is item.planes
    assert moved.samples()[:, :2] == pytest.approx(item.samples()[:, :2] + (12.5, -100.25))
    assert (moved.samples()[:, 2:] == item.samples()[:, 2:]).all()


@pytest.mark.parametrize("dx", [math.nan, math.inf, 1e9])
def test_stroke_cannot_be_moved_off_the_page(dx):
    with pytest.raises(ValueError, match="stroke"):
        moved_stroke(stroke_of(np.zeros((1, 5))), dx, 0)


# What is refused


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (1, 0, math.nan), (1, 1, math.nan), (1, 2, math.nan), (1, 3, math.nan),
        (1, 4, math.nan), (0, 0, math.inf), (0, 1, -math.inf), (1, 0, 1.1e7),
        (1, 2, 1.01), (0, 2, -0.01), (1, 4, 1.6), (0, 4, -0.01), (0, 3, 1.0),
        (1, 3, 1e9), (0, 3, -1e9), (1, 3, math.inf), (1, 3, 1e300),
    ],
)  # fmt: skip
def test_impossible_samples_are_refused(row, column, value):
    samples = np.zeros((2, 5))
    samples[1, 3] = 0.5
    samples[row, column] = value
    with pytest.raises(ValueError, match=r"samples|pressure|times"):
        stroke_of(samples)


@pytest.mark.parametrize("shape", [(0, 5), (3, 4), (5,)])
def test_samples_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="sample"):
        stroke_of(np.zeros(shape))


@pytest.mark.parametrize("width", [0.0, -1.0, math.nan, math.inf, 1e-60, 1e8])
def test_impossible_widths_are_refused(width):
    with pytest.raises(ValueError, match="width"):
        stroke_of(np.zeros((1, 5)), width_pt=width)
    for item in (shape_of(ShapeKind.LINE), all_kinds()[7]):
        name = "width_pt" if isinstance(item, ShapeItem) else "size_pt"
        with pytest.raises(ValueError, match="width"):
            pack_item(replace(item, **{name: width}))


@pytest.mark.parametrize(
    "changes",
    [
        {"page": ""}, {"page": "p" * 256}, {"page": "頁"}, {"author": "a" * 256},
        {"z": math.nan}, {"z": math.inf}, {"colour": -1}, {"colour": 1 << 32},
    ],
)  # fmt: skip
def test_fields_that_do_not_fit_are_refused(changes):
    for item in all_kinds():
        if "colour" in changes and isinstance(item, ImageItem):
            continue
        with pytest.raises(ValueError):  # noqa: PT011 - each field has words of its own
            pack_item(replace(item, **changes))


def test_shapes_need_the_points_of_their_kind():
    item = shape_of(ShapeKind.TRIANGLE)
    for points in (item.points[:2], (*item.points, (0.0, 0.0)), ((math.nan, 0.0),) * 3):
        with pytest.raises(ValueError, match="points"):
            pack_item(replace(item, points=points))


def test_boxes_and_texts_have_limits():
    item = all_kinds()[7]
    with pytest.raises(ValueError, match="box"):
        pack_item(replace(item, box=replace(BOX, vx=math.nan)))
    with pytest.raises(ValueError, match="box"):
        pack_item(replace(item, box=replace(BOX, x=1e8)))
    with pytest.raises(ValueError, match="text"):
        pack_item(replace(item, text="あ" * MAX_TEXT_BYTES))
    with pytest.raises(ValueError, match="surrogates"):
        pack_item(replace(item, text="\ud800"))
    with pytest.raises(ValueError, match="SHA-256"):
        pack_item(ImageItem(**PLACED, box=BOX, sha256=b"short"))


def test_colour_channels_have_limits():
    assert explicit_colour(1, 2, 255) == 0xFF0102FF
    for bad in ((256, 0, 0), (0, -1, 0)):
        with pytest.raises(ValueError, match="channels"):
            explicit_colour(*bad)


# Damage


def test_items_of_another_version_or_kind_are_refused():
    data = pack_item(all_kinds()[0])
    with pytest.raises(ValueError, match="version 2"):
        parse_item(b"\x02" + data[1:])
    with pytest.raises(ValueError, match="kind 99"):
        parse_item(data[:1] + bytes([99]) + data[2:])


def test_items_cut_short_or_too_long_are_refused():
    for item in all_kinds():
        data = pack_item(item)
        for length in range(len(data)):
            with pytest.raises(ValueError):  # noqa: PT011 - wherever it is cut
                parse_item(data[:length])
        with pytest.raises(ValueError):  # noqa: PT011
            parse_item(data + b"\x00")


def test_damaged_items_are_refused_or_read_whole():
    rng = random.Random(5)
    packed = [pack_item(item) for item in all_kinds()]
    read = 0
    for _ in range(20_000):
        data = bytearray(rng.choice(packed))
        for _ in range(rng.choice([1, 1, 2, 5])):
            # Heads decide most: damage them more often than samples.
            place = rng.randrange(min(len(data), rng.choice([16, 80, 10_000])))
            data[place] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
        try:
            item = parse_item(bytes(data))
        except ValueError:
            continue
        read += 1
        assert parse_item(pack_item(item)) == item
        if isinstance(item, StrokeItem):
            # What is read can be drawn: it packs again as if it had been written so.
            stroke_of(item.samples(), brush=item.brush, width_pt=item.width_pt)
    assert read > 1000


def test_random_bytes_are_refused():
    rng = random.Random(6)
    for _ in range(5000):
        data = rng.randbytes(rng.randrange(120))
        with pytest.raises(ValueError):  # noqa: PT011
            parse_item(data)


def test_stroke_that_claims_many_samples_is_refused_at_once():
    data = bytearray(pack_item(stroke_of(np.zeros((1, 5)))))
    count_at = data.index((1).to_bytes(4, "little"), 12 + 6 + 3 + 10)
    for claim in (2**31, 2**32 - 1, 1_000_001):
        huge = (
            bytes(data[:count_at]) + claim.to_bytes(4, "little") + bytes(data[count_at + 4 :])
        )
        with pytest.raises(ValueError, match="broken"):
            parse_item(huge)


# Boxes


def test_box_knows_its_sides_and_corners():
    box = Affine(10, 20, 0, 30, -40, 0)
    assert (box.width, box.height) == (30, 40)
    assert box.angle_rad == pytest.approx(math.pi / 2)
    assert box.corners().tolist() == [[10, 20], [10, 50], [-30, 50], [-30, 20]]
    assert Affine.upright(1, 2, 3, 4) == Affine(1, 2, 3, 0, 0, 4)
