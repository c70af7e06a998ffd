"""The thread that writes a board: takes entries at once, commits them in groups, retries.

An entry is on its way in three steps: handed in (in memory), written (committed: safe when
the process is killed), synced (on the medium: safe when the power goes). See
docs/decisions/board-file-durability.md.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from base.errors import AppError, ErrorCode
from whiteboard.services.boards.board_store import BoardStore
from whiteboard.services.disk_errors import to_app_error, wal_path

SYNC_INTERVAL_S: Final = 0.25
"""What a power cut can take is at most this old, plus the time the medium needs."""
RETRY_S: Final = 1.0
_CHECKPOINT_IDLE_S: Final = 5.0
_CHECKPOINT_AT_ONCE_BYTES: Final = 64 << 20

Health = Callable[[AppError | None], None]


class Entry(Protocol):
    """Something to be written. Writing it twice must do no harm."""

    def write(self, store: BoardStore) -> None:
        """Write it inside the transaction that is open."""


class _Aside:
    """Something large that a thread waits for; the writer takes it when it has time."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.is_done = False
        self.error: AppError | None = None


class _OnTheMedium:
    """Stands for something large that was written: it asks to be synced, no more.

    After trouble it is not written again, which would need its bytes in memory; whoever
    handed it in looks at what is there.
    """

    def write(self, store: BoardStore) -> None:
        """Write nothing."""


