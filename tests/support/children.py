"""The processes that a process started, as Linux tells them."""

from __future__ import annotations

from pathlib import Path


def all_children(parent: int) -> list[int]:
    """Return the ids of the processes that a process started and that still run."""
    tasks = Path(f"/proc/{parent}/task").iterdir()
    found = " ".join((task / "children").read_text() for task in tasks)
    return [int(pid) for pid in found.split() if is_running(int(pid))]


def is_running(pid: int) -> bool:
    """Return whether a process is there and not merely waiting to be reaped."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
