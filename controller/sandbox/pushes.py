"""What follows when a ref moved: events, pull requests that move, close or count as merged.

One place for every way a branch can move: a git push, the git database calls, a merge. Branch protection is asked
before (`refuse_protected`), consequences are drawn after (`branch_moved`).
"""

from controller.sandbox.events import announce_pull, announce_push
from controller.sandbox.git_history import commits_between, first_parents, is_ancestor
from controller.sandbox.git_store import NO_OBJECT
from controller.sandbox.mergeability import may_bypass
from controller.sandbox.records import Account, PullRequest, Repository
from controller.sandbox.world import World

_HEADS = "refs/heads/"


def push_refused(world: World, repository: Repository, person: Account, ref: str, old: str, new: str) -> str | None:
    """Return why branch protection refuses this move of a ref, or None when it does not."""
    protection = repository.protections.get(ref.removeprefix(_HEADS)) if ref.startswith(_HEADS) else None
    if protection is None:
        return None
    if new == NO_OBJECT:
        return None if protection.allow_deletions else "Cannot delete this protected branch"
    forced = old != NO_OBJECT and _known(repository, new) and not is_ancestor(repository.store, old, new)
    if forced and not protection.allow_force_pushes:
        return "Cannot force-push to this protected branch"
    if may_bypass(world, repository, protection, person):
        return None
    if protection.approving_reviews is not None:
        return "Changes must be made through a pull request."
    if protection.required_checks:
        return "Required status checks are expected."
    return None


def branch_moved(
    world: World, repository: Repository, ref: str, before: str, after: str, person: Account, *, merging: bool = False
) -> None:
    """Draw the consequences of a ref that moved; `merging` when the server itself is merging a pull request."""
    repository.pushed_at = world.now()
    announce_push(world, repository, ref, before, after, person)
    if not ref.startswith(_HEADS):
        return
    branch = ref.removeprefix(_HEADS)
    for pull in _open_pulls_from(world, repository, branch):
        home = _home(world, pull)
        if after == NO_OBJECT:
            close_pull(world, home, pull, person)
        else:
            _move_head(world, home, pull, after, person)
    for pull in [pull for pull in repository.pulls.values() if pull.issue.state == "open"]:
        if pull.base_branch == branch and after != NO_OBJECT:
            pull.mergeable = None
            if not merging:
                _count_as_merged(world, repository, pull, before, after, person)


def close_pull(world: World, repository: Repository, pull: PullRequest, person: Account) -> None:
    """Close a pull request and tell of it."""
    pull.issue.state = "closed"
    pull.issue.closed_at = pull.issue.updated_at = world.now()
    announce_pull(world, repository, pull, "closed", person)


def fetch_head(repository: Repository, pull: PullRequest) -> None:
    """Keep the head of a pull request under `refs/pull/N/head`, fetched from its fork if it has one."""
    if pull.head_repository is not None and pull.head_repository is not repository:
        repository.store.run("fetch", "--quiet", "--no-tags", str(pull.head_repository.store.path), pull.head_sha)
    repository.store.move(f"refs/pull/{pull.issue.number}/head", pull.head_sha)


def _move_head(world: World, repository: Repository, pull: PullRequest, after: str, person: Account) -> None:
    before, pull.head_sha = pull.head_sha, after
    pull.previous_head_sha, pull.last_pusher = before, person
    pull.base_sha = _tip(repository, pull.base_branch) or pull.base_sha
    pull.mergeable, pull.test_merge_sha = None, None
    pull.issue.updated_at = world.now()
    fetch_head(repository, pull)
    protection = repository.protections.get(pull.base_branch)
    if protection is not None and protection.dismiss_stale_reviews:
        for review in pull.reviews:
            if review.state == "APPROVED":
                review.state = "DISMISSED"
    announce_pull(world, repository, pull, "synchronize", person, {"before": before, "after": after})


def _count_as_merged(
    world: World, repository: Repository, pull: PullRequest, before: str, after: str, person: Account
) -> None:
    # Someone pushed the head into the base without the merge button: GitHub marks the pull request merged.
    store = repository.store
    if before == NO_OBJECT or not commits_between(store, before, pull.head_sha):
        return
    if not is_ancestor(store, pull.head_sha, after):
        return
    chain = first_parents(store, before, after)
    pull.merge_commit_sha = next(oid for oid in chain if is_ancestor(store, pull.head_sha, oid))
    pull.merged_at, pull.merged_by = world.now(), person
    close_pull(world, repository, pull, person)


def _open_pulls_from(world: World, repository: Repository, branch: str) -> list[PullRequest]:
    return [
        pull
        for other in world.repositories.values()
        for pull in other.pulls.values()
        if pull.issue.state == "open" and pull.head_repository is repository and pull.head_branch == branch
    ]


def _home(world: World, pull: PullRequest) -> Repository:
    return next(
        repository for repository in world.repositories.values() if repository.pulls.get(pull.issue.number) is pull
    )


def _tip(repository: Repository, branch: str) -> str | None:
    return repository.store.refs(f"{_HEADS}{branch}").get(f"{_HEADS}{branch}")


def _known(repository: Repository, oid: str) -> bool:
    return repository.store.read(oid) is not None
