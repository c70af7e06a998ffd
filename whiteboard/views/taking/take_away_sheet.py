"""Taking a board away: to a stick or this display as PDF, SVG, PNG or board, or to paper."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHideEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from base.clock import Clock, SystemClock
from base.errors import AppError
from base.feature import Host, Notice
from base.qt import theme
from base.qt.panels import Sheet
from base.qt.widgets import (
    Choice,
    Layout,
    Look,
    Role,
    Text,
    Toggle,
    TouchButton,
    painter_for,
)
from base.text import N_, _, ngettext
from whiteboard.model.board_words import FileName, shown_title
from whiteboard.model.page import Page
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.documents.document_pages import title_of
from whiteboard.services.pdf.pdf_wish import PdfMode
from whiteboard.services.taking.board_jobs import (
    Cancel,
    Jobs,
    Place,
    Taken,
    display_place,
    print_pages,
    take_away,
    take_board,
)
from whiteboard.services.taking.document_export import (
    DocumentExport,
    PdfPlan,
    PdfWish,
    documents_of,
    take_pdf,
)
from whiteboard.services.taking.export import (
    BoardSnapshot,
    ExportFormat,
    ExportOptions,
    take_snapshot,
)
from whiteboard.services.taking.printing import Printer, list_printers
from whiteboard.services.workers import Workers
from whiteboard.views.boards.library_sheets import PageStack
from whiteboard.views.boards.sticks import RowButton, StickWatch, stick_words, taken_words

WIDTHS_PX: Final = (1920, 3840, 7680)
PEOPLE_NAMES: Final = {"": "Kokuban", "display": "Kokuban", "display-2": "Kokuban 2"}
"""Who wrote, as other programs show it beside an annotation: nobody in front of the display
says who they are."""
_PERCENT: Final = 100
_SHEET_MM: Final = 330.0
_LABEL_MM: Final = 52.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: None stands for the board itself, which can be written on again."""

    export_format: ExportFormat | None
    title: str
    icon: str
    hint: str


KINDS: Final = (
    Kind(
        ExportFormat.PDF,
        N_("PDF"),
        "file-text",
        N_("To read and print on any computer. Sharp at any size."),
    ),
    Kind(
        ExportFormat.PNG,
        N_("Picture (PNG)"),
        "file-image",
        N_("A picture of each page, for mails and slides."),
    ),
    Kind(
        ExportFormat.SVG,
        N_("Drawing (SVG)"),
        "shapes",
        N_("A drawing of each page, for drawing programs."),
    ),
    Kind(
        None,
        N_("Board file"),
        "presentation",
        N_("All pages, to go on writing on another display."),
    ),
)


KEPT, BURNT_IN = range(2)
"""Places in the row that says how ink goes into a PDF."""
MODES: Final = (
    (
        PdfMode.ANNOTATED,
        N_("It can be changed later."),
    ),
    (
        PdfMode.FLATTENED,
        N_("It becomes part of the picture."),
    ),
)


class Extent(IntEnum):
    """Which pages, by the place of the button."""

    ALL = 0
    THIS = 1
    INKED = 2


class Progress(QWidget):
    """A bar that fills from the left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def share(self) -> float:
        """How much is done, 0..1."""
        return self._share

    def set_share(self, share: float) -> None:
        """Show how much is done, 0..1."""
        self._share = min(max(share, 0.0), 1.0)
        words = _("%(percent)d %% done") % {"percent": round(self._share * _PERCENT)}
        self.setAccessibleName(words)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        return QSize(sizes.px(120), sizes.px(6))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        painter.setPen(Qt.PenStyle.NoPen)
        high = sizes.px(4)
        track = QRectF(0, (self.height() - high) / 2, self.width(), high)
        painter.setBrush(QColor(colours.surface_pressed))
        painter.drawRoundedRect(track, high / 2, high / 2)
        painter.setBrush(QColor(colours.accent_ink))
        track.setWidth(max(high, track.width() * self._share))
        painter.drawRoundedRect(track, high / 2, high / 2)
        painter.end()


class _Teller(QObject):
    """Brings a share from the worker's thread, a hundred times a job at most."""

    told = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._last = -1

    def tell(self, share: float) -> None:
        """Tell how much is done. Worker thread."""
        percent = int(share * _PERCENT)
        if percent != self._last:
            self._last = percent
            self.told.emit(share)


