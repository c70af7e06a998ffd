"""A document under the ink: its sheets, and what is known of them besides their pixels.

A document is a PDF; what came in as slides, an office file or a picture was made one on the
way in. Its id is the SHA-256 of its bytes in hex digits, so the same file is the same
document on every board. Sheet space is points (1/72 inch) from the upper left corner of the
sheet as it is seen (crop box, the PDF's own rotation applied), y down: with no quarter
turns of its own, a board page and the sheet under it are the same space.
"""

from __future__ import annotations

from dataclasses import dataclass

from whiteboard.model.bounds import Rect


@dataclass(frozen=True, slots=True)
class SheetRef:
    """The sheet of a document that lies under a page.

    Attributes:
        document: Id of the document.
        number: Place of the sheet in the document, from 0.
        turns: Quarter turns clockwise that the page gives it, 0 to 3.
    """

    document: str
    number: int
    turns: int = 0


@dataclass(frozen=True, slots=True)
class SheetSize:
    """Size of a sheet as it is seen, without turns of the page, pt."""

    width_pt: float
    height_pt: float

    def turned(self, turns: int) -> SheetSize:
        """Return the size after quarter turns."""
        return SheetSize(self.height_pt, self.width_pt) if turns % 2 else self


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What a board keeps of a document whose sheets lie under its pages.

    Attributes:
        name: What people call it, such as the file's name; may be empty.
        sheets: How many sheets it has.
        source: SHA-256 in hex digits of the file it was made from; empty when it came as
            it is.
    """

    name: str
    sheets: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A heading of the document's outline.

    Attributes:
        title: Its words.
        level: Depth, from 0.
        sheet: Number of the sheet it leads to; None where it leads nowhere.
    """

    title: str
    level: int
    sheet: int | None


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What is known of a document once it is open.

    Attributes:
        document: Its id.
        sheets: Size of each sheet.
        outline: Its headings, in order.
        is_repaired: Whether the file was damaged and what could be read was saved.
        has_our_ink: Whether Kokuban wrote ink into the file that can be edited again.
    """

    document: str
    sheets: tuple[SheetSize, ...]
    outline: tuple[OutlineEntry, ...] = ()
    is_repaired: bool = False
    has_our_ink: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sheet's text.

    Attributes:
        text: The word.
        box: Where it is, sheet space.
        line: Number of its line within the sheet, from 0: words of one line are marked
            together.
    """

    text: str
    box: Rect
    line: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a sheet.

    Attributes:
        box: Where it is touched, sheet space.
        sheet: Number of the sheet it leads to; None for one that leads outside.
        url: Where it leads outside; empty for one that stays inside.
    """

    box: Rect
    sheet: int | None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where searched text was found.

    Attributes:
        sheet: Number of the sheet.
        boxes: Where it is, one box a line, sheet space.
        around: The text around it, for a list of hits.
    """

    sheet: int
    boxes: tuple[Rect, ...]
    around: str = ""
