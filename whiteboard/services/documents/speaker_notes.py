"""Speaker notes of a presentation, one for each sheet of its PDF. Runs in a worker process.

LibreOffice leaves hidden slides out of the PDF. The notes that belong to them are left out
too, unless the number of sheets says that they were exported after all.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pymupdf
from lxml import etree
from pptx.exc import PackageNotFoundError
from pptx.package import Package

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors
from whiteboard.services.rendering.long_job import Progress
from whiteboard.services.rendering.render_protocol import Json

_DRAW: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_PRESENTATION: Final = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MOST_SPACES: Final = 1000


@dataclass(frozen=True, slots=True)
class SlideNote:
    """What the presenter wrote about a slide.

    Attributes:
        text: The note; empty for none.
        is_hidden: Whether the slide is left out when the deck is shown.
    """

    text: str
    is_hidden: bool


def read_notes(_progress: Progress, source: str, pdf: str) -> dict[str, Json]:
    """Return how many sheets a converted presentation has, and their notes.

    Args:
        _progress: It is quick.
        source: The presentation; any other file has no notes.
        pdf: What LibreOffice made of it.

    Returns:
        `sheets`: number of sheets; `notes`: a text for each, or nothing when no slide has
        one (or they cannot be read: a deck without its notes is better than none).

    Raises:
        AppError: CONVERSION_FAILED; the PDF is none. DOCUMENT_EMPTY.
    """
    try:
        with pymupdf.open(pdf) as document:
            sheets = document.page_count
    except (RuntimeError, ValueError) as error:
        raise AppError(ErrorCode.CONVERSION_FAILED, f"{pdf}: {error}") from error
    if not sheets:
        raise AppError(ErrorCode.DOCUMENT_EMPTY, source)
    notes = align(read_slide_notes(Path(source)), sheets)
    return {"sheets": sheets, "notes": list(notes) if any(notes) else []}


def align(slides: Sequence[SlideNote], sheets: int) -> tuple[str, ...]:
    """Return a note for each sheet.

    Args:
        slides: All slides, hidden ones too.
        sheets: How many sheets were made of them.
    """
    visible = [slide.text for slide in slides if not slide.is_hidden]
    chosen = [slide.text for slide in slides] if sheets == len(slides) else visible
    return tuple((chosen + [""] * sheets)[:sheets])


def read_slide_notes(path: Path) -> list[SlideNote]:
    """Return the notes of a presentation's slides; nothing for what is no presentation.

    Raises:
        AppError: NOT_FOUND, MEDIUM_GONE.
    """
    with disk_errors(path):
        try:
            match path.suffix.lower():
                case ".pptx":
                    return _of_powerpoint(path)
                case ".odp":
                    return _of_opendocument(path)
        except (PackageNotFoundError, zipfile.BadZipFile, etree.XMLSyntaxError, KeyError,
                ValueError, AttributeError, NotImplementedError):  # fmt: skip
            return []
    return []


def _of_powerpoint(path: Path) -> list[SlideNote]:
    # `pptx.Presentation` refuses slide shows (.ppsx), which are the same inside.
    presentation = Package.open(str(path)).main_document_part.presentation
    found = []
    for slide in presentation.slides:
        text = ""
        if slide.has_notes_slide:
            frame = slide.notes_slide.notes_text_frame
            text = frame.text if frame is not None else ""
        is_hidden = slide._element.get("show") in ("0", "false")
        found.append(SlideNote(_clean(text), is_hidden))
    return found


def _of_opendocument(path: Path) -> list[SlideNote]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read("content.xml"), parser)
    hidden = {
        style.get(f"{_STYLE}name")
        for style in root.iter(f"{_STYLE}style")
        for properties in style.iter(f"{_STYLE}drawing-page-properties")
        if properties.get(f"{_PRESENTATION}visibility") == "hidden"
    }
    return [
        SlideNote(_note_of(page), page.get(f"{_DRAW}style-name") in hidden)
        for page in root.iter(f"{_DRAW}page")
    ]


def _note_of(page: Any) -> str:  # noqa: ANN401  (lxml ships no types)
    lines = [
        _text_of(paragraph)
        for notes in page.iter(f"{_PRESENTATION}notes")
        for box in notes.iter(f"{_DRAW}text-box")
        for paragraph in box.iter(f"{_TEXT}p", f"{_TEXT}h")
    ]
    return _clean("\n".join(lines))


def _text_of(paragraph: Any) -> str:  # noqa: ANN401  (lxml ships no types)
    parts = [paragraph.text or ""]
    for element in paragraph.iterdescendants():
        if element.tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif element.tag == f"{_TEXT}tab":
            parts.append("\t")
        elif element.tag == f"{_TEXT}s":
            count = element.get(f"{_TEXT}c", "1")
            parts.append(" " * min(int(count) if count.isdecimal() else 1, _MOST_SPACES))
        else:
            parts.append(element.text or "")
        parts.append(element.tail or "")
    return "".join(parts)


def _clean(text: str) -> str:
    # PowerPoint keeps a line break within a paragraph as a vertical tab.
    return text.replace("\v", "\n").replace("\r\n", "\n").replace("\r", "\n").strip()
