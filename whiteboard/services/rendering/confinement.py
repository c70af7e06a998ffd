"""What processes that read strangers' files give up before they read the first one.

A file that takes such a process over must find nothing in it to use. Where a kernel lacks a
means the others have to do; `missing` says which, for one line in the log.

Nothing heavy is imported: LibreOffice's launcher uses this too.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from typing import Final

from whiteboard.services.rendering import landlock, seccomp

NO_LANDLOCK: Final = "landlock"
NO_FILTER: Final = "seccomp"

_SYSTEM: Final = (
    "/usr", "/lib", "/lib64", "/bin",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/mime.types", "/etc/libreoffice",
    "/etc/papersize", "/etc/locale.alias", "/etc/nsswitch.conf", "/etc/alternatives",
    "/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice",
    "/sys/devices/system/cpu", "/proc/self", "/proc/cpuinfo", "/proc/meminfo",
    "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip
"""Programs, fonts, and what tells of the machine; nobody's own files."""
_HOME_FONTS: Final = ("~/.fonts", "~/.local/share/fonts", "~/.cache/fontconfig")
_CAPABILITIES_3: Final = 0x20080522
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}


def confine_renderer() -> list[str]:
    """Leave this process the descriptors it has, memory and threads; nothing else.

    Everything that will be needed has to be imported.

    Returns:
        What the kernel did not do.
    """
    _drop_rights()
    missing = [] if landlock.restrict_files() else [NO_LANDLOCK]
    return missing if seccomp.allow_computing() else [*missing, NO_FILTER]


def confine_job(readable: Sequence[str], writable: Sequence[str]) -> list[str]:
    """Leave this process some files: no network, no programs, no other process.

    Call it before modules are imported that start threads, which would go free.

    Args:
        readable: Files and folders it may read, besides the system's.
        writable: Folders it may write in.

    Returns:
        What the kernel did not do.
    """
    python = [path for path in (*sys.path, sys.prefix, sys.base_prefix) if path]
    may_read = (*_SYSTEM, *_fonts(), *python, *readable)
    done = landlock.restrict_files(may_read, (*writable, "/dev/null"))
    missing = [] if done else [NO_LANDLOCK]
    return missing if seccomp.refuse_reaching_out() else [*missing, NO_FILTER]


def confine_program(program: str, readable: Sequence[str], writable: Sequence[str]) -> None:
    """Leave the program that this process is about to become some files and the system's.

    Args:
        program: Its executable; what lies beside and above it is its own.
        readable: Files and folders it may read.
        writable: Folders it may write in.
    """
    above = os.path.dirname(os.path.dirname(os.path.realpath(program)))  # noqa: PTH120
    landlock.restrict_files(
        (*_fonts(), "/etc/passwd", "/proc/filesystems", *readable),
        (*writable, "/dev/null"),
        (*_SYSTEM, above),
        # LibreOffice does not start without one that nobody will ever call.
        ("/tmp", "/var/tmp"),  # noqa: S108
    )
    seccomp.refuse_reaching_out(may_become_program=True)


def _fonts() -> list[str]:
    return [os.path.expanduser(path) for path in _HOME_FONTS]  # noqa: PTH111


def _drop_rights() -> None:
    """Give up what root may do, where this is root."""
    number = _CAPSET.get(os.uname().machine)
    if number is not None and os.geteuid() == 0:
        head = struct.pack("=Ii", _CAPABILITIES_3, 0)
        ctypes.CDLL(None, use_errno=True).syscall(number, head, bytes(24))
