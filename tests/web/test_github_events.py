"""Webhooks become marks, or nothing, or a refusal; never a crash."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import InputError
from controller.ports.journal import Mark
from controller.sandbox.deliveries import signature
from controller.web.github_events import (
    HANDLED,
    MAIN,
    QUEUE,
    SWEEP,
    Governed,
    marks_for,
    verify_signature,
)

COMMIT = "a" * 40
GOVERNED = Governed(branch="main", app_id=42)
IGNORED = frozenset(
    {
        "branch_protection_configuration", "branch_protection_rule", "cache_sync", "code_scanning_alert",
        "commit_comment", "content_reference", "create", "custom_property", "custom_property_values", "delete",
        "dependabot_alert", "deploy_key", "deployment", "deployment_protection_rule", "deployment_review",
        "deployment_status", "discussion", "discussion_comment", "enterprise", "fork", "github_app_authorization",
        "gollum", "installation_target", "marketplace_purchase",
        "meta", "milestone", "org_block", "package", "page_build", "personal_access_token_request", "ping",
        "project", "project_card", "project_column", "projects_v2_item", "public", "pull_request_review_comment",
        "pull_request_review_thread", "registry_package", "release", "repository", "repository_dispatch",
        "repository_import", "repository_ruleset", "repository_vulnerability_alert", "secret_scanning_alert",
        "secret_scanning_alert_location", "security_advisory", "security_and_analysis", "sponsorship", "star",
        "status", "user", "watch", "workflow_dispatch", "workflow_job", "workflow_run",
    }
)  # fmt: skip
"""Events that cannot change a judgement; each is here on purpose."""

EXAMPLES = Path(__file__).resolve().parents[2] / ".tools/npm/node_modules/@octokit/webhooks-examples"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


def pull(action: str, *, base: str = "main", merged: bool = False) -> dict[str, object]:
    return {"action": action, "pull_request": {"number": 7, "base": {"ref": base}, "merged": merged}}


def issue(action: str, *labels: str) -> dict[str, object]:
    return {"action": action, "issue": {"number": 9, "labels": [{"name": label} for label in labels]}}


def check(action: str, *, app: int = 42, pulls: tuple[int, ...] = (7,)) -> dict[str, object]:
    named = [{"number": n} for n in pulls]
    return {"action": action, "check_run": {"app": {"id": app}, "head_sha": COMMIT, "pull_requests": named}}


def pressed(identifier: str, *, app: int = 42, sender: int = 1001) -> dict[str, object]:
    return {
        **check("requested_action", app=app),
        "requested_action": {"identifier": identifier},
        "sender": {"id": sender},
    }


def said(body: str, *, action: str = "created", kind: str = "User", where: str = "pull_request") -> dict[str, object]:
    comment = {"id": 501, "body": body, "user": {"type": kind}}
    return {"action": action, "issue": {"number": 7, where: {}}, "comment": comment}


def suite(action: str, *, app: int = 42) -> dict[str, object]:
    return {"action": action, "check_suite": {"app": {"id": app}, "pull_requests": [{"number": 7}, {"number": 8}]}}


SEVEN, AGAIN = Mark("pull/7"), Mark("rerun/pull/7")
ANEW = Mark(f"rerun/commit/{COMMIT}")
_POSSIBLE = {
    *("pull/7", "pull/8", "main", "sweep", "changes", "queue", "rerun/pull/7", "rerun/pull/8", ANEW.key),
    *("button/7/explain/1001", "button/7/explain/7", "comment/7/501", "comment/7/7"),
}


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ("pull_request", pull("opened"), (SEVEN,)),
        ("pull_request", pull("synchronize"), (SEVEN,)),
        ("pull_request", pull("reopened"), (SEVEN,)),
        ("pull_request", pull("ready_for_review"), (SEVEN,)),
        ("pull_request", pull("converted_to_draft"), (SEVEN,)),
        ("pull_request", pull("closed"), (SEVEN,)),
        ("pull_request", pull("closed", merged=True), (SEVEN, MAIN)),
        ("pull_request", pull("edited", base="other"), (SEVEN,)),
        ("pull_request", pull("edited") | {"changes": {"title": {"from": "x"}}}, ()),
        ("pull_request", pull("edited") | {"changes": {"title": {"from": "x"}, "body": {"from": "y"}}}, (SEVEN,)),
        ("pull_request", pull("edited") | {"changes": {"base": {"ref": {"from": "other"}}}}, (SEVEN,)),
        ("pull_request", pull("edited") | {"changes": {}}, (SEVEN,)),
        ("pull_request", pull("opened", base="other"), ()),
        ("pull_request", {**pull("labeled"), "label": {"name": "bug"}}, ()),
        ("pull_request", {**pull("labeled"), "label": {"name": "dvo/break-glass"}}, (SEVEN,)),
        ("pull_request", {**pull("unlabeled"), "label": {"name": "dvo/break-glass"}}, (SEVEN,)),
        ("pull_request", pull("review_requested"), ()),
        ("pull_request_review", pull("submitted"), (SEVEN,)),
        ("pull_request_review", pull("dismissed"), (SEVEN,)),
        ("pull_request_review", pull("edited"), ()),
        ("pull_request_review", pull("submitted", base="other"), ()),
        ("push", {"ref": "refs/heads/main"}, (MAIN, SWEEP)),
        ("push", {"ref": "refs/heads/topic"}, ()),
        ("push", {"ref": "refs/tags/main"}, ()),
        ("merge_group", {"action": "checks_requested", "merge_group": {"base_ref": "refs/heads/main"}}, (QUEUE,)),
        ("merge_group", {"action": "destroyed", "merge_group": {"base_ref": "refs/heads/other"}}, ()),
        ("check_run", check("rerequested"), (AGAIN,)),
        ("check_run", pressed("explain"), (Mark("button/7/explain/1001"),)),
        ("check_run", pressed("recheck"), (Mark("button/7/recheck/1001"),)),
        ("check_run", pressed("approve"), ()),
        ("check_run", pressed("explain/../../main"), ()),
        ("check_run", pressed("explain", sender=0), ()),
        ("check_run", pressed("explain", app=1), ()),
        ("check_run", check("rerequested", pulls=()), (ANEW, MAIN, SWEEP)),
        ("check_run", check("rerequested", app=1), ()),
        ("check_suite", suite("rerequested"), (AGAIN, Mark("rerun/pull/8"))),
        ("check_suite", suite("requested"), ()),
        ("check_suite", suite("rerequested", app=1), ()),
        ("check_run", {"action": "rerequested", "check_run": {"app": None, "pull_requests": []}}, ()),
        ("membership", {"action": "removed"}, (SWEEP,)),
        ("team", {"action": "edited"}, (SWEEP,)),
        ("issues", issue("closed", "dvo/break-glass-review"), (Mark("issue/9"),)),
        ("issues", issue("reopened", "bug", "dvo/break-glass-review"), (Mark("issue/9"),)),
        ("issues", issue("deleted", "dvo/break-glass-review"), (Mark("issue/9"),)),
        ("issues", issue("transferred", "dvo/break-glass-review"), (Mark("issue/9"),)),
        ("issues", issue("closed", "bug"), ()),
        ("issues", issue("edited", "dvo/break-glass-review"), ()),
        ("issue_comment", said("/dvo recheck"), (Mark("comment/7/501"),)),
        ("issue_comment", said("/dvo explain\r\n"), (Mark("comment/7/501"),)),
        ("issue_comment", said("/dvo recheck", action="edited"), ()),
        ("issue_comment", said("/dvo recheck", action="deleted"), ()),
        ("issue_comment", said("/dvo recheck", kind="Bot"), ()),
        ("issue_comment", said("/dvo recheck", where="title"), ()),
        ("issue_comment", said("> /dvo recheck"), ()),
        ("issue_comment", said("please /dvo recheck"), ()),
        ("issue_comment", {**said("/dvo help"), "comment": {"id": 1, "body": "/dvo help", "user": None}}, ()),
        ("ping", {}, ()),
        ("invented", {}, ()),
    ],
)
def test_an_event_marks_what_it_can_change(event: str, payload: dict[str, object], expected: tuple[Mark, ...]) -> None:
    assert marks_for(event, payload, GOVERNED) == expected


def test_without_an_app_given_any_check_may_be_asked_for_again() -> None:
    assert marks_for("check_run", check("rerequested", app=1)) == (AGAIN,)


@pytest.mark.parametrize("action", ["created", "completed"])
def test_what_our_own_app_does_to_checks_marks_nothing(action: str) -> None:
    """ATTACKS 121."""
    assert marks_for("check_run", check(action), GOVERNED) == ()
    assert marks_for("check_suite", suite(action), GOVERNED) == ()


def _examples() -> Iterator[tuple[str, str, int, dict[str, object]]]:
    for edition in sorted(EXAMPLES.glob("*/index.json")):
        for entry in json.loads(edition.read_text()):
            for number, payload in enumerate(entry["examples"]):
                yield edition.parent.name, entry["name"], number, payload


def test_every_example_of_github_is_handled_or_ignored_on_purpose() -> None:
    seen: set[str] = set()
    for edition, event, number, payload in _examples():
        seen.add(event)
        marks = marks_for(event, payload, GOVERNED)
        assert event in HANDLED | IGNORED, f"{edition} {event} {number}"
        assert not (marks and event in IGNORED)
        assert all(isinstance(mark, Mark) for mark in marks)
    assert len(seen) > 50
    assert seen & HANDLED >= {"pull_request", "pull_request_review", "push", "check_run", "check_suite", "membership"}


def test_examples_of_pull_requests_mark_their_number() -> None:
    marked = 0
    for _, event, _, payload in _examples():
        if event == "pull_request" and payload["action"] in ("opened", "synchronize", "closed"):
            wanted = payload["pull_request"]
            assert isinstance(wanted, dict)
            governed = Governed(branch=wanted["base"]["ref"], app_id=1)
            assert Mark(f"pull/{wanted['number']}") in marks_for(event, payload, governed)
            marked += 1
    assert marked > 2


def _with_each_value_replaced(payload: object, wrong: object) -> Iterator[object]:
    yield wrong
    if isinstance(payload, dict):
        for key, value in payload.items():
            for changed in _with_each_value_replaced(value, wrong):
                yield {**payload, key: changed}
            yield {other: kept for other, kept in payload.items() if other != key}
    if isinstance(payload, list):
        for place, value in enumerate(payload):
            for changed in _with_each_value_replaced(value, wrong):
                yield [*payload[:place], changed, *payload[place + 1 :]]


@pytest.mark.parametrize("wrong", [None, True, 7, -1, 1.5, "x", [], [1], {}, {"id": "x"}], ids=repr)
@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request", pull("closed", merged=True)),
        ("pull_request_review", pull("submitted")),
        ("push", {"ref": "refs/heads/main"}),
        ("merge_group", {"action": "destroyed", "merge_group": {"base_ref": "refs/heads/main"}}),
        ("check_run", check("rerequested")),
        ("check_suite", suite("rerequested")),
        ("check_run", pressed("explain")),
        ("issue_comment", said("/dvo help")),
        ("membership", {"action": "added", "team": {"id": 1}}),
        ("label", {"action": "edited", "label": {"name": "x"}, "changes": {"name": {"from": "dvo/break-glass"}}}),
    ],
    ids=[
        "pull_request",
        "review",
        "push",
        "group",
        "check_run",
        "check_suite",
        "button",
        "comment",
        "membership",
        "label",
    ],
)
def test_a_value_of_the_wrong_type_is_refused_or_harmless(
    event: str, payload: dict[str, object], wrong: object
) -> None:
    """ATTACKS 116."""
    for changed in _with_each_value_replaced(payload, wrong):
        if isinstance(changed, dict):
            try:
                marks = marks_for(event, changed, GOVERNED)
            except InputError:
                continue
            assert {mark.key for mark in marks} <= _POSSIBLE


@given(st.sampled_from(sorted(HANDLED)), st.dictionaries(st.sampled_from(["action", "ref", "check_run"]), JSON))
def test_arbitrary_json_never_crashes(event: str, payload: dict[str, object]) -> None:
    """ATTACKS 116."""
    try:
        marks_for(event, payload, GOVERNED)
    except InputError:
        return


def test_only_the_signature_of_exactly_this_body_is_accepted() -> None:
    """ATTACKS 113."""
    secret, body = b"It's a secret", b'{"zen": "\xc3\xa9"}'
    right = signature(secret.decode(), body)
    assert verify_signature(secret, body, right)
    assert not verify_signature(secret, body + b" ", right)
    assert not verify_signature(b"another", body, right)
    assert not verify_signature(secret, body, right.upper())
    assert not verify_signature(secret, body, right.removeprefix("sha256="))
    assert not verify_signature(secret, body, right.replace("sha256=", "sha1="))
    assert not verify_signature(secret, body, None)
    assert not verify_signature(secret, body, "")
    assert not verify_signature(secret, body, "sha256=é\udcff")


def test_without_a_secret_nothing_verify_signature() -> None:
    """ATTACKS 115."""
    assert not verify_signature(b"", b"{}", signature("", b"{}"))


def test_githubs_own_example_of_a_signature_is_accepted() -> None:
    """GitHub docs, "Validating webhook deliveries", testing the webhook payload validation."""
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert verify_signature(b"It's a Secret to Everybody", b"Hello, World!", header)
