"""Pictures become a document: one sheet each. Runs in a worker process.

A JPEG goes in as it is; pictures without loss stay without loss. The PDF is written as a
stream, so a folder of photos takes no more memory than its largest picture, and a picture
that would take too much is made smaller or left out, and is named.
"""

from __future__ import annotations

import io
import itertools
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from PIL import Image, ImageFile, ImageOps, ImageSequence, UnidentifiedImageError

from base.errors import AppError, ErrorCode
from whiteboard.services.disk_errors import disk_errors, to_app_error
from whiteboard.services.documents.image_folders import MOST_SHEETS
from whiteboard.services.rendering.long_job import Progress
from whiteboard.services.rendering.render_protocol import Json

LONG_SIDE_PT: Final = 960.0
"""Of a sheet whose picture does not say how large it is: that of a 16:9 slide."""
SCAN_DPI: Final = (140.0, 1300.0)
"""A picture that says so was scanned from paper, and gets the paper's size."""
_PAPER_PT: Final = (200.0, 3400.0)
"""From a business card to A0: else the resolution is not believed."""

MOST_JPEG_PX: Final = 64_000_000
"""A JPEG beyond is made smaller: showing it would take too long."""
MOST_PX: Final = 40_000_000
"""Of a picture that is kept without loss."""
MOST_DECODED_BYTES: Final = 320_000_000
"""Of a picture in memory, at four bytes a pixel or one without colours; nothing larger is
decoded whole."""
MOST_SIDE_PX: Final = 200_000
_JPEG_DRAFTS: Final = (2, 4, 8)
"""A JPEG can be decoded at an eighth of its size, without all its pixels in memory."""
_MOST_PROGRESSIVE_PX: Final = 120_000_000
"""Unless it is progressive: then all of it is in memory first."""
_BEHIND_BYTES: Final = 1 << 16
_QUALITY: Final = 90
_SWAPPED: Final = (5, 6, 7, 8)
_ORIENTATION: Final = 0x0112
_PICTURE_ERRORS: Final = (
    UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError,
    TypeError, OverflowError, struct.error, zlib.error, MemoryError,
)  # fmt: skip
"""What a damaged picture makes Pillow raise."""

# Where the unit square of a picture goes when it is shown as EXIF says, as a PDF's matrix.
_TURNED: Final = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
_COLOURS: Final = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}


@dataclass(frozen=True, slots=True)
class _Embedded:
    """A picture as it goes into a PDF.

    Attributes:
        width_px, height_px: Size of the stored pixels.
        orientation: How they are turned, as EXIF counts, 1 to 8.
        dictionary: What a PDF has to know besides the size.
        data: The bytes, encoded as `dictionary` says.
        dpi: Resolution the picture claims; 0 for none.
        profile: ICC profile; empty for none.
        components: Number of colour channels.
        is_reduced: Whether it is smaller than it came.
    """

    width_px: int
    height_px: int
    orientation: int
    dictionary: str
    data: bytes
    dpi: float
    profile: bytes
    components: int
    is_reduced: bool = False


class _TooLargeError(Exception):
    """Showing the picture would take more than there is."""


def make_pdf(progress: Progress, sources: Sequence[str], target: str) -> dict[str, Json]:
    """Write a PDF with a sheet for each picture. A TIFF has as many sheets as pages.

    Args:
        progress: Gets how much is done, 0 to 1.
        sources: The pictures, in order.
        target: The PDF.

    Returns:
        `sheets`: how many; `skipped`, `reduced`: names of the pictures that could not be
        read, and of those that were made smaller.

    Raises:
        AppError: NOT_AN_IMAGE, IMAGE_TOO_LARGE; none of them can be shown, and why the
            last one cannot. DISK_FULL.
    """
    # Every size is looked at before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    _learn_heif()
    skipped: list[Json] = []
    reduced: list[Json] = []
    why = ErrorCode.NOT_AN_IMAGE
    with disk_errors(Path(target)), Path(target).open("wb") as file:
        pdf = _PdfStream(file)
        for done, source in enumerate(map(Path, sources)):
            try:
                if _add(pdf, source):
                    reduced.append(source.name)
            except (_TooLargeError, MemoryError):
                why = ErrorCode.IMAGE_TOO_LARGE
                skipped.append(source.name)
            except _RefusedError as refusal:
                raise refusal.error from refusal
            except _PICTURE_ERRORS as error:
                if isinstance(error, OSError) and error.errno is not None:
                    # The medium's fault: the pictures after it would fare no better.
                    raise to_app_error(error, source) from error
                skipped.append(source.name)
            progress((done + 1) / len(sources))
        pdf.finish()
    if pdf.count == 0:
        raise AppError(why, ", ".join(sources[:3]))
    return {"sheets": pdf.count, "skipped": skipped, "reduced": reduced}


def _learn_heif() -> None:
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)


# One picture --------------------------------------------------------------------------


