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
        ErrorCode.INVALID_SETTING: N_("This setting has a value that cannot be used."),
    }
)


def error_notice(code: ErrorCode) -> Notice:
    """Return the notice for an error, in the language in use."""
    unforeseen = N_("Something went wrong. Your board is safe; go on writing.")
    return Notice(_(_WORDS.get(code, unforeseen)), Weight.TROUBLE)
