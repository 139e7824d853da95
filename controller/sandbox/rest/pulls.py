"""Pull requests: list, open, edit, merge, update; who is asked to review."""

from controller.sandbox.deliveries import new_guid
from controller.sandbox.events import announce_pull
from controller.sandbox.git_history import changed_files, commits_between, merge_base
from controller.sandbox.merge_queue import enqueue, entry_of
from controller.sandbox.mergeability import try_merge
from controller.sandbox.pull_requests import (
    MergeMethod,
    MergeOrder,
    Proposal,
    merge_pull,
    open_pull,
    reopen_pull,
    update_branch,
)
from controller.sandbox.pushes import close_pull
from controller.sandbox.records import Account, BaseChange, Permission, PullRequest, Team
from controller.sandbox.refusal import Refusal, unprocessable
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.accounts import Json, account_shape, team_shape, team_simple
from controller.sandbox.shapes.commits import commit_shape, file_shape
from controller.sandbox.shapes.pulls import pull_shape, pull_simple

_METHODS: dict[str, MergeMethod] = {"merge": "merge", "squash": "squash", "rebase": "rebase"}
_LISTED_FILES = 3000
_LISTED_COMMITS = 250


def list_pulls(call: Call) -> Reply:
    """Answer pull requests by state, head and base, sorted as asked."""
    repository, query = call.repository, call.query
    state = query.get("state", "open")
    key = "updated" if query.get("sort") == "updated" else "created"
    newest_first = query.get("direction", "asc" if key == "updated" and "sort" in query else "desc") == "desc"
    found = [
        pull
        for pull in repository.pulls.values()
        if state in (pull.issue.state, "all")
        and query.get("base", pull.base_branch) == pull.base_branch
        and query.get("head", "") in ("", f"{pull.head_owner.login}:{pull.head_branch}")
    ]
    found.sort(
        key=lambda pull: (pull.issue.updated_at if key == "updated" else pull.issue.created_at, pull.issue.number),
        reverse=newest_first,
    )
    return Reply(items=[pull_simple(call.world, repository, pull) for pull in found])


def get_pull(call: Call) -> Reply:
    """Answer one pull request; asking makes the server find out whether it can be merged, for the next to ask."""
    world, repository, pull = call.world, call.repository, call.pull
    shape = pull_shape(world, repository, pull)
    key = (repository.id, pull.issue.number)
    if world.stale_heads.get(key, 0) > 0:
        world.stale_heads[key] -= 1
    if pull.mergeable is None and pull.issue.state == "open":
        try_merge(world, repository, pull)
    return Reply(shape)


def create_pull(call: Call) -> Reply:
    """Open a pull request."""
    body = call.body
    proposal = Proposal(
        title=body.required_text("title"),
        body=body.text("body"),
        head=body.required_text("head"),
        base=body.required_text("base"),
        draft=body.flag("draft"),
        app_id=call.caller.app.id if call.caller.app else None,
    )
    pull = open_pull(call.deed, proposal)
    return Reply(pull_shape(call.world, call.repository, pull), 201)


def edit_pull(call: Call) -> Reply:
    """Change title, body, base or state."""
    world, repository, pull = call.world, call.repository, call.pull
    changes: dict[str, object] = {}
    title = call.body.text("title")
    if title is not None and title != pull.issue.title:
        changes["title"] = {"from": pull.issue.title}
        pull.issue.title = title
    if "body" in call.body and call.body.text("body") != pull.issue.body:
        changes["body"] = {"from": pull.issue.body or ""}
        pull.issue.body = call.body.text("body")
    base = call.body.text("base")
    if base is not None and base != pull.base_branch:
        changes["base"] = {"ref": {"from": pull.base_branch}, "sha": {"from": pull.base_sha}}
        _change_base(call, pull, base)
    if changes:
        pull.issue.updated_at = world.now()
        announce_pull(call.deed, pull, "edited", {"changes": changes})
    _change_state(call, pull, call.body.text("state"))
    return Reply(pull_shape(world, repository, pull))


def list_pull_commits(call: Call) -> Reply:
    """Answer the commits of a pull request, at most 250 as on GitHub."""
    pull = call.pull
    oids = commits_between(call.repository.store, pull.base_sha, pull.head_sha)[:_LISTED_COMMITS]
    return Reply(items=[commit_shape(call.world, call.repository, oid) for oid in oids])


def list_pull_files(call: Call) -> Reply:
    """Answer the files of a pull request, at most 3000 as on GitHub."""
    pull, store = call.pull, call.repository.store
    base = merge_base(store, pull.base_sha, pull.head_sha) or pull.base_sha
    files = changed_files(store, base, pull.head_sha)[:_LISTED_FILES]
    return Reply(items=[file_shape(call.world, call.repository, file, pull.head_sha) for file in files])


def merge(call: Call) -> Reply:
    """Merge a pull request."""
    method = _METHODS.get(call.body.text("merge_method") or "merge")
    if method is None:
        raise unprocessable("Invalid merge method")
    order = MergeOrder(method, call.body.text("sha"), call.body.text("commit_title"), call.body.text("commit_message"))
    after = merge_pull(call.deed, call.pull, order)
    return Reply({"sha": after, "merged": True, "message": "Pull Request successfully merged"})


