"""The boards of this display: the list, the bin, and the way to and from sticks.

A board on the display is always our own copy in `data_dir/boards`; one from a stick is
copied in before it is opened. A deleted board waits in `data_dir/bin` for 30 days. Every
method blocks on the disk: call them on one worker thread.
"""

from __future__ import annotations

import errno
import itertools
import json
import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from base.clock import Clock, SystemClock
from base.errors import AppError, ErrorCode
from whiteboard.model.board import Board
from whiteboard.services.boards.board_file import BoardFile, OpenReport, keep_board
from whiteboard.services.boards.board_store import (
    SUFFIX,
    UNFINISHED_SUFFIX,
    BoardStore,
    Progress,
    new_board_file,
    parse_time,
    remove_board,
    write_identity,
)
from whiteboard.services.boards.board_writer import Health
from whiteboard.services.boards.salvage import DAMAGED_MARK
from whiteboard.services.disk_errors import disk_errors, shm_path, wal_path

KEPT_IN_BIN: Final = timedelta(days=30)

_DELETED_MARK: Final = "~"
_TIME_IN_NAME: Final = "%Y%m%dT%H%M%SZ"
_MAX_NAME_BYTES: Final = 200
"""Of 255 that a file name may have; leaves room for a number and the suffix."""
_NOT_IN_NAMES: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_CLOCK: Final = re.compile(r"(?<=\d):(?=\d\d)")
_RESERVED_NAMES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A board in the list.

    Attributes:
        path: Its file; also what names it in the methods of `Library`.
        title: Empty when nobody gave it one.
        created: When it was made.
        modified: When it was last written on, to about a minute.
        page_ids: Its pages in their order; `thumbnail` has their pictures.
        is_readable: False for a file whose list entry cannot be read; opening it may
            recover it.
        deleted: When it went to the bin; None for a board that is not there.
    """

    path: Path
    title: str
    created: datetime
    modified: datetime
    page_ids: tuple[str, ...]
    is_readable: bool = True
    deleted: datetime | None = None


class Library:
    """The boards under `data_dir`. Not thread-safe: one worker thread uses it.

    Args:
        data_dir: Folder of this display's data; `boards` and `bin` are made in it.
        clock: Where the time comes from.

    Raises:
        AppError: DISK_FULL, READ_ONLY; the folders cannot be made.
    """

    def __init__(self, data_dir: Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.boards_dir = data_dir / "boards"
        self.bin_dir = data_dir / "bin"
        self._known: dict[Path, tuple[tuple[int, ...], BoardEntry]] = {}
        for folder in (self.boards_dir, self.bin_dir):
            with disk_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    # The list -----------------------------------------------------------------------

    def boards(self) -> list[BoardEntry]:
        """Return the boards, the last written on first. 200 boards take some 20 ms."""
        return self._entries(self.boards_dir)

    def thumbnail(self, path: Path) -> bytes | None:
        """Return the PNG of a board's first page, or None."""
        with disk_errors(path):
            try:
                store = BoardStore.open_for_reading(path)
            except sqlite3.Error:
                return None
            try:
                page_ids = _parse_page_ids(store.meta("pages"))
                return store.thumbnail(page_ids[0]) if page_ids else None
            except sqlite3.DatabaseError:
                return None
            finally:
                store.close()

    def board_with(self, document: str, but: Path) -> BoardEntry | None:
        """Return the board last written on that has a copy of a document.

        Args:
            document: Its id.
            but: A board that does not count.
        """
        for entry in self.boards():
            if entry.path != but and _has_document(entry.path, document):
                return entry
        return None

    # Boards on the display --------------------------------------------------------------

    def create(self, *, title: str = "", on_health: Health = lambda _: None) -> BoardFile:
        """Make an empty board and open it; see `BoardFile.create`."""
        path = self._new_path()
        return BoardFile.create(path, title=title, on_health=on_health, clock=self._clock)

    def open(self, path: Path, *, on_health: Health = lambda _: None) -> BoardFile:
        """Open a board of the list; see `BoardFile.open`."""
        return BoardFile.open(path, on_health=on_health, clock=self._clock)

    def rename(self, path: Path, title: str) -> None:
        """Give a board that is not open another title, in the document and in the list.

        Of an open board the title is changed in its document: `Edit.set_title`.

        Raises:
            AppError: BOARD_IN_USE and what `BoardFile.open` raises.
        """
        file = self.open(path)
        try:
            board = Board(lambda: secrets.token_hex(8), file.board_update)
            keep_board(board, file)
            with board.change("library") as edit:
                edit.set_title(title)
        finally:
            file.close()

    def duplicate(self, path: Path, title: str) -> Path:
        """Make a second board with the same content and the given title; return its file.

        The board may be open: what was handed to its file and flushed is in the copy.

        Raises:
            AppError: what `BoardFile.open` and `BoardFile.save_copy_to` raise.
        """
        copy = self._adopt(path)
        self._make_own(copy)
        self.rename(copy, title)
        return copy

    # The bin ------------------------------------------------------------------------------

    def delete(self, path: Path) -> BoardEntry:
        """Move a board to the bin; return its entry there.

        Raises:
            AppError: BOARD_IN_USE, NOT_FOUND, READ_ONLY.
        """
        self._fold_if_sound(path)
        stamp = self._clock.now().astimezone(UTC).strftime(_TIME_IN_NAME)
        name = f"{path.name.removesuffix(SUFFIX)}{_DELETED_MARK}{stamp}{SUFFIX}"
        target = _free_path(self.bin_dir, name.removesuffix(SUFFIX))
        _move(path, target)
        return self._entry(target)

    def deleted_boards(self) -> list[BoardEntry]:
        """Return what is in the bin, the last deleted first."""
        entries = self._entries(self.bin_dir)
        return sorted(entries, key=lambda e: (e.deleted or e.modified, e.path), reverse=True)

    def restore(self, path: Path) -> BoardEntry:
        """Take a board out of the bin; return its entry in the list.

        Raises:
            AppError: NOT_FOUND, READ_ONLY, DISK_FULL.
        """
        target = _free_path(self.boards_dir, path.stem.partition(_DELETED_MARK)[0])
        _move(path, target)
        return self._entry(target)

    def purge(self, path: Path) -> None:
        """Remove a board of the bin for good.

        Raises:
            ValueError: it is not in the bin.
            AppError: READ_ONLY.
        """
        if path.parent != self.bin_dir:
            raise ValueError(f"{path} is not in the bin")
        with disk_errors(path):
            remove_board(path)

    def empty_bin(self, older_than: timedelta = KEPT_IN_BIN) -> int:
        """Remove for good what was deleted that long ago; return how many boards.

        Raises:
            AppError: READ_ONLY.
        """
        limit = self._clock.now() - older_than
        old = [e for e in self.deleted_boards() if e.deleted is not None and e.deleted <= limit]
        for entry in old:
            self.purge(entry.path)
        return len(old)

    # Sticks -------------------------------------------------------------------------------

    def import_board(self, path: Path) -> tuple[Path, OpenReport]:
        """Copy a board from anywhere into the library; the file there is not touched.

        An old format is brought up to date and damage recovered in our copy.

        Returns:
            Our file, to be opened with `open`, and what was found.

        Raises:
            AppError: MEDIUM_GONE, NOT_FOUND, NOT_A_BOARD, BOARD_TOO_NEW, BOARD_DAMAGED,
                DISK_FULL.
        """
        source = BoardFile.open(path, read_only=True, clock=self._clock)
        try:
            copy = self._new_path()
            source.save_copy_to(copy)
            return copy, source.report
        finally:
            source.close()

    def save_to(
        self,
        file: BoardFile,
        folder: Path,
        progress: Progress | None = None,
        *,
        with_notes: bool = False,
    ) -> Path:
        """Write a copy of an open board to a stick under a name made of its title.

        A name that is taken gets a number; nothing is replaced.

        Args:
            file: The board; it may be open for writing.
            folder: On the stick.
            progress: Gets bytes done and in all, on this thread.
            with_notes: Whether what only the presenter sees goes along.

        Returns:
            The file on the stick; it is complete and the stick has it.

        Raises:
            AppError: MEDIUM_GONE, DISK_FULL, READ_ONLY.
        """
        file.flush()
        day = f"{file.modified:%Y-%m-%d %H%M}"
        with disk_errors(folder):
            path = _free_path(folder, file_name_of(file.title) or day)
        try:
            file.save_copy_to(path, progress, with_notes=with_notes)
        except AppError as error:
            cause = error.__cause__
            if not isinstance(cause, OSError) or cause.errno not in _BAD_NAME:
                raise
            path = _free_path(folder, day)
            file.save_copy_to(path, progress, with_notes=with_notes)
        return path

    def staging_path(self) -> Path:
        """Return where a copy may wait that is about to go elsewhere; nothing is there.

        One that a killed process leaves is removed at the next start.
        """
        return self.boards_dir / f".{secrets.token_hex(4)}{UNFINISHED_SUFFIX}"

    # Inside -------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Remove what a killed process left unfinished, and what the bin kept long enough."""
        with disk_errors(self.boards_dir):
            for path in self.boards_dir.glob(f".*{UNFINISHED_SUFFIX}*"):
                path.unlink(missing_ok=True)
        self.empty_bin()

    def _new_path(self) -> Path:
        now = self._clock.now()
        return next(
            path
            for _ in itertools.count()
            if not (
                path := self.boards_dir / f"{now:%Y-%m-%d}-{secrets.token_hex(3)}{SUFFIX}"
            ).exists()
        )

    def _adopt(self, path: Path) -> Path:
        copy = self._new_path()
        with disk_errors(path), new_board_file(copy) as target:
            source = BoardStore.open_for_reading(path)
            try:
                source.copy_into(target)
            finally:
                source.close()
        return copy

    def _make_own(self, path: Path) -> None:
        """Give a copy an id of its own; its pictures, pages and ink stay."""
        with disk_errors(path):
            store = BoardStore.open_for_writing(path)
            try:
                write_identity(store, store.meta("title"), self._clock.now())
                store.fold()
            finally:
                store.close()

    def _fold_if_sound(self, path: Path) -> None:
        """Make the board one file, if it can be opened; a damaged one moves as it is."""
        try:
            self.open(path).close()
        except AppError as error:
            if error.code in (ErrorCode.BOARD_IN_USE, ErrorCode.NOT_FOUND):
                raise

    def _entries(self, folder: Path) -> list[BoardEntry]:
        with disk_errors(folder):
            paths = [path for path in _board_paths(folder) if DAMAGED_MARK not in path.name]
        entries = [self._entry(path) for path in paths]
        return sorted(entries, key=lambda entry: (entry.modified, entry.path), reverse=True)

    def _entry(self, path: Path) -> BoardEntry:
        state = _state_of(path)
        known = self._known.get(path)
        if known is not None and known[0] == state:
            return known[1]
        entry = _read_entry(path)
        self._known[path] = (state, entry)
        return entry


