from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, OutlineItem

from base.board_doc import NO_FILL, Affine, BrushKind, NoteItem, ShapeItem, ShapeKind
from base.errors import AppError, ErrorCode
from tests.support.full_disk import full_disk
from tests.whiteboard.services.pdf_bench import (
    WHEN,
    PdfBench,
    all_kinds,
    annotations,
    board_page,
    mupdf_texts,
    pdfium_pixels,
    pdfium_texts,
    picture_bytes,
    poppler_pixels,
    poppler_texts,
    share_off,
    sheet_page,
    stroke,
    wave,
)
from whiteboard.model.page import Background, Ruling, Surface
from whiteboard.services.pdf.pdf_export import (
    PdfExportOptions,
    PdfMode,
    Source,
    export_document,
    partial_path,
)

pytestmark = pytest.mark.usefixtures("qapp")

FLATTENED = PdfExportOptions(PdfMode.FLATTENED, when=WHEN)
BOTH = pytest.mark.parametrize("mode", list(PdfMode))
READERS = pytest.mark.parametrize(
    "pixels", [pdfium_pixels, poppler_pixels], ids=["pdfium", "poppler"]
)
SCALE = 2.0


@pytest.fixture
def bench(tmp_path):
    return PdfBench(tmp_path)


def everything(bench):
    return all_kinds(bench.asset(picture_bytes(is_half_clear=True)))


def options(mode, **more):
    return PdfExportOptions(mode, when=WHEN, **more)


# Looks ------------------------------------------------------------------------------


@BOTH
@READERS
def test_sheet_looks_as_on_the_board(bench, mode, pixels):
    document = bench.document(1)
    page = sheet_page(document, 0, everything(bench))
    under = pixels(bench.path(document), 0, SCALE)
    made = bench.export([page], options=options(mode))
    expected = bench.expected(page, under, SCALE)
    picture = pixels(made, 0, SCALE)
    assert picture.shape == expected.shape
    assert share_off(picture, expected) < 0.002
    assert share_off(under, expected) > 0.05  # the ink is there to be seen


@BOTH
@READERS
def test_blackboard_looks_as_on_the_board(bench, mode, pixels):
    page = board_page(everything(bench))
    made = bench.export([page], options=options(mode))
    picture = pixels(made, 0, SCALE)
    assert share_off(picture, bench.expected(page, None, SCALE)) < 0.004


@BOTH
@READERS
@pytest.mark.parametrize("own_turns", [0, 1, 2, 3])
@pytest.mark.parametrize("turns", [0, 1])
def test_ink_is_in_place_on_turned_and_cropped_sheets(bench, mode, pixels, own_turns, turns):
    def prepare(pdf):
        page = pdf.pages[0].obj
        page.MediaBox = Array([-20, 30, 380, 330])
        page.CropBox = Array([10, 40, 330, 300])
        page.Rotate = 90 * own_turns

    document = bench.document(1, prepare=prepare)
    total = own_turns + turns
    size = (320, 260) if total % 2 == 0 else (260, 320)
    page = sheet_page(document, 0, [stroke(wave(30, 80, 180))], size=size, turns=turns)
    upright = bench.folder / "turned.pdf"
    with pikepdf.open(bench.path(document)) as pdf:
        pdf.pages[0].obj.Rotate = 90 * (total % 4)
        pdf.save(upright)
    under = pixels(upright, 0, SCALE)
    made = bench.export([page], options=options(mode))
    picture = pixels(made, 0, SCALE)
    expected = bench.expected(page, under, SCALE)
    assert picture.shape == expected.shape
    assert share_off(picture, expected) < 0.002


@BOTH
@READERS
def test_ink_beyond_the_sheet_is_seen(bench, mode, pixels):
    document = bench.document(1)
    page = sheet_page(document, 0, [stroke(wave(250, 120, 200)), stroke([(-30, 20), (30, 20)])])
    under = pixels(bench.path(document), 0, SCALE)
    made = bench.export([page], options=options(mode))
    picture = pixels(made, 0, SCALE)
    assert share_off(picture, bench.expected(page, under, SCALE)) < 0.005


