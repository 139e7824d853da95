"""The bare git repository on disk: run git by fixed argv, read and write objects, move refs.

Reading goes through one long-lived `git cat-file --batch` per store, because an object read is then 0.1 ms and not a
process. Git runs with an empty environment, no system or user configuration and no shell. What commits, trees and
differences mean is in `git_objects.py` and `git_history.py`.
"""

import hashlib
import os
import subprocess
import tempfile
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

NO_OBJECT = "0" * 40
_REMEMBERED = 2000
_Answer = TypeVar("_Answer")
_CONFIGURATION = """
[gc]
\tauto = 0
[receive]
\tautogc = false
[uploadpack]
\tallowAnySHA1InWant = true
"""
_UPDATE_HOOK = """#!/bin/sh
# Names the refs this push may not move; the server decides, this hook only refuses.
case "$SANDBOX_REFUSED_REFS" in
  *" $1 "*) echo "error: GH006: Protected branch update failed for $1." >&2; exit 1 ;;
esac
case "$SANDBOX_FORWARD_REFS" in
  *" $1 "*) git merge-base --is-ancestor "$2" "$3" || {
    echo "error: GH006: Protected branch update failed for $1: cannot force-push." >&2; exit 1; } ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Move:
    """A ref that goes from one object to another; `NO_OBJECT` is where a new ref comes from and a deleted one goes."""

    ref: str
    before: str
    after: str

    @property
    def creates(self) -> bool:
        """Tell whether the ref is new."""
        return self.before == NO_OBJECT

    @property
    def deletes(self) -> bool:
        """Tell whether the ref ends."""
        return self.after == NO_OBJECT


class GitError(Exception):
    """Git ended with an error; the message is what it wrote."""


class GitStore:
    """One bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._reader: subprocess.Popen[bytes] | None = None
        self._memory: dict[tuple[str, ...], object] = {}

    @classmethod
    def create(cls, path: Path, default_branch: str) -> "GitStore":
        """Make a new bare repository that serves any object by id and never collects garbage."""
        path.mkdir(parents=True)
        store = cls(path)
        store.run("init", "--quiet", "--bare", f"--initial-branch={default_branch}", ".")
        with (path / "config").open("a") as configuration:
            configuration.write(_CONFIGURATION)
        hook = path / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_UPDATE_HOOK)
        hook.chmod(0o755)
        return store

    def attempt(
        self, *argv: str, given: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run git and return how it ended, whatever that was."""
        return subprocess.run(
            ["git", *argv], cwd=self.path, input=given, capture_output=True, env=_environment(environment), check=False
        )

    def run(self, *argv: str, given: bytes = b"") -> bytes:
        """Run git and return what it printed; raise `GitError` when it failed."""
        done = self.attempt(*argv, given=given)
        if done.returncode != 0:
            raise GitError(done.stderr.decode(errors="replace").strip())
        return done.stdout

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """Return (object id, type, content) of an object name, or None when there is none."""
        if not name or any(ord(character) < 33 or ord(character) == 127 for character in name):
            return None
        with self._lock:
            reader = self._running_reader()
            if reader.stdin is None or reader.stdout is None:
                raise GitError("cat-file has no pipes")
            reader.stdin.write(name.encode() + b"\n")
            reader.stdin.flush()
            header = reader.stdout.readline().split()
            if len(header) != 3 or header[1] in (b"missing", b"ambiguous"):
                return None
            content = reader.stdout.read(int(header[2]))
            reader.stdout.read(1)
        return header[0].decode(), header[1].decode(), content

    def write(self, kind: str, content: bytes) -> str:
        """Store a loose object, as git itself would, and return its id."""
        whole = b"%s %d\0" % (kind.encode(), len(content)) + content
        oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        target = self.path / "objects" / oid[:2] / oid[2:]
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as written:
                written.write(zlib.compress(whole, 1))
            Path(written.name).rename(target)
        return oid

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return every ref under a prefix with the object it names."""
        listing = self.run("for-each-ref", "--format=%(objectname) %(refname)", prefix).decode()
        pairs = (line.split(" ", 1) for line in listing.splitlines())
        return {name: oid for oid, name in pairs}

    def move(self, ref: str, new: str | None, *, expected: str | None = None) -> None:
        """Set or (with None) delete a ref; with `expected`, only if it still stands there."""
        guard = () if expected is None else (expected,)
        if new is None:
            self.run("update-ref", "-d", ref, *guard)
        else:
            self.run("update-ref", ref, new, *guard)

    def remember(self, key: tuple[str, ...], compute: Callable[[], _Answer]) -> _Answer:
        """Return what was computed for this key before; only for answers about ids, which never change."""
        if key not in self._memory:
            if len(self._memory) > _REMEMBERED:
                self._memory.clear()
            self._memory[key] = compute()
        return cast(_Answer, self._memory[key])

    def close(self) -> None:
        """End the reading process."""
        with self._lock:
            if self._reader is not None:
                self._reader.kill()
                self._reader.communicate()
                self._reader = None

    def _running_reader(self) -> "subprocess.Popen[bytes]":
        if self._reader is None or self._reader.poll() is not None:
            self._reader = subprocess.Popen(
                ["git", "cat-file", "--batch"],
                cwd=self.path,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(None),
            )
        return self._reader


def valid_ref(store: GitStore, ref: str) -> bool:
    """Tell whether git accepts this as a full ref name."""
    return not ref.startswith("-") and store.attempt("check-ref-format", ref).returncode == 0


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    settled = {
        "PATH": os.defpath + ":/usr/local/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
    return {**settled, **(extra or {})}
