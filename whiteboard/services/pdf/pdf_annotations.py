"""Items as annotations of a PDF page: what other programs can show, select and take away.

Strokes of one person, colour and width are one Ink annotation, not hundreds; other items
have one each. Every annotation brings its own appearance, so it looks as on the board, and
keeps the items it was made of, so that the file can be written on again (see `pdf_space`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pikepdf
from pikepdf import Dictionary, Name, Object
from PIL import Image, UnidentifiedImageError

from base.board_doc import (
    NO_FILL,
    BrushKind,
    Floats,
    ImageItem,
    Item,
    NoteItem,
    ShapeItem,
    ShapeKind,
    StampItem,
    StampKind,
    StrokeItem,
    TextItem,
    pack_item,
)
from whiteboard.model.bounds import Rect, many_bounds
from whiteboard.model.palette import NOTE_INK_RGB, Rgb, ink_rgb, note_rgb
from whiteboard.model.select import Transform
from whiteboard.services.painting.ink_vectors import stroke_rgb
from whiteboard.services.pdf.pdf_drawing import (
    Drawing,
    Drawn,
    asset_name,
    blend_name,
    colour_numbers,
    opacity_name,
)
from whiteboard.services.pdf.pdf_package import FillMark, PackedItem
from whiteboard.services.pdf.pdf_space import (
    ITEMS_KEY,
    NAME_START,
    USER_STEPS_PER_PT,
    Box,
    Kept,
    Private,
    box_of,
    numbers,
    pack_private,
    path_digest,
)

ASSET_KEY: Final = Name("/KokubanPicture")
"""Of an image: a stream with the file it was made from, where its own data is not that."""
SUBJECTS: Final = {
    BrushKind.PEN: "Pen",
    BrushKind.CHALK: "Chalk",
    BrushKind.HIGHLIGHTER: "Highlighter",
}
COVER_WIDTH_PT: Final = 10.0
"""Strokes from this width on may be there to hide what lies below them."""

_PRINTED: Final = 4
"""Annotation flag: it is printed as well."""
_UPRIGHT_PT: Final = 1e-3
_JPEG_MODES: Final = {"L": "/DeviceGray", "RGB": "/DeviceRGB"}

_Key: TypeAlias = tuple[str, BrushKind, int, float]


@dataclass(slots=True)
class Layer:
    """Items that become one annotation; their places on the page, lowest first."""

    places: list[int] = field(default_factory=list)


def plan_layers(items: Sequence[Item]) -> list[Layer]:
    """Return which items share an annotation, lowest annotation first.

    Strokes of one person, brush, colour and width do, wherever others cross them: which of
    two thin lines is above shows on a spot as small as they are thin. Only something that hides
    what lies below it (a note, a picture, a filled shape, a broad stroke) parts the
    strokes before it from those written over it.
    """
    layers: list[Layer] = []
    open_layers: dict[_Key, int] = {}
    covers = _Covers()
    bounds = many_bounds(items) if items else np.empty((0, 4))
    for place, item in enumerate(items):
        if isinstance(item, StrokeItem):
            key = (item.author, item.brush, item.colour, item.width_pt)
            number = open_layers.get(key)
            if number is None or covers.hide(bounds[place], number):
                number = open_layers[key] = len(layers)
                layers.append(Layer())
            layers[number].places.append(place)
        else:
            number = len(layers)
            layers.append(Layer([place]))
        if _hides(item):
            covers.add(bounds[place], number)
    return layers


class _Covers:
    """What hides things, by the number of its layer."""

    def __init__(self) -> None:
        self._bounds = np.empty((16, 4))
        self._layers = np.empty(16, dtype=np.int64)
        self._count = 0

    def add(self, bounds: Floats, layer: int) -> None:
        if self._count == len(self._layers):
            self._bounds = np.vstack((self._bounds, np.empty_like(self._bounds)))
            self._layers = np.append(self._layers, np.empty_like(self._layers))
        self._bounds[self._count] = bounds
        self._layers[self._count] = layer
        self._count += 1

    def hide(self, bounds: Floats, layer: int) -> bool:
        """Return whether something above `layer` covers a part of `bounds`."""
        above: npt.NDArray[np.bool_] = self._layers[: self._count] > layer
        if not above.any():
            return False
        covers = self._bounds[: self._count][above]
        apart = (
            (covers[:, 0] > bounds[2])
            | (covers[:, 2] < bounds[0])
            | (covers[:, 1] > bounds[3])
            | (covers[:, 3] < bounds[1])
        )
        return not bool(apart.all())


def _hides(item: Item) -> bool:
    match item:
        case StrokeItem():
            is_broad = item.width_pt >= COVER_WIDTH_PT
            return is_broad and item.brush is not BrushKind.HIGHLIGHTER
        case ShapeItem():
            return item.fill != NO_FILL
        case NoteItem() | ImageItem():
            return True
        case _:
            return False


class PictureStore:
    """The pictures of a file that is being written, each in it once.

    Args:
        pdf: The file.
        read_asset: Returns the bytes of a picture or raises KeyError.
    """

    def __init__(self, pdf: pikepdf.Pdf, read_asset: Callable[[bytes], bytes]) -> None:
        self._pdf = pdf
        self._read = read_asset
        self._done: dict[bytes, Object] = {}

    def image(self, sha256: bytes) -> Object:
        """Return the image of an asset."""
        done = self._done.get(sha256)
        if done is None:
            image = _image(self._pdf, self._read(sha256))
            done = self._done[sha256] = self._pdf.make_indirect(image)
        return done


def _image(pdf: pikepdf.Pdf, data: bytes) -> pikepdf.Stream:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            space = _JPEG_MODES.get(picture.mode)
            if picture.format == "JPEG" and space is not None:
                return _image_stream(
                    pdf, data, picture.size, Name(space), Filter=Name("/DCTDecode")
                )
            has_alpha = picture.has_transparency_data
            pixels = picture.convert("RGBA" if has_alpha else "RGB")
    except (UnidentifiedImageError, OSError, ValueError):
        pixels, has_alpha = Image.new("RGB", (1, 1), (200, 200, 200)), False
    colour = pixels.convert("RGB") if has_alpha else pixels
    image = _image_stream(pdf, colour.tobytes(), pixels.size, Name("/DeviceRGB"))
    if has_alpha:
        mask = pixels.getchannel("A").tobytes()
        image["/SMask"] = pdf.make_indirect(
            _image_stream(pdf, mask, pixels.size, Name("/DeviceGray"))
        )
    image[ASSET_KEY] = pdf.make_indirect(pikepdf.Stream(pdf, data))
    return image


def _image_stream(
    pdf: pikepdf.Pdf, data: bytes, size: tuple[int, int], space: Name, **more: Object
) -> pikepdf.Stream:
    return pikepdf.Stream(
        pdf,
        data,
        Type=Name("/XObject"),
        Subtype=Name("/Image"),
        Width=size[0],
        Height=size[1],
        ColorSpace=space,
        BitsPerComponent=8,
        **more,
    )


def resources_of(drawing: Drawing, pictures: PictureStore, *, is_dark: bool) -> Dictionary:
    """Return what the operators of a drawing refer to."""
    states = Dictionary()
    if drawing.blends:
        mode = Name(f"/{blend_name(is_dark=is_dark)}")
        states["/Blend"] = Dictionary(Type=Name("/ExtGState"), BM=mode)
        states["/Plain"] = Dictionary(Type=Name("/ExtGState"), BM=Name("/Normal"))
    for step in drawing.opacities:
        states[f"/{opacity_name(step)}"] = Dictionary(Type=Name("/ExtGState"), ca=step / 1000)
    result = Dictionary()
    if len(states):
        result["/ExtGState"] = states
    if drawing.assets:
        result["/XObject"] = Dictionary(
            {
                f"/{asset_name(sha256)}": pictures.image(sha256)
                for sha256 in sorted(drawing.assets)
            }
        )
    return result


def form(pdf: pikepdf.Pdf, drawing: Drawing, box: Box, resources: Dictionary) -> Object:
    """Return a drawing as a form of the PDF, in the space of the page."""
    return pdf.make_indirect(
        pikepdf.Stream(
            pdf,
            drawing.data(),
            Type=Name("/XObject"),
            Subtype=Name("/Form"),
            BBox=numbers(box),
            Resources=resources,
        )
    )


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote and when.

    Attributes:
        people: Names by the id of a person; ids without a name are written as they are.
        when: When the file was written, with its time zone.
    """

    people: Mapping[str, str]
    when: datetime

    def name(self, person: str) -> str:
        """Return the name of a person."""
        return self.people.get(person) or person


