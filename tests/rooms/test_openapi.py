"""The service against its own description: whatever fits or does not, it never breaks."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Map, Text
from websockets.exceptions import ConnectionClosed

from base.wire import Channel, Refusal
from benchmarks.room_board import packed_stroke
from tests.support.room_seeds import ADMIN, STAFF, Place, running_place
from tests.support.room_visitors import Party, bearer, party

FEW, MANY = 12, 500


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("rooms")
    with running_place(
        folder,
        wrong_keys_per_minute=1000,
        wrong_keys_of_all_per_minute=100_000,
        rooms_max=100_000,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def here(place: Place) -> Iterator[Party]:
    with place.door() as door, party(door) as made:
        yield made


def test_description_is_served_and_names_every_refusal(place: Place) -> None:
    with place.browser() as client:
        described = client.get("/api/v1/openapi.json").json()
    silent = [
        f"{method} {path}"
        for path, item in described["paths"].items()
        if path.startswith("/api/")
        for method, operation in item.items()
        if not any(status.startswith("4") for status in operation["responses"])
    ]
    assert described["paths"]
    assert silent == []


def test_no_request_breaks_the_service(place: Place, here: Party) -> None:
    try_everything(place, here, FEW)


# Schemathesis asks Python's own chance while it makes odd requests.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.soak
def test_no_request_of_many_breaks_the_service(place: Place, here: Party) -> None:
    try_everything(place, here, MANY)


def try_everything(place: Place, here: Party, examples: int) -> None:
    """Send what the description allows and what it does not, as everybody who can ask."""
    schema = schemathesis.openapi.from_url(f"{place.base_url}/api/v1/openapi.json")
    callers = {
        "nobody": {},
        "display": bearer(place.display_token),
        "guest": bearer(here.guest.joined.token),
        "host": bearer(here.host.joined.token),
        "staff": session(place, STAFF[0]),
        "admin": session(place, ADMIN),
    }
    real = {"room": here.opened.room, "room_id": here.opened.room}
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:
        if operation.path.endswith("/end"):
            continue  # it would end the room that all the others are tried in
        try_operation(operation, callers, real, place.base_url, examples)
    with place.door() as door:
        assert door.http.get("/healthz").is_success
    assert "a request broke" not in place.service.output()
    here.host.is_answered()


def session(place: Place, login: str) -> dict[str, str]:
    """Return what the browser of somebody who has signed in sends with everything."""
    with place.signed_in(login) as client:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return {
            "Cookie": cookies,
            "Origin": place.base_url,
            "Sec-Fetch-Site": "same-origin",
        }


def try_operation(
    operation: Any,
    callers: dict[str, dict[str, str]],
    real: dict[str, str],
    base_url: str,
    examples: int,
) -> None:
    cases = st.one_of(
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == FEW,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, caller=st.sampled_from(sorted(callers)), known=st.booleans())
    def run(case: Any, caller: str, known: bool) -> None:
        if known and case.path_parameters:
            case.path_parameters |= {
                name: value for name, value in real.items() if name in case.path_parameters
            }
        answer = case.call(base_url=base_url, headers=callers[caller], timeout=30)
        assert answer.status_code < 500, f"{caller}: {case.as_curl_command()}: {answer.text}"
        if answer.status_code >= 400 and answer.content:
            Refusal.model_validate_json(answer.content)

    run()


def test_fuzzed_messages_break_nothing(place: Place, here: Party) -> None:
    fuzz_socket(place, here, rounds=60, seed=4)


@pytest.mark.soak
def test_many_fuzzed_messages_break_nothing(place: Place, here: Party) -> None:
    fuzz_socket(place, here, rounds=3000, seed=random.randrange(2**32))


def fuzz_socket(place: Place, here: Party, rounds: int, seed: int) -> None:
    """Send damaged messages and updates; whoever did is cut off at most, nobody else."""
    chance = random.Random(seed)
    with place.door() as door:
        opened = door.open_room(guest_limit=64)
        host = door.host(opened.room)
        guest = door.guest(opened.key, host)
        for _ in range(rounds):
            for _ in range(chance.randint(1, 5)):
                guest.send_raw(damaged(chance))
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                guest.is_answered()
            if guest.close_code is not None:
                # Cut off, which is right; then the seat is taken up again.
                guest = door.come_in(guest.joined)
                guest.wait_for("welcome")
        host.is_answered()
    here.host.is_answered()
    output = place.service.output()
    assert "Traceback" not in output, output[-3000:]


def damaged(chance: random.Random) -> str | bytes:
    """Return a frame that was a good one before something happened to it."""
    if chance.random() < 0.5:
        frame = bytearray(chance.choice(BINARIES))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(frame))
            how = chance.random()
            if how < 0.5:
                frame[at] = chance.randrange(256)
            elif how < 0.75:
                frame[at:at] = chance.randbytes(chance.randint(1, 8))
            elif len(frame) > 12:
                del frame[at : at + chance.randint(1, 8)]
        return bytes(frame)
    text = list(chance.choice(TEXTS))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        text[at] = chance.choice(
            ["", '"', "{", "}", "0", "-", "9" * 30, "\0", "null", "é", "\\u"]
        )
    return "".join(text)


DAMAGE = ("", '"', "{", "}", "0", "-", "9" * 30, "\0", "null", "é", "\\u")
TEXTS = (
    '{"t":"ping","n":12}',
    '{"t":"pointer","page":"p1","x_pt":12.5,"y_pt":3.0}',
    '{"t":"live","stroke":"s1","page":"p1","brush":1,"colour":1,"width_pt":2.0,'
    '"points":[1,2,0.5,3,4,0.5],"end":false}',
    '{"t":"media","microphone":true,"camera":false}',
    '{"t":"line","rung":2,"rtt_ms":20.5,"loss":0.1}',
    '{"t":"signal","seat":"abc","description":{"type":"offer","sdp":"v=0"}}',
    '{"t":"signal","seat":"abc","candidate":{"candidate":"candidate:1 1 udp 1 1.2.3.4 5"}}',
    '{"t":"ask_ice"}',
    '{"t":"admit","seat":"abc"}',
    '{"t":"set_room","locked":true}',
    '{"t":"consent","given":true}',
    '{"t":"hello","token":"aaaaaaaaaaaaaaaaaaaaaaaa","version":1}',
)


def good_frames() -> tuple[bytes, ...]:
    """Return a text put into the memo, an item, a deletion and a state vector."""
    document: Any = Doc()
    frames = []
    for change in (
        lambda: document.get("memo", type=Text).insert(0, "hello"),
        lambda: document.get("items", type=Map).update({"s1": packed_stroke("abc")}),
        lambda: document.get("memo", type=Text).clear(),
    ):
        before = document.get_state()
        change()
        frames.append(bytes([Channel.BOARD_UPDATE]) + document.get_update(before))
    vector = document.get_state()
    return (*frames, bytes([Channel.BOARD_STATE_VECTOR]) + vector, b"\3\0\0", b"\4\0")


BINARIES = good_frames()
