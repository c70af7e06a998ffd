"""How the service is set: a file, the environment, the command line.

Declared once here; `python -m rooms settings` prints every setting with its meaning, and
docs/reference/rooms-settings.md is made from the same declarations.
"""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from base.paths import default_data_dir

ENV_PREFIX: Final = "KOKUBAN_ROOMS_"
FILE_NAME: Final = "rooms.toml"
MB: Final = 1_000_000
"""Bytes of what the settings call MB."""


def _words(value: object) -> object:
    """Take "a, b c" for ("a", "b", "c"): lists in the environment and on the command line."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


class UnusableSettingsError(Exception):
    """A setting cannot be used; the text is a sentence for whoever runs the service."""


class RoomsSettings(BaseSettings):
    """Everything that can be set. Later sources win: default, file, environment, argument.

    The constructor reads the environment, and no file; `load_settings` reads both.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="forbid", validate_default=True
    )

    data_dir: Path = Field(
        default_factory=lambda: default_data_dir() / "rooms",
        description="Folder of the database, the files and the log; it is made if missing.",
    )
    database_url: str = Field(
        "",
        description="Database, by SQLAlchemy's names; empty: rooms.sqlite3 in the data folder.",
        repr=False,
    )
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address to listen on. Others than this machine's own need TLS before it.",
    )
    port: int = Field(
        8460, ge=0, le=65535, description="Port to listen on; 0: one that is free."
    )
    public_url: str = Field(
        "",
        description="How browsers reach the service: scheme, name and port, nothing more; "
        "empty: http with host and port.",
    )
    trusted_proxies: Words = Field(
        (),
        description="Addresses or networks of proxies whose X-Forwarded-For is believed.",
    )
    organisation: str = Field(
        "", max_length=80, description="Whose service it is, as guests and staff read it."
    )
    phone: str = Field(
        "", max_length=40, description="Whom to call; shown to guests whose key does not work."
    )
    source_url: str = Field(
        "",
        max_length=500,
        description="Where the source code of this very service is, for the link on its pages "
        "that the licence asks for as soon as others use a changed one; empty: no link.",
    )

    guest_limit: int = Field(
        3,
        ge=1,
        le=64,
        description="Guests in a room beside the staff, where not said otherwise.",
    )
    lobby_max: int = Field(
        1000, ge=1, le=100_000, description="People who may wait in all lobbies together."
    )
    rooms_max: int = Field(
        1000, ge=1, le=100_000, description="Rooms that may be open or planned at a time."
    )
    seat_kept_s: float = Field(
        120.0,
        ge=5,
        le=3600,
        description="Seconds that a seat is kept for somebody whose connection is gone.",
    )
    room_hours: float = Field(
        24.0,
        gt=0,
        le=168,
        description="Hours after which a room without an end of its own ends.",
    )

    files_max_mb: int = Field(100, ge=1, le=10_000, description="Largest file, in MB.")
    room_files_max_mb: int = Field(
        500, ge=1, le=100_000, description="All files of one room, in MB."
    )
    document_max_mb: int = Field(150, ge=1, le=10_000, description="Largest document, in MB.")
    free_min_mb: int = Field(
        500,
        ge=0,
        le=1_000_000,
        description="Nothing more is taken in when the disk has less than this free, in MB.",
    )

    files_after_minutes: float = Field(
        10.0,
        ge=0,
        le=1440,
        description="Minutes after a room's end in which its files can still be fetched.",
    )
    kept_days: float = Field(
        30.0, gt=0, le=3650, description="Days after which what staff kept of a room goes, too."
    )
    audit_days: float = Field(
        400.0, ge=1, le=36_500, description="Days for which the audit log is kept."
    )

    wrong_keys_per_minute: int = Field(
        5, ge=1, le=1000, description="Wrong keys a minute from one address that lock it out."
    )
    wrong_keys_of_all_per_minute: int = Field(
        30,
        ge=1,
        le=100_000,
        description="Wrong keys a minute, of everybody, past which wrong answers are slowed.",
    )

    stun_urls: Words = Field((), description="STUN servers, as stun:name:3478.")
    turn_urls: Words = Field(
        (), description="TURN servers, as turn:name:3478?transport=udp or turns:name:5349."
    )
    turn_secret: str = Field(
        "", description="The secret shared with coturn (static-auth-secret).", repr=False
    )
    turn_hours: float = Field(
        6.0, gt=0, le=48, description="Hours for which credentials for TURN are good."
    )

    display_token: str = Field(
        "",
        pattern=r"^([A-Za-z0-9_-]{32,128})?$",
        repr=False,
        description="Token of the display that runs this service for itself; it is made "
        "anew at each start. Empty: displays are paired.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is written to the log."
    )

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments before the environment, and nothing else."""
        return init_settings, env_settings

    @field_validator("data_dir")
    @classmethod
    def _make_absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("give it as https://rooms.example.jp")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError("only scheme, name and port; the service has the whole name")
        # As browsers write an origin: without the port that goes without saying.
        usual = {"http": 80, "https": 443}[parts.scheme]
        port = "" if parts.port in {None, usual} else f":{parts.port}"
        return f"{parts.scheme}://{_bracketed(parts.hostname)}{port}"

    @field_validator("source_url")
    @classmethod
    def _check_source_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("give it as https://example.jp/kokuban")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ipaddress.ip_network(text)
        return value

    @field_validator("stun_urls", "turn_urls")
    @classmethod
    def _check_ice_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            scheme, colon, rest = text.partition(":")
            if scheme not in {"stun", "stuns", "turn", "turns"} or not (colon and rest):
                raise ValueError(f"{text!r} is not like turn:name:3478")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.turn_urls and not self.turn_secret:
            raise ValueError("turn_urls need turn_secret")
        if not self.public_url:
            # Frozen for everybody else; here the object is still being made.
            object.__setattr__(
                self, "public_url", f"http://{_reached_at(self.host)}:{self.port}"
            )
        return self

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the service over TLS."""
        return self.public_url.startswith("https://")

    @property
    def database_address(self) -> str:
        """The database, as SQLAlchemy names it; has a password, so not for the log."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'rooms.sqlite3'}"

    def listening_on(self, port: int) -> RoomsSettings:
        """Return the settings with the port that was found free.

        A `public_url` that nobody gave follows the port.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return RoomsSettings(**given | {"port": port})


def load_settings(file: Path | None, given: dict[str, str]) -> RoomsSettings:
    """Return the settings of a run.

    Args:
        file: A TOML file with settings by their names; None: `rooms.toml` in the data
            folder, if it is there.
        given: From the command line.

    Raises:
        UnusableSettingsError: the file cannot be read, or a setting cannot be used.
    """
    try:
        path = file or RoomsSettings(**_only_data_dir(given)).data_dir / FILE_NAME
        read = _read_file(path) if file or path.is_file() else {}
        # What the environment says wins over the file: a source of lower rank is not needed
        # when what it must not touch is taken out.
        from_file = {name: value for name, value in read.items() if not _in_environment(name)}
        return RoomsSettings(**{**from_file, **given})
    except ValidationError as error:
        raise UnusableSettingsError(_in_words(error)) from error


def _only_data_dir(given: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name == "data_dir"}


def _in_environment(name: str) -> bool:
    import os

    return f"{ENV_PREFIX}{name}".upper() in {key.upper() for key in os.environ}


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusableSettingsError(f"{path} cannot be read: {error}") from error


def _in_words(error: ValidationError) -> str:
    # Not pydantic's own text: it repeats the value, which may be a secret.
    told = [
        f"{'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False)
    ]
    return "; ".join(told)


def _reached_at(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return _bracketed(host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
