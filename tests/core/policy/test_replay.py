"""Which way a decision flips, when it is the same, and what a record must be to be replayed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.change.names import RepoPath
from controller.errors import InputError
from controller.identity.principal import PrincipalId
from controller.policy.answer import DEFAULT_RULES, Action, Answer, ApprovalTerms, Finding, ReviewTerms
from controller.policy.decision_log import decision_log_entry
from controller.policy.recorded import Recorded, read_recorded
from controller.policy.replay import (
    Direction,
    Stance,
    differences,
    flip_of,
    in_order,
    stance_of,
    unanswered_flip,
)

NOW = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=40)
DANA = PrincipalId("github:1001")
DOCUMENT = {"schema": "dvo.policy-input/1", "now": "2026-11-21T11:00:00Z"}
TERMS = ApprovalTerms(frozenset({"release_manager"}), 2, 72)


def finding(action: Action, *, until: datetime | None = None, terms: ApprovalTerms | None = None) -> Finding:
    return Finding("mc-prod-approval", action, "It is so.", "Mend it.", None, None, None, None, until, terms)


def answer(*findings: Finding, roles: frozenset[str] = frozenset()) -> Answer:
    return Answer(DEFAULT_RULES, findings, {DANA: roles}, "sha256:" + "a" * 64, "one")


DENY = answer(finding(Action.DENY))
HOLD = answer(finding(Action.DENY, until=LATER))
ASK = answer(finding(Action.REQUIRE_APPROVAL, terms=TERMS))
ALLOW = answer(finding(Action.WARN))
MANIFEST, OTHER = RepoPath("environments/production/anl.yaml"), RepoPath("environments/production/gha.yaml")
ASK_OF_ONE, ASK_OF_OTHER = (answer(replace(ASK.findings[0], path=path)) for path in (MANIFEST, OTHER))
ASK_OF_BOTH = answer(*ASK_OF_ONE.findings, *ASK_OF_OTHER.findings)
REVIEWED_SOON = answer(replace(ASK.findings[0], review=ReviewTerms(3)))
REVIEWED_LATER = answer(replace(ASK.findings[0], review=ReviewTerms(30)))
ASK_WHILE_HELD = answer(*HOLD.findings, *ASK.findings)


def decided(given: Answer, at: datetime = NOW, entry: str = "1") -> Recorded:
    return Recorded(entry, "pull/7", at, DOCUMENT, given)


def asking(terms: ApprovalTerms) -> Answer:
    return answer(finding(Action.REQUIRE_APPROVAL, terms=terms))


@pytest.mark.parametrize(
    ("given", "stance"), [(DENY, Stance.DENY), (HOLD, Stance.HOLD), (ASK, Stance.APPROVAL), (ALLOW, Stance.ALLOW)]
)
def test_an_answer_stands_for_its_strictest_finding(given: Answer, stance: Stance) -> None:
    assert stance_of(given, NOW) is stance


def test_a_hold_that_is_past_denies() -> None:
    assert stance_of(HOLD, LATER) is Stance.DENY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (DENY, HOLD),
        (DENY, ASK),
        (DENY, ALLOW),
        (HOLD, ALLOW),
        (HOLD, ASK),
        (ASK, ALLOW),
        (ASK_WHILE_HELD, HOLD),
        (ASK_WHILE_HELD, ASK),
        (HOLD, answer(finding(Action.DENY, until=LATER - timedelta(hours=1)))),
        (ASK, asking(replace(TERMS, min_approvals=1))),
        (ASK, asking(replace(TERMS, expiry_hours=73))),
        (ASK, asking(replace(TERMS, required_roles=frozenset({"release_manager", "operator"})))),
        (ASK, ASK_OF_ONE),
        (ASK_OF_BOTH, ASK_OF_ONE),
        (ASK_OF_ONE, ASK_OF_OTHER),
        (REVIEWED_SOON, REVIEWED_LATER),
        (REVIEWED_SOON, ASK),
        (ASK, replace(ASK, roles={DANA: frozenset({"release_manager"})})),
        (ASK, replace(ASK, roles={PrincipalId("github:9"): frozenset({"admin"})})),
    ],
)
def test_whatever_weakens_a_brake_loosens(before: Answer, after: Answer) -> None:
    """ATTACKS 088: a policy that lets through what was stopped is told as that, however it is worded."""
    flip = flip_of(decided(before), after)
    assert flip is not None
    assert flip.direction is Direction.LOOSENED
    assert flip.is_deny_to_allow == (before is DENY)


@pytest.mark.parametrize(
    ("before", "after"),
    [(ALLOW, ASK), (ALLOW, HOLD), (ALLOW, DENY), (ASK, DENY), (HOLD, DENY), (ASK, ASK_WHILE_HELD),
     (ASK, asking(replace(TERMS, min_approvals=3))), (ASK_OF_ONE, ASK), (ASK_OF_ONE, ASK_OF_BOTH),
     (ASK_OF_BOTH, ASK), (ASK, REVIEWED_SOON), (REVIEWED_LATER, REVIEWED_SOON)],
)  # fmt: skip
def test_whatever_adds_a_brake_tightens(before: Answer, after: Answer) -> None:
    flip = flip_of(decided(before), after)
    assert flip is not None
    assert (flip.direction, flip.is_deny_to_allow) == (Direction.TIGHTENED, False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ALLOW, answer()),
        (DENY, answer(*DENY.findings, *ASK.findings)),
        (DENY, replace(DENY, roles={DANA: frozenset({"admin"})})),
        (ASK, replace(ASK, roles={DANA: frozenset()})),
    ],
)
def test_what_stops_a_change_just_as_much_is_no_flip(before: Answer, after: Answer) -> None:
    assert flip_of(decided(before), after) is None


def test_no_answer_admits_nothing() -> None:
    """ATTACKS 086."""
    flip = unanswered_flip(decided(ALLOW), "it fails")
    assert flip is not None
    assert (flip.direction, flip.after, flip.is_deny_to_allow) == (Direction.TIGHTENED, None, False)
    assert unanswered_flip(decided(DENY), "it fails") is None


def test_deny_to_allow_comes_first_and_the_newest_before_older_ones() -> None:
    pairs = [(ALLOW, DENY, NOW, "a"), (ASK, ALLOW, NOW, "b"), (DENY, ALLOW, NOW, "c"), (DENY, ALLOW, LATER, "d")]
    flips = [flip_of(decided(before, at, entry), after) for before, after, at, entry in pairs]
    ordered = in_order([flip for flip in flips if flip is not None])
    assert [flip.decision.entry for flip in ordered] == ["d", "c", "b", "a"]


def test_the_parts_in_which_answers_differ_are_named() -> None:
    other = replace(ALLOW, rules=DEFAULT_RULES - {"mc-audit-all"} | {"acme"}, roles={DANA: frozenset({"viewer"})})
    assert differences(ALLOW, ALLOW) == ()
    assert differences(ALLOW, replace(other, findings=DENY.findings)) == (
        "rule acme was not evaluated then",
        "rule mc-audit-all was evaluated then",
        "mc-prod-approval found then: warn, It is so.",
        "mc-prod-approval finds now: deny, It is so.",
        "github:1001 has other roles now",
    )


REVIEWED = replace(ASK.findings[0], review=ReviewTerms(2))
WAIVED = replace(ALLOW.findings[0], is_waived=True)


@pytest.mark.parametrize("given", [ASK_WHILE_HELD, ALLOW, answer(REVIEWED, WAIVED)])
def test_a_decision_is_told_in_opas_schema_and_read_back_from_it(given: Answer) -> None:
    told = decision_log_entry(decided(given), "1.0")
    kept = {**told, "bundles": None}
    assert kept["path"] == "dvo/decision"
    assert (kept["decision_id"], kept["timestamp"]) == ("one", "2026-11-21T11:00:00Z")
    assert told["bundles"] == {"dvo": {"revision": ASK.revision}}
    result = told["result"]
    assert isinstance(result, dict)
    answered = {name: result[name] for name in ("rules", "findings", "roles")}
    details = {"input": told["input"], "answer": {**answered, "revision": ASK.revision, "decision_id": "one"}}
    assert read_recorded("1", "pull/7", NOW, details) == decided(given)


@pytest.mark.parametrize("details", [{}, {"input": DOCUMENT, "answer": {"unanswered": "policy_broken"}}])
def test_what_got_no_answer_is_no_decision(details: dict[str, object]) -> None:
    assert read_recorded("1", "pull/7", NOW, details) is None


@pytest.mark.parametrize(
    ("document", "answered", "message"),
    [
        ({**DOCUMENT, "schema": "dvo.policy-input/0"}, {}, r"entry 1 \(pull/7\): expected an input of schema"),
        (None, {}, "got None"),
        (DOCUMENT, {}, "is no decision: expected `decision_id`"),
        (DOCUMENT, {"findings": 1}, "is no decision"),
    ],
)
def test_a_record_of_another_form_is_refused_by_name(document: object, answered: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_recorded("1", "pull/7", NOW, {"input": document, "answer": answered})
