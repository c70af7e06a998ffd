"""Runs a program that reads strangers' files with as little as it needs, in its own place.

    python -I -S office_launcher.py PARENT_PID FOLDER SOURCE PROGRAM [ARGUMENT ...]

It reads SOURCE and what the system has for all, writes in FOLDER alone, gets no network, no
other process, no more than 4 GiB of memory and 2 GiB for a file, a low priority, and dies
with the board. Of the project only `confinement` is imported: this is a script that has
become the program before the interpreter is warm (15 ms).
"""

import ctypes
import os
import resource
import signal
import sys

_MEMORY_BYTES = 4 << 30
_FILE_BYTES = 2 << 30
_NICE = 10
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def main(arguments: list[str]) -> None:
    """Become the program."""
    parent, folder, source, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)  # the board died before it could be noticed
    _leave_the_network(libc)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICE)
    _confine(command[0], folder, source)
    os.execv(command[0], command)  # noqa: S606  (no shell is what is wanted)


def _confine(program: str, folder: str, source: str) -> None:
    # A script knows nothing of the package it lies in.
    here = os.path.abspath(__file__)  # noqa: PTH100
    sys.path.insert(0, here.partition(f"{os.sep}whiteboard{os.sep}services{os.sep}")[0])
    from whiteboard.services.rendering import confinement

    confinement.confine_program(program, [source], [folder])


def _leave_the_network(libc: ctypes.CDLL) -> None:
    """Move into a network of nobody's. Where the system forbids that, settings must do."""
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  (pathlib takes 10 ms)
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
