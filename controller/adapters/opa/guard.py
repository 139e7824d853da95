"""Becomes another program that dies with its parent and cannot take all memory.

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


def main(parent: int, most_bytes: int, command: list[str]) -> None:
    """Replace this process by `command`, with an empty environment."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent is gone already")
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
    try:
        os.execve(command[0], command, {})  # noqa: S606 - no shell is meant
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
