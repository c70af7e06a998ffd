"""`make demo` as a fresh machine runs it: no display, and everything in order afterwards."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.source import ROOT

PICTURES = {
    "1-written.png",
    "2-after-the-kill.png",
    "board.png",
    "home-en-dark.png",
    "home-en-white.png",
    "home-ja-dark.png",
    "home-ja-white.png",
}
OTHERS = {"board.kokuban", "board.pdf", "board.svg"}
DOCUMENTS = {
    "1-opened.png",
    "2-written-1.png",
    "2-written-2.png",
    "3-take-away.png",
    "4-opened-again.png",
    "deck-with-ink.pdf",
}


def test_demonstration_plays_its_acts_and_leaves_its_pictures(tmp_path: Path) -> None:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    done = subprocess.run(
        [sys.executable, "-m", "tools.demonstration", "--output", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].startswith("All went well")
    assert {path.name for path in (tmp_path / "board").iterdir()} >= PICTURES | OTHERS
    documents = {path.name for path in (tmp_path / "documents").iterdir()}
    assert documents >= DOCUMENTS
    # Without LibreOffice the deck is a PDF.
    assert documents & {"deck.pptx", "deck.pdf"}
