"""A fault in a controlled file: where it is, what is wrong, what to do.

Faults are values, collected all at once; a file with one still lets the others be judged.
"""

from dataclasses import dataclass

from controller.change.names import RepoPath


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault at one place; line and column count from 1 (1:1 where the whole file is meant)."""

    path: RepoPath
    line: int
    column: int
    message: str
    """What was found and what was expected, safe to show: never a secret, no control characters."""
    remedy: str
    """What to do, in one sentence."""

    def __str__(self) -> str:
        """Return ``path:line:column: message``, the form editors understand, on one printable line."""
        path = self.path if self.path.isascii() and self.path.isprintable() else ascii(self.path)
        return f"{path}:{self.line}:{self.column}: {self.message}"
