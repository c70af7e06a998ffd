"""What a search over a board finds: places on its pages, in the order of the pages."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from base.board_doc import Item, NoteItem, TextItem
from whiteboard.model.bounds import Rect, item_bounds
from whiteboard.model.document import Hit
from whiteboard.model.page import Page
from whiteboard.model.sheet_space import boxes_on_page
from whiteboard.model.text_folding import find_in, is_wide
from whiteboard.model.text_marker import stands_below

AROUND_LETTERS: Final = 24
"""So much of the text is shown before and behind what was found."""
ITEM_HITS_MAX: Final = 20
"""More in one text that somebody wrote are left out."""
_LEFT_OVER: Final = re.compile(r"[\s。、．，.,;:!?！？・…)\]）」』】〉》]+")
"""What no piece of text begins with."""
_SENTENCE_END: Final = re.compile(r"[。！？]|[.!?](?=\s)")
_WORD_START: Final = re.compile(
    r"(?<=[\s、・：:(（「『【〈《])\S"
    r"|(?<=[\u3041-\u309f])[\u30a1-\u30ff\u3400-\u9fff]"
    r"|(?<=[\u30a1-\u30ff])[\u3400-\u9fff]"
)
"""Behind a space or a bracket; in Japanese also where the letters change so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where the sought text is.

    Attributes:
        page_id: The page.
        boxes: Where on it, page space.
        around: The text around it, in one line.
        begin: Where in `around` it begins.
        end: Where it ends there.
    """

    page_id: str
    boxes: tuple[Rect, ...]
    around: str
    begin: int
    end: int


class Findings:
    """What was found so far, in the order of the pages and from above on each of them.

    Args:
        pages: The pages as they are when the search begins.
    """

    def __init__(self, pages: Iterable[Page]) -> None:
        self._places = {page.id: place for place, page in enumerate(pages)}
        self._found: list[tuple[tuple[int, float, float, int], Finding]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, place: int) -> Finding:
        return self._found[place][1]

    def add(self, finding: Finding) -> None:
        """Take in a finding; one on a page that is not known is left out."""
        page = self._places.get(finding.page_id)
        if page is None:
            return
        self._count += 1
        box = finding.boxes[0]
        entry = ((page, box.top, box.left, self._count), finding)
        insort(self._found, entry, key=lambda found: found[0])

    def place_of(self, finding: Finding | None) -> int | None:
        """Return where a finding stands now; None for one of another search."""
        for place, (_order, found) in enumerate(self._found):
            if found is finding:
                return place
        return None

    def number(self, place: int) -> int:
        """Return the number of a finding's page, from 1."""
        return self._found[place][0][0] + 1

    def first_from(self, page_id: str) -> int:
        """Return the place of the first finding on a page or behind it; else 0."""
        wanted = self._places.get(page_id, 0)
        for place, (order, _finding) in enumerate(self._found):
            if order[0] >= wanted:
                return place
        return 0


def find_in_items(page: Page, items: Mapping[str, Item], folded_query: str) -> list[Finding]:
    """Return where the texts and notes of a page say what is sought."""
    found = []
    for item in items.values():
        if isinstance(item, TextItem | NoteItem):
            flat = " ".join(item.text.split())
            places = find_in(flat, folded_query, ITEM_HITS_MAX)
            bounds = (item_bounds(item),)
            found += [_around(page.id, bounds, flat, *place) for place in places]
    return found


def find_on_pages(pages: Sequence[Page], hit: Hit, folded_query: str) -> list[Finding]:
    """Return what was found on a sheet, once for each page that has it.

    Args:
        pages: Those under which the sheet lies.
        hit: What was found.
        folded_query: For the place of it in the text around.
    """
    if not hit.boxes:
        return []
    around, boxes = _without_breaks(hit.around), _columns(hit.boxes)
    places = find_in(around, folded_query, len(around))
    # So much of the text lies before it, or behind it where the sheet begins or ends.
    length = len(around)
    begin, end = min(
        places,
        key=lambda place: min(
            abs(place[0] - AROUND_LETTERS), abs(length - place[1] - AROUND_LETTERS)
        ),
        default=(0, 0),
    )
    # Spaces that were taken away were part of what lies before it.
    is_cut = begin + len(hit.around) - length >= AROUND_LETTERS
    first = _first_shown(around[:begin], is_cut=is_cut)
    shown, begin, end = around[first:], begin - first, end - first
    return [Finding(page.id, boxes_on_page(page, boxes), shown, begin, end) for page in pages]


def _columns(boxes: Sequence[Rect]) -> tuple[Rect, ...]:
    """Join the boxes of text that is written downwards: it comes as a line for each letter."""
    joined: list[Rect] = []
    last: Rect | None = None
    for box in boxes:
        if last is not None and stands_below(last, box):
            joined[-1] = joined[-1].union(box)
        else:
            joined.append(box)
        last = box
    return tuple(joined)


def _without_breaks(text: str) -> str:
    """Return a text without the ends of line that fall between Japanese letters."""
    return "".join(
        letter
        for place, letter in enumerate(text)
        if letter != " "
        or not all(is_wide(beside) for beside in text[place - 1 : place + 2 : 2])
    )


def _around(page_id: str, boxes: tuple[Rect, ...], text: str, begin: int, end: int) -> Finding:
    cut = max(0, begin - AROUND_LETTERS)
    first = cut + _first_shown(text[cut:begin], is_cut=cut > 0)
    shown = text[first : end + AROUND_LETTERS]
    return Finding(page_id, boxes, shown, begin - first, end - first)


def _first_shown(before: str, *, is_cut: bool) -> int:
    """Return where a sentence or a word begins in the text before what was found.

    Args:
        before: That text.
        is_cut: Whether more stands before it, so that it may begin inside a word.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(before)]
    first = ends[-1] if ends else 0
    if is_cut and not first:
        word = _WORD_START.search(before)
        first = word.start() if word is not None else 0
    left_over = _LEFT_OVER.match(before, first)
    return left_over.end() if left_over is not None else first
