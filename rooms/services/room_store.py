"""Rooms, seats and what was drawn and written in them, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    Function,
    RowMapping,
    ScalarSelect,
    Select,
    Table,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from base.wire import Role
from rooms.model.room import RoomState
from rooms.model.seat import SeatPhase, SeatState
from rooms.services import schema
from rooms.services.database import Database

_ROOM_COLUMNS: Final = tuple(column.name for column in schema.rooms.columns)
_SEAT_COLUMNS: Final = tuple(
    column.name for column in schema.seats.columns if column.name not in {"role", "state"}
)
_PRESENT: Final = (SeatPhase.LOBBY.value, SeatPhase.IN.value)


class Document(StrEnum):
    """What of a room's Yjs documents."""

    BOARD = "board"
    NOTES = "notes"
    WRITERS = "writers"
    """No document of its own: whose each Yjs client is, a row for each."""


class KeyTakenError(Exception):
    """Another room has this key: draw again."""


@dataclass(frozen=True, slots=True)
class Update:
    """A Yjs update on its way to the disk."""

    room_id: str
    document: Document
    data: bytes


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A room that is over and was kept.

    Attributes:
        room: As it was at its end.
        opened_by: The name of whose room it was; empty when nobody knows it any more.
        files: How many files and documents were shared in it.
        stored_bytes: Of files, pictures and boards; documents lie on the disk for all rooms.
    """

    room: RoomState
    opened_by: str
    files: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class StoredUpdates:
    """What is on the disk of a document.

    Attributes:
        data: The updates, oldest first; to be applied in any order.
        last: The number of the newest, 0 if there is none; for `RoomStore.compact`.
    """

    data: tuple[bytes, ...]
    last: int


class RoomStore:
    """Every statement about rooms, seats and updates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Rooms ------------------------------------------------------------------------------

    async def add_room(self, room: RoomState) -> None:
        """Write a new room.

        Raises:
            KeyTakenError: another room that is not over has the same key.
        """
        try:
            async with self._database.begin() as connection:
                await connection.execute(insert(schema.rooms), [_room_row(room)])
        except IntegrityError as error:
            raise KeyTakenError from error

    async def save_room(self, room: RoomState) -> None:
        """Write a room as it is now."""
        row = _room_row(room)
        change = update(schema.rooms).where(schema.rooms.c.id == row.pop("id")).values(row)
        async with self._database.begin() as connection:
            await connection.execute(change)

    async def save(self, room: RoomState, seats: Sequence[SeatState]) -> None:
        """Write a room and seats of it as they are now: all of it, or nothing."""
        row = _room_row(room)
        change = update(schema.rooms).where(schema.rooms.c.id == row.pop("id")).values(row)
        async with self._database.begin() as connection:
            await connection.execute(change)
            for seat in seats:
                await connection.execute(_seat_change(seat))

    async def room(self, room_id: str) -> RoomState | None:
        """Return a room, over or not; None if there is none."""
        return await self._one_room(select(schema.rooms).where(schema.rooms.c.id == room_id))

    async def room_by_key(self, key: str) -> RoomState | None:
        """Return the room that a key belongs to; None if there is none, or it is over."""
        return await self._one_room(select(schema.rooms).where(schema.rooms.c.key == key))

    async def rooms_alive(self) -> list[RoomState]:
        """Return the rooms that were not ended, the oldest first."""
        return await self._rooms(
            select(schema.rooms)
            .where(schema.rooms.c.ended_at.is_(None))
            .order_by(schema.rooms.c.created_at)
        )

    async def rooms_ended(self, before: float, *, kept: bool) -> list[RoomState]:
        """Return the rooms that ended before a moment (s since 1970), kept ones or others."""
        return await self._rooms(
            select(schema.rooms)
            .where(schema.rooms.c.ended_at < before)
            .where(schema.rooms.c.kept.is_(kept))
            .order_by(schema.rooms.c.ended_at)
        )

    async def kept_rooms(
        self, opener: str | None, after: float, before: float, limit: int
    ) -> list[KeptRow]:
        """Return rooms that are over and were kept, the newest first.

        Args:
            opener: Whose; None for everybody's.
            after: Those that ended later than this, s since 1970.
            before: And before this.
            limit: No more than so many.
        """
        query = (
            _kept()
            .where(schema.rooms.c.ended_at > after, schema.rooms.c.ended_at < before)
            .order_by(schema.rooms.c.ended_at.desc())
            .limit(limit)
        )
        if opener is not None:
            query = query.where(schema.rooms.c.opener == opener)
        return await self._kept_rows(query)

    async def kept_room(self, room_id: str) -> KeptRow | None:
        """Return a room that is over and was kept; None if there is none."""
        rows = await self._kept_rows(_kept().where(schema.rooms.c.id == room_id))
        return rows[0] if rows else None

    async def delete_room(self, room_id: str) -> None:
        """Remove a room and all that hangs on it: seats, updates, files' rows, documents'.

        What was deleted is overwritten on the disk.
        """
        async with self._database.begin() as connection:
            await connection.execute(delete(schema.rooms).where(schema.rooms.c.id == room_id))
        await self._database.wipe()

    # Seats ------------------------------------------------------------------------------

    async def add_seat(self, seat: SeatState) -> None:
        """Write a new seat."""
        async with self._database.begin() as connection:
            await connection.execute(insert(schema.seats), [_seat_row(seat)])

    async def save_seats(self, *seats: SeatState) -> None:
        """Write seats as they are now: all of them, or none."""
        async with self._database.begin() as connection:
            for seat in seats:
                await connection.execute(_seat_change(seat))

    async def seat_by_token(self, token_hash: bytes) -> SeatState | None:
        """Return the seat that a token takes up, over or not; None if there is none."""
        seats = await self._seats(
            select(schema.seats).where(schema.seats.c.token_hash == token_hash)
        )
        return seats[0] if seats else None

    async def seats_of(self, room_id: str) -> list[SeatState]:
        """Return the seats of a room that are not over, the oldest first."""
        return await self._seats(
            select(schema.seats)
            .where(schema.seats.c.room_id == room_id)
            .where(schema.seats.c.state.in_(_PRESENT))
            .order_by(schema.seats.c.knocked_at)
        )

    async def forget_seats(self, left_before: float) -> None:
        """Remove the seats, and so the names, of those who left before a moment.

        Rooms can go on for days: who came in the morning is nobody's business at night. And
        staff keep what was shared in a room that is over, not who sat in it.
        """
        over = select(schema.rooms.c.id).where(schema.rooms.c.ended_at < left_before)
        gone = delete(schema.seats).where(
            or_(schema.seats.c.left_at < left_before, schema.seats.c.room_id.in_(over))
        )
        async with self._database.begin() as connection:
            await connection.execute(gone)

    # What was drawn and written ---------------------------------------------------------

    async def append_updates(self, updates: Sequence[Update]) -> int:
        """Write updates of any rooms in one transaction; return the newest's number.

        Updates of rooms that are gone are left out: the last ones of a room come when it has
        just been deleted.

        Args:
            updates: At least one.
        """
        async with self._database.begin() as connection:
            wanted = {one.room_id for one in updates}
            found = await connection.scalars(
                select(schema.rooms.c.id).where(schema.rooms.c.id.in_(wanted))
            )
            there = set(found)
            rows = [
                {"room_id": one.room_id, "document": one.document.value, "data": one.data}
                for one in updates
                if one.room_id in there
            ]
            if rows:
                await connection.execute(insert(schema.updates), rows)
            last = await connection.scalar(select(func.max(schema.updates.c.n)))
        return int(last or 0)

    async def load_updates(self, room_id: str, document: Document) -> StoredUpdates:
        """Return what is on the disk of a document."""
        query = (
            select(schema.updates.c.n, schema.updates.c.data)
            .where(*_of(room_id, document))
            .order_by(schema.updates.c.n)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return StoredUpdates(tuple(bytes(row.data) for row in rows), rows[-1].n if rows else 0)

    async def compact(self, room_id: str, document: Document, data: bytes, upto: int) -> None:
        """Put one update in the place of all up to a number.

        Args:
            room_id: Of the room.
            document: Which document of it.
            data: The whole document as one update.
            upto: The number of the newest update that is known to be in `data`, as
                `append_updates` or `load_updates` gave it; later ones stay.
        """
        async with self._database.begin() as connection:
            await connection.execute(
                delete(schema.updates)
                .where(*_of(room_id, document))
                .where(schema.updates.c.n <= upto)
            )
            await connection.execute(
                insert(schema.updates),
                [{"room_id": room_id, "document": document.value, "data": data}],
            )

    # ------------------------------------------------------------------------------------

    async def _one_room(self, query: Select[Any]) -> RoomState | None:
        rooms = await self._rooms(query)
        return rooms[0] if rooms else None

    async def _rooms(self, query: Select[Any]) -> list[RoomState]:
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [RoomState(**row) for row in rows]

    async def _kept_rows(self, query: Select[Any]) -> list[KeptRow]:
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [
            KeptRow(
                RoomState(**{name: row[name] for name in _ROOM_COLUMNS}),
                row["account_name"] or row["kiosk_name"] or "",
                row["file_count"] + row["document_count"],
                row["file_bytes"] + row["asset_bytes"] + row["update_bytes"],
            )
            for row in rows
        ]

    async def _seats(self, query: Select[Any]) -> list[SeatState]:
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_seat(row) for row in rows]


