"""The bytes behind a file of a tree, and whether they may be interpreted at all.

A file whose bytes are not among the gathered ones cannot be read: it is too large, or no file.
"""

from collections.abc import Iterable, Iterator, Mapping

from controller.change.facts import LARGEST_FILE, FileMode, Snapshot, TreeEntry
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.problem import Problem
from controller.errors import InputError


def bytes_of(entry: TreeEntry, path: RepoPath, contents: Mapping[ObjectId, bytes]) -> bytes:
    """Return the bytes of one file; `InputError` when they cannot be read."""
    try:
        return contents[entry.blob]
    except KeyError:
        raise InputError(f"expected the bytes of blob {entry.blob} ({path[:80]!a}), which cannot be read") from None


def is_regular(entry: TreeEntry) -> bool:
    """Return whether `entry` is an ordinary file, the only kind that is ever interpreted."""
    return entry.mode is FileMode.REGULAR


def unreadable(path: RepoPath) -> Problem:
    """Return what is wrong with a file whose bytes cannot be read."""
    message = f"its content cannot be read: expected a file of at most {LARGEST_FILE} bytes"
    return Problem(path, 1, 1, message, "Make it smaller, or take it out.")


def unreadable_files(
    tree: Snapshot, contents: Mapping[ObjectId, bytes], paths: Iterable[RepoPath]
) -> Iterator[Problem]:
    """Yield what is wrong with each of `paths` that `tree` has and whose bytes cannot be read.

    A submodule has none, which is told where kinds of files are.
    """
    for path in paths:
        entry = tree.entries.get(path)
        if entry is not None and entry.mode is not FileMode.SUBMODULE and entry.blob not in contents:
            yield unreadable(path)
