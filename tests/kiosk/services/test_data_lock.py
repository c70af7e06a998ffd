import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.services.data_lock import DataDirInUseError, DataLock

HOLD = """
import sys
from pathlib import Path
from kiosk.services.data_lock import DataLock
lock = DataLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_second_process_is_refused_until_the_first_dies(data_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataDirInUseError):
            DataLock(data_dir)
        holder.kill()
    DataLock(data_dir).release()


def test_other_folder_is_free(data_dir: Path, tmp_path: Path) -> None:
    first = DataLock(data_dir)
    DataLock(tmp_path).release()
    first.release()
