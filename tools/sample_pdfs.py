"""PDFs as they are brought to a display, by size: slides, a report, drawings, photographs."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pymupdf
from PIL import Image

from tools.pdf_pages import Colour, Content, Floats, PdfPages, shading

SLIDE_PT: Final = (960.0, 540.0)
A4_PT: Final = (595.0, 842.0)
A3_PT: Final = (1191.0, 842.0)
A1_PT: Final = (2384.0, 1684.0)
PHOTO_PX: Final = (4032, 3024)
PHOTO_BYTES: Final = 3_050_000
"""Of each photograph, at least; forty of them make 120 MB."""
PAGES_A_CHAPTER: Final = 20
PICTURES: Final = 24
DARK: Final = (0.13, 0.25, 0.21)
INK: Final = (0.1, 0.1, 0.12)
PALETTE: Final[tuple[Colour, ...]] = (
    (0.18, 0.42, 0.35), (0.80, 0.45, 0.22), (0.25, 0.42, 0.66), (0.72, 0.62, 0.28),
    (0.55, 0.30, 0.42),
)  # fmt: skip
TOPICS: Final = (
    ("防災計画の見直し", "Reviewing the safety plan"),
    ("子育て支援の窓口", "Family support at the counter"),
    ("図書館の利用状況", "How the library is used"),
    ("道路と橋の点検", "Inspecting roads and bridges"),
    ("今年度の予算", "This year's budget"),
    ("駅前広場の整備", "The square at the station"),
)
SENTENCES: Final = (
    "本年度は、町民の皆さまからいただいたご意見をもとに計画を見直しました。",
    "避難所の備えは、三日分の水と食料を基準とし、毎年九月に点検します。",
    "窓口の待ち時間は平均十二分で、前の年より三分短くなりました。",
    "詳しい日程は、広報紙と町のホームページでお知らせします。",
    "橋りょうの点検は五年に一度行い、結果を台帳に記録しています。",
    "The council heard the report and asked for a second estimate by the end of June.",
    "Of the forty-two shelters, thirty-nine can be reached without a step.",
    "Costs are given with tax; rounding may keep columns from adding up exactly.",
    "Visitors who need an interpreter can ask at any counter on the ground floor.",
    "計画の期間は令和8年度から令和12年度までの5年間とします。",
)
ROOMS: Final = ("会議室", "事務室", "倉庫", "廊下", "機械室", "玄関", "相談室", "書庫")


def write_slides(path: Path, pages: int = 200, seed: int = 1) -> None:
    """Write a deck: words, pictures, charts, gradients; 16:9."""
    rng = np.random.default_rng(seed)
    pdf = PdfPages("町の計画 / The plan of the town")
    pictures = [pdf.jpeg(_picture(rng, 1600, 1000, 82), 1600, 1000) for _ in range(PICTURES)]
    for number in range(pages):
        content, resources = Content(), _slide_resources(rng, pictures)
        _slide_background(pdf, content, number)
        japanese, english = TOPICS[number % len(TOPICS)]
        pdf.text(content, 60, 470, 34, f"{number + 1}. {japanese}")
        pdf.text(content, 60, 440, 16, english)
        _bullets(pdf, content, rng)
        (_bars, _line_chart, _pie, _photo_on_slide)[number % 4](content, rng)
        pdf.add(*SLIDE_PT, content, resources)
    pdf.write(path)


def write_report(path: Path, pages: int = 500, seed: int = 1) -> None:
    """Write a report: dense text, an outline of two levels, links to pages and outside."""
    rng = np.random.default_rng(seed)
    pdf = PdfPages("年次報告書 / Annual report")
    chapters = range(0, pages, PAGES_A_CHAPTER)
    for number in range(pages):
        content = Content()
        content.fill(INK)
        pdf.text(content, 60, 800, 8, f"年次報告書 · Annual report · {number + 1}")
        y = 770.0
        if number in chapters:
            pdf.text(content, 60, y, 18, _chapter(number))
            y -= 30
        while y > 60:
            paragraph = "".join(SENTENCES[each] for each in rng.integers(0, len(SENTENCES), 6))
            for line in pdf.typeface.wrapped(f"　{paragraph}", 9.0, A4_PT[0] - 120):
                if y <= 60:
                    break
                pdf.text(content, 60, y, 9.0, line)
                y -= 12.5
            y -= 5
        pdf.add(*A4_PT, content)
    _outline_and_links(pdf.document, pages)
    pdf.write(path)


def write_drawings(path: Path, pages: int = 1000, seed: int = 1) -> None:
    """Write building plans: A1 and A3 by turns of four, thousands of paths on each."""
    rng = np.random.default_rng(seed)
    pdf = PdfPages("新庁舎 実施設計図 / New town hall, drawings")
    for number in range(pages):
        size = A1_PT if number % 4 == 0 else A3_PT
        content = Content()
        _plan(pdf, content, rng, size)
        _title_block(pdf, content, size, number)
        pdf.add(*size, content)
    pdf.write(path)


def write_photos(path: Path, pages: int = 40, seed: int = 1) -> None:
    """Write photographs of 12 megapixels, about 3 MB each, one a page."""
    rng = np.random.default_rng(seed)
    pdf = PdfPages("現場の写真 / Photographs of the site")
    for number in range(pages):
        content = Content()
        image = pdf.jpeg(_photograph(rng), *PHOTO_PX)
        content.image("P0", 20, 40, 1152, 864)
        content.fill(INK)
        pdf.text(content, 24, 16, 14, f"写真 {number + 1} / Photo {number + 1}")
        pdf.add(1192, 924, content, f"/XObject<</P0 {image} 0 R>>")
    pdf.write(path)


def paint_landscape(
    rng: np.random.Generator, width: int, height: int, noise: float
) -> npt.NDArray[np.uint8]:
    """Paint sky and hills with grain; shape (height, width, 3)."""
    rows = np.arange(height, dtype=np.float32)[:, None]
    along = np.arange(width, dtype=np.float32)[None, :] / width
    pixels = np.empty((height, width, 3), np.float32)
    for channel, (top, low) in enumerate(((120, 236), (170, 228), (214, 210))):
        pixels[:, :, channel] = top + (low - top) * rows / height
    for layer in range(5):
        phase, swing = rng.uniform(0, 6.28, 2)
        line = height * (
            0.35 + 0.13 * layer
            + 0.05 * np.sin(along * (5 + 3 * layer) + phase)
            + 0.02 * np.sin(along * (31 + 7 * layer) + swing)
        )  # fmt: skip
        below = rows > line
        shade = 0.9 - 0.15 * layer
        for channel, value in enumerate((110, 150, 120)):
            pixels[:, :, channel][below] = value * shade
    grain = rng.standard_normal((height, width), np.float32) * noise
    pixels += grain[:, :, None]
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _slide_resources(rng: np.random.Generator, pictures: list[int]) -> str:
    first, last = rng.integers(0, len(PALETTE), 2)
    down = shading(2, (0, 540, 0, 0), (1, 1, 1), _pale(PALETTE[first]))
    ball = shading(3, (760, 250, 10, 760, 250, 190), _pale(PALETTE[last]), (1, 1, 1))
    picture = pictures[int(rng.integers(len(pictures)))]
    return (
        f"/Shading<</S0 {down}/S1 {ball}>>/XObject<</P0 {picture} 0 R>>"
        "/ExtGState<</G0<</ca 0.72>>>>"
    )


def _slide_background(pdf: PdfPages, content: Content, number: int) -> None:
    content.add("/S0 sh")
    content.add("q 540 60 400 380 re W n /S1 sh Q")
    content.fill(DARK)
    content.rectangle(0, 0, 960, 26)
    content.rectangle(40, 432, 6, 68)
    content.fill((1, 1, 1))
    pdf.text(content, 60, 9, 10, "黒板町 企画課 / Kokuban Town, Planning")
    pdf.text(content, 900, 9, 10, str(number + 1))
    content.fill(INK)


def _bullets(pdf: PdfPages, content: Content, rng: np.random.Generator) -> None:
    y = 390.0
    for each in rng.integers(0, len(SENTENCES), 4):
        content.fill(PALETTE[int(each) % len(PALETTE)])
        content.rectangle(62, y + 2, 8, 8)
        content.fill(INK)
        for line in pdf.typeface.wrapped(SENTENCES[each], 17, 430):
            pdf.text(content, 82, y, 17, line)
            y -= 25
        y -= 10


def _bars(content: Content, rng: np.random.Generator) -> None:
    _axes(content)
    for index, height in enumerate(rng.uniform(30, 240, 9).tolist()):
        content.fill(PALETTE[index % len(PALETTE)])
        content.rectangle(585 + index * 35, 101, 24, height)


def _line_chart(content: Content, rng: np.random.Generator) -> None:
    _axes(content)
    along = np.linspace(580, 895, 60)
    for colour in PALETTE[:4]:
        heights = 180 + np.cumsum(rng.normal(0, 9, 60))
        content.stroke(colour, 2.4)
        content.polyline(np.column_stack([along, np.clip(heights, 105, 360)]))


def _pie(content: Content, rng: np.random.Generator) -> None:
    content.add("q /G0 gs")
    shares = np.concatenate([[0.0], np.cumsum(rng.dirichlet(np.full(5, 3.0)))]) * math.tau
    for colour, start, end in zip(PALETTE, shares[:-1], shares[1:], strict=True):
        angles = np.linspace(start, end, 40)
        rim = np.column_stack([740 + 130 * np.cos(angles), 235 + 130 * np.sin(angles)])
        content.fill(colour)
        content.polyline(np.vstack([[(740.0, 235.0)], rim]), "h f")
    content.add("Q")


def _photo_on_slide(content: Content, _rng: np.random.Generator) -> None:
    content.image("P0", 560, 110, 368, 230)


def _axes(content: Content) -> None:
    content.stroke((0.5, 0.5, 0.5), 0.8)
    rows = np.arange(140, 380, 40.0)
    content.lines(np.column_stack([np.full(6, 575), rows, np.full(6, 900), rows]))
    content.stroke(INK, 1.4)
    content.lines(np.array([[575, 100, 900, 100], [575, 100, 575, 370.0]]))


def _pale(colour: Colour) -> Colour:
    red, green, blue = (0.72 + 0.28 * part for part in colour)
    return red, green, blue


def _chapter(number: int) -> str:
    japanese, english = TOPICS[number // PAGES_A_CHAPTER % len(TOPICS)]
    return f"第{number // PAGES_A_CHAPTER + 1}章 {japanese} / {english}"


def _outline_and_links(document: pymupdf.Document, pages: int) -> None:
    outline: list[list[object]] = []
    for number in range(0, pages, PAGES_A_CHAPTER):
        outline.append([1, _chapter(number), number + 1])
        middle = number + PAGES_A_CHAPTER // 2
        if middle < pages:
            outline.append([2, "資料 / Tables", middle + 1])
    document.set_toc(outline)
    for number in range(pages):
        page = document[number]
        following = (number // PAGES_A_CHAPTER + 1) * PAGES_A_CHAPTER % pages
        page.insert_link(
            {"kind": pymupdf.LINK_GOTO, "from": pymupdf.Rect(60, 30, 300, 48),
             "page": following, "to": pymupdf.Point(0, 0)}
        )  # fmt: skip
        page.insert_link(
            {"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(400, 30, 540, 48),
             "uri": "https://www.example.jp/report"}
        )  # fmt: skip


def _plan(
    pdf: PdfPages, content: Content, rng: np.random.Generator, size: tuple[float, float]
) -> None:
    """Draw axes, walls, hatching, furniture and dimensions: 4,000 to 9,000 paths."""
    width, height = size
    columns, rows = (16, 11) if width > A3_PT[0] else (10, 7)
    x = np.linspace(80, width - 180, columns + 1)
    y = np.linspace(80, height - 60, rows + 1)
    content.stroke((0.75, 0.35, 0.3), 0.25)
    content.add("[8 3 1 3] 0 d")
    content.lines(np.array([[each, 40, each, height - 30] for each in x]))
    content.lines(np.array([[40, each, width - 140, each] for each in y]))
    content.add("[] 0 d")
    for column in range(columns):
        for row in range(rows):
            _room(pdf, content, rng, x[column], y[row], x[column + 1], y[row + 1])


def _room(
    pdf: PdfPages, content: Content, rng: np.random.Generator,
    left: float, bottom: float, right: float, top: float,
) -> None:  # fmt: skip
    wall = np.array([[left, bottom, right, bottom], [left, bottom, left, top],
                     [left + 4, bottom + 4, right - 4, bottom + 4],
                     [left + 4, bottom + 4, left + 4, top - 4]])  # fmt: skip
    content.stroke(INK, 0.9)
    content.lines(wall)
    kind = int(rng.integers(4))
    content.stroke((0.45, 0.45, 0.5), 0.18)
    if kind == 0:
        content.lines(_hatching(left + 6, bottom + 6, right - 6, top - 6))
    else:
        content.lines(_desks(rng, left + 8, bottom + 8, right - 8, top - 18, kind))
    angles = np.linspace(0, math.pi / 2, 12)
    door = np.column_stack([left + 4 + 22 * np.cos(angles), bottom + 4 + 22 * np.sin(angles)])
    content.stroke(INK, 0.35)
    content.polyline(door)
    content.fill(INK)
    name = f"{ROOMS[int(rng.integers(len(ROOMS)))]} {int(rng.integers(101, 899))}"
    pdf.text(content, left + 10, top - 14, 7, name)
    pdf.text(content, (left + right) / 2 - 8, bottom - 6, 4.5, f"{(right - left) * 50:.0f}")


def _hatching(left: float, bottom: float, right: float, top: float) -> Floats:
    """Return slanted lines 2.4 pt apart, cut off at the room; shape (n, 4)."""
    height = top - bottom
    starts = np.arange(left - height, right, 2.4)
    first, last = np.maximum(starts, left), np.minimum(starts + height, right)
    return np.column_stack([first, bottom + first - starts, last, bottom + last - starts])


def _desks(
    rng: np.random.Generator, left: float, bottom: float, right: float, top: float, kind: int
) -> Floats:
    """Return desks with their drawers as four lines each; shape (n, 4)."""
    across, up = 8.0 + 2 * kind, 6.0 + kind
    x, y = np.meshgrid(np.arange(left, right - across, across * 1.7),
                       np.arange(bottom, top - up, up * 1.9))  # fmt: skip
    x = x.ravel() + rng.uniform(0, 0.8)
    y = y.ravel() + rng.uniform(0, 0.8)
    far, high = x + across, y + up
    return np.vstack([
        np.column_stack([x, y, far, y]), np.column_stack([far, y, far, high]),
        np.column_stack([far, high, x, high]), np.column_stack([x, high, x, y]),
        np.column_stack([x, y + up / 2, far, y + up / 2]),
    ])  # fmt: skip


def _title_block(
    pdf: PdfPages, content: Content, size: tuple[float, float], number: int
) -> None:
    width, height = size
    content.stroke(INK, 1.6)
    content.add(f"20 20 {width - 40:.1f} {height - 40:.1f} re S")
    content.add(f"{width - 130:.1f} 20 110 {height - 40:.1f} re S")
    content.fill(INK)
    pdf.text(content, width - 122, 60, 15, f"A-{number + 1:04d}")
    pdf.text(content, width - 122, 100, 10, "新庁舎 平面図")
    pdf.text(content, width - 122, 84, 8, f"Plan, scale 1:{100 if size == A1_PT else 200}")


def _picture(rng: np.random.Generator, width: int, height: int, quality: int) -> bytes:
    """Return a JPEG of hills in mist."""
    return _jpeg(paint_landscape(rng, width, height, noise=6.0), quality)


def _photograph(rng: np.random.Generator) -> bytes:
    """Return a JPEG of at least `PHOTO_BYTES`, as a camera's grain makes it."""
    pixels = paint_landscape(rng, *PHOTO_PX, noise=9.0)
    for quality in range(80, 100, 2):
        data = _jpeg(pixels, quality)
        if len(data) >= PHOTO_BYTES:
            return data
    raise ValueError("the picture has too little grain")


def _jpeg(pixels: npt.NDArray[np.uint8], quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
