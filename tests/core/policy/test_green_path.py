"""What a remedy is worth follows from what the policy answers with it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.change.names import RepoPath
from controller.policy.answer import DEFAULT_RULES, Action, Answer, ApprovalTerms, Finding
from controller.policy.green_path import Proof, Together, Way, together, tried, untried
from controller.policy.remedy import Nothing, Repair, Unlabel, Wait, Withdraw

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TERMS = ApprovalTerms(frozenset({"admin"}), 1, 72)
DENIAL = Finding("acme", Action.DENY, "Two are needed, not 1.", "Add one.", "production", "ANL", None, None, None, None)
OTHER = replace(DENIAL, rule="acme-other", message="No.")
ASKING = replace(DENIAL, rule="acme-asks", action=Action.REQUIRE_APPROVAL, terms=TERMS)
WAY = Way(replace(DENIAL, remedy=(Withdraw(),)), (Withdraw(),), Proof.UNTRIED)


def answer(*findings: Finding) -> Answer:
    return Answer(DEFAULT_RULES, findings, {}, "sha256:1", "d")


@pytest.mark.parametrize(
    ("finding", "proof"),
    [
        (DENIAL, Proof.UNDECLARED),
        (replace(DENIAL, until=MONDAY), Proof.UNTRIED),
        (replace(DENIAL, remedy=(Unlabel(),)), Proof.UNTRIED),
        (replace(DENIAL, remedy=(Repair(),)), Proof.OUTSIDE),
        (ASKING, Proof.APPROVAL),
        (replace(ASKING, remedy=(Withdraw(),)), Proof.UNTRIED),
        (replace(DENIAL, action=Action.WARN, remedy=(Nothing(),)), Proof.NOT_NEEDED),
        (replace(DENIAL, action=Action.WARN, is_waived=True), Proof.NOT_NEEDED),
        (replace(DENIAL, action=Action.WARN), Proof.UNDECLARED),
    ],
)
def test_before_anybody_asks_nothing_is_proven(finding: Finding, proof: Proof) -> None:
    assert [way.proof for way in untried(answer(finding))] == [proof]


def test_what_stops_comes_first_and_records_are_no_matter() -> None:
    warning, record = replace(DENIAL, action=Action.WARN), replace(DENIAL, action=Action.AUDIT_ONLY)
    held = replace(OTHER, until=MONDAY)
    ways = untried(answer(record, warning, ASKING, held))
    assert [way.finding for way in ways] == [held, ASKING, warning]
    assert ways[0].steps == (Wait(MONDAY),)


def proof(*after: Answer, before: Answer | None = None) -> Way:
    return tried(WAY, before or answer(WAY.finding), after)


def test_a_finding_that_is_gone_proves_its_remedy() -> None:
    assert proof(answer()).proof is Proof.PROVEN
    assert proof(answer(), answer(ASKING)).proof is Proof.PROVEN


def test_a_finding_that_stays_in_any_part_does_not() -> None:
    assert proof(answer(DENIAL)).proof is Proof.FAILS
    assert proof(answer(), answer(DENIAL)).proof is Proof.FAILS


def test_the_same_rule_saying_something_else_there_does_not_either() -> None:
    assert proof(answer(replace(DENIAL, message="Two are needed, not 0."))).proof is Proof.FAILS


def test_another_finding_of_the_rule_that_was_there_before_is_another_matter() -> None:
    second = replace(DENIAL, message="No digest.", path=RepoPath("a"), line=4)
    assert proof(answer(second), before=answer(WAY.finding, second)).proof is Proof.PROVEN


def test_another_place_is_another_matter() -> None:
    elsewhere = replace(DENIAL, agent="GHA")
    assert proof(answer(elsewhere), before=answer(WAY.finding, elsewhere)).proof is Proof.PROVEN


def test_what_denies_instead_is_told_once() -> None:
    found = proof(answer(OTHER, ASKING), answer(OTHER))
    assert (found.proof, found.instead) == (Proof.PROVEN, (OTHER,))
    assert proof(answer(OTHER), before=answer(WAY.finding, OTHER)).instead == ()


def test_together_tells_what_remains() -> None:
    assert together([answer(DENIAL, ASKING), answer(DENIAL)]) == Together((DENIAL,), (ASKING,))
    assert together([answer()]) == Together((), ())
