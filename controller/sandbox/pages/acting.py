"""What a visitor does on the pages: the same operations as the REST API, each ending at the page that shows it."""

from collections.abc import Mapping

from starlette.requests import Request

from controller.sandbox.events import announce_check_run, announce_comment, announce_issue, announce_pull
from controller.sandbox.git_objects import NewCommit, branch_tip, known_commit, write_commit, write_files
from controller.sandbox.git_store import NO_OBJECT, Move
from controller.sandbox.labels import put_on, take_off
from controller.sandbox.merge_queue import enqueue as put_into_queue
from controller.sandbox.pull_requests import (
    MergeMethod,
    MergeOrder,
    Opinion,
    Proposal,
    merge_pull,
    open_pull,
    reopen_pull,
    signature_of,
    submit_review,
)
from controller.sandbox.pushes import branch_moved, close_pull, push_refused
from controller.sandbox.records import Comment, Permission, PullRequest, Repository
from controller.sandbox.refusal import Refusal, forbidden, not_found
from controller.sandbox.world import Deed

_METHODS: Mapping[str, MergeMethod] = {"merge": "merge", "squash": "squash", "rebase": "rebase"}
_LONGEST_TEXT = 65536
_LONGEST_TITLE = 256
_LONGEST_LABEL = 50


def pull_of(repository: Repository, request: Request) -> PullRequest:
    """Return the pull request that an address names."""
    pull = repository.pulls.get(request.path_params["number"])
    if pull is None:
        raise not_found()
    return pull


