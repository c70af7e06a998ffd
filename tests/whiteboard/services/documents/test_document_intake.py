"""Files come in: real files, the real LibreOffice, real processes, really killed."""

import gzip
import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from base.board_doc import ImageItem, StrokeItem, TextItem
from base.errors import ErrorCode
from tests.support.document_door import Door, open_door
from tests.support.full_disk import full_disk
from tools import sample_office
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.documents.document_intake import (
    DocumentCameIn,
    NotebookCameIn,
    Outcome,
    Stage,
)
from whiteboard.services.documents.office import Office

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture
def door(qtbot: QtBot, data_dir: Path) -> Iterator[Door]:
    with open_door(qtbot, data_dir) as door:
        yield door


def pdf(path: Path) -> Path:
    """Copy a small real PDF, out of the sample of a board."""
    from tests.data.make_board_version_2 import document

    path.write_bytes(document())
    return path


def picture(width: int = 320, height: int = 180, mode: str = "RGB") -> Image.Image:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (220, 30, 30)
    pixels[: height // 2] += 25
    return Image.fromarray(pixels).convert(mode)


# PDF ----------------------------------------------------------------------------------


def test_pdf_can_be_opened_before_it_is_copied(door: Door, tmp_path: Path) -> None:
    path = pdf(tmp_path / "会議資料.pdf")
    came = door.came(path)
    assert [(look.name, look.path) for look in door.first] == [("会議資料.pdf", path)]
    assert came.document == hashlib.sha256(path.read_bytes()).hexdigest()
    assert came.path.parent == door.store.folder
    assert (came.name, came.source, door.sheets(came)) == ("会議資料.pdf", "", [(720, 405)])


@pytest.mark.parametrize("name", ["slides.pptx", "photo.jpg", "no suffix", "x.txt"])
def test_pdf_under_a_wrong_name_comes_in(door: Door, tmp_path: Path, name: str) -> None:
    assert door.sheets(door.came(pdf(tmp_path / name))) == [(720, 405)]


def test_pdf_comes_in_while_the_disk_is_full(door: Door, tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf")
    with full_disk(100):
        came = door.came(path)
    assert came.trouble is not None
    assert (came.trouble.code, came.path) == (ErrorCode.DISK_FULL, path)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ErrorCode.FILE_EMPTY),
        (b"just words\n" * 100, ErrorCode.UNKNOWN_FORMAT),
        (bytes(range(256)) * 100, ErrorCode.UNKNOWN_FORMAT),
        (b"PK\x03\x04" + b"no archive" * 50, ErrorCode.DOCUMENT_DAMAGED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 3000, ErrorCode.DOCUMENT_DAMAGED),
        (b"\xff\xd8\xff\xe0" + b"x" * 3000, ErrorCode.NOT_AN_IMAGE),
        (b"\x1f\x8b\x08\0" + b"x" * 300, ErrorCode.UNKNOWN_FORMAT),
    ],
)
def test_what_is_nothing_says_so(
    door: Door, tmp_path: Path, content: bytes, code: ErrorCode
) -> None:
    path = tmp_path / "slides.pdf"
    path.write_bytes(content)
    assert door.refused(path) is code


def test_missing_file_and_missing_stick_are_told_apart(door: Door, tmp_path: Path) -> None:
    codes = [door.refused(tmp_path / "a.pdf"), door.refused(tmp_path / "stick" / "a.pdf")]
    assert codes == [ErrorCode.NOT_FOUND, ErrorCode.MEDIUM_GONE]


def test_board_is_no_document(door: Door) -> None:
    assert door.refused(DATA / "board-version-2.kokuban") is ErrorCode.UNKNOWN_FORMAT


def test_nothing_is_told_after_cancelling(door: Door, tmp_path: Path) -> None:
    ticket = door.begin(pdf(tmp_path / "a.pdf"))
    ticket.cancel()
    ticket.cancel()
    door.until(lambda: door.intake.is_idle)
    assert door.outcomes == []


