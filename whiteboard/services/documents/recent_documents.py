"""The documents that were opened on this display, newest first, with their first pages.

Who comes next sees them, as they see the boards in the list: so a document that asked for a
password is never remembered, each can be taken off the list, and a setting lets "Finish"
forget them all. The list holds no document: that is the cache's (`documents`).
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.documents.document_intake import DocumentCameIn
from whiteboard.services.documents.document_store import DocumentStore

MOST_RECENT: Final = 24
_VERSION: Final = 1
_FOLDER: Final = "recent-documents"
_LIST: Final = "list.json"
_PICTURE_SUFFIX: Final = ".jpg"
_QUALITY: Final = 85
PICTURE_SIDE_PX: Final = 960
"""Longer side of a kept picture: sharp on a card of a 4K display."""


@dataclass(frozen=True, slots=True)
class RecentDocument:
    """A document that was opened.

    Attributes:
        key: Names it in the list: the id of the document, or a hash of the path of what is
            none itself.
        name: What people call it.
        path: Where it was opened from; it may be gone.
        document: Id of the document as it came; empty for a notebook.
        source: SHA-256 of the file it was made from; empty for a PDF.
        sheets: How many pages came.
        opened: When, with zone.
    """

    key: str
    name: str
    path: Path
    document: str
    source: str
    sheets: int
    opened: datetime


def recent_key(document: str, path: Path) -> str:
    """Return what names a document in the list."""
    return document or hashlib.sha256(os.fsencode(path)).hexdigest()


class RecentDocuments:
    """The list, in a folder of this display's data. Any thread; methods block on the disk.

    A disk that refuses costs the list alone: nobody is told, the log is.

    Args:
        data_dir: Folder of this display's data.
        most: How many are remembered.
    """

    def __init__(self, data_dir: Path, most: int = MOST_RECENT) -> None:
        self._folder = data_dir / _FOLDER
        self._most = most
        self._changing = threading.Lock()
        self._log = structlog.get_logger(__name__)

    def entries(self) -> list[RecentDocument]:
        """Return what is remembered, newest first."""
        with self._changing:
            return self._read()

    def note(self, entry: RecentDocument, picture: QImage | None = None) -> None:
        """Remember a document as the newest; its picture stays when none is given."""
        with self._changing, self._quietly():
            known = [one for one in self._read() if one.key != entry.key]
            kept = [entry, *known][: self._most]
            self._folder.mkdir(parents=True, exist_ok=True)
            if picture is not None:
                self._write_picture(entry.key, picture)
            self._write(kept)

    def picture(self, key: str) -> QImage:
        """Return the first page of a document; an empty picture where there is none."""
        return QImage(str(self._picture_path(key)))

    def forget(self, key: str) -> None:
        """Take a document off the list."""
        with self._changing, self._quietly():
            self._write([one for one in self._read() if one.key != key])

    def forget_all(self) -> None:
        """Take all documents off the list."""
        with self._changing, self._quietly():
            if self._folder.exists():
                self._write([])

    def come_in(self, entry: RecentDocument, store: DocumentStore) -> DocumentCameIn:
        """Return a remembered document as one that just came in, without its file.

        Raises:
            AppError: NOT_FOUND; the display has it no more, nor all that belongs to it.
        """
        path = store.path(entry.document) if entry.document else None
        made = store.conversion(entry.source, None) if entry.source and path else None
        if path is None or (entry.source and made is None):
            raise AppError(ErrorCode.NOT_FOUND, f"{entry.name} is not kept any more")
        with disk_errors(path):
            size = path.stat().st_size
        came = DocumentCameIn(entry.document, entry.name, path, size, entry.source)
        return came if made is None else replace(came, notes=made.notes)

    # Inside -----------------------------------------------------------------------------

    def _picture_path(self, key: str) -> Path:
        return self._folder / f"{key}{_PICTURE_SUFFIX}"

    def _read(self) -> list[RecentDocument]:
        try:
            body = json.loads((self._folder / _LIST).read_bytes())
            if body["version"] != _VERSION:
                return []
            return [_parse(one) for one in body["documents"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._log.info("recent documents cannot be read", reason=str(error))
            return []

    def _write(self, entries: list[RecentDocument]) -> None:
        body = {"version": _VERSION, "documents": [_pack(one) for one in entries]}
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=".part-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(body, file, indent=1)
            Path(name).replace(self._folder / _LIST)
        finally:
            Path(name).unlink(missing_ok=True)
        kept = {one.key for one in entries}
        for path in self._folder.glob(f"*{_PICTURE_SUFFIX}"):
            if path.stem not in kept:
                path.unlink(missing_ok=True)

    def _write_picture(self, key: str, picture: QImage) -> None:
        longer = max(picture.width(), picture.height())
        if longer > PICTURE_SIDE_PX:
            picture = picture.scaled(
                QSize(PICTURE_SIDE_PX, PICTURE_SIDE_PX),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        picture.save(str(self._picture_path(key)), "JPEG", _QUALITY)  # type: ignore[call-overload]

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._log.info("recent documents cannot be kept", reason=str(error))


def _pack(entry: RecentDocument) -> dict[str, object]:
    fields = asdict(entry)
    # As the file system has it: names on old sticks are no valid text.
    fields["path"] = os.fsencode(entry.path).hex()
    fields["opened"] = entry.opened.astimezone(UTC).isoformat()
    return fields


def _parse(body: dict[str, object]) -> RecentDocument:
    key, document, source = (str(body[name]) for name in ("key", "document", "source"))
    if not all(set(text) <= set("0123456789abcdef") for text in (key, document, source)):
        raise ValueError("an id is no SHA-256")
    return RecentDocument(
        key,
        str(body["name"]),
        Path(os.fsdecode(bytes.fromhex(str(body["path"])))),
        document,
        source,
        int(str(body["sheets"])),
        datetime.fromisoformat(str(body["opened"])),
    )
