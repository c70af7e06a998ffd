"""Displays: letting one in and turning it away."""

import asyncio
from pathlib import Path

import pytest

from base.wire import Problem
from rooms.model.callers import Account
from rooms.model.pairing_code import format_code
from rooms.model.refusal import Refused
from rooms.services.accounts import hash_token
from rooms.services.pairing import ASKED_MOST, MOST_WAITING, PAIRING_S, WRONG_MOST
from tests.support.staff import HERE, Office, in_office

ROOM = "会議室 1"


async def refused(coroutine: object) -> Problem:
    with pytest.raises(Refused) as caught:
        await coroutine  # type: ignore[misc]
    return caught.value.problem


async def paired(office: Office, admin: Account) -> str:
    offer = await office.pairings.ask(ROOM, HERE)
    await office.pairings.decide(admin, offer.code, True, HERE)
    token = (await office.pairings.state(offer.secret)).token
    assert token is not None
    return token


def test_confirmed_display_gets_its_token_once(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        offer = await office.pairings.ask(ROOM, HERE)
        assert (await office.pairings.state(offer.secret)).state == "waiting"
        assert await office.pairings.decide(admin, format_code(offer.code), True, HERE) == ROOM
        states = await asyncio.gather(*(office.pairings.state(offer.secret) for _ in range(3)))
        (token,) = [state.token for state in states if state.token is not None]
        assert (await office.pairings.state(offer.secret)).state == "expired"
        caller = await office.pairings.caller_of(token)
        assert caller is not None
        assert caller.name == ROOM
        assert [display.name for display in await office.pairings.displays()] == [ROOM]

    in_office(tmp_path, act)


def test_code_is_no_secret_and_opens_nothing(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await office.admin()
        offer = await office.pairings.ask(ROOM, HERE)
        assert (await office.pairings.state(offer.code)).state == "expired"
        assert await office.pairings.caller_of(offer.secret) is None

    in_office(tmp_path, act)


def test_administrator_sees_the_name_before_saying_yes(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        offer = await office.pairings.ask(f"{ROOM}\u202e\x07", HERE)
        office.clock.go_on(90)
        asking = await office.pairings.look_up(admin, offer.code.lower())
        assert (asking.name, asking.since_s) == (ROOM, 90)

    in_office(tmp_path, act)


def test_staff_who_are_no_administrators_let_no_display_in(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        account, _password = await office.staff(await office.admin())
        offer = await office.pairings.ask(ROOM, HERE)
        decide = office.pairings.decide(account, offer.code, True, HERE)
        assert await refused(decide) is Problem.NOT_ALLOWED
        assert (await office.pairings.state(offer.secret)).state == "waiting"

    in_office(tmp_path, act)


def test_refused_display_is_told_so(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        offer = await office.pairings.ask(ROOM, HERE)
        await office.pairings.decide(admin, offer.code, False, HERE)
        assert (await office.pairings.state(offer.secret)).state == "refused"
        decide = office.pairings.decide(admin, offer.code, True, HERE)
        assert await refused(decide) is Problem.NOT_FOUND

    in_office(tmp_path, act)


def test_code_expires(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        offer = await office.pairings.ask(ROOM, HERE)
        office.clock.go_on(PAIRING_S)
        decide = office.pairings.decide(admin, offer.code, True, HERE)
        assert await refused(decide) is Problem.NOT_FOUND
        assert (await office.pairings.state(offer.secret)).state == "expired"

    in_office(tmp_path, act)


def test_guessing_codes_is_limited(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        offer = await office.pairings.ask(ROOM, HERE)
        for _ in range(WRONG_MOST):
            wrong = office.pairings.look_up(admin, "ZZZZZZZZ")
            assert await refused(wrong) is Problem.NOT_FOUND
        right = office.pairings.look_up(admin, offer.code)
        assert await refused(right) is Problem.TOO_MANY
        office.clock.go_on(PAIRING_S)
        again = await office.pairings.ask(ROOM, HERE)
        await office.pairings.look_up(admin, again.code)

    in_office(tmp_path, act)


def test_one_address_cannot_fill_the_list(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        for _ in range(ASKED_MOST):
            await office.pairings.ask(ROOM, HERE)
        assert await refused(office.pairings.ask(ROOM, HERE)) is Problem.TOO_MANY
        await office.pairings.ask(ROOM, "203.0.113.8")

    in_office(tmp_path, act)


def test_list_of_those_that_wait_is_bounded_and_empties_itself(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        for number in range(MOST_WAITING):
            await office.pairings.ask(ROOM, f"198.51.100.{number}")
        assert await refused(office.pairings.ask(ROOM, HERE)) is Problem.TOO_MANY
        office.clock.go_on(PAIRING_S)
        await office.pairings.ask(ROOM, HERE)

    in_office(tmp_path, act)


def test_display_without_a_name_is_refused(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        assert await refused(office.pairings.ask(" \u200b", HERE)) is Problem.MALFORMED

    in_office(tmp_path, act)


def test_revoked_display_is_out_and_its_seats_are_told(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        token = await paired(office, admin)
        caller = await office.pairings.caller_of(token)
        assert caller is not None
        gone: list[str] = []

        async def note(holder: str) -> None:
            gone.append(holder)

        office.pairings.on_holder_gone.append(note)
        await office.pairings.revoke(admin, caller.id, HERE)
        assert gone == [caller.holder]
        assert await office.pairings.caller_of(token) is None
        again = office.pairings.revoke(admin, caller.id, HERE)
        assert await refused(again) is Problem.NOT_FOUND

    in_office(tmp_path, act)


def test_display_of_this_machine_is_let_in_without_a_code(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        caller = await office.pairings.caller_of(await office.pairings.enrol(ROOM))
        assert caller is not None
        assert caller.name == ROOM

    in_office(tmp_path, act)


def test_who_let_a_display_in_is_written_down(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        await paired(office, admin)
        entry = (await office.log())[0]
        assert entry.act == "display_paired"
        assert entry.who.startswith(admin.holder)
        assert (entry.about, entry.address) == (ROOM, HERE)

    in_office(tmp_path, act)


def test_database_holds_no_token_of_a_display(tmp_path: Path) -> None:
    tokens: list[str] = []

    async def act(office: Office) -> None:
        tokens.append(await paired(office, await office.admin()))

    in_office(tmp_path, act)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert hash_token(tokens[0]) in stored
    assert tokens[0].encode() not in stored
