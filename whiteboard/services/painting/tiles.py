"""The page as pixels at one scale: tiles that are kept, repainted in small steps.

Everything that must be painted is a job: a rectangle of one tile, painted onto its own
image and copied over when it is done, so that half-painted things are never seen. Jobs
are worked on in slices between two events; a slice never takes longer than it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from whiteboard.model.bounds import Rect
from whiteboard.services.painting.scene import PageScene, SceneChange

TILE_WIDTH_PX: Final = 1024
TILE_HEIGHT_PX: Final = 512
TILE_BYTES: Final = 4 * TILE_WIDTH_PX * TILE_HEIGHT_PX
MAX_TILES: Final = 56
"""At 2 MB each; a view of 3840x2160 with a ring around it needs as many at most."""

_AA_MARGIN_PX: Final = 2

Paint = Callable[[QPainter], None]
Key = tuple[int, int]


@dataclass(slots=True, eq=False)
class _Job:
    """A rectangle of one tile that is being painted."""

    key: Key
    area_px: QRect
    late: list[str] = field(default_factory=list)
    image: QImage | None = None
    steps: Iterator[None] | None = None

    def restart(self) -> None:
        self.late.clear()
        self.image = self.steps = None


class PageRaster:
    """The tiles of one page at one scale. Belongs to the UI thread.

    Args:
        scene: What lies on the page.
        scale: Device px per pt.
        now_s: Monotonic clock.
        paint_wet: Paints, in page space, what is on the glass but not in the scene yet
            and has already been baked into tiles.
    """

    def __init__(
        self,
        scene: PageScene,
        scale: float,
        now_s: Callable[[], float],
        paint_wet: Callable[[QPainter, Rect], None],
    ) -> None:
        self._scene = scene
        self._scale = scale
        self._now_s = now_s
        self._paint_wet = paint_wet
        self._tiles: dict[Key, QImage] = {}
        self._jobs: list[_Job] = []

    @property
    def scale(self) -> float:
        """Device px per pt."""
        return self._scale

    @property
    def size_bytes(self) -> int:
        """How much memory the tiles take."""
        return len(self._tiles) * TILE_BYTES

    @property
    def has_work(self) -> bool:
        """Whether something waits to be painted."""
        return bool(self._jobs)

    def has_work_in(self, area_px: QRect) -> bool:
        """Return whether something in an area (page px) waits to be painted."""
        return any(job.area_px.intersects(area_px) for job in self._jobs)

    def draw_small(
        self, painter: QPainter, left: int, top: int, x: int, y: int, width: int, height: int
    ) -> bool:
        """Draw an area whose tiles are all there: the ink path, hence plain numbers.

        Args:
            painter: In device px of the view.
            left: Page px at the area's left border.
            top: Page px at its upper border.
            x: Where it goes in the view.
            y: The same, downwards.
            width: Of the area.
            height: Of the area.

        Returns:
            Whether it was drawn; False where a tile is not there.
        """
        tiles = self._tiles
        right, bottom = left + width, top + height
        columns = range(left // TILE_WIDTH_PX, (right - 1) // TILE_WIDTH_PX + 1)
        rows = range(top // TILE_HEIGHT_PX, (bottom - 1) // TILE_HEIGHT_PX + 1)
        for row in rows:
            for column in columns:
                if (column, row) not in tiles:
                    return False
        for row in rows:
            tile_top = row * TILE_HEIGHT_PX
            from_y, to_y = max(top, tile_top), min(bottom, tile_top + TILE_HEIGHT_PX)
            for column in columns:
                tile_left = column * TILE_WIDTH_PX
                from_x, to_x = max(left, tile_left), min(right, tile_left + TILE_WIDTH_PX)
                painter.drawImage(
                    x + from_x - left,
                    y + from_y - top,
                    tiles[column, row],
                    from_x - tile_left,
                    from_y - tile_top,
                    to_x - from_x,
                    to_y - from_y,
                )
        return True

    def draw(self, painter: QPainter, origin_px: QPoint, area_px: QRect) -> bool:
        """Draw what there is of an area.

        Args:
            painter: In device px of the view.
            origin_px: Where the page's corner lies in the view.
            area_px: The area in the view.

        Returns:
            Whether all of it was there.
        """
        wanted = area_px.translated(-origin_px)
        complete = True
        for key in _keys(wanted):
            tile = self._tiles.get(key)
            if tile is None:
                complete = False
                continue
            frame = _frame(key)
            part = frame & wanted
            painter.drawImage(
                part.translated(origin_px), tile, part.translated(-frame.topLeft())
            )
        return complete

    def covers(self, area_px: QRect) -> bool:
        """Return whether every tile of an area (page px) is there and painted."""
        missing = {job.key for job in self._jobs if job.area_px == _frame(job.key)}
        return all(key in self._tiles and key not in missing for key in _keys(area_px))

    def want(self, area_px: QRect) -> None:
        """Plan the tiles of an area (page px) that are not there, the nearest first."""
        planned = {job.key for job in self._jobs}
        centre = area_px.center()
        keys = [k for k in _keys(area_px) if k not in self._tiles and k not in planned]
        keys.sort(key=lambda key: (_frame(key).center() - centre).manhattanLength())
        self._jobs.extend(_Job(key, _frame(key)) for key in keys)
        self._evict(area_px)

    def keep_only(self, area_px: QRect) -> None:
        """Let go of the tiles that an area (page px) does not touch, and of their jobs."""
        self._tiles = {
            key: tile for key, tile in self._tiles.items() if _frame(key).intersects(area_px)
        }
        self._keep_jobs(lambda job: _frame(job.key).intersects(area_px))

    def clear(self) -> None:
        """Let go of all tiles and jobs: at once, not when the garbage is next collected."""
        self._tiles.clear()
        self._keep_jobs(lambda _job: False)

    def drop_distant_jobs(self, area_px: QRect) -> None:
        """Forget planned tiles that an area (page px) no longer touches."""
        self._keep_jobs(lambda job: job.key in self._tiles or job.area_px.intersects(area_px))

    def take(self, change: SceneChange, baked: frozenset[str] = frozenset()) -> QRect:
        """Plan what a change of the scene needs.

        Args:
            change: What changed.
            baked: Items that are on the tiles already, stroke by stroke.

        Returns:
            The area (page px) to be painted again, empty for none.
        """
        changed = QRect()
        for item_id in change.on_top:
            area = self.to_px(self._scene.index.bounds(item_id))
            for job in self._jobs:
                if job.area_px.intersects(area):
                    job.late.append(item_id)
            if item_id not in baked:
                self._paint_over(area, item_id)
                changed |= area
        if change.repaint is not None:
            changed |= self.to_px(change.repaint)
            self._repaint(self.to_px(change.repaint))
        return changed

    def repaint_all(self) -> None:
        """Paint everything again; the old pixels stay until then."""
        self._keep_jobs(lambda _job: False)
        self._jobs = [_Job(key, _frame(key)) for key in self._tiles]

    def bake(self, area: Rect, paint: Paint) -> None:
        """Paint onto the tiles there are, as part of them; `paint` gets page space."""
        for key in self._present(self.to_px(area)):
            painter = self._painter(self._tiles[key], _frame(key))
            try:
                paint(painter)
            finally:
                painter.end()  # one that outlives its image ends the process

    def repaint_now(self, area: Rect) -> QRect:
        """Plan an area to be painted again; return it in page px."""
        area_px = self.to_px(area)
        self._repaint(area_px)
        return area_px

    def work(self, until_s: float, first: QRect | None = None) -> list[QRect]:
        """Work on the jobs until the clock says `until_s`.

        Args:
            until_s: End of the slice on the clock; at least one step is made.
            first: Area (page px) whose jobs go before others.

        Returns:
            The areas (page px) that are new on the tiles.
        """
        done: list[QRect] = []
        while self._jobs:
            job = self._jobs[0]
            if first is not None and not job.area_px.intersects(first):
                job = next((j for j in self._jobs if j.area_px.intersects(first)), job)
            if self._step(job):
                self._jobs.remove(job)
                done.append(job.area_px)
            if self._now_s() >= until_s:
                break
        return done

    def _keep_jobs(self, is_kept: Callable[[_Job], bool]) -> None:
        """Drop the other jobs: one that has begun refers to all of this, and keeps it alive."""
        kept: list[_Job] = []
        for job in self._jobs:
            if is_kept(job):
                kept.append(job)
            else:
                job.restart()
        self._jobs = kept

    def _step(self, job: _Job) -> bool:
        """Paint one batch of a job; return whether the job is done."""
        if job.steps is None:
            job.image = QImage(job.area_px.size(), QImage.Format.Format_RGB32)
            job.steps = self._paint_steps(job, job.image)
        if next(job.steps, self) is None:
            return False
        tile = self._tiles.get(job.key)
        if job.area_px == _frame(job.key) or tile is None:
            self._tiles[job.key] = job.image or QImage()
            return True
        painter = QPainter(tile)
        painter.drawImage(
            job.area_px.topLeft() - _frame(job.key).topLeft(), job.image or QImage()
        )
        painter.end()
        return True

    def _paint_steps(self, job: _Job, image: QImage) -> Iterator[None]:
        area = self._to_pt(job.area_px.adjusted(-2, -2, 2, 2))
        ids = self._scene.stacked(area)
        job.late.clear()
        painter = self._painter(image, job.area_px)
        try:
            page_area = QRectF(area.left, area.top, area.width, area.height)
            yield from self._scene.paint_paper(painter, page_area, self._scale)
            yield from self._scene.paint(painter, ids, self._scale)
            while job.late:
                late = job.late.copy()
                job.late.clear()
                yield from self._scene.paint(painter, late, self._scale)
            self._paint_wet(painter, area)
        finally:
            painter.end()

    def _paint_over(self, area_px: QRect, item_id: str) -> None:
        for key in self._present(area_px):
            painter = self._painter(self._tiles[key], _frame(key))
            try:
                for _ in self._scene.paint(painter, [item_id], self._scale):
                    pass
            finally:
                painter.end()

    def _painter(self, image: QImage, frame: QRect) -> QPainter:
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-frame.x(), -frame.y())
        painter.scale(self._scale, self._scale)
        return painter

    def _repaint(self, area_px: QRect) -> None:
        for job in self._jobs:
            if job.area_px.intersects(area_px):
                job.restart()
        for key in self._present(area_px):
            part = _frame(key) & area_px
            # An eraser asks for the same place again and again before it is painted once.
            if not any(job.key == key and job.area_px.contains(part) for job in self._jobs):
                self._jobs.insert(0, _Job(key, part))

    def _present(self, area_px: QRect) -> list[Key]:
        """Return the tiles of an area that are there; it may be larger than any page."""
        if (
            area_px.width() * area_px.height()
            < len(self._tiles) * TILE_WIDTH_PX * TILE_HEIGHT_PX
        ):
            return [key for key in _keys(area_px) if key in self._tiles]
        return [key for key in self._tiles if _frame(key).intersects(area_px)]

    def _evict(self, area_px: QRect) -> None:
        excess = len(self._tiles) - MAX_TILES
        if excess <= 0:
            return
        centre = area_px.center()
        by_distance = sorted(
            self._tiles, key=lambda key: (_frame(key).center() - centre).manhattanLength()
        )
        for key in by_distance[-excess:]:
            if not _frame(key).intersects(area_px):
                del self._tiles[key]

    def to_px(self, area: Rect) -> QRect:
        """Return where an area lies, page px, with room for smooth borders."""
        limit = 2**29
        left = max(math.floor(area.left * self._scale) - _AA_MARGIN_PX, -limit)
        top = max(math.floor(area.top * self._scale) - _AA_MARGIN_PX, -limit)
        right = min(math.ceil(area.right * self._scale) + _AA_MARGIN_PX, limit)
        bottom = min(math.ceil(area.bottom * self._scale) + _AA_MARGIN_PX, limit)
        return QRect(QPoint(left, top), QPoint(right, bottom))

    def _to_pt(self, area_px: QRect) -> Rect:
        return Rect(
            area_px.left() / self._scale,
            area_px.top() / self._scale,
            (area_px.right() + 1) / self._scale,
            (area_px.bottom() + 1) / self._scale,
        )


def _frame(key: Key) -> QRect:
    return QRect(key[0] * TILE_WIDTH_PX, key[1] * TILE_HEIGHT_PX, TILE_WIDTH_PX, TILE_HEIGHT_PX)


def _keys(area_px: QRect) -> list[Key]:
    if area_px.isEmpty():
        return []
    columns = range(area_px.left() // TILE_WIDTH_PX, area_px.right() // TILE_WIDTH_PX + 1)
    rows = range(area_px.top() // TILE_HEIGHT_PX, area_px.bottom() // TILE_HEIGHT_PX + 1)
    return [(column, row) for row in rows for column in columns]
