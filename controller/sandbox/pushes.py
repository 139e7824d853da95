"""What follows when a ref moved: events, pull requests that move, close or count as merged.

One place for every way a branch can move: a git push, the git database calls, a merge. Branch protection is asked
before (`push_refused`), consequences are drawn after (`branch_moved`).
"""

from controller.sandbox.events import announce_pull, announce_push, announce_review
from controller.sandbox.git_history import commits_between, first_parents, is_ancestor
from controller.sandbox.git_objects import branch_tip
from controller.sandbox.git_store import Move
from controller.sandbox.mergeability import may_bypass
from controller.sandbox.records import Activity, PullRequest, Repository
from controller.sandbox.world import Deed, World

_HEADS = "refs/heads/"


def push_refused(deed: Deed, move: Move) -> str | None:
    """Return why branch protection refuses this move of a ref, or None when it does not."""
    repository, ref = deed.repository, move.ref
    protection = repository.protections.get(ref.removeprefix(_HEADS)) if ref.startswith(_HEADS) else None
    if protection is None:
        return None
    if move.deletes:
        return None if protection.allow_deletions else "Cannot delete this protected branch"
    if _is_forced(repository, move) and not protection.allow_force_pushes:
        return "Cannot force-push to this protected branch"
    if may_bypass(deed.world, repository, protection, deed.person):
        return None
    if protection.approving_reviews is not None:
        return "Changes must be made through a pull request."
    return "Required status checks are expected." if protection.required_checks else None


def forward_only(repository: Repository, ref: str) -> bool:
    """Tell whether protection forbids rewriting a branch; for pushes, whose objects only the hook can see."""
    protection = repository.protections.get(ref.removeprefix(_HEADS)) if ref.startswith(_HEADS) else None
    return protection is not None and not protection.allow_force_pushes


def branch_moved(deed: Deed, move: Move, *, merging: bool = False) -> None:
    """Draw the consequences of a ref that moved; `merging` when the server itself is merging a pull request."""
    world, repository = deed.world, deed.repository
    repository.pushed_at = world.now()
    kind = "pr_merge" if merging else _kind(repository, move)
    repository.activities.append(
        Activity(world.next_id(), move.ref, move.before, move.after, kind, deed.person, world.now())
    )
    announce_push(deed, move)
    if not move.ref.startswith(_HEADS):
        return
    branch = move.ref.removeprefix(_HEADS)
    for home, pull in _open_pulls_from(world, repository, branch):
        here = Deed(world, home, deed.person)
        if move.deletes:
            close_pull(here, pull)
        else:
            _move_head(here, pull, move.after)
    for pull in [pull for pull in repository.pulls.values() if pull.issue.state == "open"]:
        if pull.base_branch == branch and not move.deletes:
            pull.mergeable = None
            if not merging:
                _count_as_merged(deed, pull, move)


def close_pull(deed: Deed, pull: PullRequest) -> None:
    """Close a pull request and tell of it."""
    pull.issue.state = "closed"
    pull.issue.closed_at = pull.issue.updated_at = deed.world.now()
    announce_pull(deed, pull, "closed")


def fetch_head(repository: Repository, pull: PullRequest) -> None:
    """Keep the head of a pull request under `refs/pull/N/head`, fetched from its fork if it has one."""
    if pull.head_repository is not None and pull.head_repository is not repository:
        fetch_object(repository, pull.head_repository, pull.head_sha)
    repository.store.move(f"refs/pull/{pull.issue.number}/head", pull.head_sha)


def fetch_object(repository: Repository, source: Repository, oid: str) -> None:
    """Bring a commit of another repository of the network here, as GitHub's shared storage does."""
    repository.store.run("fetch", "--quiet", "--no-tags", str(source.store.path.resolve()), oid)


def _kind(repository: Repository, move: Move) -> str:
    if move.creates:
        return "branch_creation"
    if move.deletes:
        return "branch_deletion"
    return "force_push" if _is_forced(repository, move) else "push"


def _is_forced(repository: Repository, move: Move) -> bool:
    if move.creates or repository.store.read(move.after) is None:
        return False
    return not is_ancestor(repository.store, move.before, move.after)


def _move_head(deed: Deed, pull: PullRequest, after: str) -> None:
    repository, before = deed.repository, pull.head_sha
    pull.head_sha, pull.previous_head_sha, pull.last_pusher = after, before, deed.person
    pull.base_sha = branch_tip(repository.store, pull.base_branch) or pull.base_sha
    pull.mergeable, pull.test_merge_sha = None, None
    pull.issue.updated_at = deed.world.now()
    fetch_head(repository, pull)
    protection = repository.protections.get(pull.base_branch)
    if protection is not None and protection.dismiss_stale_reviews:
        for review in pull.reviews:
            if review.state == "APPROVED":
                review.state = "DISMISSED"
                announce_review(deed, pull, review, "dismissed")
    announce_pull(deed, pull, "synchronize", {"before": before, "after": after})


def _count_as_merged(deed: Deed, pull: PullRequest, move: Move) -> None:
    # Someone pushed the head into the base without the merge button: GitHub marks the pull request merged.
    store = deed.repository.store
    if move.creates or not commits_between(store, move.before, pull.head_sha):
        return
    if not is_ancestor(store, pull.head_sha, move.after):
        return
    chain = first_parents(store, move.before, move.after)
    pull.merge_commit_sha = next(oid for oid in chain if is_ancestor(store, pull.head_sha, oid))
    pull.merged_at, pull.merged_by = deed.world.now(), deed.person
    close_pull(deed, pull)


def _open_pulls_from(world: World, repository: Repository, branch: str) -> list[tuple[Repository, PullRequest]]:
    return [
        (home, pull)
        for home in world.repositories.values()
        for pull in home.pulls.values()
        if pull.issue.state == "open" and pull.head_repository is repository and pull.head_branch == branch
    ]
