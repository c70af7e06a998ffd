"""From a photograph of a sheet to a page: straightened, and evenly lit.

`sheet_finder` says where the sheet is; here it becomes a rectangle with the proportions of
the real sheet, shadows and uneven light go, and what was written keeps its colours. Pure
functions over arrays, without Qt. They take up to a second: not for the UI thread.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from whiteboard.services.paper.sheet_finder import in_order, is_convex

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

MOST_SIDE_PX: Final = 4096
"""A page is at most as long and as high as the largest display is wide."""
ROOT_TWO: Final = math.sqrt(2)
KNOWN_ASPECTS: Final = (
    (ROOT_TWO, 0.045),
    (11 / 8.5, 0.012),
    (4 / 3, 0.02),
    (3 / 2, 0.025),
    (16 / 9, 0.03),
    (2.0, 0.03),
)
"""Longer by shorter side of what people write on, and how far off still counts as it.

All A and B paper, also on flip charts; letter paper; whiteboards of 1200x900, 900x600 and
1800x900 mm; screens. A cut of A4 cannot be told from one of A3 by its picture.
"""

_USUAL_FOCAL: Final = 0.66
"""Focal length by the diagonal of the picture: 28 mm on 35 mm film, a phone's main lens."""
_FOCAL_RANGE: Final = (0.45, 2.5)
_TRIM: Final = 0.003
"""Share of the shorter side that is cut off: there, desk and paper are mixed in a pixel."""
_LONG_PT: Final = 842.0
"""Longer side of A4."""
_JPEG_QUALITY: Final = 90


class Look(StrEnum):
    """What is made of the light on a sheet."""

    AS_IT_IS = "as_it_is"
    """Colours as the camera saw them: for photographs and coloured print."""
    DOCUMENT = "document"
    """White paper without shadows, black print, colours kept."""
    WHITEBOARD = "whiteboard"
    """The same, with the colours of pale markers made strong."""


