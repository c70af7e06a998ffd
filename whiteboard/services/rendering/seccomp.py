"""Which calls to the kernel a process may still make: seccomp filters, made by hand.

A filter is a program of the kernel's packet filter that sees the number of a call and its
arguments, not what pointers lead to. It holds for all threads and can never be taken off.
Without root it needs `no_new_privs`, which is set here.

Nothing heavy is imported: LibreOffice's launcher uses this too.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER: Final = 1
_FLAG_TSYNC: Final = 1

_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_KILL_PROCESS: Final = 0x80000000

_LOAD: Final = 0x20
_EQUALS: Final = 0x15
_AT_LEAST: Final = 0x35
_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06

_NUMBER_AT: Final = 0
_MACHINE_AT: Final = 4
_ARGUMENTS_AT: Final = 16
_X32_BIT: Final = 0x40000000

_AF_UNIX: Final = 1
_PROT_EXEC: Final = 4
_CLONE_THREAD: Final = 0x10000
_TIOCSTI: Final = 0x5412
_TIOCLINUX: Final = 0x541C

_MACHINES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""Name of a machine: what the kernel calls it, and its column in `_NUMBERS`."""

_NONE: Final = -1
_NUMBERS: Final = {
    "accept": (43, 202),
    "accept4": (288, 242),
    "acct": (163, 89),
    "add_key": (248, 217),
    "bind": (49, 200),
    "bpf": (321, 280),
    "brk": (12, 214),
    "chroot": (161, 51),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close": (3, 57),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "execve": (59, 221),
    "execveat": (322, 281),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "finit_module": (313, 273),
    "fork": (57, _NONE),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "futex": (202, 98),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioperm": (173, _NONE),
    "iopl": (172, _NONE),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "listen": (50, 201),
    "lseek": (8, 62),
    "madvise": (28, 233),
    "mmap": (9, 222),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "poll": (7, _NONE),
    "ppoll": (271, 73),
    "pread64": (17, 67),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "read": (0, 63),
    "reboot": (169, 142),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "request_key": (249, 218),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigqueueinfo": (129, 138),
    "rt_sigreturn": (15, 139),
    "rt_tgsigqueueinfo": (297, 240),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "set_robust_list": (273, 99),
    "setns": (308, 268),
    "sethostname": (170, 161),
    "settimeofday": (164, 170),
    "sigaltstack": (131, 132),
    "socket": (41, 198),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sysinfo": (99, 179),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, _NONE),
    "vmsplice": (278, 75),
    "write": (1, 64),
}
"""Numbers of calls on x86_64 and aarch64."""

_WORKING: Final = (
    "read", "write", "recvmsg", "sendto", "futex", "mmap", "munmap", "madvise", "brk",
    "pread64", "lseek", "close", "mremap", "mprotect", "clock_gettime", "getpid", "gettid",
    "getppid", "recvfrom", "sendmsg", "poll", "ppoll", "sched_yield", "clock_nanosleep",
    "nanosleep", "gettimeofday", "clock_getres", "getrandom", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "set_robust_list",
    "rseq", "sched_getaffinity", "sysinfo", "exit", "exit_group",
)  # fmt: skip
"""What computing, memory, threads and descriptors that are open already need."""

_OF_OTHERS: Final = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_open",
    "pidfd_getfd", "pidfd_send_signal", "kcmp", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "tkill", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "add_key", "request_key", "keyctl", "mount", "umount2", "move_mount",
    "mount_setattr", "open_tree", "fsopen", "fspick", "pivot_root", "chroot", "setns",
    "unshare", "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "iopl", "ioperm",
    "open_by_handle_at", "sethostname", "settimeofday", "personality", "vmsplice",
)  # fmt: skip
"""What reaches into other processes or the machine, and what the kernel's own faults are
usually reached through."""

_Step = tuple[int, int, int, int]


