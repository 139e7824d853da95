"""What people do with a pull request: open, edit, review, ask for review, merge.

The rules here are GitHub's: one open pull request per pair of branches, nobody approves their own, a merge names the
head it saw, protection is met or bypassed by those who may. REST calls and pages both come through here.
"""

from dataclasses import dataclass
from typing import Literal

from controller.sandbox.events import announce_pull, announce_review
from controller.sandbox.git_history import commits_between
from controller.sandbox.git_merging import (
    MergeConflictError,
    Merging,
    co_authors,
    merge_commit,
    rebase_commits,
    squash_commit,
)
from controller.sandbox.git_objects import Signature, branch_tip, known_commit
from controller.sandbox.git_store import Move
from controller.sandbox.mergeability import may_bypass, unmet_rules
from controller.sandbox.pushes import branch_moved, close_pull, fetch_head, fetch_object
from controller.sandbox.records import Account, Issue, PullRequest, Repository, Review
from controller.sandbox.refusal import Refusal, invalid, unprocessable
from controller.sandbox.world import WEB_FLOW_EMAIL, Deed, World, noreply_address

MergeMethod = Literal["merge", "squash", "rebase"]
_EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a new pull request says."""

    title: str
    body: str | None
    head: str
    base: str
    draft: bool = False
    app_id: int | None = None


@dataclass(frozen=True, slots=True)
class MergeOrder:
    """How somebody wants a pull request merged."""

    method: MergeMethod = "merge"
    sha: str | None = None
    title: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody says in a review, and the commit they saw (the head when they do not tell)."""

    event: str
    body: str = ""
    commit_id: str | None = None


def open_issue(deed: Deed, title: str, body: str | None) -> Issue:
    """Record a new issue under the next number."""
    issues, now = deed.repository.issues, deed.world.now()
    number = max(issues, default=0) + 1
    issues[number] = Issue(deed.world.next_id(), number, deed.person, title, body, now, now)
    return issues[number]


def open_pull(deed: Deed, proposal: Proposal) -> PullRequest:
    """Open a pull request and tell of it."""
    repository = deed.repository
    head_repository, branch = _head(deed.world, repository, proposal.head)
    head, base = branch_tip(head_repository.store, branch), branch_tip(repository.store, proposal.base)
    if base is None:
        raise invalid("PullRequest", "base", "base is invalid")
    if head is None:
        raise invalid("PullRequest", "head", "head is invalid")
    _refuse_twin(repository, head_repository, branch, proposal.base)
    if head_repository is not repository:
        fetch_object(repository, head_repository, head)
    if not commits_between(repository.store, base, head):
        raise _pull_invalid(f"No commits between {proposal.base} and {branch}")
    issue = open_issue(deed, proposal.title, proposal.body)
    issue.app_id = proposal.app_id
    pull = PullRequest(
        id=deed.world.next_id(),
        issue=issue,
        head_repository=head_repository,
        head_owner=head_repository.owner,
        head_branch=branch,
        head_sha=head,
        base_branch=proposal.base,
        base_sha=base,
        draft=proposal.draft,
        last_pusher=deed.person,
    )
    fetch_head(repository, pull)
    repository.pulls[issue.number] = pull
    announce_pull(deed, pull, "opened")
    return pull


def reopen_pull(deed: Deed, pull: PullRequest) -> None:
    """Open a closed pull request again, at the present tip of its branch."""
    tip = branch_tip(pull.head_repository.store, pull.head_branch) if pull.head_repository else None
    if pull.merged_at is not None or tip is None:
        raise invalid("PullRequest", "state", "state cannot be changed. The pull request cannot be reopened.")
    pull.issue.state, pull.issue.closed_at = "open", None
    pull.issue.updated_at = deed.world.now()
    pull.head_sha, pull.mergeable = tip, None
    fetch_head(deed.repository, pull)
    announce_pull(deed, pull, "reopened")


def submit_review(deed: Deed, pull: PullRequest, opinion: Opinion) -> Review:
    """Record a review."""
    event, commit = opinion.event, opinion.commit_id
    if event not in _EVENTS:
        raise unprocessable("Unprocessable Entity", "Variable $event of type PullRequestReviewEvent was invalid")
    if deed.person.id == pull.issue.author.id and event != "COMMENT":
        what = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable("Unprocessable Entity", f"Can not {what} your own pull request")
    if event != "APPROVE" and not opinion.body:
        raise unprocessable("Unprocessable Entity", "Body can't be blank")
    own = commits_between(deed.repository.store, pull.base_sha, pull.head_sha)
    if commit is not None and commit not in own:
        raise unprocessable("Unprocessable Entity", "Commit is not part of the pull request")
    now = deed.world.now()
    review = Review(deed.world.next_id(), deed.person, _EVENTS[event], opinion.body, commit or pull.head_sha, now)
    pull.reviews.append(review)
    pull.requested_people = [person for person in pull.requested_people if person.id != deed.person.id]
    pull.issue.updated_at = now
    announce_review(deed, pull, review, "submitted")
    return review


def dismiss_review(deed: Deed, pull: PullRequest, review: Review) -> None:
    """Void a review that decides something."""
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Unprocessable Entity", f"Can not dismiss a {review.state.lower()} pull request review")
    review.state = "DISMISSED"
    announce_review(deed, pull, review, "dismissed")


