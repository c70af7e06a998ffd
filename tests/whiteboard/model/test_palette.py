"""Colour-blindness is simulated with the matrices of Machado, Oliveira and Fernandes,
"A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6),
2009, severity 1.0, on linear sRGB. Differences are CIEDE2000 (Sharma, Wu and Dalal 2005);
about 2 is seen side by side, 5 at a glance.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from base.board_doc import explicit_colour
from whiteboard.model.page import Surface
from whiteboard.model.palette import (
    BOARD_RGB,
    HIGHLIGHTERS,
    INKS,
    NOTE_INK_RGB,
    NOTE_PAPERS,
    highlighter_rgb,
    ink_rgb,
    note_rgb,
)

SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE_D65 = np.array([0.95047, 1.0, 1.08883])

INK_BAR = 8.5
HIGHLIGHTER_BAR = 7.5
PAPER_BAR = 7.0


def linear(rgb):
    c = np.array(rgb) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(rgb):
    return float(SRGB_TO_XYZ[1] @ linear(rgb))


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def lab(rgb, sight="normal"):
    xyz = SRGB_TO_XYZ @ np.clip(SIGHTS[sight] @ linear(rgb), 0, 1) / WHITE_D65
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(lab1, lab2):
    (l1, a1, b1), (l2, a2, b2) = lab1, lab2
    c_mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = (1 - np.sqrt(c_mean**7 / (c_mean**7 + 25**7))) / 2
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    dh = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dh_chord = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = h1 + h2 if c1 * c2 == 0 else (h1 + dh / 2) % 360
    t = 1 - 0.17 * np.cos(np.radians(h - 30)) + 0.24 * np.cos(np.radians(2 * h))
    t += 0.32 * np.cos(np.radians(3 * h + 6)) - 0.20 * np.cos(np.radians(4 * h - 63))
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    turn = 60 * np.exp(-(((h - 275) / 25) ** 2))
    r_t = -np.sin(np.radians(turn)) * 2 * np.sqrt(c**7 / (c**7 + 25**7))
    x, y, z = (l2 - l1) / s_l, (c2 - c1) / s_c, dh_chord / s_h
    return float(np.sqrt(x * x + y * y + z * z + r_t * y * z))


def smallest_difference(colours, sight):
    return min(ciede2000(lab(a, sight), lab(b, sight)) for a, b in combinations(colours, 2))


@pytest.mark.parametrize(
    ("lab1", "lab2", "expected"),
    [
        # From the table of test data in Sharma, Wu and Dalal 2005.
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_colour_difference_agrees_with_the_published_data(lab1, lab2, expected):
    assert ciede2000(lab1, lab2) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("is_dark", [True, False])
def test_every_two_inks_are_told_apart(sight, is_dark):
    assert smallest_difference([s.rgb(is_dark) for s in INKS], sight) >= INK_BAR


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("is_dark", [True, False])
def test_every_two_highlighters_are_told_apart(sight, is_dark):
    colours = [s.rgb(is_dark) for s in HIGHLIGHTERS]
    assert smallest_difference(colours, sight) >= HIGHLIGHTER_BAR


@pytest.mark.parametrize("sight", SIGHTS)
def test_every_two_note_papers_are_told_apart(sight):
    assert smallest_difference([s.light for s in NOTE_PAPERS], sight) >= PAPER_BAR


@pytest.mark.parametrize("surface", Surface)
def test_every_ink_can_be_read_on_its_board(surface):
    is_dark = surface is Surface.BLACKBOARD
    assert min(contrast(s.rgb(is_dark), BOARD_RGB[surface]) for s in INKS) >= 3.0


@pytest.mark.parametrize("surface", Surface)
def test_the_first_ink_can_be_read_as_small_text(surface):
    is_dark = surface is Surface.BLACKBOARD
    assert contrast(INKS[0].rgb(is_dark), BOARD_RGB[surface]) >= 7.0


@pytest.mark.parametrize("is_dark", [True, False])
def test_the_first_ink_can_be_read_on_every_highlighter(is_dark):
    assert min(contrast(INKS[0].rgb(is_dark), s.rgb(is_dark)) for s in HIGHLIGHTERS) >= 4.0


def test_a_note_can_be_read_on_every_paper():
    assert min(contrast(NOTE_INK_RGB, s.light) for s in NOTE_PAPERS) >= 7.0


@pytest.mark.parametrize("is_dark", [True, False])
@pytest.mark.parametrize("resolve", [ink_rgb, highlighter_rgb])
def test_explicit_colour_is_the_same_on_every_board(resolve, is_dark):
    assert resolve(explicit_colour(1, 128, 255), is_dark) == (1, 128, 255)


def test_index_keeps_its_hue_when_the_background_changes():
    assert (ink_rgb(2, is_dark=True), ink_rgb(2, is_dark=False)) == (
        INKS[2].dark,
        INKS[2].light,
    )


@pytest.mark.parametrize("colour", range(256))
def test_index_of_a_later_version_still_has_a_colour(colour):
    for rgb in (ink_rgb(colour, True), highlighter_rgb(colour, False), note_rgb(colour)):
        assert all(0 <= c <= 255 for c in rgb)
