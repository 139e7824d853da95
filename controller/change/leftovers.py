"""What main holds that was never admitted, file by file, and whether a change puts it back.

Pure set algebra on trees: who left what there is told by the history of main.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from controller.change.facts import Snapshot, TreeEntry
from controller.change.names import CommitSha, RepoPath


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file of main that a refused commit changed, and the entry that was admitted for it (None: no such file)."""

    commit: CommitSha
    admitted: TreeEntry | None


Leftovers = Mapping[RepoPath, Leftover]


def remaining(leftovers: Leftovers, tree: Snapshot) -> Leftovers:
    """Return those of `leftovers` that `tree` holds otherwise than was admitted."""
    return {path: left for path, left in leftovers.items() if tree.entries.get(path) != left.admitted}


def put_back(leftovers: Leftovers, tree: Snapshot) -> Snapshot:
    """Return the files of `tree` with `leftovers` as they were admitted; it keeps the ids of `tree`."""
    admitted = {path: left.admitted for path, left in leftovers.items()}
    entries = {path: entry for path, entry in {**tree.entries, **admitted}.items() if entry is not None}
    return replace(tree, entries=entries)


def restores(leftovers: Leftovers, before: Snapshot, after: Snapshot) -> bool:
    """Return whether all that differs from `before` to `after` is a leftover that becomes what was admitted for it."""
    every = before.entries.keys() | after.entries.keys()
    changed = [path for path in every if before.entries.get(path) != after.entries.get(path)]
    return bool(changed) and all(
        path in leftovers and after.entries.get(path) == leftovers[path].admitted for path in changed
    )
