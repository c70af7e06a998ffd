"""What holds for every request."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from base.wire import Problem
from rooms.model.refusal import Refused
from rooms.services.config import RoomsSettings
from rooms.web import security

URL = "https://rooms.example"


def settings(tmp_path: Path, **given: object) -> RoomsSettings:
    return RoomsSettings(
        **{"data_dir": tmp_path, "public_url": URL, "phone": "029-883-1111"} | given
    )


def make(tmp_path: Path, **given: object) -> FastAPI:
    app = FastAPI()
    security.install(app, settings(tmp_path, **given))

    @app.get("/refused/{problem}")
    async def refused(problem: Problem) -> None:
        raise Refused(problem, retry_s=2.5, detail="not for the caller")

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("a secret")

    @app.post("/length")
    @app.post("/api/v1/rooms/r/files")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.get("/page")
    async def page(request: Request) -> Response:
        return Response(request.state.csp_nonce, headers={"Cache-Control": "private"})

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    return app


def ask(
    app: FastAPI, method: str, path: str, *, url: str = URL, **given: object
) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            return await client.request(method, path, **given)  # type: ignore[arg-type]

    return asyncio.run(run())


def policy(answer: httpx.Response) -> dict[str, str]:
    rules = answer.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (rule.partition(" ") for rule in rules)}


@pytest.mark.parametrize("path", ["/page", "/refused/wrong_key", "/nothing", "/healthz"])
def test_every_answer_has_the_strict_headers(tmp_path: Path, path: str) -> None:
    answer = ask(make(tmp_path), "GET", path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert "camera=(self)" in answer.headers["permissions-policy"]
    assert "geolocation=()" in answer.headers["permissions-policy"]


def test_broken_answer_has_the_strict_headers_too(tmp_path: Path, expected_log) -> None:
    expected_log("a request broke")
    answer = ask(make(tmp_path), "GET", "/broken")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_policy_runs_nothing_but_what_has_the_nonce_of_this_answer(tmp_path: Path) -> None:
    app = make(tmp_path)
    first, second = (ask(app, "GET", "/page") for _ in range(2))
    assert policy(first)["script-src"] == f"'nonce-{first.text}'"
    assert len(first.text) >= 22
    assert first.text != second.text


def test_policy_makes_no_elements_of_text(tmp_path: Path) -> None:
    rules = policy(ask(make(tmp_path), "GET", "/page"))
    assert rules["require-trusted-types-for"] == "'script'"
    assert rules["trusted-types"] == "kokuban-list"


def test_policy_lets_no_other_site_in(tmp_path: Path) -> None:
    rules = policy(ask(make(tmp_path), "GET", "/page"))
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["base-uri"] == "'none'"
    assert rules["connect-src"] == "'self' wss://rooms.example"
    everything = " ".join(rules.values())
    assert "unsafe" not in everything
    assert "*" not in everything
    assert not re.search(r"https?:", everything)


def test_without_tls_no_transport_security_is_promised(tmp_path: Path) -> None:
    answer = ask(make(tmp_path, public_url=""), "GET", "/page", url="http://127.0.0.1:8460")
    assert "strict-transport-security" not in answer.headers
    assert "upgrade-insecure-requests" not in policy(answer)


def test_private_answers_are_kept_by_nobody_unless_they_say_so(tmp_path: Path) -> None:
    app = make(tmp_path)
    assert ask(app, "GET", "/nothing").headers["cache-control"] == "no-store"
    assert ask(app, "GET", "/page").headers["cache-control"] == "private"


@pytest.mark.parametrize("problem", list(Problem))
def test_refusal_is_answered_as_one(tmp_path: Path, problem: Problem, allowed_log) -> None:
    allowed_log("refused")
    answer = ask(make(tmp_path), "GET", f"/refused/{problem.value}")
    assert answer.status_code == security.STATUS[problem]
    assert answer.status_code >= 400
    told = answer.json()
    assert (told["problem"], told["retry_s"]) == (problem.value, 2.5)
    assert answer.headers["retry-after"] == "3"
    assert "not for the caller" not in answer.text
    expects_phone = problem in {Problem.WRONG_KEY, Problem.LOCKED_OUT}
    assert told["phone"] == ("029-883-1111" if expects_phone else "")


def test_unforeseen_error_tells_the_caller_nothing(tmp_path: Path, expected_log) -> None:
    expected_log("a request broke.*ZeroDivisionError")
    answer = ask(make(tmp_path), "GET", "/broken")
    assert answer.status_code == 500
    assert answer.json()["problem"] == "broken"
    assert "secret" not in answer.text


def test_what_is_not_there_is_refused_as_json(tmp_path: Path) -> None:
    assert ask(make(tmp_path), "GET", "/nothing").json()["problem"] == "not_found"
    wrong_method = ask(make(tmp_path), "DELETE", "/page", headers={"Origin": URL})
    assert wrong_method.status_code == 405
    assert wrong_method.json()["problem"] == "malformed"


def test_malformed_request_does_not_get_its_own_words_back(tmp_path: Path) -> None:
    answer = ask(make(tmp_path), "GET", "/refused/my-password")
    assert answer.status_code == 400
    assert answer.json()["problem"] == "malformed"
    assert "my-password" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://rooms.example.evil.example"},
        {"Origin": "http://rooms.example"},
        {"Origin": "https://rooms.example:8443"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": URL, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_foreign_page_changes_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    answer = ask(make(tmp_path), "POST", "/length", headers=headers, content=b"x")
    assert answer.status_code == 403
    assert answer.json()["problem"] == "foreign_origin"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": URL},
        {"Origin": URL, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_own_page_and_own_programs_are_let_through(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    answer = ask(make(tmp_path), "POST", "/length", headers=headers, content=b"x")
    assert answer.text == "1"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "rooms.example.evil.example", ""]
)
def test_name_that_is_not_ours_is_not_served(tmp_path: Path, host: str) -> None:
    answer = ask(make(tmp_path), "GET", "/page", headers={"Host": host})
    assert answer.json()["problem"] == "foreign_origin"
    assert ask(make(tmp_path), "GET", "/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8460", "localhost:8460", "[::1]:8460"])
def test_this_machine_has_several_names_for_itself(tmp_path: Path, host: str) -> None:
    app = make(tmp_path, public_url="")
    answer = ask(
        app,
        "POST",
        "/length",
        url=f"http://{host}",
        headers={"Origin": f"http://{host}"},
        content=b"xy",
    )
    assert answer.text == "2"


def test_body_that_says_it_is_too_large_is_not_read(tmp_path: Path) -> None:
    limit = security.MAX_BODY_BYTES
    app = make(tmp_path)
    assert ask(app, "POST", "/length", content=b"x" * limit).text == str(limit)
    answer = ask(app, "POST", "/length", content=b"x" * (limit + 1))
    assert answer.status_code == 413
    assert answer.json()["problem"] == "too_large"


def test_body_that_does_not_say_its_size_is_cut_off(tmp_path: Path) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            assert read < 1000
            yield b"x" * 4096

    answer = ask(make(tmp_path), "POST", "/length", content=endless())
    assert answer.status_code == 413
    assert answer.json()["problem"] == "too_large"


def test_file_may_be_as_large_as_it_is_set(tmp_path: Path) -> None:
    app = make(tmp_path, files_max_mb=1, document_max_mb=2)
    fits = ask(app, "POST", "/api/v1/rooms/r/files", content=b"x" * 2_000_000)
    assert fits.text == "2000000"
    more = ask(app, "POST", "/api/v1/rooms/r/files", content=b"x" * 2_000_001)
    assert more.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "９", "9" * 30, ""])
def test_odd_length_is_malformed(tmp_path: Path, length: str) -> None:
    headers = {"Content-Length": length.encode()}
    answer = ask(make(tmp_path), "POST", "/length", headers=headers, content=b"")
    assert answer.status_code in {400, 413}
