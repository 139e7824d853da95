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
from controller.sandbox.mergeability import may_bypass, unmet_rules
from controller.sandbox.pushes import branch_moved, close_pull, fetch_head
from controller.sandbox.records import Account, Issue, PullRequest, Repository, Review
from controller.sandbox.refusal import Refusal, invalid, unprocessable
from controller.sandbox.world import WEB_FLOW_EMAIL, World, noreply_address

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


def open_issue(world: World, repository: Repository, author: Account, title: str, body: str | None) -> Issue:
    """Record a new issue under the next number."""
    now = world.now()
    number = max(repository.issues, default=0) + 1
    issue = Issue(world.next_id(), number, author, title, body, now, now)
    repository.issues[number] = issue
    return issue


def open_pull(world: World, repository: Repository, author: Account, proposal: Proposal) -> PullRequest:
    """Open a pull request and tell of it."""
    head_repository, branch = _head(world, repository, proposal.head)
    head, base = branch_tip(head_repository.store, branch), branch_tip(repository.store, proposal.base)
    if base is None:
        raise invalid("PullRequest", "base", "base is invalid")
    if head is None:
        raise invalid("PullRequest", "head", "head is invalid")
    _refuse_twin(repository, head_repository, branch, proposal.base)
    issue = open_issue(world, repository, author, proposal.title, proposal.body)
    issue.app_id = proposal.app_id
    pull = PullRequest(
        id=world.next_id(),
        issue=issue,
        head_repository=head_repository,
        head_owner=head_repository.owner,
        head_branch=branch,
        head_sha=head,
        base_branch=proposal.base,
        base_sha=base,
        draft=proposal.draft,
        last_pusher=author,
    )
    fetch_head(repository, pull)
    if not commits_between(repository.store, base, head):
        del repository.issues[issue.number]
        raise Refusal(
            422,
            "Validation Failed",
            errors=[
                {
                    "resource": "PullRequest",
                    "code": "custom",
                    "message": f"No commits between {proposal.base} and {branch}",
                }
            ],
        )
    repository.pulls[issue.number] = pull
    announce_pull(world, repository, pull, "opened", author)
    return pull


def reopen_pull(world: World, repository: Repository, pull: PullRequest, person: Account) -> None:
    """Open a closed pull request again, at the present tip of its branch."""
    tip = branch_tip(pull.head_repository.store, pull.head_branch) if pull.head_repository else None
    if pull.merged_at is not None or tip is None:
        raise invalid("PullRequest", "state", "state cannot be changed. The pull request cannot be reopened.")
    pull.issue.state, pull.issue.closed_at = "open", None
    pull.issue.updated_at = world.now()
    pull.head_sha, pull.mergeable = tip, None
    fetch_head(repository, pull)
    announce_pull(world, repository, pull, "reopened", person)


def submit_review(
    world: World,
    repository: Repository,
    pull: PullRequest,
    author: Account,
    *,
    event: str,
    body: str,
    commit_id: str | None = None,
) -> Review:
    """Record a review; its commit defaults to the head."""
    if event not in _EVENTS:
        raise unprocessable("Unprocessable Entity", "Variable $event of type PullRequestReviewEvent was invalid")
    if author.id == pull.issue.author.id and event != "COMMENT":
        deed = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable("Unprocessable Entity", f"Can not {deed} your own pull request")
    if event != "APPROVE" and not body:
        raise unprocessable("Unprocessable Entity", "Body can't be blank")
    if commit_id is not None and commit_id not in _commits_of(repository, pull):
        raise unprocessable("Unprocessable Entity", "Commit is not part of the pull request")
    state = _EVENTS[event]
    review = Review(world.next_id(), author, state, body, commit_id or pull.head_sha, world.now())
    pull.reviews.append(review)
    pull.requested_people = [person for person in pull.requested_people if person.id != author.id]
    pull.issue.updated_at = world.now()
    announce_review(world, repository, pull, review, "submitted", author)
    return review


def dismiss_review(world: World, repository: Repository, pull: PullRequest, review: Review, person: Account) -> None:
    """Void a review that decides something."""
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Unprocessable Entity", f"Can not dismiss a {review.state.lower()} pull request review")
    review.state = "DISMISSED"
    announce_review(world, repository, pull, review, "dismissed", person)


