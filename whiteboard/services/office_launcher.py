"""Runs a program that reads strangers' files with as little as it needs, in its own place.

    python -I -S office_launcher.py PARENT_PID PROGRAM [ARGUMENT ...]

It gets no network, no more than 4 GiB of memory and 2 GiB for a file, a low priority, and
dies with the board. Nothing is imported from the project: this is a script that has become
the program before the interpreter is warm (15 ms).
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
    parent, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)  # the board died before it could be noticed
    _leave_the_network(libc)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICE)
    os.execv(command[0], command)  # noqa: S606  (no shell is what is wanted)


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
