"""Everybody's pens on one board: two pages in real Chromium, joined to one another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from base.board_doc import (
    Affine,
    BrushKind,
    NoteItem,
    StrokeItem,
    TextItem,
    pack_item,
    parse_item,
)
from tests.support.board_page import Pages, as_bytes, as_text, running_browser
from tests.support.board_samples import stroke

PAGES = """
(pages) => board.shared.doc.transact(() => {
  const map = board.shared.doc.getMap('pages');
  pages.forEach(([id, fields], order) => {
    const page = new Y.Map(Object.entries({order, background: 'white/none', ...fields}));
    map.set(id, page);
  });
})
"""
PUT = """
(packed) => board.shared.doc.transact(() => {
  for (const [id, text] of Object.entries(packed)) {
    board.shared.doc.getMap('items').set(id, bytesOf(text));
  }
})
"""
ITEMS = """
() => Object.fromEntries(Array.from(board.shared.doc.getMap('items').entries(),
                                    ([id, bytes]) => [id, textOf(bytes)]))
"""
INKED = """
([x, y, layers]) => {
  const seen = (name) => {
    const canvas = document.querySelector(`canvas[data-layer=${name}]`);
    const ratio = canvas.width / canvas.clientWidth;
    const [red, green, blue, alpha] =
      canvas.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data;
    return alpha > 100 && Math.min(red, green, blue) < 120;
  };
  return layers.some(seen);
}
"""
ANY = ["ink", "others", "wet"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    made = Pages(browser)
    yield made
    made.close()


@pytest.fixture
def both(pages: Pages) -> tuple[Page, Page]:
    """Two people in front of an empty white page."""
    one, other = pages.open(), pages.open()
    one.evaluate("() => void openBoard('a')")
    one.evaluate(PAGES, [["p1", {}], ["p2", {"background": "blackboard/grid"}], ["p3", {}]])
    other.evaluate("() => void openBoard('b')")
    other.wait_for_function("() => board.page?.id === 'p1'")
    return one, other


def draw(page: Page, *places: tuple[float, float], lift: bool = True) -> None:
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    if lift:
        page.mouse.up()


def wait_for_ink(page: Page, x: float, y: float, layers: list[str] | None = None) -> None:
    page.wait_for_function(INKED, arg=[x, y, layers or ANY])


def wait_for_no_ink(page: Page, x: float, y: float) -> None:
    page.wait_for_function(f"(arg) => !({INKED.strip()})(arg)", arg=[x, y, ANY])


def items_of(page: Page) -> dict[str, Any]:
    return {id_: parse_item(as_bytes(text)) for id_, text in page.evaluate(ITEMS).items()}


def test_a_stroke_is_seen_while_it_is_drawn_and_stays_when_the_pen_is_lifted(
    both: tuple[Page, Page],
) -> None:
    one, other = both

    draw(one, (100, 100), (300, 100), lift=False)
    wait_for_ink(other, 200, 100, ["others"])
    one.mouse.up()
    wait_for_ink(other, 200, 100, ["ink"])

    (item,) = items_of(other).values()
    assert isinstance(item, StrokeItem)
    assert (item.page, item.author, item.brush) == ("p1", "a", BrushKind.PEN)
    x_pt = item.samples()[:, 0]
    assert (round(x_pt[0]), round(x_pt[-1])) == (200, 600)
    other.wait_for_function("() => board._others.strokes.size === 0")
    one.wait_for_function("() => board._wet.strokes.size === 0")


def test_the_finished_stroke_takes_the_place_of_the_live_one_without_a_gap(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    other.evaluate(
        f"""() => {{
          window.gaps = 0;
          let wasThere = false;
          const look = () => {{
            const isThere = ({INKED.strip()})([200, 100, {ANY}]);
            if (wasThere && !isThere) window.gaps += 1;
            wasThere ||= isThere;
            requestAnimationFrame(look);
          }};
          requestAnimationFrame(look);
        }}"""
    )

    draw(one, (100, 100), (300, 100))
    other.wait_for_function("() => board._scene.entries.length === 1")
    other.wait_for_function("() => board._others.strokes.size === 0")
    wait_for_ink(other, 200, 100, ["ink"])

    assert other.evaluate("() => gaps") == 0


def test_live_messages_are_at_most_sixty_a_second(both: tuple[Page, Page]) -> None:
    one, _ = both
    draw(one, *[(100 + 40 * (n % 12), 60 + 20 * n) for n in range(14)])

    at = one.evaluate("() => line.sent.filter(({message}) => message.t === 'live')"
                      ".map(({at, message}) => [at, message.end])")  # fmt: skip
    steps = [b - a for (a, _), (b, end) in pairwise(at) if not end]

    assert len(steps) > 3
    assert min(steps) > 15.0


def test_a_pen_that_is_taken_away_stops_in_the_middle_of_a_stroke(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    draw(one, (100, 100), (300, 100), lift=False)
    wait_for_ink(other, 200, 100, ["others"])

    one.evaluate("() => line.tell('message:rights', {rights: {draw: false, point: true}})")

    wait_for_no_ink(one, 200, 100)
    wait_for_no_ink(other, 200, 100)
    one.mouse.move(400, 200, steps=5)
    one.mouse.up()
    draw(one, (100, 200), (300, 200))
    assert items_of(one) == {}
    one.evaluate("() => board.setRights({draw: true})")
    draw(one, (100, 300), (300, 300))
    wait_for_ink(other, 200, 300, ["ink"])


def test_an_eraser_takes_ones_own_ink_and_leaves_that_of_others(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    draw(one, (100, 100), (300, 100))
    draw(other, (100, 150), (300, 150))
    wait_for_ink(one, 200, 150, ["ink"])
    wait_for_ink(other, 200, 100, ["ink"])

    one.evaluate("() => board.setTool({kind: 'eraser'})")
    draw(one, (200, 60), (200, 200))

    wait_for_no_ink(other, 200, 100)
    assert [item.author for item in items_of(other).values()] == ["b"]
    one.evaluate("() => board.undo()")
    wait_for_ink(other, 200, 100, ["ink"])


def test_undo_takes_back_ones_own_strokes_one_by_one(both: tuple[Page, Page]) -> None:
    one, other = both
    draw(one, (100, 100), (300, 100))
    draw(one, (100, 150), (300, 150))
    wait_for_ink(other, 200, 150, ["ink"])
    draw(other, (100, 200), (300, 200))
    wait_for_ink(one, 200, 200, ["ink"])

    one.keyboard.press("Control+z")

    wait_for_no_ink(other, 200, 150)
    wait_for_ink(other, 200, 100, ["ink"])
    one.keyboard.press("Control+z")
    wait_for_no_ink(other, 200, 100)
    wait_for_ink(other, 200, 200, ["ink"])
    assert one.evaluate("() => board.canUndo") is False
    one.keyboard.press("Control+Shift+Z")
    wait_for_ink(other, 200, 100, ["ink"])


def test_pointers_have_names_and_go_when_the_hand_goes(both: tuple[Page, Page]) -> None:
    one, other = both
    one.evaluate("() => line.channel.postMessage({message: {t: 'seat', seat: "
                 "{id: 'a', name: '<b>Hana</b>', colour: '#c8553d'}}})")  # fmt: skip

    one.mouse.move(200, 200, steps=4)

    pointer = other.locator(".board-pointer")
    expect(pointer).to_have_text("<b>Hana</b>")
    other.wait_for_function(
        "() => document.querySelector('.board-pointer').style.transform"
        " === 'translate(200px, 200px)'"
    )
    one.mouse.move(740, 600)
    expect(pointer).to_have_count(0)


def test_two_fingers_move_and_zoom_and_give_the_stroke_up(browser: Browser) -> None:
    made = Pages(browser, has_touch=True)
    page = made.open()
    page.evaluate("() => void openBoard('a')")
    page.evaluate(PAGES, [["p1", {}]])
    page.wait_for_function("() => board.page")
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = page.evaluate("() => board._viewport.view")
    touch("touchStart", (300, 200))
    touch("touchStart", (300, 200), (400, 200))
    for step in range(1, 6):
        touch("touchMove", (300 - 10 * step, 200), (400 + 10 * step, 200))
    touch("touchEnd")
    page.wait_for_function("() => board._ink.painted.scale > 0.7")
    after = page.evaluate("() => board._viewport.view")

    assert after["scale"] / before["scale"] == pytest.approx(2.0, rel=0.02)
    assert items_of(page) == {}
    draw(page, (300, 100), (400, 100))
    wait_for_ink(page, 350, 100, ["ink"])
    touch("touchStart", (300, 150))
    for step in range(1, 6):
        touch("touchMove", (300 + 20 * step, 150))
    touch("touchEnd")
    wait_for_ink(page, 350, 150, ["ink"])
    made.close()


def test_pages_are_followed_and_leafed_through_by_keyboard(both: tuple[Page, Page]) -> None:
    one, other = both
    other.locator("#board").focus()

    other.keyboard.press("PageDown")
    expect(other.locator("#board")).to_have_attribute("aria-label", "Board: Page 2 of 3")
    one.evaluate("() => board.leadTo('p3')")
    expect(one.locator("#board")).to_have_attribute("aria-label", "Board: Page 3 of 3")
    other.wait_for_function("() => board._led === 'p3'")
    assert other.evaluate("() => [board.page.id, board.isFollowing]") == ["p2", False]
    other.keyboard.press("Home")

    expect(other.locator("#board")).to_have_attribute("aria-label", "Board: Page 3 of 3")
    assert other.evaluate("() => board.isFollowing") is True


def test_texts_of_the_page_can_be_heard_and_script_in_them_is_text(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    box, below = Affine.upright(100, 100, 300, 100), Affine.upright(100, 300, 200, 200)
    nasty = "<img src=x onerror=document.title='gone'>"
    one.evaluate(
        PUT,
        {
            "n": as_text(pack_item(NoteItem("p1", 2.0, "a", below, 0, 20.0, nasty))),
            "t": as_text(pack_item(TextItem("p1", 1.0, "a", box, 0, 20.0, "受付 10時"))),
        },
    )

    expect(other.get_by_role("listitem")).to_have_text(["受付 10時", nasty])
    assert other.locator("img").count() == 0
    assert other.title() == ""


def test_a_sheet_comes_small_first_and_then_as_sharp_as_the_glass(pages: Pages) -> None:
    page = pages.open()
    page.evaluate(
        """() => {
          window.asked = [];
          openBoard('a', {fetchPicture: async (picture) => {
            asked.push(picture);
            const canvas = document.createElement('canvas');
            canvas.width = picture.width;
            canvas.height = picture.width / 2;
            const context = canvas.getContext('2d');
            context.fillStyle = picture.width === 640 ? '#ff0000' : '#000080';
            context.fillRect(0, 0, canvas.width, canvas.height / 2);
            return new Promise((done) => canvas.toBlob(done));
          }});
        }"""
    )
    sheet = {"document": "ab" * 32, "sheet": 4, "turns": 1, "width": 400, "height": 800}
    page.evaluate(PAGES, [["p1", sheet]])
    page.evaluate("() => board.zoom(3, 360, 200)")

    page.wait_for_function("() => asked.length === 2")

    assert page.evaluate("() => asked") == [
        {"document": "ab" * 32, "sheet": 4, "width": width} for width in (640, 1280)
    ]
    # Turned by a quarter, its upper half lies on the right.
    wait_for_ink(page, 460, 200, ["ink"])
    page.evaluate("() => board.fit()")
    page.wait_for_function("() => board._ink.painted.scale < 0.6")
    wait_for_no_ink(page, 320, 200)
    assert page.evaluate("() => asked.length") == 2


def test_who_joins_late_sees_all_there_is_of_the_page(
    both: tuple[Page, Page], pages: Pages
) -> None:
    one, _ = both
    strokes = {f"s{n}": as_text(pack_item(stroke("p1", n))) for n in range(400)}
    one.evaluate(PUT, strokes)
    late = pages.open()

    late.evaluate(
        """() => {
          openBoard('c');
          board.addEventListener('drawn', ({detail}) => (window.drawn = detail));
        }"""
    )
    late.wait_for_function("() => window.drawn?.items === 400")

    assert late.evaluate("() => drawn.page") == "p1"


def test_what_was_drawn_without_a_line_is_there_when_it_is_back(
    both: tuple[Page, Page],
) -> None:
    one, other = both
    one.evaluate("() => line.cut()")
    draw(one, (100, 100), (300, 100))
    draw(other, (100, 200), (300, 200))
    assert len(items_of(one)) == 1

    welcome = """() => line.tell('message:welcome', {
      seat: board._seat, seats: [], rights: {draw: true}, room: {page: 'p1'},
    })"""
    one.evaluate("() => line.join()")
    one.evaluate(welcome)
    other.evaluate(welcome)

    wait_for_ink(one, 200, 200, ["ink"])
    wait_for_ink(other, 200, 100, ["ink"])


def test_after_a_refusal_what_was_erased_is_fetched_again(both: tuple[Page, Page]) -> None:
    one, other = both
    draw(one, (100, 100), (300, 100))
    wait_for_ink(other, 200, 100, ["ink"])
    # The other page stands for the service here: it does not take the erasure.
    other.evaluate("() => (line.channel.onmessage = null)")
    one.evaluate("() => board.setTool({kind: 'eraser'})")
    draw(one, (200, 60), (200, 160))
    wait_for_no_ink(one, 200, 100)
    other.evaluate("() => line.join()")

    one.evaluate("() => line.tell('message:trouble', {about: 'board', problem: 'not_allowed'})")

    wait_for_ink(one, 200, 100, ["ink"])


def test_a_highlighter_under_the_pen_does_not_hide_writing(both: tuple[Page, Page]) -> None:
    one, other = both
    draw(other, (100, 100), (300, 100))
    wait_for_ink(one, 200, 100, ["ink"])
    one.evaluate("() => board.setTool({kind: 'highlighter', colour: 0, widthPt: 30})")

    draw(one, (200, 60), (200, 160), lift=False)
    one.wait_for_function("() => board._wet.strokes.size === 1")

    wait_for_ink(one, 200, 100, ["wet"])
    wait_for_ink(other, 200, 100, ["others"])
    one.mouse.up()
    wait_for_ink(other, 200, 100, ["ink"])
