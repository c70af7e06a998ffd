"""Writes PDF pages from content streams, quickly: thousands of paths a page, embedded font."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pymupdf

FONT_FILES: Final = (
    Path("/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf"),
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
)
"""The first that is there is embedded; the second has no Japanese and shows boxes for it."""
COMPRESSION: Final = 3
Floats = npt.NDArray[np.float64]
Colour = tuple[float, float, float]


@dataclass(slots=True)
class Content:
    """The content stream of a page that is being made; PDF space, pt, y up.

    Attributes:
        parts: Operators in order.
    """

    parts: list[bytes] = field(default_factory=list)

    def add(self, operators: str) -> None:
        """Append operators as they are."""
        self.parts.append(operators.encode("ascii"))

    def fill(self, colour: Colour) -> None:
        """Choose the colour that is filled with, each part 0 to 1."""
        self.add("{:.3f} {:.3f} {:.3f} rg".format(*colour))

    def stroke(self, colour: Colour, width_pt: float) -> None:
        """Choose colour and width of lines."""
        self.add("{:.3f} {:.3f} {:.3f} RG {:.2f} w".format(*colour, width_pt))

    def rectangle(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle."""
        self.add(f"{x:.1f} {y:.1f} {width:.1f} {height:.1f} re f")

    def lines(self, ends: Floats) -> None:
        """Draw lines, each a path of its own; shape (n, 4): x0, y0, x1, y1."""
        form = "%.1f %.1f m %.1f %.1f l S\n" * len(ends)
        self.add(form % tuple(ends.ravel().tolist()))

    def polyline(self, points: Floats, end: str = "S") -> None:
        """Draw one path through points, shape (n, 2); `end` paints it."""
        form = "%.1f %.1f m\n" + "%.1f %.1f l\n" * (len(points) - 1)
        self.add(form % tuple(points.ravel().tolist()) + end)

    def image(self, name: str, x: float, y: float, width: float, height: float) -> None:
        """Place an image of the page's resources."""
        self.add(f"q {width:.1f} 0 0 {height:.1f} {x:.1f} {y:.1f} cm /{name} Do Q")

    def data(self) -> bytes:
        """Return the stream."""
        return b"\n".join(self.parts)


class Typeface:
    """The embedded typeface: text as glyph numbers, and its width."""

    def __init__(self) -> None:
        """Load the first typeface that the system has.

        Raises:
            FileNotFoundError: there is none.
        """
        found = [path for path in FONT_FILES if path.is_file()]
        if not found:
            raise FileNotFoundError(f"none of these fonts is installed: {FONT_FILES}")
        self.path = found[0]
        self._font = pymupdf.Font(fontfile=str(self.path))
        self._glyphs: dict[str, tuple[str, float]] = {}

    def glyphs(self, text: str) -> str:
        """Return the text as a hex string of glyph numbers, for `Tj`."""
        return "<" + "".join(self._glyph(each)[0] for each in text) + ">"

    def width(self, text: str, size_pt: float) -> float:
        """Return the width of a line, pt."""
        return size_pt * sum(self._glyph(each)[1] for each in text)

    def wrapped(self, text: str, size_pt: float, width_pt: float) -> list[str]:
        """Break a text where Japanese may be broken and English has a space."""
        lines, line, word = [], "", ""
        used = word_used = 0.0
        for each in [*text, ""]:
            advance = size_pt * self._glyph(each)[1] if each else 0.0
            if used + word_used + advance > width_pt and line:
                lines.append(line.rstrip())
                line, used = "", 0.0
            word, word_used = word + each, word_used + advance
            if not each or each == " " or each > "\u2fff":
                line, used = line + word, used + word_used
                word, word_used = "", 0.0
        return [*lines, line] if line else lines

    def _glyph(self, character: str) -> tuple[str, float]:
        known = self._glyphs.get(character)
        if known is None:
            code = ord(character)
            known = (f"{self._font.has_glyph(code):04x}", self._font.glyph_advance(code))
            self._glyphs[character] = known
        return known


class PdfPages:
    """A PDF that grows page by page; the same calls make the same bytes."""

    def __init__(self, title: str) -> None:
        """Begin an empty document.

        Args:
            title: Of its information dictionary.
        """
        self.document = pymupdf.open()
        self.document.set_metadata({"title": title, "creationDate": "D:20261101090000Z"})
        self.typeface = Typeface()
        self._font = 0

    def object(self, dictionary: str, stream: bytes | None = None) -> int:
        """Add an object and return its number; a stream is kept as its filter says."""
        number = int(self.document.get_new_xref())
        self.document.update_object(number, dictionary)
        if stream is not None:
            self.document.update_stream(number, stream, new=True, compress=False)
            # PyMuPDF drops the filter of a stream that it has not packed itself.
            self.document.update_object(
                number, dictionary.replace("<<", f"<</Length {len(stream)} ", 1)
            )
        return number

    def jpeg(self, data: bytes, width: int, height: int) -> int:
        """Add a JPEG as an image and return its number."""
        head = "<</Type/XObject/Subtype/Image/ColorSpace/DeviceRGB/BitsPerComponent 8"
        return self.object(f"{head}/Filter/DCTDecode/Width {width}/Height {height}>>", data)

    def text(self, content: Content, x: float, y: float, size_pt: float, text: str) -> None:
        """Write a line; (x, y) is the left end of its baseline."""
        glyphs = self.typeface.glyphs(text)
        content.add(f"BT /F0 {size_pt:.1f} Tf {x:.1f} {y:.1f} Td {glyphs} Tj ET")

    def add(
        self, width_pt: float, height_pt: float, content: Content, resources: str = ""
    ) -> pymupdf.Page:
        """Add a page.

        Args:
            width_pt: Of its media box.
            height_pt: Of its media box.
            content: What is painted.
            resources: Entries of the resource dictionary beside the font.
        """
        page = self.document.new_page(width=width_pt, height=height_pt)
        if not self._font:
            self._font = page.insert_font(fontname="F0", fontfile=str(self.typeface.path))
        fonts = f"/Font<</F0 {self._font} 0 R>>"
        self.document.xref_set_key(page.xref, "Resources", f"<<{fonts}{resources}>>")
        packed = zlib.compress(content.data(), COMPRESSION)
        page.set_contents(self.object("<</Filter/FlateDecode>>", packed))
        return page

    def write(self, path: Path) -> None:
        """Write the document with the used glyphs alone, and close it."""
        self.document.subset_fonts()
        self.document.save(path, garbage=2, no_new_id=True, deflate_fonts=True)
        self.document.close()


def shading(kind: int, coordinates: Sequence[float], first: Colour, last: Colour) -> str:
    """Return a gradient as a shading dictionary: kind 2 along a line, 3 between circles."""
    numbers = " ".join(f"{number:.1f}" for number in coordinates)
    colours = "/C0[{:.3f} {:.3f} {:.3f}]/C1[{:.3f} {:.3f} {:.3f}]".format(*first, *last)
    function = f"<</FunctionType 2/Domain[0 1]/N 1{colours}>>"
    return (
        f"<</ShadingType {kind}/ColorSpace/DeviceRGB/Coords[{numbers}]"
        f"/Extend[true true]/Function {function}>>"
    )