def _add(pdf: _PdfStream, source: Path) -> bool:
    """Add the sheets of a picture; return whether one of them was made smaller."""
    is_reduced, sheets = False, 0
    try:
        for embedded in _embedded(source):
            pdf.add(embedded)
            sheets += 1
            is_reduced |= embedded.is_reduced
    except _PICTURE_ERRORS:
        if not sheets:  # of a long TIFF the readable pages are better than none
            raise
    return is_reduced


def _embedded(source: Path) -> Iterator[_Embedded]:
    with Image.open(source) as image:
        if image.format in ("JPEG", "MPO"):
            yield _embed_jpeg(image, source)
        elif image.format == "TIFF":
            for frame in itertools.islice(ImageSequence.Iterator(image), MOST_SHEETS):
                yield _embed_pixels(frame, is_photo=False)
        else:
            yield _embed_pixels(image, is_photo=_is_lossy(image, source))


def _embed_jpeg(image: Image.Image, source: Path) -> _Embedded:
    width, height = _checked_size(image)
    if width * height > MOST_JPEG_PX:
        return _reduce_jpeg(image)
    data = source.read_bytes()
    components = {"L": 1, "RGB": 3, "CMYK": 4}.get(image.mode)
    if components is None or len(data) < 4:
        return _embed_pixels(image, is_photo=True)
    if not _ends_whole(data):
        return _embed_pixels(image, is_photo=True)  # shows what there is
    # Programs of Adobe's write four colours inverted, and say so.
    inverted = "/Decode[1 0 1 0 1 0 1 0]" if components == 4 and "adobe" in image.info else ""
    return _Embedded(
        width,
        height,
        _orientation(image),
        f"/Filter/DCTDecode/BitsPerComponent 8{inverted}",
        data,
        _dpi(image),
        _profile(image, components),
        components,
    )


def _ends_whole(data: bytes) -> bool:
    # Cameras and mailers leave something behind the end, at times.
    return b"\xff\xd9" in data[-_BEHIND_BYTES:]


