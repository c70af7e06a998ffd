"""Photographs of sheets of paper, whiteboards and flip charts, made by code.

Every scene knows where the corners of its sheet are. A sheet lies or hangs in space and is
seen by a pinhole camera; what lies behind it, the light, shadows, fingers, blur, noise and
JPEG are drawn as a phone or a document camera would have seen them. The same number gives
the same scene.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

KINDS: Final = (
    "wood",
    "cloth",
    "white desk",
    "whiteboard",
    "flip chart",
    "shadow",
    "fingers",
    "rotated",
)
INKS: Final = ((40, 40, 45), (160, 60, 20), (35, 30, 190), (60, 130, 20))
"""Black, blue, red and green of markers, BGR."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A photograph and the truth about it.

    Attributes:
        image: (h, w, 3) BGR.
        corners: (4, 2) px: the sheet's top left, top right, bottom right, bottom left as
            they are read.
        aspect: Width of the sheet divided by its height.
        sheet: The sheet as it was before it was photographed, BGR.
    """

    image: Pixels
    corners: Floats
    aspect: float
    sheet: Pixels


def make_scene(kind: str, seed: int, size: tuple[int, int] = (1024, 768)) -> Scene:
    """Return a photograph; `size` is its width and height in px."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    if rng.random() < 0.4 and kind != "whiteboard":
        size = (size[1], size[0])
    sheet, aspect = _sheet(kind, rng)
    corners = _place(kind, aspect, size, rng)
    back = _background(kind, size, rng)
    image = _compose(kind, back, sheet, corners, rng)
    image = _light(kind, image, corners, rng)
    if kind == "fingers":
        image = _fingers(image, corners, rng)
    return Scene(_lens(image, rng), corners, aspect, sheet)


# Sheets ---------------------------------------------------------------------------------


def _sheet(kind: str, rng: np.random.Generator) -> tuple[Pixels, float]:
    if kind == "whiteboard":
        aspect = float(rng.choice([4 / 3, 3 / 2, 16 / 9, 2.0]))
        return marker_board(rng, aspect), aspect
    if kind == "flip chart":
        return marker_board(rng, 1 / math.sqrt(2)), 1 / math.sqrt(2)
    is_tall = rng.random() < 0.7
    aspect = 1 / math.sqrt(2) if is_tall else math.sqrt(2)
    return document(rng, aspect), aspect


