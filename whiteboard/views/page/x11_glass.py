"""Pixels put straight into an X11 window, past Qt's backing store.

Qt repaints through a backing store: it clips, paints, copies and waits for the X server in
ways that are right for windows and slow for ink. Here a small rectangle is painted into
memory and sent to the window with one request on Qt's own connection, so that it stays in
order with everything that Qt draws. The backing store does not know of it: the caller
lets Qt paint the same area a little later. On any other platform there is no such way,
and Qt's is taken.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Final

import structlog
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QGuiApplication, QImage, QNativeInterface, QPainter
from PySide6.QtWidgets import QWidget

MAX_PIXELS: Final = 60_000
"""With its 4 bytes a pixel this stays below the smallest limit of a request, 262,140 bytes."""
_WIDTHS_PX: Final = (32, 48, 64, 96, 128, 192, 256, 384)
_BYTES_PER_PIXEL: Final = 4
_Z_PIXMAP: Final = 2
_DEPTHS: Final = frozenset({24, 32})
_FORMAT: Final = QImage.Format.Format_RGB32

_log = structlog.get_logger(__name__)


class _Geometry(ctypes.Structure):
    """xcb_get_geometry_reply_t."""

    _fields_ = (
        ("response_type", ctypes.c_uint8),
        ("depth", ctypes.c_uint8),
        ("sequence", ctypes.c_uint16),
        ("length", ctypes.c_uint32),
        ("root", ctypes.c_uint32),
        ("x", ctypes.c_int16),
        ("y", ctypes.c_int16),
        ("width", ctypes.c_uint16),
        ("height", ctypes.c_uint16),
        ("border_width", ctypes.c_uint16),
    )


class _Cookie(ctypes.Structure):
    """xcb_void_cookie_t and its kind."""

    _fields_ = (("sequence", ctypes.c_uint),)


_C: Final = ctypes.CDLL(None)
_C.free.argtypes = (ctypes.c_void_p,)
_C.free.restype = None


class X11Glass:
    """The way past Qt's backing store for one widget.

    Args:
        widget: What is painted; not a native window itself.
    """

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._xcb, self._connection = _open_xcb()
        self._strips: dict[int, _Strip] = {}
        self._window = self._depth = self._context = 0
        self._x = self._y = 0
        self._bounds = QRect()
        self._obstacles: list[QRect] = []

    def follow(self) -> None:
        """Note where the widget lies in its window, and what lies over it.

        To be called when a hand comes down and now and then while it is at work.
        """
        self._bounds = QRect()
        xcb, handle = self._xcb, self._widget.window().windowHandle()
        if xcb is None or not self._widget.isVisible():
            return
        if handle.devicePixelRatio() != 1.0 or not self._enter(xcb, int(handle.winId())):
            return
        place = self._widget.mapTo(self._widget.window(), QPoint(0, 0))
        self._x, self._y = place.x(), place.y()
        self._bounds = self._widget.visibleRegion().boundingRect()
        self._obstacles = obstacles(self._widget)

    def way(self, area: QRect) -> QRect | None:
        """Return the area to `show` so that a smaller one is on the glass.

        Args:
            area: Widget px; not empty.

        Returns:
            An area with what is seen of this one inside, as wide as one of the strips; None
            where it is too large, not seen, or has another widget over it.
        """
        bounds = self._bounds
        if not bounds.contains(area):
            area = area & bounds
            if area.isEmpty():
                return None
        width, height = area.width(), area.height()
        for strip in _WIDTHS_PX:
            if strip >= width:
                break
        else:
            return None
        x, y = area.x(), area.y()
        x = max(min(x, bounds.x() + bounds.width() - strip), bounds.x())
        wide = QRect(x, y, strip, height)
        if height * strip > MAX_PIXELS or not bounds.contains(wide):
            return None
        for one in self._obstacles:
            if one.intersects(wide):
                return None
        return wide

    def show(self, area: QRect, paint: Callable[[QPainter, QRect], None]) -> None:
        """Put an area onto the glass now.

        Args:
            area: What `way` returned; widget px.
            paint: Paints the whole area, opaque. Its painter is in widget px, antialiases,
                and is used again: what is set in it has to be set back.
        """
        xcb = self._xcb
        if xcb is None:
            return
        x, y, width, height = area.x(), area.y(), area.width(), area.height()
        strip = self._strips.get(width)
        if strip is None:
            strip = self._strips[width] = _Strip(width)
        painter = strip.painter
        painter.resetTransform()
        painter.translate(-x, -y)
        paint(painter, area)
        xcb.xcb_put_image(
            self._connection,
            _Z_PIXMAP,
            self._window,
            self._context,
            width,
            height,
            x + self._x,
            y + self._y,
            0,
            self._depth,
            width * height * _BYTES_PER_PIXEL,
            strip.address,
        )
        xcb.xcb_flush(self._connection)

    def close(self) -> None:
        """Give back what the server and the painters hold for it."""
        if self._xcb is not None and self._context:
            self._xcb.xcb_free_gc(self._connection, self._context)
        self._context = self._window = 0
        self._bounds = QRect()
        for strip in self._strips.values():
            strip.painter.end()
        self._strips.clear()

    def _enter(self, xcb: ctypes.CDLL, window: int) -> bool:
        """Take a window, unless it is the one that is known already."""
        if window == self._window:
            return True
        self.close()
        cookie = xcb.xcb_get_geometry(self._connection, window)
        reply = xcb.xcb_get_geometry_reply(self._connection, cookie, None)
        if not reply:
            return False
        depth = int(reply.contents.depth)
        _C.free(reply)
        if depth not in _DEPTHS:
            _log.info("ink_takes_the_long_way", depth=depth)
            self._xcb = None
            return False
        context = int(xcb.xcb_generate_id(self._connection))
        xcb.xcb_create_gc(self._connection, context, window, 0, None)
        self._window, self._depth, self._context = window, depth, context
        return True


class _Strip:
    """Memory to paint in, as wide as what is sent, with its painter kept open.

    To make an image and a painter for each sample would cost as much as all the rest.
    """

    __slots__ = ("address", "image", "painter", "pixels")

    def __init__(self, width_px: int) -> None:
        height = MAX_PIXELS // width_px
        stride = width_px * _BYTES_PER_PIXEL
        self.pixels = ctypes.create_string_buffer(stride * height)
        self.address = ctypes.addressof(self.pixels)
        self.image = QImage(memoryview(self.pixels), width_px, height, stride, _FORMAT)
        self.painter = QPainter(self.image)
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def obstacles(widget: QWidget) -> list[QRect]:
    """Return where other widgets of its window lie over a widget, widget px."""
    result = [
        QRect(over.mapTo(widget, QPoint(0, 0)), over.size())
        for over in widget.findChildren(QWidget)
        if over.isVisible()
    ]
    window, child = widget.window(), widget
    while child is not window and (parent := child.parentWidget()) is not None:
        siblings = parent.children()
        for other in siblings[siblings.index(child) + 1 :]:
            if isinstance(other, QWidget) and other.isVisible() and not other.isWindow():
                corner = widget.mapFrom(window, other.mapTo(window, QPoint(0, 0)))
                result.append(QRect(corner, other.size()))
        child = parent
    return result


def _open_xcb() -> tuple[ctypes.CDLL | None, ctypes.c_void_p]:
    """Return the library and Qt's own connection; None where Qt does not use X11."""
    nothing = None, ctypes.c_void_p()
    app = QGuiApplication.instance()
    if not isinstance(app, QGuiApplication) or sys.byteorder != "little":
        return nothing
    native = app.nativeInterface()
    if not isinstance(native, QNativeInterface.QX11Application):
        return nothing
    connection = native.connection()
    if not connection:
        return nothing
    try:
        return _declared(ctypes.CDLL("libxcb.so.1")), ctypes.c_void_p(connection)
    except OSError as error:
        _log.info("ink_takes_the_long_way", reason=str(error))
        return nothing


