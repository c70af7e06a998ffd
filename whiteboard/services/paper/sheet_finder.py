"""Where in a photograph a sheet of paper, a whiteboard or a flip chart is.

Outlines are proposed in two ways, which fail on different pictures: from straight lines,
which hold at fingers and shadows, and from areas that differ from what lies around them,
which hold where edges are soft. All proposals are judged alike, by the step of brightness
and colour along their four sides. The best one is then laid onto the edge of the sheet in
a larger picture, which brings its corners to a fraction of a pixel there.

Nothing here knows Qt. Each call takes tens of milliseconds: not for the UI thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

LEAST_CONFIDENCE: Final = 0.58
"""Below this an outline is a guess that would bother more than it helps."""

_COARSE_PX: Final = 480
_FINE_PX: Final = 1600
_LEAST_AREA: Final = 0.06
"""Share of the picture that a sheet fills at least."""
_MOST_LINES: Final = 18
_SAMPLES: Final = 48
_FULL_STEP: Final = 10.0
"""Step of brightness over a side, 0 to 255, that counts as fully seen."""
_BORDER_SUPPORT: Final = 0.35
"""What a side along the edge of the picture counts: the sheet may go on beyond it."""
_INWARDS_DARKER: Final = 0.6
"""What a side counts whose inside is darker than its outside."""


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """A sheet in a picture.

    Attributes:
        corners: Shape (4, 2), px of the picture with (0, 0) in the middle of the first
            pixel: clockwise, first the one that is nearest to the upper left.
        confidence: 0 to 1; at least `LEAST_CONFIDENCE`.
    """

    corners: Floats
    confidence: float


def find_sheet(image: Pixels) -> FoundSheet | None:
    """Return the sheet that a photograph shows, or None when no outline convinces.

    Args:
        image: Shape (h, w, 3), BGR; both sides at least 32 px.

    Raises:
        ValueError: the array has another shape.
    """
    if image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < 32:
        raise ValueError(f"a picture of shape {image.shape}")
    fine, times = _shrunk(image)
    coarse, scale = _coarse(fine)
    view = _View.of(coarse)
    proposals = [*_from_lines(view), *_from_areas(view)]
    if not proposals:
        return None
    quads = _in_order(np.array(proposals))
    quads = quads[_is_plausible(quads, view.size)]
    if not len(quads):
        return None
    best = _best(view, quads)
    if best is None:
        return None
    corners, confidence = best
    corners = _laid_on_edges(fine, (corners + 0.5) / scale - 0.5)
    return FoundSheet((corners + 0.5) * times - 0.5, confidence)


def in_order(corners: Floats) -> Floats:
    """Return four corners, shape (4, 2), clockwise, the one at the upper left first."""
    return np.asarray(_in_order(corners[None])[0])


def is_convex(corners: Floats) -> bool:
    """Return whether four corners in order span a convex area with room in it."""
    return bool(_crossings(corners[None]).min() > 1.0)


def _in_order(quads: Floats) -> Floats:
    """Do what `in_order` does with many at once, shape (n, 4, 2)."""
    off = quads - quads.mean(1, keepdims=True)
    around = np.argsort(np.arctan2(off[..., 1], off[..., 0]), axis=1)
    turned = np.take_along_axis(quads, around[..., None], 1)
    first = turned.sum(2).argmin(1)
    places = (first[:, None] + np.arange(4)) % 4
    return np.asarray(np.take_along_axis(turned, places[..., None], 1))


# The small picture ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _View:
    """A small picture, looked at in the ways that the search needs.

    Attributes:
        raw: BGR.
        plain: The same with writing and other thin dark things closed.
        size: Width and height, px.
    """

    raw: Pixels
    plain: Pixels
    size: tuple[int, int]

    @classmethod
    def of(cls, image: Pixels) -> _View:
        soft = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.8), np.uint8)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
        plain = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, kernel)
        return cls(soft, np.asarray(plain, np.uint8), (image.shape[1], image.shape[0]))


def _shrunk(image: Pixels) -> tuple[Pixels, int]:
    """Return the picture at most `_FINE_PX` long, and how many times smaller it is.

    A whole number: blocks of pixels are averaged six times as fast as parts of pixels.
    """
    times = -(-max(image.shape[:2]) // _FINE_PX)
    if times == 1:
        return image, 1
    height, width = (side // times for side in image.shape[:2])
    whole = image[: height * times, : width * times]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), times


def _coarse(image: Pixels) -> tuple[Pixels, float]:
    scale = _COARSE_PX / max(image.shape[:2])
    if scale >= 1:
        return image, 1.0
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), scale


# Proposals from lines -------------------------------------------------------------------


def _from_lines(view: _View) -> Iterator[Floats]:
    """Yield the quadrilaterals that the strongest lines of the picture can form."""
    lines = _strong_lines(view)
    pairs = [pair for pair in combinations(range(len(lines)), 2) if _face(lines, *pair)]
    if len(pairs) < 2:
        return
    one, other = np.array(list(combinations(range(len(pairs)), 2))).T
    sides = np.array(pairs)
    a, b = sides[one].T
    c, d = sides[other].T
    angle = lines[:, 0]
    crossing = np.abs(np.sin(_between(angle[a], angle[b]) - _between(angle[c], angle[d])))
    wanted = (crossing > math.sin(math.radians(40))) & (a != c) & (a != d) & (b != c) & (b != d)
    a, b, c, d = a[wanted], b[wanted], c[wanted], d[wanted]
    corners = [_meet(lines, a, c), _meet(lines, a, d), _meet(lines, b, d), _meet(lines, b, c)]
    quads = np.stack(corners, 1)
    width, height = view.size
    slack = 0.03 * max(width, height)
    inside = (quads > -slack).all((1, 2))
    inside &= (quads[..., 0] < width + slack).all(1) & (quads[..., 1] < height + slack).all(1)
    quads = quads[inside]
    quads = quads[_area(quads) > _LEAST_AREA * width * height]
    yield from quads


def _strong_lines(view: _View) -> Floats:
    """Return lines as rows (angle of the normal in rad, distance from the origin in px)."""
    found: list[Floats] = []
    for picture in (view.plain, view.raw):
        detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD)
        segments = detector.detect(np.asarray(picture.min(2), np.uint8))[0]
        if segments is not None:
            found.append(np.asarray(segments, np.float64).reshape(-1, 4))
    width, height = view.size
    across, down = [0, 0, width, 0], [0, 0, 0, height]
    below, beside = [0, height, width, height], [width, 0, width, height]
    borders = np.array([across, below, down, beside], np.float64)
    edges = _as_lines(borders)
    if not found:
        return edges
    segments = np.concatenate(found)
    length = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)
    segments = segments[length > 0.04 * max(width, height)]
    return np.concatenate([_merged(segments, view.size), edges])


def _planes(picture: Pixels) -> tuple[Pixels, Pixels]:
    """Return brightness, and how little colour there is: paper has none, wood has."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    whiteness = np.asarray(picture.min(2), np.uint8)
    return grey, whiteness


