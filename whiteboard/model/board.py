"""The board over its Yjs document: pages and items, changed in transactions only.

Every change belongs to a person and happens inside `Board.change(person)`. Undo, the
file on disk and sharing all live off that one change: undo managers record it by its
origin, `on_update` hands its bytes to whoever stores or sends them, and `on_change`
says what to repaint.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pycrdt import Doc, Map, MapEvent, TransactionEvent, UndoManager

from base.board_doc import (
    DOCUMENT_NAME,
    DOCUMENT_SHEETS,
    DOCUMENT_SOURCE,
    DOCUMENTS,
    ITEMS,
    META,
    PAGE_DOCUMENT,
    PAGE_SHEET,
    PAGE_TURNS,
    PAGES,
    Item,
    pack_item,
    parse_item,
)
from whiteboard.model.document import DocumentRecord, SheetRef, SheetSize
from whiteboard.model.page import (
    DEFAULT_HEIGHT_PT,
    DEFAULT_WIDTH_PT,
    MAX_SIDE_PT,
    Background,
    Page,
    Surface,
    orders_between,
    parse_background,
)
from whiteboard.model.select import quarter_turns, transformed

SHEET_BACKGROUND: Final = Background(Surface.WHITE)
"""Around a sheet, and what a page with a sheet always has: its ink suits paper."""
DEFAULT_UNDO_BYTES: Final = 64 * 1024 * 1024
_DOCUMENT_ID: Final = re.compile(r"[0-9a-f]{64}")
_MOST_SHEETS: Final = 2**31
_STEP_OVERHEAD_BYTES: Final = 400
"""What an undo step costs beside the items it holds (measured: 300 to 400 bytes)."""


@dataclass(frozen=True, slots=True)
class BoardChange:
    """What one transaction changed.

    Attributes:
        items_before: Items that were removed or replaced, by id.
        items_after: Items that were added or that took their place, by id.
        pages: Whether a page was added, removed, moved, turned or given another background.
        meta: Whether the title changed.
        documents: Whether a document came that was not known to the board.
    """

    items_before: Mapping[str, Item] = field(default_factory=dict)
    items_after: Mapping[str, Item] = field(default_factory=dict)
    pages: bool = False
    meta: bool = False
    documents: bool = False


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
        self._documents_map: Map[Any] = self._doc.get(DOCUMENTS, type=Map)
        self._meta_map: Map[Any] = self._doc.get(META, type=Map)
        if update is not None:
            try:
                self._doc.apply_update(update)
            except Exception as error:  # pycrdt raises bare runtime errors
                raise ValueError(f"not a Yjs update: {error}") from error
        self._pages: tuple[Page, ...] = ()
        self._page_by_id: dict[str, Page] = {}
        self._items: dict[str, dict[str, Item]] = {}
        self._page_of: dict[str, str] = {}
        self._top_z: dict[str, float] = {}
        self._unreadable: set[str] = set()
        self._undo: dict[str, _PersonUndo] = {}
        self._before: dict[str, Item] = {}
        self._after: dict[str, Item] = {}
        self._pages_touched = self._meta_touched = self._documents_touched = False
        self._change_listeners: list[Callable[[BoardChange], None]] = []
        self._update_listeners: list[Callable[[bytes], None]] = []
        self._read_all()
        self._subscriptions = [
            self._items_map.observe(self._note_items),
            self._pages_map.observe_deep(self._note_pages),
            self._documents_map.observe_deep(self._note_documents),
            self._meta_map.observe(self._note_meta),
            self._doc.observe(self._note_update),
        ]

    # What is there -----------------------------------------------------------------

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages in their order."""
        return self._pages

    @property
    def documents(self) -> dict[str, DocumentRecord]:
        """The documents that pages have, or once had, under their ink, by id.

        One whose pages are all gone stays: an undo may bring them back.
        """
        entries = self._documents_map.items()
        return {i: _parse_document(entry) for i, entry in entries if _is_document_id(i)}

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
        return self._page_by_id[page_id]

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
                undo.note_step(_Step(self._cost_bytes(), self._added()))
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
        """Return whether `person` has a step to take back.

        A step whose items are all gone since, as those of a palm that was taken back, is
        none; `undo` goes on to the one before.
        """
        return person in self._undo and self._undo[person].can_undo(self._has_some)

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

    def _added(self) -> frozenset[str]:
        """Return the items that are all a transaction did; empty when it did more."""
        is_all = not (self._before or self._pages_touched)
        return frozenset(self._after) if is_all else frozenset()

    def _has_some(self, item_ids: Iterable[str]) -> bool:
        return any(item_id in self._page_of for item_id in item_ids)

    def _cost_bytes(self) -> int:
        items = [*self._before.values(), *self._after.values()]
        return _STEP_OVERHEAD_BYTES + sum(len(pack_item(item)) for item in items)

    def _read_all(self) -> None:
        for item_id, data in self._items_map.items():
            self._take_item(item_id, data)
        self._read_pages(self._pages_map.keys())

    def _read_pages(self, touched: Iterable[str]) -> None:
        """Read pages again that came, went or changed; a thousand others stay as they are."""
        for page_id in touched:
            if page_id in self._pages_map:
                self._page_by_id[page_id] = _parse_page(page_id, self._pages_map[page_id])
            else:
                self._page_by_id.pop(page_id, None)
        pages = self._page_by_id.values()
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

    def _note_pages(self, events: Sequence[MapEvent]) -> None:
        touched: set[str] = set()
        for event in events:
            path: list[Any] = event.path  # type: ignore[attr-defined]
            keys: Mapping[str, object] = event.keys  # type: ignore[attr-defined]
            touched.update([path[0]] if path else keys)
        self._read_pages(touched)
        self._pages_touched = True

    def _note_documents(self, _events: Sequence[object]) -> None:
        self._documents_touched = True

    def _note_meta(self, _event: MapEvent) -> None:
        self._meta_touched = True

    def _note_update(self, event: TransactionEvent) -> None:
        update = event.update
        for listener in tuple(self._update_listeners):
            listener(update)

    def _tell(self) -> None:
        if not (self._is_touched() or self._meta_touched or self._documents_touched):
            return
        change = BoardChange(
            self._before,
            self._after,
            self._pages_touched,
            self._meta_touched,
            self._documents_touched,
        )
        self._before, self._after = {}, {}
        self._pages_touched = self._meta_touched = self._documents_touched = False
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
        sheet: SheetRef | None = None,
    ) -> str:
        """Add a page before the page that now has `index` (or at the end); return its id.

        A page with a sheet has the sheet's size, turned as the sheet is, on white.
        """
        background = background if sheet is None else SHEET_BACKGROUND
        page_id = self._board._new_id()
        (order,) = self._orders_at(index, 1)
        page = Page(page_id, order, background, width_pt, height_pt, sheet)
        self._board._pages_map[page_id] = Map(_page_entry(page))
        self._board._read_pages([page_id])
        return page_id

    def add_document(self, document: str, name: str, sheets: int, source: str = "") -> None:
        """Let the board know a document, before pages with its sheets are added.

        Taking back the step takes the pages away and leaves the document known.

        Args:
            document: Its id: SHA-256 of its bytes, 64 hexadecimal digits in lower case.
            name: See `DocumentRecord`.
            sheets: How many sheets it has.
            source: See `DocumentRecord`.

        Raises:
            ValueError: the id is no SHA-256.
        """
        if not _is_document_id(document):
            raise ValueError(f"a document is named by its SHA-256, not by {document!r}")
        record = DocumentRecord(name, sheets, source)
        if self._board.documents.get(document) != record:
            self._board._documents_map[document] = Map(_document_entry(record))

    def add_sheet_pages(
        self, sheets: Sequence[tuple[SheetRef, SheetSize]], after_page_id: str | None
    ) -> list[str]:
        """Add a page for each sheet, in their order; return the ids.

        Args:
            sheets: The sheets and their sizes as they are without the turns of the page.
            after_page_id: Behind which page; None for the beginning of the row.

        Raises:
            KeyError: there is no page `after_page_id`.
            ValueError: a sheet names no document.
        """
        if not all(_is_document_id(sheet.document) for sheet, _ in sheets):
            raise ValueError("a document is named by its SHA-256")
        index = 0
        if after_page_id is not None:
            index = self._board.pages.index(self._board.page(after_page_id)) + 1
        added = []
        for (sheet, size), order in zip(
            sheets, self._orders_at(index, len(sheets)), strict=True
        ):
            seen = size.turned(sheet.turns)
            page_id = self._board._new_id()
            page = Page(page_id, order, SHEET_BACKGROUND, seen.width_pt, seen.height_pt, sheet)
            self._board._pages_map[page_id] = Map(_page_entry(page))
            added.append(page_id)
        self._board._read_pages(added)
        return added

    def turn_page(self, page_id: str, turns: int) -> None:
        """Turn a page with all that is on it, sheet and items.

        Args:
            page_id: Which page.
            turns: Quarter turns clockwise; negative ones go the other way.

        Raises:
            KeyError: there is no such page.
        """
        page = self._board.page(page_id)
        turns %= 4
        if not turns:
            return
        way = quarter_turns(turns, page.width_pt, page.height_pt)
        for item_id, item in self._board.items(page_id).items():
            self.put(item_id, transformed(item, way))
        entry = self._entry(page_id)
        if turns % 2:
            entry["width"], entry["height"] = page.height_pt, page.width_pt
        if page.sheet is not None:
            entry[PAGE_TURNS] = (page.sheet.turns + turns) % 4
        self._board._read_pages([page_id])

    def duplicate_page(self, page_id: str) -> str:
        """Add a copy of a page, with its items, behind it; return the copy's id.

        Raises:
            KeyError: there is no such page.
        """
        page = self._board.page(page_id)
        index = self._board.pages.index(page)
        copy_id = self.add_page(
            index + 1, page.background, page.width_pt, page.height_pt, page.sheet
        )
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
        self._board._read_pages([page_id])

    def move_page(self, page_id: str, index: int) -> None:
        """Put a page at `index` of the row without it.

        Raises:
            KeyError: there is no such page.
        """
        self._board.page(page_id)
        (order,) = self._orders_at(index, 1, without=page_id)
        self._entry(page_id)["order"] = order
        self._board._read_pages([page_id])

    def set_background(self, page_id: str, background: Background) -> None:
        """Give a page another background; one with a sheet keeps its own.

        Raises:
            KeyError: there is no such page.
        """
        if self._board.page(page_id).sheet is not None:
            return
        self._entry(page_id)["background"] = str(background)
        self._board._read_pages([page_id])

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

    def _orders_at(self, index: int, count: int, without: str | None = None) -> list[float]:
        """Return orders for pages at `index` of the row without one of its pages."""
        row = [page for page in self._board.pages if page.id != without]
        index = max(0, min(index, len(row)))
        before = row[index - 1].order if index > 0 else None
        after = row[index].order if index < len(row) else None
        try:
            return orders_between(before, after, count)
        except ValueError:
            for place, page in enumerate(row):
                self._entry(page.id)["order"] = float(place if place < index else place + count)
            self._board._read_pages([page.id for page in row])
            return [float(index + place) for place in range(count)]


