"""What waits to be sent over a room's line: bounded, and what grows old is thinned.

Commands and signals keep their order and are never dropped; updates of documents come in
between; pieces of strokes under a pen are joined when they wait, and of a pointer only the
last place counts. A token bucket keeps all of it below what the service takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from base.errors import ErrorCode
from base.wire import MAX_LIVE_POINTS, MESSAGES_BURST, MESSAGES_HZ, Live, Message, Pointer, pack
from meeting.services.room_error import RoomError

MOST_COMMANDS: Final = 256
"""A call of four sites sends some hundred signals when it begins."""
MOST_STROKES: Final = 16
"""Strokes under pens at the same time; ten fingers and a few pens."""
RATE_HZ: Final = 0.9 * MESSAGES_HZ
"""A clock that runs a little faster than the service's must not cost the line."""
BURST: Final = 0.9 * MESSAGES_BURST
SPARE: Final = 0.25 * MESSAGES_BURST
"""Left for commands and documents: what is fleeting waits while there is less."""
LIVE_GAP_S: Final = 1 / 60
POINTER_GAP_S: Final = 1 / 30


class Source(Protocol):
    """Where binary frames come from."""

    def next_frame(self) -> bytes | None:
        """Return the next frame, or None."""

    def wait_s(self) -> float | None:
        """Return after how long there is one; None when nothing waits."""


class Outbox:
    """Frames to be sent, in the order they should leave. Belongs to one thread.

    Args:
        now_s: Monotonic, in seconds.
    """

    def __init__(self, now_s: float) -> None:
        self._commands: deque[str] = deque()
        self._sources: list[Source] = []
        self._live: dict[str, deque[Live]] = {}
        self._pointer: Pointer | None = None
        self._tokens = BURST
        self._counted_at_s = now_s
        self._live_from_s = now_s
        self._pointer_from_s = now_s

    def add_source(self, source: Source) -> Callable[[], None]:
        """Ask `source` for binary frames from now on; return how to stop that."""
        self._sources.append(source)
        return lambda: self._sources.remove(source)

    def put(self, message: Message) -> None:
        """Queue a command.

        Raises:
            RoomError: ROOM_OFFLINE when `MOST_COMMANDS` wait: nothing gets through.
        """
        if len(self._commands) >= MOST_COMMANDS:
            raise RoomError(ErrorCode.ROOM_OFFLINE, f"{MOST_COMMANDS} messages wait")
        self._commands.append(pack(message))

    def put_live(self, piece: Live) -> None:
        """Queue a piece of a stroke: joined to what waits of it where it fits.

        Raises:
            ValueError: the piece has more than `MAX_LIVE_POINTS` points or half a point.
        """
        if len(piece.points) > 3 * MAX_LIVE_POINTS or len(piece.points) % 3:
            raise ValueError(f"{len(piece.points)} numbers are no piece of a stroke")
        if piece.stroke not in self._live and len(self._live) >= MOST_STROKES:
            # Somebody's tenth hand: the finished stroke will come all the same.
            return
        waiting = self._live.setdefault(piece.stroke, deque())
        last = waiting[-1] if waiting else None
        if last is not None and len(last.points) + len(piece.points) <= 3 * MAX_LIVE_POINTS:
            points = last.points + piece.points
            waiting[-1] = piece.model_copy(update={"points": points})
        elif len(waiting) < 4:
            waiting.append(piece)
        else:
            # Seconds behind: the middle is lost, where the pen is now is what matters.
            waiting[-1] = piece

    def put_pointer(self, pointer: Pointer) -> None:
        """Replace the place of the pointer that waits."""
        self._pointer = pointer

    def clear(self) -> None:
        """Forget everything: the line is gone, and who takes it up is told anew."""
        self._commands.clear()
        self._live.clear()
        self._pointer = None

    def take(self, now_s: float) -> str | bytes | None:
        """Return the next frame that may leave now, or None."""
        self._count(now_s)
        if self._tokens < 1:
            return None
        frame = self._reliable()
        if frame is None and self._tokens > SPARE:
            frame = self._fleeting(now_s)
        if frame is not None:
            self._tokens -= 1
        return frame

    def wait_s(self, now_s: float) -> float | None:
        """Return after how long `take` may have something; None when nothing waits."""
        waits: list[float] = []
        for source in self._sources:
            source_s = source.wait_s()
            if source_s is not None:
                waits.append(max(source_s, self._tokens_in_s(1)))
        if self._commands:
            waits.append(self._tokens_in_s(1))
        if self._live:
            waits.append(max(self._live_from_s - now_s, self._tokens_in_s(SPARE + 1)))
        if self._pointer is not None:
            waits.append(max(self._pointer_from_s - now_s, self._tokens_in_s(SPARE + 1)))
        return max(0.0, min(waits)) if waits else None

    def _count(self, now_s: float) -> None:
        gained = (now_s - self._counted_at_s) * RATE_HZ
        self._tokens = min(BURST, self._tokens + max(0.0, gained))
        self._counted_at_s = now_s

    def _tokens_in_s(self, wanted: float) -> float:
        return max(0.0, wanted - self._tokens) / RATE_HZ

    def _reliable(self) -> str | bytes | None:
        if self._commands:
            return self._commands.popleft()
        for source in self._sources:
            frame = source.next_frame()
            if frame is not None:
                return frame
        return None

    def _fleeting(self, now_s: float) -> str | None:
        if self._live and now_s >= self._live_from_s:
            return self._next_live(now_s)
        if self._pointer is not None and now_s >= self._pointer_from_s:
            pointer, self._pointer = self._pointer, None
            self._pointer_from_s = now_s + POINTER_GAP_S
            return pack(pointer)
        return None

    def _next_live(self, now_s: float) -> str:
        stroke = next(iter(self._live))
        waiting = self._live.pop(stroke)
        piece = waiting.popleft()
        if waiting:
            # At the back: the strokes of others have their turn first.
            self._live[stroke] = waiting
        # Each stroke in turn; the gap is for a round of all of them.
        self._live_from_s = now_s + LIVE_GAP_S / max(1, len(self._live) + 1)
        return pack(piece)
