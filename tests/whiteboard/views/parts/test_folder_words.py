"""What folders are called on the glass."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.text import language, set_language
from whiteboard.views.parts.folder_words import folder_name


def test_folders_of_the_system_are_called_in_the_language_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = language()
    try:
        set_language("ja")
        names = [folder_name(tmp_path / name) for name in ("Documents", "Downloads", "Desktop")]
        assert names == ["書類", "ダウンロード", "デスクトップ"]
        set_language("en")
        assert folder_name(tmp_path / "Downloads") == "Downloads"
        assert folder_name(tmp_path / "Documents" / "会議") == "会議"
    finally:
        set_language(before)


def test_home_folder_keeps_its_name_where_the_system_names_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = tmp_path / "config"
    config.mkdir()
    (config / "user-dirs.dirs").write_text('XDG_DESKTOP_DIR="$HOME/"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    assert folder_name(tmp_path) == tmp_path.name
