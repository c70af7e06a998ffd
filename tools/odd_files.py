"""Odd files that are no PDF: pictures, office and Xournal++ files, and mere claims."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Final

import numpy as np
from PIL import Image

from tools import sample_office
from tools.odd_pdfs import MEGABYTE, Cases, Maker, bomb, sound

BOMB_MB: Final = 256
COPIES: Final = 64
"""One packed part stands in the archive's list so often: 16 GB out of 256 kB."""
LAUGHS: Final = "".join(
    f'<!ENTITY a{depth} "{f"&a{depth - 1};" * 10}">' for depth in range(1, 12)
)
LAUGH_HEAD: Final = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>'
OUTSIDE: Final = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
XOPP: Final = (
    '<?xml version="1.0"?><xournal creator="x" fileversion="4"><title>a</title>'
    '<page width="595" height="842"><background type="solid" color="#ffffffff" style="plain"/>'
    "<layer>{layer}</layer></page></xournal>"
)
STROKE: Final = '<stroke tool="pen" color="#000000ff" width="{width}">{points}</stroke>'


def claims() -> Iterator[tuple[str, Maker]]:
    """Files whose name says something else than their bytes; the name has its suffix."""
    yield "empty.pdf", lambda: b""
    yield "text.pdf", lambda: "これはPDFではありません。\n".encode() * 40
    yield "zeros.pdf", lambda: bytes(MEGABYTE)
    yield "noise.pdf", lambda: np.random.default_rng(1).bytes(MEGABYTE)
    yield "page.pdf", lambda: b"<!doctype html><title>404</title><h1>Not found</h1>"
    yield "really-a-picture.pdf", partial(_picture, "PNG")
    yield "really-a-photo.pdf", partial(_picture, "JPEG")
    yield "really-a-letter.pdf", partial(_office, "docx")
    yield "really-a-pdf.png", sound
    yield "really-a-pdf.pptx", sound
    yield "really-a-pdf.xopp", sound
    yield "really-a-photo.png", partial(_picture, "JPEG")
    yield "really-a-deck.pdf", partial(_office, "pptx")
    yield "no-suffix", sound
    yield "upper.PDF", sound
    yield "空白 と 漢字　の名前.pdf", sound
    yield "empty.png", lambda: b""
    yield "empty.pptx", lambda: b""
    yield "empty.xopp", lambda: b""
    yield "program.pdf", lambda: b"\x7fELF\x02\x01\x01" + bytes(4000)
    yield "script.sh", lambda: b"#!/bin/sh\ntouch /tmp/kokuban-was-here\n"


def pictures() -> Cases:
    """Pictures with huge heads, cut bodies, and a real gigapixel."""
    yield "gigapixel-head.png", partial(_png, 32768, 32768, b"")
    yield "gigapixel.png", lambda: _png(32768, 32768, _rows(32768, 32768))
    yield "endless-head.png", partial(_png, 2**31 - 1, 2**31 - 1, zlib.compress(bytes(99)))
    yield "empty-head.png", partial(_png, 0, 0, zlib.compress(b""))
    yield "text-bomb.png", partial(_png, 4, 4, zlib.compress(bytes(9)), b"zTXtA\0\0")
    yield "cut.png", lambda: _picture("PNG")[:900]
    yield "head-alone.png", lambda: b"\x89PNG\r\n\x1a\n"
    yield "gigapixel-head.jpg", lambda: _jpeg_of(65500, 65500)
    yield "cut.jpg", lambda: _picture("JPEG")[:900]
    yield "head-alone.jpg", lambda: b"\xff\xd8\xff\xe0"
    yield "endless-scans.jpg", lambda: _picture("JPEG")[:-2] * 400
    yield "gigapixel-head.tif", partial(_tiff, 100_000, 100_000)
    yield "loop.tif", partial(_tiff, 10, 10, following=8)
    yield "cut.tif", lambda: _picture("TIFF")[:200]
    yield "many-pages.tif", _many_page_tiff
    yield "cut.webp", lambda: _picture("WEBP")[:60]
    yield (
        "huge-head.bmp",
        lambda: (
            b"BM"
            + struct.pack(
                "<IHHIIiiHHIIiiII",
                54,
                0,
                0,
                54,
                40,
                2**31 - 1,
                2**31 - 1,
                1,
                24,
                0,
                0,
                0,
                0,
                0,
                0,
            )
        ),
    )
    yield "huge-head.gif", lambda: b"GIF89a\xff\xff\xff\xff\xf7\0\0" + bytes(900)
    yield "noise.heic", lambda: b"\0\0\0\x18ftypheic" + np.random.default_rng(2).bytes(3000)
    yield "laughs.svg", f"{LAUGH_HEAD}<svg><text>&a11;</text></svg>".encode
    yield "outside.svg", f"{OUTSIDE}<svg><text>&e;</text></svg>".encode


