"""Git objects in memory: blobs, trees and commits with the ids real Git would give them.

Enough of Git for a fake code host: histories, merge bases, three-way merges by whole files.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.change.facts import Account, Commit, FileMode, TreeEntry
from controller.change.names import CommitSha, ObjectId, RepoPath

Files = Mapping[str, bytes | str | TreeEntry | None]
"""Changes by path: bytes or text for a plain file, an entry for any other mode, None to remove."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who is written into a commit: an address, and the account the host knows for it."""

    account: Account | None
    email: str


@dataclass(frozen=True, slots=True)
class Authorship:
    """Everyone a new commit names."""

    author: Signature
    committer: Signature
    co_authors: tuple[str, ...] = ()
    is_verified: bool = False


def object_id(kind: str, content: bytes) -> str:
    """Return the id Git gives an object (Git, "Git Objects")."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


@dataclass
class Objects:
    """Every object of one repository."""

    blobs: dict[ObjectId, bytes] = field(default_factory=dict)
    trees: dict[ObjectId, dict[RepoPath, TreeEntry]] = field(default_factory=dict)
    subtrees: dict[ObjectId, dict[RepoPath, ObjectId]] = field(default_factory=dict)
    commits: dict[CommitSha, Commit] = field(default_factory=dict)
    """In the order they were made, so parents come before children."""

    def blob(self, content: bytes | str) -> ObjectId:
        """Store bytes."""
        raw = content.encode() if isinstance(content, str) else content
        oid = ObjectId(object_id("blob", raw))
        self.blobs[oid] = raw
        return oid

    def tree(self, entries: Mapping[RepoPath, TreeEntry]) -> ObjectId:
        """Store a tree of files."""
        folders: dict[RepoPath, ObjectId] = {}
        oid = _tree_id("", dict(entries), folders)
        self.trees[oid] = dict(entries)
        self.subtrees[oid] = folders
        return oid

    def changed(self, tree: ObjectId | None, files: Files) -> ObjectId:
        """Store a tree made from another by changes."""
        entries = dict(self.trees[tree]) if tree is not None else {}
        for path, content in files.items():
            if content is None:
                entries.pop(RepoPath(path), None)
            elif isinstance(content, TreeEntry):
                entries[RepoPath(path)] = content
            else:
                entries[RepoPath(path)] = TreeEntry(FileMode.REGULAR, self.blob(content))
        return self.tree(entries)

    def commit(self, tree: ObjectId, parents: tuple[CommitSha, ...], who: Authorship) -> Commit:
        """Store a commit; the count of commits stands for the time, so equal content gives a new id."""
        when = f"{1_700_000_000 + len(self.commits)} +0000"
        lines = [
            f"tree {tree}",
            *(f"parent {parent}" for parent in parents),
            f"author A <{who.author.email}> {when}",
            f"committer C <{who.committer.email}> {when}",
            "",
            "A change",
            *(f"Co-authored-by: N <{email}>" for email in who.co_authors),
        ]
        made = Commit(
            sha=CommitSha(object_id("commit", "\n".join(lines).encode())),
            tree=tree,
            parents=parents,
            author=who.author.account,
            author_email=who.author.email.lower(),
            committer=who.committer.account,
            committer_email=who.committer.email.lower(),
            co_author_emails=tuple(sorted({email.lower() for email in who.co_authors})),
            is_verified=who.is_verified,
        )
        self.commits[made.sha] = made
        return made

    def history(self, commit: CommitSha) -> dict[CommitSha, Commit]:
        """Return a commit and all its ancestors, oldest first."""
        seen, waiting = set[CommitSha](), [commit]
        while waiting:
            sha = waiting.pop()
            if sha not in seen:
                seen.add(sha)
                waiting += self.commits[sha].parents
        return {sha: found for sha, found in self.commits.items() if sha in seen}

    def merge_base(self, one: CommitSha, other: CommitSha) -> CommitSha | None:
        """Return the newest common ancestor."""
        ours = self.history(one)
        return next((sha for sha in reversed(self.history(other)) if sha in ours), None)

    def merged(self, base: CommitSha, head: CommitSha, since: CommitSha) -> ObjectId:
        """Store the tree of `base` with what `head` changed `since`; `ValueError` where both changed a file."""
        before, ours, theirs = (self.trees[self.commits[each].tree] for each in (since, base, head))
        result = dict(ours)
        for path in before.keys() | theirs.keys():
            if before.get(path) != theirs.get(path) != ours.get(path):
                if ours.get(path) != before.get(path):
                    raise ValueError(f"merge conflict in {path}")
                result.pop(path, None)
                if path in theirs:
                    result[path] = theirs[path]
        return self.tree(result)


def _tree_id(prefix: str, entries: dict[RepoPath, TreeEntry], folders: dict[RepoPath, ObjectId]) -> ObjectId:
    below: dict[str, dict[RepoPath, TreeEntry]] = {}
    rows: list[tuple[str, str, str]] = []
    for path, entry in entries.items():
        name, slash, _ = path.removeprefix(prefix).partition("/")
        if slash:
            below.setdefault(name, {})[path] = entry
        else:
            rows.append((name, entry.mode.value, entry.blob))
    for name, inner in below.items():
        oid = _tree_id(f"{prefix}{name}/", inner, folders)
        folders[RepoPath(prefix + name)] = oid
        rows.append((name + "/", "40000", oid))
    rows.sort(key=lambda row: row[0].encode("utf-8", "surrogateescape"))
    content = b"".join(
        f"{mode} {name.removesuffix('/')}".encode("utf-8", "surrogateescape") + b"\0" + bytes.fromhex(oid)
        for name, mode, oid in rows
    )
    return ObjectId(object_id("tree", content))
