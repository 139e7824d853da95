"""A group of a merge queue: one pull request, merged on trial on top of whatever is ahead of it.

Follows GitHub docs "Managing a merge queue": each entry has a branch of its own,
``gh-readonly-queue/<base branch>/pr-<number>-<commit it stands on>``, which only GitHub moves.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from controller.change.names import CommitSha, commit_sha

_NAME = re.compile(r"pr-([1-9][0-9]{0,17})-([0-9a-f]{40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """One entry of the queue, as its branch says."""

    pull: int
    base: CommitSha
    """What the group stands on: main's tip, or the head of the group ahead of it."""
    head: CommitSha
    """What main becomes when the group is merged."""

    @property
    def name(self) -> str:
        """The last part of the branch's name, which no other group has."""
        return f"pr-{self.pull}-{self.base}"


def groups_ahead(group: MergeGroup, groups: Sequence[MergeGroup]) -> tuple[MergeGroup, ...]:
    """Return the groups that `group` stands on, one on the other, the nearest first."""
    by_head = {one.head: one for one in groups}
    found: list[MergeGroup] = []
    below = by_head.get(group.base)
    while below is not None and below not in found:
        found.append(below)
        below = by_head.get(below.base)
    return tuple(found)


def queue_folder(branch: str) -> str:
    """Return the folder of branches in which the queue of `branch` keeps its groups."""
    return f"gh-readonly-queue/{branch}/"


def merge_group(name: str, head: CommitSha) -> MergeGroup | None:
    """Return the group whose branch in the queue's folder is called `name`; None when no group is called so."""
    match = _NAME.fullmatch(name)
    return None if match is None else MergeGroup(int(match[1]), commit_sha(match[2]), head)
