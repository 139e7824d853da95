"""The base tip with a pull request's files put on it, file by file.

What a merge would give if Git merged whole files: each controlled file comes from the side
that changed it since the merge base. A file that both sides changed, to different results,
is a conflict: the pull request waits for an updated branch, and meanwhile the file is shown
as the base has it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.change.facts import Snapshot, TreeEntry
from controller.change.git_tree import tree_id
from controller.change.names import ObjectId, RepoPath


@dataclass(frozen=True, slots=True)
class Overlay:
    """The combined tree, and the files that cannot be combined, sorted."""

    snapshot: Snapshot
    """Carries the commit of the head. Unless one side changed nothing, `tree` is the id of the
    controlled files alone, and `subtrees` lists the folders that are as one side has them."""
    conflicts: tuple[RepoPath, ...]


def overlay(base: Snapshot, merge_base: Snapshot, head: Snapshot) -> Overlay:
    """Return `base` with what `head` changed since `merge_base` put on it."""
    if base.entries == merge_base.entries:
        return Overlay(head, ())
    if head.entries == merge_base.entries:
        return Overlay(base, ())
    entries: dict[RepoPath, TreeEntry] = {}
    conflicts: set[RepoPath] = set()
    for path in sorted(base.entries.keys() | merge_base.entries.keys() | head.entries.keys()):
        ours, before, theirs = (side.entries.get(path) for side in (base, merge_base, head))
        chosen = theirs if ours == before else ours
        if chosen is not None:
            entries[path] = chosen
        if theirs not in (before, ours) and ours != before:
            conflicts.add(path)
    for path in tuple(_under_a_file(entries)):
        conflicts.add(path)
        del entries[path]
    combined = Snapshot(head.commit, tree_id(entries), entries, _subtrees(base, merge_base, head))
    return Overlay(combined, tuple(sorted(conflicts)))


def is_clean_merge(ours: Snapshot, merge_base: Snapshot, theirs: Snapshot, result: Snapshot) -> bool:
    """Return whether every controlled file of `result` comes from the side that changed it since `merge_base`.

    False where both sides changed one file to different results: whatever stands there, somebody may have written it.
    """
    laid_over = overlay(ours, merge_base, theirs)
    return not laid_over.conflicts and laid_over.snapshot.entries == result.entries


def _under_a_file(entries: Mapping[RepoPath, TreeEntry]) -> Iterator[RepoPath]:
    """Yield the paths that run through what is a file: one side has a folder where the other has none."""
    for path in entries:
        parts = path.split("/")
        if any(RepoPath("/".join(parts[:length])) in entries for length in range(1, len(parts))):
            yield path


def _subtrees(base: Snapshot, merge_base: Snapshot, head: Snapshot) -> dict[RepoPath, ObjectId]:
    """Return the folders known to be as one side has them; no id is guessed for the others."""
    told: dict[RepoPath, ObjectId] = {}
    for path in base.subtrees.keys() & head.subtrees.keys():
        ours, before, theirs = base.subtrees[path], merge_base.subtrees.get(path), head.subtrees[path]
        if theirs in (ours, before):
            told[path] = ours
        elif ours == before:
            told[path] = theirs
    return told
