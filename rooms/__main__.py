"""`python -m rooms`."""

from __future__ import annotations

import sys

from rooms.cli import main

if __name__ == "__main__":
    sys.exit(main())
