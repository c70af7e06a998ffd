"""Page to view: scale and place, zoom limits, and the glide after a flick.

View space is device-independent pixels, x to the right, y down, from the left top corner
of the canvas. A gesture works on a free `Viewport`; what is shown meanwhile is
`banded()`, and where it comes to rest is `clamped()`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from base.board_doc import Floats
from whiteboard.model.bounds import Rect

MIN_ZOOM: Final = 0.1
MAX_ZOOM: Final = 20.0
"""Limits of the zoom, relative to the scale at which the nominal page just fits."""

BAND_SHARE: Final = 0.5
"""How much of a pull past the border is shown at first; it gets tougher from there."""
BAND_ZOOM_POWER: Final = 0.35
"""How much of a pinch past a zoom limit is shown, as a power of the ratio."""
MIN_PINCH_PX: Final = 24.0
"""Closer fingers only move the page: their distance says too little."""
_FIT_SLACK: Final = 0.02
"""A page that is larger than its room by this share is seen as a whole: fingers tremble."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """Which part of the page the view shows, and how large.

    Attributes:
        view_width_px: Width of the canvas, > 0.
        view_height_px: Height of the canvas, > 0.
        page_width_pt: Nominal width of the page, > 0.
        page_height_pt: Nominal height of the page, > 0.
        scale: Pixels per point, > 0.
        left_pt: Page x at the left border of the view.
        top_pt: Page y at the top border of the view.
        margin_px: How far the view may show what lies left of and above the page, >= 0.
        room: Where a page with borders is fitted in, px of the view; None for a page that
            goes on without end to the right and below.

    Raises:
        ValueError: a value is not finite or out of its range.
    """

    view_width_px: float
    view_height_px: float
    page_width_pt: float
    page_height_pt: float
    scale: float
    left_pt: float = 0.0
    top_pt: float = 0.0
    margin_px: float = 48.0
    room: Rect | None = None

    def __post_init__(self) -> None:
        positive = (
            self.view_width_px, self.view_height_px, self.page_width_pt,
            self.page_height_pt, self.scale,
        )  # fmt: skip
        if not all(math.isfinite(v) and v > 0 for v in positive):
            raise ValueError(f"sizes and scale must be positive and finite: {self}")
        if not (math.isfinite(self.left_pt) and math.isfinite(self.top_pt)):
            raise ValueError(f"the place of a view must be finite: {self}")
        if not (math.isfinite(self.margin_px) and self.margin_px >= 0):
            raise ValueError(f"the margin must be finite and not negative: {self}")
        if self.room is not None and not (self.room.width > 0 and self.room.height > 0):
            raise ValueError(f"a page must have room: {self}")

    @classmethod
    def fitted(
        cls,
        view_width_px: float,
        view_height_px: float,
        page_width_pt: float,
        page_height_pt: float,
        margin_px: float = 48.0,
        room: Rect | None = None,
    ) -> Viewport:
        """Return the view that shows the whole nominal page; see `fit_page`.

        Raises:
            ValueError: a size is not positive and finite.
        """
        return cls(
            view_width_px, view_height_px, page_width_pt, page_height_pt, 1.0,
            margin_px=margin_px, room=room,
        ).fit_page()  # fmt: skip

    # Where things are ------------------------------------------------------------------

    @property
    def fit_scale(self) -> float:
        """The scale at which the nominal page just fits, px/pt."""
        return min(
            self.view_width_px / self.page_width_pt, self.view_height_px / self.page_height_pt
        )

    @property
    def zoom(self) -> float:
        """The scale relative to `fit_scale`."""
        return self.scale / self.fit_scale

    @property
    def visible(self) -> Rect:
        """The part of the page that is seen, pt."""
        return Rect(
            self.left_pt,
            self.top_pt,
            self.left_pt + self.view_width_px / self.scale,
            self.top_pt + self.view_height_px / self.scale,
        )

    def to_view(self, x_pt: float, y_pt: float) -> tuple[float, float]:
        """Return where a point of the page is seen, px."""
        return (x_pt - self.left_pt) * self.scale, (y_pt - self.top_pt) * self.scale

    def to_page(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Return which point of the page is seen at a place of the view, pt."""
        return x_px / self.scale + self.left_pt, y_px / self.scale + self.top_pt

    def points_to_view(self, points_page: Floats) -> Floats:
        """Return `to_view` of many points, shape (n, 2)."""
        result: Floats = (points_page - (self.left_pt, self.top_pt)) * self.scale
        return result

    def points_to_page(self, points_view: Floats) -> Floats:
        """Return `to_page` of many points, shape (n, 2)."""
        result: Floats = np.asarray(points_view) / self.scale + (self.left_pt, self.top_pt)
        return result

    def rect_to_view(self, rect: Rect) -> Rect:
        """Return where a rectangle of the page is seen, px."""
        left, top = self.to_view(rect.left, rect.top)
        right, bottom = self.to_view(rect.right, rect.bottom)
        return Rect(left, top, right, bottom)

    @property
    def is_whole(self) -> bool:
        """Whether all of a page with borders is seen in its room."""
        return self.room is not None and self.scale <= self._room_scale * (1 + _FIT_SLACK)

    @property
    def is_page_fitted(self) -> bool:
        """Whether it is the view that `fit_page` returns."""
        return self._is_like(self.fit_page())

    @property
    def is_width_fitted(self) -> bool:
        """Whether a page with borders is as wide as its room, at any height of it."""
        if self.room is None:
            return False
        other = self.fit_width()
        return self._is_like(replace(other, top_pt=self.top_pt))

    # Gestures --------------------------------------------------------------------------

    def panned(self, dx_px: float, dy_px: float) -> Viewport:
        """Return the view after the page was drawn along by a distance on the glass."""
        return replace(
            self,
            left_pt=self.left_pt - dx_px / self.scale,
            top_pt=self.top_pt - dy_px / self.scale,
        )

    def zoomed(self, factor: float, x_px: float, y_px: float) -> Viewport:
        """Return the view enlarged by `factor` (> 0); the page point at the place stays.

        Limits are not kept; see `clamped` and `banded`.
        """
        x_pt, y_pt = self.to_page(x_px, y_px)
        return self._placed(self.scale * factor, x_pt, y_pt, x_px, y_px)

    def pinched(self, before: Floats, after: Floats) -> Viewport:
        """Return the view after fingers moved.

        Args:
            before: Where the contacts were, shape (n, 2) in px, n >= 1.
            after: Where the same contacts are now, same shape.

        Returns:
            The view whose page points lie under the same fingers: exactly for one finger,
            and for two that do not turn; for others as well as can be (least squares,
            about their middle). A page never turns.

        Raises:
            ValueError: the shapes do not fit.
        """
        before = np.asarray(before, dtype=np.float64)
        after = np.asarray(after, dtype=np.float64)
        if before.shape != after.shape or before.ndim != 2 or before.shape[1:] != (2,):
            raise ValueError(f"contacts of shapes {before.shape} and {after.shape}")
        if not len(before):
            raise ValueError("a pinch needs a contact")
        middle_before, middle_after = before.mean(axis=0), after.mean(axis=0)
        spread_before = _spread(before - middle_before)
        spread_after = _spread(after - middle_after)
        factor = 1.0
        if min(spread_before, spread_after) * 2 >= MIN_PINCH_PX:
            factor = spread_after / spread_before
        x_pt, y_pt = self.to_page(*middle_before.tolist())
        return self._placed(self.scale * factor, x_pt, y_pt, *middle_after.tolist())

    # Ready-made views ------------------------------------------------------------------

    def fit_page(self) -> Viewport:
        """Return the view of the whole nominal page, as large as it can be.

        Beside a narrow page both sides are even. A low one lies at the top of the view:
        people begin to write there, and below it the page goes on without end. A page with
        borders lies in the middle of its room.
        """
        if self.room is not None:
            middle = self.page_width_pt / 2, self.page_height_pt / 2
            return self._placed(self._room_scale, *middle, *self.room.centre)
        page = Rect(0.0, 0.0, self.page_width_pt, self.page_height_pt)
        return replace(self._showing(page, 0.0), top_pt=0.0)

    def fit_width(self) -> Viewport:
        """Return the view as wide as the nominal page, at the height it is now."""
        if self.room is not None:
            scale, left, top = (
                self.room.width / self.page_width_pt,
                self.room.left,
                self.room.top,
            )
            y_pt = self.top_pt + top / self.scale
            return self._placed(scale, 0.0, y_pt, left, top).clamped()
        scale = self.view_width_px / self.page_width_pt
        return replace(self, scale=scale, left_pt=0.0).clamped()

    def fit_rect(self, rect: Rect, margin_px: float = 48.0) -> Viewport:
        """Return the view of a rectangle of the page, in the middle, limits kept."""
        return self._showing(rect, margin_px).clamped()

    def resized(
        self, view_width_px: float, view_height_px: float, room: Rect | None = None
    ) -> Viewport:
        """Return the view on a canvas of another size: same middle, same zoom.

        A view of the whole page is one of the whole page again, and one of its width too.

        Args:
            view_width_px: The new width.
            view_height_px: The new height.
            room: The new room of a page with borders.

        Raises:
            ValueError: a size is not positive and finite.
        """
        zoom, (x_pt, y_pt) = self.zoom, self.visible.centre
        size = {"view_width_px": view_width_px, "view_height_px": view_height_px}
        other = replace(self, **size, room=room)
        if self.is_page_fitted:
            return other.fit_page()
        if room is not None and self.is_width_fitted:
            return other.fit_width()
        scale = other.fit_scale * zoom
        placed = other._placed(scale, x_pt, y_pt, view_width_px / 2, view_height_px / 2)
        return placed.clamped()

    # Limits ----------------------------------------------------------------------------

    def clamped(self) -> Viewport:
        """Return the nearest view that keeps the limits.

        The zoom stays in `MIN_ZOOM` to `MAX_ZOOM` about the middle of the view. To the
        left and above it shows at most the margin, or as much as puts a smaller page in
        the middle; to the right and below the page has no end.

        A page with borders shows in its room what is seen there of the whole page and
        around it, and nothing beyond: a scroll ends where the page does.
        """
        scale = min(max(self.scale, MIN_ZOOM * self.fit_scale), MAX_ZOOM * self.fit_scale)
        result = self._scaled_about_middle(scale)
        left_pt, top_pt = result._nearest_corner_pt()
        return replace(result, left_pt=left_pt, top_pt=top_pt)

    def banded(self) -> Viewport:
        """Return what is shown while fingers pull past the limits: a part of the way."""
        rest = self.clamped()
        ratio = self.scale / rest.scale
        shown = self._scaled_about_middle(rest.scale * ratio**BAND_ZOOM_POWER)
        left_pt, top_pt = shown._nearest_corner_pt()
        return replace(
            shown,
            left_pt=left_pt + shown._banded_pt(shown.left_pt - left_pt, self.view_width_px),
            top_pt=top_pt + shown._banded_pt(shown.top_pt - top_pt, self.view_height_px),
        )

    def blended(self, other: Viewport, share: float) -> Viewport:
        """Return the view on the way to `other`; share 0 is here, 1 is there.

        The scale changes by equal ratios and the middle by equal distances on the glass,
        so the way looks even. Both are views of one canvas and page.
        """
        if share >= 1:
            return other
        scale = self.scale * (other.scale / self.scale) ** share
        (x0, y0), (x1, y1) = self.visible.centre, other.visible.centre
        if math.isclose(self.scale, other.scale, rel_tol=1e-9):
            way = share
        else:
            way = (1 / scale - 1 / self.scale) / (1 / other.scale - 1 / self.scale)
        x_pt, y_pt = x0 + (x1 - x0) * way, y0 + (y1 - y0) * way
        return self._placed(scale, x_pt, y_pt, self.view_width_px / 2, self.view_height_px / 2)

    # Inside ----------------------------------------------------------------------------

    def _placed(
        self, scale: float, x_pt: float, y_pt: float, x_px: float, y_px: float
    ) -> Viewport:
        """Return the view of a scale that shows a page point at a place."""
        return replace(
            self, scale=scale, left_pt=x_pt - x_px / scale, top_pt=y_pt - y_px / scale
        )

    def _showing(self, rect: Rect, margin_px: float) -> Viewport:
        width_px = max(self.view_width_px - 2 * margin_px, 1.0)
        height_px = max(self.view_height_px - 2 * margin_px, 1.0)
        scale = MAX_ZOOM * self.fit_scale
        if rect.width > 0:
            scale = min(scale, width_px / rect.width)
        if rect.height > 0:
            scale = min(scale, height_px / rect.height)
        x_pt, y_pt = rect.centre
        return self._placed(scale, x_pt, y_pt, self.view_width_px / 2, self.view_height_px / 2)

    def _scaled_about_middle(self, scale: float) -> Viewport:
        if scale == self.scale:
            return self
        x_px, y_px = self.view_width_px / 2, self.view_height_px / 2
        return self._placed(scale, *self.to_page(x_px, y_px), x_px, y_px)

    def _least_left_pt(self) -> float:
        spare_px = self.view_width_px - self.page_width_pt * self.scale
        return -max(self.margin_px, spare_px / 2) / self.scale

    def _least_top_pt(self) -> float:
        spare_px = self.view_height_px - self.page_height_pt * self.scale
        return -max(self.margin_px, spare_px / 2) / self.scale

    @property
    def _room_scale(self) -> float:
        """The scale at which a page with borders just fits into its room."""
        room = self.room
        if room is None:
            return self.fit_scale
        return min(room.width / self.page_width_pt, room.height / self.page_height_pt)

    def _nearest_corner_pt(self) -> tuple[float, float]:
        """Return the left top corner within the limits that is nearest to this one."""
        room = self.room
        if room is None:
            return (
                max(self.left_pt, self._least_left_pt()),
                max(self.top_pt, self._least_top_pt()),
            )
        return (
            self._held_pt(self.left_pt, self.page_width_pt, room.left, room.right),
            self._held_pt(self.top_pt, self.page_height_pt, room.top, room.bottom),
        )

    def _held_pt(self, at_pt: float, page_pt: float, start_px: float, end_px: float) -> float:
        """Return the place along one axis that keeps a room on the page and its surroundings.

        Args:
            at_pt: Where the view begins.
            page_pt: Length of the page.
            start_px: Where the room begins in the view.
            end_px: Where it ends.
        """
        spare_pt = ((end_px - start_px) / self._room_scale - page_pt) / 2
        least = -spare_pt - start_px / self.scale
        most = page_pt + spare_pt - end_px / self.scale
        return (least + most) / 2 if least > most else min(max(at_pt, least), most)

    def _is_like(self, other: Viewport) -> bool:
        """Return whether two views of one canvas and page look the same."""
        half_px = 0.5 / self.scale
        return (
            math.isclose(self.scale, other.scale, rel_tol=1e-6)
            and abs(self.left_pt - other.left_pt) < half_px
            and abs(self.top_pt - other.top_pt) < half_px
        )

    def _banded_pt(self, past_pt: float, size_px: float) -> float:
        pull_px = abs(past_pt) * self.scale
        # Starts at BAND_SHARE of the pull, and never shows more than that of the view.
        shown_px = BAND_SHARE * size_px * pull_px / (size_px + pull_px)
        return math.copysign(shown_px / self.scale, past_pt)


