"""The settings, each declared once.

The declarations in `Settings` are the only place where a setting's name, kind, range,
default and words stand; the command line, the environment, the file, the settings screen
and docs/reference/settings.md are made from them.

What is in force comes, the later the stronger, from the defaults, `settings.json`, the
environment (`KOKUBAN_<NAME>`), the command line, and what a person changed for now.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, Final, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.fields import FieldInfo

from base.errors import AppError, ErrorCode
from base.text import N_

FILE_NAME: Final = "settings.json"
FILE_VERSION: Final = 1
ENV_PREFIX: Final = "KOKUBAN_"

Value = str | bool | int | float | None


class Group(Enum):
    """Where a setting stands on the screen; the value is the heading's msgid."""

    DISPLAY = N_("Display")
    WRITING = N_("Writing")
    BOARD = N_("Board")
    SOUND = N_("Sound")
    ROOMS = N_("Consultation rooms")


class Kind(Enum):
    """What a setting's value is."""

    CHOICE = auto()
    SWITCH = auto()
    NUMBER = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a choice: the value, its word (a msgid), its icon."""

    value: str
    title: str
    icon: str


@dataclass(frozen=True, slots=True)
class Row:
    """How a setting is shown.

    Attributes:
        group: Where.
        items: The values of a choice, in order.
        step: Distance of two values of a number.
        unit: Unit of a number, not translated: mm, MB, inch; empty for a share.
        example: A text as it can be given, not translated.
    """

    group: Group
    items: tuple[Item, ...] = ()
    step: float = 1.0
    unit: str = ""
    example: str = ""


class Settings(BaseModel):
    """The values in force; frozen, made anew at each change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    language: Annotated[
        Literal["ja", "en"],
        Row(
            Group.DISPLAY,
            # Each language calls itself by its own name, in every language.
            (Item("ja", "日本語", "languages"), Item("en", "English", "languages")),
        ),
    ] = Field(
        "ja",
        title=N_("Language"),
        description=N_("The language the display starts in and goes back to at Finish."),
    )
    theme: Annotated[
        Literal["board", "white"],
        Row(
            Group.DISPLAY,
            (Item("board", N_("Dark"), "moon"), Item("white", N_("Light"), "sun")),
        ),
    ] = Field(
        "board",
        title=N_("Colours"),
        description=N_("The colours the display starts in and goes back to at Finish."),
    )
    panel_diagonal_inch: Annotated[
        float | None, Ge(20), Le(150), Row(Group.DISPLAY, unit="inch")
    ] = Field(
        None,
        title=N_("Size of the display"),
        description=N_(
            "Diagonal of the glass. Correct it when buttons are too small or too large."
        ),
    )
    toolbar_side: Annotated[
        Literal["bottom", "left", "right"],
        Row(
            Group.WRITING,
            (
                Item("left", N_("Left"), "panel-left"),
                Item("bottom", N_("Bottom"), "panel-bottom"),
                Item("right", N_("Right"), "panel-right"),
            ),
        ),
    ] = Field(
        "bottom",
        title=N_("Side of the tools"),
        description=N_("Where the tools of the board are at first."),
    )
    pen_reported: Annotated[
        Literal["auto", "yes", "no"],
        Row(
            Group.WRITING,
            (
                Item("auto", N_("Automatic"), "wand-sparkles"),
                Item("yes", N_("Yes"), "pen"),
                Item("no", N_("No"), "hand"),
            ),
        ),
    ] = Field(
        "auto",
        title=N_("Display tells pen from finger"),
        description=N_("If it does, the pen writes and fingers move the board."),
    )
    smoothing_on: Annotated[bool, Row(Group.WRITING)] = Field(
        default=True,
        title=N_("Smooth the line"),
        description=N_("Takes the trembling out of lines."),
    )
    prediction_on: Annotated[bool, Row(Group.WRITING)] = Field(
        default=True,
        title=N_("Draw ahead of the pen"),
        description=N_("Shows the next moment of the line before the pen is there."),
    )
    finger_most_mm: Annotated[float, Ge(5), Le(30), Row(Group.WRITING, unit="mm")] = Field(
        20.0,
        title=N_("Largest finger"),
        description=N_("A touch up to this size can write."),
    )
    palm_least_mm: Annotated[float, Ge(30), Le(150), Row(Group.WRITING, unit="mm")] = Field(
        35.0,
        title=N_("Smallest palm"),
        description=N_("A touch of at least this size wipes."),
    )
    on_screen_keyboard: Annotated[
        Literal["auto", "always", "never"],
        Row(
            Group.WRITING,
            (
                Item("auto", N_("Automatic"), "wand-sparkles"),
                Item("always", N_("Always"), "keyboard"),
                Item("never", N_("Never"), "x"),
            ),
        ),
    ] = Field(
        "auto",
        title=N_("Keyboard on the screen"),
        description=N_("Comes when a text is touched, and goes when a real keyboard is used."),
    )
    board_surface: Annotated[
        Literal["blackboard", "white"],
        Row(
            Group.BOARD,
            (
                Item("blackboard", N_("Blackboard"), "moon"),
                Item("white", N_("Whiteboard"), "sun"),
            ),
        ),
    ] = Field(
        "blackboard",
        title=N_("Surface of a new board"),
        description=N_("Each page can have another one."),
    )
    board_ruling: Annotated[
        Literal["none", "grid", "lines", "dots", "genko", "staff"],
        Row(
            Group.BOARD,
            (
                Item("none", N_("None"), "square"),
                Item("grid", N_("Grid"), "grid-3x3"),
                Item("lines", N_("Lines"), "minus"),
                Item("dots", N_("Dots"), "ellipsis"),
                Item("genko", N_("Manuscript"), "layout-grid"),
                Item("staff", N_("Music"), "rows-3"),
            ),
        ),
    ] = Field(
        "none",
        title=N_("Ruling of a new board"),
        description=N_("Each page can have another one."),
    )
    undo_memory_mb: Annotated[int, Ge(16), Le(1024), Row(Group.BOARD, step=16, unit="MB")] = (
        Field(
            64,
            title=N_("Memory for undo"),
            description=N_("When it is full, the oldest steps can no longer be undone."),
        )
    )
    document_cache_mb: Annotated[
        int, Ge(256), Le(65536), Row(Group.BOARD, step=256, unit="MB")
    ] = Field(
        2048,
        title=N_("Room for documents"),
        description=N_(
            "When it is full, the documents used longest ago go. Boards keep theirs."
        ),
    )
    recent_documents_stay: Annotated[bool, Row(Group.BOARD)] = Field(
        default=True,
        title=N_("Recent documents stay after Finish"),
        description=N_("Off: whoever comes next does not see what was opened."),
    )
    meter_on: Annotated[bool, Row(Group.BOARD)] = Field(
        default=False,
        title=N_("Show the speed of writing"),
        description=N_("A small meter for the people who look after the display."),
    )
    sound_on: Annotated[bool, Row(Group.SOUND)] = Field(
        default=True,
        title=N_("Sounds"),
        description=N_("Chalk, chimes and every other sound."),
    )
    sound_volume: Annotated[float, Ge(0), Le(1), Row(Group.SOUND, step=0.05)] = Field(
        0.5,
        title=N_("Volume"),
        description=N_("Of every sound, from silent to as loud as it goes."),
    )
    service_url: Annotated[
        str,
        StringConstraints(pattern=r"^(https?://[^\s/?#@]+(/[^\s?#@]*)?)?$", max_length=200),
        Row(Group.ROOMS, example="https://rooms.example.jp"),
    ] = Field(
        "",
        title=N_("Address of the rooms"),
        description=N_("Empty: this display runs the consultation rooms by itself."),
    )


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is known of one setting.

    Attributes:
        name: `sound_volume`; in the environment KOKUBAN_SOUND_VOLUME, on the command
            line --sound-volume.
        kind: What its value is.
        title: Short name, a msgid.
        help: One sentence, a msgid.
        row: How it is shown.
        default: Value when nobody says anything.
        least: Smallest number, included; None unless it is a number.
        most: Largest number, included; None unless it is a number.
        whole: Whether only whole numbers are taken.
        optional: Whether None (in text: `auto`) is a value too.
    """

    name: str
    kind: Kind
    title: str
    help: str
    row: Row
    default: Value
    least: float | None = None
    most: float | None = None
    whole: bool = False
    optional: bool = False

    @property
    def flag(self) -> str:
        """Return its option on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Return its name in the environment."""
        return ENV_PREFIX + self.name.upper()

    @property
    def values_text(self) -> str:
        """Return the values that can be given, as `ja|en`, `yes|no` or `0..1`."""
        if self.kind is Kind.CHOICE:
            return "|".join(item.value for item in self.row.items)
        if self.kind is Kind.SWITCH:
            return "yes|no"
        if self.kind is Kind.TEXT:
            return f"empty|{self.row.example}"
        text = f"{self.least:g}..{self.most:g}"
        return f"auto|{text}" if self.optional else text


def declarations() -> tuple[Declaration, ...]:
    """Return every setting in the order of the settings screen."""
    return tuple(_declaration(name, info) for name, info in Settings.model_fields.items())


def _declaration(name: str, info: FieldInfo) -> Declaration:
    row = next(part for part in info.metadata if isinstance(part, Row))
    inner = [part for part in get_args(info.annotation) if part is not type(None)]
    if get_origin(info.annotation) is Literal:
        kind = Kind.CHOICE
    elif info.annotation is str:
        kind = Kind.TEXT
    else:
        kind = Kind.SWITCH if info.annotation is bool else Kind.NUMBER
    bounds = {type(part): part for part in info.metadata}
    least, most = bounds.get(Ge), bounds.get(Le)
    return Declaration(
        name=name,
        kind=kind,
        title=info.title or name,
        help=info.description or "",
        row=row,
        default=info.default,
        least=least.ge if least is not None else None,
        most=most.le if most is not None else None,
        whole=info.annotation is int,
        optional=info.annotation not in (bool, int, float, str) and float in inner,
    )


class Trouble(Enum):
    """What was wrong with the settings file; a view turns it into words."""

    FILE_SET_ASIDE = auto()
    VALUES_IGNORED = auto()
    NOT_WRITTEN = auto()


Listener = Callable[[Settings], None]


def _at_once(job: Callable[[], None]) -> None:
    job()


@dataclass(slots=True)
class Options:
    """The settings in force and who wants to hear of changes. UI thread.

    Attributes:
        values: What is in force.
        path: The settings file; None keeps nothing.
        troubles: What was wrong with the file when it was read.
        submit: Runs the writing of the file; hand in a worker's `submit` so that the
            UI does not wait for the disk.
        on_trouble: Told when the file cannot be written; called where `submit` runs.
    """

    values: Settings
    path: Path | None = None
    troubles: tuple[Trouble, ...] = ()
    submit: Callable[[Callable[[], None]], None] = _at_once
    on_trouble: Callable[[Trouble, OSError], None] | None = None
    _stored: dict[str, Value] = field(default_factory=dict)
    _given: dict[str, Value] = field(default_factory=dict)
    _for_now: dict[str, Value] = field(default_factory=dict)
    _listeners: list[Listener] = field(default_factory=list)

    @classmethod
    def load(
        cls,
        path: Path | None,
        now: datetime,
        environment: Mapping[str, str] | None = None,
        command_line: Mapping[str, str] | None = None,
    ) -> Options:
        """Read the settings.

        A file that cannot be understood is renamed to `settings.json.damaged-<time>` and
        single values that cannot be are left out; `troubles` tells of both.

        Args:
            path: The settings file, which need not exist.
            now: For the name of a damaged file.
            environment: Variables by name; only KOKUBAN_ ones are looked at.
            command_line: Values by the setting's name, as typed.

        Raises:
            AppError: INVALID_SETTING, a value of the environment or the command line.
        """
        given = _parse_environment(environment or {}) | parse_given(command_line or {})
        stored, troubles = _read_file(path, now) if path is not None else ({}, ())
        return cls(
            values=Settings.model_validate(stored | given),
            path=path,
            troubles=troubles,
            _stored=stored,
            _given=given,
        )

    def change(self, **changes: Value) -> None:
        """Set values, keep them in the file and tell the listeners.

        Raises:
            AppError: INVALID_SETTING; nothing was changed then.
        """
        made = _validated(self._merged() | changes)
        for name in changes:
            self._given.pop(name, None)
            self._for_now.pop(name, None)
            self._stored[name] = getattr(made, name)
        self._write()
        self._put_in_force(made)

    def change_for_now(self, **changes: Value) -> None:
        """Set values until `forget_for_now`, without keeping them.

        Raises:
            AppError: INVALID_SETTING; nothing was changed then.
        """
        made = _validated(self._merged() | changes)
        self._for_now |= changes
        self._put_in_force(made)

    def forget_for_now(self) -> None:
        """Go back to the values that are kept, as the next person expects them."""
        self._for_now.clear()
        self._put_in_force(_validated(self._merged()))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the new values after each change; return how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _merged(self) -> dict[str, Value]:
        return self._stored | self._given | self._for_now

    def _put_in_force(self, made: Settings) -> None:
        if made == self.values:
            return
        self.values = made
        for listener in tuple(self._listeners):
            listener(made)

    def _write(self) -> None:
        if self.path is None:
            return
        path, text = self.path, format_file(self._stored)
        self.submit(lambda: self._write_text(path, text))

    def _write_text(self, path: Path, text: str) -> None:
        try:
            _replace(path, text)
        except OSError as error:
            if self.on_trouble is None:
                raise
            self.on_trouble(Trouble.NOT_WRITTEN, error)


def parse_given(typed: Mapping[str, str]) -> dict[str, Value]:
    """Turn values as typed on a command line into values.

    Raises:
        AppError: INVALID_SETTING with a sentence that names the option and its values.
    """
    return _parse_typed(typed, lambda known: known.flag)


def format_file(stored: Mapping[str, Value]) -> str:
    """Return the text of a settings file."""
    body = {"version": FILE_VERSION, "values": dict(sorted(stored.items()))}
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def _parse_environment(environment: Mapping[str, str]) -> dict[str, Value]:
    # An empty variable is how a unit file or a shell says "not set".
    variables = {known.variable: known.name for known in declarations()}
    typed = {
        variables[name]: text
        for name, text in environment.items()
        if name in variables and text
    }
    return _parse_typed(typed, lambda known: known.variable)


def _parse_typed(
    typed: Mapping[str, str], call: Callable[[Declaration], str]
) -> dict[str, Value]:
    made: dict[str, Value] = {}
    for known in declarations():
        if known.name not in typed:
            continue
        text = typed[known.name]
        value: Value = None if known.optional and text == "auto" else text
        if not _is_valid(known.name, value):
            raise AppError(
                ErrorCode.INVALID_SETTING,
                f"{call(known)} is {text!r}, but has to be {known.values_text}",
            )
        made[known.name] = getattr(_validated({known.name: value}), known.name)
    return made


def _validated(values: Mapping[str, Value]) -> Settings:
    try:
        return Settings.model_validate(dict(values))
    except ValidationError as error:
        raise AppError(ErrorCode.INVALID_SETTING, str(error)) from error


def _is_valid(name: str, value: Value) -> bool:
    try:
        Settings.model_validate({name: value})
    except ValidationError:
        return False
    return True


def _read_file(path: Path, now: datetime) -> tuple[dict[str, Value], tuple[Trouble, ...]]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}, ()
    except OSError:
        return {}, (Trouble.VALUES_IGNORED,)
    try:
        values = _parse_file(text)
    except (ValueError, RecursionError):
        _set_aside(path, now)
        return {}, (Trouble.FILE_SET_ASIDE,)
    good = {name: value for name, value in values.items() if _is_valid(name, value)}
    return good, (Trouble.VALUES_IGNORED,) if len(good) < len(values) else ()


def _parse_file(content: bytes) -> dict[str, Value]:
    """Return the values of a settings file.

    Raises:
        ValueError: it is not one, or of a later version.
    """
    body = json.loads(content)
    if not isinstance(body, dict) or body.get("version") != FILE_VERSION:
        raise ValueError("not a settings file of a known version")
    values = body.get("values")
    if not isinstance(values, dict):
        raise ValueError("no values")
    return values


def _set_aside(path: Path, now: datetime) -> None:
    try:
        path.rename(path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}"))
    except OSError:
        # A read-only folder: the file is left where it is, and the defaults are used.
        return


def _replace(path: Path, text: str) -> None:
    """Put `text` in the place of `path` so that a power cut leaves the old or the new."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
