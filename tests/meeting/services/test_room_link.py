"""The line against a websocket server of the test's own, which says what no service would."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from base.errors import ErrorCode
from base.wire import (
    SUBPROTOCOL,
    Admit,
    Close,
    Joined,
    Media,
    Over,
    Rights,
    Role,
    RoomView,
    Waiting,
    Welcome,
    pack,
    parse_client,
)
from meeting.model.link import EndReason, Phase
from meeting.services.room_client import RoomClient
from meeting.services.room_error import RoomError
from meeting.services.room_session import RoomSession
from tests.support.line import Line, open_line
from tests.support.until import poll, until, until_in, until_over

JOINED = Joined(seat="s1", token="t" * 43, room="r1", title="Taxes")
VIEW = RoomView(id="r1", title="Taxes")
WELCOME = Welcome(
    seat="s1", role=Role.KIOSK, room=VIEW, seats=(), rights=Rights(manage=True), ice=()
)
Talk = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def service(talk: Talk) -> AsyncIterator[str]:
    async def accept(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await talk(connection)

    server: Server
    async with serve(accept, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def session_with(talk: Talk) -> AsyncIterator[RoomSession]:
    async with service(talk) as url, RoomClient(url) as client:
        yield client.enter(JOINED)


@asynccontextmanager
async def line_and_session() -> AsyncIterator[tuple[Line, RoomSession]]:
    async with (
        service(welcome_and_stay) as url,
        open_line(url) as line,
        RoomClient(line.url) as client,
    ):
        session = client.enter(JOINED)
        await until_in(session)
        yield line, session


async def welcome(connection: ServerConnection) -> None:
    await connection.recv()
    await connection.send(pack(WELCOME))


def run(work: Coroutine[Any, Any, None]) -> None:
    async def within() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(within())


def test_first_message_is_who_this_is() -> None:
    heard: list[dict[str, Any]] = []

    async def talk(connection: ServerConnection) -> None:
        heard.append(json.loads(await connection.recv()))
        await connection.send(pack(WELCOME))
        await connection.wait_closed()

    async def work() -> None:
        async with session_with(talk) as session:
            await until_in(session)

    run(work())
    assert heard[0]["t"] == "hello"
    assert heard[0]["token"] == JOINED.token


def test_command_on_a_line_that_is_not_open_fails_at_once() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async def work() -> None:
        async with session_with(talk) as session:
            with pytest.raises(RoomError) as caught:
                session.admit("s2")
            assert caught.value.code is ErrorCode.ROOM_OFFLINE
            assert session.point("p") is False

    run(work())


def test_lobby_then_room() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(pack(Waiting(seat="s1", room=VIEW, staff_here=False)))
        await connection.recv()
        await connection.send(pack(WELCOME))
        await connection.wait_closed()

    async def work() -> None:
        async with session_with(talk) as session:
            await until(session, lambda: session.state.phase is Phase.OPEN)
            assert not session.room.is_in
            session.consent(given=True)
            await until_in(session)

    run(work())


@pytest.mark.parametrize(
    ("close", "reason"),
    [
        (Close.BAD_TOKEN, EndReason.SEAT_GONE),
        (Close.PUT_OUT, EndReason.PUT_OUT),
        (Close.OVER, EndReason.ENDED),
        (Close.TAKEN_ELSEWHERE, EndReason.TAKEN_ELSEWHERE),
        (Close.OLD_CLIENT, EndReason.OLD_CLIENT),
    ],
)
def test_final_close_ends_the_line(close: Close, reason: EndReason) -> None:
    came = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal came
        came += 1
        await welcome(connection)
        await connection.close(close)

    async def work() -> None:
        async with session_with(talk) as session:
            assert await until_over(session) is reason
            assert await session.wait_over() is reason

    run(work())
    assert came == 1


def test_end_of_the_room_brings_its_reason() -> None:
    async def talk(connection: ServerConnection) -> None:
        await welcome(connection)
        await connection.send(pack(Over(reason="time", files_for_s=60)))
        await connection.close(Close.OVER)

    async def work() -> None:
        async with session_with(talk) as session:
            assert await until_over(session) is EndReason.TIME
            assert session.room.files_for_s == 60

    run(work())


@pytest.mark.parametrize("close", [1001, 1011, Close.SERVICE_ENDS, Close.TOO_SLOW])
def test_line_that_ends_otherwise_is_taken_up_again(close: int) -> None:
    came = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal came
        came += 1
        await welcome(connection)
        if came < 3:
            await connection.close(close)
        await connection.wait_closed()

    async def work() -> None:
        async with session_with(talk) as session:
            phases: list[Phase] = []
            session.on_state(lambda state: phases.append(state.phase))
            await until(session, lambda: came == 3 and session.state.phase is Phase.OPEN)
            assert Phase.LOST in phases
            assert phases[0] is Phase.OPEN

    run(work())


def test_service_that_is_not_there_yet_is_waited_for() -> None:
    async def work() -> None:
        async with service(welcome_and_stay) as url, open_line(url) as line:
            line.cut()
            async with RoomClient(line.url) as client:
                session = client.enter(JOINED)
                await until(session, lambda: session.state.tries >= 2)
                assert session.state.phase is Phase.CONNECTING
                line.mend()
                session.retry_now()
                await until_in(session)

    run(work())


async def welcome_and_stay(connection: ServerConnection) -> None:
    await welcome(connection)
    await connection.wait_closed()


def test_network_that_swallows_everything_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("meeting.services.room_link.PING_EVERY_S", 0.1)
    monkeypatch.setattr("meeting.services.room_link.SILENT_S", 0.5)

    async def work() -> None:
        async with line_and_session() as (line, session):
            line.swallow()
            await until(session, lambda: session.state.phase is Phase.LOST)
            line.mend()
            await until_in(session)

    run(work())


def test_hint_looks_at_a_line_that_seems_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meeting.services.room_link.PROBE_S", 0.2)

    async def work() -> None:
        async with line_and_session() as (line, session):
            line.swallow()
            session.retry_now()
            await until(session, lambda: session.state.phase is Phase.LOST, 5)

    run(work())


def test_round_trip_is_known() -> None:
    async def work() -> None:
        async with session_with(welcome_and_stay) as session:
            await until_in(session)
            await poll(lambda: session.rtt_s is not None)
            assert 0 < (session.rtt_s or 0) < 5

    run(work())


def test_microphone_is_said_again_when_the_line_is_back() -> None:
    heard: list[object] = []

    async def talk(connection: ServerConnection) -> None:
        await welcome(connection)
        heard.append(parse_client(await connection.recv()))
        if len(heard) == 1:
            connection.transport.abort()
        await connection.wait_closed()

    async def work() -> None:
        async with session_with(talk) as session:
            session.set_media(microphone=True, camera=False)
            await until(session, lambda: session.state.phase is Phase.OPEN)
            await poll(lambda: len(heard) == 2)

    run(work())
    assert heard == [Media(microphone=True, camera=False)] * 2


def test_bye_gives_the_seat_up() -> None:
    heard: list[object] = []

    async def talk(connection: ServerConnection) -> None:
        await welcome(connection)
        heard.append(parse_client(await connection.recv()))
        await connection.close()

    async def work() -> None:
        async with session_with(talk) as session:
            await until_in(session)
            await session.leave()
            assert session.state.reason is EndReason.LEFT

    run(work())
    assert [type(one).__name__ for one in heard] == ["Bye"]


def test_leaving_a_dead_line_takes_a_second_at_most() -> None:
    async def work() -> None:
        async with line_and_session() as (line, session):
            line.swallow()
            await session.leave()
            assert session.state.reason is EndReason.LEFT

    run(work())


def test_listener_that_fails_does_not_end_the_line(
    expected_log: Callable[[str], None],
) -> None:
    expected_log("listener failed")

    async def work() -> None:
        async with session_with(welcome_and_stay) as session:

            def fail(_room: object) -> None:
                raise RuntimeError("a fault of a view")

            session.on_room(fail)
            await until_in(session)
            session.admit("s2")

    run(work())


def test_commands_arrive_in_their_order() -> None:
    heard: list[str] = []

    async def talk(connection: ServerConnection) -> None:
        await welcome(connection)
        async for frame in connection:
            message = parse_client(frame)
            assert isinstance(message, Admit)
            heard.append(message.seat)

    async def work() -> None:
        async with session_with(talk) as session:
            await until_in(session)
            for n in range(100):
                session.admit(f"s{n}")
            await poll(lambda: len(heard) == 100)

    run(work())
    assert heard == [f"s{n}" for n in range(100)]


def test_frames_without_sense_change_nothing_and_end_nothing(
    allowed_log: Callable[[str], None],
) -> None:
    allowed_log("makes no sense")
    rng = random.Random(20261122)
    good = pack(WELCOME)

    async def talk(connection: ServerConnection) -> None:
        await welcome(connection)
        for _ in range(300):
            await connection.send(_mutated(rng, good))
            await connection.send(rng.randbytes(rng.randrange(60)))
        await connection.send(pack(WELCOME.model_copy(update={"knocking": 7})))
        await connection.wait_closed()

    async def work() -> None:
        from pycrdt import Doc, Text

        from meeting.services.board_sync import PlainDoc

        doc: Doc = Doc()
        memo = doc.get("memo", type=Text)
        memo.insert(0, "safe")
        notes: Doc = Doc()
        async with session_with(talk) as session:
            session.share_board(PlainDoc(doc))
            session.share_notes(PlainDoc(notes))
            await until(session, lambda: session.room.knocking == 7)
            assert session.room.seat == "s1"
            assert str(memo) == "safe"

    run(work())


def _mutated(rng: random.Random, good: str) -> str:
    text = list(good)
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(len(text))
        text[at : at + rng.randrange(3)] = rng.choice(
            ["", '"', "{", "9" * 30, "\u0000", "𠮷", "[["]
        )
    return "".join(text)


def test_session_that_is_cancelled_leaves_nothing_behind() -> None:
    async def work() -> None:
        before = asyncio.all_tasks()
        async with service(welcome_and_stay) as url:
            client = RoomClient(url)
            for n in range(20):
                session = client.enter(JOINED)
                if n % 2:
                    await asyncio.sleep(0.003 * n)
                closing = asyncio.ensure_future(session.close())
                await asyncio.sleep(0)
                closing.cancel()
                await session.close()
            await client.close()
            assert not [t for t in asyncio.all_tasks() - before if "room-link" in t.get_name()]

    run(work())