def test_what_a_crop_box_hides_stays_hidden_when_ink_lies_beyond_it(bench):
    def prepare(pdf):
        pdf.pages[0].obj.CropBox = Array([100, 0, 360, 270])

    document = bench.document(1, prepare=prepare)
    ink = stroke([(-90, 260), (-60, 260)])
    made = bench.export([sheet_page(document, 0, [ink], size=(260, 270))])
    picture = pdfium_pixels(made, 0, SCALE)
    assert (picture[: int(240 * SCALE), : int(80 * SCALE)] == 255).all()


@BOTH
@READERS
def test_highlighter_does_not_hide_text(bench, mode, pixels):
    document = bench.document(1)
    mark = stroke([(20, 25), (180, 25)], brush=BrushKind.HIGHLIGHTER, colour=0, width=20.0)
    made = bench.export([sheet_page(document, 0, [mark])], options=options(mode))
    line = pixels(made, 0, SCALE)[int(18 * SCALE) : int(32 * SCALE), int(22 * SCALE) : 200]
    assert line.min() < 60
    assert tuple(np.median(line.reshape(-1, 3), axis=0)) == pytest.approx(
        (255, 240, 122), abs=2
    )


@BOTH
def test_highlighter_does_not_darken_itself(bench, mode):
    document = bench.document(1)
    marks = [
        stroke([(200, y), (300, 250 - y)], brush=BrushKind.HIGHLIGHTER, colour=1, width=16.0)
        for y in (100, 150)
    ]
    made = bench.export([sheet_page(document, 0, marks)], options=options(mode))
    crossing = pdfium_pixels(made, 0, SCALE)[int(125 * SCALE), int(250 * SCALE)]
    if mode is PdfMode.ANNOTATED:
        assert tuple(crossing) == pytest.approx((255, 179, 196), abs=2)


@BOTH
def test_what_was_written_over_a_note_stays_above_it(bench, mode):
    document = bench.document(1)
    note = NoteItem(
        page="p", z=2.0, author="aki", box=Affine.upright(200, 100, 80, 80), colour=0,
        size_pt=12.0, text="",
    )  # fmt: skip
    below, above = stroke([(180, 120), (300, 120)]), stroke([(180, 150), (300, 150)], z=3.0)
    page = sheet_page(document, 0, [below, note, above])
    picture = pdfium_pixels(bench.export([page], options=options(mode)), 0, SCALE)
    assert tuple(picture[int(120 * SCALE), int(240 * SCALE)]) == (255, 238, 148)
    assert tuple(picture[int(150 * SCALE), int(240 * SCALE)]) == pytest.approx(
        (212, 67, 69), abs=1
    )


def test_ink_shows_above_operators_that_are_out_of_balance(bench):
    def prepare(pdf):
        page = pdf.pages[0]
        page.contents_add(b"q 0.5 0 0 0.5 100 100 cm 1 0 0 rg 0 0 20 20 re f q", prepend=False)
        pdf.pages[1].contents_add(b"q 1 0 0 1 5 5 cm Q Q Q 1 0 0 1 40 0 cm", prepend=False)

    document = bench.document(2, prepare=prepare)
    pages = [sheet_page(document, n, [stroke(wave(150, 200, 150))]) for n in (0, 1)]
    made = bench.export(pages, options=FLATTENED)
    for number, page in enumerate(pages):
        under = pdfium_pixels(bench.path(document), number, SCALE)
        picture = pdfium_pixels(made, number, SCALE)
        assert share_off(picture, bench.expected(page, under, SCALE)) < 0.002


