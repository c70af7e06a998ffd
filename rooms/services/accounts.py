"""Staff: who they are, signing in and staying signed in.

Passwords are hashed with argon2id on a thread, two at a time, so a flood of sign-ins takes
neither the event loop nor the memory. A login that nobody has costs the same time as one
with a wrong password, and is answered with the same words.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from base.clock import Clock
from base.wire import MAX_NAME, Problem
from rooms.model.callers import Account
from rooms.model.refusal import Refused
from rooms.model.sign_in_guard import SignInGuard, Tried
from rooms.services.account_store import AccountRow, AccountStore, SessionRow
from rooms.services.audit import Act, Audit
from rooms.services.database import Database

SESSION_IDLE_S: Final = 2 * 3600.0
"""A session that was not used for so long is over."""
SESSION_LONGEST_S: Final = 12 * 3600.0
"""A session is over after a working day, however much it is used."""
SEEN_EVERY_S: Final = 60.0
"""How often a session's use is written down; more would write with every request."""
HALF_WAY_S: Final = 300.0
"""How long the right password waits for the six digits."""
MOST_HALF_WAY: Final = 1_000
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 256
HASHES_AT_ONCE: Final = 2
MOST_HASHES_WAITING: Final = 30
"""More than that are told to come again: each waits some 0.1 s for those before it."""
TOTP_STEP_S: Final = 30
ISSUER: Final = "Kokuban"

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,79}")
# Without 0 and o, 1, i and l: it is read out, and typed from paper. 31^16 is 79 bits.
_GIVEN_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"

_Value = TypeVar("_Value")


class AccountFault(StrEnum):
    """Why an account could not be made or changed."""

    LOGIN_TAKEN = "login_taken"
    LOGIN_MALFORMED = "login_malformed"
    NAME_TOO_LONG = "name_too_long"
    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105
    PASSWORD_TOO_LONG = "password_too_long"  # noqa: S105
    PASSWORD_TOO_EASY = "password_too_easy"  # noqa: S105
    PASSWORD_WRONG = "password_wrong"  # noqa: S105
    CODE_WRONG = "code_wrong"
    LAST_ADMIN = "last_admin"
    OWN_ACCOUNT = "own_account"


