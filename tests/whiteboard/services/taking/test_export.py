from __future__ import annotations

import errno
import hashlib
import shutil
import subprocess
import threading
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from base.board_doc import (
    NO_FILL,
    Affine,
    BrushKind,
    ImageItem,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
)
from base.errors import AppError, ErrorCode
from tests.support.full_disk import full_disk
from whiteboard.model.board import Board
from whiteboard.model.page import Background, Page, Ruling, Surface
from whiteboard.model.palette import BOARD_RGB, HIGHLIGHTERS, INKS, NOTE_PAPERS
from whiteboard.services.taking.export import (
    BoardSnapshot,
    ExportFormat,
    ExportOptions,
    PageSnapshot,
    export_board,
    render_pdf,
    render_png,
    take_snapshot,
)

pytestmark = pytest.mark.usefixtures("qapp")

PLACED = {"page": "p", "z": 1.0, "author": "a"}
SIZE = (480, 270)
SVG = "{http://www.w3.org/2000/svg}"


def photo_bytes():
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(QColor(30, 90, 200))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")
    return bytes(buffer.data().data())


PHOTO = photo_bytes()
PHOTO_NAME = hashlib.sha256(PHOTO).digest()


def read_asset(sha256):
    if sha256 == PHOTO_NAME:
        return PHOTO
    raise AppError(ErrorCode.BOARD_DAMAGED, sha256.hex())


def stroke(points, brush=BrushKind.PEN, colour=2, width=6.0):
    xy = np.array(points, dtype=float)
    samples = np.zeros((len(xy), 5))
    samples[:, :2], samples[:, 2] = xy, 0.5
    samples[:, 3] = np.linspace(0, 0.5, len(xy))
    return StrokeItem.from_samples(
        samples, **PLACED, brush=brush, colour=colour, width_pt=width, has_pressure=False
    )


def wave(x, y, brush=BrushKind.PEN, colour=2):
    t = np.linspace(0, 1, 40)
    return stroke(np.stack([x + 80 * t, y + 12 * np.sin(9 * t)], 1), brush, colour)


def all_kinds():
    upright = Affine.upright
    return (
        ImageItem(**PLACED, box=upright(20, 150, 90, 60), sha256=PHOTO_NAME),
        ShapeItem(**PLACED, shape=ShapeKind.ELLIPSE, colour=3, fill=NO_FILL, width_pt=4,
                  points=((70, 60), (110, 60), (70, 90))),
        ShapeItem(**PLACED, shape=ShapeKind.ARROW, colour=1, fill=NO_FILL, width_pt=4,
                  points=((20, 120), (110, 120))),
        TextItem(**PLACED, box=upright(140, 20, 150, 90), colour=0, size_pt=18,
                 text="黒板 & <白板>"),
        NoteItem(**PLACED, box=upright(310, 20, 100, 100), colour=0, size_pt=20, text="付箋"),
        StampItem(**PLACED, box=upright(150, 150, 90, 90), stamp=StampKind.DATE, colour=2,
                  text="2026.11.21"),
        wave(280, 160), wave(280, 210, BrushKind.PEN, 4),
    )  # fmt: skip


BLACKBOARD = Background()


def page(items=(), background=BLACKBOARD, page_id="p"):
    return PageSnapshot(Page(page_id, 0.0, background, *map(float, SIZE)), tuple(items))


def snapshot(*pages, title="会議"):
    return BoardSnapshot(title, pages or (page(all_kinds()),), read_asset)


def pixels(image):
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).copy()
    rows = data.reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), 2::-1].astype(int)


def png_pixels(shot, width_px=SIZE[0]):
    image = QImage.fromData(render_png(shot, shot.pages[0], ExportOptions(width_px=width_px)))
    return pixels(image)


def pdf_pixels(path, folder, page_number=1):
    number = str(page_number)
    subprocess.run(
        ["pdftoppm", "-r", "72", "-f", number, "-l", number, "-png", "-singlefile", path,
         folder / "page"],
        check=True,
    )  # fmt: skip
    return pixels(QImage(str(folder / "page.png")))


def svg_pixels(path):
    renderer = QSvgRenderer(str(path))
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    renderer.render(painter)
    painter.end()
    return pixels(image)