# Text -------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("texts", [mupdf_texts, poppler_texts, pdfium_texts])
def test_text_is_that_of_the_original(bench, mode, texts):
    document = bench.document(3)
    items = everything(bench)
    pages = [sheet_page(document, n, items if n != 1 else []) for n in range(3)]
    made = bench.export(pages, options=options(mode))
    before = texts(bench.path(document))
    assert len(before) == 3
    assert "Sheet 2 line 7" in before[2]
    assert texts(made) == before


def test_streams_of_the_original_are_copied_byte_for_byte(bench):
    document = bench.document(2)
    made = bench.export([sheet_page(document, n, [stroke(wave())]) for n in range(2)])
    with pikepdf.open(bench.path(document)) as before, pikepdf.open(made) as after:
        for old, new in zip(before.pages, after.pages, strict=True):
            assert new.obj.Contents.read_raw_bytes() == old.obj.Contents.read_raw_bytes()


# Annotations ------------------------------------------------------------------------


def test_strokes_of_one_ink_and_person_are_one_annotation(bench):
    document = bench.document(1)
    items = [
        stroke(wave(20, 20 + 5 * n), colour=2 + n % 2, author="haru" if n % 3 else "aki", z=n)
        for n in range(30)
    ]
    made = bench.export([sheet_page(document, 0, items)])
    found = annotations(made)
    assert len(found) == 4
    assert {one["/Subtype"] for one in found} == {"/Ink"}
    assert sum(len(one["/InkList"]) for one in found) == 30


def test_annotation_says_who_when_and_with_what(bench):
    document = bench.document(1)
    item = stroke(wave(), colour=2, width=6.0)
    made = bench.export(
        [sheet_page(document, 0, [item])],
        options=PdfExportOptions(people={"haru": "春野 花子"}, when=WHEN),
    )
    (one,) = annotations(made)
    assert one["/T"] == "春野 花子"
    assert one["/CreationDate"] == "D:20261121093000+00'00'"
    assert one["/F"] == 4
    assert one["/C"] == pytest.approx([212 / 255, 67 / 255, 69 / 255], abs=1e-3)
    assert one["/BS"]["/W"] == 6
    x0, y0, x1, y1 = one["/Rect"]
    assert (x0, x1) == pytest.approx((36, 244), abs=3)
    assert (y0, y1) == pytest.approx((187, 233), abs=4)


def test_ink_list_follows_the_stroke(bench):
    document = bench.document(1)
    made = bench.export([sheet_page(document, 0, [stroke([(50, 60), (150, 60)])])])
    (path,) = annotations(made)[0]["/InkList"]
    assert path == pytest.approx([50, 210, 150, 210], abs=0.06)


def test_names_of_annotations_are_unique(bench):
    document = bench.document(2)
    items = everything(bench)
    made = bench.export([sheet_page(document, n, items) for n in (0, 1)])
    names = [one["/NM"] for n in (0, 1) for one in annotations(made, n)]
    assert len(names) == len(set(names)) == 20


def test_each_item_is_the_annotation_other_programs_know(bench):
    document = bench.document(1)
    made = bench.export([sheet_page(document, 0, everything(bench))])
    found = [one["/Subtype"] for one in annotations(made)]
    assert found == [
        "/Ink", "/Ink", "/Line", "/Square", "/Circle", "/Polygon", "/FreeText", "/FreeText",
        "/Stamp", "/Stamp",
    ]  # fmt: skip


def test_text_can_be_read_from_the_annotation(bench):
    document = bench.document(1)
    made = bench.export([sheet_page(document, 0, everything(bench))])
    contents = [one["/Contents"] for one in annotations(made) if "/Contents" in one]
    assert contents == ["予算の内訳\nBudget 2026", "要確認"]


def test_annotations_of_others_stay(bench):
    def prepare(pdf):
        pdf.pages[0].obj.Annots = Array(
            [pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Text,
                                          Rect=Array([0, 0, 20, 20]), Contents="theirs"))]
        )  # fmt: skip

    document = bench.document(1, prepare=prepare)
    made = bench.export([sheet_page(document, 0, [stroke(wave())])])
    assert [one["/Subtype"] for one in annotations(made)] == ["/Text", "/Ink"]


