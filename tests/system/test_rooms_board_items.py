"""Packed items are the same bytes and the same values in the browser as in Python."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from base.board_doc import (
    POINTS_OF,
    Affine,
    BrushKind,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
    explicit_colour,
    pack_item,
    parse_item,
)
from tests.support.board_page import Pages, as_bytes, as_text, running_browser

PARSE_AND_PACK = """
(texts) => texts.map((text) => textOf(pack.packItem(items.parseItem(bytesOf(text)))))
"""
UNPACK = """
(texts) => texts.map((text) => {
  const {x, y, pressure, time, tilt} = items.unpackSamples(items.parseItem(bytesOf(text)));
  return [x, y, pressure, time, tilt].map((column) => Array.from(column));
})
"""
PACK_STROKES = """
(strokes) => strokes.map(({columns, style}) => {
  const [x, y, pressure, time, tilt] = columns;
  return textOf(pack.packItem(pack.strokeItem({x, y, pressure, time, tilt}, style)));
})
"""
JUDGE = """
(texts) => texts.map((text) => {
  try {
    const item = items.parseItem(bytesOf(text));
    if (item.planes) items.unpackSamples(item);
    return true;
  } catch (error) {
    if (error instanceof items.BrokenItem) return false;
    throw error;
  }
})
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    pages = Pages(browser)
    yield pages.open()
    pages.close()


def test_items_of_every_kind_are_the_same_bytes_after_the_browser_read_them(page: Page) -> None:
    packed = [pack_item(item) for item in items_of_every_kind(1)]

    back = page.evaluate(PARSE_AND_PACK, [as_text(data) for data in packed])

    assert [as_bytes(text) for text in back] == packed


def test_samples_are_the_same_numbers_in_the_browser(page: Page) -> None:
    strokes = [random_stroke(random.Random(seed)) for seed in range(60)]

    unpacked = page.evaluate(UNPACK, [as_text(pack_item(stroke)) for stroke in strokes])

    for stroke, columns in zip(strokes, unpacked, strict=True):
        np.testing.assert_array_equal(np.array(columns).T, stroke.samples())


def test_strokes_that_the_browser_packs_are_those_that_python_packs(page: Page) -> None:
    rng = np.random.default_rng(5)
    asked, expected = [], []
    for number in range(80):
        samples = random_samples(rng, int(rng.integers(1, 200)))
        # What lies in the middle of two steps is rounded to the even one.
        samples[:, :2] = np.round(samples[:, :2] * 128) / 128
        style = {
            "page": "p1", "z": float(number), "author": "花子", "brush": number % 3 + 1,
            "colour": number, "widthPt": 0.1 + number / 7, "hasPressure": number % 2 == 0,
        }  # fmt: skip
        asked.append({"columns": samples.T.tolist(), "style": style})
        stroke = StrokeItem.from_samples(
            samples, page="p1", z=float(number), author="花子",
            brush=BrushKind(number % 3 + 1), colour=number, width_pt=0.1 + number / 7,
            has_pressure=number % 2 == 0,
        )  # fmt: skip
        expected.append(pack_item(stroke))

    packed = page.evaluate(PACK_STROKES, asked)

    assert [as_bytes(text) for text in packed] == expected


def test_the_browser_refuses_what_python_refuses_and_nothing_else(page: Page) -> None:
    rng = random.Random(8)
    broken = [
        damaged(pack_item(item), rng) for n in range(120) for item in items_of_every_kind(n)
    ]

    verdicts = page.evaluate(JUDGE, [as_text(data) for data in broken])

    assert verdicts == [is_sound(data) for data in broken]
    assert 100 < sum(verdicts) < len(verdicts) - 100


def test_a_million_samples_that_never_move_are_one(page: Page) -> None:
    dot = StrokeItem("p1", 1.0, "x", BrushKind.PEN, False, 0, 3.0, 1_000_000, 64, 64, 512, 0,
                     (0, 0, 0, 0, 0), b"")  # fmt: skip

    ((x, *_others),) = page.evaluate(UNPACK, [as_text(pack_item(dot))])

    assert x == [1.0]