def share_that_differs(a, b):
    """Compare blocks of 3 by 3 pixels, so that a hairline may fall a pixel beside."""
    assert a.shape == b.shape
    height, width = a.shape[0] // 3, a.shape[1] // 3
    means = (a - b)[: 3 * height, : 3 * width].reshape(height, 3, width, 3, 3).mean(axis=(1, 3))
    return (np.abs(means).max(axis=2) > 40).mean()


def export(shot, export_format, path, **more):
    return export_board(shot, export_format, path, ExportOptions(width_px=SIZE[0]), **more)


BACKGROUNDS = [
    Background(Surface.BLACKBOARD),
    Background(Surface.WHITE),
    Background(Surface.WHITE, Ruling.GRID),
    Background(Surface.BLACKBOARD, Ruling.DOTS),
    Background(Surface.WHITE, Ruling.GENKO),
]


@pytest.mark.parametrize("background", BACKGROUNDS, ids=str)
def test_pdf_looks_like_the_png(background, tmp_path):
    shot = snapshot(page(all_kinds(), background))
    export(shot, ExportFormat.PDF, tmp_path / "board.pdf")
    pdf = pdf_pixels(tmp_path / "board.pdf", tmp_path)
    assert share_that_differs(pdf, png_pixels(shot)) < 0.015


@pytest.mark.parametrize("background", BACKGROUNDS, ids=str)
def test_svg_looks_like_the_png(background, tmp_path):
    shot = snapshot(page(all_kinds(), background))
    export(shot, ExportFormat.SVG, tmp_path / "board.svg")
    assert share_that_differs(svg_pixels(tmp_path / "board.svg"), png_pixels(shot)) < 0.015


def test_text_in_a_pdf_can_be_found_and_its_font_is_embedded(tmp_path):
    export(snapshot(), ExportFormat.PDF, tmp_path / "board.pdf")
    text = subprocess.run(["pdftotext", tmp_path / "board.pdf", "-"], check=True,
                          capture_output=True, text=True).stdout  # fmt: skip
    fonts = subprocess.run(["pdffonts", tmp_path / "board.pdf"], check=True,
                           capture_output=True, text=True).stdout  # fmt: skip
    assert "黒板 & <白板>" in text
    assert "付箋" in text
    assert [line.split()[-5] for line in fonts.splitlines()[2:]] == ["yes"]


def test_pdf_names_its_board_its_maker_and_its_page_size(tmp_path):
    export(snapshot(title="防災 <会議> (案)"), ExportFormat.PDF, tmp_path / "board.pdf")
    info = subprocess.run(["pdfinfo", tmp_path / "board.pdf"], check=True, capture_output=True,
                          text=True).stdout  # fmt: skip
    facts = dict(line.split(":", 1) for line in info.splitlines())
    assert facts["Title"].strip() == "防災 <会議> (案)"
    assert facts["Creator"].strip() == "Kokuban"
    assert facts["Page size"].strip().startswith("480 x 270 pts")


def test_pdf_has_every_page_each_with_its_own_size(tmp_path):
    far = stroke([(900, 20), (1000, 300)], width=4.0)
    export(snapshot(page(), page([far])), ExportFormat.PDF, tmp_path / "board.pdf")
    info = subprocess.run(["pdfinfo", "-f", "1", "-l", "2", tmp_path / "board.pdf"], check=True,
                          capture_output=True, text=True).stdout  # fmt: skip
    sizes = [line.split()[3:6] for line in info.splitlines() if "size:" in line]
    assert sizes[0] == ["480", "x", "270"]
    assert 1000 < float(sizes[1][0]) < 1030
    assert 300 < float(sizes[1][2]) < 330


def test_ink_beyond_the_page_is_shown():
    picture = png_pixels(snapshot(page([stroke([(-50, 100), (600, 100)])])), width_px=700)
    inked = np.abs(picture - INKS[2].dark).max(axis=2) < 8
    assert np.ptp(np.nonzero(inked)[1]) > 600


def test_page_larger_than_pdf_readers_take_is_scaled_down(tmp_path):
    shot = snapshot(page([stroke([(10, 10), (40_000, 10)])]))
    export(shot, ExportFormat.PDF, tmp_path / "board.pdf")
    info = subprocess.run(["pdfinfo", tmp_path / "board.pdf"], check=True, capture_output=True,
                          text=True).stdout  # fmt: skip
    (size,) = [line.split()[2] for line in info.splitlines() if line.startswith("Page size")]
    assert float(size) == 14_400