def _as_lines(segments: Floats) -> Floats:
    way = segments[:, 2:] - segments[:, :2]
    angle = np.arctan2(way[:, 0], -way[:, 1])
    middle = (segments[:, 2:] + segments[:, :2]) / 2
    distance = middle[:, 0] * np.cos(angle) + middle[:, 1] * np.sin(angle)
    turned = (angle < 0) | (angle >= math.pi)
    distance = np.where(turned, -distance, distance)
    return np.stack([np.mod(angle, math.pi), distance], 1)


def _merged(segments: Floats, size: tuple[int, int]) -> Floats:
    """Return the lines on which most of the segments lie, longest together first."""
    middle = np.array(size) / 2
    centred = segments - np.tile(middle, 2)
    length = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)
    near_px = 0.008 * max(size)
    chosen: list[Floats] = []
    while len(chosen) < _MOST_LINES and len(centred):
        lines = _as_lines(centred)
        # How well each segment fits each other one's line: both its ends lie on it.
        normals = np.stack([np.cos(lines[:, 0]), np.sin(lines[:, 0])])
        first = np.abs(centred[:, :2] @ normals - lines[:, 1])
        last = np.abs(centred[:, 2:] @ normals - lines[:, 1])
        fits = np.maximum(first, last) < near_px
        # Overlapping pieces, found in several planes, do not count again and again.
        weight = np.minimum((fits * length[:, None]).sum(0), max(size))
        best = int((weight + length).argmax())
        members = fits[:, best]
        chosen.append(_fitted(centred[members], length[members]))
        centred, length = centred[~members], length[~members]
    lines = np.array(chosen).reshape(-1, 2)
    lines[:, 1] += middle[0] * np.cos(lines[:, 0]) + middle[1] * np.sin(lines[:, 0])
    return lines


