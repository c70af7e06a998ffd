"""What an update may do to a room's document, decided before the document sees it.

The gate keeps a ledger of the document: which clocks of which client wrote what, and which
of them are deleted. With it an update can be judged struct by struct without a copy of the
document. What may not be is turned into structs that are nothing (the clock of its writer
goes on, so that what they write next still fits), and the writer is told to delete it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from base.board_doc import ITEMS, parse_item
from base.yjs import (
    Block,
    Content,
    Id,
    Ranges,
    Struct,
    Update,
    pack_deleted,
    pack_garbage,
    pack_update,
)

MEMO: Final = "memo"
"""Root text of a room's board: what all write together."""
MAX_GUEST_ITEM_BYTES: Final = 512 * 1024
"""A stroke of ten minutes at 240 Hz is half of it."""
MAX_WRITERS: Final = 256
"""Yjs clients that one seat may have been: one for each time its page was loaded."""

_ITEM_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")

Scope: TypeAlias = str | None
"""Where a struct is: `IN_MEMO`, an item's id, or None for all that is not a guest's."""
IN_MEMO: Final = ""
_TEXT: Final = (Content.STRING, Content.DELETED)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who an update comes from.

    Attributes:
        seat: The seat.
        is_trusted: Staff and kiosks: whatever fits into the document.
        may_draw: Whether a guest may add items, and replace and remove their own.
        may_write: Whether a guest may write in the memo.
    """

    seat: str
    is_trusted: bool
    may_draw: bool = True
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an update.

    Attributes:
        update: What may be applied, as a Yjs update; empty when nothing is left of it.
        undo: What the sender has to be sent, as a Yjs update: it takes away on their side
            what was not accepted. Empty when there is nothing of that kind.
        has_refused: Whether something was not theirs to do.
        has_gap: Whether it builds on what the document does not have; then nothing of it is
            accepted, and the sender is to be asked for what is missing.
        clients: The Yjs clients that it shows to be the sender.
        accepted: `update` taken apart when it is what came in; None when it was rewritten.
    """

    update: bytes = b""
    undo: bytes = b""
    has_refused: bool = False
    has_gap: bool = False
    clients: tuple[int, ...] = ()
    accepted: Update | None = None


GAP: Final = Verdict(has_gap=True)


class Ledger:
    """What every clock of a document wrote. Costs some 200 bytes for each struct."""

    def __init__(self) -> None:
        self.state: dict[int, int] = {}
        self.owners: dict[int, str] = {}
        self._starts: dict[int, list[int]] = {}
        self._scopes: dict[int, list[Scope]] = {}
        self._deleted: dict[int, _Intervals] = {}

    def scope(self, struct_id: Id) -> Scope:
        """Return where the struct of an id is; None also for what is not there."""
        client, clock = struct_id
        if clock >= self.state.get(client, 0):
            return None
        at = bisect_right(self._starts[client], clock) - 1
        return self._scopes[client][at] if at >= 0 else None

    def knows(self, struct_id: Id | None) -> bool:
        """Return whether the document has the struct of an id; None is no struct."""
        return struct_id is None or struct_id[1] < self.state.get(struct_id[0], 0)

    def alive(self, ranges: Ranges) -> Ranges:
        """Return what of `ranges` is in the document and not deleted."""
        found: list[tuple[int, int, int]] = []
        for client, start, end in ranges:
            last = min(end, self.state.get(client, 0))
            if start >= last:
                continue
            deleted = self._deleted.get(client)
            gaps = [(start, last)] if deleted is None else deleted.gaps(start, last)
            found += ((client, a, b) for a, b in gaps)
        return tuple(found)

    def pieces(self, client: int, start: int, end: int) -> Iterable[tuple[int, int, Scope]]:
        """Yield known clocks of a client in pieces that lie in one place each."""
        starts, scopes = self._starts[client], self._scopes[client]
        at = bisect_right(starts, start) - 1
        while start < end:
            border = starts[at + 1] if at + 1 < len(starts) else end
            yield start, min(border, end), scopes[at]
            start, at = border, at + 1

    def note(self, update: Update) -> None:
        """Record an update that was applied to the document."""
        open_blocks = [block for block in update.blocks if block.end > self._end(block.client)]
        refs = _References(self, open_blocks)
        for block in open_blocks:
            self._note_block(block, refs)
        for client, start, end in update.deletions:
            self._deleted.setdefault(client, _Intervals()).add(start, end)

    def _end(self, client: int) -> int:
        return self.state.get(client, 0)

    def _note_block(self, block: Block, refs: _References) -> None:
        known = self._end(block.client)
        starts = self._starts.setdefault(block.client, [])
        scopes = self._scopes.setdefault(block.client, [])
        for struct in block.structs:
            if struct.clock + struct.length <= known:
                continue
            scope = refs.scope(block.client, struct)
            if not scopes or scopes[-1] != scope:
                starts.append(max(struct.clock, known))
                scopes.append(scope)
        self.state[block.client] = block.end


