"""Becomes another program that dies with its parent and cannot take all memory, nor fill the disk.

Run as a script in a fresh interpreter: `guard.py <parent> <bytes> <program> [argument ...]`.
A parent that is killed cannot stop its children any more; on Linux the kernel does it.
Elsewhere a child is stopped only by the parent that ends in order.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def guarded(most_bytes: int, command: list[str]) -> list[str]:
    """Return the command line that runs `command` under this guard as a child of this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(most_bytes), *command]


def main(parent: int, most_bytes: int, command: list[str]) -> None:
    """Replace this process by `command`, whose environment says nothing but how to collect its garbage."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent is gone already")
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what it was asked stays in memory
    try:
        os.execve(command[0], command, _environment(most_bytes))  # noqa: S606 - no shell is meant
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


def _environment(most_bytes: int) -> dict[str, str]:
    """Collect at five times what is in use, not at twice: most of what a decision leaves behind dies with it.

    Near the limit, at which the kernel refuses more, Go collects as often as it must.
    """
    return {"GOGC": "400", "GOMEMLIMIT": str(most_bytes // 4 * 3)}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
