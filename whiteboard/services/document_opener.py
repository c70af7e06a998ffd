"""From a file that somebody touched to a document that can be put under pages.

What is slow runs elsewhere: the intake copies and converts, the render processes open. A
PDF is looked at where it lies while it is still being copied, so that its first sheet can
be read, or its password asked for, at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QRect, QSize, Signal
from PySide6.QtGui import QImage

from base.errors import AppError, ErrorCode
from whiteboard.model.document import DocumentInfo
from whiteboard.services.document_intake import (
    DocumentCameIn,
    DocumentIntake,
    FirstLook,
    IntakeProgress,
    IntakeTicket,
    NotebookCameIn,
    Outcome,
)
from whiteboard.services.render_pool import Priority, RenderPool, Ticket

LOCKED = frozenset({ErrorCode.DOCUMENT_ENCRYPTED, ErrorCode.DOCUMENT_STILL_ENCRYPTED})


@dataclass(frozen=True, slots=True)
class Ready:
    """What came in and is open in the render processes.

    Attributes:
        name: What people call it.
        came: The document; None for a notebook without one.
        info: Its sheets; None with it.
        notebook: The pages of a Xournal++ notebook; None for everything else.
        password: What opened it; empty for none.
    """

    name: str
    came: DocumentCameIn | None
    info: DocumentInfo | None
    notebook: NotebookCameIn | None
    password: str


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

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way."""
        return self._opening is not None

    def open(self, path: Path) -> None:
        """Open a file or a folder of pictures; what was on its way is given up."""
        self.cancel()
        self._pool.warm_up()
        self._begin(path, "")

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
        opening = self._opening = _Opening(path, password)

        def still(take: Callable[..., None]) -> Callable[..., None]:
            def guarded(what: object) -> None:
                if self._opening is opening:
                    take(what)

            return guarded

        opening.ticket = self._intake.take(
            path,
            still(self._take_outcome),
            self._progress_of(opening),
            still(self._look),
            password,
        )

    def _progress_of(self, opening: _Opening) -> Callable[[IntakeProgress], None]:
        def take(progress: IntakeProgress) -> None:
            if self._opening is opening:
                self.progressed.emit(progress)

        return take

    def _end(self, opening: _Opening) -> None:
        if opening.ticket is not None:
            opening.ticket.cancel()
        for ticket in opening.looks:
            ticket.cancel()
        if opening.first is not None:
            self._pool.close(opening.first.provisional)

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
            opening.notebook = outcome
            if outcome.document is None:
                self._finish(None)
                return
            outcome = outcome.document
        opening.came = outcome
        if not opening.is_locked or opening.password:
            self._open_sheets(outcome)

    def _open_sheets(self, came: DocumentCameIn) -> None:
        opening = self._opening
        if opening is None:
            return

        def opened(answer: DocumentInfo | AppError) -> None:
            if self._opening is not opening:
                return
            if isinstance(answer, DocumentInfo):
                self._finish(answer)
            elif answer.code in LOCKED:
                self._ask_password(opening, came.name, answer)
            else:
                self._fail(answer)

        opening.looks.append(
            self._pool.open(came.document, came.path, opened, opening.password)
        )

    def _finish(self, info: DocumentInfo | None) -> None:
        opening, self._opening = self._opening, None
        if opening is None:
            return
        self._end(opening)
        name = opening.came.name if opening.came is not None else opening.path.name
        if opening.notebook is not None:
            name = opening.notebook.name
        self.ready.emit(Ready(name, opening.came, info, opening.notebook, opening.password))

    def _fail(self, error: AppError) -> None:
        self.cancel()
        self.failed.emit(error)


class _Opening:
    """A file on its way."""

    __slots__ = (
        "came",
        "first",
        "is_locked",
        "looks",
        "notebook",
        "password",
        "path",
        "ticket",
    )

    def __init__(self, path: Path, password: str) -> None:
        self.path = path
        self.password = password
        self.ticket: IntakeTicket | None = None
        self.first: FirstLook | None = None
        self.looks: list[Ticket] = []
        self.came: DocumentCameIn | None = None
        self.notebook: NotebookCameIn | None = None
        self.is_locked = False