class _References:
    """Where the structs of an update are, which may stand in any order among clients."""

    def __init__(self, ledger: Ledger, blocks: Iterable[Block]) -> None:
        self._ledger = ledger
        self._blocks = {block.client: block for block in blocks}
        self._starts = {
            block.client: [struct.clock for struct in block.structs]
            for block in self._blocks.values()
        }
        self._known: dict[Id, Scope] = {}

    def scope(self, client: int, struct: Struct) -> Scope:
        """Return where a struct is."""
        scope: Scope = None
        # In order, and each once: a circle of references can only be made on purpose.
        trail: dict[Id, None] = {}
        at: tuple[int, Struct] | None = (client, struct)
        while at is not None:
            here = (at[0], at[1].clock)
            if here in self._known or here in trail:
                scope = self._known.get(here)
                break
            trail[here] = None
            next_id = at[1].origin or at[1].right
            if next_id is None:
                scope = _own_scope(at[1])
                break
            if self._ledger.knows(next_id):
                scope = self._ledger.scope(next_id)
                break
            at = self._find(next_id)
        for passed in trail:
            self._known[passed] = scope
        return scope

    def _find(self, struct_id: Id) -> tuple[int, Struct] | None:
        client, clock = struct_id
        block = self._blocks.get(client)
        if block is None or not block.clock <= clock < block.end:
            return None
        at = bisect_right(self._starts[client], clock) - 1
        return client, block.structs[at]


class _Intervals:
    """Sorted half-open intervals that neither meet nor overlap."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        first = bisect_right(self._starts, start)
        if first and self._ends[first - 1] >= start:
            first -= 1
            start = self._starts[first]
        last = bisect_right(self._starts, end)
        if last > first:
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return what of [start, end) is in none of them."""
        found = []
        at = bisect_right(self._starts, start)
        if at and self._ends[at - 1] > start:
            start = self._ends[at - 1]
        while start < end:
            border = self._starts[at] if at < len(self._starts) else end
            if border > start:
                found.append((start, min(border, end)))
            start = self._ends[at] if at < len(self._ends) else end
            at += 1
        return found


def judge(
    update: Update, writer: Writer, ledger: Ledger, item_bytes: Callable[[str], object]
) -> Verdict:
    """Decide what of an update may be applied.

    Args:
        update: As it came in.
        writer: Who sent it.
        ledger: Of the document.
        item_bytes: Returns what the document holds under an item's id, or None.
    """
    if writer.is_trusted:
        return _judge_trusted(update, ledger)
    return _GuestJudge(writer, ledger, item_bytes).judge(update)


def _judge_trusted(update: Update, ledger: Ledger) -> Verdict:
    """Accept what fits. What does not would wait inside the document until it did."""
    ends = {block.client: block.end for block in update.blocks}
    for block in update.blocks:
        if block.clock > ledger.state.get(block.client, 0):
            return GAP
        for struct in block.structs:
            if struct.content is Content.SKIP:
                return GAP
            for wanted in (struct.origin, struct.right, struct.parent):
                if not ledger.knows(wanted) and not _is_below(ends, wanted):
                    return GAP
    deletions = _within(update.deletions, ends, ledger.state)
    if deletions == update.deletions:
        is_empty = not update.blocks and not deletions
        return Verdict(b"" if is_empty else update.data, accepted=update)
    slices = ((b.client, b.clock, _slices(update.data, b.structs)) for b in update.blocks)
    return Verdict(pack_update(slices, deletions))