def merge_pull(world: World, repository: Repository, pull: PullRequest, person: Account, order: MergeOrder) -> str:
    """Merge a pull request into its base and return the new tip."""
    _refuse_merge(world, repository, pull, person, order)
    before = branch_tip(repository.store, pull.base_branch) or pull.base_sha
    try:
        after = _merged(world, repository, pull, person, order, before)
    except MergeConflictError as error:
        raise Refusal(405, "Pull Request has merge conflicts") from error
    ref = f"refs/heads/{pull.base_branch}"
    repository.store.move(ref, after, expected=before)
    pull.merge_commit_sha = after
    pull.merged_at, pull.merged_by = world.now(), person
    close_pull(world, repository, pull, person)
    branch_moved(world, repository, ref, before, after, person, merging=True)
    return after


def update_branch(world: World, repository: Repository, pull: PullRequest, person: Account) -> None:
    """Merge the base into the head branch."""
    base = branch_tip(repository.store, pull.base_branch) or pull.base_sha
    if pull.head_repository is None or not commits_between(repository.store, pull.head_sha, base):
        raise unprocessable("There are no new commits on the base branch.")
    try:
        merging = Merging(repository.store, pull.head_sha, base, signature_of(world, person), github(world))
        after = merge_commit(merging, f"Merge branch '{pull.base_branch}' into {pull.head_branch}")
    except MergeConflictError as error:
        raise unprocessable("merge conflict between base and head") from error
    repository.server_commits.add(after)
    ref, store, before = f"refs/heads/{pull.head_branch}", pull.head_repository.store, pull.head_sha
    if pull.head_repository is not repository:
        store.run("fetch", "--quiet", "--no-tags", str(repository.store.path), after)
        pull.head_repository.server_commits.add(after)
    store.move(ref, after, expected=before)
    branch_moved(world, pull.head_repository, ref, before, after, person)


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
            message = f"A pull request already exists for {head.owner.login}:{branch}."
            error = {"resource": "PullRequest", "code": "custom", "message": message}
            raise Refusal(422, "Validation Failed", errors=[error])


def _commits_of(repository: Repository, pull: PullRequest) -> list[str]:
    return commits_between(repository.store, pull.base_sha, pull.head_sha)


def _refuse_merge(world: World, repository: Repository, pull: PullRequest, person: Account, order: MergeOrder) -> None:
    if order.method not in ("merge", "squash", "rebase"):
        raise unprocessable("Invalid merge method")
    if pull.issue.state != "open":
        raise Refusal(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if order.sha is not None and order.sha != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    protection = repository.protections.get(pull.base_branch)
    if protection is None:
        return
    if protection.linear_history and order.method == "merge":
        raise Refusal(405, "This branch must not contain merge commits.")
    reasons = unmet_rules(world, repository, pull)
    if reasons and not may_bypass(world, repository, protection, person):
        raise Refusal(405, " ".join(reasons))


def _merged(
    world: World, repository: Repository, pull: PullRequest, person: Account, order: MergeOrder, before: str
) -> str:
    store, number, title = repository.store, pull.issue.number, pull.issue.title
    signed = signature_of(world, person)
    if order.method == "rebase":
        return rebase_commits(Merging(store, before, pull.head_sha, signed, signed))
    merging = Merging(store, before, pull.head_sha, signed, github(world))
    if order.method == "merge":
        subject = order.title or f"Merge pull request #{number} from {pull.head_owner.login}/{pull.head_branch}"
        after = merge_commit(merging, f"{subject}\n\n{title if order.message is None else order.message}")
    else:
        after = _squashed(world, repository, pull, order, merging)
    repository.server_commits.add(after)
    return after


def _squashed(world: World, repository: Repository, pull: PullRequest, order: MergeOrder, merging: Merging) -> str:
    commits = [known_commit(repository.store, oid) for oid in _commits_of_squash(repository, merging)]
    author = commits[0].author if len(commits) == 1 else signature_of(world, pull.issue.author)
    subject = order.title or f"{pull.issue.title} (#{pull.issue.number})"
    listed = "\n\n".join(f"* {commit.message}" for commit in commits) if len(commits) > 1 else ""
    parts = [subject, listed if order.message is None else order.message, "\n".join(co_authors(commits, author))]
    return squash_commit(merging, author, "\n\n".join(part for part in parts if part))


def _commits_of_squash(repository: Repository, merging: Merging) -> list[str]:
    return commits_between(repository.store, merging.base, merging.head)
