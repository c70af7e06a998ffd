"""The console: what it shows, and to whom."""

import html
import re
from pathlib import Path

import pyotp
import pytest

from rooms.services.accounts import SESSION_IDLE_S
from tests.support.console import SCRIPT, Browser, in_console
from tests.support.staff import HERE, PASSWORD

PAGES = ["/staff", "/staff/me", "/staff/people", "/staff/displays", "/staff/log"]


@pytest.mark.parametrize("path", PAGES)
def test_page_wants_its_reader_signed_in(tmp_path: Path, path: str) -> None:
    async def act(browser: Browser) -> None:
        answer = await browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/staff/sign-in")
        assert answer.text == ""

    in_console(tmp_path, act)


def test_signing_in_leads_to_the_page_that_was_wanted(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        wanted = (await browser.get("/staff/log")).headers["location"]
        page = await browser.get(wanted)
        assert 'name="next" value="/staff/log"' in page.text
        form = {"login": "hana", "password": PASSWORD, "next": "/staff/log"}
        answer = await browser.post("/staff/sign-in", form)
        assert answer.headers["location"] == "/staff/log"

    in_console(tmp_path, act)


@pytest.mark.parametrize(
    "asked",
    ["//evil.example", "https://evil.example", "/staff/../..//evil", "/", "/staff/\r\nx"],
)
def test_signing_in_leads_to_no_other_site(tmp_path: Path, asked: str) -> None:
    async def act(browser: Browser) -> None:
        form = {"login": "hana", "password": PASSWORD, "next": asked}
        answer = await browser.post("/staff/sign-in", form)
        assert answer.headers["location"] == "/staff"

    in_console(tmp_path, act)


def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        cookie = (await browser.sign_in()).headers["set-cookie"]
        assert cookie.startswith("__Host-kokuban=")
        for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
            assert word in cookie
        assert "Domain" not in cookie

    in_console(tmp_path, act, public_url="https://rooms.example")


def test_on_a_loopback_address_the_cookie_has_its_plain_name(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        cookie = (await browser.sign_in()).headers["set-cookie"]
        assert cookie.startswith("kokuban=")
        assert "Secure" not in cookie

    in_console(tmp_path, act)


def test_wrong_sign_in_tells_nothing_and_keeps_the_password_out_of_the_page(
    tmp_path: Path,
) -> None:
    async def act(browser: Browser) -> None:
        texts = set()
        for login in ("hana", "nobody"):
            answer = await browser.sign_in(login, "wrong-password-9")
            assert answer.status_code == 401
            assert "wrong-password-9" not in answer.text
            assert "set-cookie" not in answer.headers
            texts.add(re.sub(r'nonce(=|-)"?[\w-]+"?', "", answer.text.replace(login, "X")))
        assert len(texts) == 1

    in_console(tmp_path, act)


def test_too_many_wrong_ones_are_told_to_wait(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        for _ in range(4):
            await browser.sign_in(password="x")
        answer = await browser.sign_in()
        assert answer.status_code == 429
        assert "Please try again in 2 seconds." in answer.text

    in_console(tmp_path, act)


@pytest.mark.parametrize("path", ["/staff/sign-in", "/staff/sign-out", "/staff/rooms"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_cross_site_form_is_refused(tmp_path: Path, path: str, origin: str) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        headers = {"Origin": origin} if origin else {}
        answer = await browser.client.post(path, data={"when": "now"}, headers=headers)
        assert answer.status_code == 403
        assert (await browser.get("/staff")).status_code == 200

    in_console(tmp_path, act)


def test_signing_out_ends_the_session_at_the_service(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        token = browser.client.cookies["kokuban"]
        await browser.post("/staff/sign-out")
        browser.client.cookies.set("kokuban", token)
        assert (await browser.get("/staff")).status_code == 303

    in_console(tmp_path, act)


def test_page_that_asks_again_by_itself_keeps_nobody_signed_in(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        for _ in range(3):
            browser.clock.go_on(SESSION_IDLE_S / 2)
            answer = await browser.get("/staff/list", **{"X-Kokuban-Poll": "1"})
        assert answer.status_code == 303

    in_console(tmp_path, act)


def test_second_step_is_set_up_and_asked_for(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        page = (await browser.get("/staff/me")).text
        assert "<svg" in page
        secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
        assert secret is not None
        totp = pyotp.TOTP(secret[1].replace(" ", ""))
        form = {"on": "1", "code": totp.at(browser.clock.now()), "password": PASSWORD}
        done = await browser.post("/staff/me/totp", form)
        assert done.headers["location"] == "/staff/me?said=totp_on"
        assert secret[1] not in (await browser.get("/staff/me")).text
        browser.client.cookies.clear()
        browser.clock.go_on(60)
        half = await browser.sign_in()
        assert half.status_code == 200
        assert "set-cookie" not in half.headers
        half_way = re.search(r'name="half_way" value="([^"]+)"', half.text)
        assert half_way is not None
        form = {"half_way": half_way[1], "code": totp.at(browser.clock.now())}
        done = await browser.post("/staff/sign-in/code", form)
        assert done.headers["location"] == "/staff"
        assert (await browser.get("/staff")).status_code == 200

    in_console(tmp_path, act)


def test_given_password_is_changed_before_anything_else(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        _account, given = await browser.services.accounts.create(
            browser.admin, "taro", "太郎", HERE
        )
        await browser.sign_in("taro", given)
        for path in ("/staff", "/staff/list"):
            assert (await browser.get(path)).headers["location"] == "/staff/me"
        new = "my very own words"
        form = {"old": given, "new": new, "again": new}
        done = await browser.post("/staff/me/password", form)
        assert done.headers["location"] == "/staff/me?said=password_changed"
        assert (await browser.get("/staff")).status_code == 200

    in_console(tmp_path, act)


@pytest.mark.parametrize("path", ["/staff/people", "/staff/displays", "/staff/log"])
def test_staff_see_nothing_that_is_the_administrators(tmp_path: Path, path: str) -> None:
    async def act(browser: Browser) -> None:
        await browser.add("taro")
        await browser.sign_in("taro")
        answer = await browser.get(path)
        assert answer.status_code == 403
        assert "Only administrators can do this." in answer.text
        assert path not in (await browser.get("/staff")).text

    in_console(tmp_path, act)


@pytest.mark.parametrize(
    "path",
    ["/staff/people", "/staff/displays", "/staff/displays/decide", "/staff/people/x/admin"],
)
def test_staff_change_nothing_that_is_the_administrators(tmp_path: Path, path: str) -> None:
    async def act(browser: Browser) -> None:
        own = await browser.add("taro")
        await browser.sign_in("taro")
        form = {"login": "mine", "admin": "1", "code": "AB2CDE3F", "answer": "yes"}
        answer = await browser.post(path.replace("x", own), form)
        assert answer.status_code == 403
        staff = await browser.services.accounts.staff()
        assert [one.account.login for one in staff] == ["hana", "taro"]
        assert not staff[1].account.is_admin

    in_console(tmp_path, act)


def test_new_colleague_gets_a_password_that_is_shown_once(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        page = await browser.post("/staff/people", {"login": "Taro", "name": "太郎"})
        given = re.search(r'id="given">([a-z0-9-]+)<', page.text)
        assert given is not None
        assert given[1] not in (await browser.get("/staff/people")).text
        browser.client.cookies.clear()
        assert (await browser.sign_in("taro", given[1])).status_code == 303

    in_console(tmp_path, act)


def test_colleague_who_is_switched_off_is_out_at_once(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        account_id = await browser.add("taro")
        await browser.sign_in("taro")
        theirs = browser.client.cookies["kokuban"]
        browser.client.cookies.clear()
        await browser.sign_in()
        await browser.post(f"/staff/people/{account_id}/disable")
        browser.client.cookies.set("kokuban", theirs)
        assert (await browser.get("/staff")).status_code == 303

    in_console(tmp_path, act)


def test_display_is_let_in_after_its_name_was_seen(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        asked = await browser.client.post("/api/v1/pairings", json={"name": "会議室 1"})
        assert asked.status_code == 201
        offer = asked.json()
        bearer = {"Authorization": f"Bearer {offer['secret']}"}
        await browser.sign_in()
        page = await browser.post("/staff/displays", {"code": offer["code"].lower()})
        assert "会議室 1" in page.text
        state = await browser.client.get("/api/v1/pairings", headers=bearer)
        assert state.json() == {"state": "waiting", "token": None}
        await browser.post("/staff/displays/decide", {"code": offer["code"], "answer": "yes"})
        state = await browser.client.get("/api/v1/pairings", headers=bearer)
        assert state.json()["state"] == "confirmed"
        assert state.json()["token"]
        assert "会議室 1" in (await browser.get("/staff/displays")).text

    in_console(tmp_path, act)


def test_unknown_code_of_a_display_is_told_in_words(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        answer = await browser.post("/staff/displays", {"code": f"AB2C{SCRIPT}"})
        assert answer.status_code == 404
        assert "No display shows this code now." in answer.text
        assert SCRIPT not in answer.text

    in_console(tmp_path, act)


def test_pairing_without_its_secret_is_told_nothing(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        answer = await browser.client.get("/api/v1/pairings")
        assert (answer.status_code, answer.json()["problem"]) == (401, "not_signed_in")
        unknown = {"Authorization": f"Bearer {'x' * 43}"}
        answer = await browser.client.get("/api/v1/pairings", headers=unknown)
        assert answer.json() == {"state": "expired", "token": None}

    in_console(tmp_path, act)


def test_script_in_names_is_shown_as_text_on_every_page(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        offer = await browser.services.pairings.ask(f"x{SCRIPT}", HERE)
        await browser.services.pairings.decide(browser.admin, offer.code, True, HERE)
        await browser.services.pairings.state(offer.secret)
        other = await browser.services.pairings.ask(f"y{SCRIPT}", HERE)
        await browser.sign_in()
        pages = [(await browser.get(path)).text for path in PAGES]
        pages.append((await browser.post("/staff/displays", {"code": other.code})).text)
        form = {"login": SCRIPT, "name": f'"{SCRIPT}'}
        pages.append((await browser.post("/staff/people", form)).text)
        pages.append((await browser.post("/staff/people", {"login": "z", "name": "x"})).text)
        browser.client.cookies.clear()
        pages.append((await browser.sign_in(f'"{SCRIPT}', "x")).text)
        for page in pages:
            assert SCRIPT not in page
        assert sum(html.escape(SCRIPT) in page for page in pages) >= 7

    in_console(tmp_path, act)


@pytest.mark.parametrize("path", [*PAGES, "/staff/sign-in", "/staff/nothing"])
def test_page_runs_and_paints_nothing_of_its_own_line(tmp_path: Path, path: str) -> None:
    async def act(browser: Browser) -> None:
        if path != "/staff/sign-in":
            await browser.sign_in()
        answer = await browser.get(path)
        nonce = re.search(
            r"script-src 'nonce-([^']+)'", answer.headers["content-security-policy"]
        )
        assert nonce is not None
        for tag in re.findall(r"<script[^>]*>", answer.text):
            assert f'nonce="{nonce[1]}"' in tag or 'type="application/json"' in tag
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text)
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text)

    in_console(tmp_path, act)


@pytest.mark.parametrize("body", [b"\xff=\xff", b"&".join(b"a=1" for _ in range(50))])
def test_odd_form_is_malformed(tmp_path: Path, body: bytes) -> None:
    async def act(browser: Browser) -> None:
        headers = {
            "Origin": browser.origin,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = await browser.client.post("/staff/sign-in", content=body, headers=headers)
        assert answer.status_code == 400
        answer = await browser.client.post(
            "/staff/sign-in", json={}, headers={"Origin": browser.origin}
        )
        assert answer.status_code == 415

    in_console(tmp_path, act)


def test_log_can_be_leafed_through(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        for _ in range(60):
            with pytest.raises(ValueError, match="login_malformed"):
                await browser.services.accounts.create(browser.admin, "<", "", HERE)
            await browser.services.accounts.sign_out_everywhere(browser.admin, HERE)
            await browser.sign_in()
        first = (await browser.get("/staff/log")).text
        older = re.search(r'href="(/staff/log\?before=\d+)"', first)
        assert older is not None
        second = (await browser.get(older[1])).text
        assert "made an account" in second
        assert "made an account" not in first

    in_console(tmp_path, act)


async def opened(browser: Browser, **form: str) -> str:
    """Open a room by the form, and return the address of its page."""
    answer = await browser.post("/staff/rooms", {"when": "now"} | form)
    assert answer.status_code == 303
    path = answer.headers["location"]
    assert re.fullmatch(r"/staff/rooms/[A-Za-z0-9_-]+", path)
    return str(path)


def test_opened_room_shows_its_key_link_and_code(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        page = (await browser.get(await opened(browser, title=SCRIPT))).text
        key = re.search(r'id="key">(\d{4})-(\d{4})<', page)
        assert key is not None
        assert f'value="{browser.origin}/r#{key[1]}{key[2]}"' in page
        assert "<svg" in page
        assert SCRIPT not in page
        listed = (await browser.get("/staff")).text
        assert f"{key[1]}-{key[2]}" in listed
        assert SCRIPT not in listed

    in_console(tmp_path, act)


def test_room_is_planned_in_the_zone_of_the_service(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        opens = browser.clock.now().strftime("%Y-%m-%dT10:30")
        await opened(browser, when="later", opens=opens, length_min="90")
        (room,) = await browser.services.hub.rooms_of(browser.admin)
        assert room.state == "planned"
        assert (room.opens_in_s, room.closes_in_s) == (90 * 60, 180 * 60)

    in_console(tmp_path, act)


@pytest.mark.parametrize(
    "form",
    [
        {"opens": "", "length_min": "60"},
        {"opens": "2026-11-21T09:00", "length_min": "60"},
        {"opens": "2026-11-23T09:00", "length_min": ""},
        {"opens": "2026-11-23T09:00", "length_min": "-5"},
        {"opens": "9999-12-31T23:59", "length_min": "60"},
        {"opens": "2026-11-23T09:00", "length_min": "9" * 40},
        {"when": "now", "title": "x" * 200},
    ],
)
def test_room_that_cannot_be_opened_is_told_and_what_was_typed_stays(
    tmp_path: Path, form: dict[str, str]
) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        sent = {"when": "later", "title": f"相談{SCRIPT}"} | form
        answer = await browser.post("/staff/rooms", sent)
        assert answer.status_code == 400
        assert "The room could not be opened like this." in answer.text
        assert html.escape(sent["title"]) in answer.text
        assert SCRIPT not in answer.text
        assert await browser.services.hub.rooms_of(None) == []

    in_console(tmp_path, act)


def test_room_of_a_colleague_is_not_there(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.add("taro")
        await browser.sign_in()
        path = await opened(browser)
        browser.client.cookies.clear()
        await browser.sign_in("taro")
        for page in (path, f"{path}/in"):
            answer = await browser.get(page)
            assert answer.status_code == 404
            assert "It may be over, or belong to somebody else." in answer.text
        assert (await browser.post(f"{path}/end")).status_code == 404
        assert path not in (await browser.get("/staff")).text
        assert len(await browser.services.hub.rooms_of(browser.admin)) == 1

    in_console(tmp_path, act)


def test_ended_room_leaves_the_list(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        path = await opened(browser)
        answer = await browser.post(f"{path}/end")
        assert answer.headers["location"] == "/staff?said=room_ended"
        assert path not in (await browser.get("/staff")).text

    in_console(tmp_path, act)


def test_page_of_a_room_is_in_the_policy(tmp_path: Path) -> None:
    async def act(browser: Browser) -> None:
        await browser.sign_in()
        answer = await browser.get(f"{await opened(browser, title=SCRIPT)}/in")
        assert answer.status_code == 200
        assert SCRIPT not in answer.text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text)

    in_console(tmp_path, act)
