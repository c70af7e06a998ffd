"""Every statement about accounts, sessions, displays and pairings.

What comes in is checked already, what goes out is a frozen row. Moments are seconds since
1970. Each function is one transaction, so what has to be true together is decided in here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, delete, func, insert, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from rooms.services import schema
from rooms.services.database import Database

_accounts = schema.accounts.c
_sessions = schema.sessions.c
_kiosks = schema.kiosks.c
_pairings = schema.pairings.c


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A member of staff, as stored; see `schema.accounts`."""

    id: str
    login: str
    name: str
    role: str
    password_hash: str
    totp_secret: str | None
    totp_step: int | None
    disabled: bool
    password_given: bool
    created_at: float

    @property
    def is_admin(self) -> bool:
        """Whether staff and displays are theirs to manage."""
        return self.role == "admin"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Somebody's being signed in; see `schema.sessions`."""

    token_hash: bytes
    account_id: str
    created_at: float
    seen_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class KioskRow:
    """A paired display, without its token; see `schema.kiosks`."""

    id: str
    name: str
    confirmed_by: str
    created_at: float
    seen_at: float | None
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class PairingRow:
    """A display that asks to be let in; see `schema.pairings`."""

    code: str
    name: str
    created_at: float
    expires_at: float
    state: str
    confirmed_by: str | None


