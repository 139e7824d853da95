"""Snapshots whose blobs are named by a letter each."""

from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.git_tree import tree_id
from controller.change.names import CommitSha, ObjectId, RepoPath


def entry(letter: str, mode: FileMode = FileMode.REGULAR) -> TreeEntry:
    return TreeEntry(mode, ObjectId(letter.encode().hex().zfill(40)))


def tree(commit: str, files: dict[str, str], subtrees: dict[str, str] | None = None) -> Snapshot:
    entries = {RepoPath(path): entry(letter) for path, letter in files.items()}
    ids = {RepoPath(path): ObjectId(letter.encode().hex().zfill(40)) for path, letter in (subtrees or {}).items()}
    return Snapshot(CommitSha(commit.encode().hex().zfill(40)), tree_id(entries), entries, ids)
