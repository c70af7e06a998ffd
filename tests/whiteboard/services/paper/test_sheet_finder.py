"""Sheets in photographs: found, and their corners where they are."""

import numpy as np
import pytest

from tests.support.paper_scenes import KINDS, bare_desk, make_scene
from whiteboard.services.paper.sheet_finder import (
    LEAST_CONFIDENCE,
    find_sheet,
    in_order,
    is_convex,
)

SEEDS = range(8)


def corner_error(found, scene):
    """Return the mean distance of the corners by the diagonal; whatever is up is up."""
    turned = (np.roll(found.corners, turns, axis=0) for turns in range(4))
    off = min(np.linalg.norm(one - scene.corners, axis=1).mean() for one in turned)
    return off / np.hypot(*scene.image.shape[:2])


@pytest.fixture(scope="module")
def errors():
    """The corner error in each of 64 photographs; infinite where nothing was found."""
    told = {}
    for kind in KINDS:
        for seed in SEEDS:
            scene = make_scene(kind, seed)
            found = find_sheet(scene.image)
            told[kind, seed] = np.inf if found is None else corner_error(found, scene)
    return told


def test_sheet_is_found_in_19_of_20_photographs(errors):
    found = [error < 0.01 for error in errors.values()]
    assert len(found) >= 60
    assert np.mean(found) >= 0.95, {scene: e for scene, e in errors.items() if e >= 0.01}


def test_corners_are_half_a_percent_of_the_diagonal_off_at_most(errors):
    assert np.median(list(errors.values())) <= 0.005


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_scene_is_left_behind(errors, kind):
    of_kind = [error for (name, _seed), error in errors.items() if name == kind]
    assert np.median(of_kind) <= 0.002


def test_same_photograph_gives_the_same_corners():
    scene = make_scene("wood", 3)
    one, other = find_sheet(scene.image), find_sheet(scene.image)
    assert np.array_equal(one.corners, other.corners)


def test_clear_sheet_is_found_with_confidence():
    found = find_sheet(make_scene("cloth", 1).image)
    assert found.confidence > 0.9


def test_small_picture_is_enough():
    scene = make_scene("cloth", 2, (320, 240))
    assert corner_error(find_sheet(scene.image), scene) < 0.01


def test_large_photograph_is_found_as_exactly():
    scene = make_scene("wood", 4, (2400, 1800))
    assert corner_error(find_sheet(scene.image), scene) < 0.001


@pytest.mark.parametrize("seed", range(6))
def test_bare_desk_has_no_sheet(seed):
    found = find_sheet(bare_desk(seed))
    assert found is None, found.confidence


def test_even_picture_has_no_sheet():
    assert find_sheet(np.full((480, 640, 3), 128, np.uint8)) is None


def test_sheet_that_fills_the_picture_has_no_outline():
    image = np.full((600, 800, 3), 235, np.uint8)
    image[200:210, 100:700] = 40
    assert find_sheet(image) is None


def test_sheet_cut_off_by_the_edge_of_the_picture_ends_there():
    scene = make_scene("cloth", 1)
    left = int(scene.corners[:, 0].min())
    cut = scene.image[:, left + 90 :]
    found = find_sheet(cut)
    assert found is None or found.confidence >= LEAST_CONFIDENCE
    assert found is None or found.corners[:, 0].min() < 12


@pytest.mark.parametrize("shape", [(480, 640), (480, 640, 4), (20, 640, 3)])
def test_other_arrays_are_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        find_sheet(np.zeros(shape, np.uint8))


def test_corners_are_put_clockwise_from_the_upper_left():
    square = np.array([[10.0, 10], [90, 12], [88, 95], [8, 90]])
    for order in ([2, 0, 3, 1], [3, 2, 1, 0], [1, 3, 0, 2]):
        assert np.array_equal(in_order(square[order]), square)


def test_folded_corners_are_not_convex():
    assert is_convex(np.array([[0.0, 0], [9, 0], [9, 9], [0, 9]]))
    assert not is_convex(np.array([[0.0, 0], [9, 0], [2, 2], [0, 9]]))
