"""Issues, the comments of the conversation, and labels."""

from datetime import datetime

from controller.sandbox.events import announce_comment, announce_issue, announce_label
from controller.sandbox.labels import label_named, put_on, take_off
from controller.sandbox.pull_requests import open_issue
from controller.sandbox.records import BaseChange, Comment, Issue, Label, Permission, Reaction
from controller.sandbox.refusal import forbidden, not_found, unprocessable
from controller.sandbox.rest.routing import Call, Reply, Route
from controller.sandbox.shapes.accounts import account_shape, label_shape
from controller.sandbox.shapes.pulls import comment_shape, issue_shape, reaction_shape
from controller.sandbox.world import moment, node_id

_LONGEST_BODY = 65536
_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def list_issues(call: Call) -> Reply:
    """Answer issues and pull requests by state, creator and labels, newest first unless asked otherwise."""
    state, creator = call.query.get("state", "open"), call.query.get("creator")
    wanted = {name.lower() for name in call.query.get("labels", "").split(",") if name}
    found = [
        issue
        for issue in call.repository.issues.values()
        if state in (issue.state, "all")
        and creator in (None, issue.author.login)
        and wanted <= {label.name.lower() for label in issue.labels}
    ]
    found.sort(key=lambda issue: issue.number, reverse=call.query.get("direction", "desc") == "desc")
    return Reply(items=[issue_shape(call.world, call.repository, issue) for issue in found])


def get_issue(call: Call) -> Reply:
    """Answer one issue."""
    return Reply(issue_shape(call.world, call.repository, _issue(call)))


def create_issue(call: Call) -> Reply:
    """Open an issue."""
    issue = open_issue(call.deed, call.body.required_text("title"), call.body.text("body"))
    issue.app_id = call.caller.app.id if call.caller.app else None
    issue.labels = [label_named(call.deed, name) for name in call.body.texts("labels")]
    announce_issue(call.deed, issue, "opened")
    return Reply(issue_shape(call.world, call.repository, issue), 201)


def edit_issue(call: Call) -> Reply:
    """Change title, body or state of an issue; its author may, and whoever has triage access."""
    issue = _issue(call)
    if issue.number in call.repository.pulls:
        raise unprocessable("Edit a pull request at its own address.")
    held = call.world.permission(call.account, call.repository)
    if issue.author.id != call.account.id and held.rank < Permission.TRIAGE.rank:
        raise forbidden("Must have admin rights to Repository.")
    issue.title = call.body.text("title") or issue.title
    if "body" in call.body:
        issue.body = call.body.text("body")
    _change_state(call, issue, call.body.text("state"))
    return Reply(issue_shape(call.world, call.repository, issue))


def list_comments(call: Call) -> Reply:
    """Answer the comments of an issue or pull request, oldest first."""
    number = _issue(call).number
    comments = [comment for comment in call.repository.comments.values() if comment.number == number]
    return Reply(items=[comment_shape(call.world, call.repository, comment) for comment in comments])


def list_all_comments(call: Call) -> Reply:
    """Answer the comments of all issues and pull requests, those touched since a time, oldest first."""
    since = datetime.fromisoformat(call.query.get("since", "1970-01-01T00:00:00Z"))
    comments = [comment for comment in call.repository.comments.values() if comment.updated_at >= since]
    return Reply(items=[comment_shape(call.world, call.repository, comment) for comment in comments])


def create_comment(call: Call) -> Reply:
    """Comment on an issue or pull request."""
    world, issue, now = call.world, _issue(call), call.world.now()
    app = call.caller.app
    text = _checked_body(call.body.required_text("body"))
    comment = Comment(world.next_id(), issue.number, call.account, text, now, now, app.id if app else None)
    call.repository.comments[comment.id] = comment
    issue.updated_at = now
    announce_comment(call.deed, comment, "created")
    return Reply(comment_shape(world, call.repository, comment), 201)


def get_comment(call: Call) -> Reply:
    """Answer one comment."""
    return Reply(comment_shape(call.world, call.repository, _comment(call)))


def edit_comment(call: Call) -> Reply:
    """Change a comment."""
    comment = _own_comment(call)
    comment.body, comment.updated_at = _checked_body(call.body.required_text("body")), call.world.now()
    announce_comment(call.deed, comment, "edited")
    return Reply(comment_shape(call.world, call.repository, comment))


def delete_comment(call: Call) -> Reply:
    """Remove a comment."""
    comment = _own_comment(call)
    announce_comment(call.deed, comment, "deleted")
    del call.repository.comments[comment.id]
    return Reply(status=204)


def list_reactions(call: Call) -> Reply:
    """Answer who reacted to a comment, and how."""
    return Reply(items=[reaction_shape(each, call.world.urls) for each in _comment(call).reactions])


def create_reaction(call: Call) -> Reply:
    """React to a comment; the same reaction of the same account stands once."""
    comment, content = _comment(call), call.body.required_text("content")
    if content not in _REACTIONS:
        raise unprocessable("Validation Failed", f"content is not one of {', '.join(_REACTIONS)}")
    for known in comment.reactions:
        if (known.account.id, known.content) == (call.account.id, content):
            return Reply(reaction_shape(known, call.world.urls), 200)
    made = Reaction(call.world.next_id(), call.account, content, call.world.now())
    comment.reactions.append(made)
    return Reply(reaction_shape(made, call.world.urls), 201)


def list_labels(call: Call) -> Reply:
    """Answer the labels of an issue."""
    return Reply(items=_labels(call, _issue(call)))


