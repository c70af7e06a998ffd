"""Words of the guest's page can be read: WCAG 2.2 wants a contrast of 4.5 to 1."""

import re

import pytest

from rooms.web.static_files import FOLDER

SOURCE = (FOLDER / "guest.css").read_text("utf-8")
LEAST = 4.5
PAIRS = [
    ("words", "ground"),
    ("words", "card"),
    ("soft", "ground"),
    ("soft", "card"),
    ("problem", "card"),
    ("on-wood", "wood"),
    ("on-green", "green"),
]


def colours_of(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", SOURCE, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("words", "ground"), PAIRS)
def test_words_stand_out(scheme: str, words: str, ground: str) -> None:
    colours = colours_of(scheme)
    assert contrast(colours[words], colours[ground]) >= LEAST


def test_every_rule_with_words_on_a_colour_of_its_own_stands_out() -> None:
    rules = re.findall(r"\{([^{}]*)\}", SOURCE)
    checked = 0
    for rule in rules:
        ground = re.search(r"background: (#[0-9a-f]{6})", rule)
        words = re.search(r"(?<![\w-])color: (#[0-9a-f]{6})", rule)
        if ground and words:
            checked += 1
            assert contrast(ground.group(1), words.group(1)) >= LEAST, rule
    assert checked >= 8
