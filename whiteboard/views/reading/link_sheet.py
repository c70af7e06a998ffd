"""Where a link leads outside: this display has no browser, but everybody's telephone has."""

from __future__ import annotations

from typing import Final

import segno
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Sheet
from base.qt.widgets import Layout, Look, Role, Text, TouchButton, painter_for
from base.text import N_, _

_SIDE_MM: Final = 90.0
_QUIET_MODULES: Final = 4
"""The light border that readers need."""
_TEXT_MM: Final = 130.0
_LETTERS_MAX: Final = 1200
"""A code for more has dots too small to be read from a glass."""


class QrCode(QWidget):
    """The code of a text, dark on white in every theme: readers ask for that.

    Args:
        text: What a telephone reads.
    """

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        made = segno.make(text, micro=False, error="m", boost_error=False)
        self._rows = tuple(bytes(row) for row in made.matrix)
        self.setAccessibleName(_("QR code"))

    @override
    def sizeHint(self) -> QSize:
        side = theme.metrics().px(_SIDE_MM)
        return QSize(side, side)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(Qt.GlobalColor.white))
        radius = theme.metrics().radius_px
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        painter.setRenderHint(painter.RenderHint.Antialiasing, on=False)
        modules = len(self._rows) + 2 * _QUIET_MODULES
        # Whole pixels, so that all dots are of one size.
        dot = max(1, min(self.width(), self.height()) // modules)
        left = (self.width() - dot * len(self._rows)) // 2
        top = (self.height() - dot * len(self._rows)) // 2
        black = QColor(Qt.GlobalColor.black)
        for down, row in enumerate(self._rows):
            for across, is_dark in enumerate(row):
                if is_dark:
                    painter.fillRect(left + across * dot, top + down * dot, dot, dot, black)
        painter.end()


class LinkSheet(Sheet):
    """The address of a link, to be read and to be taken along.

    Args:
        parent: What it slides over.
        address: Where the link leads.
    """

    def __init__(self, parent: QWidget, address: str) -> None:
        super().__init__(parent)
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=Look.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("This leads to the internet"), Role.TITLE))
        head.addStretch(1)
        head.addWidget(shut)
        self.content.addLayout(head)
        beside = QHBoxLayout()
        beside.setSpacing(theme.metrics().px(8))
        if len(address) <= _LETTERS_MAX:
            beside.addWidget(QrCode(address))
        words = QVBoxLayout()
        words.setSpacing(theme.metrics().px(6))
        words.addStretch(1)
        self._address = Text(role=Role.BODY, wrap=True)
        # Addresses have no spaces to break at.
        self._address.set_plain(breakable(address))
        self._address.setAccessibleName(address)
        self._address.setFixedWidth(theme.metrics().px(_TEXT_MM))
        hint = Text(
            N_("Read the code with the camera of your phone to open it there."),
            Role.HINT,
            wrap=True,
        )
        words.addWidget(self._address)
        words.addWidget(hint)
        words.addStretch(1)
        beside.addLayout(words)
        self.content.addLayout(beside)
        self.panel.setAccessibleName(address)


def breakable(address: str) -> str:
    """Return an address that may be broken into lines behind its parts."""
    for mark in "/?&=-_.":
        address = address.replace(mark, f"{mark}\u200b")
    return address
