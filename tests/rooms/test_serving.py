"""The real process: how it says that it is ready, how it ends, and that it is alone."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from base.wire import (
    SOCKET_PATH,
    WIRE_VERSION,
    Close,
    Hello,
    Waiting,
    pack,
    parse_server,
)
from base.wire import SUBPROTOCOL as SUBPROTOCOL_NAME
from tests.support.rooms import running_service
from tests.support.source import ROOT

SUBPROTOCOL = Subprotocol(SUBPROTOCOL_NAME)


def test_says_where_it_is_and_is_well(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        assert service.url == f"http://127.0.0.1:{service.port}"
        answer = httpx.get(service.url + "/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ends_with_success_on_sigterm_and_complains_of_nothing(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        assert service.stop() == 0
        assert service.complaints() == []
        assert "Traceback" not in service.told()


def test_guest_is_told_on_sigterm_that_the_service_comes_back(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        headers = {"Authorization": f"Bearer {service.pair_display()}"}
        room = httpx.post(f"{service.url}/api/v1/rooms", json={}, headers=headers).json()
        seat = httpx.post(f"{service.url}/api/v1/join", json={"key": room["key"]}).json()
        with connect(service.socket_url + SOCKET_PATH, subprotocols=[SUBPROTOCOL]) as guest:
            guest.send(pack(Hello(token=seat["token"], version=WIRE_VERSION)))
            assert isinstance(parse_server(guest.recv(10)), Waiting)
            assert service.stop() == 0
            with pytest.raises(ConnectionClosed) as closed:
                guest.recv(10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == Close.SERVICE_ENDS
        assert service.complaints() == []


def test_comes_back_on_the_same_port_after_a_power_cut(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        url = service.url
        service.kill()
        service.start()
        assert service.url == url
        assert httpx.get(url + "/healthz").status_code == 200


def test_ends_with_its_parent(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        assert service.process is not None
        assert service.process.stdin is not None
        service.process.stdin.close()
        assert service.process.wait(20) == 0


def test_second_service_on_the_same_data_is_told_so(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        second = run("serve", "--data-dir", str(service.data_dir), "--port", "0")
    assert second.returncode == 1
    assert "another service is running" in second.stderr


def test_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        second = run(
            "serve", "--data-dir", str(tmp_path / "other"), "--port", str(service.port)
        )
    assert second.returncode == 1
    assert second.stderr.startswith("python -m rooms: cannot listen on 127.0.0.1")
    assert "Traceback" not in second.stderr


def test_data_is_for_nobody_else(tmp_path: Path) -> None:
    data_dir = tmp_path / "made"
    assert run("migrate", "--data-dir", str(data_dir)).returncode == 0
    assert [
        path for path in (data_dir, *data_dir.iterdir()) if path.stat().st_mode & 0o077
    ] == []


def test_administrator_and_display_are_made_beside_a_running_service(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        service.create_admin()
        assert len(service.pair_display()) >= 20


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaaaaaa"])
def test_poor_password_is_a_sentence(tmp_path: Path, password: str) -> None:
    told = run("create-admin", "head", "--data-dir", str(tmp_path), stdin=password + "\n")
    assert told.returncode == 1
    assert told.stderr.startswith("python -m rooms: the password")


def test_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    assert run("migrate", "--data-dir", str(tmp_path)).returncode == 0
    with sqlite3.connect(tmp_path / "rooms.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    told = run("serve", "--data-dir", str(tmp_path), "--port", "0")
    assert told.returncode == 1
    assert "later version" in told.stderr


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rooms", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
