"""Copying and pasting: items of a board, pictures and texts of other programs.

Copied items lie on the system's clipboard, the bytes of their pictures in this process:
a board keeps pictures by content, so most pastes need none, and a photograph need not
travel through the clipboard at every copy.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import structlog
from PySide6.QtCore import QByteArray, QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from base.board_doc import Item, NoteItem, TextItem
from base.errors import AppError
from base.tasks import Worker
from whiteboard.model.select import (
    CLIPBOARD_TYPE,
    assets_of,
    pack_clipboard,
    parse_clipboard,
)
from whiteboard.services.boards.board_file import BoardFile
from whiteboard.services.documents.image_folders import natural_order
from whiteboard.services.taking.picture_folders import ENDINGS

MAX_HELD_BYTES: Final = 128 * 1024 * 1024
"""Pictures of copied items beyond this are not taken to another board."""
MAX_TEXT_CHARACTERS: Final = 20_000
_PICTURE_TYPES: Final = ("image/png", "image/jpeg", "image/webp", "image/bmp", "image/tiff")


@dataclass(frozen=True, slots=True)
class ItemsClip:
    """Items of a board, in any order."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class PictureClip:
    """A picture as another program encoded it, or its pixels where it did not."""

    source: bytes | QImage


@dataclass(frozen=True, slots=True)
class FileClip:
    """The file of a picture."""

    path: Path


@dataclass(frozen=True, slots=True)
class TextClip:
    """A text, not empty."""

    text: str


Clip: TypeAlias = ItemsClip | PictureClip | FileClip | TextClip


class BoardClipboard(QObject):
    """The clipboard as boards see it. Belongs to the UI thread."""

    changed = Signal()
    """What can be pasted may be something else now."""

    def __init__(self) -> None:
        super().__init__()
        self._log = structlog.get_logger(__name__)
        self._held: dict[bytes, bytes] = {}
        self._guard = threading.Lock()  # guards _held: a worker fills it
        self._system = QGuiApplication.clipboard()
        self._has_something: bool | None = None
        self._system.dataChanged.connect(self._note_change)

    def copy_text(self, text: str) -> None:
        """Put a text on the clipboard."""
        self._system.setText(plain_text(text))

    def copy(
        self, items: Sequence[Item], file: BoardFile, worker: Worker, text: str = ""
    ) -> bool:
        """Put items on the clipboard; their pictures are read from `file` on `worker`.

        Args:
            items: What to copy.
            file: Where their pictures are.
            worker: Reads them.
            text: What the items mark of a document, for other programs.

        Returns:
            Whether they were copied; too many or too large ones are not.
        """
        try:
            packed = pack_clipboard(items)
        except ValueError as error:
            self._log.info("items cannot be copied", reason=str(error))
            return False
        data = QMimeData()
        data.setData(CLIPBOARD_TYPE, QByteArray(packed))
        words = [item.text for item in items if isinstance(item, TextItem | NoteItem)]
        if words or text:
            data.setText("\n".join([*words, plain_text(text)] if text else words))
        self._system.setMimeData(data)
        wanted = assets_of(items)
        with self._guard:
            self._held = {sha: kept for sha, kept in self._held.items() if sha in wanted}
        if wanted:
            worker.try_submit(lambda: self._hold(wanted, file))
        return True

    @property
    def has_something(self) -> bool:
        """Whether there is something that a board can take: by its names, asked for once.

        Where another program owns the clipboard, each question waits for its answer.
        """
        if self._has_something is None:
            self._has_something = self._look()
        return self._has_something

    def _look(self) -> bool:
        data = self._system.mimeData()
        known = (CLIPBOARD_TYPE, *_PICTURE_TYPES)
        if any(data.hasFormat(name) for name in known) or data.hasImage():
            return True
        return data.hasText() or data.hasUrls()

    def content(self) -> Clip | None:
        """Return what can be pasted, the best form of it; None for nothing of use."""
        data = self._system.mimeData()
        if data.hasFormat(CLIPBOARD_TYPE):
            return _items_in(data)
        return read_mime(data)

    def held_asset(self, sha256: bytes) -> bytes | None:
        """Return the bytes of a copied picture. Any thread."""
        with self._guard:
            return self._held.get(sha256)

    def clear(self) -> None:
        """Leave nothing for the next person."""
        with self._guard:
            self._held = {}
        self._system.clear()

    def shutdown(self) -> None:
        """Stop following the system's clipboard."""
        self._system.dataChanged.disconnect(self._note_change)

    def _note_change(self) -> None:
        self._has_something = None
        self.changed.emit()

    def _hold(self, wanted: frozenset[bytes], file: BoardFile) -> None:
        """Read the pictures of copied items. Worker thread."""
        room = MAX_HELD_BYTES
        found: dict[bytes, bytes] = {}
        for sha256 in wanted:
            try:
                data = file.asset(sha256)
            except (KeyError, AppError) as error:
                self._log.info("picture cannot be copied", reason=str(error))
                continue
            room -= len(data)
            if room >= 0:
                found[sha256] = data
        with self._guard:
            self._held = {**self._held, **found}


def read_mime(data: QMimeData) -> Clip | None:
    """Return what another program offers: a picture file, a picture, or a text."""
    path = picture_path(data)
    if path is not None:
        return FileClip(path)
    for name in _PICTURE_TYPES:
        if data.hasFormat(name):
            return PictureClip(bytes(data.data(name).data()))
    if data.hasImage():
        image = data.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return PictureClip(image)
    text = plain_text(data.text()) if data.hasText() else ""
    return TextClip(text) if text.strip() else None


def is_picture_name(path: Path) -> bool:
    """Return whether a file looks like a picture for a page, by its name."""
    return path.suffix.lower() in ENDINGS


def picture_path(data: QMimeData) -> Path | None:
    """Return the first local file among the data that looks like a picture, by its name."""
    for url in data.urls():
        path = Path(url.toLocalFile()) if url.isLocalFile() else None
        if path is not None and is_picture_name(path):
            return path
    return None


def file_paths(data: QMimeData) -> list[Path]:
    """Return the local files and folders among the data, in the order people give names."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return sorted(paths, key=lambda path: natural_order(path.name))


def plain_text(text: str) -> str:
    """Return a text as boards keep it: lines and printable characters, of bounded length."""
    lines = text[:MAX_TEXT_CHARACTERS].replace("\t", "    ").splitlines()
    return "\n".join("".join(c for c in line if c.isprintable()) for line in lines).rstrip()


def _items_in(data: QMimeData) -> ItemsClip | None:
    try:
        items = parse_clipboard(bytes(data.data(CLIPBOARD_TYPE).data()))
    except ValueError as error:
        structlog.get_logger(__name__).info("cannot paste", reason=str(error))
        return None
    return ItemsClip(tuple(items)) if items else None
