"""The contents of a board: the outlines of its documents, leading to its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from whiteboard.model.document import OutlineEntry
from whiteboard.model.page import Page


@dataclass(frozen=True, slots=True)
class Heading:
    """A row of the contents.

    Attributes:
        title: Its words.
        level: Depth, from 0.
        page_id: The page it leads to; empty where it leads nowhere.
        number: That page's number on the board, from 1; 0 without one.
    """

    title: str
    level: int
    page_id: str = ""
    number: int = 0


def contents_of(
    pages: Sequence[Page],
    outlines: Mapping[str, Sequence[OutlineEntry]],
    names: Mapping[str, str],
) -> tuple[Heading, ...]:
    """Return the contents of a board, documents in the order of the pages.

    Where several documents have an outline, each begins with its name.

    Args:
        pages: The pages of the board.
        outlines: By document.
        names: Of the documents.
    """
    places: dict[str, dict[int, tuple[str, int]]] = {}
    for number, page in enumerate(pages, 1):
        if page.sheet is not None and outlines.get(page.sheet.document):
            known = places.setdefault(page.sheet.document, {})
            known.setdefault(page.sheet.number, (page.id, number))
    rows: list[Heading] = []
    is_one = len(places) == 1
    for document, known in places.items():
        if not is_one:
            rows.append(Heading(names.get(document, ""), 0, *next(iter(known.values()))))
        for entry in outlines[document]:
            page_id, number = known.get(-1 if entry.sheet is None else entry.sheet, ("", 0))
            rows.append(Heading(entry.title, entry.level + (not is_one), page_id, number))
    return tuple(rows)


def current_heading(headings: Sequence[Heading], number: int) -> int | None:
    """Return the place of the heading a page belongs to; None before the first one.

    Args:
        headings: From `contents_of`.
        number: The page's number on the board, from 1.
    """
    best: tuple[int, int] | None = None
    for place, heading in enumerate(headings):
        if 0 < heading.number <= number and (best is None or heading.number >= best[0]):
            best = (heading.number, place)
    return None if best is None else best[1]
