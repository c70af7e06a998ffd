import errno
import os
from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from base.paths import ASSETS_DIR, default_data_dir, make_data_dir


def test_default_follows_the_users_custom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "kokuban"


def test_override_is_made_with_its_parents(tmp_path: Path) -> None:
    folder = make_data_dir(tmp_path / "棚" / "黒板 1")
    assert folder == tmp_path / "棚" / "黒板 1"
    assert folder.is_dir()


def test_folder_is_left_as_it_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.kokuban").touch()
    make_data_dir(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.kokuban"]


def test_relative_override_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert make_data_dir(Path("data")) == tmp_path / "data"


def test_folder_below_a_file_is_told_as_read_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AppError) as caught:
        make_data_dir(tmp_path / "file" / "data")
    assert caught.value.code is ErrorCode.READ_ONLY
    assert str(tmp_path) in caught.value.detail


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_full_disk_is_told_apart_from_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The system's own device that is always full stands in for the disk.
    monkeypatch.setattr(
        "tempfile.NamedTemporaryFile",
        lambda **_: Path("/dev/full").open("wb", buffering=0),  # noqa: SIM115
    )
    with pytest.raises(AppError) as caught:
        make_data_dir(tmp_path)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert os.strerror(errno.ENOSPC) in caught.value.detail


def test_assets_lie_beside_the_packages() -> None:
    assert (ASSETS_DIR / "icons").is_dir()
