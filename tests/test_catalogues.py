"""Every text is there in every language, and the tool that says so can be trusted."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from base.text import LANGUAGES
from tests.support.source import ROOT
from tools.catalogues import (
    DOMAINS,
    KIOSK,
    ROOMS,
    Domain,
    Text,
    catalogue_paths,
    compile_stale,
    extract_texts,
    find_faults,
    placeholders,
    read_catalogue,
    texts_for,
)

SAVED = Text(("%(count)d page saved", "%(count)d pages saved"), None, ("a.py:1",))
HELLO = Text(("Hello {name}",), None, ("b.py:2",))


def catalogue(text: str) -> Catalog:
    return read_po(BytesIO(text.encode()), locale="ja")


CATALOGUES = [(domain, path) for domain in DOMAINS for path in catalogue_paths(domain=domain)]


@pytest.mark.parametrize(
    ("domain", "path"),
    CATALOGUES,
    ids=[f"{path.stem}-{path.parts[-3]}" for _, path in CATALOGUES],
)
def test_catalogue_fits_the_source(domain: Domain, path: Path) -> None:
    texts = texts_for(path, extract_texts(domain=domain))
    assert list(find_faults(read_catalogue(path), texts)) == []


@pytest.mark.parametrize(
    ("domain", "languages"), [(KIOSK, set(LANGUAGES) - {"en"}), (ROOMS, {"ja", "ja_easy"})]
)
def test_every_language_but_english_has_a_catalogue(
    domain: Domain, languages: set[str]
) -> None:
    assert {path.parts[-3] for path in catalogue_paths(domain=domain)} == languages


def test_easy_japanese_is_for_guests_and_needs_no_texts_of_staff() -> None:
    staff = Text(("Log",), None, ("rooms/web/templates/console_log.html:3",))
    both = Text(("Files",), None, (*staff.places, "rooms/web/templates/guest.html:9"))
    easy, plain = (Path(name, "LC_MESSAGES", "rooms.po") for name in ("ja_easy", "ja"))
    assert texts_for(easy, [staff, both]) == [both]
    assert texts_for(plain, [staff, both]) == [staff, both]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_no_text_is_made_before_it_is_marked(domain: Domain) -> None:
    # `_(f"…")` and `_(name)` cannot be extracted; ruff's INT rules refuse the first.
    assert all(text.msgids[0] for text in extract_texts(domain=domain))


def test_texts_of_pages_and_modules_are_found(tmp_path: Path) -> None:
    web = tmp_path / "rooms" / "web"
    (web / "static" / "vendor").mkdir(parents=True)
    (web / "templates").mkdir()
    (web / "static" / "a.js").write_text("texts.say('one', {name}); say('two %(a)s');", "utf-8")
    (web / "static" / "b.js").write_text("sayMany('%(count)s a', '%(count)s b', n);", "utf-8")
    (web / "static" / "vendor" / "c.js").write_text("say('foreign');", "utf-8")
    (web / "templates" / "d.html").write_text("<p>{{ _('three') }}</p>", "utf-8")
    assert [text.msgids for text in extract_texts(tmp_path, ROOMS)] == [
        ("%(count)s a", "%(count)s b"),
        ("one",),
        ("three",),
        ("two %(a)s",),
    ]


@pytest.mark.parametrize(
    ("po", "fault"),
    [
        ("", "no entry"),
        ('msgid "Hello {name}"\nmsgstr ""\n', "not translated"),
        ('#, fuzzy\nmsgid "Hello {name}"\nmsgstr "{name}さん"\n', "fuzzy"),
        ('msgid "Hello {name}"\nmsgstr "{nama}さん"\n', "placeholders"),
        ('msgid "Hello {name}"\nmsgstr "こんにちは"\n', "placeholders"),
        (
            'msgid "Hello {name}"\nmsgstr "{name}さん"\n\nmsgid "Bye"\nmsgstr "では"\n',
            "nobody says",
        ),
        (
            'msgid "Hello {name}"\nmsgstr "{name}さん"\n\n#~ msgid "Bye"\n#~ msgstr "では"\n',
            "obsolete",
        ),
    ],
)
def test_fault_in_a_catalogue_is_told(po: str, fault: str) -> None:
    (told,) = find_faults(catalogue(po), [HELLO])
    assert fault in told


def test_entry_without_its_plural_is_told() -> None:
    po = 'msgid "%(count)d page saved"\nmsgstr "%(count)dページ保存しました"\n'
    assert any("needs its plural" in fault for fault in find_faults(catalogue(po), [SAVED]))


def test_whole_catalogue_has_no_fault() -> None:
    po = (
        'msgid "Hello {name}"\nmsgstr "{name}さん"\n\n'
        'msgid "%(count)d page saved"\nmsgid_plural "%(count)d pages saved"\n'
        'msgstr[0] "%(count)dページ保存しました"\n'
    )
    assert list(find_faults(catalogue(po), [HELLO, SAVED])) == []


def test_texts_are_found_by_every_marker(tmp_path: Path) -> None:
    for folder in ("base", "kiosk", "whiteboard"):
        (tmp_path / folder).mkdir()
    (tmp_path / "kiosk" / "a.py").write_text(
        '_("one")\nN_("two")\nngettext("%(n)d a", "%(n)d b", 3)\npgettext("verb", "open")\n',
        "utf-8",
    )
    assert extract_texts(tmp_path) == [
        Text(("%(n)d a", "%(n)d b"), None, ("kiosk/a.py:3",)),
        Text(("one",), None, ("kiosk/a.py:1",)),
        Text(("open",), "verb", ("kiosk/a.py:4",)),
        Text(("two",), None, ("kiosk/a.py:2",)),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain, 100 %", []),
        ("%(n)d of %(total)d", ["%(n)d", "%(total)d"]),
        ("{name}: {size:.1f}", ["{name}", "{size:.1f}"]),
    ],
)
def test_placeholders_are_found(text: str, found: list[str]) -> None:
    assert placeholders(text) == found


def test_compiled_catalogue_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "assets" / "locale" / "ja" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = ROOT / "assets" / "locale" / "ja" / "LC_MESSAGES" / "kokuban.po"
    (folder / "kokuban.po").write_bytes(source.read_bytes())
    assert compile_stale(tmp_path) == [folder / "kokuban.mo"]
    assert compile_stale(tmp_path) == []