def change_issue(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Close an issue or open it again."""
    issue = deed.repository.issues.get(request.path_params["number"])
    if issue is None or issue.number in deed.repository.pulls:
        raise not_found()
    if deed.person.id != issue.author.id:
        _require_write(deed)
    now, wanted = deed.world.now(), fields.get("state")
    if wanted in ("open", "closed") and wanted != issue.state:
        issue.state, issue.updated_at = wanted, now
        issue.closed_at, issue.closed_by = (now, deed.person) if wanted == "closed" else (None, None)
        announce_issue(deed, issue, "closed" if wanted == "closed" else "reopened")
    return f"/issues/{issue.number}"


def change_labels(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Put a label on a pull request, or take it off."""
    _require_write(deed)
    pull = pull_of(deed.repository, request)
    name = " ".join(fields.get("label", "").split())[:_LONGEST_LABEL]
    if fields.get("off"):
        take_off(deed, pull.issue, fields["off"])
    elif name:
        put_on(deed, pull.issue, name)
    return f"/pull/{pull.issue.number}"


def edit_file(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Propose another content of a file: from the default branch as a new pull request, elsewhere as a commit."""
    _require_write(deed)
    repository, branch, path = deed.repository, request.path_params["branch"], request.path_params["path"]
    tip = branch_tip(repository.store, branch)
    if tip is None:
        raise not_found()
    if fields.get("commit") != tip:
        raise Refusal(409, f"{branch} has moved since you opened this page: go back, reload and try again.")
    title = " ".join(fields.get("title", "").split())[:_LONGEST_TITLE] or f"Change {path}"
    content = fields.get("content", "").replace("\r\n", "\n").encode()
    tree = write_files(repository.store, f"{tip}^{{tree}}", {path: content})
    if tree == known_commit(repository.store, tip).tree:
        raise Refusal(422, "Nothing changed: go back and change something.")
    signed = signature_of(deed.world, deed.person)
    commit = write_commit(repository.store, NewCommit(tree, (tip,), signed, signed, title))
    if branch != repository.default_branch:
        _move(deed, Move(f"refs/heads/{branch}", tip, commit))
        return _page_of(repository, branch)
    own = _free_branch(deed)
    _move(deed, Move(f"refs/heads/{own}", NO_OBJECT, commit))
    return f"/pull/{open_pull(deed, Proposal(title, _text(fields) or None, own, branch)).issue.number}"


def _move(deed: Deed, move: Move) -> None:
    refused = push_refused(deed, move)
    if refused is not None:
        raise Refusal(422, refused)
    deed.repository.store.move(move.ref, move.after, expected=move.before)
    branch_moved(deed, move)


def _free_branch(deed: Deed) -> str:
    number = 1
    while branch_tip(deed.repository.store, f"{deed.person.login}-patch-{number}") is not None:
        number += 1
    return f"{deed.person.login}-patch-{number}"


def _page_of(repository: Repository, branch: str) -> str:
    """Return where a commit on `branch` is seen: on its open pull request, if it has one."""
    for pull in repository.pulls.values():
        if pull.issue.state == "open" and pull.head_repository is repository and pull.head_branch == branch:
            return f"/pull/{pull.issue.number}"
    return f"/commits/{branch}"


def review(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Review a pull request."""
    pull = pull_of(deed.repository, request)
    opinion = Opinion(fields.get("event", ""), _text(fields), fields.get("commit_id") or None)
    submit_review(deed, pull, opinion)
    return f"/pull/{pull.issue.number}"


def comment(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Comment on an issue or pull request."""
    number, now = request.path_params["number"], deed.world.now()
    if number not in deed.repository.issues:
        raise not_found()
    if not _text(fields):
        raise Refusal(422, "A comment cannot be empty.")
    comment = Comment(deed.world.next_id(), number, deed.person, _text(fields), now, now)
    deed.repository.comments[comment.id] = comment
    announce_comment(deed, comment, "created")
    return f"/{'pull' if number in deed.repository.pulls else 'issues'}/{number}"


def merge(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Merge a pull request."""
    _require_write(deed)
    method = _METHODS.get(fields.get("method", ""))
    if method is None:
        raise Refusal(422, "Choose how to merge.")
    pull = pull_of(deed.repository, request)
    merge_pull(deed, pull, MergeOrder(method, fields.get("sha")))
    return f"/pull/{pull.issue.number}"


def enqueue(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Put a pull request into the merge queue."""
    _require_write(deed)
    pull = pull_of(deed.repository, request)
    put_into_queue(deed, pull, fields.get("sha"))
    return f"/pull/{pull.issue.number}"


def change_state(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Close a pull request, open it again, or make a draft ready."""
    pull = pull_of(deed.repository, request)
    if deed.person.id != pull.issue.author.id:
        _require_write(deed)
    if fields.get("state") == "closed" and pull.issue.state == "open":
        close_pull(deed, pull)
    elif fields.get("state") == "open" and pull.issue.state == "closed":
        reopen_pull(deed, pull)
    elif fields.get("state") == "ready" and pull.draft:
        pull.draft = False
        announce_pull(deed, pull, "ready_for_review")
    return f"/pull/{pull.issue.number}"


def request_of_check(deed: Deed, request: Request, fields: Mapping[str, str]) -> str:
    """Ask the App of a check for a new result, or for what a button of it offers."""
    _require_write(deed)
    run = deed.repository.check_runs.get(request.path_params["run"])
    if run is None:
        raise not_found()
    wanted = fields.get("action", "")
    if not wanted:
        announce_check_run(deed, run, "rerequested")
    elif any(action["identifier"] == wanted for action in run.actions):
        announce_check_run(deed, run, "requested_action", wanted)
    else:
        raise Refusal(422, "The check offers no such action.")
    number = fields.get("pull", "")
    on_pull = number.isdecimal() and int(number) in deed.repository.pulls
    return f"{f'/pull/{int(number)}' if on_pull else f'/runs/{run.id}'}?asked={run.id}#check-{run.id}"


def _require_write(deed: Deed) -> None:
    if deed.world.permission(deed.person, deed.repository).rank < Permission.WRITE.rank:
        raise forbidden(f"{deed.person.login} has no write access to {deed.repository.full_name}.")


def _text(fields: Mapping[str, str]) -> str:
    return fields.get("body", "").replace("\r\n", "\n").strip()[:_LONGEST_TEXT]
