"""Telling Apps what happened: webhook payloads, addressed to every App that is installed and subscribed.

Follows GitHub docs "Webhook events and payloads": each payload carries repository, sender and installation beside what
the event is about. Sending is the outbox's work.
"""

import json

from controller.sandbox.deliveries import Delivery, Target, new_guid
from controller.sandbox.git_history import commits_between, is_ancestor
from controller.sandbox.git_objects import branch_tip
from controller.sandbox.git_store import NO_OBJECT
from controller.sandbox.records import (
    Account,
    App,
    CheckRun,
    CheckSuite,
    Comment,
    PullRequest,
    Repository,
    Review,
    Team,
)
from controller.sandbox.shapes.accounts import (
    Json,
    account_shape,
    organization_full,
    team_shape,
)
from controller.sandbox.shapes.checks import check_run_shape, check_suite_shape
from controller.sandbox.shapes.commits import webhook_commit
from controller.sandbox.shapes.pulls import (
    comment_shape,
    issue_shape,
    pull_shape,
    pull_simple,
    review_shape,
)
from controller.sandbox.shapes.repositories import repository_shape
from controller.sandbox.world import World, node_id

_PUSHED_COMMITS = 2048


def announce_pull(
    world: World, repository: Repository, pull: PullRequest, action: str, sender: Account, extra: Json | None = None
) -> None:
    """Send a `pull_request` event."""
    content: Json = {
        "number": pull.issue.number,
        "pull_request": pull_shape(world, repository, pull),
        **(extra or {}),
    }
    _announce(world, repository, "pull_request", action, sender, content)


def announce_review(
    world: World, repository: Repository, pull: PullRequest, review: Review, action: str, sender: Account
) -> None:
    """Send a `pull_request_review` event; its state is in lower case, unlike in the REST API."""
    shape = review_shape(world, repository, pull, review)
    content: Json = {
        "review": {**shape, "state": review.state.lower()},
        "pull_request": pull_simple(world, repository, pull),
    }
    _announce(world, repository, "pull_request_review", action, sender, content)


def announce_push(world: World, repository: Repository, ref: str, before: str, after: str, sender: Account) -> None:
    """Send a `push` event for one ref."""
    store = repository.store
    created, deleted = before == NO_OBJECT, after == NO_OBJECT
    start = branch_tip(store, repository.default_branch) if created else before
    commits = [] if deleted or not ref.startswith("refs/heads/") else _pushed(repository, start or after, after)
    page = world.urls.page(repository.full_name)
    content: Json = {
        "ref": ref,
        "before": before,
        "after": after,
        "base_ref": None,
        "created": created,
        "deleted": deleted,
        "forced": not created and not deleted and not is_ancestor(store, before, after),
        "compare": f"{page}/compare/{before[:12]}...{after[:12]}",
        "commits": [webhook_commit(world, repository, oid) for oid in commits],
        "head_commit": None if deleted else webhook_commit(world, repository, after),
        "pusher": {"name": sender.login, "email": sender.emails[0] if sender.emails else None},
    }
    _announce(world, repository, "push", None, sender, content)


def announce_comment(world: World, repository: Repository, comment: Comment, action: str, sender: Account) -> None:
    """Send an `issue_comment` event."""
    content: Json = {
        "issue": issue_shape(world, repository, repository.issues[comment.number]),
        "comment": comment_shape(world, repository, comment),
    }
    _announce(world, repository, "issue_comment", action, sender, content)


def announce_check_run(
    world: World, repository: Repository, run: CheckRun, action: str, sender: Account, requested: str | None = None
) -> None:
    """Send a `check_run` event; requests go only to the App that owns the run."""
    suite = check_suite_shape(world, repository, run.suite)
    content: Json = {"check_run": {**check_run_shape(world, repository, run), "check_suite": suite}}
    if requested is not None:
        content["requested_action"] = {"identifier": requested}
    only = run.suite.app_id if action in ("rerequested", "requested_action") else None
    _announce(world, repository, "check_run", action, sender, content, only=only)


def announce_check_suite(world: World, repository: Repository, suite: CheckSuite, action: str, sender: Account) -> None:
    """Send a `check_suite` event to the App that owns the suite."""
    content: Json = {"check_suite": check_suite_shape(world, repository, suite)}
    _announce(world, repository, "check_suite", action, sender, content, only=suite.app_id)


def announce_membership(world: World, team: Team, member: Account, action: str, sender: Account) -> None:
    """Send a `membership` event: somebody entered or left a team."""
    content: Json = {
        "scope": "team",
        "member": account_shape(world.urls, member),
        "team": team_shape(world, team),
    }
    for app in _listening(world, team.organization, "membership"):
        _post(world, app, "membership", action, _addressed(world, team.organization, app, action, sender, content))


def announce_team(world: World, team: Team, action: str, sender: Account) -> None:
    """Send a `team` event: a team was created, edited, deleted or got a repository."""
    content: Json = {"team": team_shape(world, team)}
    for app in _listening(world, team.organization, "team"):
        _post(world, app, "team", action, _addressed(world, team.organization, app, action, sender, content))


def _announce(
    world: World,
    repository: Repository,
    event: str,
    action: str | None,
    sender: Account,
    content: Json,
    *,
    only: int | None = None,
) -> None:
    for app in _listening(world, repository.owner, event):
        if only is not None and app.id != only:
            continue
        payload = _addressed(world, repository.owner, app, action, sender, content)
        payload["repository"] = repository_shape(world, repository)
        _post(world, app, event, action, payload, repository)


def _listening(world: World, account: Account, event: str) -> list[App]:
    return [
        app
        for app in world.apps.values()
        if app.webhook_url is not None and app.installation.account.id == account.id and event in app.events
    ]


def _addressed(world: World, owner: Account, app: App, action: str | None, sender: Account, content: Json) -> Json:
    payload: Json = {} if action is None else {"action": action}
    payload |= content
    payload["sender"] = account_shape(world.urls, sender)
    payload["installation"] = {"id": app.installation.id, "node_id": node_id("Installation", app.installation.id)}
    if owner.kind == "Organization":
        payload["organization"] = organization_full(world.urls, owner)
    return payload


def _post(
    world: World, app: App, event: str, action: str | None, payload: Json, repository: Repository | None = None
) -> None:
    if app.webhook_url is None:
        return
    world.outbox.put(
        Delivery(
            id=world.next_id(),
            guid=new_guid(),
            event=event,
            action=action,
            payload=json.dumps(payload, separators=(",", ":")).encode(),
            target=Target(app.id, app.webhook_url, app.webhook_secret, app.installation.id),
            repository_id=None if repository is None else repository.id,
        )
    )


def _pushed(repository: Repository, before: str, after: str) -> list[str]:
    return commits_between(repository.store, before, after)[-_PUSHED_COMMITS:]
