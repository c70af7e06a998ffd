"""A photograph of a sheet becomes a straight, evenly lit page."""

import io
import math

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.support.paper_scenes import KINDS, document, make_scene, marker_board
from whiteboard.services.paper.sheet_to_page import (
    MOST_SIDE_PX,
    ROOT_TWO,
    Look,
    choose_look,
    even_out,
    make_page,
    page_size_pt,
    sheet_aspect,
    straighten,
    turned,
)

SQUARE = np.array([[10.0, 10], [110, 10], [110, 110], [10, 110]])


def unevenly_lit(sheet, darkest=0.45):
    """Return a sheet under a warm lamp from the left, a soft shadow across its right half."""
    height, width = sheet.shape[:2]
    x = np.linspace(0, 1, width)[None, :, None]
    y = np.linspace(0, 1, height)[:, None, None]
    shadow = 1 / (1 + np.exp(-(x + 0.3 * y - 0.7) * 60))
    light = (0.95 - 0.25 * x) * (1 - (1 - darkest) * shadow)
    return np.clip(sheet * light * np.array([0.82, 0.95, 1.0]), 0, 255).astype(np.uint8)


def blank(width=600, height=800):
    return np.full((height, width, 3), 244, np.uint8)


# Proportions ----------------------------------------------------------------------------


def test_proportions_are_those_of_the_real_sheet():
    off = []
    for kind in KINDS:
        for seed in range(6):
            scene = make_scene(kind, seed, (480, 360))
            size = (scene.image.shape[1], scene.image.shape[0])
            off.append(abs(sheet_aspect(scene.corners, size) / scene.aspect - 1))
    assert np.median(off) < 0.001
    assert np.mean(np.array(off) < 0.03) >= 0.95


def test_a4_seen_straight_on_stays_a4():
    corners = np.array([[100.0, 100], [697, 100], [697, 942], [100, 942]])
    assert sheet_aspect(corners, (800, 1040)) == pytest.approx(1 / ROOT_TWO)


def test_unusual_proportions_stay_as_they_are():
    corners = np.array([[100.0, 100], [900, 100], [900, 340], [100, 340]])
    assert sheet_aspect(corners, (1000, 500)) == pytest.approx(800 / 240, rel=0.01)


# Straight -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wood", "whiteboard"])
def test_straightened_sheet_looks_like_the_sheet(kind):
    scene = make_scene(kind, 2)
    page = straighten(scene.image, scene.corners)
    height, width = page.shape[:2]
    sheet = cv2.resize(scene.sheet, (width, height), interpolation=cv2.INTER_AREA)
    grey, wanted = (
        cv2.GaussianBlur(even_out(one, Look.DOCUMENT).min(2), (0, 0), 2).astype(float)
        for one in (page, sheet)
    )
    assert np.corrcoef(grey.ravel(), wanted.ravel())[0, 1] > 0.85


def test_order_of_the_corners_does_not_matter():
    scene = make_scene("wood", 1, (480, 360))
    usual = straighten(scene.image, scene.corners)
    mixed = straighten(scene.image, scene.corners[[2, 0, 3, 1]])
    assert np.array_equal(usual, mixed)


def test_page_is_as_sharp_as_the_photograph_and_no_larger():
    image = np.full((1000, 1000, 3), 200, np.uint8)
    page = straighten(image, np.array([[100.0, 100], [700, 100], [700, 900], [100, 900]]))
    assert max(page.shape[:2]) == pytest.approx(800, abs=60)


def test_page_is_no_larger_than_the_largest_display():
    image = np.full((3000, 5200, 3), 200, np.uint8)
    page = straighten(image, np.array([[0.0, 0], [5199, 0], [5199, 2999], [0, 2999]]))
    assert max(page.shape[:2]) == MOST_SIDE_PX


def test_corner_beyond_the_picture_leaves_no_black():
    image = np.full((400, 400, 3), 220, np.uint8)
    page = straighten(image, np.array([[-40.0, -40], [350, 0], [350, 350], [0, 350]]))
    assert page.min() > 200


def test_corners_without_area_are_refused():
    line = np.array([[0.0, 0], [50, 50], [100, 100], [20, 20]])
    with pytest.raises(ValueError, match="no area"):
        straighten(np.zeros((200, 200, 3), np.uint8), line)


# Light ----------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [Look.DOCUMENT, Look.WHITEBOARD])
def test_paper_is_white_in_light_and_in_shadow(look):
    page = even_out(unevenly_lit(blank()), look)
    assert np.mean(page.min(2) >= 250) > 0.99


