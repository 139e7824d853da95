"""The steps of a remedy are read strictly, and written as they were."""

from datetime import UTC, datetime

import pytest

from controller.desired_state.environment import Tier
from controller.errors import PolicyError
from controller.policy.answer import Finding
from controller.policy.answer_document import finding_document
from controller.policy.reading import read_answer
from controller.policy.remedy import (
    CloseReview,
    Edit,
    Nothing,
    Promote,
    Propose,
    Repair,
    Split,
    Step,
    Subject,
    Unlabel,
    Wait,
    Withdraw,
    read_steps,
    steps_document,
)
from tests.core.policy.conftest import answer, approval, finding

EDIT = {"kind": "edit", "of": "deployment", "field": "replicas"}

STEPS: list[tuple[dict[str, object], Step]] = [
    ({**EDIT, "value": 3}, Edit(Subject.DEPLOYMENT, "replicas", "3")),
    ({**EDIT, "example": {"b": 1, "a": "é"}}, Edit(Subject.DEPLOYMENT, "replicas", '{"a": "\\u00e9", "b": 1}', True)),
    ({**EDIT, "value": None}, Edit(Subject.DEPLOYMENT, "replicas", "null")),
    ({**EDIT, "of": "environment", "remove": True}, Edit(Subject.ENVIRONMENT, "replicas", None)),
    ({"kind": "propose", "role": "operator", "groups": ["A", "B"]}, Propose("operator", ("A", "B"))),
    ({"kind": "promote", "tier": "staging"}, Promote(Tier.STAGING)),
    ({"kind": "split", "deployments": 2, "production": 1, "agents": 3}, Split(2, 1, 3)),
    ({"kind": "split", "agents": 1}, Split(None, None, 1)),
    ({"kind": "wait", "until": "2026-11-18T12:00:00Z"}, Wait(datetime(2026, 11, 18, 12, tzinfo=UTC))),
    ({"kind": "close_review"}, CloseReview()),
    ({"kind": "unlabel"}, Unlabel()),
    ({"kind": "repair"}, Repair()),
    ({"kind": "withdraw"}, Withdraw()),
    ({"kind": "nothing"}, Nothing()),
]


@pytest.mark.parametrize(("raw", "step"), STEPS, ids=lambda given: str(given)[:40])
def test_a_step_is_read_and_written_as_it_was(raw: dict[str, object], step: Step) -> None:
    assert read_steps([raw], "remedy", stops=False) == (step,)
    assert steps_document((step,)) == [raw]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({}, "expected an array at remedy, got an object"),
        ([], "expected 1 to 10 steps at remedy, got 0"),
        ([{"kind": "split", "agents": number} for number in range(1, 12)], "got 11"),
        ([{"kind": "repair"}, {"kind": "repair"}], "got remedy[1] a second time"),
        ([None], "expected an object at remedy[0], got null"),
        ([{}], "expected a string at remedy[0].kind, got null"),
        ([{"kind": "pray"}], "got 'pray'"),
        ([{"kind": "repair", "how": 1}], "got 'how'"),
        ([EDIT], "expected one of value, example, remove at remedy[0], got 0"),
        ([{**EDIT, "value": 1, "example": 2}], "got 2"),
        ([{**EDIT, "value": 1, "path": "/"}], "got 'path'"),
        ([{**EDIT, "of": "world", "value": 1}], "got 'world'"),
        ([{**EDIT, "field": "a\u202eb", "value": 1}], "U+202E"),
        ([{**EDIT, "remove": 1}], "expected true at remedy[0].remove"),
        ([{**EDIT, "value": "x" * 999}], "expected at most 1000 characters at remedy[0].value"),
        ([{**EDIT, "example": float("inf")}], "a number without end"),
        ([{"kind": "propose", "role": "king", "groups": ["A"]}], "got 'king'"),
        ([{"kind": "propose", "role": "admin", "groups": []}], "expected 1 to 100 groups"),
        ([{"kind": "propose", "role": "admin", "groups": ["A", "A"]}], "a second time"),
        ([{"kind": "promote", "tier": "moon"}], "got 'moon'"),
        ([{"kind": "split"}], "expected one of deployments, production, agents at remedy[0], got none"),
        ([{"kind": "split", "agents": 0}], "expected a number from 1"),
        ([{"kind": "split", "people": 1}], "got 'people'"),
        ([{"kind": "wait", "until": "soon"}], "expected an RFC 3339 time at remedy[0].until"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_anything_else_is_refused_at_its_place(raw: object, told: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_steps(raw, "remedy", stops=False)
    assert told in str(caught.value)


def test_what_stops_a_change_cannot_say_that_nothing_needs_doing() -> None:
    with pytest.raises(PolicyError, match="expected a remedy at remedy, because the finding stops the change"):
        read_steps([{"kind": "nothing"}], "remedy", stops=True)


REMEDY = {"remedy": [{"kind": "withdraw"}]}


def read(raw: dict[str, object]) -> Finding:
    return read_answer(answer(findings=[raw]), revision="sha256:1", decision_id="d").findings[0]


@pytest.mark.parametrize(
    "raw",
    [
        finding(params=REMEDY),
        finding(action="warn", params=REMEDY),
        finding(action="audit_only", params=REMEDY),
        approval(**REMEDY),
        approval(**REMEDY, review={"due_days": 3}),
        finding(),
    ],
    ids=["deny", "warn", "record", "approval", "break-glass", "without"],
)
def test_a_finding_keeps_its_remedy_when_it_is_kept(raw: dict[str, object]) -> None:
    """A recorded decision is read again as exactly what was answered."""
    found = read(raw)
    assert found.remedy == ((Withdraw(),) if "remedy" in str(raw) else ())
    assert read(dict(finding_document(found))) == found


def test_a_waived_warning_has_no_remedy() -> None:
    with pytest.raises(PolicyError, match="expected only known members"):
        read(finding(action="warn", params={"waived": "deny", **REMEDY}))
