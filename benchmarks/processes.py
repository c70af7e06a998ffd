"""What a process and its children use, read from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process and all its descendants, in MB of 1,000,000 bytes.

    Attributes:
        rss_mb: Sum of resident sets; shared pages are counted once for each process.
        pss_mb: Proportional set: shared pages are divided among those who share them.
        processes: How many there were.
    """

    rss_mb: float
    pss_mb: float
    processes: int


def family(pid: int) -> list[int]:
    """Return the process and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        waiting += children.get(member, [])
    return found


def cpu_seconds(pid: int) -> float:
    """Return user plus system time of a process, its descendants and its dead children."""
    ticks = 0
    for member in family(pid):
        fields = _stat(member)
        if fields:
            own, reaped = fields[11:13], fields[13:15]
            ticks += sum(int(value) for value in own + reaped)
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class UsageSoFar:
    """Processor time since a `Usage` was made, in percent of one core.

    Attributes:
        app_percent: The application with its descendants.
        others_percent: Every process of the machine that takes no part in the measurement.
    """

    app_percent: float
    others_percent: float


class Usage:
    """Counts the processor time of an application, and of those who only disturb."""

    def __init__(self, app: int, helpers: Sequence[int]) -> None:
        """Begin to count.

        Args:
            app: Process id of the application.
            helpers: Other processes that take part: the X server, this one.
        """
        self._app, self._helpers = app, helpers
        self._began_s = time.perf_counter()
        self._app_s, self._helpers_s, self._all_s = self._now()

    def so_far(self) -> UsageSoFar:
        """Return what was used since the beginning."""
        span_s = time.perf_counter() - self._began_s
        app_s, helpers_s, all_s = self._now()
        used_s = app_s - self._app_s
        others_s = all_s - self._all_s - used_s - (helpers_s - self._helpers_s)
        return UsageSoFar(100 * used_s / span_s, max(0.0, 100 * others_s / span_s))

    def _now(self) -> tuple[float, float, float]:
        helpers_s = sum(_own_seconds(helper) for helper in self._helpers)
        return cpu_seconds(self._app), helpers_s, _busy_seconds()


def _own_seconds(pid: int) -> float:
    fields = _stat(pid)
    return sum(int(value) for value in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def _busy_seconds() -> float:
    """Return what all processes of the machine have used; neither idle nor stolen time."""
    counts = (PROC / "stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq = (int(count) for count in counts[:7])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> Memory:
    """Return what a process and its descendants hold now."""
    rss_kb = pss_kb = count = 0
    for member in family(pid):
        sizes = _smaps(member)
        if sizes:
            rss_kb += sizes.get("Rss", 0)
            pss_kb += sizes.get("Pss", 0)
            count += 1
    return Memory(rss_kb * 1024 / 1e6, pss_kb * 1024 / 1e6, count)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; empty when it has gone.

    The name before them stands in parentheses and may contain spaces.
    """
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def _smaps(pid: int) -> dict[str, int]:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}
