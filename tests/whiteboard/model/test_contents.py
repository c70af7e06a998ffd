from whiteboard.model.contents import Heading, contents_of, current_heading
from whiteboard.model.document import OutlineEntry, SheetRef
from whiteboard.model.page import Page

OUTLINE = (OutlineEntry("1", 0, 0), OutlineEntry("1.1", 1, 1), OutlineEntry("2", 0, 3))


def sheets(document: str, count: int) -> list[Page]:
    return [Page(f"{document}{n}", n, sheet=SheetRef(document, n)) for n in range(count)]


def test_headings_lead_to_the_pages_of_their_sheets() -> None:
    pages = [Page("blank", -1.0), *sheets("d", 4)]
    rows = contents_of(pages, {"d": OUTLINE}, {"d": "report.pdf"})
    assert [(row.title, row.level, row.page_id, row.number) for row in rows] == [
        ("1", 0, "d0", 2),
        ("1.1", 1, "d1", 3),
        ("2", 0, "d3", 5),
    ]


def test_heading_whose_page_was_taken_away_leads_nowhere() -> None:
    rows = contents_of(sheets("d", 2), {"d": OUTLINE}, {})
    assert rows[2] == Heading("2", 0)


def test_each_of_several_documents_begins_with_its_name() -> None:
    pages = [*sheets("e", 1), *sheets("d", 4)]
    one = (OutlineEntry("A", 0, 0),)
    rows = contents_of(pages, {"d": OUTLINE, "e": one}, {"d": "d.pdf", "e": "e.pdf"})
    assert [(row.title, row.level) for row in rows] == [
        ("e.pdf", 0),
        ("A", 1),
        ("d.pdf", 0),
        ("1", 1),
        ("1.1", 2),
        ("2", 1),
    ]


def test_document_without_an_outline_has_no_row() -> None:
    pages = [*sheets("d", 4), *sheets("e", 1)]
    rows = contents_of(pages, {"d": OUTLINE, "e": ()}, {"d": "d.pdf", "e": "e.pdf"})
    assert len(rows) == len(OUTLINE)


def test_current_heading_is_the_last_one_at_or_before_the_page() -> None:
    rows = contents_of(sheets("d", 4), {"d": OUTLINE}, {})
    assert [current_heading(rows, number) for number in (1, 2, 3, 4)] == [0, 1, 1, 2]
    assert current_heading(rows[1:], 1) is None
