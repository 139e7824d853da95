"""A pull request that nobody opened: a branch seen as one, for judging it before there is any.

It has no number, no reviews and was pushed by whoever is asking. The person is given, not
looked up: an account that no code host issues stands for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from controller.change.facts import Account, AccountKind, Commit, PullRequest, PullRequestState, Push, Review, Snapshot
from controller.change.names import CommitSha, Login, ObjectId
from controller.errors import InputError
from controller.identity.participants import WEB_FLOW_ADDRESS, WEB_FLOW_ID
from controller.identity.principal import People, Principal
from controller.ledger.event import Entry, Event, EventType
from controller.ports.code_host import Comparison, OpenPullRequest, TreeReader
from controller.ports.directory import Directory
from controller.ports.journal import Mark

ACTING = Account(0, Login("you"), AccountKind.USER)
"""Whoever asks; GitHub counts its accounts from 1."""


_WEB_FLOW = Account(WEB_FLOW_ID, Login("web-flow"), AccountKind.USER)


class UnopenedPullRequest:
    """A code host whose only pull request is the branch at `head`, into `base`."""

    def __init__(self, trees: TreeReader, base: str, head: CommitSha) -> None:
        self._trees = trees
        self._base = base
        self._head = head

    def pull_request(self, number: int) -> PullRequest:
        """Return the pull request that the branch would be, whatever the number."""
        return PullRequest(
            number=number,
            state=PullRequestState.OPEN,
            author=ACTING,
            head=self._head,
            base_branch=self._base,
            is_draft=False,
            is_from_fork=False,
            merge_commit=None,
            merged_by=None,
            commit_count=len(self.compare(self._base, self._head).commits),
            updated_at=datetime.fromtimestamp(0, UTC),
        )

    def open_pull_requests(self) -> tuple[OpenPullRequest, ...]:
        """Return nothing: it is not open yet."""
        return ()

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Return nothing: nobody has seen it."""
        return ()

    def retargeted_at(self, number: int) -> datetime | None:
        """Return nothing: it has the base it is tried against."""
        return None

    def merged_pull_request(self, commit: CommitSha) -> PullRequest | None:
        """Return nothing: it is not merged."""
        return None

    def pushes(self, number: int) -> tuple[Push, ...]:
        """Return that whoever asks would push it."""
        return (Push(self._head, ACTING, made_branch=True),)

    def tip(self, branch: str) -> CommitSha:
        """Return what the clone says."""
        return self._trees.tip(branch)

    def compare(self, base: str, head: str) -> Comparison:
        """Return what the clone says; what claims to be made on the code host's pages is taken for that."""
        found = self._trees.compare(base, head)
        return replace(found, commits=tuple(map(_believed, found.commits)))

    def snapshot(self, commit: CommitSha, tree: ObjectId) -> Snapshot:
        """Return what the clone says."""
        return self._trees.snapshot(commit, tree)

    def contents(self, blobs: frozenset[ObjectId]) -> Mapping[ObjectId, bytes]:
        """Return what the clone says."""
        return self._trees.contents(blobs)


def claims_to_be_made_on_pages(commit: Commit) -> bool:
    """Return whether `commit` names the code host itself as its committer, as edits and merges on its pages do."""
    return commit.committer_email == WEB_FLOW_ADDRESS


def _believed(commit: Commit) -> Commit:
    # Only a code host can verify its own signature; whoever judges there does.
    return replace(commit, committer=_WEB_FLOW, is_verified=True) if claims_to_be_made_on_pages(commit) else commit


@dataclass(frozen=True, slots=True)
class ActingDirectory:
    """A directory in which the acting account is `person`, or nobody."""

    directory: Directory
    person: Principal | None

    def look_up(
        self, accounts: frozenset[Account], emails: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People:
        """Return what the directory says of everybody else. Raises `UnavailableError`."""
        people = self.directory.look_up(accounts - {ACTING}, emails, logins)
        return People({**people.by_account, ACTING.id: self.person}, people.by_email, people.by_login, people.contested)

    def revision(self) -> str:
        """Return what the directory says: who is acting does not change. Raises `UnavailableError`."""
        return self.directory.revision()


@dataclass(frozen=True, slots=True)
class Recollection:
    """A journal to remember from and not to write to."""

    events: tuple[Event, ...]

    def record(self, events: Sequence[Event], marks: Sequence[Mark] = ()) -> None:
        """Refuse with `InputError`: what is only tried leaves no trace."""
        raise InputError("expected nothing to record, for nothing happens here")

    def find(self, types: frozenset[EventType], subject: str | None = None) -> tuple[Event, ...]:
        """Return the events of `types` (about `subject`, when given), oldest first."""
        return tuple(event for event in self.events if event.type in types and subject in (None, event.subject))

    def unsealed(self, limit: int) -> tuple[Event, ...]:
        """Return nothing: all of it was sealed, or never will be."""
        return ()

    def mark_sealed(self, entries: Sequence[Entry]) -> None:
        """Refuse with `InputError`, as `record` does."""
        raise InputError("expected nothing to seal, for nothing happens here")

    def last_sealed(self) -> Entry | None:
        """Return nothing: where entries stand in a ledger is not remembered."""
        return None
