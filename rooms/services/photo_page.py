"""A picture as a document of one page: runs in the page process.

Turned upright, brought to what a page needs, its colours those of a screen; of what else a
phone wrote into it (place, time, its own name) nothing is kept. The same picture gives the
same bytes, so it is one document in all rooms.
"""

from __future__ import annotations

import io
from typing import BinaryIO, Final

import pillow_heif
from PIL import (
    GifImagePlugin,  # noqa: F401  (loaded before files cannot be opened any more)
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

LONG_SIDE_PX: Final = 3508
"""A4 at 300 dots an inch."""
LONG_SIDE_PT: Final = 842.0
PIXELS_MAX: Final = 210_000_000
"""The largest cameras of phones have 200 megapixels."""
UNSCALED_PIXELS_MAX: Final = 100_000_000
"""Of formats that cannot be decoded at a fraction of their size."""
JPEG_QUALITY: Final = 85
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "HEIF")

pillow_heif.register_heif_opener(thumbnails=False)
# Checked below, by format.
Image.MAX_IMAGE_PIXELS = None


class TooLargeError(Exception):
    """The picture has more pixels than there is memory for."""


def photo_page(file: BinaryIO) -> bytes:
    """Return a PDF whose one page is the picture, its longest side that of A4.

    Raises:
        TooLargeError: it has too many pixels.
        Exception: it is broken; Pillow has many names for that.
    """
    with Image.open(file, formats=FORMATS) as picture:
        _check_size(picture)
        picture.draft("RGB", (LONG_SIDE_PX, LONG_SIDE_PX))
        upright = ImageOps.exif_transpose(_small(picture))
        flat = _on_white(_screen_colours(upright))
    jpeg = io.BytesIO()
    flat.save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return _pdf(jpeg.getvalue(), flat.width, flat.height)


def _check_size(picture: Image.Image) -> None:
    pixels = picture.width * picture.height
    limit = PIXELS_MAX if picture.format == "JPEG" else UNSCALED_PIXELS_MAX
    if pixels > limit:
        raise TooLargeError(f"{picture.width}x{picture.height} px")


def _small(picture: Image.Image) -> Image.Image:
    """Make it small first: turning and colours then cost a fraction."""
    if picture.mode not in {"L", "RGB", "RGBA", "CMYK"}:
        has_alpha = "transparency" in picture.info or picture.mode in {"LA", "PA", "RGBa", "La"}
        kept = picture.info.get("icc_profile"), picture.getexif()
        picture = picture.convert("RGBA" if has_alpha else "RGB")
        picture.info["icc_profile"] = kept[0]
        picture.info["exif"] = kept[1].tobytes()
    picture.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX), Image.Resampling.LANCZOS)
    return picture


def _screen_colours(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "RGBA", "CMYK"}:
        return picture
    mode = "RGB" if picture.mode == "CMYK" else picture.mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        screen = ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(picture, source, screen, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a profile that cannot be read; the colours are nearly right
    return picture if changed is None else changed


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _pdf(jpeg: bytes, width: int, height: int) -> bytes:
    scale = LONG_SIDE_PT / max(width, height)
    across, down = f"{width * scale:.2f}", f"{height * scale:.2f}"
    shown = f"q {across} 0 0 {down} 0 0 cm /P Do Q".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {across} {down}]/Contents 4 0 R"
        "/Resources<</XObject<</P 5 0 R>>>>>>".encode(),
        b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown),
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB"
        b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n%s\nendstream"
        % (width, height, len(jpeg), jpeg),
    )
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table,
    )  # fmt: skip
    return bytes(out)