def merge_pull(deed: Deed, pull: PullRequest, order: MergeOrder) -> str:
    """Merge a pull request into its base and return the new tip."""
    store = deed.repository.store
    _refuse_merge(deed, pull, order)
    before = branch_tip(store, pull.base_branch) or pull.base_sha
    try:
        after = merged_commit(deed, pull, order, before)
    except MergeConflictError as error:
        raise Refusal(405, "Pull Request has merge conflicts") from error
    move = Move(f"refs/heads/{pull.base_branch}", before, after)
    store.move(move.ref, after, expected=before)
    pull.merge_commit_sha = after
    pull.merged_at, pull.merged_by = deed.world.now(), deed.person
    close_pull(deed, pull)
    branch_moved(deed, move, merging=True)
    return after


def update_branch(deed: Deed, pull: PullRequest) -> None:
    """Merge the base into the head branch."""
    world, repository, home = deed.world, deed.repository, pull.head_repository
    base = branch_tip(repository.store, pull.base_branch) or pull.base_sha
    if home is None or not commits_between(repository.store, pull.head_sha, base):
        raise unprocessable("There are no new commits on the base branch.")
    try:
        merging = Merging(repository.store, pull.head_sha, base, signature_of(world, deed.person), github(world))
        after = merge_commit(merging, f"Merge branch '{pull.base_branch}' into {pull.head_branch}")
    except MergeConflictError as error:
        raise unprocessable("merge conflict between base and head") from error
    repository.server_commits.add(after)
    if home is not repository:
        fetch_object(home, repository, after)
        home.server_commits.add(after)
    move = Move(f"refs/heads/{pull.head_branch}", pull.head_sha, after)
    home.store.move(move.ref, after, expected=move.before)
    branch_moved(Deed(world, home, deed.person), move)


def signature_of(world: World, account: Account) -> Signature:
    """Return how a person signs commits made now."""
    return Signature(account.name, account.emails[0] if account.emails else noreply_address(account), world.now())


def github(world: World) -> Signature:
    """Return the committer of what the server commits ("web-flow")."""
    return Signature("GitHub", WEB_FLOW_EMAIL, world.now())


def _head(world: World, repository: Repository, head: str) -> tuple[Repository, str]:
    owner, colon, branch = head.rpartition(":")
    if not colon or owner.lower() == repository.owner.login.lower():
        return repository, branch
    for fork in world.repositories.values():
        if fork.parent is repository and fork.owner.login.lower() == owner.lower():
            return fork, branch
    raise invalid("PullRequest", "head", "head is invalid")


def _refuse_twin(repository: Repository, head: Repository, branch: str, base: str) -> None:
    for pull in repository.pulls.values():
        same = pull.head_repository is head and pull.head_branch == branch and pull.base_branch == base
        if same and pull.issue.state == "open":
            raise _pull_invalid(f"A pull request already exists for {head.owner.login}:{branch}.")


def _pull_invalid(message: str) -> Refusal:
    return Refusal(422, "Validation Failed", errors=[{"resource": "PullRequest", "code": "custom", "message": message}])


def _refuse_merge(deed: Deed, pull: PullRequest, order: MergeOrder) -> None:
    if pull.issue.state != "open":
        raise Refusal(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if order.sha is not None and order.sha != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    protection = deed.repository.protections.get(pull.base_branch)
    if protection is None:
        return
    if protection.merge_queue is not None and not may_bypass(deed.world, deed.repository, protection, deed.person):
        raise Refusal(405, "Changes must be made through the merge queue.")
    if protection.linear_history and order.method == "merge":
        raise Refusal(405, "This branch must not contain merge commits.")
    reasons = unmet_rules(deed.world, deed.repository, pull)
    if reasons and not may_bypass(deed.world, deed.repository, protection, deed.person):
        raise Refusal(405, " ".join(reasons))


def merged_commit(deed: Deed, pull: PullRequest, order: MergeOrder, before: str) -> str:
    """Make the commit that merging on `before` gives, and return it; raise `MergeConflictError` when it cannot be."""
    store, number, title = deed.repository.store, pull.issue.number, pull.issue.title
    signed = signature_of(deed.world, deed.person)
    if order.method == "rebase":
        return rebase_commits(Merging(store, before, pull.head_sha, signed, signed))
    merging = Merging(store, before, pull.head_sha, signed, github(deed.world))
    if order.method == "merge":
        subject = order.title or f"Merge pull request #{number} from {pull.head_owner.login}/{pull.head_branch}"
        after = merge_commit(merging, f"{subject}\n\n{title if order.message is None else order.message}")
    else:
        after = _squashed(deed, pull, order, merging)
    deed.repository.server_commits.add(after)
    return after


def _squashed(deed: Deed, pull: PullRequest, order: MergeOrder, merging: Merging) -> str:
    store = deed.repository.store
    commits = [known_commit(store, oid) for oid in commits_between(store, merging.base, merging.head)]
    author = commits[0].author if len(commits) == 1 else signature_of(deed.world, pull.issue.author)
    subject = order.title or f"{pull.issue.title} (#{pull.issue.number})"
    listed = "\n\n".join(f"* {commit.message}" for commit in commits) if len(commits) > 1 else ""
    parts = [subject, listed if order.message is None else order.message, "\n".join(co_authors(commits, author))]
    return squash_commit(merging, author, "\n\n".join(part for part in parts if part))