_PT_PER_INCH: Final = 72
_JFIF_AT: Final = 6
"""Where a JPEG of OpenCV says that it is a JFIF."""
_DENSITY_AT: Final = 13
_DOTS_PER_INCH: Final = 1


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A sheet that became a page.

    Attributes:
        data: JPEG, sRGB, with the resolution that gives it its size.
        size_px: Width and height of the picture.
        size_pt: Width and height that suit a page with it: A4 for paper of its
            proportions, otherwise as long as A4.
    """

    data: bytes
    size_px: tuple[int, int]
    size_pt: tuple[float, float]


def make_page(image: Pixels, corners: Floats, look: Look, turns: int = 0) -> PaperPage:
    """Return the finished page of a photograph.

    Args:
        image: Shape (h, w, 3), BGR.
        corners: Shape (4, 2), px, in any order.
        look: What is made of the light.
        turns: Quarter turns clockwise.

    Raises:
        ValueError: the corners span no area.
    """
    page = turned(even_out(straighten(image, corners), look), turns)
    # 4:4:4: at half the resolution, red pen gets grey edges.
    quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    quality += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    done, data = cv2.imencode(".jpg", page, quality)
    if not done:
        raise ValueError(f"a page of shape {page.shape} cannot be kept")
    height, width = page.shape[:2]
    size_pt = page_size_pt(width / height)
    dpi = round(width / size_pt[0] * _PT_PER_INCH)
    return PaperPage(_with_density(data.tobytes(), dpi), (width, height), size_pt)


def _with_density(jpeg: bytes, dpi: int) -> bytes:
    """Return a JPEG that says how large it is on paper, where the encoder says nothing."""
    if jpeg[_JFIF_AT : _JFIF_AT + 5] != b"JFIF\0":
        return jpeg
    density = struct.pack(">BHH", _DOTS_PER_INCH, dpi, dpi)
    return jpeg[:_DENSITY_AT] + density + jpeg[_DENSITY_AT + len(density) :]


def turned(image: Pixels, turns: int) -> Pixels:
    """Return the picture after so many quarter turns clockwise."""
    return np.ascontiguousarray(np.rot90(image, -turns))


def page_size_pt(aspect: float) -> tuple[float, float]:
    """Return width and height of a page, pt, for a picture with `aspect` = width / height."""
    is_wide = aspect > 1
    longer = aspect if is_wide else 1 / aspect
    near_a4 = abs(longer / ROOT_TWO - 1) < 0.01
    short = 595.0 if near_a4 else float(round(_LONG_PT / longer))
    return (_LONG_PT, short) if is_wide else (short, _LONG_PT)


# Straight ---------------------------------------------------------------------------------


def straighten(image: Pixels, corners: Floats) -> Pixels:
    """Return the sheet as a rectangle with the proportions of the real one.

    Args:
        image: Shape (h, w, 3), BGR.
        corners: Shape (4, 2), px, in any order.

    Returns:
        Shape (h', w', 3): as large as the sheet is in the photograph, at most
        `MOST_SIDE_PX`.

    Raises:
        ValueError: the corners span no area.
    """
    quad = in_order(np.asarray(corners, np.float64))
    if not is_convex(quad):
        raise ValueError(f"corners {quad.tolist()} span no area")
    width, height = _size_px(quad, sheet_aspect(quad, (image.shape[1], image.shape[0])))
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    flat += np.float32(_TRIM * min(width, height)) * np.sign(flat - flat.mean(0)) - 0.5
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), flat)
    # Replicated: a corner beyond the picture leaves no black wedge on the page.
    page = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(page, np.uint8)


def sheet_aspect(corners: Floats, size: tuple[int, int]) -> float:
    """Return width / height of the real sheet, a known proportion where it is near one.

    The four corners of a rectangle tell the focal length of a camera whose axis goes
    through the middle of the picture, and with it the proportions of the rectangle
    (Zhang and He, "Whiteboard scanning and image enhancement", section 4.2). Where the
    sheet is seen almost straight on, the corners say nothing of the focal length; there a
    usual one does as well.

    Args:
        corners: Shape (4, 2), px, clockwise.
        size: Width and height of the whole photograph, px.

    Raises:
        ValueError: three corners lie on one line.
    """
    measured = _measured_aspect(corners, size)
    longer = max(measured, 1 / measured)
    # How far off, in units of what is allowed: most sheets are A4, and far more of those
    # are measured badly than there are sheets of nearly its proportions.
    off, known = min((abs(longer / known - 1) / near, known) for known, near in KNOWN_ASPECTS)
    if off < 1:
        longer = known
    return longer if measured > 1 else 1 / longer


def _measured_aspect(corners: Floats, size: tuple[int, int]) -> float:
    middle = (np.array(size) - 1) / 2
    top_left, top_right, bottom_right, bottom_left = np.column_stack(
        [corners - middle, np.ones(4)]
    )
    below = np.dot(np.cross(top_right, bottom_right), bottom_left)
    beside = np.dot(np.cross(bottom_left, bottom_right), top_right)
    if abs(below) < 1e-6 or abs(beside) < 1e-6:
        raise ValueError(f"corners {corners.tolist()} span no area")
    diagonal = np.cross(top_left, bottom_right)
    across = np.dot(diagonal, bottom_left) / below * top_right - top_left
    down = np.dot(diagonal, top_right) / beside * bottom_left - top_left
    focal = _focal(across, down, math.hypot(*size))
    inverse = np.array([1 / focal**2, 1 / focal**2, 1.0])
    return float(np.sqrt((across**2 * inverse).sum() / (down**2 * inverse).sum()))


def _focal(across: Floats, down: Floats, diagonal: float) -> float:
    """Return the focal length in px: what the corners say where they say it clearly."""
    least, most = _FOCAL_RANGE
    usual = _USUAL_FOCAL * diagonal
    # How strongly both pairs of sides run together, in turns of the camera.
    strength = min(abs(across[2]), abs(down[2])) * diagonal
    told = max(float(np.hypot(*across[:2])), float(np.hypot(*down[:2])))
    if strength < 0.12 * told:
        return usual
    squared = -(across[0] * down[0] + across[1] * down[1]) / (across[2] * down[2])
    if not (least * diagonal) ** 2 < squared < (most * diagonal) ** 2:
        return usual
    return math.sqrt(squared)


def _size_px(quad: Floats, aspect: float) -> tuple[int, int]:
    """Return width and height with the picture's own sharpness, in a given proportion."""
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    width, height = max(sides[0], sides[2]), max(sides[1], sides[3])
    if width / height > aspect:
        height = width / aspect
    else:
        width = height * aspect
    shrink = min(1.0, MOST_SIDE_PX / max(width, height))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


