"""From samples to the filled outline of a stroke, for one stroke or ten thousand.

Three stages: the centre line (smoothed points and half widths), its refinement (curves
where samples are sparse, fewer points where they say nothing), and the outline: one
closed polygon per stroke, with a disc at each place where the polygon alone would leave
a gap. All polygons turn the same way, so a winding fill never shows a hole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from base.board_doc import Floats, StrokeItem, unpack_samples
from whiteboard.model.brush import BRUSHES, Brush
from whiteboard.model.smoothing import SMOOTH, Smoothing, smooth
from whiteboard.model.strokes import Borders, one_stroke, speeds_pt_s

LAG: Final = 8
"""Rows before the last one whose centre line may still change when a sample is added:
two each for position, speed and width, one for the curve, one to spare."""

_SHARP_COS: Final = math.cos(math.radians(25))
_MAX_PIECES: Final = 16
_THINNINGS: Final = 4
_PULL: Final = 1.5
"""How much longer than the step before it a step may be for the curve to bend all of it.

A corner at the end of a long straight line bends as much of it as of the short side: with
the full length the line would bulge (measured: 1.8 pt on 100 pt, now 0.04)."""


@dataclass(frozen=True, slots=True)
class CentreLine:
    """The middle of one stroke or of many.

    Attributes:
        points: Shape (n, 2), pt.
        half_widths: Shape (n,), pt, > 0.
        borders: Stroke i owns rows `borders[i]` to `borders[i + 1]`.
    """

    points: Floats
    half_widths: Floats
    borders: Borders

    def rows(self, start: int, end: int) -> CentreLine:
        """Return rows `start` to `end` of a single stroke."""
        return CentreLine(
            self.points[start:end], self.half_widths[start:end], one_stroke(end - start)
        )


@dataclass(frozen=True, slots=True)
class Outlines:
    """The filled outlines of strokes, to be filled by the winding rule.

    Attributes:
        points: Shape (m, 2), pt; closed polygons, one after the other.
        is_start: Shape (m,), True where a polygon starts.
        borders: Stroke i owns rows `borders[i]` to `borders[i + 1]`.
    """

    points: Floats
    is_start: npt.NDArray[np.bool_]
    borders: Borders


def centre_line(
    samples: Floats,
    borders: Borders,
    brush: Brush,
    width_pt: float | Floats,
    measured: float | Floats,
    smoothing: Smoothing = SMOOTH,
) -> CentreLine:
    """Return the smoothed middle and the half widths of strokes of one brush.

    Args:
        samples: Shape (n, 5), see `base.board_doc.SAMPLE_COLUMNS`.
        borders: See `whiteboard.model.strokes.Borders`.
        brush: Shapes the width; valid.
        width_pt: Nominal width, one number or shape (n,).
        measured: 1 where pressure was measured, else 0; one number or shape (n,).
        smoothing: Valid parameters; `RAW` leaves the samples as they are.
    """
    t_s = samples[:, 3]
    values = smooth(samples[:, :3], t_s, borders, smoothing)
    points = values[:, :2]
    speed = speeds_pt_s(points, t_s, borders) if brush.needs_speed else None
    factors = brush.factors(values[:, 2], speed, samples[:, 4], np.asarray(measured, float))
    half = np.broadcast_to(factors * (np.asarray(width_pt) * 0.5), t_s.shape)
    if speed is not None:
        half = smooth(half[:, None], t_s, borders, SMOOTH)[:, 0]
    return CentreLine(points, np.maximum(half, 1e-3), borders)


def refine(line: CentreLine, tolerance_pt: float, *, thin_out: bool = True) -> CentreLine:
    """Return a centre line with as many points as the tolerance needs.

    Args:
        line: A centre line.
        tolerance_pt: What the distance between the curve and its polygon may be, > 0; in
            handwriting it stays below 2.5 times that.
        thin_out: Whether points that say nothing are dropped as well.
    """
    line = _drop_repeats(line)
    if thin_out:
        line = _thin_out(line, tolerance_pt)
    return _curve(line, tolerance_pt)


def outline_line(
    line: CentreLine, tolerance_pt: float, *, start_cap: bool = True, end_cap: bool = True
) -> Outlines:
    """Return the outlines of refined centre lines.

    Args:
        line: No two rows of a stroke at the same place.
        tolerance_pt: Greatest distance between a round end and its polygon; > 0.
        start_cap: Whether the start is round; else it is cut off square.
        end_cap: Whether the end is round; else it is cut off square.
    """
    counts = np.diff(line.borders)
    firsts, lasts = line.borders[:-1], line.borders[1:] - 1
    before, after = _directions(line)
    is_bad = _needs_disc(line, before, after)
    mean = before + after
    length = np.hypot(mean[:, 0], mean[:, 1])
    mean /= np.where(length > 1e-9, length, 1.0)[:, None]

    left, left_rows = _side(line, before, after, mean, is_bad, 1.0)
    right, _ = _side(line, before, after, mean, is_bad, -1.0)
    emitted = np.where(is_bad, 3, 1)
    ends = np.cumsum(emitted)
    side_counts = ends[lasts] - ends[firsts] + emitted[firsts]
    arc = _arc_angles(float(line.half_widths.max()), tolerance_pt)
    start_count = len(arc) if start_cap else 0
    end_count = len(arc) if end_cap else 0

    body_counts = 2 * side_counts + start_count + end_count
    disc_rows = np.flatnonzero(is_bad)
    disc_size = 2 * len(arc) + 2
    owner = np.repeat(np.arange(len(counts)), counts)
    discs_of = np.bincount(owner[disc_rows], minlength=len(counts))
    totals = body_counts + discs_of * disc_size
    borders = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(totals)))
    points = np.empty((int(borders[-1]), 2))
    is_start = np.zeros(len(points), dtype=np.bool_)
    is_start[borders[:-1]] = True

    left_at = borders[:-1] + start_count
    right_end = left_at + 2 * side_counts + end_count - 1
    rank = np.arange(len(left)) - np.repeat(ends[firsts] - emitted[firsts], side_counts)
    row_owner = owner[left_rows]
    points[left_at[row_owner] + rank] = left
    points[right_end[row_owner] - rank] = right
    if start_cap:
        _put_arcs(points, borders[:-1], line, firsts, -after[firsts], arc)
    if end_cap:
        _put_arcs(points, left_at + side_counts, line, lasts, before[lasts], arc)
    if len(disc_rows):
        disc_owner = owner[disc_rows]
        nth = np.arange(len(disc_rows)) - (np.cumsum(discs_of) - discs_of)[disc_owner]
        disc_at = (borders[:-1] + body_counts)[disc_owner] + nth * disc_size
        _put_discs(points, disc_at, line, disc_rows, disc_size)
        is_start[disc_at] = True
    return Outlines(points, is_start, borders)


def outlines(
    strokes: Sequence[StrokeItem], tolerance_pt: float, smoothing: Smoothing = SMOOTH
) -> Outlines:
    """Return the outlines of finished strokes of one brush kind.

    Args:
        strokes: At least one, all of the same brush.
        tolerance_pt: Greatest distance from the true curve; > 0.
        smoothing: Valid parameters.

    Raises:
        ValueError: no strokes, or strokes of several brushes.
    """
    if len({stroke.brush for stroke in strokes}) != 1:
        raise ValueError("outlines need strokes of one brush")
    samples, borders = unpack_samples(strokes)
    counts = np.diff(borders)
    width = np.repeat([stroke.width_pt for stroke in strokes], counts)
    measured = np.repeat([float(stroke.has_pressure) for stroke in strokes], counts)
    brush = BRUSHES[strokes[0].brush]
    line = centre_line(samples, borders, brush, width, measured, smoothing)
    return outline_line(refine(line, tolerance_pt), tolerance_pt)


def outline(samples: Floats, brush: Brush, width_pt: float, *, has_pressure: bool) -> Floats:
    """Return the body of the outline of one stroke, for hit tests and exports.

    Args:
        samples: Shape (n, 5), n >= 1.
        brush: Valid.
        width_pt: Nominal width, > 0.
        has_pressure: Whether pressure was measured.

    Returns:
        Shape (m, 2) in pt, closed implicitly.

    Raises:
        ValueError: samples are empty or not finite.
    """
    if not len(samples) or not np.isfinite(samples).all():
        raise ValueError("samples must be finite and at least one")
    line = centre_line(samples, one_stroke(len(samples)), brush, width_pt, float(has_pressure))
    result = outline_line(refine(line, 0.05), 0.05)
    starts = np.flatnonzero(result.is_start)
    return result.points[: starts[1] if len(starts) > 1 else None]


def _keep(line: CentreLine, keep: npt.NDArray[np.bool_]) -> CentreLine:
    if keep.all():
        return line
    kept_before = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(keep, dtype=np.int64)))
    return CentreLine(line.points[keep], line.half_widths[keep], kept_before[line.borders])


def _drop_repeats(line: CentreLine) -> CentreLine:
    """Drop rows at the place of the row before them; the first of a stroke stays.

    What stays is as wide as the widest of them: a pen that presses a dot is light at first.
    """
    steps = np.diff(line.points, axis=0)
    keep = np.empty(len(line.points), dtype=np.bool_)
    keep[1:] = (steps * steps).sum(axis=1) > 1e-8
    keep[line.borders[:-1]] = True
    if keep.all():
        return line
    kept = _keep(line, keep)
    widest = np.maximum.reduceat(line.half_widths, np.flatnonzero(keep))
    return CentreLine(kept.points, widest, kept.borders)


def _thin_out(line: CentreLine, tolerance_pt: float) -> CentreLine:
    """Drop every second row where the line through its neighbours says the same."""
    budget = tolerance_pt * 0.7
    for _ in range(_THINNINGS):
        points, half = line.points, line.half_widths
        if len(points) < 3:
            break
        chord = points[2:] - points[:-2]
        arm = points[1:-1] - points[:-2]
        squared = np.maximum(chord[:, 0] ** 2 + chord[:, 1] ** 2, 1e-18)
        off = chord[:, 0] * arm[:, 1] - chord[:, 1] * arm[:, 0]
        along = (chord[:, 0] * arm[:, 0] + chord[:, 1] * arm[:, 1]) / squared
        swell = np.abs(half[1:-1] - half[:-2] - along * (half[2:] - half[:-2]))
        drop = (off * off <= budget * budget * squared) & (swell <= budget)
        drop &= (along > 0) & (along < 1)
        # Never two neighbours at once, never an end of a stroke.
        drop &= _is_odd(line.borders, len(points))[1:-1]
        keep = np.ones(len(points), dtype=np.bool_)
        keep[1:-1] = ~drop
        keep[line.borders[1:] - 1] = True
        before = len(points)
        line = _keep(line, keep)
        if len(line.points) > 0.9 * before:
            break
        budget *= 0.7
    return line


def _is_odd(borders: Borders, count: int) -> npt.NDArray[np.bool_]:
    """Tell every second row of each stroke, the first row never."""
    index = np.arange(count) - np.repeat(borders[:-1], np.diff(borders))
    odd: npt.NDArray[np.bool_] = index % 2 == 1
    return odd


def _curve(line: CentreLine, tolerance_pt: float) -> CentreLine:
    """Put points of a centripetal-like cubic between rows whose chord would show."""
    points, count = line.points, len(line.points)
    if count < 3:
        return line
    steps = np.diff(points, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    inside = np.ones(count - 1, dtype=np.bool_)
    inside[line.borders[1:-1] - 1] = False
    safe = np.maximum(length, 1e-9)
    unit = steps / safe[:, None]
    cosine = (unit[1:] * unit[:-1]).sum(axis=1)
    turn = np.arccos(np.clip(cosine, -1.0, 1.0))
    # Real corners stay corners.
    turn[(turn > 1.2) | ~inside[1:] | ~inside[:-1]] = 0.0
    bend = np.zeros(count - 1)
    bend[1:] += turn
    bend[:-1] += turn
    sagitta = length * bend * (0.5 / 8)
    pieces = np.ceil(np.sqrt(sagitta / tolerance_pt)).astype(np.int64)
    pieces = np.clip(np.where(inside, pieces, 1), 1, _MAX_PIECES)
    if pieces.max() == 1:
        return line
    tangents = _tangents(steps, safe, turn, line)
    return _subdivide(line, steps, tangents, pieces)


def _tangents(steps: Floats, length: Floats, turn: Floats, line: CentreLine) -> Floats:
    """Return the unit direction of the curve at each row, shape (n, 2)."""
    unit = steps / length[:, None]
    tangents = np.empty_like(line.points)
    tangents[0] = unit[0]
    tangents[-1] = unit[-1]
    # The shorter neighbour knows the direction better.
    weight = 1.0 / length
    mixed = unit[:-1] * weight[:-1, None] + unit[1:] * weight[1:, None]
    norm = np.hypot(mixed[:, 0], mixed[:, 1])
    mixed /= np.maximum(norm, 1e-12)[:, None]
    tangents[1:-1] = np.where((turn > 0)[:, None], mixed, unit[1:])
    starts, lasts = line.borders[1:-1], line.borders[1:-1] - 1
    tangents[starts] = unit[np.minimum(starts, len(unit) - 1)]
    tangents[lasts] = unit[np.maximum(lasts - 1, 0)]
    return tangents


def _subdivide(
    line: CentreLine, steps: Floats, tangents: Floats, pieces: npt.NDArray[np.int64]
) -> CentreLine:
    per_row = np.append(pieces, 1)
    row = np.repeat(np.arange(len(line.points)), per_row)
    ends = np.cumsum(per_row)
    u = (np.arange(len(row)) - np.repeat(ends - per_row, per_row)) / per_row[row]
    following = np.minimum(row + 1, len(line.points) - 1)
    out_of, into = _pulls(np.hypot(steps[:, 0], steps[:, 1]), line.borders)
    u2, u3 = u * u, u * u * u
    h10, h01, h11 = u3 - 2 * u2 + u, 3 * u2 - 2 * u3, u3 - u2
    points = (
        line.points[row] * (1 - h01)[:, None]
        + line.points[following] * h01[:, None]
        + tangents[row] * (h10 * out_of[row])[:, None]
        + tangents[following] * (h11 * into[row])[:, None]
    )
    half = line.half_widths[row] * (1 - u) + line.half_widths[following] * u
    offsets = np.concatenate((np.zeros(1, dtype=np.int64), ends))
    return CentreLine(points, half, offsets[line.borders])


def _pulls(length: Floats, borders: Borders) -> tuple[Floats, Floats]:
    """Return how hard the tangents at both ends of each row's step pull, shape (n,), pt."""
    out_of, into = np.append(length, 0.0), np.append(length, 0.0)
    neighbour = _PULL * length
    neighbour[borders[1:-1] - 1] = np.inf
    np.minimum(out_of[1:-1], neighbour[:-1], out=out_of[1:-1])
    np.minimum(into[:-2], neighbour[1:], out=into[:-2])
    return out_of, into