def test_picture_is_in_the_file_once(bench):
    document = bench.document(2)
    jpeg = bench.asset(picture_bytes("JPEG"))
    made = bench.export([sheet_page(document, n, all_kinds(jpeg)) for n in (0, 1)])
    assert made.read_bytes().count(bench.assets[jpeg]) == 1


def test_flattened_file_keeps_nothing_to_edit(bench):
    document = bench.document(1)
    made = bench.export([sheet_page(document, 0, everything(bench))], options=FLATTENED)
    assert annotations(made) == []
    with pikepdf.open(made) as pdf:
        assert not any("KokubanItems" in str(one.get("/Type", "")) for one in pdf.objects
                       if isinstance(one, Dictionary))  # fmt: skip


# Pages ------------------------------------------------------------------------------


def test_pages_come_in_the_order_of_the_board(bench):
    first, second = bench.document(3), bench.document(2, size=(300, 200))
    pages = [
        sheet_page(first, 2),
        board_page(name="own"),
        sheet_page(second, 1, size=(300, 200)),
        sheet_page(first, 0),
        sheet_page(first, 2, name="again"),
    ]
    made = bench.export(pages)
    texts = poppler_texts(made)
    assert [re.findall(r"Sheet (\d) line 7", text) for text in texts] == [
        ["2"], [], ["1"], ["0"], ["2"],
    ]  # fmt: skip
    with pikepdf.open(made) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_same_sheet_twice_has_ink_of_its_own(bench):
    document = bench.document(1)
    pages = [
        sheet_page(document, 0, [stroke(wave())], name="one"),
        sheet_page(document, 0, [stroke(wave()), stroke(wave(), colour=3)], name="two"),
    ]
    made = bench.export(pages)
    assert [len(annotations(made, n)) for n in (0, 1)] == [1, 2]


def secret_document(bench):
    """Three pages; the second is named by an outline, a link, a name and a form."""

    def prepare(pdf):
        pages = [page.obj for page in pdf.pages]
        with pdf.open_outline() as outline:
            chapter = OutlineItem("Chapter", 0)
            chapter.children.append(OutlineItem("Secret heading", 1))
            chapter.children.append(OutlineItem("Open heading", 2))
            outline.root.append(chapter)
            outline.root.append(OutlineItem("Secret alone", 1))
        field = pdf.make_indirect(
            Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="f",
                       V="secret value", Rect=Array([0, 0, 9, 9]))
        )  # fmt: skip
        pages[1].Annots = Array([field])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        links = [
            Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), Dest=dest)
            for dest in (Array([pages[1], Name.Fit]), Array([pages[2], Name.Fit]), "named")
        ]
        pages[0].Annots = Array([pdf.make_indirect(link) for link in links])
        pdf.Root.Names = Dictionary(
            Dests=Dictionary(Names=Array(["named", Array([pages[1], Name.Fit])]))
        )
        pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r)]))

    return bench.document(3, prepare=prepare)


