"""The service that is measured, with a display that may open rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.room_people import Door
from tools.rooms_service import RoomsService, running_rooms_service


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, and the door to it."""

    process: RoomsService
    door: Door

    @property
    def pid(self) -> int:
        """Of the process that serves."""
        return self.process.pid

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()

    def start(self) -> None:
        """Start it again on the same data, and do not wait."""
        self.process.start()

    def wait_until_healthy(self) -> None:
        """Wait until it answers."""
        self.process.wait_until_healthy()


@contextmanager
def running_service(
    folder: Path, *, core: int | None = None, **settings: object
) -> Iterator[Service]:
    """Run a service for as long as the block.

    Args:
        folder: For its data.
        core: Of the processor that it has to stay on; None for any.
        settings: As in `RoomsSettings`.
    """
    with running_rooms_service(folder, core=core, **settings) as process:
        yield Service(process, Door(process.base_url, process.enrol_display("benchmark")))
