"""What each action of each event marks that the controller hears; GitHub's description says which there are.

An action that GitHub adds has no row, so the test fails until somebody has decided what it means.
"""

import pytest

from controller.ports.journal import Mark
from controller.web.github_events import CHANGES, HANDLED, MAIN, QUEUE, SWEEP, Governed, marks_for
from tests.sandbox.openapi import webhook_actions

COMMIT = "a" * 40
PAYLOAD = {
    "ref": "refs/heads/main",
    "pull_request": {"number": 7, "base": {"ref": "main"}, "merged": True},
    "issue": {"number": 9, "labels": [{"name": "dvo/break-glass-review"}], "pull_request": {}},
    "comment": {"id": 501, "body": "/dvo recheck", "user": {"type": "User"}},
    "merge_group": {"base_ref": "refs/heads/main", "head_sha": COMMIT},
    "check_run": {"app": {"id": 42}, "head_sha": COMMIT, "pull_requests": [{"number": 7}]},
    "check_suite": {"app": {"id": 42}, "head_sha": COMMIT, "pull_requests": [{"number": 7}]},
    "requested_action": {"identifier": "explain"},
    "sender": {"id": 1001},
    "label": {"name": "dvo/break-glass"},
    "changes": {"name": {"from": "break-glass"}},
}
"""Everything that could matter does: whatever marks nothing of this marks nothing at all."""
PULL, ISSUE, RERUN = Mark("pull/7"), Mark("issue/9"), Mark("rerun/pull/7")

ROWS: dict[tuple[str, str], tuple[Mark, ...]] = {
    ("pull_request", "assigned"): (),
    ("pull_request", "auto_merge_disabled"): (),
    ("pull_request", "auto_merge_enabled"): (),
    ("pull_request", "closed"): (PULL, MAIN),
    ("pull_request", "converted_to_draft"): (PULL,),
    ("pull_request", "demilestoned"): (),
    ("pull_request", "dequeued"): (),  # the merge group tells
    ("pull_request", "edited"): (PULL,),
    ("pull_request", "enqueued"): (),  # the merge group tells
    ("pull_request", "labeled"): (PULL,),
    ("pull_request", "locked"): (),
    ("pull_request", "milestoned"): (),
    ("pull_request", "opened"): (PULL,),
    ("pull_request", "ready_for_review"): (PULL,),
    ("pull_request", "reopened"): (PULL,),
    ("pull_request", "review_request_removed"): (),  # asking is no approval
    ("pull_request", "review_requested"): (),
    ("pull_request", "stacked"): (),  # a base that changes with it is an edit
    ("pull_request", "synchronize"): (PULL,),
    ("pull_request", "unassigned"): (),
    ("pull_request", "unlabeled"): (PULL,),
    ("pull_request", "unlocked"): (),
    ("pull_request_review", "dismissed"): (PULL,),
    ("pull_request_review", "edited"): (),  # its words change, what it says of the change does not
    ("pull_request_review", "submitted"): (PULL,),
    ("push", ""): (MAIN, SWEEP),
    ("merge_group", "checks_requested"): (QUEUE,),
    ("merge_group", "destroyed"): (QUEUE,),
    ("check_run", "completed"): (),  # what checks say is written by us, never read
    ("check_run", "created"): (),
    ("check_run", "requested_action"): (Mark("button/7/explain/1001"),),
    ("check_run", "rerequested"): (RERUN,),
    ("check_suite", "completed"): (),
    ("check_suite", "requested"): (),  # the push or the pull request tells
    ("check_suite", "rerequested"): (RERUN,),
    ("issue_comment", "created"): (Mark("comment/9/501"),),
    ("issue_comment", "deleted"): (),
    ("issue_comment", "edited"): (),  # a command is given once, as it was written first
    ("issue_comment", "pinned"): (),
    ("issue_comment", "unpinned"): (),
    ("issues", "assigned"): (),
    ("issues", "closed"): (ISSUE,),
    ("issues", "deleted"): (ISSUE,),
    ("issues", "demilestoned"): (),
    ("issues", "edited"): (),
    ("issues", "field_added"): (),
    ("issues", "field_removed"): (),
    ("issues", "labeled"): (),
    ("issues", "locked"): (),
    ("issues", "milestoned"): (),
    ("issues", "opened"): (),  # the controller opens it and knows its number
    ("issues", "pinned"): (),
    ("issues", "reopened"): (ISSUE,),
    ("issues", "transferred"): (ISSUE,),
    ("issues", "typed"): (),
    ("issues", "unassigned"): (),
    ("issues", "unlabeled"): (),  # the journal knows its number without the label
    ("issues", "unlocked"): (),
    ("issues", "unpinned"): (),
    ("issues", "untyped"): (),
    ("installation", "created"): (SWEEP,),
    ("installation", "deleted"): (SWEEP,),
    ("installation", "new_permissions_accepted"): (SWEEP,),
    ("installation", "suspend"): (SWEEP,),
    ("installation", "unsuspend"): (SWEEP,),
    ("installation_repositories", "added"): (SWEEP,),
    ("installation_repositories", "removed"): (SWEEP,),
    ("member", "added"): (SWEEP,),
    ("member", "edited"): (SWEEP,),
    ("member", "removed"): (SWEEP,),
    ("membership", "added"): (SWEEP,),
    ("membership", "removed"): (SWEEP,),
    ("organization", "deleted"): (SWEEP,),
    ("organization", "member_added"): (SWEEP,),
    ("organization", "member_invited"): (SWEEP,),
    ("organization", "member_removed"): (SWEEP,),
    ("organization", "renamed"): (SWEEP,),
    ("label", "created"): (),  # nothing has it yet
    ("label", "deleted"): (CHANGES,),
    ("label", "edited"): (CHANGES,),
    ("team", "added_to_repository"): (SWEEP,),
    ("team", "created"): (SWEEP,),
    ("team", "deleted"): (SWEEP,),
    ("team", "edited"): (SWEEP,),
    ("team", "removed_from_repository"): (SWEEP,),
    ("team_add", ""): (SWEEP,),
}
FOREIGN: dict[str, dict[str, object]] = {
    "pull_request": {"pull_request": {"number": 7, "base": {"ref": "other"}, "merged": True}},
    "pull_request_review": {"pull_request": {"number": 7, "base": {"ref": "other"}}},
    "push": {"ref": "refs/heads/other"},
    "merge_group": {"merge_group": {"base_ref": "refs/heads/other"}},
    "check_run": {"check_run": {"app": {"id": 1}, "head_sha": COMMIT, "pull_requests": [{"number": 7}]}},
    "check_suite": {"check_suite": {"app": {"id": 1}, "head_sha": COMMIT, "pull_requests": [{"number": 7}]}},
    "issues": {"issue": {"number": 9, "labels": [{"name": "bug"}]}},
    "label": {"label": {"name": "bug"}},
    "issue_comment": {"issue": {"number": 9, "labels": []}},
}
"""What makes an event one of something that is not ours."""


