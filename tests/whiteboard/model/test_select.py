import math
import random

import numpy as np
import pytest

from base.board_doc import NO_FILL, ShapeKind
from tests.whiteboard.model.making import (
    circle,
    image,
    note,
    one_of_each,
    rectangle,
    shape,
    stamp,
    straight,
    stroke,
    text,
    upright,
)
from whiteboard.model.bounds import Rect, item_bounds
from whiteboard.model.select import (
    HANDLE_GAP_PX,
    MAX_CLIPBOARD_ITEMS,
    MIN_SCALE,
    Handle,
    Transform,
    assets_of,
    handle_at,
    handle_places,
    handle_transform,
    item_at,
    items_in_lasso,
    pack_clipboard,
    parse_clipboard,
    pasted,
    points_inside,
    recoloured,
    selection_bounds,
    transformed,
)

BOX = np.array([(0, 0), (100, 0), (100, 100), (0, 100)], dtype=float)


def chosen(item, lasso=BOX):
    return items_in_lasso([("a", item)], lasso) == ["a"]


# Choosing


def test_lasso_chooses_what_lies_mostly_inside():
    assert chosen(straight(0, 50, 161, 50))
    assert not chosen(straight(0, 50, 175, 50))


def test_lasso_weighs_ink_by_length_not_by_samples():
    # A hand that rested outside left many samples there, but little ink.
    points = [*np.linspace((10, 50), (90, 50), 10), *np.linspace((90, 50), (110, 50), 200)]
    assert chosen(stroke(points))


def test_lasso_chooses_dots():
    assert chosen(stroke([(5, 5)]))
    assert chosen(stroke([(5, 5), (5, 5)]))
    assert not chosen(stroke([(105, 5)]))


@pytest.mark.parametrize("make", [text, note, image, stamp])
def test_lasso_weighs_boxes_by_area(make):
    inside, outside = make(0, 10, 160, 50), make(0, 10, 175, 50)
    assert chosen(inside)
    assert not chosen(outside)


def test_lasso_weighs_shapes_by_their_outline():
    assert chosen(circle(50, 50, 40))
    assert not chosen(circle(100, 50, 40))
    assert chosen(rectangle(10, 10, 105, 90))
    assert chosen(shape(ShapeKind.LINE, (0, 50), (160, 50)))
    assert not chosen(shape(ShapeKind.LINE, (0, 50), (200, 50)))


def test_lasso_keeps_the_order_given():
    entries = [(str(i), item) for i, item in enumerate(one_of_each())]
    around = np.array([(-500, -500), (900, -500), (900, 900), (-500, 900)], dtype=float)
    assert items_in_lasso(entries, around) == [item_id for item_id, _ in entries]


def test_lasso_that_runs_over_itself_keeps_its_middle():
    turn = np.linspace(0, 4 * math.pi, 200)
    twice = 50 + 40 * np.column_stack((np.cos(turn), np.sin(turn)))
    assert chosen(straight(40, 50, 60, 50), twice)


def test_lasso_without_an_inside_chooses_nothing():
    assert items_in_lasso([("a", straight(0, 0, 1, 1))], BOX[:2]) == []
    assert items_in_lasso([], BOX) == []


def test_lasso_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        items_in_lasso([], np.full((3, 2), np.nan))


def test_points_inside_agree_with_the_winding_angle():
    rng = np.random.default_rng(12)
    for _ in range(40):
        polygon = rng.uniform(0, 100, (int(rng.integers(3, 12)), 2))
        points = rng.uniform(-10, 110, (200, 2))
        around = np.vstack((polygon, polygon[:1]))[:, None, :] - points
        angles = np.arctan2(around[..., 1], around[..., 0])
        steps = (np.diff(angles, axis=0) + math.pi) % (2 * math.pi) - math.pi
        turns = np.rint(steps.sum(axis=0) / (2 * math.pi))
        assert (points_inside(points, polygon) == (turns != 0)).all()


def test_tap_takes_the_topmost():
    entries = [
        ("low", straight(0, 0, 100, 0, z=1)),
        ("high", straight(50, -50, 50, 50, z=3)),
        ("same", straight(50, -50, 50, 50, z=2)),
    ]
    assert item_at(entries, 50, 0, 5) == "high"
    assert item_at(entries, 20, 2, 5) == "low"
    assert item_at(entries, 20, 30, 5) is None


def test_selection_bounds_cover_all():
    items = one_of_each()
    bounds = selection_bounds(items)
    assert all(bounds.contains(item_bounds(item)) for item in items)
    assert selection_bounds([]) is None


