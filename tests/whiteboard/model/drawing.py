"""Strokes as hands draw them: shapes with all that goes wrong, and writing.

Every drawing is a pure function of a seeded generator.
"""

import math

import numpy as np


def corner_path(corners, rng, *, rounding):
    """Return a polyline whose inner corners are cut round by a share of the shorter side."""
    corners = np.asarray(corners, dtype=float)
    parts = [corners[:1]]
    for before, corner, after in zip(corners[:-2], corners[1:-1], corners[2:], strict=True):
        shorter = min(np.hypot(*(corner - before)), np.hypot(*(after - corner)))
        cut = shorter * rounding * rng.uniform(0.2, 1.0)
        a = corner + (before - corner) / max(np.hypot(*(before - corner)), 1e-9) * cut
        b = corner + (after - corner) / max(np.hypot(*(after - corner)), 1e-9) * cut
        t = np.linspace(0, 1, 7)[:, None]
        parts.append((1 - t) ** 2 * a + 2 * (1 - t) * t * corner + t**2 * b)
    parts.append(corners[-1:])
    return np.vstack(parts)


def smooth_noise(count, rng, waves=5):
    """Return slow wobble of about unit size, shape (count, 2)."""
    t = np.linspace(0, 1, count)
    wobble = np.zeros((count, 2))
    for k in range(1, waves + 1):
        phase, size = rng.uniform(0, 2 * math.pi, 2), rng.normal(0, 1 / k, 2)
        wobble += np.sin(2 * math.pi * k * t[:, None] + phase) * size
    return wobble