class AnnotationWriter:
    """Makes the annotations of one page.

    Args:
        pdf: The file.
        pictures: Its pictures.
        to_user: Page space to the space of the PDF page.
        is_dark: Whether the board is dark.
        signature: Who and when.
        page_name: Anything that no other page of the file has.
    """

    def __init__(
        self,
        pdf: pikepdf.Pdf,
        pictures: PictureStore,
        to_user: Transform,
        *,
        is_dark: bool,
        signature: Signature,
        page_name: str,
    ) -> None:
        self._pdf = pdf
        self._pictures = pictures
        self._to_user = to_user
        self._is_dark = is_dark
        self._signature = signature
        self._page_name = page_name
        self._date = _pdf_date(signature.when)

    def annotations(
        self, items: Sequence[PackedItem], drawn: Mapping[int, Drawn]
    ) -> Iterator[Object]:
        """Yield the annotations, lowest first; `drawn` has the strokes by their place."""
        for number, layer in enumerate(plan_layers([one.item for one in items])):
            first = items[layer.places[0]].item
            if isinstance(first, StrokeItem):
                inked = [(items[place].item, drawn[place]) for place in layer.places]
                yield self._ink(number, inked)
            else:
                yield self._single(number, items[layer.places[0]])

    # Ink --------------------------------------------------------------------------------

    def _ink(self, number: int, inked: Sequence[tuple[Item, Drawn]]) -> Object:
        strokes = [(item, drawn) for item, drawn in inked if isinstance(item, StrokeItem)]
        first = strokes[0][0]
        drawing = Drawing(self._to_user, is_dark=self._is_dark)
        drawing.strokes(strokes, is_one_layer=True)
        edges = np.array([drawn.bounds for _, drawn in strokes])
        left, top = edges[:, :2].min(axis=0).tolist()
        right, bottom = edges[:, 2:].max(axis=0).tolist()
        box = _outward(box_of(Rect(left, top, right, bottom), self._to_user))
        rgb = stroke_rgb(first, is_dark=self._is_dark)
        width = first.width_pt / self._unit()
        kept, lists = [], []
        for stroke, drawn in strokes:
            path = self._path(drawn.line)
            lists.append(_path_text(path))
            kept.append(Kept(stroke, path_digest(path), (float(path[0, 0]), float(path[0, 1]))))
        annotation = self._base("Ink", number, first, box, drawing)
        annotation["/InkList"] = Object.parse(b"[" + b"\n".join(lists) + b"]")
        annotation["/C"] = _colour(rgb)
        annotation["/BS"] = _border(width)
        annotation["/Subj"] = pikepdf.String(SUBJECTS[first.brush])
        return self._with_private(annotation, kept, box, rgb, width)

    def _path(self, line: Floats) -> Floats:
        """Return a middle in user space on the grid of annotations, at least two points."""
        user = self._to_user.points(line if len(line) > 1 else np.repeat(line, 2, axis=0))
        path: Floats = np.rint(user * USER_STEPS_PER_PT) / USER_STEPS_PER_PT
        return path

    # Everything else --------------------------------------------------------------------

    def _single(self, number: int, one: PackedItem) -> Object:
        item = one.item
        drawing = Drawing(self._to_user, is_dark=self._is_dark)
        drawing.marks(one.marks)
        left, top, right, bottom = many_bounds([item])[0].tolist()
        box = _outward(box_of(Rect(left, top, right, bottom), self._to_user))
        rgb: Rgb | None = None
        width = 0.0
        annotation = self._base(_subtype(item), number, item, box, drawing)
        match item:
            case ShapeItem():
                rgb = ink_rgb(item.colour, self._is_dark)
                width = item.width_pt / self._unit()
                self._shape(annotation, item, width)
            case TextItem():
                rgb = ink_rgb(item.colour, self._is_dark)
                self._free_text(annotation, item, rgb)
            case NoteItem():
                rgb = note_rgb(item.colour)
                self._free_text(annotation, item, NOTE_INK_RGB)
            case StampItem():
                rgb = ink_rgb(item.colour, self._is_dark)
                annotation["/Name"] = _stamp_name(item)
            case _:
                annotation["/Name"] = Name("/Image")
        if rgb is not None and not isinstance(item, TextItem):
            # The colour of a FreeText is that of its ground.
            annotation["/C"] = _colour(rgb)
        return self._with_private(annotation, [Kept(item)], box, rgb, width)

    def _shape(self, annotation: Dictionary, item: ShapeItem, width: float) -> None:
        annotation["/BS"] = _border(width)
        points = self._to_user.points(np.array(item.points, dtype=np.float64))
        subtype = str(annotation["/Subtype"])
        if subtype == "/Line":
            annotation["/L"] = numbers(points.ravel().tolist())
            if item.shape is ShapeKind.ARROW:
                annotation["/LE"] = pikepdf.Array([Name("/None"), Name("/OpenArrow")])
        elif subtype == "/Polygon":
            if item.shape is ShapeKind.ELLIPSE:
                points = self._to_user.points(_ellipse(item))
            annotation["/Vertices"] = numbers(points.ravel().tolist())
        if item.fill != NO_FILL and subtype != "/Line":
            annotation["/IC"] = _colour(ink_rgb(item.fill, self._is_dark))

    def _free_text(
        self, annotation: Dictionary, item: TextItem | NoteItem, letters: Rgb
    ) -> None:
        size = item.size_pt / self._unit()
        annotation["/Contents"] = pikepdf.String(item.text)
        annotation["/DA"] = pikepdf.String(f"{colour_numbers(letters)} rg /Helv {size:.2f} Tf")
        red, green, blue = letters
        annotation["/DS"] = pikepdf.String(
            f"font: {size:.2f}pt 'BIZ UDPGothic',sans-serif; "
            f"color: #{red:02x}{green:02x}{blue:02x}"
        )
        annotation["/BS"] = _border(0.0)
        if isinstance(item, NoteItem):
            annotation["/Q"] = 1

    # What all have ----------------------------------------------------------------------

    def _unit(self) -> float:
        """Return the points of page space to a unit of the PDF page."""
        return 1 / self._to_user.width_factor

    def _base(
        self, subtype: str, number: int, item: Item, box: Box, drawing: Drawing
    ) -> Dictionary:
        name = hashlib.sha256(
            f"{self._page_name}/{number}/{self._date}/".encode() + pack_item(item)
        ).hexdigest()[:32]
        annotation = Dictionary(
            Type=Name("/Annot"),
            Subtype=Name(f"/{subtype}"),
            Rect=numbers(box),
            F=_PRINTED,
            NM=pikepdf.String(NAME_START + name),
            T=pikepdf.String(self._signature.name(item.author)),
            CreationDate=pikepdf.String(self._date),
            M=pikepdf.String(self._date),
        )
        resources = resources_of(drawing, self._pictures, is_dark=self._is_dark)
        annotation["/AP"] = Dictionary(N=form(self._pdf, drawing, box, resources))
        return annotation

    def _with_private(
        self, annotation: Dictionary, kept: list[Kept], box: Box, rgb: Rgb | None, width: float
    ) -> Object:
        colour = tuple(channel / 255 for channel in rgb) if rgb is not None else ()
        private = Private(tuple(kept), self._to_user, box, colour, width)
        annotation[ITEMS_KEY] = self._pdf.make_indirect(pack_private(self._pdf, private))
        return self._pdf.make_indirect(annotation)


