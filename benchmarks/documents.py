"""Documents on the glass: first page, page turns, zoom, ink meanwhile, memory, export; peers.

    python -m benchmarks.documents --json documents.json
    python -m benchmarks.documents --only peers --documents slides

Applications run under Xvfb and are moved by XTEST; what is timed is timed on the pixels of
the screen. A sheet is *readable* or *sharp* as `benchmarks.sheet_watch` says, from the moment
of the ask: the order to a running program, the making of a process, or the key that turns.
Documents are made by `tools.sample_documents` and lie in the file cache of the system.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import numpy as np

from benchmarks.apps import wait_until_ready
from benchmarks.document_apps import VIEWERS, Seat, Viewer, arrange, driven, seat
from benchmarks.document_export import PAGES as EXPORTED_PAGES
from benchmarks.ink_probe import measure, quiet_interpreter, split_rows, wave_rows
from benchmarks.processes import Memory, memory
from benchmarks.report import ROOT, finish, parser, progress
from benchmarks.sheet_watch import SheetPlace, Sheets, SheetWatch, Showing, locate
from benchmarks.summary import Bar, Percentiles, percentiles
from tools.pacing import wait_until
from tools.running import EndedError
from tools.sample_documents import cached
from tools.x11 import X11Error, start_xvfb

FULL_HD: Final = (1920, 1080)
UHD: Final = (3840, 2160)
DOCUMENTS: Final = ("slides", "report", "drawings", "photos")
PARTS: Final = ("first", "turns", "zoom", "ink", "memory", "export", "again", "peers")
CACHE: Final = Path(tempfile.gettempdir()) / "kokuban-bench-documents"

FIRST_S: Final = 1.0
COLD_MS: Final = 100.0
PREPARED_MS: Final = 20.0
ZOOM_MS: Final = 300.0
INK_GROWTH: Final = 1.5
MEMORY_MB: Final = 700.0
EXPORT_S: Final = 5.0

TURNS: Final = 20
PREPARE_S: Final = 1.2
"""Rest before a turn to a neighbour that should be prepared by then, beside the watch's own."""
WHEEL_NOTCHES: Final = 8
"""Of 1.197 each: 4.2 times."""
WHEEL_UP: Final = 4
INK_HZ: Final = 125
INK_POINTS: Final = 260
VISIT_STILL_S: Final = 0.03
VISIT_S: Final = 3.0
EVERY: Final = 100
"""Pages between two looks at the memory."""
LARGE_EVERY: Final = 4
"""Every fourth drawing is A1; peers show it at another place of the screen."""

T = TypeVar("T")
Found = dict[str, object]


