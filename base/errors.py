"""The one error that a person will see, and the table of its codes."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, as a stable name; `base.text` and the views turn it into words."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    NOT_FOUND = "not_found"
    MEDIUM_GONE = "medium_gone"
    NOT_A_BOARD = "not_a_board"
    BOARD_DAMAGED = "board_damaged"
    BOARD_TOO_NEW = "board_too_new"
    BOARD_IN_USE = "board_in_use"
    NOT_AN_IMAGE = "not_an_image"
    IMAGE_TOO_LARGE = "image_too_large"
    NO_PRINTER = "no_printer"
    PRINT_FAILED = "print_failed"
    EXPORT_FAILED = "export_failed"
    UNKNOWN_FORMAT = "unknown_format"
    FILE_EMPTY = "file_empty"
    INVALID_SETTING = "invalid_setting"
    DOCUMENT_ENCRYPTED = "document_encrypted"
    DOCUMENT_STILL_ENCRYPTED = "document_still_encrypted"
    DOCUMENT_LOCKED = "document_locked"
    """With a password, in a way that nobody here can open."""
    DOCUMENT_DAMAGED = "document_damaged"
    DOCUMENT_EMPTY = "document_empty"
    DOCUMENT_TOO_LARGE = "document_too_large"
    PAGE_UNREADABLE = "page_unreadable"
    NO_OFFICE = "no_office"
    CONVERSION_FAILED = "conversion_failed"
    CONVERSION_TIMEOUT = "conversion_timeout"
    UNSAFE_FILE = "unsafe_file"
    NO_PICTURES = "no_pictures"
    NO_CAMERA = "no_camera"
    CAMERA_FAILED = "camera_failed"
    CAMERA_BUSY = "camera_busy"
    TOOK_TOO_LONG = "took_too_long"
    ROOMS_UNREACHABLE = "rooms_unreachable"
    ROOMS_NOT_STARTED = "rooms_not_started"
    ROOMS_NOT_PAIRED = "rooms_not_paired"
    ROOMS_FAULT = "rooms_fault"
    ROOMS_NO_SPACE = "rooms_no_space"
    ROOM_OFFLINE = "room_offline"
    ROOM_WRONG_KEY = "room_wrong_key"
    ROOM_TRY_LATER = "room_try_later"
    ROOM_OVER = "room_over"
    ROOM_FULL = "room_full"
    ROOM_LOCKED = "room_locked"
    ROOM_NOT_YET = "room_not_yet"
    ROOM_NOT_ALLOWED = "room_not_allowed"
    ROOM_NOTHING_THERE = "room_nothing_there"
    ROOM_FILE_TOO_LARGE = "room_file_too_large"
    ROOM_FILE_REFUSED = "room_file_refused"


class AppError(Exception):
    """Something a person has to be told.

    Model and services raise it with a code; only views turn the code into words.

    Args:
        code: What happened.
        detail: For the log, never for the screen: a path, a value, the system's words.
        about: The file it is about, as people call it; empty where that is plain.
    """

    def __init__(self, code: ErrorCode, detail: str = "", about: str = "") -> None:
        super().__init__(f"{code.value}: {detail}" if detail else code.value)
        self.code = code
        self.detail = detail
        self.about = about
