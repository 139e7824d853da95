"""May this pull request be merged: the test merge, and the rules of branch protection.

Follows GitHub docs "About protected branches" and "Pulls: mergeable". Reviews count per person with write access by the
latest approving, refusing or dismissed one; checks count by the latest run of a name on exactly the head commit.
"""

from controller.sandbox.git_history import is_ancestor
from controller.sandbox.git_merging import MergeConflictError, Merging, merge_commit
from controller.sandbox.git_objects import Signature, branch_tip
from controller.sandbox.records import (
    Account,
    CheckRun,
    Permission,
    Protection,
    PullRequest,
    Repository,
    RequiredCheck,
    Review,
)
from controller.sandbox.world import WEB_FLOW_EMAIL, World

_GREEN = ("success", "neutral", "skipped")


def try_merge(world: World, repository: Repository, pull: PullRequest) -> None:
    """Merge base and head on trial and remember whether that is possible, as `refs/pull/N/merge`."""
    base = branch_tip(repository.store, pull.base_branch) or pull.base_sha
    github = Signature("GitHub", WEB_FLOW_EMAIL, world.now())
    ref = f"refs/pull/{pull.issue.number}/merge"
    try:
        merging = Merging(repository.store, base, pull.head_sha, github, github)
        pull.test_merge_sha = merge_commit(merging, f"Merge {pull.head_sha} into {base}")
    except MergeConflictError:
        pull.mergeable = False
        pull.test_merge_sha = None
        return
    pull.mergeable = True
    repository.server_commits.add(pull.test_merge_sha)
    repository.store.move(ref, pull.test_merge_sha)


def mergeable_state(world: World, repository: Repository, pull: PullRequest) -> str:
    """Return GitHub's word for whether the merge button works."""
    if pull.issue.state != "open" or pull.mergeable is None:
        return "unknown"
    if pull.draft:
        return "draft"
    if not pull.mergeable:
        return "dirty"
    protection = repository.protections.get(pull.base_branch)
    if protection is not None:
        if _is_behind(repository, protection, pull):
            return "behind"
        if unmet_rules(world, repository, pull):
            return "blocked"
    runs = latest_runs(repository, pull.head_sha)
    return "clean" if all(run.conclusion in _GREEN for run in runs) else "unstable"


def may_bypass(world: World, repository: Repository, protection: Protection, account: Account) -> bool:
    """Tell whether protection lets this account pass: listed bypassers, and administrators unless enforced."""
    app = world.app_of_bot(account)
    if account.login in protection.bypassers or (app is not None and app.slug in protection.bypassers):
        return True
    return not protection.enforce_admins and world.permission(account, repository) is Permission.ADMIN


def unmet_rules(world: World, repository: Repository, pull: PullRequest) -> list[str]:
    """Return the rules of protection this pull request does not meet, in GitHub's words."""
    protection = repository.protections.get(pull.base_branch)
    if protection is None:
        return []
    reasons = _unmet_reviews(world, repository, protection, pull)
    reasons += _unmet_checks(repository, protection, pull)
    if _is_behind(repository, protection, pull):
        reasons.append("The head branch is not up to date with the base branch.")
    return reasons


def latest_runs(repository: Repository, sha: str) -> list[CheckRun]:
    """Return the newest run of each App and name on a commit."""
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in repository.check_runs.values():
        if run.suite.head_sha == sha:
            newest[run.suite.app_id, run.name] = run
    return list(newest.values())


def checks_on(repository: Repository, protection: Protection, sha: str) -> list[str]:
    """Return how each required check stands on a commit: expected, pending, failing or green."""
    runs = latest_runs(repository, sha)
    return [_check_state(runs, required) for required in protection.required_checks]


def deciding_reviews(pull: PullRequest) -> dict[int, Review]:
    """Return each reviewer's latest review that is not a mere comment."""
    return {review.author.id: review for review in pull.reviews if review.state != "COMMENTED"}


def _unmet_reviews(world: World, repository: Repository, protection: Protection, pull: PullRequest) -> list[str]:
    if protection.approving_reviews is None:
        return []
    counted = [
        review
        for review in deciding_reviews(pull).values()
        if world.permission(review.author, repository).rank >= Permission.WRITE.rank
    ]
    if any(review.state == "CHANGES_REQUESTED" for review in counted):
        return ["Changes have been requested by a reviewer with write access."]
    approvals = [review for review in counted if review.state == "APPROVED"]
    if protection.require_last_push_approval:
        approvals = [review for review in approvals if review.author is not pull.last_pusher]
    missing = protection.approving_reviews - len(approvals)
    if missing <= 0:
        return []
    plural = "review is" if protection.approving_reviews == 1 else "reviews are"
    return [f"At least {protection.approving_reviews} approving {plural} required by reviewers with write access."]


def _unmet_checks(repository: Repository, protection: Protection, pull: PullRequest) -> list[str]:
    states = zip(protection.required_checks, checks_on(repository, protection, pull.head_sha), strict=True)
    return [f'Required status check "{one.context}" is {state}.' for one, state in states if state != "green"]


def _check_state(runs: list[CheckRun], required: RequiredCheck) -> str:
    matching = [run for run in runs if run.name == required.context and required.app_id in (None, -1, run.suite.app_id)]
    if not matching:
        return "expected"
    if any(run.status != "completed" for run in matching):
        return "pending"
    return "green" if all(run.conclusion in _GREEN for run in matching) else "failing"


def _is_behind(repository: Repository, protection: Protection, pull: PullRequest) -> bool:
    tip = branch_tip(repository.store, pull.base_branch)
    return protection.strict and tip is not None and not is_ancestor(repository.store, tip, pull.head_sha)
