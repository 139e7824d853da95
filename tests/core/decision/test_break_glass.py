"""What break-glass does to a decision, and that nobody can overlook it."""

from dataclasses import replace

import pytest

from controller.change.break_glass import BreakGlass, MalformedBreakGlass
from controller.decision.comment import sticky_comment
from controller.decision.deciding import decide
from controller.decision.policy_check import policy_check
from controller.decision.verdict import Admitted, Cause, Refused
from controller.policy.answer import Action, Finding, ReviewTerms
from tests.core.decision.builders import CASE, GIVEN, SILENT, answer, finding

ASKED = BreakGlass("it *answers* @all", "INC-4711")
TERMS = replace(finding(Action.REQUIRE_APPROVAL), rule="mc-break-glass", review=ReviewTerms(3))
WAIVED = replace(finding(Action.WARN), is_waived=True)
IN_FORCE = replace(CASE, break_glass=ASKED, answer=answer(TERMS, WAIVED), approvals=GIVEN)


def test_what_is_asked_waived_and_approved_is_admitted() -> None:
    judgement = decide(IN_FORCE)
    assert isinstance(judgement.verdict, Admitted)
    assert (judgement.review_asked, judgement.waived) == (TERMS, (WAIVED,))


@pytest.mark.parametrize(
    ("asked", "findings", "remedy"),
    [
        (MalformedBreakGlass("No ticket."), (TERMS,), "Break-glass-ticket"),
        (ASKED, (), "dvo/break-glass` off"),
        (ASKED, (finding(Action.REQUIRE_APPROVAL),), "dvo/break-glass` off"),
        (None, (WAIVED,), "mend"),
    ],
)
def test_what_is_half_asked_or_half_answered_is_refused(
    asked: BreakGlass | MalformedBreakGlass | None, findings: tuple[Finding, ...], remedy: str
) -> None:
    judgement = decide(replace(IN_FORCE, break_glass=asked, answer=answer(*findings)))
    assert isinstance(judgement.verdict, Refused)
    [reason] = judgement.verdict.reasons
    assert reason.cause is Cause.BREAK_GLASS
    assert remedy in reason.remedy


def test_of_several_rules_that_ask_the_soonest_review_counts() -> None:
    """A company's rule adds findings, and puts nothing off that the default one asks."""
    later = replace(TERMS, rule="acme-review", review=ReviewTerms(365))
    assert decide(replace(IN_FORCE, answer=answer(later, TERMS, WAIVED))).review_asked == TERMS
    sooner = replace(TERMS, rule="acme-review", review=ReviewTerms(1))
    assert decide(replace(IN_FORCE, answer=answer(TERMS, sooner, WAIVED))).review_asked == sooner


def test_without_an_answer_there_are_no_terms_and_nothing_is_waived() -> None:
    judgement = decide(replace(IN_FORCE, answer=SILENT))
    assert (judgement.review_asked, judgement.waived) == (None, ())
    assert isinstance(judgement.verdict, Refused)


def test_the_first_line_says_so_with_inert_words_even_when_all_is_green() -> None:
    judgement = decide(IN_FORCE)
    check = policy_check(judgement)
    assert check.title.startswith("BREAK-GLASS: ")
    first = check.summary.splitlines()[0]
    assert "`INC-4711`" in first
    assert "\\*answers\\* `@`all" in first
    assert "waives `rule-warn`" in first
    assert sticky_comment(judgement) == first


def test_it_says_when_nothing_is_waived_and_when_it_is_badly_asked() -> None:
    idle = decide(replace(IN_FORCE, answer=answer(TERMS)))
    assert policy_check(idle).summary.splitlines()[0].endswith("It waives nothing now.")
    bad = decide(replace(IN_FORCE, break_glass=MalformedBreakGlass("No ticket.")))
    assert "not well formed" in policy_check(bad).summary.splitlines()[0]


def test_a_reason_that_looks_like_a_credential_is_not_shown() -> None:
    secret = "ghp_" + "a1B2" * 9
    judgement = decide(replace(IN_FORCE, break_glass=BreakGlass(f"use {secret}", "INC-1")))
    assert secret not in policy_check(judgement).summary
    assert "what looks like a GitHub token" in policy_check(judgement).summary
