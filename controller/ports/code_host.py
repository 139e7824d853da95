"""Where pull requests, commits and trees live: reading and writing, apart.

Every method raises `UnavailableError` when the host cannot be reached, answers slowly,
limits the rate, or talks nonsense; `StaleError` when what is read moves meanwhile;
`InputError` for a number or an id it does not know, or a text it refuses; and
`ConfigurationError` when it does not accept the controller's credentials or permissions.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from controller.change.facts import Account, Comment, Commit, PullRequest, Push, Review, Snapshot
from controller.change.names import CommitSha, ObjectId
from controller.decision.check import CheckRun
from controller.ownership.owner import TeamOwner, UserOwner


@dataclass(frozen=True, slots=True)
class Comparison:
    """What lies between two commits, completely: every commit, never a cut list."""

    base: Commit
    merge_base: Commit
    commits: tuple[Commit, ...]
    """From the merge base (exclusive) to the head (inclusive), oldest first."""
    behind_by: int
    """How many commits the base has that the head lacks; 0 means a fast-forward."""

    @property
    def head(self) -> Commit:
        """The head of the comparison."""
        return self.commits[-1] if self.commits else self.merge_base


@dataclass(frozen=True, slots=True)
class OpenPullRequest:
    """What a list of open pull requests tells of one: enough to see that it is another one than before.

    When it was touched is not known to move when a review is dismissed or a label renamed, and does not
    when its base moves or people change.
    """

    number: int
    head: CommitSha
    updated_at: datetime
    asks_break_glass: bool = False
    """By its label."""


class PullRequestReader(Protocol):
    """Reads pull requests."""

    def pull_request(self, number: int) -> PullRequest:
        """Return pull request `number` as it is now."""
        ...

    def open_pull_requests(self) -> tuple[OpenPullRequest, ...]:
        """Return every open pull request to the governed branch, by number."""
        ...

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Return every review of pull request `number`, in the order of submission."""
        ...

    def retargeted_at(self, number: int) -> datetime | None:
        """Return when pull request `number` was last led to another base; None when it always had its own."""
        ...

    def merged_pull_request(self, commit: CommitSha) -> PullRequest | None:
        """Return the merged pull request whose merge commit is `commit`, or None."""
        ...

    def pushes(self, number: int) -> tuple[Push, ...]:
        """Return every push to the branch of pull request `number`, whichever branch was called so, oldest first.

        Without any when the host cannot say who pushed it.
        """
        ...


class TreeReader(Protocol):
    """Reads commits, trees and blobs by id."""

    def tip(self, branch: str) -> CommitSha:
        """Return the commit `branch` points to now."""
        ...

    def compare(self, base: str, head: str) -> Comparison:
        """Return what lies between `base` and `head` (commit ids or branch names).

        Raises `InputError` when they share no ancestor or lie further apart than the host tells.
        """
        ...

    def snapshot(self, commit: CommitSha, tree: ObjectId) -> Snapshot:
        """Return the controlled files of a commit whose root tree is `tree`."""
        ...

    def contents(self, blobs: frozenset[ObjectId]) -> Mapping[ObjectId, bytes]:
        """Return the bytes of every one of `blobs` that is not larger than `LARGEST_FILE`.

        What was read once is not fetched again.
        """
        ...


class OwnerReader(Protocol):
    """Reads who the owners that a CODEOWNERS file names are, as of now."""

    def team_members(self, team: TeamOwner) -> tuple[Account, ...]:
        """Return the members of `team` and of the teams below it; empty when there is no such team."""
        ...

    def may_write(self, team: TeamOwner) -> bool:
        """Return whether `team` itself was given write access to the repository; False when the host does not say.

        That its members have it by other ways does not give it to the team, and a team that is not
        visible to its organization has none that counts.
        """
        ...

    def writer(self, owner: UserOwner) -> Account | None:
        """Return the account that `owner` names today; None when it has no write access or the host does not say."""
        ...


class ConversationReader(Protocol):
    """Reads what people say below pull requests, and who they are."""

    def comment(self, number_: int) -> Comment:
        """Return the comment with this id as it is now."""
        ...

    def comments_since(self, moment: datetime) -> tuple[Comment, ...]:
        """Return every comment made or edited at `moment` or later, wherever it stands."""
        ...

    def account(self, number_: int) -> Account | None:
        """Return the account with this id, or None when there is none."""
        ...


class Reaction(StrEnum):
    """How a comment is answered without another one."""

    DONE = "+1"
    CONFUSED = "confused"


class CodeHostWriter(Protocol):
    """Writes what the controller may write: checks, one comment, reactions, review requests."""

    def write_check(self, check: CheckRun, *, is_first: bool = False) -> None:
        """Make `check` stand on its commit; writes nothing when it already does.

        `is_first` spares the look whether one stands: the caller knows that none was ever written.
        """
        ...

    def write_comment(self, number: int, text: str | None, *, is_first: bool = False) -> None:
        """Make `text` the one sticky comment of pull request `number`; None removes it.

        `is_first` spares the look whether there is one: the caller knows that none was ever written.
        """
        ...

    def request_reviews(
        self, number: int, accounts: Sequence[Account], occasion: str = "", waited_for: Set[int] = frozenset()
    ) -> None:
        """Ask `accounts` to review, each once for an `occasion`; those `waited_for`, by id, were asked already."""
        ...

    def react(self, comment: int, reaction: Reaction) -> None:
        """Put `reaction` on a comment, once; a host without reactions, and a comment that is gone, get none."""
        ...
