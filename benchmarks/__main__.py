"""Runs all benchmarks one after the other and sums up: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ALL: Final = (
    "ink_latency",
    "ten_contacts",
    "board_work",
    "documents",
    "geometry",
    "start_idle",
    "kill_recovery",
    "chalk_sound",
    "rooms_join",
    "rooms_ink",
    "rooms_relay",
    "rooms_late",
    "rooms_lobby",
    "rooms_kill",
    "rooms_pages",
)
RESULTS: Final = Path("build") / "benchmarks"


def main() -> int:
    """Run every benchmark and return 0 when every bar held."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    missed = []
    for name in ALL:
        print(f"== {name}", file=sys.stderr, flush=True)
        with (RESULTS / f"{name}.json").open("wb") as result:
            command = [sys.executable, "-m", f"benchmarks.{name}"]
            if subprocess.run(command, stdout=result, check=False).returncode != 0:
                missed.append(name)
    print(f"results in {RESULTS}; bars missed in: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