# Light ------------------------------------------------------------------------------------

_LIGHT_PX: Final = 640
"""Longer side of the picture in which the light is measured."""
_WHITE: Final = {Look.DOCUMENT: 0.92, Look.WHITEBOARD: 0.90}
"""What is this bright beside its paper, 0 to 1, becomes white."""
_BLACK: Final = {Look.DOCUMENT: (0.20, 0.50), Look.WHITEBOARD: (0.22, 0.35)}
"""Least and most of what becomes black: pencil is never darker than half of its paper."""
_LEAST_SPREAD: Final = 40
"""Between the channels of a pixel that has a colour of its own, 0 to 255."""
_BOOST: Final = {Look.DOCUMENT: 1.1, Look.WHITEBOARD: 2.0}
"""Times by which colours become stronger."""


def even_out(image: Pixels, look: Look) -> Pixels:
    """Return a straightened sheet without shadows and with white paper.

    Every pixel is divided by the light on the paper around it, so that the colour of the
    lamp goes with its shadows. Pictures and dark areas on the sheet do not count as
    paper: they stay as dark as they are.

    Args:
        image: Shape (h, w, 3), BGR.
        look: `AS_IT_IS` returns a copy.
    """
    if look is Look.AS_IT_IS:
        return image.copy()
    height, width = image.shape[:2]
    light = cv2.resize(_light(image), (width, height), interpolation=cv2.INTER_LINEAR)
    flat = cv2.divide(image, light, scale=255)
    return _coloured(_inked(np.asarray(flat, np.uint8), look), _BOOST[look])


def choose_look(image: Pixels) -> Look:
    """Return what suits a straightened sheet.

    A picture is what has little paper around its ink; a whiteboard is written on with
    thick strokes, most of them coloured.

    Args:
        image: Shape (h, w, 3), BGR.
    """
    small = _small(image, 800)
    light = cv2.resize(_light(small), small.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    flat = np.asarray(cv2.divide(small, light, scale=255), np.uint8)
    grey = flat.min(2)
    if (grey > 200).mean() < 0.6:
        return Look.AS_IT_IS
    ink = (grey < 150).astype(np.uint8)
    count = int(ink.sum())
    if count < 50:
        return Look.DOCUMENT
    depth = cv2.distanceTransform(ink, cv2.DIST_L2, 3)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))) & (ink > 0)
    thick = float(np.median(depth[ridge])) / math.hypot(*small.shape[:2])
    spread = flat.max(2).astype(np.int16) - grey
    coloured = float(((spread > 70) & (ink > 0)).sum()) / count
    is_board = thick > 0.0016 and (coloured > 0.15 or thick > 0.003)
    return Look.WHITEBOARD if is_board else Look.DOCUMENT


def _small(image: Pixels, longest_px: int) -> Pixels:
    times = max(1, max(image.shape[:2]) // longest_px)
    height, width = (max(1, side // times) for side in image.shape[:2])
    whole = image[: height * times, : width * times]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _light(image: Pixels) -> Pixels:
    """Return the light on the paper, BGR, in a small picture; never 0."""
    small = _small(image, _LIGHT_PX)
    longest = max(small.shape[:2])
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_odd(longest / 45),) * 2)
    # Closing takes strokes away and leaves the edge of a shadow where it is.
    closed = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), np.uint8)
    closed = np.asarray(cv2.medianBlur(closed, 5), np.uint8)
    paper = _is_paper(closed)
    light = _filled(closed.astype(np.float32), paper)
    soft = cv2.GaussianBlur(light, (0, 0), 1.2)
    return np.clip(soft, 1, 255).astype(np.uint8)


