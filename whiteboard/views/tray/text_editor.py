"""Writing a text or a sticky note in its place on the page, with keyboard or input method.

The letters under edit are laid out and painted exactly as `painting` lays out and paints
the item: same face, same places of line breaks, same turn. So nothing jumps when the
editor opens, when the page is zoomed under it, or when the text is done.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QPolygonF,
    QTextBlockFormat,
    QTextCursor,
    QTextOption,
    QTransform,
)
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsItem,
    QGraphicsScene,
    QGraphicsSceneContextMenuEvent,
    QGraphicsSceneMouseEvent,
    QGraphicsTextItem,
    QGraphicsView,
    QHBoxLayout,
    QStyle,
    QStyleOptionGraphicsItem,
    QWidget,
)
from typing_extensions import override

from base.board_doc import Affine, NoteItem, TextItem
from base.qt import theme
from base.qt.panels import Panel
from base.qt.widgets import Layout, Look, TouchButton
from base.text import N_, _
from whiteboard.model.palette import NOTE_INK_RGB, ink_rgb
from whiteboard.model.viewport import Viewport
from whiteboard.services.painting import lettering
from whiteboard.services.painting.item_painting import NOTE_PADDING, paint_item
from whiteboard.services.painting.item_painting import Look as PaintLook
from whiteboard.services.painting.lettering import (
    EM_PX,
    LINE_HEIGHT,
    baseline_em,
    block_height_em,
    fitting_size,
    text_layout_size,
    wrap,
)
from whiteboard.services.painting.marks import upright_frame
from whiteboard.services.taking.clipboard import plain_text
from whiteboard.views.page.overlays import no_image, to_view_transform

NOTE_SIDE_PT: Final = 180.0
_LEAST_TEXT_EM: Final = 2.0
"""A text is framed this wide before anything is written."""
_EDGE_MM: Final = 3.0
_PAD_EM: Final = 0.3
_QT_BASELINE_EM: Final = LINE_HEIGHT * 0.8
"""Qt puts the baseline of lines of a fixed height at four fifths of it."""
_CURSOR_EM: Final = 0.05
_WIDEST_PT: Final = 100_000.0
_SLACK_PT: Final = 0.25
"""A text's frame is a little wider than its longest line, so that rounding breaks none."""

Lettered = TextItem | NoteItem


@dataclass(frozen=True, slots=True)
class Written:
    """What came out of the editor.

    Attributes:
        item_id: The item that was changed; empty for a new one.
        item: What it is now; None when nothing is left of it.
    """

    item_id: str
    item: Lettered | None


def new_text(x_pt: float, y_pt: float, colour: int, size_pt: float) -> TextItem:
    """Return an empty text whose first line has its middle at a place."""
    height = LINE_HEIGHT * size_pt
    box = Affine.upright(x_pt, y_pt - height / 2, _LEAST_TEXT_EM * size_pt, height)
    return TextItem("-", 0.0, "", box, colour, size_pt, "")


def new_note(x_pt: float, y_pt: float, colour: int, size_pt: float) -> NoteItem:
    """Return an empty note whose middle is at a place."""
    side = NOTE_SIDE_PT
    box = Affine.upright(x_pt - side / 2, y_pt - side / 2, side, side)
    return NoteItem("-", 0.0, "", box, colour, size_pt, "")


def with_text(item: Lettered, text: str, room_pt: float) -> Lettered:
    """Return an item with another text.

    Args:
        item: A note keeps its sheet; the frame of a text grows and shrinks with its words,
            from its corner.
        text: What it says now.
        room_pt: How wide a text may get before its lines wrap.
    """
    if isinstance(item, NoteItem):
        return replace(item, text=text)
    room_pt = min(room_pt, _WIDEST_PT)
    width, height = text_layout_size(text, item.size_pt, room_pt)
    width += _SLACK_PT
    if wrap(text, width / item.size_pt) != wrap(text, room_pt / item.size_pt):
        width = room_pt
    box = _resized(item.box, width, height)
    return replace(item, text=text, box=box)


def _resized(box: Affine, width: float, height: float) -> Affine:
    """Return a box of another size with the same corner and directions."""
    across = width / box.width if box.width > 0 else 0.0
    down = height / box.height if box.height > 0 else 0.0
    return Affine(box.x, box.y, box.ux * across, box.uy * across, box.vx * down, box.vy * down)


def as_painted(item: Lettered) -> Lettered:
    """Return a text in the size in which it is painted: smaller where its frame is small."""
    width, height = item.box.width, item.box.height
    if isinstance(item, NoteItem) or not item.text or min(width, height) <= 0:
        return item
    lines = wrap(item.text, width / item.size_pt)
    if block_height_em(lines) * item.size_pt <= height + 0.01:
        return item
    return replace(item, size_pt=fitting_size(item.text, item.size_pt, width, height))


