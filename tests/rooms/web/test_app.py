"""The application as a whole: what it tells of itself, and that it says nothing unasked."""

import asyncio
from pathlib import Path
from typing import Any

from rooms.web.app import OPENAPI_PATH
from tests.support.rooms import in_app, in_app_services


def described(tmp_path: Path) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        async with in_app(tmp_path) as client:
            answer = await client.get(OPENAPI_PATH)
            assert answer.status_code == 200
            found: dict[str, Any] = answer.json()
            return found

    return asyncio.run(ask())


def operations(found: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]


def test_description_has_the_routes_of_every_part(tmp_path: Path) -> None:
    paths = set(described(tmp_path)["paths"])
    assert {
        "/healthz",
        "/api/v1/join",
        "/api/v1/rooms",
        "/api/v1/rooms/{room}/seats",
        "/api/v1/pairings",
    } <= paths
    assert any(path.endswith("/files") for path in paths)
    assert any(path.endswith("/documents") for path in paths)


def test_every_refusal_is_described_as_what_it_is(tmp_path: Path) -> None:
    found = described(tmp_path)
    wrong = []
    for name, operation in operations(found):
        for status, answer in operation["responses"].items():
            # 416 is about a range of a file, and says so in a header.
            if status.startswith(("4", "5")) and status != "416":
                schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
                if not schema.get("$ref", "").endswith("/Refusal"):
                    wrong.append(f"{name} {status}")
    assert wrong == []


def test_every_route_of_the_interface_says_that_it_may_refuse(tmp_path: Path) -> None:
    silent = [
        name
        for name, operation in operations(described(tmp_path))
        if "/api/" in name and "400" not in operation["responses"]
    ]
    assert silent == []


def test_operations_have_names_of_their_own(tmp_path: Path) -> None:
    names = [op["operationId"] for _, op in operations(described(tmp_path))]
    assert len(names) == len(set(names))


def test_pages_that_load_scripts_from_elsewhere_are_not_there(tmp_path: Path) -> None:
    async def ask() -> list[int]:
        async with in_app(tmp_path) as client:
            return [(await client.get(path)).status_code for path in ("/docs", "/redoc")]

    assert asyncio.run(ask()) == [404, 404]


def test_address_that_does_not_exist_is_refused_like_everything_else(tmp_path: Path) -> None:
    async def ask() -> None:
        async with in_app(tmp_path) as client:
            answer = await client.get("/api/v1/nothing")
            assert (answer.status_code, answer.json()["problem"]) == (404, "not_found")

    asyncio.run(ask())


def test_second_start_on_the_same_data_finds_what_was_there(tmp_path: Path) -> None:
    async def start() -> list[str]:
        async with in_app_services(tmp_path) as (app, _client):
            return [entry.act for entry in await app.state.services.audit.read()]

    assert asyncio.run(start()) == ["service_started"]
    assert asyncio.run(start()) == ["service_started", "service_ended", "service_started"]
