"""Which files a process may still open: Landlock, the kernel's sandbox for everybody.

It needs no rights and holds for what the process opens from then on; descriptors that are
open stay. Kernels before 5.13 have none, and some leave it switched off. What a younger
kernel adds is asked for where it is there.

Nothing heavy is imported: LibreOffice's launcher uses this too.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_FOLDER: Final = 1 << 3
_MAKE_SOCKET: Final = 1 << 9
_MAKE_DEVICES: Final = (1 << 6) | (1 << 11)
_TRUNCATE: Final = 1 << 14
_USE_DEVICE: Final = 1 << 15
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _USE_DEVICE

_RIGHTS_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights over files each version knows; later ones 16."""
_TCP: Final = 0b11
_TCP_SINCE: Final = 4
_SCOPES: Final = 0b11
"""Abstract sockets and signals of processes outside."""
_SCOPES_SINCE: Final = 6

_libc: Final = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return what the kernel has of Landlock; 0 for nothing."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, _VERSION)))


def restrict_files(
    readable: Iterable[str] = (),
    writable: Iterable[str] = (),
    runnable: Iterable[str] = (),
    sockets: Iterable[str] = (),
) -> bool:
    """Let this process and its children open nothing but this, and what lies below it.

    It may not trace processes outside either, nor use TCP or signal them where the kernel
    knows how. Threads that are there already are not restricted. Paths that do not exist are
    passed by.

    Args:
        readable: Files and folders to read and list.
        writable: Files and folders to do anything with but make devices.
        runnable: Files and folders to read, list and run programs from.
        sockets: Folders to make sockets in, and nothing else.

    Returns:
        Whether the kernel did it.
    """
    known = version()
    if not known:
        return False
    handled = (1 << _RIGHTS_BITS.get(known, 16)) - 1
    # An older kernel takes a shorter structure.
    parts = 1 + (known >= _TCP_SINCE) + (known >= _SCOPES_SINCE)
    attributes = struct.pack("=QQQ", handled, _TCP, _SCOPES)[: 8 * parts]
    ruleset = int(_libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    if ruleset < 0:
        return False
    try:
        reading = _READ_FILE | _READ_FOLDER
        for paths, rights in (
            (readable, reading),
            (runnable, reading | _EXECUTE),
            (writable, handled & ~(_EXECUTE | _MAKE_DEVICES)),
            (sockets, _MAKE_SOCKET),
        ):
            for path in paths:
                _allow(ruleset, path, rights & handled)
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return int(_libc.syscall(_RESTRICT_SELF, ruleset, 0)) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)
