"""A page to SVG 1.1, with `mix-blend-mode` for the highlighter: short and valid."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPainterPath, QTransform

from base.board_doc import Affine, BrushKind, StrokeItem
from base.errors import AppError
from whiteboard.model.bounds import Rect
from whiteboard.model.palette import BOARD_RGB, Rgb
from whiteboard.services.painting.ink_vectors import GRID_PER_PT, grid_outlines, stroke_rgb
from whiteboard.services.painting.item_painting import Look, item_marks, ruling_marks
from whiteboard.services.painting.lettering import EM_PX, FALLBACK_FAMILIES, FAMILY
from whiteboard.services.painting.marks import Fill, Line, Mark, Photo, Run
from whiteboard.services.painting.sheet_pixels import spot_of
from whiteboard.services.painting.sheet_reader import fitting_scale
from whiteboard.services.painting.snapshot import (
    BoardSnapshot,
    PageSnapshot,
    picture_reader,
    to_qrect,
)
from whiteboard.services.taking.export_pdf import SHEET_PIXELS, SHEET_PX_PER_PT

BATCH: Final = 200
_PNG_START: Final = b"\x89PNG"
_VECTOR_SCALE: Final = 1e3
"""Device pixels per pt that stand for "every detail"."""
_DIGITS: Final = 2


class SvgJob:
    """An SVG in the making, batch by batch; arguments as of `PdfJob`, for one page."""

    def __init__(
        self, snapshot: BoardSnapshot, page: PageSnapshot, *, is_on_white: bool = False
    ) -> None:
        self._title = snapshot.title
        self._read_asset = snapshot.read_asset
        self._read_sheet = snapshot.read_sheet
        self._picture = picture_reader(snapshot.read_asset)
        self._page = page.on_white() if is_on_white else page
        self._photos: dict[bytes, str] = {}
        self.data = b""
        """The file, once `steps` has come to its end."""

    def steps(self) -> Iterator[int]:
        """Work; yield the number of items done after each batch."""
        extent, background = self._page.extent(), self._page.page.background
        parts = [self._head(extent)]
        for mark in ruling_marks(background, to_qrect(extent), _VECTOR_SCALE):
            parts += self._element(mark)
        parts += self._sheet()
        look = Look(background.is_dark, _VECTOR_SCALE, self._picture)
        for is_ink, run in groupby(self._page.items, lambda i: isinstance(i, StrokeItem)):
            if is_ink:
                strokes = [item for item in run if isinstance(item, StrokeItem)]
                for start in range(0, len(strokes), BATCH):
                    batch = strokes[start : start + BATCH]
                    parts += _ink(batch, extent, is_dark=background.is_dark)
                    yield len(batch)
                continue
            for item in run:
                for mark in item_marks(item, look):
                    parts += self._element(mark)
                yield 1
        parts.append("</svg>\n")
        self.data = "\n".join(parts).encode()

    def _head(self, extent: Rect) -> str:
        width, height = _number(extent.width), _number(extent.height)
        box = f"{_number(extent.left)} {_number(extent.top)} {width} {height}"
        board = _colour(BOARD_RGB[self._page.page.background.surface])
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<svg xmlns="http://www.w3.org/2000/svg" '
            'xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" '
            f'width="{width}pt" height="{height}pt" viewBox="{box}" '
            f'font-family="{FAMILY}" font-size="{EM_PX}" '
            'stroke-linecap="round" stroke-linejoin="round">\n'
            f"<title>{escape(_legal(self._title))}</title>\n"
            f"<style>{_style(self._page.page.background.is_dark)}</style>\n"
            f'<rect x="{_number(extent.left)}" y="{_number(extent.top)}" '
            f'width="{width}" height="{height}" fill="{board}"/>'
        )

    def _sheet(self) -> Iterator[str]:
        """Return the sheet under the ink, as a picture."""
        spot = spot_of(self._page.page)
        if spot is None or self._read_sheet is None:
            return
        scale = fitting_scale(spot, SHEET_PX_PER_PT, SHEET_PIXELS)
        frame = spot.frame_px(scale)
        image = self._read_sheet(spot, scale, frame)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        text = base64.b64encode(buffer.data().data()).decode()
        yield (
            f'<image width="{_number(frame.width() / scale)}" '
            f'height="{_number(frame.height() / scale)}" preserveAspectRatio="none" '
            f'xlink:href="data:image/png;base64,{text}"/>'
        )

    def _element(self, mark: Mark) -> Iterator[str]:
        match mark:
            case Fill():
                opacity = "" if mark.opacity == 1 else f' fill-opacity="{mark.opacity:.3g}"'
                rule = "" if _is_winding(mark.path) else ' fill-rule="evenodd"'
                data, colour = _path_data(mark.path), _colour(mark.rgb)
                yield f'<path d="{data}" fill="{colour}"{opacity}{rule}/>'
            case Line():
                yield (
                    f'<path d="{_path_data(mark.path)}" fill="none" '
                    f'stroke="{_colour(mark.rgb)}" stroke-width="{_number(mark.width_pt)}"/>'
                )
            case Run():
                weight = ' font-weight="bold"' if mark.bold else ""
                yield (
                    f'<text transform="{_matrix(mark.place)}" fill="{_colour(mark.rgb)}" '
                    f'textLength="{_number(mark.width_px)}"{weight} xml:space="preserve">'
                    f"{escape(_legal(mark.text))}</text>"
                )
            case Photo():
                yield from self._photo(mark)

    def _photo(self, mark: Photo) -> Iterator[str]:
        name = self._photos.get(mark.sha256)
        if name is None:
            name = self._photos[mark.sha256] = f"photo{len(self._photos)}"
            try:
                data = self._read_asset(mark.sha256)
            except AppError:
                return
            kind = "png" if data.startswith(_PNG_START) else "jpeg"
            text = base64.b64encode(data).decode()
            yield (
                f'<defs><image id="{name}" width="1" height="1" preserveAspectRatio="none" '
                f'xlink:href="data:image/{kind};base64,{text}"/></defs>'
            )
        yield f'<use xlink:href="#{name}" transform="{_box_matrix(mark.box)}"/>'


def _ink(strokes: Sequence[StrokeItem], extent: Rect, *, is_dark: bool) -> Iterator[str]:
    place = f"translate({_number(extent.left)} {_number(extent.top)}) scale({1 / GRID_PER_PT})"
    yield f'<g transform="{place}">'
    for stroke, outline in zip(
        strokes, grid_outlines(strokes, extent.left, extent.top), strict=True
    ):
        data = "".join(_polygon_data(polygon) for polygon in outline.polygons())
        fill = _colour(stroke_rgb(stroke, is_dark=is_dark))
        is_highlight = stroke.brush is BrushKind.HIGHLIGHTER
        blended = ' class="highlighter" fill-opacity="0.5"' if is_highlight else ""
        yield f'<path d="{data}" fill="{fill}"{blended}/>'
    yield "</g>"


def _style(is_dark: bool) -> str:
    """Return what only readers with style sheets understand (QtSvg and old ones do not).

    The others take the one family of the root element, and see the highlighter half
    transparent instead of blended.
    """
    blend = "lighten" if is_dark else "darken"
    families = ", ".join(f'"{name}"' for name in (FAMILY, *FALLBACK_FAMILIES[:-1]))
    return (
        f"@supports (mix-blend-mode: {blend}) {{ "
        f"svg {{ font-family: {families}, {FALLBACK_FAMILIES[-1]} }} "
        f".highlighter {{ fill-opacity: 1; mix-blend-mode: {blend} }} }}"
    )


def _polygon_data(polygon: npt.NDArray[np.int64]) -> str:
    steps = np.diff(polygon, axis=0)
    # Points that fell together on the grid say nothing.
    steps = steps[(steps != 0).any(axis=1)]
    numbers = " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
    x, y = polygon[0].tolist()
    return f"M{x} {y}l{numbers}z" if numbers else f"M{x} {y}l0 0z"


def _path_data(path: QPainterPath) -> str:
    parts: list[str] = []
    kinds = QPainterPath.ElementType
    start = (0.0, 0.0)
    for i in range(path.elementCount()):
        element = path.elementAt(i)
        place = f"{_number(element.x)} {_number(element.y)}"
        if element.type == kinds.MoveToElement:
            start = (element.x, element.y)
            parts.append(f"M{place}")
        elif element.type == kinds.LineToElement:
            is_last = i + 1 == path.elementCount() or path.elementAt(i + 1).isMoveTo()
            is_closing = is_last and (element.x, element.y) == start
            parts.append("z" if is_closing else f"L{place}")
        elif element.type == kinds.CurveToElement:
            parts.append(f"C{place}")
        else:
            parts.append(f" {place}")
    return "".join(parts)


def _is_winding(path: QPainterPath) -> bool:
    return path.fillRule().value == 1


def _matrix(place: QTransform) -> str:
    numbers = (place.m11(), place.m12(), place.m21(), place.m22(), place.dx(), place.dy())
    return f"matrix({' '.join(f'{n:.6g}' for n in numbers)})"


def _box_matrix(box: Affine) -> str:
    numbers = (box.ux, box.uy, box.vx, box.vy, box.x, box.y)
    return f"matrix({' '.join(f'{n:.6g}' for n in numbers)})"


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".") or "0"


def _colour(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _legal(text: str) -> str:
    """Return the text without what XML 1.0 cannot hold: most control characters."""
    return "".join(c for c in text if c >= " " and not 0xFFFE <= ord(c) <= 0xFFFF and not
                   0xD800 <= ord(c) <= 0xDFFF)  # fmt: skip