class _Page(IntEnum):
    CHOICE = 0
    PRINTERS = 1
    WORK = 2


class TakeAwaySheet(Sheet):
    """Choose what and touch where: the board is made into files or printed.

    The pages are copied on the UI thread when a place is touched; one can go on writing
    while they are made. Closing the sheet does not stop that; Cancel does.

    Args:
        parent: What it slides over.
        open_board: The board.
        host: Says what became of it, and which sticks there are.
        workers: Where sticks are looked at, and where files are made.
        page_id: Returns the page that counts as "this page".
        clock: Where the day in the file's name comes from.
    """

    def __init__(
        self,
        parent: QWidget,
        open_board: OpenBoard,
        host: Host,
        workers: Workers,
        page_id: Callable[[], str],
        *,
        clock: Clock | None = None,
    ) -> None:
        # Before the sheet, which hides itself when it is made.
        self._jobs = Jobs(workers.boards, host.show_error)
        self._long_jobs = Jobs(workers.taking, host.show_error)
        self._watch = StickWatch(host.removable_folders, self._jobs)
        super().__init__(parent)
        self._open = open_board
        self._host = host
        self._page_id = page_id
        self._clock = clock or SystemClock()
        self._teller = _Teller()
        self._teller.told.connect(self._show_share)
        self._cancel = Cancel()
        self._is_busy = False
        self._is_leaving = False
        self._kind = KINDS[0]
        self._mode = PdfMode.ANNOTATED
        self._extent = Extent.ALL
        self._width_px = WIDTHS_PX[0]
        self._is_on_white = False
        self._buttons: list[QWidget] = []
        self._watch.changed.connect(self._show_sticks)
        self._stack = PageStack()
        for page in (self._make_choice(), self._make_printers(), self._make_work()):
            self._stack.addWidget(page)
        self.content.addLayout(self._stack)
        self._show_kind()
        self._respace_parts()

    @property
    def is_busy(self) -> bool:
        """Whether files are being made."""
        return self._is_busy

    def show_choices(self) -> None:
        """Open; shows the progress when files are being made already."""
        # Pages and notes may have come or gone since; what is private is asked for each time.
        self.notes.setChecked(False)
        self._show_kind()
        self._show_page(_Page.WORK if self._is_busy else _Page.CHOICE)
        self._respace_parts()
        self.open()

    def shutdown(self) -> None:
        """Stop what is under way and hear of no result any more."""
        self._cancel.ask()
        self._watch.stop()
        self._jobs.shutdown()
        self._long_jobs.shutdown()

    # Choosing ---------------------------------------------------------------------------

    def _make_choice(self) -> QWidget:
        page = QWidget()
        self.kinds = Choice([(kind.title, kind.icon) for kind in KINDS])
        self.kinds.choose(0)
        self.kinds.chosen.connect(self._choose_kind)
        self.extent = Choice(
            [
                (N_("All pages"), "layout-grid"),
                (N_("Only this page"), "square"),
                (N_("Pages with ink"), "pencil"),
            ]
        )
        self.extent.choose(0)
        self.extent.chosen.connect(self._choose_extent)
        self.modes = Choice(
            [(N_("Keep as ink"), "pen"), (N_("Fix to the page"), "pin")],
            hints=[hint for _mode, hint in MODES],
        )
        self.modes.choose(KEPT)
        self.modes.chosen.connect(self._choose_mode)
        self.notes = Toggle(N_("Add the notes for me"))
        self.widths = Choice([(f"{width:,}", "image") for width in WIDTHS_PX])
        self.widths.choose(0)
        self.widths.chosen.connect(self._choose_width)
        self.paper = Choice([(N_("As on the board"), "palette"), (N_("White paper"), "sun")])
        self.paper.choose(0)
        self.paper.chosen.connect(self._choose_paper)
        self._hint = Text("", Role.HINT)
        self._lock_hint = Text(
            N_("The file opens with the same password as the original."), Role.HINT
        )
        self._rows = QGridLayout()
        self._labels = {
            control: self._add_row(row, title, control)
            for row, (title, control) in enumerate(
                (
                    (N_("As"), self.kinds),
                    ("", self._hint),
                    (N_("Ink"), self.modes),
                    ("", self._lock_hint),
                    (N_("Pages"), self.extent),
                    ("", self.notes),
                    (N_("Dots across"), self.widths),
                    (N_("Colours"), self.paper),
                )
            )
        }
        self._rows.setColumnStretch(2, 1)
        self._stick_hint = Text(
            N_("Put a USB stick into the display. It appears here by itself."),
            Role.HINT,
            wrap=True,
        )
        self.display_button = RowButton(
            "monitor", lambda: _("This display"), lambda: _("Kept in its exports folder")
        )
        self.display_button.clicked.connect(self._take_to_display)
        self.print_button = RowButton(
            "printer", lambda: _("Print"), lambda: _("On white paper")
        )
        self.print_button.clicked.connect(self._ask_printers)
        self._places = QHBoxLayout()
        self._places.addWidget(self._stick_hint, 1)
        self._places.addWidget(self.display_button)
        self._places.addWidget(self.print_button)
        self._choice = QVBoxLayout(page)
        self._choice.setContentsMargins(0, 0, 0, 0)
        self._choice.addLayout(self._make_head())
        self._choice.addLayout(self._rows)
        self._choice.addWidget(Text(N_("Touch where it should go:"), Role.BODY))
        self._choice.addLayout(self._places)
        return page

    def _make_head(self) -> QHBoxLayout:
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("Take the board with you"), Role.TITLE))
        head.addStretch(1)
        head.addWidget(shut)
        return head

    def _add_row(self, row: int, title: str, control: QWidget) -> Text:
        label = Text(title, Role.BODY)
        self._rows.addWidget(label, row, 0)
        self._rows.addWidget(control, row, 1, Qt.AlignmentFlag.AlignLeft)
        return label

    def _choose_kind(self, place: int) -> None:
        self._kind = KINDS[place]
        self._show_kind()

    def _choose_extent(self, place: int) -> None:
        self._extent = Extent(place)
        self._show_kind()

    def _choose_mode(self, place: int) -> None:
        self._mode = MODES[place][0]
        self._show_kind()

    def _choose_width(self, place: int) -> None:
        self._width_px = WIDTHS_PX[place]

    def _choose_paper(self, place: int) -> None:
        self._is_on_white = place == 1

    def _show_kind(self) -> None:
        """Show the rows that say something about this board as this kind of file."""
        is_board = self._kind.export_format is None
        is_picture = self._kind.export_format is ExportFormat.PNG
        is_pdf = self._kind.export_format is ExportFormat.PDF
        pages = self._open.board.pages
        has_sheets = any(page.sheet is not None for page in pages)
        is_dark = any(page.background.is_dark for page in pages if page.sheet is None)
        has_inked_choice = has_sheets and len(pages) > 1
        if self._extent is Extent.INKED and not has_inked_choice:
            self.extent.choose(Extent.ALL)
            self._extent = Extent.ALL
        self._hint.set_msgid(self._kind.hint)
        self.extent.show_item(Extent.INKED, is_shown=has_inked_choice)
        self._show_row(self.extent, is_shown=not is_board)
        self._show_row(self.paper, is_shown=not is_board and is_dark)
        self._show_row(self.widths, is_shown=is_picture)
        self._show_row(self.modes, is_shown=is_pdf and has_sheets)
        self._show_row(self._hint, is_shown=not (is_pdf and has_sheets))
        self._show_row(self._lock_hint, is_shown=is_pdf and self._is_locked())
        self._show_row(self.notes, is_shown=is_pdf and bool(self._notes()))
        self._refit()

    def _show_row(self, control: QWidget, *, is_shown: bool) -> None:
        control.setVisible(is_shown)
        self._labels[control].setVisible(is_shown)

    def _show_sticks(self, places: tuple[Place, ...]) -> None:
        for old in self._buttons:
            self._places.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = [self._make_stick_button(place) for place in places]
        for number, button in enumerate(self._buttons):
            self._places.insertWidget(number, button)
        self._stick_hint.setVisible(not places)
        self._refit()

    def _make_stick_button(self, place: Place) -> RowButton:
        button = RowButton("usb", lambda: place.name, lambda: stick_words(place))
        button.clicked.connect(lambda: self._take_to(place))
        return button

    @property
    def stick_buttons(self) -> tuple[QWidget, ...]:
        """The buttons of the sticks."""
        return tuple(self._buttons)

    # Working ------------------------------------------------------------------------------

    def _make_work(self) -> QWidget:
        page = QWidget()
        self._work_title = Text("", Role.TITLE)
        self.progress = Progress()
        self.cancel_button = TouchButton(N_("Cancel"), "x", layout=Layout.BESIDE, main=True)
        self.cancel_button.clicked.connect(self._ask_cancel)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        self._work = QVBoxLayout(page)
        self._work.setContentsMargins(0, 0, 0, 0)
        self._work.addWidget(self._work_title)
        self._work.addWidget(self.progress)
        self._work.addLayout(row)
        return page

    def _take_to_display(self) -> None:
        folder = self._host.data_dir
        self._jobs.run(lambda: display_place(folder), self._take_to)

    def _take_to(self, place: Place) -> None:
        if self._is_busy:
            return
        pages = self._pages()
        if not pages:
            self._host.show_notice(Notice(_("Nothing is written on these pages yet.")))
            return
        name = self._file_name()
        cancel, tell = self._begin(_("Saving to %(place)s") % {"place": place_name(place)})
        work = self._work_for(pages, place, name, tell, cancel)
        self._long_jobs.run(work, self._taken, failed=self._failed, ended=self._end)

    def _work_for(
        self,
        pages: Sequence[Page],
        place: Place,
        name: FileName,
        tell: Callable[[float], None],
        cancel: Cancel,
    ) -> Callable[[], Taken | None]:
        """Return what the worker does."""
        export_format = self._kind.export_format
        if export_format is None:
            return functools.partial(
                take_board,
                self._open.file,
                place,
                name,
                on_progress=tell,
                is_cancelled=cancel,
            )
        snapshot = self._snapshot(pages)
        made = self._pdf_plan(snapshot, pages)
        if export_format is ExportFormat.PDF and made is not None:
            export, plan = made
            return functools.partial(
                take_pdf, export, plan, place, name, on_progress=tell, is_cancelled=cancel
            )
        return functools.partial(
            take_away,
            snapshot,
            export_format,
            ExportOptions(self._width_px, self._is_on_white),
            place,
            name,
            on_progress=tell,
            is_cancelled=cancel,
        )

    def _pdf_plan(
        self, snapshot: BoardSnapshot, pages: Sequence[Page]
    ) -> tuple[DocumentExport, PdfPlan] | None:
        """Return how a PDF is made of sheets or with notes; None for a plain one."""
        export = self._open.export
        notes = self._notes() if self.notes.isChecked() else {}
        has_sheets = any(page.sheet is not None for page in self._open.board.pages)
        if export is None or not (has_sheets or notes):
            return None
        every = [page.id for page in self._open.board.pages]
        numbers = [every.index(page.id) + 1 for page in pages]
        wish = PdfWish(
            self._clock.now().astimezone(),
            self._mode if has_sheets else PdfMode.FLATTENED,
            is_on_white=self._is_on_white,
            notes=notes,
            notes_heading=lambda place: notes_heading(numbers[place - 1]),
            people=PEOPLE_NAMES,
        )
        return export, export.plan(snapshot, wish)

    def _pages(self) -> tuple[Page, ...]:
        """Return the pages that were chosen."""
        board = self._open.board
        if self._kind.export_format is None or self._extent is Extent.ALL:
            return board.pages
        if self._extent is Extent.THIS:
            return (board.page(self._page_id()),)
        return tuple(page for page in board.pages if board.items(page.id))

    def _notes(self) -> dict[str, str]:
        """Return what only the presenter sees, of the pages that were chosen."""
        chosen = {page.id for page in self._pages()}
        found = self._open.file.notes
        return {page: text for page, text in found.items() if page in chosen and text.strip()}

    def _is_locked(self) -> bool:
        export = self._open.export
        pages = self._pages()
        return export is not None and bool(pages) and export.is_locked(documents_of(pages))

    def _snapshot(self, pages: Sequence[Page]) -> BoardSnapshot:
        reader = self._open.reader
        read_sheet = None if reader is None else reader.read
        ids = [page.id for page in pages]
        return take_snapshot(self._open.board, self._open.file.asset, ids, read_sheet)

    def _file_name(self) -> FileName:
        return FileName(self._title(), self._clock.now().date())

    def _title(self) -> str:
        """Return the board's title, or the name of its document where it has none."""
        board = self._open.board
        for document in documents_of(board.pages):
            record = board.documents.get(document)
            if record is not None and record.name and not board.title.strip():
                return title_of(record.name)
        return shown_title(board.title, self._open.file.created)

    def _begin(self, words: str) -> tuple[Cancel, Callable[[float], None]]:
        self._is_busy = True
        self._is_leaving = False
        self._cancel = Cancel()
        self._teller = _Teller()
        self._teller.told.connect(self._show_share)
        self.progress.set_share(0.0)
        self.cancel_button.setEnabled(True)
        self._work_title.set_plain(words)
        self._show_page(_Page.WORK)
        return self._cancel, self._teller.tell

    def _show_share(self, share: float) -> None:
        self.progress.set_share(share)

    def _ask_cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        self._cancel.ask()

    def _taken(self, taken: Taken | None) -> None:
        if taken is None:
            self._host.show_notice(Notice(_("Cancelled. Nothing was saved.")))
            return
        self._leave(taken_words(taken))
        if taken.lacking:
            words = ngettext(
                "The document of %(count)d page was not found. Its ink is on white paper.",
                "The document of %(count)d pages was not found. Their ink is on white paper.",
                taken.lacking,
            )
            self._host.show_notice(Notice(words % {"count": taken.lacking}))

    def _leave(self, words: str) -> None:
        # The page with the progress goes with the sheet, not before it.
        self._is_leaving = True
        self.close_sheet()
        self._host.show_notice(Notice(words))

    def _failed(self, error: AppError) -> None:
        self._host.show_error(error)

    def _end(self) -> None:
        self._is_busy = False
        if not self._is_leaving:
            self._show_page(_Page.CHOICE)

    # Printing -----------------------------------------------------------------------------

    def _make_printers(self) -> QWidget:
        page = QWidget()
        self._printer_row = QHBoxLayout()
        back = TouchButton(N_("Go back"), "arrow-left", layout=Layout.BESIDE, main=True)
        back.clicked.connect(lambda: self._show_page(_Page.CHOICE))
        row = QHBoxLayout()
        row.addWidget(back)
        row.addStretch(1)
        self._printer_column = QVBoxLayout(page)
        self._printer_column.setContentsMargins(0, 0, 0, 0)
        self._printer_column.addWidget(Text(N_("Which printer?"), Role.TITLE))
        self._printer_column.addLayout(self._printer_row)
        self._printer_column.addLayout(row)
        self._printer_buttons: list[RowButton] = []
        return page

    def _ask_printers(self) -> None:
        if not self._is_busy:
            self._long_jobs.run(list_printers, self._choose_printer)

    def _choose_printer(self, printers: tuple[Printer, ...]) -> None:
        if len(printers) == 1:
            self._print(printers[0])
            return
        for old in self._printer_buttons:
            self._printer_row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._printer_buttons = [self._make_printer_button(one) for one in printers]
        for button in self._printer_buttons:
            self._printer_row.addWidget(button)
        self._show_page(_Page.PRINTERS)

    def _make_printer_button(self, printer: Printer) -> RowButton:
        def details() -> str:
            return _("The usual printer") if printer.is_default else ""

        button = RowButton("printer", lambda: printer.name, details)
        button.clicked.connect(lambda: self._print(printer))
        return button

    def _print(self, printer: Printer) -> None:
        if self._is_busy:
            return
        pages = self._pages()
        if not pages:
            self._host.show_notice(Notice(_("Nothing is written on these pages yet.")))
            return
        cancel, tell = self._begin(_("Printing on %(printer)s") % {"printer": printer.name})
        work = self._printing(pages, printer, tell, cancel)
        done = functools.partial(self._printed, printer)
        self._long_jobs.run(work, done, failed=self._failed, ended=self._end)

    def _printing(
        self,
        pages: Sequence[Page],
        printer: Printer,
        tell: Callable[[float], None],
        cancel: Cancel,
    ) -> Callable[[], bool]:
        """Return what the worker does."""
        snapshot, title = self._snapshot(pages), self._title()
        export = self._open.export
        if export is None or not documents_of(pages):
            options = ExportOptions(is_on_white=True)
            return functools.partial(
                print_pages, snapshot, options, printer, title, is_cancelled=cancel
            )
        now = self._clock.now().astimezone()
        # A printer cannot be asked for a password, and some leave annotations out.
        wish = PdfWish(now, PdfMode.FLATTENED, is_on_white=True, is_decrypted=True)
        return functools.partial(
            export.print_out,
            export.plan(snapshot, wish),
            printer,
            title,
            on_progress=tell,
            is_cancelled=cancel,
        )

    def _printed(self, printer: Printer, is_sent: bool) -> None:
        if not is_sent:
            self._host.show_notice(Notice(_("Cancelled. Nothing was printed.")))
            return
        self._leave(_("Sent to the printer %(printer)s.") % {"printer": printer.name})

    # Look ---------------------------------------------------------------------------------

    def _show_page(self, page: _Page) -> None:
        self._stack.setCurrentIndex(page)
        self._refit()

    def _refit(self) -> None:
        self.content.invalidate()
        self.relayout()

    def _respace_parts(self) -> None:
        sizes = theme.metrics()
        parent = self.parentWidget()
        room = (parent.width() if parent is not None else 0) - sizes.px(8)
        self.panel.setMinimumWidth(min(sizes.px(_SHEET_MM), max(0, room)))
        self._rows.setHorizontalSpacing(sizes.gap_px)
        self._rows.setVerticalSpacing(sizes.px(4))
        for label in self._labels.values():
            label.setMinimumWidth(sizes.px(_LABEL_MM))
        for row in (self._places, self._printer_row):
            row.setSpacing(sizes.gap_px)
        for column in (self._choice, self._work, self._printer_column):
            column.setSpacing(sizes.px(7))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watch.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._watch.stop()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._respace_parts()
            self._refit()


def notes_heading(number: int) -> str:
    """Return the heading above the notes of a page, its number from 1."""
    return _("Notes for page %(number)d") % {"number": number}


def place_name(place: Place) -> str:
    """Return what people call a place."""
    return place.name if place.is_stick else _("this display")