def _fitted(segments: Floats, weight: Floats) -> Floats:
    points = np.concatenate([segments[:, :2], segments[:, 2:]])
    weights = np.concatenate([weight, weight])
    centre = (points * weights[:, None]).sum(0) / weights.sum()
    spread = (points - centre) * np.sqrt(weights)[:, None]
    way = np.linalg.svd(spread, full_matrices=False)[2][0]
    return np.asarray(_as_lines(np.concatenate([centre, centre + way])[None])[0])


def _face(lines: Floats, one: int, other: int) -> bool:
    """Return whether two lines can be opposite sides of a sheet."""
    turn = abs(lines[one, 0] - lines[other, 0])
    return bool(min(turn, math.pi - turn) < math.radians(35))


def _between(one: Floats, other: Floats) -> Floats:
    """Return the direction half way between two that are less than 90 degrees apart."""
    turned = other - np.sign(other - one) * math.pi
    near = np.where(np.abs(one - other) > math.pi / 2, turned, other)
    return np.asarray((one + near) / 2)


def _meet(lines: Floats, one: NDArray[np.int64], other: NDArray[np.int64]) -> Floats:
    a, p = lines[one].T
    b, q = lines[other].T
    determinant = np.sin(b - a)
    determinant = np.where(np.abs(determinant) < 1e-6, 1e-6, determinant)
    x = (p * np.sin(b) - q * np.sin(a)) / determinant
    y = (q * np.cos(a) - p * np.cos(b)) / determinant
    return np.stack([x, y], 1)


# Proposals from areas -------------------------------------------------------------------


def _from_areas(view: _View) -> Iterator[Floats]:
    """Yield the quadrilaterals around areas that stand out."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
    for mask in _masks(view):
        # Opened widely: a finger that holds the sheet is not part of it.
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel)
        for shape in (mask, opened):
            yield from _around(np.asarray(shape, np.uint8), view.size)


def _masks(view: _View) -> Iterator[Pixels]:
    grey, whiteness = _planes(view.plain)
    for plane in (grey, whiteness, _strangeness(view.plain)):
        soft = cv2.GaussianBlur(plane, (5, 5), 0)
        _, mask = cv2.threshold(soft, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        yield np.asarray(mask, np.uint8)
    for low in (20, 60):
        edges = cv2.Canny(whiteness, low, low * 2.5)
        walls = cv2.dilate(edges, np.ones((3, 3), np.uint8))
        yield np.asarray(255 - walls, np.uint8)


def _strangeness(picture: Pixels) -> Pixels:
    """Return how far each pixel's colour is from those at the rim of the picture."""
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).astype(np.float64)
    rim = max(4, min(picture.shape[:2]) // 40)
    edge = np.concatenate(
        [part.reshape(-1, 3) for part in (lab[:rim], lab[-rim:], lab[:, :rim], lab[:, -rim:])]
    )
    usual, spread = np.median(edge, 0), edge.std(0) + 4
    distance = np.sqrt((((lab - usual) / spread) ** 2).sum(2))
    return np.asarray(np.clip(distance * 25, 0, 255), np.uint8)


def _around(mask: Pixels, size: tuple[int, int]) -> Iterator[Floats]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    least = _LEAST_AREA * size[0] * size[1]
    large = [one for one in contours if cv2.contourArea(one) > least]
    for contour in sorted(large, key=cv2.contourArea, reverse=True)[:3]:
        hull = cv2.convexHull(contour)
        if len(hull) < 4:
            continue
        length = cv2.arcLength(hull, closed=True)
        for share in (0.01, 0.02, 0.04, 0.07):
            polygon = cv2.approxPolyDP(hull, share * length, closed=True)
            if len(polygon) == 4:
                yield np.asarray(polygon, np.float64).reshape(4, 2)
        enclosing = cv2.approxPolyN(hull, 4)
        yield np.asarray(enclosing, np.float64).reshape(4, 2)


# Judging --------------------------------------------------------------------------------


def _crossings(quads: Floats) -> Floats:
    """Return the sine-weighted turn at each corner, px squared; all positive is convex."""
    ahead = np.roll(quads, -1, axis=1) - quads
    behind = np.roll(ahead, 1, axis=1)
    return np.asarray(behind[..., 0] * ahead[..., 1] - behind[..., 1] * ahead[..., 0])


def _area(quads: Floats) -> Floats:
    x, y = quads[..., 0], quads[..., 1]
    twice = (x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)).sum(1)
    return np.asarray(np.abs(twice) / 2)