def is_wrapped(item: Lettered) -> bool:
    """Return whether lines of a text break at its frame and not only where it says so."""
    own = len(item.text.splitlines()) + item.text.endswith("\n")
    return len(wrap(item.text, item.box.width / item.size_pt)) > max(own, 1)


class TextEditor(QGraphicsView):
    """The text or note that is being written, over the canvas of a pane.

    Args:
        parent: The pane; view space of the canvas is the parent's.
    """

    finished = Signal(object)
    """A `Written`, when the text is done; also when nothing of it is left."""
    cancelled = Signal(str)
    """The id of the item that stays as it was, or an empty one."""
    moved = Signal()
    """The editor is somewhere else, or of another size."""
    changed = Signal()
    """The words are others, or the cursor stands somewhere else."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self.setFrameShape(QFrame.Shape.NoFrame)
        never = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(never)
        self.setVerticalScrollBarPolicy(never)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.viewport().setAutoFillBackground(False)
        self.setAutoFillBackground(False)
        self.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing
        )
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._words = QGraphicsScene(self)
        self._words.setSceneRect(QRectF(0, 0, 1, 1))
        self.setScene(self._words)
        self._letters: _Letters | None = None
        self._item: Lettered | None = None
        self._item_id = ""
        self._page_view: Viewport | None = None
        self._room_pt = math.inf
        self._is_dark = True
        self._is_fitting = False
        self._name()

    # What is asked of it ------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether something is being written."""
        return self._item is not None

    @property
    def item_id(self) -> str:
        """The item that is being changed; empty for a new one."""
        return self._item_id

    @property
    def text(self) -> str:
        """What is written so far, with what the input method has not decided yet."""
        return "" if self._letters is None else plain_text(self._letters.words())

    @property
    def can_undo(self) -> bool:
        """Whether a step of writing can be taken back."""
        return self._letters is not None and self._letters.document().isUndoAvailable()

    @property
    def can_redo(self) -> bool:
        """Whether a step of writing can be done again."""
        return self._letters is not None and self._letters.document().isRedoAvailable()

    def open(self, item: Lettered, item_id: str, viewport: Viewport, *, is_dark: bool) -> None:
        """Begin to write.

        Args:
            item: What is there; its text may be empty.
            item_id: Its id; empty for a new one.
            viewport: Where the page is seen.
            is_dark: Whether the board is dark.
        """
        self._item = as_painted(item)
        self._item_id = item_id
        self._page_view = viewport
        self._is_dark = is_dark
        self._room_pt = self._room_of(self._item, viewport)
        letters = _Letters(self._item.text, is_centred=isinstance(item, NoteItem))
        self._letters = letters
        self._words.addItem(letters)
        letters.document().documentLayout().documentSizeChanged.connect(self._fit)
        letters.changed.connect(self._fit)
        letters.changed.connect(self.changed)
        letters.done.connect(self.commit)
        letters.given_up.connect(self.cancel)
        self._colour()
        self._fit()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        letters.setFocus(Qt.FocusReason.OtherFocusReason)
        self.show_keyboard()

    def show_keyboard(self) -> None:
        """Ask the system for its input panel; a system without one does nothing."""
        QGuiApplication.inputMethod().show()

    def commit(self) -> None:
        """Be done: tell what was written. Nothing happens while nothing is open."""
        if self._item is None or self._letters is None:
            return
        QGuiApplication.inputMethod().commit()
        text = self.text
        item = with_text(self._item, text, self._room_pt) if text.strip() else None
        written = Written(self._item_id, item)
        self._put_away()
        self.finished.emit(written)

    def cancel(self) -> None:
        """Forget what was written."""
        if self._item is None:
            return
        item_id = self._item_id
        QGuiApplication.inputMethod().reset()
        self._put_away()
        self.cancelled.emit(item_id)

    def undo(self) -> None:
        """Take back a step of writing."""
        if self._letters is not None:
            self._letters.document().undo()

    def redo(self) -> None:
        """Do a step of writing again."""
        if self._letters is not None:
            self._letters.document().redo()

    def insert(self, text: str) -> None:
        """Write a text where the cursor is."""
        if self._letters is not None:
            self._letters.textCursor().insertText(plain_text(text))

    def restyle(self, colour: int, size_pt: float) -> None:
        """Take another colour; a text another size as well."""
        if self._item is None:
            return
        if isinstance(self._item, TextItem):
            self._item = replace(self._item, colour=colour, size_pt=size_pt)
        else:
            self._item = replace(self._item, colour=colour)
        self._colour()
        self._fit()

    def show_viewport(self, viewport: Viewport, *, is_dark: bool) -> None:
        """Follow the page."""
        self._page_view = viewport
        if self._item is None:
            return
        if is_dark != self._is_dark:
            self._is_dark = is_dark
            self._colour()
        self._fit()

    def frame_in_view(self) -> QRect:
        """Return what the text covers, in the parent's pixels."""
        return self.geometry() if self.is_open else QRect()

    def cursor_in_view(self) -> QRect:
        """Return where the next letter goes, in the parent's pixels."""
        if self._letters is None:
            return QRect()
        # Of the letters themselves: the view answers only while it has the focus.
        box = self._letters.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
        seen = self.mapFromScene(self._letters.mapRectToScene(box)).boundingRect()
        return seen.translated(self.pos())

    # Inside -------------------------------------------------------------------------------

    def _put_away(self) -> None:
        letters, self._letters = self._letters, None
        self._item, self._item_id = None, ""
        if letters is not None:
            letters.document().documentLayout().documentSizeChanged.disconnect(self._fit)
            self._words.removeItem(letters)
            letters.deleteLater()
        self.hide()

    def _room_of(self, item: Lettered, viewport: Viewport) -> float:
        """Return how wide a text may get: to the edge of what is seen, or as it was wrapped."""
        if item.text and is_wrapped(item):
            return item.box.width
        left, _top = viewport.to_view(item.box.x, item.box.y)
        to_edge_px = viewport.view_width_px - left - theme.metrics().gap_px
        return max(to_edge_px / viewport.scale, 6 * item.size_pt)

    def _colour(self) -> None:
        if self._item is None or self._letters is None:
            return
        is_text = isinstance(self._item, TextItem)
        rgb = ink_rgb(self._item.colour, self._is_dark) if is_text else NOTE_INK_RGB
        self._letters.setDefaultTextColor(QColor(*rgb))
        self.viewport().update()

    def _fit(self) -> None:
        """Lay the letters out as they will be painted, and lie where they are."""
        if self._item is None or self._letters is None or self._is_fitting:
            return
        self._is_fitting = True
        try:
            place = self._lay_out(self._item, self._letters)
        finally:
            self._is_fitting = False
        view = self._page_view
        if view is None:
            return
        to_view = upright_frame(self._item.box) * to_view_transform(view)
        frame = to_view.map(QPolygonF(self._frame_pt()))
        edge = math.ceil(_EDGE_MM * theme.metrics().px_per_mm)
        box = frame.boundingRect().toAlignedRect().adjusted(-edge, -edge, edge, edge)
        self.setGeometry(box)
        here = QTransform.fromTranslate(-box.x(), -box.y())
        self._letters.setTransform(place * to_view * here)
        self.viewport().update()
        self.moved.emit()

    def _lay_out(self, item: Lettered, letters: _Letters) -> QTransform:
        """Break the lines; return the map from the letters to the item's frame, pt."""
        words = letters.words()
        if isinstance(item, TextItem):
            letters.wrap_at(self._room_pt / item.size_pt)
            return _letters_to_frame(item.size_pt, 0.0, 0.0)
        pad = min(item.box.width, item.box.height) * NOTE_PADDING
        width, height = item.box.width - 2 * pad, item.box.height - 2 * pad
        size = fitting_size(words, item.size_pt, max(width, 1.0), max(height, 1.0))
        letters.wrap_at(max(width, 1.0) / size)
        block_pt = block_height_em(wrap(words, max(width, 1.0) / size)) * size
        top = pad + max(height - block_pt, 0) / 2
        return _letters_to_frame(size, pad, top)

    def _frame_pt(self) -> QRectF:
        """Return the item's frame as it is now, its corner at 0, 0."""
        item, letters = self._item, self._letters
        if item is None or letters is None:
            return QRectF()
        if isinstance(item, NoteItem):
            return QRectF(0, 0, item.box.width, item.box.height)
        em = item.size_pt
        document = letters.document()
        width = max(document.idealWidth() / EM_PX * em, _LEAST_TEXT_EM * em)
        height = document.size().height() / EM_PX * em
        pad = _PAD_EM * em
        return QRectF(-pad, 0, width + 2 * pad, max(height, LINE_HEIGHT * em))

    def _name(self) -> None:
        self.setAccessibleName(_("Text"))

    @override
    def drawBackground(self, painter: QPainter, _rect: QRectF | QRect) -> None:
        item, view = self._item, self._page_view
        if item is None or view is None:
            return
        painter.save()
        painter.translate(-self.pos())
        to_view = to_view_transform(view)
        if isinstance(item, NoteItem):
            painter.setTransform(to_view, combine=True)
            look = PaintLook(is_dark=self._is_dark, scale=view.scale, image=no_image)
            paint_item(painter, replace(item, text=""), look)
            painter.restore()
            painter.save()
            painter.translate(-self.pos())
        frame = (upright_frame(item.box) * to_view).map(QPolygonF(self._frame_pt()))
        ink = ink_rgb(0, self._is_dark)
        line = QPen(QColor(*ink), theme.metrics().line_px, Qt.PenStyle.DashLine)
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(frame)
        painter.restore()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
        super().changeEvent(event)


