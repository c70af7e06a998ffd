"""A sheet whose content is as large as what it slides over allows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from base.qt import theme
from base.qt.panels import Sheet

_BESIDE_MM: Final = 8 + 16
"""What stays free beside a sheet, and what its panel keeps around the content."""


class FittedSheet(Sheet):
    """A sheet that sizes its content anew with what it slides over, and with the theme.

    Whoever derives from it calls `fit` once the content is there.

    Args:
        parent: What it slides over.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_filled = False

    def fit(self) -> None:
        """Size the content by the room there is now."""
        self._is_filled = True
        parent = self.parentWidget()
        room = QSize(1, 1) if parent is None else parent.size()
        self._size_content(room.width() - theme.metrics().px(_BESIDE_MM), room.height())
        self.relayout()

    def _size_content(self, widest_px: int, height_px: int) -> None:
        """Give the content its size.

        Args:
            widest_px: What the content can have at most; 0 and less where there is nothing.
            height_px: Of all that the sheet slides over.
        """
        raise NotImplementedError

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and event.type() == QEvent.Type.Resize and self._is_filled:
            self.fit()
        return super().eventFilter(watched, event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._is_filled:
            self.fit()
