"""Keeps a Yjs document of this side and the room's the same.

Yjs makes the order of updates and their repetition harmless; what is left to do is to send
each own change once, to take in the others' without sending them back, and after each gap
to tell each other what was missed. That is all of it: nothing that was drawn while the line
was gone is lost, and nothing is kept in a queue meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

import structlog
from pycrdt import Doc, TransactionEvent, merge_updates

from base.wire import Channel
from meeting.model.updates import split_update

FRAME_BYTES: Final = 48 * 1024
"""Of one frame with own changes: 3 s on a line of 150 kbit/s, then others have their turn."""
BATCH_GAP_S: Final = 0.030
"""Between two frames of changes. The first change after a pause leaves at once."""
NOTHING: Final = b"\x00\x00"
"""The update that changes nothing."""
ROOM_ORIGIN: Final = "room"
"""Origin of the others' changes: an undo manager of this side's people skips it."""


class SharedDoc(Protocol):
    """What is kept in step: a Yjs document, or something that owns one."""

    def state_vector(self) -> bytes:
        """Return what is known here, as a Yjs state vector."""

    def updates_since(self, vector: bytes) -> bytes:
        """Return the update with all that a state vector lacks.

        Raises:
            ValueError: it is no state vector.
        """

    def apply_update(self, update: bytes) -> None:
        """Take in the changes of others.

        Raises:
            ValueError: the bytes are no Yjs update.
        """

    def on_update(self, listener: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `listener` with the update of each transaction; return how to stop that."""


class PlainDoc:
    """A pycrdt document as a `SharedDoc`. Belongs to the thread of the document.

    Args:
        doc: Changes of others come in under the origin `ROOM_ORIGIN`.
    """

    def __init__(self, doc: Doc[Any]) -> None:
        self._doc = doc

    def state_vector(self) -> bytes:
        """Return what is known here."""
        return self._doc.get_state()

    def updates_since(self, vector: bytes) -> bytes:
        """Return what a state vector lacks."""
        return self._doc.get_update(vector)

    def apply_update(self, update: bytes) -> None:
        """Take in the changes of others."""
        try:
            with self._doc.transaction(origin=ROOM_ORIGIN):
                self._doc.apply_update(update)
        except BaseException as error:
            # What the library panics with is no Exception; all others are to go on.
            if type(error).__name__ == "PanicException":
                raise ValueError(f"not a Yjs update: {error}") from error
            raise

    def on_update(self, listener: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `listener` after each transaction."""

        def tell(event: TransactionEvent) -> None:
            listener(event.update)

        subscription = self._doc.observe(tell)
        return lambda: self._doc.unobserve(subscription)


class DocSync:
    """One document in step with the room's. Belongs to the thread of the document.

    Args:
        doc: The document.
        update: The channel of its updates.
        vector: The channel of its state vectors.
        wake: Called when there is something to send.
        now_s: Monotonic clock, in seconds.
    """

    def __init__(
        self,
        doc: SharedDoc,
        update: Channel,
        vector: Channel,
        wake: Callable[[], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doc = doc
        self.channel = update
        self.on_closed: Callable[[], None] | None = None
        self._vector = vector
        self._wake = wake
        self._now_s = now_s
        self._log = structlog.get_logger(__name__).bind(channel=update.name)
        self._frames: deque[bytes] = deque()
        self._splitting: asyncio.Future[list[bytes]] | None = None
        self._pending: list[bytes] = []
        self._pending_from_s = 0.0
        self._own_event_follows = False
        self._is_open = False
        self._is_asked = False
        self._synced_listeners: list[Callable[[], None]] = []
        self.is_synced = False
        self._stop_listening: Callable[[], None] | None = doc.on_update(self._changed)

    def close(self) -> None:
        """Let the document go."""
        self.lost()
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
            if self.on_closed is not None:
                self.on_closed()

    def opened(self) -> None:
        """Ask the room for what is missing here: the line is open."""
        self.lost()
        self._is_open = True
        self._frames.append(bytes([self._vector]) + self._doc.state_vector())
        self._wake()

    def lost(self) -> None:
        """Forget what waits: the state vectors after the gap say what is missing."""
        self._is_open = self._is_asked = self.is_synced = False
        self._frames.clear()
        self._pending.clear()
        if self._splitting is not None:
            self._splitting.cancel()
            self._splitting = None

    def on_synced(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever the room has told all it knows; return how to stop that."""
        self._synced_listeners.append(listener)
        return lambda: self._synced_listeners.remove(listener)

    def receive(self, channel: int, content: bytes) -> bool:
        """Take in a binary frame; return whether it was for this document.

        Content that makes no sense is logged and left out: the document stays as it was.
        """
        if channel not in (self.channel, self._vector):
            return False
        if not self._is_open:
            return True
        try:
            if channel == self.channel:
                self._take_in(content)
            else:
                self._answer(content)
        except ValueError as error:
            self._log.warning("frame makes no sense", bytes=len(content), error=str(error))
        return True

    def next_frame(self) -> bytes | None:
        """Return the next frame to be sent, or None. Inside the running loop."""
        if self._is_pending() and self._now_s() >= self._pending_from_s:
            self._pack_pending()
        return self._frames.popleft() if self._frames else None

    def wait_s(self) -> float | None:
        """Return after how long `next_frame` has something; None when nothing waits."""
        if self._frames:
            return 0.0
        return max(0.0, self._pending_from_s - self._now_s()) if self._is_pending() else None

    def _is_pending(self) -> bool:
        # In order: what comes after a large change waits until that is in pieces.
        return bool(self._pending) and not self._frames and self._splitting is None

    def _changed(self, update: bytes) -> None:
        if self._own_event_follows:
            # What was just taken in. Only this one: a change that somebody makes because
            # of it is this side's own.
            self._own_event_follows = False
            return
        if self._is_asked:
            self._pending.append(update)
            self._wake()

    def _take_in(self, update: bytes) -> None:
        self._own_event_follows = True
        try:
            self._doc.apply_update(update)
        finally:
            self._own_event_follows = False
        if not self.is_synced:
            self.is_synced = True
            for listener in tuple(self._synced_listeners):
                listener()

    def _answer(self, vector: bytes) -> None:
        # All that the room lacks is in here, so own changes are sent one by one from now on.
        missing = self._doc.updates_since(vector)
        self._pending.clear()
        self._is_asked = True
        if missing != NOTHING:
            self._queue(missing)
        self._wake()

    def _pack_pending(self) -> None:
        pending, self._pending = self._pending, []
        self._pending_from_s = self._now_s() + BATCH_GAP_S
        self._queue(merge_updates(*pending) if len(pending) > 1 else pending[0])

    def _queue(self, update: bytes) -> None:
        if len(update) <= FRAME_BYTES:
            self._frames.append(bytes([self.channel]) + update)
            return
        # 16 ms for 10,000 strokes: too long for the thread that draws.
        loop = asyncio.get_running_loop()
        self._splitting = loop.run_in_executor(None, _pieces_of, update)
        self._splitting.add_done_callback(self._queue_pieces)

    def _queue_pieces(self, splitting: asyncio.Future[list[bytes]]) -> None:
        if splitting is not self._splitting:
            return  # the line was lost meanwhile
        self._splitting = None
        self._frames += [bytes([self.channel]) + piece for piece in splitting.result()]
        self._wake()


def _pieces_of(update: bytes) -> list[bytes]:
    try:
        return split_update(update, FRAME_BYTES)
    except ValueError:
        # A kind of content that this program does not know: the service may.
        return [update]
