"""What every benchmark says: the machine, the versions, the settings, the bars, as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from benchmarks.summary import Bar

T = TypeVar("T")

DISTURBED_PERCENT = 10.0
"""Of one core, by processes that take no part; above it a run is repeated."""
ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("PySide6-Essentials", "numpy", "pycrdt", "qasync")
DEBIAN_PACKAGES = ("xvfb", "xserver-xorg-core", "openboard", "xournalpp")


def parser(description: str) -> argparse.ArgumentParser:
    """Return the options every benchmark has: --json and --rounds."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", type=Path, help="also write the result to this file")
    made.add_argument("--rounds", type=int, help="how often everything is measured")
    made.add_argument(
        "--repeats",
        type=int,
        default=3,
        help="how often a run is repeated at most because others used the machine (3)",
    )
    return made


def undisturbed(
    run: Callable[[], T], others_percent: Callable[[T], float], most_repeats: int
) -> tuple[T, int]:
    """Run a measurement, again while others used the machine; return it and the repeats.

    The choice looks at the processor time of processes that take no part, never at what was
    measured. After the last repeat the run stands; its report says what disturbed it.
    """
    repeats = 0
    while True:
        found = run()
        others = others_percent(found)
        if others <= DISTURBED_PERCENT or repeats >= most_repeats:
            return found, repeats
        repeats += 1
        progress(f"others took {others:.0f} % of a core: once more")


def progress(text: str) -> None:
    """Say on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)


def finish(
    name: str,
    settings: Mapping[str, object],
    results: Mapping[str, object],
    bars: Sequence[Bar],
    json_path: Path | None,
) -> int:
    """Print the report, write it where asked, and return the exit status.

    Returns:
        0 when every bar holds, 1 otherwise.
    """
    passed = all(bar.passed for bar in bars)
    report = {
        "benchmark": name,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "settings": settings,
        "results": results,
        "bars": [{**asdict(bar), "passed": bar.passed} for bar in bars],
        "passed": passed,
    }
    text = json.dumps(report, indent=1, default=_plain, ensure_ascii=False)
    print(text)
    if json_path is not None:
        json_path.write_text(text + "\n", encoding="utf-8")
    for bar in bars:
        limit = f"<= {bar.at_most}" if bar.at_most is not None else f">= {bar.at_least}"
        measured = "nothing" if bar.measured is None else f"{bar.measured:.3f}"
        progress(f"{'passed' if bar.passed else 'MISSED'}  {bar.name}: {measured} ({limit})")
    return 0 if passed else 1


def machine() -> dict[str, object]:
    """Return what the numbers depend on."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "memory_mb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6),
        "load_1_min": os.getloadavg()[0],
    }


def versions() -> dict[str, str]:
    """Return the versions of everything that takes part."""
    found = {"python": platform.python_version(), "commit": _commit()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    found.update({package: _debian_version(package) for package in DEBIAN_PACKAGES})
    return found


def _commit() -> str:
    return _output(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]) or "unknown"


def _debian_version(package: str) -> str:
    return _output(["dpkg-query", "-W", "-f", "${Version}", package]) or "not installed"


def _output(command: Sequence[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no place in a report")
