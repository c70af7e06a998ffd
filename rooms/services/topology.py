"""How pictures and sound get from seat to seat: the port, and the mesh.

In a mesh every seat talks to every other, and the service hands descriptions and candidates
on without looking into them. A video server would be another topology with the same word.
"""

from __future__ import annotations

from typing import Protocol

from base.wire import Signal


class Topology(Protocol):
    """Decides where a message of signalling goes."""

    def route(self, signal: Signal, sender: str) -> tuple[str, Signal] | None:
        """Return who gets a signal of `sender`, and as what; None for nobody."""


class Mesh:
    """Every seat talks to every other one."""

    def route(self, signal: Signal, sender: str) -> tuple[str, Signal] | None:
        """Return the seat that was named, and the signal with who it is from."""
        if signal.seat == sender:
            return None
        return signal.seat, signal.model_copy(update={"seat": sender})
