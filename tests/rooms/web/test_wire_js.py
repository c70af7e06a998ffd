"""What the browser's scripts believe of the wire is what base/wire.py says."""

import re
from enum import IntEnum

import pytest

from base import wire
from rooms.web.static_files import FOLDER

SOURCE = (FOLDER / "wire.js").read_text("utf-8")


def constants_of(name: str) -> dict[str, int]:
    found = re.search(
        rf"export const {name} = Object\.freeze\(\{{(.*?)\}}\);", SOURCE, re.DOTALL
    )
    assert found is not None
    return {key: int(value) for key, value in re.findall(r"(\w+): (\d+)", found.group(1))}


@pytest.mark.parametrize("enum", [wire.Channel, wire.Close])
def test_numbers_are_the_same(enum: type[IntEnum]) -> None:
    assert constants_of(enum.__name__) == {one.name: one.value for one in enum}


@pytest.mark.parametrize("name", ["WIRE_VERSION", "MAX_NAME", "MAX_LIVE_POINTS"])
def test_limits_are_the_same(name: str) -> None:
    assert f"export const {name} = {getattr(wire, name)};" in SOURCE


@pytest.mark.parametrize("name", ["SUBPROTOCOL", "SOCKET_PATH"])
def test_names_are_the_same(name: str) -> None:
    assert f"export const {name} = '{getattr(wire, name)}';" in SOURCE
