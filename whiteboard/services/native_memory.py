"""MuPDF's structures at addresses that we choose: in memory that two processes share.

The binding gives no way to say where a structure or a block of samples lies. Its pointer
objects keep the address in one machine word, though, which is found by its value and
written over. `pointed_at` checks what it finds before and after; when a later version of the
binding looks different, the caller gets None and goes the slow way.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Any, Final, TypeVar

from pymupdf import mupdf

_WORD: Final = ctypes.sizeof(ctypes.c_void_p)
_WORDS_SEEN: Final = 4
"""How far into a pointer object the address is looked for: behind its count and type."""

_Pointer = TypeVar("_Pointer")


class Mapped:
    """Shared memory in this process, with its address.

    Args:
        descriptor: Of the memory; closed by the caller, before or after.
        length: Bytes, > 0.

    Raises:
        OSError: it cannot be mapped.
    """

    def __init__(self, descriptor: int, length: int) -> None:
        self._mmap = mmap.mmap(descriptor, length)
        self._array: ctypes.Array[ctypes.c_char] | None = (ctypes.c_char * length).from_buffer(
            self._mmap
        )

    @property
    def address(self) -> int:
        """Where it begins.

        Raises:
            ValueError: it was closed.
        """
        if self._array is None:
            raise ValueError("closed")
        return ctypes.addressof(self._array)

    def write(self, data: memoryview) -> None:
        """Copy `data` to the beginning."""
        self._mmap[: len(data)] = data

    def close(self) -> None:
        """Unmap it; nothing may use the address any more."""
        self._array = None
        self._mmap.close()


def pointed_at(pointer: _Pointer, address: int) -> _Pointer | None:
    """Let a pointer object of the binding point to `address`; it does not own that memory.

    Args:
        pointer: A `SwigPyObject`, whose `int()` is its address.
        address: Where it shall point.

    Returns:
        The same object, None when it could not be done.
    """
    raw: Any = pointer
    now = int(raw)
    for place in range(2, 2 + _WORDS_SEEN):
        word = ctypes.c_void_p.from_address(id(raw) + place * _WORD)
        if word.value == now:
            word.value = address
            if int(raw) == address:
                return pointer
            word.value = now
            return None
    return None


def samples_at(address: int) -> object | None:
    """Return `unsigned char *` for `address`, None when the binding does not allow it."""
    # `cast` gives a pointer of its own, which does not own the byte it comes from.
    return pointed_at(mupdf.uchar_array(1).cast(), address)


def cookie_at(address: int) -> mupdf.fz_cookie:
    """Return an `fz_cookie` that lies at `address`, or one of its own when that cannot be.

    With one of its own a job cannot be stopped while it runs, and the board cannot see that
    it moves.
    """
    cookie = mupdf.fz_cookie()
    cookie.this.disown()
    pointed_at(cookie.this, address)
    return cookie