# Transforms


def test_transforms_follow_one_another():
    rng = np.random.default_rng(13)
    first = Transform.turn(0.7, 10, 20).then(Transform.scale(2, 3, -5, 8))
    points = rng.uniform(-100, 100, (20, 2))
    both = first.then(Transform.move(4, -9))
    step = Transform.turn(0.7, 10, 20).points(points)
    step = Transform.move(4, -9).points(Transform.scale(2, 3, -5, 8).points(step))
    assert both.points(points) == pytest.approx(step)
    assert both.point(*points[0]) == pytest.approx(tuple(step[0]))


def test_fixed_points_stay():
    assert Transform.turn(1.1, 30, 40).point(30, 40) == pytest.approx((30, 40))
    assert Transform.scale(3, 5, 30, 40).point(30, 40) == pytest.approx((30, 40))


def test_turning_is_clockwise_on_the_screen():
    assert Transform.turn(math.pi / 2, 0, 0).point(1, 0) == pytest.approx((0, 1))


@pytest.mark.parametrize("bad", [{"xx": 0.0}, {"dx": math.nan}, {"yy": math.inf}])
def test_flat_or_infinite_transforms_are_refused(bad):
    with pytest.raises(ValueError, match="transform"):
        Transform(**bad)


def test_moved_stroke_keeps_its_packed_samples():
    item = straight(0, 0, 50, 50)
    moved = transformed(item, Transform.move(10, -5))
    assert moved.planes is item.planes
    assert moved.samples()[0, :2] == pytest.approx((10, -5))


def test_scaled_stroke_grows_in_width_and_keeps_its_pressure():
    item = straight(0, 0, 50, 50, width_pt=3)
    scaled = transformed(item, Transform.scale(2, 2, 0, 0))
    assert scaled.width_pt == pytest.approx(6)
    assert scaled.samples()[:, :2] == pytest.approx(item.samples()[:, :2] * 2, abs=1 / 64)
    assert scaled.samples()[:, 2:] == pytest.approx(item.samples()[:, 2:])


def test_turned_items_keep_their_width():
    for item in one_of_each():
        turned = transformed(item, Transform.turn(0.8, 10, 10))
        for name in ("width_pt", "size_pt"):
            if hasattr(item, name):
                assert getattr(turned, name) == pytest.approx(getattr(item, name))


def test_scaled_text_grows_in_box_and_letters():
    scaled = transformed(text(10, 10, 100, 40), Transform.scale(2, 2, 0, 0))
    assert scaled.box == upright(20, 20, 200, 80)
    assert scaled.size_pt == 48


def test_shape_points_follow():
    item = shape(ShapeKind.ARROW, (0, 0), (10, 0), width_pt=2)
    turned = transformed(item, Transform.turn(math.pi / 2, 0, 0))
    assert turned.points[1] == pytest.approx((0, 10))


def test_every_item_comes_back_by_the_opposite_transform():
    there = Transform.turn(0.5, 40, 40).then(Transform.scale(1.5, 1.5, 0, 0))
    back = Transform.scale(1 / 1.5, 1 / 1.5, 0, 0).then(Transform.turn(-0.5, 40, 40))
    for item in one_of_each():
        again = transformed(transformed(item, there), back)
        bounds, before = item_bounds(again), item_bounds(item)
        for side in ("left", "top", "right", "bottom"):
            assert getattr(bounds, side) == pytest.approx(getattr(before, side), abs=0.05)


def test_items_are_not_thrown_off_the_page():
    for item in one_of_each():
        for far in (Transform.move(1e9, 0), Transform.scale(1e9, 1e9, 5, 5)):
            with pytest.raises(ValueError, match=r"page|finite"):
                transformed(item, far)


# Recolouring and copying


def test_recolouring_takes_ink_and_leaves_paper():
    for item in one_of_each():
        changed = recoloured(item, 9)
        if item.kind.name in ("NOTE", "IMAGE"):
            assert changed == item
        else:
            assert changed.colour == 9


def test_filling_follows_the_ink_when_there_is_one():
    assert recoloured(rectangle(0, 0, 1, 1, fill=3), 9).fill == 9
    assert recoloured(rectangle(0, 0, 1, 1), 9).fill == NO_FILL
    assert recoloured(rectangle(0, 0, 1, 1, fill=3), 0xFF112233).fill == 3


