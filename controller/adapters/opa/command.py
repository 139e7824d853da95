"""One run of the `opa` command to its end: without our environment, with limits of time and memory."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.adapters.opa.guard import guarded
from controller.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take."""

    seconds: float
    memory_bytes: int


def run_opa(opa: Path, arguments: Sequence[str], folder: Path, limits: Limits) -> subprocess.CompletedProcess[str]:
    """Run `opa` in `folder` to its end. Raises `UnavailableError` when it does not run or not end."""
    if not opa.is_file():
        raise UnavailableError(f"OPA does not run: {opa}: No such file", component="opa")
    try:
        return subprocess.run(
            guarded(limits.memory_bytes, [str(opa.absolute()), *arguments]),
            cwd=folder,
            env={},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=limits.seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"OPA does not run: {error}", component="opa") from error
