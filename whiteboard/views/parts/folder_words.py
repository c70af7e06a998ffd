"""What folders are called on the glass."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths

from base.text import pgettext
from whiteboard.services.documents.document_folders import shown_name


def folder_name(path: Path) -> str:
    """Return the name of a file or folder; those that a system gives people have words."""
    kinds = QStandardPaths.StandardLocation
    words = {
        kinds.DocumentsLocation: pgettext("folder", "Documents"),
        kinds.DownloadLocation: pgettext("folder", "Downloads"),
        kinds.DesktopLocation: pgettext("folder", "Desktop"),
        kinds.PicturesLocation: pgettext("folder", "Pictures"),
    }
    if path != Path.home():  # which Qt says where a system names no such folder
        for kind, word in words.items():
            if path == Path(QStandardPaths.writableLocation(kind)):
                return word
    return shown_name(path)
