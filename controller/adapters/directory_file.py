"""The directory port on a file: `DVO_DIRECTORY_FILE`, for companies without Entra ID.

The file is read at every question and understood anew when its bytes changed, so leaving a
group takes effect at once. It counts as a whole or not at all: while it is missing, unreadable
or faulty nobody is known. What the file may hold is `controller.identity.directory_file`'s part.
"""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from controller.change.facts import Account
from controller.errors import ConfigurationError, UnavailableError
from controller.identity.directory_file import DirectoryFile, read_directory
from controller.identity.principal import People

COMPONENT = "directory"


@dataclass(frozen=True, slots=True)
class _Understood:
    """What the file's bytes meant; one value, so that threads never see half of it."""

    content: bytes
    directory: DirectoryFile


class FileDirectory:
    """Knows the people that a file names."""

    def __init__(self, path: Path, read: Callable[[str, bytes], DirectoryFile] = read_directory) -> None:
        """Read `path` with `read`; beside Entra ID that is `read_links`."""
        self._path = path
        self._read = read
        self._understood: _Understood | None = None

    def load(self) -> None:
        """Read the file once, at start; `ConfigurationError` names every fault in it."""
        try:
            self._current()
        except OSError as error:
            raise ConfigurationError(f"the directory file cannot be read: {error}") from error

    def look_up(
        self, accounts: frozenset[Account], emails: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People:
        """Return who the file names behind each of `accounts`, `emails` and `logins`.

        Raises `UnavailableError`, naming the fault, while the file cannot be read or believed.
        """
        return self.current().people(accounts, emails, logins)

    def revision(self) -> str:
        """Return a digest of the file's bytes. Raises `UnavailableError` as `look_up` does."""
        return self.current().digest

    def current(self) -> DirectoryFile:
        """Return everything the file says now. Raises `UnavailableError` while it cannot be read or believed."""
        try:
            return self._current()
        except (OSError, ConfigurationError) as error:
            raise UnavailableError(str(error), component=COMPONENT) from error

    def _current(self) -> DirectoryFile:
        content = self._bytes()
        known = self._understood
        if known is None or known.content != content:
            known = _Understood(content, self._read(str(self._path), content))
            self._understood = known
        return known.directory

    def _bytes(self) -> bytes:
        # Opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(self._path.stat().st_mode):
            raise ConfigurationError(f"expected a regular file as directory, found {self._path} to be none")
        return self._path.read_bytes()
