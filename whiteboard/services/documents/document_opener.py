"""From a file that somebody touched to a document that can be put under pages.

What is slow runs elsewhere: the intake copies and converts, the render processes open. A
PDF is looked at where it lies while it is still being copied, so that its first sheet can
be read, or its password asked for, at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import structlog
from PySide6.QtCore import QObject, QRect, QSize, Signal
from PySide6.QtGui import QImage

from base.board_doc import Item
from base.errors import AppError, ErrorCode
from whiteboard.model.document import DocumentInfo, SheetSize
from whiteboard.model.page import Background, parse_background
from whiteboard.services.documents.document_intake import (
    DocumentCameIn,
    DocumentIntake,
    FirstLook,
    InkCameIn,
    IntakeTicket,
    NotebookCameIn,
    Outcome,
)
from whiteboard.services.rendering.render_pool import Priority, RenderPool, Ticket

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)
_PLAIN = Background()
LOCKED = frozenset({ErrorCode.DOCUMENT_ENCRYPTED, ErrorCode.DOCUMENT_STILL_ENCRYPTED})


@dataclass(frozen=True, slots=True)
class ComingPage:
    """A page that comes with its ink, or without any.

    Attributes:
        size: Its size without turns; where there is a sheet, the sheet's counts.
        background: What it is printed with; a page with a sheet is white.
        sheet: Number of the sheet under it; None for none.
        items: Its ink, lowest first; page and stacking order are to be filled in.
    """

    size: SheetSize
    background: Background = _PLAIN
    sheet: int | None = None
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """What came in and can be opened: the render processes have seen all of it.

    Attributes:
        name: What people call it.
        path: The file or folder it was opened from.
        opened: The document as it came: what is opened the next time. None for a notebook.
        came: The document for the pages: `opened`, unless our ink was taken out of it; None
            where no page has a sheet.
        info: Its sheets; None with it.
        pages: Pages with ink; None when every sheet is a page.
        pictures: The bytes of the pictures among that ink.
        password: What opened it; empty for none.
        lost: How many things of a notebook could not be read.
        lacks_document: Whether a PDF belongs under a notebook's pages and was not found.
    """

    name: str
    path: Path
    opened: DocumentCameIn | None
    came: DocumentCameIn | None
    info: DocumentInfo | None
    pages: tuple[ComingPage, ...] | None = None
    pictures: tuple[bytes, ...] = ()
    password: str = ""
    lost: int = 0
    lacks_document: bool = False


@dataclass(frozen=True, slots=True)
class PasswordAsked:
    """A document is locked.

    Attributes:
        name: What people call it.
        is_again: Whether a password was given and was wrong.
    """

    name: str
    is_again: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """The first sheet of a document that is still on its way.

    Attributes:
        name: What people call the document.
        picture: The first sheet, as large as it was asked for.
    """

    name: str
    picture: QImage


class DocumentOpener(QObject):
    """Opens one file at a time; another one takes its place. Belongs to the UI thread.

    Args:
        intake: Brings files in.
        pool: Opens them.
        size: Returns how large a first look may be, device px.
    """

    progressed = Signal(object)
    """How far it is: an `IntakeProgress`."""
    looked = Signal(object)
    """The first sheet can be seen: a `Looked`."""
    password_asked = Signal(object)
    """A password is wanted, `unlock` gives it: a `PasswordAsked`."""
    ready = Signal(object)
    """It can be put under pages: a `Ready`."""
    failed = Signal(object)
    """It cannot be opened: the `AppError`."""

    def __init__(
        self, intake: DocumentIntake, pool: RenderPool, size: Callable[[], QSize]
    ) -> None:
        super().__init__()
        self._intake = intake
        self._pool = pool
        self._size = size
        self._opening: _Opening | None = None
        self._numbers = itertools.count(1)

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way."""
        return self._opening is not None

    def open(self, path: Path) -> None:
        """Open a file or a folder of pictures; what was on its way is given up."""
        self.cancel()
        self._pool.warm_up()
        self._begin(path, "")

    def open_kept(self, came: DocumentCameIn, path: Path) -> None:
        """Open a document that this display has; what was on its way is given up.

        Args:
            came: The document.
            path: Where it came from.
        """
        self.cancel()
        self._pool.warm_up()
        opening = self._opening = _Opening(path, "", self._new_name())
        opening.opened = opening.came = came
        self._open_sheets(came)

    def unlock(self, password: str) -> None:
        """Go on with the document that asked for a password."""
        opening = self._opening
        if opening is None:
            return
        opening.password = password
        if opening.came is not None:
            self._open_sheets(opening.came)
        elif opening.first is not None:
            self._look(opening.first)
        else:
            path = opening.path
            self.cancel()
            self._begin(path, password)

    def cancel(self) -> None:
        """Give up what is on its way. Nothing of it is told any more."""
        opening, self._opening = self._opening, None
        if opening is not None:
            self._end(opening)

    def shutdown(self) -> None:
        """Give up what is on its way."""
        self.cancel()

    def _begin(self, path: Path, password: str) -> None:
        opening = self._opening = _Opening(path, password, self._new_name())
        opening.ticket = self._intake.take(
            path,
            self._still(opening, self._take_outcome),
            self._still(opening, self.progressed.emit),
            self._still(opening, self._look),
            password,
        )

    def _new_name(self) -> str:
        """Return a name of our own in the pool.

        A board may show the same document: what is closed or locked here is not its.
        """
        return f"opening-{next(self._numbers)}"

    def _still(self, opening: _Opening, take: Callable[[_T], None]) -> Callable[[_T], None]:
        """Return `take` for as long as this is what is being opened."""

        def guarded(what: _T) -> None:
            if self._opening is opening:
                take(what)

        return guarded

    def _end(self, opening: _Opening) -> None:
        if opening.ticket is not None:
            opening.ticket.cancel()
        for ticket in opening.looks:
            ticket.cancel()
        if opening.first is not None:
            self._pool.close(opening.first.provisional)
        self._pool.close(opening.name)

    # A first look -------------------------------------------------------------------------

    def _look(self, first: FirstLook) -> None:
        """Open a PDF where it lies, while it is copied."""
        opening = self._opening
        if opening is None:
            return
        opening.first = first

        def opened(answer: DocumentInfo | AppError) -> None:
            if self._opening is not opening or opening.came is not None:
                return
            if isinstance(answer, AppError):
                # Anything else comes again, and is told, when the copy is opened.
                if answer.code in LOCKED:
                    self._ask_password(opening, first.name, answer)
                return
            self._paint_first(opening, first, answer)

        opening.looks.append(
            self._pool.open(first.provisional, first.path, opened, opening.password)
        )

    def _paint_first(self, opening: _Opening, first: FirstLook, info: DocumentInfo) -> None:
        room, sheet = self._size(), info.sheets[0]
        scale = min(room.width() / sheet.width_pt, room.height() / sheet.height_pt)
        area = QRect(0, 0, round(sheet.width_pt * scale), round(sheet.height_pt * scale))

        def painted(picture: QImage | AppError) -> None:
            if self._opening is opening and isinstance(picture, QImage):
                self.looked.emit(Looked(first.name, picture))

        if area.isEmpty():
            return
        opening.looks.append(
            self._pool.render(first.provisional, 0, 0, scale, area, Priority.VISIBLE, painted)
        )

    def _ask_password(self, opening: _Opening, name: str, error: AppError) -> None:
        is_again = error.code is ErrorCode.DOCUMENT_STILL_ENCRYPTED
        opening.is_locked = True
        # The copy that comes meanwhile is not tried with what was wrong.
        opening.password = ""
        self.password_asked.emit(PasswordAsked(name, is_again))

    # All of it ----------------------------------------------------------------------------

    def _take_outcome(self, outcome: Outcome) -> None:
        opening = self._opening
        if opening is None:
            return
        if isinstance(outcome, AppError):
            if outcome.code in LOCKED:
                self._ask_password(opening, opening.path.name, outcome)
            else:
                self._fail(outcome)
            return
        if isinstance(outcome, NotebookCameIn):
            self._take_notebook(opening, outcome)
            return
        if isinstance(outcome, InkCameIn):
            self._take_ink(opening, outcome)
            return
        opening.opened = opening.came = outcome
        if not opening.is_locked or opening.password:
            self._open_sheets(outcome)

    def _take_notebook(self, opening: _Opening, notebook: NotebookCameIn) -> None:
        opening.notebook = notebook
        opening.pages = tuple(
            ComingPage(
                SheetSize(page.width_pt, page.height_pt),
                page.background,
                page.sheet,
                page.items,
            )
            for page in notebook.notebook.pages
        )
        opening.pictures = notebook.notebook.pictures
        opening.came = notebook.document
        if opening.came is None:
            self._finish(None)
        else:
            self._open_sheets(opening.came)

    def _take_ink(self, opening: _Opening, ink: InkCameIn) -> None:
        opening.pages = tuple(
            ComingPage(
                page.size,
                parse_background(page.background),
                page.sheet,
                page.items,
            )
            for page in ink.pages
        )
        opening.pictures = ink.pictures
        opening.came = ink.document
        if opening.came is None:
            self._finish(None)
        else:
            self._open_sheets(opening.came)

    def _open_sheets(self, came: DocumentCameIn) -> None:
        opening = self._opening
        if opening is None:
            return

        def opened(answer: DocumentInfo | AppError) -> None:
            if self._opening is not opening:
                return
            if isinstance(answer, DocumentInfo):
                self._take_info(opening, came, replace(answer, document=came.document))
            elif answer.code in LOCKED:
                self._ask_password(opening, came.name, answer)
            else:
                self._fail(answer)

        opening.looks.append(self._pool.open(opening.name, came.path, opened, opening.password))

    def _take_info(self, opening: _Opening, came: DocumentCameIn, info: DocumentInfo) -> None:
        if not info.has_our_ink or opening.is_ink_asked or opening.notebook is not None:
            self._finish(info)
            return
        opening.is_ink_asked = True
        opening.ticket = self._intake.take_ink(
            came,
            self._still(opening, self._take_ink_outcome),
            self._still(opening, self.progressed.emit),
            opening.password,
        )

    def _take_ink_outcome(self, outcome: Outcome) -> None:
        opening = self._opening
        if opening is None or opening.came is None:
            return
        if isinstance(outcome, InkCameIn):
            self._take_ink(opening, outcome)
            return
        if isinstance(outcome, AppError):
            # What cannot be taken out stays where it is: in the picture of the sheet.
            _log.info("ink of ours cannot be read", reason=str(outcome))
        self._open_sheets(opening.came)

    def _finish(self, info: DocumentInfo | None) -> None:
        opening, self._opening = self._opening, None
        if opening is None:
            return
        self._end(opening)
        name = opening.opened.name if opening.opened is not None else opening.path.name
        notebook = opening.notebook.notebook if opening.notebook is not None else None
        self.ready.emit(
            Ready(
                name,
                opening.path,
                opening.opened,
                opening.came if info is not None else None,
                info,
                opening.pages,
                opening.pictures,
                opening.password,
                notebook.lost if notebook is not None else 0,
                notebook is not None and notebook.lacks_document,
            )
        )

    def _fail(self, error: AppError) -> None:
        self.cancel()
        self.failed.emit(error)


@dataclass(slots=True, eq=False)
class _Opening:
    """A file on its way."""

    path: Path
    password: str
    name: str
    ticket: IntakeTicket | None = None
    first: FirstLook | None = None
    looks: list[Ticket] = field(default_factory=list)
    opened: DocumentCameIn | None = None
    came: DocumentCameIn | None = None
    notebook: NotebookCameIn | None = None
    pages: tuple[ComingPage, ...] | None = None
    pictures: tuple[bytes, ...] = ()
    is_locked: bool = False
    is_ink_asked: bool = False