def document(rng: np.random.Generator, aspect: float) -> Pixels:
    """Return a printed page with headings, small print, a table and notes by hand."""
    height = 1400 if aspect < 1 else 1000
    width = round(height * aspect)
    tint = int(rng.integers(236, 250))
    page = np.full((height, width, 3), (tint - int(rng.integers(0, 8)), tint, tint), np.uint8)
    margin = width // 10
    y = margin + 30
    cv2.putText(page, "Minutes 2026", (margin, y), 0, 1.6, (30, 30, 30), 4, cv2.LINE_AA)
    y += 60
    while y < height * 0.62:
        words = _words(rng, width - 2 * margin)
        cv2.putText(page, words, (margin, y), 0, 0.55, (50, 50, 50), 1, cv2.LINE_AA)
        y += 27
        if rng.random() < 0.12:
            y += 26
    if rng.random() < 0.5:
        _table(page, margin, y + 10, width - 2 * margin, height // 6, rng)
    for _ in range(int(rng.integers(1, 5))):
        _stroke(page, rng, INKS[int(rng.integers(len(INKS)))], 4)
    return page


def marker_board(rng: np.random.Generator, aspect: float) -> Pixels:
    """Return a white surface with what people wrote on it with thick coloured pens."""
    height = 1000 if aspect > 1 else 1400
    width = round(height * aspect)
    page = np.full((height, width, 3), (246, 248, 247), np.uint8)
    for _ in range(int(rng.integers(6, 18))):
        _stroke(page, rng, INKS[int(rng.integers(len(INKS)))], int(rng.integers(6, 13)))
    for _ in range(int(rng.integers(1, 4))):
        words = _words(rng, width // 2)[:14]
        place = (int(rng.integers(40, width // 2)), int(rng.integers(120, height - 60)))
        ink = INKS[int(rng.integers(len(INKS)))]
        cv2.putText(page, words, place, 0, 2.2, ink, 8, cv2.LINE_AA)
    return page


def _words(rng: np.random.Generator, width: int) -> str:
    words = ""
    while len(words) * 10.5 < width:
        length = int(rng.integers(2, 10))
        words += "".join(chr(97 + int(n)) for n in rng.integers(0, 26, length)) + " "
    return words[: int(width / 10.5)]


def _table(
    page: Pixels, x: int, y: int, width: int, height: int, rng: np.random.Generator
) -> None:
    for row in range(5):
        at = y + row * height // 4
        cv2.line(page, (x, at), (x + width, at), (60, 60, 60), 2)
    for column in range(4):
        at = x + column * width // 3
        cv2.line(page, (at, y), (at, y + height), (60, 60, 60), 2)


def _stroke(
    page: Pixels, rng: np.random.Generator, ink: tuple[int, int, int], thick: int
) -> None:
    height, width = page.shape[:2]
    t = np.linspace(0, 1, 60)
    span = rng.uniform(0.1, 0.45) * width
    x = rng.uniform(0.08, 0.5) * width + span * t
    waves = rng.uniform(1, 6)
    lift = rng.uniform(-0.2, 0.2) * height * t
    y = rng.uniform(0.2, 0.85) * height + 0.03 * height * np.sin(waves * 6.3 * t) + lift
    x, y = np.clip(x, 25, width - 25), np.clip(y, 25, height - 25)
    points = np.stack([x, y], 1).round().astype(np.int32)
    cv2.polylines(page, [points], False, ink, thick, cv2.LINE_AA)


# Where it lies --------------------------------------------------------------------------


def _place(kind: str, aspect: float, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Return the corners as a pinhole camera sees a sheet in space."""
    roll = rng.uniform(-0.14, 0.14)
    if kind == "rotated":
        roll = rng.uniform(0.35, 1.2) * rng.choice([-1, 1])
    tilt = 0.3 if kind in ("whiteboard", "flip chart") else 0.5
    pitch, yaw = rng.uniform(-tilt, tilt), rng.uniform(-tilt, tilt)
    flat = np.array([[-aspect, -1], [aspect, -1], [aspect, 1], [-aspect, 1]]) / 2
    space = np.column_stack([flat, np.zeros(4)]) @ _turn(roll, pitch, yaw).T
    width, height = size
    focal = rng.uniform(0.62, 0.85) * math.hypot(width, height)
    share = rng.uniform(0.62, 0.9)

    def seen(distance: float) -> Floats:
        depth = space[:, 2:] + distance
        return np.asarray(focal * space[:, :2] / depth)

    near, far = 1.2, 60.0
    for _ in range(50):
        middle = math.sqrt(near * far)
        extent = np.ptp(seen(middle), axis=0)
        too_large = (extent / (np.array(size) * share)).max() > 1
        near, far = (middle, far) if too_large else (near, middle)
    corners = seen(far)
    slack = (np.array(size) - np.ptp(corners, axis=0)) / 2
    # Moved in space: the camera's axis still goes through the middle of the picture.
    space[:, :2] += rng.uniform(-0.6, 0.6, 2) * slack * far / focal
    corners = seen(far)
    centre = (corners.max(0) + corners.min(0)) / 2
    room = np.maximum(slack - 0.02 * np.array(size), 0)
    space[:, :2] += (np.clip(centre, -room, room) - centre) * far / focal
    return np.asarray(seen(far) + np.array(size) / 2)


def _turn(roll: float, pitch: float, yaw: float) -> Floats:
    def about(axis: int, angle: float) -> Floats:
        c, s = math.cos(angle), math.sin(angle)
        a, b = [n for n in range(3) if n != axis]
        made = np.eye(3)
        made[a, a], made[a, b], made[b, a], made[b, b] = c, -s, s, c
        return made

    return np.asarray(about(0, pitch) @ about(1, yaw) @ about(2, roll))


# What lies behind -----------------------------------------------------------------------


def _background(kind: str, size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    makers: dict[str, Callable[[tuple[int, int], np.random.Generator], Pixels]] = {
        "cloth": _cloth,
        "white desk": _white_desk,
        "whiteboard": _wall,
        "flip chart": _wall,
    }
    return makers.get(kind, _wood)(size, rng)


def _noise(size: tuple[int, int], grain: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Return smooth noise, standard deviation about 1, each grain so many px large."""
    width, height = size
    small = rng.normal(size=(max(2, height // grain[1]), max(2, width // grain[0])))
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC))


def _tinted(value: Floats, colour: tuple[int, int, int]) -> Pixels:
    return np.clip(value[..., None] * np.array(colour), 0, 255).astype(np.uint8)


def _wood(size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    grain = 0.09 * _noise(size, (400, 3), rng) + 0.06 * _noise(size, (160, 12), rng)
    value = 1 + grain
    for x in range(0, size[1], int(rng.integers(180, 400))):
        value[x : x + 3] *= 0.55  # joints of the boards
    colour = [(70, 110, 150), (50, 80, 120), (110, 150, 185)][int(rng.integers(3))]
    return _tinted(value, colour)


def _cloth(size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    value = 1 + 0.12 * _noise(size, (3, 3), rng) + 0.15 * _noise(size, (200, 200), rng)
    colour = [(60, 50, 45), (90, 60, 50), (60, 75, 60), (50, 45, 95)][int(rng.integers(4))]
    return _tinted(value, colour)


def _white_desk(size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    value = 1 + 0.008 * _noise(size, (4, 4), rng) + 0.015 * _noise(size, (300, 200), rng)
    level = int(rng.integers(196, 222))
    return _tinted(value, (level - 4, level, level + 2))


def _wall(size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    value = 1 + 0.012 * _noise(size, (5, 5), rng) + 0.02 * _noise(size, (300, 300), rng)
    colour = [(190, 205, 212), (150, 165, 172), (175, 160, 140)][int(rng.integers(3))]
    return _tinted(value, colour)


# Putting it together --------------------------------------------------------------------


def _warp(sheet: Pixels, corners: Floats, size: tuple[int, int]) -> tuple[Pixels, Floats]:
    """Return the sheet where it lies, and how much of each pixel it covers, 0 to 1."""
    height, width = sheet.shape[:2]
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    # The middle of the first pixel is at (0, 0), its edge at -0.5.
    matrix = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    flags = cv2.INTER_AREA if max(sheet.shape) > 2 * max(size) else cv2.INTER_LINEAR
    image = cv2.warpPerspective(
        sheet, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    # Half covered exactly where the edge is.
    whole = np.full(sheet.shape[:2], 255, np.uint8)
    cover = cv2.warpPerspective(whole, matrix, size, flags=cv2.INTER_LINEAR)
    return image, cover / 255.0


def _grown(corners: Floats, by: float) -> Floats:
    """Return corners moved outwards by `by` px along both sides."""
    made = corners.copy()
    for n in range(4):
        for other in (n - 1, (n + 1) % 4):
            way = corners[n] - corners[other]
            made[n] += by * way / np.linalg.norm(way)
    return made


def _blend(below: Pixels, above: Pixels | tuple[int, int, int], cover: Floats) -> Pixels:
    share = cover[..., None]
    return np.clip(below * (1 - share) + np.asarray(above) * share, 0, 255).astype(np.uint8)


def _compose(
    kind: str, back: Pixels, sheet: Pixels, corners: Floats, rng: np.random.Generator
) -> Pixels:
    size = (back.shape[1], back.shape[0])
    diagonal = math.hypot(*size)
    image = back
    # The shadow that the sheet's own thickness casts.
    offset = rng.uniform(-1, 1, 2) * diagonal * 0.004
    _, shade = _warp(sheet[::4, ::4], corners + offset, size)
    shade = cv2.GaussianBlur(shade, (0, 0), diagonal * rng.uniform(0.001, 0.004))
    strength = rng.uniform(0.12, 0.3) if kind == "white desk" else rng.uniform(0.15, 0.5)
    image = np.clip(image * (1 - strength * shade[..., None]), 0, 255).astype(np.uint8)
    if kind == "whiteboard":
        outer = _grown(corners, diagonal * rng.uniform(0.008, 0.02))
        _, frame = _warp(sheet[::4, ::4], outer, size)
        metal = [(150, 150, 148), (95, 98, 100), (60, 62, 60)][int(rng.integers(3))]
        image = _blend(image, metal, frame)
    if kind == "flip chart":
        image = _stand(image, corners)
    above, cover = _warp(sheet, corners, size)
    return _blend(image, above, cover)


def _stand(image: Pixels, corners: Floats) -> Pixels:
    made = image.copy()
    left, right = corners[3], corners[2]
    down = (corners[3] - corners[0]) * 0.6
    for foot, way in ((left, -0.12), (right, 0.12)):
        end = foot + down + way * (right - left)
        inner = foot + (0.5 - math.copysign(0.38, way)) * 0.2 * (right - left)
        cv2.line(
            made,
            tuple(map(int, inner)),
            tuple(map(int, end)),
            (70, 70, 72),
            14,
            cv2.LINE_AA,
        )
    up = corners[:2] - corners[[3, 2]]
    # The bar that holds the block of paper, right above its upper edge.
    top = corners[:2] + 9 * up / np.linalg.norm(up, axis=1, keepdims=True)
    cv2.line(
        made,
        tuple(map(int, top[0])),
        tuple(map(int, top[1])),
        (60, 60, 64),
        18,
        cv2.LINE_AA,
    )
    return made


def _light(kind: str, image: Pixels, corners: Floats, rng: np.random.Generator) -> Pixels:
    height, width = image.shape[:2]
    y, x = np.ogrid[0:height, 0:width]
    y, x = y.astype(np.float32), x.astype(np.float32)
    angle = rng.uniform(0, 2 * math.pi)
    along = (np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)) * 2
    falloff = 1 - 0.22 * ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2)
    light = (0.88 + rng.uniform(0.03, 0.16) * along) * falloff
    if kind == "shadow" or rng.random() < 0.2:
        light = light * _cast_shadow((width, height), corners, rng)
    warm = np.array([rng.uniform(0.85, 1.0), 0.97, rng.uniform(0.95, 1.05)])
    return np.clip(image * (light[..., None] * warm), 0, 255).astype(np.uint8)


def _cast_shadow(size: tuple[int, int], corners: Floats, rng: np.random.Generator) -> Floats:
    """Return the light left by a hand, a head or a phone that is in the way."""
    centre = corners.mean(0) + rng.uniform(-0.3, 0.3, 2) * np.ptp(corners, axis=0)
    reach = float(np.linalg.norm(corners[0] - corners[2]))
    way = rng.uniform(0, 2 * math.pi)
    ahead = np.array([math.cos(way), math.sin(way)])
    side = np.array([-ahead[1], ahead[0]])
    wide = rng.uniform(0.18, 0.4) * reach
    band = [
        centre - side * wide,
        centre + side * wide,
        centre + side * wide * 1.6 + ahead * 2 * reach,
        centre - side * wide * 1.6 + ahead * 2 * reach,
    ]
    cover = np.zeros((size[1], size[0]), np.float32)
    cv2.fillConvexPoly(cover, np.round(band).astype(np.int32), 1.0)
    cv2.circle(cover, tuple(map(int, centre)), int(wide), 1.0, -1)
    cover = cv2.GaussianBlur(cover, (0, 0), reach * rng.uniform(0.004, 0.03))
    return np.asarray(1 - rng.uniform(0.25, 0.5) * cover)


def _fingers(image: Pixels, corners: Floats, rng: np.random.Generator) -> Pixels:
    """Let one to three fingers hold the sheet at its edges."""
    made = image
    scale = float(np.linalg.norm(corners[0] - corners[2]))
    for _ in range(int(rng.integers(1, 4))):
        n = int(rng.integers(4))
        one, other = corners[n], corners[(n + 1) % 4]
        at = one + rng.uniform(0.2, 0.8) * (other - one)
        inwards = corners.mean(0) - at
        inwards /= np.linalg.norm(inwards)
        tip, root = at + inwards * 0.04 * scale, at - inwards * 0.25 * scale
        cover = np.zeros(image.shape[:2], np.uint8)
        thick = int(0.035 * scale)
        cv2.line(cover, tuple(map(int, root)), tuple(map(int, tip)), 255, thick, cv2.LINE_AA)
        shade = cv2.GaussianBlur(cover, (0, 0), 0.008 * scale) / 255.0
        made = np.clip(made * (1 - 0.35 * shade[..., None]), 0, 255).astype(np.uint8)
        made = _blend(made, (125, 155, 205), cover / 255.0)
    return made


def _lens(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Blur, noise and JPEG, as the way through a camera leaves them."""
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.6))
    noise = np.zeros(image.shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(noise, 0, rng.uniform(2, 7))
    noisy = np.clip(blurred.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(72, 93))]
    done, encoded = cv2.imencode(".jpg", noisy, quality)
    if not done:
        raise RuntimeError("the picture could not be encoded")
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    if decoded is None:
        raise RuntimeError("the picture could not be decoded")
    return np.asarray(decoded, np.uint8)


def bare_desk(seed: int, size: tuple[int, int] = (1024, 768)) -> Pixels:
    """Return a photograph without a sheet: wood, cloth, a white desk or a wall."""
    rng = np.random.default_rng([99, seed])
    kind = ("wood", "cloth", "white desk", "whiteboard")[seed % 4]
    nowhere = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float64)
    return _lens(_light("plain", _background(kind, size, rng), nowhere, rng), rng)
