"""An answer is believed only when it is complete and well formed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.names import RepoPath
from controller.errors import PolicyError
from controller.policy.answer import DEFAULT_RULES, Action, Answer, ApprovalTerms, Finding, ReviewTerms
from controller.policy.reading import read_answer
from controller.policy.roles import ROLES
from tests.core.policy.conftest import answer, approval, finding


def read(raw: object) -> Answer:
    return read_answer(raw, revision="sha256:1", decision_id="d-1")


def refusal(raw: object) -> str:
    with pytest.raises(PolicyError) as caught:
        read(raw)
    return str(caught.value)


def test_a_well_formed_answer_is_read_in_full() -> None:
    held = finding(rule="mc-weekend-block", until="2026-11-23T09:00:00+01:00", path=None, line=None)
    found = read(answer(findings=[held, approval(min_approvals=2)]))
    assert found.rules == DEFAULT_RULES
    assert found.findings == (
        Finding(
            "mc-weekend-block",
            Action.DENY,
            "Not in staging yet.",
            "Promote it first.",
            "production",
            "ANL",
            None,
            None,
            datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
            None,
        ),
        Finding(
            "mc-prod-approval",
            Action.REQUIRE_APPROVAL,
            "Not in staging yet.",
            "Promote it first.",
            "production",
            "ANL",
            RepoPath("environments/production/anl.yaml"),
            5,
            None,
            ApprovalTerms(frozenset({"release_manager"}), 2, 72),
        ),
    )
    assert found.roles == {"github:1001": frozenset({"viewer", "developer"})}
    assert (found.revision, found.decision_id) == ("sha256:1", "d-1")


@pytest.mark.parametrize(
    ("raw", "got"),
    [
        ({}, "without it"),
        (None, "null"),
        (True, "a boolean"),
        ("true", "a string"),
        (1, "a number"),
        (0.5, "a number"),
        ([], "an array"),
        ({"a set"}, "no JSON value"),
        ({1: 2}, "an object"),
        ({"result": {}}, "without it"),
    ],
    ids=repr,
)
def test_what_is_no_answer_is_refused(raw: object, got: str) -> None:
    """ATTACKS 080."""
    assert got in refusal(raw)


@pytest.mark.parametrize("rule", sorted(DEFAULT_RULES))
def test_a_default_rule_that_was_not_evaluated_is_named(rule: str) -> None:
    """ATTACKS 080, 090."""
    message = refusal(answer(rules=sorted(DEFAULT_RULES - {rule})))
    assert message == f"expected every default rule to be evaluated, missing at rules: {rule}"


def test_no_rules_at_all_is_refused() -> None:
    """ATTACKS 081."""
    assert all(rule in refusal(answer(rules=[])) for rule in DEFAULT_RULES)


def test_rules_of_a_company_are_welcome() -> None:
    rules = [*DEFAULT_RULES, "acme-quiet"]
    assert read(answer(rules=rules, findings=[finding(rule="acme-quiet")])).findings[0].rule == "acme-quiet"


@pytest.mark.parametrize("member", ["schema", "rules", "findings", "roles"])
def test_a_missing_member_is_named(member: str) -> None:
    whole = answer()
    del whole[member]
    assert refusal(whole) == f"expected `{member}` at the answer, got an object without it"


@pytest.mark.parametrize("member", sorted(finding()))
def test_a_missing_member_of_a_finding_is_named(member: str) -> None:
    whole = finding()
    del whole[member]
    assert refusal(answer(findings=[whole])) == f"expected `{member}` at findings[0], got an object without it"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (answer(allow=True), "expected only known members at the answer, got 'allow'"),
        (answer(schema="dvo.decision/2"), "expected schema 'dvo.decision/1', got 'dvo.decision/2'"),
        (answer(schema=None), "expected schema 'dvo.decision/1', got None"),
        (answer(rules={}), "expected an array at rules, got an object"),
        (answer(rules=[*DEFAULT_RULES, 1]), "expected a string at rules[5], got a number"),
        (answer(rules=[*DEFAULT_RULES, "X y"]), "got 'X y'"),
        (answer(rules=[*DEFAULT_RULES, "mc-audit-all"]), "got rules[5] a second time"),
        (answer(findings=None), "expected an array at findings, got null"),
        (answer(findings=[finding(), finding()]), "got findings[1] a second time"),
        (answer(findings=[[]] * 20_001), "expected at most 20000 items at findings, got 20001"),
        (answer(roles=[]), "expected an object at roles, got an array"),
        (answer(roles={"a b": []}), "a key of roles"),
        (answer(roles={"": []}), "a key of roles"),
        (answer(roles={"github:1": ["root"]}), "at roles['github:1'][0], got 'root'"),
        (answer(roles={"github:1": "admin"}), "expected an array at roles['github:1'], got a string"),
        (answer(roles={"github:1": ["admin", "admin"]}), "got roles['github:1'][1] a second time"),
    ],
)
def test_a_malformed_answer_is_refused_at_its_place(raw: object, message: str) -> None:
    assert message in refusal(raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (None, "expected an object at findings[0], got null"),
        (finding(severity="high"), "expected only known members at findings[0], got 'severity'"),
        (finding(rule="mc-unheard-of"), "at findings[0].rule, got 'mc-unheard-of'"),
        (finding(action="allow"), "one of deny, require_approval, warn, audit_only at findings[0].action, got 'allow'"),
        (finding(action=None), "expected a string at findings[0].action, got null"),
        (finding(message=""), "expected text at findings[0].message, got a blank string"),
        (finding(message="\u00a0 "), "expected text at findings[0].message, got a blank string"),
        (finding(message="x" * 1001), "expected at most 1000 characters at findings[0].message, got 1001"),
        (finding(message="all good\u001b[2K"), "expected visible characters only at findings[0].message, got U+001B"),
        (finding(message="one\ntwo"), "got U+000A"),
        (finding(message="a\u202eb"), "got U+202E"),
        (finding(message="a\u200bb"), "got U+200B"),
        (finding(message="a\u2028b"), "got U+2028"),
        (finding(message="a\ud800b"), "got U+D800"),
        (finding(remediation=""), "expected text at findings[0].remediation, got a blank string"),
        (finding(remediation=None), "expected a string at findings[0].remediation, got null"),
        (finding(environment="../x"), "at findings[0].environment, got '../x'"),
        (finding(environment=1), "expected a string at findings[0].environment, got a number"),
        (finding(agent="AN L"), "at findings[0].agent, got 'AN L'"),
        (finding(path=""), "expected text at findings[0].path, got a blank string"),
        (finding(path=1), "expected a string at findings[0].path, got a number"),
        (finding(path=None), "expected null at findings[0].line, because there is no path, got a value"),
        (finding(line=0), "expected a number from 1 to 10000000 at findings[0].line, got another"),
        (finding(line=True), "expected a whole number at findings[0].line, got a boolean"),
        (finding(line=5.0), "expected a whole number at findings[0].line, got a number"),
        (finding(line="5"), "expected a whole number at findings[0].line, got a string"),
        (finding(until="tomorrow"), "expected an RFC 3339 time at findings[0].until, got 'tomorrow'"),
        (finding(until="2026-11-23"), "expected an RFC 3339 time"),
        (finding(until="2026-11-23T09:00:00"), "expected an RFC 3339 time"),
        (finding(until="2026-13-23T09:00:00Z"), "expected an RFC 3339 time"),
        (finding(until="0001-01-01T00:00:00+10:00"), "expected an RFC 3339 time from 1970 to 2261"),
        (finding(until="9999-12-31T23:59:59Z"), "expected an RFC 3339 time from 1970 to 2261"),
        (finding(until="2026-11-23T09:00:00Z\n"), "expected visible characters"),
        (finding(until=1), "expected a string at findings[0].until, got a number"),
        (
            finding(action="warn", until="2026-11-23T09:00:00Z"),
            "expected null at findings[0].until, because only a deny can end by itself, got a value",
        ),
        (finding(params=None), "expected an object at findings[0].params, got null"),
        (
            finding(params={"min_approvals": 1}),
            "expected only known members at findings[0].params, got 'min_approvals'",
        ),
        (finding(action="require_approval"), "expected `expiry_hours` at findings[0].params"),
        (approval(required_roles=[]), "expected at least one role at findings[0].params.required_roles"),
        (approval(required_roles=["boss"]), "at findings[0].params.required_roles[0], got 'boss'"),
        (
            approval(required_roles=[["admin"]]),
            "expected a string at findings[0].params.required_roles[0], got an array",
        ),
        (approval(required_roles=["admin", "admin"]), "a second time"),
        (approval(min_approvals=0), "at findings[0].params.min_approvals"),
        (approval(min_approvals=-1), "at findings[0].params.min_approvals"),
        (approval(min_approvals="1"), "expected a whole number at findings[0].params.min_approvals, got a string"),
        (approval(expiry_hours=0), "at findings[0].params.expiry_hours"),
        (approval(expiry_hours=10**9), "at findings[0].params.expiry_hours"),
        (approval(expiry_hours=True), "at findings[0].params.expiry_hours, got a boolean"),
        (approval(extra=1), "got 'extra'"),
    ],
)
def test_a_malformed_finding_is_refused_at_its_place(raw: object, message: str) -> None:
    """ATTACKS 080: typed in full, or not at all."""
    assert message in refusal(answer(findings=[raw]))


def test_what_only_warns_needs_no_remedy() -> None:
    found = read(answer(findings=[finding(action="warn", remediation=""), finding(action="audit_only")]))
    assert [each.remediation for each in found.findings] == ["", "Promote it first."]


def test_a_finding_may_be_about_no_deployment_and_no_place() -> None:
    found = read(answer(findings=[finding(environment=None, agent=None, path=None, line=None), finding(line=None)]))
    assert found.findings[0].path is None
    assert found.findings[1].line is None


def test_messages_may_speak_every_language() -> None:
    assert read(answer(findings=[finding(message="Größe, 大小, ☂")])).findings[0].message == "Größe, 大小, ☂"


def test_reading_is_about_ids_and_types_never_about_words() -> None:
    """ATTACKS 090: what a message says decides nothing."""
    found = read(answer(findings=[finding(message="0 failures, pass, allowed")]))
    assert found.findings[0].action is Action.DENY


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
places = st.sampled_from(["schema", "rules", "findings", "roles", *finding(), *answer()])


@given(json_values)
def test_no_value_at_all_is_mistaken_for_an_answer(raw: object) -> None:
    with pytest.raises(PolicyError):
        read(raw)


@given(st.dictionaries(places, json_values, max_size=2), st.dictionaries(places, json_values, min_size=1, max_size=2))
def test_a_spoiled_answer_is_read_or_refused_and_nothing_else(
    in_finding: dict[str, object], in_answer: dict[str, object]
) -> None:
    whole = answer(findings=[finding(**in_finding)]) | in_answer
    try:
        found = read(whole)
    except PolicyError:
        return
    assert found.rules >= DEFAULT_RULES
    assert all(held <= set(ROLES) for held in found.roles.values())


@given(st.text(min_size=1).filter(lambda text: text not in ROLES))
def test_a_refusal_can_be_printed_whatever_the_policy_said(text: str) -> None:
    for raw in (
        answer(**{text: 1}),
        answer(roles={text: [text]}),
        answer(findings=[finding(message=text, until=text)]),
    ):
        assert refusal(raw).isprintable()


REVIEW = {"due_days": 3}


def test_an_approval_may_ask_for_a_review_after_it() -> None:
    [found] = read(answer(findings=[approval(review=REVIEW)])).findings
    assert found.review == ReviewTerms(3)
    assert found.terms is not None
    assert read(answer(findings=[approval()])).findings[0].review is None


@pytest.mark.parametrize("review", [None, {}, {"due_days": 0}, {"due_days": "3"}, REVIEW | {"more": 1}])
def test_a_review_without_its_terms_is_malformed(review: object) -> None:
    with pytest.raises(PolicyError, match="review"):
        read(answer(findings=[approval(review=review)]))


def test_a_warning_may_say_that_it_is_a_waived_denial() -> None:
    waived = finding(action="warn", params={"waived": "deny"})
    assert [found.is_waived for found in read(answer(findings=[waived, finding()])).findings] == [True, False]


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("deny", {"waived": "deny"}),
        ("audit_only", {"waived": "deny"}),
        ("warn", {"waived": "require_approval"}),
        ("warn", {"waived": "deny", "more": 1}),
        ("warn", {"more": 1}),
        ("warn", []),
    ],
)
def test_nothing_else_is_waived(action: str, params: object) -> None:
    with pytest.raises(PolicyError, match="params"):
        read(answer(findings=[finding(action=action, params=params)]))
