"""A render process that tries to get out instead of working: `... ROLE PORT OTHER`.

ROLE says what its kernel lacks: "none", or means of `confinement` joined by commas; "free" is
a process that gives up nothing, to compare with.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import threading
from pathlib import Path

from tests.support.long_functions import outcome_of, try_reaching_out
from whiteboard.services.rendering import confinement, landlock, render_worker, seccomp


def main(lacking: str, port: str, other: str) -> None:
    """Confine this process and print what comes of each attempt."""
    channel, control = _pretend()
    if confinement.NO_LANDLOCK in lacking:
        landlock.version = lambda: 0
    if confinement.NO_FILTER in lacking:
        seccomp._MACHINES.clear()
    if lacking == "free":
        confinement.confine_renderer = list
    render_worker.serve = lambda *arguments: _try(int(port), int(other), arguments[2])
    sys.exit(render_worker.main([str(channel), str(control), str(os.getppid())]))


def _pretend() -> tuple[int, int]:
    import socket

    ours, _theirs = socket.socketpair()
    control = os.memfd_create("control")
    os.ftruncate(control, 4096)
    return ours.detach(), control


def _try(port: int, other: int, missing: list[str]) -> None:
    threads: list[int] = []
    thread = threading.Thread(target=lambda: threads.append(1))
    found = {
        **try_reaching_out(port, other),
        "write a file": outcome_of(lambda: Path("/tmp/kokuban-out").write_bytes(b"x")),
        "list a folder": outcome_of(lambda: list(Path("/etc").iterdir())),
        "executable memory": outcome_of(
            lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)
        ),
        "new thread": outcome_of(lambda: (thread.start(), thread.join())),
        "missing": ",".join(missing),
    }
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