def test_strokes_in_a_pdf_are_vectors(tmp_path):
    export(snapshot(page([wave(20, 100)])), ExportFormat.PDF, tmp_path / "board.pdf")
    listed = subprocess.run(["pdfimages", "-list", tmp_path / "board.pdf"], check=True,
                            capture_output=True, text=True).stdout  # fmt: skip
    assert len(listed.splitlines()) == 2


def test_a_thousand_strokes_make_a_pdf_of_at_most_two_kilobytes_each():
    rng = np.random.default_rng(3)
    t = np.linspace(0, 1, 60)
    strokes = [
        stroke(np.stack([x + 60 * t, y + 9 * np.sin(14 * t)], 1), width=3.0)
        for x, y in rng.uniform((0, 20), (400, 250), (1000, 2))
    ]
    assert len(render_pdf(snapshot(page(strokes)))) < 2_000_000


@pytest.mark.parametrize("surface", Surface)
def test_highlighter_in_a_pdf_leaves_ink_as_it_is(surface, tmp_path):
    is_dark = surface is Surface.BLACKBOARD
    items = [
        stroke([(100, 50), (100, 220)], colour=0, width=30.0),
        stroke([(60, 135), (300, 135)], BrushKind.HIGHLIGHTER, 1, 40.0),
        stroke([(60, 135), (300, 135)], BrushKind.HIGHLIGHTER, 1, 40.0),
        stroke([(250, 50), (250, 220)], colour=2, width=30.0),
        NoteItem(**PLACED, box=Affine.upright(340, 90, 90, 90), colour=0, size_pt=9, text=""),
    ]
    shot = snapshot(page(items, Background(surface)))
    export(shot, ExportFormat.PDF, tmp_path / "board.pdf")
    picture = pdf_pixels(tmp_path / "board.pdf", tmp_path)
    # Lighten and darken go channel by channel, and this highlighter is beyond the board in
    # every channel.
    assert tuple(picture[135, 100]) == INKS[0].rgb(is_dark)
    board, marker = BOARD_RGB[surface], HIGHLIGHTERS[1].rgb(is_dark)
    pick = max if is_dark else min
    expected = [pick(b, m) for b, m in zip(board, marker, strict=True)]
    assert picture[135, 180].tolist() == pytest.approx(expected, abs=2)
    assert tuple(picture[135, 250]) == INKS[2].rgb(is_dark)
    assert tuple(picture[135, 380]) == NOTE_PAPERS[0].light


def test_same_picture_twice_is_in_the_svg_once(tmp_path):
    twice = [ImageItem(**PLACED, box=Affine.upright(x, 9, 60, 40), sha256=PHOTO_NAME)
             for x in (10, 200)]  # fmt: skip
    export(snapshot(page(twice)), ExportFormat.SVG, tmp_path / "board.svg")
    root = ElementTree.parse(tmp_path / "board.svg").getroot()
    assert len(list(root.iter(f"{SVG}image"))) == 1
    assert len(list(root.iter(f"{SVG}use"))) == 2


def test_svg_stays_valid_whatever_people_write(tmp_path):
    text = "a\x00b\x1b]]> & <script> \ufffe \"quoted\" 'too' 𠮷"
    item = TextItem(
        **PLACED, box=Affine.upright(9, 9, 400, 90), colour=0, size_pt=12, text=text
    )
    shot = snapshot(page([item]), title="<&\x07>")
    export(shot, ExportFormat.SVG, tmp_path / "board.svg")
    root = ElementTree.parse(tmp_path / "board.svg").getroot()
    words = "".join(t.text or "" for t in root.iter(f"{SVG}text"))
    assert "<script>" in words
    assert "𠮷" in words


@pytest.mark.parametrize("export_format", ExportFormat)
def test_missing_picture_does_not_stop_an_export(export_format, tmp_path):
    lost = ImageItem(**PLACED, box=Affine.upright(9, 9, 99, 99), sha256=bytes(32))
    assert export(snapshot(page([lost])), export_format, tmp_path / "board")


def test_png_has_the_width_that_was_chosen_and_the_height_that_follows():
    assert png_pixels(snapshot(), width_px=1000).shape[:2] == (562, 1000)