def by_hand(path, rng, *, wobble=0.008, hold=True):
    """Return a path as a hand draws it: uneven speed, wobble, tremor, and a rest."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    places = np.concatenate(([0.0], np.cumsum(steps)))
    size = np.hypot(*np.ptp(path, axis=0))
    count = int(rng.integers(35, 160))
    speed = 1 + 0.7 * np.sin(np.linspace(0, rng.uniform(3, 20), count) + rng.uniform(0, 6))
    where = np.concatenate(([0.0], np.cumsum(speed)))
    where *= places[-1] / where[-1]
    points = np.column_stack([np.interp(where, places, path[:, i]) for i in (0, 1)])
    points += smooth_noise(len(points), rng) * size * wobble * rng.uniform(0.2, 1.0)
    points += rng.normal(0, 0.25, points.shape)
    if hold:
        rest = np.repeat(points[-1:], 60, axis=0) + rng.normal(0, 0.8, (60, 2))
        points = np.vstack((points, rest))
    return points


def placed(points, rng, *, turn=None, size=None):
    """Return points of unit size somewhere on the page."""
    angle = rng.uniform(0, 2 * math.pi) if turn is None else turn
    size = math.exp(rng.uniform(math.log(60), math.log(600))) if size is None else size
    c, s = math.cos(angle), math.sin(angle)
    return points @ np.array(((c, s), (-s, c))) * size + rng.uniform(100, 800, 2)


def closed_path(corners, rng, *, rounding):
    """Return a closed polygon from any place on it, either way, with overshoot or gap."""
    corners = np.asarray(corners, dtype=float)
    if rng.random() < 0.5:
        corners = corners[::-1]
    corners = np.roll(corners, int(rng.integers(len(corners))), axis=0)
    if rng.random() < 0.6:
        # Most people begin at a corner, some along a side.
        ring = np.vstack((corners, corners[:1]))
    else:
        start = corners[0] + (corners[1] - corners[0]) * rng.uniform(0.2, 0.8)
        ring = np.vstack((start, corners[1:], corners[:1], start))
    first, last = ring[1] - ring[0], ring[-1] - ring[-2]
    ring = ring.copy()
    miss = rng.uniform(-0.12, 0.1)
    if miss < 0:
        ring[-1] += last * miss
    else:
        ring = np.vstack((ring, ring[0] + first * miss + rng.normal(0, 0.01, 2)))
    return corner_path(ring, rng, rounding=rounding)


def line(rng):
    path = np.array([(0.0, 0.0), (1.0, 0.0)])
    t = np.linspace(0, 1, 20)
    path = np.column_stack((t, rng.uniform(-0.025, 0.025) * 4 * t * (1 - t)))
    return by_hand(placed(path, rng), rng, wobble=0.004)


def arrow(rng):
    size = rng.uniform(0.15, 0.4)
    spread = math.radians(rng.uniform(22, 50))
    skew = math.radians(rng.uniform(-7, 7))
    tip = np.array((1.0, 0.0))
    barbs = [
        tip - size * rng.uniform(0.8, 1.2) * np.array((math.cos(a), math.sin(a)))
        for a in (spread + skew, -spread + skew)
    ]
    if rng.random() < 0.5:
        barbs.reverse()
    if rng.random() < 0.65:
        corners = [(0.0, 0.0), tip, barbs[0], tip + rng.normal(0, 0.012, 2), barbs[1]]
    else:
        corners = [(0.0, 0.0), tip, barbs[0], barbs[1]]
        if rng.random() < 0.4:
            corners.append(tip + rng.normal(0, 0.012, 2))
    path = corner_path(corners, rng, rounding=0.06)
    if rng.random() < 0.15:
        path = path[::-1]
    return by_hand(placed(path, rng), rng, wobble=0.004)


def rectangle(rng):
    height = rng.uniform(0.3, 1.0)
    corners = np.array([(0, 0), (1, 0), (1, height), (0, height)], dtype=float)
    corners += rng.normal(0, 0.012, corners.shape)
    path = closed_path(corners, rng, rounding=0.1)
    turn = rng.uniform(0, 2 * math.pi) if rng.random() < 0.5 else rng.normal(0, 0.04)
    return by_hand(placed(path, rng, turn=turn), rng, wobble=0.006)


def triangle(rng):
    while True:
        corners = rng.uniform(0, 1, (3, 2))
        sides = np.roll(corners, -1, axis=0) - corners
        lengths = np.hypot(*sides.T)
        corner_angles = [
            math.acos(np.clip(sides[i] @ -sides[i - 1] / lengths[i] / lengths[i - 1], -1, 1))
            for i in range(3)
        ]
        if min(corner_angles) > math.radians(28) and max(lengths) > 0.7:
            break
    return by_hand(placed(closed_path(corners, rng, rounding=0.08), rng), rng, wobble=0.006)


def ellipse(rng):
    past = rng.uniform(-0.35, 0.6)
    turn = np.linspace(0, 2 * math.pi + past, 120) + rng.uniform(0, 2 * math.pi)
    if rng.random() < 0.5:
        turn = turn[::-1]
    # The hand comes back a little farther in or out.
    radius = 0.5 * (1 + rng.uniform(-0.04, 0.04) * np.linspace(-1, 1, 120))
    path = np.column_stack((np.cos(turn), rng.uniform(0.35, 1.0) * np.sin(turn)))
    return by_hand(placed(path * radius[:, None], rng), rng, wobble=0.007)


SHAPES = {
    "LINE": line,
    "ARROW": arrow,
    "RECTANGLE": rectangle,
    "ELLIPSE": ellipse,
    "TRIANGLE": triangle,
}


def spline(points, count=160):
    """Return a smooth curve through points (Catmull-Rom)."""
    p = np.asarray(points, dtype=float)
    p = np.vstack((2 * p[0] - p[1], p, 2 * p[-1] - p[-2]))
    pieces = []
    for i in range(1, len(p) - 2):
        t = np.linspace(0, 1, max(count // (len(p) - 3), 4), endpoint=False)[:, None]
        a, b, c, d = p[i - 1 : i + 3]
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2)
            + 0.5 * (3 * b - a - 3 * c + d) * t**3
        )
    return np.vstack((*pieces, p[-2:-1]))


_GLYPH_TABLE = {
    "2": "0,0.25 0.3,0 0.6,0.25 0.3,0.6 0,1 0.3,0.97 0.65,1",
    "3": "0,0.1 0.35,0 0.5,0.25 0.2,0.45 0.55,0.7 0.3,1 0,0.9",
    "5": "0.6,0 0.1,0 0.05,0.45 0.4,0.4 0.6,0.7 0.3,1 0,0.9",
    "6": "0.5,0 0.15,0.35 0.05,0.75 0.3,1 0.55,0.75 0.3,0.55 0.08,0.7",
    "8": "0.5,0.2 0.25,0 0.05,0.2 0.3,0.5 0.55,0.8 0.3,1 0,0.8 0.25,0.5 0.5,0.2",
    "9": "0.5,0.25 0.25,0 0.03,0.25 0.25,0.5 0.5,0.2 0.48,0.6 0.4,1",
    "S": "0.6,0.1 0.3,0 0.05,0.2 0.3,0.5 0.6,0.75 0.35,1 0,0.9",
    "alpha": "0.9,0 0.6,0.6 0.25,0.8 0,0.45 0.25,0.1 0.6,0.4 0.9,0.85",
    "C": "0.8,0.15 0.45,0 0.05,0.3 0.05,0.7 0.45,1 0.8,0.85",
    "U": "0,0 0.03,0.7 0.35,1 0.65,0.7 0.7,0",
    "a": (
        "0,0.2 0.35,0.15 0.7,0.15 0.35,0 0.32,0.5 0.4,1 0.65,0.4 0.2,0.95 0.02,0.75 "
        "0.4,0.45 0.8,0.55 0.85,0.85 0.55,1.05"
    ),
    "no": "0.5,0.15 0.4,0.6 0.15,0.85 0,0.5 0.25,0.1 0.65,0.1 0.9,0.45 0.7,0.95",
    "ru": "0.05,0 0.7,0 0.05,0.6 0.5,0.4 0.85,0.7 0.5,1 0.3,0.85 0.5,0.8 0.6,0.98",
    "shi": "0,0 0,0.7 0.15,1 0.5,0.95 0.8,0.65",
    "tsu": "0,0.15 0.5,0 0.95,0.25 0.8,0.7 0.35,0.9",
    "me": (
        "0.15,0.1 0.3,0.6 0.6,0.05 0.3,0.7 0.05,0.85 0,0.5 0.4,0.15 0.85,0.35 0.8,0.8 0.5,1"
    ),
    "nu": (
        "0.1,0.1 0.3,0.7 0.6,0.1 0.2,0.85 0,0.6 0.5,0.15 0.9,0.5 0.7,0.95 0.5,0.8 "
        "0.75,0.75 0.95,1"
    ),
    "fu": "0.3,0 0.5,0.1 0.35,0.3 0.6,0.55 0.45,0.85 0.2,0.7 0,0.9 0.8,0.6 1,0.9",
    "heart": "0.5,0.3 0.25,0 0,0.3 0.2,0.65 0.5,1 0.8,0.65 1,0.3 0.75,0 0.5,0.3",
    "crescent": "0.6,0 0.1,0.25 0.1,0.75 0.6,1 0.35,0.7 0.35,0.3 0.6,0",
    "loops": (
        "0,0.7 0.25,0.3 0.12,0 0.05,0.4 0.3,0.8 0.55,0.3 0.42,0 0.35,0.4 0.6,0.8 0.85,0.3 "
        "0.72,0 0.65,0.4 0.95,0.8"
    ),
    "question": "0,0.2 0.3,0 0.6,0.2 0.35,0.5 0.3,0.9",
}
GLYPHS = {
    name: [tuple(map(float, point.split(","))) for point in points.split()]
    for name, points in _GLYPH_TABLE.items()
}

ANGULAR = {
    "V": [(0, 0), (0.4, 1), (0.8, 0)],
    "check": [(0, 0.6), (0.3, 1), (1, 0)],
    "L": [(0, 0), (0, 1), (0.7, 1)],
    "Z": [(0, 0), (0.8, 0), (0, 1), (0.8, 1)],
    "N": [(0, 1), (0, 0), (0.8, 1), (0.8, 0)],
    "M": [(0, 1), (0.1, 0), (0.5, 0.7), (0.9, 0), (1, 1)],
    "W": [(0, 0), (0.25, 1), (0.5, 0.2), (0.75, 1), (1, 0)],
    "7": [(0, 0), (0.6, 0), (0.25, 1)],
    "4": [(0.5, 0), (0, 0.65), (0.75, 0.65)],
    "ko": [(0, 0), (0.8, 0), (0.8, 0.9), (0, 0.9)],
    "fu": [(0, 0), (0.8, 0), (0.6, 0.5), (0.1, 1)],
    "star": [(0.2, 1), (0.5, 0), (0.8, 1), (0, 0.4), (1, 0.4), (0.2, 1)],
    "bolt": [(0.6, 0), (0, 0.6), (0.5, 0.5), (0.1, 1.1)],
    "stairs": [(0, 0), (0.3, 0), (0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.9, 0.6)],
    "hourglass": [(0, 0), (0.8, 0), (0, 1), (0.8, 1), (0, 0)],
}  # fmt: skip


def glyph(rng):
    points = np.array(GLYPHS[rng.choice(sorted(GLYPHS))])
    points = points + rng.normal(0, 0.03, points.shape)
    return spline(points)


def angular(rng):
    corners = np.array(ANGULAR[rng.choice(sorted(ANGULAR))], dtype=float)
    return corner_path(corners + rng.normal(0, 0.03, corners.shape), rng, rounding=0.1)


def spiral(rng):
    turns = rng.uniform(1.5, 4) * 2 * math.pi
    turn = np.linspace(0, turns, 250)
    radius = np.linspace(rng.uniform(0.03, 0.2), 0.5, 250)
    return np.column_stack((np.cos(turn) * radius, np.sin(turn) * radius * rng.uniform(0.6, 1)))


def zigzag(rng):
    count = int(rng.integers(4, 14))
    x = np.arange(count) / count
    y = np.where(np.arange(count) % 2, rng.uniform(0.15, 0.6), 0.0)
    path = np.column_stack((x, y + rng.normal(0, 0.02, count)))
    return corner_path(path, rng, rounding=0.2)


def wave(rng):
    t = np.linspace(0, 1, 160)
    wave_y = rng.uniform(0.1, 0.3) * np.sin(2 * math.pi * rng.uniform(1, 5) * t)
    return np.column_stack((t, wave_y))


def scrawl(rng):
    return spline(rng.uniform(0, 1, (int(rng.integers(5, 12)), 2)))


WRITING = (glyph, glyph, glyph, angular, angular, spiral, zigzag, wave, scrawl)


def writing(rng):
    path = WRITING[int(rng.integers(len(WRITING)))](rng)
    return by_hand(placed(path, rng, turn=rng.normal(0, 0.15)), rng, wobble=0.008)