def test_small_print_is_as_dark_in_the_shadow_as_beside_it():
    rng = np.random.default_rng(5)
    page = even_out(unevenly_lit(document(rng, 1 / ROOT_TWO)), Look.DOCUMENT)
    grey, width = page.min(2), page.shape[1]
    body = grey[200:800]
    left, right = body[:, 120 : width // 2 - 60], body[:, width // 2 + 60 : width - 150]
    ink = [np.percentile(half[half < 200], 50) for half in (left, right)]
    assert max(ink) < 120
    assert abs(ink[0] - ink[1]) < 40


@pytest.mark.parametrize("look", [Look.DOCUMENT, Look.WHITEBOARD])
@pytest.mark.parametrize(
    ("ink", "channel"), [((170, 60, 20), 0), ((60, 140, 30), 1), ((40, 40, 190), 2)]
)
def test_pens_keep_their_colours(look, ink, channel):
    sheet = blank()
    cv2.line(sheet, (60, 300), (540, 420), ink, 8)
    page = even_out(unevenly_lit(sheet), look).astype(int)
    stroke = page[np.ptp(page, axis=2) > 60]
    assert len(stroke) > 2000
    assert (np.median(stroke, axis=0).argmax()) == channel


def test_whiteboard_colours_become_stronger():
    sheet = blank()
    cv2.line(sheet, (60, 300), (540, 420), (150, 150, 220), 10)
    spread = [
        np.ptp(even_out(sheet, look).astype(int), axis=2).max()
        for look in (Look.DOCUMENT, Look.WHITEBOARD)
    ]
    assert spread[1] > spread[0]


def test_pale_pencil_becomes_readable():
    sheet = blank()
    for y in range(80, 760, 30):
        cv2.line(sheet, (60, y), (540, y), (168, 168, 168), 2)
    page = even_out(unevenly_lit(sheet, darkest=0.7), Look.DOCUMENT)
    assert np.percentile(page[80, 80:520].min(1), 50) < 130


def test_dark_area_of_the_sheet_stays_dark():
    sheet = blank()
    sheet[200:500, 150:450] = (60, 50, 45)
    page = even_out(unevenly_lit(sheet), Look.DOCUMENT)
    assert page[250:450, 200:400].mean() < 90


def test_colours_as_they_are_are_left_alone():
    sheet = unevenly_lit(blank())
    kept = even_out(sheet, Look.AS_IT_IS)
    assert np.array_equal(kept, sheet)
    assert kept is not sheet


# What suits -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_print_is_taken_for_a_document(seed):
    sheet = document(np.random.default_rng(seed), 1 / ROOT_TWO)
    assert choose_look(unevenly_lit(sheet)) is Look.DOCUMENT


@pytest.mark.parametrize("seed", range(4))
def test_thick_coloured_pens_are_taken_for_a_whiteboard(seed):
    sheet = marker_board(np.random.default_rng(seed), 16 / 9)
    assert choose_look(unevenly_lit(sheet)) is Look.WHITEBOARD


def test_picture_is_left_in_its_colours():
    rng = np.random.default_rng(1)
    blobs = cv2.resize(
        rng.uniform(0, 255, (9, 12, 3)), (800, 600), interpolation=cv2.INTER_CUBIC
    )
    assert choose_look(np.clip(blobs, 0, 255).astype(np.uint8)) is Look.AS_IT_IS


def test_empty_sheet_is_a_document():
    assert choose_look(unevenly_lit(blank())) is Look.DOCUMENT


# The page -------------------------------------------------------------------------------


def test_page_is_a_picture_of_its_size():
    scene = make_scene("wood", 0)
    page = make_page(scene.image, scene.corners, Look.DOCUMENT)
    image = cv2.imdecode(np.frombuffer(page.data, np.uint8), cv2.IMREAD_COLOR)
    assert page.data.startswith(b"\xff\xd8\xff")
    assert (image.shape[1], image.shape[0]) == page.size_px


def test_upright_a4_is_a_page_of_a4():
    scene = next(s for s in (make_scene("wood", n) for n in range(9)) if s.aspect < 1)
    page = make_page(scene.image, scene.corners, Look.DOCUMENT)
    assert page.size_pt == (595.0, 842.0)
    dpi = Image.open(io.BytesIO(page.data)).info["dpi"]
    assert page.size_px[0] / dpi[0] * 72 == pytest.approx(595.0, rel=0.01)


def test_quarter_turn_turns_the_page():
    scene = next(s for s in (make_scene("wood", n) for n in range(9)) if s.aspect < 1)
    page = make_page(scene.image, scene.corners, Look.DOCUMENT, turns=1)
    assert page.size_pt == (842.0, 595.0)


@pytest.mark.parametrize(
    ("aspect", "size_pt"),
    [
        (1 / math.sqrt(2), (595.0, 842.0)),
        (math.sqrt(2), (842.0, 595.0)),
        (16 / 9, (842.0, 474.0)),
        (1.0, (842.0, 842.0)),
    ],
)
def test_size_of_the_page_follows_the_sheet(aspect, size_pt):
    assert page_size_pt(aspect) == size_pt


def test_turns_go_clockwise():
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 0] = 255
    assert turned(image, 1)[0, 1].max() == 255
    assert np.array_equal(turned(image, 4), image)
