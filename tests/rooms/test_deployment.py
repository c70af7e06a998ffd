"""The examples in packaging/rooms are taken by the programs they are for."""

import base64
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rooms.services.config import RoomsSettings
from tests.support.relay import SECRET, running_relay
from tests.support.source import ROOT

ROOMS = ROOT / "packaging" / "rooms"
UNIT = ROOMS / "kokuban-rooms.service"
WORST_EXPOSURE = 1.5

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd here"
)
needs_caddy = pytest.mark.skipif(shutil.which("caddy") is None, reason="no Caddy here")
needs_coturn = pytest.mark.skipif(
    shutil.which("turnserver") is None or shutil.which("turnutils_uclient") is None,
    reason="no coturn here",
)


@needs_systemd
def test_unit_is_valid_and_tightly_sandboxed(tmp_path: Path) -> None:
    # The interpreter lies in a virtual environment that this machine need not have.
    text = UNIT.read_text("utf-8")
    text = text.replace("/opt/kokuban/.venv/bin/python", shutil.which("true") or "")
    here = tmp_path / UNIT.name
    here.write_text(text)
    verified = _run("systemd-analyze", "verify", "--man=no", str(here))
    assert (verified.returncode, verified.stdout) == (0, "")
    exposure = _run("systemd-analyze", "security", "--offline=true", "--no-pager", str(here))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", exposure.stdout)
    assert found is not None
    assert float(found.group(1)) <= WORST_EXPOSURE


@needs_caddy
def test_caddy_takes_its_file(tmp_path: Path) -> None:
    text = (ROOMS / "Caddyfile").read_text("utf-8").replace("/var/log/caddy", str(tmp_path))
    (tmp_path / "Caddyfile").write_text(text)
    done = _run(
        *(
            "caddy",
            "validate",
            "--adapter",
            "caddyfile",
            "--config",
            str(tmp_path / "Caddyfile"),
        ),
        HOME=str(tmp_path),
    )
    assert "Valid configuration" in done.stdout


def test_environment_file_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    example = (ROOMS / "rooms.env").read_text("utf-8")
    lines = re.findall(r"^#?(KOKUBAN_ROOMS_[A-Z_]+)=(.*)$", example, re.MULTILINE)
    assert len(lines) >= 8
    known = {f"KOKUBAN_ROOMS_{name}".upper() for name in RoomsSettings.model_fields}
    assert [name for name, _value in lines if name not in known] == []
    for name, value in lines:
        monkeypatch.setenv(name, value.strip('"') or "filled in")
    settings = RoomsSettings()
    assert settings.is_https
    assert settings.trusted_proxies == ("127.0.0.1", "::1")
    assert len(settings.turn_urls) == 2


@dataclass(frozen=True, slots=True)
class Relay:
    """A coturn with our example's settings, on loopback."""

    port: int

    def ask(self, user: str, password: str, peer: str) -> str:
        """Return what coturn's own client says when it wants to send to `peer`."""
        done = _run(
            *("timeout", "2", "turnutils_uclient", "-c", "-n", "1", "-u", user, "-w", password),
            *("-p", str(self.port), "-e", peer, "127.0.0.1"),
        )
        return done.stdout


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with running_relay(tmp_path_factory.mktemp("relay")) as port:
        yield Relay(port)


def credentials(expires_in_s: float) -> tuple[str, str]:
    user = f"{int(time.time() + expires_in_s)}:seat"
    mac = hmac.new(SECRET.encode(), user.encode(), hashlib.sha1).digest()
    return user, base64.b64encode(mac).decode()


@needs_coturn
def test_relay_refuses_who_has_no_credentials_of_ours(relay: Relay) -> None:
    user, password = credentials(600)
    assert "Cannot complete Allocation" in relay.ask(user, "guessed", "198.41.0.4")
    old = credentials(-10)
    assert "Cannot complete Allocation" in relay.ask(*old, "198.41.0.4")
    assert "Cannot complete Allocation" not in relay.ask(user, password, "198.41.0.4")


@needs_coturn
@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254"])
def test_relay_refuses_peers_of_our_own_network(relay: Relay, peer: str) -> None:
    assert "403 (Forbidden IP)" in relay.ask(*credentials(600), peer)


@needs_coturn
def test_relay_takes_the_credentials_that_the_service_makes(relay: Relay) -> None:
    user, password = credentials(600)
    said = relay.ask(user, password, "198.41.0.4")
    assert "Cannot complete Allocation" not in said
    assert "Forbidden" not in said


def _run(*command: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )
