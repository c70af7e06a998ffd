"""The catalogues of texts: check them against the source, compile them.

`python -m tools.catalogues check` prints what is wrong, one line each, and fails;
`python -m tools.catalogues compile` makes the .mo files that are older than their .po;
`python -m tools.catalogues missing` prints the entries to append, ready to fill in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT: Final = Path(__file__).resolve().parent.parent
KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    # In JavaScript: rooms/web/static/texts.js.
    "say": None,
    "sayMany": (1, 2),
}
METHODS: Final = (
    ("**/vendor/**", "ignore"),
    ("**.py", "python"),
    ("**.js", "javascript"),
    ("**.html", "jinja2"),
)
# Of catalogues that speak a language in their own way: what it is called otherwise.
_LOCALES: Final = {"ja_easy": "ja"}
# Who works with these pages reads the language as it is.
_STAFF_PAGES: Final = re.compile(r"rooms/web/(templates|static)/console")
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)[#0\- +]*[\d.]*[a-zA-Z]|\{(\w*)[^{}]*\}|%[sdfr]")


@dataclass(frozen=True, slots=True)
class Domain:
    """Texts that are spoken by one process, with catalogues of their own.

    Attributes:
        name: Of the .po files.
        sources: Folders that say them.
    """

    name: str
    sources: tuple[str, ...]


KIOSK: Final = Domain("kokuban", ("base", "kiosk", "meeting", "whiteboard"))
ROOMS: Final = Domain("rooms", ("rooms",))
DOMAINS: Final = (KIOSK, ROOMS)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the source.

    Attributes:
        msgids: The English text; singular and plural where there are two.
        context: As given to `pgettext`, or None.
        places: `file:line` of each use.
    """

    msgids: tuple[str, ...]
    context: str | None
    places: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str | None]:
        """Return what tells entries of a catalogue apart."""
        return self.msgids[0], self.context


def extract_texts(root: Path = ROOT, domain: Domain = KIOSK) -> list[Text]:
    """Return every text of a domain that is marked for translation, sorted by msgid."""
    found: dict[tuple[str, str | None], Text] = {}
    for folder in domain.sources:
        for text in _extract_folder(root, folder):
            known = found.get(text.key)
            places = text.places if known is None else known.places + text.places
            longest = max(text.msgids, known.msgids if known else (), key=len)
            found[text.key] = Text(longest, text.context, places)
    return sorted(found.values(), key=lambda text: (text.msgids, text.context or ""))


def catalogue_paths(root: Path = ROOT, domain: Domain = KIOSK) -> list[Path]:
    """Return a domain's .po files of all languages."""
    return sorted((root / "assets" / "locale").glob(f"*/LC_MESSAGES/{domain.name}.po"))


def texts_for(path: Path, texts: list[Text]) -> list[Text]:
    """Return those of a domain's texts that a catalogue has to have.

    One that speaks a language in an easy way is for guests; staff get the language itself.
    """
    if path.parent.parent.name not in _LOCALES:
        return texts
    return [text for text in texts if not all(map(_STAFF_PAGES.match, text.places))]


def read_catalogue(path: Path) -> Catalog:
    """Read a .po file.

    Raises:
        OSError: it cannot be read.
        PoFileError: it is no .po file.
    """
    folder = path.parent.parent.name
    with path.open("rb") as file:
        return read_po(file, locale=_LOCALES.get(folder, folder), abort_invalid=True)


def find_faults(catalogue: Catalog, texts: list[Text]) -> Iterator[str]:
    """Yield a sentence for each text that the catalogue lacks, spoils or has too many."""
    used = {text.key for text in texts}
    entries = {(_first(m.id), m.context): m for m in catalogue if m.id}
    for text in texts:
        entry = entries.get(text.key)
        if entry is None:
            yield f"{text.places[0]}: no entry for {text.msgids[0]!r}"
        else:
            yield from (f"{text.places[0]}: {fault}" for fault in _entry_faults(entry, text))
    for key, entry in entries.items():
        if key not in used:
            yield f"line {entry.lineno}: nobody says {key[0]!r}"
    for message in catalogue.obsolete.values():
        yield f"line {message.lineno}: obsolete entry {_first(message.id)!r}"