def _is_below(ends: Mapping[int, int], wanted: Id | None) -> bool:
    return wanted is None or wanted[1] < ends.get(wanted[0], 0)


def _within(ranges: Ranges, ends: Mapping[int, int], state: Mapping[int, int]) -> Ranges:
    """Return the deletions without those of structs that nobody has sent yet."""
    found = []
    for client, start, end in ranges:
        last = min(end, max(ends.get(client, 0), state.get(client, 0)))
        if start < last:
            found.append((client, start, last))
    return tuple(found)


def _slices(data: bytes, structs: Iterable[Struct]) -> list[bytes]:
    return [data[struct.start : struct.end] for struct in structs]


@dataclass(slots=True)
class _Sifted:
    """What is left of a guest's update, as it is gone through.

    Attributes:
        blocks: Client, first clock and packed structs.
        refused: What became nothing.
        ends: The first clock behind what each client wrote.
        is_whole: Whether nothing was left out.
    """

    blocks: list[tuple[int, int, list[bytes]]] = field(default_factory=list)
    refused: list[tuple[int, int, int]] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    is_whole: bool = True


class _GuestJudge:
    """Holds a guest to the memo, and to items that are new or their own."""

    def __init__(
        self, writer: Writer, ledger: Ledger, item_bytes: Callable[[str], object]
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._item_bytes = item_bytes
        self._fresh: dict[int, tuple[list[int], list[Scope], int]] = {}

    def judge(self, update: Update) -> Verdict:
        sifted = _Sifted()
        for block in update.blocks:
            if not self._is_own(block):
                # Somebody else's, on its way round because the service lost it: they send
                # it themselves.
                sifted.is_whole = False
            elif not self._sift(update.data, block, sifted):
                return GAP
        deletions, kept_back = self._sift_deletions(update.deletions, sifted.ends)
        if sifted.is_whole and not sifted.refused and deletions == update.deletions:
            packed, accepted = update.data, update
        else:
            packed, accepted = pack_update(sifted.blocks, deletions), None
        is_empty = not sifted.blocks and not deletions
        return Verdict(
            b"" if is_empty else packed,
            pack_update((), tuple(sifted.refused)) if sifted.refused else b"",
            bool(sifted.refused) or kept_back,
            clients=tuple(sifted.ends),
            accepted=None if is_empty else accepted,
        )

    def _is_own(self, block: Block) -> bool:
        owner = self._ledger.owners.get(block.client)
        if owner is not None:
            return owner == self._writer.seat
        # Nobody may go on in the name of a client that wrote before they came.
        return block.client not in self._ledger.state and self._may_claim()

    def _may_claim(self) -> bool:
        mine = sum(owner == self._writer.seat for owner in self._ledger.owners.values())
        return mine < MAX_WRITERS

    def _sift(self, data: bytes, block: Block, sifted: _Sifted) -> bool:
        """Go through what a client wrote; return False when something before it is missing."""
        known = self._ledger.state.get(block.client, 0)
        if block.clock > known:
            return False
        new = [s for s in block.structs if s.clock + s.length > known]
        starts: list[int] = []
        scopes: list[Scope] = []
        slices: list[bytes] = []
        for struct in new:
            start, end = max(struct.clock, known), struct.clock + struct.length
            if struct.content is Content.SKIP or not self._has_neighbours(struct):
                return False
            scope = self._scope(block.client, struct, known)
            starts.append(start)
            scopes.append(scope)
            self._fresh[block.client] = (starts, scopes, end)
            if self._may(scope, struct):
                slices.append(data[struct.start : struct.end])
            else:
                sifted.refused.append((block.client, start, end))
                slices.append(_burnt(data, struct, scope))
        if len(new) != len(block.structs):
            sifted.is_whole = False
        if new:
            sifted.blocks.append((block.client, new[0].clock, slices))
            sifted.ends[block.client] = block.end
        return True

    def _has_neighbours(self, struct: Struct) -> bool:
        return all(
            self._ledger.knows(wanted) or self._is_fresh(wanted)
            for wanted in (struct.origin, struct.right, struct.parent)
        )

    def _is_fresh(self, wanted: Id | None) -> bool:
        if wanted is None:
            return True
        fresh = self._fresh.get(wanted[0])
        return fresh is not None and wanted[1] < fresh[2]

    def _scope(self, client: int, struct: Struct, known: int) -> Scope:
        if struct.clock < known:
            # Its beginning is in the document: the rest goes where that is.
            return self._scope_of((client, known - 1))
        if struct.origin is None and struct.right is None:
            return _own_scope(struct)
        places = {self._scope_of(i) for i in (struct.origin, struct.right) if i is not None}
        return places.pop() if len(places) == 1 else None

    def _scope_of(self, struct_id: Id) -> Scope:
        if self._ledger.knows(struct_id):
            return self._ledger.scope(struct_id)
        starts, scopes, _end = self._fresh[struct_id[0]]
        return scopes[bisect_right(starts, struct_id[1]) - 1]

    def _may(self, scope: Scope, struct: Struct) -> bool:
        if struct.content is Content.GARBAGE:
            return True
        if scope is None:
            return False
        if scope == IN_MEMO:
            return self._writer.may_write and struct.content in _TEXT
        # What lies to its right in a map would be a value that is gone already.
        if not self._writer.may_draw or struct.right is not None or not self._is_mine(scope):
            return False
        if struct.content is Content.DELETED:
            return struct.length == 1
        return struct.value is not None and self._is_own_item(struct.value)

    def _is_mine(self, item_id: str) -> bool:
        """Return whether an item is the writer's, or nobody's yet."""
        data = self._item_bytes(item_id)
        if data is None:
            return True
        # A number here would ask bytes() for that much memory.
        return isinstance(data, (bytes, bytearray)) and self._is_own_item(bytes(data))

    def _is_own_item(self, data: bytes) -> bool:
        if len(data) > MAX_GUEST_ITEM_BYTES:
            return False
        try:
            return parse_item(data).author == self._writer.seat
        except ValueError:
            return False

    def _sift_deletions(self, ranges: Ranges, ends: Mapping[int, int]) -> tuple[Ranges, bool]:
        """Return what the writer may delete, and whether something else was wanted."""
        kept: list[tuple[int, int, int]] = []
        refused = False
        for client, start, end in self._ledger.alive(ranges):
            for first, last, scope in self._ledger.pieces(client, start, end):
                if self._may_delete(scope):
                    kept.append((client, first, last))
                else:
                    refused = True
        for client, start, end in ranges:
            known = self._ledger.state.get(client, 0)
            first, last = max(start, known), min(end, ends.get(client, 0))
            if first < last:
                kept.append((client, first, last))
        # The same elements in the same number: nothing has to be written anew.
        is_all = sum(c - b for _, b, c in kept) == sum(c - b for _, b, c in ranges)
        return (ranges if is_all else tuple(kept)), refused

    def _may_delete(self, scope: Scope) -> bool:
        if scope is None:
            return False
        if scope == IN_MEMO:
            return self._writer.may_write
        return self._writer.may_draw and self._is_mine(scope)


def _burnt(data: bytes, struct: Struct, scope: Scope) -> bytes:
    """Return a struct that takes the clocks of a refused one and is nothing."""
    # A place in the memo stays one: what is typed next may lean on it.
    if scope == IN_MEMO and struct.content in _TEXT:
        return pack_deleted(data, struct)
    return pack_garbage(struct.length)


def _own_scope(struct: Struct) -> Scope:
    if struct.root == MEMO and struct.key is None:
        return IN_MEMO
    if struct.root == ITEMS and struct.key is not None and _ITEM_ID.fullmatch(struct.key):
        return struct.key
    return None