def test_png_that_no_memory_would_hold_is_refused(tmp_path):
    with pytest.raises(AppError) as caught:
        export_board(snapshot(), ExportFormat.PNG, tmp_path / "board.png",
                     ExportOptions(width_px=32_000))  # fmt: skip
    assert caught.value.code is ErrorCode.IMAGE_TOO_LARGE
    assert not list(tmp_path.iterdir())


def test_board_on_white_paper_spends_no_green_ink():
    shot = snapshot(page([wave(20, 100)]))
    data = render_png(shot, shot.pages[0], ExportOptions(SIZE[0], is_on_white=True))
    assert tuple(pixels(QImage.fromData(data))[5, 5]) == BOARD_RGB[Surface.WHITE]


@pytest.mark.parametrize("export_format", [ExportFormat.SVG, ExportFormat.PNG])
def test_several_pages_become_numbered_files_in_order(export_format, tmp_path):
    shot = snapshot(*(page(page_id=f"p{i}") for i in range(3)))
    written = export(shot, export_format, tmp_path / f"board.{export_format}")
    assert [path.name for path in written] == [f"board-0{i}.{export_format}" for i in (1, 2, 3)]
    assert sorted(tmp_path.iterdir()) == list(written)


def test_snapshot_does_not_follow_the_board():
    ids = iter("abcdefgh")
    board = Board(lambda: next(ids))
    with board.change("me") as edit:
        page_id = edit.add_page(0, Background())
    shot = take_snapshot(board, read_asset)
    with board.change("me") as edit:
        edit.add(TextItem(page_id, 1.0, "me", Affine.upright(0, 0, 9, 9), 0, 9.0, "late"))
    assert shot.pages[0].items == ()
    assert len(take_snapshot(board, read_asset, [page_id]).pages[0].items) == 1


def test_export_runs_on_a_thread_of_its_own(tmp_path):
    failures: list[BaseException] = []

    def work(export_format):
        try:
            export(snapshot(), export_format, tmp_path / f"board.{export_format}")
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f,)) for f in ExportFormat]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("export_format", ExportFormat)
def test_progress_grows_to_one(export_format, tmp_path):
    shares: list[float] = []
    shot = snapshot(*(page(all_kinds(), page_id=f"p{i}") for i in range(3)))
    export(shot, export_format, tmp_path / "board", on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 3


@pytest.mark.parametrize("export_format", ExportFormat)
@pytest.mark.parametrize("after", [0, 1, 3])
def test_cancelled_export_leaves_nothing(export_format, after, tmp_path):
    asked = iter(range(1000))
    shot = snapshot(*(page(all_kinds(), page_id=f"p{i}") for i in range(3)))
    written = export(
        shot, export_format, tmp_path / "board", is_cancelled=lambda: next(asked) >= after
    )
    assert written == ()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("export_format", ExportFormat)
def test_new_file_takes_the_place_of_the_old_one(export_format, tmp_path):
    path = tmp_path / "board"
    path.write_bytes(b"old")
    export(snapshot(), export_format, path)
    assert path.stat().st_size > 100
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("export_format", ExportFormat)
def test_full_disk_says_so_and_keeps_the_old_file(export_format, tmp_path):
    path = tmp_path / "board"
    path.write_bytes(b"old")
    with full_disk(), pytest.raises(AppError) as caught:
        export(snapshot(), export_format, path)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_stick_that_was_pulled_says_so(tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    shutil.rmtree(stick)
    with pytest.raises(AppError) as caught:
        export(snapshot(), ExportFormat.PDF, stick / "board.pdf")
    assert caught.value.code is ErrorCode.MEDIUM_GONE


def test_read_only_folder_says_so():
    # Part of the kernel, and closed to everybody, the administrator included.
    folder = Path("/sys/kernel")
    with pytest.raises(OSError) as refused:  # noqa: PT011
        (folder / "probe").touch()
    assert refused.value.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    with pytest.raises(AppError) as caught:
        export(snapshot(), ExportFormat.PNG, folder / "board.png")
    assert caught.value.code is ErrorCode.READ_ONLY


def test_files_of_a_failed_export_are_all_taken_back(tmp_path):
    # The second name is a folder, which no file can replace.
    (tmp_path / "board-02.png" / "full").mkdir(parents=True)
    with pytest.raises(AppError):
        export(snapshot(page(), page(page_id="q")), ExportFormat.PNG, tmp_path / "board.png")
    assert not list(tmp_path.glob(".*"))
