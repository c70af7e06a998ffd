"""The words for each error: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from base.errors import ErrorCode
from base.feature import Notice, Weight
from base.text import N_, _

_WORDS: Final[Mapping[ErrorCode, str]] = MappingProxyType(
    {
        ErrorCode.DISK_FULL: N_(
            "The storage is full. Delete boards you no longer need, then try again."
        ),
        ErrorCode.READ_ONLY: N_("Nothing can be saved in this place. Choose another place."),
        ErrorCode.NOT_FOUND: N_("The file is no longer there. Choose another file."),
        ErrorCode.MEDIUM_GONE: N_(
            "The USB stick was taken out. Your board is safe. Put the stick back and try again."
        ),
        ErrorCode.NOT_A_BOARD: N_("This file is not a board. Choose another file."),
        ErrorCode.BOARD_DAMAGED: N_(
            "This board is damaged. Everything that could be read is shown."
        ),
        ErrorCode.BOARD_TOO_NEW: N_(
            "This board was made with a newer Kokuban. Open it on an updated display."
        ),
        ErrorCode.BOARD_IN_USE: N_("This board is open elsewhere. Close it there first."),
        ErrorCode.NOT_AN_IMAGE: N_("This file is not a picture. Choose another file."),
        ErrorCode.IMAGE_TOO_LARGE: N_("This picture is too large. Choose a smaller one."),
        ErrorCode.NO_PRINTER: N_(
            "No printer was found. Save the board to a USB stick and print it from there."
        ),
        ErrorCode.PRINT_FAILED: N_("Printing did not work. Look at the printer and try again."),
        ErrorCode.EXPORT_FAILED: N_("The file could not be made. Try again."),
        ErrorCode.UNKNOWN_FORMAT: N_(
            "This kind of file cannot be opened. Choose another file."
        ),
        ErrorCode.FILE_EMPTY: N_(
            "This file is empty. Copy it to the stick once more, or ask for a new copy."
        ),
        ErrorCode.INVALID_SETTING: N_("This setting has a value that cannot be used."),
        ErrorCode.DOCUMENT_ENCRYPTED: N_("This document is locked. Enter its password."),
        ErrorCode.DOCUMENT_STILL_ENCRYPTED: N_(
            "This password does not open the document. Enter it once more."
        ),
        ErrorCode.DOCUMENT_LOCKED: N_(
            "This document has a password that cannot be entered here. Save it without one, or"
            " make a PDF of it."
        ),
        ErrorCode.DOCUMENT_DAMAGED: N_(
            "This document is damaged and cannot be shown. Ask for a new copy."
        ),
        ErrorCode.DOCUMENT_EMPTY: N_("This document has no pages. Choose another file."),
        ErrorCode.DOCUMENT_TOO_LARGE: N_(
            "This document is too large for this display. Choose a smaller one, or split it."
        ),
        ErrorCode.PAGE_UNREADABLE: N_(
            "This page cannot be shown. You can still write on it; the other pages are fine."
        ),
        ErrorCode.NO_OFFICE: N_(
            "Office files need LibreOffice on this display. Have it installed, or open a PDF."
        ),
        ErrorCode.CONVERSION_FAILED: N_(
            "This file could not be made into pages. Save it as a PDF and open that."
        ),
        ErrorCode.CONVERSION_TIMEOUT: N_(
            "Making pages from this file took too long and was stopped. Save it as "
            "a PDF and open that."
        ),
        ErrorCode.UNSAFE_FILE: N_(
            "This file unpacks to far more than it should, so it was not opened. "
            "Ask who made it for a PDF."
        ),
        ErrorCode.NO_PICTURES: N_(
            "There are no pictures in this folder. Choose another folder."
        ),
        ErrorCode.NO_CAMERA: N_("No camera was found. Plug one in, or choose a photo."),
        ErrorCode.CAMERA_BUSY: N_(
            "Another program is using the camera. Close it there, or choose a photo."
        ),
        ErrorCode.CAMERA_FAILED: N_(
            "The camera gives no picture. Unplug it, plug it in again, or choose a photo."
        ),
        ErrorCode.TOOK_TOO_LONG: N_(
            "This took too long and was stopped. Your board is safe; try again."
        ),
        ErrorCode.ROOMS_UNREACHABLE: N_(
            "The consultation rooms cannot be reached. Check the network, then try again."
        ),
        ErrorCode.ROOMS_NOT_STARTED: N_(
            "The consultation rooms could not be started on this display. Try again, or "
            "restart the display."
        ),
        ErrorCode.ROOMS_NOT_PAIRED: N_(
            "This display is not registered with the consultation rooms. Ask the "
            "administrator to register it."
        ),
        ErrorCode.ROOMS_FAULT: N_(
            "The consultation rooms have a fault. Try again; if it stays, tell the "
            "administrator."
        ),
        ErrorCode.ROOMS_NO_SPACE: N_(
            "The consultation rooms have no storage left. Tell the administrator."
        ),
        ErrorCode.ROOM_OFFLINE: N_(
            "The connection to the room is being restored. Try again in a moment."
        ),
        ErrorCode.ROOM_WRONG_KEY: N_(
            "There is no room with this key. Check the eight digits and type them again."
        ),
        ErrorCode.ROOM_TRY_LATER: N_(
            "There were too many tries. Wait a minute, then try again."
        ),
        ErrorCode.ROOM_OVER: N_("This room has ended. Open a new one."),
        ErrorCode.ROOM_FULL: N_(
            "This room is full. Somebody has to leave before others can come in."
        ),
        ErrorCode.ROOM_LOCKED: N_("This room is locked. Ask the staff in it to unlock it."),
        ErrorCode.ROOM_NOT_YET: N_(
            "This room is not open yet. Come back at the time of the appointment."
        ),
        ErrorCode.ROOM_NOT_ALLOWED: N_("Only the staff of this room can do that."),
        ErrorCode.ROOM_NOTHING_THERE: N_("That is no longer there. Choose something else."),
        ErrorCode.ROOM_FILE_TOO_LARGE: N_(
            "This is too large to hand over. Choose a smaller file."
        ),
        ErrorCode.ROOM_FILE_REFUSED: N_(
            "This kind of file cannot be handed over. Make a PDF or a picture of it."
        ),
    }
)


def error_notice(code: ErrorCode, about: str = "") -> Notice:
    """Return the notice for an error, in the language in use.

    Args:
        code: What happened.
        about: The file it is about, as people call it; empty for none.
    """
    unforeseen = N_("Something went wrong. Your board is safe; go on writing.")
    words = _(_WORDS.get(code, unforeseen))
    if about:
        words = _("“%(name)s”: %(words)s") % {"name": about, "words": words}
    return Notice(words, Weight.TROUBLE, about=about)