_BAD_NAME: Final = (errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG)
"""What a stick says that was mounted without UTF-8 names."""


def file_name_of(title: str) -> str:
    """Return a title as a file name for any medium, without suffix; may be empty.

    FAT and Windows forbid some characters, names of devices, and a dot or space at the end.
    """
    title = _CLOCK.sub(".", title)
    name = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", title)).strip(" .")
    name = name.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").rstrip(" .")
    return f"_{name}" if _RESERVED_NAMES.match(name) else name


def _board_paths(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix == SUFFIX and not path.name.startswith("."):
            yield path


def _free_path(folder: Path, stem: str) -> Path:
    """Return a path in `folder` that nothing has: `stem`, `stem (2)`, and so on."""
    names = itertools.chain([stem], (f"{stem} ({n})" for n in itertools.count(2)))
    return next(path for name in names if not (path := folder / f"{name}{SUFFIX}").exists())


def _has_document(path: Path, document: str) -> bool:
    try:
        with disk_errors(path):
            store = BoardStore.open_for_reading(path)
            try:
                return store.documents.has(document)
            finally:
                store.close()
    except (AppError, sqlite3.Error):
        return False


def _move(path: Path, target: Path) -> None:
    with disk_errors(path):
        if wal_path(path).exists():
            wal_path(path).rename(wal_path(target))
        shm_path(path).unlink(missing_ok=True)
        path.rename(target)


def _state_of(path: Path) -> tuple[int, ...]:
    """Return what changes whenever the file or its write-ahead log does."""
    state: list[int] = []
    for part in (path, wal_path(path)):
        try:
            found = part.stat()
        except OSError:
            continue
        state += [found.st_mtime_ns, found.st_size, found.st_ino]
    return tuple(state)


def _read_entry(path: Path) -> BoardEntry:
    deleted = _deleted_when(path)
    try:
        store = BoardStore.open_for_reading(path)
        try:
            meta = store.all_meta()
        finally:
            store.close()
    except (sqlite3.Error, OSError):
        meta = {}
    if "id" not in meta:
        changed = _changed_when(path)
        return BoardEntry(path, "", changed, changed, (), is_readable=False, deleted=deleted)
    return BoardEntry(
        path,
        meta.get("title", ""),
        parse_time(meta.get("created", "")),
        parse_time(meta.get("modified", "")),
        _parse_page_ids(meta.get("pages", "")),
        deleted=deleted,
    )


def _changed_when(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)


def _deleted_when(path: Path) -> datetime | None:
    # A name that was taken got a number behind the time.
    text = path.stem.rpartition(_DELETED_MARK)[2].partition(" ")[0]
    try:
        return datetime.strptime(text, _TIME_IN_NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _parse_page_ids(text: str) -> tuple[str, ...]:
    try:
        page_ids: Sequence[object] = json.loads(text or "[]")
    except ValueError:
        return ()
    return tuple(str(page_id) for page_id in page_ids) if isinstance(page_ids, list) else ()
