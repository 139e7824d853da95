"""Git as a child process that only reads: fixed arguments, a small environment, nothing fetched.

Plumbing alone runs here, which starts no hook, filter, pager or program that a repository's
configuration names; so a repository that belongs to somebody else may be read. The two
questions that need the person's own configuration are asked apart.
"""

import os
import subprocess
from pathlib import Path

from controller.errors import InputError, UnavailableError

_SECONDS = 60
_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}


class GitRefusedError(InputError):
    """Git ran and refused what it was asked."""

    advice = "Give a clone with --repo, and branches or commits that it has; `git fetch` brings them up to date."


class Git:
    """Runs Git in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, *arguments: str, content: bytes = b"") -> bytes:
        """Return what plumbing prints. Raises `GitRefusedError`, or `UnavailableError` when Git does not run."""
        alone = {"HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        return self._run(("-c", "safe.directory=*", *arguments), content, alone)

    def ask_as_person(self, *arguments: str) -> bytes | None:
        """Return what Git prints under the person's own configuration; None when it refuses."""
        own = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME") if name in os.environ}
        try:
            return self._run(arguments, b"", own)
        except GitRefusedError:
            return None

    def _run(self, arguments: tuple[str, ...], content: bytes, environment: dict[str, str]) -> bytes:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.folder), *_QUIET, *arguments],
                input=content,
                capture_output=True,
                env={"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT, **environment},
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UnavailableError(f"git does not run: {error}", component="git") from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
            raise GitRefusedError(f"git refused in {self.folder}: {said[-300:]}")
        return done.stdout
