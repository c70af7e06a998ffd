"""Texts in the language of the person in front of the display.

Every text a person sees goes through `_` with a literal English msgid; the catalogues
lie in `assets/locale/<language>/LC_MESSAGES/kokuban.po`. The language is a property of
the process, as in gettext itself: one display speaks one language at a time.
"""

from __future__ import annotations

import gettext as _gettext
from pathlib import Path
from typing import Final

DOMAIN: Final = "kokuban"
LANGUAGES: Final = ("ja", "en")
LOCALE_DIR: Final = Path(__file__).resolve().parent.parent / "assets" / "locale"

_current: _gettext.NullTranslations = _gettext.NullTranslations()
_language: str = "en"


def set_language(language: str) -> None:
    """Speak `language` from now on.

    Args:
        language: One of `LANGUAGES`.

    Raises:
        ValueError: the language is not one of `LANGUAGES`.
    """
    global _current, _language  # noqa: PLW0603  (a property of the process, see above)
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {LANGUAGES}")
    _current = _gettext.translation(DOMAIN, LOCALE_DIR, [language], fallback=language == "en")
    _language = language


def language() -> str:
    """Return the language in use, one of `LANGUAGES`."""
    return _language


def _(message: str) -> str:
    """Return `message` in the language in use. The msgid is the English text."""
    return _current.gettext(message)


def pgettext(context: str, message: str) -> str:
    """Return `message` as meant in `context` (for words that differ by place)."""
    return _current.pgettext(context, message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Return the form of a text that fits the number `n`."""
    return _current.ngettext(singular, plural, n)


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for "mark, translate later")
    """Mark `message` for the catalogue and return it untouched."""
    return message


_MONTHS: Final = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)


def month_name(month: int) -> str:
    """Return the name of a month in the language in use.

    Args:
        month: 1..12.
    """
    return _(_MONTHS[month - 1])
