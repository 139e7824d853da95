"""An honest code host in memory: people push, open, review and merge; the controller reads and writes.

Implements the three ports of `controller.ports.code_host` and passes the same contract as the
GitHub adapter. Ids are Git's own. `trouble` makes a method raise, `calls` tells what was asked.

    host = FakeCodeHost({"CODEOWNERS": "* @olga"})
    dana, olga = host.person("dana"), host.person("olga")
    number = host.open_pull_request("topic", {"environments/dev/anl.yaml": "..."}, by=dana)
    host.review(number, olga)
    host.merge(number, by=dana, method="squash")
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from controller.change.break_glass import break_glass_in
from controller.change.facts import (
    LARGEST_FILE,
    Account,
    Comment,
    Commit,
    PullRequest,
    PullRequestState,
    Push,
    Review,
    ReviewState,
    Snapshot,
)
from controller.change.merge_group import MergeGroup
from controller.change.names import CommitSha, Login, ObjectId, RepoPath
from controller.decision.check import CheckRun
from controller.desired_state.paths import is_controlled
from controller.errors import ControllerError, InputError
from controller.ownership.owner import TeamOwner, UserOwner
from controller.ports.code_host import Comparison, OpenPullRequest, Reaction
from tests.fakes.accounts import Accounts
from tests.fakes.git_objects import Authorship, Files, Objects, Signature
from tests.fakes.merge_queue import Entry, FakeMergeQueue
from tests.fakes.merges import SERVER, WEB_FLOW, Merges

__all__ = ["WEB_FLOW", "FakeCodeHost"]

_MOST_COMMITS = 250


@dataclass
class _Pull:
    facts: PullRequest
    branch: str
    reviews: list[Review] = field(default_factory=list)
    retargeted_at: datetime | None = None


class FakeCodeHost:
    """One repository with one governed branch."""

    def __init__(self, files: Files | None = None, *, branch: str = "main") -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.calls: list[str] = []
        """Names of the port's methods in the order they were called."""
        self.trouble: dict[str, ControllerError] = {}
        """What a method of the port raises, by its name."""
        self.checks: dict[tuple[CommitSha, str], CheckRun] = {}
        self.comments: dict[int, str] = {}
        self.requested: dict[int, set[Login]] = {}
        self.waited_for: dict[int, set[Login]] = {}
        """Those requested, by whomever, who have not reviewed since."""
        self.asked_for: dict[tuple[int, str], set[Login]] = {}
        self.spoken: dict[int, Comment] = {}
        self._said_at: dict[int, datetime] = {}
        """What people said, by the comment's id."""
        self.reactions: dict[int, set[str]] = {}
        self.writes = 0
        self.objects = Objects()
        self._merges = Merges(self.objects, self.signature)
        self.branches: dict[str, CommitSha] = {}
        self._branch = branch
        self._numbers, self._ids = count(1), count(5001)
        self._people = Accounts(self._ids)
        self.powerless, self.secret_teams = self._people.powerless, self._people.secret_teams
        self._pulls: dict[int, _Pull] = {}
        self._pushes: dict[str, list[Push]] = {}
        self.merge_queue = FakeMergeQueue(lambda: self.branches[branch], self._built, self._landed)
        founder = Signature(None, "founder@example.com")
        tree = self.objects.changed(None, files or {"README.md": "A repository"})
        self.branches[branch] = self.objects.commit(tree, (), Authorship(founder, founder)).sha

    def person(self, login: str, *, id: int | None = None, email: str | None = None) -> Account:  # GitHub's word
        """Return the account of `login`, made on first use."""
        return self._people.account(login, id=id, email=email)

    def team(self, organization: str, slug: str, *members: Account) -> None:
        """Say who belongs to a team."""
        self._people.teams[organization.lower(), slug.lower()] = members

    def commit(self, files: Files, *, parents: Sequence[CommitSha], who: Authorship) -> Commit:
        """Make a commit that changes `files` of its first parent; no branch moves."""
        tree = self.objects.commits[parents[0]].tree if parents else None
        return self.objects.commit(self.objects.changed(tree, files), tuple(parents), who)

    def push(self, branch: str, files: Files, *, by: Account, who: Authorship | None = None) -> CommitSha:
        """Put a commit on a branch (made from the governed one when new) and push it."""
        start = self.branches.get(branch, self.branches[self._branch])
        made = self.commit(files, parents=(start,), who=who or self.authorship(by))
        self.move(branch, made.sha, by=by)
        return made.sha

    def move(self, branch: str, commit: CommitSha, *, by: Account | None) -> None:
        """Let a branch point to a commit, as any push, forced or not; `by` None when the host cannot say."""
        self._tick()
        self.branches[branch] = commit
        self._pushed(branch, commit, by)
        for pull in self._pulls.values():
            if pull.branch == branch and pull.facts.state is PullRequestState.OPEN:
                self._change(pull, head=commit)
                self.merge_queue.drop(pull.facts.number)

    def push_main(self, files: Files, *, by: Account) -> CommitSha:
        """Push straight to the governed branch."""
        return self.push(self._branch, files, by=by)

    def open_pull_request(
        self, branch: str, files: Files | None = None, *, by: Account, base: str | None = None, is_fork: bool = False
    ) -> int:
        """Open a pull request from `branch`, pushing `files` to it first."""
        if files is not None:
            self.push(branch, files, by=by)
        self._tick()
        number = next(self._numbers)
        facts = PullRequest(
            number=number,
            state=PullRequestState.OPEN,
            author=by,
            head=self.branches[branch],
            base_branch=base or self._branch,
            is_draft=False,
            is_from_fork=is_fork,
            merge_commit=None,
            merged_by=None,
            commit_count=0,
            updated_at=self.now,
        )
        self._pulls[number] = _Pull(facts, branch)
        self._change(self._pulls[number], head=facts.head)
        return number

    def ask_break_glass(self, number: int, body: str | None) -> None:
        """Put the label on a pull request with `body`; None takes the label off, whatever the body says."""
        pull = self._pull(number)
        pull.facts = replace(pull.facts, break_glass=None if body is None else break_glass_in(body))

    def review(
        self, number: int, by: Account, state: ReviewState = ReviewState.APPROVED, *, commit: CommitSha | None = None
    ) -> int:
        """Submit a review of the head, or of an older commit, and return its id."""
        self._tick()
        pull = self._pull(number)
        made = Review(next(self._ids), by, state, commit or pull.facts.head, self.now)
        pull.reviews.append(made)
        self.waited_for.get(number, set()).discard(by.login)
        pull.facts = replace(pull.facts, updated_at=self.now)
        return made.id

    def say(self, number: int, by: Account | None, body: str, *, is_by_app: bool = False) -> int:
        """Comment on a pull request and return the comment's id."""
        self._pull(number)
        made = Comment(next(self._ids), number, True, by, body, False, is_by_app)
        self.spoken[made.id] = made
        self._said_at[made.id] = self.now
        return made.id

    def edit_comment(self, comment: int, body: str) -> None:
        """Change what a comment says."""
        self.spoken[comment] = replace(self.spoken[comment], body=body, is_edited=True)
        self._said_at[comment] = self.now

    def dismiss(self, number: int, review: int) -> None:
        """Dismiss a review."""
        pull = self._pull(number)
        pull.reviews = [
            replace(each, state=ReviewState.DISMISSED) if each.id == review else each for each in pull.reviews
        ]

    def edit(self, number: int, **changed: object) -> None:
        """Change facts of a pull request (`is_draft=True`, `state=CLOSED`) as its page would."""
        self._tick()
        pull = self._pull(number)
        if "base_branch" in changed:
            pull.retargeted_at = self.now
        pull.facts = replace(pull.facts, updated_at=self.now, **changed)  # type: ignore[arg-type] # names are the fields'

    def merge(self, number: int, *, by: Account, method: str = "merge") -> CommitSha:
        """Merge a pull request (`merge`, `squash` or `rebase`); return its merge commit."""
        self._tick()
        pull = self._pull(number)
        made = self._merges.make(method, pull.facts, self.branches[pull.facts.base_branch], by)
        self._merged(pull, made, by)
        return made

    def enqueue(self, number: int, *, by: Account, method: str = "merge") -> MergeGroup:
        """Put a pull request into the merge queue; it is merged once the checks of its group are green."""
        self._tick()
        return self.merge_queue.put(number, by, method)

    def authorship(self, author: Account, *, co_authors: Sequence[str] = ()) -> Authorship:
        """Return what git writes into a commit of `author`."""
        signature = self.signature(author)
        return Authorship(signature, signature, tuple(co_authors))

    def signature(self, account: Account) -> Signature:
        """Return an account with the address it commits with."""
        return Signature(account, self._people.address(account))

    def pull_request(self, number: int) -> PullRequest:
        """See the port."""
        self.called("pull_request")
        requested = frozenset(self.person(login).id for login in self.waited_for.get(number, ()))
        return replace(self._pull(number).facts, requested=requested)

    def open_pull_requests(self) -> tuple[OpenPullRequest, ...]:
        """See the port."""
        self.called("open_pull_requests")
        pulls = [pull.facts for pull in self._pulls.values()]
        return tuple(
            OpenPullRequest(pull.number, pull.head, pull.updated_at, pull.break_glass is not None)
            for pull in pulls
            if pull.state is PullRequestState.OPEN and pull.base_branch == self._branch
        )

    def reviews(self, number: int) -> tuple[Review, ...]:
        """See the port."""
        self.called("reviews")
        return tuple(self._pull(number).reviews)

    def retargeted_at(self, number: int) -> datetime | None:
        """See the port."""
        self.called("retargeted_at")
        return self._pull(number).retargeted_at

    def merged_pull_request(self, commit: CommitSha) -> PullRequest | None:
        """See the port."""
        self.called("merged_pull_request")
        merged = [pull.facts for pull in self._pulls.values() if pull.facts.merge_commit == commit]
        return next((facts for facts in merged if facts.base_branch == self._branch), None)

    def pushes(self, number: int) -> tuple[Push, ...]:
        """See the port."""
        self.called("pushes")
        pull = self._pull(number)
        return () if pull.facts.is_from_fork else tuple(self._pushes.get(pull.branch, ()))

    def merge_groups(self) -> tuple[MergeGroup, ...]:
        """See the port."""
        self.called("merge_groups")
        return tuple(entry.group for entry in self.merge_queue.entries)

    def comment(self, number_: int) -> Comment:
        """See the port."""
        self.called("comment")
        if number_ not in self.spoken:
            raise InputError(f"no comment {number_}")
        return self.spoken[number_]

    def comments_since(self, moment: datetime) -> tuple[Comment, ...]:
        """See the port."""
        self.called("comments_since")
        return tuple(comment for comment in self.spoken.values() if self._said_at[comment.id] >= moment)

    def account(self, number_: int) -> Account | None:
        """See the port."""
        self.called("account")
        return self._people.of_id(number_)

    def react(self, comment: int, reaction: Reaction) -> None:
        """See the port."""
        self.called("react")
        if comment in self.spoken:
            self.reactions.setdefault(comment, set()).add(reaction.value)

    def tip(self, branch: str) -> CommitSha:
        """See the port."""
        self.called("tip")
        return self._resolved(branch)

    def compare(self, base: str, head: str) -> Comparison:
        """See the port."""
        self.called("compare")
        one, other = self._resolved(base), self._resolved(head)
        ancestor = self.objects.merge_base(one, other)
        if ancestor is None:
            raise InputError(f"{base} and {head} have no common ancestor")
        ours, theirs = self.objects.history(one), self.objects.history(other)
        between = tuple(commit for sha, commit in theirs.items() if sha not in ours)
        if len(between) > _MOST_COMMITS:
            raise InputError(f"{len(between)} commits lie between {base} and {head}; split the pull request")
        known = self.objects.commits
        return Comparison(known[one], known[ancestor], between, len(ours.keys() - theirs.keys()))

    def snapshot(self, commit: CommitSha, tree: ObjectId) -> Snapshot:
        """See the port."""
        self.called("snapshot")
        if tree not in self.objects.trees:
            raise InputError(f"no tree {tree}")
        entries = {path: entry for path, entry in self.objects.trees[tree].items() if is_controlled(path)}
        subtrees = {
            path: oid for path, oid in self.objects.subtrees[tree].items() if is_controlled(RepoPath(f"{path}/file"))
        }
        return Snapshot(commit, tree, entries, subtrees)

    def contents(self, blobs: frozenset[ObjectId]) -> Mapping[ObjectId, bytes]:
        """See the port."""
        self.called("contents")
        unknown = blobs - self.objects.blobs.keys()
        if unknown:
            raise InputError(f"no blobs {', '.join(sorted(unknown))}")
        found = {blob: self.objects.blobs[blob] for blob in blobs}
        return {blob: content for blob, content in found.items() if len(content) <= LARGEST_FILE}

    def team_members(self, team: TeamOwner) -> tuple[Account, ...]:
        """See the port."""
        self.called("team_members")
        return self._people.members(team)

    def may_write(self, team: TeamOwner) -> bool:
        """See the port."""
        self.called("may_write")
        return self._people.may_write(team)

    def writer(self, owner: UserOwner) -> Account | None:
        """See the port."""
        self.called("writer")
        return self._people.writer(owner)

    def write_check(self, check: CheckRun, *, is_first: bool = False) -> None:
        """See the port."""
        assert not (is_first and (check.commit, check.name) in self.checks), "it was said that none was ever written"
        self.called("write_check")
        self._resolved(check.commit)
        standing = self.checks.get((check.commit, check.name))
        if standing is None or standing.external_id != check.external_id:
            self.writes += 1
            self.checks[check.commit, check.name] = check
            self.merge_queue.proceed(self.checks)

    def write_comment(self, number: int, text: str | None, *, is_first: bool = False) -> None:
        """See the port."""
        assert not (is_first and number in self.comments), "it was said that none was ever written"
        self.called("write_comment")
        self._pull(number)
        if self.comments.get(number) == text:
            return
        self.writes += 1
        if text is None:
            del self.comments[number]
        else:
            self.comments[number] = text

    def request_reviews(
        self, number: int, accounts: Sequence[Account], occasion: str = "", waited_for: Set[int] = frozenset()
    ) -> None:
        """See the port."""
        self.called("request_reviews")
        pull, asked = self._pull(number), self.requested.setdefault(number, set())
        asked_for = self.asked_for.setdefault((number, occasion), set())
        missing = {account.login for account in accounts if account.id not in waited_for} - asked_for
        if pull.facts.author.login in missing:
            raise InputError("Review cannot be requested from pull request author.")
        if missing:
            self.writes += 1
            asked |= missing
            self.waited_for.setdefault(number, set()).update(missing)
            asked_for |= missing

    def called(self, method: str) -> None:
        """Note a call of a port's method, and raise what was planned for it."""
        self.calls.append(method)
        if method in self.trouble:
            raise self.trouble[method]

    @property
    def server(self) -> Signature:
        """Who commits what the host itself does."""
        return SERVER

    def _pushed(self, branch: str, commit: CommitSha, by: Account | None) -> None:
        told = self._pushes.setdefault(branch, [])
        told.append(Push(commit, by, made_branch=not told))

    def _pull(self, number: int) -> _Pull:
        if number not in self._pulls:
            raise InputError(f"no pull request {number}")
        return self._pulls[number]

    def _resolved(self, ref: str) -> CommitSha:
        found = self.branches.get(ref, CommitSha(ref))
        if found not in self.objects.commits:
            raise InputError(f"no branch or commit {ref}")
        return found

    def _change(self, pull: _Pull, *, head: CommitSha) -> None:
        base = self.objects.history(self.branches[pull.facts.base_branch])
        number = len(self.objects.history(head).keys() - base.keys())
        pull.facts = replace(pull.facts, head=head, commit_count=number, updated_at=self.now)

    def _merged(self, pull: _Pull, made: CommitSha, by: Account) -> None:
        self.branches[pull.facts.base_branch] = made
        self._pushed(pull.facts.base_branch, made, by)
        pull.facts = replace(
            pull.facts,
            state=PullRequestState.MERGED,
            merge_commit=made,
            merged_by=by,
            updated_at=self.now,
            merged_at=self.now,
        )

    def _built(self, number: int, base: CommitSha, by: Account, method: str) -> CommitSha:
        return self._merges.make(method, self._pull(number).facts, base, by)

    def _landed(self, entry: Entry) -> None:
        self._tick()
        self._merged(self._pull(entry.number), entry.group.head, entry.by)

    def _tick(self) -> None:
        self.now += timedelta(seconds=1)
