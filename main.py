"""The one entry point; all else is in `kiosk.cli`."""

import sys

from kiosk.cli import main

if __name__ == "__main__":
    sys.exit(main())
