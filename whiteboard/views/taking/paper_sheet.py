"""Paper to page: a sheet, a whiteboard or a flip chart, by camera or from a photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from base.errors import AppError, ErrorCode
from base.feature import Host
from base.qt import theme
from base.qt.widgets import (
    Choice,
    Layout,
    Role,
    Text,
    TouchButton,
    TouchControl,
    paint_icon,
    painter_for,
)
from base.qt.widgets import Look as ButtonLook
from base.tasks import Worker
from base.text import N_, _
from whiteboard.services.paper.camera import (
    Camera,
    FrameSource,
    LiveCamera,
    LiveFrame,
    find_cameras,
    open_camera,
)
from whiteboard.services.paper.photos import read_photo, to_image
from whiteboard.services.taking.board_jobs import Jobs
from whiteboard.views.parts.fitted_sheet import FittedSheet
from whiteboard.views.taking.corner_editor import CornerEditor, paint_outline
from whiteboard.views.taking.picture_sheet import PictureSheet

if TYPE_CHECKING:
    # OpenCV comes with it, a third of a second: loaded by the first job that needs it.
    from whiteboard.services.paper.sheet_to_page import PaperPage

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

LOOKS: Final = ("as_it_is", "document", "whiteboard")
"""Values of `paper.Look`, in the order of their buttons."""

_WIDTH_MM: Final = 540.0
_STAGE_MM: Final = 272.0
_POLL_MS: Final = 30
_SEARCH_MS: Final = 1000
_PREVIEW_PX: Final = 1400
_LET_GO_S: Final = 8.0
"""How long a camera may take to be let go before it is opened anew."""
_INSET: Final = 0.08
"""Where the corners start when no sheet was found, share of the sides."""

_CAMERA_WORDS: Final = {
    ErrorCode.NO_CAMERA: N_("No camera was found. Plug one in, or choose a photo."),
    ErrorCode.CAMERA_BUSY: N_(
        "Another program is using the camera. Close it there, or choose a photo."
    ),
    ErrorCode.CAMERA_FAILED: N_(
        "The camera gives no picture. Unplug it, plug it in again, or choose a photo."
    ),
}
_STARTING: Final = N_("Starting the camera…")
_SEEK: Final = N_("Hold the paper so that all four corners are seen.")
_SEEN: Final = N_("The paper is found. Take the picture.")
_CHECK: Final = N_("Drag any corner that is not on the corner of the paper.")
_NOT_FOUND: Final = N_("The paper was not found. Drag the four corners onto it.")
_WORKING: Final = N_("One moment…")


@dataclass(frozen=True, slots=True)
class _Photo:
    """A still that is ready to be trimmed.

    Attributes:
        pixels: Shape (h, w, 3), BGR.
        small: The same, small enough for a quick look at the result.
        times: How many times smaller.
        picture: What is shown.
        corners: Shape (4, 2), px of `pixels`.
        is_found: Whether a sheet was seen there.
        look: What suits it, one of `LOOKS`.
    """

    pixels: Pixels
    small: Pixels
    times: int
    picture: QImage
    corners: Floats
    is_found: bool
    look: str


# Work for the worker --------------------------------------------------------------------


def _prepare(pixels: Pixels) -> _Photo:
    import cv2

    from whiteboard.services.paper.sheet_finder import find_sheet
    from whiteboard.services.paper.sheet_to_page import choose_look, straighten

    found = find_sheet(pixels)
    corners = _frame(pixels) if found is None else found.corners
    times = max(1, round(max(pixels.shape[:2]) / _PREVIEW_PX))
    height, width = (side // times for side in pixels.shape[:2])
    small = np.asarray(
        cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )
    look = choose_look(straighten(small, corners / times))
    return _Photo(
        pixels, small, times, to_image(pixels), corners, found is not None, look.value
    )


def _frame(pixels: Pixels) -> Floats:
    """Return corners a little inside the photograph."""
    height, width = pixels.shape[:2]
    left, top = _INSET * width, _INSET * height
    right, bottom = width - left, height - top
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _preview(photo: _Photo, corners: Floats, look: str, turns: int) -> QImage:
    from whiteboard.services.paper.sheet_to_page import Look, even_out, straighten, turned

    page = even_out(straighten(photo.small, corners / photo.times), Look(look))
    return to_image(turned(page, turns))


def _finish(photo: _Photo, corners: Floats, look: str, turns: int) -> PaperPage:
    from whiteboard.services.paper.sheet_to_page import Look, make_page

    return make_page(photo.pixels, corners, Look(look), turns)


# Parts ----------------------------------------------------------------------------------


class PictureView(QWidget):
    """A picture as large as fits, an outline on it, or a sentence in its place."""

    def __init__(self, *, is_framed: bool) -> None:
        super().__init__()
        self._picture = QImage()
        self._corners: Floats | None = None
        self._msgid = ""
        self._is_framed = is_framed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def picture(self) -> QImage:
        """What is shown."""
        return self._picture

    @property
    def corners(self) -> Floats | None:
        """The outline that is shown, px of the picture."""
        return self._corners

    @property
    def msgid(self) -> str:
        """The sentence that is shown in place of a picture."""
        return self._msgid

    def show_picture(self, picture: QImage, corners: Floats | None = None) -> None:
        """Show a picture, with an outline in its px."""
        self._picture, self._corners, self._msgid = picture, corners, ""
        self.setAccessibleName("")
        self.update()

    def say(self, msgid: str) -> None:
        """Show a sentence and no picture."""
        self._picture, self._corners, self._msgid = QImage(), None, msgid
        self.setAccessibleName(_(msgid) if msgid else "")
        self.update()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.LanguageChange, QEvent.Type.StyleChange):
            self.update()
        super().changeEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = painter_for(self)
        if self._is_framed:
            self._paint_frame(painter)
        if not self._picture.isNull():
            self._paint_picture(painter)
        elif self._msgid:
            self._paint_words(painter)
        painter.end()

    def _paint_frame(self, painter: QPainter) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        half = sizes.line_px / 2
        painter.setBrush(QColor(colours.ground))
        painter.setPen(QPen(QColor(colours.hairline), sizes.line_px))
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawRoundedRect(box, sizes.radius_px, sizes.radius_px)

    def _paint_picture(self, painter: QPainter) -> None:
        sizes = theme.metrics()
        inset = sizes.line_px if self._is_framed else sizes.px(8)
        room = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        size = self._picture.size().toSizeF()
        size.scale(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        box = QRectF(QPointF(0, 0), size)
        box.moveCenter(room.center())
        painter.save()
        if self._is_framed:
            edge = QPainterPath()
            edge.addRoundedRect(room, sizes.radius_px, sizes.radius_px)
            painter.setClipPath(edge)
        painter.drawImage(box, self._picture if self._is_framed else self._small(box))
        painter.restore()
        if not self._is_framed:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.tokens().outline), sizes.line_px))
            painter.drawRect(box)
        if self._corners is not None:
            times = box.width() / self._picture.width()
            places = (self._corners + 0.5) * times + [box.left(), box.top()]
            paint_outline(painter, QPolygonF([QPointF(*place) for place in places]))

    def _small(self, box: QRectF) -> QImage:
        """Return the picture as small as it is shown: print keeps its thin lines."""
        size = (box.size() * self.devicePixelRatioF()).toSize()
        return self._picture.scaled(
            size.boundedTo(self._picture.size()),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )

    def _paint_words(self, painter: QPainter) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter.setFont(theme.font(sizes.body_text_px))
        painter.setPen(QColor(colours.text))
        inset = sizes.px(16)
        room = self.rect().adjusted(inset, inset, -inset, -inset)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, _(self._msgid))


class ShutterButton(TouchControl):
    """The one large round button that takes a picture."""

    def __init__(self) -> None:
        super().__init__(N_("Take the picture"))

    @override
    def sizeHint(self) -> QSize:
        sizes = theme.metrics()
        words = QFontMetrics(theme.font(sizes.px(6), bold=True))
        width = max(sizes.px(48), words.horizontalAdvance(self.word) + sizes.px(4))
        return QSize(width, sizes.px(48) + words.height() + sizes.px(2))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        sizes, colours = theme.metrics(), theme.tokens()
        painter = painter_for(self)
        radius = sizes.px(48) / 2
        line = sizes.px(1.6)
        centre = QPointF(self.width() / 2, radius)
        is_on = self.isEnabled()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent_ink if is_on else colours.hairline), line))
        painter.drawEllipse(centre, radius - line, radius - line)
        fill = colours.accent_pressed if self.isDown() else colours.accent
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(fill if is_on else colours.surface_pressed))
        inner = radius - 2.6 * line
        painter.drawEllipse(centre, inner, inner)
        side = sizes.px(18)
        box = QRect(0, 0, side, side)
        box.moveCenter(centre.toPoint())
        ink = colours.on_accent if is_on else colours.outline
        paint_icon(painter, "camera", ink, box, self.devicePixelRatioF())
        painter.setFont(theme.font(sizes.px(6), bold=True))
        painter.setPen(QColor(colours.text if is_on else colours.outline))
        words = self.rect().adjusted(0, round(2 * radius) + sizes.px(2), 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.word)
        focus = QRectF(centre.x() - radius, 0, 2 * radius, 2 * radius)
        self._paint_focus(painter, focus, radius)
        painter.end()


class _CameraButton(TouchButton):
    """A camera by its own name."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        super().__init__("", "video", layout=Layout.BESIDE)
        self.setCheckable(True)

    @override
    def nextCheckState(self) -> None:
        """Stay: what is chosen follows from the camera that is shown."""

    @override
    def retranslate(self) -> None:
        room = theme.metrics().px(64)
        made = QFontMetrics(theme.font(theme.metrics().px(6)))
        name = made.elidedText(self.camera.name, Qt.TextElideMode.ElideRight, room)
        self.setText(name.replace("&", "&&"))
        self.setAccessibleName(self.camera.name)
        self.updateGeometry()
        self.update()


