"""The board over its Yjs document: pages and items, changed in transactions only.

Every change belongs to a person and happens inside `Board.change(person)`. Undo, the
file on disk and sharing all live off that one change: undo managers record it by its
origin, `on_update` hands its bytes to whoever stores or sends them, and `on_change`
says what to repaint.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pycrdt import Doc, Map, MapEvent, TransactionEvent, UndoManager

from base.board_doc import ITEMS, META, PAGES, Item, pack_item, parse_item
from whiteboard.model.page import (
    DEFAULT_HEIGHT_PT,
    DEFAULT_WIDTH_PT,
    MAX_SIDE_PT,
    Background,
    Page,
    order_between,
    parse_background,
)

DEFAULT_UNDO_BYTES: Final = 64 * 1024 * 1024
_STEP_OVERHEAD_BYTES: Final = 400
"""What an undo step costs beside the items it holds (measured: 300 to 400 bytes)."""


@dataclass(frozen=True, slots=True)
class BoardChange:
    """What one transaction changed.

    Attributes:
        items_before: Items that were removed or replaced, by id.
        items_after: Items that were added or that took their place, by id.
        pages: Whether a page was added, removed, moved or given another background.
        meta: Whether the title changed.
    """

    items_before: Mapping[str, Item] = field(default_factory=dict)
    items_after: Mapping[str, Item] = field(default_factory=dict)
    pages: bool = False
    meta: bool = False


class Board:
    """A board. Not thread-safe: it belongs to the thread that made it.

    Args:
        new_id: Returns a fresh id (ASCII, at most 32 characters, never the same twice).
        update: State to start from, as a Yjs update; None for a board without pages.
        undo_bytes: Memory for the undo steps of one person; the oldest go first.

    Raises:
        ValueError: `update` is not a Yjs update.
    """

    def __init__(
        self,
        new_id: Callable[[], str],
        update: bytes | None = None,
        *,
        undo_bytes: int = DEFAULT_UNDO_BYTES,
    ) -> None:
        self._new_id = new_id
        self._undo_bytes = undo_bytes
        self._doc: Doc[Any] = Doc()
        self._pages_map: Map[Any] = self._doc.get(PAGES, type=Map)
        self._items_map: Map[Any] = self._doc.get(ITEMS, type=Map)
        self._meta_map: Map[Any] = self._doc.get(META, type=Map)
        if update is not None:
            try:
                self._doc.apply_update(update)
            except Exception as error:  # pycrdt raises bare runtime errors
                raise ValueError(f"not a Yjs update: {error}") from error
        self._pages: tuple[Page, ...] = ()
        self._items: dict[str, dict[str, Item]] = {}
        self._page_of: dict[str, str] = {}
        self._top_z: dict[str, float] = {}
        self._unreadable: set[str] = set()
        self._undo: dict[str, _PersonUndo] = {}
        self._before: dict[str, Item] = {}
        self._after: dict[str, Item] = {}
        self._pages_touched = self._meta_touched = False
        self._change_listeners: list[Callable[[BoardChange], None]] = []
        self._update_listeners: list[Callable[[bytes], None]] = []
        self._read_all()
        self._subscriptions = [
            self._items_map.observe(self._note_items),
            self._pages_map.observe_deep(self._note_pages),
            self._meta_map.observe(self._note_meta),
            self._doc.observe(self._note_update),
        ]

    # What is there -----------------------------------------------------------------

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages in their order."""
        return self._pages

    @property
    def title(self) -> str:
        """The board's title; empty when nobody gave it one."""
        title = self._meta_map.get("title", "")
        return title if isinstance(title, str) else ""

    @property
    def unreadable(self) -> int:
        """How many items could not be read (damaged, or of a later version); they are kept."""
        return len(self._unreadable)

    def page(self, page_id: str) -> Page:
        """Return a page.

        Raises:
            KeyError: there is no such page.
        """
        for page in self._pages:
            if page.id == page_id:
                return page
        raise KeyError(page_id)

    def items(self, page_id: str) -> Mapping[str, Item]:
        """Return the items of a page by id, in no order; empty for an unknown page."""
        return self._items.get(page_id, {})

    def item(self, item_id: str) -> Item | None:
        """Return an item, or None when it is not there (any more)."""
        page_id = self._page_of.get(item_id)
        return None if page_id is None else self._items[page_id].get(item_id)

    def stacked(self, page_id: str) -> list[tuple[str, Item]]:
        """Return the items of a page with their ids, lowest first."""
        return sorted(self.items(page_id).items(), key=stacking_order)

    def state(self) -> bytes:
        """Return the whole document as one Yjs update."""
        return self._doc.get_update()

    # Who listens --------------------------------------------------------------------

    def on_change(self, listener: Callable[[BoardChange], None]) -> Callable[[], None]:
        """Call `listener` after each transaction; return how to stop that."""
        self._change_listeners.append(listener)
        return lambda: self._change_listeners.remove(listener)

    def on_update(self, listener: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `listener` with each transaction's Yjs update; return how to stop that."""
        self._update_listeners.append(listener)
        return lambda: self._update_listeners.remove(listener)

    # Changes ------------------------------------------------------------------------

    @contextmanager
    def change(self, person: str) -> Iterator[Edit]:
        """Open a transaction of `person`: all of it is one step of their undo."""
        undo = self._undo_of(person)
        edit = Edit(self)
        try:
            with self._doc.transaction(origin=person):
                yield edit
        finally:
            if self._is_touched():
                undo.note_step(self._cost_bytes())
            self._tell()

    def apply_update(self, update: bytes) -> None:
        """Take in the Yjs update of another writer; it is no step of anybody's undo here.

        Raises:
            ValueError: the bytes are not a Yjs update.
        """
        try:
            self._doc.apply_update(update)
        except Exception as error:  # pycrdt raises bare runtime errors
            raise ValueError(f"not a Yjs update: {error}") from error
        finally:
            self._tell()

    def can_undo(self, person: str) -> bool:
        """Return whether `person` has a step to take back."""
        return person in self._undo and self._undo[person].manager.can_undo()

    def can_redo(self, person: str) -> bool:
        """Return whether `person` has a step to do again."""
        return person in self._undo and self._undo[person].manager.can_redo()

    def undo(self, person: str) -> bool:
        """Take back the last step of `person`; return whether anything changed."""
        if person not in self._undo:
            return False
        try:
            return self._undo[person].undo()
        finally:
            self._tell()

    def redo(self, person: str) -> bool:
        """Do again what `person` took back last; return whether anything changed."""
        if person not in self._undo:
            return False
        try:
            return self._undo[person].redo()
        finally:
            self._tell()

    def top_z(self, page_id: str) -> float:
        """Return a stacking order above all items of a page."""
        return self._top_z.get(page_id, 0.0) + 1.0

    # Inside -------------------------------------------------------------------------

    def _undo_of(self, person: str) -> _PersonUndo:
        undo = self._undo.get(person)
        if undo is None:
            undo = _PersonUndo(person, [self._pages_map, self._items_map], self._undo_bytes)
            self._undo[person] = undo
        return undo

    def _is_touched(self) -> bool:
        return bool(self._before or self._after or self._pages_touched)

    def _cost_bytes(self) -> int:
        items = [*self._before.values(), *self._after.values()]
        return _STEP_OVERHEAD_BYTES + sum(len(pack_item(item)) for item in items)

    def _read_all(self) -> None:
        for item_id, data in self._items_map.items():
            self._take_item(item_id, data)
        self._read_pages()

    def _read_pages(self) -> None:
        pages = [_parse_page(page_id, entry) for page_id, entry in self._pages_map.items()]
        self._pages = tuple(sorted(pages, key=lambda page: (page.order, page.id)))

    def _take_item(self, item_id: str, data: object) -> Item | None:
        try:
            # A number here would ask bytes() for that much memory.
            if not isinstance(data, (bytes, bytearray)):
                raise ValueError(f"an item is bytes, not {type(data).__name__}")
            item = parse_item(bytes(data))
        except ValueError:
            self._unreadable.add(item_id)
            return None
        self._unreadable.discard(item_id)
        self._items.setdefault(item.page, {})[item_id] = item
        self._page_of[item_id] = item.page
        self._note_z(item)
        return item

    def _note_z(self, item: Item) -> None:
        self._top_z[item.page] = max(item.z, self._top_z.get(item.page, 0.0))

    def _drop_item(self, item_id: str) -> Item | None:
        self._unreadable.discard(item_id)
        page_id = self._page_of.pop(item_id, None)
        return None if page_id is None else self._items[page_id].pop(item_id, None)

    def _note_items(self, event: MapEvent) -> None:
        for item_id, entry in event.keys.items():  # type: ignore[attr-defined]
            old = self._drop_item(item_id)
            if old is not None and item_id not in self._after:
                self._before.setdefault(item_id, old)
            self._after.pop(item_id, None)
            if entry["action"] != "delete":
                new = self._take_item(item_id, entry["newValue"])
                if new is not None:
                    self._after[item_id] = new

    def _note_pages(self, _events: Sequence[object]) -> None:
        self._read_pages()
        self._pages_touched = True

    def _note_meta(self, _event: MapEvent) -> None:
        self._meta_touched = True

    def _note_update(self, event: TransactionEvent) -> None:
        update = event.update
        for listener in tuple(self._update_listeners):
            listener(update)

    def _tell(self) -> None:
        if not (self._is_touched() or self._meta_touched):
            return
        change = BoardChange(self._before, self._after, self._pages_touched, self._meta_touched)
        self._before, self._after = {}, {}
        self._pages_touched = self._meta_touched = False
        for listener in tuple(self._change_listeners):
            listener(change)


class Edit:
    """The changes that a transaction can make. Lives as long as the transaction.

    `Board.pages` and `Board.top_z` follow each change at once, `Board.items` when the
    transaction is over.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._put: dict[str, str] = {}

    def add(self, item: Item) -> str:
        """Add an item; return its new id."""
        item_id = self._board._new_id()
        self.put(item_id, item)
        return item_id

    def put(self, item_id: str, item: Item) -> None:
        """Add or replace the item of this id."""
        self._board._items_map[item_id] = pack_item(item)
        self._board._note_z(item)
        self._put[item_id] = item.page

    def remove(self, item_id: str) -> None:
        """Remove an item; one that is gone already is no error."""
        self._board._items_map.pop(item_id, None)
        self._put.pop(item_id, None)

    def add_page(
        self,
        index: int,
        background: Background,
        width_pt: float = DEFAULT_WIDTH_PT,
        height_pt: float = DEFAULT_HEIGHT_PT,
    ) -> str:
        """Add a page before the page that now has `index` (or at the end); return its id."""
        page_id = self._board._new_id()
        page = Page(page_id, self._order_at(index), background, width_pt, height_pt)
        self._board._pages_map[page_id] = Map(_page_entry(page))
        self._board._read_pages()
        return page_id

    def duplicate_page(self, page_id: str) -> str:
        """Add a copy of a page, with its items, behind it; return the copy's id.

        Raises:
            KeyError: there is no such page.
        """
        page = self._board.page(page_id)
        index = self._board.pages.index(page)
        copy_id = self.add_page(index + 1, page.background, page.width_pt, page.height_pt)
        for _, item in self._board.stacked(page_id):
            self.add(replace(item, page=copy_id))
        return copy_id

    def remove_page(self, page_id: str) -> None:
        """Remove a page with its items.

        Raises:
            KeyError: there is no such page.
            ValueError: it is the only one.
        """
        self._board.page(page_id)
        if len(self._board.pages) == 1:
            raise ValueError("a board keeps at least one page")
        mine = [item_id for item_id, page in self._put.items() if page == page_id]
        for item_id in (*self._board.items(page_id), *mine):
            self.remove(item_id)
        del self._board._pages_map[page_id]
        self._board._read_pages()

    def move_page(self, page_id: str, index: int) -> None:
        """Put a page at `index` of the row without it.

        Raises:
            KeyError: there is no such page.
        """
        self._board.page(page_id)
        order = self._order_at(index, without=page_id)
        self._entry(page_id)["order"] = order
        self._board._read_pages()

    def set_background(self, page_id: str, background: Background) -> None:
        """Give a page another background.

        Raises:
            KeyError: there is no such page.
        """
        self._entry(page_id)["background"] = str(background)
        self._board._read_pages()

    def set_title(self, title: str) -> None:
        """Name the board; an empty title takes the name away."""
        self._board._meta_map["title"] = title

    def _entry(self, page_id: str) -> Map[Any]:
        """Return the entry of a page; one that is damaged is written anew."""
        page = self._board.page(page_id)
        entry = self._board._pages_map[page_id]
        if not isinstance(entry, Map):
            entry = Map(_page_entry(page))
            self._board._pages_map[page_id] = entry
        return entry

    def _order_at(self, index: int, without: str | None = None) -> float:
        row = [page for page in self._board.pages if page.id != without]
        index = max(0, min(index, len(row)))
        before = row[index - 1].order if index > 0 else None
        after = row[index].order if index < len(row) else None
        try:
            return order_between(before, after)
        except ValueError:
            for place, page in enumerate(row):
                self._entry(page.id)["order"] = float(place)
            return index - 0.5


class _PersonUndo:
    """The undo steps of one person, the oldest dropped when they take too much memory."""

    def __init__(self, person: str, scopes: list[Any], limit_bytes: int) -> None:
        self._person = person
        self._scopes = scopes
        self._limit_bytes = limit_bytes
        self._undo_costs: deque[int] = deque()
        self._redo_costs: deque[int] = deque()
        self.manager = self._make_manager([])

    def note_step(self, cost_bytes: int) -> None:
        """Record that the person made a step, and drop the oldest past the limit."""
        self._redo_costs.clear()
        self._undo_costs.append(cost_bytes)
        if sum(self._undo_costs) <= self._limit_bytes:
            return
        # Dropping a quarter at once keeps this rare.
        while len(self._undo_costs) > 1 and sum(self._undo_costs) > self._limit_bytes * 3 // 4:
            self._undo_costs.popleft()
        self.manager = self._make_manager(self.manager.undo_stack[-len(self._undo_costs) :])

    def undo(self) -> bool:
        """Take back a step."""
        done = self.manager.undo()
        if done and self._undo_costs:
            self._redo_costs.append(self._undo_costs.pop())
        return done

    def redo(self) -> bool:
        """Do a step again."""
        done = self.manager.redo()
        if done and self._redo_costs:
            self._undo_costs.append(self._redo_costs.pop())
        return done

    def _make_manager(self, stack: list[Any]) -> UndoManager:
        manager = UndoManager(scopes=self._scopes, capture_timeout_millis=0, undo_stack=stack)
        manager.include_origin(self._person)
        return manager


def stacking_order(entry: tuple[str, Item]) -> tuple[float, str]:
    """Sort key of an (id, item) pair: lowest first."""
    return entry[1].z, entry[0]


def _page_entry(page: Page) -> dict[str, object]:
    return {
        "order": page.order,
        "background": str(page.background),
        "width": page.width_pt,
        "height": page.height_pt,
    }


def _parse_page(page_id: str, entry: object) -> Page:
    """Read a page leniently: what another version or a damaged file says never stops us."""

    def number(key: str, default: float) -> float:
        value = entry.get(key) if isinstance(entry, Map) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return default
        return float(value) if math.isfinite(value) else default

    return Page(
        page_id,
        number("order", 0.0),
        parse_background(entry.get("background") if isinstance(entry, Map) else ""),
        min(max(number("width", DEFAULT_WIDTH_PT), 1.0), MAX_SIDE_PT),
        min(max(number("height", DEFAULT_HEIGHT_PT), 1.0), MAX_SIDE_PT),
    )