class AccountError(ValueError):
    """An account could not be made or changed.

    Args:
        fault: Why; the console has the words.
    """

    def __init__(self, fault: AccountFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session has begun.

    Attributes:
        token: For the cookie; stored as its hash alone.
        account: Whose it is.
    """

    token: str
    account: Account


@dataclass(frozen=True, slots=True)
class StaffSession:
    """Somebody who is signed in.

    Attributes:
        account: Who.
        must_change: An administrator knows their password: nothing else before it changes.
    """

    account: Account
    must_change: bool


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password is right, and six digits are wanted.

    Attributes:
        half_way: To hand to `Accounts.sign_in_with_code`, within `HALF_WAY_S`.
    """

    half_way: str


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """What an authenticator app is fed with.

    Attributes:
        secret: Base32, in groups of four, to type.
        uri: otpauth://, for the QR code.
    """

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class StaffView:
    """A member of staff as administrators see them."""

    account: Account
    disabled: bool
    totp: bool
    password_given: bool


@dataclass(frozen=True, slots=True)
class _HalfWay:
    account_id: str
    password_hash: str
    until_s: float


class Accounts:
    """Accounts and sessions of the staff. The event loop's alone.

    Attributes:
        on_holder_gone: Awaited with the holder ("account:ID") of an account that was
            switched off, so that its seats can be closed.
    """

    def __init__(self, database: Database, clock: Clock, audit: Audit) -> None:
        self._store = AccountStore(database)
        self._clock = clock
        self._audit = audit
        self._guard = SignInGuard()
        self._passwords = _Passwords()
        self._half_way: OrderedDict[str, _HalfWay] = OrderedDict()
        self._totp_offers: OrderedDict[str, str] = OrderedDict()
        self.on_holder_gone: list[Callable[[str], Awaitable[None]]] = []

    # Signing in ---------------------------------------------------------------------------

    async def sign_in(
        self, login: str, password: str, address: str, replaces: str | None = None
    ) -> SignedIn | CodeWanted:
        """Check login and password.

        Args:
            login: As typed.
            password: As typed.
            address: Of who asks, for the slow-down and the audit log.
            replaces: Token of the session that the browser had; it ends.

        Raises:
            Refused: NOT_SIGNED_IN when it is wrong, whatever about it; SLOWED after too
                many wrong ones.
        """
        name = normalise_login(login)
        tried = self._try(name, address)
        row = await self._store.account_of_login(name)
        right = await self._passwords.fits(None if row is None else row.password_hash, password)
        if row is None or not right or row.disabled:
            await self._note_failed(row, name, address)
            raise Refused(Problem.NOT_SIGNED_IN, detail="login or password")
        await self._hash_anew(row, password)
        if row.totp_secret is not None:
            self._guard.take_back(tried)
            return CodeWanted(self._begin_half_way(row))
        self._guard.note_right(name, address, tried)
        return await self._begin_session(row, address, replaces)

    async def sign_in_with_code(
        self, half_way: str, code: str, address: str, replaces: str | None = None
    ) -> SignedIn:
        """Check the six digits of somebody whose password was right.

        Raises:
            Refused: NOT_SIGNED_IN when they are wrong, were used before or came too late;
                SLOWED after too many wrong ones. NOT_FOUND: begin again.
        """
        waiting = self._half_way.get(half_way)
        if waiting is None or waiting.until_s <= self._clock.monotonic_s():
            raise Refused(Problem.NOT_FOUND, detail="half way")
        row = await self._store.account(waiting.account_id)
        if row is None or row.disabled or row.password_hash != waiting.password_hash:
            raise Refused(Problem.NOT_FOUND, detail="changed in between")
        tried = self._try(row.login, address)
        if not await self._code_is_right(row, code):
            await self._note_failed(row, row.login, address)
            raise Refused(Problem.NOT_SIGNED_IN, detail="code")
        if self._half_way.pop(half_way, None) is None:
            raise Refused(Problem.NOT_FOUND, detail="used in between")
        self._guard.note_right(row.login, address, tried)
        return await self._begin_session(row, address, replaces)

    async def sign_out(self, token: str) -> None:
        """End the session with this token, if it is one."""
        await self._store.forget_session(hash_token(token))

    async def session_of(self, token: str, *, awake: bool = True) -> StaffSession | None:
        """Return who is signed in with this token.

        Args:
            token: From the cookie, unchecked.
            awake: Whether a person asks. A page that asks again by itself does not keep
                a session alive.
        """
        row = await self._row_of(token, awake=awake)
        return None if row is None else StaffSession(_as_account(row), row.password_given)

    async def _row_of(self, token: str, *, awake: bool) -> AccountRow | None:
        token_hash = hash_token(token)
        found = await self._store.session(token_hash)
        if found is None:
            return None
        session, row = found
        now = self._now()
        over = now >= session.expires_at or now - session.seen_at >= SESSION_IDLE_S
        if over or row.disabled:
            await self._store.forget_session(token_hash)
            return None
        if awake and now - session.seen_at >= SEEN_EVERY_S:
            await self._store.see_session(token_hash, now)
        return row

    # Own account --------------------------------------------------------------------------

    async def change_password(
        self, account: Account, old: str, new: str, address: str
    ) -> SignedIn:
        """Change one's own password: signed out everywhere, and in again here.

        Raises:
            AccountError: the old one is wrong, or the new one will not do.
            Refused: SLOWED after too many wrong ones.
        """
        row = await self._require(account.id)
        await self._require_password(row, old, address)
        check_password(new, row.login)
        await self._store.set_password(row.id, await self._passwords.hash(new), given=False)
        await self._note(account, Act.PASSWORD_CHANGED, row.login, address)
        return await self._begin_session(row, address, None)

    async def has_totp(self, account: Account) -> bool:
        """Return whether six digits are wanted at sign-in."""
        return (await self._require(account.id)).totp_secret is not None

    def offer_totp(self, account: Account) -> TotpOffer:
        """Return what to feed an authenticator app with; the same until it is confirmed."""
        secret = self._totp_offers.get(account.id)
        if secret is None:
            secret = pyotp.random_base32()
            _keep(self._totp_offers, account.id, secret)
        uri = pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)
        return TotpOffer(" ".join(re.findall(".{1,4}", secret)), uri)

    async def confirm_totp(
        self, account: Account, password: str, code: str, address: str
    ) -> None:
        """Switch the second step on, once the app shows the right digits.

        Raises:
            AccountError: password or digits are wrong.
            Refused: SLOWED after too many wrong ones.
        """
        row = await self._require(account.id)
        await self._require_password(row, password, address)
        secret = self._totp_offers.get(account.id)
        step = None if secret is None else matching_step(secret, code, self._now())
        if secret is None or step is None:
            raise AccountError(AccountFault.CODE_WRONG)
        self._totp_offers.pop(account.id, None)
        await self._store.set_totp(account.id, secret, step)
        await self._note(account, Act.TOTP_ON, account.login, address)

    async def remove_totp(self, account: Account, password: str, address: str) -> None:
        """Switch one's own second step off.

        Raises:
            AccountError: the password is wrong.
            Refused: SLOWED after too many wrong ones.
        """
        row = await self._require(account.id)
        await self._require_password(row, password, address)
        await self._store.set_totp(account.id, None, None)
        await self._note(account, Act.TOTP_OFF, account.login, address)

    async def sign_out_everywhere(self, account: Account, address: str) -> None:
        """End all sessions of an account, this one too."""
        await self._store.forget_sessions(account.id)
        await self._note(account, Act.SIGNED_OUT, f"{account.login} everywhere", address)

    # Managing staff -----------------------------------------------------------------------

    async def create_admin(self, login: str, password: str, name: str = "") -> Account:
        """Make an administrator from the command line of the service.

        Raises:
            AccountError: the login is taken or malformed, or the password will not do.
        """
        check_password(password, normalise_login(login))
        row = await self._create(login, name, "admin", password, given=False)
        await self._audit.note("service", Act.ACCOUNT_MADE, about=f"{row.login} (admin)")
        return _as_account(row)

    async def create(
        self, by: Account, login: str, name: str, address: str, *, is_admin: bool = False
    ) -> tuple[Account, str]:
        """Make an account, and return it with the password to hand over.

        The password has to be changed at the first sign-in.

        Raises:
            AccountError: the login is taken or malformed, or the name too long.
        """
        _require_admin(by)
        password = draw_password()
        role = "admin" if is_admin else "staff"
        row = await self._create(login, name, role, password, given=True)
        await self._note(by, Act.ACCOUNT_MADE, f"{row.login} ({role})", address)
        return _as_account(row), password

    async def reset_password(self, by: Account, account_id: str, address: str) -> str:
        """Draw a new password for somebody, end their sessions, and return it.

        Raises:
            Refused: NOT_FOUND.
            AccountError: it is one's own, which `change_password` changes.
        """
        row = await self._require_other(by, account_id)
        password = draw_password()
        await self._store.set_password(row.id, await self._passwords.hash(password), given=True)
        await self._note(by, Act.PASSWORD_RESET, row.login, address)
        return password

    async def reset_totp(self, by: Account, account_id: str, address: str) -> None:
        """Switch the second step of somebody off who lost their phone.

        Raises:
            Refused: NOT_FOUND.
            AccountError: it is one's own, for which `remove_totp` asks the password.
        """
        row = await self._require_other(by, account_id)
        await self._store.set_totp(row.id, None, None)
        await self._note(by, Act.TOTP_OFF, row.login, address)

    async def set_disabled(
        self, by: Account, account_id: str, disabled: bool, address: str
    ) -> None:
        """Switch an account off, which signs it out and closes its seats, or on.

        Raises:
            Refused: NOT_FOUND.
            AccountError: it is one's own, or that of the last administrator.
        """
        row = await self._require_other(by, account_id)
        if not await self._store.set_disabled(row.id, disabled):
            raise AccountError(AccountFault.LAST_ADMIN)
        act = Act.ACCOUNT_DISABLED if disabled else Act.ACCOUNT_ENABLED
        await self._note(by, act, row.login, address)
        if disabled:
            for gone in self.on_holder_gone:
                await gone(_as_account(row).holder)

    async def set_admin(
        self, by: Account, account_id: str, is_admin: bool, address: str
    ) -> None:
        """Make somebody an administrator, or no longer.

        Raises:
            Refused: NOT_FOUND.
            AccountError: it is one's own account.
        """
        row = await self._require_other(by, account_id)
        role = "admin" if is_admin else "staff"
        if not await self._store.set_role(row.id, role):
            raise AccountError(AccountFault.LAST_ADMIN)
        await self._note(by, Act.ACCOUNT_CHANGED, f"{row.login} ({role})", address)

    async def staff(self) -> tuple[StaffView, ...]:
        """Return all members of staff, in the order of their logins."""
        return tuple(
            StaffView(
                _as_account(row), row.disabled, row.totp_secret is not None, row.password_given
            )
            for row in await self._store.accounts()
        )

    # Inside -------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _try(self, login: str, address: str) -> Tried:
        now_s = self._clock.monotonic_s()
        wait_s = self._guard.wait_s(login, address, now_s)
        if wait_s > 0:
            raise Refused(Problem.SLOWED, retry_s=wait_s, detail="sign-in")
        return self._guard.count(login, address, now_s)

    async def _create(
        self, login: str, name: str, role: str, password: str, *, given: bool
    ) -> AccountRow:
        normal = normalise_login(login)
        if not _LOGIN.fullmatch(normal):
            raise AccountError(AccountFault.LOGIN_MALFORMED)
        shown = tidy_name(name) or normal[:MAX_NAME]
        if len(shown) > MAX_NAME:
            raise AccountError(AccountFault.NAME_TOO_LONG)
        row = AccountRow(
            id=secrets.token_hex(12),
            login=normal,
            name=shown,
            role=role,
            password_hash=await self._passwords.hash(password),
            totp_secret=None,
            totp_step=None,
            disabled=False,
            password_given=given,
            created_at=self._now(),
        )
        if not await self._store.add_account(row):
            raise AccountError(AccountFault.LOGIN_TAKEN)
        return row

    async def _begin_session(
        self, row: AccountRow, address: str, replaces: str | None
    ) -> SignedIn:
        token = secrets.token_urlsafe(32)
        now = self._now()
        session = SessionRow(hash_token(token), row.id, now, now, now + SESSION_LONGEST_S)
        old = None if replaces is None else hash_token(replaces)
        await self._store.add_session(session, old)
        account = _as_account(row)
        await self._note(account, Act.SIGNED_IN, row.login, address)
        return SignedIn(token, account)

    def _begin_half_way(self, row: AccountRow) -> str:
        now_s = self._clock.monotonic_s()
        token = secrets.token_urlsafe(32)
        waiting = _HalfWay(row.id, row.password_hash, now_s + HALF_WAY_S)
        _keep(self._half_way, token, waiting)
        return token

    async def _code_is_right(self, row: AccountRow, code: str) -> bool:
        if row.totp_secret is None:
            return False
        step = matching_step(row.totp_secret, code, self._now())
        return step is not None and await self._store.use_totp_step(row.id, step)

    async def _require_password(self, row: AccountRow, password: str, address: str) -> None:
        """Check the password again before something that a borrowed session must not do."""
        tried = self._try(row.login, address)
        if not await self._passwords.fits(row.password_hash, password):
            raise AccountError(AccountFault.PASSWORD_WRONG)
        self._guard.note_right(row.login, address, tried)

    async def _hash_anew(self, row: AccountRow, password: str) -> None:
        if self._passwords.is_old(row.password_hash):
            new = await self._passwords.hash(password)
            await self._store.replace_hash(row.id, row.password_hash, new)

    async def _require(self, account_id: str) -> AccountRow:
        row = await self._store.account(account_id)
        if row is None:
            raise Refused(Problem.NOT_FOUND, detail="account")
        return row

    async def _require_other(self, by: Account, account_id: str) -> AccountRow:
        _require_admin(by)
        if by.id == account_id:
            raise AccountError(AccountFault.OWN_ACCOUNT)
        return await self._require(account_id)

    async def _note_failed(self, row: AccountRow | None, login: str, address: str) -> None:
        # What is typed as a login is now and then a password: only names that exist are
        # written down.
        about = "unknown" if row is None else login
        await self._audit.note("service", Act.SIGN_IN_FAILED, about=about, address=address)

    async def _note(self, by: Account, act: Act, about: str, address: str) -> None:
        await self._audit.note(who_of(by), act, about=about, address=address)


