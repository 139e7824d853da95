"""Git as a child process: fixed arguments, an empty environment, no hooks, no replaced objects.

Nothing of the machine's or the user's configuration reaches it, so the ledger means the same
everywhere. Every failure becomes `UnavailableError` here; what it means is the caller's to say.
"""

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

from controller.adapters.git_ledger.objects import GitObject, Tree, read_tree
from controller.errors import UnavailableError
from controller.ledger.redaction import redacted_text

COMPONENT = "ledger"

_SECONDS = 60
_REMEMBERED_TREES = 32
_OPTIONS = (
    "--no-replace-objects",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsync=all",
    "-c", "core.filesRefLockTimeout=2000",
    "-c", "gc.auto=0",
    "-c", "gpg.format=ssh",
)  # fmt: skip


def environment() -> dict[str, str]:
    """Return the environment Git runs in."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:https:ssh",
        "GIT_DEFAULT_HASH": "sha1",
        "GIT_DEFAULT_REF_FORMAT": "files",
    }


class GitFailedError(UnavailableError):
    """Git ended with another exit code than 0."""

    def __init__(self, arguments: tuple[str, ...], code: int, stderr: bytes) -> None:
        self.code = code
        said = redacted_text(stderr.decode("utf-8", "replace").strip())[-500:]
        super().__init__(f"git {arguments[0]} ended with {code}: {said}", component=COMPONENT)


class Git:
    """Runs Git on one repository."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str, content: bytes = b"", options: tuple[str, ...] = ()) -> bytes:
        """Return what ``git <arguments>`` prints. Raises `GitFailedError`, or `UnavailableError` when it cannot run."""
        try:
            done = subprocess.run(
                [_program(), f"--git-dir={self.path}", *_OPTIONS, *options, *arguments],
                input=content,
                capture_output=True,
                env=environment(),
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UnavailableError(f"git {arguments[0]} did not run: {error}", component=COMPONENT) from error
        if done.returncode != 0:
            raise GitFailedError(arguments, done.returncode, done.stderr)
        return done.stdout

    def initialise(self) -> None:
        """Make an empty bare repository, with the formats named instead of whatever Git prefers today."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnavailableError(f"{self.path.parent} cannot be made: {error}", component=COMPONENT) from error
        self.run("init", "--quiet", "--bare", "--object-format=sha1", "--initial-branch=main", "--template=",
                 str(self.path))  # fmt: skip

    def objects(self) -> "ObjectReader":
        """Return a reader of the repository's objects; use it with ``with``."""
        return ObjectReader([_program(), f"--git-dir={self.path}", *_OPTIONS, "cat-file", "--batch"])


class UnreadableObjectError(UnavailableError):
    """An object is missing, cut, or not what its id says."""

    def __init__(self, object_id: str, reason: str) -> None:
        super().__init__(f"object {object_id} cannot be read: {reason}", component=COMPONENT)
        self.reason = reason


class ObjectReader:
    """Reads objects through one ``git cat-file --batch``, and recomputes each id."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._trees: dict[str, Tree] = {}

    def __enter__(self) -> "ObjectReader":
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        except OSError as error:
            raise UnavailableError(f"git cat-file did not run: {error}", component=COMPONENT) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, object_id: str, kind: str) -> bytes:
        """Return the content of an object of `kind`; raises `UnreadableObjectError`."""
        found, size = self._header(object_id)
        content = self._exactly(object_id, size + 1)[:-1]
        if found != kind:
            raise UnreadableObjectError(object_id, f"expected a {kind}, found a {found}")
        if (computed := GitObject(kind, content).id) != object_id:
            raise UnreadableObjectError(object_id, f"its content has the id {computed}")
        return content

    def tree(self, object_id: str) -> Tree:
        """Return a tree, the last few read being remembered; raises `UnreadableObjectError` and `InputError`."""
        known = self._trees.pop(object_id, None)
        tree = read_tree(self.read(object_id, "tree")) if known is None else known
        self._trees[object_id] = tree
        if len(self._trees) > _REMEMBERED_TREES:
            del self._trees[next(iter(self._trees))]
        return tree

    def _header(self, object_id: str) -> tuple[str, int]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - opened as a pipe above; this tells mypy so
        assert stdout is not None  # noqa: S101 - likewise
        try:
            stdin.write(object_id.encode("ascii") + b"\n")
            stdin.flush()
            line = stdout.readline()
        except OSError as error:
            raise self._ended(object_id) from error
        words = line.decode("ascii", "replace").split()
        if not words:
            raise self._ended(object_id)
        if len(words) != 3 or words[0] != object_id:
            raise UnreadableObjectError(object_id, words[-1])
        return words[1], int(words[2])

    def _exactly(self, object_id: str, size: int) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - opened as a pipe above; this tells mypy so
        content = stdout.read(size)
        if len(content) != size:
            raise self._ended(object_id)
        return content

    def _ended(self, object_id: str) -> UnavailableError:
        """Git ends by itself at an object it finds corrupt; ended by a signal, it says nothing about the object."""
        code = self._process.wait(_SECONDS)
        if code < 0:
            return UnavailableError(f"git cat-file was ended by signal {-code}", component=COMPONENT)
        return UnreadableObjectError(object_id, f"git ended with {code} while reading it")


def _program() -> str:
    program = shutil.which("git")
    if program is None:
        raise UnavailableError("git is not installed, or not in PATH", component=COMPONENT)
    return program
