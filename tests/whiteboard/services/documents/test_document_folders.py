"""What of a folder is offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from whiteboard.services.documents.document_folders import (
    EntryKind,
    kind_of_name,
    list_folder,
    own_folders,
    shown_name,
)


def test_folders_come_first_and_names_are_sorted_as_people_do(tmp_path: Path) -> None:
    for name in ("第10回.pdf", "第2回.pdf", "b.pptx"):
        (tmp_path / name).write_bytes(b"1234")
    (tmp_path / "z").mkdir()
    listing = list_folder(tmp_path)
    assert [entry.path.name for entry in listing.entries] == [
        "z",
        "b.pptx",
        "第2回.pdf",
        "第10回.pdf",
    ]
    assert [entry.size_bytes for entry in listing.entries] == [0, 4, 4, 4]


def test_only_what_can_be_opened_is_listed(tmp_path: Path) -> None:
    for name in ("a.exe", ".hidden.pdf", "~$deck.pptx", "a.PDF", "a.kokuban", "pipe"):
        (tmp_path / name).touch()
    assert [entry.path.name for entry in list_folder(tmp_path).entries] == ["a.PDF"]


def test_pictures_are_counted(tmp_path: Path) -> None:
    for name in ("1.png", "2.JPG", "3.heic", "a.pdf"):
        (tmp_path / name).touch()
    assert list_folder(tmp_path).pictures == 3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.pdf", EntryKind.PDF),
        ("a.odp", EntryKind.SLIDES),
        ("a.docx", EntryKind.LETTER),
        ("a.csv", EntryKind.TABLE),
        ("a.webp", EntryKind.PICTURE),
        ("a.xopp", EntryKind.NOTEBOOK),
        ("a.txt", None),
    ],
)
def test_icon_follows_the_name(name: str, kind: EntryKind | None) -> None:
    assert kind_of_name(name) is kind


def test_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(AppError) as caught:
        list_folder(tmp_path / "stick" / "folder")
    assert caught.value.code is ErrorCode.MEDIUM_GONE


def test_listing_stops_when_it_is_not_wanted_any_more(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    listing = list_folder(tmp_path, lambda: True)
    assert (listing.entries, listing.is_cut) == ((), True)


def test_name_that_is_no_text_can_be_shown() -> None:
    name = shown_name(Path("/" + b"\x83v\x83\x89.pdf".decode("utf-8", "surrogateescape")))
    assert name == "?v??.pdf"


def test_own_folders_are_those_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    exports = tmp_path / "exports"
    exports.mkdir()
    (tmp_path / "Documents").mkdir()
    assert own_folders(exports) == (tmp_path / "Documents", exports)


def test_own_folders_begin_with_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("Desktop", "Downloads", "Documents"):
        (tmp_path / name).mkdir()
    names = [folder.name for folder in own_folders(tmp_path / "exports")]
    assert names == ["Documents", "Downloads", "Desktop"]
