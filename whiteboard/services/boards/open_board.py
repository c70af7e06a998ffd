"""A board that is open: the document, its file, and the pictures on it."""

from __future__ import annotations

import math
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from base.board_doc import Item
from base.errors import AppError
from base.tasks import Worker
from whiteboard.model.board import Board
from whiteboard.model.page import Background
from whiteboard.services.boards.board_documents import BoardDocuments
from whiteboard.services.boards.board_file import BoardFile, keep_board
from whiteboard.services.documents.document_store import DocumentStore
from whiteboard.services.painting.sheet_pixels import SheetPixels
from whiteboard.services.painting.sheet_previews import SheetPreviews
from whiteboard.services.painting.sheet_reader import SheetReader
from whiteboard.services.reading.sheet_texts import SheetTexts
from whiteboard.services.rendering.render_pool import RenderPool
from whiteboard.services.taking.document_export import DocumentExport
from whiteboard.services.taking.pictures import decode_asset

IMAGE_CACHE_BYTES: Final = 192 * 1024 * 1024
_LEAST_IMAGE_BYTES: Final = 256 * 256 * 4


def new_id() -> str:
    """Return a fresh id for an item or a page: 12 hexadecimal characters."""
    return secrets.token_hex(6)


class OpenBoard(QObject):
    """A board on the display. Belongs to the UI thread.

    Args:
        file: Its open file; this object closes it.
        undo_bytes: See `Board`.
        worker: Where files are read and pictures decoded.
    """

    images_came = Signal()
    """A picture that `image` could not give is there now."""
    _image_decoded = Signal(object)

    def __init__(self, file: BoardFile, undo_bytes: int, worker: Worker) -> None:
        super().__init__()
        self.file = file
        self.board = Board(new_id, file.board_update or None, undo_bytes=undo_bytes)
        self._worker = worker
        self._log = structlog.get_logger(__name__)
        self._images: OrderedDict[bytes, QImage] = OrderedDict()
        self._asked: set[bytes] = set()
        self.stop_keeping: Callable[[], None] = keep_board(self.board, file)
        """Ends the writing of changes to the file, before the file is closed."""
        self.documents: BoardDocuments | None = None
        """The documents under the pages; None where nothing renders them."""
        self.sheets: SheetPixels | None = None
        """Their pixels, for all views."""
        self.reader: SheetReader | None = None
        """Their pixels, for exports."""
        self.texts: SheetTexts | None = None
        """What is written on them."""
        self.export: DocumentExport | None = None
        """Makes PDFs of them with the ink on them."""
        self._background = Background()
        self.board.on_change(lambda _change: self._keep_a_page())
        self._image_decoded.connect(self._take_image, Qt.ConnectionType.QueuedConnection)

    @property
    def path(self) -> Path:
        """Where the board lies."""
        return self.file.path

    @property
    def worker(self) -> Worker:
        """Where files of this board are read and pictures decoded; it closes the file too."""
        return self._worker

    @property
    def is_blank(self) -> bool:
        """Whether nothing is on the board: one nameless, empty page, and nothing unreadable."""
        board = self.board
        pages = board.pages
        return (
            not self.file.read_only
            and not board.title
            and not board.unreadable
            and len(pages) <= 1
            and not any(board.items(page.id) for page in pages)
        )

    def show_documents(
        self, pool: RenderPool, store: DocumentStore, words: Callable[[], str]
    ) -> None:
        """Let the sheets under the pages be seen; `forget_documents` ends it.

        Args:
            pool: Renders them.
            store: Where documents lie that this display has at hand.
            words: Returns the sentence for a sheet that cannot be shown.
        """
        documents = self.documents = BoardDocuments(
            pool, lambda document: store.fetch(document, self.file), self._worker
        )

        def fetch(document: str) -> Path:
            # What no disk had room for is shown, and taken away, from where it lies.
            path = documents.path(document)
            if path is not None and path.is_file():
                return path
            return store.fetch(document, self.file)

        self.export = DocumentExport(pool, fetch, store.workshop)
        previews = SheetPreviews(
            store.folder,
            is_lasting=store.is_lasting,
            is_open_to_all=lambda document: not pool.password(document),
        )
        self.sheets = SheetPixels(self.documents, words, previews)
        self.reader = SheetReader(self.documents, words)
        self.texts = SheetTexts(self.documents)

    def forget_documents(self) -> None:
        """Let go of the documents; nothing shows the board any more."""
        parts = (self.export, self.sheets, self.reader, self.texts, self.documents)
        for part in parts:
            if part is not None:
                part.shutdown()
        self.export = self.sheets = self.reader = self.texts = self.documents = None

    def ensure_page(self, background: Background) -> None:
        """Give a board without pages one, now and whenever its last page goes.

        That is no step of anybody's undo. The last page goes when one person removes the
        first of two and another takes back that they added the second.
        """
        self._background = background
        self._keep_a_page()

    def _keep_a_page(self) -> None:
        if not self.board.pages and not self.file.read_only:
            with self.board.change("") as edit:
                edit.add_page(0, self._background)

    def add_items(self, person: str, page_id: str, items: tuple[Item, ...]) -> list[str]:
        """Put items on a page above all others, as one step; return their ids.

        Args:
            person: Who does it.
            page_id: Where.
            items: Lowest first; page, stacking order and author are filled in.
        """
        z = self.board.top_z(page_id)
        with self.board.change(person) as edit:
            return [
                edit.add(replace(item, page=page_id, z=z + place, author=person))
                for place, item in enumerate(items)
            ]

    def image(self, sha256: bytes) -> QImage | None:
        """Return a picture, or None until `images_came` says to ask again."""
        image = self._images.get(sha256)
        if image is not None:
            self._images.move_to_end(sha256)
            return image if not image.isNull() else None
        if sha256 not in self._asked:
            self._asked.add(sha256)
            self._worker.submit(lambda: self._decode(sha256))
        return None

    def _decode(self, sha256: bytes) -> None:
        """Read and decode a picture. Worker thread."""
        try:
            image = decode_asset(self.file.asset(sha256))
            share = IMAGE_CACHE_BYTES // max(len(self.file.asset_names()), 1)
            image = _fitted(image, max(share, _LEAST_IMAGE_BYTES))
        except (KeyError, AppError) as error:
            self._log.info("picture cannot be shown", reason=str(error))
            image = QImage()
        self._image_decoded.emit((sha256, image))

    def _take_image(self, decoded: tuple[bytes, QImage]) -> None:
        sha256, image = decoded
        self._asked.discard(sha256)
        self._images[sha256] = image
        while sum(i.sizeInBytes() for i in self._images.values()) > IMAGE_CACHE_BYTES:
            if len(self._images) == 1:
                break
            self._images.popitem(last=False)
        self.images_came.emit()


def _fitted(image: QImage, most_bytes: int) -> QImage:
    """Return a picture that takes at most so much memory, less sharp where it must be.

    All pictures of a board have to fit into the cache at once: a page whose pictures push
    each other out would be decoded and painted without end.
    """
    if image.sizeInBytes() <= most_bytes:
        return image
    shrink = math.sqrt(most_bytes / image.sizeInBytes())
    width, height = (max(int(side * shrink), 1) for side in (image.width(), image.height()))
    return image.scaled(
        width,
        height,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
