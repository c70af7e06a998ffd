"""The guest's page over HTTP: in three languages, strict, cacheable and small."""

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from rooms.web.static_files import static_files
from tests.support.rooms import in_app
from tools.catalogues import compile_stale

MAX_PAGE_BYTES = 300 * 1024
Answer = TypeVar("Answer")


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    compile_stale()


def asked(
    tmp_path: Path, ask: Callable[[httpx.AsyncClient], Awaitable[Answer]], **settings: object
) -> Answer:
    async def run() -> Answer:
        async with in_app(tmp_path, **settings) as client:
            return await ask(client)

    return asyncio.run(run())


def page(
    tmp_path: Path, path: str = "/", language: str = "ja", **settings: object
) -> httpx.Response:
    return asked(
        tmp_path,
        lambda client: client.get(path, headers={"accept-language": language}),
        **settings,
    )


@pytest.mark.parametrize("path", ["/", "/r"])
def test_page_is_there_for_who_types_and_for_who_follows_a_link(
    tmp_path: Path, path: str
) -> None:
    answer = page(tmp_path, path)
    assert answer.status_code == 200
    assert "相談室に入る" in answer.text


def test_page_speaks_the_language_that_was_chosen_and_keeps_it(tmp_path: Path) -> None:
    answer = page(tmp_path, "/?lang=ja-easy", "en")
    assert "そうだんの へやに 入る" in answer.text
    assert 'lang="ja"' in answer.text
    assert "kokuban-language=ja-easy" in answer.headers["set-cookie"]


def test_language_of_the_browser_leaves_no_cookie(tmp_path: Path) -> None:
    answer = page(tmp_path, "/", "en-US")
    assert "Come into the room" in answer.text
    assert "set-cookie" not in answer.headers


def test_first_screen_has_one_field_and_one_button(tmp_path: Path) -> None:
    screen = re.search(r'data-of="key".*?</section>', page(tmp_path).text, re.DOTALL)
    assert screen is not None
    assert len(re.findall(r"<input|<textarea|<select", screen.group())) == 1
    assert len(re.findall(r"<button", screen.group())) == 1


def test_room_has_three_controls_until_staff_use_more(tmp_path: Path) -> None:
    controls = re.search(r'<div class="controls".*?</div>', page(tmp_path).text, re.DOTALL)
    assert controls is not None
    buttons = re.findall(r"<button[^>]*>", controls.group())
    assert len([button for button in buttons if " hidden" not in button]) == 3


def test_page_names_whom_to_call(tmp_path: Path) -> None:
    answer = page(tmp_path, phone="029-000-0000", organisation="<b>市役所</b>")
    assert 'href="tel:029-000-0000"' in answer.text
    assert "&lt;b&gt;市役所&lt;/b&gt;" in answer.text


def test_page_links_to_the_source_of_a_service_that_says_where_it_is(tmp_path: Path) -> None:
    link = 'href="https://code.example.jp/?a=1&amp;b=%22"'
    assert link in page(tmp_path, source_url="https://code.example.jp/?a=1&b=%22").text
    signing_in = page(tmp_path, "/staff/sign-in", source_url="https://code.example.jp/k")
    assert 'href="https://code.example.jp/k"' in signing_in.text
    assert "ソースコード" not in page(tmp_path).text


def test_every_script_of_the_page_carries_its_nonce(tmp_path: Path) -> None:
    first, second = page(tmp_path), page(tmp_path)
    policy = first.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    for script in re.findall(r"<script(?! type=\"application/json\")[^>]*>", first.text):
        assert f'nonce="{nonce.group(1)}"' in script
    assert policy != second.headers["content-security-policy"]
    assert "style=" not in first.text
    assert first.headers["cache-control"] == "no-store"


def test_catalogue_cannot_end_the_script_that_carries_it(tmp_path: Path) -> None:
    carried = re.search(r'id="texts">(.*?)</script>', page(tmp_path).text, re.DOTALL)
    assert carried is not None
    assert "<" not in carried.group(1)
    assert json.loads(carried.group(1))["language"] == "ja"


def test_file_is_kept_for_ever_under_its_version_and_not_under_another(tmp_path: Path) -> None:
    files = static_files()

    async def ask(client: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        return (
            await client.get(files.url("guest.js")),
            await client.get("/static/0123456789abcdef/guest.js"),
        )

    ours, other = asked(tmp_path, ask)
    assert "immutable" in ours.headers["cache-control"]
    assert ours.headers["content-encoding"] == "gzip"
    assert ours.headers["content-type"].startswith("text/javascript")
    assert other.status_code == 200
    assert other.headers["cache-control"] == "no-cache"


def test_file_that_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    files = static_files()
    headers = {"if-none-match": f'"{files.version}"'}
    answer = asked(tmp_path, lambda client: client.get(files.url("guest.js"), headers=headers))
    assert answer.status_code == 304
    assert answer.content == b""


@pytest.mark.parametrize("path", ["nothing.js", "..%2f..%2fweb%2fpages.py", "%2e%2e/texts.py"])
def test_file_that_is_none_is_not_found(tmp_path: Path, path: str) -> None:
    answer = asked(
        tmp_path, lambda client: client.get(f"/static/{static_files().version}/{path}")
    )
    assert answer.status_code == 404
    assert answer.json()["problem"] == "not_found"


@pytest.mark.parametrize("language", ["ja", "en", "ja-easy"])
def test_whole_page_is_small(tmp_path: Path, language: str) -> None:
    files = static_files()
    html = page(tmp_path, f"/?lang={language}").content
    paths = [*files.modules_of("guest.js", later=True), "guest.css", "icon.svg"]
    sizes = {"html": len(gzip.compress(html))}
    for path in paths:
        file = files.get(path)
        assert file is not None
        sizes[path] = len(file.packed or file.plain)
    assert sum(sizes.values()) <= MAX_PAGE_BYTES, sizes