def _letters_to_frame(size_pt: float, left_pt: float, top_pt: float) -> QTransform:
    """Return the map that lays the first baseline where `painting` lays it."""
    rise = QTransform.fromTranslate(0.0, (baseline_em(0) - _QT_BASELINE_EM) * EM_PX)
    scale = QTransform.fromScale(size_pt / EM_PX, size_pt / EM_PX)
    return rise * scale * QTransform.fromTranslate(left_pt, top_pt)


class _Letters(QGraphicsTextItem):
    """The letters under the cursor, laid out at `EM_PX` as `lettering` does it."""

    changed = Signal()
    """The words are others, or what the input method shows is."""
    done = Signal()
    given_up = Signal()

    def __init__(self, text: str, *, is_centred: bool) -> None:
        super().__init__()
        self._preedit = ""
        self.setFont(lettering.font())
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        document = self.document()
        document.setDocumentMargin(0)
        document.setUseDesignMetrics(True)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setUseDesignMetrics(True)
        document.setDefaultTextOption(option)
        document.setUndoRedoEnabled(False)
        cursor = self.textCursor()
        cursor.insertText(text)
        lines = QTextBlockFormat()
        lines.setLineHeight(
            LINE_HEIGHT * EM_PX, QTextBlockFormat.LineHeightTypes.FixedHeight.value
        )
        if is_centred:
            lines.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(lines)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.setTextCursor(cursor)
        document.setUndoRedoEnabled(True)
        document.documentLayout().setProperty("cursorWidth", round(_CURSOR_EM * EM_PX))
        document.contentsChanged.connect(self.changed)

    def words(self) -> str:
        """Return the text with what the input method has not decided yet."""
        text = self.toPlainText()
        if not self._preedit:
            return text
        at = self.textCursor().position()
        # Positions are counted in UTF-16 units, which Python's own indices are not.
        units = text.encode("utf-16-le")
        head, tail = (units[: 2 * at], units[2 * at :])
        return (
            head.decode("utf-16-le", "ignore")
            + self._preedit
            + tail.decode("utf-16-le", "ignore")
        )

    def wrap_at(self, width_em: float) -> None:
        """Break lines at a width."""
        width = min(width_em, 1e4) * EM_PX
        if abs(width - self.textWidth()) > 1e-6:
            self.setTextWidth(width)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        # Qt would draw a dashed frame of its own, as wide as a line may get; of that the
        # view shows what lies inside our frame and a little beyond it.
        plain = QStyleOptionGraphicsItem(option)
        plain.state &= ~(QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_Selected)
        super().paint(painter, plain, widget)  # type: ignore[arg-type]

    @override
    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        super().inputMethodEvent(event)
        self._preedit = event.preeditString()
        self.changed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        finish = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        elif event.key() in finish and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.done.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            # Only the words: colours and sizes of other programs have no place here.
            text = QGuiApplication.clipboard().text()
            self.textCursor().insertText(plain_text(text))
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    @override
    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        # The middle button would paste with colours and sizes.
        if event.button() != Qt.MouseButton.MiddleButton:
            super().mouseReleaseEvent(event)
            QGuiApplication.inputMethod().show()

    @override
    def contextMenuEvent(self, event: QGraphicsSceneContextMenuEvent) -> None:
        # No small menu of the toolkit on a wall, in its language and its sizes.
        event.accept()


class DoneBar(Panel):
    """The button that ends the writing; floats beside the text."""

    done = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._row = QHBoxLayout(self)
        button = TouchButton(N_("Done"), "check", layout=Layout.BESIDE, look=Look.MAIN)
        button.clicked.connect(self.done)
        self._row.addWidget(button)
        self._respace()

    def _respace(self) -> None:
        self._row.setContentsMargins(*(theme.metrics().px(2),) * 4)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._respace()
        super().changeEvent(event)