def _spread(offsets: Floats) -> float:
    """Return the root mean square distance from the middle."""
    return math.sqrt(float((offsets**2).sum()) / len(offsets))


GLIDE_TIME_S: Final = 0.325
"""The glide slows down to 1/e in this time."""
GLIDE_STOP_PX_S: Final = 20.0
"""Slower than this is standing still."""
MAX_FLICK_PX_S: Final = 12_000.0
FLICK_WINDOW_S: Final = 0.1
"""Only what the fingers did in this time before lifting counts."""
FLICK_REST_S: Final = 0.05
"""Fingers that rested this long before lifting throw nothing."""
_OUTLIER_SPREADS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Inertia:
    """The glide of the page after a flick; it does not depend on the frame rate.

    Attributes:
        vx_px_s: Speed to the right, px/s.
        vy_px_s: Speed down, px/s.
    """

    vx_px_s: float = 0.0
    vy_px_s: float = 0.0

    @property
    def is_still(self) -> bool:
        """Whether the glide is over."""
        return self.vx_px_s == 0.0 and self.vy_px_s == 0.0

    def advanced(self, dt_s: float) -> tuple[Inertia, float, float]:
        """Return the glide after a time, and how far the page went meanwhile.

        Args:
            dt_s: Time since the last call, >= 0.

        Returns:
            What is left of the glide; the way to the right and down in px. Two short
            steps make the same as a long one, and the glide ends at zero speed exactly.

        Raises:
            ValueError: time goes back.
        """
        if not dt_s >= 0:
            raise ValueError(f"time goes back by {dt_s} s")
        speed = math.hypot(self.vx_px_s, self.vy_px_s)
        if speed <= GLIDE_STOP_PX_S:
            return Inertia(), 0.0, 0.0
        left_s = GLIDE_TIME_S * math.log(speed / GLIDE_STOP_PX_S)
        rest = math.exp(-min(dt_s, left_s) / GLIDE_TIME_S)
        way_s = GLIDE_TIME_S * (1.0 - rest)
        dx_px, dy_px = self.vx_px_s * way_s, self.vy_px_s * way_s
        if dt_s >= left_s:
            return Inertia(), dx_px, dy_px
        return Inertia(self.vx_px_s * rest, self.vy_px_s * rest), dx_px, dy_px


