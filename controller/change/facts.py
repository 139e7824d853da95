"""The facts of one pull request, frozen as they were gathered.

A `Change` is everything Git and GitHub say about a pull request at one moment. Trees are
given by object id with the controlled paths only; the bytes of every file that judging
needs are in `contents`, keyed by blob id. Nothing here is interpreted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.change.break_glass import BreakGlass, MalformedBreakGlass
from controller.change.names import CommitSha, Login, ObjectId, RepoPath

LARGEST_FILE = 1024 * 1024
"""Bytes of the largest controlled file that is read; of a larger one only the id is known."""


class AccountKind(StrEnum):
    """What GitHub says an account is."""

    USER = "User"
    BOT = "Bot"
    ORGANIZATION = "Organization"


@dataclass(frozen=True, slots=True)
class Account:
    """A GitHub account: the numeric id is the identity, the login is for display."""

    id: int
    login: Login
    kind: AccountKind


class FileMode(StrEnum):
    """The modes a Git tree can hold for a file."""

    REGULAR = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a tree: its mode and the id of its bytes."""

    mode: FileMode
    blob: ObjectId


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The controlled files of one commit."""

    commit: CommitSha
    tree: ObjectId
    entries: Mapping[RepoPath, TreeEntry]
    subtrees: Mapping[RepoPath, ObjectId] = field(default_factory=dict)
    """Ids of the directories on the way, for example of ``agents/anl``."""


class PullRequestState(StrEnum):
    """Where a pull request stands on GitHub."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as GitHub shows it.

    Titles, bodies and branch names are left out on purpose; of a body only what asks for break-glass is read.
    """

    number: int
    state: PullRequestState
    author: Account
    head: CommitSha
    base_branch: str
    is_draft: bool
    is_from_fork: bool
    merge_commit: CommitSha | None
    merged_by: Account | None
    commit_count: int
    updated_at: datetime
    merged_at: datetime | None = None
    break_glass: BreakGlass | MalformedBreakGlass | None = None
    """None without the label."""
    requested: frozenset[int] = frozenset()
    """The ids of the accounts whose review is waited for; of teams that are asked nobody is."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and everyone it names; an account is None where GitHub knows none for the address."""

    sha: CommitSha
    tree: ObjectId
    parents: tuple[CommitSha, ...]
    author: Account | None
    author_email: str
    committer: Account | None
    committer_email: str
    co_author_emails: tuple[str, ...]
    is_verified: bool
    """GitHub verified the signature (its own, for commits made through its pages)."""


class ReviewState(StrEnum):
    """What a review says."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    PENDING = "PENDING"


@dataclass(frozen=True, slots=True)
class Review:
    """A review and the commit it saw; `commit` is None when GitHub no longer knows it."""

    id: int
    author: Account | None
    state: ReviewState
    commit: CommitSha | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote below an issue or a pull request; `body` is to be compared and never shown."""

    id: int
    number: int
    """Of the issue or pull request."""
    is_on_pull_request: bool
    author: Account | None
    body: str
    is_edited: bool
    is_by_app: bool
    """Written through an App, whosever account it shows."""


@dataclass(frozen=True, slots=True)
class Span:
    """Two trees and what lies between: what a reviewer saw, or what a merge did."""

    before: Snapshot
    after: Snapshot


@dataclass(frozen=True, slots=True)
class Push:
    """A push to a branch: the commit it ended at, and by whom."""

    commit: CommitSha
    by: Account | None
    """None for an account that is gone."""
    made_branch: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Everything Git and GitHub say about a pull request, at one moment."""

    pull_request: PullRequest
    base: Snapshot
    """The tip of the base branch now (for a merged one: the first parent of the merge)."""
    merge_base: Snapshot
    head: Snapshot
    """The head of the pull request (for a merged one: the merge commit itself)."""
    commits: tuple[Commit, ...]
    """Every commit from the merge base to the head, oldest first."""
    clean_merges: frozenset[CommitSha]
    """Merges of the base among the commits that bring no controlled content of their own."""
    head_pushers: tuple[Account | None, ...]
    """Everyone who ever pushed the head; None for an account that is gone, empty when nobody can say."""
    earlier_pushers: tuple[Account | None, ...]
    """Everyone who pushed to its branch before, or ever another commit of the change, as far as anybody can say."""
    reviews: tuple[Review, ...]
    """In the order they were submitted."""
    reviewed: Mapping[int, Span]
    """What each approval saw, by the review's id: the merge base of then, and the commit; none that is gone."""
    contents: Mapping[ObjectId, bytes]
    """The bytes behind the blob ids that judging reads, without those of files larger than `LARGEST_FILE`."""
