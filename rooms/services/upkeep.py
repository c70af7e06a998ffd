"""What has to go after a while, whatever happens in rooms: old lines of the log, old names."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from base.clock import Clock
from rooms.services.audit import Audit
from rooms.services.config import RoomsSettings
from rooms.services.room_store import RoomStore

EVERY_S: Final = 3600.0
_DAY_S: Final = 86_400.0

_log = structlog.get_logger(__name__)


class Upkeep:
    """Forgets, once at the start and then every hour. One event loop.

    Args:
        settings: For how long what is kept.
        clock: Where the time comes from.
        audit: The log.
        store: The seats.
    """

    def __init__(
        self, settings: RoomsSettings, clock: Clock, audit: Audit, store: RoomStore
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._audit = audit
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="upkeep")

    async def close(self) -> None:
        """End. Calling it again does nothing."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def forget(self) -> None:
        """Forget what is old now."""
        now = self._clock.now().timestamp()
        await self._audit.forget(now - self._settings.audit_days * _DAY_S)
        await self._store.forget_seats(now - self._settings.files_after_minutes * 60)

    async def _run(self) -> None:
        while True:
            try:
                await self.forget()
            except SQLAlchemyError:
                _log.exception("what is old could not be forgotten")
            await asyncio.sleep(EVERY_S)
