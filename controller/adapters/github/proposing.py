"""Opens a pull request through Git's objects, as the App; implements the proposer port.

Follows GitHub docs "REST API endpoints for Git database": a tree made from another, a commit that
names nobody (so GitHub signs it for the App), a branch, a pull request. Each step that was done
before is found again, so an answer that was lost makes nothing twice.
"""

from collections.abc import Iterator, Mapping

from controller.adapters.github.answer import number, sha
from controller.adapters.github.comparing import quoted
from controller.adapters.github.connection import GitHubApp
from controller.change.facts import FileMode
from controller.errors import InputError
from controller.ports.proposer import ProposedChange


class GitHubProposer:
    """Proposes changes to one branch."""

    def __init__(self, app: GitHubApp, *, branch: str = "main") -> None:
        self._app = app
        self._branch = branch

    def propose(self, change: ProposedChange) -> int:
        """Return the pull request from the change's branch, made when there never was one; see the port."""
        owner = self._app.repository.partition("/")[0]
        query = {"state": "all", "head": f"{owner}:{change.branch}", "base": self._branch}
        known = [number(each, "number") for each in self._app.pages(self._app.path("/pulls"), query)]
        if known:
            return min(known)
        if not self._has_branch(change.branch):
            ref = {"ref": f"refs/heads/{change.branch}", "sha": self._commit(change)}
            self._app.send("POST", self._app.path("/git/refs"), ref)
        wanted = {"title": change.title, "body": change.body, "head": change.branch, "base": self._branch}
        return number(self._app.send("POST", self._app.path("/pulls"), wanted), "number")

    def _has_branch(self, branch: str) -> bool:
        try:
            self._app.get(self._app.path(f"/git/ref/heads/{quoted(branch)}"))
        except InputError:
            return False
        return True

    def _commit(self, change: ProposedChange) -> str:
        tree = {"base_tree": change.parent_tree, "tree": list(_entries(change))}
        made = sha(self._app.send("POST", self._app.path("/git/trees"), tree), "sha")
        commit = {"message": change.title, "tree": made, "parents": [change.parent]}
        return sha(self._app.send("POST", self._app.path("/git/commits"), commit), "sha")


def _entries(change: ProposedChange) -> Iterator[Mapping[str, object]]:
    for path, entry in sorted(change.files.items()):
        if entry is None:
            yield {"path": path, "mode": "100644", "type": "blob", "sha": None}
        else:
            kind = "commit" if entry.mode is FileMode.SUBMODULE else "blob"
            yield {"path": path, "mode": entry.mode.value, "type": kind, "sha": entry.blob}
