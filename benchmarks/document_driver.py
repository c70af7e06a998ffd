"""The real application with the orders that measuring documents needs; see `tools.driven_app`.

page NUMBER    shows a page of the board, from 0, as "Go to page" does: "page NUMBER shown"
busy yes|no    lets both render processes paint sheets nobody looks at, one after another
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QRect, QTimer
from typing_extensions import override

import kiosk.app
from kiosk.cli import main
from tools.driven_app import DrivenKiosk, answer
from whiteboard.services.rendering.render_pool import Priority, RenderPool
from whiteboard.views.page.canvas import Canvas

BUSY_SCALE = 2.0
BUSY_PX = (1600, 1000)
SHEETS = 40
"""No document of the benchmarks has fewer."""
RETRY_MS = 20
CHAINS = 2
"""One for each render process."""


class DocumentKiosk(DrivenKiosk):
    """The composition root that also turns pages and keeps its workers busy."""

    _is_busy = False

    @override
    def _obey(self, order: str) -> None:
        verb, _, what = order.partition(" ")
        if verb == "page":
            self._show_page(int(what))
        elif verb == "busy":
            self._keep_busy(what == "yes")
        else:
            super()._obey(order)

    def _show_page(self, number: int) -> None:
        """Show a page as soon as the board has it: a large document is still coming in."""
        for widget in self._app.allWidgets():
            if isinstance(widget, Canvas) and widget.isVisible():
                pages = widget._board.pages
                if number < len(pages):
                    widget.show_page(pages[number].id)
                    answer(f"page {number} shown")
                    return
        QTimer.singleShot(RETRY_MS, self, lambda: self._show_page(number))

    def _keep_busy(self, is_busy: bool) -> None:
        was_busy, self._is_busy = self._is_busy, is_busy
        if is_busy and not was_busy:
            for pool in self._pools():
                for chain in range(CHAINS):
                    self._paint(pool, chain)
        answer(f"busy {'yes' if is_busy else 'no'}")

    def _pools(self) -> list[RenderPool]:
        features = [self._feature(entry) for entry in self._entries]
        found = [getattr(feature, "_pool", None) for feature in features]
        return [pool for pool in found if isinstance(pool, RenderPool)]

    def _paint(self, pool: RenderPool, number: int) -> None:
        """Render a sheet, and the next but one when it is there."""
        if not self._is_busy:
            return
        document = next(iter(pool._documents))
        area = QRect(number % 7, 0, *BUSY_PX)
        pool.render(
            document,
            number % SHEETS,
            0,
            BUSY_SCALE,
            area,
            Priority.NEXT,
            lambda _picture: self._paint(pool, number + CHAINS),
        )


if __name__ == "__main__":
    kiosk.app.Kiosk = DocumentKiosk  # type: ignore[misc]
    sys.exit(main())
