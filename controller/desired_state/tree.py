"""The bytes behind a file of a tree, and whether they may be interpreted at all."""

from collections.abc import Mapping

from controller.change.facts import FileMode, TreeEntry
from controller.change.names import ObjectId, RepoPath
from controller.errors import InputError


def bytes_of(entry: TreeEntry, path: RepoPath, contents: Mapping[ObjectId, bytes]) -> bytes:
    """Return the bytes of one file; `InputError` when they were not gathered."""
    try:
        return contents[entry.blob]
    except KeyError:
        raise InputError(f"expected the bytes of blob {entry.blob} ({path[:80]!a}), which were not gathered") from None


def is_regular(entry: TreeEntry) -> bool:
    """Return whether `entry` is an ordinary file, the only kind that is ever interpreted."""
    return entry.mode is FileMode.REGULAR
