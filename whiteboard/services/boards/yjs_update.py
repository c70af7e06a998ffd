"""Updates of a board's log: split into parts, and a hole between them bridged.

A document takes in the structs of a client only without a gap: when a part of the log is
lost, all that the same client wrote later would wait for ever. `bridge_gaps` makes the
missing ranges known as garbage, so that the rest comes in.
"""

from __future__ import annotations

from collections.abc import Iterable

from base.yjs import Content, pack_garbage, pack_runs, pack_update, parse_update


def split_update(data: bytes, part_bytes: int) -> list[bytes]:
    """Return updates that together say what `data` says.

    Args:
        data: An update.
        part_bytes: About how long a part may be; one with a larger struct is longer.

    Raises:
        ValueError: `data` is no update.
    """
    parsed = parse_update(data)
    parts = []
    for client, _clock, structs in parsed.blocks:
        first = 0
        for i in range(len(structs)):
            is_last = i + 1 == len(structs)
            if is_last or structs[i + 1].end - structs[first].start > part_bytes:
                parts.append(pack_runs(data, {client: structs[first : i + 1]}))
                first = i + 1
    if parsed.deletions or not parts:
        parts.append(pack_update((), parsed.deletions))
    return parts


def bridge_gaps(updates: Iterable[bytes]) -> list[bytes]:
    """Return updates that make the gaps between updates known as garbage.

    Args:
        updates: Sound updates in any order, some of those that were written missing.

    Returns:
        One update for each gap (pycrdt panics over two such blocks of one client in one
        update), to be applied before the others.

    Raises:
        ValueError: one of them is no update.
    """
    spans: dict[int, list[tuple[int, int]]] = {}
    for update in updates:
        for client, _clock, structs in parse_update(update).blocks:
            spans.setdefault(client, []).extend(
                (s.clock, s.clock + s.length) for s in structs if s.content is not Content.SKIP
            )
    bridges = []
    for client, ranges in spans.items():
        known_to = 0
        for start, end in sorted(ranges):
            if start > known_to:
                garbage = pack_garbage(start - known_to)
                bridges.append(pack_update([(client, known_to, [garbage])], ()))
            known_to = max(known_to, end)
    return bridges