def add_labels(call: Call) -> Reply:
    """Put labels on an issue or pull request, making those that do not exist."""
    issue = _issue(call)
    for name in call.body.texts("labels"):
        put_on(call.deed, issue, name)
    return Reply(items=_labels(call, issue))


def remove_label(call: Call) -> Reply:
    """Take a label off."""
    issue = _issue(call)
    if not take_off(call.deed, issue, call.path["name"]):
        raise not_found()
    return Reply(items=_labels(call, issue))


def _change_state(call: Call, issue: Issue, state: str | None) -> None:
    if state in (None, issue.state):
        return
    if state not in ("open", "closed"):
        raise unprocessable("Validation Failed", f"state cannot be {state}")
    now = issue.updated_at = call.world.now()
    is_closed = state == "closed"
    issue.state, issue.closed_at = state, now if is_closed else None
    issue.closed_by = call.account if is_closed else None
    announce_issue(call.deed, issue, "closed" if is_closed else "reopened")


def rename_label(call: Call) -> Reply:
    """Give a label another name, wherever it stands."""
    labels, label = call.repository.labels, _known_label(call)
    before, name = label.name, call.body.required_text("new_name")
    if labels.get(name.lower(), label) is not label:
        raise unprocessable("Validation Failed", "name already exists")
    del labels[before.lower()]
    label.name = name
    labels[name.lower()] = label
    announce_label(call.deed, label, "edited", before)
    return Reply(label_shape(call.world.urls, call.repository, label))


def delete_label(call: Call) -> Reply:
    """Delete a label, and take it off whatever has it."""
    label = _known_label(call)
    del call.repository.labels[label.name.lower()]
    for issue in call.repository.issues.values():
        issue.labels = [other for other in issue.labels if other is not label]
    announce_label(call.deed, label, "deleted")
    return Reply(status=204)


def _known_label(call: Call) -> Label:
    label = call.repository.labels.get(call.path["name"].lower())
    if label is None:
        raise not_found()
    return label


def _issue(call: Call) -> Issue:
    issue = call.repository.issues.get(call.identifier("issue_number"))
    if issue is None:
        raise not_found()
    return issue


def _comment(call: Call) -> Comment:
    comment = call.repository.comments.get(call.identifier("comment_id"))
    if comment is None:
        raise not_found()
    return comment


def _own_comment(call: Call) -> Comment:
    comment = _comment(call)
    if comment.author.id != call.account.id:
        held = call.world.permission(call.account, call.repository)
        if call.caller.app is not None or held.rank < Permission.WRITE.rank:
            raise forbidden("Resource not accessible by integration")
    return comment


def _checked_body(text: str) -> str:
    if len(text) > _LONGEST_BODY:
        raise unprocessable("Validation Failed", f"Body is too long (maximum is {_LONGEST_BODY} characters)")
    return text


def list_events(call: Call) -> Reply:
    """Answer what happened to an issue, oldest first; here no more than changes of a pull request's base."""
    pull = call.repository.pulls.get(_issue(call).number)
    return Reply(items=[] if pull is None else [_base_change(call, done) for done in pull.base_changes])


def _base_change(call: Call, done: BaseChange) -> dict[str, object]:
    return {
        "id": done.id,
        "node_id": node_id("BaseRefChangedEvent", done.id),
        "url": f"{call.world.urls.api}/repos/{call.repository.full_name}/issues/events/{done.id}",
        "actor": account_shape(call.world.urls, done.person),
        "event": "base_ref_changed",
        "commit_id": None,
        "commit_url": None,
        "created_at": moment(done.at),
        "performed_via_github_app": None,
    }


def _labels(call: Call, issue: Issue) -> list[object]:
    return [label_shape(call.world.urls, call.repository, label) for label in issue.labels]


_ALL = "/repos/{owner}/{repo}/issues"
_ONE = _ALL + "/{issue_number}"
_COMMENT = _ALL + "/comments/{comment_id}"
_LABEL = "/repos/{owner}/{repo}/labels/{name:path}"
_READ, _WRITE = "issues:read|pull_requests:read", "issues:write|pull_requests:write"

ROUTES = [
    Route("GET", _ALL, list_issues, "issues:read"),
    Route("POST", _ALL, create_issue, "issues:write", Permission.READ),
    Route("GET", _ALL + "/comments", list_all_comments, _READ),
    Route("GET", _COMMENT, get_comment, _READ),
    Route("PATCH", _COMMENT, edit_comment, _WRITE, Permission.READ),
    Route("DELETE", _COMMENT, delete_comment, _WRITE, Permission.READ),
    Route("GET", _COMMENT + "/reactions", list_reactions, _READ),
    Route("POST", _COMMENT + "/reactions", create_reaction, _WRITE, Permission.READ),
    Route("GET", _ONE, get_issue, _READ),
    Route("PATCH", _ONE, edit_issue, "issues:write", Permission.READ),
    Route("GET", _ONE + "/comments", list_comments, _READ),
    Route("POST", _ONE + "/comments", create_comment, _WRITE, Permission.READ),
    Route("GET", _ONE + "/events", list_events, _READ),
    Route("GET", _ONE + "/labels", list_labels, _READ),
    Route("POST", _ONE + "/labels", add_labels, _WRITE, Permission.TRIAGE),
    Route("DELETE", _ONE + "/labels/{name:path}", remove_label, _WRITE, Permission.TRIAGE),
    Route("PATCH", _LABEL, rename_label, _WRITE, Permission.WRITE),
    Route("DELETE", _LABEL, delete_label, _WRITE, Permission.WRITE),
]
