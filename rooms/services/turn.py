"""Credentials for the TURN server that run out (the REST convention that coturn follows).

The name is the second at which they end and whose they are; the password is its HMAC-SHA1
under the secret that the service shares with coturn (`use-auth-secret`). Nothing is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from base.clock import Clock
from base.wire import IceServer


class Turn:
    """Makes what a browser needs to find its way through a firewall.

    Args:
        clock: When credentials end.
        turn_urls: `turn:` and `turns:` addresses; none without a TURN server.
        turn_secret: What coturn knows, too; without it no TURN server is offered.
        stun_urls: `stun:` addresses.
        valid_s: How long credentials hold.
    """

    def __init__(
        self,
        clock: Clock,
        turn_urls: Sequence[str],
        turn_secret: str,
        stun_urls: Sequence[str],
        valid_s: float,
    ) -> None:
        self._clock = clock
        self._turn_urls = tuple(turn_urls)
        self._secret = turn_secret.encode()
        self._stun_urls = tuple(stun_urls)
        self._valid_s = valid_s

    def servers(self, seat: str) -> tuple[IceServer, ...]:
        """Return what a seat may use from now on."""
        stun = (IceServer(urls=self._stun_urls),) if self._stun_urls else ()
        if not self._turn_urls or not self._secret:
            return stun
        username = f"{int(self._clock.now().timestamp() + self._valid_s)}:{seat}"
        # SHA-1 is what the convention says; as the hash of an HMAC it is sound.
        digest = hmac.new(self._secret, username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode()
        turn = IceServer(urls=self._turn_urls, username=username, credential=credential)
        return (*stun, turn)
