"""Reads GitHub's merge queue by the branches it keeps; implements the merge queue port.

Follows GitHub docs "Managing a merge queue" and "List matching references". What is called
otherwise in the queue's folder is no group, gets no check and so never merges.
"""

from controller.adapters.github.answer import sha, text
from controller.adapters.github.comparing import quoted
from controller.adapters.github.connection import GitHubApp
from controller.change.merge_group import MergeGroup, merge_group, queue_folder


class GitHubMergeQueue:
    """Lists the groups of one branch's queue."""

    def __init__(self, app: GitHubApp, *, branch: str = "main") -> None:
        self._app = app
        self._folder = queue_folder(branch)

    def merge_groups(self) -> tuple[MergeGroup, ...]:
        """Return every group in the queue now; see the port."""
        listed = self._app.whole(self._app.path(f"/git/matching-refs/heads/{quoted(self._folder.rstrip('/'))}"))
        found = [self._group(ref) for ref in listed]
        return tuple(group for group in found if group is not None)

    def _group(self, ref: object) -> MergeGroup | None:
        start, name = f"refs/heads/{self._folder}", text(ref, "ref")
        if not name.startswith(start) or text(ref, "object", "type") != "commit":
            return None
        return merge_group(name.removeprefix(start), sha(ref, "object", "sha"))