def test_every_action_github_describes_of_an_event_that_is_heard_has_its_row() -> None:
    """ATTACKS 121."""
    assert set(ROWS) == {(event, action) for event in HANDLED for action in webhook_actions(event)}


@pytest.mark.parametrize(("event", "action"), sorted(ROWS))
def test_an_action_marks_what_its_row_says(event: str, action: str) -> None:
    marks = marks_for(event, {**PAYLOAD, "action": action}, Governed("main", 42))
    assert marks == ROWS[event, action]


@pytest.mark.parametrize(("event", "action"), sorted(row for row in ROWS if row[0] in FOREIGN))
def test_an_action_on_what_is_not_ours_marks_nothing(event: str, action: str) -> None:
    marks = marks_for(event, {**PAYLOAD, "action": action, **FOREIGN[event]}, Governed("main", 42))
    # Whoever changes the base away from ours leaves checks behind that must not stay green.
    assert marks == ((PULL,) if (event, action) == ("pull_request", "edited") else ())


@pytest.mark.parametrize("action", ["labeled", "unlabeled"])
def test_any_other_label_of_a_pull_request_marks_nothing(action: str) -> None:
    payload = {**PAYLOAD, "action": action, "label": {"name": "bug"}}
    assert marks_for("pull_request", payload, Governed("main", 42)) == ()


@pytest.mark.parametrize(
    ("name", "changes", "marks"),
    [
        ("dvo/break-glass", {"name": {"from": "old"}}, (CHANGES,)),
        ("old", {"name": {"from": "dvo/break-glass"}}, (CHANGES,)),
        ("bug", {"name": {"from": "old"}}, ()),
        ("dvo/break-glass", {"color": {"from": "cb1f00"}}, ()),
        ("dvo/break-glass", {}, ()),
        ("dvo/break-glass", None, ()),
    ],
)
def test_an_edited_label_matters_when_it_was_or_is_ours_by_name(
    name: str, changes: object, marks: tuple[Mark, ...]
) -> None:
    payload = {"action": "edited", "label": {"name": name}, "changes": changes}
    assert marks_for("label", {key: value for key, value in payload.items() if value is not None}) == marks


def test_an_action_nobody_has_heard_of_marks_no_more_than_a_look_at_everything() -> None:
    for event in HANDLED - {"push"}:
        marks = marks_for(event, {**PAYLOAD, "action": "invented"}, Governed("main", 42))
        assert set(marks) <= {SWEEP, QUEUE}, event
