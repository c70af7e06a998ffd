"""What a process that reads strangers' files may take of the machine, set at its start.

Linux only, like the display. Nothing here can be undone by the process, save for `nice`.
"""

from __future__ import annotations

import ctypes
import functools
import os
import resource
import signal
from pathlib import Path
from typing import Final

NICE: Final = 10
"""The pen comes first: docs/decisions/processes.md."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_PAGE_BYTES: Final = resource.getpagesize()

_libc: Final = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Let the kernel end this process when its parent ends, however that happens.

    Args:
        parent: Process id of the parent, who may have ended before this call.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def step_back() -> None:
    """Give way to the process that draws, and let the kernel end this one first."""
    os.nice(NICE)
    # Without the right to it (a container, another user's file) the default is good enough.
    try:
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")
    except OSError:
        return


def limit_reach(memory_bytes: int) -> None:
    """Bound what a hostile file could get out of this process.

    It cannot write files, start programs with more rights or dump core, and an allocation
    beyond the limit fails, which MuPDF survives.

    Args:
        memory_bytes: Memory of its own that may be added to what it has now.
    """
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # What is mapped of files does not count: a document of a gigabyte may be open.
    limit = _statm(5) + memory_bytes
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def return_freed_memory() -> None:
    """Make big blocks go back to the system when freed, not into the heap's reserve."""
    _libc.mallopt(_M_MMAP_THRESHOLD, 1 << 20)
    _libc.mallopt(_M_TRIM_THRESHOLD, 8 << 20)


def trim_heap() -> None:
    """Give freed memory back to the system."""
    _libc.malloc_trim(0)


def private_bytes() -> int:
    """Return the memory in use that is shared with nobody."""
    return _statm(1) - _statm(2)


def _statm(field: int) -> int:
    return int(os.pread(_statm_file(), 256, 0).split()[field]) * _PAGE_BYTES


@functools.cache
def _statm_file() -> int:
    # Kept open: after `confinement` no file can be opened.
    return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