class _Code:
    """The filter of one machine while it is written."""

    def __init__(self, machine: str) -> None:
        name, self._column = _MACHINES[machine]
        self.steps: list[_Step] = [
            (_LOAD, 0, 0, _MACHINE_AT),
            (_EQUALS, 1, 0, name),
            (_RETURN, 0, 0, _KILL_PROCESS),
            (_LOAD, 0, 0, _NUMBER_AT),
        ]
        if machine == "x86_64":
            self.steps += [(_AT_LEAST, 0, 1, _X32_BIT), _refuse()]

    def always(self, names: Iterable[str], end: _Step) -> None:
        """End the calls of these names."""
        for number in filter(lambda number: number != _NONE, map(self._number, names)):
            self.steps += [(_EQUALS, 0, 1, number), end]

    def when(self, name: str, argument: int, test: int, value: int, ends: str) -> None:
        """End a call by its argument: `ends` is "allow" or "refuse" when the test holds.

        The other outcome is its opposite. The upper half of an argument is not looked at;
        none of those tested has one.
        """
        yes, no = (_allow(), _refuse()) if ends == "allow" else (_refuse(), _allow())
        self.steps += [
            (_EQUALS, 0, 4, self._number(name)),
            (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument),
            (test, 0, 1, value),
            yes,
            no,
        ]

    def no_new_processes(self) -> None:
        """Let threads be made, and nothing that is a process."""
        self.when("clone", 0, _ANY_BIT, _CLONE_THREAD, "allow")
        # Its flags lie behind a pointer; told that it is unknown, libc takes `clone`.
        self.always(("clone3",), _refuse(errno.ENOSYS))
        self.always(("fork", "vfork"), _refuse())

    def signals_to_itself(self) -> None:
        """Let `abort` work."""
        for name in ("kill", "tgkill"):
            self.when(name, 0, _EQUALS, os.getpid(), "allow")

    def _number(self, name: str) -> int:
        return _NUMBERS[name][self._column]


def allow_computing() -> bool:
    """Leave this process what it can do with what it has: no file, socket, program, process.

    Memory cannot be made executable any more, so nothing can be loaded either.

    Returns:
        Whether the kernel took the filter.
    """
    machine = os.uname().machine
    if machine not in _MACHINES:
        return False
    code = _Code(machine)
    code.when("mmap", 2, _ANY_BIT, _PROT_EXEC, "refuse")
    code.when("mprotect", 2, _ANY_BIT, _PROT_EXEC, "refuse")
    code.always(_WORKING, _allow())
    code.no_new_processes()
    code.signals_to_itself()
    return _install([*code.steps, _refuse()])


def refuse_reaching_out(*, may_become_program: bool = False) -> bool:
    """Take the network, new processes and the reach into other ones from this process.

    Args:
        may_become_program: Whether `execve` stays, with sockets that nobody outside hears.

    Returns:
        Whether the kernel took the filter.
    """
    machine = os.uname().machine
    if machine not in _MACHINES:
        return False
    code = _Code(machine)
    code.always(_OF_OTHERS, _refuse())
    code.always(("connect",), _refuse())
    if may_become_program:
        code.when("socket", 0, _EQUALS, _AF_UNIX, "allow")
    else:
        code.always(("socket", "bind", "listen", "accept", "accept4"), _refuse())
        code.always(("execve", "execveat"), _refuse())
    code.no_new_processes()
    code.signals_to_itself()
    _refuse_typing(code)
    return _install([*code.steps, _allow()])


def _refuse_typing(code: _Code) -> None:
    """Keep it from typing into the terminal the board was started from."""
    number = code._number("ioctl")
    code.steps += [
        (_EQUALS, 0, 5, number),
        (_LOAD, 0, 0, _ARGUMENTS_AT + 8),
        (_EQUALS, 1, 0, _TIOCSTI),
        (_EQUALS, 0, 1, _TIOCLINUX),
        _refuse(),
        _allow(),
    ]


def _allow() -> _Step:
    return (_RETURN, 0, 0, _ALLOW)


def _refuse(error: int = errno.EPERM) -> _Step:
    return (_RETURN, 0, 0, _ERRNO | error)


def _install(steps: list[_Step]) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(steps), ctypes.addressof(kept))
    number = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
    taken = libc.syscall(number, _SET_MODE_FILTER, _FLAG_TSYNC, program)
    return int(taken) == 0
