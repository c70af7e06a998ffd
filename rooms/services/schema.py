"""The tables. Every column that is a moment is in seconds since 1970, UTC.

What is shared in a room hangs on its row and goes with it (`ON DELETE CASCADE`); what has to
outlive it, the audit log, does not refer to it. Tokens are stored as their SHA-256: they are
random and long, so nobody can try them out.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

WHO_MAX: Final = 100
ABOUT_MAX: Final = 200
ADDRESS_MAX: Final = 64
"""Characters of the audit log's columns."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _room() -> Column[str]:
    return Column(
        "room_id", String(32), ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False
    )


rooms: Final = Table(
    "rooms",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("title", String(80), nullable=False, default=""),
    # Empty once the room is over: the key is dead, and may be drawn again.
    Column("key", String(8), unique=True),
    # "account:ID" or "kiosk:ID".
    Column("opener", String(48), nullable=False, index=True),
    Column("created_at", Float, nullable=False),
    Column("opens_at", Float, nullable=False),
    Column("closes_at", Float),
    Column("ended_at", Float),
    Column("locked", Boolean, nullable=False, default=False),
    Column("consent", String(8), nullable=False, default="none"),
    Column("guest_pens", Boolean, nullable=False, default=True),
    Column("guest_files", Boolean, nullable=False, default=True),
    Column("guest_limit", Integer, nullable=False),
    Column("memo", Boolean, nullable=False, default=False),
    Column("page", String(32)),
    Column("kept", Boolean, nullable=False, default=False),
    CheckConstraint("ended_at IS NULL OR key IS NULL", name="dead_key"),
)

seats: Final = Table(
    "seats",
    metadata,
    Column("id", String(32), primary_key=True),
    _room(),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("role", String(8), nullable=False),
    # The account or kiosk whose seat it is; empty for guests.
    Column("holder", String(48), nullable=False, default=""),
    Column("name", String(40), nullable=False, default=""),
    Column("language", String(8), nullable=False, default="ja"),
    Column("colour", String(7), nullable=False),
    # lobby, in, left, refused, put_out
    Column("state", String(8), nullable=False),
    Column("pen_taken", Boolean, nullable=False, default=False),
    # Empty until somebody answered the banner.
    Column("consent", Boolean),
    Column("knocked_at", Float, nullable=False),
    Column("came_at", Float),
    Column("lost_at", Float),
    Column("left_at", Float),
)
Index("ix_seats_room_id", seats.c.room_id)

updates: Final = Table(
    "updates",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    _room(),
    # board (with the shared memo) or notes (staff alone)
    Column("document", String(8), nullable=False),
    Column("data", LargeBinary, nullable=False),
    # A number is never given out twice: compaction goes by it.
    sqlite_autoincrement=True,
)
Index("ix_updates_room_id", updates.c.room_id, updates.c.document, updates.c.n)

files: Final = Table(
    "files",
    metadata,
    Column("id", String(32), primary_key=True),
    _room(),
    Column("seat_id", String(32)),
    Column("sender", String(40), nullable=False, default=""),
    Column("from_guest", Boolean, nullable=False),
    Column("name", String(120), nullable=False),
    Column("size", Integer, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("came_at", Float, nullable=False),
)
Index("ix_files_room_id", files.c.room_id)

documents: Final = Table(
    "documents",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    _room(),
    Column("sha256", String(64), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("sheets", Integer, nullable=False, default=0),
    Column("failed", Boolean, nullable=False, default=False),
    UniqueConstraint("room_id", "sha256"),
)

assets: Final = Table(
    "assets",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    _room(),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("media_type", String(100), nullable=False),
    UniqueConstraint("room_id", "sha256"),
)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", String(32), primary_key=True),
    # What is typed to sign in: NFKC, lower case.
    Column("login", String(80), nullable=False, unique=True),
    Column("name", String(40), nullable=False, default=""),
    # admin or staff
    Column("role", String(8), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("totp_secret", String(64)),
    # The last time step that was used: a code works once.
    Column("totp_step", Integer),
    Column("disabled", Boolean, nullable=False, default=False),
    # An administrator knows the password: it has to be changed at the next sign-in.
    Column("password_given", Boolean, nullable=False, default=False),
    Column("created_at", Float, nullable=False),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column(
        "account_id",
        String(32),
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
)

kiosks: Final = Table(
    "kiosks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("confirmed_by", String(32), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float),
    Column("revoked_at", Float),
)

pairings: Final = Table(
    "pairings",
    metadata,
    Column("secret_hash", LargeBinary(32), primary_key=True),
    Column("code", String(8), nullable=False, unique=True),
    Column("name", String(40), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    # waiting, confirmed, refused; the row goes when the token has been fetched
    Column("state", String(10), nullable=False, default="waiting"),
    Column("confirmed_by", String(32)),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False, index=True),
    # As rooms.services.audit.Entry has it.
    Column("who", String(WHO_MAX), nullable=False),
    # A verb from rooms.services.audit.Act
    Column("act", String(32), nullable=False),
    Column("room_id", String(32)),
    Column("about", String(ABOUT_MAX), nullable=False, default=""),
    Column("address", String(ADDRESS_MAX), nullable=False, default=""),
    # A gap shows that something is missing.
    sqlite_autoincrement=True,
)
