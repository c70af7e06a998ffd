"""Texts in the language of each person: one service speaks three at a time.

The catalogues are `assets/locale/<folder>/LC_MESSAGES/rooms.po`; the msgids are English. What
Python, the pages and the JavaScript say comes from the same ones: a page carries those that
its modules need (`Texts.for_modules`). やさしい日本語 is Japanese in short sentences for people
who are still learning it; what it does not say in its own way, it says as Japanese does.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Mapping
from functools import cache
from typing import Final, TypeAlias, get_args

from base.text import LOCALE_DIR
from base.wire import Language

DOMAIN: Final = "rooms"
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
LANGUAGE_NAMES: Final[Mapping[Language, str]] = {
    "ja": "日本語",
    "ja-easy": "やさしい日本語",
    "en": "English",
}
"""What each calls itself; nobody finds their language under another one's name for it."""
HTML_LANGUAGE: Final[Mapping[Language, str]] = {"ja": "ja", "ja-easy": "ja", "en": "en"}
"""For the attribute `lang`, from which a screen reader takes its voice."""
DEFAULT: Final[Language] = "ja"
# Whoever reads neither is most likely learning Japanese where they live.
_FOR_OTHERS: Final[Language] = "ja-easy"

Entry: TypeAlias = str | list[str]
"""A translated text; its forms where there is a plural."""


class _Catalogue(_gettext.GNUTranslations):
    """A catalogue whose entries can be listed."""

    def entries(self) -> dict[str, Entry]:
        """Return msgid to text; to all forms, in gettext's order, for one with a plural."""
        found: dict[str, Entry] = {}
        known: dict[str | tuple[str, int], str] = self._catalog  # type: ignore[attr-defined]
        for key, text in sorted(known.items(), key=_by_form):
            if isinstance(key, str):
                if key:
                    found[key] = text
            else:
                forms = found.setdefault(key[0], [])
                if isinstance(forms, list):
                    forms.append(text)
        return found


class Texts:
    """What is said in one language.

    Args:
        language: One of `LANGUAGES`.
        catalogues: The first that knows a text says it.
    """

    def __init__(self, language: Language, catalogues: tuple[_Catalogue, ...]) -> None:
        self.language = language
        self._entries: dict[str, Entry] = {}
        for catalogue in reversed(catalogues):
            self._entries |= catalogue.entries()

    def gettext(self, message: str) -> str:
        """Return `message`, an English msgid, in this language."""
        found = self._entries.get(message, message)
        return found if isinstance(found, str) else found[0]

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the form of a text that fits the number `n`."""
        found = self._entries.get(singular)
        if isinstance(found, list):
            # Japanese has one form; a language with other rules needs them here.
            return found[0]
        return singular if n == 1 else plural

    def for_modules(self, source: str) -> dict[str, Entry]:
        """Return the entries whose msgid stands in `source`, JavaScript text."""
        plain = source.replace("\\'", "'")
        return {msgid: text for msgid, text in self._entries.items() if msgid in plain}


@cache
def texts_of(language: Language) -> Texts:
    """Return what is said in `language`. Any thread may call.

    Raises:
        FileNotFoundError: the catalogues were not compiled (`tools.catalogues compile`).
    """
    folders = {"ja": ("ja",), "ja-easy": ("ja_easy", "ja"), "en": ()}[language]
    return Texts(language, tuple(_read(folder) for folder in folders))


def choose_language(asked: str | None, kept: str | None, accepted: str) -> Language:
    """Return the language for somebody.

    Args:
        asked: What they chose on the page, if anything.
        kept: What they chose another time.
        accepted: Their browser's Accept-Language.
    """
    for chosen in (asked, kept):
        for language in LANGUAGES:
            if chosen == language:
                return language
    wished = _by_preference(accepted)
    for tag in wished:
        if tag.split("-")[0] in ("ja", "en"):
            return "ja" if tag.startswith("ja") else "en"
    return _FOR_OTHERS if wished else DEFAULT


def _by_preference(accepted: str) -> list[str]:
    weighed = []
    for place, part in enumerate(accepted[:500].split(",")):
        tag, _, quality = part.strip().lower().partition(";q=")
        if tag and tag != "*":
            weighed.append((-_quality(quality), place, tag))
    return [tag for _weight, _place, tag in sorted(weighed)]


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 0.0


def _by_form(entry: tuple[str | tuple[str, int], str]) -> tuple[str, int]:
    key = entry[0]
    return (key, 0) if isinstance(key, str) else key


def _read(folder: str) -> _Catalogue:
    path = LOCALE_DIR / folder / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        return _Catalogue(file)
