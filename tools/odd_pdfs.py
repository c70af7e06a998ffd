"""Odd PDFs by hand: each is a small sound file with one thing made wrong, or wicked."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Final, Literal

import numpy as np
import pikepdf

from tools.pdf_pages import Content, PdfPages

Maker = Callable[[], bytes]
Cases = Iterator[tuple[str, Maker]]
Revision = Literal[2, 3, 4, 6]

CATALOG, PAGES, PAGE, CONTENTS, FONT, FREE = range(1, 7)
"""Object numbers of the small sound file; from FREE on they are for who needs more."""
MEGABYTE: Final = 1 << 20
BOMB_MB: Final = 1024
USER, OWNER = "himitsu", "kanri"
"""The passwords of the encrypted files."""
TEXT: Final = b"BT /F1 24 Tf 72 720 Td (Odd) Tj ET 72 700 200 4 re f"


def stream(data: bytes, dictionary: bytes = b"", length: bytes | None = None) -> bytes:
    """Return a stream object.

    Args:
        data: Its bytes, packed as the dictionary says.
        dictionary: Entries beside the length.
        length: What is said of the length; None for the truth.
    """
    said = b"%d" % len(data) if length is None else length
    return b"<</Length %s%s>>\nstream\n%s\nendstream" % (said, dictionary, data)


def packed(data: bytes, dictionary: bytes = b"") -> bytes:
    """Return a stream object packed by Flate."""
    return stream(zlib.compress(data), b"/Filter/FlateDecode" + dictionary)


def page(entries: bytes = b"", resources: bytes = b"", box: bytes = b"0 0 595 842") -> bytes:
    """Return a page object."""
    return (
        b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<<"
        b"/Font<</F1 5 0 R>>%s>>%s>>" % (box, resources, entries)
    )


def pdf(
    changes: Mapping[int, bytes] | None = None,
    *,
    trailer: bytes = b"",
    shift: int = 0,
    start: bytes | None = None,
    table: bool = True,
) -> bytes:
    """Return a PDF of one page, changed.

    Args:
        changes: Objects by number, in place of the sound ones or beside them.
        trailer: Entries beside size and root.
        shift: Added to each offset of the cross-reference table.
        start: What is said of the table's place; None for the truth.
        table: Whether there is a cross-reference table.
    """
    objects = {
        CATALOG: b"<</Type/Catalog/Pages 2 0 R>>",
        PAGES: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE: page(),
        CONTENTS: stream(TEXT),
        FONT: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        **(changes or {}),
    }
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    where = out.tell()
    size = max(objects) + 1
    if table:
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        for number in range(1, size):
            kept = number in offsets
            place = max(offsets.get(number, 0) + shift, 0) if kept else 0
            out.write(
                b"%010d %05d %s \n" % (place, 0 if kept else 65535, b"n" if kept else b"f")
            )
    out.write(b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (size, trailer))
    out.write(b"startxref\n%s\n%%%%EOF\n" % (b"%d" % where if start is None else start))
    return out.getvalue()


def bomb(megabytes: int, byte: bytes = b" ") -> bytes:
    """Return so many equal bytes, packed by Flate, without holding them."""
    packer = zlib.compressobj(9)
    block = byte * MEGABYTE
    pieces = [packer.compress(block) for _ in range(megabytes)]
    return b"".join([*pieces, packer.flush()])


@cache
def sound() -> bytes:
    """Return a sound file with an embedded font, Japanese text, lines and a picture."""
    rng = np.random.default_rng(5)
    pages = PdfPages("奇妙な書類")
    pixels = zlib.compress(rng.integers(0, 255, (40, 60, 3), np.uint8).tobytes())
    image = pages.object(
        "<</Type/XObject/Subtype/Image/ColorSpace/DeviceRGB/BitsPerComponent 8"
        "/Width 60/Height 40/Filter/FlateDecode>>",
        pixels,
    )
    for number in range(3):
        content = Content()
        pages.text(content, 60, 760, 20, f"{number + 1}ページ目 / page {number + 1}")
        content.lines(rng.uniform(100, 500, (40, 4)))
        content.image("P0", 80, 100, 120, 80)
        pages.add(595, 842, content, f"/XObject<</P0 {image} 0 R>>")
    with io.BytesIO() as out:
        pages.document.subset_fonts()
        pages.document.save(out, garbage=2, no_new_id=True, deflate_fonts=True)
        pages.document.close()
        return out.getvalue()


@cache
def sound_packed() -> bytes:
    """Return the same with object streams and a cross-reference stream."""
    return _saved(object_stream_mode=pikepdf.ObjectStreamMode.generate)


def damaged() -> Cases:
    """Cut, flipped, blanked and wrapped files."""
    for name, whole in (("plain", sound), ("packed", sound_packed)):
        for percent in (0.1, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.9):
            yield f"cut-{name}-{percent}", partial(_cut, whole, percent)
        for seed in range(36):
            yield f"flipped-{name}-{seed:02d}", partial(_flipped, whole, seed)
        for seed in range(8):
            yield f"blanked-{name}-{seed}", partial(_blanked, whole, seed)
    yield "junk-before", lambda: b"\r\nHTTP/1.1 200 OK\r\n\r\n" * 40 + sound()
    yield "junk-far-before", lambda: bytes(3 * MEGABYTE) + sound()
    yield "junk-behind", lambda: sound() + bytes(2 * MEGABYTE)
    yield "twice", lambda: sound() + sound_packed()
    yield "lines-of-another-system", lambda: sound().replace(b"\n", b"\r\n")
    yield "first-byte-gone", lambda: sound()[1:]
    yield "head-alone", lambda: b"%PDF-1.7\n"
    yield "head-and-end", lambda: b"%PDF-1.7\n%%EOF\n"
    yield "tail-alone", lambda: sound()[-600:]


def tables() -> Cases:
    """Cross-reference tables that lie."""
    yield "xref-shifted", partial(pdf, shift=7)
    yield "xref-far-off", partial(pdf, shift=10**9)
    yield "xref-missing", partial(pdf, table=False)
    yield "xref-beyond-the-end", partial(pdf, start=b"99999999")
    yield "xref-negative", partial(pdf, start=b"-5")
    yield "xref-of-words", partial(pdf, start=b"here")
    yield "xref-no-number", lambda: pdf().replace(b"startxref", b"")
    yield "xref-loop", lambda: _with_prev(pdf())
    yield "xref-huge-size", lambda: pdf().replace(b"/Size 6", b"/Size 2147483647")
    yield "xref-negative-size", lambda: pdf().replace(b"/Size 6", b"/Size -1")
    yield "xref-huge-section", lambda: pdf().replace(b"xref\n0 6", b"xref\n0 99999999")
    yield "root-missing", lambda: pdf().replace(b"/Root 1 0 R", b"")
    yield "root-is-a-page", lambda: pdf().replace(b"/Root 1 0 R", b"/Root 3 0 R")
    yield "root-beyond", lambda: pdf().replace(b"/Root 1 0 R", b"/Root 9999999 0 R")
    yield "object-is-itself", partial(pdf, {CATALOG: b"1 0 R"})
    yield "object-stream-in-itself", _object_stream_in_itself


def trees() -> Cases:
    """Page trees and outlines that go round, lead nowhere or never end."""
    kids = b"<</Type/Pages/Kids[%s]/Count %s>>"
    deep = {number: kids % (b"%d 0 R" % (number + 1), b"1") for number in range(6, 6000)}
    yield "pages-loop", partial(pdf, {PAGES: kids % (b"2 0 R 3 0 R", b"2")})
    yield (
        "pages-loop-of-two",
        partial(pdf, {PAGES: kids % (b"6 0 R", b"1"), FREE: kids % (b"2 0 R", b"1")}),
    )
    yield "pages-deep", partial(pdf, {PAGES: kids % (b"6 0 R", b"1"), **deep, 6000: page()})
    yield "pages-none", partial(pdf, {PAGES: kids % (b"", b"0")})
    yield "pages-none-but-counted", partial(pdf, {PAGES: kids % (b"", b"5")})
    yield "pages-count-negative", partial(pdf, {PAGES: kids % (b"3 0 R", b"-1")})
    yield "pages-count-huge", partial(pdf, {PAGES: kids % (b"3 0 R", b"2147483647")})
    yield "pages-count-a-word", partial(pdf, {PAGES: kids % (b"3 0 R", b"/Many")})
    yield "pages-of-numbers", partial(pdf, {PAGES: kids % (b"1 2 3 null (a)", b"5")})
    yield "pages-missing", partial(pdf, {CATALOG: b"<</Type/Catalog>>"})
    yield "pages-a-string", partial(pdf, {PAGES: b"(pages)"})
    yield (
        "pages-the-same-a-thousand-times",
        partial(pdf, {PAGES: kids % (b"3 0 R " * 1000, b"1000")}),
    )
    yield "page-null", partial(pdf, {PAGE: b"null"})
    yield "page-empty", partial(pdf, {PAGE: b"<<>>"})
    yield "page-parent-of-itself", partial(pdf, {PAGE: b"<</Type/Page/Parent 3 0 R>>"})
    yield "pages-10000", partial(_many_pages, 10_000)
    yield (
        "page-second-broken",
        partial(
            pdf,
            {PAGES: kids % (b"3 0 R 6 0 R 3 0 R", b"3"), FREE: b"<</Type/Page/Contents 99 0 R"},
        ),
    )
    yield from _outlines()


def boxes() -> Cases:
    """Sizes nobody prints."""
    for name, box in (
        ("five-metres", b"0 0 14173 14173"), ("strip-of-five-metres", b"0 0 14173 30"),
        ("half-a-kilometre", b"0 0 1417323 1417323"), ("zero", b"0 0 0 0"),
        ("zero-wide", b"0 0 0 842"), ("one-point", b"0 0 1 1"), ("dust", b"0 0 0.001 0.001"),
        ("negative", b"595 842 0 0"), ("below-zero", b"-9000 -9000 -8405 -8158"),
        ("float-limit", b"0 0 1e38 1e38"), ("beyond-numbers", b"0 0 1e999 1e999"),
        ("integers-overflow", b"-2147483648 -2147483648 2147483647 2147483647"),
        ("words", b"/a (b) null true"), ("three-numbers", b"0 0 595"), ("empty", b""),
        ("references", b"3 0 R 3 0 R 3 0 R 3 0 R"),
    ):  # fmt: skip
        yield f"box-{name}", partial(pdf, {PAGE: page(box=box)})
    yield "box-missing", lambda: pdf().replace(b"/MediaBox[0 0 595 842]", b"")
    for name, entries in (
        ("crop-outside", b"/CropBox[5000 5000 6000 6000]"),
        ("crop-empty", b"/CropBox[9 9 9 9]"),
        ("unit-thousand", b"/UserUnit 75000"), ("unit-zero", b"/UserUnit 0"),
        ("unit-negative", b"/UserUnit -3"), ("turned-45", b"/Rotate 45"),
        ("turned-huge", b"/Rotate 2147483647"), ("turned-back", b"/Rotate -90"),
    ):  # fmt: skip
        yield f"box-{name}", partial(pdf, {PAGE: page(entries)})


def streams() -> Cases:
    """Streams that lie about their length, never end, or burst."""
    for name, length in (
        ("short", b"5"), ("long", b"99999"), ("negative", b"-1"), ("huge", b"9999999999999"),
        ("itself", b"4 0 R"), ("missing", b"77 0 R"), ("word", b"/Long"),
    ):  # fmt: skip
        yield f"length-{name}", partial(pdf, {CONTENTS: stream(TEXT, length=length)})
    yield "stream-without-end", lambda: pdf().replace(b"\nendstream\nendobj", b"")
    yield "stream-missing", partial(pdf, {CONTENTS: b"null"})
    yield (
        "stream-a-thousand-parts",
        partial(
            pdf,
            {
                PAGE: page(b"/Contents[%s]" % (b"4 0 R " * 1000)).replace(
                    b"/Contents 4 0 R", b""
                )
            },
        ),
    )
    for name, entry in (
        ("unknown", b"/Filter/Magic"), ("not-flate", b"/Filter/FlateDecode"),
        ("not-lzw", b"/Filter/LZWDecode"), ("a-hundred", b"/Filter[%s]" % (b"/Fl" * 100)),
        ("runs", b"/Filter/RunLengthDecode"), ("crypt", b"/Filter/Crypt"),
    ):  # fmt: skip
        yield f"filter-{name}", partial(pdf, {CONTENTS: stream(TEXT * 50, entry)})
    huge_rows = b"/DecodeParms<</Predictor 15/Columns 2147483647/Colors 32>>"
    yield "filter-huge-predictor", partial(pdf, {CONTENTS: packed(TEXT * 9, huge_rows)})
    flate = b"/Filter/FlateDecode"
    yield "bomb-of-spaces", lambda: pdf({CONTENTS: stream(bomb(BOMB_MB), flate)})
    yield "bomb-of-operators", lambda: pdf({CONTENTS: stream(bomb(256, b"q "), flate)})
    yield (
        "bomb-of-paths",
        lambda: pdf(
            {CONTENTS: stream(zlib.compress(b"0 0 m 9 9 l S\n" * 8_000_000, 1), flate)}
        ),
    )
    yield (
        "bomb-in-bomb",
        lambda: pdf(
            {
                CONTENTS: stream(
                    zlib.compress(bomb(BOMB_MB)), b"/Filter[/FlateDecode/FlateDecode]"
                )
            }
        ),
    )
    yield "bomb-as-object-stream", _bomb_as_object_stream
    yield (
        "bomb-as-metadata",
        lambda: pdf(
            {
                CATALOG: b"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R>>",
                FREE: stream(bomb(BOMB_MB), flate + b"/Type/Metadata/Subtype/XML"),
            }
        ),
    )


def nests() -> Cases:
    """Things inside themselves, and things a hundred thousand deep."""
    for name, first, last in (("arrays", b"[", b"]"), ("dictionaries", b"<</A ", b">>")):
        deep = first * 100_000 + b"0" + last * 100_000
        yield f"deep-{name}", partial(pdf, {FREE: deep, PAGE: page(b"/Deep 6 0 R")})
        yield f"deep-{name}-in-content", partial(pdf, {CONTENTS: packed(deep + TEXT)})
        yield f"deep-{name}-as-root", partial(pdf, {CATALOG: deep})
    yield "deep-saves", partial(pdf, {CONTENTS: packed(b"q " * 1_000_000 + TEXT)})
    yield "deep-restores", partial(pdf, {CONTENTS: packed(b"Q " * 1_000_000 + TEXT)})
    yield "deep-marks", partial(pdf, {CONTENTS: packed(b"/A BMC " * 300_000 + TEXT)})
    yield (
        "deep-clips",
        partial(pdf, {CONTENTS: packed(b"q 0 0 500 500 re W n " * 20_000 + TEXT)}),
    )
    yield "form-in-itself", partial(_forms, {FREE: b"6 0 R"})
    yield "forms-in-one-another", partial(_forms, {FREE: b"7 0 R", 7: b"6 0 R"})
    yield "forms-ten-to-the-tenth", _laughing_forms
    for name, form in (("pattern", _pattern()), ("pattern-dust", _pattern(b"0.0001"))):
        yield (
            f"{name}-in-itself",
            partial(
                pdf,
                {
                    PAGE: page(resources=b"/Pattern<</P 6 0 R>>"),
                    CONTENTS: stream(b"/Pattern cs /P scn 0 0 595 842 re f"),
                    FREE: form,
                },
            ),
        )
    yield "glyph-in-itself", _glyph_in_itself
    group = b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]/Group<</S/Transparency>>"
    mask = b"/ExtGState<</G<</SMask<</S/Luminosity/G 6 0 R>>>>>>"
    yield (
        "mask-in-itself",
        partial(
            pdf,
            {
                PAGE: page(resources=mask),
                CONTENTS: stream(b"/G gs " + TEXT),
                FREE: stream(b"/G gs 0 0 300 300 re f", group + b"/Resources<<" + mask + b">>"),
            },
        ),
    )
    groups = b"/XObject<</X 6 0 R>>"
    yield (
        "groups-two-hundred-deep",
        partial(
            pdf,
            {
                PAGE: page(resources=groups),
                CONTENTS: stream(b"/X Do"),
                **{
                    number: stream(
                        b"/X Do " + TEXT,
                        group + b"/Resources<</XObject<</X %d 0 R>>>>" % (number + 1),
                    )
                    for number in range(FREE, FREE + 200)
                },
            },
        ),
    )


def pictures() -> Cases:
    """Images and gradients with lies in their heads."""
    for name, width, height, bits, space in (
        ("gigapixel", 32768, 32768, 1, b"DeviceGray"), ("wide", 2**31 - 1, 1, 8, b"DeviceRGB"),
        ("tall", 1, 2**31 - 1, 8, b"DeviceCMYK"),
        ("huge", 2**31 - 1, 2**31 - 1, 16, b"DeviceRGB"),
        ("negative", -5, -5, 8, b"DeviceRGB"), ("empty", 0, 0, 8, b"DeviceRGB"),
        ("bits", 10, 10, 99, b"DeviceRGB"), ("space", 10, 10, 8, b"Imagined"),
    ):  # fmt: skip
        head = b"/Width %d/Height %d/BitsPerComponent %d/ColorSpace/%s"
        yield f"image-{name}", partial(_image, head % (width, height, bits, space))
    yield (
        "image-gigapixel-real",
        lambda: _image(
            b"/Width 32768/Height 32768/BitsPerComponent 8/ColorSpace/DeviceGray",
            bomb(1024, b"\x5a"),
        ),
    )
    for kind in (b"DCT", b"JPX", b"JBIG2", b"CCITTFax"):
        noise = np.random.default_rng(len(kind)).bytes(4000)
        head = b"/Width 4000/Height 4000/BitsPerComponent 8/ColorSpace/DeviceRGB"
        yield (
            f"image-not-{kind.decode().lower()}",
            partial(_image, head, noise, b"/Filter/%sDecode" % kind),
        )
    fax = (
        b"/Width 60000/Height 60000/BitsPerComponent 1/ColorSpace/DeviceGray/DecodeParms<</K -1"
    )
    yield "image-huge-fax", partial(
        _image, fax + b"/Columns 2147483647/Rows 2147483647>>", b"\x00" * 900,
        b"/Filter/CCITTFaxDecode",
    )  # fmt: skip
    yield (
        "image-mask-of-itself",
        partial(
            _image, b"/Width 4/Height 4/BitsPerComponent 8/ColorSpace/DeviceGray/SMask 6 0 R"
        ),
    )
    yield (
        "image-space-of-itself",
        partial(
            _image, b"/Width 4/Height 4/BitsPerComponent 8/ColorSpace[/Indexed 7 0 R 255 (a)]"
        ),
    )
    for name, shade in (
        ("steps", b"<</ShadingType 3/ColorSpace/DeviceRGB/Coords[0 0 0 1e30 1e30 1e30]"),
        ("empty", b"<</ShadingType 2/ColorSpace/DeviceRGB/Coords[]"),
        ("unknown", b"<</ShadingType 99/ColorSpace/DeviceRGB"),
    ):
        function = b"/Function<</FunctionType 2/Domain[0 1]/N 1e30/C0[0 0 0]/C1[1 1 1]>>>>"
        yield (
            f"shading-{name}",
            partial(
                pdf,
                {
                    PAGE: page(resources=b"/Shading<</S %s>>" % (shade + function)),
                    CONTENTS: stream(b"/S sh"),
                },
            ),
        )
    yield (
        "function-in-itself",
        partial(
            pdf,
            {
                PAGE: page(
                    resources=b"/Shading<</S<</ShadingType 2/ColorSpace/DeviceRGB"
                    b"/Coords[0 0 500 500]/Function 6 0 R>>>>"
                ),
                CONTENTS: stream(b"/S sh"),
                FREE: b"<</FunctionType 3/Domain[0 1]/Functions[6 0 R]/Bounds[]/Encode[0 1]>>",
            },
        ),
    )


def fonts() -> Cases:
    """Typefaces that are none."""
    rng = np.random.default_rng(7)
    for kind in (b"FontFile", b"FontFile2", b"FontFile3"):
        for name, data in (
            ("noise", rng.bytes(20_000)),
            ("empty", b""),
            ("zeros", bytes(9000)),
        ):
            yield f"font-{kind.decode().lower()}-{name}", partial(_embedded, kind, data)
    heads = (b"\x00\x01\x00\x00\xff\xff" + bytes(6), b"OTTO\x00\x01" + b"\xff" * 300)
    for number, head in enumerate(heads):
        yield f"font-many-tables-{number}", partial(_embedded, b"FontFile2", head + bytes(500))
    for seed in range(10):
        yield f"font-flipped-{seed}", partial(_flipped_font, seed)
    yield "font-null", partial(pdf, {FONT: b"null"})
    yield (
        "font-in-itself",
        partial(
            pdf,
            {
                FONT: b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H"
                b"/DescendantFonts[5 0 R]>>"
            },
        ),
    )
    yield "font-size-huge", partial(pdf, {CONTENTS: stream(TEXT.replace(b" 24 ", b" 1e20 "))})
    yield (
        "font-matrix-zero",
        partial(pdf, {CONTENTS: stream(b"BT /F1 9 Tf 0 0 0 0 0 0 Tm (a) Tj ET")}),
    )
    usecmap = packed(b"/CMapName /A def 6 0 R usecmap begincmap endcmap", b"/UseCMap 6 0 R")
    yield (
        "cmap-in-itself",
        partial(
            pdf,
            {
                FONT: b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding 6 0 R"
                b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/A>>]"
                b"/ToUnicode 6 0 R>>",
                FREE: usecmap,
            },
        ),
    )
    ranges = b"1 begincidrange <00000000> <ffffffff> 0 endcidrange\n" * 20_000
    yield (
        "cmap-of-ranges",
        partial(
            pdf,
            {
                FONT: b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding 6 0 R"
                b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/A>>]>>",
                FREE: packed(b"begincmap\n" + ranges + b"endcmap"),
            },
        ),
    )


def actions() -> Cases:
    """Things that would run, open, send or carry something."""
    script = b"/S/JavaScript/JS(while \\(true\\) app.alert\\(1\\))"
    for name, action in (
        ("script", script), ("launch", b"/S/Launch/F(/bin/sh)/Win<</F(cmd.exe)>>"),
        ("address", b"/S/URI/URI(file:///etc/passwd)"),
        ("other-file", b"/S/GoToR/F(/etc/passwd)/D[0/Fit]"),
        ("send", b"/S/SubmitForm/F(http://192.0.2.1/)"),
        ("import", b"/S/ImportData/F(/etc/hosts)"),
        ("chain", script + b"/Next 6 0 R"), ("named", b"/S/Named/N/Print"),
        ("place-of-itself", b"/S/GoTo/D 6 0 R"),
    ):  # fmt: skip
        link = b"/Annots[<</Type/Annot/Subtype/Link/Rect[72 690 300 760]/A 6 0 R>>]"
        on_open = b"<</Type/Catalog/Pages 2 0 R/OpenAction 6 0 R/AA<</WC 6 0 R>>>>"
        yield (
            f"action-{name}",
            partial(
                pdf,
                {
                    CATALOG: on_open,
                    PAGE: page(link + b"/AA<</O 6 0 R>>"),
                    FREE: b"<<%s>>" % action,
                },
            ),
        )
    files = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(run.exe)6 0 R]>>>>>>"
    yield (
        "embedded-file",
        partial(
            pdf,
            {
                CATALOG: files,
                FREE: b"<</Type/Filespec/F(../../run.exe)/EF<</F 7 0 R>>>>",
                7: stream(b"MZ" + bytes(400), b"/Type/EmbeddedFile"),
            },
        ),
    )
    names = b"<</Type/Catalog/Pages 2 0 R/Names<</Dests 6 0 R>>>>"
    yield "names-loop", partial(pdf, {CATALOG: names, FREE: b"<</Kids[6 0 R]>>"})
    form = (
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/XFA 4 0 R"
        b"/NeedAppearances true>>>>"
    )
    field = b"<</FT/Tx/T(a)/Parent 6 0 R/Kids[6 0 R]/Subtype/Widget/Rect[0 0 90 90]>>"
    yield (
        "form-field-in-itself",
        partial(pdf, {CATALOG: form, FREE: field, PAGE: page(b"/Annots[6 0 R]")}),
    )
    yield (
        "annotations-loop",
        partial(pdf, {PAGE: page(b"/Annots 6 0 R"), FREE: b"[6 0 R 3 0 R]"}),
    )
    ink = (
        b"<</Type/Annot/Subtype/Ink/Rect[0 0 1e30 -1e30]/InkList[[%s]]/C[9 9 9 9 9]/BS 6 0 R>>"
    )
    yield (
        "annotation-huge-ink",
        partial(pdf, {PAGE: page(b"/Annots[6 0 R]"), FREE: ink % (b"1e30 -1e30 " * 50_000)}),
    )
    note = b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://example.jp)>>>>"
    yield (
        "annotations-100000",
        partial(pdf, {PAGE: page(b"/Annots[%s]" % (b"6 0 R " * 100_000)), FREE: note}),
    )
    layers = b"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[6 0 R]/D<</Order[[6 0 R]]>>>>>>"
    yield (
        "layers-odd",
        partial(pdf, {CATALOG: layers, FREE: b"<</Type/OCG/Name(a)/Usage 6 0 R>>"}),
    )


def encrypted() -> Cases:
    """Files with a password, and files that only say so."""
    locks: tuple[tuple[str, Revision, bool], ...] = (
        ("rc4-40", 2, False), ("rc4-128", 3, False), ("aes-128", 4, True), ("aes-256", 6, True),
    )  # fmt: skip
    for name, revision, is_aes in locks:
        yield f"locked-{name}", partial(_locked, revision, is_aes, USER)
        yield f"owned-{name}", partial(_locked, revision, is_aes, "")
    yield "locked-cut", lambda: _cut(partial(_locked, 6, True, USER), 60)
    yield "locked-flipped", lambda: _flipped(partial(_locked, 6, True, USER), 3)
    for name, entry in (
        ("unknown-filter", b"<</Filter/Adobe.PubSec/V 4>>"), ("empty", b"<<>>"),
        ("version-99", b"<</Filter/Standard/V 99/R 99/O(a)/U(b)/P 0>>"), ("loop", b"6 0 R"),
    ):  # fmt: skip
        yield f"lock-{name}", partial(pdf, {FREE: entry}, trailer=b"/Encrypt 6 0 R/ID[(a)(b)]")


def _cut(whole: Maker, percent: float) -> bytes:
    data = whole()
    return data[: round(len(data) * percent / 100)]


def _flipped(whole: Maker, seed: int) -> bytes:
    """Flip bits: one in the first seeds, thousands in the last."""
    rng = np.random.default_rng(seed)
    data = np.frombuffer(whole(), np.uint8).copy()
    places = rng.integers(0, len(data), round(1.27**seed))
    data[places] ^= (1 << rng.integers(0, 8, len(places))).astype(np.uint8)
    return data.tobytes()


def _blanked(whole: Maker, seed: int) -> bytes:
    """Write zeros over one stretch, as a bad sector does."""
    data = bytearray(whole())
    rng = np.random.default_rng(100 + seed)
    length = min(512 * 4**seed, len(data) // 2)
    start = int(rng.integers(0, len(data) - length))
    data[start : start + length] = bytes(length)
    return bytes(data)


def _with_prev(data: bytes) -> bytes:
    place = data.rindex(b"xref\n0 ")
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d/XRefStm %d" % (place, place))


def _object_stream_in_itself() -> bytes:
    body = b"6 0 7 10 <</A 1>>  <</B 2>>"
    return pdf({FREE: stream(body, b"/Type/ObjStm/N 2/First 8/Extends 6 0 R")})


def _bomb_as_object_stream() -> bytes:
    head = b"/Type/ObjStm/N 100000000/First 900000000/Filter/FlateDecode"
    return pdf({FREE: stream(bomb(BOMB_MB, b"1"), head), PAGE: page(b"/A 9 0 R")})


def _many_pages(count: int) -> bytes:
    numbers = range(FREE, FREE + count)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    root = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)
    return pdf({PAGES: root, **dict.fromkeys(numbers, page())})


def _outlines() -> Cases:
    root = b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>"
    head = b"<</Type/Outlines/First 7 0 R/Last 7 0 R/Count 1>>"
    entry = b"<</Title(A)/Parent 6 0 R/Dest[3 0 R/Fit]%s>>"
    for name, more in (
        ("next-loop", b"/Next 7 0 R"), ("child-loop", b"/First 7 0 R/Last 7 0 R/Count 1"),
        ("parent-as-child", b"/First 6 0 R/Last 6 0 R"), ("to-nowhere", b"/Dest[99 0 R/Fit]"),
        ("to-huge-page", b"/Dest[2147483647/Fit]"), ("to-itself", b"/Dest 7 0 R"),
        ("title-a-number", b"/Title 5"),
    ):  # fmt: skip
        yield f"outline-{name}", partial(pdf, {CATALOG: root, FREE: head, 7: entry % more})
    for name, way in (("long", b"/Next %d 0 R"), ("deep", b"/First %d 0 R/Last %d 0 R")):
        count = 20_000
        entries = {
            number: entry % (way % ((number + 1,) * way.count(b"%d")))
            for number in range(7, 7 + count)
        }
        end = {7 + count: entry % b""}
        yield f"outline-{name}", partial(pdf, {CATALOG: root, FREE: head, **entries, **end})


def _forms(uses: Mapping[int, bytes]) -> bytes:
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]/Resources<</XObject<</X %s>>>>"
    forms = {
        number: stream(b"/X Do /X Do 9 9 90 90 re f", head % use)
        for number, use in uses.items()
    }
    return pdf(
        {PAGE: page(resources=b"/XObject<</X 6 0 R>>"), CONTENTS: stream(b"/X Do"), **forms}
    )


def _laughing_forms() -> bytes:
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]/Resources<</XObject<</X %d 0 R>>>>"
    forms = {
        number: stream(b"/X Do " * 10, head % (number + 1)) for number in range(FREE, FREE + 10)
    }
    last = stream(b"0 0 5 5 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]")
    return pdf(
        {
            PAGE: page(resources=b"/XObject<</X 6 0 R>>"),
            CONTENTS: stream(b"/X Do"),
            **forms,
            FREE + 10: last,
        }
    )


def _pattern(step: bytes = b"9") -> bytes:
    return stream(
        b"/Pattern cs /P scn 0 0 5 5 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 8 8]"
        b"/XStep %s/YStep %s/Resources<</Pattern<</P 6 0 R>>>>" % (step, step),
    )


def _glyph_in_itself() -> bytes:
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[.1 0 0 .1 0 0]"
        b"/CharProcs<</a 6 0 R>>/Encoding<</Differences[79/a]>>/FirstChar 79/LastChar 79"
        b"/Widths[9]/Resources<</Font<</F1 5 0 R>>>>>>"
    )
    glyph = stream(b"9 0 d0 BT /F1 5 Tf (OOO) Tj ET 0 0 5 5 re f")
    return pdf({FONT: font, FREE: glyph})


def _image(head: bytes, data: bytes | None = None, filters: bytes = b"") -> bytes:
    body = zlib.compress(bytes(256)) if data is None else data
    entries = b"/Type/XObject/Subtype/Image" + (filters or b"/Filter/FlateDecode") + head
    return pdf(
        {
            PAGE: page(resources=b"/XObject<</X 6 0 R>>"),
            CONTENTS: stream(b"q 500 0 0 500 40 40 cm /X Do Q"),
            FREE: stream(body, entries),
            FREE + 1: b"[/Indexed 7 0 R 255 (a)]",
        }
    )


def _embedded(kind: bytes, data: bytes) -> bytes:
    descriptor = b"<</Type/FontDescriptor/FontName/A/Flags 4/FontBBox[0 0 9 9]/%s 7 0 R>>"
    subtype = b"Type1" if kind == b"FontFile" else b"TrueType"
    return pdf(
        {
            FONT: b"<</Type/Font/Subtype/%s/BaseFont/A/FontDescriptor 6 0 R>>" % subtype,
            FREE: descriptor % kind,
            FREE + 1: packed(data, b"/Subtype/OpenType" if kind == b"FontFile3" else b""),
        }
    )


def _flipped_font(seed: int) -> bytes:
    """Damage the embedded typeface inside its stream, which stays sound itself."""
    rng = np.random.default_rng(seed)
    with pikepdf.open(io.BytesIO(sound())) as file, io.BytesIO() as out:
        for each in file.objects:
            if isinstance(each, pikepdf.Stream) and "/Length1" in each:
                data = np.frombuffer(each.read_bytes(), np.uint8).copy()
                places = rng.integers(0, len(data), 20 * (seed + 1))
                data[places] ^= rng.integers(1, 255, len(places), np.uint8)
                each.write(data.tobytes())
        file.save(out, static_id=True)
        return out.getvalue()


def _saved(**options: object) -> bytes:
    with pikepdf.open(io.BytesIO(sound())) as file, io.BytesIO() as out:
        file.save(out, **options, static_id=True)  # type: ignore[arg-type]
        return out.getvalue()


def _locked(revision: Revision, is_aes: bool, user: str) -> bytes:
    lock = pikepdf.Encryption(owner=OWNER, user=user, R=revision, aes=is_aes, metadata=is_aes)
    with pikepdf.open(io.BytesIO(sound())) as file, io.BytesIO() as out:
        file.save(out, encryption=lock)
        return out.getvalue()
