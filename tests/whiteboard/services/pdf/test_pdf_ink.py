from __future__ import annotations

import dataclasses
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from base.board_doc import (
    BrushKind,
    NoteItem,
    ShapeItem,
    StampItem,
    TextItem,
    explicit_colour,
    pack_item,
)
from base.errors import AppError, ErrorCode
from tests.whiteboard.services.pdf_bench import (
    PdfBench,
    all_kinds,
    annotations,
    board_page,
    mupdf_texts,
    pdfium_pixels,
    picture_bytes,
    poppler_texts,
    sheet_page,
    stroke,
    wave,
)
from whiteboard.services.pdf.pdf_ink import read_ink
from whiteboard.services.pdf.pdf_jobs import load_ink, run_export, run_read
from whiteboard.services.pdf.pdf_wish import EXPORT_JOB
from whiteboard.services.rendering.render_pool import RenderPool

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def bench(tmp_path):
    return PdfBench(tmp_path)


def read(path, **options):
    return read_ink(path, path.with_name("sheets.pdf"), **options)


def packed(items):
    return [pack_item(item) for item in items]


def edited(path, change, number=0):
    """Save the file as another program would, after `change(page)`."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        change(pdf.pages[number].obj)
        pdf.save()
    return path


def inked(bench, *items, **options):
    document = bench.document(1)
    return bench.export([sheet_page(document, 0, items, **options)])


# As it was --------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_opened_again_everything_is_as_it_was(bench, file_format):
    asset = bench.asset(picture_bytes(file_format))
    document = bench.document(2)
    items = all_kinds(asset)
    made = bench.export([sheet_page(document, 0, items), sheet_page(document, 1)])
    again = read(made)
    assert [page.sheet for page in again.pages] == [0, 1]
    assert packed(again.pages[0].items) == packed(items)
    assert again.pages[1].items == ()
    assert again.assets == {asset: bench.assets[asset]}


def test_the_sheet_is_without_ink(bench):
    document = bench.document(2)
    asset = bench.asset(picture_bytes())
    made = bench.export([sheet_page(document, n, all_kinds(asset)) for n in (0, 1)])
    again = read(made)
    for number in (0, 1):
        under = pdfium_pixels(bench.path(document), number)
        assert (pdfium_pixels(again.document, number) == under).all()
    assert mupdf_texts(again.document) == mupdf_texts(bench.path(document))
    assert b"Kokuban" not in again.document.read_bytes()


def test_sheet_that_was_grown_has_its_size_again(bench):
    def prepare(pdf):
        pdf.pages[0].obj.CropBox = Array([10, 20, 340, 250])

    document = bench.document(1, prepare=prepare)
    items = [stroke(wave(250, 120, 200)), stroke([(-30, -20), (30, 20)], z=2.0)]
    again = read(bench.export([sheet_page(document, 0, items, size=(330, 230))]))
    assert packed(again.pages[0].items) == packed(items)
    under = pdfium_pixels(bench.path(document))
    assert (pdfium_pixels(again.document) == under).all()
    size = again.pages[0].size
    assert (size.width_pt, size.height_pt) == (330, 230)


def test_page_of_the_board_comes_back_as_one(bench):
    document = bench.document(2)
    items = all_kinds(bench.asset(picture_bytes()))
    pages = [sheet_page(document, 0), board_page(items), sheet_page(document, 1)]
    again = read(bench.export([*pages[:2], pages[2]]))
    assert [page.sheet for page in again.pages] == [0, None, 1]
    own = again.pages[1]
    assert (own.background, own.size.width_pt, own.size.height_pt) == (
        "blackboard/grid", 480, 270,
    )  # fmt: skip
    assert packed(own.items) == packed(items)
    assert len(poppler_texts(again.document)) == 2


def test_board_without_a_document_leaves_no_document(bench):
    again = read(bench.export([board_page([stroke(wave())])]))
    assert again.document is None
    assert len(again.pages) == 1


def test_turned_sheet_has_its_ink_in_place(bench):
    document = bench.document(1)
    items = [stroke(wave(30, 150, 200))]
    page = sheet_page(document, 0, items, size=(270, 360), turns=1)
    again = read(bench.export([page]))
    assert packed(again.pages[0].items) == packed(items)
    assert again.pages[0].size.width_pt == 270


def test_same_file_read_twice_gives_the_same_document(bench):
    made = inked(bench, stroke(wave()))
    read_ink(made, bench.folder / "one.pdf")
    read_ink(made, bench.folder / "two.pdf")
    assert (bench.folder / "one.pdf").read_bytes() == (bench.folder / "two.pdf").read_bytes()


def test_file_of_others_has_nothing_of_ours(bench):
    def prepare(pdf):
        ink = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Ink,
            Rect=Array([0, 0, 50, 50]),
            InkList=Array([Array([1, 1, 40, 40])]),
        )
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(ink)])

    document = bench.document(1, prepare=prepare)
    assert read(bench.path(document)) is None
    assert not (bench.folder / "sheets.pdf").exists()


def test_ink_of_others_stays_on_the_sheet(bench):
    made = inked(bench, stroke(wave()))

    def add(page):
        theirs = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Ink,
            Rect=Array([0, 0, 50, 50]),
            InkList=Array([Array([1, 1, 40, 40])]),
        )
        page.Annots.append(theirs)

    again = read(edited(made, add))
    assert len(again.pages[0].items) == 1
    assert [one["/Subtype"] for one in annotations(again.document)] == ["/Ink"]


def test_page_of_the_board_that_others_wrote_on_is_a_sheet(bench):
    made = bench.export([board_page([stroke(wave())])])

    def add(page):
        note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([0, 0, 9, 9]))
        page.Annots.append(note)

    again = read(edited(made, add))
    assert again.pages[0].sheet == 0
    assert len(again.pages[0].items) == 1
    assert len(annotations(again.document)) == 1


def test_encrypted_file_is_read_with_its_password(bench):
    lock = pikepdf.Encryption(owner="o", user="p4ss", R=6)
    document = bench.document(1, password="p4ss", encryption=lock)
    made = bench.export([sheet_page(document, 0, [stroke(wave())])])
    with pytest.raises(AppError) as caught:
        read(made)
    assert caught.value.code is ErrorCode.DOCUMENT_ENCRYPTED
    again = read(made, password="p4ss")
    assert len(again.pages[0].items) == 1
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(again.document)


def test_file_that_poppler_saved_again_keeps_its_ink(bench):
    items = all_kinds(bench.asset(picture_bytes()))
    document = bench.document(2)
    made = bench.export([sheet_page(document, n, items) for n in (0, 1)])
    subprocess.run(
        ["pdfseparate", made, bench.folder / "single-%d.pdf"], check=True, capture_output=True
    )
    again = read(bench.folder / "single-2.pdf")
    assert packed(again.pages[0].items) == packed(items)


_MUPDF_SAVE = """
import sys, pymupdf
document = pymupdf.open(sys.argv[1])
document.save(sys.argv[2], garbage=4, deflate=True, clean=True)
"""


def test_file_that_mupdf_cleaned_keeps_its_ink(bench):
    items = all_kinds(bench.asset(picture_bytes()))
    made = inked(bench, *items)
    other = bench.folder / "cleaned.pdf"
    subprocess.run([sys.executable, "-c", _MUPDF_SAVE, made, other], check=True)
    assert packed(read(other).pages[0].items) == packed(items)


# What others changed ----------------------------------------------------------------


def test_annotation_that_was_deleted_is_gone(bench):
    made = inked(bench, stroke(wave()), stroke(wave(40, 150), colour=3, z=2.0))

    def delete(page):
        del page.Annots[0]

    (item,) = read(edited(made, delete)).pages[0].items
    assert item.colour == 3


def test_path_that_was_erased_is_gone_and_the_others_are_exact(bench):
    items = [stroke(wave(40, 40 + 40 * n), z=n) for n in range(3)]
    made = inked(bench, *items)

    def erase(page):
        del page.Annots[0].InkList[1]

    assert packed(read(edited(made, erase)).pages[0].items) == packed([items[0], items[2]])


def test_annotation_that_was_moved_is_moved(bench):
    item = stroke(wave(), pressure=np.linspace(0.2, 1, 60))
    made = inked(bench, item)

    def move(page):
        one = page.Annots[0]
        for path in one.InkList:
            for place in range(len(path)):
                path[place] = float(path[place]) + (50.004 if place % 2 == 0 else -30.0)

    (moved,) = read(edited(made, move)).pages[0].items
    assert moved.has_pressure
    difference = moved.samples() - item.samples()
    assert difference[:, 0] == pytest.approx(50, abs=0.05)
    assert difference[:, 1] == pytest.approx(30, abs=0.05)


def test_annotation_that_was_coloured_is_coloured(bench):
    item = stroke(wave())
    made = inked(bench, item)

    def colour(page):
        page.Annots[0].C = Array([0, 0.5, 1])
        page.Annots[0].BS.W = 9

    (changed,) = read(edited(made, colour)).pages[0].items
    assert changed.colour == explicit_colour(0, 128, 255)
    assert changed.width_pt == 9
    assert (changed.samples() == item.samples()).all()


def test_path_that_was_drawn_anew_is_a_new_stroke(bench):
    made = inked(bench, stroke(wave(), colour=4))

    def draw(page):
        page.Annots[0].InkList[0] = Array([100, 100, 150, 120, 200, 100])

    (new,) = read(edited(made, draw)).pages[0].items
    assert new.colour == 4
    assert new.samples()[:, :2] == pytest.approx(
        np.array([(100, 170), (150, 150), (200, 170)]), abs=0.02
    )


@pytest.mark.parametrize("damage", ["stream", "hash", "gone"])
def test_damaged_items_fall_back_to_the_path(bench, damage):
    made = inked(
        bench, stroke([(50, 60), (150, 60)], brush=BrushKind.HIGHLIGHTER, colour=1, width=14.0)
    )

    def break_it(page):
        one = page.Annots[0]
        if damage == "stream":
            one.KokubanItems.write(b"KKITEMS1 nonsense")
        elif damage == "hash":
            one.KokubanItems.SHA256 = pikepdf.String("0" * 64)
        else:
            del one["/KokubanItems"]

    (item,) = read(edited(made, break_it)).pages[0].items
    assert item.brush is BrushKind.HIGHLIGHTER
    assert item.colour == explicit_colour(255, 179, 196)
    assert item.width_pt == 14
    assert item.author == "haru"
    assert item.samples()[:, :2] == pytest.approx(np.array([(50, 60), (150, 60)]), abs=0.06)


def test_damaged_items_that_are_no_ink_stay_on_the_sheet(bench):
    items = all_kinds(bench.asset(picture_bytes()))
    made = inked(bench, *items)

    def break_it(page):
        for one in page.Annots:
            one.KokubanItems.SHA256 = pikepdf.String("0" * 64)

    again = read(edited(made, break_it))
    assert len(again.pages[0].items) == 2
    assert len(annotations(again.document)) == 8


def test_page_that_others_turned_has_its_ink_in_place(bench):
    made = inked(bench, stroke([(50, 60), (150, 60)]))

    def turn(page):
        page.Rotate = 90

    page = read(edited(made, turn)).pages[0]
    assert page.size.width_pt == 270
    assert page.items[0].samples()[:, :2] == pytest.approx(
        np.array([(210, 50), (210, 150)]), abs=0.05
    )


def kind(items, which):
    return next(item for item in items if isinstance(item, which))


def test_boxes_that_others_moved_are_moved(bench):
    items = all_kinds(bench.asset(picture_bytes()))
    made = inked(bench, *items)

    def move(page):
        for one in page.Annots:
            if one.Subtype in (Name.FreeText, Name.Stamp, Name.Square):
                x0, y0, x1, y1 = (float(number) for number in one.Rect)
                one.Rect = Array([x0 + 10, y0 + 20, x1 + 10, y1 + 20])

    again = read(edited(made, move)).pages[0].items
    for which in (TextItem, NoteItem, StampItem):
        before, now = kind(items, which), kind(again, which)
        assert (now.box.x, now.box.y) == pytest.approx((before.box.x + 10, before.box.y - 20))
        assert now.box.width == pytest.approx(before.box.width)


def test_text_that_others_wrote_is_the_text(bench):
    items = all_kinds(bench.asset(picture_bytes()))
    made = inked(bench, *items)

    def write(page):
        one = next(one for one in page.Annots if one.Subtype == Name.FreeText)
        one.Contents = pikepdf.String("別の\r言葉")

    assert kind(read(edited(made, write)).pages[0].items, TextItem).text == "別の\n言葉"


def test_line_that_others_pulled_ends_elsewhere(bench):
    items = all_kinds(bench.asset(picture_bytes()))
    made = inked(bench, *items)

    def pull(page):
        one = next(one for one in page.Annots if one.Subtype == Name.Line)
        one.L = Array([20, 140, 200, 100])

    arrow = kind(read(edited(made, pull)).pages[0].items, ShapeItem)
    assert np.array(arrow.points) == pytest.approx(np.array([(20, 130), (200, 170)]), abs=0.01)


def test_hidden_annotation_stays_hidden(bench):
    made = inked(bench, stroke(wave()))

    def hide(page):
        page.Annots[0].F = 2

    again = read(edited(made, hide))
    assert again.pages[0].items == ()
    assert len(annotations(again.document)) == 1


def test_bit_flips_end_in_ink_or_in_a_sentence(bench):
    made = inked(bench, *all_kinds(bench.asset(picture_bytes())))
    data = made.read_bytes()
    rng = np.random.default_rng(5)
    for _round in range(60):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 6):
            broken[place] ^= 1 << int(rng.integers(0, 8))
        path = bench.folder / "broken.pdf"
        path.write_bytes(bytes(broken))
        with suppress(AppError):
            again = read(path)
            for item in again.pages[0].items if again else ():
                pack_item(item)


# Jobs -------------------------------------------------------------------------------


def test_jobs_take_plain_arguments(bench):
    document = bench.document(2)
    asset = bench.asset(picture_bytes())
    items = all_kinds(asset)
    package = bench.package([sheet_page(document, 1, items), board_page([stroke(wave())])])
    target, result = bench.folder / "out.pdf", bench.folder / "ink"
    told = []
    assert run_export(
        package=str(package),
        sources=[dataclasses.asdict(source) for source in bench.sources],
        target=str(target),
        mode="annotated",
        is_decrypted=False,
        people={},
        when="2026-11-21T09:30:00+09:00",
        progress=told.append,
    )
    assert annotations(target)[0]["/CreationDate"] == "D:20261121093000+09'00'"
    sheets = bench.folder / "sheets.pdf"
    assert run_read(
        path=str(target), sheets=str(sheets), result=str(result), password="",
        progress=told.append,
    )  # fmt: skip
    loaded, direct = load_ink(result, sheets), read(target)
    assert loaded.pages == direct.pages
    assert loaded.assets == direct.assets == {asset: bench.assets[asset]}
    assert loaded.document == sheets


def test_read_job_says_when_there_is_nothing_of_ours(bench):
    document = bench.document(1)
    result = bench.folder / "ink"
    assert not run_read(
        path=str(bench.path(document)), sheets=str(bench.folder / "s.pdf"), result=str(result),
        password="", progress=lambda _share: None,
    )  # fmt: skip
    assert not result.exists()


def test_export_runs_as_a_long_job_of_the_pool(bench, qtbot):
    document = bench.document(1)
    package = bench.package([sheet_page(document, 0, [stroke(wave())])])
    target = bench.folder / "out.pdf"
    outcome, told = [], []
    pool = RenderPool()
    try:
        pool.run(
            EXPORT_JOB,
            {
                "package": str(package),
                "sources": [dataclasses.asdict(source) for source in bench.sources],
                "target": str(target),
                "mode": "flattened",
                "is_decrypted": False,
                "people": {},
                "when": "2026-11-21T09:30:00+09:00",
            },
            outcome.append,
            told.append,
        )
        qtbot.waitUntil(lambda: bool(outcome), timeout=60_000)
    finally:
        pool.shutdown()
    assert outcome == [True]
    assert told[-1] == 1.0
    assert "Sheet 0" in poppler_texts(target)[0]


def test_jobs_run_without_qt():
    code = "import sys, whiteboard.services.pdf.pdf_jobs; print('PySide6' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