def _subtype(item: Item) -> str:
    match item:
        case ShapeItem(shape=ShapeKind.LINE | ShapeKind.ARROW):
            return "Line"
        case ShapeItem(shape=ShapeKind.RECTANGLE) if _is_upright(item.points):
            return "Square"
        case ShapeItem(shape=ShapeKind.ELLIPSE) if _is_upright_ellipse(item):
            return "Circle"
        case ShapeItem():
            return "Polygon"
        case TextItem() | NoteItem():
            return "FreeText"
        case _:
            return "Stamp"


def _is_upright(points: Sequence[tuple[float, float]]) -> bool:
    return all(
        min(abs(x1 - x0), abs(y1 - y0)) < _UPRIGHT_PT
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True)
    )


def _is_upright_ellipse(item: ShapeItem) -> bool:
    (cx, cy), (ax, ay), (bx, by) = item.points
    return all(min(abs(x - cx), abs(y - cy)) < _UPRIGHT_PT for x, y in ((ax, ay), (bx, by)))


def _ellipse(item: ShapeItem) -> Floats:
    centre, a, b = np.array(item.points, dtype=np.float64)
    turn = np.linspace(0.0, 2 * np.pi, 72, endpoint=False)[:, None]
    result: Floats = centre + np.cos(turn) * (a - centre) + np.sin(turn) * (b - centre)
    return result


