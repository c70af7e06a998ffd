"""Memory that a render process paints into and a QImage shows, without a copy.

Each block is a memfd: it has no name, so nothing is left behind when either side is killed,
and it does not count against /dev/shm. It is sealed, so the other side cannot take memory
away from under a picture. Blocks are used again: fresh ones cost the time to clear them.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
import weakref
from typing import Final

from PySide6.QtGui import QImage

COPY_BYTES_MAX: Final = 1 << 20
"""Smaller pictures are copied (0.1 ms): a thousand thumbnails would need as many blocks."""

FREE_BYTES_MAX: Final = 72 << 20
"""Memory that waits to be used again: two pictures of 3840x2160."""

BYTES_PER_PIXEL: Final = 4

_GRAIN: Final = 1 << 16
_SLACK: Final = 1.5
"""A block is used for a picture when it is at most so many times too large."""


class Block:
    """A piece of shared memory.

    Args:
        length: Bytes, > 0.

    Raises:
        OSError: there are no descriptors or no memory left.
    """

    __slots__ = ("descriptor", "length", "memory")

    def __init__(self, length: int) -> None:
        self.length = length
        self.descriptor = os.memfd_create("sheet", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.descriptor, length)
            fcntl.fcntl(
                self.descriptor,
                fcntl.F_ADD_SEALS,
                fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL,
            )
            self.memory = mmap.mmap(self.descriptor, length)
        except OSError:
            os.close(self.descriptor)
            raise

    def drop(self) -> None:
        """Give the memory back once no picture uses it any more."""
        # A picture may still hold a view; the mapping goes with the last of them.
        os.close(self.descriptor)
        del self.memory


class PixelMemory:
    """Hands out blocks and makes pictures of them. Pictures may end on any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a picture may end while we hold it
        self._free: list[Block] = []
        self._is_closed = False

    @property
    def free_bytes(self) -> int:
        """How much memory waits to be used again."""
        return sum(block.length for block in self._free)

    def take(self, pixels: int) -> Block:
        """Return a block for so many pixels, > 0. What it shows is what it showed last.

        Raises:
            OSError: there are no descriptors or no memory left.
        """
        needed = pixels * BYTES_PER_PIXEL
        with self._lock:
            fitting = [b for b in self._free if needed <= b.length <= needed * _SLACK + _GRAIN]
            if fitting:
                block = min(fitting, key=lambda b: b.length)
                self._free.remove(block)
                return block
        return Block(-(-needed // _GRAIN) * _GRAIN)

    def give_back(self, block: Block) -> None:
        """Take back a block that nobody paints into any more."""
        with self._lock:
            if not self._is_closed and self.free_bytes + block.length <= FREE_BYTES_MAX:
                self._free.append(block)
                return
        block.drop()

    def picture(self, block: Block, width: int, height: int) -> QImage:
        """Return what was painted, RGB32; the block comes back when its last copy ends.

        Args:
            block: From `take`, painted.
            width: px, > 0.
            height: px, > 0.
        """
        view = memoryview(block.memory)
        bytes_per_line = width * BYTES_PER_PIXEL
        image = QImage(view, width, height, bytes_per_line, QImage.Format.Format_RGB32)
        if bytes_per_line * height <= COPY_BYTES_MAX:
            copied = image.copy()
            self.give_back(block)
            return copied
        # PySide lets go of the view when the last QImage that shares the pixels has gone.
        weakref.finalize(view, self.give_back, block).atexit = False
        return image

    def shutdown(self) -> None:
        """Give back what waits; pictures that are still shown stay whole."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
        for block in free:
            block.drop()