@dataclass(frozen=True, slots=True)
class _Step:
    """What is known of an undo step.

    Attributes:
        cost_bytes: Memory it takes.
        added: The items that it added, if that is all it did; otherwise empty.
    """

    cost_bytes: int
    added: frozenset[str]


class _PersonUndo:
    """The undo steps of one person, the oldest dropped when they take too much memory."""

    def __init__(self, person: str, scopes: list[Any], limit_bytes: int) -> None:
        self._person = person
        self._scopes = scopes
        self._limit_bytes = limit_bytes
        self._undo_steps: deque[_Step] = deque()
        self._redo_steps: deque[_Step] = deque()
        self.manager = self._make_manager([])

    def note_step(self, step: _Step) -> None:
        """Record that the person made a step, and drop the oldest past the limit."""
        self._redo_steps.clear()
        self._undo_steps.append(step)
        if self._cost_bytes() <= self._limit_bytes:
            return
        # Dropping a quarter at once keeps this rare.
        while len(self._undo_steps) > 1 and self._cost_bytes() > self._limit_bytes * 3 // 4:
            self._undo_steps.popleft()
        self.manager = self._make_manager(self.manager.undo_stack[-len(self._undo_steps) :])

    def can_undo(self, is_any_there: Callable[[Iterable[str]], bool]) -> bool:
        """Return whether a step is left that would change something."""
        return self.manager.can_undo() and any(
            not step.added or is_any_there(step.added) for step in reversed(self._undo_steps)
        )

    def undo(self) -> bool:
        """Take back a step."""
        done = self.manager.undo()
        self._follow(self._undo_steps, len(self.manager.undo_stack), self._redo_steps, done)
        return done

    def redo(self) -> bool:
        """Do a step again."""
        done = self.manager.redo()
        self._follow(self._redo_steps, len(self.manager.redo_stack), self._undo_steps, done)
        return done

    def _follow(
        self, taken: deque[_Step], left: int, given: deque[_Step], has_changed: bool
    ) -> None:
        """Do with our steps what the manager did with its own.

        It goes over steps that change nothing any more, and only the one that did change
        something can be gone back to.
        """
        last = None
        while len(taken) > left:
            last = taken.pop()
        if last is not None and has_changed:
            given.append(last)

    def _cost_bytes(self) -> int:
        return sum(step.cost_bytes for step in self._undo_steps)

    def _make_manager(self, stack: list[Any]) -> UndoManager:
        manager = UndoManager(scopes=self._scopes, capture_timeout_millis=0, undo_stack=stack)
        manager.include_origin(self._person)
        return manager


