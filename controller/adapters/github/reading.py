"""Reads pull requests, commits, trees and teams from GitHub; implements the three readers of the code host port.

Commits come from ``compare`` and files from trees and blobs by id, never from a pull request's
own lists, which GitHub cuts short. What has an id that says its content is remembered; what
can change (a pull request, its reviews, a branch) is asked for every time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from controller.adapters.github.answer import at, moment, number, sha, text
from controller.adapters.github.comparing import is_id, quoted
from controller.adapters.github.comparisons import Comparisons
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.contents import Contents
from controller.adapters.github.facts import account_of, open_pull_request_of, pull_request_of, review_of
from controller.adapters.github.memory import Memory
from controller.adapters.github.owners import Owners
from controller.adapters.github.refusals import AbsentError, unavailable
from controller.adapters.github.trees import Trees
from controller.change.facts import Account, PullRequest, PullRequestState, Push, Review, Snapshot
from controller.change.names import CommitSha, ObjectId
from controller.errors import InputError
from controller.ownership.owner import TeamOwner, UserOwner
from controller.ports.code_host import Comparison, OpenPullRequest

_CLOSED_PAGES = 10
_RETARGETED = ("base_ref_changed", "automatic_base_change_succeeded")
"""GitHub docs "Issue event types"; which branches it was about, they do not tell."""


@dataclass(frozen=True, slots=True)
class _Head:
    branch: str
    is_from_fork: bool


class GitHubReader:
    """Reads what the controller judges by."""

    def __init__(
        self, app: GitHubApp, contents: Path, *, branch: str = "main", clock: Callable[[], float] = monotonic
    ) -> None:
        self._app = app
        self._branch = branch
        self._owners = Owners(app, clock)
        self._trees = Trees(app)
        self._contents = Contents(app, contents)
        self._heads: Memory[int, _Head] = Memory()
        self._comparisons = Comparisons(app)
        self._pushes: Memory[int, tuple[Push, ...]] = Memory()

    def pull_request(self, number: int) -> PullRequest:
        """Return pull request `number` as it is now; see the port."""
        return self._asked(number)[0]

    def open_pull_requests(self) -> tuple[OpenPullRequest, ...]:
        """Return every open pull request to the governed branch; see the port."""
        query = {"state": "open", "base": self._branch, "sort": "created", "direction": "asc"}
        return tuple(open_pull_request_of(each) for each in self._app.pages(self._app.path("/pulls"), query))

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Return every submitted review; see the port."""
        found = [review_of(each) for each in self._app.pages(self._app.path(f"/pulls/{number:d}/reviews"))]
        return tuple(sorted((each for each in found if each is not None), key=lambda review: review.submitted_at))

    def retargeted_at(self, number: int) -> datetime | None:
        """Return when the base became another, by hand or because the one before is gone; see the port."""
        try:
            listed = self._app.pages(self._app.path(f"/issues/{number:d}/events"))
        except AbsentError:
            return None  # hosts like GitHub to whom a pull request is no issue; GitHub has it for each
        return max((moment(each, "created_at") for each in listed if text(each, "event") in _RETARGETED), default=None)

    def merged_pull_request(self, commit: CommitSha) -> PullRequest | None:
        """Return the merged pull request whose merge commit is `commit`; see the port."""
        try:
            listed = self._app.pages(self._app.path(f"/commits/{commit}/pulls"))
        except InputError:
            # Not every GitHub-like host has this call, and an unknown commit looks the same.
            listed = self._recently_closed()
        for each in sorted(number(each, "number") for each in listed if _was_merged_as(each, commit, self._branch)):
            found = self.pull_request(each)
            if found.state is PullRequestState.MERGED and found.merge_commit == commit:
                return found
        return None

    def pushes(self, number: int) -> tuple[Push, ...]:
        """Return who pushed what, by every activity of the pull request's branch; see the port.

        What was told once is kept: a branch may be gone by the time its merge is judged.
        """
        place = self._heads.get(number) or self._asked(number)[1]
        if place.is_from_fork:
            return ()
        found = tuple(dict.fromkeys((*(self._pushes.get(number) or ()), *self._pushes_to(place.branch))))
        self._pushes.put(number, found)
        return found

    def tip(self, branch: str) -> CommitSha:
        """Return the commit `branch` points to now; see the port."""
        answer = self._app.get(self._app.path(f"/git/ref/heads/{quoted(branch)}"))
        if text(answer, "ref") != f"refs/heads/{branch}" or text(answer, "object", "type") != "commit":
            raise unavailable(f"GitHub answered about another ref than `{branch}`")
        return sha(answer, "object", "sha")

    def compare(self, base: str, head: str) -> Comparison:
        """Return what lies between `base` and `head`, complete or not at all; see the port."""
        # A tag may be called like a branch. To ask for the tip costs nothing while it stands.
        return self._comparisons.between(base if is_id(base) else self.tip(base), head)

    def snapshot(self, commit: CommitSha, tree: ObjectId) -> Snapshot:
        """Return the controlled files of a commit; see the port."""
        listing = self._trees.listing(tree)
        return Snapshot(commit=commit, tree=tree, entries=listing.entries, subtrees=listing.subtrees)

    def contents(self, blobs: frozenset[ObjectId]) -> Mapping[ObjectId, bytes]:
        """Return the bytes of every one of `blobs`; see the port."""
        return self._contents.read(blobs)

    def team_members(self, team: TeamOwner) -> tuple[Account, ...]:
        """Return the members of `team`, at most a minute old; see the port."""
        return self._owners.members(team)

    def may_write(self, team: TeamOwner) -> bool:
        """Return whether `team` has write access, at most a minute old; see the port."""
        return self._owners.may_write(team)

    def writer(self, owner: UserOwner) -> Account | None:
        """Return the account `owner` names, if it may write, at most a minute old; see the port."""
        return self._owners.writer(owner)

    def _asked(self, number: int) -> tuple[PullRequest, _Head]:
        answer = self._app.get(self._app.path(f"/pulls/{number:d}"))
        found = pull_request_of(answer)
        if found.number != number:
            raise unavailable(f"GitHub answered about pull request {found.number} instead of {number}")
        place = _Head(text(answer, "head", "ref"), found.is_from_fork)
        self._heads.put(number, place)
        return found, place

    def _recently_closed(self) -> list[object]:
        query = {"state": "closed", "base": self._branch, "sort": "updated", "direction": "desc"}
        return self._app.pages(self._app.path("/pulls"), query, most=_CLOSED_PAGES)

    def _pushes_to(self, branch: str) -> tuple[Push, ...]:
        try:
            activities = self._app.pages(self._app.path("/activity"), {"ref": f"refs/heads/{branch}"})
        except InputError:
            return ()
        return tuple(_push(each) for each in reversed(activities) if text(each, "activity_type") != "branch_deletion")


def _push(activity: object) -> Push:
    is_first = text(activity, "activity_type") == "branch_creation"
    return Push(sha(activity, "after"), account_of(at(activity, "actor")), is_first)


def _was_merged_as(listed: object, commit: CommitSha, branch: str) -> bool:
    return (
        at(listed, "merged_at") is not None
        and at(listed, "merge_commit_sha") == commit
        and text(listed, "base", "ref") == branch
    )
