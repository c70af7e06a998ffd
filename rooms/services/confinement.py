"""What the process that reads strangers' documents gives up before it reads the first one.

It keeps the descriptors it has and is handed, memory and threads: no file can be opened, no
socket, program or process made, no memory be run that was not there. The display confines
its render processes in the same way: docs/decisions/render-workers.md.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import struct
from pathlib import Path
from typing import Final

NICE: Final = 10
"""Ink and signalling come first."""
DESCRIPTORS: Final = 64

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER: Final = 1
_FLAG_TSYNC: Final = 1
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_KILL_PROCESS: Final = 0x80000000
_LOAD, _EQUALS, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32_BIT: Final = 0x40000000
_PROT_EXEC: Final = 4
_CLONE_THREAD: Final = 0x10000

_MACHINES: Final = {"x86_64": (0xC000003E, 0, 317), "aarch64": (0xC00000B7, 1, 277)}
"""Name of a machine: what the kernel calls it, its column below, its number of seccomp."""

_FREE: Final = (
    (0, 63), (1, 64), (3, 57), (5, 80), (7, -1), (8, 62), (11, 215), (12, 214), (13, 134),
    (14, 135), (15, 139), (17, 67), (24, 124), (25, 216), (28, 233), (35, 101), (39, 172),
    (44, 206), (45, 207), (46, 211), (47, 212), (60, 93), (72, 25), (96, 169), (99, 179),
    (110, 173), (131, 132), (186, 178), (202, 98), (204, 123), (219, 128), (228, 113),
    (229, 114), (230, 115), (231, 94), (271, 73), (273, 99), (318, 278), (334, 293),
)  # fmt: skip
"""read write close fstat poll lseek munmap brk rt_sigaction rt_sigprocmask rt_sigreturn
pread64 sched_yield mremap madvise nanosleep getpid sendto recvfrom sendmsg recvmsg exit fcntl
gettimeofday sysinfo getppid sigaltstack gettid futex sched_getaffinity restart_syscall
clock_gettime clock_getres clock_nanosleep exit_group ppoll set_robust_list getrandom rseq"""
_MMAP, _MPROTECT = (9, 222), (10, 226)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_KILL, _TGKILL = (62, 129), (234, 131)

_Step = tuple[int, int, int, int]


def die_with_parent(parent: int) -> None:
    """Let the kernel end this process with the thread that started it.

    Args:
        parent: Process id of the parent, who may have ended before this call.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def limit_reach(memory_bytes: int, output_bytes: int) -> None:
    """Bound what this process may take of the machine; it cannot be undone.

    Args:
        memory_bytes: That may be added to what it has now; more fails to be allocated. What
            is mapped of files does not count.
        output_bytes: Of any file it writes.
    """
    os.nice(NICE)
    # Without the right to it the default is good enough.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    memory = pages * resource.getpagesize() + memory_bytes
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
    ):
        hard = resource.getrlimit(kind)[1]
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (most, most))


def allow_computing() -> bool:
    """Leave this process what it can do with what it has; everything needed is imported.

    Returns:
        Whether the kernel did it.
    """
    machine = os.uname().machine
    if machine not in _MACHINES:
        return False
    name, column, seccomp = _MACHINES[machine]
    steps: list[_Step] = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUALS, 1, 0, name),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32_BIT), _refuse()]
    for numbers in _FREE:
        if numbers[column] >= 0:
            steps += [(_EQUALS, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    for call in (_MMAP, _MPROTECT):
        steps += _by_argument(call[column], 2, (_ANY_BIT, _PROT_EXEC), allowed=False)
    steps += _by_argument(_CLONE[column], 0, (_ANY_BIT, _CLONE_THREAD), allowed=True)
    # Its flags lie behind a pointer; told that it is unknown, libc takes `clone`.
    steps += [(_EQUALS, 0, 1, _CLONE3[column]), _refuse(errno.ENOSYS)]
    for call in (_KILL, _TGKILL):  # abort
        steps += _by_argument(call[column], 0, (_EQUALS, os.getpid()), allowed=True)
    return _install([*steps, _refuse()], seccomp)


def _by_argument(
    number: int, argument: int, test: tuple[int, int], *, allowed: bool
) -> list[_Step]:
    """Decide a call by an argument: `allowed` when the test holds, its opposite else."""
    allow: _Step = (_RETURN, 0, 0, _ALLOW)
    return [
        (_EQUALS, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument),
        (test[0], 0, 1, test[1]),
        *((allow, _refuse()) if allowed else (_refuse(), allow)),
    ]


def _refuse(error: int = errno.EPERM) -> _Step:
    return (_RETURN, 0, 0, _ERRNO | error)


def _install(steps: list[_Step], seccomp: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(steps), ctypes.addressof(kept))
    return int(libc.syscall(seccomp, _SET_MODE_FILTER, _FLAG_TSYNC, program)) == 0
