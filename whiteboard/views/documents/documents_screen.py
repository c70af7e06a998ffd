"""The screen and the sheet with the documents that can be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QRectF, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from base.clock import Clock
from base.feature import Host
from base.qt import theme
from base.qt.tray import FRAME_MM, Tray, paint_frame
from base.qt.widgets import Choice, Layout, Look, Role, Text, TouchButton, painter_for
from base.tasks import Worker
from base.text import N_
from whiteboard.services.documents.recent_documents import RecentDocuments
from whiteboard.services.taking.clipboard import file_paths
from whiteboard.views.documents.document_chooser import DocumentChooser
from whiteboard.views.parts.fitted_sheet import FittedSheet

_SHEET_MM: Final = 380.0
_LIST_SHARE: Final = 0.56
"""Share of the screen's height that the list takes at most in a sheet."""


class DocumentsScreen(QWidget):
    """What can be opened, on a screen of its own.

    Args:
        host: Tells of what happened, and which sticks there are.
        recent: What was opened before.
        worker: Where folders are read.
        clock: Where the time comes from.
    """

    files_dropped = Signal(object)
    """Files were dropped here: their paths, a list."""

    def __init__(
        self,
        host: Host,
        recent: RecentDocuments,
        worker: Worker,
        parent: QWidget | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.chooser = DocumentChooser(host, recent, worker, clock=clock)
        self._title = Text(N_("Documents"), Role.ROOM)
        self._body = QVBoxLayout()
        self._body.addWidget(self._title)
        self._body.addWidget(self.chooser, 1)
        tray = Tray()
        self.chooser.make_places(tray.row, Look.WOOD)
        tray.row.addStretch(1)
        home = TouchButton(N_("Home"), "house", look=Look.WOOD, main=True, layout=Layout.BESIDE)
        home.clicked.connect(host.go_home)
        tray.row.addWidget(home)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._body, 1)
        column.addWidget(tray)
        self._restyle()

    def shutdown(self) -> None:
        """Hear of no result any more."""
        self.chooser.shutdown()

    def _restyle(self) -> None:
        sizes = theme.metrics()
        frame = sizes.px(FRAME_MM)
        side = frame + sizes.px(22)
        self._body.setContentsMargins(side, frame + sizes.px(8), side - sizes.px(5), 0)
        self._body.setSpacing(sizes.px(3))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.chooser.start()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if file_paths(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        paths: list[Path] = file_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        paint_frame(painter, QRectF(self.rect()))
        painter.end()


class DocumentSheet(FittedSheet):
    """What can be put behind the page that is shown, or on a board of its own.

    Args:
        parent: What it slides over.
        host: Tells of what happened, and which sticks there are.
        recent: What was opened before.
        worker: Where folders are read.

    Attributes:
        is_own_board: Whether what is chosen is to come on a new board.
    """

    def __init__(
        self, parent: QWidget, host: Host, recent: RecentDocuments, worker: Worker
    ) -> None:
        super().__init__(parent)
        self.is_own_board = False
        self.chooser = DocumentChooser(host, recent, worker)
        self.where = Choice(
            (
                (N_("Behind this page"), "copy-plus"),
                (N_("On a new board"), "plus"),
            )
        )
        self.where.choose(0)
        self.where.chosen.connect(self._choose_where)
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("Insert a document"), Role.TITLE))
        head.addStretch(1)
        head.addWidget(self.where)
        head.addStretch(1)
        head.addWidget(shut)
        self._places = QHBoxLayout()
        self.chooser.make_places(self._places, Look.PLAIN)
        self._places.addStretch(1)
        self.content.addLayout(head)
        self.content.addWidget(self.chooser)
        self.content.addLayout(self._places)
        self.chooser.file_chosen.connect(lambda _path: self.close_sheet())
        self.chooser.recent_chosen.connect(lambda _entry: self.close_sheet())
        self.closed.connect(self.chooser.shutdown)
        self.fit()

    @override
    def open(self) -> None:
        self.fit()
        super().open()
        self.chooser.start()

    def _choose_where(self, place: int) -> None:
        self.is_own_board = place == 1

    @override
    def _size_content(self, widest_px: int, height_px: int) -> None:
        sizes = theme.metrics()
        width = min(sizes.px(_SHEET_MM), widest_px)
        height = max(round(height_px * _LIST_SHARE), sizes.px(60))
        self.chooser.setFixedSize(max(width, 1), height)
        self._places.setSpacing(sizes.gap_px)
