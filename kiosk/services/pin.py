"""The PIN before the settings: a salted scrypt hash in the data folder."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE_NAME: Final = "pin.json"
# 16 MB and some 50 ms for one try: short enough to be answered at once.
_COST: Final = 2**14
_COST_LIMIT: Final = 2**17
_BLOCK: Final = 8
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class _Stored:
    salt: bytes
    digest: bytes
    cost: int


def _digest(pin: str, salt: bytes, cost: int) -> bytes:
    memory = 256 * cost * _BLOCK
    return hashlib.scrypt(
        pin.encode(), salt=salt, n=cost, r=_BLOCK, p=1, maxmem=memory, dklen=32
    )


class PinStore:
    """Keeps, checks and forgets the PIN. UI thread.

    Args:
        data_dir: An existing folder.
        random_bytes: Where salts come from.
    """

    def __init__(
        self, data_dir: Path, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._path = data_dir / FILE_NAME
        self._random_bytes = random_bytes
        self._stored = _read(self._path)

    @property
    def is_set(self) -> bool:
        """Return whether a PIN is asked for."""
        return self._stored is not None

    def set(self, pin: str) -> None:
        """Ask for `pin` from now on.

        Raises:
            OSError: it could not be kept; the old one stays.
        """
        salt = self._random_bytes(_SALT_BYTES)
        made = _Stored(salt, _digest(pin, salt, _COST), _COST)
        body = {"cost": made.cost, "salt": made.salt.hex(), "scrypt": made.digest.hex()}
        beside = self._path.with_suffix(".new")
        with open(
            beside,
            "w",
            encoding="utf-8",
            opener=lambda name, flags: os.open(name, flags, 0o600),
        ) as file:
            json.dump(body, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self._stored = made

    def clear(self) -> None:
        """Ask for none from now on.

        Raises:
            OSError: the file could not be removed; the PIN stays.
        """
        self._path.unlink(missing_ok=True)
        self._stored = None

    def matches(self, pin: str) -> bool:
        """Return whether `pin` is the right one; False when none is set."""
        if self._stored is None:
            return False
        found = _digest(pin, self._stored.salt, self._stored.cost)
        return hmac.compare_digest(found, self._stored.digest)


def _read(path: Path) -> _Stored | None:
    """Return what is kept; None when there is no such file.

    A file that cannot be understood counts as none: the way back in for staff is to
    remove it, and a torn file must not lock everybody out.
    """
    try:
        body = json.loads(path.read_bytes())
        cost = int(body["cost"])
        stored = _Stored(bytes.fromhex(body["salt"]), bytes.fromhex(body["scrypt"]), cost)
        if not 1 < cost <= _COST_LIMIT or cost & (cost - 1):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stored
