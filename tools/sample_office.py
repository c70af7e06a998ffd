"""Office files as they are brought to a display: a deck with notes, and small other ones."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

import numpy as np
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

from tools.sample_pdfs import SENTENCES, TOPICS, paint_landscape

Out = Path | IO[bytes]
"""Where a file is written to."""
ZIP_TIME: Final = (2026, 11, 1, 9, 0, 0)
CORE_TIME: Final = b"2026-11-01T09:00:00Z"
HIDDEN_SLIDE: Final = 3
"""Number of the slide that is hidden, from 0."""
TITLE_ONLY: Final = 5
XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ODF: Final = "urn:oasis:names:tc:opendocument:xmlns"


def notes_of(number: int) -> str:
    """Return what the speaker says beside a slide, from 0."""
    japanese, english = TOPICS[number % len(TOPICS)]
    first = f"{number + 1}枚目の原稿です。{japanese}を話します。"
    return f"{first}\n({english})\n質問は最後に受けます。"


def write_deck(out: Out, pages: int = 20, seed: int = 1) -> None:
    """Write a PowerPoint deck: notes on each slide, pictures, tables, charts, one hidden."""
    rng = np.random.default_rng(seed)
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    pictures = [_picture(rng) for _ in range(min(pages, 8))]
    for number in range(pages):
        slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
        slide.shapes.title.text = f"{number + 1}. {TOPICS[number % len(TOPICS)][0]}"
        slide.notes_slide.notes_text_frame.text = notes_of(number)
        _write_lines(slide, rng)
        if number % 3 == 0:
            place = (Inches(7.6), Inches(2.0), Inches(5.0))
            slide.shapes.add_picture(io.BytesIO(pictures[number % len(pictures)]), *place)
        elif number % 3 == 1:
            _add_table(slide, rng)
        else:
            _add_chart(slide, rng)
        if number == HIDDEN_SLIDE:
            slide._element.set("show", "0")  # the library has no call for it
    buffer = io.BytesIO()
    deck.save(buffer)
    write_zip(out, _with_fixed_times(buffer.getvalue()))


def write_letter(out: Out, pages: int = 2, seed: int = 1) -> None:
    """Write a Word document."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(SENTENCES), 12 * pages)
    runs = "".join(f"<w:p><w:r><w:t>{SENTENCES[each]}</w:t></w:r></w:p>" for each in chosen)
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<w:document xmlns:w="{namespace}"><w:body>{runs}</w:body></w:document>'
    _write_package(out, "word/document.xml", "wordprocessingml.document", body, {})