# The sheet ------------------------------------------------------------------------------


class PaperSheet(FittedSheet):
    """Lets a person make a page of a sheet of paper.

    First the camera's live picture, or a photo from a stick; then the still, with corners
    to drag, beside the page that it becomes.

    Args:
        parent: What it slides over.
        host: What the shell hands in.
        worker: Where photographs are read and worked on.
        find: Returns the cameras; called on the worker.
        open_source: Opens one; called on a thread of its own.
    """

    taken = Signal(object)
    """The `paper.PaperPage` that was made; the sheet closes."""

    def __init__(
        self,
        parent: QWidget,
        host: Host,
        worker: Worker,
        *,
        find: Callable[[], tuple[Camera, ...]] = find_cameras,
        open_source: Callable[[Camera], FrameSource] = open_camera,
    ) -> None:
        super().__init__(parent)
        self._host, self._worker = host, worker
        self._find, self._open_source = find, open_source
        # No child of the sheet: a photo may be on its way when the sheet is gone.
        self._jobs = Jobs(worker, host.show_error)
        self._cameras: tuple[Camera, ...] | None = None
        self._camera: Camera | None = None
        self._live: LiveCamera | None = None
        self._leaving: LiveCamera | None = None
        self._photo: _Photo | None = None
        self._turns = 0
        self._look = LOOKS[0]
        self._is_previewing = self._is_stale = False
        self._is_busy = self._is_over = self._is_searching = False
        self._poll = QTimer(self, interval=_POLL_MS)
        self._poll.timeout.connect(self._fetch)
        self._search = QTimer(self, interval=_SEARCH_MS)
        self._search.timeout.connect(self._look_for_cameras)
        self._make_parts()
        self.content.addLayout(self._make_head())
        self.content.addWidget(self._stage)
        self.closed.connect(self._let_go)
        self.fit()

    @property
    def is_trimming(self) -> bool:
        """Whether a still is shown with its corners."""
        return self._photo is not None

    @property
    def is_camera_released(self) -> bool:
        """Whether no camera is held."""
        return all(one is None or one.join(0) for one in (self._live, self._leaving))

    @property
    def live_view(self) -> PictureView:
        """Where the camera's picture is."""
        return self._view

    @property
    def result_view(self) -> PictureView:
        """Where the page to be is."""
        return self._result

    @property
    def editor(self) -> CornerEditor:
        """Where the corners are."""
        return self._editor

    @property
    def shutter(self) -> ShutterButton:
        """What takes the picture."""
        return self._shutter

    @override
    def open(self) -> None:
        super().open()
        self._seek()

    def use_photo(self, path: Path) -> None:
        """Go on with a photo from a file."""
        self._rest()
        self._take_in(lambda: _prepare(read_photo(path)))

    # Cameras ------------------------------------------------------------------------------

    def _seek(self) -> None:
        """Show what the camera sees."""
        self._photo = None
        self._turns = 0
        self._pages.setCurrentIndex(0)
        self._view.say(_STARTING)
        self._hint.set_msgid(_SEEK)
        self._set_busy(busy=False)
        self._shutter.setEnabled(False)
        self._poll.start()
        self._search.start()
        if self._camera is not None:
            self._start(self._camera)
        self._look_for_cameras()

    def _look_for_cameras(self) -> None:
        if self._is_searching or self._is_over:
            return
        self._is_searching = True
        self._jobs.run(self._find, self._found, ended=self._searched)

    def _searched(self) -> None:
        self._is_searching = False

    def _found(self, cameras: tuple[Camera, ...]) -> None:
        if self._is_over or self.is_trimming or not self._search.isActive():
            return
        if cameras != self._cameras:
            self._cameras = cameras
            self._offer(cameras)
            if self._camera not in cameras:
                self._stop()
                self._camera = None
        if self._camera is None and cameras:
            self._start(cameras[0])
        elif not cameras:
            self._complain(ErrorCode.NO_CAMERA)
        elif self._camera is not None and self._live is not None and self._live.error:
            # The other program may have let go of it: tried in silence.
            self._start(self._camera, is_quiet=True)

    def _offer(self, cameras: tuple[Camera, ...]) -> None:
        for old in self._group.buttons():
            self._group.removeButton(old)
            self._camera_column.removeWidget(old)
            old.hide()
            old.deleteLater()
        for place, camera in enumerate(cameras):
            button = _CameraButton(camera)
            button.clicked.connect(lambda _on=False, one=camera: self._start(one))
            self._group.addButton(button, place)
            self._camera_column.addWidget(button)
        self._mark()

    def _mark(self) -> None:
        for button in self._group.buttons():
            if isinstance(button, _CameraButton):
                button.setChecked(button.camera == self._camera)

    def _start(self, camera: Camera, *, is_quiet: bool = False) -> None:
        before = self._stop()
        self._camera = camera
        self._mark()
        if not is_quiet:
            self._view.say(_STARTING)

        def open_next() -> FrameSource:
            # The same device may be opened again only when it was let go.
            if before is not None:
                before.join(_LET_GO_S)
            return self._open_source(camera)

        self._live = LiveCamera(open_next)
        self._live.start()

    def _stop(self) -> LiveCamera | None:
        """Let go of the camera; return the one that may still be on its way out."""
        self._shutter.setEnabled(False)
        if self._live is not None:
            self._live.stop()
            self._leaving, self._live = self._live, None
        return self._leaving

    def _rest(self) -> None:
        """Look at cameras no more."""
        self._poll.stop()
        self._search.stop()
        self._stop()

    def _fetch(self) -> None:
        """Show what the camera has seen since the last time."""
        live = self._live
        if live is None or self._is_busy:
            return
        if live.error is not None:
            self._complain(live.error.code)
            return
        still = live.fetch_still()
        if still is not None:
            self._rest()
            self._take_in(lambda: _prepare(still))
            return
        frame = live.fetch_frame()
        if frame is not None:
            self._show_frame(frame)

    def _show_frame(self, frame: LiveFrame) -> None:
        self._view.show_picture(to_image(frame.image), frame.corners)
        self._hint.set_msgid(_SEEK if frame.corners is None else _SEEN)
        self._shutter.setEnabled(True)

    def _complain(self, code: ErrorCode) -> None:
        words = _CAMERA_WORDS.get(code, _CAMERA_WORDS[ErrorCode.CAMERA_FAILED])
        self._shutter.setEnabled(False)
        self._hint.set_plain("")
        if self._view.msgid != words:
            self._view.say(words)

    def _shoot(self) -> None:
        if self._live is not None:
            self._shutter.setEnabled(False)
            self._hint.set_msgid(_WORKING)
            self._live.take()

    # Photos -------------------------------------------------------------------------------

    def _choose_photo(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self._rest()
        chooser = PictureSheet(
            parent, self._host, self._worker, N_("Choose a photo of the paper")
        )
        chooser.chosen.connect(self.use_photo)
        chooser.closed.connect(self._go_on)
        chooser.closed.connect(chooser.deleteLater)
        chooser.open()

    def _go_on(self) -> None:
        """Back to the camera, when no photo was chosen."""
        if not self._is_busy and not self.is_trimming and not self._is_over:
            self._seek()

    def _take_in(self, work: Callable[[], _Photo]) -> None:
        self._set_busy(busy=True)
        self._view.setEnabled(False)
        if self._view.picture.isNull():
            self._view.say(_WORKING)
        self._hint.set_msgid(_WORKING)
        self._jobs.run(work, self._trim, failed=self._cannot_read)

    def _cannot_read(self, error: AppError) -> None:
        self._host.show_error(error)
        if not self._is_over:
            self._seek()

    def _trim(self, photo: _Photo) -> None:
        if self._is_over:
            return
        self._photo = photo
        self._set_busy(busy=False)
        self._look = photo.look
        self._looks.choose(LOOKS.index(photo.look))
        self._advice.set_msgid(_CHECK if photo.is_found else _NOT_FOUND)
        self._result.say(_WORKING)
        self._pages.setCurrentIndex(1)
        self._editor.show_photo(photo.picture, photo.corners)
        self._ask()

    # The page to be -----------------------------------------------------------------------

    def _ask(self) -> None:
        """Have the page shown as it will be; one at a time, the last wish last."""
        photo = self._photo
        if photo is None or self._is_previewing:
            self._is_stale = True
            return
        self._is_previewing, self._is_stale = True, False
        corners, look, turns = self._editor.corners, self._look, self._turns
        self._jobs.run(
            lambda: _preview(photo, corners, look, turns),
            lambda picture: self._show_result(photo, picture),
            ended=self._previewed,
        )

    def _show_result(self, photo: _Photo, picture: QImage) -> None:
        if photo is self._photo:
            self._result.show_picture(picture)

    def _previewed(self) -> None:
        self._is_previewing = False
        if self._is_stale and not self._is_over:
            self._ask()

    def _set_look(self, place: int) -> None:
        self._look = LOOKS[place]
        self._ask()

    def _turn(self) -> None:
        self._turns = (self._turns + 1) % 4
        self._ask()

    def _use(self) -> None:
        photo = self._photo
        if photo is None or self._is_busy:
            return
        self._set_busy(busy=True)
        corners, look, turns = self._editor.corners, self._look, self._turns
        self._jobs.run(
            lambda: _finish(photo, corners, look, turns),
            self._made,
            ended=lambda: self._set_busy(busy=False),
        )

    def _made(self, page: PaperPage) -> None:
        self.taken.emit(page)
        self.close_sheet()

    def _set_busy(self, *, busy: bool) -> None:
        self._is_busy = busy
        self._view.setEnabled(not busy)
        for part in (self._photo_button, self._looks, self._turn_button, self._again):
            part.setEnabled(not busy)
        self._use_button.setEnabled(not busy)
        self._editor.setEnabled(not busy)
        if busy:
            self._shutter.setEnabled(False)

    def _let_go(self) -> None:
        self._is_over = True
        self._rest()
        self._jobs.shutdown()

    # How it looks -------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self._stage = QWidget()
        self._pages = QStackedLayout(self._stage)
        self._view = PictureView(is_framed=True)
        self._hint = Text(role=Role.BODY)
        self._shutter = ShutterButton()
        self._shutter.clicked.connect(self._shoot)
        self._photo_button = TouchButton(
            N_("Choose a photo"), "image", layout=Layout.BESIDE, main=True
        )
        self._photo_button.clicked.connect(self._choose_photo)
        self._group = QButtonGroup(self)
        self._camera_column = QVBoxLayout()
        self._editor = CornerEditor()
        self._editor.moved.connect(lambda _corners: self._ask())
        self._result = PictureView(is_framed=False)
        self._advice = Text(role=Role.BODY)
        self._looks = Choice(
            (
                (N_("Colours as they are"), "palette"),
                (N_("Document"), "file-text"),
                (N_("Whiteboard"), "presentation"),
            ),
            layout=Layout.OVER,
        )
        self._looks.chosen.connect(self._set_look)
        self._turn_button = TouchButton(N_("Turn"), "rotate-cw")
        self._turn_button.clicked.connect(self._turn)
        self._again = TouchButton(N_("Start again"), "undo-2")
        self._again.clicked.connect(self._seek)
        self._use_button = TouchButton(
            N_("Make a page of it"),
            "check",
            layout=Layout.BESIDE,
            look=ButtonLook.MAIN,
            main=True,
        )
        self._use_button.clicked.connect(self._use)
        self._pages.addWidget(self._lay_out_seeking())
        self._pages.addWidget(self._lay_out_trimming())

    def _make_head(self) -> QHBoxLayout:
        shut = TouchButton(N_("Close"), "x", layout=Layout.BESIDE, look=ButtonLook.BARE)
        shut.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.addWidget(Text(N_("Paper to page"), Role.TITLE))
        head.addStretch(1)
        head.addWidget(shut)
        return head

    def _lay_out_seeking(self) -> QWidget:
        page = QWidget()
        left = QVBoxLayout()
        left.addWidget(self._view, 1)
        left.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignHCenter)
        right = QVBoxLayout()
        right.addLayout(self._camera_column)
        right.addStretch(1)
        right.addWidget(self._shutter, 0, Qt.AlignmentFlag.AlignHCenter)
        right.addStretch(1)
        right.addWidget(self._photo_button)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(left, 1)
        row.addLayout(right)
        self._seeking = (row, left, right, self._camera_column)
        return page

    def _lay_out_trimming(self) -> QWidget:
        page = QWidget()
        pictures = QHBoxLayout()
        pictures.addWidget(self._editor, 3)
        pictures.addWidget(self._result, 2)
        self._editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        buttons = QHBoxLayout()
        buttons.addWidget(self._again)
        buttons.addStretch(1)
        buttons.addWidget(self._looks)
        buttons.addWidget(self._turn_button)
        buttons.addStretch(1)
        buttons.addWidget(self._use_button)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._advice, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(pictures, 1)
        column.addLayout(buttons)
        self._trimming = (column, pictures, buttons)
        return page

    @override
    def _size_content(self, widest_px: int, height_px: int) -> None:
        sizes = theme.metrics()
        width = min(sizes.px(_WIDTH_MM), widest_px)
        # The title, and what the panel keeps around and between.
        rest = sizes.px(8 + 16 + 5) + sizes.target_px
        height = min(sizes.px(_STAGE_MM), height_px - rest)
        self._stage.setFixedSize(max(1, width), max(1, height))
        for layout in (*self._seeking, *self._trimming):
            layout.setSpacing(sizes.gap_px)
        self._trimming[0].setSpacing(sizes.px(3))
        self._seeking[1].setSpacing(sizes.px(3))