def flick(times_s: Floats, positions_px: Floats, now_s: float) -> Inertia:
    """Return the glide that lifted fingers leave behind.

    Args:
        times_s: Shape (n,), not decreasing: when the middle of the fingers was where.
        positions_px: Shape (n, 2), in px.
        now_s: When the fingers lifted; later samples do not count.

    Returns:
        The speed over the last `FLICK_WINDOW_S`, steps that stand out left aside (a
        finger that rolls off jumps); still when the fingers rested before they lifted.

    Raises:
        ValueError: the shapes do not fit.
    """
    times = np.asarray(times_s, dtype=np.float64)
    positions = np.asarray(positions_px, dtype=np.float64)
    if times.ndim != 1 or positions.shape != (len(times), 2):
        raise ValueError(f"times of shape {times.shape}, positions {positions.shape}")
    recent = (times >= now_s - FLICK_WINDOW_S) & (times <= now_s)
    times, positions = times[recent], positions[recent]
    if len(times) < 3 or now_s - times[-1] > FLICK_REST_S:
        return Inertia()
    spans, steps = np.diff(times), np.diff(positions, axis=0)
    usable = spans > 1e-4
    if usable.sum() < 2:
        return Inertia()
    spans, steps = spans[usable], steps[usable]
    kept = _without_outliers(steps / spans[:, None])
    vx, vy = (steps[kept].sum(axis=0) / spans[kept].sum()).tolist()
    speed = math.hypot(vx, vy)
    if not math.isfinite(speed) or speed <= GLIDE_STOP_PX_S:
        return Inertia()
    slower = min(1.0, MAX_FLICK_PX_S / speed)
    return Inertia(vx * slower, vy * slower)


def _without_outliers(velocities: Floats) -> npt.NDArray[np.bool_]:
    """Return which steps lie within a few median spreads of the median velocity."""
    middle = np.median(velocities, axis=0)
    offsets = np.hypot(*(velocities - middle).T)
    limit = _OUTLIER_SPREADS * max(float(np.median(offsets)), 0.1 * float(np.hypot(*middle)))
    kept: npt.NDArray[np.bool_] = offsets <= max(limit, GLIDE_STOP_PX_S)
    return kept
