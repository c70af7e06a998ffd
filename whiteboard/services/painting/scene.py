"""What lies on one page, ready to be painted: where items are, and their outlines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPainterPath

from base.board_doc import Item, StrokeItem
from whiteboard.model.board import Board, BoardChange, stacking_order
from whiteboard.model.bounds import Rect, item_bounds, many_bounds, united
from whiteboard.model.page import Background, Page
from whiteboard.model.smoothing import SMOOTH, Smoothing
from whiteboard.model.spatial import SpatialIndex
from whiteboard.services.painting import ink_painting
from whiteboard.services.painting.item_painting import Look, paint_background, paint_item
from whiteboard.services.painting.sheet_pixels import (
    SheetPixels,
    SheetSpot,
    paint_paper,
    spot_of,
)

BATCH: Final = 192
"""Items painted between two looks at the clock while nobody writes: the larger, the less
each costs; some ten milliseconds."""
SMALL_BATCH: Final = 32
"""The same while a hand writes: one or two milliseconds."""


@dataclass(frozen=True, slots=True)
class SceneChange:
    """What a board change means for one page.

    Attributes:
        repaint: Area that must be painted again, None for nothing.
        on_top: Items that were only added, above everything that was there.
    """

    repaint: Rect | None = None
    on_top: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Paper:
    """What lies under the ink."""

    background: Background
    spot: SheetSpot | None

    @classmethod
    def of(cls, page: Page) -> _Paper:
        return cls(page.background, spot_of(page))


class PageScene:
    """The items of one page with an index of their bounds and a cache of their outlines.

    Args:
        board: The board; changes reach the scene through `apply`.
        page_id: A page of it.
        image: Returns the decoded picture of an asset, None while or where there is none.
        sheets: Pixels of the documents; without them there is bare paper.
    """

    def __init__(
        self,
        board: Board,
        page_id: str,
        image: Callable[[bytes], QImage | None],
        sheets: SheetPixels | None = None,
    ) -> None:
        self._board = board
        self._sheets = sheets
        self._page_id = page_id
        self._image = image
        self._index = SpatialIndex()
        self._smoothing = SMOOTH
        self.batch = BATCH
        """How many items are painted between two pauses."""
        self._paths: dict[str, QPainterPath] = {}
        self._instead: dict[str, tuple[Item, ...]] = {}
        self._detail_pt = 0.0
        self._paper = _Paper.of(board.page(page_id))
        items = board.items(page_id)
        if items:
            self._index.insert_many(list(items), many_bounds(list(items.values())))

    @property
    def page_id(self) -> str:
        """The page's id."""
        return self._page_id

    @property
    def index(self) -> SpatialIndex:
        """Bounds of the items, for hit tests."""
        return self._index

    @property
    def is_dark(self) -> bool:
        """Whether ink takes the colours of a dark board."""
        return self._paper.background.is_dark

    @property
    def spot(self) -> SheetSpot | None:
        """The sheet under the ink."""
        return self._paper.spot

    def set_smoothing(self, smoothing: Smoothing) -> None:
        """Show all strokes with another smoothing from now on."""
        self._smoothing = smoothing
        self._paths.clear()

    def show_instead(self, pieces: Mapping[str, tuple[Item, ...]]) -> Rect | None:
        """Show other items in the place of some, as under an eraser; nothing is stored.

        Returns:
            What must be painted again.
        """
        self._instead.update(pieces)
        return united(self._index.bounds(i) for i in pieces if i in self._index)

    def show_again(self, item_ids: Iterable[str]) -> Rect | None:
        """Show items themselves again; return what must be painted again."""
        ids = [i for i in item_ids if self._instead.pop(i, None) is not None]
        return united(self._index.bounds(i) for i in ids if i in self._index)

    def entries(self, area: Rect) -> list[tuple[str, Item]]:
        """Return the items that touch an area with their ids, in no order."""
        items = self._board.items(self._page_id)
        return [(item_id, items[item_id]) for item_id in self._index.query(area)]

    def extent(self) -> Rect:
        """Return what the page covers: its nominal size and all ink beyond it."""
        page = self._board.page(self._page_id)
        nominal = Rect(0.0, 0.0, page.width_pt, page.height_pt)
        inked = self._index.extent()
        return nominal if inked is None else nominal.union(inked)

    def apply(self, change: BoardChange) -> SceneChange:
        """Take in a board change; return what must be painted again."""
        gone = [
            self._drop(item_id)
            for item_id, item in change.items_before.items()
            if item.page == self._page_id
        ]
        came: dict[str, Rect] = {}
        for item_id, item in change.items_after.items():
            if item.page == self._page_id:
                came[item_id] = item_bounds(item)
                self._index.insert(item_id, came[item_id])
        if change.pages and self._take_paper():
            return SceneChange(self.extent().union(Rect(-1e6, -1e6, 1e6, 1e6)))
        if not gone and self._are_on_top(list(came)):
            return SceneChange(None, tuple(sorted(came, key=self._order)))
        return SceneChange(united([*(r for r in gone if r is not None), *came.values()]))

    def stacked(self, area: Rect) -> list[str]:
        """Return the ids of the items that touch an area, lowest first."""
        items = self._board.items(self._page_id)
        hits = [(item_id, items[item_id]) for item_id in self._index.query(area)]
        hits.sort(key=stacking_order)
        return [item_id for item_id, _ in hits]

    def paint_background(self, painter: QPainter, area: QRectF, scale: float) -> None:
        """Paint the empty page; the painter is in page space."""
        for _ in self.paint_paper(painter, area, scale):
            pass

    def paint_paper(self, painter: QPainter, area: QRectF, scale: float) -> Iterator[None]:
        """Paint the empty page, pausing where it takes more than a millisecond."""
        spot = self._paper.spot
        if spot is None:
            paint_background(painter, self._paper.background, area, scale)
        elif self._sheets is None:
            paint_paper(painter, spot, area, scale)
        else:
            yield from self._sheets.paint_steps(painter, spot, area, scale)

    def paint(self, painter: QPainter, item_ids: Sequence[str], scale: float) -> Iterator[None]:
        """Paint items in the given order, pausing after each short batch.

        Items that were erased meanwhile are passed over. The painter is in page space,
        antialiased.
        """
        look = Look(is_dark=self.is_dark, scale=scale, image=self._image)
        start = 0
        while start < len(item_ids):
            # Each time: between two batches another scale may have been painted.
            self._set_detail(scale)
            entries = self._shown(item_ids[start : start + self.batch])
            start += self.batch
            for is_ink, run in groupby(entries, lambda entry: isinstance(entry[1], StrokeItem)):
                if is_ink:
                    self._paint_ink(painter, list(run))
                else:
                    for _, item in run:
                        paint_item(painter, item, look)
            yield

    def _shown(self, item_ids: Sequence[str]) -> list[tuple[str, Item]]:
        """Return what is shown of items: themselves, or what is shown instead."""
        items = self._board.items(self._page_id)
        entries: list[tuple[str, Item]] = []
        for item_id in item_ids:
            if item_id in self._instead:
                entries += [("", piece) for piece in self._instead[item_id]]
            elif item_id in items:
                entries.append((item_id, items[item_id]))
        return entries

    def _paint_ink(self, painter: QPainter, entries: list[tuple[str, Item]]) -> None:
        """Paint strokes; the outlines of those with an id are kept."""
        strokes = [item for _, item in entries if isinstance(item, StrokeItem)]
        paths = [self._paths.get(item_id) for item_id, _ in entries]
        missing = [place for place, path in enumerate(paths) if path is None]
        fresh = ink_painting.stroke_paths(
            [strokes[place] for place in missing], self._detail_pt, self._smoothing
        )
        for place, path in zip(missing, fresh, strict=True):
            paths[place] = path
            if entries[place][0]:
                self._paths[entries[place][0]] = path
        inked = [(s, p) for s, p in zip(strokes, paths, strict=True) if p is not None]
        ink_painting.paint_paths(painter, inked, is_dark=self.is_dark)

    def _set_detail(self, scale: float) -> None:
        """Keep outlines for a step of zoom; between steps they are detailed enough."""
        step = 2.0 ** math.ceil(math.log2(scale) - 0.45)
        detail_pt = ink_painting.tolerance_pt(step)
        if detail_pt != self._detail_pt:
            self._detail_pt = detail_pt
            self._paths.clear()

    def _are_on_top(self, came: list[str]) -> bool:
        items = self._board.items(self._page_id)
        if not came:
            return True
        lowest = min(self._order(item_id) for item_id in came)
        new = set(came)
        # Looking only at what the newcomers touch keeps this short on a full page.
        return all(
            other in new or stacking_order((other, items[other])) < lowest
            for item_id in came
            for other in self._index.query(self._index.bounds(item_id))
        )

    def _order(self, item_id: str) -> tuple[float, str]:
        return stacking_order((item_id, self._board.items(self._page_id)[item_id]))

    def _drop(self, item_id: str) -> Rect | None:
        self._paths.pop(item_id, None)
        self._instead.pop(item_id, None)
        if item_id not in self._index:
            return None
        bounds = self._index.bounds(item_id)
        self._index.remove(item_id)
        return bounds

    def _take_paper(self) -> bool:
        pages = {page.id: page for page in self._board.pages}
        page = pages.get(self._page_id)
        if page is None or _Paper.of(page) == self._paper:
            return False
        self._paper = _Paper.of(page)
        return True
