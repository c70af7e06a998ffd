"""How long the board's geometry takes with 10,000 strokes of 60 samples on one page.

python -m benchmarks.geometry --rounds 300

Only processor time of this thread counts, so other work on the machine disturbs little.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from base.board_doc import BrushKind, Floats, StrokeItem
from benchmarks.report import finish, parser
from benchmarks.summary import Bar
from whiteboard.model.bounds import Rect, many_bounds, segment_bounds
from whiteboard.model.erase import erase_area, touched_items
from whiteboard.model.recogniser import recognise
from whiteboard.model.select import items_in_lasso
from whiteboard.model.spatial import SpatialIndex

STROKES, SAMPLES = 10_000, 60
STROKE_ERASER_PT, AREA_ERASER_PT = 6.0, 15.0


def written_page(rng: np.random.Generator) -> dict[str, StrokeItem]:
    """Return a page as full as the other benchmarks have it: strokes of some 25 pt."""
    strokes = {}
    for number in range(STROKES):
        samples = np.zeros((SAMPLES, 5))
        way = np.linspace(0, 1, SAMPLES)[:, None] * rng.normal(0, 20, 2)
        samples[:, :2] = rng.uniform((0, 0), (1400, 780)) + way
        samples[:, :2] += np.cumsum(rng.normal(0, 1.5, (SAMPLES, 2)), axis=0)
        samples[:, 2] = rng.uniform(0.2, 0.8, SAMPLES)
        samples[:, 3] = np.arange(SAMPLES) / 120
        strokes[str(number)] = StrokeItem.from_samples(
            samples, page="p", z=float(number), author="a", brush=BrushKind.PEN, colour=0,
            width_pt=3.0, has_pressure=True,
        )  # fmt: skip
    return strokes


def timed(run: Callable[[], object]) -> float:
    """Return the processor time of one call in ms."""
    start = time.thread_time()
    run()
    return (time.thread_time() - start) * 1e3


def spread(times_ms: list[float]) -> dict[str, float]:
    """Return the median and the 99th percentile."""
    p50, p99 = np.percentile(times_ms, (50, 99)).tolist()
    return {"p50_ms": round(p50, 3), "p99_ms": round(p99, 3)}


def built(strokes: dict[str, StrokeItem]) -> SpatialIndex:
    """Return the index of a page."""
    index = SpatialIndex()
    index.insert_many(list(strokes), many_bounds(list(strokes.values())))
    return index


def eraser_ways(rng: np.random.Generator, count: int) -> list[Floats]:
    """Return the ways of an eraser between two events, all over the page."""
    starts = rng.uniform((50, 50), (1300, 750), (count, 2))
    return [np.array((start, start + rng.normal(0, 8, 2))) for start in starts]


def main() -> int:
    """Measure and report."""
    made = parser("Time of hit tests, erasing, lasso and recogniser on a full page.")
    options = made.parse_args()
    rounds = options.rounds or 300
    rng = np.random.default_rng(1)
    strokes = written_page(rng)
    build = [timed(lambda: built(strokes)) for _ in range(10)]
    index = built(strokes)

    def near(way: Floats, radius_pt: float) -> list[tuple[str, StrokeItem]]:
        found = index.query(segment_bounds(way, radius_pt))
        return [(item_id, strokes[item_id]) for item_id in found]

    def hit(way: Floats) -> object:
        return touched_items(near(way, STROKE_ERASER_PT), way, STROKE_ERASER_PT)

    def cut(way: Floats) -> object:
        return erase_area(near(way, AREA_ERASER_PT), way, AREA_ERASER_PT)

    ways = eraser_ways(rng, rounds)
    query = [timed(partial(near, way, STROKE_ERASER_PT)) for way in ways]
    hits = [timed(partial(hit, way)) for way in ways]
    cuts = [timed(partial(cut, way)) for way in ways]
    turn = np.linspace(0, 2 * math.pi, 300)
    ring = np.column_stack((np.cos(turn), np.sin(turn)))
    around = np.array((700, 400)) + ring * (900, 500)
    lasso = [timed(lambda: items_in_lasso(strokes.items(), around)) for _ in range(5)]
    shape = 300 + 100 * ring[:, ::-1]
    straighten = [timed(lambda: recognise(shape)) for _ in range(rounds)]
    page = [timed(lambda: index.query(Rect(0, 0, 1440, 810))) for _ in range(20)]
    results = {
        "build_index": spread(build),
        "query_at_eraser": spread(query),
        "query_whole_page": spread(page),
        "stroke_eraser_event": spread(hits),
        "area_eraser_event": spread(cuts),
        "lasso_around_all": spread(lasso),
        "recognise_circle": spread(straighten),
    }
    bars = [
        Bar("index of 10,000 strokes, ms", results["build_index"]["p50_ms"], at_most=60.0),
        Bar("stroke eraser, p99 ms", results["stroke_eraser_event"]["p99_ms"], at_most=2.0),
        Bar("area eraser, p99 ms", results["area_eraser_event"]["p99_ms"], at_most=16.0),
    ]
    settings = {
        "strokes": STROKES,
        "samples": SAMPLES,
        "rounds": rounds,
        "stroke_eraser_pt": STROKE_ERASER_PT,
        "area_eraser_pt": AREA_ERASER_PT,
    }
    return finish("geometry", settings, results, bars, options.json)


if __name__ == "__main__":
    sys.exit(main())