def compile_stale(root: Path = ROOT) -> list[Path]:
    """Write the .mo beside each .po that is newer; return those written."""
    written = []
    for po_path in [path for domain in DOMAINS for path in catalogue_paths(root, domain)]:
        mo_path = po_path.with_suffix(".mo")
        if mo_path.exists() and mo_path.stat().st_mtime_ns >= po_path.stat().st_mtime_ns:
            continue
        partial = mo_path.with_suffix(".mo.part")
        with partial.open("wb") as file:
            write_mo(file, read_catalogue(po_path))
        partial.replace(mo_path)
        written.append(mo_path)
    return written


def _extract_folder(root: Path, folder: str) -> Iterator[Text]:
    found = extract_from_dir(root / folder, method_map=METHODS, keywords=KEYWORDS)
    for name, line, msgid, _comments, context in found:
        msgids = (msgid,) if isinstance(msgid, str) else tuple(msgid)
        yield Text(msgids, context, (f"{folder}/{name}:{line}",))


def _first(msgid: str | list[str] | tuple[str, ...]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def _entry_faults(entry: Message, text: Text) -> Iterator[str]:
    said = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
    if not said or not all(s.strip() for s in said):
        yield f"{text.msgids[0]!r} is not translated"
        return
    if entry.fuzzy:
        yield f"{text.msgids[0]!r} is marked fuzzy"
    if len(text.msgids) > 1 and isinstance(entry.id, str):
        yield f"{text.msgids[0]!r} needs its plural, {text.msgids[1]!r}"
    wanted = placeholders(text.msgids[-1])
    for string in said:
        if placeholders(string) != wanted:
            yield f"{string!r} does not have the placeholders of {text.msgids[-1]!r}"


def placeholders(text: str) -> list[str]:
    """Return the placeholders of a text, `%(name)s` and `{name}`, in a fixed order."""
    return sorted(match.group(0) for match in _PLACEHOLDER.finditer(text))


def _as_entry(text: Text) -> str:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") + '"'

    lines = [f"#: {' '.join(text.places)}"]
    if text.context:
        lines.append(f"msgctxt {quoted(text.context)}")
    lines.append(f"msgid {quoted(text.msgids[0])}")
    if len(text.msgids) > 1:
        lines += [f"msgid_plural {quoted(text.msgids[1])}", 'msgstr[0] ""']
    else:
        lines.append('msgstr ""')
    return "\n".join(lines) + "\n"


def _check() -> int:
    faults = []
    count = 0
    for domain in DOMAINS:
        texts = extract_texts(domain=domain)
        count += len(texts)
        faults += [
            f"{path.relative_to(ROOT)}: {fault}"
            for path in catalogue_paths(domain=domain)
            for fault in find_faults(read_catalogue(path), texts_for(path, texts))
        ]
    print(*faults or [f"{count} texts, all of them in every language"], sep="\n")
    return 1 if faults else 0


def _missing() -> int:
    for domain in DOMAINS:
        texts = extract_texts(domain=domain)
        for path in catalogue_paths(domain=domain):
            have = {(_first(m.id), m.context) for m in read_catalogue(path) if m.id}
            print(f"# {path.relative_to(ROOT)}")
            wanted = texts_for(path, texts)
            print(*(_as_entry(text) for text in wanted if text.key not in have), sep="\n")
    return 0


def main(arguments: list[str]) -> int:
    """Run one command of the module's docstring; return the exit status."""
    match arguments:
        case ["check"]:
            return _check()
        case ["compile"]:
            compile_stale()
            return 0
        case ["missing"]:
            return _missing()
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
