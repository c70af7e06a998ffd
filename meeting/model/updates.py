"""Large Yjs updates in small pieces, so that on a thin line others have their turn.

A Yjs update (format 1) is a list of structs for each client, and the ranges that were
deleted. Any cut between two structs gives two good updates: a receiver keeps what refers to
something it does not have yet, until that comes. Send them in their order, though: pycrdt
0.14 loses changes of one client that come out of it.

Formats: https://github.com/yjs/yjs/blob/main/src/utils/encoding.js and lib0's encoding.js.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from base.yjs import Block, Id, Struct, pack_runs, pack_update, parse_update

_BLOCK_HEAD_BYTES: Final = 30
"""At most, of the three numbers before the structs of a client."""


def split_update(update: bytes, most_bytes: int) -> list[bytes]:
    """Return updates that do together what `update` does, to be sent in this order.

    No piece builds on what is in a later one: the service refuses such.

    Args:
        update: A Yjs update, format 1.
        most_bytes: Of each piece, if it can be: a struct is never cut in two, nor are the
            deletions, which are in the last piece.

    Returns:
        At least one; `update` itself when it is small enough. Some 4 µs a struct: call it
        on another thread when there are many.

    Raises:
        ValueError: it is no Yjs update.
    """
    if len(update) <= most_bytes:
        return [update]
    parsed = parse_update(update)
    pieces: list[bytes] = []
    piece = _Piece(update)
    for client, struct in _in_order(parsed.blocks):
        if piece.size and piece.size + struct.end - struct.start > most_bytes:
            pieces.append(piece.packed())
            piece = _Piece(update)
        piece.add(client, struct)
    if piece.size:
        pieces.append(piece.packed())
    if parsed.deletions:
        pieces.append(pack_update((), parsed.deletions))
    return pieces


class _Piece:
    """A part of an update while it is put together."""

    def __init__(self, update: bytes) -> None:
        self._update = update
        self._structs: dict[int, list[Struct]] = {}
        self.size = 0

    def add(self, client: int, struct: Struct) -> None:
        """Add the next struct of a client."""
        known = self._structs.get(client)
        if known is None:
            self._structs[client] = [struct]
            self.size += _BLOCK_HEAD_BYTES
        else:
            known.append(struct)
        self.size += struct.end - struct.start

    def packed(self) -> bytes:
        """Return it as an update."""
        return pack_runs(self._update, self._structs)


def _in_order(blocks: Sequence[Block]) -> Iterator[tuple[int, Struct]]:
    """Yield all structs so that each comes after those that it needs.

    Raises:
        ValueError: some need each other.
    """
    structs = {block.client: block.structs for block in blocks}
    is_alone = len(blocks) == 1
    done = {block.client: block.clock for block in blocks}
    places = dict.fromkeys(structs, 0)
    ends = {block.client: block.end for block in blocks}
    for first, end in ends.items():
        wanted = [(first, end)]
        while wanted:
            client, until = wanted[-1]
            if done[client] >= until:
                wanted.pop()
                continue
            struct = structs[client][places[client]]
            need = None if is_alone else _need(struct, client, done)
            if need is None:
                yield client, struct
                places[client] += 1
                done[client] = struct.clock + struct.length
            elif need[1] >= ends[need[0]] or any(need[0] == open_ for open_, _ in wanted):
                raise ValueError("structs that need each other, or what is not there")
            else:
                wanted.append((need[0], need[1] + 1))


def _need(struct: Struct, client: int, done: Mapping[int, int]) -> Id | None:
    """Return a struct of another client in the update that has to be there before."""
    for need in (struct.origin, struct.right, struct.parent):
        if need is None or need[0] == client:
            continue
        if need[0] in done and done[need[0]] <= need[1]:
            return need
    return None