@dataclass(frozen=True, slots=True)
class Turns:
    """Page turns of one document, ms.

    Attributes:
        readable_ms: From the ask to a sheet that can be read.
        sharp_ms: From the ask to one as sharp as it becomes.
        least_likeness: To a rendering of the sheet that was asked for; the worst.
    """

    readable_ms: Percentiles
    sharp_ms: Percentiles
    least_likeness: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured with."""

    documents: Mapping[str, Path]
    deck: Path
    turns: int
    viewers: Sequence[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--documents", nargs="+", choices=DOCUMENTS, default=DOCUMENTS)
    options.add_argument("--viewers", nargs="+", choices=VIEWERS, default=tuple(VIEWERS))
    options.add_argument("--turns", type=int, default=TURNS, help=f"of each kind ({TURNS})")
    options.add_argument("--cache", type=Path, default=CACHE, help="where documents are kept")
    chosen = options.parse_args(arguments)
    results: Found = {}
    for number in range(chosen.rounds or 1):
        found = run_round(plan(chosen), chosen.only)
        results[f"round {number + 1}"] = found
    settings = {"turns": chosen.turns, "parts": chosen.only, "documents": chosen.documents}
    rounds = [each for each in results.values() if isinstance(each, dict)]
    return finish("documents", settings, results, bars(rounds), chosen.json)


def plan(chosen: Namespace) -> Plan:
    """Return the documents, made where they are missing."""
    documents = {}
    for name in chosen.documents:
        progress(f"document {name}")
        documents[name] = cached(name, chosen.cache)
    return Plan(documents, cached("deck", chosen.cache), chosen.turns, chosen.viewers)


def run_round(work: Plan, parts: Sequence[str]) -> Found:
    """Measure everything that is asked for once; what fails says why."""
    found: Found = {}

    def note(name: str, run: Callable[[], object]) -> None:
        progress(f"== {name}")
        try:
            found[name] = run()
        except (X11Error, EndedError, TimeoutError, subprocess.SubprocessError) as error:
            found[name] = {"error": str(error)}
        progress(f"{name}: {found[name]}")

    for name, path in work.documents.items():
        if "first" in parts or "turns" in parts:
            note(f"ours {name}", partial(measure_ours, path, work.turns, parts))
        if "zoom" in parts:
            note(f"zoom {name}", partial(measure_zoom, path))
        for peer in work.viewers if "peers" in parts else ():
            skip_large = name == "drawings"
            run = partial(measure_started, peer, path, work.turns, skip_large=skip_large)
            note(f"started {peer} {name}", run)
    first = next(iter(work.documents.values()))
    if "ink" in parts:
        note("ink", lambda: measure_ink(work.documents.get("drawings", first)))
    if "memory" in parts:
        note("memory", lambda: measure_memory(work.documents.get("drawings", first)))
    if "export" in parts:
        note("export", lambda: measure_export(work.documents.get("slides", first)))
    if "again" in parts:
        note("again", lambda: measure_again(work.deck))
    return found


def measure_ours(path: Path, turns: int, parts: Sequence[str]) -> Found:
    """Open a document in a running, fresh Kokuban, and turn its pages."""
    sheets = Sheets(path)
    found: Found = {}
    with start_xvfb(*FULL_HD) as server:
        with seat(driven(), server) as trial:
            wait_until_ready(trial.running, server)
            trial.running.open(path)
            place = locate(trial.screen, sheets, 0)
        with seat(driven(), server) as user, quiet_interpreter():
            wait_until_ready(user.running, server)
            watch = SheetWatch(user.screen, sheets, place)
            before, began_s = watch.look(), time.perf_counter()
            user.running.order_open(path)
            found["opening"] = watch.until_shown(0, began_s, before)
            found["place"] = place
            if "turns" in parts:
                found["prepared"] = _turns(user, watch, range(1, turns + 1), "Page_Down")
                # The sheet that is shown already would not come.
                far = [each for each in _far_apart(len(sheets), turns) if each != turns]
                found["cold"] = _jumps(user, watch, far)
                found["leafing"] = _leaf(user, watch, len(sheets) // 3, turns)
            found["memory"] = memory(user.pid)
    sheets.close()
    return found


def measure_started(peer: str, path: Path, turns: int, *, skip_large: bool) -> Found:
    """Start an application on a document, and turn its pages with a rest before each."""
    viewer = VIEWERS[peer](path)
    sheets = Sheets(path)
    numbers = [each for each in range(2, 2 + turns) if not (skip_large and _is_large(each))]
    with start_xvfb(*FULL_HD) as server:
        with seat(viewer.app, server) as trial:
            arrange(viewer, server)
            first = locate(trial.screen, sheets, 0)
            _present(trial, viewer)
            time.sleep(PREPARE_S)
            trial.pointer.tap_key(viewer.forward)
            second = locate(trial.screen, sheets, 1)
        with seat(viewer.app, server) as user, quiet_interpreter():
            watch = SheetWatch(user.screen, sheets, first)
            before = watch.look()
            arrange(viewer, server)
            opening = watch.until_shown(0, user.began_s, before)
            _present(user, viewer)
            time.sleep(PREPARE_S)
            turning = SheetWatch(user.screen, sheets, second)
            showings = []
            for number in range(1, numbers[-1] + 1):
                time.sleep(PREPARE_S)
                before, began_s = turning.look(), time.perf_counter()
                user.pointer.tap_key(viewer.forward)
                if number in numbers:
                    showings.append(turning.until_shown(number, began_s, before))
            used = memory(user.pid)
    sheets.close()
    return {"opening": opening, "turns": _summed(showings), "memory": used}


def measure_zoom(path: Path) -> Found:
    """Zoom into the middle of a sheet fourfold at 3840x2160; ms from the last notch."""
    sheets = Sheets(path)
    with start_xvfb(*UHD) as server, seat(driven(), server) as user:
        wait_until_ready(user.running, server)
        user.running.open(path)
        locate(user.screen, sheets, 0)
        whole = SheetPlace(0, 0, server.width, server.height, 1.0)
        watch = SheetWatch(user.screen, sheets, whole)
        showings = []
        for number in _far_apart(len(sheets), 5):
            user.running.ask(f"page {number}", f"page {number} shown")
            user.screen.wait_until_still(still_s=PREPARE_S)
            user.pointer.move(server.width // 2, server.height // 2)
            with quiet_interpreter(), user.pointer.hold_key("Control_L"):
                for notch in range(WHEEL_NOTCHES):
                    before, began_s = watch.look(), time.perf_counter()
                    user.pointer.press(WHEEL_UP)
                    user.pointer.release(WHEEL_UP)
                    if notch < WHEEL_NOTCHES - 1:
                        wait_until(began_s + 1 / 60)
                showings.append(watch.until_shown(None, began_s, before))
        ms = [showing.sharp_s * 1e3 for showing in showings]
    sheets.close()
    return {"sharp_ms": ms, "median_sharp_ms": median(ms), "showings": showings}


def measure_ink(path: Path) -> Found:
    """Write on a sheet while nothing else happens, and while both workers render."""
    sheets = Sheets(path)
    shares = split_rows(wave_rows(*FULL_HD), [100, *[INK_POINTS] * 4])
    with start_xvfb(*FULL_HD) as server, seat(driven("--prediction-on", "no"), server) as user:
        wait_until_ready(user.running, server)
        user.running.open(path)
        locate(user.screen, sheets, 0)
        user.screen.wait_until_still(still_s=PREPARE_S)
        measure(server, user.pointer, user.screen, shares[0], INK_HZ, user.pid)
        runs: dict[str, list[object]] = {"quiet": [], "busy": []}
        p99: dict[str, list[float]] = {"quiet": [], "busy": []}
        for number, share in enumerate(shares[1:]):
            kind = "busy" if number % 2 else "quiet"
            word = "yes" if kind == "busy" else "no"
            user.running.ask(f"busy {word}", f"busy {word}")
            user.screen.wait_until_still(still_s=0.4)
            run = measure(server, user.pointer, user.screen, share, INK_HZ, user.pid)
            runs[kind].append(run)
            if run.latency_ms is not None:
                p99[kind].append(run.latency_ms.p99)
        user.running.ask("busy no", "busy no")
    sheets.close()
    ratio = median(p99["busy"]) / median(p99["quiet"]) if all(p99.values()) else None
    return {"runs": runs, "p99_ms": p99, "p99_ratio": ratio}


def measure_memory(path: Path) -> Found:
    """Visit every page by the key, and look at the memory of all processes."""
    sheets = Sheets(path)
    used: list[Memory] = []
    unseen = 0
    with start_xvfb(*FULL_HD) as server, seat(driven(), server) as user:
        wait_until_ready(user.running, server)
        user.running.open(path)
        place = locate(user.screen, sheets, 0)
        watch = SheetWatch(user.screen, sheets, place)
        began_s = time.perf_counter()
        for number in range(1, len(sheets)):
            unseen += not _visit(user, watch)
            if number % EVERY == 0:
                used.append(memory(user.pid))
                progress(f"page {number}: {used[-1].pss_mb:.0f} MB")
        took_s = time.perf_counter() - began_s
        last = watch.likeness(len(sheets) - 1, watch.look())
        user.screen.wait_until_still(still_s=2.0)
        used.append(memory(user.pid))
    sheets.close()
    return {
        "most_pss_mb": max(each.pss_mb for each in used),
        "at_the_end": used[-1],
        "likeness_of_last_page": last,
        "pages_that_did_not_change": unseen,
        "took_s": took_s,
    }


def measure_export(path: Path) -> Found:
    """Take 200 annotated pages away in a running Kokuban, and compare all text."""
    command = [sys.executable, "-m", "benchmarks.document_export", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode != 0:
        raise X11Error(f"the export failed: {done.stderr[-800:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if not isinstance(found, dict):
        raise X11Error(f"the export said {done.stdout[-200:]}")
    return found


def measure_again(deck: Path) -> Found:
    """Open a PowerPoint file for the second time, in a program started anew."""
    with (
        start_xvfb(*FULL_HD) as server,
        tempfile.TemporaryDirectory(prefix="kokuban-bench-") as home,
    ):
        with seat(driven(), server, Path(home)) as user:
            wait_until_ready(user.running, server)
            began_s = time.perf_counter()
            user.running.open(deck)
            made = _await_conversion(Path(home) / "data" / "documents")
            converted_s = time.perf_counter() - began_s
            sheets = Sheets(made)
            place = locate(user.screen, sheets, 0)
        with seat(driven(), server, Path(home)) as user:
            wait_until_ready(user.running, server)
            watch = SheetWatch(user.screen, sheets, place)
            before, began_s = watch.look(), time.perf_counter()
            user.running.order_open(deck)
            second = watch.until_shown(0, began_s, before)
        sheets.close()
    return {"conversion_s": converted_s, "second_opening": second}


def bars(rounds: Sequence[Found]) -> list[Bar]:
    """Return the bars of what was measured, each for the median over the rounds."""
    found: list[Bar] = []

    def bar(name: str, most: float, pick: Callable[[Found], float | None]) -> None:
        values = [pick(each) for each in rounds]
        known = [value for value in values if value is not None]
        found.append(Bar(name, median(known) if known else None, at_most=most))

    names = dict.fromkeys(name for each in rounds for name in each)
    for name in names:
        kind, _, rest = name.partition(" ")
        if kind == "ours":
            bar(
                f"{rest}: first page readable s", FIRST_S, _value(name, "opening", "readable_s")
            )
            if any("cold" in _part(each, name) for each in rounds):
                cold, prepared = ("cold", "readable_ms"), ("prepared", "readable_ms")
                bar(f"{rest}: cold turn p95 ms", COLD_MS, _value(name, *cold, "p95"))
                bar(f"{rest}: prepared turn p95 ms", PREPARED_MS,
                    _value(name, *prepared, "p95"))  # fmt: skip
        elif kind == "zoom":
            bar(f"{rest}: 4x sharp at 4K ms", ZOOM_MS, _value(name, "median_sharp_ms"))
        elif kind == "started" and not rest.startswith("kokuban"):
            found += _peer_bars(rounds, name)
    single: tuple[tuple[str, str, float, tuple[str, ...]], ...] = (
        ("ink", "ink p99 while rendering, times quiet", INK_GROWTH, ("p99_ratio",)),
        ("memory", "memory PSS MB, every page visited", MEMORY_MB, ("most_pss_mb",)),
        ("export", f"export of {EXPORTED_PAGES} pages s", EXPORT_S, ("took_s",)),
        ("again", "second opening of a deck s", FIRST_S, ("second_opening", "readable_s")),
    )
    for name, words, most, way in single:
        if name in names:
            bar(words, most, _value(name, *way))
    if "export" in names:
        bar("exported pages with other text", 0.0, _count_of_other_texts)
        lost = _value("export", "strokes_that_do_not_come_back")
        bar("exported strokes that do not come back", 0.0, lost)
    return found


def _peer_bars(rounds: Sequence[Found], name: str) -> list[Bar]:
    """Return our times over a peer's, taken in each round; at most 1 is ahead.

    A display is never switched off: what people wait for is the touch on a file, where
    others have their program started. Both are told.
    """
    _, peer, document = name.split()
    opening, turn = ("opening", "readable_s"), ("turns", "readable_ms", "p95")
    running, started = f"ours {document}", f"started kokuban {document}"
    ways = (
        ("first page on a running display", running, opening),
        ("first page from the start of the program", started, opening),
        ("turn p95", started, turn),
    )
    found = []
    for words, own, way in ways:
        ratios = []
        for each in rounds:
            ours, theirs = _value(own, *way)(each), _value(name, *way)(each)
            if ours is not None and theirs:
                ratios.append(ours / theirs)
        label = f"{document}: {words}, times that of {peer}"
        found.append(Bar(label, median(ratios) if ratios else None, at_most=1.0))
    return found


def _value(*way: str) -> Callable[[Found], float | None]:
    """Return what finds a number in a round, along names of keys and attributes."""

    def find(found: Found) -> float | None:
        here: object = found
        for name in way:
            here = here.get(name) if isinstance(here, dict) else getattr(here, name, None)
        return float(here) if isinstance(here, int | float) else None

    return find


def _part(found: Found, name: str) -> Found:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _count_of_other_texts(found: Found) -> float | None:
    wrong = _part(found, "export").get("pages_with_other_text")
    return float(len(wrong)) if isinstance(wrong, list) else None


def _turns(user: Seat, watch: SheetWatch, numbers: Sequence[int], key: str) -> Turns:
    """Turn to neighbours by the key, each after a rest."""
    showings = []
    for number in numbers:
        time.sleep(PREPARE_S)
        before, began_s = watch.look(), time.perf_counter()
        user.pointer.tap_key(key)
        showings.append(watch.until_shown(number, began_s, before))
    return _summed(showings)


def _jumps(user: Seat, watch: SheetWatch, numbers: Sequence[int]) -> Turns:
    """Show pages far from any that was seen: nothing of them is prepared."""
    showings = []
    for number in numbers:
        before, began_s = watch.look(), time.perf_counter()
        user.running.order(f"page {number}")
        showings.append(watch.until_shown(number, began_s, before))
    return _summed(showings)


def _leaf(user: Seat, watch: SheetWatch, first: int, count: int) -> Percentiles:
    """Turn on as soon as a sheet can be read, as somebody does who looks for a page; ms."""
    before, began_s = watch.look(), time.perf_counter()
    user.running.order(f"page {first}")
    watch.until_shown(first, began_s, before)
    took_ms = []
    for number in range(first + 1, first + 1 + count):
        began_s = time.perf_counter()
        user.pointer.tap_key("Page_Down")
        took_ms.append(watch.until_readable(number, began_s) * 1e3)
    return percentiles(took_ms)


def _visit(user: Seat, watch: SheetWatch) -> bool:
    """Turn a page and wait until the screen rests for a moment; return whether it changed."""
    last = watch.look()
    began_s = time.perf_counter()
    user.pointer.tap_key("Page_Down")
    changed_s = 0.0
    while time.perf_counter() - began_s < VISIT_S:
        now = watch.look()
        if not np.array_equal(now, last):
            last, changed_s = now, time.perf_counter()
        elif changed_s and time.perf_counter() - changed_s > VISIT_STILL_S:
            return True
        time.sleep(0.002)
    return bool(changed_s)


def _summed(showings: Sequence[Showing]) -> Turns:
    return Turns(
        percentiles([showing.readable_s * 1e3 for showing in showings]),
        percentiles([showing.sharp_s * 1e3 for showing in showings]),
        min(showing.likeness for showing in showings),
    )


def _far_apart(pages: int, count: int) -> list[int]:
    """Return pages of which none is next to another or to those that turns have seen.

    Every fourth drawing is larger, and so is every fourth of these.
    """
    step = max(pages // (2 * count), 3)
    numbers = [pages // 2 + step * each + each % 2 for each in range(count)]
    return [number for number in numbers if number < pages]


def _is_large(number: int) -> bool:
    return number % LARGE_EVERY == 0


def _present(user: Seat, viewer: Viewer) -> None:
    for key in viewer.present:
        user.pointer.tap_key(key)


def _await_conversion(folder: Path, timeout_s: float = 120.0) -> Path:
    """Wait for the PDF that a conversion leaves in a folder of documents.

    Raises:
        X11Error: it does not come.
    """
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        found = sorted(folder.glob("*.pdf"))
        if found:
            return found[0]
        time.sleep(0.02)
    raise X11Error("the deck was not converted")


if __name__ == "__main__":
    sys.exit(main())
