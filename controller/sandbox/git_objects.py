"""Commits and trees as values: parse what git stores, build what the server makes.

Follows git's object formats (git documentation, "gitformat-*" and "git-mktree"). Branch names
become ids here as well; differences and merges are elsewhere.
"""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.sandbox.git_store import NO_OBJECT, GitError, GitStore

OBJECT_ID = re.compile(r"[0-9a-f]{40}")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who and when, as a commit records it."""

    name: str
    email: str
    when: datetime

    def line(self) -> str:
        """Return the form git writes into a commit."""
        return f"{_plain(self.name)} <{_plain(self.email)}> {int(self.when.timestamp())} +0000"


@dataclass(frozen=True, slots=True)
class CommitObject:
    """A parsed commit."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str
    signature: str | None
    size: int


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit to be written."""

    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of a tree listing."""

    mode: str
    kind: str
    oid: str
    path: str
    size: int | None


def resolve(store: GitStore, name: str) -> str | None:
    """Return the commit id of a tag, branch, full ref or (abbreviated) commit id; a tag goes first, as in Git."""
    if name.startswith("-") or ".." in name or "@{" in name or any(sign in name for sign in "^~: \\*?["):
        return None
    for candidate in (f"refs/tags/{name}", f"refs/heads/{name}", f"refs/{name}", name):
        if candidate == name and not name.startswith("refs/") and not re.fullmatch(r"[0-9a-f]{7,40}|HEAD", name):
            continue
        found = store.read(candidate + "^{commit}")
        if found is not None:
            return found[0]
    return None


def branch_tip(store: GitStore, branch: str) -> str | None:
    """Return the commit a branch stands on."""
    found = store.read(f"refs/heads/{branch}^{{commit}}")
    return found[0] if found else None


def read_commit(store: GitStore, oid: str) -> CommitObject | None:
    """Return a commit by its full id, or None when there is none."""
    if not OBJECT_ID.fullmatch(oid):
        return None
    found = store.read(oid)
    if found is None or found[1] != "commit":
        return None
    return _parse_commit(oid, found[2])


def known_commit(store: GitStore, oid: str) -> CommitObject:
    """Return a commit that must exist."""
    commit = read_commit(store, oid)
    if commit is None:
        raise GitError(f"expected a commit, found none: {oid}")
    return commit


def list_tree(store: GitStore, oid: str, *, recursive: bool) -> list[TreeEntry]:
    """Return the entries of a tree; recursively, subtrees are listed before their content."""

    def ask() -> list[TreeEntry]:
        options = ("-r", "-t") if recursive else ()
        listing = store.run("ls-tree", "-l", "-z", *options, oid)
        return [_tree_entry(line) for line in listing.decode(errors="surrogateescape").split("\0") if line]

    return store.remember(("tree", str(recursive), oid), ask)


def write_commit(store: GitStore, commit: NewCommit) -> str:
    """Store a commit and return its id."""
    lines = [f"tree {commit.tree}", *(f"parent {parent}" for parent in commit.parents)]
    lines += [f"author {commit.author.line()}", f"committer {commit.committer.line()}", "", commit.message]
    return store.write("commit", "\n".join(lines).encode())


def write_tree(store: GitStore, base: str | None, changes: Mapping[str, tuple[str, str] | None]) -> str:
    """Return a tree like `base` with paths set to (mode, object id) or, with None, removed."""
    lines: list[str] = []
    for path, change in changes.items():
        if change is None:
            lines += [f"0 {NO_OBJECT}\t{entry.path}" for entry in _below(store, base, path)]
        else:
            lines += [f"{mode} {oid}\t{leaf}" for leaf, (mode, oid) in _expanded(store, path, *change).items()]
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        if base is not None:
            _checked(store.attempt("read-tree", base, environment=index))
        given = "".join(line + "\0" for line in lines).encode(errors="surrogateescape")
        done = store.attempt("update-index", "-z", "--index-info", given=given, environment=index)
        if done.stderr:
            # A path git will not have ("..", ".git") is left out with a warning, not an error.
            raise GitError(done.stderr.decode(errors="replace").strip())
        return _checked(store.attempt("write-tree", environment=index)).decode().strip()


def write_files(store: GitStore, base: str | None, files: Mapping[str, bytes | None]) -> str:
    """Return a tree like `base` with files of the given content, or without them."""
    return write_tree(
        store,
        base,
        {
            path: None if content is None else ("100644", store.write("blob", content))
            for path, content in files.items()
        },
    )


def _parse_commit(oid: str, content: bytes) -> CommitObject:
    text = content.decode(errors="replace")
    head, _, message = text.partition("\n\n")
    headers: list[tuple[str, str]] = []
    for line in head.split("\n"):
        if line.startswith(" ") and headers:
            headers[-1] = (headers[-1][0], headers[-1][1] + "\n" + line[1:])
        else:
            name, _, value = line.partition(" ")
            headers.append((name, value))
    single = dict(reversed(headers))
    return CommitObject(
        oid=oid,
        tree=single["tree"],
        parents=tuple(value for name, value in headers if name == "parent"),
        author=_parse_signature(single["author"]),
        committer=_parse_signature(single["committer"]),
        message=message.removesuffix("\n"),
        signature=single.get("gpgsig"),
        size=len(content),
    )


def _parse_signature(value: str) -> Signature:
    found = re.fullmatch(r"(.*?) ?<(.*?)> (-?\d+) [+-]\d{4}", value, re.DOTALL)
    if found is None:
        return Signature(value, "", datetime.fromtimestamp(0, UTC))
    return Signature(found[1], found[2], datetime.fromtimestamp(int(found[3]), UTC))


def _tree_entry(line: str) -> TreeEntry:
    details, path = line.split("\t", 1)
    mode, kind, oid, size = details.split()
    return TreeEntry(mode, kind, oid, path, None if size == "-" else int(size))


def _leaves(store: GitStore, tree: str | None) -> list[TreeEntry]:
    if tree is None or tree == EMPTY_TREE:
        return []
    return [entry for entry in list_tree(store, tree, recursive=True) if entry.kind != "tree"]


def _below(store: GitStore, tree: str | None, path: str) -> list[TreeEntry]:
    return [entry for entry in _leaves(store, tree) if entry.path == path or entry.path.startswith(path + "/")]


def _expanded(store: GitStore, path: str, mode: str, oid: str) -> dict[str, tuple[str, str]]:
    if mode != "040000":
        return {path: (mode, oid)}
    return {f"{path}/{entry.path}": (entry.mode, entry.oid) for entry in _leaves(store, oid)}


def _checked(done: "subprocess.CompletedProcess[bytes]") -> bytes:
    if done.returncode != 0:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.stdout


def _plain(value: str) -> str:
    return "".join(character for character in value if character not in "<>\n\0").strip() or "unknown"
