"""PDF files for tests, made anew: what they hold is what their names say."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pymupdf

A4 = (595.0, 842.0)


def text_pdf(path: Path, texts: list[str], size: tuple[float, float] = A4) -> Path:
    """A sheet for each text."""
    with pymupdf.open() as document:
        for text in texts:
            page = document.new_page(width=size[0], height=size[1])
            page.insert_textbox((50, 50, size[0] - 50, size[1] - 50), text, fontname="japan")
        document.save(path)
    return path


def colour_pdf(path: Path, turned: int = 0) -> Path:
    """A sheet of 200 x 100 pt: its left half is red, its right half blue."""
    with pymupdf.open() as document:
        page = document.new_page(width=200, height=100)
        page.draw_rect((0, 0, 100, 100), color=None, fill=(1, 0, 0))
        page.draw_rect((100, 0, 200, 100), color=None, fill=(0, 0, 1))
        page.set_rotation(turned)
        document.save(path)
    return path


def heavy_pdf(path: Path, sheets: int, lines: int) -> Path:
    """Drawings: 50,000 lines take about half a second to paint."""
    rng = random.Random(7)
    with pymupdf.open() as document:
        for _sheet in range(sheets):
            page = document.new_page(width=1000, height=1000)
            strokes = "".join(
                f"{x:.1f} {y:.1f} m {x + 30:.1f} {y + 20:.1f} l S\n"
                for x, y in ((rng.random() * 970, rng.random() * 980) for _line in range(lines))
            )
            xref = document.get_new_xref()
            document.update_object(xref, "<<>>")
            document.update_stream(xref, strokes.encode())
            page.set_contents(xref)
        document.save(path, deflate=True)
    return path


def linked_pdf(path: Path) -> Path:
    """Three sheets: links to sheet 2, to the web and to a file; an outline of two levels."""
    with pymupdf.open() as document:
        for _sheet in range(3):
            document.new_page(width=A4[0], height=A4[1])
        boxes = [pymupdf.Rect(10, 20 + 40 * n, 110, 40 + 40 * n) for n in range(3)]
        page = document[0]
        page.insert_link({"kind": pymupdf.LINK_GOTO, "from": boxes[0], "page": 2})
        page.insert_link(
            {"kind": pymupdf.LINK_URI, "from": boxes[1], "uri": "https://example.org/"}
        )
        page.insert_link({"kind": pymupdf.LINK_LAUNCH, "from": boxes[2], "file": "/etc/passwd"})
        document.set_toc([[1, "計画", 1], [2, "予算", 3]])
        document.save(path)
    return path


def locked_pdf(path: Path, password: str) -> Path:
    """One sheet behind a password."""
    with pymupdf.open() as document:
        document.new_page()
        document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=password)
    return path


def bomb_pdf(path: Path, side_px: int) -> Path:
    """A sheet with one grey image of `side_px` squared, which is tiny in the file."""
    # After a full flush the packer knows nothing of what came before: the same bytes again
    # are the same rows again.
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    rows = packer.compress(b"\x80" * side_px * 100) + packer.flush(zlib.Z_FULL_FLUSH)
    data = head + rows * (side_px // 100) + packer.flush()
    body = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 600]/Contents 5 0 R"
        b"/Resources<</XObject<</I 4 0 R>>>>>>",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
        % (side_px, side_px, len(data), data),
        b"<</Length 27>>stream\nq 600 0 0 600 0 0 cm /I Do Q\nendstream",
    ]
    path.write_bytes(_file(body))
    return path


def plain_pdf(path: Path, page: bytes, count: int = 1, kids: bytes = b"3 0 R") -> Path:
    """A file with one page object of which the test says what is in it."""
    body = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
        b"<</Type/Page/Parent 2 0 R%s>>" % page,
    ]
    path.write_bytes(_file(body))
    return path


def many_sheets_pdf(path: Path, sheets: int) -> Path:
    """Empty sheets, each an object of its own."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, sheets + 3))
    body = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, sheets),
    ]
    body += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * sheets
    path.write_bytes(_file(body))
    return path


def without_xref(path: Path) -> Path:
    """Break the table of a file, in place, so that it has to be repaired."""
    data = path.read_bytes()
    at = data.rindex(b"startxref")
    path.write_bytes(data[:at] + b"startxref\n7\n%%EOF\n")
    return path


def children_of(pid: int) -> list[int]:
    """The processes whose parent is `pid`, the dead ones too."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            if int(stat.rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(folder.name))
    return found


def _file(body: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, item in enumerate(body, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(body) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(body) + 1, xref)
    return bytes(out)
