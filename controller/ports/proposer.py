"""Proposing a change to the governed branch, as the controller itself; raises what the code host's ports raise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from controller.change.facts import TreeEntry
from controller.change.names import CommitSha, ObjectId, RepoPath


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """Files to be as they are given (None: removed), on top of `parent`."""

    branch: str
    parent: CommitSha
    parent_tree: ObjectId
    files: Mapping[RepoPath, TreeEntry | None]
    title: str
    body: str
    """Markdown, whose untrusted parts are inert already."""


class Proposer(Protocol):
    """Opens pull requests."""

    def propose(self, change: ProposedChange) -> int:
        """Return the number of the pull request from `change.branch`, opening it when there never was one.

        One that was closed stays closed, and is returned all the same.
        """
        ...
