"""A document that a room shares: a Yjs document behind its gate.

Not thread-safe: it belongs to the thread that made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pycrdt import Doc, Map, Text, TransactionEvent

from base.board_doc import DOCUMENTS, ITEMS, META, PAGES
from base.wire import Problem
from base.yjs import Content, Update, parse_state_vector, parse_update
from rooms.model.board_gate import MEMO, Ledger, Verdict, Writer, judge

MAX_STATE_BYTES: Final = 64 * 1024 * 1024
GUEST_STATE_BYTES: Final = 48 * 1024 * 1024
"""Where guests have to stop: what is left belongs to the staff."""
MAX_STRUCTS: Final = 1_000_000
MAX_GUEST_STRUCTS: Final = 10_000
"""In one update; taking them apart and judging them takes some 100 ms."""
MAX_CLIENTS: Final = 100_000
_EMPTY_UPDATE: Final = b"\0\0"
_EMPTY_VECTOR: Final = b"\0"


class BrokenDocumentError(Exception):
    """The library gave up on an update that looked sound; the document must be loaded anew."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an update.

    Attributes:
        update: What changed, for the store and for all others; empty for nothing.
        undo: What the sender has to apply, because it was refused; empty for nothing.
        problem: What the sender is told; None for nothing.
        has_gap: Whether the sender is to be asked for what the document lacks.
        claimed: Yjs clients that were not known to be the sender's before.
    """

    update: bytes = b""
    undo: bytes = b""
    problem: Problem | None = None
    has_gap: bool = False
    claimed: tuple[int, ...] = ()


class RoomDocument:
    """The board with the memo, or the staff's notes.

    Args:
        updates: What there was, in any order.
        owners: Whose each Yjs client is.
        max_bytes: What the whole state may take.
        guest_bytes: What guests may fill it to.

    Raises:
        BrokenDocumentError: `updates` are none.
    """

    def __init__(
        self,
        updates: Iterable[bytes] = (),
        owners: Mapping[int, str] | None = None,
        *,
        max_bytes: int = MAX_STATE_BYTES,
        guest_bytes: int = GUEST_STATE_BYTES,
    ) -> None:
        self._max_bytes = max_bytes
        self._guest_bytes = guest_bytes
        self._doc: Doc[Any] = Doc()
        self._items: Map[Any] = self._doc.get(ITEMS, type=Map)
        # Which type a root is was never said in an update: without this, it is guessed.
        for name in (PAGES, DOCUMENTS, META):
            self._doc.get(name, type=Map)
        self._memo: Text = self._doc.get(MEMO, type=Text)
        self._made: list[bytes] = []
        with self._doc.transaction():
            for update in updates:
                self._apply(update)
        state = self._doc.get_update()
        self._size = len(state)
        self._ledger = Ledger()
        self._ledger.note(parse_update(state, MAX_STRUCTS))
        self._ledger.owners.update(owners or {})
        self._subscription = self._doc.observe(self._note_update)

    @property
    def memo(self) -> str:
        """The text of the shared memo."""
        return str(self._memo)

    @property
    def size(self) -> int:
        """Bytes that the state takes, or somewhat more than that."""
        return self._size

    def item_ids(self) -> list[str]:
        """Return the ids of all items."""
        return list(self._items.keys())

    def state(self) -> bytes:
        """Return all of it as one update."""
        state = self._doc.get_update()
        self._size = len(state)
        return state

    def vector(self) -> bytes:
        """Return the state vector: what asks others for what is missing here."""
        return self._doc.get_state()

    def answer(self, vector: bytes) -> bytes:
        """Return what somebody with this state vector lacks.

        Raises:
            ValueError: it is not a state vector.
        """
        parse_state_vector(vector, MAX_CLIENTS)
        return self._doc.get_update(vector or _EMPTY_VECTOR)

    def take(self, data: bytes, writer: Writer) -> Taken:
        """Judge an update, and apply what may be of it.

        Raises:
            ValueError: it is not an update; nothing of it took effect.
            BrokenDocumentError: the document is no longer to be used.
        """
        most = MAX_STRUCTS if writer.is_trusted else MAX_GUEST_STRUCTS
        parsed = parse_update(data, most)
        if _has_document(parsed):
            raise ValueError("a document inside the document")
        if self._has_room(len(data), writer):
            problem = None
        elif writer.is_trusted:
            return Taken(problem=Problem.TOO_LARGE)
        else:
            problem = Problem.TOO_LARGE
            writer = Writer(writer.seat, is_trusted=False, may_draw=False, may_write=False)
        verdict = judge(parsed, writer, self._ledger, self._items.get)
        if verdict.has_gap:
            return Taken(has_gap=True)
        if problem is None and verdict.has_refused:
            problem = Problem.NOT_ALLOWED
        claimed = self._claim(verdict.clients, writer)
        return Taken(self._take(verdict), verdict.undo, problem, claimed=claimed)

    def _has_room(self, more: int, writer: Writer) -> bool:
        limit = self._max_bytes if writer.is_trusted else self._guest_bytes
        if self._size + more <= limit:
            return True
        # The size is what came in; what was overwritten since takes less.
        return len(self.state()) + more <= limit

    def _claim(self, clients: Iterable[int], writer: Writer) -> tuple[int, ...]:
        claimed = tuple(c for c in clients if c not in self._ledger.owners)
        self._ledger.owners.update(dict.fromkeys(claimed, writer.seat))
        return claimed

    def _take(self, verdict: Verdict) -> bytes:
        if not verdict.update:
            return b""
        self._made.clear()
        with self._doc.transaction():
            self._apply(verdict.update)
        if not self._made:
            return b""
        (made,) = self._made
        if made == _EMPTY_UPDATE:
            return b""
        self._size += len(made)
        self._ledger.note(self._parsed(made, verdict.accepted))
        return made

    def _parsed(self, made: bytes, accepted: Update | None) -> Update:
        if accepted is not None and accepted.data == made:
            return accepted
        try:
            return parse_update(made, MAX_STRUCTS)
        except ValueError as error:
            raise BrokenDocumentError(f"the library's own update: {error}") from error

    def _apply(self, update: bytes) -> None:
        apply_update(self._doc, update)

    def _note_update(self, event: TransactionEvent) -> None:
        self._made.append(event.update)


def _has_document(update: Update) -> bool:
    return any(
        struct.content is Content.DOCUMENT
        for block in update.blocks
        for struct in block.structs
    )


def apply_update(document: Doc[Any], update: bytes) -> None:
    """Apply an update that was judged, or that comes from the store.

    Raises:
        BrokenDocumentError: the library gave up on it; the document is no longer to be used.
    """
    try:
        document.apply_update(update)
    except BaseException as error:
        # What the library panics with is no Exception; all others are to go on.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise BrokenDocumentError(str(error)) from error
        raise
