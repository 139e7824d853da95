"""Telling Apps what happened: webhook payloads, addressed to every App that is installed and subscribed.

Follows GitHub docs "Webhook events and payloads": each payload carries repository, sender and installation beside what
the event is about. Sending is the outbox's work.
"""

import json
from collections.abc import Mapping

from controller.sandbox.deliveries import Delivery, Target, new_guid
from controller.sandbox.git_history import commits_between, is_ancestor
from controller.sandbox.git_objects import branch_tip
from controller.sandbox.git_store import Move
from controller.sandbox.records import (
    Account,
    App,
    CheckRun,
    CheckSuite,
    Comment,
    Issue,
    Label,
    PullRequest,
    QueueEntry,
    Repository,
    Review,
    Team,
)
from controller.sandbox.shapes.accounts import (
    Json,
    account_shape,
    label_shape,
    organization_simple,
    team_shape,
)
from controller.sandbox.shapes.checks import check_run_shape, check_suite_shape
from controller.sandbox.shapes.commits import simple_commit, webhook_commit
from controller.sandbox.shapes.pulls import (
    comment_shape,
    issue_shape,
    pull_shape,
    pull_simple,
    review_shape,
)
from controller.sandbox.shapes.repositories import repository_shape
from controller.sandbox.world import Deed, World, node_id

_PUSHED_COMMITS = 2048


def announce_pull(deed: Deed, pull: PullRequest, action: str, extra: Mapping[str, object] | None = None) -> None:
    """Send a `pull_request` event."""
    content: Json = {
        "number": pull.issue.number,
        "pull_request": pull_shape(deed.world, deed.repository, pull),
        **(extra or {}),
    }
    _announce(deed, "pull_request", action, content)


def announce_review(deed: Deed, pull: PullRequest, review: Review, action: str) -> None:
    """Send a `pull_request_review` event; its state is in lower case, unlike in the REST API."""
    shape = review_shape(deed.world, deed.repository, pull, review)
    content: Json = {
        "review": {**shape, "state": review.state.lower()},
        "pull_request": pull_simple(deed.world, deed.repository, pull),
    }
    _announce(deed, "pull_request_review", action, content)


def announce_push(deed: Deed, move: Move) -> None:
    """Send a `push` event for one ref."""
    world, repository, person = deed.world, deed.repository, deed.person
    page = world.urls.page(repository.full_name)
    content: Json = {
        "ref": move.ref,
        "before": move.before,
        "after": move.after,
        "base_ref": None,
        "created": move.creates,
        "deleted": move.deletes,
        "forced": not move.creates and not move.deletes and not is_ancestor(repository.store, move.before, move.after),
        "compare": f"{page}/compare/{move.before[:12]}...{move.after[:12]}",
        "commits": [webhook_commit(world, repository, oid) for oid in _pushed(repository, move)],
        "head_commit": None if move.deletes else webhook_commit(world, repository, move.after),
        "pusher": {"name": person.login, "email": person.emails[0] if person.emails else None},
    }
    _announce(deed, "push", None, content)


def announce_comment(deed: Deed, comment: Comment, action: str) -> None:
    """Send an `issue_comment` event."""
    issue = deed.repository.issues[comment.number]
    content: Json = {
        "issue": issue_shape(deed.world, deed.repository, issue),
        "comment": comment_shape(deed.world, deed.repository, comment),
    }
    _announce(deed, "issue_comment", action, content)


def announce_issue(deed: Deed, issue: Issue, action: str, extra: Mapping[str, object] | None = None) -> None:
    """Send an `issues` event; what happens to the issue side of a pull request is told as `pull_request`."""
    content: Json = {"issue": issue_shape(deed.world, deed.repository, issue), **(extra or {})}
    _announce(deed, "issues", action, content)


def announce_label(deed: Deed, label: Label, action: str, renamed_from: str | None = None) -> None:
    """Send a `label` event: a label itself was edited or deleted, whatever has it."""
    content: Json = {"label": label_shape(deed.world.urls, deed.repository, label)}
    if renamed_from is not None:
        content["changes"] = {"name": {"from": renamed_from}}
    _announce(deed, "label", action, content)


