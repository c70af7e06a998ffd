"""The threads of the boards: what is quick never waits behind what takes long."""

from __future__ import annotations

from collections.abc import Callable

from base.tasks import Worker


class Workers:
    """One thread for each kind of work that has to wait for something.

    Args:
        on_error: See `Worker`.

    Attributes:
        boards: Opens, closes and lists boards, and all else that is done in a moment.
        taking: Makes files, copies boards to sticks and prints: may take minutes.
        pictures: Paints what the list of boards lacks, reads folders full of pictures.
    """

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self.boards = Worker("boards", on_error=on_error)
        self.taking = Worker("taking", on_error=on_error)
        self.pictures = Worker("pictures", on_error=on_error)

    def shutdown(self) -> None:
        """Do what waits and end the threads; blocks. Calling it again does nothing."""
        for worker in (self.taking, self.pictures, self.boards):
            worker.shutdown()