def office() -> Cases:
    """Office files that burst, reach outside, or are cut."""
    for suffix in ("pptx", "docx", "xlsx", "odp"):
        yield f"bomb.{suffix}", partial(_bombed, suffix)
        yield f"laughs.{suffix}", partial(_laughing, suffix)
        for percent in (3, 40, 97):
            yield f"cut-{percent}.{suffix}", partial(_cut, suffix, percent)
        for seed in range(4):
            yield f"flipped-{seed}.{suffix}", partial(_flipped, suffix, seed)
        yield f"archive-of-nothing.{suffix}", lambda: _zip({})
        yield f"archive-of-text.{suffix}", lambda: _zip({"read.me": b"hello"})
        yield f"text.{suffix}", "ただの文章です。".encode
    for suffix in ("ppt", "doc", "xls"):
        yield f"noise.{suffix}", lambda: _ole(np.random.default_rng(3).bytes(40_000))
        yield f"head-alone.{suffix}", lambda: _ole(b"")
    yield "locked.pptx", lambda: _ole("EncryptedPackage".encode("utf-16-le") * 30)
    yield "outside.pptx", _reaching_outside
    yield (
        "climbing.docx",
        lambda: _zip({"../../../tmp/kokuban-was-here": b"x", **_parts("docx")}),
    )
    yield "list-of-100000.docx", _many_entries
    yield "overlapping.docx", _overlapping


def xournal() -> Cases:
    """Xournal++ files that are broken, burst, or hold values no hand writes."""
    strokes = {
        "huge": ("1e30", "1e30 1e30 -1e30 -1e30"), "not-numbers": ("2", "nan nan inf -inf"),
        "words": ("thick", "a b c d"), "odd": ("2", "1 2 3"), "empty": ("2", ""),
        "one-point": ("2", "5 5"), "negative": ("-4", "1 2 3 4"),
        "overflow": ("2", "1e999 5 6 7"),
        "long": ("2", "10.5 20.5 " * 400_000), "pressures": ("2 " + "9e9 " * 999, "1 2 3 4"),
    }  # fmt: skip
    for name, (width, points) in strokes.items():
        layer = STROKE.format(width=width, points=points)
        yield f"stroke-{name}.xopp", partial(_xopp, XOPP.format(layer=layer))
    yield (
        "strokes-100000.xopp",
        lambda: _xopp(XOPP.format(layer=STROKE.format(width=2, points="1 2 3 4") * 100_000)),
    )
    yield "bomb.xopp", lambda: _gzip_bomb(1024)
    yield "laughs.xopp", lambda: _xopp(f"{LAUGH_HEAD}<xournal>&a11;</xournal>")
    yield (
        "outside.xopp",
        lambda: _xopp(
            f"{OUTSIDE}<xournal><page width='9' height='9'><layer><text>&e;</text></layer>"
            "</page></xournal>"
        ),
    )
    yield "not-packed.xopp", lambda: XOPP.format(layer="").encode()
    yield "cut.xopp", lambda: _xopp(XOPP.format(layer=STROKE * 99))[:200]
    yield "not-closed.xopp", partial(_xopp, XOPP.format(layer="")[:-20])
    yield "no-pages.xopp", partial(_xopp, "<xournal></xournal>")
    yield "another-root.xopp", partial(_xopp, "<svg/>")
    for name, size in (("huge", "1e30"), ("zero", "0"), ("negative", "-5"), ("word", "wide")):
        text = XOPP.format(layer="").replace('"595"', f'"{size}"')
        yield f"page-{name}.xopp", partial(_xopp, text)
    for name, place in (("gone", "/nowhere/a.pdf"), ("passwd", "/etc/passwd"), ("self", ".")):
        back = f'<background type="pdf" domain="absolute" filename="{place}" pageno="1"/>'
        text = XOPP.format(layer="").replace("<background", f"{back}<background")
        yield f"background-{name}.xopp", partial(_xopp, text)
    yield (
        "pages-20000.xopp",
        lambda: _xopp(
            "<xournal>" + "<page width='9' height='9'><layer/></page>" * 20_000 + "</xournal>"
        ),
    )
    yield (
        "image-noise.xopp",
        partial(
            _xopp,
            XOPP.format(layer='<image left="0" top="0" right="9" bottom="9">!!!!</image>'),
        ),
    )


