"""Xournal++ notebooks: their ink stays ink. What the worker process read becomes pages.

Strokes are strokes with their own widths, texts texts, pictures pictures, and the paper the
nearest of ours; `xopp_reading` does that, far from the board.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from base.board_doc import Item, parse_item
from base.errors import AppError, ErrorCode
from whiteboard.model.page import Background, parse_background
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.rendering.render_protocol import Json


@dataclass(frozen=True, slots=True)
class XoppPage:
    """A page of a notebook.

    Attributes:
        width_pt, height_pt: Its size.
        background: The nearest of our papers.
        sheet: Sheet of the PDF that lies under it, from 0; None for paper.
        items: Its ink, lowest first; page, stacking order and author are to be filled in.
    """

    width_pt: float
    height_pt: float
    background: Background
    sheet: int | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class XoppNotebook:
    """What a notebook holds.

    Attributes:
        pages: Its pages.
        pictures: The bytes of its pictures, which belong into the board's file.
        lacks_document: Whether a PDF belongs under its pages and could not be found.
        lost: How many things on it could not be read.
    """

    pages: tuple[XoppPage, ...]
    pictures: tuple[bytes, ...]
    lacks_document: bool
    lost: int


def parse_notebook(found: Mapping[str, Json], folder: Path) -> tuple[XoppNotebook, Path | None]:
    """Return the notebook of what `read_xopp` found, and the PDF under it.

    The worker process has read a stranger's file; what it says is checked.

    Args:
        found: What `read_xopp` returned.
        folder: Where it put the pictures.

    Raises:
        AppError: DOCUMENT_DAMAGED; it is no notebook. MEDIUM_GONE, NOT_FOUND.
    """
    try:
        pages = tuple(_parse_page(page) for page in _list(found["pages"]))
        names = [str(name) for name in _list(found["pictures"])]
        background = str(found["document"])
        lacks, lost = bool(found["lacks_document"]), found["lost"]
        if not isinstance(lost, int) or not all(len(n) == 64 and n.isalnum() for n in names):
            raise TypeError("a field is of the wrong type")
    except (KeyError, TypeError, ValueError) as error:
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"notebook: {error}") from error
    with disk_errors(folder):
        pictures = tuple((folder / name).read_bytes() for name in names)
    path = Path(background) if background else None
    return XoppNotebook(pages, pictures, lacks, lost), path


def _parse_page(page: Json) -> XoppPage:
    if not isinstance(page, dict):
        raise TypeError("a page is no object")
    width, height, sheet = page["width"], page["height"], page["sheet"]
    if not (isinstance(width, float) and isinstance(height, float)):
        raise TypeError("a page without a size")
    if not (sheet is None or isinstance(sheet, int)):
        raise TypeError("a sheet that is no number")
    packed = [base64.b64decode(str(item)) for item in _list(page["items"])]
    background = parse_background(page["background"])
    return XoppPage(width, height, background, sheet, tuple(map(parse_item, packed)))


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