def merge_async(call: Call) -> Reply:
    """Take an order to merge in the background; here only the merge queue does."""
    pull, action = call.pull, call.body.text("merge_action") or "default"
    if pull.merged_at is not None:
        details: Json = {"message": "Pull request is already merged.", "sha": pull.merge_commit_sha}
        return Reply({"status": "merged", "details": details})
    if entry_of(call.repository, pull) is not None:
        return Reply({"status": "enqueued", "details": {"message": "Pull request is already in the merge queue."}})
    try:
        enqueue(call.deed, pull, call.body.text("sha"))
    except Refusal as refusal:
        return Reply({"status": "failed", "details": {"message": refusal.message}}, 400)
    order: Json = {
        "message": "Merge request enqueued.",
        "uuid": new_guid(),
        "merge_method": call.body.text("merge_method") or "default",
        "merge_action": action,
        "expected_head_sha": pull.head_sha,
    }
    return Reply({"status": "pending", "details": order}, 202)


def update_head(call: Call) -> Reply:
    """Bring a pull request's branch up to date with its base."""
    expected = call.body.text("expected_head_sha")
    if expected is not None and expected != call.pull.head_sha:
        raise unprocessable("expected_head_sha is not the head of the pull request")
    update_branch(call.deed, call.pull)
    address = f"{call.world.urls.repository(call.repository.full_name)}/pulls/{call.pull.issue.number}"
    return Reply({"message": "Updating pull request branch.", "url": address}, 202)


def list_requested(call: Call) -> Reply:
    """Answer who is asked to review."""
    urls, pull = call.world.urls, call.pull
    return Reply(
        {
            "users": [account_shape(urls, person) for person in pull.requested_people],
            "teams": [team_shape(call.world, team) for team in pull.requested_teams],
        }
    )


def request_reviewers(call: Call) -> Reply:
    """Ask people and teams to review."""
    world, repository, pull = call.world, call.repository, call.pull
    people, teams = _named(call)
    for person in people:
        if person.id == pull.issue.author.id:
            raise unprocessable("Review cannot be requested from pull request author.")
        if world.permission(person, repository).rank < Permission.READ.rank:
            raise unprocessable("Reviews may only be requested from collaborators.")
    for person in people:
        if person not in pull.requested_people:
            pull.requested_people.append(person)
            extra: Json = {"requested_reviewer": account_shape(world.urls, person)}
            announce_pull(call.deed, pull, "review_requested", extra)
    for team in teams:
        if team not in pull.requested_teams:
            pull.requested_teams.append(team)
            asked: Json = {"requested_team": team_simple(world.urls, team)}
            announce_pull(call.deed, pull, "review_requested", asked)
    return Reply(pull_simple(world, repository, pull), 201)


def remove_reviewers(call: Call) -> Reply:
    """Take requests to review back."""
    world, repository, pull = call.world, call.repository, call.pull
    people, teams = _named(call)
    for person in [person for person in people if person in pull.requested_people]:
        pull.requested_people.remove(person)
        removed: Json = {"requested_reviewer": account_shape(world.urls, person)}
        announce_pull(call.deed, pull, "review_request_removed", removed)
    pull.requested_teams = [team for team in pull.requested_teams if team not in teams]
    return Reply(pull_simple(world, repository, pull))


def _named(call: Call) -> tuple[list[Account], list[Team]]:
    people, teams = call.body.texts("reviewers"), call.body.texts("team_reviewers")
    if len(people) > _MOST_REVIEWERS:
        raise unprocessable(f"You can only request {_MOST_REVIEWERS} reviewers at once.")
    try:
        return (
            [call.world.account(login) for login in people],
            [call.world.team(call.repository.owner.login, slug) for slug in teams],
        )
    except Refusal as error:
        raise unprocessable("Reviews may only be requested from collaborators.") from error


def _change_base(call: Call, pull: PullRequest, base: str) -> None:
    tip = call.repository.store.refs(f"refs/heads/{base}").get(f"refs/heads/{base}")
    if tip is None:
        raise unprocessable("Validation Failed", f"Proposed base branch '{base[:100]}' was not found")
    pull.base_branch, pull.base_sha, pull.mergeable = base, tip, None
    pull.base_changes.append(BaseChange(call.world.next_id(), call.account, call.world.now()))


def _change_state(call: Call, pull: PullRequest, state: str | None) -> None:
    if state == "closed" and pull.issue.state == "open":
        close_pull(call.deed, pull)
    elif state == "open" and pull.issue.state == "closed":
        reopen_pull(call.deed, pull)


_MOST_REVIEWERS = 15
"""What GitHub takes in one request; undocumented, as people met it."""

_ALL = "/repos/{owner}/{repo}/pulls"
_ONE = _ALL + "/{pull_number}"
_WRITE = "pull_requests:write"

ROUTES = [
    Route("GET", _ALL, list_pulls, "pull_requests:read"),
    Route("POST", _ALL, create_pull, _WRITE, Permission.READ),
    Route("GET", _ONE, get_pull, "pull_requests:read"),
    Route("PATCH", _ONE, edit_pull, _WRITE, Permission.WRITE),
    Route("GET", _ONE + "/commits", list_pull_commits, "pull_requests:read"),
    Route("GET", _ONE + "/files", list_pull_files, "pull_requests:read"),
    Route("PUT", _ONE + "/merge", merge, "contents:write", Permission.WRITE),
    Route("PUT", _ONE + "/merge-async", merge_async, "contents:write", Permission.WRITE),
    Route("PUT", _ONE + "/update-branch", update_head, _WRITE, Permission.WRITE),
    Route("GET", _ONE + "/requested_reviewers", list_requested, "pull_requests:read"),
    Route("POST", _ONE + "/requested_reviewers", request_reviewers, _WRITE, Permission.WRITE),
    Route("DELETE", _ONE + "/requested_reviewers", remove_reviewers, _WRITE, Permission.WRITE),
]
