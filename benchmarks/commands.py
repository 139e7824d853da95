"""How long a person waits for the command line: help, and a check of a branch before any pull request."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.figure import Figure
from controller.compose.demo import project_content

_PROJECT = Path(__file__).resolve().parents[1]
_DVO = str(Path(sys.executable).with_name("dvo"))
_MANIFEST = "environments/development/anl.yaml"
_ROUNDS = 15


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure as it is known; help and the bare interpreter take turns."""
    bare, helped = [], []
    for _ in range(_ROUNDS):
        bare.append(_seconds([sys.executable, "-c", "pass"]))
        helped.append(_seconds([_DVO, "--help"]))
    ratio = statistics.median(helped) / statistics.median(bare)
    yield Figure("`dvo --help` against a bare `python -c pass`", ratio, "times", 8)
    with tempfile.TemporaryDirectory(prefix="dvo-bench-") as folder:
        clone = _clone(Path(folder))
        people = str(_PROJECT / "examples" / "directory.yaml")
        command = [_DVO, "check", "--repo", str(clone), "--as", "dana-dev", "--directory", people]
        checks = [_seconds(command) for _ in range(_ROUNDS)]
    yield Figure("`dvo check` on the sample repository, its OPA included, median", statistics.median(checks), "s", 1.5)


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def _clone(folder: Path) -> Path:
    """Return a clone of the sample repository on a branch that moves one manifest."""
    for path, content in project_content(_PROJECT).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(folder, "Begin")
    _git(folder, "switch", "--quiet", "--create", "change")
    manifest = folder / _MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(b"replicas: 1", b"replicas: 2"))
    _commit(folder, "Two replicas")
    return folder


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message)


def _git(folder: Path, *arguments: str) -> None:
    who = {f"GIT_{part}_{name}": value for part in ("AUTHOR", "COMMITTER") for name, value in _DANA.items()}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env={**os.environ, **who})


_DANA: Mapping[str, str] = {"NAME": "dana-dev", "EMAIL": "dana@example.com"}
