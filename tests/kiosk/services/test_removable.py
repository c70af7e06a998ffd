import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.services.removable import RemovableFolders


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "sticks"
    folder.mkdir()
    return folder


@pytest.fixture
def sticks(qapp: object, root: Path) -> Iterator[RemovableFolders]:
    made = RemovableFolders({"KOKUBAN_REMOVABLE_ROOT": str(root)})
    yield made
    made.shutdown()


def test_folders_below_the_given_root_are_sticks(sticks: RemovableFolders, root: Path) -> None:
    (root / "B").mkdir()
    (root / "A").mkdir()
    (root / "file").touch()
    assert sticks.folders() == (root / "A", root / "B")


def test_missing_root_offers_nothing(qapp: object, tmp_path: Path) -> None:
    sticks = RemovableFolders({"KOKUBAN_REMOVABLE_ROOT": str(tmp_path / "none")})
    assert sticks.folders() == ()
    sticks.shutdown()


def test_mount_is_heard_of_without_polling(sticks: RemovableFolders, root: Path, qtbot) -> None:
    stick = root / "stick"
    with qtbot.waitSignal(sticks.changed, timeout=5000):
        # The folder appears, and any mount at all wakes the watcher to look again.
        stick.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "none", str(stick)], check=False, capture_output=True
        )
        if mounted.returncode != 0:
            pytest.skip("mounting needs a privileged user")
    subprocess.run(["umount", str(stick)], check=True)
