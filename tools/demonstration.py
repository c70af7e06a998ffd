"""Shows on a virtual display that Kokuban works, and leaves pictures under demo-output/.

`make demo`, and `make run` where there is no display. The acts are played in order, each on
its own folder under the output; a new one is a function that takes a `Stage` and a line in
`ACTS`. An act that fails says so, and the others are still played.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import demonstration_board, demonstration_documents, demonstration_rooms
from tools.running import ROOT, EndedError
from tools.stage import ActError, Stage
from tools.x11 import Pointer, Screen, X11Error, start_xvfb

OUTPUT: Final = ROOT / "demo-output"
SIZE_PX: Final = (1920, 1080)
EXIT_FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the demonstration: the name of its folder, and what happens."""

    name: str
    play: Callable[[Stage], None]


ACTS: Final = (
    Act("board", demonstration_board.play),
    Act("documents", demonstration_documents.play),
    Act("rooms", demonstration_rooms.play),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the acts; return 0 when all went well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the pictures")
    parser.add_argument("--act", choices=[act.name for act in ACTS], help="this one alone")
    chosen = parser.parse_args(arguments)
    # Exports are made here too, by the program's own services, and they set type.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    began_s = time.monotonic()
    wanted = [act for act in ACTS if chosen.act in (None, act.name)]
    failed = [act.name for act in wanted if not _play(act, chosen.output)]
    seconds = time.monotonic() - began_s
    if failed:
        print(f"Not all went well ({', '.join(failed)}), after {seconds:.0f} s.")
        return EXIT_FAILED
    pictures = sum(path.suffix == ".png" for path in chosen.output.rglob("*"))
    print(f"All went well, in {seconds:.0f} s: {pictures} pictures lie in {chosen.output}.")
    return 0


def _play(act: Act, output: Path) -> bool:
    folder = output / act.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with (
            start_xvfb(*SIZE_PX) as server,
            Pointer(server) as pointer,
            Screen(server) as screen,
        ):
            act.play(Stage(server, pointer, screen, folder))
    except (ActError, EndedError, X11Error, TimeoutError) as error:
        print(f"  This did not go well: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
