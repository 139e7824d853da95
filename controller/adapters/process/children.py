"""Agents as processes: started, found again and stopped.

The truth is /proc (proc(5)), not our memory: an agent of this runtime is a process whose
command line names a bundle below our folder and an instance id. A zombie has no command
line, so it counts as ended. Signals go through a pidfd (pidfd_open(2)), which never means
another process that got the same number. This file knows nothing of intents or health.
"""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.change.names import Digest
from controller.errors import UnavailableError

_FLAGS = ["-I", "-B"]
_CONFINEMENT = Path(__file__).with_name("confinement.py")
_BUNDLE_AT = 4
"""Where the bundle stands in the command line: after the interpreter, its flags and the confinement."""
_INSTANCE = "--instance"
_GRACE_SECONDS = 5.0
_MOMENT_MILLISECONDS = 1
_MOMENTS = 5000

# A child belongs to this process, not to the object that started it: whoever looks reaps it.
_started: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Child:
    """A running agent: its process and the instance it was started as."""

    pid: int
    instance: str


def spawn(folder: Path, bundle: Digest, instance: str, listening: socket.socket, log: Path) -> Child:
    """Start the bundle unpacked in `folder` on the bound socket `listening`.

    The child inherits nothing else: no variable, no descriptor but the socket and its log;
    `confinement` takes away what it could reach by itself.
    """
    descriptor = listening.fileno()
    arguments = ["--fd", str(descriptor), _INSTANCE, instance, "--bundle", bundle]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *_FLAGS, str(_CONFINEMENT), str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env={},
            close_fds=True,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    _started[process.pid] = process
    _wait_until_visible(process, folder)
    return Child(process.pid, instance)


def running(below: Path) -> tuple[Child, ...]:
    """Return every agent that runs a bundle somewhere below the folder `below`."""
    _reap()
    pids = (int(name) for name in os.listdir("/proc") if name.isdecimal())
    found = (_child(pid, below) for pid in pids)
    return tuple(child for child in found if child is not None)


def stop(child: Child, below: Path) -> None:
    """End `child`: asked first, killed when it does not listen. Returns when it has ended.

    Raises `UnavailableError` when even a killed process stays.
    """
    with _handle(child, below) as handle:
        if handle is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(handle, number)
            if _has_ended(handle, _GRACE_SECONDS):
                break
        else:
            raise UnavailableError(f"process {child.pid} of {child.instance} cannot be killed", component="process")
    _reap()


def wait_for_end(child: Child, below: Path, seconds: float) -> bool:
    """Wait at most `seconds` and return whether `child` has ended by then."""
    with _handle(child, below) as handle:
        return handle is None or _has_ended(handle, seconds)


def _wait_until_visible(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until /proc shows the new command line: for a moment of execve(2) it shows none.

    A child that stays unseen could never be found again, so it is not left running.
    """
    for _ in range(_MOMENTS):
        if process.poll() is not None or _child(process.pid, folder) is not None:
            return
        select.poll().poll(_MOMENT_MILLISECONDS)
    process.kill()
    raise UnavailableError("the command lines of processes cannot be read in /proc", component="process")


@contextmanager
def _handle(child: Child, below: Path) -> Iterator[int | None]:
    """Yield a descriptor of the process of `child`, or None when it has ended."""
    try:
        handle = os.pidfd_open(child.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle if _child(child.pid, below) == child else None
    finally:
        os.close(handle)


def _has_ended(handle: int, seconds: float) -> bool:
    watch = select.poll()
    watch.register(handle, select.POLLIN)
    return bool(watch.poll(seconds * 1000))


def _child(pid: int, below: Path) -> Child | None:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None  # ended meanwhile, or another user's and so none of ours
    arguments = [os.fsdecode(part) for part in line.split(b"\0")]
    if len(arguments) <= _BUNDLE_AT or arguments[1:3] != _FLAGS or _INSTANCE not in arguments[:-1]:
        return None
    if not Path(arguments[_BUNDLE_AT]).is_relative_to(below):
        return None
    return Child(pid, arguments[arguments.index(_INSTANCE) + 1])


def _reap() -> None:
    for pid, process in list(_started.items()):
        if process.poll() is not None and _started.get(pid) is process:
            del _started[pid]