def _is_paper(closed: Pixels) -> NDArray[np.bool_]:
    """Return which pixels show bare paper: bright for their surroundings, like in colour."""
    grey = closed.min(2).astype(np.float32)
    longest = max(closed.shape[:2])
    wide = cv2.getStructuringElement(cv2.MORPH_RECT, (_odd(longest / 4),) * 2)
    around = _blurred(np.asarray(cv2.dilate(grey, wide), np.float32), longest / 12)
    bright = grey > 0.45 * around
    colour = closed.astype(np.float32) / np.maximum(closed.sum(2, keepdims=True), 1)
    usual = np.median(colour[bright], axis=0)
    alike = np.abs(colour - usual).max(2) < 0.025
    found = bright & alike
    return np.asarray(found if found.mean() > 0.1 else bright, np.bool_)


def _filled(light: NDArray[np.float32], paper: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the light with what is not paper replaced by what the paper around it has."""
    if paper.all():
        return light
    known = paper.astype(np.float32)
    total, weight = np.zeros_like(light), np.zeros(light.shape[:2], np.float32)
    longest = max(light.shape[:2])
    for share, trust in ((60, 1.0), (15, 1e-2), (3, 1e-4)):
        total += trust * _blurred(light * known[..., None], longest / share)
        weight += trust * _blurred(known, longest / share)
    around = total / np.maximum(weight, 1e-9)[..., None]
    edge = cv2.GaussianBlur(known, (0, 0), 1.5)[..., None]
    return np.asarray(edge * light + (1 - edge) * around, np.float32)


def _blurred(picture: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Return a picture after a wide blur, which is done where it is cheap: made small."""
    height, width = picture.shape[:2]
    times = max(1, int(sigma_px / 4))
    size = (max(1, width // times), max(1, height // times))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma_px / times)
    wide = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide, np.float32)


def _inked(flat: Pixels, look: Look) -> Pixels:
    """Return an evenly lit sheet with white paper and with ink as dark as it should be."""
    least, most = _BLACK[look]
    coloured = np.asarray(cv2.LUT(flat, _curve(_WHITE[look], least)), np.uint8)
    blue, green, red = cv2.split(flat)
    brightest = cv2.max(cv2.max(blue, green), red)
    spread = cv2.subtract(brightest, cv2.min(cv2.min(blue, green), red))
    is_grey = cv2.threshold(spread, _LEAST_SPREAD, 255, cv2.THRESH_BINARY_INV)[1]
    levels = np.asarray(brightest, np.uint8), np.asarray(is_grey, np.uint8)
    black = _ink_level(*levels, least, most)
    if black <= least:
        return coloured
    # Pale pencil is made dark; a pen of the same brightness would lose its colour by that.
    grey = cv2.LUT(flat, _curve(_WHITE[look], black))
    return np.asarray(cv2.copyTo(grey, is_grey, coloured), np.uint8)


def _ink_level(brightest: Pixels, is_grey: Pixels, least: float, most: float) -> float:
    """Return how bright the grey ink of an evenly lit sheet is, 0 to 1, within bounds."""
    some, grey = brightest[::4, ::4], is_grey[::4, ::4]
    ink = some[(some < 0.8 * 255) & (grey > 0)]
    if ink.size < 0.001 * some.size:
        return least
    return float(np.clip(np.percentile(ink, 25) / 255, least, most))


def _odd(value: float) -> int:
    return max(3, int(value) | 1)


def _curve(white: float, black: float) -> Pixels:
    """Return a table for each value: black below `black`, white above `white`."""
    share = (np.arange(256) / 255 - black) / (white - black)
    share = np.clip(share, 0, 1)
    # Steeper in the middle: small print gets clear edges without a sharpening halo.
    steep = share * share * (3 - 2 * share)
    return np.asarray(np.round(255 * (0.5 * share + 0.5 * steep)), np.uint8)


def _coloured(image: Pixels, boost: float) -> Pixels:
    """Return the picture with stronger colours, its greys as they are."""
    mix = np.full((3, 3), (1 - boost) / 3, np.float32) + boost * np.eye(3, dtype=np.float32)
    return np.asarray(cv2.transform(image, mix), np.uint8)