# Converters that misbehave ------------------------------------------------------------


def test_without_libreoffice_it_says_so(door: Door, tmp_path: Path) -> None:
    sample_office.write_letter(tmp_path / "a.docx")
    door.office = None
    assert door.refused(tmp_path / "a.docx") is ErrorCode.NO_OFFICE


@pytest.fixture
def stuck_office(tmp_path: Path) -> Office:
    """A LibreOffice that never ends, as the real one on a bad file."""
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    program.chmod(0o755)
    return Office(program, "stuck")


def converters() -> list[int]:
    """Return the stuck converters among the processes that came from this one."""
    parents: dict[int, int] = {}
    stuck = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
            state, parent = rest.split()[:2]
            parents[int(entry.name)] = int(parent)
            if name == "sleep" and state != "Z":
                stuck.append(int(entry.name))
    return [pid for pid in stuck if os.getpid() in ancestors(pid, parents)]


def ancestors(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid := parents.get(pid, 0):
        yield pid


def test_cancelling_kills_the_converter(
    door: Door, tmp_path: Path, stuck_office: Office
) -> None:
    sample_office.write_letter(tmp_path / "a.docx")
    door.office = stuck_office
    ticket = door.begin(tmp_path / "a.docx")
    door.until(lambda: bool(converters()))
    ticket.cancel()
    door.until(lambda: door.intake.is_idle)
    door.until(lambda: not converters())


def test_time_limit_kills_the_converter(
    door: Door, tmp_path: Path, stuck_office: Office
) -> None:
    sample_office.write_letter(tmp_path / "a.docx")
    door.office, door.limit_s = stuck_office, 0.5
    door.intake = door.new_intake()
    assert door.refused(tmp_path / "a.docx") is ErrorCode.CONVERSION_TIMEOUT
    door.until(lambda: not converters())


def test_shutdown_kills_the_converter(door: Door, tmp_path: Path, stuck_office: Office) -> None:
    sample_office.write_letter(tmp_path / "a.docx")
    door.office = stuck_office
    door.begin(tmp_path / "a.docx")
    door.until(lambda: bool(converters()))
    door.intake.shutdown()
    door.until(lambda: not converters())
    assert door.outcomes == []


def test_converter_that_fails_is_told(door: Door, tmp_path: Path) -> None:
    sample_office.write_letter(tmp_path / "a.docx")
    door.office = Office(Path("/bin/false"), "false")
    assert door.refused(tmp_path / "a.docx") is ErrorCode.CONVERSION_FAILED


# Unsafe archives ------------------------------------------------------------------------


def deck_with(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("ppt/presentation.xml", "<p/>")
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_archive_that_unpacks_to_gigabytes_is_refused(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "bomb.pptx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("ppt/slides/slide1.xml", "w", force_zip64=True) as entry:
            for _ in range(600):
                entry.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    assert door.refused(path) is ErrorCode.UNSAFE_FILE


def test_archive_that_lies_about_its_size_is_refused(door: Door, tmp_path: Path) -> None:
    size = 600 << 20
    path = deck_with(tmp_path / "liar.pptx", {"ppt/slides/slide1.xml": bytes(size)})
    data = path.read_bytes()
    assert data.count(size.to_bytes(4, "little")) == 2
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    assert door.refused(path) is ErrorCode.UNSAFE_FILE


def test_archive_with_countless_entries_is_refused(door: Door, tmp_path: Path) -> None:
    path = deck_with(tmp_path / "many.pptx", {f"ppt/{n}": b"" for n in range(20_001)})
    assert door.refused(path) is ErrorCode.UNSAFE_FILE


def test_archives_in_archives_are_refused(door: Door, tmp_path: Path) -> None:
    inner = b"x"
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("x.xlsx", inner)
        inner = buffer.getvalue()
    path = deck_with(tmp_path / "nested.pptx", {"ppt/embeddings/x.xlsx": inner})
    assert door.refused(path) is ErrorCode.UNSAFE_FILE


# Pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [
        (".png", "RGBA"), (".jpg", "RGB"), (".jpg", "CMYK"), (".webp", "RGB"), (".bmp", "RGB"),
        (".gif", "P"), (".tif", "1"),
    ],
)  # fmt: skip
def test_picture_becomes_a_sheet(door: Door, tmp_path: Path, suffix: str, mode: str) -> None:
    path = tmp_path / f"写真{suffix}"
    picture(mode=mode).save(path)
    came = door.came(path)
    assert door.sheets(came) == [(960, 540)]
    assert (came.skipped, came.reduced, came.name) == ((), (), path.name)


def test_heic_becomes_a_sheet(door: Door, tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(picture()).save(path)
    assert door.sheets(door.came(path)) == [(960, 540)]


def test_picture_under_a_wrong_name_comes_in(door: Door, tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    path = (tmp_path / "a.png").rename(tmp_path / "a.pdf")
    assert door.sheets(door.came(path)) == [(960, 540)]


def test_folder_comes_in_by_natural_order(door: Door, tmp_path: Path) -> None:
    folder = tmp_path / "スライド"
    folder.mkdir()
    for number, height in ((10, 100), (2, 80), (1, 90)):
        picture(100, height).save(folder / f"スライド{number}.PNG", "PNG")
    picture(100, 70).save(folder / "スライド３.PNG")  # a full-width 3
    (folder / "スライド4.PNG").write_bytes(b"\x89PNG\r\n\x1a\n" + b"broken" * 100)
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / ".hidden.png").write_bytes(b"x")
    came = door.came(folder)
    assert door.sheets(came) == [(960, 864), (960, 768), (960, 672), (960, 960)]
    assert (came.name, came.skipped) == ("スライド", ("スライド4.PNG",))
    assert door.came(folder).document == came.document
    assert door.stages() == [Stage.READING]


def test_empty_folder_has_no_pictures(door: Door, tmp_path: Path) -> None:
    assert door.refused(tmp_path) is ErrorCode.NO_PICTURES


def test_giant_picture_is_made_smaller(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "plan.png"
    Image.new("L", (9000, 9000), 200).save(path)
    came = door.came(path)
    assert came.reduced == ("plan.png",)
    assert door.sheets(came) == [(960, 960)]


def test_picture_that_unpacks_to_gigabytes_is_refused(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (32_000, 32_000)).save(path)
    assert path.stat().st_size < 1 << 20
    assert door.refused(path) is ErrorCode.IMAGE_TOO_LARGE


# Notebooks ----------------------------------------------------------------------------

NOTEBOOK = """<?xml version="1.0" standalone="no"?>
<xournal creator="Xournal++ 1.1.3" fileversion="4">
<title>Xournal++ document</title>
<page width="595.27" height="841.89">
<background type="solid" color="#ffffffff" style="lined"/>
<layer>
<stroke tool="pen" color="#3333ccff" width="2.26 1.0 2.0 3.0">10 10 20 10 30 15 40 20</stroke>
<stroke tool="highlighter" color="#ffff007f" width="8.5">50 50 90 50</stroke>
<stroke tool="pen" color="black" width="nonsense">1 2</stroke>
<text font="Sans" size="12" x="100" y="200" color="#ff0000ff">見出し
second</text>
<image left="10" top="300" right="110" bottom="400">{png}</image>
</layer>
</page>
<page width="720" height="405">
<background type="pdf" domain="absolute" filename="/nowhere/資料.pdf" pageno="1"/>
<layer/>
</page>
<page width="600" height="600">
<background type="solid" color="#102030ff" style="graph"/>
<layer/>
</page>
</xournal>
"""


def notebook(path: Path) -> Path:
    import base64

    buffer = io.BytesIO()
    picture(20, 20).save(buffer, "PNG")
    text = NOTEBOOK.format(png=base64.b64encode(buffer.getvalue()).decode())
    path.write_bytes(gzip.compress(text.encode()))
    return path


def take_notebook(door: Door, path: Path) -> NotebookCameIn:
    outcome = door.take(path)
    assert isinstance(outcome, NotebookCameIn), outcome
    return outcome


def test_ink_of_a_notebook_stays_ink(door: Door, tmp_path: Path) -> None:
    came = take_notebook(door, notebook(tmp_path / "数学.xopp"))
    first, _, _ = came.notebook.pages
    pen, marker, text, image = first.items
    assert isinstance(pen, StrokeItem)
    assert isinstance(marker, StrokeItem)
    assert isinstance(text, TextItem)
    assert isinstance(image, ImageItem)
    assert pen.samples()[:, :2].tolist() == [[10, 10], [20, 10], [30, 15], [40, 20]]
    assert (pen.colour, pen.has_pressure) == (0xFF3333CC, True)
    assert (marker.brush.name, marker.width_pt) == ("HIGHLIGHTER", 8.5)
    assert (text.text, text.size_pt, text.colour) == ("見出し\nsecond", 12.0, 0xFFFF0000)
    (data,) = came.notebook.pictures
    assert hashlib.sha256(data).digest() == image.sha256
    assert came.notebook.lost == 1


def test_widths_of_a_notebook_stay_widths(door: Door, tmp_path: Path) -> None:
    from whiteboard.model.brush import PEN

    came = take_notebook(door, notebook(tmp_path / "a.xopp"))
    pen = came.notebook.pages[0].items[0]
    assert isinstance(pen, StrokeItem)
    pressure = pen.samples()[:, 2]
    still = np.zeros(len(pressure))
    widths = pen.width_pt * PEN.factors(pressure, still, still, still + 1)
    assert np.allclose(widths, [1.0, 2.0, 3.0, 3.0], atol=0.02)


def test_paper_of_a_notebook_becomes_ours(door: Door, tmp_path: Path) -> None:
    came = take_notebook(door, notebook(tmp_path / "a.xopp"))
    papers = [page.background for page in came.notebook.pages]
    assert papers == [
        Background(Surface.WHITE, Ruling.LINES),
        Background(Surface.WHITE, Ruling.NONE),
        Background(Surface.BLACKBOARD, Ruling.GRID),
    ]


def test_notebook_finds_its_pdf_beside_it(door: Door, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.xopp")
    alone = take_notebook(door, path)
    assert (alone.document, alone.notebook.lacks_document) == (None, True)
    pdf(tmp_path / "資料.pdf")
    came = take_notebook(door, path)
    assert came.document is not None
    assert door.sheets(came.document) == [(720, 405)]
    assert [page.sheet for page in came.notebook.pages] == [None, 0, None]


def test_notebook_that_unpacks_to_gigabytes_is_refused(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xopp"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"<xournal>")
        for _ in range(520):
            file.write(b" " * (1 << 20))
    assert door.refused(path) is ErrorCode.UNSAFE_FILE


def test_notebook_cut_short_gives_what_there_is(door: Door, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.xopp")
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(text[: text.index(b'<page width="600"')])
    assert len(take_notebook(door, path).notebook.pages) == 2


# Threads ------------------------------------------------------------------------------


def test_several_files_come_in_at_once(door: Door, tmp_path: Path) -> None:
    paths = [pdf(tmp_path / f"{n}.pdf") for n in range(5)]
    got: list[Outcome] = []
    for path in paths:
        door.intake.take(path, got.append)
    door.until(lambda: len(got) == 5)
    assert {came.name for came in got if isinstance(came, DocumentCameIn)} == {
        path.name for path in paths
    }
    door.until(lambda: door.intake.is_idle)
    assert not [t for t in threading.enumerate() if t.name.startswith("intake")]