def test_pasted_items_lie_on_one_another_as_before():
    items = [straight(0, 0, 9, 9, z=5), text(0, 0, z=2), note(0, 0, z=9)]
    copies = pasted(items, page="p2", author="ken", z=100, dx_pt=20, dy_pt=20)
    assert [copy.z for copy in copies] == [101, 100, 102]
    assert {copy.page for copy in copies} == {"p2"}
    assert {copy.author for copy in copies} == {"ken"}
    assert copies[1].box.x == 20
    assert copies[0].samples()[0, :2] == pytest.approx((20, 20))


def test_pictures_name_their_assets():
    items = [*one_of_each(), image(0, 0, sha256=b"\x01" * 32)]
    assert assets_of(items) == {b"\x07" * 32, b"\x01" * 32}


def test_clipboard_round_trip():
    items = one_of_each()
    again = parse_clipboard(pack_clipboard(items))
    assert again == items
    assert parse_clipboard(pack_clipboard([])) == []


def test_damaged_clipboards_are_refused():
    rng = random.Random(14)
    whole = pack_clipboard(one_of_each())
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError, match="cop"):
            parse_clipboard(whole[:length])
    with pytest.raises(ValueError, match="something else"):
        parse_clipboard(whole + b"x")
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            parse_clipboard(bytes(data))
        except ValueError:
            continue


def test_clipboard_has_a_limit():
    with pytest.raises(ValueError, match="at most"):
        pack_clipboard([stroke([(0, 0)])] * (MAX_CLIPBOARD_ITEMS + 1))
    with pytest.raises(ValueError, match="size"):
        parse_clipboard(b"")


def test_foreign_clipboards_are_refused():
    data = pack_clipboard(one_of_each())
    for other in (b"XXXX" + data[4:], data[:4] + b"\x02" + data[5:]):
        with pytest.raises(ValueError, match="version"):
            parse_clipboard(other)


# Handles

FRAME = Rect(100, 100, 300, 200)


def test_touch_finds_the_nearest_handle():
    places = handle_places(FRAME)
    assert len(places) == len(Handle)
    for handle, (x, y) in places.items():
        assert handle_at(FRAME, x + 3, y - 3, 20) is handle
    assert handle_at(FRAME, 200, 150, 20) is None
    assert places[Handle.TURN] == (200, 100 - HANDLE_GAP_PX)


@pytest.mark.parametrize(
    ("handle", "fixed"),
    [
        (Handle.LEFT_TOP, (300, 200)),
        (Handle.RIGHT_TOP, (100, 200)),
        (Handle.RIGHT_BOTTOM, (100, 100)),
        (Handle.LEFT_BOTTOM, (300, 100)),
    ],
)
def test_corner_scales_about_the_opposite_one(handle, fixed):
    corner = handle_places(FRAME)[handle]
    target = tuple(f + 1.5 * (c - f) for c, f in zip(corner, fixed, strict=True))
    transform = handle_transform(handle, FRAME, corner, target)
    assert transform.point(*fixed) == pytest.approx(fixed)
    assert transform.point(*corner) == pytest.approx(target)
    assert transform.xx == transform.yy


def test_side_stretches_along_itself():
    wide = handle_transform(Handle.RIGHT, FRAME, (300, 150), (400, 170))
    assert wide.point(300, 150) == pytest.approx((400, 150))
    tall = handle_transform(Handle.BOTTOM, FRAME, (200, 200), (220, 300))
    assert tall.point(200, 200) == pytest.approx((200, 300))


def test_selection_never_turns_inside_out():
    for handle in (Handle.RIGHT_BOTTOM, Handle.RIGHT, Handle.BOTTOM):
        transform = handle_transform(handle, FRAME, (300, 200), (-900, -900))
        assert min(transform.xx, transform.yy) == pytest.approx(MIN_SCALE)


def test_dot_can_be_dragged_by_any_handle():
    dot = Rect(5, 5, 5, 5)
    for handle in Handle:
        assert handle_transform(handle, dot, (5, 5), (9, 9)).determinant > 0


def test_turning_handle_follows_the_finger():
    start, angle = (200, 40), math.radians(37)
    here = Transform.turn(angle, 200, 150).point(*start)
    transform = handle_transform(Handle.TURN, FRAME, start, here)
    assert transform.point(*start) == pytest.approx(here)


def test_turning_stops_near_a_right_angle():
    start = (200, 40)
    here = Transform.turn(math.radians(88), 200, 150).point(*start)
    transform = handle_transform(Handle.TURN, FRAME, start, here)
    assert transform.point(*start) == pytest.approx((310, 150))
