"""Who did what: a line for everything somebody may later be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, insert, select

from base.clock import Clock
from rooms.services import schema
from rooms.services.database import Database

READ_MAX: Final = 500


class Act(StrEnum):
    """What was done. The names are stored: they stay."""

    SERVICE_STARTED = "service_started"
    SERVICE_ENDED = "service_ended"

    ROOM_OPENED = "room_opened"
    ROOM_CHANGED = "room_changed"
    ROOM_ENDED = "room_ended"
    ROOM_FORGOTTEN = "room_forgotten"
    KEPT_READ = "kept_read"
    KEY_WRONG = "key_wrong"
    LOCKED_OUT = "locked_out"
    KNOCKED = "knocked"
    ADMITTED = "admitted"
    REFUSED = "refused"
    PUT_OUT = "put_out"
    SEAT_TAKEN = "seat_taken"
    LEFT = "left"
    CONSENTED = "consented"
    PEN_TAKEN = "pen_taken"
    PEN_GIVEN = "pen_given"
    FILE_HANDED_OVER = "file_handed_over"
    FILE_FETCHED = "file_fetched"
    FILE_REMOVED = "file_removed"
    DOCUMENT_SHARED = "document_shared"

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (the name of an act)
    PASSWORD_RESET = "password_reset"  # noqa: S105  (the name of an act)
    TOTP_ON = "totp_on"
    TOTP_OFF = "totp_off"
    ACCOUNT_MADE = "account_made"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"

    DISPLAY_PAIRED = "display_paired"
    DISPLAY_REFUSED = "display_refused"
    DISPLAY_REVOKED = "display_revoked"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log.

    Attributes:
        n: Its number; a gap means that a line is missing.
        at: When, in seconds since 1970.
        who: "account:ID NAME", "kiosk:ID NAME", "guest:SEAT" or "service".
        act: What; text, because an old log may have acts that are no more.
        room_id: In which room, if in one.
        about: Whom or what it was done to.
        address: Where it came from.
    """

    n: int
    at: float
    who: str
    act: str
    room_id: str | None
    about: str
    address: str


class Audit:
    """The log in the database. It outlives rooms, accounts and displays."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(
        self, who: str, act: Act, room_id: str | None = None, about: str = "", address: str = ""
    ) -> None:
        """Write a line; it is on the disk when this returns. Too long texts are cut.

        Never hand in what was said, written or shared: only that it was.
        """
        row = {
            "at": self._clock.now().timestamp(),
            "who": _cut(who, schema.WHO_MAX),
            "act": act.value,
            "room_id": room_id,
            "about": _cut(about, schema.ABOUT_MAX),
            "address": _cut(address, schema.ADDRESS_MAX),
        }
        async with self._database.begin() as connection:
            await connection.execute(insert(schema.audit), [row])

    async def read(self, limit: int = 100, before_n: int | None = None) -> list[Entry]:
        """Return lines, the newest first.

        Args:
            limit: How many at most, 1..`READ_MAX`.
            before_n: Only those with a lower number, for the next page.
        """
        query = select(schema.audit).order_by(schema.audit.c.n.desc())
        query = query.limit(max(1, min(limit, READ_MAX)))
        if before_n is not None:
            query = query.where(schema.audit.c.n < before_n)
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Entry(**row) for row in rows]

    async def forget(self, before: float) -> int:
        """Remove the lines from before a moment (s since 1970) and return how many."""
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(schema.audit).where(schema.audit.c.at < before)
            )
        return int(gone.rowcount)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