def test_nothing_of_a_page_left_out_stays_in_the_file(bench):
    document = secret_document(bench)
    made = bench.export([sheet_page(document, 0), sheet_page(document, 2)])
    plain = made.with_name("plain.pdf")
    with pikepdf.open(made) as pdf:
        pdf.save(
            plain,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    data = plain.read_bytes()
    assert b"Sheet 2" in data
    assert b"Sheet 1" not in data
    assert b"secret value" not in data
    assert b"Secret" not in data


def test_links_and_outline_keep_what_still_has_a_target(bench):
    document = secret_document(bench)
    made = bench.export([sheet_page(document, 2), sheet_page(document, 0)])
    with pikepdf.open(made) as pdf:
        links = list(pdf.pages[1].obj.Annots)
        assert [link.Dest[0].objgen for link in links] == [pdf.pages[0].obj.objgen]
        with pdf.open_outline() as outline:
            (chapter,) = outline.root
            assert [kid.title for kid in chapter.children] == ["Open heading"]
            assert chapter.children[0].destination[0].objgen == pdf.pages[0].obj.objgen


def test_sheets_keep_the_numbers_printed_on_them(bench):
    document = secret_document(bench)
    made = bench.export([sheet_page(document, 2), board_page(), sheet_page(document, 0)])
    with pikepdf.open(made) as pdf:
        assert [page.label for page in pdf.pages] == ["iii", "", "i"]


def test_links_and_outline_of_a_second_document_lead_to_its_sheets(bench):
    first, second = bench.document(4), secret_document(bench)
    pages = [sheet_page(first, n) for n in range(4)]
    pages += [sheet_page(second, n, name=f"s{n}") for n in (2, 0)]
    made = bench.export(pages)
    with pikepdf.open(made) as pdf:
        assert [link.Dest[0].objgen for link in pdf.pages[5].obj.Annots] == [
            pdf.pages[4].obj.objgen
        ]
        with pdf.open_outline() as outline:
            (chapter,) = outline.root
            assert chapter.destination[0].objgen == pdf.pages[5].obj.objgen
            assert [kid.title for kid in chapter.children] == ["Open heading"]


def test_only_pages_with_ink(bench):
    document = bench.document(3)
    pages = [sheet_page(document, n, [stroke(wave())] if n == 1 else []) for n in range(3)]
    made = bench.export(pages, packing={"only_inked": True})
    assert [text[:7] for text in poppler_texts(made)] == ["Sheet 1"]


def test_only_pages_with_ink_of_a_board_without_any_is_an_error(bench, tmp_path):
    document = bench.document(1)
    with pytest.raises(AppError) as caught:
        bench.package([sheet_page(document, 0)], only_inked=True)
    assert caught.value.code is ErrorCode.EXPORT_FAILED


@pytest.mark.parametrize("ruling", list(Ruling))
def test_own_page_has_its_ruling(bench, ruling):
    page = board_page(background=Background(Surface.WHITE, ruling))
    made = bench.export([page])
    expected = bench.expected(page, None, SCALE)
    assert share_off(pdfium_pixels(made, 0, SCALE), expected) < 0.02


def test_notes_come_only_when_asked_for(bench):
    document = bench.document(1)
    page = sheet_page(document, 0)
    notes = {page.page.id: "内緒のメモ\n" * 80}
    assert len(poppler_texts(bench.export([page]))) == 1
    made = bench.export(
        [page], packing={"notes": notes, "notes_heading": "Notes, page {}".format}
    )
    assert len(poppler_texts(made)) == 3
    assert pdfium_pixels(made, 1, 1.0).min() < 100


# Damage and refusal -----------------------------------------------------------------


def encrypted(bench):
    return bench.document(
        1, password="p4ss", encryption=pikepdf.Encryption(owner="o", user="p4ss", R=6)
    )


def test_encrypted_document_stays_encrypted(bench):
    document = encrypted(bench)
    made = bench.export([sheet_page(document, 0, [stroke(wave())])])
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(made)
    assert pdfium_pixels(made, 0, 1.0, password="p4ss").min() < 100


def test_encrypted_document_beside_a_plain_one_stays_encrypted(bench):
    plain, secret = bench.document(2), encrypted(bench)
    made = bench.export([sheet_page(plain, 0), sheet_page(plain, 1), sheet_page(secret, 0)])
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(made)
    with pikepdf.open(made, password="p4ss") as pdf:
        assert len(pdf.pages) == 3


def test_encrypted_document_is_decrypted_when_wished(bench):
    document = encrypted(bench)
    wish = PdfExportOptions(is_decrypted=True, when=WHEN)
    made = bench.export([sheet_page(document, 0, [stroke(wave())])], options=wish)
    assert "Sheet 0" in poppler_texts(made)[0]


def refused(bench, pages, target=None, sources=None):
    package = bench.package(pages)
    target = target or bench.folder / "out.pdf"
    with pytest.raises(AppError) as caught:
        export_document(
            str(package), sources or bench.sources, str(target), PdfExportOptions(when=WHEN)
        )
    return caught.value.code


def test_wrong_password_is_told(bench):
    document = encrypted(bench)
    wrong = [replace(bench.sources[0], password="no")]
    code = refused(bench, [sheet_page(document, 0)], sources=wrong)
    assert code is ErrorCode.DOCUMENT_ENCRYPTED


def test_document_that_is_none_is_told(bench):
    broken = bench.folder / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing\n")
    code = refused(bench, [sheet_page("x", 0)], sources=[Source("x", str(broken))])
    assert code is ErrorCode.DOCUMENT_DAMAGED


def test_damaged_document_is_repaired(bench):
    document = bench.document(3)
    path = bench.folder / "document0.pdf"
    path.write_bytes(path.read_bytes()[:-300])
    made = bench.export([sheet_page(document, n, [stroke(wave())]) for n in range(3)])
    assert "Sheet 2" in poppler_texts(made)[2]


def test_sheet_that_is_not_there_is_told(bench):
    document = bench.document(1)
    assert refused(bench, [sheet_page(document, 7)]) is ErrorCode.PAGE_UNREADABLE


def test_full_disk_leaves_the_file_that_was_there(bench):
    document = bench.document(1)
    package = bench.package([sheet_page(document, 0, [stroke(wave())])])
    target = bench.folder / "out.pdf"
    target.write_bytes(b"before")
    with full_disk(), pytest.raises(AppError) as caught:
        export_document(str(package), bench.sources, str(target), PdfExportOptions(when=WHEN))
    assert caught.value.code is ErrorCode.DISK_FULL
    assert target.read_bytes() == b"before"
    assert not partial_path(target).exists()


def test_medium_that_is_gone_is_told(bench):
    document = bench.document(1)
    target = bench.folder / "pulled" / "out.pdf"
    assert refused(bench, [sheet_page(document, 0)], target) is ErrorCode.MEDIUM_GONE


@pytest.mark.parametrize("looks", [0, 1, 3])
def test_cancelled_export_writes_nothing(bench, looks):
    document = bench.document(2)
    package = bench.package([sheet_page(document, n, [stroke(wave())]) for n in range(2)])
    target = bench.folder / "out.pdf"
    seen = []

    def cancelled():
        seen.append(0)
        return len(seen) > looks

    assert not export_document(
        str(package),
        bench.sources,
        str(target),
        PdfExportOptions(when=WHEN),
        cancelled=cancelled,
    )
    assert not target.exists()
    assert not partial_path(target).exists()


def test_progress_goes_up_to_the_end(bench):
    document = bench.document(3)
    package = bench.package([sheet_page(document, n, [stroke(wave())]) for n in range(3)])
    told = []
    target = bench.folder / "out.pdf"
    export_document(
        str(package),
        bench.sources,
        str(target),
        PdfExportOptions(when=WHEN),
        progress=told.append,
    )
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_filled_shape_parts_strokes(bench):
    document = bench.document(1)
    cover = ShapeItem(
        page="p", z=2.0, author="aki", shape=ShapeKind.RECTANGLE, colour=0, fill=1,
        width_pt=2.0, points=((40, 40), (90, 40), (90, 80), (40, 80)),
    )  # fmt: skip
    items = [stroke(wave()), cover, stroke(wave(), z=3.0), stroke(wave(40, 200), z=4.0)]
    made = bench.export([sheet_page(document, 0, items)])
    assert [len(one.get("/InkList", [])) for one in annotations(made)] == [1, 0, 2]
    bare = bench.export(
        [sheet_page(document, 0, [items[0], replace(cover, fill=NO_FILL), *items[2:]])]
    )
    assert [len(one.get("/InkList", [])) for one in annotations(bare)] == [3, 0]