def test_hostile_items_are_left_out_and_the_others_are_shown(page: Page) -> None:
    rng = random.Random(3)
    sound = [pack_item(item) for item in items_of_every_kind(2)]
    hostile = [damaged(data, rng) for data in sound for _ in range(40)]
    hostile += [
        b"",
        b"\x01",
        bytes(12),
        b"\xff" * 400,
        struct.pack("<BBBBd", 1, 1, 2, 0, math.nan),
    ]
    hostile = [data for data in hostile if not is_sound(data)]

    shown = page.evaluate(
        """([sound, hostile]) => {
          const doc = new Y.Doc();
          const map = doc.getMap('items');
          doc.transact(() => {
            hostile.forEach((text, i) => map.set(`h${i}`, bytesOf(text)));
            [7, 'text', null, true, {a: 1}, [1]].forEach((value, i) => map.set(`v${i}`, value));
            map.set('deep', new Y.Map());
            sound.forEach((text, i) => map.set(`s${i}`, bytesOf(text)));
          });
          const scene = new Scene(doc);
          scene.show('p1');
          const context = document.createElement('canvas').getContext('2d');
          for (const {item} of scene.entries) {
            painter.paintItem(context, item, {isDark: true, scale: 1, image: () => null});
          }
          // The same one by one, as they come from others.
          const later = new Scene(new Y.Doc());
          return scene.entries.map(({id}) => id).sort();
        }""",
        [[as_text(data) for data in sound], [as_text(data) for data in hostile]],
    )

    assert shown == sorted(f"s{i}" for i in range(len(sound)))


def items_of_every_kind(seed: int) -> list[Item]:
    rng = random.Random(seed)
    box = Affine(*(rng.uniform(-500, 1500) for _ in range(6)))
    items: list[Item] = [random_stroke(rng) for _ in range(4)]
    for shape in ShapeKind:
        points = tuple(
            (rng.uniform(0, 900), rng.uniform(0, 900)) for _ in range(POINTS_OF[shape])
        )
        width = float(np.float32(rng.uniform(0.5, 20)))
        items.append(ShapeItem("p1", rng.random(), "b", shape, 3, 255, width, points))
    items += [
        TextItem("p1", 5.0, "a", box, explicit_colour(1, 2, 3), 24.0, "窓口 <b>\nline 𠮷"),
        NoteItem("p1", 6.0, "", box, 3, 18.5, ""),
        ImageItem("p1", 7.0, "花子", box, bytes(rng.randrange(256) for _ in range(32))),
    ]
    items += [StampItem("p1", 8.0, "a", box, stamp, 2, "2026.11.22") for stamp in StampKind]
    return items


def random_stroke(rng: random.Random) -> StrokeItem:
    samples = random_samples(np.random.default_rng(rng.randrange(2**32)), rng.randint(1, 120))
    return StrokeItem.from_samples(
        samples, page="p1", z=rng.random() * 100, author="seat",
        brush=rng.choice(list(BrushKind)),
        colour=rng.randrange(8), width_pt=rng.uniform(0.5, 20), has_pressure=rng.random() < 0.5,
    )  # fmt: skip


def random_samples(
    rng: np.random.Generator, count: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    stride = float(rng.choice([0.0, 0.4, 4.0, 900.0]))
    return np.column_stack(
        [
            rng.uniform(0, 1440) + np.cumsum(rng.normal(0, stride, count)),
            rng.uniform(0, 810) + np.cumsum(rng.normal(0, stride, count)),
            np.clip(0.5 + np.cumsum(rng.normal(0, 0.05, count)), 0, 1),
            np.cumsum(rng.uniform(0, 0.02, count)),
            np.clip(np.cumsum(rng.normal(0, 0.02, count)), 0, math.pi / 2),
        ]
    )


def damaged(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    match rng.randrange(5):
        case 0:
            return bytes(changed[: rng.randrange(len(changed))])
        case 1:
            return bytes(changed) + bytes(rng.randrange(1, 9))
        case 2:
            place = rng.randrange(max(len(changed) - 8, 1))
            huge = struct.pack("<d", rng.choice([math.nan, math.inf, 1e300, -0.0]))
            changed[place : place + 8] = huge
            return bytes(changed)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(min(len(changed), 60))] = rng.choice([0, 1, 127, 128, 255, 4])
    return bytes(changed)


def is_sound(data: bytes) -> bool:
    try:
        parse_item(data)
    except ValueError:
        return False
    return True
