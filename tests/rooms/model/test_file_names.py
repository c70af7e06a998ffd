"""Names from hell become names for every disk."""

import unicodedata

import pytest

from base.wire import MAX_FILE_NAME
from rooms.model.file_names import NAME_BYTES_MAX, safe_name

PDF = (".pdf",)


@pytest.mark.parametrize(
    ("typed", "safe"),
    [
        ("申請書.pdf", "申請書.pdf"),
        ("㈱山田.PDF", "㈱山田.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\me\\bill.pdf", "bill.pdf"),
        ("/", "file.pdf"),
        ("..", "file.pdf"),
        ("", "file.pdf"),
        (".pdf", "pdf.pdf"),
        ("   .pdf", "pdf.pdf"),
        ("bill.pdf.html", "bill.pdf.html.pdf"),
        ("bill.pdf\x00.html", "bill.pdf.html.pdf"),
        ("a\u202egnp.exe.pdf", "agnp.exe.pdf"),
        ("a\u200b\u2066b\ufeff.pdf", "ab.pdf"),
        ("line\nbreak\ttab.pdf", "line break tab.pdf"),
        ("\x1b[31mred.pdf", "[31mred.pdf"),
        ('a<b>c:d"e|f?g*h.pdf', "a_b_c_d_e_f_g_h.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("com1.tar.pdf", "_com1.tar.pdf"),
        ("lpt³.pdf", "_lpt³.pdf"),
        ("console.pdf", "console.pdf"),
        ("trailing. . .pdf", "trailing.pdf"),
        ("\ud800x.pdf", "x.pdf"),
        ("か\u3099.pdf", "が.pdf"),
        ("<script>alert(1)</script>.pdf", "script_.pdf"),
    ],
)
def test_name_is_made_safe(typed: str, safe: str) -> None:
    assert safe_name(typed, PDF) == safe


@pytest.mark.parametrize("typed", ["あ" * 500 + ".pdf", "𠮷" * 500, "x" * 5000 + ".pdf"])
def test_long_name_is_cut_and_keeps_its_suffix(typed: str) -> None:
    name = safe_name(typed, PDF)
    assert name.endswith(".pdf")
    assert len(name) <= MAX_FILE_NAME
    assert len(name.encode()) <= NAME_BYTES_MAX


def test_cut_is_not_between_a_letter_and_its_accents() -> None:
    # No composed letter exists for these, so they stay two.
    name = safe_name("q\u0323" * 200 + ".pdf", PDF)
    assert not unicodedata.combining(name[0])
    assert name.removesuffix(".pdf").endswith("\u0323")


@pytest.mark.parametrize("code", [*range(0x100), 0x202E, 0x2028, 0xD800, 0xFFFE, 0x10FFFF])
def test_any_letter_gives_a_name_that_can_be_encoded(code: int) -> None:
    name = safe_name(f"{chr(code)}.pdf", PDF)
    assert name.encode()
    assert "/" not in name
    assert name.isprintable()
