"""Which picture of which page is made next."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from enum import IntEnum
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Urgency(IntEnum):
    """How soon something is wanted; smaller is sooner."""

    ASKED = 0
    """Somebody waits for it."""
    CURRENT = 1
    """Of the page that is shown."""
    NEXT = 2
    """Of its neighbours."""
    REST = 3


class PageQueue(Generic[Key]):
    """Jobs by urgency, and by age among the equally urgent. Each is in it once."""

    def __init__(self) -> None:
        self._heap: list[tuple[Urgency, int, Key]] = []
        self._urgency: dict[Key, Urgency] = {}
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._urgency)

    def __contains__(self, key: Key) -> bool:
        return key in self._urgency

    def push(self, key: Key, urgency: Urgency) -> None:
        """Put a job in, or make it more urgent; never less."""
        known = self._urgency.get(key)
        if known is not None and known <= urgency:
            return
        self._urgency[key] = urgency
        self._pushed += 1
        heapq.heappush(self._heap, (urgency, self._pushed, key))

    def pop(self) -> Key | None:
        """Take out the most urgent job; None when there is none."""
        while self._heap:
            urgency, _number, key = heapq.heappop(self._heap)
            # An entry that was made more urgent, or taken out, stays behind.
            if self._urgency.get(key) is urgency:
                del self._urgency[key]
                return key
        return None

    def discard(self, test: Callable[[Key], bool]) -> list[Key]:
        """Take out the jobs that `test` is true of, and return them."""
        found = [key for key in self._urgency if test(key)]
        for key in found:
            del self._urgency[key]
        if len(self._heap) > 2 * len(self._urgency) + 64:
            self._heap = [e for e in self._heap if self._urgency.get(e[2]) is e[0]]
            heapq.heapify(self._heap)
        return found

    def relax(self, key: Key, urgency: Urgency) -> None:
        """Make a job less urgent, if it is in."""
        if self._urgency.pop(key, None) is not None:
            self.push(key, urgency)
