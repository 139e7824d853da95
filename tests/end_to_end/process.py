"""A controller as a process of its own: started, found at the port it chose, ended or killed."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.waiting import until

ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:[0-9]+)")


@dataclass(frozen=True, slots=True)
class ControllerProcess:
    """A running controller."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str

    @classmethod
    def started(cls, command: Sequence[str], environment: Mapping[str, str], log: Path) -> "ControllerProcess":
        """Start a controller and return when it listens; what it writes is appended to `log`."""
        before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

        def look() -> str | None:
            written = log.read_bytes()[before:].decode()
            assert process.poll() is None, f"the controller ended with {process.returncode}: {written[-3000:]}"
            found = _ADDRESS.search(written)
            return found and found.group(1)

        return cls(process, log, until(look, "the controller to listen"))

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def wait_for_death(self) -> None:
        """Wait until the controller has killed itself."""
        assert self.process.wait(60) == -signal.SIGKILL

    def kill(self) -> None:
        """End it without a chance to say anything."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """Ask it to end, as a service supervisor does; return its exit code."""
        self.process.terminate()
        return self.process.wait(60)


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
