"""The board under the hands: takes their events, shows the page, carries out their effects.

The ink path: an event becomes a sample of a wet stroke and a small rectangle to repaint;
the paint event draws that rectangle from the tiles and the stroke's last few samples over
it. Everything else waits until the frame is out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPointingDevice,
    QRegion,
    QResizeEvent,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from base.board_doc import BrushKind, Item
from base.qt.loop import Application
from base.qt.theme import Metrics
from whiteboard.model import effects
from whiteboard.model.board import BoardChange
from whiteboard.model.bounds import Rect
from whiteboard.model.effects import Effect
from whiteboard.model.events import Phase, PointerEvent
from whiteboard.model.free_room import Bars, Spine, against, best_room
from whiteboard.model.hands import PINCH_APART_MM, PINCH_WIDE_MM, Hands
from whiteboard.model.lasso_tool import LassoTool
from whiteboard.model.page import Page
from whiteboard.model.page_grip import PageGrip
from whiteboard.model.palm import PenReport
from whiteboard.model.prediction import Prediction
from whiteboard.model.select import transformed
from whiteboard.model.smoothing import Smoothing
from whiteboard.model.viewport import Viewport
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.chalk.chalk_sound import ChalkSound
from whiteboard.services.painting.ink_painting import tolerance_pt
from whiteboard.services.painting.item_painting import Look
from whiteboard.services.painting.near_pages import NearPages
from whiteboard.services.painting.scene import BATCH, SMALL_BATCH, PageScene
from whiteboard.services.painting.sheet_pixels import SheetCame
from whiteboard.views.page.meter import Meter
from whiteboard.views.page.overlays import Overlays, Ring, to_view_rect
from whiteboard.views.page.page_turning import PageTurning
from whiteboard.views.page.pointer_input import PointerInput
from whiteboard.views.page.selection import SelectionFrame
from whiteboard.views.page.wet_ink import WetInk
from whiteboard.views.page.x11_glass import X11Glass

IDLE_SLICE_S: Final = 0.006
BUSY_SLICE_S: Final = 0.0015
BUSY_PAUSE_MS: Final = 12
CHANGE_SLICE_S: Final = 0.012
TICK_MS: Final = 80
MOVING_S: Final = 0.03
"""A hand that was seen so lately will be seen again before anybody misses a tick."""
FRAME_MS: Final = 16
AFTER_FRAME_MS: Final = 1
"""What follows a sample waits so long: whoever shows the sample may need this very core."""
WHEEL_REST_MS: Final = 50
"""How long a wheel stands still before its zoom is painted sharp."""
PATIENCE_MS: Final = 350
"""How long a zoomed view waits for sharp pixels of its sheet before it is painted rough."""
SYNC_S: Final = 0.03
"""How far Qt's backing store may lag behind what went past it."""
AHEAD_WAIT_MS: Final = 60
AFTER_INK_MS: Final = 500
"""How long a hand rests before pages are painted that nobody sees yet."""
AHEAD_SLICE_S: Final = 0.003
DARK_LINE: Final = QColor(246, 243, 236)
DARK_PAPER: Final = QColor(36, 70, 58)
LIGHT_LINE: Final = QColor(30, 70, 58)
LIGHT_PAPER: Final = QColor(255, 255, 255)
RECENT_S: Final = 1.0
"""How long a finished stroke can still be taken back as a palm's."""
# Looking a member up in an enumeration is a Python call on 3.11; this is the ink's path.
_DOWN: Final = Phase.DOWN
_CANCEL: Final = Phase.CANCEL
_CHALK: Final = BrushKind.CHALK


@dataclass(frozen=True, slots=True)
class Turner:
    """Turns the page of a canvas where it is not alone.

    Attributes:
        beside: Returns the page that a step uncovers on this canvas; None for none.
        turn: Turns by a step: 1 to what lies on the right, -1 on the left. Returns whether
            there was anything to turn to.
        stride: By how many pages this canvas turns then.
    """

    beside: Callable[[int], str | None]
    turn: Callable[[int], bool]
    stride: int


_KEPT_OFF_MM: Final = 12.0
"""A finger that goes this far alone wants something, and is told why it does not write."""


