"""The act "rooms": a citizen comes in by key from a browser, and both sides write.

The service is the display's own, as it is started where none is configured; Chromium is the
citizen's browser; in the display's place is its client, which admits, writes and looks at
what arrives.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import structlog
from pycrdt import Doc, Map, Text

from base.board_doc import (
    ITEMS,
    PAGES,
    BrushKind,
    StrokeItem,
    explicit_colour,
    pack_item,
    parse_item,
)
from base.clock import SystemClock
from base.options import Options
from base.wire import Live, OpenAsked, SetRoom
from kiosk.services.rooms_service import RoomsService
from meeting.model.link import EndReason
from meeting.services.board_sync import PlainDoc
from meeting.services.room_client import RoomClient
from meeting.services.room_session import RoomSession
from tools.demonstration_board import wait_for
from tools.handwriting import Floats, write
from tools.stage import Stage, evenly_spaced

PAGE: Final = "p1"
PAGE_PT: Final = (960.0, 540.0)
GUEST: Final = "山田"
STAFF_WORD: Final = ("予定", 90.0, 60.0, 130.0)
"""What the display writes, its left edge, top and height in pt."""
GUEST_WORD: Final = ("今日", 0.34, 0.50, 0.26)
"""What the citizen writes, and where, as shares of the board in the window."""
MEMO: Final = "2026年11月25日 10時　持ち物：保険証"
WRITING_PX: Final = 9.0
LOOK_PX: Final = 60.0
PATIENCE_S: Final = 20.0
Result = TypeVar("Result")


def play(stage: Stage) -> None:
    """Play the act.

    Raises:
        ActError: something did not go well.
        TimeoutError: somebody did not answer.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    # A browser is no part of the program: without the tools for it the others still play.
    from playwright.sync_api import Error as BrowserError

    try:
        with (
            tempfile.TemporaryDirectory(prefix="kokuban-demo-") as folder,
            _display(Path(folder)) as display,
        ):
            _talk(stage, display)
    except BrowserError as error:
        stage.expect(False, f"the browser: {str(error).splitlines()[0]}")


def _talk(stage: Stage, display: _Display) -> None:
    from tools.chromium import running_chromium
    from tools.room_windows import GuestWindow

    key = display.open_room()
    stage.say(f"The display opened a room; its key is {key[:4]}-{key[4:]}.")
    with running_chromium() as chromium:
        window = chromium.window(display.url)
        try:
            guest = GuestWindow(window)
            _come_in(stage, display, guest, key)
            _write_both(stage, display, guest)
            display.end_room()
            window.page.wait_for_selector('[data-of="end"]', state="visible")
            window.page.screenshot(path=stage.folder / "5-thanks.png")
            stage.expect(not window.unexpected(), "; ".join(window.unexpected()))
        finally:
            window.close()
    stage.say("The room was ended: the citizen was thanked, and what was in it is gone.")


def _come_in(stage: Stage, display: _Display, guest: Any, key: str) -> None:  # noqa: ANN401
    """Let the citizen type the key and come in; `guest` is a GuestWindow."""
    guest.type_key(f"{key[:4]} {key[4:]}")
    guest.window.page.screenshot(path=stage.folder / "1-at-the-door.png")
    guest.knock(GUEST)
    wait_for(lambda: display.knocking() == [GUEST], "nobody knocked", PATIENCE_S)
    guest.window.page.screenshot(path=stage.folder / "2-waiting.png")
    stage.expect(not guest.is_in(), "the lobby did not hold")
    display.admit()
    guest.wait_until_in()
    stage.say(f"A citizen typed it in Chromium, knocked as {GUEST}, and was let in.")


def _write_both(stage: Stage, display: _Display, guest: Any) -> None:  # noqa: ANN401
    """Write on the display, then in the browser; `guest` is a GuestWindow."""
    display.show_page()
    guest.wait_for_board()
    display.write(*STAFF_WORD)
    display.write_memo(MEMO)
    left, top, width, height = guest.board_box()
    ink = (left + width * 0.05, top + height * 0.05)
    wait_for(lambda: _is_inked(guest, left, top, width, height), "no ink came", PATIENCE_S)
    guest.window.page.screenshot(path=stage.folder / "3-written-by-the-display.png")
    guest.window.page.mouse.move(*ink)
    word, x, y, size = GUEST_WORD
    strokes = list(write(word, left + x * width, top + y * height, size * height))
    for stroke in strokes:
        guest.draw([(px, py) for px, py in evenly_spaced(stroke, WRITING_PX).tolist()])
    wait_for(
        lambda: len(display.strokes_of_guest()) == len(strokes),
        f"not all of the {len(strokes)} strokes arrived",
        PATIENCE_S,
    )
    stage.expect(display.live_pieces() > 0, "no stroke was seen while it was written")
    guest.window.page.screenshot(path=stage.folder / "4-both-have-written.png")
    stage.say(
        f"The display wrote {STAFF_WORD[0]}, the citizen {word}: {len(strokes)} strokes, "
        f"seen on the display while they were written ({display.live_pieces()} pieces)."
    )


