"""Lets this display into a consultation service, and keeps the token that it gets.

A code is shown on the display, an administrator of the service confirms it, and the token
comes once. It lies in the data folder, readable for this user alone, beside the address of
the service that it is for: a token is never sent to another one.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from base.errors import AppError, ErrorCode
from base.wire import PairingOffered, Token
from meeting.services.room_client import RoomClient
from meeting.services.room_error import RoomError, fault
from meeting.services.room_http import parse_base_url

FILE_NAME: Final = "rooms-tokens.json"
FILE_VERSION: Final = 1
POLL_S: Final = 2.0
"""How often an administrator's answer is asked for."""
_TOKEN: Final[TypeAdapter[str]] = TypeAdapter(Token)


class TokenStore:
    """The tokens of this display, one for each service. Calls wait for the disk.

    Args:
        data_dir: An existing folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME
        self._log = structlog.get_logger(__name__)

    def read(self, url: str) -> str | None:
        """Return the token for a service; None when the display is not paired with it."""
        return self._read_all().get(url)

    def write(self, url: str, token: str) -> None:
        """Keep the token for a service, in the place of an older one.

        Raises:
            AppError: READ_ONLY, when it cannot be kept.
        """
        self._write_all(self._read_all() | {url: token})

    def forget(self, url: str) -> None:
        """Forget the token for a service.

        Raises:
            AppError: READ_ONLY, when the file cannot be changed.
        """
        tokens = self._read_all()
        if tokens.pop(url, None) is not None:
            self._write_all(tokens)

    def _read_all(self) -> dict[str, str]:
        try:
            return _parse_file(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            # The display can be paired anew; that it has to be is what people are told.
            self._log.warning("tokens cannot be read", error=str(error))
            return {}

    def _write_all(self, tokens: dict[str, str]) -> None:
        body = {"version": FILE_VERSION, "tokens": tokens}
        beside = self._path.with_name(self._path.name + ".new")
        try:
            beside.unlink(missing_ok=True)
            # Made with its mode: it is never readable for others, not for a moment.
            made = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(made, "w", encoding="utf-8") as file:
                json.dump(body, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            raise AppError(ErrorCode.READ_ONLY, f"{self._path}: {error.strerror}") from error


class Pairing(Enum):
    """How a pairing went."""

    CONFIRMED = auto()
    REFUSED = auto()
    EXPIRED = auto()


@dataclass(frozen=True, slots=True)
class Paired:
    """The end of a pairing.

    Attributes:
        outcome: How it went.
        token: The display's, with `CONFIRMED`; it is in the store already.
    """

    outcome: Pairing
    token: str | None = None


async def pair(
    url: str,
    name: str,
    store: TokenStore,
    show_code: Callable[[PairingOffered], None],
    *,
    poll_s: float = POLL_S,
) -> Paired:
    """Ask a service to let this display in, and wait for the answer.

    A service that cannot be reached meanwhile is asked again until the code expires.
    Cancel it when the person in front of the display gives up.

    Args:
        url: The service's address.
        name: What the administrator reads: where this display stands.
        store: Keeps the token.
        show_code: Shows the code; called once, on the loop's thread.
        poll_s: Seconds between two questions.

    Raises:
        RoomError: refused or unreachable at the beginning, or an answer without sense.
        AppError: READ_ONLY, when the token cannot be kept.
    """
    address = parse_base_url(url)
    async with RoomClient(address) as client:
        offered = await client.ask_pairing(name)
        show_code(offered)
        try:
            async with asyncio.timeout(offered.expires_in_s):
                answer = await _answer(client, offered.secret, poll_s)
        except TimeoutError:
            return Paired(Pairing.EXPIRED)
    if answer.token is not None:
        await asyncio.to_thread(store.write, address, answer.token)
    return answer


async def _answer(client: RoomClient, secret: str, poll_s: float) -> Paired:
    while True:
        try:
            state = await client.pairing_state(secret)
        except RoomError as error:
            if error.code is not ErrorCode.ROOMS_UNREACHABLE:
                raise
        else:
            match state.state:
                case "refused":
                    return Paired(Pairing.REFUSED)
                case "expired":
                    return Paired(Pairing.EXPIRED)
                case "confirmed":
                    if state.token is None:
                        raise fault("a pairing was confirmed without a token")
                    return Paired(Pairing.CONFIRMED, state.token)
                case "waiting":
                    pass
        await asyncio.sleep(poll_s)


def _parse_file(content: bytes) -> dict[str, str]:
    """Return the tokens of a file.

    Raises:
        ValueError: it is not one, or of a later version.
    """
    body = json.loads(content)
    tokens = body.get("tokens") if isinstance(body, dict) else None
    if not isinstance(tokens, dict) or body.get("version") != FILE_VERSION:
        raise ValueError("not a file of tokens of a known version")
    return {str(url): _checked(token) for url, token in tokens.items()}


def _checked(token: object) -> str:
    try:
        return _TOKEN.validate_python(token)
    except ValidationError as error:
        raise ValueError("a token of another form") from error