def _kept() -> Select[Any]:
    rooms, accounts, kiosks = schema.rooms, schema.accounts, schema.kiosks
    return (
        select(
            *rooms.columns,
            accounts.c.name.label("account_name"),
            kiosks.c.name.label("kiosk_name"),
            _shared(schema.files, func.count()).label("file_count"),
            _shared(schema.documents, func.count()).label("document_count"),
            _shared(schema.files, func.sum(schema.files.c.size)).label("file_bytes"),
            _shared(schema.assets, func.sum(schema.assets.c.size)).label("asset_bytes"),
            _shared(schema.updates, func.sum(func.length(schema.updates.c.data))).label(
                "update_bytes"
            ),
        )
        .outerjoin(accounts, rooms.c.opener == literal("account:") + accounts.c.id)
        .outerjoin(kiosks, rooms.c.opener == literal("kiosk:") + kiosks.c.id)
        .where(rooms.c.kept.is_(True), rooms.c.ended_at.is_not(None))
    )


def _shared(table: Table, what: Function[Any]) -> ScalarSelect[Any]:
    """Return an aggregate of what hangs on the room of the outer query; 0 for nothing."""
    return (
        select(func.coalesce(what, 0))
        .where(table.c.room_id == schema.rooms.c.id)
        .scalar_subquery()
    )


def _of(room_id: str, document: Document) -> tuple[Any, ...]:
    columns = schema.updates.c
    return (columns.room_id == room_id, columns.document == document.value)


def _room_row(room: RoomState) -> dict[str, Any]:
    return {name: getattr(room, name) for name in _ROOM_COLUMNS}


def _seat_row(seat: SeatState) -> dict[str, Any]:
    named = {name: getattr(seat, name) for name in _SEAT_COLUMNS}
    return named | {"role": seat.role.value, "state": seat.phase.value}


def _seat_change(seat: SeatState) -> Any:  # noqa: ANN401  (a statement of SQLAlchemy)
    row = _seat_row(seat)
    return update(schema.seats).where(schema.seats.c.id == row.pop("id")).values(row)


def _seat(row: RowMapping) -> SeatState:
    known = dict(row)
    known["role"] = Role(known["role"])
    known["phase"] = SeatPhase(known.pop("state"))
    known["token_hash"] = bytes(known["token_hash"])
    return SeatState(**known)