def _directions(line: CentreLine) -> tuple[Floats, Floats]:
    """Return the unit directions into and out of each row, both shape (n, 2)."""
    count = len(line.points)
    after = np.empty((count, 2))
    before = np.empty((count, 2))
    if count > 1:
        steps = np.diff(line.points, axis=0)
        length = np.hypot(steps[:, 0], steps[:, 1])
        steps /= np.maximum(length, 1e-12)[:, None]
        after[:-1] = steps
        before[1:] = steps
    firsts, lasts = line.borders[:-1], line.borders[1:] - 1
    before[firsts] = after[firsts]
    after[lasts] = before[lasts]
    dots = firsts == lasts
    if dots.any():
        before[firsts[dots]] = after[firsts[dots]] = (1.0, 0.0)
    return before, after


def _needs_disc(line: CentreLine, before: Floats, after: Floats) -> npt.NDArray[np.bool_]:
    """Tell rows where the line turns sharply, or turns or swells faster than it goes on."""
    cosine = (before * after).sum(axis=1)
    bad: npt.NDArray[np.bool_] = cosine < _SHARP_COS
    steps = np.diff(line.points, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    if len(line.points) > 2:
        shorter = np.minimum(length[1:], length[:-1])
        turn = np.abs(before[1:-1, 0] * after[1:-1, 1] - before[1:-1, 1] * after[1:-1, 0])
        bad[1:-1] |= turn * line.half_widths[1:-1] > shorter
    bad[line.borders[:-1]] = False
    bad[line.borders[1:] - 1] = False
    if len(line.points) > 1:
        # An end that is much wider than what is beside it has a back as well.
        swells = np.abs(np.diff(line.half_widths)) > length
        swells[line.borders[1:-1] - 1] = False
        bad[1:] |= swells
        bad[:-1] |= swells
    return bad


def _side(
    line: CentreLine,
    before: Floats,
    after: Floats,
    mean: Floats,
    is_bad: npt.NDArray[np.bool_],
    sign: float,
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the points of one side and the row each belongs to.

    A good row gives one point; a bad one three: where the line before ends, the middle,
    where the line after starts.
    """
    half = (line.half_widths * sign)[:, None]
    good = line.points + _normals(mean) * half
    if not is_bad.any():
        return good, np.arange(len(good))
    rows = np.repeat(np.arange(len(good)), np.where(is_bad, 3, 1))
    points = good[rows]
    bad = np.flatnonzero(is_bad)
    at = bad + 2 * np.arange(len(bad))
    points[at] = line.points[bad] + _normals(before[bad]) * half[bad]
    points[at + 1] = line.points[bad]
    points[at + 2] = line.points[bad] + _normals(after[bad]) * half[bad]
    return points, rows


def _normals(directions: Floats) -> Floats:
    normals = np.empty_like(directions)
    normals[:, 0] = directions[:, 1]
    normals[:, 1] = -directions[:, 0]
    return normals


def _arc_angles(half_width_pt: float, tolerance_pt: float) -> Floats:
    """Return the angles of the points inside a half circle, rad from its start."""
    step = 2 * math.acos(max(1 - tolerance_pt / max(half_width_pt, tolerance_pt), 0.0))
    count = min(max(math.ceil(math.pi / max(step, 0.05)), 4), 32)
    return np.arange(1, count, dtype=np.float64) * (math.pi / count)


def _put_arcs(
    points: Floats,
    at: npt.NDArray[np.int64],
    line: CentreLine,
    rows: npt.NDArray[np.int64],
    outward: Floats,
    arc: Floats,
) -> None:
    """Write the inside of half circles around `rows`, bulging `outward`."""
    normal = _normals(outward)
    offset = (
        np.cos(arc)[None, :, None] * normal[:, None, :]
        + np.sin(arc)[None, :, None] * outward[:, None, :]
    )
    circle = line.points[rows][:, None, :] + offset * line.half_widths[rows][:, None, None]
    points[at[:, None] + np.arange(len(arc))] = circle


def _put_discs(
    points: Floats,
    at: npt.NDArray[np.int64],
    line: CentreLine,
    rows: npt.NDArray[np.int64],
    size: int,
) -> None:
    angle = np.arange(size) * (2 * math.pi / size)
    offset = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    circle = line.points[rows][:, None, :] + offset * line.half_widths[rows][:, None, None]
    points[at[:, None] + np.arange(size)] = circle
