import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from base.errors import AppError, ErrorCode
from base.options import (
    Declaration,
    Group,
    Kind,
    Options,
    Settings,
    Trouble,
    declarations,
    format_file,
)
from base.paths import ASSETS_DIR

NOW = datetime(2026, 11, 21, 9, 5, 7, tzinfo=UTC)


@pytest.fixture
def path(data_dir: Path) -> Path:
    return data_dir / "settings.json"


def load(path: Path | None = None, **sources: dict[str, str]) -> Options:
    return Options.load(path, NOW, **sources)


def declaration(name: str) -> Declaration:
    return next(known for known in declarations() if known.name == name)


def test_defaults_are_in_force_when_nobody_says_anything(path: Path) -> None:
    options = load(path)
    assert options.values == Settings()
    assert options.values.language == "ja"
    assert options.troubles == ()


def test_command_line_wins_over_environment_over_file(path: Path) -> None:
    path.write_text(format_file({"theme": "white", "sound_on": False, "meter_on": True}))
    options = load(
        path,
        environment={"KOKUBAN_THEME": "board", "KOKUBAN_SOUND_ON": "yes", "HOME": "/"},
        command_line={"sound_on": "no"},
    )
    assert options.values.theme == "board"
    assert options.values.sound_on is False
    assert options.values.meter_on is True


def test_changed_value_is_there_at_the_next_start(path: Path) -> None:
    load(path).change(theme="white", sound_volume=0.25)
    assert load(path).values == Settings(theme="white", sound_volume=0.25)


def test_values_of_one_run_are_not_kept(path: Path) -> None:
    options = load(path, command_line={"theme": "white"})
    options.change(language="en")
    assert load(path).values == Settings(language="en")


def test_change_on_the_screen_wins_over_the_command_line(path: Path) -> None:
    options = load(path, command_line={"theme": "white"})
    options.change(theme="board")
    assert options.values.theme == "board"


def test_choice_for_now_is_forgotten_and_never_kept(path: Path) -> None:
    options = load(path)
    options.change_for_now(language="en", theme="white")
    options.change(meter_on=True)
    assert options.values.language == "en"
    options.forget_for_now()
    assert options.values == Settings(meter_on=True)
    assert load(path).values == Settings(meter_on=True)


def test_listener_gets_the_new_values_until_it_stops(path: Path) -> None:
    options = load(path)
    heard: list[Settings] = []
    stop = options.listen(heard.append)
    options.change(sound_on=False)
    stop()
    options.change(sound_on=True)
    assert heard == [Settings(sound_on=False)]


def test_listener_is_not_called_when_nothing_differs(path: Path) -> None:
    options = load(path)
    heard: list[Settings] = []
    options.listen(heard.append)
    options.change(language="ja")
    assert heard == []


def test_impossible_change_changes_nothing(path: Path) -> None:
    options = load(path)
    with pytest.raises(AppError) as raised:
        options.change(sound_volume=1.5, theme="white")
    assert raised.value.code is ErrorCode.INVALID_SETTING
    assert options.values == Settings()
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"values": {}}',
        b'{"version": 2, "values": {}}',
        b'{"version": 1}',
        b"[" * 100_000,
    ],
)
def test_damaged_file_is_set_aside_with_its_content(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    options = load(path)
    assert options.values == Settings()
    assert options.troubles == (Trouble.FILE_SET_ASIDE,)
    aside = path.with_name("settings.json.damaged-20261121-090507")
    assert aside.read_bytes() == content
    assert not path.exists()


def test_single_bad_value_costs_only_itself(path: Path) -> None:
    path.write_text(format_file({"theme": "white", "sound_volume": 7, "of_tomorrow": 1}))
    options = load(path)
    assert options.values == Settings(theme="white")
    assert options.troubles == (Trouble.VALUES_IGNORED,)


def test_bad_variable_is_named_with_its_values() -> None:
    with pytest.raises(AppError) as raised:
        load(environment={"KOKUBAN_THEME": "pink"})
    assert raised.value.code is ErrorCode.INVALID_SETTING
    assert raised.value.detail == "KOKUBAN_THEME is 'pink', but has to be board|white"


def test_bad_option_is_named_with_its_range() -> None:
    with pytest.raises(AppError, match=r"--sound-volume is 'loud', but has to be 0\.\.1"):
        load(command_line={"sound_volume": "loud"})


def test_empty_variable_counts_as_not_set() -> None:
    assert load(environment={"KOKUBAN_THEME": ""}).values == Settings()


@pytest.mark.parametrize(("typed", "value"), [("auto", None), ("75", 75.0), ("86.5", 86.5)])
def test_diagonal_can_be_typed(typed: str, value: float | None) -> None:
    made = load(command_line={"panel_diagonal_inch": typed}).values
    assert made.panel_diagonal_inch == value


@pytest.mark.parametrize("typed", ["19.9", "151", "nan", "inf", "-65", ""])
def test_diagonal_out_of_range_is_refused(typed: str) -> None:
    with pytest.raises(AppError):
        load(command_line={"panel_diagonal_inch": typed})


def test_writing_that_fails_is_told_and_the_value_stays_in_force(tmp_path: Path) -> None:
    options = load(tmp_path / "gone" / "settings.json")
    told: list[Trouble] = []
    options.on_trouble = lambda trouble, _error: told.append(trouble)
    options.change(theme="white")
    assert told == [Trouble.NOT_WRITTEN]
    assert options.values.theme == "white"


def test_file_is_replaced_as_a_whole(path: Path) -> None:
    options = load(path)
    options.change(theme="white")
    first = path.stat().st_ino
    options.change(theme="board")
    assert path.stat().st_ino != first
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]
    assert stat.S_ISREG(path.stat().st_mode)


def test_file_carries_its_version(path: Path) -> None:
    load(path).change(sound_on=False)
    assert json.loads(path.read_text()) == {"version": 1, "values": {"sound_on": False}}


def test_every_setting_is_declared_whole() -> None:
    for known in declarations():
        assert known.title != known.name
        assert known.help.endswith(".")
        assert isinstance(known.row.group, Group)
        if known.kind is Kind.CHOICE:
            assert known.default in [item.value for item in known.row.items]
        if known.kind is Kind.NUMBER:
            assert known.least is not None
            assert known.most is not None
            assert known.least < known.most


def test_every_item_of_a_choice_can_be_chosen() -> None:
    for known in declarations():
        for item in known.row.items:
            options = load()
            options.change(**{known.name: item.value})
            assert getattr(options.values, known.name) == item.value


def test_finger_is_never_larger_than_a_palm() -> None:
    finger, palm = declaration("finger_most_mm"), declaration("palm_least_mm")
    assert finger.most is not None
    assert palm.least is not None
    assert finger.most <= palm.least


def test_every_item_of_a_choice_has_its_icon() -> None:
    icons = {path.stem for path in (ASSETS_DIR / "icons").glob("*.svg")}
    assert {item.icon for known in declarations() for item in known.row.items} <= icons
