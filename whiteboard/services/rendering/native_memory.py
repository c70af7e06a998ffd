"""MuPDF's structures at addresses that we choose: in memory that two processes share.

The binding gives no way to say where a structure or a block of samples lies. Its pointer
objects keep the address in one machine word, though, which is found by its value and
written over. `pointed_at` checks what it finds before and after; when a later version of the
binding looks different, the caller gets None and goes the slow way.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Any, Final, TypeVar

from pymupdf import mupdf

_WORD: Final = ctypes.sizeof(ctypes.c_void_p)
_WORDS_SEEN: Final = 4
"""How far into a pointer object the address is looked for: behind its count and type."""

_Pointer = TypeVar("_Pointer")

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
]  # fmt: skip
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_MAP_FAILED: Final = ctypes.c_void_p(-1).value


class Mapped:
    """Shared memory or a file in this process, with its address.

    `mmap.mmap` would ask the kernel for more than a confined process may ask, and keeps the
    address of what cannot be written to itself.

    Args:
        descriptor: Of the memory; closed by the caller, before or after.
        length: Bytes, > 0.
        is_read_only: For a file that was opened for reading.

    Raises:
        OSError: it cannot be mapped.
    """

    def __init__(self, descriptor: int, length: int, *, is_read_only: bool = False) -> None:
        rights = mmap.PROT_READ if is_read_only else mmap.PROT_READ | mmap.PROT_WRITE
        # Some file systems of sticks and phones cannot share what they map.
        kind = mmap.MAP_PRIVATE if is_read_only else mmap.MAP_SHARED
        address = _libc.mmap(None, length, rights, kind, descriptor, 0)
        if address == _MAP_FAILED:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._address: int | None = address
        self._length = length

    @property
    def address(self) -> int:
        """Where it begins.

        Raises:
            ValueError: it was closed.
        """
        if self._address is None:
            raise ValueError("closed")
        return self._address

    @property
    def length(self) -> int:
        """How long it is, bytes."""
        return self._length

    def write(self, data: memoryview) -> None:
        """Copy `data` to the beginning.

        Raises:
            ValueError: it does not fit, or this was closed.
        """
        if len(data) > self._length:
            raise ValueError(f"{len(data)} bytes for {self._length}")
        ctypes.memmove(self.address, bytes(data), len(data))

    def forget(self) -> None:
        """Let go of what was read; it is read again when needed. For files alone."""
        _libc.madvise(self.address, self._length, mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Unmap it; nothing may use the address any more."""
        address, self._address = self._address, None
        if address is not None:
            _libc.munmap(address, self._length)


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
