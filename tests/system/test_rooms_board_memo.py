"""The shared memo: several people type at once, and all of them end with the same text."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.board_page import Pages, running_browser

OPEN = """
(seat) => {
  window.line = new Line('memo', seat);
  window.shared = new SharedDoc(line);
  window.memo = new Memo(document.getElementById('memo'), shared, 'memo');
  window.area = document.getElementById('memo');
}
"""
EDIT = """
([share, length, text, whole]) => {
  let start = Math.floor(share * (area.value.length + 1));
  let end = Math.min(start + length, area.value.length);
  const low = (at) => /[\\udc00-\\udfff]/.test(area.value[at] ?? '');
  if (whole) { start -= low(start) ? 1 : 0; end += low(end) ? 1 : 0; }
  area.setRangeText(text, start, end, 'end');
  area.dispatchEvent(new InputEvent('input', {inputType: 'insertText'}));
}
"""
SAID = "() => [area.value, shared.doc.getText('memo').toString()]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def both(browser: Browser) -> Iterator[tuple[Page, Page]]:
    pages = Pages(browser)
    one, other = pages.open(), pages.open()
    one.evaluate(OPEN, "a")
    other.evaluate(OPEN, "b")
    yield one, other
    pages.close()


@pytest.mark.parametrize("whole", [True, False], ids=["letters", "halves of letters"])
@pytest.mark.parametrize("seed", range(4))
def test_both_end_the_same_whatever_they_type_and_however_late_it_comes(
    both: tuple[Page, Page], seed: int, whole: bool
) -> None:
    rng = random.Random(seed)
    pieces = ["あ", "aa", "窓口", "\n", "𠮷野家", "a", "", "👩‍👩‍👧", "ab ab"]
    for _ in range(60):
        page = rng.choice(both)
        if rng.random() < 0.25:
            page.evaluate("() => line.held ? line.letGo() : line.hold()")
        length = rng.choice([0, 0, 0, 1, 2, 9])
        page.evaluate(EDIT, [rng.random(), length, rng.choice(pieces), whole])
    for page in both:
        page.evaluate("() => line.held && line.letGo()")

    text = settled(both)

    assert not (whole and "\ufffd" in text)


def test_what_others_type_leaves_the_caret_between_its_letters(both: tuple[Page, Page]) -> None:
    one, other = both
    one.locator("#memo").fill("こんにちは")
    expect(other.locator("#memo")).to_have_value("こんにちは")
    one.evaluate("() => area.setSelectionRange(2, 4)")

    other.evaluate("() => { area.focus(); area.setSelectionRange(0, 0); }")
    other.keyboard.insert_text(">>> ")
    other.evaluate("() => area.setSelectionRange(area.value.length, area.value.length)")
    other.keyboard.insert_text("!")

    expect(one.locator("#memo")).to_have_value(">>> こんにちは!")
    assert one.evaluate("() => [area.selectionStart, area.selectionEnd]") == [6, 8]


def test_an_input_method_keeps_its_word_while_others_type_around_it(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    one.locator("#memo").fill("まえ／うしろ")
    expect(other.locator("#memo")).to_have_value("まえ／うしろ")
    one.evaluate(
        """() => {
          window.ends = 0;
          area.addEventListener('compositionend', () => (window.ends += 1));
          area.focus();
          area.setSelectionRange(3, 3);
        }"""
    )
    keyboard = one.context.new_cdp_session(one)

    def compose(text: str) -> None:
        keyboard.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )

    compose("に")
    compose("にほ")
    other.evaluate("() => { area.focus(); area.setSelectionRange(0, 0); }")
    other.keyboard.insert_text("一番前 ")
    other.evaluate("() => area.setSelectionRange(area.value.length, area.value.length)")
    other.keyboard.insert_text(" 最後")
    one.wait_for_function("() => shared.doc.getText('memo').toString().endsWith('最後')")
    compose("にほん")
    while_composing = one.evaluate("() => [area.value, ends]")
    keyboard.send("Input.insertText", {"text": "日本"})

    assert while_composing == ["まえ／にほんうしろ", 0]
    expect(other.locator("#memo")).to_have_value("一番前 まえ／日本うしろ 最後")
    expect(one.locator("#memo")).to_have_value("一番前 まえ／日本うしろ 最後")
    assert one.evaluate("() => area.selectionStart") == len("一番前 まえ／日本")
    one.keyboard.insert_text("語")
    expect(other.locator("#memo")).to_have_value("一番前 まえ／日本語うしろ 最後")


def test_what_was_typed_without_a_line_is_there_when_it_is_back(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    one.locator("#memo").fill("before")
    expect(other.locator("#memo")).to_have_value("before")

    one.evaluate("() => line.cut()")
    one.locator("#memo").press_sequentially(" mine")
    other.evaluate("() => area.setSelectionRange(0, 0)")
    other.keyboard.press("Home")
    other.locator("#memo").evaluate(
        """area => {
          area.setRangeText('theirs ', 0, 0);
          area.dispatchEvent(new InputEvent('input'));
        }"""
    )
    one.evaluate("() => { line.join(); line.tell('message:welcome', {}); }")
    other.evaluate("() => line.tell('message:welcome', {})")

    text = settled(both)

    assert text.startswith("theirs ")
    assert text.endswith(" mine")


def test_undo_takes_back_ones_own_words_and_never_those_of_others(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    one.locator("#memo").press_sequentially("mine")
    expect(other.locator("#memo")).to_have_value("mine")
    other.evaluate("() => { area.focus(); area.setSelectionRange(0, 0); }")
    other.keyboard.insert_text("theirs ")
    expect(one.locator("#memo")).to_have_value("theirs mine")

    one.locator("#memo").press("Control+z")

    expect(one.locator("#memo")).to_have_value("theirs ")
    expect(other.locator("#memo")).to_have_value("theirs ")


def test_script_in_a_memo_stays_text(both: tuple[Page, Page]) -> None:
    one, other = both
    nasty = "</textarea><img src=x onerror=document.title='gone'>"

    one.locator("#memo").fill(nasty)

    expect(other.locator("#memo")).to_have_value(nasty)
    assert other.title() == ""
    assert other.locator("img").count() == 0


def test_a_memo_without_the_right_to_write_is_read_only(both: tuple[Page, Page]) -> None:
    one, other = both
    one.evaluate("() => memo.setRights({memo: false})")
    other.locator("#memo").fill("from the staff")

    expect(one.locator("#memo")).to_have_value("from the staff")
    expect(one.locator("#memo")).not_to_be_editable()


def test_a_change_of_repeated_letters_is_found_at_the_caret(both: tuple[Page, Page]) -> None:
    change = both[0].evaluate("() => difference('aaaa', 'aaaaa', 2)")

    assert change == {"start": 1, "removed": 0, "inserted": "a"}


def settled(pages: tuple[Page, Page]) -> str:
    """Return the text when all pages show what all documents say."""
    one, other = pages
    text: str = ""
    for _ in range(400):
        said = [text for page in (one, other) for text in page.evaluate(SAID)]
        text = said[0]
        if len(set(said)) == 1:
            return text
        one.wait_for_function("() => new Promise((done) => setTimeout(() => done(true), 10))")
    raise AssertionError(f"they differ: {said}")
