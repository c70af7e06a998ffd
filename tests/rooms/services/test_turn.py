from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from rooms.services.turn import Turn


class StillClock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(1_000_000, UTC)

    def monotonic_s(self) -> float:
        return 0.0


def test_credentials_are_what_coturn_computes_and_run_out():
    turn = Turn(StillClock(), ["turn:t.example"], "shared", ["stun:s.example"], 3600)
    stun, relay = turn.servers("seat1")
    assert stun.urls == ("stun:s.example",)
    assert relay.username == "1003600:seat1"
    digest = hmac.new(b"shared", relay.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(relay.credential) == digest


def test_without_a_secret_no_relay_is_offered():
    assert Turn(StillClock(), ["turn:t.example"], "", (), 3600).servers("seat1") == ()
