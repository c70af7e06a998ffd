"""Speaker notes, one for each sheet."""

import zipfile
from pathlib import Path

import pytest
from pptx import Presentation

from tools import sample_office
from whiteboard.services.documents.speaker_notes import SlideNote, align, read_slide_notes

SLIDES = [SlideNote("一", False), SlideNote("二", True), SlideNote("三", False)]


@pytest.mark.parametrize(
    ("sheets", "notes"),
    [
        (2, ("一", "三")),  # the hidden slide was left out
        (3, ("一", "二", "三")),  # it was not
        (1, ("一",)),
        (4, ("一", "三", "", "")),
    ],
)
def test_notes_follow_the_slides_that_became_sheets(
    sheets: int, notes: tuple[str, ...]
) -> None:
    assert align(SLIDES, sheets) == notes


def test_deck_gives_its_notes_and_its_hidden_slide(tmp_path: Path) -> None:
    sample_office.write_deck(tmp_path / "a.pptx", 5)
    slides = read_slide_notes(tmp_path / "a.pptx")
    assert [slide.text for slide in slides] == [sample_office.notes_of(n) for n in range(5)]
    hidden = [number for number, slide in enumerate(slides) if slide.is_hidden]
    assert hidden == [sample_office.HIDDEN_SLIDE]


def test_line_break_in_a_note_is_one(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    slide.notes_slide.notes_text_frame.text = "一行目\v二行目\n三行目"
    deck.save(str(tmp_path / "a.pptx"))
    assert read_slide_notes(tmp_path / "a.pptx") == [SlideNote("一行目\n二行目\n三行目", False)]


ODP = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:automatic-styles>
<style:style style:name="dp1"><style:drawing-page-properties/></style:style>
<style:style style:name="dp2">
<style:drawing-page-properties presentation:visibility="hidden"/></style:style>
</office:automatic-styles>
<office:body><office:presentation>
<draw:page draw:style-name="dp1"><draw:frame><draw:text-box><text:p>題</text:p>
</draw:text-box></draw:frame>
<presentation:notes><draw:frame><draw:text-box>
<text:p>一つ<text:s text:c="2"/>二つ<text:line-break/>三つ</text:p><text:p>四つ</text:p>
</draw:text-box></draw:frame></presentation:notes></draw:page>
<draw:page draw:style-name="dp2"/>
</office:presentation></office:body></office:document-content>
"""


def test_opendocument_gives_its_notes_and_its_hidden_slide(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.odp", "w") as archive:
        archive.writestr("content.xml", ODP)
    assert read_slide_notes(tmp_path / "a.odp") == [
        SlideNote("一つ  二つ\n三つ\n四つ", False),
        SlideNote("", True),
    ]


@pytest.mark.parametrize("name", ["a.pptx", "a.odp", "a.docx"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"words"])
def test_what_cannot_be_read_has_no_notes(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_slide_notes(tmp_path / name) == []