def _reduce_jpeg(image: Image.Image) -> _Embedded:
    """Decode a JPEG at a part of its size, and write that."""
    width, height = image.size
    is_progressive = bool(image.info.get("progressive") or image.info.get("progression"))
    fitting = [by for by in _JPEG_DRAFTS if width * height <= MOST_PX * by * by]
    if not fitting or (is_progressive and width * height > _MOST_PROGRESSIVE_PX):
        raise _TooLargeError
    image.draft(None, (width // fitting[0], height // fitting[0]))
    return _embed_pixels(image, is_photo=True, is_reduced=True)


def _embed_pixels(image: Image.Image, *, is_photo: bool, is_reduced: bool = False) -> _Embedded:
    width, height = _checked_size(image)
    if width * height * (1 if image.mode in ("1", "L") else 4) > MOST_DECODED_BYTES:
        raise _TooLargeError
    dpi, before = _dpi(image), image.size
    profile = image.info.get("icc_profile") or b""
    ImageOps.exif_transpose(image, in_place=True)
    shown = _flattened(image)
    if width * height > MOST_PX:
        scale = math.sqrt(MOST_PX / (width * height))
        size = (max(int(shown.width * scale), 1), max(int(shown.height * scale), 1))
        shown = shown.convert("L") if shown.mode == "1" else shown
        shown = shown.resize(size, Image.Resampling.BOX)
        dpi *= size[0] / max(before)
        is_reduced = True
    components = 1 if shown.mode in ("1", "L") else 3
    if not _fits(profile, components):
        profile = b""
    if is_photo and shown.mode != "1":
        buffer = io.BytesIO()
        shown.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
        dictionary, data = "/Filter/DCTDecode/BitsPerComponent 8", buffer.getvalue()
    else:
        dictionary, data = _deflated(shown, components)
    return _Embedded(
        shown.width, shown.height, 1, dictionary, data, dpi, profile, components, is_reduced
    )


def _deflated(image: Image.Image, components: int) -> tuple[str, bytes]:
    """Return pixels as PNG packs them, which is one of PDF's own ways."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    bits = 1 if image.mode == "1" else 8
    parameters = (
        f"/DecodeParms<</Predictor 15/Colors {components}/BitsPerComponent {bits}"
        f"/Columns {image.width}>>"
    )
    return f"/Filter/FlateDecode/BitsPerComponent {bits}{parameters}", _idat(buffer.getvalue())


def _idat(png: bytes) -> bytes:
    parts, at = [], 8
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IDAT":
            parts.append(png[at + 8 : at + 8 + length])
        at += length + 12
    return b"".join(parts)


def _flattened(image: Image.Image) -> Image.Image:
    """Return a picture in one of the three forms a PDF gets, on white where it is clear."""
    if image.mode in ("1", "L", "RGB"):
        return image if "transparency" not in image.info else _on_white(image)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa", "P"):
        return _on_white(image)
    if image.mode.startswith(("I", "F")):
        return _as_grey(image)
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    clear = image.convert("RGBA")
    paper = Image.new("RGB", clear.size, "white")
    paper.paste(clear, mask=clear.getchannel("A"))
    return paper


def _as_grey(image: Image.Image) -> Image.Image:
    low, high = image.getextrema()
    if not (isinstance(low, (int, float)) and isinstance(high, (int, float))):
        raise ValueError(f"pixels of mode {image.mode}")
    top = 65535.0 if high > 255 else 255.0
    return image.convert("F").point(lambda v: v * (255.0 / top)).convert("L")


def _checked_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    if not (0 < width <= MOST_SIDE_PX and 0 < height <= MOST_SIDE_PX):
        raise _TooLargeError
    return width, height


def _is_lossy(image: Image.Image, source: Path) -> bool:
    if image.format in ("HEIF", "AVIF"):
        return True
    if image.format != "WEBP":
        return False
    with source.open("rb") as file:
        return b"VP8L" not in file.read(64)


def _orientation(image: Image.Image) -> int:
    found = image.getexif().get(_ORIENTATION, 1)
    return found if isinstance(found, int) and found in _TURNED else 1


def _dpi(image: Image.Image) -> float:
    found: Any = image.info.get("dpi", (0, 0))
    try:
        return float(found[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return 0.0


def _profile(image: Image.Image, components: int) -> bytes:
    profile = image.info.get("icc_profile") or b""
    return profile if _fits(profile, components) else b""


def _fits(profile: bytes, components: int) -> bool:
    spaces = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
    return len(profile) > 128 and profile[16:20] == spaces[components]


def _sheet_pt(embedded: _Embedded) -> tuple[float, float]:
    """Return the size of the sheet of a picture, as it is shown."""
    width, height = embedded.width_px, embedded.height_px
    if embedded.orientation in _SWAPPED:
        width, height = height, width
    scale = LONG_SIDE_PT / max(width, height)
    if SCAN_DPI[0] <= embedded.dpi <= SCAN_DPI[1]:
        on_paper = 72 / embedded.dpi
        if _PAPER_PT[0] <= on_paper * max(width, height) <= _PAPER_PT[1]:
            scale = on_paper
    # Neither the narrowest strip nor its sheet has a side of nothing.
    return max(width * scale, 3.0), max(height * scale, 3.0)


# The PDF ------------------------------------------------------------------------------


class _RefusedError(Exception):
    """The PDF cannot be written: the disk's fault, not the picture's."""

    def __init__(self, error: AppError) -> None:
        super().__init__(str(error))
        self.error = error


class _PdfStream:
    """A PDF written from front to back; in memory is only where its objects begin."""

    _CATALOG: Final = 1
    _PAGES: Final = 2

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offsets: dict[int, int] = {}
        self._kids: list[int] = []
        self._last = self._PAGES
        self._at = 0
        self._write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    @property
    def count(self) -> int:
        """How many sheets there are."""
        return len(self._kids)

    def add(self, picture: _Embedded) -> None:
        """Add a sheet that a picture fills."""
        width, height = _sheet_pt(picture)
        a, b, c, d, e, f = _TURNED[picture.orientation]
        matrix = (a * width, b * height, c * width, d * height, e * width, f * height)
        content = " ".join(f"{value:.4f}" for value in matrix) + " cm /I Do"
        colours = _COLOURS[picture.components]
        if picture.profile:
            profile = self._stream(f"/N {picture.components}", picture.profile)
            colours = f"[/ICCBased {profile} 0 R]"
        image = self._stream(
            f"/Type/XObject/Subtype/Image/Width {picture.width_px}"
            f"/Height {picture.height_px}/ColorSpace {colours}{picture.dictionary}",
            picture.data,
        )
        contents = self._stream("", content.encode())
        page = self._object(
            f"<</Type/Page/Parent {self._PAGES} 0 R/MediaBox[0 0 {width:.4f} {height:.4f}]"
            f"/Resources<</XObject<</I {image} 0 R>>>>/Contents {contents} 0 R>>".encode()
        )
        self._kids.append(page)

    def finish(self) -> None:
        """Write the end."""
        kids = " ".join(f"{kid} 0 R" for kid in self._kids)
        self._object(f"<</Type/Pages/Kids[{kids}]/Count {self.count}>>".encode(), self._PAGES)
        self._object(f"<</Type/Catalog/Pages {self._PAGES} 0 R>>".encode(), self._CATALOG)
        start = self._at
        size = self._last + 1
        self._write(f"xref\n0 {size}\n0000000000 65535 f \n".encode())
        for number in range(1, size):
            self._write(f"{self._offsets[number]:010d} 00000 n \n".encode())
        trailer = f"trailer<</Size {size}/Root {self._CATALOG} 0 R>>\n"
        self._write(f"{trailer}startxref\n{start}\n%%EOF\n".encode())

    def _stream(self, dictionary: str, data: bytes) -> int:
        head = f"<<{dictionary}/Length {len(data)}>>stream\n".encode()
        return self._object(b"".join((head, data, b"\nendstream")))

    def _object(self, body: bytes, number: int = 0) -> int:
        if not number:
            self._last += 1
            number = self._last
        self._offsets[number] = self._at
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def _write(self, data: bytes) -> None:
        try:
            with disk_errors(Path(self._file.name)):
                self._file.write(data)
        except AppError as error:
            raise _RefusedError(error) from error
        self._at += len(data)
