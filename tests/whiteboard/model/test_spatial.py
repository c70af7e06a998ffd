import math
import random

import numpy as np
import pytest

from whiteboard.model.bounds import Rect, united
from whiteboard.model.spatial import SpatialIndex


def random_rect(rng, size=100.0):
    left, top = rng.uniform(-500, 2000), rng.uniform(-500, 2000)
    return Rect(left, top, left + rng.uniform(0, size), top + rng.uniform(0, size))


def test_finds_what_touches_the_rectangle():
    index = SpatialIndex()
    index.insert("a", Rect(0, 0, 10, 10))
    index.insert("b", Rect(20, 0, 30, 10))
    assert index.query(Rect(10, 10, 15, 15)) == ["a"]
    assert sorted(index.query(Rect(5, 5, 20, 6))) == ["a", "b"]
    assert index.query(Rect(11, 0, 19, 10)) == []


def test_answers_like_a_plain_search_through_all_changes():
    rng = random.Random(5)
    index, truth = SpatialIndex(), {}
    for step in range(4000):
        item_id = str(rng.randrange(600))
        if rng.random() < 0.3:
            assert index.remove(item_id) == (truth.pop(item_id, None) is not None)
        else:
            truth[item_id] = random_rect(rng, 3000.0 if step % 50 == 0 else 100.0)
            index.insert(item_id, truth[item_id])
        if step % 20 == 0:
            rect = random_rect(rng, 400)
            expected = sorted(i for i, r in truth.items() if r.intersects(rect))
            assert sorted(index.query(rect)) == expected
            assert index.extent() == united(truth.values())
    assert len(index) == len(truth)


def test_many_at_once_equal_one_by_one():
    rng = random.Random(6)
    rects = {str(i): random_rect(rng) for i in range(1000)}
    one_by_one, at_once = SpatialIndex(), SpatialIndex()
    for item_id, rect in rects.items():
        one_by_one.insert(item_id, rect)
    at_once.insert("7", Rect(0, 0, 1, 1))
    rows = np.array([(r.left, r.top, r.right, r.bottom) for r in rects.values()])
    at_once.insert_many(list(rects), rows)
    assert at_once.extent() == one_by_one.extent()
    for _ in range(50):
        rect = random_rect(rng, 500)
        assert sorted(at_once.query(rect)) == sorted(one_by_one.query(rect))


def test_replacing_moves_the_item():
    index = SpatialIndex()
    index.insert("a", Rect(0, 0, 10, 10))
    index.insert("a", Rect(100, 100, 110, 110))
    assert index.query(Rect(0, 0, 20, 20)) == []
    assert index.bounds("a") == Rect(100, 100, 110, 110)
    assert len(index) == 1
    assert "a" in index


def test_removing_what_is_not_there_says_so():
    index = SpatialIndex()
    assert not index.remove("a")
    with pytest.raises(KeyError):
        index.bounds("a")


def test_empty_index_has_no_extent():
    index = SpatialIndex()
    assert index.extent() is None
    assert index.query(Rect(0, 0, 1, 1)) == []
    index.insert("a", Rect(5, 5, 6, 6))
    assert index.extent() == Rect(5, 5, 6, 6)
    index.remove("a")
    assert index.extent() is None


def test_clear_takes_all_out():
    index = SpatialIndex()
    index.insert("a", Rect(0, 0, 1, 1))
    index.clear()
    assert len(index) == 0
    assert index.extent() is None
    assert index.query(Rect(0, 0, 1, 1)) == []


@pytest.mark.parametrize("bad", [Rect(1, 0, 0, 1), Rect(0, math.nan, 1, 1)])
def test_what_is_no_rectangle_is_refused(bad):
    index = SpatialIndex()
    with pytest.raises(ValueError, match="not a rectangle"):
        index.insert("a", bad)
    with pytest.raises(ValueError, match="not a rectangle"):
        index.insert_many(["a"], np.array([(bad.left, bad.top, bad.right, bad.bottom)]))
    assert len(index) == 0


def test_ids_and_bounds_must_be_of_one_length():
    with pytest.raises(ValueError, match="ids"):
        SpatialIndex().insert_many(["a"], np.zeros((2, 4)))
