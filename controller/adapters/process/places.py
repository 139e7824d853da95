"""Where the process runtime keeps what it knows of one key, and who may change it.

    <home>/runtime/<environment>/<agent>/
        lock              held while something of this key changes
        current.json      what runs
        candidate.json    what is being started beside it
        bundles/<digest>/ the bundles of both
        logs/<instance>   what an agent wrote to its standard error

A key has at most one candidate: a newer intent replaces an older one. Files are written
whole or not at all, and are on the disk before anything is done because of them.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.desired_state.manifest import Key


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one key."""

    root: Path

    @property
    def current(self) -> Path:
        """The record of what runs."""
        return self.root / "current.json"

    @property
    def candidate(self) -> Path:
        """The record of what is being started."""
        return self.root / "candidate.json"

    @property
    def bundles(self) -> Path:
        """The folder of unpacked bundles."""
        return self.root / "bundles"

    @property
    def logs(self) -> Path:
        """The folder of what agents wrote."""
        return self.root / "logs"


def place_of(home: Path, key: Key) -> Place:
    """Return the folder of `key`; both parts of a key are safe names by their types."""
    return Place(home / "runtime" / key.environment / key.agent.lower())


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Hold `place` against every other process and thread; the kernel frees it when its holder dies."""
    place.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(place.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole, and have it on the disk on return."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    move_durably(draft, path)


def move_durably(source: Path, target: Path) -> None:
    """Rename `source` to `target`, replacing a file there, and have that on the disk on return."""
    source.replace(target)
    _sync_folder(target.parent)


def remove_durably(path: Path) -> None:
    """Remove the file at `path`, if there is one, and have that on the disk on return."""
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
