"""Who hears what is said in a room: the port, and the one inside this process.

A second process would need another one with the same four words (a Redis, say): a topic is
a text, and what is published is a packed frame.
"""

from __future__ import annotations

from typing import Protocol

from rooms.services.seat_line import Parcel, SeatLine


class Bus(Protocol):
    """Fans frames out to the lines that listen."""

    def listen(self, topic: str, seat: str, line: SeatLine) -> None:
        """Let a seat's line hear a topic; another line of that seat no longer does."""

    def forget(self, topic: str, seat: str, line: SeatLine) -> None:
        """Let a seat's line no longer hear a topic; another line of that seat is left alone."""

    def publish(self, topic: str, parcel: Parcel) -> None:
        """Put a parcel into the lines that listen to a topic."""

    def drop(self, topic: str) -> None:
        """Forget a topic, whoever listens."""


class LocalBus:
    """A bus inside one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[str, SeatLine]] = {}

    def listen(self, topic: str, seat: str, line: SeatLine) -> None:
        """Let a seat's line hear a topic; another line of that seat no longer does."""
        self._topics.setdefault(topic, {})[seat] = line

    def forget(self, topic: str, seat: str, line: SeatLine) -> None:
        """Let a seat's line no longer hear a topic; another line of that seat is left alone."""
        lines = self._topics.get(topic)
        if lines is not None and lines.get(seat) is line:
            del lines[seat]
            if not lines:
                del self._topics[topic]

    def publish(self, topic: str, parcel: Parcel) -> None:
        """Put a parcel into the lines that listen to a topic."""
        for seat, line in self._topics.get(topic, {}).items():
            if seat != parcel.sender:
                line.put(parcel)

    def drop(self, topic: str) -> None:
        """Forget a topic, whoever listens."""
        self._topics.pop(topic, None)
