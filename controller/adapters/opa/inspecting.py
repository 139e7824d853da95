"""What the `opa` command tells about a policy folder on this machine: its notes, and its tests.

Nothing is served and nothing leaves the folder; OPA runs without our environment and with limits of
time and memory. What its words mean is read elsewhere.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from controller.adapters.opa.guard import guarded
from controller.errors import PolicyError, UnavailableError

_SECONDS = 60.0
_MEMORY_BYTES = 2 << 30
_TOLD = 2000


def inspect_notes(opa: Path, folder: Path) -> object:
    """Return what `opa inspect -a` tells of the policies in `folder`, paths relative to its repository.

    Raises `PolicyError` when they cannot be read, `UnavailableError` when OPA does not run.
    """
    repository = folder.parents[1]
    done = run_opa(opa, ["inspect", "-a", "--format", "json", str(folder.relative_to(repository))], repository)
    if done.returncode != 0:
        raise PolicyError(f"the policies cannot be read: {_words(done)}")
    try:
        told: object = json.loads(done.stdout)
    except ValueError as error:
        raise UnavailableError(f"OPA tells no notes: {error}", component="opa") from error
    return told


def run_opa(
    opa: Path, arguments: Sequence[str], folder: Path, seconds: float = _SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run `opa` in `folder` to its end. Raises `UnavailableError` when it does not run or not end."""
    if not opa.is_file():
        raise UnavailableError(f"OPA does not run: {opa}: No such file", component="opa")
    try:
        return subprocess.run(
            guarded(_MEMORY_BYTES, [str(opa.absolute()), *arguments]),
            cwd=folder,
            env={},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"OPA does not run: {error}", component="opa") from error


def _words(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())[:_TOLD] or "it says nothing"