class _Passwords:
    """Argon2id with the library's parameters (RFC 9106, low memory: 64 MiB, 3 passes)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turn = asyncio.Semaphore(HASHES_AT_ONCE)
        self._waiting = 0
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        return await self._in_turn(lambda: self._hasher.hash(_prepared(password)))

    async def fits(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password is right; takes as long when there is no account."""
        return await self._in_turn(lambda: self._fits(password_hash, password))

    def is_old(self, password_hash: str) -> bool:
        """Return whether it was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _fits(self, password_hash: str | None, password: str) -> bool:
        if not self._nobodys:
            self._nobodys = self._hasher.hash(secrets.token_urlsafe(16))
        try:
            self._hasher.verify(password_hash or self._nobodys, _prepared(password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    async def _in_turn(self, work: Callable[[], _Value]) -> _Value:
        if self._waiting >= MOST_HASHES_WAITING:
            raise Refused(Problem.SLOWED, retry_s=5.0, detail="hashes waiting")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def normalise_login(text: str) -> str:
    """Return a login as it is stored: NFKC, lower case, without blanks around it."""
    return unicodedata.normalize("NFKC", text[:200]).strip().casefold()


def tidy_name(text: str) -> str:
    """Return a name without control and direction characters, and with single blanks."""
    seen = "".join(" " if unicodedata.category(c) in {"Cc", "Zs"} else c for c in text[:400])
    kept = "".join(c for c in seen if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    return " ".join(kept.split())


def check_password(password: str, login: str) -> None:
    """Check that a password will do: long, and not what is tried first.

    Raises:
        AccountError: PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG or PASSWORD_TOO_EASY.
    """
    if len(password) > LONGEST_PASSWORD:
        raise AccountError(AccountFault.PASSWORD_TOO_LONG)
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < SHORTEST_PASSWORD:
        raise AccountError(AccountFault.PASSWORD_TOO_SHORT)
    folded = plain.casefold()
    rest = folded.replace(login, "").replace("password", "").replace("kokuban", "")
    if len(set(folded)) < 6 or len(rest) < SHORTEST_PASSWORD // 2 or rest in _counted_up():
        raise AccountError(AccountFault.PASSWORD_TOO_EASY)


def _counted_up() -> str:
    return "01234567890123456789 abcdefghijklmnopqrstuvwxyz qwertyuiopasdfghjklzxcvbnm"


def draw_password() -> str:
    """Return a password to hand over, four groups of four characters."""
    drawn = [secrets.choice(_GIVEN_ALPHABET) for _ in range(16)]
    return "-".join("".join(drawn[at : at + 4]) for at in range(0, 16, 4))


def matching_step(secret: str, code: str, now: float) -> int | None:
    """Return the time step to which six digits belong: this one, or one beside it.

    Args:
        secret: Base32.
        code: As typed; full-width digits and blanks are taken.
        now: Seconds since 1970.
    """
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code[:40]))
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    totp = pyotp.TOTP(secret)
    here = int(now) // TOTP_STEP_S
    fitting = [
        step
        for step in (here - 1, here, here + 1)
        if secrets.compare_digest(totp.generate_otp(step), digits)
    ]
    return fitting[-1] if fitting else None


def hash_token(token: str) -> bytes:
    """Return what is stored of a token: it is random and long, so a plain hash will do."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def who_of(account: Account) -> str:
    """Return how the audit log names an account: "account:ID NAME"."""
    return f"{account.holder} {account.name}"


def _prepared(password: str) -> bytes:
    # NFKC: a keyboard that types full-width letters gives the same password.
    text = unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1])
    return text.encode("utf-8", "surrogatepass")


def _require_admin(by: Account) -> None:
    # Asked at the door as well: one forgotten there must not hand out accounts.
    if not by.is_admin:
        raise Refused(Problem.NOT_ALLOWED, detail="accounts are the administrators'")


def _as_account(row: AccountRow) -> Account:
    return Account(row.id, row.login, row.name, row.is_admin)


def _keep(kept: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    kept[key] = value
    if len(kept) > MOST_HALF_WAY:
        kept.popitem(last=False)
