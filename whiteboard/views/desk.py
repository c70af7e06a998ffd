"""What lies on a pane beside ink: text under the cursor, chosen items, things pasted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from base.board_doc import Affine, ImageItem, Item, NoteItem, TextItem
from base.qt import theme
from whiteboard.model.arrange import (
    ColourSet,
    copies_at,
    copies_beside,
    picture_box,
    raised,
    recolour,
)
from whiteboard.model.bounds import segment_bounds
from whiteboard.model.effects import Asked, EditAsked
from whiteboard.model.select import item_at
from whiteboard.model.tool_choice import ToolChoice, ToolKind
from whiteboard.model.viewport import Viewport
from whiteboard.services.boards.open_board import OpenBoard
from whiteboard.services.taking.clipboard import (
    BoardClipboard,
    Clip,
    FileClip,
    ItemsClip,
    PictureClip,
    TextClip,
)
from whiteboard.services.taking.intake import CameIn, Intake, ItemsCameIn
from whiteboard.views.page.canvas import Canvas
from whiteboard.views.parts.placing import place_beside
from whiteboard.views.tray.selection_bar import PasteBar, SelectionBar
from whiteboard.views.tray.text_editor import (
    DoneBar,
    TextEditor,
    Written,
    new_note,
    new_text,
    with_text,
)

PICTURE_SHARE: Final = 0.6
"""A new picture takes at most this much of the view in width and height."""
_TOUCH_MM: Final = 5.0
_GAP_MM: Final = 6.0


class Desk(QObject):
    """Texts, notes, pictures and chosen items of one person's view.

    Args:
        open_board: The board.
        canvas: The view.
        pane: Where editor and bars float; as large as the canvas.
        clipboard: The clipboard.
        choice: Returns what the person holds.
        taken: Returns what must not be covered: where toolbars are, in the pane's pixels.
    """

    lasso_wanted = Signal()
    """Something was put on the page that one will want to move."""
    failed = Signal(object)
    """An `AppError` to tell the person."""

    def __init__(
        self,
        open_board: OpenBoard,
        canvas: Canvas,
        pane: QWidget,
        clipboard: BoardClipboard,
        choice: Callable[[], ToolChoice],
        taken: Callable[[], list[QRect]],
    ) -> None:
        super().__init__(pane)
        self._open = open_board
        self._board = open_board.board
        self._canvas = canvas
        self._pane = pane
        self._clipboard = clipboard
        self._choice = choice
        self._taken = taken
        self._hidden_in = canvas.scene
        self._is_writing = False
        self._is_closed = False
        self._is_bar_stale = True
        self.text_marked_by: Callable[[list[Item]], str] = lambda _items: ""
        """Returns the text of a document that chosen items mark; it is copied with them."""
        self._raised: tuple[Viewport, Viewport] | None = None
        self.editor = TextEditor(pane)
        self.done_bar = DoneBar(pane)
        self.selection_bar = SelectionBar(pane)
        self.paste_bar = PasteBar(pane)
        self._intake = Intake(open_board.file, open_board.worker)
        self._connect()

    def _connect(self) -> None:
        canvas, bar, editor = self._canvas, self.selection_bar, self.editor
        canvas.edit_asked.connect(self.edit_at)
        canvas.selected.connect(self._selected)
        canvas.writing_changed.connect(self._writing_changed)
        canvas.viewport_changed.connect(self._viewport_changed)
        canvas.page_left.connect(editor.commit)
        canvas.page_changed.connect(self._place_bars)
        bar.recolour_asked.connect(self._recolour)
        bar.edit_asked.connect(self._edit_chosen)
        bar.duplicate_asked.connect(self.duplicate)
        bar.copy_asked.connect(self.copy)
        bar.front_asked.connect(self.bring_to_front)
        bar.delete_asked.connect(self.delete)
        bar.resized.connect(self._place_bars)
        self.paste_bar.paste_asked.connect(self.paste)
        self.done_bar.done.connect(editor.commit)
        editor.finished.connect(self._written)
        editor.cancelled.connect(self._unwritten)
        editor.moved.connect(self._place_done)
        editor.changed.connect(self._clear_keyboard)
        self._clipboard.changed.connect(self._place_bars)
        self._intake.picture_came.connect(self._picture_came)
        self._intake.items_came.connect(self._items_came)
        self._intake.failed.connect(self.failed)
        QGuiApplication.inputMethod().keyboardRectangleChanged.connect(self._clear_keyboard)

    # What the pane says -------------------------------------------------------------------

    def choice_changed(self, before: ToolChoice, now: ToolChoice) -> None:
        """Follow what the person holds: a text under the cursor takes another colour."""
        if before.tool is not now.tool:
            self.editor.commit()
        elif now.tool in (ToolKind.TEXT, ToolKind.NOTE):
            self.editor.restyle(now.colour, now.text_size_pt)
        self._place_bars()

    def place(self) -> None:
        """Follow the pane's size and its toolbars."""
        self._place_done()
        self._place_bars()

    def undo(self) -> bool:
        """Take back a step of writing; return whether a text is being written."""
        if not self.editor.can_undo:
            self.editor.commit()
            return False
        self.editor.undo()
        return True

    def redo(self) -> bool:
        """Do a step of writing again; return whether there was one."""
        if not self.editor.can_redo:
            self.editor.commit()
            return False
        self.editor.redo()
        return True

    def shutdown(self) -> None:
        """Store what is being written and let go of the board."""
        if self._is_closed:
            return
        self._is_closed = True
        self.editor.commit()
        self._clipboard.changed.disconnect(self._place_bars)
        QGuiApplication.inputMethod().keyboardRectangleChanged.disconnect(self._clear_keyboard)
        for told in (self._intake.picture_came, self._intake.items_came, self._intake.failed):
            told.disconnect()

    # Texts and notes ------------------------------------------------------------------------

    def edit_at(self, asked: EditAsked) -> None:
        """Write at a place: in the text or note there, or in a new one."""
        was_writing = self.editor.is_open and bool(self.editor.text.strip())
        self.editor.commit()
        found = self._lettered_at(asked.x_pt, asked.y_pt)
        if found is not None:
            self.edit_item(found)
        elif not was_writing:
            # A touch beside a text that has words only ends the writing.
            self._edit_new(asked)

    def edit_item(self, item_id: str) -> None:
        """Change a text or note of the page that is shown."""
        item = self._board.item(item_id)
        if not isinstance(item, TextItem | NoteItem) or self._open.file.read_only:
            return
        self.editor.commit()
        self._canvas.choose(())
        self._hidden_in = self._canvas.scene
        self._canvas.repaint_page(self._hidden_in.show_instead({item_id: ()}))
        self._open_editor(item, item_id)

    def _edit_new(self, asked: EditAsked) -> None:
        if self._open.file.read_only:
            return
        choice = self._choice()
        make = new_text if asked.asked is Asked.TEXT else new_note
        item = make(asked.x_pt, asked.y_pt, choice.colour, choice.text_size_pt)
        self._open_editor(item, "")

    def _open_editor(self, item: TextItem | NoteItem, item_id: str) -> None:
        canvas = self._canvas
        self.editor.open(item, item_id, canvas.viewport, is_dark=canvas.scene.is_dark)
        self._place_done()
        self._place_bars()
        self._clear_keyboard()

    def _lettered_at(self, x_pt: float, y_pt: float) -> str | None:
        radius = _TOUCH_MM * theme.metrics().px_per_mm / self._canvas.viewport.scale
        area = segment_bounds(np.array(((x_pt, y_pt),)), radius)
        found = [
            (item_id, item)
            for item_id, item in self._canvas.scene.entries(area)
            if isinstance(item, TextItem | NoteItem)
        ]
        return item_at(found, x_pt, y_pt, radius)

    def _written(self, written: Written) -> None:
        """Store what was written, as one step; a text of nothing is taken away."""
        page_id = self._canvas.page_id
        before = self._board.item(written.item_id) if written.item_id else None
        self._show_again(written.item_id)
        if before is None and written.item is not None:
            if page_id in {page.id for page in self._board.pages}:
                self._open.add_items(self._canvas.person, page_id, (written.item,))
        elif before is not None and written.item is None:
            self._remove([written.item_id])
        elif before is not None and written.item is not None:
            item = replace(written.item, page=before.page, z=before.z, author=before.author)
            if not _says_the_same(before, item):
                self._put({written.item_id: item})
        self._after_writing()

    def _unwritten(self, item_id: str) -> None:
        self._show_again(item_id)
        self._after_writing()

    def _show_again(self, item_id: str) -> None:
        if item_id:
            area = self._hidden_in.show_again([item_id])
            if self._hidden_in is self._canvas.scene:
                self._canvas.repaint_page(area)

    def _after_writing(self) -> None:
        self.done_bar.hide()
        self._canvas.setFocus()
        self._place_bars()

    def _clear_keyboard(self) -> None:
        """Move the page up where keys at the bottom would cover what is being written.

        When they go, the page goes back, unless somebody has moved it meanwhile.
        """
        is_writing = self.editor.is_open and self._pane.window().focusWidget() is self.editor
        if not self._keys().isEmpty() and is_writing:
            self._raise_page(self._keys().top())
        elif self._raised is not None:
            before, after = self._raised
            self._raised = None
            if self._canvas.viewport == after:
                self._canvas.show_viewport(before)
        self._place_done()

    def _raise_page(self, keys_top: int) -> None:
        gap = theme.metrics().gap_px
        frame, cursor = self.editor.frame_in_view(), self.editor.cursor_in_view()
        # Of something taller than the room that is left, the line that is written counts.
        box = frame if frame.height() + 2 * gap <= keys_top else cursor
        below = box.bottom() + gap - keys_top
        if below > 0:
            seen = self._canvas.viewport
            before = seen if self._raised is None else self._raised[0]
            self._canvas.lift(below)
            self._raised = (before, self._canvas.viewport)

    def _keys(self) -> QRect:
        """Return what a keyboard in the lower half of the window covers of the pane."""
        window = self._pane.window()
        keys = QGuiApplication.inputMethod().keyboardRectangle().toAlignedRect()
        if keys.isEmpty() or keys.center().y() < window.height() / 2:
            return QRect()
        corner = self._pane.mapFrom(window, keys.topLeft())
        return QRect(corner, keys.size()).intersected(self._pane.rect())

    # Chosen items ---------------------------------------------------------------------------

    def delete(self) -> None:
        """Remove what is chosen."""
        chosen = list(self._canvas.chosen)
        if chosen:
            self._canvas.choose(())
            self._remove(chosen)

    def copy(self) -> bool:
        """Put what is chosen on the clipboard; return whether there was anything."""
        chosen = tuple(self._canvas.chosen.values())
        if not chosen:
            return False
        text = self.text_marked_by(list(chosen))
        return self._clipboard.copy(chosen, self._open.file, self._open.worker, text)

    def cut(self) -> None:
        """Put what is chosen on the clipboard and remove it."""
        if self.copy():
            self.delete()

    def duplicate(self) -> None:
        """Put a copy of what is chosen beside it, and choose the copy."""
        person, page_id = self._canvas.person, self._canvas.page_id
        z = self._board.top_z(page_id)
        chosen = tuple(self._canvas.chosen.values())
        if chosen:
            self._add(copies_beside(chosen, page=page_id, author=person, z=z))

    def bring_to_front(self) -> None:
        """Lay what is chosen over everything else."""
        chosen = self._canvas.chosen
        self._put(raised(chosen, self._board.top_z(self._canvas.page_id)))

    def _recolour(self, wanted: tuple[ColourSet, int]) -> None:
        self._put(recolour(self._canvas.chosen, *wanted))

    def _edit_chosen(self) -> None:
        chosen = list(self._canvas.chosen)
        if len(chosen) == 1:
            self.edit_item(chosen[0])

    # What comes in --------------------------------------------------------------------------

    @property
    def can_paste(self) -> bool:
        """Whether there is something to paste, and a board that takes it."""
        return not self._open.file.read_only and self._clipboard.has_something

    def paste(self, at: tuple[float, float] | None = None) -> None:
        """Put what is on the clipboard on the page.

        Args:
            at: Where its middle goes, page pt; None for the middle of the view.
        """
        clip = self._clipboard.content() if self.can_paste else None
        if clip is not None:
            self.take_in(clip, at)

    def take_in(self, clip: Clip, at: tuple[float, float] | None = None) -> None:
        """Put something on the page; see `paste`."""
        match clip:
            case ItemsClip(items):
                place = at or self._canvas.viewport.visible.centre
                self._intake.take_items(items, place, self._clipboard.held_asset)
            case PictureClip(source):
                self._intake.take_picture(source, at)
            case FileClip(path):
                self._intake.take_file(path, at)
            case TextClip(text):
                self._text_came(text, at)

    def insert_picture(self, path: Path, at: tuple[float, float] | None = None) -> None:
        """Put the picture of a file on the page; see `paste`."""
        if not self._open.file.read_only:
            self._intake.take_file(path, at)

    def _text_came(self, text: str, at: tuple[float, float] | None) -> None:
        if self.editor.is_open:
            self.editor.insert(text)
            return
        choice = self._choice().with_tool(ToolKind.TEXT)
        visible = self._canvas.viewport.visible
        empty = new_text(0.0, 0.0, choice.colour, choice.text_size_pt)
        item = with_text(empty, text, visible.width * PICTURE_SHARE)
        x, y = at or visible.centre
        box = replace(item.box, x=x - item.box.width / 2, y=y - item.box.height / 2)
        self._add([replace(item, box=box)])

    def _picture_came(self, came: CameIn) -> None:
        visible = self._canvas.viewport.visible
        box = picture_box(came.width_px, came.height_px, visible, PICTURE_SHARE)
        if came.place is not None:
            x, y = box.centre
            box = box.moved(came.place[0] - x, came.place[1] - y)
        frame = Affine.upright(box.left, box.top, box.width, box.height)
        self._add([ImageItem("-", 0.0, "", frame, came.sha256)])

    def _items_came(self, came: ItemsCameIn) -> None:
        person, page_id = self._canvas.person, self._canvas.page_id
        z = self._board.top_z(page_id)
        try:
            copies = copies_at(came.items, came.place, page=page_id, author=person, z=z)
        except ValueError:
            return  # what was copied is larger than any page can be
        self._add(copies)

    def _add(self, items: list[Item]) -> None:
        """Put items on the page above all others, and hold them with the lasso."""
        if not items:
            return
        ranked = sorted(items, key=lambda item: item.z)
        canvas = self._canvas
        self.editor.commit()
        ids = self._open.add_items(canvas.person, canvas.page_id, tuple(ranked))
        self.lasso_wanted.emit()
        canvas.choose(ids)

    def _put(self, items: Mapping[str, Item]) -> None:
        there = {i: item for i, item in items.items() if self._board.item(i) is not None}
        if there and not self._open.file.read_only:
            with self._board.change(self._canvas.person) as edit:
                for item_id, item in there.items():
                    edit.put(item_id, item)

    def _remove(self, item_ids: list[str]) -> None:
        if not self._open.file.read_only:
            with self._board.change(self._canvas.person) as edit:
                for item_id in item_ids:
                    edit.remove(item_id)

    # Where bars float -----------------------------------------------------------------------

    def _selected(self, item_ids: tuple[str, ...]) -> None:
        self._is_bar_stale = True
        if not item_ids:
            self.selection_bar.fold()
        self._place_bars()

    def _writing_changed(self, is_writing: bool) -> None:
        self._is_writing = is_writing
        self._place_bars()

    def _viewport_changed(self, viewport: Viewport) -> None:
        self.editor.show_viewport(viewport, is_dark=self._canvas.scene.is_dark)
        self._place_bars()

    def _place_done(self) -> None:
        if not self.editor.is_open:
            self.done_bar.hide()
            return
        self.done_bar.adjustSize()
        self._float(self.done_bar, self.editor.frame_in_view())

    def _place_bars(self) -> None:
        chosen = self._canvas.chosen
        is_lasso = self._choice().tool is ToolKind.LASSO
        is_calm = not (self._is_writing or self._is_closed or self.editor.is_open)
        if chosen and is_calm and not self._open.file.read_only:
            if self._is_bar_stale:
                # Looks at each item: not in every frame of a page that glides.
                is_dark = self._canvas.scene.is_dark
                self.selection_bar.show_for(chosen.values(), is_dark=is_dark)
                self._is_bar_stale = False
            self._float(self.selection_bar, self._canvas.chosen_area)
        else:
            self.selection_bar.hide()
        if is_lasso and is_calm and not chosen and self.can_paste:
            room = self._pane.rect()
            about = max(self._taken(), key=lambda box: box.width() * box.height(), default=room)
            self._float(self.paste_bar, about)
        else:
            self.paste_bar.hide()

    def _float(self, bar: QWidget, about: QRect) -> None:
        gap = theme.metrics().px(_GAP_MM)
        room = self._pane.rect().adjusted(gap, gap, -gap, -gap)
        taken = [*self._taken(), self._keys()]
        bar.setGeometry(place_beside(about, bar.size(), room, taken, gap))
        bar.show()
        bar.raise_()


def _says_the_same(before: Item, after: Item) -> bool:
    """Return whether nothing was changed in the editor but perhaps the size of the frame."""
    if not isinstance(before, TextItem | NoteItem) or not isinstance(
        after, TextItem | NoteItem
    ):
        return False
    return (before.text, before.colour) == (after.text, after.colour)