def stacking_order(entry: tuple[str, Item]) -> tuple[float, str]:
    """Sort key of an (id, item) pair: lowest first."""
    return entry[1].z, entry[0]


def _page_entry(page: Page) -> dict[str, object]:
    entry: dict[str, object] = {
        "order": page.order,
        "background": str(page.background),
        "width": page.width_pt,
        "height": page.height_pt,
    }
    if page.sheet is not None:
        entry |= {
            PAGE_DOCUMENT: page.sheet.document,
            PAGE_SHEET: page.sheet.number,
            PAGE_TURNS: page.sheet.turns,
        }
    return entry


def _document_entry(record: DocumentRecord) -> dict[str, object]:
    return {
        DOCUMENT_NAME: record.name,
        DOCUMENT_SHEETS: record.sheets,
        DOCUMENT_SOURCE: record.source,
    }


def _parse_page(page_id: str, entry: object) -> Page:
    """Read a page leniently: what another version or a damaged file says never stops us."""
    # One look at the whole map costs a fifth of one at each of its keys.
    fields = entry.to_py() or {} if isinstance(entry, Map) else {}
    sheet = _parse_sheet(fields)
    background = parse_background(fields.get("background", ""))
    return Page(
        page_id,
        _number(fields.get("order"), 0.0),
        background if sheet is None else SHEET_BACKGROUND,
        min(max(_number(fields.get("width"), DEFAULT_WIDTH_PT), 1.0), MAX_SIDE_PT),
        min(max(_number(fields.get("height"), DEFAULT_HEIGHT_PT), 1.0), MAX_SIDE_PT),
        sheet,
    )


def _parse_sheet(fields: Mapping[str, object]) -> SheetRef | None:
    document, number = fields.get(PAGE_DOCUMENT), _whole(fields.get(PAGE_SHEET))
    if not isinstance(document, str) or not _is_document_id(document) or number is None:
        return None
    return SheetRef(document, number, (_whole(fields.get(PAGE_TURNS)) or 0) % 4)


def _parse_document(entry: object) -> DocumentRecord:
    fields = entry.to_py() or {} if isinstance(entry, Map) else {}
    name, source = fields.get(DOCUMENT_NAME), fields.get(DOCUMENT_SOURCE)
    return DocumentRecord(
        name if isinstance(name, str) else "",
        _whole(fields.get(DOCUMENT_SHEETS)) or 0,
        source if isinstance(source, str) and _is_document_id(source) else "",
    )


def _is_document_id(text: str) -> bool:
    return _DOCUMENT_ID.fullmatch(text) is not None


def _number(value: object, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return default
    return float(value) if math.isfinite(value) else default


def _whole(value: object) -> int | None:
    """Return a count from 0, or None; other writers may store it as a float."""
    number = _number(value, -1.0)
    return int(number) if 0.0 <= number < _MOST_SHEETS and number.is_integer() else None
