"""The tree-reading port on a clone: nothing is checked out, fetched or written.

A clone knows commits and files, and neither accounts nor teams nor pull requests. What it
says of the base branch is as old as the last fetch.
"""

from collections.abc import Mapping
from pathlib import Path

from controller.adapters.git_local.command import Git, GitRefusedError
from controller.adapters.git_local.objects import list_tree, read_commits, read_objects
from controller.change.facts import LARGEST_FILE, Account, Commit, Snapshot, TreeEntry
from controller.change.names import CommitSha, ObjectId, RepoPath, commit_sha
from controller.desired_state.paths import is_controlled
from controller.errors import InputError
from controller.ownership.owner import TeamOwner, UserOwner
from controller.ports.code_host import Comparison

_MOST_COMMITS = 250
"""GitHub tells of no more commits of one pull request."""
_NAMED = 10
"""So many branches are named where another was expected."""


class LocalRepository:
    """Reads the clone around `folder`."""

    def __init__(self, folder: Path) -> None:
        self._git = Git(folder.resolve())
        self._known: dict[ObjectId, bytes] = {}

    def tip(self, branch: str) -> CommitSha:
        """Return the commit `branch` points to now; any name Git knows for one commit will do."""
        if not branch or not branch.isprintable() or branch.startswith("-"):
            raise InputError(f"expected a branch or a commit, got {branch[:80]!a}")
        try:
            found = self._git.read("rev-parse", "--verify", "--quiet", "--end-of-options", f"{branch}^{{commit}}")
        except GitRefusedError as error:
            raise GitRefusedError(
                f"expected a branch or a commit of this clone, got {branch[:80]!a}; {self._branches()}"
            ) from error
        return commit_sha(found.decode("ascii", "replace").strip())

    def compare(self, base: str, head: str) -> Comparison:
        """Return what lies between `base` and `head`. Raises `InputError` when they share no ancestor."""
        first, last = self.tip(base), self.tip(head)
        try:
            merge_base = self._git.read("merge-base", first, last).decode("ascii").strip()
        except GitRefusedError as error:
            raise GitRefusedError(f"{base} and {head} have no common ancestor in this clone") from error
        between = self._ids("--reverse", "--topo-order", f"{merge_base}..{last}")
        if len(between) > _MOST_COMMITS:
            raise InputError(f"expected at most {_MOST_COMMITS} commits between {base} and {head}, got {len(between)}")
        ends = {commit.sha: commit for commit in read_commits(self._git, {first, merge_base})}
        behind = int(self._git.read("rev-list", "--count", f"{last}..{first}"))
        commits = read_commits(self._git, between)
        return Comparison(ends[first], ends[commit_sha(merge_base)], commits, behind)

    def snapshot(self, commit: CommitSha, tree: ObjectId) -> Snapshot:
        """Return the controlled files of a commit whose root tree is `tree`."""
        entries: dict[RepoPath, TreeEntry] = {}
        subtrees: dict[RepoPath, ObjectId] = {}
        for path, found in list_tree(self._git, tree):
            if isinstance(found, TreeEntry):
                if is_controlled(path):
                    entries[path] = found
            elif is_controlled(RepoPath(f"{path}/file")):
                subtrees[path] = found
        return Snapshot(commit, tree, entries, subtrees)

    def contents(self, blobs: frozenset[ObjectId]) -> Mapping[ObjectId, bytes]:
        """Return the bytes of every one of `blobs` that is not too large; what was read once is not read again."""
        missing = blobs - self._known.keys()
        if missing:
            read = read_objects(self._git, missing)
            self._known |= {blob: read[blob] for blob in missing}
        return {blob: self._known[blob] for blob in blobs if len(self._known[blob]) <= LARGEST_FILE}

    def team_members(self, team: TeamOwner) -> tuple[Account, ...]:
        """Return nobody: a clone knows no teams."""
        return ()

    def may_write(self, team: TeamOwner) -> bool:
        """Return False: a clone does not know who may write to the repository it was made of."""
        return False

    def writer(self, owner: UserOwner) -> Account | None:
        """Return nobody, as `may_write`."""
        return None

    def steps(self, branch: str, folder: str) -> tuple[Commit, ...]:
        """Return the commits of the branch's first-parent line that changed `folder`, oldest first."""
        ids = self._ids("--reverse", "--first-parent", self.tip(branch), "--", folder)
        return read_commits(self._git, ids)

    def person(self) -> str | None:
        """Return the address the person at work commits under, or None when none is configured."""
        said = self._git.ask_as_person("config", "--get", "user.email")
        return (said or b"").decode("utf-8", "replace").strip() or None

    def uncommitted(self) -> tuple[RepoPath, ...] | None:
        """Return the controlled files with changes that no commit holds; None when Git does not say."""
        said = self._git.ask_as_person("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        if said is None:
            return None
        paths = (RepoPath(line[3:].decode("utf-8", "surrogateescape")) for line in said.split(b"\0") if line)
        return tuple(sorted(path for path in paths if is_controlled(path)))

    def _branches(self) -> str:
        said = self._git.read("for-each-ref", f"--count={_NAMED}", "--format=%(refname:short)", "refs/heads")
        names = said.decode("utf-8", "replace").split()
        return f"its branches are {', '.join(names)}" if names else "it has no commit yet"

    def _ids(self, *arguments: str) -> list[str]:
        return self._git.read("rev-list", *arguments).decode("ascii").split()