class AccountStore:
    """Accounts and displays in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Accounts -----------------------------------------------------------------------------

    async def add_account(self, row: AccountRow) -> bool:
        """Store a new account; False when the login is taken."""
        async with self._database.begin() as connection:
            taken = select(_accounts.id).where(_accounts.login == row.login)
            if (await connection.execute(taken)).first() is not None:
                return False
            values = {name: getattr(row, name) for name in AccountRow.__slots__}
            await connection.execute(insert(schema.accounts).values(values))
        return True

    async def account(self, account_id: str) -> AccountRow | None:
        """Return the account with this id."""
        return await self._one_account(_accounts.id == account_id)

    async def account_of_login(self, login: str) -> AccountRow | None:
        """Return the account that signs in with `login`, which is normalised already."""
        return await self._one_account(_accounts.login == login)

    async def accounts(self) -> tuple[AccountRow, ...]:
        """Return all accounts in the order of their logins."""
        async with self._database.connect() as connection:
            found = await connection.execute(select(schema.accounts).order_by(_accounts.login))
            return tuple(_account(row) for row in found)

    async def set_password(self, account_id: str, password_hash: str, *, given: bool) -> bool:
        """Store a password and sign the account out everywhere; False without such account.

        Args:
            account_id: Whose it is.
            password_hash: As argon2 writes it.
            given: Whether somebody else knows the password, so that it has to be changed.
        """
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(schema.accounts)
                .where(_accounts.id == account_id)
                .values(password_hash=password_hash, password_given=given)
            )
            await _forget_sessions(connection, account_id)
        return done.rowcount == 1

    async def replace_hash(self, account_id: str, old: str, new: str) -> None:
        """Store the same password hashed anew, unless it was changed in between."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(schema.accounts)
                .where(_accounts.id == account_id, _accounts.password_hash == old)
                .values(password_hash=new)
            )

    async def set_totp(self, account_id: str, secret: str | None, step: int | None) -> None:
        """Switch the second step on, or off with None. `step` is the last one used."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(schema.accounts)
                .where(_accounts.id == account_id)
                .values(totp_secret=secret, totp_step=step)
            )

    async def use_totp_step(self, account_id: str, step: int) -> bool:
        """Use up a time step; False when it, or a later one, was used before.

        One statement, so that of two tries with the same code one alone can win.
        """
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(schema.accounts)
                .where(
                    _accounts.id == account_id,
                    or_(_accounts.totp_step.is_(None), _accounts.totp_step < step),
                )
                .values(totp_step=step)
            )
        return done.rowcount == 1

    async def set_disabled(self, account_id: str, disabled: bool) -> bool:
        """Switch an account off or on; False when no administrator would be left."""
        return await self._change(account_id, {"disabled": disabled}, loses_admin=disabled)

    async def set_role(self, account_id: str, role: str) -> bool:
        """Make somebody "admin" or "staff"; False when no administrator would be left."""
        return await self._change(account_id, {"role": role}, loses_admin=role != "admin")

    async def _change(
        self, account_id: str, values: dict[str, bool | str], *, loses_admin: bool
    ) -> bool:
        async with self._database.begin() as connection:
            if loses_admin and await _is_last_admin(connection, account_id):
                return False
            done = await connection.execute(
                update(schema.accounts).where(_accounts.id == account_id).values(values)
            )
            # Rights are read with each request; signing out makes the change felt.
            if loses_admin:
                await _forget_sessions(connection, account_id)
        return done.rowcount == 1

    async def _one_account(self, condition: ColumnElement[bool]) -> AccountRow | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(schema.accounts).where(condition))).first()
        return None if row is None else _account(row)

    # Sessions -----------------------------------------------------------------------------

    async def add_session(self, row: SessionRow, replaces: bytes | None) -> None:
        """Store a session; the one it replaces, and all that expired, go."""
        async with self._database.begin() as connection:
            gone = [_sessions.expires_at <= row.created_at]
            if replaces is not None:
                gone.append(_sessions.token_hash == replaces)
            await connection.execute(delete(schema.sessions).where(or_(*gone)))
            values = {name: getattr(row, name) for name in SessionRow.__slots__}
            await connection.execute(insert(schema.sessions).values(values))

    async def session(self, token_hash: bytes) -> tuple[SessionRow, AccountRow] | None:
        """Return the session with this token and whose it is."""
        async with self._database.connect() as connection:
            query = (
                select(schema.sessions, schema.accounts)
                .join(schema.accounts, _accounts.id == _sessions.account_id)
                .where(_sessions.token_hash == token_hash)
                .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
            )
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        values = row._mapping
        session = SessionRow(**{n: values[f"sessions_{n}"] for n in SessionRow.__slots__})
        account = AccountRow(**{n: values[f"accounts_{n}"] for n in AccountRow.__slots__})
        return session, account

    async def see_session(self, token_hash: bytes, now: float) -> None:
        """Note that the session was used."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(schema.sessions)
                .where(_sessions.token_hash == token_hash)
                .values(seen_at=now)
            )

    async def forget_session(self, token_hash: bytes) -> None:
        """End one session."""
        async with self._database.begin() as connection:
            await connection.execute(
                delete(schema.sessions).where(_sessions.token_hash == token_hash)
            )

    async def forget_sessions(self, account_id: str) -> None:
        """Sign an account out everywhere."""
        async with self._database.begin() as connection:
            await _forget_sessions(connection, account_id)

    # Displays -----------------------------------------------------------------------------

    async def kiosks(self) -> tuple[KioskRow, ...]:
        """Return all displays, the revoked ones too, newest first."""
        async with self._database.connect() as connection:
            found = await connection.execute(
                select(schema.kiosks).order_by(_kiosks.created_at.desc(), _kiosks.id)
            )
            return tuple(_kiosk(row) for row in found)

    async def kiosk_of_token(self, token_hash: bytes) -> KioskRow | None:
        """Return the display with this token, unless it was revoked."""
        query = select(schema.kiosks).where(
            _kiosks.token_hash == token_hash, _kiosks.revoked_at.is_(None)
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _kiosk(row)

    async def add_kiosk(self, row: KioskRow, token_hash: bytes) -> None:
        """Store a display with its token."""
        async with self._database.begin() as connection:
            await _add_kiosk(connection, row, token_hash)

    async def see_kiosk(self, kiosk_id: str, now: float) -> None:
        """Note that the display was there."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(schema.kiosks).where(_kiosks.id == kiosk_id).values(seen_at=now)
            )

    async def revoke_kiosk(self, kiosk_id: str, now: float) -> KioskRow | None:
        """Make a display's token worthless; None when it was, or there is none."""
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(schema.kiosks)
                .where(_kiosks.id == kiosk_id, _kiosks.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            if done.rowcount != 1:
                return None
            query = select(schema.kiosks).where(_kiosks.id == kiosk_id)
            return _kiosk((await connection.execute(query)).one())

    # Pairings -----------------------------------------------------------------------------

    async def add_pairing(self, row: PairingRow, secret_hash: bytes, most: int) -> bool:
        """Store a request; False when `most` are waiting or the code is in use.

        Those that expired before this one was made go.
        """
        async with self._database.begin() as connection:
            await connection.execute(
                delete(schema.pairings).where(_pairings.expires_at <= row.created_at)
            )
            waiting = await connection.scalar(select(func.count()).select_from(schema.pairings))
            used = select(_pairings.code).where(_pairings.code == row.code)
            if (waiting or 0) >= most or (await connection.execute(used)).first():
                return False
            values = {name: getattr(row, name) for name in PairingRow.__slots__}
            values["secret_hash"] = secret_hash
            await connection.execute(insert(schema.pairings).values(values))
        return True

    async def pairing_of_secret(self, secret_hash: bytes) -> PairingRow | None:
        """Return the request of whoever holds the secret."""
        return await self._one_pairing(_pairings.secret_hash == secret_hash)

    async def pairing_of_code(self, code: str) -> PairingRow | None:
        """Return the request that shows this code."""
        return await self._one_pairing(_pairings.code == code)

    async def decide_pairing(
        self, code: str, state: str, by: str, now: float, until: float
    ) -> bool:
        """Write down what an administrator said; False when it is not waiting any more.

        The display has until `until` to hear of it.
        """
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(schema.pairings)
                .where(
                    _pairings.code == code,
                    _pairings.state == "waiting",
                    _pairings.expires_at > now,
                )
                .values(state=state, confirmed_by=by, expires_at=until)
            )
        return done.rowcount == 1

    async def take_pairing(
        self, secret_hash: bytes, kiosk: KioskRow | None, token_hash: bytes
    ) -> bool:
        """Close a request, and with `kiosk` let the display in; False when it is gone.

        The request goes in the same transaction in which the token comes, so of two that
        ask at once one alone gets it.
        """
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(schema.pairings).where(_pairings.secret_hash == secret_hash)
            )
            if gone.rowcount != 1:
                return False
            if kiosk is not None:
                await _add_kiosk(connection, kiosk, token_hash)
        return True

    async def _one_pairing(self, condition: ColumnElement[bool]) -> PairingRow | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(schema.pairings).where(condition))).first()
        if row is None:
            return None
        values = row._mapping
        return PairingRow(**{name: values[name] for name in PairingRow.__slots__})


async def _is_last_admin(connection: AsyncConnection, account_id: str) -> bool:
    query = select(_accounts.id).where(_accounts.role == "admin", _accounts.disabled.is_(False))
    return [row.id for row in await connection.execute(query)] == [account_id]


async def _forget_sessions(connection: AsyncConnection, account_id: str) -> None:
    await connection.execute(delete(schema.sessions).where(_sessions.account_id == account_id))


async def _add_kiosk(connection: AsyncConnection, row: KioskRow, token_hash: bytes) -> None:
    values = {name: getattr(row, name) for name in KioskRow.__slots__}
    values["token_hash"] = token_hash
    await connection.execute(insert(schema.kiosks).values(values))


def _account(row: Row[tuple[object, ...]]) -> AccountRow:
    return AccountRow(**{name: row._mapping[name] for name in AccountRow.__slots__})


def _kiosk(row: Row[tuple[object, ...]]) -> KioskRow:
    return KioskRow(**{name: row._mapping[name] for name in KioskRow.__slots__})