def _stamp_name(item: StampItem) -> Name:
    match item.stamp:
        case StampKind.DATE:
            return Name("/Date")
        case StampKind.DONE:
            return Name("/Completed")
        case StampKind.CHECK:
            return Name("/Check")
        case StampKind.STAR:
            return Name("/Star")


def _colour(rgb: Rgb) -> pikepdf.Array:
    return numbers([channel / 255 for channel in rgb], 4)


def _border(width: float) -> Dictionary:
    return Dictionary(W=round(width, 4), S=Name("/S"))


def _outward(box: Box) -> Box:
    """Return the box with a hair more on all sides, for edges are painted soft."""
    x0, y0, x1, y1 = box
    return x0 - 0.5, y0 - 0.5, x1 + 0.5, y1 + 0.5


def _path_text(path: Floats) -> bytes:
    text = b"%.2f %.2f " * len(path) % tuple(path.ravel().tolist())
    return b"[" + text.replace(b".00 ", b" ").rstrip() + b"]"


def _pdf_date(when: datetime) -> str:
    zone = when.strftime("%z")
    offset = f"{zone[:3]}'{zone[3:5]}'" if zone else "Z"
    return f"D:{when:%Y%m%d%H%M%S}{offset}"


def paper(rgb: Rgb, extent: Rect) -> FillMark:
    """Return the bare surface of a page of the board's own, a little beyond its edges."""
    left, top, right, bottom = (
        extent.left - 1,
        extent.top - 1,
        extent.right + 1,
        extent.bottom + 1,
    )
    path = f"{left} {top} m {right} {top} l {right} {bottom} l {left} {bottom} l h"
    return FillMark(path.encode(), rgb)