def _is_plausible(quads: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which quadrilaterals a sheet seen by a camera can have."""
    ahead = np.roll(quads, -1, axis=1) - quads
    length = np.hypot(ahead[..., 0], ahead[..., 1])
    sine = _crossings(quads) / np.maximum(length * np.roll(length, 1, 1), 1e-6)
    # Opposite sides: nobody photographs a sheet so flatly that one is three times the other.
    opposite = np.maximum(length, 1e-6) / np.maximum(np.roll(length, 2, 1), 1e-6)
    mean = (length + np.roll(length, 2, 1)) / 2
    long_sides = mean.max(1) / np.maximum(mean.min(1), 1e-6)
    share = _area(quads) / (size[0] * size[1])
    return np.asarray(
        (sine.min(1) > math.sin(math.radians(35)))
        & (opposite.max(1) < 3)
        & (long_sides < 4.5)
        & (share > _LEAST_AREA)
    )


def _best(view: _View, quads: Floats) -> tuple[Floats, float] | None:
    """Return the quadrilateral with the clearest sides, and how clear they are."""
    planes = np.stack([*_planes(view.plain), *_planes(view.raw)], -1).astype(np.float32)
    if len(quads) > 150:
        quick = _judge(planes, quads, view.size, samples=14)
        quads = quads[np.argsort(-quick)[:150]]
    scores = _judge(planes, quads, view.size, samples=_SAMPLES)
    best = int(scores.argmax())
    sides = _sides(planes, quads[best : best + 1], view.size, _SAMPLES)[0]
    confidence = float(np.clip(0.55 * sides.mean() + 0.45 * sides.min(), 0, 1))
    if confidence < LEAST_CONFIDENCE:
        return None
    return quads[best], confidence


def _judge(
    planes: NDArray[np.float32], quads: Floats, size: tuple[int, int], samples: int
) -> Floats:
    sides = _sides(planes, quads, size, samples)
    share = _area(quads) / (size[0] * size[1])
    clear = 0.55 * sides.mean(1) + 0.45 * sides.min(1)
    # Of a sheet and a table printed on it, both with clear sides, the sheet is wanted.
    return np.asarray(clear * share**0.2)


def _sides(
    planes: NDArray[np.float32], quads: Floats, size: tuple[int, int], samples: int
) -> Floats:
    """Return how clearly each side of each quadrilateral is seen, shape (n, 4), 0 to 1."""
    ends = np.roll(quads, -1, axis=1)
    way = ends - quads
    way /= np.maximum(np.linalg.norm(way, axis=2, keepdims=True), 1e-6)
    inwards = np.stack([-way[..., 1], way[..., 0]], -1)
    along = np.linspace(0.04, 0.96, samples)
    places = quads[:, :, None] + (ends - quads)[:, :, None] * along[:, None]
    best = np.zeros((*places.shape[:3], planes.shape[2]), np.float32)
    darker = best.copy()
    for shift in (-1.5, 0.0, 1.5):
        near = _at(planes, places + inwards[:, :, None] * (shift + 2.0))
        beyond = _at(planes, places + inwards[:, :, None] * (shift - 2.0))
        step = (near - beyond) / _FULL_STEP
        best = np.maximum(best, step)
        darker = np.maximum(darker, -step)
    lighter_inside = np.clip(best, 0, 1).mean(2)
    darker_inside = np.clip(darker, 0, 1).mean(2) * _INWARDS_DARKER
    support = np.maximum(lighter_inside, darker_inside).max(-1)
    width, height = size
    at_border = np.stack(
        [
            np.abs(places[..., 0]).max(2) < 4,
            np.abs(places[..., 1]).max(2) < 4,
            np.abs(places[..., 0] - width).max(2) < 4,
            np.abs(places[..., 1] - height).max(2) < 4,
        ]
    ).any(0)
    return np.asarray(np.where(at_border, _BORDER_SUPPORT, support), np.float64)


def _at(planes: NDArray[np.float32], places: Floats) -> NDArray[np.float32]:
    height, width = planes.shape[:2]
    x = np.clip(np.round(places[..., 0]), 0, width - 1).astype(np.intp)
    y = np.clip(np.round(places[..., 1]), 0, height - 1).astype(np.intp)
    return planes[y, x]


# Corners to a fraction of a pixel -------------------------------------------------------


def _laid_on_edges(image: Pixels, corners: Floats) -> Floats:
    """Return the corners after each side was laid onto the edge it is near to."""
    diagonal = math.hypot(*image.shape[:2])
    for reach in (0.012, 0.005, 0.003):
        sides = [_laid(image, corners, n, max(3.0, reach * diagonal)) for n in range(4)]
        moved = np.array([_crossing(sides[n - 1], sides[n]) for n in range(4)])
        if not np.isfinite(moved).all() or not is_convex(moved):
            return corners
        if np.abs(moved - corners).max() > 0.03 * diagonal:
            return corners
        corners = moved
    return corners


def _laid(image: Pixels, corners: Floats, side: int, reach_px: float) -> Floats:
    """Return a side as (x, y, direction x, direction y), laid onto the edge near it."""
    start, end = corners[side], corners[(side + 1) % 4]
    length = float(np.hypot(*(end - start)))
    way = (end - start) / max(length, 1e-6)
    as_it_was = np.concatenate([start, way])
    inwards = np.array([-way[1], way[0]])
    height, width = image.shape[:2]
    middle, far = (start + end) / 2, np.array([width, height]) - reach_px
    if not ((reach_px < middle) & (middle < far)).all():
        return as_it_was
    count = int(np.clip(length / 6, 24, 160))
    along = np.linspace(0.03, 0.97, count)[:, None] * length
    across = np.arange(-reach_px, reach_px + 0.5, 1.0)
    base = start + along * way
    places = (base[:, None] + across[:, None] * inwards).astype(np.float32)
    x, y = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    rows = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    steps = _steps(np.asarray(rows, np.float64))
    peak = steps[:, 1:-1].argmax(1) + 1
    line = np.arange(count)
    before, at, after = steps[line, peak - 1], steps[line, peak], steps[line, peak + 1]
    bend = np.where(np.abs(before - 2 * at + after) < 1e-9, -1e-9, before - 2 * at + after)
    offset = across[peak] + 0.5 + np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    is_clear = at > max(0.3 * float(np.median(at)), 1.0)
    if is_clear.sum() < 10:
        return as_it_was
    slope, shift = _straight(along[is_clear, 0], offset[is_clear], at[is_clear])
    origin = start + shift * inwards
    ahead = way + slope * inwards
    return np.concatenate([origin, ahead / np.hypot(*ahead)])


def _steps(rows: Floats) -> Floats:
    """Return the step of each row in the one channel and direction that show most of it."""
    soft = cv2.GaussianBlur(rows, (5, 1), 1.0)
    change = np.diff(np.asarray(soft), axis=1)
    lighter = np.percentile(change.max(1), 40, axis=0)
    darker = np.percentile((-change).max(1), 40, axis=0) * _INWARDS_DARKER
    channel = int(np.maximum(lighter, darker).argmax())
    sign = 1.0 if lighter[channel] >= darker[channel] else -1.0
    return np.asarray(sign * change[..., channel])


def _straight(along: Floats, offset: Floats, weight: Floats) -> tuple[float, float]:
    """Return slope and start of the line that most offsets lie on: two of many agree."""
    picks = np.linspace(0, len(along) - 1, 14).astype(int)
    best, kept = -1.0, np.ones(len(along), bool)
    for one, other in combinations(picks, 2):
        if along[other] - along[one] < 0.25 * (along[-1] - along[0]):
            continue
        slope = (offset[other] - offset[one]) / (along[other] - along[one])
        off = np.abs(offset - offset[one] - slope * (along - along[one]))
        count = float((weight * (off < 1.2)).sum())
        if count > best:
            best, kept = count, off < 1.2
    fit = np.polyfit(along[kept], offset[kept], 1) if kept.sum() > 4 else np.zeros(2)
    return float(fit[0]), float(fit[1])


def _crossing(one: Floats, other: Floats) -> Floats:
    determinant = one[2] * other[3] - one[3] * other[2]
    if abs(determinant) < 1e-6:
        return np.full(2, np.nan)
    between = other[:2] - one[:2]
    t = (between[0] * other[3] - between[1] * other[2]) / determinant
    return np.asarray(one[:2] + t * one[2:])
