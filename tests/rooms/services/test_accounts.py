"""Staff: signing in, staying signed in, and being managed."""

import asyncio
from pathlib import Path

import pytest

from base.wire import Problem
from rooms.model.refusal import Refused
from rooms.services.accounts import (
    HALF_WAY_S,
    SESSION_IDLE_S,
    SESSION_LONGEST_S,
    AccountError,
    AccountFault,
    CodeWanted,
    SignedIn,
    check_password,
    draw_password,
    hash_token,
    matching_step,
    tidy_name,
)
from tests.support.staff import HERE, PASSWORD, Office, in_office


async def refused(coroutine: object) -> Refused:
    with pytest.raises(Refused) as caught:
        await coroutine  # type: ignore[misc]
    return caught.value


async def fault(coroutine: object) -> AccountFault:
    with pytest.raises(AccountError) as caught:
        await coroutine  # type: ignore[misc]
    return caught.value.fault


def test_right_password_begins_a_session(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        signed_in = await office.sign_in("ＨＡＮＡ ")
        session = await office.accounts.session_of(signed_in.token)
        assert session is not None
        assert session.account == admin
        assert admin.is_admin

    in_office(tmp_path, act)


def test_wrong_password_unknown_login_and_disabled_account_are_told_apart_by_nothing(
    tmp_path: Path,
) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        account, password = await office.staff(admin)
        await office.accounts.set_disabled(admin, account.id, True, HERE)
        told = [
            await refused(office.accounts.sign_in(login, typed, HERE))
            for login, typed in [("hana", "x"), ("nobody", "x"), (account.login, password)]
        ]
        assert [(one.problem, one.retry_s) for one in told] == [
            (Problem.NOT_SIGNED_IN, None)
        ] * 3
        assert len({one.detail for one in told}) == 1

    in_office(tmp_path, act)


def test_unknown_login_is_hashed_like_a_known_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(office: Office) -> None:
        await office.admin()
        verified: list[str] = []
        hasher = office.accounts._passwords._hasher
        verify = type(hasher).verify

        def watched(self: object, stored: str, password: bytes) -> bool:
            verified.append(stored[:30])
            return verify(hasher, stored, password)

        monkeypatch.setattr(type(hasher), "verify", watched)
        await refused(office.accounts.sign_in("hana", "x", HERE))
        await refused(office.accounts.sign_in("nobody", "x", HERE))
        # The same parameters, so the same work.
        assert len(verified) == 2
        assert verified[0] == verified[1]
        assert verified[0].startswith("$argon2id$v=19$m=65536,t=3")

    in_office(tmp_path, act)


def test_password_guessing_is_slowed_and_a_right_one_waits_too(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await office.admin()
        for _ in range(4):
            await refused(office.accounts.sign_in("hana", "x", HERE))
        slowed = await refused(office.accounts.sign_in("hana", PASSWORD, HERE))
        assert slowed.problem is Problem.SLOWED
        assert slowed.retry_s == pytest.approx(2)
        office.clock.go_on(2.1)
        await office.sign_in()

    in_office(tmp_path, act)


def test_guesses_made_at_once_do_not_slip_through(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await office.admin()
        tries = [office.accounts.sign_in("hana", f"guess {n}", HERE) for n in range(20)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        problems = [one.problem for one in found if isinstance(one, Refused)]
        assert problems.count(Problem.NOT_SIGNED_IN) == 4
        assert problems.count(Problem.SLOWED) == 16

    in_office(tmp_path, act)


def test_login_typed_that_nobody_has_is_not_written_down(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await refused(office.accounts.sign_in("my-secret-password", "x", HERE))
        (entry,) = await office.log()
        assert entry.act == "sign_in_failed"
        assert "secret" not in entry.about
        assert entry.address == HERE

    in_office(tmp_path, act)


def test_session_ends_when_it_is_not_used(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await office.admin()
        token = (await office.sign_in()).token
        office.clock.go_on(SESSION_IDLE_S - 1)
        assert await office.accounts.session_of(token, awake=False) is not None
        office.clock.go_on(2)
        assert await office.accounts.session_of(token) is None

    in_office(tmp_path, act)


def test_session_ends_after_a_day_however_it_is_used(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await office.admin()
        token = (await office.sign_in()).token
        for _ in range(int(SESSION_LONGEST_S // 3600) - 1):
            office.clock.go_on(3600)
            assert await office.accounts.session_of(token) is not None
        office.clock.go_on(3600)
        assert await office.accounts.session_of(token) is None

    in_office(tmp_path, act)


def test_signing_in_again_replaces_the_session(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await office.admin()
        first = (await office.sign_in()).token
        second = await office.accounts.sign_in("hana", PASSWORD, HERE, first)
        assert isinstance(second, SignedIn)
        assert second.token != first
        assert await office.accounts.session_of(first) is None
        assert await office.accounts.session_of(second.token) is not None

    in_office(tmp_path, act)


def test_changed_password_signs_out_everywhere_but_here(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        elsewhere = (await office.sign_in()).token
        new = "a slate and a sponge"
        here = await office.accounts.change_password(admin, PASSWORD, new, HERE)
        assert await office.accounts.session_of(elsewhere) is None
        assert await office.accounts.session_of(here.token) is not None
        await refused(office.accounts.sign_in("hana", PASSWORD, HERE))
        await office.sign_in(password=new)

    in_office(tmp_path, act)


def test_password_is_not_changed_by_who_does_not_know_it(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        change = office.accounts.change_password(admin, "x", "a slate and a sponge", HERE)
        assert await fault(change) is AccountFault.PASSWORD_WRONG
        await office.sign_in()

    in_office(tmp_path, act)


def test_given_password_has_to_be_changed(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        account, password = await office.staff(await office.admin())
        signed_in = await office.sign_in(account.login, password)
        session = await office.accounts.session_of(signed_in.token)
        assert session is not None
        assert session.must_change
        changed = await office.accounts.change_password(
            account, password, "my very own words", HERE
        )
        session = await office.accounts.session_of(changed.token)
        assert session is not None
        assert not session.must_change

    in_office(tmp_path, act)


def test_code_is_wanted_when_the_second_step_is_on(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        totp = await office.totp(await office.admin())
        office.clock.go_on(60)
        wanted = await office.accounts.sign_in("hana", PASSWORD, HERE)
        assert isinstance(wanted, CodeWanted)
        assert await office.accounts.session_of(wanted.half_way) is None
        signed_in = await office.accounts.sign_in_with_code(
            wanted.half_way, office.code(totp), HERE
        )
        assert await office.accounts.session_of(signed_in.token) is not None

    in_office(tmp_path, act)


def test_code_works_once(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        totp = await office.totp(await office.admin())
        office.clock.go_on(60)
        code = office.code(totp)
        sign_in = office.accounts.sign_in
        halves = [await sign_in("hana", PASSWORD, HERE) for _ in range(2)]
        found = await asyncio.gather(
            *(
                office.accounts.sign_in_with_code(half.half_way, code, HERE)
                for half in halves
                if isinstance(half, CodeWanted)
            ),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in found) == ["Refused", "SignedIn"]

    in_office(tmp_path, act)


def test_code_that_switched_the_second_step_on_is_used_up(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        totp = await office.totp(await office.admin())
        half = await office.accounts.sign_in("hana", PASSWORD, HERE)
        assert isinstance(half, CodeWanted)
        replay = office.accounts.sign_in_with_code(half.half_way, office.code(totp), HERE)
        assert (await refused(replay)).problem is Problem.NOT_SIGNED_IN

    in_office(tmp_path, act)


def test_guessing_codes_is_slowed(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        await office.totp(await office.admin())
        problems = []
        half = await office.accounts.sign_in("hana", PASSWORD, HERE)
        assert isinstance(half, CodeWanted)
        for n in range(8):
            guess = office.accounts.sign_in_with_code(half.half_way, f"{n:06}", HERE)
            problems.append((await refused(guess)).problem)
        assert problems[:4] == [Problem.NOT_SIGNED_IN] * 4
        assert problems[4:] == [Problem.SLOWED] * 4

    in_office(tmp_path, act)


def test_password_waits_for_its_code_five_minutes_and_no_longer(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        totp = await office.totp(await office.admin())
        half = await office.accounts.sign_in("hana", PASSWORD, HERE)
        assert isinstance(half, CodeWanted)
        office.clock.go_on(HALF_WAY_S + 1)
        late = office.accounts.sign_in_with_code(half.half_way, office.code(totp), HERE)
        assert (await refused(late)).problem is Problem.NOT_FOUND

    in_office(tmp_path, act)


def test_second_step_is_not_switched_on_with_wrong_digits(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        office.accounts.offer_totp(admin)
        switch = office.accounts.confirm_totp(admin, PASSWORD, "12345x", HERE)
        assert await fault(switch) is AccountFault.CODE_WRONG
        assert not await office.accounts.has_totp(admin)

    in_office(tmp_path, act)


def test_disabled_account_is_signed_out_and_its_seats_are_told(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        account, password = await office.staff(admin)
        token = (await office.sign_in(account.login, password)).token
        gone: list[str] = []

        async def note(holder: str) -> None:
            gone.append(holder)

        office.accounts.on_holder_gone.append(note)
        await office.accounts.set_disabled(admin, account.id, True, HERE)
        assert await office.accounts.session_of(token) is None
        assert gone == [account.holder]
        await office.accounts.set_disabled(admin, account.id, False, HERE)
        await office.sign_in(account.login, password)

    in_office(tmp_path, act)


def test_disabled_account_is_signed_out_even_when_it_never_was_before(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        account, password = await office.staff(admin)
        token = (await office.sign_in(account.login, password)).token
        await office.accounts.reset_password(admin, account.id, HERE)
        assert await office.accounts.session_of(token) is None

    in_office(tmp_path, act)


def test_nobody_locks_themselves_out(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        own = [
            office.accounts.set_disabled(admin, admin.id, True, HERE),
            office.accounts.set_admin(admin, admin.id, False, HERE),
            office.accounts.reset_password(admin, admin.id, HERE),
        ]
        assert [await fault(one) for one in own] == [AccountFault.OWN_ACCOUNT] * 3

    in_office(tmp_path, act)


def test_last_administrator_stays_one(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        other = await office.admin("yuki")
        await office.accounts.set_admin(admin, other.id, False, HERE)
        # Somebody whose rights were just taken, with a page that is still open.
        switch = office.accounts.set_disabled(other, admin.id, True, HERE)
        assert await fault(switch) is AccountFault.LAST_ADMIN

    in_office(tmp_path, act)


def test_staff_manage_nobody(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        account, _password = await office.staff(admin)
        for forbidden in (
            office.accounts.create(account, "mine", "", HERE, is_admin=True),
            office.accounts.set_admin(account, account.id, True, HERE),
            office.accounts.reset_password(account, admin.id, HERE),
            office.accounts.reset_totp(account, admin.id, HERE),
            office.accounts.set_disabled(account, admin.id, True, HERE),
        ):
            assert (await refused(forbidden)).problem is Problem.NOT_ALLOWED

    in_office(tmp_path, act)


def test_login_is_there_once(tmp_path: Path) -> None:
    async def act(office: Office) -> None:
        admin = await office.admin()
        assert await fault(office.staff(admin, "HANA")) is AccountFault.LOGIN_TAKEN
        assert await fault(office.staff(admin, "<b>")) is AccountFault.LOGIN_MALFORMED

    in_office(tmp_path, act)


def test_database_holds_hashes_alone(tmp_path: Path) -> None:
    tokens: list[str] = []

    async def act(office: Office) -> None:
        await office.admin()
        tokens.append((await office.sign_in()).token)

    in_office(tmp_path, act)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert hash_token(tokens[0]) in stored
    assert tokens[0].encode() not in stored
    assert PASSWORD.encode() not in stored


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("short", AccountFault.PASSWORD_TOO_SHORT),
        ("aaaaaaaaaaaaaaa", AccountFault.PASSWORD_TOO_EASY),
        ("passwordhana", AccountFault.PASSWORD_TOO_EASY),
        ("1234567890123", AccountFault.PASSWORD_TOO_EASY),
        ("x" * 300, AccountFault.PASSWORD_TOO_LONG),
    ],
)
def test_password_that_is_tried_first_will_not_do(
    password: str, expected: AccountFault
) -> None:
    with pytest.raises(AccountError) as caught:
        check_password(password, "hana")
    assert caught.value.fault is expected


def test_drawn_password_will_do() -> None:
    for _ in range(50):
        check_password(draw_password(), "hana")


def test_code_is_taken_in_full_width_with_a_blank() -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    at = 1_700_000_000.0
    assert matching_step(secret, "", at) is None
    import pyotp

    code = pyotp.TOTP(secret).at(int(at))
    wide = code.translate({48 + n: 0xFF10 + n for n in range(10)})
    assert matching_step(secret, f"{wide[:3]} {wide[3:]}", at) == int(at) // 30


def test_name_loses_what_turns_writing_round() -> None:
    assert tidy_name(" 花\u202e子\x00\n  田中\u200b ") == "花子 田中"
