"""The merges the server makes: test merge, merge commit, squash, rebase, update of a branch.

Each works on the bare repository with `git merge-tree --write-tree` and writes commits, never a work tree. A rebase
replays one commit at a time as a three-way merge whose base is that commit's parent. Moving refs is the caller's work.
"""

from dataclasses import dataclass

from controller.sandbox.git_history import commits_between
from controller.sandbox.git_objects import CommitObject, NewCommit, Signature, known_commit, write_commit
from controller.sandbox.git_store import GitStore


class MergeConflictError(Exception):
    """The two sides changed the same lines."""


@dataclass(frozen=True, slots=True)
class Merging:
    """Two commits to bring together, by whom, and who is recorded as having written the commit."""

    store: GitStore
    base: str
    head: str
    person: Signature
    committer: Signature


def merged_tree(store: GitStore, base: str, head: str) -> str:
    """Return the tree of a clean merge."""
    done = store.attempt("merge-tree", "--write-tree", "--no-messages", base, head)
    if done.returncode != 0:
        raise MergeConflictError(done.stdout.decode(errors="replace"))
    return done.stdout.decode().split()[0]


def merge_commit(merging: Merging, message: str) -> str:
    """Return a commit with both parents."""
    return write_commit(
        merging.store,
        NewCommit(
            merged_tree(merging.store, merging.base, merging.head),
            (merging.base, merging.head),
            merging.person,
            merging.committer,
            message,
        ),
    )


def squash_commit(merging: Merging, author: Signature, message: str) -> str:
    """Return one commit on the base with everything the head brings."""
    return write_commit(
        merging.store,
        NewCommit(
            merged_tree(merging.store, merging.base, merging.head), (merging.base,), author, merging.committer, message
        ),
    )


def rebase_commits(merging: Merging) -> str:
    """Return the last of the head's own commits replayed on the base; merges are left out, as git rebase does."""
    store, tip = merging.store, merging.base
    own = [known_commit(store, oid) for oid in commits_between(store, merging.base, merging.head)]
    for commit in own:
        if len(commit.parents) == 1:
            tip = _replayed(merging, commit, tip)
    return tip


def co_authors(commits: list[CommitObject], author: Signature) -> list[str]:
    """Return the trailers that credit every other author of squashed commits."""
    seen = {author.email.lower()}
    trailers: list[str] = []
    for commit in commits:
        if commit.author.email.lower() not in seen:
            seen.add(commit.author.email.lower())
            trailers.append(f"Co-authored-by: {commit.author.name} <{commit.author.email}>")
    return trailers


def _replayed(merging: Merging, commit: CommitObject, onto: str) -> str:
    store, parent = merging.store, known_commit(merging.store, commit.parents[0])
    ours = _stand_in(merging, known_commit(store, onto).tree, parent.oid)
    theirs = _stand_in(merging, commit.tree, parent.oid)
    tree = merged_tree(store, ours, theirs)
    if tree == known_commit(store, onto).tree and commit.tree != parent.tree:
        return onto
    return write_commit(store, NewCommit(tree, (onto,), commit.author, merging.committer, commit.message))


def _stand_in(merging: Merging, tree: str, parent: str) -> str:
    # merge-tree before git 2.40 takes no explicit base: two commits on one parent make it the base.
    return write_commit(
        merging.store, NewCommit(tree, (parent,), merging.person, merging.committer, "stand-in for a replay")
    )
