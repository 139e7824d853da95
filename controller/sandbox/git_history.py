"""What happened between two commits: merge base, commits, changed files with their patches.

Answers what GitHub's compare, commit and pull request calls tell. Ids given here are full and known to exist, so
nothing untrusted reaches git's command line. Making merges is in `git_merging.py`.
"""

from dataclasses import dataclass
from itertools import islice

from controller.sandbox.git_objects import EMPTY_TREE
from controller.sandbox.git_store import GitStore

_STATUS = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed", "C": "copied"}


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file that differs; `patch` is None for binary content."""

    path: str
    previous: str | None
    status: str
    oid: str
    patch: str | None
    additions: int
    deletions: int


def merge_base(store: GitStore, one: str, other: str) -> str | None:
    """Return the best common ancestor, or None for unrelated histories."""

    def ask() -> str | None:
        return store.attempt("merge-base", one, other).stdout.decode().strip() or None

    return store.remember(("merge-base", one, other), ask)


def is_ancestor(store: GitStore, old: str, new: str) -> bool:
    """Tell whether `new` contains `old`."""
    return store.attempt("merge-base", "--is-ancestor", old, new).returncode == 0


def commits_between(store: GitStore, base: str, head: str) -> list[str]:
    """Return the commits of `head` that `base` lacks, oldest first."""

    def ask() -> list[str]:
        return store.run("rev-list", "--topo-order", "--reverse", f"{base}..{head}").decode().split()

    return store.remember(("commits", base, head), ask)


def log(store: GitStore, head: str, *, limit: int, path: str | None = None) -> list[str]:
    """Return commits from `head` backwards, newest first."""
    scope = () if path is None else ("--", path)
    return store.run("rev-list", f"--max-count={limit}", head, *scope).decode().split()


def first_parents(store: GitStore, before: str, after: str) -> list[str]:
    """Return the first-parent chain from `before` (excluded) to `after`, oldest first."""
    return store.run("rev-list", "--first-parent", "--reverse", f"{before}..{after}").decode().split()


def changed_files(store: GitStore, old: str | None, new: str) -> list[ChangedFile]:
    """Return what differs between two commits or trees, renames detected, in git's order."""
    before = EMPTY_TREE if old is None else old
    return store.remember(("files", before, new), lambda: _changed_files(store, before, new))


def _changed_files(store: GitStore, before: str, new: str) -> list[ChangedFile]:
    raw = store.run("diff-tree", "-r", "-M", "-z", "--raw", "--no-abbrev", before, new).decode(errors="surrogateescape")
    rows = _raw_rows(raw.split("\0"))
    if not rows:
        return []
    text = store.run("diff-tree", "-r", "-M", "-p", "--full-index", before, new).decode(errors="replace")
    patches = iter(_patches(text))
    # A file that becomes a link, or the other way round, is told as one that goes and one that comes.
    return [_changed(row, list(islice(patches, 2 if row[0] == "T" else 1))) for row in rows]


def _raw_rows(fields: list[str]) -> list[tuple[str, str, str | None, str]]:
    rows: list[tuple[str, str, str | None, str]] = []
    position = 0
    while position < len(fields) and fields[position]:
        _, _, old, new, status = fields[position].split(" ")
        kind = status[0]
        renamed = kind in "RC"
        previous = fields[position + 1] if renamed else None
        path = fields[position + 2] if renamed else fields[position + 1]
        rows.append((kind, path, previous, old if kind == "D" else new))
        position += 3 if renamed else 2
    return rows


def _patches(text: str) -> list[str]:
    parts: list[list[str]] = []
    for line in text.split("\n"):
        if line.startswith("diff --git "):
            parts.append([])
        if parts:
            parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def _changed(row: tuple[str, str, str | None, str], patches: list[str]) -> ChangedFile:
    kind, path, previous, oid = row
    hunks = [line for patch in patches for line in _hunks(patch)]
    return ChangedFile(
        path=path,
        previous=previous,
        status=_STATUS[kind],
        oid=oid,
        patch="\n".join(hunks) if hunks else None,
        additions=sum(line.startswith("+") for line in hunks),
        deletions=sum(line.startswith("-") for line in hunks),
    )


def _hunks(patch: str) -> list[str]:
    lines = patch.split("\n")
    start = next((number for number, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    hunks = lines[start:]
    while hunks and not hunks[-1]:
        hunks.pop()
    return hunks
