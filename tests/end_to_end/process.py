"""A controller as a process of its own: started, found at the port it chose, ended or killed."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.runner import Places, run
from tests.end_to_end.waiting import until

ROOT = Path(__file__).parents[2]
DVO = Path(sys.executable).with_name("dvo")
_ADDRESS = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:[0-9]+)")


@dataclass(frozen=True, slots=True)
class Started:
    """A process: its id, and what waits some seconds for its exit code."""

    pid: int
    exit_code: Callable[[float], int | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ControllerProcess:
    """A running controller."""

    process: Started
    address: str

    @property
    def has_ended(self) -> bool:
        return self.process.exit_code(0) is not None

    def wait_for_end(self) -> int:
        """Wait until it has ended and return its exit code."""
        code = self.process.exit_code(60)
        assert code is not None, "expected the controller to end, it still runs"
        return code

    def kill(self) -> None:
        """End it without a chance to say anything."""
        os.kill(self.process.pid, signal.SIGKILL)
        assert self.wait_for_end() == -signal.SIGKILL

    def stop(self) -> int:
        """Ask it to end, as a service supervisor does; return its exit code."""
        os.kill(self.process.pid, signal.SIGTERM)
        return self.wait_for_end()


def serve(environment: Mapping[str, str], places: Places) -> ControllerProcess:
    """Start `dvo serve` and return when it listens; what it writes is appended to its log."""
    with places.log.open("ab") as output:
        before = output.tell()
        process = subprocess.Popen(
            [DVO, "serve", "--port", "0"],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def exit_code(seconds: float) -> int | None:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    return _listening(Started(process.pid, exit_code), places.log, before)


def run_watched(environment: Mapping[str, str], places: Places) -> ControllerProcess:
    """Start the runner of these tests and return when it listens; its process has imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([run.__module__])
    before = places.log.stat().st_size if places.log.exists() else 0
    process = context.Process(target=run, args=(dict(environment), places))
    process.start()

    def exit_code(seconds: float) -> int | None:
        process.join(seconds)
        return process.exitcode

    assert process.pid is not None
    return _listening(Started(process.pid, exit_code), places.log, before)


def _listening(process: Started, log: Path, before: int) -> ControllerProcess:
    def look() -> str | None:
        written = log.read_bytes()[before:].decode() if log.exists() else ""
        assert process.exit_code(0) is None, f"the controller has ended: {written[-3000:]}"
        found = _ADDRESS.search(written)
        return found and found.group(1)

    return ControllerProcess(process, until(look, "the controller to listen"))


def descendants(pid: int) -> dict[int, str]:
    """Return the command lines of every process below `pid`, by process id."""
    parents, lines = {}, {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            stat = Path(f"/proc/{name}/stat").read_text("utf-8", "replace")
            lines[int(name)] = Path(f"/proc/{name}/cmdline").read_text("utf-8", "replace").replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(name)] = int(stat.rpartition(")")[2].split()[1])
    found: dict[int, str] = {}
    layer = {pid}
    while layer:
        layer = {child for child, parent in parents.items() if parent in layer}
        found |= {child: lines[child] for child in layer if child in lines}
    return found
