"""The USB sticks that are plugged in now."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from kiosk.model.mounts import Disk, choose_removable, parse_mountinfo

MOUNTINFO: Final = Path("/proc/self/mountinfo")
BLOCK_DEVICES: Final = Path("/sys/dev/block")
ROOT_VARIABLE: Final = "KOKUBAN_REMOVABLE_ROOT"


class RemovableFolders(QObject):
    """Knows the folders of the sticks and hears from the kernel when that changes.

    The kernel marks the open mountinfo file at each mount and unmount, so nothing is
    polled. UI thread.

    Args:
        environment: For USER and KOKUBAN_REMOVABLE_ROOT. The latter names a folder whose
            folders are all taken for sticks: for trying out, and for sites that mount
            shares where people look for sticks.
    """

    changed = Signal()

    def __init__(self, environment: Mapping[str, str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        user = environment.get("USER", "")
        bases = (PurePosixPath("/media"), PurePosixPath("/run/media"))
        self._roots = tuple(base / user for base in bases) if user else bases
        given = environment.get(ROOT_VARIABLE, "")
        self._given_root = Path(given) if given else None
        self._file = os.open(MOUNTINFO, os.O_RDONLY | os.O_CLOEXEC)
        self._known = self.folders()
        self._notifier = QSocketNotifier(self._file, QSocketNotifier.Type.Exception, self)
        self._notifier.activated.connect(self._mounts_changed)

    def folders(self) -> tuple[Path, ...]:
        """Return the folders of the sticks that are mounted now."""
        text = MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
        chosen = choose_removable(parse_mountinfo(text), _disk_of, self._roots)
        return tuple(Path(folder) for folder in chosen) + self._given_folders()

    def shutdown(self) -> None:
        """Stop listening."""
        self._notifier.setEnabled(False)
        os.close(self._file)

    def _given_folders(self) -> tuple[Path, ...]:
        if self._given_root is None or not self._given_root.is_dir():
            return ()
        return tuple(sorted(path for path in self._given_root.iterdir() if path.is_dir()))

    def _mounts_changed(self) -> None:
        found = self.folders()
        if found != self._known:
            self._known = found
            self.changed.emit()


def _disk_of(device: str) -> Disk | None:
    """Return the disk that `major:minor` lies on, from sysfs."""
    entry = BLOCK_DEVICES / device
    if not entry.exists():
        return None
    folder = entry.resolve()
    # A partition's folder lies inside the one of its disk.
    disk = folder.parent if (folder / "partition").exists() else folder
    try:
        removable = (disk / "removable").read_text(encoding="ascii").strip() == "1"
    except OSError:
        return None
    return Disk(disk.name, removable)
