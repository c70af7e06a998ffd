"""Bytes say what a file is; names say nothing."""

import io
import struct
import zipfile

import pytest
from PIL import Image

from rooms.model import file_kinds
from rooms.model.file_kinds import (
    CSV,
    DOCX,
    GIF,
    HEAD_BYTES,
    HEIC,
    JPEG,
    ODT,
    PDF,
    PNG,
    PPTX,
    TEXT,
    WEBP,
    XLSX,
    FileKind,
    member_list_place,
    member_names,
    sniff,
)
from rooms.model.picture_size import picture_size


def archive(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return data.getvalue()


def kind(data: bytes, name: str = "") -> FileKind | None:
    names: list[str] = []
    if (place := member_list_place(data, len(data))) is not None:
        names = member_names(data[place[0] : place[0] + place[1]])
    return sniff(data[:HEAD_BYTES], names, name)


def picture(form: str, size: tuple[int, int] = (30, 20)) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, "red").save(data, form)
    return data.getvalue()


OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.text"


def open_document(declared: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        made.writestr("mimetype", declared)
        made.writestr("content.xml", "<x/>")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7\n", PDF),
        (b"junk of a printer\n%PDF-1.4\n", PDF),
        (picture("PNG"), PNG),
        (picture("JPEG"), JPEG),
        (picture("GIF"), GIF),
        (picture("WEBP"), WEBP),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", HEIC),
        (archive("[Content_Types].xml", "word/document.xml"), DOCX),
        (archive("[Content_Types].xml", "xl/workbook.xml"), XLSX),
        (archive("ppt/presentation.xml", "[Content_Types].xml"), PPTX),
        (open_document(OPEN_DOCUMENT), ODT),
        ("こんにちは".encode(), TEXT),
        ("こんにちは".encode("cp932"), TEXT),
        ("こんにちは".encode("iso2022_jp"), TEXT),
        ("こんにちは".encode("utf-16"), TEXT),
        (b"", TEXT),
        # Markup is text, and served as that.
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", TEXT),
        (b"<!doctype html><script>alert(1)</script>", TEXT),
        (b"<html>%PDF-1.7", TEXT),
    ],
)
def test_kind_is_seen(data: bytes, expected: FileKind) -> None:
    assert kind(data) is expected


@pytest.mark.parametrize(
    "data",
    [
        archive("readme.txt"),
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        open_document(OPEN_DOCUMENT + b"-template"),
        open_document(b"text/html"),
        b"MZ\x90\0" + bytes(100),
        b"MZ\x90\0 %PDF-1.7",
        b"\x7fELF" + bytes(100),
        b"\0\0\0\x18ftypisom\0\0\0\0mp41",
        b"\0\0\0\x1cftypavif\0\0\0\0mif1avif",
        b"PK\x03\x04" + bytes(100),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
        b"text\0with nothing",
        bytes(range(256)),
    ],
)
def test_what_is_not_on_the_list_is_not_taken(data: bytes) -> None:
    assert kind(data) is None


def test_name_tells_a_table_from_a_text_and_nothing_else() -> None:
    assert kind(b"a,b\n1,2\n", "表.CSV") is CSV
    assert kind(b"a,b\n1,2\n", "表.exe") is TEXT
    assert kind(picture("PNG"), "表.csv") is PNG


def test_letter_cut_at_the_end_of_the_head_is_still_text() -> None:
    assert kind(b"x" + "あ".encode() * HEAD_BYTES) is TEXT


def test_list_of_an_archive_that_claims_gigabytes_is_not_read() -> None:
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, 0xFFFF0000, 0, 0)
    assert member_list_place(end, 1 << 40) is None


def test_no_kind_is_anything_a_browser_runs() -> None:
    types = {one.media_type for one in file_kinds.KINDS}
    assert not {
        t for t in types if "html" in t or "svg" in t or "script" in t or t.endswith("/xml")
    }


@pytest.mark.parametrize(
    ("form", "expected"), [("PNG", PNG), ("JPEG", JPEG), ("GIF", GIF), ("WEBP", WEBP)]
)
@pytest.mark.parametrize("size", [(1, 1), (640, 37), (2049, 16)])
def test_size_of_a_picture_is_read_off_its_header(
    form: str, expected: FileKind, size: tuple[int, int]
) -> None:
    data = picture(form, size)
    assert picture_size(expected, data) == size
    assert all(picture_size(expected, data[:cut]) in {None, size} for cut in range(64))


def test_size_of_lossless_and_extended_webp_is_read() -> None:
    for options in ({"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}):
        data = io.BytesIO()
        Image.new("RGBA", (300, 200), (1, 2, 3, 4)).save(data, "WEBP", **options)
        assert picture_size(WEBP, data.getvalue()) == (300, 200)