def _is_inked(
    guest: Any,  # noqa: ANN401
    left: float,
    top: float,
    width: float,
    height: float,
) -> bool:
    """Return whether more than one colour is on the left upper quarter of the board."""
    middle = (left + width * 0.22, top + height * 0.3)
    seen = np.array(guest.look(*middle, LOOK_PX)).reshape(-1, 4)
    return len(np.unique(seen // 64, axis=0)) > 1


@dataclass(slots=True)
class _Display:
    """The display's client on a loop of its own; its calls are for another thread."""

    loop: asyncio.AbstractEventLoop
    client: RoomClient
    doc: Doc[Any]
    session: RoomSession | None = None
    pieces: int = 0

    @property
    def url(self) -> str:
        """The service's address."""
        return self.client.url

    def open_room(self) -> str:
        """Open a room, take the display's seat in it, and return the key."""
        return self._do(self._open())

    def knocking(self) -> list[str]:
        """Return who is in the lobby."""
        return [knock.name for knock in self._seat().room.knocks]

    def admit(self) -> None:
        """Open the door for the first in the lobby."""
        session = self._seat()
        self._call(lambda: session.admit(session.room.knocks[0].seat))

    def show_page(self) -> None:
        """Lead all to the page, with the memo beside it."""
        session = self._seat()
        self._call(lambda: session.show_page(PAGE))
        self._call(lambda: session.set_room(SetRoom(memo=True)))

    def write(self, word: str, x_pt: float, y_pt: float, height_pt: float) -> None:
        """Write on the page."""
        for number, stroke in enumerate(write(word, x_pt, y_pt, height_pt)):
            self._call(functools.partial(self._put, stroke, number))

    def write_memo(self, words: str) -> None:
        """Write in the shared memo."""
        self._call(lambda: self.doc.get("memo", type=Text).insert(0, words))

    def strokes_of_guest(self) -> list[StrokeItem]:
        """Return the strokes that somebody else put on the page."""
        return self._call(self._foreign)

    def live_pieces(self) -> int:
        """Return how many pieces of strokes under a pen were seen."""
        return self.pieces

    def end_room(self) -> None:
        """End the room for all."""
        session = self._seat()
        self._call(session.end_room)
        reason = self._do(session.wait_over())
        if reason is not EndReason.ENDED:
            raise TimeoutError(f"the room is over because of {reason}")

    async def _open(self) -> str:
        opened = await self.client.open_room(OpenAsked(title="窓口のご相談"))
        self.session = self.client.enter(await self.client.take_seat(opened.room, "会議室 1"))
        self.session.on(Live, self._count)
        self.doc.get(PAGES, type=Map)[PAGE] = Map(
            {
                "order": 1.0,
                "background": "blackboard/none",
                "width": PAGE_PT[0],
                "height": PAGE_PT[1],
            }
        )
        self.session.share_board(PlainDoc(self.doc))
        return opened.key

    def _count(self, piece: Live) -> None:
        self.pieces += bool(piece.points)

    def _put(self, stroke: Floats, number: int) -> None:
        points = evenly_spaced(stroke, 3.0)
        times = np.linspace(0, 0.4, len(points))
        samples = np.column_stack(
            [points, np.full_like(times, 0.6), times, np.zeros_like(times)]
        )
        item = StrokeItem.from_samples(
            samples,
            page=PAGE,
            z=float(number + 1),
            author=self._seat().seat,
            brush=BrushKind.PEN,
            colour=explicit_colour(255, 244, 190),
            width_pt=5.0,
            has_pressure=True,
        )
        self.doc.get(ITEMS, type=Map)[f"k{number}"] = pack_item(item)

    def _foreign(self) -> list[StrokeItem]:
        items = self.doc.get(ITEMS, type=Map)
        found = [parse_item(bytes(packed)) for packed in items.values()]
        own = self._seat().seat
        return [i for i in found if isinstance(i, StrokeItem) and i.author != own]

    def _seat(self) -> RoomSession:
        if self.session is None:
            raise RuntimeError("there is no room yet")
        return self.session

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)

    def _call(self, act: Callable[[], Result]) -> Result:
        done: Future[Result] = Future()

        def run() -> None:
            try:
                done.set_result(act())
            except Exception as error:  # noqa: BLE001  (raised again where it was asked)
                done.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return done.result(PATIENCE_S)


@contextmanager
def _display(data_dir: Path) -> Iterator[_Display]:
    """Run the display's own service and its client."""
    service = RoomsService(data_dir, Options.load(None, SystemClock().now()))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="display")
    thread.start()
    try:
        ask = asyncio.run_coroutine_threadsafe
        place = ask(service.place(), loop).result(60)
        display = ask(_make(loop, place.url, place.token), loop).result(PATIENCE_S)
        try:
            yield display
        finally:
            ask(display.client.close(), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        service.shutdown()


async def _make(loop: asyncio.AbstractEventLoop, url: str, token: str | None) -> _Display:
    # On the loop's thread: the document belongs to the thread that makes it.
    return _Display(loop, RoomClient(url, token=token), Doc())