def write_sheet(out: Out, pages: int = 1, seed: int = 1) -> None:
    """Write an Excel workbook of one sheet, forty rows a page."""
    rng = np.random.default_rng(seed)
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>項目 {row}</t></is></c>'
        f'<c r="B{row}"><v>{value}</v></c></row>'
        for row, value in enumerate(rng.integers(100, 90_000, 40 * pages).tolist(), start=1)
    )
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    book = (
        f'<workbook xmlns="{namespace}" xmlns:r="{OFFICE}">'
        '<sheets><sheet name="一覧" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    sheet = f'{XML}<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'
    relations = (
        f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    )
    more = {"xl/worksheets/sheet1.xml": sheet, "xl/_rels/workbook.xml.rels": relations}
    _write_package(out, "xl/workbook.xml", "spreadsheetml.sheet.main", book, more)


def write_odp(out: Out, pages: int = 4, seed: int = 1) -> None:
    """Write an OpenDocument presentation."""
    rng = np.random.default_rng(seed)
    slides = "".join(
        f'<draw:page draw:name="{number}" draw:master-page-name="d"><draw:frame'
        ' svg:x="2cm" svg:y="3cm" svg:width="20cm" svg:height="6cm"><draw:text-box>'
        f"<text:p>{TOPICS[number % len(TOPICS)][0]}</text:p>"
        f"<text:p>{SENTENCES[int(rng.integers(len(SENTENCES)))]}</text:p>"
        "</draw:text-box></draw:frame></draw:page>"
        for number in range(pages)
    )
    names = ("office", "style", "text")
    spaces = " ".join(f'xmlns:{name}="{ODF}:{name}:1.0"' for name in names)
    spaces += f' xmlns:draw="{ODF}:drawing:1.0" xmlns:svg="{ODF}:svg-compatible:1.0"'
    content = (
        f"{XML}<office:document-content {spaces} office:version='1.2'><office:body>"
        f"<office:presentation>{slides}</office:presentation></office:body>"
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.presentation"
    manifest = (
        f'{XML}<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0"'
        f' manifest:version="1.2"><manifest:file-entry manifest:full-path="/"'
        f' manifest:media-type="{kind}"/><manifest:file-entry'
        ' manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    parts = {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest}
    write_zip(out, {name: text.encode() for name, text in parts.items()})


def write_zip(out: Out, parts: Mapping[str, bytes]) -> None:
    """Write a zip of those parts, in order, with a time that is always the same."""
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            # An OpenDocument file begins with its type, not packed.
            packing = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, packing)


def _write_package(out: Out, main: str, kind: str, text: str, more: Mapping[str, str]) -> None:
    base = "application/vnd.openxmlformats-"
    kinds = f'<Override PartName="/{main}" ContentType="{_content_type(kind)}"/>'
    if "xl/worksheets/sheet1.xml" in more:
        kinds += (
            '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="'
            f'{base}officedocument.spreadsheetml.worksheet+xml"/>'
        )
    types = (
        f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels"'
        f' ContentType="{base}package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{kinds}</Types>'
    )
    relations = (
        f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{OFFICE}/officeDocument" Target="{main}"/></Relationships>'
    )
    parts = {"[Content_Types].xml": types, "_rels/.rels": relations, main: XML + text, **more}
    write_zip(out, {name: part.encode() for name, part in parts.items()})


def _content_type(kind: str) -> str:
    main = kind if kind.endswith(".main") else f"{kind}.main"
    return f"application/vnd.openxmlformats-officedocument.{main}+xml"


def _write_lines(slide: object, rng: np.random.Generator) -> None:
    box = slide.shapes.add_textbox(Inches(0.7), Inches(1.9), Inches(6.4), Inches(4.5))  # type: ignore[attr-defined]
    box.text_frame.word_wrap = True
    for each in rng.integers(0, len(SENTENCES), 4):
        paragraph = box.text_frame.add_paragraph()
        paragraph.text = SENTENCES[each]
        paragraph.font.size = Pt(20)


def _add_table(slide: object, rng: np.random.Generator) -> None:
    place = (Inches(7.6), Inches(2.0), Inches(5.0), Inches(3.0))
    table = slide.shapes.add_table(5, 3, *place).table  # type: ignore[attr-defined]
    for column, word in enumerate(("項目", "令和7年度", "令和8年度")):
        table.cell(0, column).text = word
    for row in range(1, 5):
        table.cell(row, 0).text = TOPICS[row][0]
        for column in (1, 2):
            table.cell(row, column).text = f"{int(rng.integers(100, 9999)):,}"


def _add_chart(slide: object, rng: np.random.Generator) -> None:
    data = CategoryChartData()
    data.categories = ["春", "夏", "秋", "冬"]
    data.add_series("利用者", rng.integers(50, 900, 4).tolist())
    place = (Inches(7.6), Inches(2.0), Inches(5.0), Inches(3.6))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)  # type: ignore[attr-defined]


def _picture(rng: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    pixels = paint_landscape(rng, 1200, 800, noise=4.0)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _with_fixed_times(data: bytes) -> dict[str, bytes]:
    """Return the parts of a zip; times in them, and in the workbooks of charts, are fixed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, part in parts.items():
        if name.endswith(".xlsx"):
            buffer = io.BytesIO()
            write_zip(buffer, _with_fixed_times(part))
            parts[name] = buffer.getvalue()
        elif name == "docProps/core.xml":
            parts[name] = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", CORE_TIME, part)
    return parts