@cache
def _office(suffix: str) -> bytes:
    """Return a small sound office file."""
    out = io.BytesIO()
    writers = {
        "pptx": sample_office.write_deck, "docx": sample_office.write_letter,
        "xlsx": sample_office.write_sheet, "odp": sample_office.write_odp,
    }  # fmt: skip
    writers[suffix](out, 1)
    return out.getvalue()


def _parts(suffix: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(_office(suffix))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _main_part(suffix: str) -> str:
    parts = {
        "pptx": "ppt/slides/slide1.xml", "docx": "word/document.xml",
        "xlsx": "xl/worksheets/sheet1.xml", "odp": "content.xml",
    }  # fmt: skip
    return parts[suffix]


def _zip(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    sample_office.write_zip(out, parts)
    return out.getvalue()


def _bombed(suffix: str) -> bytes:
    """Return an office file with pictures of nothing: little to read, gigabytes unpacked."""
    out = io.BytesIO(_office(suffix))
    packed = bomb(BOMB_MB, b"\0")[2:-4]
    head = {"docx": "word/media", "pptx": "ppt/media", "xlsx": "xl/media", "odp": "Pictures"}
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(COPIES):
            _add_packed(archive, f"{head[suffix]}/image{number + 90}.bmp", packed)
    return out.getvalue()


def _add_packed(archive: zipfile.ZipFile, name: str, packed: bytes) -> None:
    """Put an entry into the archive whose data are packed already: 256 MB of zeros."""
    entry = zipfile.ZipInfo(name, sample_office.ZIP_TIME)
    file = archive.fp
    if file is None:
        raise ValueError("the archive is closed")
    file.seek(archive.start_dir)
    entry.header_offset = file.tell()
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.compress_size, entry.file_size = len(packed), BOMB_MB * MEGABYTE
    entry.CRC = _crc_of_zeros()
    file.write(entry.FileHeader(zip64=False))
    file.write(packed)
    archive.start_dir = file.tell()
    archive.filelist.append(entry)
    archive.NameToInfo[name] = entry
    archive._didModify = True  # type: ignore[attr-defined]


@cache
def _crc_of_zeros() -> int:
    crc, block = 0, bytes(MEGABYTE)
    for _ in range(BOMB_MB):
        crc = zlib.crc32(block, crc)
    return crc


def _laughing(suffix: str) -> bytes:
    """Return an office file whose text is ten to the eleventh of one word."""
    parts = _parts(suffix)
    name = _main_part(suffix)
    text = parts[name].decode()
    body = text[text.index("?>") + 2 :].lstrip()
    end = body.index(">", body.index("<")) + 1
    parts[name] = f"{LAUGH_HEAD}{body[:end]}&a11;{body[end:]}".encode()
    return _zip(parts)


def _cut(suffix: str, percent: int) -> bytes:
    data = _office(suffix)
    return data[: len(data) * percent // 100]


def _flipped(suffix: str, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    data = np.frombuffer(_office(suffix), np.uint8).copy()
    places = rng.integers(0, len(data), 6**seed)
    data[places] ^= (1 << rng.integers(0, 8, len(places))).astype(np.uint8)
    return data.tobytes()


def _ole(body: bytes) -> bytes:
    """Return something that begins like a compound file of the nineties."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + b"\x3e\0\x03\0\xfe\xff\x09\0" + body
    )


def _reaching_outside() -> bytes:
    """Return a deck whose picture lies in the network and whose font on this machine."""
    parts = _parts("pptx")
    name = "ppt/slides/_rels/slide1.xml.rels"
    text = parts[name].decode()
    more = "".join(
        f'<Relationship Id="rIdX{number}" Type="{sample_office.OFFICE}/image"'
        f' Target="{place}" TargetMode="External"/>'
        for number, place in enumerate(("http://192.0.2.1/a.png", "file:///etc/passwd"))
    )
    parts[name] = text.replace("</Relationships>", f"{more}</Relationships>").encode()
    return _zip(parts)


def _many_entries() -> bytes:
    """Return an archive of a hundred thousand parts."""
    return _zip({**_parts("docx"), **{f"word/{each}": b"" for each in range(100_000)}})


def _overlapping() -> bytes:
    """Return an archive whose entries all lie at one place."""
    data = _bombed("docx")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        start = archive.start_dir
    place = next(each.header_offset for each in entries if each.filename.endswith("90.bmp"))
    listed = bytearray(data[start:])
    at = 0
    while listed[at : at + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack("<HHH", listed[at + 28 : at + 34])
        if listed[at + 46 : at + 46 + name].endswith(b".bmp"):
            listed[at + 42 : at + 46] = struct.pack("<I", place)
        at += 46 + name + extra + comment
    return data[:start] + bytes(listed)


def _xopp(text: str) -> bytes:
    return gzip.compress(text.encode(), 6, mtime=0)


def _gzip_bomb(megabytes: int) -> bytes:
    packed = bomb(megabytes)[2:-4]
    tail = struct.pack("<II", 0, megabytes * MEGABYTE & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + packed + tail


def _picture(kind: str) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(4).integers(0, 255, (60, 90, 3), np.uint8)
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def _png(width: int, height: int, data: bytes, before: bytes = b"") -> bytes:
    """Return a PNG of one bit a pixel with those packed rows."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body))
            + kind
            + body
            + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    text = chunk(before[:4], before[4:] + bomb(512)) if before else b""
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + text + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )  # fmt: skip


def _rows(width: int, height: int) -> bytes:
    """Return so many packed rows of a pattern, one bit a pixel."""
    row = b"\0" + b"\xaa" * (width // 8)
    packer = zlib.compressobj(6)
    pieces = [packer.compress(row * 256) for _ in range(height // 256)]
    return b"".join([*pieces, packer.flush()])


def _jpeg_of(width: int, height: int) -> bytes:
    """Return a small photo whose head claims another size."""
    data = _picture("JPEG")
    place = data.index(b"\xff\xc0")
    return data[: place + 5] + struct.pack(">HH", height, width) + data[place + 9 :]


def _tiff(width: int, height: int, following: int = 0) -> bytes:
    tags = (
        (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1),
        (273, 4, 200), (277, 3, 1), (278, 4, height), (279, 4, min(width * height, 2**31)),
    )  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + entries + struct.pack("<I", following) + bytes(400)


def _many_page_tiff() -> bytes:
    out = io.BytesIO()
    pages = [Image.new("L", (20, 20), shade % 256) for shade in range(300)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    return out.getvalue()
