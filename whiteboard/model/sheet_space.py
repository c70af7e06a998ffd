"""Between a sheet of a document and the page of the board it lies under.

Sheet space knows nothing of the quarter turns that a page gives its sheet; words, links and
places that were found come in it. The page's corner is the corner of the turned sheet.
"""

from __future__ import annotations

from collections.abc import Sequence

from whiteboard.model.bounds import Rect
from whiteboard.model.document import SheetSize
from whiteboard.model.page import Page
from whiteboard.model.select import Transform, quarter_turns


def sheet_to_page(page: Page) -> Transform:
    """Return the transform from sheet space to page space, pt.

    Raises:
        ValueError: no sheet lies under the page.
    """
    if page.sheet is None:
        raise ValueError(f"page {page.id} has no sheet")
    turns = page.sheet.turns % 4
    # The page is as large as the sheet after its turns; turned once more it is as before.
    size = SheetSize(page.width_pt, page.height_pt).turned(turns)
    return quarter_turns(turns, size.width_pt, size.height_pt)


def boxes_on_page(page: Page, boxes: Sequence[Rect]) -> tuple[Rect, ...]:
    """Return where boxes of a page's sheet are on the page.

    Raises:
        ValueError: no sheet lies under the page.
    """
    transform = sheet_to_page(page)
    if page.sheet is None or page.sheet.turns % 4 == 0:
        return tuple(boxes)
    return tuple(Rect.around(transform.points(box.corners())) for box in boxes)
