from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from base import text
from base.feature import Notice
from base.options import Kind, Options, Settings, declarations
from base.qt import loop
from base.qt.panels import NumberPad
from base.qt.widgets import Choice, Slider, Toggle, TouchButton
from kiosk.services.pin import PinStore
from kiosk.views.settings import NumberControl, Row, SettingsScreen, TextControl, value_text


@pytest.fixture
def options() -> Options:
    return Options(Settings())


@pytest.fixture
def pin(data_dir: Path) -> PinStore:
    return PinStore(data_dir)


@pytest.fixture
def told() -> list[Notice]:
    return []


@pytest.fixture
def screen(qtbot, options: Options, pin: PinStore, told: list[Notice]):
    text.set_language("en")
    made = SettingsScreen(options, pin, told.append)
    qtbot.addWidget(made)
    made.resize(1920, 1080)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.shutdown()
    made.hide()


def button(screen: QWidget, word: str) -> TouchButton:
    return next(one for one in screen.findChildren(TouchButton) if one.word == word)


def type_pin(screen: SettingsScreen, digits: str) -> None:
    pad = screen.findChild(NumberPad)
    QTest.keyClicks(pad, digits + "\r")


def test_every_setting_has_its_row(screen: SettingsScreen) -> None:
    assert len(screen.findChildren(Row)) == len(declarations()) + 1


def test_every_setting_has_the_control_of_its_kind(screen: SettingsScreen) -> None:
    kinds = [known.kind for known in declarations()]
    assert len(screen.findChildren(Choice)) == kinds.count(Kind.CHOICE)
    assert len(screen.findChildren(Toggle)) == kinds.count(Kind.SWITCH)
    assert len(screen.findChildren(NumberControl)) == kinds.count(Kind.NUMBER)
    assert len(screen.findChildren(TextControl)) == kinds.count(Kind.TEXT)


def test_address_takes_effect_when_it_is_entered(
    screen: SettingsScreen, options: Options
) -> None:
    (field,) = screen.findChildren(TextControl)
    QTest.keyClicks(field, "https://rooms.example.jp\r")
    assert options.values.service_url == "https://rooms.example.jp"


def test_address_that_is_none_is_told_and_not_taken(
    screen: SettingsScreen, options: Options, told: list[Notice]
) -> None:
    (field,) = screen.findChildren(TextControl)
    QTest.keyClicks(field, "rooms\r")
    assert options.values.service_url == ""
    assert field.text() == "rooms"
    assert len(told) == 1


def test_touch_on_a_choice_takes_effect(screen: SettingsScreen, options: Options) -> None:
    button(screen, "Light").click()
    assert options.values.theme == "white"


def test_screen_follows_changes_from_elsewhere(
    screen: SettingsScreen, options: Options
) -> None:
    options.change(theme="white", sound_on=False)
    assert button(screen, "Light").isChecked()
    assert [one.isChecked() for one in screen.findChildren(Toggle)].count(False) == 2


def test_slider_takes_effect_when_the_finger_leaves(
    screen: SettingsScreen, options: Options, qtbot
) -> None:
    number = next(
        one for one in screen.findChildren(NumberControl) if one._known.name == "sound_volume"
    )
    slider = number.findChild(Slider)
    slider.setSliderDown(True)
    slider.setSliderPosition(14)
    assert options.values.sound_volume == 0.5
    slider.setSliderDown(False)
    assert options.values.sound_volume == 0.7


def test_size_of_the_display_can_be_automatic_again(
    screen: SettingsScreen, options: Options
) -> None:
    options.change(panel_diagonal_inch=75)
    automatic = next(
        one.findChild(TouchButton)
        for one in screen.findChildren(NumberControl)
        if one._known.optional
    )
    assert not automatic.isChecked()
    automatic.click()
    assert options.values.panel_diagonal_inch is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sound_volume", 0.05, "5 %"),
        ("undo_memory_mb", 64, "64 MB"),
        ("finger_most_mm", 20.0, "20 mm"),
        ("panel_diagonal_inch", 65.0, "65 inch"),
    ],
)
def test_numbers_carry_their_unit(name: str, value: float, words: str) -> None:
    text.set_language("en")
    known = next(one for one in declarations() if one.name == name)
    assert value_text(known, value) == words


def test_pin_is_set_after_typing_it_twice(
    screen: SettingsScreen, pin: PinStore, told: list[Notice], qtbot
) -> None:
    button(screen, "Set a PIN").click()
    type_pin(screen, "4711")
    with qtbot.waitSignal(screen.lock_changed) as heard:
        type_pin(screen, "4711")
    assert heard.args == [True]
    assert pin.matches("4711")
    assert [notice.text for notice in told] == ["The PIN is set."]
    with qtbot.waitSignal(screen.lock_changed) as heard:
        button(screen, "Remove the PIN").click()
    assert heard.args == [False]


@pytest.mark.parametrize("digits", [("4711", "4712"), ("471", "471")])
def test_pin_that_is_short_or_mistyped_is_not_taken(
    screen: SettingsScreen, pin: PinStore, digits: tuple[str, str], qtbot
) -> None:
    button(screen, "Set a PIN").click()
    for typed in digits:
        type_pin(screen, typed)
    assert not pin.is_set


def test_pad_that_is_left_starts_anew(screen: SettingsScreen, pin: PinStore, qtbot) -> None:
    button(screen, "Set a PIN").click()
    type_pin(screen, "4711")
    with qtbot.waitSignal(screen._sheet.closed):
        screen._sheet.close_sheet()
    button(screen, "Set a PIN").click()
    type_pin(screen, "4711")
    assert not pin.is_set


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_fits_the_display(screen: SettingsScreen, qapp, language: str) -> None:
    loop.switch_language(qapp, language)
    least = screen.minimumSizeHint()
    assert least.height() <= 1080
    assert least.width() <= 1920