def announce_check_run(deed: Deed, run: CheckRun, action: str, requested: str | None = None) -> None:
    """Send a `check_run` event; requests go only to the App that owns the run."""
    suite = check_suite_shape(deed.world, deed.repository, run.suite)
    shape = check_run_shape(deed.world, deed.repository, run)
    content: Json = {"check_run": {**shape, "check_suite": suite}}
    if requested is not None:
        content["requested_action"] = {"identifier": requested}
    only = run.suite.app_id if action in ("rerequested", "requested_action") else None
    _announce(deed, "check_run", action, content, only=only)


def announce_check_suite(deed: Deed, suite: CheckSuite, action: str) -> None:
    """Send a `check_suite` event to the App that owns the suite."""
    content: Json = {"check_suite": check_suite_shape(deed.world, deed.repository, suite)}
    _announce(deed, "check_suite", action, content, only=suite.app_id)


def announce_merge_group(deed: Deed, entry: QueueEntry, action: str, reason: str | None = None) -> None:
    """Send a `merge_group` event: checks are asked for on a group, or it is no more, for a `reason`."""
    group: Json = {
        "head_sha": entry.head,
        "head_ref": entry.ref,
        "base_sha": entry.base,
        "base_ref": f"refs/heads/{entry.pull.base_branch}",
        "head_commit": simple_commit(deed.repository, entry.head),
    }
    content: Json = {"merge_group": group} if reason is None else {"merge_group": group, "reason": reason}
    _announce(deed, "merge_group", action, content)


def announce_membership(world: World, team: Team, member: Account, action: str, sender: Account) -> None:
    """Send a `membership` event: somebody entered or left a team."""
    content: Json = {
        "action": action,
        "scope": "team",
        "member": account_shape(world.urls, member),
        "team": team_shape(world, team),
    }
    for app in _listening(world, team.organization, "membership"):
        _post(world, app, "membership", _addressed(world, app, sender, content))


def announce_team(world: World, team: Team, action: str, sender: Account) -> None:
    """Send a `team` event: a team was created, edited, deleted or got a repository."""
    content: Json = {"action": action, "team": team_shape(world, team)}
    for app in _listening(world, team.organization, "team"):
        _post(world, app, "team", _addressed(world, app, sender, content))


def _announce(
    deed: Deed, event: str, action: str | None, content: Mapping[str, object], *, only: int | None = None
) -> None:
    world, repository = deed.world, deed.repository
    for app in _listening(world, repository.owner, event):
        if only is not None and app.id != only:
            continue
        payload: Json = {} if action is None else {"action": action}
        payload |= _addressed(world, app, deed.person, content)
        payload["repository"] = repository_shape(world, repository)
        _post(world, app, event, payload, repository.id)


def _listening(world: World, account: Account, event: str) -> list[App]:
    return [
        app
        for app in world.apps.values()
        if app.webhook_url is not None and app.installation.account.id == account.id and event in app.heard
    ]


def _addressed(world: World, app: App, sender: Account, content: Mapping[str, object]) -> Json:
    payload: Json = {
        **content,
        "sender": account_shape(world.urls, sender),
        "installation": {"id": app.installation.id, "node_id": node_id("Installation", app.installation.id)},
    }
    if app.installation.account.kind == "Organization":
        payload["organization"] = organization_simple(world.urls, app.installation.account)
    return payload


def _post(world: World, app: App, event: str, payload: Json, repository_id: int | None = None) -> None:
    if app.webhook_url is None:
        return
    action = payload.get("action")
    world.outbox.put(
        Delivery(
            id=world.next_id(),
            guid=new_guid(),
            event=event,
            action=action if isinstance(action, str) else None,
            payload=json.dumps(payload, separators=(",", ":")).encode(),
            target=Target(app.id, app.webhook_url, app.webhook_secret, app.installation.id),
            repository_id=repository_id,
        )
    )


def _pushed(repository: Repository, move: Move) -> list[str]:
    if move.deletes or not move.ref.startswith("refs/heads/"):
        return []
    start = branch_tip(repository.store, repository.default_branch) if move.creates else move.before
    return commits_between(repository.store, start or move.after, move.after)[-_PUSHED_COMMITS:]
