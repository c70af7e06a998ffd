"""Ink latency from outside: Kokuban, OpenBoard and Xournal++ with one code in one run.

    python -m benchmarks.ink_latency --json out.json

Each round starts every scenario once, in order, so that ratios between them are taken where
both met the same machine; a number is the median over the rounds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks import boards, ink_probe
from benchmarks.apps import (
    App,
    bare_canvas,
    kokuban,
    openboard,
    run_app,
    wait_until_ready,
    xournalpp,
)
from benchmarks.ink_probe import InkRun, measure, split_rows, wave_rows
from benchmarks.report import DISTURBED_PERCENT, finish, parser, progress, undisturbed
from benchmarks.summary import Bar, Percentiles, median_percentiles, median_ratio
from tools.x11 import Pointer, Screen, start_xvfb

RATES_HZ = (125, 240)
POINTS = {125: 500, 240: 800}
WARM_UP_POINTS = 100
FULL_HD = (1920, 1080)
UHD = (3840, 2160)
P50_MS = 0.8
P99_MS = 2.5
GROWTH = 1.5
NO_PREDICTION = ("--prediction-on", "no")
"""Predicted ink is on the screen before the pen: with it only the points that the prediction
missed could be timed. `kokuban-predicting` is the program as delivered, and held to the same
bars on those points."""
STROKES_ON_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Scenario:
    """One application on one screen."""

    name: str
    size_px: tuple[int, int]
    app: App


Runs = dict[str, dict[int, list[InkRun]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every bar holds."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", help="names of the scenarios to run")
    chosen = options.parse_args(arguments)
    rounds = chosen.rounds or 5
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kokuban-bench-")))
        scenarios = [
            scenario
            for scenario in plan_scenarios(folder)
            if not chosen.only or scenario.name in chosen.only
        ]
        if any(scenario.name == "kokuban-10000" for scenario in scenarios):
            boards.write_board(folder / "full.kokuban", STROKES_ON_PAGE)
        runs: Runs = {scenario.name: {rate: [] for rate in RATES_HZ} for scenario in scenarios}
        repeated = dict.fromkeys(runs, 0)
        for number in range(rounds):
            for scenario in scenarios:
                found, repeats = undisturbed(
                    partial(run_scenario, scenario), others_percent, chosen.repeats
                )
                repeated[scenario.name] += repeats
                for rate, run in found.items():
                    runs[scenario.name][rate].append(run)
                    say(f"round {number + 1}/{rounds} {scenario.name} {rate} Hz", run)
    settings = {
        "rounds": rounds,
        "points": POINTS,
        "warm_up_points": WARM_UP_POINTS,
        "disturbed_above_percent": DISTURBED_PERCENT,
        "repeated_because_disturbed": repeated,
        "lost_after_s": ink_probe.LOST_AFTER_S,
        "scenarios": {item.name: item.size_px for item in scenarios},
    }
    return finish("ink_latency", settings, describe(runs), bars(runs), chosen.json)


def plan_scenarios(folder: Path) -> list[Scenario]:
    """Return all scenarios in the order of a round."""
    full = folder / "full.kokuban"
    return [
        Scenario("kokuban", FULL_HD, kokuban(*NO_PREDICTION)),
        Scenario("openboard", FULL_HD, openboard()),
        Scenario("kokuban-4k", UHD, kokuban(*NO_PREDICTION)),
        Scenario("kokuban-10000", FULL_HD, kokuban(*NO_PREDICTION, "--open", str(full))),
        Scenario("kokuban-predicting", FULL_HD, kokuban()),
        Scenario("xournalpp", FULL_HD, xournalpp()),
        Scenario("bare", FULL_HD, bare_canvas()),
    ]


def others_percent(found: Mapping[int, InkRun]) -> float:
    """Return the most that processes without a part took during a run, of one core."""
    return max(run.others_cpu_percent for run in found.values())


def run_scenario(scenario: Scenario) -> Mapping[int, InkRun]:
    """Start the application once and write at each rate on a place of its own."""
    width, height = scenario.size_px
    shares = split_rows(
        wave_rows(width, height), [WARM_UP_POINTS, *(POINTS[rate] for rate in RATES_HZ)]
    )
    with (
        start_xvfb(width, height) as server,
        run_app(scenario.app, server) as running,
        Pointer(server) as pointer,
        Screen(server) as screen,
    ):
        wait_until_ready(running, server)
        measure(server, pointer, screen, shares[0], RATES_HZ[0], running.pid)
        return {
            rate: measure(server, pointer, screen, share, rate, running.pid)
            for rate, share in zip(RATES_HZ, shares[1:], strict=True)
        }


def describe(runs: Runs) -> dict[str, object]:
    """Return every run and the medians over the runs."""
    return {
        name: {
            f"{rate} Hz": {
                "median_ms": medians(found),
                "injected": sum(run.injected for run in found),
                "ahead": sum(run.ahead for run in found),
                "lost": sum(run.lost for run in found),
                "runs": [asdict(run) for run in found],
            }
            for rate, found in by_rate.items()
        }
        for name, by_rate in runs.items()
    }


def bars(runs: Runs) -> list[Bar]:
    """Return the bars of those scenarios that were run."""
    found = []
    for rate in RATES_HZ:
        for name in ("kokuban", "kokuban-predicting"):
            found += absolute_bars(f"{name} {rate} Hz", runs.get(name, {}).get(rate, []))
        ours = runs.get("kokuban", {}).get(rate, [])
        if not ours:
            continue
        for other, name, most, over in (
            ("openboard", "of OpenBoard", 1.0, False),
            ("kokuban-4k", "of the empty 1080p page, 4K", GROWTH, True),
            ("kokuban-10000", "of the empty 1080p page, 10,000 strokes", GROWTH, True),
        ):
            theirs = runs.get(other, {}).get(rate, [])
            for field, pick in PICKS.items() if theirs else ():
                pairs = (
                    ratio_pairs(theirs, ours, pick) if over else ratio_pairs(ours, theirs, pick)
                )
                found.append(
                    Bar(
                        f"{rate} Hz {field} times that {name}",
                        median_ratio(pairs),
                        at_most=most,
                    )
                )
    return found


def absolute_bars(label: str, found: Sequence[InkRun]) -> list[Bar]:
    """Return the bars that need no other run; none when there was no run."""
    if not found:
        return []
    typical = medians(found)
    return [
        Bar(f"{label} p50 ms", typical.p50 if typical else None, at_most=P50_MS),
        Bar(f"{label} p99 ms", typical.p99 if typical else None, at_most=P99_MS),
        Bar(f"{label} points lost", float(sum(run.lost for run in found)), at_most=0.0),
    ]


PICKS: dict[str, Callable[[Percentiles], float]] = {
    "p50": lambda value: value.p50,
    "p95": lambda value: value.p95,
    "p99": lambda value: value.p99,
}


def ratio_pairs(
    over: Sequence[InkRun], under: Sequence[InkRun], pick: Callable[[Percentiles], float]
) -> list[tuple[float, float]]:
    """Return one percentile of both sides for every round that timed both."""
    return [
        (pick(one.latency_ms), pick(other.latency_ms))
        for one, other in zip(over, under, strict=True)
        if one.latency_ms is not None and other.latency_ms is not None
    ]


def medians(found: Sequence[InkRun]) -> Percentiles | None:
    """Return the medians over the runs that timed anything."""
    timed = [run.latency_ms for run in found if run.latency_ms is not None]
    return median_percentiles(timed) if timed else None


def say(label: str, run: InkRun) -> None:
    """Print one run's line for the person who waits."""
    latency, times = run.latency_ms, "nothing timed"
    if latency is not None:
        times = f"p50 {latency.p50:.2f}  p95 {latency.p95:.2f}  p99 {latency.p99:.2f} ms"
    progress(
        f"{label}: {times}  n {run.timed}  ahead {run.ahead}  lost {run.lost}"
        f"  late {run.late_ticks}  cpu {run.app_cpu_percent:.0f} %"
        f"  others {run.others_cpu_percent:.0f} %"
    )


if __name__ == "__main__":
    sys.exit(main())