def _declared(xcb: ctypes.CDLL) -> ctypes.CDLL:
    pointer, card32 = ctypes.c_void_p, ctypes.c_uint32
    card16, int16, card8 = ctypes.c_uint16, ctypes.c_int16, ctypes.c_uint8
    xcb.xcb_put_image.argtypes = (
        *(pointer, card8, card32, card32, card16, card16, int16, int16),
        *(card8, card8, card32, pointer),
    )
    xcb.xcb_put_image.restype = _Cookie
    xcb.xcb_flush.argtypes = (pointer,)
    xcb.xcb_get_geometry.argtypes = (pointer, card32)
    xcb.xcb_get_geometry.restype = _Cookie
    xcb.xcb_get_geometry_reply.argtypes = (pointer, _Cookie, pointer)
    xcb.xcb_get_geometry_reply.restype = ctypes.POINTER(_Geometry)
    xcb.xcb_generate_id.argtypes = (pointer,)
    xcb.xcb_generate_id.restype = card32
    xcb.xcb_create_gc.argtypes = (pointer, card32, card32, card32, pointer)
    xcb.xcb_create_gc.restype = _Cookie
    xcb.xcb_free_gc.argtypes = (pointer, card32)
    xcb.xcb_free_gc.restype = _Cookie
    return xcb
