"""What an agent may touch, decided before its first line runs: `confinement.py <bundle> <arguments>`.

Run as a script by the interpreter of the child, it gives up rights for good with Landlock
(kernel documentation, "Landlock: unprivileged access control") and then runs the bundle:
files are readable only in the bundle and in Python's own folders, nothing is writable, no
TCP port is bound or called, and no process outside can be signalled or looked into - so the
controller's home, keys, tokens and environment stay out of reach even for the same user.
Each kernel does as much of this as it knows; one without Landlock does none of it. Needs
the standard library alone, because nothing else can be trusted to be there.
"""

import ctypes
import os
import resource
import runpy
import stat
import sys
from pathlib import Path

# Numbers from <linux/landlock.h>, <linux/prctl.h> and the system call table, equal on all architectures.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIRECTORY = 1, 2, 4, 8
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NETWORK_RIGHTS, _NETWORK_SINCE = 0b11, 4
_SCOPES, _SCOPES_SINCE = 0b11, 6

_SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
_DEVICES = ("/dev/null", "/dev/urandom")
_MOST_FILES = 256
_LARGEST_FILE = 4 * 1024 * 1024


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def landlock_version() -> int:
    """Return the version of Landlock this kernel speaks, 0 where it has none or has it switched off."""
    return max(0, int(_library().syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


def main() -> None:
    """Confine this process and run the bundle that the arguments name."""
    bundle, *arguments = sys.argv[1:]
    _limit()
    if landlock_version() > 0:
        _restrict(landlock_version(), Path(bundle))
    else:
        sys.stderr.write("this kernel has no Landlock: the agent is not confined\n")
    sys.argv = [bundle, *arguments]
    runpy.run_path(bundle, run_name="__main__")


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _limit() -> None:
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
    ):
        _, hard = resource.getrlimit(limit)
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (lowered, lowered))


def _restrict(version: int, bundle: Path) -> None:
    """Give up every right that `version` of Landlock knows, except reading what the bundle needs."""
    library = _library()
    files = _FILE_RIGHTS[max(known for known in _FILE_RIGHTS if known <= version)]
    network = _NETWORK_RIGHTS if version >= _NETWORK_SINCE else 0
    scopes = _SCOPES if version >= _SCOPES_SINCE else 0
    wanted = _Ruleset(files, network, scopes)
    size = 8 * (1 + (version >= _NETWORK_SINCE) + (version >= _SCOPES_SINCE))
    ruleset = _checked(library.syscall(_CREATE_RULESET, ctypes.byref(wanted), size, 0))
    for path in {bundle, *map(Path, (sys.prefix, sys.base_prefix, *_SYSTEM))}:
        _permit(library, ruleset, path, _EXECUTE | _READ_FILE | _READ_DIRECTORY)
    for path in map(Path, _DEVICES):
        _permit(library, ruleset, path, _READ_FILE | _WRITE_FILE)
    _checked(library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(library.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _permit(library: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # not every system has every folder
    try:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        rule = _Beneath(rights if is_folder else rights & ~_READ_DIRECTORY, descriptor)
        _checked(library.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(descriptor)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    main()
