"""How the winding rule fills polygons, and how far a place is from a stroke's true ink."""

import numpy as np


def split_polygons(shapes):
    return np.split(shapes.points, np.flatnonzero(shapes.is_start)[1:])


def signed_area(polygon):
    x, y = polygon.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def winding_numbers(places, polygons):
    """Return how often the polygons go round each place, shape (n,)."""
    numbers = np.zeros(len(places), dtype=int)
    px, py = places[:, :1], places[:, 1:]
    for polygon in polygons:
        (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
        side = (x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)
        numbers += ((y0 <= py) & (y1 > py) & (side > 0)).sum(axis=1)
        numbers -= ((y0 > py) & (y1 <= py) & (side < 0)).sum(axis=1)
    return numbers


def distances_to_ink(places, points, half_widths):
    """Return how far each place is outside a chain of round-ended pieces; < 0 is inside."""
    discs = [np.hypot(*(places - p).T) - h for p, h in zip(points, half_widths, strict=True)]
    nearest = np.min(discs, axis=0)
    for i in range(len(points) - 1):
        start, way = points[i], points[i + 1] - points[i]
        u = np.clip((places - start) @ way / max(way @ way, 1e-18), 0.0, 1.0)
        off = np.hypot(*(places - start - u[:, None] * way).T)
        half = half_widths[i] * (1 - u) + half_widths[i + 1] * u
        nearest = np.minimum(nearest, off - half)
    return nearest


def distances_to_line(places, points):
    return distances_to_ink(places, points, np.zeros(len(points)))
