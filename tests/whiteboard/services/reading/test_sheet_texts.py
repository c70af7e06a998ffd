import pytest

from base.errors import AppError, ErrorCode
from whiteboard.model.bounds import Rect
from whiteboard.model.document import Link, SheetRef, Word
from whiteboard.services.reading.sheet_texts import KEPT_SHEETS, SheetTexts

SHEET = SheetRef("ab" * 32, 0)
WORD = Word("黒板", Rect(0, 0, 20, 10), 0)
LINK = Link(Rect(0, 0, 20, 10), 3)


class Ticket:
    def __init__(self, asked, entry):
        self.asked, self.entry = asked, entry

    def cancel(self):
        self.asked.remove(self.entry)


class Sheets:
    """What reads sheets: answers when it is told to, as the processes do."""

    def __init__(self):
        self.asked = []

    def words(self, document, number, on_done):
        return self._ask("words", document, number, on_done)

    def links(self, document, number, on_done):
        return self._ask("links", document, number, on_done)

    def _ask(self, kind, document, number, on_done):
        entry = (kind, document, number, on_done)
        self.asked.append(entry)
        return Ticket(self.asked, entry)

    def answer(self, answer):
        self.asked.pop(0)[3](answer)


@pytest.fixture
def sheets():
    return Sheets()


@pytest.fixture
def texts(qapp, sheets):
    made = SheetTexts(sheets)
    yield made
    made.shutdown()


def test_words_are_asked_for_once_and_told_when_they_come(texts, sheets):
    came = []
    texts.words_came.connect(came.append)
    texts.want_words(SHEET)
    texts.want_words(SheetRef(SHEET.document, 0, 1))
    assert len(sheets.asked) == 1
    assert texts.words(SHEET) is None
    sheets.answer((WORD,))
    assert texts.words(SHEET) == (WORD,)
    assert came == [SHEET]
    texts.want_words(SHEET)
    assert sheets.asked == []


def test_words_and_links_of_a_sheet_are_two_asks(texts, sheets):
    texts.want_words(SHEET)
    texts.want_links(SHEET)
    assert [kind for kind, *_rest in sheets.asked] == ["words", "links"]
    assert texts.links(SHEET) == ()
    sheets.answer(())
    sheets.answer((LINK,))
    assert texts.links(SHEET) == (LINK,)


def test_sheet_that_could_not_be_read_is_asked_for_again(texts, sheets):
    texts.want_words(SHEET)
    sheets.answer(AppError(ErrorCode.DOCUMENT_ENCRYPTED, "locked"))
    assert texts.words(SHEET) is None
    texts.want_words(SHEET)
    assert len(sheets.asked) == 1


def test_sheets_looked_at_longest_ago_are_forgotten(texts, sheets):
    for number in range(KEPT_SHEETS + 1):
        texts.want_words(SheetRef(SHEET.document, number))
        sheets.answer((WORD,))
        texts.want_words(SHEET)  # looked at again and again
    assert texts.words(SHEET) == (WORD,)
    assert texts.words(SheetRef(SHEET.document, 1)) is None


def test_nothing_comes_after_the_end(texts, sheets):
    texts.want_words(SHEET)
    texts.shutdown()
    assert sheets.asked == []
