"""What is mounted, and which of it is a stick that a person brought."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of /proc/self/mountinfo.

    Attributes:
        device: `major:minor` of the block device.
        folder: Where it is mounted.
    """

    device: str
    folder: PurePosixPath


@dataclass(frozen=True, slots=True)
class Disk:
    """A whole disk.

    Attributes:
        name: `sdb`.
        removable: Whether its medium can be taken out, as the kernel says.
    """

    name: str
    removable: bool


def parse_mountinfo(text: str) -> tuple[Mount, ...]:
    """Return the mounts, in order. Source: proc(5), /proc/pid/mountinfo.

    Lines that are not as the manual says are left out.
    """
    return tuple(
        Mount(device=parts[2], folder=PurePosixPath(_unescape(parts[4])))
        for parts in (line.split(" ") for line in text.splitlines())
        if len(parts) >= 7 and ":" in parts[2]
    )


def choose_removable(
    mounts: Sequence[Mount],
    disk_of: Callable[[str], Disk | None],
    roots: Sequence[PurePosixPath],
) -> tuple[PurePosixPath, ...]:
    """Return the folders of sticks, in the order they were mounted.

    A stick is a disk that the kernel calls removable, or anything that the desktop
    mounted for the person (USB hard disks do not call themselves removable). The disk
    that the system itself started from is none, wherever else it is mounted.

    Args:
        mounts: What is mounted.
        disk_of: Returns the disk of a `major:minor`; None for what is on no disk.
        roots: Folders below which the desktop mounts for the person.
    """
    system = {disk_of(mount.device) for mount in mounts if mount.folder == PurePosixPath("/")}
    chosen: dict[PurePosixPath, None] = {}
    for mount in mounts:
        disk = disk_of(mount.device)
        below_root = any(root in mount.folder.parents for root in roots)
        brought = disk is not None and disk.removable and disk not in system
        if brought or below_root:
            chosen[mount.folder] = None
    return tuple(chosen)


def _unescape(field: str) -> str:
    # Space, tab, newline and backslash stand as three octal digits each.
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), field)