class BoardWriter:
    """Owns the writing connection of a board; its thread alone touches it.

    Args:
        store: Open for writing; the writer closes it.
        board_id: Tells this board from another one that took its place on the disk.
        name: Name of the thread.
        on_health: Told once when writing fails, and None when it works again. Called on
            the writer's thread.
    """

    def __init__(self, store: BoardStore, board_id: str, name: str, on_health: Health) -> None:
        self._log = structlog.get_logger(__name__).bind(path=str(store.path))
        self._store = store
        self._path = store.path
        self._inode = store.path.stat().st_ino
        self._board_id = board_id
        self._on_health = on_health
        self._changed = threading.Condition()  # guards the eleven below
        self._waiting: deque[Entry] = deque()
        self._asides: deque[_Aside] = deque()
        self._accepted = 0
        self._written = 0
        self._synced = 0
        self._flush_to = 0
        self._nudged = False
        self._rounds_begun = 0
        self._rounds_done = 0
        self._trouble: AppError | None = None
        self._closing = False
        # The writer's thread alone:
        self._unsynced: list[Entry] = []
        self._next_sync_s = 0.0
        self._last_commit_s = 0.0
        self._is_checkpointed = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    # Any thread ---------------------------------------------------------------------

    def put(self, entry: Entry) -> int:
        """Hand in an entry; return its number. Never waits for the disk.

        Raises:
            RuntimeError: the writer was shut down.
        """
        with self._changed:
            if self._closing:
                raise RuntimeError("the board file was closed")
            self._waiting.append(entry)
            self._accepted += 1
            self._changed.notify_all()
            return self._accepted

    def write_aside(self, entry: Entry) -> None:
        """Write something large when nothing else waits, and see it onto the medium. Blocks.

        Whatever waits goes first, and what comes in meanwhile waits for this one entry at
        most. A refusal is told to the caller alone: it is no trouble of the board's, and
        the entry is not tried again.

        Raises:
            AppError: it could not be written, or the board cannot be at present.
            RuntimeError: the writer was shut down.
        """
        aside = _Aside(entry)
        with self._changed:
            if self._closing:
                raise RuntimeError("the board file was closed")
            self._asides.append(aside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: aside.is_done)
        if aside.error is not None:
            raise aside.error

    def wait_written(self, number: int, timeout_s: float) -> bool:
        """Wait until an entry is safe from the death of this process.

        Returns:
            Whether it is; False at once while the disk refuses to write.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._written >= number or self._trouble is not None, timeout_s
            )
            return self._written >= number

    def flush(self, timeout_s: float) -> bool:
        """Wait until the medium has all that was handed in; a refusing disk is tried again.

        Returns:
            Whether it has.
        """
        with self._changed:
            number = self._accepted
            self._flush_to = max(self._flush_to, number)
            last_round = self._rounds_begun + 1
            self._nudge()
            self._changed.wait_for(
                lambda: self._synced >= number or self._has_failed_since(last_round), timeout_s
            )
            return self._synced >= number

    @property
    def trouble(self) -> AppError | None:
        """Why writing fails at present."""
        with self._changed:
            return self._trouble

    def waiting(self) -> Sequence[Entry]:
        """Return what is not written yet."""
        with self._changed:
            return tuple(self._waiting)

    def shutdown(self) -> None:
        """Try once more to write what waits, tidy the file, end the thread. Blocks.

        What could not be written stays in `waiting()`. Calling it again does nothing.
        """
        with self._changed:
            self._closing = True
            self._nudge()
        self._thread.join()

    # The writer's thread --------------------------------------------------------------

    def _nudge(self) -> None:
        self._nudged = True
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._has_work, self._patience_s())
                batch = tuple(self._waiting)
                is_last, self._nudged = self._closing, False
                self._rounds_begun += 1
                aside = self._next_aside() if not batch else None
            self._work(batch)
            if aside is not None:
                self._work_aside(aside)
            with self._changed:
                self._rounds_done = self._rounds_begun
                self._changed.notify_all()
                if is_last:
                    break
        while (aside := self._next_aside()) is not None:
            self._work_aside(aside)
        self._finish()

    def _next_aside(self) -> _Aside | None:
        return self._asides.popleft() if self._asides else None

    def _work_aside(self, aside: _Aside) -> None:
        error = self.trouble
        if error is None:
            try:
                self._check_place()
                with self._store.transaction():
                    aside.entry.write(self._store)
                self._unsynced.append(_OnTheMedium())
                self._sync_wal()
                self._store.checkpoint()
            except (OSError, sqlite3.Error, AppError) as refusal:
                error = to_app_error(refusal, self._path)
        with self._changed:
            aside.error, aside.is_done = error, True
            self._changed.notify_all()

    def _has_failed_since(self, number: int) -> bool:
        return self._rounds_done >= number and self._trouble is not None

    def _has_work(self) -> bool:
        if self._nudged or self._asides:
            return True
        return bool(self._waiting) and self._trouble is None

    def _patience_s(self) -> float | None:
        """Return how long to wait when nothing comes in."""
        if self._trouble is not None:
            return RETRY_S
        if self._unsynced:
            return max(0.0, self._next_sync_s - time.monotonic())
        if not self._is_checkpointed:
            return max(0.0, self._last_commit_s + _CHECKPOINT_IDLE_S - time.monotonic())
        return None

    def _work(self, batch: Sequence[Entry]) -> None:
        try:
            if self._may_have_lost_the_file():
                self._revive()
            if batch:
                self._commit(batch)
            self._sync_when_due()
            self._checkpoint_when_idle()
        except (OSError, sqlite3.Error, AppError) as error:
            self._set_trouble(to_app_error(error, self._path))
        else:
            self._set_trouble(None)

    def _commit(self, batch: Sequence[Entry]) -> None:
        self._check_place()
        with self._store.transaction():
            for entry in batch:
                entry.write(self._store)
        self._unsynced.extend(batch)
        self._last_commit_s = time.monotonic()
        self._is_checkpointed = False
        with self._changed:
            for _ in batch:
                self._waiting.popleft()
            self._written += len(batch)
            self._changed.notify_all()

    def _check_place(self) -> None:
        """Notice a file that was taken away: SQLite would go on writing into the void."""
        try:
            is_there = self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            is_there = False
        if not is_there:
            raise AppError(ErrorCode.MEDIUM_GONE, f"{self._path} is not there any more")

    def _sync_when_due(self) -> None:
        with self._changed:
            is_asked = self._closing or self._flush_to > self._synced
        is_due = time.monotonic() >= self._next_sync_s
        if self._unsynced and (is_asked or is_due):
            self._sync_wal()
            self._next_sync_s = time.monotonic() + SYNC_INTERVAL_S
            self._unsynced.clear()
        if not self._unsynced:
            with self._changed:
                self._synced = self._written
                self._changed.notify_all()

    def _sync_wal(self) -> None:
        fd = os.open(wal_path(self._path), os.O_RDWR)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _checkpoint_when_idle(self) -> None:
        if self._is_checkpointed:
            return
        is_idle = time.monotonic() - self._last_commit_s >= _CHECKPOINT_IDLE_S
        if is_idle or self._wal_bytes() > _CHECKPOINT_AT_ONCE_BYTES:
            self._store.checkpoint()
            self._is_checkpointed = True

    def _wal_bytes(self) -> int:
        try:
            return wal_path(self._path).stat().st_size
        except OSError:
            return 0

    def _may_have_lost_the_file(self) -> bool:
        trouble = self.trouble
        return trouble is not None and trouble.code is not ErrorCode.DISK_FULL

    def _revive(self) -> None:
        """Open the file anew after trouble; a stick may have been pulled and put back."""
        if not self._path.exists():
            raise AppError(ErrorCode.MEDIUM_GONE, f"{self._path} is not there any more")
        store = BoardStore.open_for_writing(self._path)
        try:
            if store.meta("id") != self._board_id:
                raise AppError(ErrorCode.MEDIUM_GONE, f"{self._path} is another board now")
            # What was committed but not synced may have gone with the medium's cache.
            with store.transaction():
                for entry in self._unsynced:
                    entry.write(store)
        except BaseException:
            store.close()
            raise
        self._store.close()
        self._store = store
        self._inode = self._path.stat().st_ino

    def _set_trouble(self, trouble: AppError | None) -> None:
        with self._changed:
            before, self._trouble = self._trouble, trouble
        if trouble is not None and (before is None or before.code is not trouble.code):
            self._log.warning("board not written", code=trouble.code, detail=trouble.detail)
            self._on_health(trouble)
        elif trouble is None and before is not None:
            self._log.info("board written again")
            self._on_health(None)

    def _finish(self) -> None:
        """Compact the file and make it one; whatever fails here costs no ink."""
        try:
            if self.trouble is None:
                self._store.compact()
                self._store.drop_unused()
                self._store.fold()
        except (OSError, sqlite3.Error, ValueError) as error:
            self._log.warning("board not tidied", error=str(error))
        finally:
            self._store.close()
