"""What of a folder can be opened as a document. All of it for worker threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QStandardPaths

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.documents.document_kinds import DOCUMENT_SUFFIXES, PICTURE_SUFFIXES
from whiteboard.services.documents.image_folders import natural_order

MOST_SEEN: Final = 50_000
"""A folder with more in it is not read to its end."""
LEAST_PICTURES: Final = 2
"""So many pictures in a folder are offered as one document."""


class EntryKind(StrEnum):
    """What a file is by its name: what its icon says."""

    FOLDER = "folder"
    PDF = "pdf"
    SLIDES = "slides"
    LETTER = "letter"
    TABLE = "table"
    PICTURE = "picture"
    NOTEBOOK = "notebook"


_KINDS: Final[Mapping[str, EntryKind]] = MappingProxyType(
    {
        ".pdf": EntryKind.PDF,
        ".xopp": EntryKind.NOTEBOOK,
        **dict.fromkeys(PICTURE_SUFFIXES, EntryKind.PICTURE),
        **dict.fromkeys(
            (".pptx", ".ppt", ".pptm", ".ppsx", ".pps", ".odp", ".odg"), EntryKind.SLIDES
        ),
        **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods", ".csv", ".tsv"), EntryKind.TABLE),
    }
)
SUFFIXES: Final = frozenset({*DOCUMENT_SUFFIXES, *_KINDS})
"""What `--open`, a drop and a list take for a document before its content is looked at."""


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A folder, or a file that looks like a document.

    Attributes:
        path: Where it is.
        kind: What it looks like.
        modified_s: When it was changed last, seconds since 1970; 0 for a folder.
        size_bytes: Of the file; 0 for a folder.
    """

    path: Path
    kind: EntryKind
    modified_s: float = 0.0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds.

    Attributes:
        folder: The folder.
        entries: Folders, then files, each in natural order.
        pictures: How many of the files are pictures.
        is_cut: Whether there is more than was read.
    """

    folder: Path
    entries: tuple[FolderEntry, ...]
    pictures: int = 0
    is_cut: bool = False


def kind_of_name(name: str) -> EntryKind | None:
    """Return what a file looks like by its name; None for what is no document."""
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        return None
    return _KINDS.get(suffix, EntryKind.LETTER)


def shown_name(path: Path) -> str:
    """Return the name of a file for the glass: bytes that are no text become marks."""
    return path.name.encode("utf-8", "replace").decode("utf-8")


def _never() -> bool:
    return False


def list_folder(folder: Path, is_cancelled: Callable[[], bool] = _never) -> Listing:
    """Return what of a folder can be opened. Blocks: 5,000 files take a moment.

    Hidden files are passed over, and what cannot be looked at.

    Args:
        folder: The folder.
        is_cancelled: Asked now and then; what was found so far is returned.

    Raises:
        AppError: MEDIUM_GONE, NOT_FOUND; READ_ONLY where it may not be read.
    """
    found: list[FolderEntry] = []
    is_cut = False
    with disk_errors(folder):
        # A stick that was pulled leaves an empty folder behind on some systems.
        if not folder.is_dir():
            raise AppError(ErrorCode.MEDIUM_GONE, str(folder))
        with os.scandir(folder) as entries:
            for seen, entry in enumerate(entries):
                if seen >= MOST_SEEN or is_cancelled():
                    is_cut = True
                    break
                one = _look_at(entry)
                if one is not None:
                    found.append(one)
    found.sort(key=_order)
    pictures = sum(one.kind is EntryKind.PICTURE for one in found)
    return Listing(folder, tuple(found), pictures, is_cut)


def own_folders(exports: Path) -> tuple[Path, ...]:
    """Return the folders of this display where people keep files; only those that exist.

    Args:
        exports: Where this display puts what is taken away from boards.
    """
    kinds = QStandardPaths.StandardLocation
    wanted = (
        kinds.DocumentsLocation,
        kinds.DownloadLocation,
        kinds.DesktopLocation,
        kinds.PicturesLocation,
    )
    home = Path.home()
    found: list[Path] = []
    for location in wanted:
        folder = Path(QStandardPaths.writableLocation(location))
        # Where a system names no such folder, Qt says the home folder.
        if folder not in (home, *found) and _is_there(folder):
            found.append(folder)
    if _is_there(exports):
        found.append(exports)
    return tuple(found)


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:
        return False


def _order(entry: FolderEntry) -> tuple[bool, tuple[tuple[bool, int, str], ...], str]:
    name = entry.path.name
    return entry.kind is not EntryKind.FOLDER, natural_order(name), name


def _look_at(entry: os.DirEntry[str]) -> FolderEntry | None:
    if entry.name.startswith((".", "~$")):
        return None
    try:
        if entry.is_dir():
            return FolderEntry(Path(entry.path), EntryKind.FOLDER)
        kind = kind_of_name(entry.name)
        if kind is None or not entry.is_file():
            return None
        seen = entry.stat()
    except OSError:
        return None
    return FolderEntry(Path(entry.path), kind, seen.st_mtime, seen.st_size)