class Canvas(QWidget):
    """One person's view of a board.

    Args:
        open_board: The board.
        person: Who writes here; their undo and the author of their ink.
        page_id: The page to begin with.
        hands: What the contacts of this view do.
        metrics: Sizes on the glass.
        now_s: Monotonic clock.
        sound: What chalk sounds like.
    """

    viewport_changed = Signal(object)
    """The part of the page that is seen: a `Viewport`."""
    page_changed = Signal(str)
    """The id of the page that is shown now."""
    page_left = Signal()
    """The page is about to be turned, while it can still be changed."""
    edit_asked = Signal(object)
    """A text or note is wanted: an `EditAsked`."""
    tapped = Signal(object)
    """A contact that draws nothing tapped the page: a `Tapped`."""
    finger_kept_off = Signal()
    """A finger went as if to write, and moved the page because a pen is in use."""
    text_marked = Signal(object)
    """Text was marked with the highlighter: a `TextMarked` that is done."""
    selected = Signal(object)
    """The ids of the chosen items, a tuple; empty for none."""
    writing_changed = Signal(bool)
    """Whether a hand is at work on the glass."""
    hand_seen = Signal(object)
    """Now and then while a hand is at work: where, a `QPoint` in the view."""

    def __init__(
        self,
        open_board: OpenBoard,
        person: str,
        page_id: str,
        hands: Hands,
        metrics: Metrics,
        now_s: Callable[[], float],
        sound: ChalkSound,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.person = person
        self.hands = hands
        self.meter: Meter | None = None
        self._open = open_board
        self._board = open_board.board
        self._page_id = page_id
        self._place = self._place_of(page_id)
        self._now_s = now_s
        self._sound = sound
        self._input = PointerInput(now_s, metrics.glass_px_per_mm)
        self._metrics = metrics
        self._wet = WetInk()
        self._overlays = Overlays(metrics.px_per_mm)
        self._chosen = SelectionFrame(metrics.px_per_mm)
        self._margin_px = 48.0
        self._bars: Bars = ()
        self._spine = Spine.NONE
        self._turner: Turner | None = None
        self._is_wide = False
        self._left: dict[str, Viewport] = {}
        self._viewport = self._viewport_of(page_id)
        self._near = NearPages(
            open_board,
            page_id,
            self._viewport_of,
            self.devicePixelRatioF,
            now_s,
            self._paint_baked,
        )
        self._pixels = self._near.shown
        self._is_baking = False
        self._fresh: list[QRect] = []
        self._glass = X11Glass(self)
        self._unsynced: list[QRect] = []
        self._synced_s = 0.0
        self._shown_s = 0.0
        self._is_tick_due = False
        self._is_writing = False
        self._is_moving = False
        self._recent: dict[int, tuple[float, list[str]]] = {}
        self._grip = PageGrip()
        self._alone_px = 0.0
        self._turning = PageTurning()
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            effects.InkExtended: self._ink_extended,
            effects.InkStarted: self._ink_started,
            effects.InkFinished: self._ink_finished,
            effects.InkDropped: self._ink_dropped,
            effects.TakenBack: self._taken_back,
            effects.ShapeShown: self._shape_shown,
            effects.ItemsAdded: self._items_added,
            effects.Wiped: self._wiped,
            effects.WipeFinished: self._wipe_finished,
            effects.WipeDropped: self._wipe_dropped,
            effects.Pointed: self._pointed,
            effects.Tapped: self.tapped.emit,
            effects.TextMarked: self._text_marked,
            effects.LassoShown: self._lasso_shown,
            effects.Selected: lambda e: self.choose(e.item_ids),
            effects.SelectionDragged: self._selection_dragged,
            effects.SelectionPutBack: lambda _e: self._put_back(),
            effects.EditAsked: self.edit_asked.emit,
            effects.Navigated: self._navigated,
            effects.NavigationEnded: self._navigation_ended,
        }
        self._slice_timer = self._timer(0, self._slice)
        self._ahead_timer = self._timer(AHEAD_WAIT_MS, self._work_ahead, single=True)
        self._sync_timer = self._timer(AFTER_FRAME_MS, self._sync, single=True)
        self._settle_timer = self._timer(AFTER_FRAME_MS, self._settle, single=True)
        self._want_timer = self._timer(FRAME_MS, self._near.want_sheets, single=True)
        self._wheel_timer = self._timer(WHEEL_REST_MS, self._wheel_rested, single=True)
        self._patience_timer = self._timer(PATIENCE_MS, self._plan_work, single=True)
        self._tick_timer = self._timer(TICK_MS, self._tick_or_wait)
        self._late_tick_timer = self._timer(AFTER_FRAME_MS, self._tick, single=True)
        self._glide_timer = self._timer(FRAME_MS, self._glide)
        self._slide_timer = self._timer(FRAME_MS, self._slide)
        self._fade_timer = self._timer(2 * FRAME_MS, self._fade)
        self._stop_listening = self._board.on_change(self._board_changed)
        open_board.images_came.connect(self._images_came)
        if open_board.sheets is not None:
            open_board.sheets.came.connect(self._sheet_came)
        app = QApplication.instance()
        if isinstance(app, Application):
            app.pen_left.connect(self._pen_left)
        self._near.want_sheets()
        self._plan_work()

    # What is shown ---------------------------------------------------------------------

    @property
    def viewport(self) -> Viewport:
        """The part of the page that is seen."""
        return self._viewport

    @property
    def page_id(self) -> str:
        """The page that is shown."""
        return self._page_id

    @property
    def scene(self) -> PageScene:
        """What lies on the page."""
        return self._pixels.scene

    @property
    def is_sharp(self) -> bool:
        """Whether all that is seen is painted."""
        is_painted = self._pixels.is_complete and not self._pixels.has_work
        return is_painted and self._near.is_sheet_settled

    def show_page(self, page_id: str) -> None:
        """Turn to another page; each page is seen as it was left.

        Raises:
            KeyError: there is no such page.
        """
        if page_id == self._page_id:
            return
        self._board.page(page_id)
        self._leave_page()
        self._left[self._page_id] = self._viewport
        self._page_id = page_id
        self._place = self._place_of(page_id)
        self._viewport = self._viewport_of(page_id)
        self._pixels = self._near.show(page_id, self._viewport)
        self._want_timer.start()
        self._plan_work()
        self.update()
        self.page_changed.emit(page_id)
        self.viewport_changed.emit(self._viewport)

    def show_viewport(self, viewport: Viewport) -> None:
        """Show a part of the page, within the limits."""
        self._stop_gliding()
        self._set_viewport(viewport.clamped(), is_moving=False)

    def lift(self, distance_px: float) -> None:
        """Draw the page up past all limits, for what would cover the place of a text.

        Fingers, or `show_viewport`, take it back within the limits.
        """
        self._stop_gliding()
        self._set_viewport(self._viewport.panned(0, -distance_px), is_moving=False)

    def set_surround(
        self, margin_px: float, bars: Bars = (), spine: Spine = Spine.NONE
    ) -> None:
        """Say what lies around and over the page; each page stays as it is seen.

        Args:
            margin_px: How far a page without borders can be drawn from the left and upper
                border.
            bars: What covers the view, px of it: a page with borders keeps off these.
            spine: The side at which a page with borders lies against another one.
        """
        if (margin_px, bars, spine) == (self._margin_px, self._bars, self._spine):
            return
        self._margin_px, self._bars, self._spine = margin_px, bars, spine
        self._stop_gliding()
        self._set_viewport(self._resized(self._viewport, self._page_id), is_moving=False)

    def set_swipes(self, *, do_turn: bool) -> None:
        """Say whether two fingers turn a page that is seen as a whole."""
        self._turning.is_on = do_turn
        self.hands.pinch_apart_mm = PINCH_WIDE_MM if do_turn else PINCH_APART_MM

    def set_turner(self, turner: Turner | None) -> None:
        """Leave turning by fingers to somebody, or turn page by page again."""
        self._stop_turning()
        self._turner = turner
        self._near.set_stride(1 if turner is None else turner.stride)
        self._plan_work()

    def slide_to(self, page_id: str, step: int) -> None:
        """Turn to another page, which slides in from where the old one is drawn to.

        Args:
            page_id: The page.
            step: 1 from the right, -1 from the left, 0 for no slide.

        Raises:
            KeyError: there is no such page.
        """
        old, from_px = self._pixels, self._turning.offset_px
        if page_id == self._page_id:
            return
        self.show_page(page_id)
        if step and self.isVisible():
            self._turning.slide_in(old, from_px + step * self.width(), self._now_s())
            self._slide_timer.start()

    def fit_page(self) -> None:
        """Show the whole page, and pages that were not seen yet likewise."""
        self._is_wide = False
        self.show_viewport(self._resized(self._viewport, self._page_id).fit_page())

    def fit_width(self) -> None:
        """Show the page as wide as there is room, and pages that were not seen yet likewise."""
        self._is_wide = True
        self.show_viewport(self._resized(self._viewport, self._page_id).fit_width())

    def set_feel(self, smoothing: Smoothing, prediction: Prediction) -> None:
        """Take another smoothing and prediction, for the ink that is there as well."""
        self._wet.prediction = prediction
        if self._wet.smoothing == smoothing:
            return
        self._wet.smoothing = smoothing
        self._near.set_smoothing(smoothing)
        self.repaint_all()

    def set_metrics(self, metrics: Metrics) -> None:
        """Take other sizes on the glass."""
        self._metrics = metrics
        self._input.px_per_mm = self.hands.px_per_mm = metrics.glass_px_per_mm
        self._overlays.px_per_mm = self._chosen.px_per_mm = metrics.px_per_mm

    def repaint_all(self) -> None:
        """Paint the page again from its items."""
        self._near.forget_others()
        self._pixels.repaint_all()
        self._plan_work()

    def repaint_page(self, area: Rect | None) -> None:
        """Paint a part of the page again, now as far as a frame allows."""
        if area is not None:
            self._repaint_soon(self._pixels.repaint(area))

    @property
    def chosen(self) -> Mapping[str, Item]:
        """The chosen items, by id."""
        return self._chosen.items

    @property
    def chosen_area(self) -> QRect:
        """Where the frame around the chosen items is, logical px; empty for none."""
        return self._chosen.area(self._viewport)

    def choose(self, item_ids: Iterable[str]) -> None:
        """Choose items of the page; none ends the choice. Those that are gone are left out."""
        found = {i: item for i in item_ids if (item := self._board.item(i)) is not None}
        here = {i: item for i, item in found.items() if item.page == self._page_id}
        if not here and not self._chosen:
            return
        self._put_back()
        area = self._chosen.area(self._viewport)
        if self._chosen.is_lifted:
            # Dragged and not put down, as when the page is turned under the hand.
            self.repaint_page(self.scene.show_again(self._chosen.items))
        self._chosen.choose(here)
        if isinstance(self.hands.tool, LassoTool):
            self.hands.tool.choose(here)
        self.update(area | self._chosen.area(self._viewport))
        self.selected.emit(tuple(here))

    def show_glow(self, boxes: Sequence[Rect], strength: float = 1.0) -> None:
        """Show calmly where something is on the page that is shown; no boxes end it.

        Args:
            boxes: Page pt.
            strength: 0 to 1.
        """
        area = self._overlays.glow_area(self._viewport)
        self._overlays.glow = tuple(boxes)
        self._overlays.glow_strength = strength
        self.update(area | self._overlays.glow_area(self._viewport))

    def shutdown(self) -> None:
        """Let go of the board and stop all timers."""
        self._lift_hands()
        self._stop_listening()
        self._open.images_came.disconnect(self._images_came)
        if self._open.sheets is not None:
            self._open.sheets.came.disconnect(self._sheet_came)
        self._near.shutdown()
        for timer in self.findChildren(QTimer):
            timer.stop()
        self._glass.close()

    # Events ------------------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._take_mouse(event)

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        self._take(self._input.from_tablet(event))
        self._show_fresh()
        event.accept()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            for pointer in self._input.from_touch(event):
                self._take(pointer)
            self._show_fresh()
            event.accept()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._near.set_pixel_ratio(self.devicePixelRatioF())
            self._plan_work()
            self.update()
        return super().event(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self._stop_gliding()
        place, turn = event.position(), event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            other = self._viewport.zoomed(1.0015 ** turn.y(), place.x(), place.y())
        else:
            other = self._viewport.panned(turn.x() * 0.8, turn.y() * 0.8)
        # Sharp pixels for each notch would only keep those of the last one waiting.
        self._set_viewport(other.clamped(), is_moving=True)
        self._wheel_timer.start()
        event.accept()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        size = event.size()
        if size.width() < 1 or size.height() < 1:
            return
        old = event.oldSize()
        fresh = old.width() < 1 or old.height() < 1
        other = (
            self._fitted(self._page_id)
            if fresh
            else self._resized(self._viewport, self._page_id)
        )
        self._near.forget_others()
        self._set_viewport(other, is_moving=False)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._lift_hands()
        super().hideEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        region = event.region()
        # Ten hands far apart: what lies between them is not painted again.
        areas = (event.rect(),) if region.rectCount() < 2 else _rects(region)
        if self._wet:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint(painter, areas)
        painter.end()
        if self.meter is not None:
            self.meter.note_frame(self._now_s())

    def _paint(self, painter: QPainter, areas: tuple[QRect, ...]) -> None:
        """Paint areas of the view, all of them opaque."""
        if self._turning.is_shown:
            self._turning.paint(painter, areas, self._pixels, self.size())
            return
        is_dark = self._pixels.scene.is_dark
        for area in areas:
            self._pixels.draw(painter, area)
        if self._wet:
            self._wet.paint(painter, areas, self._viewport, is_dark=is_dark)
        if self._overlays:
            self._overlays.paint(painter, self._viewport, self._look(), self._now_s())
        if self._chosen:
            paper, colour = (DARK_PAPER, DARK_LINE) if is_dark else (LIGHT_PAPER, LIGHT_LINE)
            self._chosen.paint(painter, self._viewport, colour, paper)

    def _pen_left(self, pen: QPointingDevice | None) -> None:
        for pointer in self._input.pen_left(pen):
            self._take(pointer)

    def _take_mouse(self, event: QMouseEvent) -> None:
        pointer = self._input.from_mouse(event)
        if pointer is not None:
            self._take(pointer)
            self._show_fresh()
        event.accept()

    def _take(self, pointer: PointerEvent) -> None:
        meter = self.meter
        came_s = self._now_s() if meter is not None else 0.0
        if pointer.phase is _DOWN:
            # Before the tool sees the place: stopping may move the page under the hand.
            self._stop_gliding()
            self._stop_turning()
        elif pointer.phase is _CANCEL:
            self._stop_turning()
        wanted = self.hands.handle(pointer, self._viewport)
        if meter is not None and wanted:
            # A hovering pen changes nothing, so no frame of its own ever comes.
            meter.note_event(came_s)
        self._apply(wanted)
        if self.hands.are_busy is not self._is_writing:
            self._note_writing()

    def _show_fresh(self) -> None:
        """Put fresh ink on the glass at once, without another turn of the event loop."""
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        glass = self._glass
        ways = [way for area in fresh if (way := glass.way(area)) is not None]
        if len(ways) == len(fresh):
            for area in ways:
                glass.show(area, self._paint_one)
            self._unsynced += ways
            if self.meter is not None:
                self.meter.note_frame(self._now_s())
        else:
            region = QRegion()
            for area in fresh:
                region += area
            self.repaint(region)
        # Not before the frame is out, which a timer begun earlier might not wait for.
        self._shown_s = self._now_s()
        if self._wet.can_settle():
            self._settle_timer.start()
        # Ten hands send without a pause: begun anew with each sample it would never come.
        if self._is_tick_due and not self._late_tick_timer.isActive():
            self._late_tick_timer.start()
        if self._unsynced and self._shown_s - self._synced_s > SYNC_S:
            self._sync_timer.start()

    def _paint_one(self, painter: QPainter, area: QRect) -> None:
        self._paint(painter, (area,))

    def _sync(self) -> None:
        """Let Qt's backing store have what went past it, between two events."""
        self._synced_s = self._now_s()
        region = QRegion()
        for area in self._unsynced:
            region += area
        self._unsynced.clear()
        self.update(region)

    def _apply(self, wanted: tuple[Effect, ...]) -> None:
        for effect in wanted:
            self._handlers[type(effect)](effect)

    def _note_writing(self) -> None:
        self._is_writing = self.hands.are_busy
        if self._is_writing:
            self._glass.follow()
            self._near.set_writing(True)
            self._ahead_timer.stop()
            self._tick_timer.start()
        else:
            self._tick_timer.stop()
            self._late_tick_timer.stop()
            self._is_tick_due = False
            self._ahead_timer.start(AFTER_INK_MS)
        self._plan_work()
        self.writing_changed.emit(self._is_writing)

    # Ink ---------------------------------------------------------------------------------

    def _ink_started(self, effect: effects.InkStarted) -> None:
        self._wet.start(effect.stroke, is_dark=self._pixels.scene.is_dark)
        self._ink_extended(effects.InkExtended(effect.stroke.contact))

    def _ink_extended(self, effect: effects.InkExtended) -> None:
        contact = effect.contact
        self._fresh.append(self._wet.extended(contact, self._viewport))
        stroke = self._wet.stroke(contact)
        if stroke.style.brush is _CHALK:
            speed_mm_s = (
                stroke.speed_pt_s() * self._viewport.scale / self._metrics.glass_px_per_mm
            )
            self._sound.touch(contact, speed_mm_s, stroke.pressures[-1])

    def _ink_finished(self, effect: effects.InkFinished) -> None:
        stroke = self._wet.stroke(effect.contact)
        self._sound.lift(effect.contact)
        self.update(self._wet.predicted_area(effect.contact))
        # Stored first: whatever goes wrong with painting, the ink is safe.
        self._is_baking = True
        try:
            ids = self._add(stroke.finish(self._page_id, 0.0, self.person))
        finally:
            self._is_baking = False
            area = self._wet.finish(effect.contact, self._pixels, self._detail_pt())
            self.update(to_view_rect(area, self._viewport))
        self._note_recent(effect.contact, ids)

    def _ink_dropped(self, effect: effects.InkDropped) -> None:
        self._sound.lift(effect.contact)
        self.update(self._wet.predicted_area(effect.contact))
        self.repaint_page(self._wet.drop(effect.contact))

    def _note_recent(self, contact: int, ids: list[str]) -> None:
        """Remember what a contact did, and forget what is too long ago to be a palm's."""
        now_s = self._now_s()
        self._recent = {c: r for c, r in self._recent.items() if now_s - r[0] <= RECENT_S}
        self._recent[contact] = (now_s, ids)

    def _taken_back(self, effect: effects.TakenBack) -> None:
        done_s, ids = self._recent.pop(effect.contact, (0.0, []))
        if ids and self._now_s() - done_s <= RECENT_S:
            with self._board.change("") as edit:
                for item_id in ids:
                    edit.remove(item_id)

    def _settle(self) -> None:
        area = self._wet.settle(self._pixels, self._detail_pt())
        if area is not None:
            self.update(to_view_rect(area, self._viewport))

    def _detail_pt(self) -> float:
        return tolerance_pt(self._detail())

    def _add(self, *items: Item) -> list[str]:
        return self._open.add_items(self.person, self._page_id, items)

    # Other effects -----------------------------------------------------------------------

    def _shape_shown(self, effect: effects.ShapeShown) -> None:
        area = self._overlays.shape_area(effect.contact, self._viewport)
        if effect.shape is None:
            self._overlays.shapes.pop(effect.contact, None)
        else:
            self._overlays.shapes[effect.contact] = effect.shape
        self.update(area | self._overlays.shape_area(effect.contact, self._viewport))

    def _items_added(self, effect: effects.ItemsAdded) -> None:
        self._note_recent(effect.contact, self._add(*effect.items))

    def _wiped(self, effect: effects.Wiped) -> None:
        area = self._overlays.ring_area(effect.contact, self._viewport)
        self._overlays.rings[effect.contact] = Ring(effect.x_pt, effect.y_pt, effect.radius_pt)
        self.update(area | self._overlays.ring_area(effect.contact, self._viewport))
        if effect.pieces:
            self.scene.show_instead(effect.pieces)
            self.repaint_page(effect.area)

    def _wipe_finished(self, effect: effects.WipeFinished) -> None:
        self._drop_ring(effect.contact)
        if not effect.pieces:
            return
        with self._board.change(self.person) as edit:
            for item_id, pieces in effect.pieces.items():
                if self._board.item(item_id) is not None:
                    edit.remove(item_id)
                    for piece in pieces:
                        edit.add(piece)

    def _wipe_dropped(self, effect: effects.WipeDropped) -> None:
        self._drop_ring(effect.contact)
        self.repaint_page(self.scene.show_again(effect.item_ids))

    def _drop_ring(self, contact: int) -> None:
        self.update(self._overlays.ring_area(contact, self._viewport))
        self._overlays.rings.pop(contact, None)

    def _pointed(self, effect: effects.Pointed) -> None:
        self._overlays.point(effect)
        self.update(self._overlays.trail_tip_area(effect.contact, self._viewport))
        if not self._fade_timer.isActive():
            self._fade_timer.start()

    def _text_marked(self, effect: effects.TextMarked) -> None:
        area = self._overlays.marks_area(effect.contact, self._viewport)
        if effect.is_done or not effect.lines:
            self._overlays.marks.pop(effect.contact, None)
        else:
            self._overlays.marks[effect.contact] = effect
        self.update(area | self._overlays.marks_area(effect.contact, self._viewport))
        if effect.is_done:
            self.text_marked.emit(effect)

    def _fade(self) -> None:
        self.update(self._overlays.fade(self._now_s(), self._viewport))
        if not self._overlays.has_trails:
            self._fade_timer.stop()

    def _lasso_shown(self, effect: effects.LassoShown) -> None:
        # All of the screen for each event of the lasso would be too much at 3840x2160.
        area = self._overlays.loop_area(self._viewport)
        self._overlays.loop = effect.path
        self.update(area | self._overlays.loop_area(self._viewport))

    def _selection_dragged(self, effect: effects.SelectionDragged) -> None:
        items = self._chosen.items
        if not effect.is_done:
            area = self._chosen.area(self._viewport)
            if not self._chosen.is_lifted:
                self._chosen.lift(self._viewport, self.devicePixelRatioF(), self._look())
                self.repaint_page(self.scene.show_instead(dict.fromkeys(items, ())))
            self._chosen.drag(effect.transform)
            self.update(area | self._chosen.area(self._viewport))
            return
        moved = {i: transformed(item, effect.transform) for i, item in items.items()}
        self.scene.show_again(items)
        with self._board.change(self.person) as edit:
            for item_id, item in moved.items():
                if self._board.item(item_id) is not None:
                    edit.put(item_id, item)
        self.choose(moved)

    def _put_back(self) -> None:
        """Show dragged items where they are again, if any are being dragged."""
        if not self._chosen.is_lifted:
            return
        area = self._chosen.area(self._viewport)
        items = self._chosen.items
        self.repaint_page(self.scene.show_again(items))
        self._chosen.choose(items)
        self.update(area | self._chosen.area(self._viewport))

    def _look(self) -> Look:
        return Look(is_dark=self.scene.is_dark, scale=self._detail(), image=self._open.image)

    def _detail(self) -> float:
        return self._viewport.scale * self.devicePixelRatioF()

    def _tick_or_wait(self) -> None:
        """Tick, but leave a moving pen its sample: a tick takes longer than to show one."""
        if self._now_s() - self._shown_s < MOVING_S:
            self._is_tick_due = True
        else:
            self._tick()

    def _tick(self) -> None:
        self._is_tick_due = False
        now_s = self._now_s()
        self._glass.follow()
        if self._unsynced:
            self._sync()
        self._apply(self.hands.tick(now_s))
        if self._wet:
            self.update(self._wet.rest(now_s))
        for x, y in self.hands.places():
            self.hand_seen.emit(QPoint(round(x), round(y)))

    # The page under fingers ----------------------------------------------------------------

    def _navigated(self, effect: effects.Navigated) -> None:
        if not self._grip.is_held:
            self._stop_gliding()
        self._watch_finger(effect)
        rest = self._turn_along(effect)
        if rest is not None:
            self._set_viewport(self._grip.hold(self._viewport, rest), is_moving=True)

    def _watch_finger(self, effect: effects.Navigated) -> None:
        """Note how far a finger went alone that would write if there were no pen."""
        is_meant = self.hands.moves_only or self.hands.rules.pen_report is not PenReport.AUTO
        if is_meant or len(effect.after) != 1:
            # Two fingers mean the page, and so does the one of them that is left.
            self._alone_px = -math.inf
            return
        before_px = self._alone_px
        self._alone_px += math.hypot(*(effect.after - effect.before)[0].tolist())
        told_px = _KEPT_OFF_MM * self._metrics.glass_px_per_mm
        if before_px < told_px <= self._alone_px:
            self.finger_kept_off.emit()

    def _turn_along(self, effect: effects.Navigated) -> effects.Navigated | None:
        """Draw the page aside if that is what fingers want; return what else they want."""
        turning = self._turning
        if self.hands.are_drawing:
            # Somebody writes: their page stays.
            turning.interrupt()
        was_drawn = turning.is_shown
        rest = turning.moved(effect, self._viewport, self._metrics.glass_px_per_mm)
        if turning.is_drawn:
            self._grip.drop()
            if not was_drawn:
                self._set_viewport(self._viewport.clamped(), is_moving=False)
            beside = self._page_beside(turning.step)
            turning.show_beside(None if beside is None else self._near.beside(beside))
        if turning.is_shown or was_drawn:
            self.update()
        return rest

    def _page_beside(self, step: int) -> str | None:
        if self._turner is not None:
            return self._turner.beside(step)
        pages, place = self._board.pages, self._place + step
        return pages[place].id if 0 <= place < len(pages) else None

    def _turn_over(self, step: int) -> None:
        """The fingers lifted: turn the page, or let it slide home."""
        page_id = self._page_beside(step) if step else None
        if self._turner is not None:
            is_turned = step != 0 and self._turner.turn(step)
        else:
            is_turned = page_id is not None
            if page_id is not None:
                self.slide_to(page_id, step)
        if not is_turned:
            self._turning.slide_home(self._now_s())
            self._slide_timer.start()

    def _slide(self) -> None:
        self._turning.frame(self._now_s())
        if not self._turning.is_sliding:
            self._slide_timer.stop()
        self.update()

    def _stop_turning(self) -> None:
        """Put a page that is drawn aside into its place, whatever fingers still do."""
        if self._turning.is_shown:
            self._turning.interrupt()
            self._slide_timer.stop()
            self.update()

    def _navigation_ended(self, effect: effects.NavigationEnded) -> None:
        self._alone_px = 0.0
        px_per_mm = self._metrics.glass_px_per_mm
        step = self._turning.lifted(effect.t_s, self.width(), px_per_mm)
        if self._turning.is_shown:
            self._turn_over(step)
            return
        self._grip.let_go(self._now_s(), effect.t_s)
        if self._grip.is_gliding:
            self._glide_timer.start()

    def _glide(self) -> None:
        viewport = self._grip.frame(self._viewport, self._now_s())
        if not self._grip.is_gliding:
            self._glide_timer.stop()
        self._set_viewport(viewport, is_moving=self._grip.is_gliding)

    def _stop_gliding(self) -> None:
        if self._grip.is_gliding:
            self._grip.stop()
            self._glide_timer.stop()
            self._set_viewport(self._viewport.clamped(), is_moving=False)

    def _wheel_rested(self) -> None:
        self._set_viewport(self._viewport, is_moving=False)

    def _set_viewport(self, viewport: Viewport, *, is_moving: bool) -> None:
        if not is_moving and (self._is_moving or viewport.scale != self._viewport.scale):
            self._patience_timer.start()
        self._is_moving = is_moving
        self._viewport = viewport
        self._pixels.set_viewport(viewport, is_moving=is_moving)
        self._near.want_sheets()
        self._plan_work()
        self.update()
        self.viewport_changed.emit(viewport)

    def _viewport_of(self, page_id: str) -> Viewport:
        """Return how a page is seen when one turns to it: as it was left, or whole."""
        page, left = self._board.page(page_id), self._left.get(page_id)
        size = page.width_pt, page.height_pt
        if left is None or (left.page_width_pt, left.page_height_pt) != size:
            return self._fitted(page_id)
        return self._resized(left, page_id)

    def _resized(self, left: Viewport, page_id: str) -> Viewport:
        """Return a view of a page in the canvas as it is now."""
        size, room = self._size(), self._room_of(self._board.page(page_id))
        is_same = (left.view_width_px, left.view_height_px, left.room) == (*size, room)
        if not is_same:
            left = left.resized(*size, room)
        if left.margin_px != self._margin_px:
            left = replace(left, margin_px=self._margin_px)
        return left

    def _fitted(self, page_id: str) -> Viewport:
        page = self._board.page(page_id)
        fitted = Viewport.fitted(
            *self._size(),
            page.width_pt,
            page.height_pt,
            margin_px=self._margin_px,
            room=self._room_of(page),
        )
        return fitted.fit_width() if self._is_wide and page.sheet is not None else fitted

    def _room_of(self, page: Page) -> Rect | None:
        """Return where a page with borders has room; None for one without."""
        if page.sheet is None:
            return None
        size = page.width_pt, page.height_pt
        room = best_room(*self._size(), self._bars, *size)
        # A page as wide as its room fills it from side to side anyway.
        return room if self._is_wide else against(room, self._spine, *size)

    def _size(self) -> tuple[int, int]:
        return max(self.width(), 1), max(self.height(), 1)

    # The board -------------------------------------------------------------------------------

    def _board_changed(self, change: BoardChange) -> None:
        pages = {page.id for page in self._board.pages}
        if self._page_id not in pages:
            self._turn_to_neighbour()
        elif change.pages:
            self._place = self._place_of(self._page_id)
        if self._chosen and not self._chosen.items.keys().isdisjoint(change.items_before):
            self.choose(self._chosen.items)
        area = self._near.apply(change, is_baked=self._is_baking)
        if change.pages:
            self._pages_changed()
        self._repaint_soon(area)

    def _pages_changed(self) -> None:
        """Follow another size of the page, as of one that was turned, and other neighbours."""
        page, shown = self._board.page(self._page_id), self._viewport
        if (shown.page_width_pt, shown.page_height_pt) != (page.width_pt, page.height_pt):
            self._stop_gliding()
            self._left.pop(self._page_id, None)
            self._set_viewport(self._fitted(self._page_id), is_moving=False)
        self._near.want_sheets()

    def _turn_to_neighbour(self) -> None:
        """The page is gone: show the one that took its place in the row."""
        pages = self._board.pages
        if pages:
            old = self._page_id
            self.show_page(pages[min(self._place, len(pages) - 1)].id)
            self._near.drop(old)

    def _place_of(self, page_id: str) -> int:
        return [page.id for page in self._board.pages].index(page_id)

    def _images_came(self) -> None:
        self.repaint_all()

    def _sheet_came(self, came: SheetCame) -> None:
        """Paint sharper pixels of a sheet; not at once while a hand writes."""
        area = self._near.take_sheet(came)
        if self._is_writing:
            self._plan_work()
        else:
            self._repaint_soon(area)

    def _repaint_soon(self, area: QRect) -> None:
        """Paint what a change needs within this frame if it is little, else in slices."""
        if not area.isEmpty():
            self._work(CHANGE_SLICE_S)
            self.update(area)
        self._plan_work()

    # Work between events ---------------------------------------------------------------------

    def _plan_work(self) -> None:
        if not self._is_writing and not self._ahead_timer.isActive():
            self._ahead_timer.start(AHEAD_WAIT_MS)
        if not self._has_due_work():
            self._slice_timer.stop()
            return
        self._slice_timer.setInterval(BUSY_PAUSE_MS if self._is_writing else 0)
        if not self._slice_timer.isActive():
            self._slice_timer.start()

    def _has_due_work(self) -> bool:
        """Return whether something is to be painted now.

        What lies around the view waits until the hand rests: it would cost the ink a
        millisecond now and then.
        """
        if self._is_writing:
            return self._pixels.has_seen_work
        return self._pixels.has_work and not self._waits_for_sheet()

    def _waits_for_sheet(self) -> bool:
        """Return whether tiles wait for sharp pixels after a zoom, instead of rough ones.

        What was there is seen stretched meanwhile; to paint it into tiles as well would
        take the time of those who make the sharp ones.
        """
        return self._patience_timer.isActive() and not self._near.is_sheet_settled

    def _slice(self) -> None:
        self._pixels.scene.batch = SMALL_BATCH if self._is_writing else BATCH
        self._work(BUSY_SLICE_S if self._is_writing else IDLE_SLICE_S)
        if not self._has_due_work():
            self._slice_timer.stop()

    def _work_ahead(self) -> None:
        """Paint a neighbour for a moment, once there is nothing else to do."""
        if self._is_writing:
            return
        self._near.set_writing(False)
        if self._pixels.has_work:
            self._ahead_timer.start(AHEAD_WAIT_MS)
        elif self._near.work_ahead(self._now_s() + AHEAD_SLICE_S):
            self._ahead_timer.start(0)

    def _work(self, budget_s: float) -> None:
        for area in self._pixels.work(self._now_s() + budget_s):
            self.update(area)

    def _leave_page(self) -> None:
        self.page_left.emit()
        self._stop_turning()
        is_there = any(page.id == self._page_id for page in self._board.pages)
        # A page that somebody removed takes along what was being written on it.
        end = self.hands.lift_all if is_there else self.hands.cancel_all
        self._apply(end(self._now_s()))
        if self._is_writing:
            self._note_writing()
        self._stop_gliding()
        self._recent.clear()
        self._overlays.loop = None
        self._overlays.glow = ()
        self.choose(())

    def _lift_hands(self) -> None:
        """End what hands do, with the ink up to here, as the glass is taken from them."""
        self._stop_turning()
        self._input.cancel_all()
        self._apply(self.hands.lift_all(self._now_s()))
        if self._is_writing:
            self._note_writing()

    def _paint_baked(self, painter: QPainter, area: Rect) -> None:
        self._wet.paint_baked(painter, area, is_dark=self._pixels.scene.is_dark)

    def _timer(self, ms: int, slot: Callable[[], None], *, single: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(ms)
        timer.setSingleShot(single)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(slot)
        return timer

    def view_point(self, x_pt: float, y_pt: float) -> QPoint:
        """Return where a point of the page is in the view."""
        x, y = self._viewport.to_view(x_pt, y_pt)
        return QPoint(round(x), round(y))


def _rects(region: QRegion) -> tuple[QRect, ...]:
    # PySide6's stubs do not know that a region can be gone through.
    return tuple(QRect(rect) for rect in cast("Iterable[QRect]", region))
