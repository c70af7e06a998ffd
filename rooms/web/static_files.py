"""What browsers load: read once, compressed once, and kept by them for a year.

The address of every file has one version in it, made of the contents of all. Modules import one
another by relative paths, so they stay in the version that they came from; when anything
changes, the page names another version and nothing stale is ever mixed in.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent / "static"
PREFIX: Final = "/static"
# Smaller ones gain less than the header costs.
_WORTH_COMPRESSING: Final = 256
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_IMPORT: Final = re.compile(
    r"""^\s*(?:import|export)\s(?:[^'"();]*?\sfrom\s*)?['"](\.[^'"]+)['"]""", re.MULTILINE
)
_IMPORT_LATER: Final = re.compile(r"""\bimport\(\s*['"](\.[^'"]+)['"]\s*\)""")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent.

    Attributes:
        path: Below the folder, with "/".
        media_type: For Content-Type.
        plain: Its bytes.
        packed: The same in gzip; None where that gains nothing.
    """

    path: str
    media_type: str
    plain: bytes
    packed: bytes | None


class StaticFiles:
    """All files of a folder, in memory.

    Args:
        folder: Only files of the types that a page can use are taken.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {file.path: file for file in _read_all(folder)}
        digest = hashlib.sha256()
        for path, file in sorted(self._files.items()):
            digest.update(f"{path}\0{len(file.plain)}\0".encode())
            digest.update(file.plain)
        self.version: str = digest.hexdigest()[:16]

    def get(self, path: str) -> StaticFile | None:
        """Return a file, or None."""
        return self._files.get(path)

    def url(self, path: str) -> str:
        """Return the address of a file.

        Raises:
            KeyError: there is none of that name.
        """
        return f"{PREFIX}/{self.version}/{self._files[path].path}"

    def modules_of(self, entry: str, *, later: bool = False) -> list[str]:
        """Return a module and all that it imports, each before what it imports.

        Args:
            entry: Path of the module.
            later: Also what is imported when it is needed, by `import()`.

        Raises:
            KeyError: a module imports something that is not there.
        """
        found: list[str] = []
        waiting = [entry]
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            found.append(path)
            source = self._files[path].plain.decode()
            named = _IMPORT.findall(source) + (_IMPORT_LATER.findall(source) if later else [])
            waiting += [_resolve(path, name) for name in named]
        return found

    def source_of(self, entry: str) -> str:
        """Return the text of a module and of all that it imports, at once or later."""
        parts = [self._files[path] for path in self.modules_of(entry, later=True)]
        return "\n".join(part.plain.decode() for part in parts)


@cache
def static_files() -> StaticFiles:
    """Return the service's own files. The first call reads and compresses them all."""
    return StaticFiles()


def _read_all(folder: Path) -> list[StaticFile]:
    found = []
    for path in sorted(folder.rglob("*")):
        media_type = _TYPES.get(path.suffix)
        if media_type is None or not path.is_file():
            continue
        plain = path.read_bytes()
        packed = None
        if len(plain) >= _WORTH_COMPRESSING:
            # No time inside: the same files are the same bytes.
            packed = gzip.compress(plain, 9, mtime=0)
        name = path.relative_to(folder).as_posix()
        found.append(StaticFile(name, media_type, plain, packed))
    return found


def _resolve(path: str, name: str) -> str:
    parts = path.split("/")[:-1]
    for part in name.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
